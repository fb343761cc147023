//! What the server measured over time, as the doctor tells it: how the database grows, and what misses its target for long.

use std::{path::Path, sync::Arc};

use insight::watching::{self, Alert, Growth};
use jiff::Timestamp;
use tokio_postgres::Client;
use wire::Way;

use super::{Finding, room};
use crate::{database, failure::Failure, server, watching::runs_the_installation, within};

/// A disk that is full sooner than that needs somebody now, in days.
const SOON: f64 = 30.0;

/// Asks what was measured.
pub(super) async fn look(owner: &Way, application: Way, disk: Option<&Path>) -> Result<Vec<Finding>, Failure> {
    let first = async |client: &Client| runs_the_installation(client).await;
    let Some(organization) = database::talk(owner, first).await? else { return Ok(Vec::new()) };
    let kernel = Arc::new(server::kernel(application).await?);
    let ctx = within::organization(&kernel, organization, "throughline doctor");
    let tx = ctx.begin_read().await?;
    let (growth, alerts) = (watching::growth(&tx, ctx.now()).await?, watching::open_alerts(&tx).await?);
    tx.commit().await?;
    let free = disk.and_then(|disk| room(disk).ok()).map(|room| room.free);
    let mut findings = vec![growing(growth, free)];
    findings.extend(alerting(&alerts, ctx.now()));
    Ok(findings)
}

/// How fast the database grows, and how long the disk lasts; nothing is concluded from too little.
#[allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "what is told is rounded to whole days and megabytes"
)]
fn growing(growth: Growth, free: Option<u64>) -> Finding {
    let check = "growth";
    if !growth.is_telling() {
        let message = format!(
            "too little was measured to tell: {} sizes over {:.1} days; the server measures while it runs, and a day is enough",
            growth.samples, growth.days
        );
        return Finding { check, ok: true, message };
    }
    let told = format!(
        "the database grows by {:.1} MB a day, by {} sizes over {:.1} days",
        growth.a_day / 1e6,
        growth.samples,
        growth.days
    );
    match free.and_then(|free| growth.days_until(free as f64)) {
        None if growth.a_day <= 0.0 => {
            let message =
                format!("the database does not grow, by {} sizes over {:.1} days", growth.samples, growth.days);
            Finding { check, ok: true, message }
        }
        None => Finding { check, ok: true, message: format!("{told}; the disk is elsewhere") },
        Some(days) if days < SOON => {
            let message = format!("the disk is full in {} days: {told}; make room, or keep less", days.max(0.0) as i64);
            Finding { check, ok: false, message }
        }
        Some(days) if days < 3650.0 => {
            Finding { check, ok: true, message: format!("{told}; the disk lasts {} days like that", days as i64) }
        }
        Some(_) => {
            Finding { check, ok: true, message: format!("{told}; the disk lasts more than ten years like that") }
        }
    }
}

fn alerting(alerts: &[Alert], now: Timestamp) -> Vec<Finding> {
    let check = "alerts";
    if alerts.is_empty() {
        return vec![Finding { check, ok: true, message: "nothing has missed its target for long".into() }];
    }
    let one = |alert: &Alert| {
        let of = if alert.subject.is_empty() { String::new() } else { format!(" of {}", alert.subject) };
        let minutes = now.duration_since(alert.since).as_mins().max(0);
        let message = format!(
            "{}{of} is {:.1} {} and should be {} {}, for {minutes} minutes ({}). {}",
            alert.metric,
            alert.latest,
            alert.unit,
            alert.operator,
            alert.target,
            alert.severity.code(),
            alert.advice.as_deref().unwrap_or_default(),
        );
        Finding { check, ok: false, message: message.trim_end().to_owned() }
    };
    alerts.iter().map(one).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use insight::watching::Sample;
    use jiff::SignedDuration;

    use super::*;

    /// Proves REQ-77.6.
    #[test]
    fn growth_is_told_from_enough_and_with_what_it_rests_on() {
        let grows = |a_day, samples, days| Growth { a_day, samples, days };
        let gigabyte = 1 << 30;
        let cases = [
            (grows(0.0, 0, 0.0), Some(gigabyte), true, "0 sizes over 0.0 days"),
            (grows(1e9, 11, 3.0), Some(gigabyte), true, "too little was measured to tell: 11 sizes over 3.0 days"),
            (grows(1e9, 300, 0.9), Some(gigabyte), true, "300 sizes over 0.9 days"),
            (grows(1e8, 300, 2.0), Some(gigabyte), false, "the disk is full in 10 days"),
            (grows(1e7, 300, 2.0), Some(gigabyte), true, "the disk lasts 107 days like that"),
            (grows(-5.0, 300, 2.0), Some(gigabyte), true, "does not grow"),
            (
                grows(1e9, 300, 2.0),
                None,
                true,
                "grows by 1000.0 MB a day, by 300 sizes over 2.0 days; the disk is elsewhere",
            ),
        ];
        for (growth, free, ok, says) in cases {
            let finding = growing(growth, free);
            assert!(finding.ok == ok && finding.message.contains(says), "{growth:?}: {}", finding.message);
        }
    }

    /// Proves REQ-77.8.
    #[tokio::test]
    async fn an_open_alert_is_a_finding() {
        let world = testkit::World::new(throughline::resources(), throughline::operations()).await.unwrap();
        let database = world.database();
        let asked = async || {
            let found =
                look(&(&database.owner_config).into(), (&database.application_config).into(), None).await.unwrap();
            found.into_iter().filter(|finding| finding.check == "alerts").collect::<Vec<_>>()
        };
        assert!(asked().await[0].ok);
        for _ in 0..3 {
            world.clock.advance(SignedDuration::from_mins(5));
            let sample = vec![Sample::of("http.error_rate", "one:7400", 25.0)];
            watching::keep(&world.home.ctx(&world.kernel), sample).await.unwrap();
        }
        let found = asked().await;
        assert_eq!(found.len(), 1);
        let says = "http.error_rate of one:7400 is 25.0 percent and should be < 1";
        assert!(!found[0].ok && found[0].message.contains(says), "{}", found[0].message);
        assert!(found[0].message.contains("(critical)"), "{}", found[0].message);
    }
}
