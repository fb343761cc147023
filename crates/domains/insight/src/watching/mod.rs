//! Watching: figures of the server and its database are kept as samples, and one that misses its target for long opens one
//! alert, which closes by itself when all is well again.

mod alerts;
mod figures;
mod services;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use kernel::{Ctx, Error, Tx};
use serde_json::json;
use tokio_postgres::Row;
use uuid::Uuid;

pub use alerts::{Alert, Severity, open_alerts};
pub use figures::{Figure, Figures, Growth, Line, MOST, figures, growth};
pub use services::{Health, Instance, claim_instances, keep_health};

/// How often the server measures.
pub const EVERY: SignedDuration = SignedDuration::from_mins(5);
/// What is younger than this was measured by another server just now.
const FRESH: SignedDuration = SignedDuration::from_mins(4);
/// The most days that are told until a disk is full: longer than anybody plans.
const LONGEST: f64 = 3650.0;

/// Of several servers, one stores for an organisation at a time, and the others wait: a measurement is not made again.
const WAIT: &str = "set local lock_timeout = '30s'";
const LOCK: &str =
    "select pg_advisory_xact_lock(hashtextextended('throughline watching ' || platform.current_organization(), 0))";
const IS_FRESH: &str = "
select exists (select from platform.metric_samples s
                where s.metric_name = 'db.size' and s.id >= platform.uuid_v7_floor($1) and s.observed_at > $1)";
const STORE: &str = "
insert into platform.metric_samples (id, metric_name, service_id, labels, value, observed_at) values ($1, $2, $3, $4, $5, $6)";
const GOALS: &str = include_str!("../../sql/watching/goals.sql");
const TARGETS: &str = include_str!("../../sql/watching/targets.sql");

/// One measurement.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// Its name in `platform.metric_definitions`.
    pub metric: String,
    /// Of what: a server as `host:port`, a service by name; empty for the installation as a whole.
    pub subject: String,
    /// The service, if it is of one.
    pub service: Option<Uuid>,
    /// In the unit of the metric.
    pub value: f64,
}

impl Sample {
    /// Of the installation as a whole.
    #[must_use]
    pub fn of_all(metric: impl Into<String>, value: f64) -> Self {
        Self { metric: metric.into(), subject: String::new(), service: None, value }
    }

    /// Of one server.
    #[must_use]
    pub fn of(metric: impl Into<String>, subject: &str, value: f64) -> Self {
        Self { metric: metric.into(), subject: subject.to_owned(), service: None, value }
    }
}

/// What a metric should come to in an organisation.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// `<`, `<=`, `>`, `>=` or `=`.
    pub operator: String,
    /// In the unit of the metric.
    pub value: f64,
    /// Beyond this a miss is critical.
    pub critical: Option<f64>,
    /// So many measurements in a row open an alert, and close one.
    pub misses: i32,
}

impl Target {
    /// Whether `value` meets it.
    #[must_use]
    pub fn is_met_by(&self, value: f64) -> bool {
        holds(&self.operator, value, self.value)
    }

    /// Whether `value` misses it by so much that it is critical.
    #[must_use]
    pub fn is_critical(&self, value: f64) -> bool {
        self.critical.is_some_and(|critical| !holds(&self.operator, value, critical))
    }
}

#[allow(clippy::float_cmp, reason = "an exact target is a count, and a count is exact")]
fn holds(operator: &str, value: f64, than: f64) -> bool {
    match operator {
        "<" => value < than,
        "<=" => value <= than,
        ">" => value > than,
        ">=" => value >= than,
        _ => value == than,
    }
}

/// A metric, and what is wanted of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Goal {
    /// What one is one of.
    pub unit: String,
    /// What it tells.
    pub description: String,
    /// What to do when the target is missed.
    pub advice: Option<String>,
    /// What it should come to, if anything, as the program declares.
    pub declared: Option<Target>,
    /// What it should come to here instead, by what it is of; empty for everything that is not named.
    pub here: BTreeMap<String, Option<Target>>,
}

impl Goal {
    /// What the metric of `subject` should come to, if anything.
    #[must_use]
    pub fn target(&self, subject: &str) -> Option<&Target> {
        let here = self.here.get(subject).or_else(|| self.here.get(""));
        here.map_or(self.declared.as_ref(), Option::as_ref)
    }
}

/// What is measured, by name, and what is wanted of it in this organisation.
///
/// # Errors
/// When the query fails.
pub async fn goals(tx: &Tx) -> Result<BTreeMap<String, Goal>, Error> {
    let mut goals: BTreeMap<String, Goal> = BTreeMap::new();
    for row in tx.query(GOALS, &[]).await? {
        let goal = Goal {
            unit: row.try_get(1)?,
            description: row.try_get(2)?,
            advice: row.try_get(3)?,
            declared: target_in(&row, 4)?,
            here: BTreeMap::new(),
        };
        goals.insert(row.try_get(0)?, goal);
    }
    for row in tx.query(TARGETS, &[]).await? {
        if let Some(goal) = goals.get_mut(row.try_get::<_, &str>(0)?) {
            goal.here.insert(row.try_get(1)?, target_in(&row, 2)?);
        }
    }
    Ok(goals)
}

/// The target in the columns of a row that begin with its operator.
fn target_in(row: &Row, at: usize) -> Result<Option<Target>, Error> {
    let (operator, value): (Option<String>, Option<f64>) = (row.try_get(at)?, row.try_get(at + 1)?);
    let (critical, misses) = (row.try_get(at + 2)?, row.try_get(at + 3)?);
    Ok(operator.zip(value).map(|(operator, value)| Target { operator, value, critical, misses }))
}

/// Keeps what a server measured and sees to the alerts that follow from it. What is of the installation as a whole is kept
/// once for all servers: whoever comes first keeps it, and the others only what is their own. Answers what was kept.
///
/// # Errors
/// When it cannot be stored; nothing is then.
pub async fn keep(ctx: &Ctx, samples: Vec<Sample>) -> Result<Vec<Sample>, Error> {
    let tx = ctx.begin_patiently().await?;
    tx.batch(WAIT).await?;
    tx.query_one(LOCK, &[]).await?;
    let now = ctx.now();
    let fresh: bool = tx.query_one(IS_FRESH, &[&before(now, FRESH)?]).await?.try_get(0)?;
    let mut kept: Vec<Sample> =
        samples.into_iter().filter(|sample| !fresh || !sample.subject.is_empty() || sample.service.is_some()).collect();
    let goals = goals(&tx).await?;
    kept.retain(|sample| goals.contains_key(&sample.metric) && !sample.value.is_nan());
    store(ctx, &tx, &kept, now).await?;
    if kept.iter().any(|sample| sample.metric == "db.size") {
        let more = outlook(&tx, &kept, now).await?;
        store(ctx, &tx, &more, now).await?;
        kept.extend(more);
    }
    for sample in &kept {
        if let Some(goal) = goals.get(&sample.metric) {
            alerts::judge(ctx, &tx, sample, goal, now).await?;
        }
    }
    alerts::forget(&tx, now).await?;
    tx.commit().await?;
    Ok(kept)
}

/// Closes the alerts of an organisation for what has not been measured for a day, such as a service that nobody asks any more.
///
/// # Errors
/// When it cannot be stored.
pub async fn forget(ctx: &Ctx) -> Result<(), Error> {
    let tx = ctx.begin_patiently().await?;
    alerts::forget(&tx, ctx.now()).await?;
    tx.commit().await
}

async fn store(ctx: &Ctx, tx: &Tx, samples: &[Sample], now: Timestamp) -> Result<(), Error> {
    for sample in samples {
        let labels = if sample.subject.is_empty() { json!({}) } else { json!({"of": sample.subject}) };
        let (metric, service, value) = (&sample.metric, &sample.service, &sample.value);
        tx.execute(STORE, &[&ctx.new_id(), metric, service, &labels, value, &now]).await?;
    }
    Ok(())
}

/// What follows from the sizes so far: how fast the database grows, and when its disk is full.
async fn outlook(tx: &Tx, kept: &[Sample], now: Timestamp) -> Result<Vec<Sample>, Error> {
    let growth = growth(tx, now).await?;
    if !growth.is_telling() {
        return Ok(Vec::new());
    }
    let mut more = vec![Sample::of_all("db.growth", growth.a_day)];
    if let Some(free) = kept.iter().find(|sample| sample.metric == "disk.free") {
        more.push(Sample::of_all("disk.days_left", growth.days_until(free.value).unwrap_or(LONGEST).min(LONGEST)));
    }
    Ok(more)
}

fn before(now: Timestamp, time: SignedDuration) -> Result<Timestamp, Error> {
    now.checked_sub(time).map_err(|error| Error::Broken(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(operator: &str, value: f64, critical: Option<f64>) -> Target {
        Target { operator: operator.into(), value, critical, misses: 3 }
    }

    #[test]
    fn the_target_that_is_closest_holds() {
        let (strict, loose) = (target("<", 1.0, None), target("<", 9.0, None));
        let mut goal = Goal {
            unit: "percent".into(),
            description: "A share.".into(),
            advice: None,
            declared: Some(target("<", 5.0, None)),
            here: BTreeMap::new(),
        };
        assert_eq!(goal.target("one").map(|target| target.value), Some(5.0), "as declared");
        goal.here.insert(String::new(), Some(strict));
        goal.here.insert("two".into(), Some(loose));
        goal.here.insert("three".into(), None);
        let of = |subject: &str| goal.target(subject).map(|target| target.value);
        assert_eq!((of("one"), of("two"), of("three")), (Some(1.0), Some(9.0), None));
    }

    #[test]
    fn a_target_is_met_missed_or_missed_by_much() {
        let free = target(">", 10.0, Some(5.0));
        assert!(free.is_met_by(10.1) && !free.is_met_by(10.0));
        assert!(!free.is_critical(5.1) && free.is_critical(5.0));
        let none = target("=", 0.0, None);
        assert!(none.is_met_by(0.0) && !none.is_met_by(1.0) && !none.is_critical(1e9));
    }
}
