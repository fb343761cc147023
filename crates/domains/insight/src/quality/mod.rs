//! Data quality: how complete, right, consistent and fresh the records of an organisation are. What is asked follows from
//! the catalogue, so a table that is served tomorrow is measured tomorrow.

mod questions;
mod samples;

use kernel::{Ctx, Error};
use serde::Serialize;

pub use samples::{History, Overview, Worst, history, latest, store};

use questions::{Question, questions};

/// How long measuring a large organisation may take.
const ROOM: &str = "set local statement_timeout = '15min'; set local work_mem = '64MB'";

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Metric {
    /// Share of fields that ought to be filled and are.
    Completeness,
    /// Share of values that keep to their form, their order and their recount.
    Accuracy,
    /// Share of references, counters and copies that agree.
    Consistency,
    /// Share of records that were looked after within their time.
    Timeliness,
}

impl Metric {
    /// Every metric, in the order of reports.
    pub const ALL: [Self; 4] = [Self::Completeness, Self::Accuracy, Self::Consistency, Self::Timeliness];

    /// Its name in `platform.metric_definitions`, which also holds its target.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Completeness => "dq.completeness",
            Self::Accuracy => "dq.accuracy",
            Self::Consistency => "dq.consistency",
            Self::Timeliness => "dq.timeliness",
        }
    }

    /// Its name for a person.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Completeness => "Completeness",
            Self::Accuracy => "Accuracy",
            Self::Consistency => "Consistency",
            Self::Timeliness => "Timeliness",
        }
    }

    /// The metric of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|metric| metric.name() == name)
    }
}

/// What a value should come to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Target {
    /// `<`, `<=`, `>`, `>=` or `=`.
    pub operator: String,
    /// In percent.
    pub value: f64,
}

impl Target {
    /// Whether `percent` meets it.
    #[must_use]
    #[allow(
        clippy::float_cmp,
        reason = "100 % of the records is exactly 100: it is reached by dividing a number by itself"
    )]
    pub fn is_met_by(&self, percent: f64) -> bool {
        match self.operator.as_str() {
            "<" => percent < self.value,
            "<=" => percent <= self.value,
            ">" => percent > self.value,
            ">=" => percent >= self.value,
            _ => percent == self.value,
        }
    }
}

/// What one question found.
#[derive(Debug, Clone, Serialize)]
pub struct Finding {
    /// What was asked, in words.
    pub check: String,
    /// The collection it was asked about, as in addresses; empty when it is about none.
    pub resource: String,
    /// How many were looked at.
    pub checked: i64,
    /// How many were not as they should be.
    pub bad: i64,
    /// The first of them.
    pub first: Vec<String>,
    /// What to do about them.
    pub advice: String,
}

/// One metric of one organisation.
#[derive(Debug, Clone, Serialize)]
pub struct Measured {
    /// Its name.
    pub metric: &'static str,
    /// What it should come to.
    pub target: Option<Target>,
    /// How many were looked at.
    pub checked: i64,
    /// How many were not as they should be.
    pub bad: i64,
    /// What came of it, in percent; 100 where there is nothing to look at.
    pub percent: f64,
    /// Whether the target is met.
    pub is_met: bool,
    /// What is wrong, the worst first.
    pub findings: Vec<Finding>,
}

/// Measures everything, as far as the asking principal sees it, and changes nothing.
///
/// # Errors
/// When a question cannot be asked.
pub async fn measure(ctx: &Ctx) -> Result<Vec<Measured>, Error> {
    // Not a reading transaction: recounting evidence writes and undoes. Nothing is committed.
    let tx = ctx.begin_patiently().await?;
    tx.batch(ROOM).await?;
    let partitioned: Vec<String> = tx
        .query(
            "select table_schema || '.' || table_name from platform.table_facts where partition_interval is not null",
            &[],
        )
        .await?
        .iter()
        .map(|row| row.try_get(0))
        .collect::<Result<_, _>>()?;
    let mut measured = Vec::new();
    for metric in Metric::ALL {
        measured.push(Measured {
            metric: metric.name(),
            target: samples::target(&tx, metric).await?,
            checked: 0,
            bad: 0,
            percent: 100.0,
            is_met: true,
            findings: Vec::new(),
        });
    }
    for question in questions(ctx.catalogue(), &partitioned) {
        let Question { metric, check, resource, sql, advice } = question;
        let row = tx.query_one(&sql, &[]).await?;
        let (checked, bad): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
        if let Some(one) = measured.iter_mut().find(|one| one.metric == metric.name()) {
            one.checked += checked;
            one.bad += bad;
            if bad > 0 {
                one.findings.push(Finding { check, resource, checked, bad, first: row.try_get(2)?, advice });
            }
        }
    }
    for one in &mut measured {
        if one.checked > 0 {
            #[allow(clippy::cast_precision_loss, reason = "a share of records needs no more than 53 bits")]
            let share = (one.checked - one.bad) as f64 / one.checked as f64;
            one.percent = 100.0 * share;
        }
        one.is_met = one.target.as_ref().is_none_or(|target| target.is_met_by(one.percent));
        one.findings.sort_by_key(|finding| std::cmp::Reverse(finding.bad));
    }
    Ok(measured)
}
