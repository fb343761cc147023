//! `throughline maintain`: what a database needs once a day. The server does the same by itself where it knows the owner.

use std::{path::Path, sync::Arc, time::Duration};

use cluster::Role;
use kernel::Kernel;
use serde::Serialize;
use tokio_postgres::Client;
use vault::signing::SigningKey;
use wire::Way;

use crate::{
    administration::{self, Command},
    data_quality, database, detecting,
    failure::Failure,
    sealing::{self, Sealing},
    server,
    server::Server,
};

/// One maintenance at a time, of this program or another, on this database; the function takes the same lock.
const LOCK: &str = "select pg_advisory_lock(hashtextextended('throughline maintain', 0))";
/// The server looks this often whether maintenance is due.
const LOOK: Duration = Duration::from_secs(3600);
/// And this long after it came up for the first time.
const SETTLE: Duration = Duration::from_secs(300);

/// One line of what was done.
#[derive(Debug, Serialize)]
pub(crate) struct Line {
    /// Which part of maintenance.
    step: String,
    /// What it was done to.
    target: String,
    /// How many.
    amount: i64,
    /// What came of it.
    note: String,
}

/// `throughline maintain`
pub(crate) async fn run(data: &Path, json: bool) -> Result<(), Failure> {
    let database = database::open_beside(data).await?;
    let outcome = async {
        let owner = database::owner(&database)?;
        let mut lines = maintain(&owner, |_| true).await?;
        let kernel = server::kernel(database.way(Role::Application)).await?;
        let key = sealing::known_key(data)?;
        let kernel = Arc::new(match key.clone() {
            Some(key) => kernel.with_signing_key(key),
            None => kernel,
        });
        let sealing = key.as_ref().map(|key| Sealing::new(data, key)).transpose()?;
        lines.push(seal(data, key, &kernel).await?);
        lines.push(look(&kernel, sealing.as_ref()).await?);
        data_quality::measure(&owner, &kernel).await?;
        Ok::<_, Failure>(lines)
    }
    .await;
    let done = Command {
        event: "database.maintained",
        called: "throughline maintain",
        said: "Maintained the database: partitions, retention, statistics, seals",
        risk: "medium",
        error: outcome.as_ref().err().map(ToString::to_string),
        besides: serde_json::json!({"steps": outcome.as_ref().map_or(0, Vec::len)}),
    };
    administration::note(&database, done).await;
    database.stop().await;
    let lines = outcome?;
    if json {
        println!("{}", serde_json::to_string(&lines)?);
        return Ok(());
    }
    let telling: Vec<&Line> = lines.iter().filter(|line| line.amount > 0 || is_remark(line)).collect();
    let width = telling.iter().map(|line| line.target.chars().count()).max().unwrap_or(0);
    for line in telling {
        println!("{:8} {:width$} {:>8}  {}", line.step, line.target, line.amount, line.note);
    }
    Ok(())
}

/// Seals what is not sealed yet, by the key of the server; where no server has made one, nothing was ever sealed.
async fn seal(data: &Path, key: Option<SigningKey>, kernel: &Arc<Kernel>) -> Result<Line, Failure> {
    let line = |rows: u64, note: String| Line {
        step: "seal".into(),
        target: "audit.audit_logs".into(),
        amount: i64::try_from(rows).unwrap_or(i64::MAX),
        note,
    };
    let Some(key) = key else {
        return Ok(line(0, "left: there is no signing key here; a server makes one when it starts".into()));
    };
    let sealed = Sealing::new(data, &key)?.everywhere(kernel, None).await?;
    Ok(line(sealed.rows, format!("rows sealed under {} signed heads", sealed.heads)))
}

/// Looks for security events, as the server does every minute.
async fn look(kernel: &Arc<Kernel>, sealing: Option<&Sealing>) -> Result<Line, Failure> {
    let watched = detecting::everywhere(kernel, sealing, false).await?;
    let amount = i64::try_from(watched.made + watched.tampered).unwrap_or(i64::MAX);
    let note = format!("new security events, {} go on; {} audit trails examined", watched.grown, watched.examined);
    Ok(Line { step: "watch".into(), target: "security.security_events".into(), amount, note })
}

fn is_remark(line: &Line) -> bool {
    line.note.starts_with("kept") || line.note.starts_with("left") || line.step == "lock"
}

/// Runs maintenance every day until the server ends. Needs the owner of the tables; without, somebody has to run it.
pub(crate) fn daily(owner: Way, server: &Server) -> impl Future<Output = ()> + Send + use<> {
    let (kernel, app) = (server.kernel.clone(), server.app.clone());
    every_day(owner, kernel, app)
}

async fn every_day(owner: Way, kernel: Arc<Kernel>, app: Arc<rest::App>) {
    match data_quality::recall(&owner, &kernel).await {
        Ok(shares) => app.metrics.tell_quality(shares),
        Err(failure) => tracing::warn!("what was measured of the data last could not be read: {failure}"),
    }
    tokio::time::sleep(SETTLE).await;
    loop {
        match maintain(&owner, |hours| hours.is_none_or(|hours| hours >= 20.0)).await {
            Ok(lines) if lines.is_empty() => {}
            Ok(lines) => {
                tracing::info!(steps = lines.len(), "maintained the database");
                match data_quality::measure(&owner, &kernel).await {
                    Ok(shares) => app.metrics.tell_quality(shares),
                    Err(failure) => tracing::warn!("the quality of the data could not be measured: {failure}"),
                }
            }
            Err(failure) => tracing::warn!(
                "maintenance could not be run: {failure}; let THROUGHLINE_OWNER_URL name the role that migrates, or \
                 run `throughline maintain` every day"
            ),
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Maintains the database behind `owner`, if it is `due` that many hours after the last time. Another that runs is waited for.
pub(crate) async fn maintain(owner: &Way, due: impl Fn(Option<f64>) -> bool) -> Result<Vec<Line>, Failure> {
    database::talk(owner, async |client| holding_the_lock(client, due).await).await
}

async fn holding_the_lock(client: &Client, due: impl Fn(Option<f64>) -> bool) -> Result<Vec<Line>, Failure> {
    client.batch_execute("set statement_timeout = 0; set application_name = 'throughline maintain'").await?;
    client.execute(LOCK, &[]).await?;
    let last = client
        .query_one(
            "select (extract(epoch from now() - max(finished_at)) / 3600)::float8 from platform.operation_runs
              where kind = 'maintenance' and status = 'completed'",
            &[],
        )
        .await?
        .get(0);
    if !due(last) {
        return Ok(Vec::new());
    }
    let run: uuid::Uuid = client
        .query_one(
            "insert into platform.operation_runs (kind, target) values ('maintenance', current_database()) returning id",
            &[],
        )
        .await?
        .get(0);
    match steps(client).await {
        Ok(lines) => {
            client
                .execute(
                    "update platform.operation_runs set status = 'completed', finished_at = greatest(clock_timestamp(), started_at),
                            details = $2::jsonb where id = $1",
                    &[&run, &serde_json::json!({ "steps": lines })],
                )
                .await?;
            Ok(lines)
        }
        Err(failure) => {
            client
                .execute(
                    "update platform.operation_runs set status = 'failed', finished_at = greatest(clock_timestamp(), started_at),
                            error_message = left($2, 10000) where id = $1",
                    &[&run, &failure.to_string()],
                )
                .await?;
            Err(failure)
        }
    }
}

async fn steps(client: &Client) -> Result<Vec<Line>, Failure> {
    let rows = client.query("select step, target, amount, note from platform.maintain_database()", &[]).await?;
    let mut lines: Vec<Line> = rows
        .iter()
        .map(|row| Line { step: row.get(0), target: row.get(1), amount: row.get(2), note: row.get(3) })
        .collect();
    let thinned: i64 = client.query_one("select platform.thin_metric_samples()", &[]).await?.get(0);
    let note = "measurements removed, and one an hour left".into();
    lines.push(Line { step: "thin".into(), target: "platform.metric_samples".into(), amount: thinned, note });
    let tables: Vec<String> = client
        .query(
            "select c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
              where c.relkind in ('r', 'p') and not c.relispartition and pg_has_role(c.relowner, 'usage')
                and exists (select from platform.table_facts f where f.table_schema = n.nspname and f.table_name = c.relname)
              order by 1",
            &[],
        )
        .await?
        .iter()
        .map(|row| row.get(0))
        .collect();
    // Outside of any transaction, and without waiting for a table that somebody changes.
    client.batch_execute(&format!("vacuum (analyze, skip_locked) {}", tables.join(", "))).await?;
    let amount = i64::try_from(tables.len()).unwrap_or(i64::MAX);
    let note = "room made free, statistics renewed".into();
    lines.push(Line { step: "vacuum".into(), target: "tables".into(), amount, note });
    Ok(lines)
}
