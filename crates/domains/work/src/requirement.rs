//! One requirement with everything that hangs on it.

use std::collections::HashMap;

use authz::Target;
use base::Problem;
use jiff::{Timestamp, civil::Date};
use kernel::{Allowed, Ctx, Error, Place, Read, Record, Tx, authorise};
use uuid::Uuid;

use crate::{
    Project, REQUIREMENTS,
    listing::evidence_of,
    proof::{Evidence, Outcomes, Proof},
};

const REQUIREMENT: &str = include_str!("../sql/requirement.sql");
const CRITERIA: &str = include_str!("../sql/requirement_criteria.sql");
const TESTS: &str = include_str!("../sql/requirement_tests.sql");
const FEATURES: &str = include_str!("../sql/requirement_features.sql");
const RESULTS: &str = include_str!("../sql/requirement_results.sql");
const DEFECTS: &str = include_str!("../sql/requirement_defects.sql");
const NEIGHBOURS: &str = include_str!("../sql/requirement_neighbours.sql");
const MEMBERS: &str = include_str!("../sql/members.sql");
/// Tests of one requirement at most.
const TESTS_SHOWN: i64 = 1000;
/// Builds whose results are shown.
const BUILDS_SHOWN: i64 = 8;

/// A requirement.
#[derive(Debug, Clone)]
pub struct Requirement {
    /// Its identifier.
    pub id: Uuid,
    /// The project it is in.
    pub project_id: Uuid,
    /// Its key.
    pub key: String,
    /// Its title.
    pub title: String,
    /// Its text; may be empty.
    pub description: String,
    /// Where it stands in its life.
    pub status: String,
    /// How soon it is wanted.
    pub priority: String,
    /// Who looks after it.
    pub owner_id: Option<Uuid>,
    /// Their name.
    pub owner: Option<String>,
    /// The day it is due.
    pub target: Option<Date>,
    /// When it changed last.
    pub updated_at: Timestamp,
    /// The optimistic lock.
    pub version: i64,
    /// The record, for those who may not read every requirement of the project alike.
    record: Option<Record>,
}

/// The requirement of a project with this key.
///
/// # Errors
/// 404 when there is none, or the actor may not read it.
pub async fn requirement(
    ctx: &Ctx,
    tx: &Tx,
    project: &Allowed<Project, Read>,
    key: &str,
) -> Result<Allowed<Requirement, Read>, Error> {
    let missing = || Problem::not_found(format!("requirement `{}`", key.chars().take(80).collect::<String>()));
    if key.contains('\0') {
        return Err(missing().into());
    }
    let row = tx.query_opt(REQUIREMENT, &[&project.id, &key]).await?.ok_or_else(missing)?;
    let id: Uuid = row.try_get(0)?;
    let record = match ctx.may(REQUIREMENTS.permission, "read", Some(project.id)) {
        true => None,
        false => Some(Record::find(tx, ctx.catalogue().served(&REQUIREMENTS)?, &id.to_string(), false).await?),
    };
    let found = Requirement {
        id,
        project_id: project.id,
        key: row.try_get(1)?,
        title: row.try_get(2)?,
        description: row.try_get(3)?,
        status: row.try_get(4)?,
        priority: row.try_get(5)?,
        owner_id: row.try_get(6)?,
        owner: row.try_get(7)?,
        target: row.try_get(8)?,
        updated_at: row.try_get(9)?,
        version: row.try_get(10)?,
        record,
    };
    authorise(ctx, found)
}

impl Place for Requirement {
    fn resource_type(&self) -> &'static str {
        REQUIREMENTS.permission
    }

    fn project(&self) -> Option<Uuid> {
        Some(self.project_id)
    }

    fn target(&self) -> Target<'_> {
        self.record.as_ref().map_or_else(|| Target::collection(Some(self.project_id)), Place::target)
    }

    fn called(&self) -> String {
        format!("requirement `{}`", self.key)
    }

    fn is_hidden_from_strangers(&self) -> bool {
        true
    }
}

/// An acceptance criterion with the tests that are linked to it.
#[derive(Debug, Clone)]
pub struct Criterion {
    /// Its identifier.
    pub id: Uuid,
    /// Its place, from 1.
    pub position: i32,
    /// Its text.
    pub text: String,
    /// The tests linked to it, as indexes into the requirement's tests.
    pub tests: Vec<usize>,
}

/// A test that reaches a requirement.
#[derive(Debug, Clone)]
pub struct LinkedTest {
    /// Its identifier.
    pub id: Uuid,
    /// Its key.
    pub key: String,
    /// Its name.
    pub name: String,
    /// What it looks at.
    pub level: String,
    /// Its latest outcome; `None` when it never ran.
    pub outcome: Option<String>,
    /// When that was.
    pub at: Option<Timestamp>,
    /// Whether the actor may read it and its link; otherwise it only counts for how the requirement stands.
    pub is_shown: bool,
}

/// A requirement that another one depends on, or that depends on it.
#[derive(Debug, Clone)]
pub struct Neighbour {
    /// Whether it is needed by the requirement at hand; otherwise it needs that one.
    pub needed: bool,
    /// Its key.
    pub key: String,
    /// Its title.
    pub title: String,
    /// Its evidence.
    pub evidence: Evidence,
}

/// Everything that hangs on a requirement, of what the actor may read.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// Its criteria, in order.
    pub criteria: Vec<Criterion>,
    /// Its active tests, those that failed first; at most 1,000.
    pub tests: Vec<LinkedTest>,
    /// Its features: name and status.
    pub features: Vec<(String, String)>,
    /// Its results in the latest builds: number, outcomes, when; the newest first.
    pub results: Vec<(i32, Outcomes, Timestamp)>,
    /// Defects that concern it: key, title, status; the open ones first.
    pub defects: Vec<(String, String, String)>,
    /// What it needs and what needs it.
    pub neighbours: Vec<Neighbour>,
}

impl Surroundings {
    /// The evidence for one criterion: its tests and their outcomes.
    #[must_use]
    pub fn of_criterion(&self, criterion: &Criterion) -> Evidence {
        let outcomes = outcomes(criterion.tests.iter().filter_map(|at| self.tests.get(*at)));
        Evidence { criteria: 0, proven: 0, tests: criterion.tests.len().try_into().unwrap_or(i64::MAX), outcomes }
    }

    /// The evidence for the requirement as a whole.
    #[must_use]
    pub fn evidence(&self) -> Evidence {
        let proven =
            self.criteria.iter().filter(|one| self.of_criterion(one).standing() == crate::Standing::Proven).count();
        let number = |count: usize| count.try_into().unwrap_or(i64::MAX);
        Evidence {
            criteria: number(self.criteria.len()),
            proven: number(proven),
            tests: number(self.tests.len()),
            outcomes: outcomes(self.tests.iter()),
        }
    }
}

fn outcomes<'a>(tests: impl Iterator<Item = &'a LinkedTest>) -> Outcomes {
    tests.fold(Outcomes::default(), |mut sum, test| {
        match test.outcome.as_deref() {
            Some("passed") => sum.passed += 1,
            Some("failed") => sum.failed += 1,
            Some("error") => sum.errors += 1,
            Some("skipped") => sum.skipped += 1,
            _ => {}
        }
        sum
    })
}

/// Everything that hangs on a requirement, of what the actor may read.
///
/// # Errors
/// When a query fails.
pub async fn surroundings(
    ctx: &Ctx,
    tx: &Tx,
    project: &Allowed<Project, Read>,
    requirement: &Allowed<Requirement, Read>,
) -> Result<Surroundings, Error> {
    let (place, id) = (project.id, requirement.id);
    let mut found = Surroundings::default();
    let mut by_criterion: HashMap<Uuid, Vec<usize>> = HashMap::new();
    for (at, row) in requirement.query(ctx, tx, TESTS, &[&place, &id, &TESTS_SHOWN]).await?.iter().enumerate() {
        found.tests.push(LinkedTest {
            id: row.try_get(0)?,
            key: row.try_get(1)?,
            name: row.try_get(2)?,
            level: row.try_get(3)?,
            outcome: row.try_get(4)?,
            at: row.try_get(5)?,
            is_shown: row.try_get(7)?,
        });
        for criterion in row.try_get::<_, Vec<Uuid>>(6)? {
            by_criterion.entry(criterion).or_default().push(at);
        }
    }
    for row in requirement.query(ctx, tx, CRITERIA, &[&place, &id]).await? {
        let id = row.try_get(0)?;
        let tests = by_criterion.remove(&id).unwrap_or_default();
        found.criteria.push(Criterion { id, position: row.try_get(1)?, text: row.try_get(2)?, tests });
    }
    for row in requirement.query(ctx, tx, FEATURES, &[&place, &id]).await? {
        found.features.push((row.try_get(0)?, row.try_get(1)?));
    }
    let tests: Vec<Uuid> = found.tests.iter().map(|test| test.id).collect();
    for row in requirement.query(ctx, tx, RESULTS, &[&place, &tests, &BUILDS_SHOWN]).await? {
        let outcomes = Outcomes {
            passed: row.try_get(1)?,
            failed: row.try_get(2)?,
            errors: row.try_get(3)?,
            skipped: row.try_get(4)?,
        };
        found.results.push((row.try_get(0)?, outcomes, row.try_get(5)?));
    }
    for row in requirement.query(ctx, tx, DEFECTS, &[&place, &id, &tests]).await? {
        found.defects.push((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?));
    }
    let neighbours = requirement.query(ctx, tx, NEIGHBOURS, &[&place, &id]).await?;
    if !neighbours.is_empty() {
        let ids = neighbours.iter().map(|row| row.try_get(1)).collect::<Result<Vec<Uuid>, _>>()?;
        let known: HashMap<Uuid, Proof> =
            evidence_of(ctx, tx, project, &ids).await?.into_iter().map(|proof| (proof.id, proof)).collect();
        for row in &neighbours {
            let id: Uuid = row.try_get(1)?;
            found.neighbours.push(Neighbour {
                needed: row.try_get(0)?,
                key: row.try_get(2)?,
                title: row.try_get(3)?,
                evidence: known.get(&id).map(|proof| proof.evidence).unwrap_or_default(),
            });
        }
    }
    Ok(found)
}

/// The active members who can look after things in a project: identifier and name, by name; at most 500.
///
/// # Errors
/// When the query fails.
pub async fn members(tx: &Tx, _project: &Allowed<Project, Read>) -> Result<Vec<(Uuid, String)>, Error> {
    tx.query(MEMBERS, &[]).await?.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}
