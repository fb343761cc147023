//! Builds as people look for them, and what one is made of.

use jiff::Timestamp;
use kernel::{Action, Allowed, Ctx, Error, Read, Tx, Within, permit_in};
use tokio_postgres::{Row, types::ToSql};
use uuid::Uuid;

use crate::{ARTIFACTS, BUILDS, COMMITS, DEPLOYMENTS, text::pattern};

const LIST: &str = include_str!("../sql/list_builds.sql");
const BRANCHES: &str = include_str!("../sql/branches.sql");
const FIND: &str = include_str!("../sql/find_build.sql");
const DEPLOYED: &str = include_str!("../sql/deployments_of_build.sql");
const MADE: &str = include_str!("../sql/artifacts_of_build.sql");
const CONTAINED: &str = include_str!("../sql/commits_of_build.sql");

/// What a list of builds is narrowed by; empty lists narrow nothing.
#[derive(Debug, Clone, Default)]
pub struct BuildFilter {
    /// How they ended, as stored.
    pub statuses: Vec<String>,
    /// Branches.
    pub branches: Vec<String>,
    /// A part of a version or branch, the beginning of a commit, or a number.
    pub text: Option<String>,
}

/// One build.
#[derive(Debug, Clone)]
pub struct BuildLine {
    /// Its identifier.
    pub id: Uuid,
    /// Its number.
    pub number: i32,
    /// Its version.
    pub version: Option<String>,
    /// The commit, in full.
    pub commit: Option<String>,
    /// The branch.
    pub branch: Option<String>,
    /// How it ended, as stored.
    pub status: String,
    /// When it was complete, or else begun or recorded.
    pub at: Timestamp,
    /// From start to completion, in seconds.
    pub seconds: Option<i32>,
}

/// A commit that a build contains.
#[derive(Debug, Clone)]
pub struct CommitLine {
    /// Its hash, in full.
    pub hash: String,
    /// The first line of its message.
    pub subject: String,
    /// Who wrote it.
    pub author: Option<String>,
    /// When.
    pub at: Timestamp,
}

fn line(row: &Row) -> Result<BuildLine, Error> {
    Ok(BuildLine {
        id: row.try_get("id")?,
        number: row.try_get("build_number")?,
        version: row.try_get("version_tag")?,
        commit: row.try_get("git_commit_hash")?,
        branch: row.try_get("git_branch")?,
        status: row.try_get("status")?,
        at: row.try_get("made_at")?,
        seconds: row.try_get("duration_seconds")?,
    })
}

fn some(list: &[String]) -> Option<&[String]> {
    (!list.is_empty()).then_some(list)
}

fn builds<A: Action>(ctx: &Ctx, project: Uuid) -> Result<Allowed<Within, A>, Error> {
    permit_in(ctx, &BUILDS, project)
}

/// At most `rows` builds of `project` to which the actor may do `A`, newest first, with a number below `before`.
///
/// # Errors
/// 403 when there is none that they may.
pub async fn list_builds<A: Action>(
    ctx: &Ctx,
    tx: &Tx,
    project: Uuid,
    filter: &BuildFilter,
    before: Option<i32>,
    rows: i64,
) -> Result<Vec<BuildLine>, Error> {
    let allowed = builds::<A>(ctx, project)?;
    let like = filter.text.as_deref().map(pattern);
    let (statuses, branches) = (some(&filter.statuses), some(&filter.branches));
    let params: [&(dyn ToSql + Sync); 7] =
        [&allowed.project, &statuses, &branches, &like, &filter.text, &before, &rows];
    let found = allowed.query(ctx, tx, LIST, &params).await?;
    found.iter().map(line).collect()
}

/// The branches of the latest builds that the actor may read, at most 12, the most recently built first.
///
/// # Errors
/// 403 when the actor may see no build there.
pub async fn branches(ctx: &Ctx, tx: &Tx, project: Uuid) -> Result<Vec<String>, Error> {
    let allowed = builds::<Read>(ctx, project)?;
    let found = allowed.query(ctx, tx, BRANCHES, &[&allowed.project]).await?;
    found.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// The build of `project` with this number. `None` too when the actor may not read it.
///
/// # Errors
/// 403 when the actor may see no build there.
pub async fn find_build(ctx: &Ctx, tx: &Tx, project: Uuid, number: i32) -> Result<Option<BuildLine>, Error> {
    let allowed = builds::<Read>(ctx, project)?;
    allowed.query(ctx, tx, FIND, &[&allowed.project, &number]).await?.first().map(line).transpose()
}

/// Environment, status as stored and time of the deployments of a build, newest first, at most 50.
///
/// # Errors
/// 403 when the actor may see no deployment there.
pub async fn deployments_of_build(
    ctx: &Ctx,
    tx: &Tx,
    (project, build): (Uuid, Uuid),
) -> Result<Vec<(String, String, Timestamp)>, Error> {
    let allowed: Allowed<_, Read> = permit_in(ctx, &DEPLOYMENTS, project)?;
    let found = allowed.query(ctx, tx, DEPLOYED, &[&project, &build]).await?;
    found.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?))).collect()
}

/// Name, kind as stored and bytes of what a build made, at most 200.
///
/// # Errors
/// 403 when the actor may see no artefact there.
pub async fn artifacts_of_build(
    ctx: &Ctx,
    tx: &Tx,
    (project, build): (Uuid, Uuid),
) -> Result<Vec<(String, String, Option<i64>)>, Error> {
    let allowed: Allowed<_, Read> = permit_in(ctx, &ARTIFACTS, project)?;
    let found = allowed.query(ctx, tx, MADE, &[&project, &build]).await?;
    found.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?))).collect()
}

/// The commits a build contains, at most 200.
///
/// # Errors
/// 403 when the actor may see no commit there.
pub async fn commits_of_build(ctx: &Ctx, tx: &Tx, (project, build): (Uuid, Uuid)) -> Result<Vec<CommitLine>, Error> {
    let allowed: Allowed<_, Read> = permit_in(ctx, &COMMITS, project)?;
    let found = allowed.query(ctx, tx, CONTAINED, &[&project, &build]).await?;
    found
        .iter()
        .map(|row| {
            Ok(CommitLine {
                hash: row.try_get("commit_hash")?,
                subject: row.try_get("subject")?,
                author: row.try_get("author")?,
                at: row.try_get("committed_at")?,
            })
        })
        .collect()
}
