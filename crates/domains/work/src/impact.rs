//! What a change would touch, and what a record rests on: a walk over trace links and over what records say of each other,
//! from one record to all that can be reached.
//!
//! The walk goes breadth first, one query a step, so the first way to a record is a shortest one and a circle ends by itself: what
//! was reached is not walked again. What the actor may not read is neither shown nor walked through.

use std::collections::{HashMap, HashSet};

use base::{Problem, ProblemKind};
use kernel::{Ctx, Error, Tx, query_readable};
use serde::Serialize;
use uuid::Uuid;

const DOWN: &str = include_str!("../sql/impact_down.sql");
const UP: &str = include_str!("../sql/impact_up.sql");
const START: &str = include_str!("../sql/impact_start.sql");
const RECORDS: &str = include_str!("../sql/impact_records.sql");
const COMPONENT: &str = include_str!("../sql/impact_component.sql");
const COMPONENT_START: &str = include_str!("../sql/impact_component_start.sql");

/// Steps at most.
pub const IMPACT_DEPTH: usize = 10;
/// Records told at most, in each direction.
pub const IMPACT_ROWS: usize = 1000;
/// Connections that one step reads at most.
const STEP_ROWS: i64 = 5000;

/// Which way to walk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Direction {
    /// Both.
    #[default]
    Both,
    /// What the record rests on or suffers from.
    Upstream,
    /// What a change of it would touch.
    Downstream,
}

impl Direction {
    /// The direction of that name.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        match name {
            "both" => Some(Self::Both),
            "upstream" => Some(Self::Upstream),
            "downstream" => Some(Self::Downstream),
            _ => None,
        }
    }
}

/// What is asked.
#[derive(Debug, Clone, Default)]
pub struct ImpactQuestion {
    /// The record: an identifier, a key such as `REQ-12`, a key with its project, `pay:REQ-12`, or the package URL of a component.
    pub record: String,
    /// Which way.
    pub direction: Direction,
    /// Steps at most, from 1 to [`IMPACT_DEPTH`].
    pub depth: usize,
    /// Records at most in each direction, from 1 to [`IMPACT_ROWS`].
    pub rows: usize,
}

/// A record as the answer tells of it.
#[derive(Debug, Clone, Serialize)]
pub struct ImpactRecord {
    /// Its identifier.
    pub id: Uuid,
    /// What it is, such as `requirement`, `build` or `component`.
    pub kind: String,
    /// Its key, or the number of a build. Null: it has none.
    pub key: Option<String>,
    /// What people call it.
    pub title: String,
    /// Where it stands. Null: it has no status.
    pub status: Option<String>,
    /// The slug of its project. Null: it belongs to the organisation.
    pub project: Option<String>,
    /// Who looks after it. Null: nobody.
    pub owner: Option<String>,
    /// The team of the service or project. Null: none.
    pub team: Option<String>,
    /// Who answers for its project. Null: nobody, or it is in none.
    pub project_owner: Option<String>,
}

impl ImpactRecord {
    /// What people call it in few words: its key, or else its title.
    #[must_use]
    pub fn label(&self) -> &str {
        self.key.as_deref().unwrap_or(&self.title)
    }
}

/// One step of a way.
#[derive(Debug, Clone, Serialize)]
pub struct ImpactStep {
    /// How the step leads on: a type of link, or `part_of`, `depends_on`, `works_on`, `found_by`, `contains`, `deploys`, `runs_in`.
    pub relation: String,
    /// Where it leads.
    pub id: Uuid,
    /// What people call that: its key, or else its title.
    pub label: String,
}

/// A record that is reached.
#[derive(Debug, Clone, Serialize)]
pub struct ImpactReached {
    /// The record.
    #[serde(flatten)]
    pub record: ImpactRecord,
    /// `upstream` or `downstream`.
    pub direction: &'static str,
    /// How many steps away it is.
    pub depth: usize,
    /// The way, from the first step to the record itself.
    pub path: Vec<ImpactStep>,
}

/// The heads of the answer as a table.
pub const IMPACT_HEADS: [&str; 11] =
    ["direction", "steps", "kind", "key", "title", "status", "project", "owner", "team", "project_owner", "path"];

impl ImpactReached {
    /// The record as a row of that table; `origin` is what the record asked about is called.
    #[must_use]
    pub fn cells(&self, origin: &str) -> [String; 11] {
        let record = &self.record;
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let mut path = origin.to_owned();
        for step in &self.path {
            path.push_str(&format!(" > {} ({})", step.label, step.relation.replace('_', " ")));
        }
        [
            self.direction.to_owned(),
            self.depth.to_string(),
            record.kind.clone(),
            text(&record.key),
            record.title.clone(),
            text(&record.status),
            text(&record.project),
            text(&record.owner),
            text(&record.team),
            text(&record.project_owner),
            path,
        ]
    }
}

/// A connection between two records of the answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ImpactEdge {
    /// What changes.
    pub from: Uuid,
    /// What that touches.
    pub to: Uuid,
    /// How they are connected.
    pub relation: String,
}

/// The answer.
#[derive(Debug, Clone, Serialize)]
pub struct Impact {
    /// The record that was asked about.
    pub record: ImpactRecord,
    /// What can be reached, upstream first, the nearest first.
    pub data: Vec<ImpactReached>,
    /// The connections between these and the record.
    pub edges: Vec<ImpactEdge>,
    /// Whether there is more than is told: further steps, or more records.
    pub is_cut: bool,
}

/// Where the walk begins.
enum Start {
    Record(Uuid),
    Component { id: Uuid, package: Option<String>, name: String, version: Option<String> },
}

/// One way of the walk, as found.
#[derive(Default)]
struct Walk {
    /// In the order they were reached: record, from where, how, and how far.
    reached: Vec<(Uuid, Uuid, String, usize)>,
    edges: Vec<(Uuid, Uuid, String)>,
    is_cut: bool,
}

/// What can be reached from a record, of what the actor may read.
///
/// # Errors
/// 404 when there is no such record, or they may not read it; 409 when several projects have the key; 400 for figures out of bounds.
pub async fn impact(ctx: &Ctx, tx: &Tx, question: &ImpactQuestion) -> Result<Impact, Error> {
    if !(1..=IMPACT_DEPTH).contains(&question.depth) {
        let problem = Problem::bad_request("A walk has some steps.");
        return Err(problem.field("?depth", format!("must be from 1 to {IMPACT_DEPTH}")).into());
    }
    if !(1..=IMPACT_ROWS).contains(&question.rows) {
        let problem = Problem::bad_request("An answer has some rows.");
        return Err(problem.field("?limit", format!("must be from 1 to {IMPACT_ROWS}")).into());
    }
    let start = start(ctx, tx, &question.record).await?;
    let origin = match &start {
        Start::Record(id) | Start::Component { id, .. } => *id,
    };
    let mut walks = Vec::new();
    for (way, sql) in [(Direction::Upstream, UP), (Direction::Downstream, DOWN)] {
        if question.direction != Direction::Both && question.direction != way {
            continue;
        }
        let mut walk = Walk::default();
        let mut frontier = vec![origin];
        let mut first = 1;
        if let Start::Component { package, name, .. } = &start {
            frontier = Vec::new();
            first = 2;
            if way == Direction::Downstream {
                let limit = i64::try_from(question.rows + 1).unwrap_or(STEP_ROWS);
                let builds = query_readable(ctx, tx, None, COMPONENT, &[package, name, &limit]).await?;
                for row in &builds {
                    let build: Uuid = row.try_get(0)?;
                    if walk.reached.len() == question.rows {
                        walk.is_cut = true;
                        break;
                    }
                    walk.reached.push((build, origin, "contains".to_owned(), 1));
                    walk.edges.push((origin, build, "contains".to_owned()));
                    frontier.push(build);
                }
            }
        }
        go(ctx, tx, sql, (origin, frontier, first), question, &mut walk).await?;
        walks.push((way, walk));
    }
    tell(tx, origin, &start, walks).await
}

/// Walks on, step by step, until nothing new is found or the bounds are reached.
async fn go(
    ctx: &Ctx,
    tx: &Tx,
    sql: &str,
    (origin, mut frontier, first): (Uuid, Vec<Uuid>, usize),
    question: &ImpactQuestion,
    walk: &mut Walk,
) -> Result<(), Error> {
    let mut known: HashSet<Uuid> = walk.reached.iter().map(|(id, ..)| *id).chain([origin]).collect();
    // One step more than is told finds out whether there is more.
    for depth in first..=question.depth + 1 {
        if frontier.is_empty() {
            break;
        }
        let rows = query_readable(ctx, tx, None, sql, &[&frontier, &STEP_ROWS]).await?;
        walk.is_cut |= rows.len() >= usize::try_from(STEP_ROWS).unwrap_or(usize::MAX);
        let mut next = Vec::new();
        for row in &rows {
            let (from, to, relation): (Uuid, Uuid, String) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
            if !known.contains(&to) {
                if depth > question.depth || walk.reached.len() >= question.rows {
                    walk.is_cut = true;
                    continue;
                }
                known.insert(to);
                next.push(to);
                walk.reached.push((to, from, relation.clone(), depth));
            }
            walk.edges.push((from, to, relation));
        }
        frontier = next;
    }
    Ok(())
}

/// The record that a caller means.
async fn start(ctx: &Ctx, tx: &Tx, named: &str) -> Result<Start, Error> {
    let named = named.trim();
    let missing = || Problem::not_found(format!("record `{}`", named.chars().take(80).collect::<String>()));
    if named.is_empty() {
        let problem = Problem::bad_request("Say which record, such as REQ-12 or pay:REQ-12.");
        return Err(problem.field("?record", "is required").into());
    }
    if named.contains('\0') {
        return Err(missing().into());
    }
    let id = Uuid::try_parse(named).ok();
    let package = named.starts_with("pkg:").then_some(named);
    if package.is_none() {
        let (slug, key) = match named.rsplit_once(':') {
            Some((slug, key)) => (Some(slug), key),
            None => (None, named),
        };
        let key = id.is_none().then(|| key.to_uppercase());
        let found = query_readable(ctx, tx, None, START, &[&id, &key, &slug]).await?;
        match found.as_slice() {
            [one] => return Ok(Start::Record(one.try_get(0)?)),
            [_, _, ..] => {
                let key = key.unwrap_or_default();
                return Err(Problem::new(
                    ProblemKind::Conflict,
                    format!("Several projects have a record {key}; name the project too, as in `project-slug:{key}`."),
                )
                .into());
            }
            [] if id.is_none() => return Err(missing().into()),
            [] => {}
        }
    }
    let found = query_readable(ctx, tx, None, COMPONENT_START, &[&id, &package]).await?;
    let row = found.first().ok_or_else(missing)?;
    Ok(Start::Component {
        id: row.try_get(0)?,
        package: row.try_get(1)?,
        name: row.try_get(2)?,
        version: row.try_get(3)?,
    })
}

/// Puts together what was found, with the names of records and the ways to them.
async fn tell(tx: &Tx, origin: Uuid, start: &Start, walks: Vec<(Direction, Walk)>) -> Result<Impact, Error> {
    let mut ids: Vec<Uuid> = walks.iter().flat_map(|(_, walk)| walk.reached.iter().map(|(id, ..)| *id)).collect();
    ids.push(origin);
    let mut records: HashMap<Uuid, ImpactRecord> = HashMap::new();
    for row in tx.query(RECORDS, &[&ids]).await? {
        let number: Option<i32> = row.try_get(10)?;
        let record = ImpactRecord {
            id: row.try_get(0)?,
            kind: row.try_get(1)?,
            key: row.try_get::<_, Option<String>>(2)?.or_else(|| number.map(|number| format!("#{number}"))),
            title: row.try_get(3)?,
            status: row.try_get(4)?,
            project: row.try_get(5)?,
            owner: row.try_get(7)?,
            team: row.try_get(8)?,
            project_owner: row.try_get(9)?,
        };
        records.insert(record.id, record);
    }
    if let Start::Component { id, package, name, version } = start {
        let title = match version {
            Some(version) => format!("{name} {version}"),
            None => name.clone(),
        };
        let record = ImpactRecord {
            id: *id,
            kind: "component".to_owned(),
            key: package.clone(),
            title,
            status: None,
            project: None,
            owner: None,
            team: None,
            project_owner: None,
        };
        records.insert(*id, record);
    }
    let gone = || Error::from(Problem::conflict("The record was removed meanwhile; ask again.").retry_after(1));
    let record = records.get(&origin).cloned().ok_or_else(gone)?;
    let (mut data, mut edges, mut is_cut) = (Vec::new(), Vec::new(), false);
    let mut known = HashSet::new();
    for (way, walk) in walks {
        is_cut |= walk.is_cut;
        let mut ways: HashMap<Uuid, Vec<ImpactStep>> = HashMap::new();
        for (id, from, relation, depth) in walk.reached {
            let Some(found) = records.get(&id) else { continue };
            let mut path = ways.get(&from).cloned().unwrap_or_default();
            path.push(ImpactStep { relation, id, label: found.label().to_owned() });
            ways.insert(id, path.clone());
            let direction = if way == Direction::Upstream { "upstream" } else { "downstream" };
            data.push(ImpactReached { record: found.clone(), direction, depth, path });
        }
        for (from, to, relation) in walk.edges {
            let edge = match way {
                Direction::Upstream => ImpactEdge { from: to, to: from, relation },
                _ => ImpactEdge { from, to, relation },
            };
            if records.contains_key(&edge.from)
                && records.contains_key(&edge.to)
                && known.insert((edge.from, edge.to, edge.relation.clone()))
            {
                edges.push(edge);
            }
        }
    }
    Ok(Impact { record, data, edges, is_cut })
}
