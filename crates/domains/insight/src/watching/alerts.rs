//! Alerts: opened by so many misses in a row, closed by as many that are met, told once each.

use jiff::{SignedDuration, Timestamp};
use kernel::{Ctx, Error, Tx};

use super::{EVERY, Goal, Sample, Target, before};

const RECENT: &str = include_str!("../../sql/watching/recent.sql");
const OPEN: &str = include_str!("../../sql/watching/open_alert.sql");
const OPEN_ALERTS: &str = include_str!("../../sql/watching/open_alerts.sql");
const TELL_OWNERS: &str = include_str!("../../sql/watching/tell_owners.sql");
const FIND: &str = "
select severity from platform.metric_alerts where metric_name = $1 and subject = $2 and closed_at is null for update";
const STILL: &str = "
update platform.metric_alerts set latest_value = $3, measured_at = $4, severity = $5
 where metric_name = $1 and subject = $2 and closed_at is null";
const CLOSE: &str = "
update platform.metric_alerts set latest_value = $3, measured_at = $4, closed_at = $4, outcome = $5
 where metric_name = $1 and subject = $2 and closed_at is null";
const FORGET: &str = "
update platform.metric_alerts set closed_at = $1, outcome = 'no_longer_measured' where closed_at is null and measured_at < $2";

/// What has not been measured for so long is no longer measured, such as a server that is gone.
const FORGOTTEN: SignedDuration = SignedDuration::from_hours(24);
/// How much longer than it should take so many measurements in a row may reach back: a server that restarts misses one.
const STRETCH: i32 = 3;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The target is missed.
    Warning,
    /// By as much as its critical value.
    Critical,
}

impl Severity {
    /// As it is stored.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }

    fn from_code(code: &str) -> Self {
        if code == "critical" { Self::Critical } else { Self::Warning }
    }
}

/// An alert that is open.
#[derive(Debug, Clone, PartialEq)]
pub struct Alert {
    /// What misses its target.
    pub metric: String,
    /// Of what; empty for the installation as a whole.
    pub subject: String,
    /// How bad it is.
    pub severity: Severity,
    /// How the value should stand to the target.
    pub operator: String,
    /// The target when it opened.
    pub target: f64,
    /// The value that opened it.
    pub opening: f64,
    /// The value measured last.
    pub latest: f64,
    /// When it opened.
    pub since: Timestamp,
    /// What one is one of.
    pub unit: String,
    /// What the metric tells.
    pub description: String,
    /// What to do.
    pub advice: Option<String>,
}

/// The alerts that are open, the worst first.
///
/// # Errors
/// When the query fails.
pub async fn open_alerts(tx: &Tx) -> Result<Vec<Alert>, Error> {
    let rows = tx.query(OPEN_ALERTS, &[]).await?;
    rows.iter()
        .map(|row| {
            Ok(Alert {
                metric: row.try_get(0)?,
                subject: row.try_get(1)?,
                severity: Severity::from_code(row.try_get(2)?),
                operator: row.try_get(3)?,
                target: row.try_get(4)?,
                opening: row.try_get(5)?,
                latest: row.try_get(6)?,
                since: row.try_get(7)?,
                unit: row.try_get(8)?,
                description: row.try_get(9)?,
                advice: row.try_get(10)?,
            })
        })
        .collect()
}

/// What so many measurements in a row say, the newest first. `None`: they do not agree, or there are too few.
fn verdict(target: &Target, recent: &[f64]) -> Option<Result<(), Severity>> {
    if recent.len() < usize::try_from(target.misses).unwrap_or(usize::MAX) {
        return None;
    }
    if recent.iter().all(|value| target.is_met_by(*value)) {
        return Some(Ok(()));
    }
    if recent.iter().any(|value| target.is_met_by(*value)) {
        return None;
    }
    let critical = recent.iter().all(|value| target.is_critical(*value));
    Some(Err(if critical { Severity::Critical } else { Severity::Warning }))
}

/// Opens, raises, keeps or closes the alert of what was just measured.
pub(super) async fn judge(ctx: &Ctx, tx: &Tx, sample: &Sample, goal: &Goal, now: Timestamp) -> Result<(), Error> {
    let (metric, subject, value) = (&sample.metric, &sample.subject, &sample.value);
    let open: Option<String> = match tx.query_opt(FIND, &[metric, subject]).await? {
        Some(row) => Some(row.try_get(0)?),
        None => None,
    };
    let open = open.as_deref().map(Severity::from_code);
    let Some(target) = goal.target(subject) else {
        // Nobody asks for it any more.
        if open.is_some() {
            tx.execute(CLOSE, &[metric, subject, value, &now, &"no_target"]).await?;
        }
        return Ok(());
    };
    let since = before(now, EVERY * (target.misses * STRETCH))?;
    let rows = tx.query(RECENT, &[metric, subject, &since, &i64::from(target.misses)]).await?;
    let recent = rows.iter().map(|row| row.try_get(0)).collect::<Result<Vec<f64>, _>>()?;
    match (verdict(target, &recent), open) {
        (Some(Err(severity)), None) => {
            let (operator, wanted) = (&target.operator, &target.value);
            let (id, code) = (ctx.new_id(), severity.code());
            if tx.execute(OPEN, &[&id, metric, subject, &code, operator, wanted, value, &now]).await? == 1 {
                tell(tx, "alert.opened", sample, goal, severity, now).await?;
            }
        }
        (Some(Err(severity)), Some(before)) if severity > before => {
            tx.execute(STILL, &[metric, subject, value, &now, &severity.code()]).await?;
            tell(tx, "alert.raised", sample, goal, severity, now).await?;
        }
        (Some(Ok(())), Some(before)) => {
            tx.execute(CLOSE, &[metric, subject, value, &now, &"well_again"]).await?;
            tell(tx, "alert.closed", sample, goal, before, now).await?;
        }
        (_, Some(before)) => {
            tx.execute(STILL, &[metric, subject, value, &now, &before.code()]).await?;
        }
        (_, None) => {}
    }
    Ok(())
}

/// Closes what has not been measured for a day.
pub(super) async fn forget(tx: &Tx, now: Timestamp) -> Result<(), Error> {
    tx.execute(FORGET, &[&now, &before(now, FORGOTTEN)?]).await?;
    Ok(())
}

async fn tell(
    tx: &Tx,
    kind: &str,
    sample: &Sample,
    goal: &Goal,
    severity: Severity,
    now: Timestamp,
) -> Result<(), Error> {
    let of = if sample.subject.is_empty() { String::new() } else { format!(" of {}", sample.subject) };
    let title = match kind {
        "alert.closed" => format!("Well again: {}{of}", sample.metric),
        _ => format!("{}: {}{of}", if severity == Severity::Critical { "Critical" } else { "Warning" }, sample.metric),
    };
    let wanted = goal.target(&sample.subject).map_or_else(String::new, |target| {
        format!(" It should be {} {} {}.", target.operator, target.value, goal.unit)
    });
    let advice = goal.advice.as_deref().filter(|_| kind != "alert.closed").unwrap_or_default();
    let body = format!("{} It is {} {}.{wanted} {advice}", goal.description, round(sample.value), goal.unit);
    tx.execute(TELL_OWNERS, &[&kind, &title, &body.trim_end(), &now]).await?;
    Ok(())
}

/// Three digits are enough for a sentence.
fn round(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_so_many_in_a_row_say_anything() {
        let target = Target { operator: "<".into(), value: 10.0, critical: Some(100.0), misses: 3 };
        type Case<'a> = (&'a [f64], Option<Result<(), Severity>>);
        let cases: [Case<'_>; 6] = [
            (&[20.0, 20.0], None),
            (&[20.0, 20.0, 20.0], Some(Err(Severity::Warning))),
            (&[200.0, 200.0, 20.0], Some(Err(Severity::Warning))),
            (&[200.0, 200.0, 200.0], Some(Err(Severity::Critical))),
            (&[20.0, 1.0, 20.0], None),
            (&[1.0, 1.0, 1.0], Some(Ok(()))),
        ];
        for (recent, said) in cases {
            assert_eq!(verdict(&target, recent), said, "{recent:?}");
        }
    }
}
