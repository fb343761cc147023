//! Imports as their senders follow them: what came in, how far it is, what was refused.

use jiff::Timestamp;
use kernel::{Allowed, Create, Ctx, Error, Read, Tx, Within, permit, permit_in};
use serde_json::Value;
use uuid::Uuid;

use crate::IMPORTS;

const PROJECTS: &str = include_str!("../sql/projects_to_import_into.sql");
const RECENT: &str = include_str!("../sql/recent_imports.sql");
const SENT_TOGETHER: &str = include_str!("../sql/imports_sent_together.sql");
const REJECTIONS: &str = include_str!("../sql/rejections_of_imports.sql");

/// A file that came in lately.
#[derive(Debug, Clone)]
pub struct RecentImport {
    /// Its identifier.
    pub id: Uuid,
    /// As the sender calls it.
    pub file_name: String,
    /// Where it stands, as stored.
    pub status: String,
    /// Records that were refused.
    pub rejected: i64,
    /// When it came in.
    pub at: Timestamp,
}

/// One file of a request.
#[derive(Debug, Clone)]
pub struct ImportedFile {
    /// Its identifier.
    pub id: Uuid,
    /// As the sender calls it.
    pub file_name: String,
    /// What it was recognised as.
    pub format: Option<String>,
    /// Where it stands, as stored.
    pub status: String,
    /// Its size, and how far the reader is, in bytes.
    pub bytes: (i64, i64),
    /// Its summary; an object, empty until it has ended.
    pub summary: Value,
    /// Why it failed.
    pub error: Option<String>,
    /// When it came in.
    pub at: Timestamp,
    /// The build it is for.
    pub build: Option<i32>,
}

/// A record that was refused.
#[derive(Debug, Clone)]
pub struct RejectionLine {
    /// The file it is in.
    pub file_name: String,
    /// The line, where there is one.
    pub line: Option<i64>,
    /// Why.
    pub reason: String,
}

fn imports(ctx: &Ctx, project: Uuid) -> Result<Allowed<Within, Read>, Error> {
    permit_in(ctx, &IMPORTS, project)
}

/// The files that came in last and that the actor may see, newest first, at most `rows`.
///
/// # Errors
/// 403 when the actor may see no import there.
pub async fn recent_imports(ctx: &Ctx, tx: &Tx, project: Uuid, rows: i64) -> Result<Vec<RecentImport>, Error> {
    let allowed = imports(ctx, project)?;
    let found = allowed.query(ctx, tx, RECENT, &[&project, &rows]).await?;
    found
        .iter()
        .map(|row| {
            Ok(RecentImport {
                id: row.try_get("id")?,
                file_name: row.try_get("file_name")?,
                status: row.try_get("status")?,
                rejected: row.try_get("rejected")?,
                at: row.try_get("created_at")?,
            })
        })
        .collect()
}

/// The files that were sent in one request with the import `id`, itself included, by name. Empty when there is no such import.
///
/// # Errors
/// 403 when the actor may see no import there.
pub async fn imports_sent_together(ctx: &Ctx, tx: &Tx, project: Uuid, id: Uuid) -> Result<Vec<ImportedFile>, Error> {
    let allowed = imports(ctx, project)?;
    let found = allowed.query(ctx, tx, SENT_TOGETHER, &[&project, &id]).await?;
    found
        .iter()
        .map(|row| {
            let size: Option<i64> = row.try_get("size_bytes")?;
            Ok(ImportedFile {
                id: row.try_get("id")?,
                file_name: row.try_get("file_name")?,
                format: row.try_get("format")?,
                status: row.try_get("status")?,
                bytes: (size.unwrap_or_default(), row.try_get("bytes_read")?),
                summary: row.try_get("summary")?,
                error: row.try_get("error")?,
                at: row.try_get("created_at")?,
                build: row.try_get("build_number")?,
            })
        })
        .collect()
}

/// At most `rows` records that these imports refused, and how many there are in all.
///
/// # Errors
/// 403 when the actor may see no import there.
pub async fn rejections_of_imports(
    ctx: &Ctx,
    tx: &Tx,
    project: Uuid,
    ids: &[Uuid],
    rows: i64,
) -> Result<(Vec<RejectionLine>, i64), Error> {
    let allowed = imports(ctx, project)?;
    let found = allowed.query(ctx, tx, REJECTIONS, &[&project, &ids, &rows]).await?;
    let whole = found.first().map_or(Ok(0), |row| row.try_get("whole"))?;
    let lines = found
        .iter()
        .map(|row| {
            Ok(RejectionLine {
                file_name: row.try_get("file_name")?,
                line: row.try_get("line")?,
                reason: row.try_get("reason")?,
            })
        })
        .collect::<Result<_, Error>>()?;
    Ok((lines, whole))
}

/// Slug and name of the projects that the actor may import into, by name, at most 200.
///
/// # Errors
/// 403 when there is nowhere they may.
pub async fn projects_to_import_into(ctx: &Ctx, tx: &Tx) -> Result<Vec<(String, String)>, Error> {
    let projects = permit::<Create>(ctx, &IMPORTS)?.whole_projects();
    tx.query(PROJECTS, &[&projects]).await?.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}
