//! What was measured is kept as samples, so that a page shows it without measuring, and a trend can be drawn.

use jiff::{Timestamp, civil::Date};
use kernel::{Ctx, Error, Tx};
use serde_json::json;

use super::{Measured, Metric, Target};

const LATEST: &str = include_str!("../../sql/quality/latest.sql");
const HISTORY: &str = include_str!("../../sql/quality/history.sql");
const TARGET: &str = "select target_operator, target_value from platform.metric_definitions where name = $1";
const STORE: &str =
    "insert into platform.metric_samples (id, metric_name, labels, value, observed_at) values ($1, $2, $3, $4, $5)";
/// What is wrong with one metric and worth keeping: the worst.
const KEPT: usize = 20;

/// What was measured last.
#[derive(Debug, Clone)]
pub struct Overview {
    /// Which metric.
    pub metric: Metric,
    /// What it should come to.
    pub target: Option<Target>,
    /// What came of it, in percent, and when. `None`: it was never measured.
    pub value: Option<(f64, Timestamp)>,
    /// How many were looked at.
    pub checked: i64,
    /// How many were not as they should be.
    pub bad: i64,
    /// What was wrong, the worst first.
    pub worst: Vec<Worst>,
}

/// Something that was wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worst {
    /// What was asked, in words.
    pub check: String,
    /// The collection it was asked about; empty when it is about none.
    pub resource: String,
    /// How many were looked at.
    pub checked: i64,
    /// How many were not as they should be.
    pub bad: i64,
    /// What to do about them.
    pub advice: String,
}

/// A metric over time: the day and the percentage, oldest first.
pub type History = Vec<(Date, f64)>;

/// Keeps what was measured. Which records were found is not kept: whoever reads samples may not see all of them.
///
/// # Errors
/// When it cannot be stored.
pub async fn store(ctx: &Ctx, measured: &[Measured]) -> Result<(), Error> {
    let tx = ctx.begin_patiently().await?;
    let now = ctx.now();
    for one in measured {
        let whole = json!({"checked": one.checked, "bad": one.bad});
        tx.execute(STORE, &[&ctx.new_id(), &one.metric, &whole, &one.percent, &now]).await?;
        for finding in one.findings.iter().take(KEPT) {
            #[allow(clippy::cast_precision_loss, reason = "a share of records needs no more than 53 bits")]
            let percent = 100.0 * (finding.checked - finding.bad) as f64 / finding.checked.max(1) as f64;
            let labels = json!({
                "check": finding.check, "resource": finding.resource, "checked": finding.checked, "bad": finding.bad,
                "advice": finding.advice,
            });
            tx.execute(STORE, &[&ctx.new_id(), &one.metric, &labels, &percent, &now]).await?;
        }
    }
    tx.commit().await
}

pub(super) async fn target(tx: &Tx, metric: Metric) -> Result<Option<Target>, Error> {
    let Some(row) = tx.query_opt(TARGET, &[&metric.name()]).await? else { return Ok(None) };
    let (operator, value): (Option<String>, Option<f64>) = (row.try_get(0)?, row.try_get(1)?);
    Ok(operator.zip(value).map(|(operator, value)| Target { operator, value }))
}

/// What was measured last of a metric.
///
/// # Errors
/// When the query fails.
pub async fn latest(tx: &Tx, metric: Metric) -> Result<Overview, Error> {
    let target = target(tx, metric).await?;
    let mut overview = Overview { metric, target, value: None, checked: 0, bad: 0, worst: Vec::new() };
    for row in tx.query(LATEST, &[&metric.name()]).await? {
        let check: String = row.try_get(2)?;
        let (checked, bad): (i64, i64) = (row.try_get(4)?, row.try_get(5)?);
        if check.is_empty() {
            overview.value = Some((row.try_get(0)?, row.try_get(1)?));
            (overview.checked, overview.bad) = (checked, bad);
        } else {
            overview.worst.push(Worst { check, resource: row.try_get(3)?, checked, bad, advice: row.try_get(6)? });
        }
    }
    Ok(overview)
}

/// A metric over the last hundred days.
///
/// # Errors
/// When the query fails.
pub async fn history(tx: &Tx, metric: Metric) -> Result<History, Error> {
    tx.query(HISTORY, &[&metric.name()]).await?.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}
