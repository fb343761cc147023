//! Lists of requirements with their evidence: which fit, in which order, from where on, and what they add up to.
//!
//! What the latest results say is kept by the database, so a page of a list costs a page. What one build's results say is
//! worked out when somebody asks, for the whole project at once.

use std::cmp::Ordering;

use jiff::Timestamp;
use kernel::{Action, Allowed, Ctx, Error, Read, Tx, Within, permit_in, query_readable};
use tokio_postgres::{Row, types::ToSql};
use uuid::Uuid;

use crate::{Evidence, Project, Proof, REQUIREMENTS, Standing};

const EVIDENCE: &str = include_str!("../sql/evidence.sql");
const ATTENTION: &str = include_str!("../sql/evidence_attention.sql");
const PAGE: &str = include_str!("../sql/evidence_page.sql");
const TALLY: &str = include_str!("../sql/evidence_tally.sql");
const OF_BUILD: &str = include_str!("../sql/evidence_of_build.sql");

/// How a list is sorted. Requirements that are equal in it follow by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// By the number in the key.
    Number,
    /// The newest number first.
    #[default]
    NumberFalling,
    /// What asks for work first: gaps, then what fails.
    Standing,
    /// What is proven first.
    StandingFalling,
    /// The most urgent first.
    Priority,
    /// The least urgent first.
    PriorityFalling,
    /// What was changed longest ago first.
    Updated,
    /// What was changed last first.
    UpdatedFalling,
}

impl Order {
    /// The column that decides, unless the number alone does, and whether it falls.
    fn column(self) -> (Option<&'static str>, bool) {
        match self {
            Self::Number => (None, false),
            Self::NumberFalling => (None, true),
            Self::Standing => (Some("e.standing_rank"), false),
            Self::StandingFalling => (Some("e.standing_rank"), true),
            Self::Priority => (Some("p.rank"), false),
            Self::PriorityFalling => (Some("p.rank"), true),
            Self::Updated => (Some("r.updated_at"), false),
            Self::UpdatedFalling => (Some("r.updated_at"), true),
        }
    }

    fn compare(self, a: &Proof, b: &Proof) -> Ordering {
        let number = a.number.cmp(&b.number);
        match self {
            Self::Number => number,
            Self::NumberFalling => number.reverse(),
            Self::Standing => a.evidence.standing().cmp(&b.evidence.standing()).then(number),
            Self::StandingFalling => b.evidence.standing().cmp(&a.evidence.standing()).then(number),
            Self::Priority => a.rank.cmp(&b.rank).then(number),
            Self::PriorityFalling => b.rank.cmp(&a.rank).then(number),
            Self::Updated => a.updated_at.cmp(&b.updated_at).then(number),
            Self::UpdatedFalling => b.updated_at.cmp(&a.updated_at).then(number),
        }
    }
}

/// Which requirements of a project a list shows. Empty lists narrow nothing.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// What the title or key contains.
    pub text: String,
    /// What the evidence says.
    pub standings: Vec<Standing>,
    /// Where it stands in its life; without any, all but the rejected.
    pub statuses: Vec<String>,
    /// How soon it is wanted.
    pub priorities: Vec<String>,
    /// Who looks after it.
    pub owner: Option<Uuid>,
    /// Whether those fit that nobody looks after.
    pub nobodys: bool,
    /// The build whose results count, instead of the latest result of each test.
    pub build: Option<Uuid>,
    /// How the list is sorted.
    pub order: Order,
}

impl Wanted {
    fn statuses(&self) -> Vec<&str> {
        match self.statuses.as_slice() {
            [] => vec!["draft", "approved", "in_progress", "completed"],
            some => some.iter().map(String::as_str).collect(),
        }
    }

    /// Whether a requirement fits, its text aside.
    fn fits(&self, proof: &Proof) -> bool {
        (self.standings.is_empty() || self.standings.contains(&proof.evidence.standing()))
            && self.statuses().contains(&proof.status.as_str())
            && (self.priorities.is_empty() || self.priorities.contains(&proof.priority))
            && ((self.owner.is_none() && !self.nobodys)
                || (self.owner.is_some() && proof.owner == self.owner)
                || (self.nobodys && proof.owner.is_none()))
    }

    /// Whether it asks for more than the tally knows.
    fn is_narrowed_by_record(&self) -> bool {
        !self.text.is_empty() || !self.priorities.is_empty() || self.owner.is_some() || self.nobodys
    }

    fn pattern(&self) -> Option<String> {
        (!self.text.is_empty()).then(|| pattern(&self.text))
    }
}

/// One page of a list.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// Its requirements, in order.
    pub proofs: Vec<Proof>,
    /// How many fit in all.
    pub fitting: i64,
    /// The key after which the next page begins.
    pub next: Option<String>,
    /// What all requirements of the project add up to, whatever the list is narrowed to.
    pub tally: Tally,
}

/// How many requirements of a project stand how and are in which state.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    parts: Vec<Part>,
}

#[derive(Debug, Clone)]
struct Part {
    standing: Standing,
    status: String,
    count: i64,
    criteria: i64,
    proven: i64,
    untested: i64,
}

impl Tally {
    fn of(proofs: &[Proof]) -> Self {
        let mut tally = Self::default();
        for proof in proofs {
            let evidence: &Evidence = &proof.evidence;
            tally.parts.push(Part {
                standing: evidence.standing(),
                status: proof.status.clone(),
                count: 1,
                criteria: evidence.criteria,
                proven: evidence.proven,
                untested: i64::from(evidence.tests == 0),
            });
        }
        tally
    }

    fn wanted(&self) -> impl Iterator<Item = &Part> {
        self.parts.iter().filter(|part| part.status != "rejected")
    }

    /// Requirements that stand and are in a state as wanted.
    fn fitting(&self, wanted: &Wanted) -> i64 {
        let statuses = wanted.statuses();
        let fits = |part: &&Part| {
            statuses.contains(&part.status.as_str())
                && (wanted.standings.is_empty() || wanted.standings.contains(&part.standing))
        };
        self.parts.iter().filter(fits).map(|part| part.count).sum()
    }

    /// Requirements that are not rejected.
    #[must_use]
    pub fn all(&self) -> i64 {
        self.wanted().map(|part| part.count).sum()
    }

    /// Those of them that stand so.
    #[must_use]
    pub fn standing(&self, standing: Standing) -> i64 {
        self.wanted().filter(|part| part.standing == standing).map(|part| part.count).sum()
    }

    /// Requirements in that state of their life, rejected ones too.
    #[must_use]
    pub fn status(&self, status: &str) -> i64 {
        self.parts.iter().filter(|part| part.status == status).map(|part| part.count).sum()
    }

    /// Acceptance criteria that are proven, and all there are, of requirements that are not rejected.
    #[must_use]
    pub fn criteria(&self) -> (i64, i64) {
        self.wanted().fold((0, 0), |(proven, all), part| (proven + part.proven, all + part.criteria))
    }

    /// Requirements that no test reaches, rejected ones aside.
    #[must_use]
    pub fn untested(&self) -> i64 {
        self.wanted().map(|part| part.untested).sum()
    }

    /// What asks for work first among those that are not rejected. None without any.
    #[must_use]
    pub fn worst(&self) -> Option<Standing> {
        let urgency = [Standing::Failing, Standing::Gap, Standing::Partial, Standing::Proven];
        urgency.into_iter().find(|standing| self.standing(*standing) > 0)
    }
}

/// The requirements of a project that fit and to which the actor may do `A`, at most `most` of them, beginning after the one
/// with the key `after`.
///
/// # Errors
/// 403 when there is none that they may.
pub async fn listed<A: Action>(
    ctx: &Ctx,
    tx: &Tx,
    project: &Allowed<Project, Read>,
    wanted: &Wanted,
    after: &str,
    most: usize,
) -> Result<Page, Error> {
    let allowed: Allowed<_, A> = permit_in(ctx, &REQUIREMENTS, project.id)?;
    if let Some(build) = wanted.build {
        let all = of_build(ctx, tx, &allowed, build, None).await?;
        let mut fitting = match wanted.pattern() {
            None => all.clone(),
            Some(pattern) => of_build(ctx, tx, &allowed, build, Some(&pattern)).await?,
        };
        fitting.retain(|proof| wanted.fits(proof));
        fitting.sort_by(|a, b| wanted.order.compare(a, b));
        let start = fitting.iter().position(|proof| proof.key == after).map_or(0, |at| at + 1);
        let count = fitting.len();
        let proofs: Vec<Proof> = fitting.into_iter().skip(start).take(most).collect();
        let next = (start + proofs.len() < count).then(|| proofs.last().map(|proof| proof.key.clone())).flatten();
        return Ok(Page { proofs, fitting: count.try_into().unwrap_or(i64::MAX), next, tally: Tally::of(&all) });
    }
    let tally = tally_of(allowed.query(ctx, tx, TALLY, &[&vec![project.id]]).await?)?;
    let pattern = wanted.pattern();
    let standings: Option<Vec<&str>> =
        (!wanted.standings.is_empty()).then(|| wanted.standings.iter().map(|one| one.code()).collect());
    let statuses = wanted.statuses();
    let priorities = (!wanted.priorities.is_empty()).then_some(&wanted.priorities);
    let narrowed: [&(dyn ToSql + Sync); 7] =
        [&project.id, &pattern, &standings, &statuses, &priorities, &wanted.owner, &wanted.nobodys];
    let fitting = if wanted.is_narrowed_by_record() {
        let count = format!("select count(*) from ({PAGE}) fitting");
        allowed.query(ctx, tx, &count, &narrowed).await?.first().map_or(Ok(0), |row| row.try_get(0))?
    } else {
        tally.fitting(wanted)
    };

    let begin = beginning(ctx, tx, &allowed, after).await?;
    let (column, falls) = wanted.order.column();
    let (direction, beyond) = if falls { ("desc", "<") } else { ("asc", ">") };
    let limit = i64::try_from(most).unwrap_or(i64::MAX).saturating_add(1);
    let mut params = narrowed.to_vec();
    params.push(&limit);
    let mut from_there = String::new();
    if let Some(begin) = &begin {
        params.push(&begin.number);
        from_there = match column {
            None => format!(" and e.number {beyond} $9"),
            Some(column) => {
                params.push(match wanted.order {
                    Order::Standing | Order::StandingFalling => &begin.standing,
                    Order::Priority | Order::PriorityFalling => &begin.rank,
                    _ => &begin.updated_at,
                });
                format!(" and ({column} {beyond} $10 or ({column} = $10 and e.number > $9))")
            }
        };
    }
    let order =
        column.map_or_else(|| format!("e.number {direction}"), |column| format!("{column} {direction}, e.number"));
    let page = format!("{PAGE}{from_there} order by {order} limit $8");
    let rows = allowed.query(ctx, tx, &page, &params).await?;
    let mut proofs = rows.iter().map(Proof::try_from).collect::<Result<Vec<_>, _>>()?;
    let more = proofs.len() > most;
    proofs.truncate(most);
    let next = more.then(|| proofs.last().map(|proof| proof.key.clone())).flatten();
    Ok(Page { proofs, fitting, next, tally })
}

/// What a requirement has in the columns that lists are sorted by.
struct Beginning {
    number: i64,
    standing: i16,
    rank: i16,
    updated_at: Timestamp,
}

async fn beginning<A: Action>(
    ctx: &Ctx,
    tx: &Tx,
    allowed: &Allowed<Within, A>,
    key: &str,
) -> Result<Option<Beginning>, Error> {
    if key.is_empty() || key.contains('\0') {
        return Ok(None);
    }
    let one = format!("{EVIDENCE} and r.key = $3");
    let found = allowed.query(ctx, tx, &one, &[&vec![allowed.project], &None::<String>, &key]).await?;
    let begin = found.first().map(|row| {
        let proof = Proof::try_from(row)?;
        let place =
            Standing::ALL.iter().position(|standing| *standing == proof.evidence.standing()).unwrap_or_default();
        Ok(Beginning {
            number: proof.number,
            standing: i16::try_from(place).unwrap_or_default() + 1,
            rank: proof.rank,
            updated_at: proof.updated_at,
        })
    });
    begin.transpose()
}

async fn of_build<A: Action>(
    ctx: &Ctx,
    tx: &Tx,
    allowed: &Allowed<Within, A>,
    build: Uuid,
    pattern: Option<&str>,
) -> Result<Vec<Proof>, Error> {
    // Everything here is joined whole. Without fresh statistics the planner takes the inner sides for a few rows and
    // loops over them, whose cost grows with the product of both.
    tx.batch("set local enable_nestloop = off").await?;
    let rows = allowed.query(ctx, tx, OF_BUILD, &[&allowed.project, &build, &pattern]).await?;
    tx.batch("set local enable_nestloop = on").await?;
    rows.iter().map(Proof::try_from).collect()
}

/// What the requirements of a project that the actor may read add up to.
///
/// # Errors
/// 403 when the actor may read no requirement there.
pub async fn tally(ctx: &Ctx, tx: &Tx, project: &Allowed<Project, Read>) -> Result<Tally, Error> {
    let allowed: Allowed<_, Read> = permit_in(ctx, &REQUIREMENTS, project.id)?;
    tally_of(allowed.query(ctx, tx, TALLY, &[&vec![project.id]]).await?)
}

/// The requirements of a project that somebody should see to: what fails, then what nothing proves, then what is proven in
/// part; of each the newest first. At most `most`.
///
/// # Errors
/// 403 when the actor may read no requirement there.
pub async fn attention(ctx: &Ctx, tx: &Tx, project: &Allowed<Project, Read>, most: i64) -> Result<Vec<Proof>, Error> {
    let allowed: Allowed<_, Read> = permit_in(ctx, &REQUIREMENTS, project.id)?;
    let rows = allowed.query(ctx, tx, ATTENTION, &[&project.id, &most]).await?;
    rows.iter().map(Proof::try_from).collect()
}

/// What the requirements of some projects that the actor may read add up to, project by project.
pub(crate) async fn tallies(ctx: &Ctx, tx: &Tx, projects: &[Uuid]) -> Result<Vec<(Uuid, Tally)>, Error> {
    by_project(query_readable(ctx, tx, Some(projects), TALLY, &[&projects]).await?)
}

fn tally_of(rows: Vec<Row>) -> Result<Tally, Error> {
    Ok(by_project(rows)?.pop().map(|(_, tally)| tally).unwrap_or_default())
}

fn by_project(rows: Vec<Row>) -> Result<Vec<(Uuid, Tally)>, Error> {
    let mut tallies: Vec<(Uuid, Tally)> = Vec::new();
    for row in rows {
        let project: Uuid = row.try_get(0)?;
        let standing: String = row.try_get(1)?;
        let part = Part {
            standing: Standing::from_code(&standing)
                .ok_or_else(|| Error::Broken(format!("evidence stands as `{standing}`, which no list knows")))?,
            status: row.try_get(2)?,
            count: row.try_get(3)?,
            criteria: row.try_get(4)?,
            proven: row.try_get(5)?,
            untested: row.try_get(6)?,
        };
        match tallies.iter_mut().find(|(id, _)| *id == project) {
            Some((_, tally)) => tally.parts.push(part),
            None => tallies.push((project, Tally { parts: vec![part] })),
        }
    }
    Ok(tallies)
}

/// The evidence for some requirements of a project that the actor may read, in no order.
///
/// # Errors
/// 403 when the actor may read no requirement there.
pub async fn evidence_of(
    ctx: &Ctx,
    tx: &Tx,
    project: &Allowed<Project, Read>,
    requirements: &[Uuid],
) -> Result<Vec<Proof>, Error> {
    let allowed: Allowed<_, Read> = permit_in(ctx, &REQUIREMENTS, project.id)?;
    let sql = format!("{EVIDENCE} and e.requirement_id = any ($3)");
    let rows = allowed.query(ctx, tx, &sql, &[&vec![project.id], &None::<String>, &requirements]).await?;
    rows.iter().map(Proof::try_from).collect()
}

/// A text as a pattern for `ilike` that contains it. NUL, which PostgreSQL has no room for, matches as nothing.
pub(crate) fn pattern(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('%');
    for c in text.chars().filter(|c| *c != '\0') {
        if matches!(c, '%' | '_' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('%');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_looked_for_as_it_is() {
        assert_eq!(pattern("50%_\\\0"), "%50\\%\\_\\\\%");
    }
}
