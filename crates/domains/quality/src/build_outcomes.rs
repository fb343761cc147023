//! What the tests say about a build: how many ended how, what changed since the build before, what is slow, what is covered.

use std::collections::HashMap;

use jiff::Timestamp;
use kernel::{Allowed, Ctx, Error, Read, Tx, Within, permit_in};
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use crate::{COVERAGE_REPORTS, IMPORTS, TEST_RESULTS};

const OUTCOMES: &str = include_str!("../sql/outcomes_of_build.sql");
const OUTCOMES_OF_BUILDS: &str = include_str!("../sql/outcomes_of_builds.sql");
const NEWLY_FAILING: &str = include_str!("../sql/newly_failing.sql");
const NEWLY_FIXED: &str = include_str!("../sql/newly_fixed.sql");
const SLOWEST: &str = include_str!("../sql/slowest_tests.sql");
const COVERAGE: &str = include_str!("../sql/coverage_of_build.sql");
const REQUIREMENTS: &str = include_str!("../sql/requirements_of_build.sql");
const IMPORTS_OF_BUILD: &str = include_str!("../sql/imports_of_build.sql");

/// A build as these questions name it.
#[derive(Debug, Clone, Copy)]
pub struct BuildRef<'a> {
    /// Its project.
    pub project: Uuid,
    /// Its identifier.
    pub id: Uuid,
    /// Its number.
    pub number: i32,
    /// Its branch; builds without one are compared with each other.
    pub branch: Option<&'a str>,
}

/// Results by outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Outcomes {
    /// All went well.
    pub passed: i64,
    /// An expectation did not hold.
    pub failed: i64,
    /// It broke before it could tell.
    pub errors: i64,
    /// Not run.
    pub skipped: i64,
}

/// A test whose outcome is not what it was when it last ran on the same branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// Its key.
    pub key: String,
    /// Its name.
    pub name: String,
    /// Its outcome now, as stored.
    pub outcome: String,
    /// What the failure said: now, or before when it is fixed.
    pub message: Option<String>,
    /// The build it is compared with: the last before that ran it.
    pub since: i32,
    /// It is set aside.
    pub is_quarantined: bool,
}

/// Coverage of one component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coverage {
    /// The component; empty for the whole.
    pub component: String,
    /// Lines reached, and lines.
    pub lines: (i64, i64),
    /// Branches taken, and branches; both zero where they were not measured.
    pub branches: (i64, i64),
}

/// A file that was imported into a build.
#[derive(Debug, Clone)]
pub struct ImportLine {
    /// Its identifier.
    pub id: Uuid,
    /// As the sender calls it.
    pub file_name: String,
    /// What it was recognised as.
    pub format: Option<String>,
    /// Where it stands, as stored.
    pub status: String,
    /// When it came in.
    pub at: Timestamp,
    /// Records that were refused.
    pub rejected: i64,
}

fn results(ctx: &Ctx, project: Uuid) -> Result<Allowed<Within, Read>, Error> {
    permit_in(ctx, &TEST_RESULTS, project)
}

/// The results of a build by what the tests look at (as stored) and outcome. Empty when there are none.
///
/// # Errors
/// 403 when the actor may see no result there.
pub async fn outcomes_of_build(ctx: &Ctx, tx: &Tx, build: BuildRef<'_>) -> Result<Vec<(String, Outcomes)>, Error> {
    let allowed = results(ctx, build.project)?;
    let mut levels: Vec<(String, Outcomes)> = Vec::new();
    for row in allowed.query(ctx, tx, OUTCOMES, &[&build.project, &build.id]).await? {
        let (level, status, count): (String, String, i64) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        let at = levels.iter().position(|(known, _)| *known == level).unwrap_or_else(|| {
            levels.push((level, Outcomes::default()));
            levels.len() - 1
        });
        let sums = &mut levels[at].1;
        match status.as_str() {
            "passed" => sums.passed += count,
            "failed" => sums.failed += count,
            "error" => sums.errors += count,
            _ => sums.skipped += count,
        }
    }
    Ok(levels)
}

/// The results of several builds by outcome. A build without results is left out.
///
/// # Errors
/// 403 when the actor may see no result there.
pub async fn outcomes_of_builds(
    ctx: &Ctx,
    tx: &Tx,
    project: Uuid,
    builds: &[Uuid],
) -> Result<HashMap<Uuid, Outcomes>, Error> {
    let allowed = results(ctx, project)?;
    let found = allowed.query(ctx, tx, OUTCOMES_OF_BUILDS, &[&project, &builds]).await?;
    found
        .iter()
        .map(|row| {
            let sums = Outcomes {
                passed: row.try_get("passed")?,
                failed: row.try_get("failed")?,
                errors: row.try_get("errors")?,
                skipped: row.try_get("skipped")?,
            };
            Ok((row.try_get("build_id")?, sums))
        })
        .collect()
}

/// Tests that fail now and passed when they last ran before on the same branch, at most `rows`.
///
/// # Errors
/// 403 when the actor may see no result there.
pub async fn newly_failing(ctx: &Ctx, tx: &Tx, build: BuildRef<'_>, rows: i64) -> Result<Vec<Changed>, Error> {
    changed(ctx, tx, NEWLY_FAILING, build, rows).await
}

/// Tests that pass now and failed when they last ran before on the same branch, at most `rows`.
///
/// # Errors
/// 403 when the actor may see no result there.
pub async fn newly_fixed(ctx: &Ctx, tx: &Tx, build: BuildRef<'_>, rows: i64) -> Result<Vec<Changed>, Error> {
    changed(ctx, tx, NEWLY_FIXED, build, rows).await
}

async fn changed(ctx: &Ctx, tx: &Tx, sql: &str, build: BuildRef<'_>, rows: i64) -> Result<Vec<Changed>, Error> {
    let allowed = results(ctx, build.project)?;
    let params: [&(dyn ToSql + Sync); 5] = [&build.project, &build.id, &build.branch, &build.number, &rows];
    let found = allowed.query(ctx, tx, sql, &params).await?;
    found
        .iter()
        .map(|row| {
            Ok(Changed {
                key: row.try_get("key")?,
                name: row.try_get("name")?,
                outcome: row.try_get("outcome")?,
                message: row.try_get("message")?,
                since: row.try_get("build_number")?,
                is_quarantined: row.try_get("quarantined")?,
            })
        })
        .collect()
}

/// Key, name and milliseconds of the slowest tests of a build, slowest first, at most `rows`.
///
/// # Errors
/// 403 when the actor may see no result there.
pub async fn slowest_tests(
    ctx: &Ctx,
    tx: &Tx,
    build: BuildRef<'_>,
    rows: i64,
) -> Result<Vec<(String, String, i64)>, Error> {
    let allowed = results(ctx, build.project)?;
    let found = allowed.query(ctx, tx, SLOWEST, &[&build.project, &build.id, &rows]).await?;
    found.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?))).collect()
}

/// The latest coverage of each component of a build, at most 200.
///
/// # Errors
/// 403 when the actor may see no coverage there.
pub async fn coverage_of_build(ctx: &Ctx, tx: &Tx, build: BuildRef<'_>) -> Result<Vec<Coverage>, Error> {
    let allowed: Allowed<_, Read> = permit_in(ctx, &COVERAGE_REPORTS, build.project)?;
    let found = allowed.query(ctx, tx, COVERAGE, &[&build.project, &build.id]).await?;
    found
        .iter()
        .map(|row| {
            let count = |name| row.try_get::<_, i32>(name).map(i64::from);
            Ok(Coverage {
                component: row.try_get("component")?,
                lines: (count("lines_covered")?, count("lines_total")?),
                branches: (count("branches_covered")?, count("branches_total")?),
            })
        })
        .collect()
}

/// How many requirements the results of a build speak for, and how many of these have a failing result.
///
/// # Errors
/// 403 when the actor may see no result there.
pub async fn requirements_of_build(ctx: &Ctx, tx: &Tx, build: BuildRef<'_>) -> Result<(i64, i64), Error> {
    let allowed = results(ctx, build.project)?;
    let found = allowed.query(ctx, tx, REQUIREMENTS, &[&build.project, &build.id]).await?;
    found.first().map_or(Ok((0, 0)), |row| Ok((row.try_get(0)?, row.try_get(1)?)))
}

/// The files that were imported into a build, newest first, at most 50.
///
/// # Errors
/// 403 when the actor may see no import there.
pub async fn imports_of_build(ctx: &Ctx, tx: &Tx, build: BuildRef<'_>) -> Result<Vec<ImportLine>, Error> {
    let allowed: Allowed<_, Read> = permit_in(ctx, &IMPORTS, build.project)?;
    let found = allowed.query(ctx, tx, IMPORTS_OF_BUILD, &[&build.project, &build.id]).await?;
    found
        .iter()
        .map(|row| {
            Ok(ImportLine {
                id: row.try_get("id")?,
                file_name: row.try_get("file_name")?,
                format: row.try_get("format")?,
                status: row.try_get("status")?,
                at: row.try_get("created_at")?,
                rejected: row.try_get("rejected")?,
            })
        })
        .collect()
}
