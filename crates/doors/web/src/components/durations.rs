//! How long a test took, result by result, with the outcome as colour and height of its mark.

use maud::{Markup, html};

use crate::format::{When, duration};
use crate::state::{Outcome, Shown};

/// One result in the chart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DurationPoint {
    /// What the point is called, for example `#128`.
    pub label: String,
    /// Its outcome.
    pub outcome: Outcome,
    /// How long it took, in milliseconds; `None` when nobody measured.
    pub duration_ms: Option<i64>,
    /// When it ran.
    pub when: When,
}

/// Bars as long as the results took, oldest first. The numbers are expected in a table beside it.
#[must_use]
pub fn durations(title: &str, points: &[DurationPoint]) -> Markup {
    let longest = points.iter().filter_map(|point| point.duration_ms).max().unwrap_or(0).max(1);
    let step = 1000 / i64::try_from(points.len()).unwrap_or(1000).clamp(1, 1000);
    let width = (step * 7 / 10).clamp(1, 48);
    let middle = median(points);
    let spoken = match middle {
        Some(middle) => {
            format!(
                "{title}: {} results, median {}, longest {}",
                points.len(),
                duration(middle),
                duration(if points.iter().any(|point| point.duration_ms.is_some()) { longest } else { 0 })
            )
        }
        None => format!("{title}: no time was measured"),
    };
    html! {
        figure class="chart bars" {
            div class="plot" {
                div class="axis-y" aria-hidden="true" { span { (duration(longest)) } span { (duration(longest / 2)) } span { "0" } }
                svg viewBox="0 0 1000 200" preserveAspectRatio="none" role="img" aria-label=(spoken) {
                    @for line in [8, 100, 192] { path class="grid" d={ "M0 " (line) "H1000" } {} }
                    @for (index, point) in points.iter().enumerate() {
                        // Even the quickest result leaves a mark.
                        @let height = (point.duration_ms.unwrap_or(0).max(0) * 184 / longest).max(4);
                        @let x = i64::try_from(index).unwrap_or(0) * step + (step - width) / 2;
                        rect class=(point.outcome.tone().class()) x=(x) y=(192 - height) width=(width) height=(height) {
                            title { (point.label) ": " (point.outcome.word()) @if let Some(ms) = point.duration_ms { ", " (duration(ms)) } }
                        }
                    }
                }
                div class="axis-x" aria-hidden="true" {
                    @if let Some(first) = points.first() { span { (first.label) } }
                    @if let (true, Some(last)) = (points.len() > 1, points.last()) { span { (last.label) } }
                }
            }
        }
    }
}

/// The median of the measured times.
fn median(points: &[DurationPoint]) -> Option<i64> {
    let mut times: Vec<i64> = points.iter().filter_map(|point| point.duration_ms).collect();
    times.sort_unstable();
    times.get(times.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    #[test]
    fn a_chart_says_in_words_what_it_shows_and_survives_nothing() {
        let at = |ms| DurationPoint {
            label: "#1".into(),
            outcome: Outcome::Passed,
            duration_ms: ms,
            when: When::new(Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH),
        };
        let html = durations("Time", &[at(Some(1_000)), at(Some(3_000)), at(None)]).into_string();
        assert!(html.contains("Time: 3 results, median 3.0 s, longest 3.0 s"), "{html}");
        assert!(durations("Time", &[at(None)]).into_string().contains("no time was measured"));
        assert!(durations("Time", &[]).into_string().contains("no time was measured"));
    }
}
