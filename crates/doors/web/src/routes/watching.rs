//! How the installation does, for those who look after it.

use std::sync::Arc;

use axum::{Router, extract::RawQuery, response::Response, routing::get};
use base::Problem;
use insight::watching::{self, Alert, Line, Severity, Target};
use jiff::{SignedDuration, Timestamp};

use super::{Site, answer::html, error::PageError, session::Visitor};
use crate::{
    components::OverTime,
    format::{self, When},
    layout::Section,
    paths,
    views::watching as shown,
};

/// The spans to look at: name in the address, in words, in hours, and how many seconds become one point of a line.
const SPANS: [(&str, &str, i64, f64); 3] =
    [("day", "A day", 24, 900.0), ("week", "A week", 7 * 24, 7_200.0), ("month", "A month", 31 * 24, 28_800.0)];

/// What is told together: the beginning of the names, and the title.
const GROUPS: [(&str, &str); 5] = [
    ("http.", "Requests"),
    ("db.", "Database"),
    ("disk.", "Disk"),
    ("service.", "Services"),
    ("", "Queues and copies"),
];

/// Names for people; a metric that is not here is called by its own name.
const NAMES: [(&str, &str); 29] = [
    ("http.latency_p50", "Time to answer, half of the requests"),
    ("http.latency_p95", "Time to answer, 95 of 100"),
    ("http.latency_p99", "Time to answer, 99 of 100"),
    ("http.request_rate", "Requests a second"),
    ("http.error_rate", "Requests that failed"),
    ("http.slow_requests", "Slow requests"),
    ("db.size", "Size of the database"),
    ("db.growth", "Growth of the database"),
    ("db.connections", "Connections"),
    ("db.connections_used", "Connections taken, of those allowed"),
    ("db.cache_hit_ratio", "Pages found in memory"),
    ("db.longest_transaction", "Oldest open transaction"),
    ("db.dead_rows", "Dead rows"),
    ("db.deadlocks", "Deadlocks"),
    ("db.partitions_missing", "Partitions missing"),
    ("db.failed_queries", "Statements that failed"),
    ("db.lock_timeouts", "Waits for a lock given up"),
    ("db.connection_errors", "Connections that failed"),
    ("db.pool_waits", "Requests without a free connection"),
    ("disk.free", "Room on the disk"),
    ("disk.free_share", "Share of the disk that is free"),
    ("disk.days_left", "Days until the disk is full"),
    ("backup.archive_lag", "Log not stored elsewhere yet"),
    ("dq.replication_lag", "Replica behind"),
    ("jobs.waiting", "Jobs waiting"),
    ("imports.oldest_waiting", "Oldest import under way"),
    ("webhooks.waiting", "Webhook messages waiting"),
    ("outbox.oldest_unpublished", "Oldest event not published"),
    ("service.availability", "Health checks answered well"),
];

pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new().route(paths::HEALTH, get(show))
}

async fn show(visitor: Visitor, RawQuery(query): RawQuery) -> Result<Response, PageError> {
    if !visitor.may("metric", "read", None) {
        let reason = visitor.ctx.why_not("metric", "read", None);
        return Err(Problem::forbidden(format!("You may not read measurements: {reason}.")).into());
    }
    let asked = query.as_deref().and_then(|query| query.strip_prefix("span="));
    let (chosen, _, hours, step) = SPANS.into_iter().find(|(name, ..)| Some(*name) == asked).unwrap_or(SPANS[0]);
    let (ctx, now) = (&visitor.ctx, visitor.ctx.now());
    let span = SignedDuration::from_hours(hours);
    let tx = ctx.begin_read().await?;
    let alerts = watching::open_alerts(&tx).await?;
    let figures = watching::figures(&tx, now, span, step).await?;
    tx.commit().await?;
    let spans =
        SPANS.map(|(name, words, ..)| (words.to_owned(), format!("{}?span={name}", paths::HEALTH), name == chosen));
    let view = shown::View {
        spans: spans.to_vec(),
        alerts: alerts.iter().map(|alert| alert_of(alert, now)).collect(),
        groups: groups(&figures.first, now, span, step),
        are_more: figures.are_more,
    };
    let frame = visitor.frame(Section::Health).await?;
    Ok(html(shown::page(&frame, &view)))
}

fn groups(figures: &[watching::Figure], now: Timestamp, span: SignedDuration, step: f64) -> Vec<shown::Group> {
    let place =
        |metric: &str| GROUPS.iter().position(|(begins, _)| metric.starts_with(begins)).unwrap_or(GROUPS.len() - 1);
    let mut groups: Vec<shown::Group> = GROUPS
        .iter()
        .map(|(_, title)| shown::Group {
            id: title.to_lowercase().replace(' ', "-"),
            title: (*title).to_owned(),
            figures: Vec::new(),
        })
        .collect();
    let mut sorted: Vec<&watching::Figure> = figures.iter().collect();
    let order = |metric: &str| NAMES.iter().position(|(name, _)| *name == metric).unwrap_or(NAMES.len());
    sorted.sort_by(|a, b| (order(&a.metric), &a.subject).cmp(&(order(&b.metric), &b.subject)));
    for figure in sorted {
        groups[place(&figure.metric)].figures.push(figure_of(figure, now, span, step));
    }
    groups.retain(|group| !group.figures.is_empty());
    groups
}

fn figure_of(figure: &watching::Figure, now: Timestamp, span: SignedDuration, step: f64) -> shown::Figure {
    let (goal, name) = (&figure.goal, called(&figure.metric));
    let target = goal.target(&figure.subject);
    let standing = match (target, figure.latest) {
        (Some(target), Some(value)) if target.is_met_by(value) => shown::Standing::Met,
        (Some(target), Some(value)) if target.is_critical(value) => shown::Standing::Critical,
        (Some(_), Some(_)) => shown::Standing::Missed,
        _ => shown::Standing::Untold,
    };
    shown::Figure {
        line: line_of(&name, &figure.line, &goal.unit, now, span, step),
        name,
        metric: figure.metric.clone(),
        of: Some(figure.subject.clone()).filter(|of| !of.is_empty()),
        about: goal.description.clone(),
        now: figure.latest.map(|value| told(value, &goal.unit)),
        wanted: target.map(|target| wanted(target, &goal.unit)).unwrap_or_default(),
        standing,
    }
}

fn alert_of(alert: &Alert, now: Timestamp) -> shown::Alert {
    let target = Target { operator: alert.operator.clone(), value: alert.target, critical: None, misses: 1 };
    shown::Alert {
        name: called(&alert.metric),
        of: Some(alert.subject.clone()).filter(|of| !of.is_empty()),
        is_critical: alert.severity == Severity::Critical,
        now: told(alert.latest, &alert.unit),
        wanted: wanted(&target, &alert.unit),
        since: When::new(alert.since, now),
        advice: alert.advice.clone().unwrap_or_default(),
    }
}

fn called(metric: &str) -> String {
    NAMES.iter().find(|(name, _)| *name == metric).map_or(metric, |(_, words)| words).to_owned()
}

fn wanted(target: &Target, unit: &str) -> String {
    let operator = match target.operator.as_str() {
        ">=" => "at least",
        ">" => "more than",
        "<=" => "at most",
        "<" => "less than",
        _ => "exactly",
    };
    format!("{operator} {}", told(target.value, unit))
}

/// A value as people read it.
#[allow(
    clippy::cast_possible_truncation,
    reason = "what is shown is rounded, and a cast of a large number is the largest"
)]
fn told(value: f64, unit: &str) -> String {
    match unit {
        "bytes" => format::bytes(value as i64),
        "bytes a day" if value < 0.0 => format!("−{} a day", format::bytes(-value as i64)),
        "bytes a day" => format!("{} a day", format::bytes(value as i64)),
        "milliseconds" if value < 10.0 => format!("{value:.1} ms"),
        "milliseconds" => format::duration(value as i64),
        "seconds" => format::duration((value * 1000.0) as i64),
        "percent" => format!("{:.1} %", (value * 10.0).floor() / 10.0),
        "days" => format!("{} d", format::thousands(value as i64)),
        unit if value.fract() == 0.0 => format!("{} {unit}", format::thousands(value as i64)),
        unit => format!("{value:.2} {unit}"),
    }
}

/// The drawing of a line: from its lowest to its highest value, broken where more than two steps were not measured.
#[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "places in a drawing are small")]
fn line_of(name: &str, line: &Line, unit: &str, now: Timestamp, span: SignedDuration, step: f64) -> OverTime {
    let lowest = line.iter().map(|(_, value)| *value).fold(f64::INFINITY, f64::min);
    let highest = line.iter().map(|(_, value)| *value).fold(f64::NEG_INFINITY, f64::max);
    let Some((_, last)) = line.last() else { return OverTime::default() };
    let (whole, height) = (span.as_secs_f64(), highest - lowest);
    let mut stretches: Vec<Vec<(i64, i64)>> = Vec::new();
    let mut before: Option<Timestamp> = None;
    for (moment, value) in line {
        let left = whole - now.duration_since(*moment).as_secs_f64();
        let x = (1000.0 * left / whole).clamp(0.0, 1000.0) as i64;
        let y = if height > 0.0 { (100.0 * (value - lowest) / height) as i64 } else { 50 };
        if before.is_none_or(|before| moment.duration_since(before).as_secs_f64() > 2.5 * step) {
            stretches.push(Vec::new());
        }
        if let Some(stretch) = stretches.last_mut() {
            stretch.push((x, y));
        }
        before = Some(*moment);
    }
    let words = if height > 0.0 {
        format!("{name}: from {} to {}, {} at the end", told(lowest, unit), told(highest, unit), told(*last, unit))
    } else {
        format!("{name}: {} all the time", told(*last, unit))
    };
    let started = now.checked_sub(span).unwrap_or(now);
    let span = [started, now].map(|moment| moment.strftime("%-d %b, %H:%M").to_string());
    OverTime { words, ends: [told(highest, unit), told(lowest, unit)], span, stretches }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_told_with_their_unit() {
        let cases = [
            (1_500_000_000.0, "bytes", "1.5 GB"),
            (-1_500.0, "bytes a day", "−1.5 kB a day"),
            (3.25, "milliseconds", "3.2 ms"),
            (1_200.0, "milliseconds", "1.2 s"),
            (90.0, "seconds", "1 min 30 s"),
            (99.99, "percent", "99.9 %"),
            (12.0, "jobs", "12 jobs"),
            (0.25, "requests a second", "0.25 requests a second"),
        ];
        for (value, unit, said) in cases {
            assert_eq!(told(value, unit), said);
        }
    }

    #[test]
    fn a_line_is_broken_where_nothing_was_measured() {
        let now: Timestamp = "2026-03-04T12:00:00Z".parse().unwrap_or_default();
        let at = |minutes: i64| now.checked_sub(SignedDuration::from_mins(minutes)).unwrap_or_default();
        let line = vec![(at(60), 1.0), (at(55), 3.0), (at(20), 2.0)];
        let drawn = line_of("Jobs waiting", &line, "jobs", now, SignedDuration::from_mins(100), 300.0);
        assert_eq!(drawn.stretches, [vec![(400, 0), (450, 100)], vec![(800, 50)]]);
        assert_eq!(drawn.words, "Jobs waiting: from 1 jobs to 3 jobs, 2 jobs at the end");
    }
}
