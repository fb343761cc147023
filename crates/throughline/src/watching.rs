//! Watching: every few minutes the server measures itself, its database and the disk, keeps the figures with the organisation
//! that runs the installation, which is the oldest, and tells its owners when one misses its target for long.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use cluster::Database;
use insight::watching::{self, EVERY, Sample};
use jiff::Timestamp;
use kernel::{Kernel, Troubled};
use rest::{Metrics, Served};
use tokio_postgres::Client;
use uuid::Uuid;
use wire::Way;

use crate::{asking, cli::Listen, database, doctor, failure::Failure, server::Server, within};

/// How long after it came up the server measures first.
const SETTLE: Duration = Duration::from_secs(60);
/// Pages that must have been read since the last look for their share to tell anything.
const FEWEST_PAGES: f64 = 10_000.0;

const VITALS: &str = "select metric, value, is_total from platform.take_vitals()";

/// Begins to watch, until the server ends.
pub(crate) fn start(database: &Database, data: &Path, listen: &Listen, server: &Server) -> Result<(), Failure> {
    let disk = doctor::disk_of(database, data).map(Path::to_path_buf);
    let name = format!("{}:{}", host(), listen.port);
    let mut watcher = Watcher::new(database::owner(database)?, server.kernel.clone(), name, disk);
    tokio::spawn(asking::always(
        database::owner(database)?,
        server.kernel.clone(),
        listen.health_check_networks.clone(),
    ));
    let app = server.app.clone();
    tokio::spawn(async move {
        tokio::time::sleep(SETTLE).await;
        loop {
            if let Err(failure) = watcher.look(&app.metrics).await {
                tracing::warn!(
                    "the server could not be measured: {failure}; let THROUGHLINE_OWNER_URL name the role that migrates"
                );
            }
            tokio::time::sleep(EVERY.unsigned_abs()).await;
        }
    });
    Ok(())
}

/// The organisation that runs the installation: the oldest, which was there before anybody else could come. `None`: there is
/// none yet.
pub(crate) async fn runs_the_installation(owner: &Client) -> Result<Option<Uuid>, Failure> {
    let first = owner.query_opt("select o from platform.all_organizations() o limit 1", &[]).await?;
    Ok(first.map(|row| row.get(0)))
}

fn host() -> String {
    let name = nix::unistd::gethostname().ok().and_then(|name| name.into_string().ok());
    name.filter(|name| !name.is_empty()).unwrap_or_else(|| "localhost".to_owned())
}

/// What was counted up to a moment.
struct Before {
    at: Instant,
    served: Served,
    troubles: Troubled,
    totals: BTreeMap<String, f64>,
}

/// One server that watches.
struct Watcher {
    owner: Way,
    kernel: Arc<Kernel>,
    name: String,
    disk: Option<PathBuf>,
    before: Before,
}

impl Watcher {
    fn new(owner: Way, kernel: Arc<Kernel>, name: String, disk: Option<PathBuf>) -> Self {
        let before = Before {
            at: Instant::now(),
            served: Served::default(),
            troubles: Troubled::default(),
            totals: BTreeMap::new(),
        };
        Self { owner, kernel, name, disk, before }
    }

    /// Measures once, and answers what was kept.
    async fn look(&mut self, metrics: &Metrics) -> Result<Vec<Sample>, Failure> {
        let mut samples = self.own(metrics);
        samples.extend(self.room());
        if let Some(backups) = metrics.backups()
            && let Some(until) = backups.stored_until
        {
            let lag = Timestamp::now().duration_since(until).as_secs_f64().max(0.0);
            samples.push(Sample::of_all("backup.archive_lag", lag));
        }
        let owner = self.owner.clone();
        let look = async |client: &Client| {
            let Some(runs) = runs_the_installation(client).await? else { return Ok(None) };
            Ok(Some((runs, client.query(VITALS, &[]).await?)))
        };
        let Some((organization, rows)) = database::talk(&owner, look).await? else { return Ok(Vec::new()) };
        let mut totals = BTreeMap::new();
        for row in &rows {
            let (metric, value, is_total): (String, f64, bool) = (row.get(0), row.get(1), row.get(2));
            if is_total {
                totals.insert(metric, value);
            } else {
                samples.push(Sample::of_all(metric, value));
            }
        }
        samples.extend(since(&self.before.totals, &totals));
        self.before.totals = totals;
        let ctx = within::organization(&self.kernel, organization, "watching");
        let kept = watching::keep(&ctx, samples).await?;
        metrics.tell_watched(kept.iter().map(|one| ((one.metric.clone(), one.subject.clone()), one.value)));
        Ok(kept)
    }

    /// What this server did since the last look.
    #[allow(clippy::cast_precision_loss, reason = "counts between two looks are small")]
    fn own(&mut self, metrics: &Metrics) -> Vec<Sample> {
        let (at, served, troubles) = (Instant::now(), metrics.served(), self.kernel.store.status().troubles);
        let (now, seconds) = (served.since(&self.before.served), (at - self.before.at).as_secs_f64());
        let before = self.before.troubles;
        (self.before.at, self.before.served, self.before.troubles) = (at, served, troubles);
        let mut values = vec![
            ("http.request_rate", now.requests as f64 / seconds.max(1.0)),
            ("http.slow_requests", now.slow() as f64),
            ("db.failed_queries", (troubles.statements - before.statements) as f64),
            ("db.lock_timeouts", (troubles.lock_timeouts - before.lock_timeouts) as f64),
            ("db.connection_errors", (troubles.connections - before.connections) as f64),
            ("db.pool_waits", (troubles.waits - before.waits) as f64),
        ];
        if now.requests > 0 {
            values.push(("http.error_rate", 100.0 * now.failed as f64 / now.requests as f64));
        }
        for (metric, share) in [("http.latency_p50", 0.5), ("http.latency_p95", 0.95), ("http.latency_p99", 0.99)] {
            values.extend(now.quantile(share).map(|milliseconds| (metric, milliseconds)));
        }
        values.into_iter().map(|(metric, value)| Sample::of(metric, &self.name, value)).collect()
    }

    #[allow(clippy::cast_precision_loss, reason = "bytes of a disk need no more than 53 bits to be told")]
    fn room(&self) -> Vec<Sample> {
        let Some(room) = self.disk.as_deref().and_then(|disk| doctor::room(disk).ok()) else { return Vec::new() };
        let (free, whole) = (room.free as f64, room.whole.max(1) as f64);
        vec![Sample::of_all("disk.free", free), Sample::of_all("disk.free_share", 100.0 * free / whole)]
    }
}

/// What follows from totals of the database and those of the look before. The first look, and one after its statistics were
/// reset, tells nothing.
fn since(before: &BTreeMap<String, f64>, now: &BTreeMap<String, f64>) -> Vec<Sample> {
    let more = |metric: &str| Some(now.get(metric)? - before.get(metric)?).filter(|more| *more >= 0.0);
    let mut samples = Vec::new();
    if let Some((found, read)) = more("db.pages_found").zip(more("db.pages_read"))
        && found + read >= FEWEST_PAGES
    {
        samples.push(Sample::of_all("db.cache_hit_ratio", 100.0 * found / (found + read)));
    }
    samples.extend(more("db.deadlocks").map(|deadlocks| Sample::of_all("db.deadlocks", deadlocks)));
    samples
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn totals(found: f64, read: f64, deadlocks: f64) -> BTreeMap<String, f64> {
        [("db.pages_found", found), ("db.pages_read", read), ("db.deadlocks", deadlocks)]
            .map(|(metric, value)| (metric.to_owned(), value))
            .into()
    }

    #[test]
    fn totals_tell_what_came_since_the_look_before() {
        assert!(since(&BTreeMap::new(), &totals(1e6, 1.0, 3.0)).is_empty(), "the first look tells nothing");
        let found = since(&totals(1e6, 1e5, 3.0), &totals(1e6 + 99_000.0, 1e5 + 1000.0, 5.0));
        assert_eq!(found, [Sample::of_all("db.cache_hit_ratio", 99.0), Sample::of_all("db.deadlocks", 2.0)]);
        let quiet = since(&totals(1e6, 1e5, 3.0), &totals(1e6 + 10.0, 1e5, 3.0));
        assert_eq!(quiet, [Sample::of_all("db.deadlocks", 0.0)], "ten pages tell nothing");
        assert!(since(&totals(1e6, 1e5, 3.0), &totals(5.0, 5.0, 0.0)).is_empty(), "the statistics were reset");
    }

    /// Two servers on one database: what is the installation's is kept once, what is a server's own is kept by each.
    /// Proves REQ-77.2.
    #[tokio::test]
    async fn two_servers_keep_one_measurement() {
        let world = testkit::World::new(throughline::resources(), throughline::operations()).await.unwrap();
        let owner = Way::from(&world.database().owner_config);
        let disk = Some(std::env::temp_dir());
        let mut first = Watcher::new(owner.clone(), world.kernel.clone(), "one:7400".into(), disk.clone());
        let mut second = Watcher::new(owner, world.kernel.clone(), "two:7400".into(), disk);
        let (mine, yours) = (Metrics::default(), Metrics::default());
        let (kept, also) = tokio::join!(first.look(&mine), second.look(&yours));
        let (kept, also) = (kept.unwrap(), also.unwrap());
        let all: Vec<_> = kept.iter().chain(&also).collect();
        let count = |metric: &str| all.iter().filter(|sample| sample.metric == metric).count();
        for once in ["db.size", "db.connections", "db.partitions_missing", "disk.free", "jobs.waiting"] {
            assert_eq!(count(once), 1, "{once}");
        }
        assert_eq!(count("http.request_rate"), 2);
        let superuser = world.superuser().await.unwrap();
        let stored: i64 = superuser
            .query_one(
                "select count(*) from platform.metric_samples where metric_name = 'db.size' and organization_id = $1",
                &[&world.home.id],
            )
            .await
            .unwrap()
            .get(0);
        assert_eq!(stored, 1);
        let text = mine.render(world.kernel.store.status());
        assert!(text.contains("throughline_watched{metric=\"http.request_rate\",of=\"one:7400\"}"), "{text}");
        assert!(text.contains("throughline_database_troubles_total{kind=\"lock_timeout\"} 0"), "{text}");
    }
}
