//! The matrix over any two kinds of records that links may join: which record of the one is linked to which of the other, and what wants
//! seeing to.
//!
//! A filter such as gaps is asked of each record, so a part of the list looks at a bounded number of them and then says where it goes on,
//! whether it has found enough or not. So a part costs the same however large the project is and however rare what is looked for.

use std::collections::{HashMap, HashSet};

use base::{Cursor, FieldError, Problem, ProblemKind};
use jiff::{SignedDuration, Timestamp};
use kernel::{Allowed, Ctx, Error, Read, Tx};
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use crate::{Project, link_pairs, listing::pattern};

const ROWS: &str = include_str!("../sql/matrix_rows.sql");
const CELLS: &str = include_str!("../sql/matrix_cells.sql");
const STALE: &str = include_str!("../sql/matrix_stale.sql");
/// Records looked at for one part of the list.
const LOOKED_AT: usize = 1000;
/// Records looked at first when a filter is in force: where much fits, these are enough for a part. Where little does, the rest follow at once,
/// because each step costs its planning.
const FIRST: usize = 250;
/// Rows of one part at most.
pub const KIND_ROWS: usize = 1000;
/// Cells told of one row at most.
const CELLS_TOLD: usize = 50;
/// A test is flaky for so long after it changed its mind.
const FLAKY: SignedDuration = SignedDuration::from_hours(30 * 24);
/// What cursors of this list say they belong to.
const SORT: &str = "matrix";

/// Which rows are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum KindShow {
    /// All of them.
    #[default]
    All,
    /// Those that are linked.
    Linked,
    /// Those that are linked to nothing.
    Gaps,
    /// Those with a suspect link.
    Suspects,
    /// Those with a test whose latest result is older than the newest build.
    Stale,
    /// Those with a test that changed its mind lately.
    Flaky,
    /// Those with a test that failed.
    Failing,
}

impl KindShow {
    /// All of them, by name.
    pub const ALL: [(&str, Self); 7] = [
        ("all", Self::All),
        ("linked", Self::Linked),
        ("gaps", Self::Gaps),
        ("suspects", Self::Suspects),
        ("stale", Self::Stale),
        ("flaky", Self::Flaky),
        ("failing", Self::Failing),
    ];

    /// The one of that name.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, show)| *show)
    }

    fn fits(self, row: &KindRow) -> bool {
        match self {
            Self::All => true,
            Self::Linked => !row.is_gap,
            Self::Gaps => row.is_gap,
            Self::Suspects => row.suspects > 0,
            Self::Stale => row.stale > 0,
            Self::Flaky => row.flaky > 0,
            Self::Failing => row.failing > 0,
        }
    }
}

/// What is asked.
#[derive(Debug, Clone, Default)]
pub struct KindQuestion {
    /// The kind of the rows, such as `requirement`.
    pub rows: String,
    /// The kind of the columns, such as `test_case`.
    pub columns: String,
    /// A type of link; `None`: any.
    pub link_type: Option<String>,
    /// Which rows.
    pub show: KindShow,
    /// What titles and keys contain; empty: anything.
    pub text: String,
    /// Statuses; empty: any.
    pub statuses: Vec<String>,
    /// Rows at most, from 1 to [`KIND_ROWS`].
    pub limit: usize,
    /// `next_cursor` of the part before.
    pub cursor: Option<String>,
}

/// A part of the matrix.
#[derive(Debug, Clone, Default, Serialize)]
pub struct KindMatrix {
    /// The rows, in the order of their making.
    pub data: Vec<KindRow>,
    /// Records that were looked at for it; more than there are rows, when few fit.
    pub looked_at: usize,
    /// Where the list goes on. Null: at its end.
    pub next_cursor: Option<String>,
}

/// A record and what it is linked to.
#[derive(Debug, Clone, Default, Serialize)]
pub struct KindRow {
    /// Its identifier.
    pub id: Uuid,
    /// Its key, or the number of a build. Null: it has none.
    pub key: Option<String>,
    /// What people call it.
    pub title: String,
    /// Where it stands.
    pub status: Option<String>,
    /// Who looks after it.
    pub owner: Option<String>,
    /// Of a requirement: its acceptance criteria, those that a link in this row names, and those that are proven. Null: it is none.
    pub criteria: Option<KindCriteria>,
    /// Of a requirement: how it stands by all its tests, `gap`, `failing`, `partial` or `proven`. Null: it is none.
    pub standing: Option<String>,
    /// Whether it is linked to nothing of the other kind.
    pub is_gap: bool,
    /// Its links that are suspect.
    pub suspects: usize,
    /// Its tests whose latest result is older than the newest build. Of a test: 1 when its own is.
    pub stale: usize,
    /// Its tests that changed their mind in the last 30 days.
    pub flaky: usize,
    /// Its tests of which the latest result failed or broke.
    pub failing: usize,
    /// What it is linked to, at most 50.
    pub cells: Vec<KindCell>,
    /// How many there are in all.
    pub linked: usize,
}

/// Acceptance criteria of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct KindCriteria {
    /// All there are.
    pub all: i64,
    /// Those that a link names.
    pub linked: i64,
    /// Those that are proven.
    pub proven: i64,
}

/// A record of the other kind that a row is linked to.
#[derive(Debug, Clone, Default, Serialize)]
pub struct KindCell {
    /// Its identifier.
    pub id: Uuid,
    /// Its key, or the number of a build. Null: it has none.
    pub key: Option<String>,
    /// What people call it.
    pub title: String,
    /// Where it stands.
    pub status: Option<String>,
    /// The type of link.
    pub link_type: String,
    /// Whether that is suspect.
    pub is_suspect: bool,
    /// The acceptance criteria that are meant, by their places; none: the whole.
    pub criteria: Vec<i32>,
    /// Of a test: its latest outcome. Null: it never ran, or is no test.
    pub outcome: Option<String>,
    /// Of a test: whether that is older than the newest build.
    pub is_stale: bool,
    /// Of a test: whether it changed its mind in the last 30 days.
    pub is_flaky: bool,
}

/// What is known of a test.
struct Test {
    outcome: Option<String>,
    is_flaky: bool,
}

/// The matrix of a project, of what the actor may read.
///
/// # Errors
/// 400 for kinds that no link joins, for a cursor that is none, and for figures out of bounds.
pub async fn matrix_of_kinds(
    ctx: &Ctx,
    tx: &Tx,
    project: &Allowed<Project, Read>,
    question: &KindQuestion,
) -> Result<KindMatrix, Error> {
    check(tx, question).await?;
    let pattern = (!question.text.is_empty()).then(|| pattern(&question.text));
    let statuses = (!question.statuses.is_empty()).then_some(&question.statuses);
    let mut after = cursor(question)?;
    let mut found = KindMatrix::default();
    loop {
        let step = match (question.show, found.looked_at) {
            (KindShow::All, _) => question.limit,
            (_, 0) => FIRST,
            (_, before) => LOOKED_AT - before,
        };
        let limit = i64::try_from(step).unwrap_or(i64::MAX).saturating_add(1);
        let params: [&(dyn tokio_postgres::types::ToSql + Sync); 6] =
            [&project.id, &question.rows, &after, &limit, &pattern, &statuses];
        let mut records = project.query(ctx, tx, ROWS, &params).await?;
        let more = records.len() > step;
        records.truncate(step);
        let rows = filled(ctx, tx, project, question, &records).await?;
        let count = rows.len();
        for (at, row) in rows.into_iter().enumerate() {
            after = Some(row.id);
            found.looked_at += 1;
            if question.show.fits(&row) {
                found.data.push(row);
            }
            if found.data.len() == question.limit {
                found.next_cursor = after.filter(|_| more || at + 1 < count).map(to_cursor);
                return Ok(found);
            }
        }
        if !more {
            return Ok(found);
        }
        if found.looked_at >= LOOKED_AT {
            found.next_cursor = after.map(to_cursor);
            return Ok(found);
        }
    }
}

/// Refuses what no link joins, with what could be asked instead.
async fn check(tx: &Tx, question: &KindQuestion) -> Result<(), Error> {
    if !(1..=KIND_ROWS).contains(&question.limit) {
        let problem = Problem::bad_request("A part of a list has some rows.");
        return Err(problem.field("?limit", format!("must be from 1 to {KIND_ROWS}")).into());
    }
    let pairs = link_pairs(tx).await?;
    let joined = |a: &str, b: &str| pairs.iter().any(|pair| pair.source == a && pair.target == b);
    let others = |kind: &str| -> Vec<String> {
        let all = pairs.iter().flat_map(|pair| [(&pair.source, &pair.target), (&pair.target, &pair.source)]);
        let mut kinds: Vec<String> = all.filter(|(one, _)| *one == kind).map(|(_, other)| other.clone()).collect();
        kinds.sort_unstable();
        kinds.dedup();
        kinds
    };
    if joined(&question.rows, &question.columns) || joined(&question.columns, &question.rows) {
        return Ok(());
    }
    let columns = others(&question.rows);
    let problem = Problem::bad_request("No link joins these two kinds of records.");
    Err(if columns.is_empty() {
        let mut kinds: Vec<&str> = pairs.iter().flat_map(|pair| [pair.source.as_str(), pair.target.as_str()]).collect();
        kinds.sort_unstable();
        kinds.dedup();
        problem.field("?rows", format!("must be one of {}", kinds.join(", ")))
    } else {
        problem.field("?columns", format!("must be one of {}", columns.join(", ")))
    }
    .into())
}

fn to_cursor(after: Uuid) -> String {
    Cursor { sort: SORT.into(), values: vec![json!(after)] }.encode()
}

fn cursor(question: &KindQuestion) -> Result<Option<Uuid>, Error> {
    let Some(text) = &question.cursor else { return Ok(None) };
    let read = || {
        let cursor = Cursor::decode(text).ok().filter(|cursor| cursor.sort == SORT)?;
        cursor.values.first()?.as_str()?.parse().ok()
    };
    let wrong = || {
        let field = FieldError { pointer: "?cursor".into(), detail: base::CursorError.to_string() };
        Problem { kind: ProblemKind::BadRequest, ..Problem::of_fields(vec![field]) }
    };
    Ok(Some(read().ok_or_else(wrong)?))
}

/// The records as rows, with what they are linked to.
async fn filled(
    ctx: &Ctx,
    tx: &Tx,
    project: &Allowed<Project, Read>,
    question: &KindQuestion,
    records: &[tokio_postgres::Row],
) -> Result<Vec<KindRow>, Error> {
    let since = ctx.now().saturating_sub(FLAKY).unwrap_or(Timestamp::MIN);
    let mut rows = Vec::with_capacity(records.len());
    let mut tests: HashMap<Uuid, Test> = HashMap::new();
    let is_flaky = |at: Option<Timestamp>| at.is_some_and(|at| at > since);
    for record in records {
        let id: Uuid = record.try_get(0)?;
        let all: Option<i64> = record.try_get(5)?;
        let number: Option<i32> = record.try_get(11)?;
        if question.rows == "test_case" {
            tests.insert(id, Test { outcome: record.try_get(8)?, is_flaky: is_flaky(record.try_get(9)?) });
        }
        rows.push(KindRow {
            id,
            key: record.try_get::<_, Option<String>>(1)?.or_else(|| number.map(|number| format!("#{number}"))),
            title: record.try_get(2)?,
            status: record.try_get(3)?,
            owner: record.try_get(4)?,
            criteria: match all {
                Some(all) => Some(KindCriteria { all, linked: 0, proven: record.try_get(6)? }),
                None => None,
            },
            standing: record.try_get(7)?,
            ..KindRow::default()
        });
    }
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let cells = project.query(ctx, tx, CELLS, &[&project.id, &ids, &question.columns, &question.link_type]).await?;
    let mut of: HashMap<Uuid, Vec<KindCell>> = HashMap::new();
    for cell in &cells {
        let number: Option<i32> = cell.try_get(11)?;
        let id: Uuid = cell.try_get(1)?;
        let outcome: Option<String> = cell.try_get(8)?;
        let is_flaky = is_flaky(cell.try_get(9)?);
        if question.columns == "test_case" {
            tests.insert(id, Test { outcome: outcome.clone(), is_flaky });
        }
        of.entry(cell.try_get(0)?).or_default().push(KindCell {
            id,
            key: cell.try_get::<_, Option<String>>(2)?.or_else(|| number.map(|number| format!("#{number}"))),
            title: cell.try_get(3)?,
            status: cell.try_get(4)?,
            link_type: cell.try_get(5)?,
            is_suspect: cell.try_get(6)?,
            criteria: cell.try_get(7)?,
            outcome,
            is_stale: false,
            is_flaky,
        });
    }
    let ran: Vec<Uuid> = tests.iter().filter(|(_, test)| test.outcome.is_some()).map(|(id, _)| *id).collect();
    let mut stale: HashSet<Uuid> = HashSet::new();
    if !ran.is_empty() {
        for row in project.query(ctx, tx, STALE, &[&project.id, &ran]).await? {
            stale.insert(row.try_get(0)?);
        }
    }
    for row in &mut rows {
        let mut cells = of.remove(&row.id).unwrap_or_default();
        for cell in &mut cells {
            cell.is_stale = stale.contains(&cell.id);
        }
        let reached: HashSet<Uuid> = cells.iter().map(|cell| cell.id).chain([row.id]).collect();
        let known = |fits: &dyn Fn(&Uuid, &Test) -> bool| {
            reached.iter().filter(|id| tests.get(*id).is_some_and(|test| fits(id, test))).count()
        };
        row.is_gap = cells.is_empty();
        row.suspects = cells.iter().filter(|cell| cell.is_suspect).count();
        row.stale = known(&|id, _| stale.contains(id));
        row.flaky = known(&|_, test| test.is_flaky);
        row.failing = known(&|_, test| matches!(test.outcome.as_deref(), Some("failed" | "error")));
        if let Some(criteria) = &mut row.criteria {
            let places: HashSet<i32> = cells.iter().flat_map(|cell| cell.criteria.iter().copied()).collect();
            criteria.linked = i64::try_from(places.len()).unwrap_or(i64::MAX);
        }
        row.linked = cells.len();
        cells.truncate(CELLS_TOLD);
        row.cells = cells;
    }
    Ok(rows)
}

/// The heads of the matrix as a table.
pub const KIND_HEADS: [&str; 15] = [
    "key",
    "title",
    "status",
    "owner",
    "standing",
    "criteria",
    "criteria_linked",
    "criteria_proven",
    "linked",
    "gap",
    "suspects",
    "stale",
    "flaky",
    "failing",
    "links",
];

impl KindRow {
    /// The row as a row of that table.
    #[must_use]
    pub fn cells_as_text(&self) -> [String; 15] {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let criteria =
            |of: fn(&KindCriteria) -> i64| self.criteria.as_ref().map_or_else(String::new, |one| of(one).to_string());
        let links: Vec<String> = self
            .cells
            .iter()
            .map(|cell| format!("{} {}", cell.link_type.replace('_', " "), cell.key.as_deref().unwrap_or(&cell.title)))
            .collect();
        [
            text(&self.key),
            self.title.clone(),
            text(&self.status),
            text(&self.owner),
            text(&self.standing),
            criteria(|one| one.all),
            criteria(|one| one.linked),
            criteria(|one| one.proven),
            self.linked.to_string(),
            if self.is_gap { "yes" } else { "no" }.to_owned(),
            self.suspects.to_string(),
            self.stale.to_string(),
            self.flaky.to_string(),
            self.failing.to_string(),
            links.join("; "),
        ]
    }
}
