//! Quality of the data: each metric against its target, how it went, and where to begin.

use maud::{Markup, html};

use crate::components::{Column, Empty, Head, empty, facts, head, panel, sparkline, table};
use crate::format::{When, percent, plural, thousands, time};
use crate::icons::Icon;
use crate::layout::{Frame, page as framed};
use crate::state::{Outcome, Tone, state_as};

/// What the page shows.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// Every metric, also one that was never measured.
    pub metrics: Vec<Metric>,
}

/// One metric.
#[derive(Debug, Clone)]
pub struct Metric {
    /// Its name in addresses of this page.
    pub id: String,
    /// Its name for a person.
    pub name: String,
    /// What it is a share of.
    pub about: String,
    /// What it should come to, such as `> 98 %`; empty without a target.
    pub target: String,
    /// What was measured last; `None` when it never was.
    pub measured: Option<Measured>,
}

/// What came of a metric.
#[derive(Debug, Clone)]
pub struct Measured {
    /// In percent.
    pub percent: f64,
    /// Whether the target is met.
    pub is_met: bool,
    /// How many were looked at.
    pub checked: i64,
    /// How many were not as they should be.
    pub bad: i64,
    /// When.
    pub when: When,
    /// Each day with its percentage and whether it met the target, oldest first.
    pub days: Vec<(String, f64, bool)>,
    /// What was wrong, the worst first.
    pub worst: Vec<Worst>,
}

/// Something that was wrong.
#[derive(Debug, Clone)]
pub struct Worst {
    /// What was asked.
    pub check: String,
    /// Where the records are.
    pub href: Option<String>,
    /// How many were looked at.
    pub checked: i64,
    /// How many were not as they should be.
    pub bad: i64,
    /// What to do.
    pub advice: String,
}

/// The page.
#[must_use]
pub fn page(frame: &Frame, view: &View) -> Markup {
    framed(
        frame,
        "Data quality",
        &[],
        &html! {
            (head(&Head { title: "Data quality", sub: Some(html! { "How complete, right, consistent and fresh the records are. Measured once a day." }), ..Head::default() }))
            @if view.metrics.iter().all(|metric| metric.measured.is_none()) {
                (empty(&Empty {
                    glyph: Icon::Gauge, title: "Nothing has been measured yet",
                    text: "The server measures once a day. To have it now, and to see the first records that need somebody, run on its machine:",
                    command: Some("throughline quality".to_owned()), link: None,
                }))
            } @else {
                @for metric in &view.metrics { (panel(&metric.id, &metric.name, None, &one(metric))) }
            }
        },
    )
}

fn one(metric: &Metric) -> Markup {
    let Some(measured) = &metric.measured else {
        return html! { p class="muted" { (metric.about) ". Not measured yet." } };
    };
    let verdict = if measured.is_met { state_as(Tone::Good, "Met") } else { state_as(Tone::Bad, "Missed") };
    html! {
        p class="muted" { (metric.about) "." }
        (facts(&[
            ("Value", html! { strong { (hundredths(measured.percent)) } " " (verdict) }),
            ("Target", html! { @if metric.target.is_empty() { "none" } @else { (metric.target) } }),
            ("Looked at", html! { (thousands(measured.checked)) ", " (thousands(measured.bad)) " not as they should be" }),
            ("Measured", time(measured.when)),
            ("Trend", trend(metric, measured)),
        ]))
        @if measured.worst.is_empty() {
            p { "Nothing is wrong." }
        } @else {
            (table(&format!("Worst of {}", metric.name.to_lowercase()), &[
                Column::text("What is wrong"), Column::number("Records"), Column::number("Right"), Column::text("What to do"),
            ], &html! {
                @for worst in &measured.worst {
                    tr {
                        td class="text" { @match &worst.href { Some(href) => a data-row href=(href) { (worst.check) }, None => (worst.check) } }
                        td class="num" { (thousands(worst.bad)) " of " (thousands(worst.checked)) }
                        td class="num" { (percent(worst.checked - worst.bad, worst.checked)) }
                        td class="text" { (worst.advice) }
                    }
                }
            }))
        }
    }
}

fn trend(metric: &Metric, measured: &Measured) -> Markup {
    let met = measured.days.iter().filter(|(_, _, met)| *met).count();
    let (days, met) = (count(measured.days.len()), count(met));
    let words = format!("{}: target met on {met} of {}", metric.name, plural(days, "day", "days"));
    let ticks: Vec<_> =
        measured.days.iter().map(|(.., met)| Some(if *met { Outcome::Passed } else { Outcome::Failed })).collect();
    html! {
        @match measured.days.first().zip(measured.days.last()) {
            Some(((first, before, _), (last, now, _))) if first != last => {
                (sparkline(&words, &ticks))
                (hundredths(*before)) " on " (first) ", " (hundredths(*now)) " on " (last)
            },
            _ => "Begins with the second day.",
        }
    }
}

fn count(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}

/// A percentage with two decimals, rounded down, so that 99.998 % is not called 100 %.
fn hundredths(value: f64) -> String {
    let floor = (value * 100.0).floor() / 100.0;
    format!("{floor:.2} %")
}
