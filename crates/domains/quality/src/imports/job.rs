//! One file: taken up, read, stored whole or not at all, and ended with a summary, in one transaction.

use std::{
    path::Path,
    sync::{OnceLock, atomic::Ordering},
    time::Duration,
};

use formats::{Format, ReadError, Recognised};
use kernel::{Action, Change, Create, Ctx, Error, Tx, record};
use serde_json::json;
use tokio_postgres::error::SqlState;
use tracing::{debug, error, info, warn};
use uuid::Uuid;

use super::{
    api, builds,
    case::cut,
    components, coverage, exchange, findings, format_name, junit,
    order::Planned,
    past::Past,
    request::Wishes,
    requirement,
    source::Source,
    summary::{FileStatus, Summary},
};

const START_IMPORT: &str = include_str!("../../sql/start_import.sql");
const CLAIM_IMPORT: &str = include_str!("../../sql/claim_import.sql");
const WAIT_FOR_TURN: &str = include_str!("../../sql/wait_for_turn.sql");
const STILL_RUNNING: &str = include_str!("../../sql/still_running.sql");
const FIND_SAME: &str = include_str!("../../sql/find_same.sql");
const NOTE_PROGRESS: &str = include_str!("../../sql/note_progress.sql");
const COMPLETE_IMPORT: &str = include_str!("../../sql/complete_import.sql");
const FAIL_IMPORT: &str = include_str!("../../sql/fail_import.sql");
const INSERT_REJECTIONS: &str = include_str!("../../sql/insert_rejections.sql");

/// Refused records that are kept of one file.
const ROWS: usize = 1_000;

/// An import may take longer than a request: its statements handle thousands of rows, and it may have to wait for another
/// import into the same project. Just-in-time compilation costs more than it gives for them.
const ROOM: &str = "set local statement_timeout = '15min'; set local lock_timeout = '15min'; \
     set local idle_in_transaction_session_timeout = '15min'; set local jit = off";
/// For what a crash may take back without harm, because it is written again: whoever writes it need not wait for the disk.
const MAY_BE_LOST: &str = "set local synchronous_commit = off";
/// How often progress is written at most.
const PROGRESS: Duration = Duration::from_millis(250);
/// How often work is begun again after another transaction got in the way.
const TRIES: u32 = 5;

/// Why a file was not stored.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The file is at fault.
    Rejected {
        /// Where.
        line: Option<u64>,
        /// Why, for the sender.
        reason: String,
        /// What it was recognised as.
        format: Option<&'static str>,
    },
    /// Records of the file are at fault, each for a reason of its own.
    Rows(Vec<RowError>),
    /// Nothing is at fault: what was missing has been made, and the file is read again.
    Again,
    /// Somebody else is at it, or it has ended.
    Gone,
    /// We are at fault, or the database is.
    Failed(Error),
}

/// A record that cannot be taken.
#[derive(Debug, Clone)]
pub(crate) struct RowError {
    /// Its line or row.
    pub(crate) line: Option<u64>,
    /// What the file calls it.
    pub(crate) record: Option<String>,
    /// What is wrong, and with which field.
    pub(crate) reason: String,
}

impl RowError {
    /// In a sentence.
    pub(crate) fn told(&self) -> String {
        match &self.record {
            Some(record) => cut(&format!("{record}: {}", self.reason), 2000),
            None => cut(&self.reason, 2000),
        }
    }
}

impl Stop {
    pub(crate) fn unreadable(error: ReadError) -> Self {
        Self::Rejected { line: Some(error.line), reason: error.reason, format: None }
    }

    pub(crate) fn rejected(reason: impl Into<String>) -> Self {
        Self::Rejected { line: None, reason: reason.into(), format: None }
    }

    fn of(self, format: Format) -> Self {
        match self {
            Self::Rejected { line, reason, .. } => Self::Rejected { line, reason, format: Some(format_name(format)) },
            other => other,
        }
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl From<tokio_postgres::Error> for Stop {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Failed(error.into())
    }
}

/// A file that is being imported.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) id: Uuid,
    pub(crate) project: Uuid,
    pub(crate) build: Option<Uuid>,
    pub(crate) file_name: String,
    pub(crate) wishes: Wishes,
    /// Dependencies of a requirement that would close a circle within the request.
    pub(crate) circles: Vec<String>,
    /// Partitions for results from long ago.
    pub(crate) past: Past,
    /// The build that the file itself names, where its sender named none.
    told: OnceLock<Uuid>,
    content_sha256: Option<Vec<u8>>,
    size: Option<i64>,
    spool_path: Option<String>,
}

impl Job {
    /// The build that results belong to.
    pub(crate) fn build_of_results(&self) -> Option<Uuid> {
        self.build.or_else(|| self.told.get().copied())
    }

    /// SHA-256 of the file, where the sender's door said it.
    pub(crate) fn content_sha256(&self) -> Option<&[u8]> {
        self.content_sha256.as_deref()
    }

    /// What was stored so far stays, also of a trial.
    pub(crate) async fn keep_so_far(&self, tx: &Tx) -> Result<(), Error> {
        if self.wishes.dry_run {
            tx.batch("release savepoint tried; savepoint tried").await?;
        }
        Ok(())
    }
}

/// Imports one file and ends its import, whatever the file is like. A database that is away is waited for.
///
/// # Errors
/// When the end of the import could not be written down; it is taken up again when the server starts.
pub(crate) async fn run(ctx: &Ctx, spool: &Path, planned: &Planned) -> Result<(), Error> {
    let mut tries = 0;
    loop {
        let Err(stop) = attempt(ctx, spool, planned).await else { break };
        let (line, reason, format) = match stop {
            Stop::Rejected { line, reason, format } => (line, reason, format),
            Stop::Rows(rows) => match reject_rows(ctx, planned.id, &rows).await {
                Err(error) if is_away(&error) => {
                    tokio::time::sleep(Duration::from_secs(2)).await;
                    continue;
                }
                ended => {
                    ended?;
                    break;
                }
            },
            Stop::Again => continue,
            Stop::Failed(error) if is_away(&error) || (tries < TRIES && got_in_the_way(&error)) => {
                tries += 1;
                debug!(import.id = %planned.id, tries, error = %chain(&error), "the import will be tried again");
                tokio::time::sleep(Duration::from_secs(1 << tries.min(4))).await;
                continue;
            }
            Stop::Failed(error) => (None, our_fault(ctx, planned.id, &error), None),
            // Whoever is at it needs the file; what is left when it has ended is swept up later.
            Stop::Gone => return Ok(()),
        };
        match reject(ctx, planned.id, line, &reason, format).await {
            Err(error) if is_away(&error) => tokio::time::sleep(Duration::from_secs(2)).await,
            ended => {
                ended?;
                break;
            }
        }
    }
    if let Some(path) = super::spooled(spool, planned.spool_path.as_deref())
        && let Err(error) = tokio::fs::remove_file(&path).await
        && error.kind() != std::io::ErrorKind::NotFound
    {
        warn!(import.id = %planned.id, %error, "a spooled file could not be removed");
    }
    Ok(())
}

async fn attempt(ctx: &Ctx, spool: &Path, planned: &Planned) -> Result<(), Stop> {
    let job = take_up(ctx, planned).await?;
    if !ctx.may("import", Create::NAME, Some(job.project)) {
        return Err(Stop::rejected("whoever sent the file may no longer import into this project"));
    }
    let mut tx = ctx.begin_patiently().await?;
    tx.batch(ROOM).await?;
    if !tx.query_one(CLAIM_IMPORT, &[&job.id]).await?.try_get::<_, bool>(0)? {
        return Err(Stop::Gone);
    }
    tx.query(WAIT_FOR_TURN, &[&job.project]).await?;
    if tx.query_opt(STILL_RUNNING, &[&job.id]).await?.is_none() {
        return Err(Stop::Gone);
    }
    let (format, summary) = match store(ctx, &mut tx, &job, spool).await {
        Err(_) if job.past.is_missed() => {
            // Its locks would be in the way of what follows.
            tx.batch("rollback").await?;
            job.past.make(ctx).await?;
            return Err(Stop::Again);
        }
        stored => stored?,
    };
    complete(ctx, tx, &job, &format, &summary).await?;
    info!(import.id = %job.id, format, status = ?summary.status, "imported a file");
    Ok(())
}

/// Marks the import as running, for everybody to see.
async fn take_up(ctx: &Ctx, planned: &Planned) -> Result<Job, Stop> {
    let tx = ctx.begin_patiently().await?;
    tx.batch(MAY_BE_LOST).await?;
    let row = tx.query_opt(START_IMPORT, &[&planned.id, &ctx.now()]).await?.ok_or(Stop::Gone)?;
    let job = Job {
        id: planned.id,
        project: row.try_get(0)?,
        build: row.try_get(1)?,
        file_name: row.try_get(2)?,
        content_sha256: row.try_get(3)?,
        size: row.try_get(4)?,
        spool_path: row.try_get(5)?,
        wishes: serde_json::from_value(row.try_get(6)?).unwrap_or_default(),
        circles: planned.circles.clone(),
        past: Past::default(),
        told: OnceLock::new(),
    };
    tx.commit().await?;
    Ok(job)
}

async fn store(ctx: &Ctx, tx: &mut Tx, job: &Job, spool: &Path) -> Result<(String, Summary), Stop> {
    if let Some(row) = tx.query_opt(FIND_SAME, &[&job.project, &job.build, &job.content_sha256]).await? {
        let earlier: Summary = serde_json::from_value(row.try_get(2)?).unwrap_or_default();
        return Ok((row.try_get(1)?, Summary::repeated(&job.file_name, earlier)));
    }
    let lost = || Stop::rejected("the file is no longer on the server's disk; send it again");
    let source = Source::new(&super::spooled(spool, job.spool_path.as_deref()).ok_or_else(lost)?);
    let (size, recognised) = source.recognise().await?.ok_or_else(lost)?;
    if job.size.is_some_and(|sent| sent != i64::try_from(size).unwrap_or(i64::MAX)) {
        return Err(Stop::rejected(
            "the file on the server's disk is not as long as the one that was sent; send it again",
        ));
    }
    let format = match recognised {
        Recognised::Format(format) => format,
        Recognised::Unknown(reason) => return Err(Stop::Rejected { line: Some(1), reason, format: None }),
    };
    let name = format_name(format);
    if let Some(wish) = job.wishes.format.as_deref().filter(|wish| *wish != name) {
        return Err(Stop::rejected(format!(
            "it was sent as {wish} and looks like {name}; leave the format out, or mend the file"
        ))
        .of(format));
    }
    let _progress = Progress::of(ctx, job.id, &source);
    if job.wishes.dry_run {
        tx.batch("savepoint tried").await?;
    }
    let summary = match format {
        Format::Bazel => events(ctx, tx, job, &source, format).await,
        format if format.holds_results() => junit::import(ctx, tx, job, &source, format).await,
        Format::Cobertura | Format::Lcov | Format::Jacoco => coverage::import(ctx, tx, job, &source, format).await,
        Format::Requirement => requirement::import(ctx, tx, job, &source).await,
        Format::Sarif => findings::import(ctx, tx, job, &source).await,
        Format::CycloneDx
        | Format::Spdx
        | Format::Osv
        | Format::OsvScanner
        | Format::OpenVex
        | Format::Csaf
        | Format::Trivy
        | Format::Grype
        | Format::Gitlab => components::import(ctx, tx, job, &source, format).await,
        Format::Jenkins => builds::import(ctx, tx, job, &source).await,
        Format::OpenApi => api::import(ctx, tx, job, &source).await,
        format if format.is_exchange() => exchange::import(ctx, tx, job, &source, format).await,
        _ => Err(Stop::rejected("files of this format are not imported yet")),
    };
    let mut summary = summary.map_err(|stop| stop.of(format))?;
    if !summary.changed_something() {
        summary.status = FileStatus::Unchanged;
        summary.reason = Some("everything in it was there already".to_owned());
    }
    if job.wishes.dry_run {
        tx.batch("rollback to savepoint tried").await?;
        summary.status = FileStatus::Tried;
        summary.reason = Some("it was only tried; nothing of it was stored".to_owned());
    }
    Ok((name.to_owned(), summary))
}

/// Build events: the build first, then the results that belong to it.
async fn events(ctx: &Ctx, tx: &Tx, job: &Job, source: &Source, format: Format) -> Result<Summary, Stop> {
    let told = builds::of_events(ctx, tx, job, source, format).await?;
    if let builds::Told::Build(build, _) = &told {
        job.told.get_or_init(|| *build);
    }
    let mut summary = junit::import(ctx, tx, job, source, format).await?;
    match told {
        builds::Told::Build(_, count) => count(&mut summary),
        builds::Told::Not(why) => summary.warn(format!(
            "{why}; its results belong to {}",
            match job.build {
                Some(_) => "the build that was named, which was left as it is",
                None => "no build",
            }
        )),
        builds::Told::Nothing => {}
    }
    Ok(summary)
}

async fn complete(ctx: &Ctx, mut tx: Tx, job: &Job, format: &str, summary: &Summary) -> Result<(), Error> {
    let all = serde_json::to_value(summary).map_err(|error| Error::Broken(error.to_string()))?;
    tx.execute(COMPLETE_IMPORT, &[&job.id, &ctx.now(), &format, &all]).await?;
    let change = Change {
        event: "import.completed",
        resource_type: "import",
        resource_id: job.id.to_string(),
        resource_name: Some(job.file_name.clone()),
        project: Some(job.project),
        old: Some(json!({"status": "running"})),
        new: Some(json!({
            "status": "completed",
            "format": format,
            "build_id": job.build,
            "created": summary.created,
            "updated": summary.updated,
            "unchanged": summary.unchanged,
        })),
    };
    record(ctx, &mut tx, &change).await?;
    tx.commit().await
}

/// Ends an import badly: nothing of the file is stored, only why.
async fn reject(
    ctx: &Ctx,
    id: Uuid,
    line: Option<u64>,
    reason: &str,
    format: Option<&'static str>,
) -> Result<(), Error> {
    let reason = cut(reason, 2000);
    let summary = Summary::rejected("", format, line, &reason);
    let row = RowError { line, record: None, reason: reason.clone() };
    end_badly(ctx, id, &reason, &summary, &[row]).await
}

/// The same for several records.
async fn reject_rows(ctx: &Ctx, id: Uuid, rows: &[RowError]) -> Result<(), Error> {
    let reason = match rows {
        [only] => only.told(),
        _ => format!("{} records cannot be taken, so none of the file was; each is told with its line", rows.len()),
    };
    let summary = Summary::rejected_rows(None, &reason, rows);
    end_badly(ctx, id, &reason, &summary, &rows[..rows.len().min(ROWS)]).await
}

async fn end_badly(ctx: &Ctx, id: Uuid, reason: &str, summary: &Summary, rows: &[RowError]) -> Result<(), Error> {
    let mut tx = ctx.begin_patiently().await?;
    let format = summary.format.as_deref();
    let all = serde_json::to_value(summary).map_err(|error| Error::Broken(error.to_string()))?;
    let Some(row) = tx.query_opt(FAIL_IMPORT, &[&id, &ctx.now(), &format, &all, &reason]).await? else {
        return tx.commit().await;
    };
    let (project, file_name): (Uuid, String) = (row.try_get(0)?, row.try_get(1)?);
    let line = |row: &RowError| row.line.and_then(|line| i64::try_from(line).ok()).filter(|line| *line > 0);
    let lines: Vec<Option<i64>> = rows.iter().map(line).collect();
    let records: Vec<Option<String>> = rows.iter().map(|row| row.record.as_deref().map(|one| cut(one, 500))).collect();
    let reasons: Vec<String> = rows.iter().map(RowError::told).collect();
    tx.execute(INSERT_REJECTIONS, &[&project, &id, &lines, &records, &reasons]).await?;
    let change = Change {
        event: "import.failed",
        resource_type: "import",
        resource_id: id.to_string(),
        resource_name: Some(file_name),
        project: Some(project),
        old: Some(json!({"status": "running"})),
        new: Some(json!({"status": "failed", "error": reason})),
    };
    record(ctx, &mut tx, &change).await?;
    tx.commit().await?;
    info!(import.id = %id, reason, "refused a file");
    Ok(())
}

/// The sentence for an error that is not the file's own: a broken rule is told, anything else is logged.
fn our_fault(ctx: &Ctx, id: Uuid, error: &Error) -> String {
    let problem = ctx.catalogue().explain(error);
    if problem.kind.status() >= 500 {
        error!(import.id = %id, error = %chain(error), "an import failed");
        return "the server could not store the file; nothing of it was kept. Its log says why; send the file again later"
            .to_owned();
    }
    let fields: Vec<String> = problem
        .errors
        .iter()
        .map(|field| format!("{} {}", field.pointer.trim_start_matches('/'), field.detail))
        .collect();
    match fields.is_empty() {
        true => problem.detail,
        false => format!("{} ({})", problem.detail, fields.join("; ")),
    }
}

fn chain(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

/// The database cannot be reached just now.
fn is_away(error: &Error) -> bool {
    match error {
        Error::Pool(_) => true,
        Error::Postgres(error) => match error.code() {
            Some(code) => {
                matches!(&code.code()[..2], "08" | "53") || (code.code().starts_with("57P") && code.code() != "57P04")
            }
            None => {
                error.is_closed() || std::error::Error::source(error).is_some_and(|cause| cause.is::<std::io::Error>())
            }
        },
        _ => false,
    }
}

/// Another transaction got in the way: the same work may well succeed now.
fn got_in_the_way(error: &Error) -> bool {
    match error {
        Error::Postgres(error) => error.code().is_some_and(|code| {
            [
                SqlState::T_R_SERIALIZATION_FAILURE,
                SqlState::T_R_DEADLOCK_DETECTED,
                SqlState::LOCK_NOT_AVAILABLE,
                SqlState::QUERY_CANCELED,
            ]
            .contains(code)
        }),
        _ => false,
    }
}

/// Writes how far a file was read, on a connection of its own, until it is dropped.
struct Progress(tokio::task::JoinHandle<()>);

impl Progress {
    fn of(ctx: &Ctx, id: Uuid, source: &Source) -> Self {
        let (ctx, read) = (ctx.clone(), source.progress());
        Self(tokio::spawn(async move {
            let mut written = 0;
            loop {
                tokio::time::sleep(PROGRESS).await;
                let now = read.load(Ordering::Relaxed);
                if now != written && note(&ctx, id, now).await.is_ok() {
                    written = now;
                }
            }
        }))
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn note(ctx: &Ctx, id: Uuid, read: u64) -> Result<(), Error> {
    let tx = ctx.begin().await?;
    tx.batch(MAY_BE_LOST).await?;
    tx.execute(NOTE_PROGRESS, &[&id, &i64::try_from(read).unwrap_or(i64::MAX)]).await?;
    tx.commit().await
}
