//! Backups as the server makes them: the log all the time, a full copy every day, and what is too old removed.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use backup::{Archiver, FULL_DAYS, Key, Manifest, Repository, SLOT, Slot, Source};
use cluster::{DATABASE, Database};
use jiff::{SignedDuration, Timestamp, civil::Time, tz::TimeZone};
use rest::Backups;
use tokio_postgres::{Client, Config};

use crate::{
    cli::{BackupPlace, Listen},
    database,
    failure::Failure,
    sealing,
    server::Server,
};

/// How often the log is stored: what a lost disk costs.
const STEP: Duration = Duration::from_secs(5);
/// How often the server looks whether a full backup is due.
const LOOK: Duration = Duration::from_secs(60);
/// How long after one that failed it tries again.
const AGAIN: Duration = Duration::from_secs(600);
/// How often a failure that stays is told.
const REMIND: Duration = Duration::from_secs(600);

/// Only one process stores the log of a cluster.
const LOG_LOCK: &str = "select pg_try_advisory_lock(hashtextextended('throughline archive', 0))";
/// Only one makes a full backup.
const FULL_LOCK: &str = "select pg_advisory_lock(hashtextextended('throughline backup', 0))";

/// Where backups go, and what is in them.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) repository: Repository,
    pub(crate) key: Arc<Key>,
    pub(crate) source: Source,
}

impl Plan {
    /// What the settings ask for; `None` where they name no place.
    pub(crate) fn of(place: &BackupPlace, data: &Path, signing_key: Option<PathBuf>) -> Result<Option<Self>, Failure> {
        let Some(named) = &place.backup_repository else { return Ok(None) };
        let Some(file) = &place.backup_key else {
            return Err(Failure::usage(
                "backups are always encrypted, and no key is named: make one with `throughline backup key FILE`, name \
                 it with --backup-key, and keep a copy of it elsewhere, for without it nobody can read the backups",
            ));
        };
        // Fails when it has been done already, which is fine.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let repository = Repository::open(named, true)?;
        let mut left_out = vec![std::path::absolute(file)?];
        left_out.extend(repository.directory().map(Path::to_path_buf));
        let source = Source {
            data: data.to_path_buf(),
            signing_key: Some(sealing::key_file(data, signing_key)).filter(|file| file.exists()),
            left_out,
        };
        Ok(Some(Self { repository, key: Arc::new(Key::read(file)?), source }))
    }
}

/// How the superuser of the embedded database connects to the application's; `None` for one that is managed elsewhere.
pub(crate) fn superuser(database: &Database) -> Option<Config> {
    let mut config = match database {
        Database::Embedded(cluster) => cluster.connections().superuser(),
        Database::Beside(connections) => connections.superuser(),
        Database::External(_) => return None,
    };
    config.dbname(DATABASE);
    Some(config)
}

/// Makes backups until the server ends, if the settings ask for them.
pub(crate) fn start(database: &Database, data: &Path, listen: &Listen, server: &Server) -> Result<(), Failure> {
    let plan = Plan::of(&listen.backups, data, listen.signing_key.clone())?;
    let Some(superuser) = superuser(database) else {
        if plan.is_some() {
            tracing::warn!(
                "backup_repository is for the embedded database; the one of DATABASE_URL is backed up where it runs \
                 (docs/backup-and-recovery.md tells how)"
            );
        }
        return Ok(());
    };
    match plan {
        Some(plan) => {
            let keeper = Keeper {
                plan,
                superuser,
                at: listen.backup_at,
                app: server.app.clone(),
                state: Backups::default(),
                due: false,
                full: None,
            };
            drop(tokio::spawn(keeper.always()));
        }
        None => drop(tokio::spawn(async move {
            if let Err(failure) = let_go(&superuser).await {
                tracing::warn!("log that is kept for backups that nobody makes could not be let go: {failure}");
            }
        })),
    }
    Ok(())
}

/// Without backups, nothing may keep the log.
async fn let_go(superuser: &Config) -> Result<(), Failure> {
    let sql =
        "select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = $1 and not active";
    database::talk(superuser, async |client| Ok(client.execute(sql, &[&SLOT]).await.map(|_| ())?)).await
}

struct Keeper {
    plan: Plan,
    superuser: Config,
    at: Time,
    app: Arc<rest::App>,
    state: Backups,
    due: bool,
    /// The full backup that is being made, whatever becomes of the connection over which the log is stored.
    full: Option<tokio::task::JoinHandle<bool>>,
}

impl Keeper {
    async fn always(mut self) {
        let mut told: Option<Instant> = None;
        loop {
            if let Err(failure) = self.conversation(&mut told).await {
                self.state.failures += 1;
                self.app.metrics.tell_backups(self.state);
                if told.is_none_or(|told| told.elapsed() > REMIND) {
                    tracing::error!(
                        repository = self.plan.repository.place(),
                        "the log cannot be stored: {failure}; what is written now is on this disk alone until it can"
                    );
                    told = Some(Instant::now());
                }
            }
            tokio::time::sleep(STEP).await;
        }
    }

    /// Stores the log over one connection for as long as all goes well.
    async fn conversation(&mut self, told: &mut Option<Instant>) -> Result<(), Failure> {
        let superuser = self.superuser.clone();
        database::talk(&superuser, async |client| {
            client.batch_execute("set application_name = 'throughline backup'; set statement_timeout = '60s'").await?;
            if !client.query_one(LOG_LOCK, &[]).await?.get::<_, bool>(0) {
                return Err(Failure::new("another process stores it already"));
            }
            let mut archiver = None;
            let mut looked: Option<Instant> = None;
            loop {
                match backup::ensure_slot(client).await? {
                    Slot::Kept => {}
                    Slot::Made => self.due = true,
                    Slot::Lost => {
                        self.due = true;
                        tracing::error!(
                            "the log of the database was given up before it could be stored, so that it would not fill \
                             the disk: moments between then and the full backup that is made now cannot be restored"
                        );
                    }
                }
                let archiver = match &mut archiver {
                    Some(archiver) => archiver,
                    empty => empty.insert(begin(client, &self.plan).await?),
                };
                let step = archiver.step(client).await?;
                self.state.stored_until = Some(step.confirmed_at);
                if told.take().is_some() {
                    tracing::info!("the log is stored again");
                }
                if self.full.as_ref().is_some_and(tokio::task::JoinHandle::is_finished)
                    && let Some(ended) = self.full.take()
                {
                    let went_well = ended.await.unwrap_or(false);
                    self.due = !went_well;
                    self.state.failures += u64::from(!went_well);
                    looked = (!went_well).then(|| Instant::now() + AGAIN);
                }
                if self.full.is_none() && looked.is_none_or(|looked| Instant::now() >= looked + LOOK) {
                    looked = Some(Instant::now());
                    if self.is_due().await? {
                        self.full = Some(tokio::spawn(by_itself(self.plan.clone(), self.superuser.clone())));
                    }
                }
                self.app.metrics.tell_backups(self.state);
                tokio::time::sleep(STEP).await;
            }
        })
        .await
    }

    /// Whether a full backup is missing since the time of the day that was set.
    async fn is_due(&mut self) -> Result<bool, Failure> {
        let newest = Manifest::all(&self.plan.repository).await?.pop();
        self.state.newest = newest.as_ref().map(|newest| newest.finished_at);
        self.state.bytes = newest.as_ref().map_or(0, Manifest::bytes);
        Ok(self.due || newest.is_none_or(|newest| newest.started_at < last_time(self.at, Timestamp::now())))
    }
}

/// The last moment at this time of the day.
fn last_time(at: Time, now: Timestamp) -> Timestamp {
    let today =
        now.to_zoned(TimeZone::UTC).date().to_datetime(at).to_zoned(TimeZone::UTC).map(|zoned| zoned.timestamp());
    match today {
        Ok(today) if today <= now => today,
        Ok(today) => today - SignedDuration::from_hours(24),
        Err(_) => now,
    }
}

async fn begin(client: &Client, plan: &Plan) -> Result<Archiver, Failure> {
    let directory = cluster::log_directory(&plan.source.data);
    Ok(Archiver::begin(client, plan.repository.clone(), plan.key.clone(), &directory).await?)
}

async fn by_itself(plan: Plan, superuser: Config) -> bool {
    match full(&plan, &superuser).await {
        Ok(manifest) => {
            tracing::info!(backup = manifest.label, size_bytes = manifest.bytes(), "made a full backup");
            true
        }
        Err(failure) => {
            tracing::error!(repository = plan.repository.place(), "no full backup could be made: {failure}");
            false
        }
    }
}

/// Makes a full backup, stores the log up to now where nobody else does, removes what is too old, and records the run.
pub(crate) async fn full(plan: &Plan, superuser: &Config) -> Result<Manifest, Failure> {
    database::talk(superuser, async |client| {
        client.batch_execute("set application_name = 'throughline backup'; set statement_timeout = 0").await?;
        client.execute(FULL_LOCK, &[]).await?;
        let run = Run::begin(client, "backup_full").await?;
        let made = backup::take(client, &plan.source, &plan.repository, &plan.key).await;
        let manifest = match made {
            Ok(manifest) => manifest,
            Err(error) => return Err(run.fail(client, error.into()).await),
        };
        let until = manifest.finished_at + SignedDuration::from_hours(24 * FULL_DAYS);
        let at = format!("{}/full/{}", plan.repository.place(), manifest.label);
        let details = serde_json::to_value(&manifest)?;
        let kept = Kept { bytes: manifest.bytes(), at, until, key: manifest.recipients.join(" ") };
        run.complete(client, &details, Some(&kept)).await?;
        store_log(client, plan).await?;
        let pruned = backup::prune(&plan.repository, Timestamp::now()).await?;
        tracing::debug!(backups = pruned.backups, segments = pruned.segments, "removed what was too old");
        Ok(manifest)
    })
    .await
}

/// Stores the log up to now, unless a server does it; says whether it was done.
pub(crate) async fn store_log(client: &Client, plan: &Plan) -> Result<bool, Failure> {
    if !client.query_one(LOG_LOCK, &[]).await?.get::<_, bool>(0) {
        return Ok(false);
    }
    backup::ensure_slot(client).await?;
    let stored = match begin(client, plan).await {
        Ok(mut archiver) => archiver.step(client).await.map(|_| ()).map_err(Failure::from),
        Err(failure) => Err(failure),
    };
    client.execute("select pg_advisory_unlock(hashtextextended('throughline archive', 0))", &[]).await?;
    stored.map(|()| true)
}

/// A row of `platform.operation_runs`.
pub(crate) struct Run(uuid::Uuid);

/// What a run left, and until when it has to be kept.
pub(crate) struct Kept {
    bytes: u64,
    at: String,
    until: Timestamp,
    key: String,
}

impl Run {
    pub(crate) async fn begin(client: &Client, kind: &str) -> Result<Self, Failure> {
        let sql = "insert into platform.operation_runs (kind, target) values ($1, current_database()) returning id";
        Ok(Self(client.query_one(sql, &[&kind]).await?.get(0)))
    }

    pub(crate) async fn complete(
        self,
        client: &Client,
        details: &serde_json::Value,
        kept: Option<&Kept>,
    ) -> Result<(), Failure> {
        let bytes = kept.map(|kept| i64::try_from(kept.bytes).unwrap_or(i64::MAX));
        let at = kept.map(|kept| kept.at.chars().take(2000).collect::<String>());
        client
            .execute(
                "update platform.operation_runs
                    set status = 'completed', finished_at = greatest(clock_timestamp(), started_at), details = $2,
                        size_bytes = $3, location_uri = $4, retain_until = $5, encryption_key_ref = $6
                  where id = $1",
                &[&self.0, details, &bytes, &at, &kept.map(|kept| kept.until), &kept.map(|kept| kept.key.as_str())],
            )
            .await?;
        Ok(())
    }

    /// Records the failure and gives it back.
    pub(crate) async fn fail(self, client: &Client, failure: Failure) -> Failure {
        let sql = "update platform.operation_runs
                      set status = 'failed', finished_at = greatest(clock_timestamp(), started_at),
                          error_message = left($2, 10000)
                    where id = $1";
        // When this fails too, the failure itself says more.
        let _ = client.execute(sql, &[&self.0, &failure.to_string()]).await;
        failure
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_time_of_day_is_today_or_yesterday() {
        let at = jiff::civil::time(1, 0, 0, 0);
        let moment = |text: &str| text.parse::<Timestamp>().unwrap_or_default();
        assert_eq!(last_time(at, moment("2026-11-29T12:00:00Z")), moment("2026-11-29T01:00:00Z"));
        assert_eq!(last_time(at, moment("2026-11-29T00:59:59Z")), moment("2026-11-28T01:00:00Z"));
    }
}
