//! `throughline quality`: how complete, right, consistent and fresh the data are, and where to begin. The server measures
//! the same every day, keeps it as samples and tells it to Prometheus.

use std::{collections::BTreeMap, path::Path, process::ExitCode, sync::Arc};

use cluster::{Database, Role};
use insight::quality::{Measured, Metric, Target};
use kernel::{Ctx, Kernel};
use serde::Serialize;
use tokio_postgres::Client;
use wire::Way;

use crate::{database, failure::Failure, server, within};

/// Findings of a metric that are printed.
const PRINTED: usize = 5;

/// One organisation and how good its data are.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    organization: String,
    metrics: Vec<Measured>,
}

/// `throughline quality`
pub(crate) async fn run(data: &Path, json: bool) -> Result<ExitCode, Failure> {
    let database = database::open_beside(data).await?;
    let outcome = look(&database).await;
    database.stop().await;
    let reports = outcome?;
    let ok = reports.iter().flat_map(|report| &report.metrics).all(|metric| metric.is_met);
    if json {
        println!("{}", serde_json::json!({"ok": ok, "organizations": reports}));
    } else {
        for report in &reports {
            print(report);
        }
    }
    Ok(if ok { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

async fn look(database: &Database) -> Result<Vec<Report>, Failure> {
    let kernel = Arc::new(server::kernel(database.way(Role::Application)).await?);
    let mut reports = Vec::new();
    for ctx in everywhere(&database::owner(database)?, &kernel).await? {
        let organization = identity::organization_name(&ctx).await?;
        reports.push(Report { organization, metrics: insight::quality::measure(&ctx).await? });
    }
    Ok(reports)
}

fn print(report: &Report) {
    println!("{}\n", report.organization);
    println!(
        "  {:<14} {:>10}  {:<8} {:<7} {:>12} {:>10}",
        "metric", "value", "target", "verdict", "looked at", "wrong"
    );
    for metric in &report.metrics {
        let name = Metric::from_name(metric.metric).map_or(metric.metric, Metric::word);
        println!(
            "  {name:<14} {:>8.3} %  {:<8} {:<7} {:>12} {:>10}",
            (metric.percent * 1000.0).floor() / 1000.0,
            metric
                .target
                .as_ref()
                .map_or_else(|| "-".to_owned(), |Target { operator, value }| format!("{operator} {value}")),
            if metric.is_met { "met" } else { "MISSED" },
            metric.checked,
            metric.bad,
        );
    }
    for finding in report.metrics.iter().flat_map(|metric| metric.findings.iter().take(PRINTED)) {
        println!("\n  {} of {}: {}", finding.bad, finding.checked, finding.check);
        println!("    first: {}", finding.first.join(", "));
        println!("    do:    {}", finding.advice);
    }
    println!();
}

/// Measures every organisation and keeps what came of it. Answers the share of what is right, of all together.
pub(crate) async fn measure(owner: &Way, kernel: &Arc<Kernel>) -> Result<BTreeMap<&'static str, f64>, Failure> {
    let mut counts: BTreeMap<&'static str, (i64, i64)> = BTreeMap::new();
    for ctx in everywhere(owner, kernel).await? {
        let measured = insight::quality::measure(&ctx).await?;
        insight::quality::store(&ctx, &measured).await?;
        for one in &measured {
            let (checked, bad) = counts.entry(one.metric).or_default();
            *checked += one.checked;
            *bad += one.bad;
        }
    }
    Ok(shares(counts))
}

/// What was measured last, for a server that has just come up.
pub(crate) async fn recall(owner: &Way, kernel: &Arc<Kernel>) -> Result<BTreeMap<&'static str, f64>, Failure> {
    let mut counts: BTreeMap<&'static str, (i64, i64)> = BTreeMap::new();
    for ctx in everywhere(owner, kernel).await? {
        let tx = ctx.begin_read().await?;
        for metric in Metric::ALL {
            let latest = insight::quality::latest(&tx, metric).await?;
            if latest.value.is_some() {
                let (checked, bad) = counts.entry(metric.name()).or_default();
                *checked += latest.checked;
                *bad += latest.bad;
            }
        }
        tx.commit().await?;
    }
    Ok(shares(counts))
}

#[allow(clippy::cast_precision_loss, reason = "a share of records needs no more than 53 bits")]
fn shares(counts: BTreeMap<&'static str, (i64, i64)>) -> BTreeMap<&'static str, f64> {
    let share = |checked: i64, bad: i64| if checked > 0 { (checked - bad) as f64 / checked as f64 } else { 1.0 };
    counts.into_iter().map(|(metric, (checked, bad))| (metric, share(checked, bad))).collect()
}

/// The server itself in each organisation. Only the owner knows which there are.
async fn everywhere(owner: &Way, kernel: &Arc<Kernel>) -> Result<Vec<Ctx>, Failure> {
    let all = async |client: &Client| Ok(client.query("select platform.all_organizations()", &[]).await?);
    let rows = database::talk(owner, all).await?;
    Ok(rows.iter().map(|row| within::organization(kernel, row.get(0), "throughline quality")).collect())
}
