//! What the rows of the matrix show beside the evidence: titles, results by level, and the builds they are in.

use std::collections::{HashMap, HashSet};

use kernel::{Action, Allowed, Ctx, Error, Read, Tx, permit_in};
use uuid::Uuid;

use crate::{Project, REQUIREMENTS, proof::Outcomes};

const TITLES: &str = include_str!("../sql/requirement_titles.sql");
const LEVELS: &str = include_str!("../sql/requirement_levels.sql");
const BUILDS: &str = include_str!("../sql/requirement_builds.sql");
const PROJECT_LEVELS: &str = include_str!("../sql/project_levels.sql");

/// Title and owner by requirement, of those to which the actor may do `A`.
///
/// # Errors
/// 403 when there is none that they may.
pub async fn titles<A: Action>(
    ctx: &Ctx,
    tx: &Tx,
    project: Uuid,
    requirements: &[Uuid],
) -> Result<HashMap<Uuid, (String, Option<String>)>, Error> {
    let allowed: Allowed<_, A> = permit_in(ctx, &REQUIREMENTS, project)?;
    let rows = allowed.query(ctx, tx, TITLES, &[&project, &requirements]).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, (row.try_get(1)?, row.try_get(2)?)))).collect()
}

/// Outcomes by requirement and level, of the tests that the actor may read. Tests that did not run in the build, or never ran,
/// are among the skipped.
///
/// # Errors
/// When the query fails.
pub async fn levels(
    ctx: &Ctx,
    tx: &Tx,
    project: &Allowed<Project, Read>,
    requirements: &[Uuid],
    build: Option<Uuid>,
) -> Result<HashMap<(Uuid, String), Outcomes>, Error> {
    let rows = project.query(ctx, tx, LEVELS, &[&project.id, &requirements, &build]).await?;
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

/// The pairs of requirement and build where the build has results of the requirement's tests that the actor may read.
///
/// # Errors
/// When the query fails.
pub async fn tested_in(
    ctx: &Ctx,
    tx: &Tx,
    project: &Allowed<Project, Read>,
    requirements: &[Uuid],
    builds: &[Uuid],
) -> Result<HashSet<(Uuid, Uuid)>, Error> {
    if builds.is_empty() {
        return Ok(HashSet::new());
    }
    let rows = project.query(ctx, tx, BUILDS, &[&project.id, &requirements, &builds]).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

/// The levels at which the project has active tests that the actor may read, in their usual order.
///
/// # Errors
/// When the query fails.
pub async fn project_levels(ctx: &Ctx, tx: &Tx, project: &Allowed<Project, Read>) -> Result<Vec<String>, Error> {
    let rows = project.query(ctx, tx, PROJECT_LEVELS, &[&project.id]).await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}
