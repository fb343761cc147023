//! `throughline backup drill`: a restore that is rehearsed. What would have been lost, how long it took, and whether what came
//! back is what was there.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, Instant},
};

use backup::{Head, Picture, Restored, differences};
use cluster::{Cluster, Database, Options};
use jiff::Timestamp;
use serde::Serialize;
use tokio_postgres::{Client, Config};

use crate::{
    audit,
    backing_up::{self, Plan, Run},
    backup::{elsewhere, megabytes},
    database,
    failure::Failure,
};

/// At most so many seconds of writes may be lost.
const LOSS_GOAL: f64 = 60.0;
/// Ten gigabytes must be back within so many seconds.
const BACK_GOAL: f64 = 900.0;
/// What is smaller is held to the goal of this size: starting takes its time whatever the size.
const LEAST_BYTES: f64 = 1e9;
/// How long to wait until the log is stored.
const PATIENCE: Duration = Duration::from_secs(120);

/// What a rehearsal found.
#[derive(Debug, Serialize)]
struct Rehearsal {
    ok: bool,
    /// Seconds of writes that would have been lost, had the disk been lost when the rehearsal began.
    lost_at_most_seconds: Option<f64>,
    /// Seconds from the beginning of the restore until the database took connections.
    back_after_seconds: f64,
    /// The size of the database, in bytes.
    database_bytes: u64,
    /// What ten gigabytes would take at this rate, in seconds.
    ten_gigabytes_seconds: f64,
    tables: usize,
    rows: i64,
    /// Where what came back differs.
    differences: Vec<String>,
    /// Sealed rows of the audit trail that were held against their seals; null: nothing was sealed yet.
    audit_rows: Option<u64>,
    audit_findings: Vec<String>,
    restored: Restored,
}

/// Rehearses a restore.
pub(crate) async fn run(data: &Path, plan: &Plan, scratch: Option<PathBuf>, json: bool) -> Result<ExitCode, Failure> {
    plan.key.must_open()?;
    let scratch =
        scratch.unwrap_or_else(|| std::env::temp_dir().join(format!("throughline-drill-{}", std::process::id())));
    if scratch.exists() {
        return Err(Failure::usage(format!("{} is there already; name a place that is not", scratch.display())));
    }
    let database = database::open_beside(data).await?;
    let outcome = match backing_up::superuser(&database) {
        Some(superuser) => recorded(&database, &superuser, plan, &scratch).await,
        None => Err(elsewhere()),
    };
    database.stop().await;
    // What is a copy of everything must not be left lying about.
    let _ = std::fs::remove_dir_all(&scratch);
    let rehearsal = outcome?;
    if json {
        println!("{}", serde_json::to_string(&rehearsal)?);
    } else {
        print(&rehearsal);
    }
    Ok(if rehearsal.ok { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

async fn recorded(database: &Database, superuser: &Config, plan: &Plan, scratch: &Path) -> Result<Rehearsal, Failure> {
    database::talk(superuser, async |client| {
        client.batch_execute("set application_name = 'throughline drill'; set statement_timeout = 0").await?;
        let run = Run::begin(client, "restore_test").await?;
        match rehearse(database, client, superuser, plan, scratch).await {
            Ok(rehearsal) => {
                run.complete(client, &serde_json::to_value(&rehearsal)?, None).await?;
                Ok(rehearsal)
            }
            Err(failure) => Err(run.fail(client, failure).await),
        }
    })
    .await
}

async fn rehearse(
    database: &Database,
    client: &Client,
    superuser: &Config,
    plan: &Plan,
    scratch: &Path,
) -> Result<Rehearsal, Failure> {
    let head = Head::newest(&plan.repository).await?;
    let serves = matches!(database, Database::Beside(_));
    // Where no server runs, nothing was written since the last stop.
    let lost_at_most_seconds =
        head.filter(|_| serves).map(|head| Timestamp::now().duration_since(head.confirmed_at).as_secs_f64().max(0.0));
    let point = format!("throughline_drill_{}", Timestamp::now().as_millisecond());
    let before = picture_at(&point, client, superuser).await?;
    let moment = Timestamp::now();
    stored(client, plan).await?;

    let began = Instant::now();
    let options = Options::new(scratch);
    let what = backup::Plan {
        moment: Some(moment),
        point: Some(point),
        label: None,
        timeline: None,
        patience: Duration::from_secs(24 * 3600),
    };
    let restored = backup::restore(&plan.repository, &plan.key, &options, &what).await?;
    let cluster = Cluster::start(options).await?;
    let back_after_seconds = began.elapsed().as_secs_f64();
    let scratch_database = Database::Embedded(cluster);
    let found = look_at(&scratch_database, scratch).await;
    scratch_database.stop().await;
    let (after, database_bytes, audited) = found?;

    let differences = differences(&before, &after);
    let ten_gigabytes_seconds = back_after_seconds * (1e10 / (database_bytes as f64).max(1.0));
    let (audit_rows, audit_findings) = match audited {
        Some((rows, findings)) => (Some(rows), findings),
        None => (None, Vec::new()),
    };
    let allowed = BACK_GOAL * ((database_bytes as f64).max(LEAST_BYTES) / 1e10);
    let ok = differences.is_empty()
        && audit_findings.is_empty()
        && lost_at_most_seconds.is_none_or(|lost| lost <= LOSS_GOAL)
        && back_after_seconds <= allowed;
    Ok(Rehearsal {
        ok,
        lost_at_most_seconds,
        back_after_seconds,
        database_bytes,
        ten_gigabytes_seconds,
        tables: before.0.len(),
        rows: before.rows(),
        differences,
        audit_rows,
        audit_findings,
        restored,
    })
}

/// Makes a restore point, and says what is in the database at exactly that point of its log. Who writes waits for the moment
/// between the two, and no longer.
async fn picture_at(point: &str, client: &Client, superuser: &Config) -> Result<Picture, Failure> {
    database::talk(superuser, async |reader| {
        reader.batch_execute("begin isolation level repeatable read read only").await?;
        let mut tries = 0;
        loop {
            // Shorter than PostgreSQL waits before it looks for deadlocks, so that we give way and nobody else has to.
            client.batch_execute("begin; set local lock_timeout = '500ms'").await?;
            match Picture::hold_still(client).await {
                Ok(()) => break,
                Err(error) if tries == 60 => return Err(error.into()),
                Err(_) => tries += 1,
            }
            client.batch_execute("rollback").await?;
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        // The first query decides what the transaction sees.
        reader.query_one("select count(*) from platform.schema_migrations", &[]).await?;
        client.query_one("select pg_create_restore_point($1)::text", &[&point]).await?;
        client.batch_execute("commit").await?;
        let picture = Picture::take(reader).await?;
        reader.batch_execute("commit").await?;
        Ok(picture)
    })
    .await
}

/// Waits until the log up to now is stored; stores it where no server does.
async fn stored(client: &Client, plan: &Plan) -> Result<(), Failure> {
    client.query_one("select pg_switch_wal()::text", &[]).await?;
    let now: Timestamp = client.query_one("select clock_timestamp()", &[]).await?.get(0);
    if backing_up::store_log(client, plan).await? {
        return Ok(());
    }
    let began = Instant::now();
    while Head::newest(&plan.repository).await?.is_none_or(|head| head.confirmed_at <= now) {
        if began.elapsed() > PATIENCE {
            return Err(Failure::new(format!(
                "the log was not stored within {} s: see what the server's log says of backups",
                PATIENCE.as_secs()
            )));
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    Ok(())
}

type Found = (Picture, u64, Option<(u64, Vec<String>)>);

async fn look_at(database: &Database, data: &Path) -> Result<Found, Failure> {
    let Some(superuser) = backing_up::superuser(database) else { return Err(elsewhere()) };
    let (picture, bytes) = database::talk(&superuser, async |client| {
        let picture = Picture::take(client).await?;
        let bytes: i64 = client.query_one("select pg_database_size(current_database())", &[]).await?.get(0);
        Ok((picture, bytes.unsigned_abs()))
    })
    .await?;
    Ok((picture, bytes, audit::examine(database, data).await?))
}

fn print(found: &Rehearsal) {
    match found.lost_at_most_seconds {
        Some(lost) => println!("lost at most   {lost:.1} s of writes (goal: {LOSS_GOAL:.0} s)"),
        None => println!("lost at most   nothing: no server runs, so nothing was written"),
    }
    println!(
        "back after     {:.1} s for {}; 10 GB would take {:.1} min at this rate (goal: {:.0} min)",
        found.back_after_seconds,
        megabytes(found.database_bytes),
        found.ten_gigabytes_seconds / 60.0,
        BACK_GOAL / 60.0
    );
    println!(
        "               fetched {} in {:.1} s, replayed in {:.1} s",
        megabytes(found.restored.bytes),
        found.restored.fetched_seconds,
        found.restored.replayed_seconds
    );
    println!("compared       {} tables, {} rows: {}", found.tables, found.rows, equal(&found.differences));
    match found.audit_rows {
        Some(rows) => println!("audit trail    {rows} sealed rows: {}", equal(&found.audit_findings)),
        None => println!("audit trail    nothing was sealed yet"),
    }
    for line in found.differences.iter().chain(&found.audit_findings) {
        println!("!! {line}");
    }
    println!("{}", if found.ok { "The rehearsal went well." } else { "The rehearsal did not go well." });
}

fn equal(faults: &[String]) -> String {
    if faults.is_empty() { "as they were".into() } else { format!("{} differences", faults.len()) }
}
