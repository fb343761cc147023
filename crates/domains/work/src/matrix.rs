//! What the rows of the matrix show beside the evidence: titles, results by level, and the builds they are in.

use std::collections::{HashMap, HashSet};

use kernel::{Allowed, Error, Read, Tx};
use uuid::Uuid;

use crate::{Project, proof::Outcomes};

const TITLES: &str = include_str!("../sql/requirement_titles.sql");
const LEVELS: &str = include_str!("../sql/requirement_levels.sql");
const BUILDS: &str = include_str!("../sql/requirement_builds.sql");
const PROJECT_LEVELS: &str = include_str!("../sql/project_levels.sql");

/// Title and owner by requirement.
///
/// # Errors
/// When the query fails.
pub async fn titles(
    tx: &Tx,
    project: &Allowed<Project, Read>,
    requirements: &[Uuid],
) -> Result<HashMap<Uuid, (String, Option<String>)>, Error> {
    let rows = tx.query(TITLES, &[&project.id, &requirements]).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, (row.try_get(1)?, row.try_get(2)?)))).collect()
}

/// Outcomes by requirement and level. Tests that did not run in the build, or never ran, are among the skipped.
///
/// # Errors
/// When the query fails.
pub async fn levels(
    tx: &Tx,
    project: &Allowed<Project, Read>,
    requirements: &[Uuid],
    build: Option<Uuid>,
) -> Result<HashMap<(Uuid, String), Outcomes>, Error> {
    let rows = tx.query(LEVELS, &[&project.id, &requirements, &build]).await?;
    rows.iter()
        .map(|row| {
            let outcomes = Outcomes {
                passed: row.try_get(2)?,
                failed: row.try_get(3)?,
                errors: row.try_get(4)?,
                skipped: row.try_get(5)?,
            };
            Ok(((row.try_get(0)?, row.try_get(1)?), outcomes))
        })
        .collect()
}

/// The pairs of requirement and build where the build has results of the requirement's tests.
///
/// # Errors
/// When the query fails.
pub async fn tested_in(
    tx: &Tx,
    project: &Allowed<Project, Read>,
    requirements: &[Uuid],
    builds: &[Uuid],
) -> Result<HashSet<(Uuid, Uuid)>, Error> {
    if builds.is_empty() {
        return Ok(HashSet::new());
    }
    let rows = tx.query(BUILDS, &[&project.id, &requirements, &builds]).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

/// The levels at which the project has active tests, in their usual order.
///
/// # Errors
/// When the query fails.
pub async fn project_levels(tx: &Tx, project: &Allowed<Project, Read>) -> Result<Vec<String>, Error> {
    let rows = tx.query(PROJECT_LEVELS, &[&project.id]).await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}
