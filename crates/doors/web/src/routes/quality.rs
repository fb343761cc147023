//! The quality of the data, for those who look after the organisation.

use std::sync::Arc;

use axum::{Router, response::Response, routing::get};
use base::Problem;
use insight::quality::{self, Metric, Overview, Target};

use super::{Site, answer::html, error::PageError, session::Visitor};
use crate::{format::When, layout::Section, paths, views::quality as shown};

pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new().route(paths::QUALITY, get(show))
}

async fn show(visitor: Visitor) -> Result<Response, PageError> {
    if !visitor.may("data_quality", "read", None) {
        let reason = visitor.ctx.why_not("data_quality", "read", None);
        return Err(Problem::forbidden(format!("You may not read data quality: {reason}.")).into());
    }
    let (ctx, now) = (&visitor.ctx, visitor.ctx.now());
    let tx = ctx.begin_read().await?;
    let mut metrics = Vec::new();
    for metric in Metric::ALL {
        let latest = quality::latest(&tx, metric).await?;
        let history = quality::history(&tx, metric).await?;
        metrics.push(metric_of(latest, &history, now));
    }
    tx.commit().await?;
    let frame = visitor.frame(Section::Quality).await?;
    Ok(html(shown::page(&frame, &shown::View { metrics })))
}

fn metric_of(latest: Overview, history: &quality::History, now: jiff::Timestamp) -> shown::Metric {
    let is_met = |percent: f64| latest.target.as_ref().is_none_or(|target| target.is_met_by(percent));
    let measured = latest.value.map(|(percent, at)| shown::Measured {
        percent,
        is_met: is_met(percent),
        checked: latest.checked,
        bad: latest.bad,
        when: When::new(at, now),
        days: history
            .iter()
            .map(|(day, percent)| (day.strftime("%-d %b").to_string(), *percent, is_met(*percent)))
            .collect(),
        worst: latest
            .worst
            .iter()
            .map(|worst| shown::Worst {
                check: worst.check.clone(),
                href: (!worst.resource.is_empty()).then(|| format!("/v1/{}?limit=50", worst.resource)),
                checked: worst.checked,
                bad: worst.bad,
                advice: worst.advice.clone(),
            })
            .collect(),
    });
    shown::Metric {
        id: latest.metric.word().to_lowercase(),
        name: latest.metric.word().to_owned(),
        about: about(latest.metric).to_owned(),
        target: latest.target.as_ref().map(words).unwrap_or_default(),
        measured,
    }
}

fn words(target: &Target) -> String {
    let operator = match target.operator.as_str() {
        ">=" => "at least",
        ">" => "more than",
        "<=" => "at most",
        "<" => "less than",
        _ => "exactly",
    };
    format!("{operator} {} %", target.value)
}

fn about(metric: Metric) -> &'static str {
    match metric {
        Metric::Completeness => "Share of fields that ought to be filled and are",
        Metric::Accuracy => "Share of values that keep to their form and order, and of counts that a recount confirms",
        Metric::Consistency => "Share of references, counters and copies that agree with what they stand for",
        Metric::Timeliness => "Share of records that were looked after within their time",
    }
}
