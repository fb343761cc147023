//! Results as bars and trends, drawn on the server as SVG with the numbers in words beside or behind them.
//!
//! Shapes stretch with their box while strokes keep their width (`vector-effect`), and labels are HTML, so text never scales.

use maud::{Markup, PreEscaped, html};

use crate::format::{When, percent, plural, thousands, time};

/// Results by outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Assertions held.
    pub passed: i64,
    /// An assertion did not hold.
    pub failed: i64,
    /// The test itself broke.
    pub errors: i64,
    /// Not run.
    pub skipped: i64,
}

impl Counts {
    /// All of them.
    #[must_use]
    pub fn total(self) -> i64 {
        self.passed + self.failed + self.errors + self.skipped
    }

    /// Failed and broken together.
    #[must_use]
    pub fn bad(self) -> i64 {
        self.failed + self.errors
    }

    /// Those that ran, which is what a pass rate is a share of.
    #[must_use]
    pub fn ran(self) -> i64 {
        self.passed + self.bad()
    }

    /// "31 passed, 2 failed", with the outcomes that occur.
    #[must_use]
    pub fn words(self) -> String {
        let named =
            [(self.passed, "passed"), (self.failed, "failed"), (self.errors, "errors"), (self.skipped, "skipped")];
        let parts: Vec<String> =
            named.iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!("{} {word}", thousands(*n))).collect();
        if parts.is_empty() { "no results".to_owned() } else { parts.join(", ") }
    }
}

/// A bar of passed, failed and skipped with `passed/total` beside it. A single failure among thousands still shows.
#[must_use]
pub fn result_bar(counts: Counts) -> Markup {
    let total = counts.total();
    let parts = [("good", counts.passed), ("bad", counts.bad()), ("warn", counts.skipped)];
    let widths = widths(&parts.map(|(_, n)| n));
    let mut x = 0;
    html! {
        span class="result" {
            svg class="bar" viewBox="0 0 560 8" preserveAspectRatio="none" role="img" aria-label=(counts.words()) {
                title { (counts.words()) }
                @for ((class, _), width) in parts.iter().zip(widths) {
                    @if width > 0 {
                        rect class=(class) x=(x) y="0" width=(width) height="8" {}
                        (PreEscaped({ x += width; "" }))
                    }
                }
            }
            span class="result-n" aria-hidden="true" { (thousands(counts.passed)) "/" (thousands(total)) }
        }
    }
}

/// Shares of 560 units; whatever occurs at all gets at least 40 of them, taken from the largest.
fn widths(parts: &[i64; 3]) -> [i64; 3] {
    const WHOLE: i64 = 560;
    const LEAST: i64 = 40;
    let total: i128 = parts.iter().map(|n| i128::from((*n).max(0))).sum();
    if total == 0 {
        return [0; 3];
    }
    let share = |n: i64| {
        if n <= 0 { 0 } else { i64::try_from(i128::from(n) * i128::from(WHOLE) / total).unwrap_or(WHOLE).max(LEAST) }
    };
    let mut out = parts.map(share);
    let sum: i64 = out.iter().sum();
    let largest = (0..3).max_by_key(|index| out[*index]).unwrap_or(0);
    out[largest] += WHOLE - sum;
    out
}

/// One build in a trend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrendPoint {
    /// What the point is called, for example `#128`.
    pub label: String,
    /// Its page.
    pub href: String,
    /// Its results.
    pub counts: Counts,
    /// When it was made.
    pub when: When,
}

/// The pass rate of each point in per mille; `None` when nothing ran.
fn rate(point: &TrendPoint) -> Option<i64> {
    let ran = point.counts.ran();
    (ran > 0).then(|| i64::try_from(i128::from(point.counts.passed) * 1000 / i128::from(ran)).unwrap_or(0))
}

/// The pass rate by build, oldest first, with the numbers behind it in a table.
#[must_use]
pub fn trend(title: &str, points: &[TrendPoint]) -> Markup {
    trend_of(title, ["Build", "build", "builds"], points)
}

/// The pass rate by something else than builds: what a point is, as a heading, once and several times.
#[must_use]
pub fn trend_of(title: &str, [heading, one, many]: [&str; 3], points: &[TrendPoint]) -> Markup {
    let rates: Vec<(usize, i64)> = points.iter().enumerate().filter_map(|(i, p)| rate(p).map(|r| (i, r))).collect();
    let lowest = rates.iter().map(|(_, r)| *r).min().unwrap_or(0);
    // The axis starts at the next quarter, tenth or half step below the lowest value and always ends at 100 %.
    let floor = [980, 950, 900, 750, 500, 0].into_iter().find(|step| *step < lowest).unwrap_or(0);
    let last = points.len().saturating_sub(1).max(1);
    let x = |index: usize| i64::try_from(index * 1000 / last).unwrap_or(0);
    let y = |rate: i64| 8 + (1000 - rate) * 184 / (1000 - floor);
    let path: String = rates
        .iter()
        .enumerate()
        .map(|(n, (i, r))| format!("{}{} {}", if n == 0 { "M" } else { "L" }, x(*i), y(*r)))
        .collect();
    let area = match (rates.first(), rates.last()) {
        (Some((first, _)), Some((last, _))) => {
            format!("{path}L{} 192L{} 192Z", x(*last), x(*first))
        }
        _ => String::new(),
    };
    let summary = summary(title, [one, many], points);
    html! {
        figure class="chart" {
            div class="plot" {
                div class="axis-y" aria-hidden="true" {
                    span { "100 %" } span { (half(floor)) " %" } span { (floor / 10) " %" }
                }
                svg viewBox="0 0 1000 200" preserveAspectRatio="none" role="img" aria-label=(summary) {
                    @for line in [8, 100, 192] { path class="grid" d={ "M0 " (line) "H1000" } {} }
                    path class="area" d=(area) {}
                    path class="trace" d=(path) {}
                    @for (index, value) in &rates {
                        path class={ "point" @if *value < 1000 { " bad" } } d={ "M" (x(*index)) " " (y(*value)) "h0" } {
                            title { (points[*index].label) ": " (percent(points[*index].counts.passed, points[*index].counts.ran())) ", " (points[*index].counts.words()) }
                        }
                    }
                }
                div class="axis-x" aria-hidden="true" {
                    @if let Some(first) = points.first() { span { (first.label) } }
                    @if let (true, Some(last)) = (points.len() > 1, points.last()) { span { (last.label) } }
                }
            }
            figcaption {
                details {
                    summary { "Numbers behind this chart" }
                    div class="wrap" role="region" aria-label={ (title) ", numbers" } tabindex="0" {
                        table {
                            thead { tr { th scope="col" { (heading) } th scope="col" class="num" { "Pass rate" } th scope="col" { "Results" } th scope="col" { "When" } } }
                            tbody {
                                @for point in points.iter().rev() {
                                    tr {
                                        td { a href=(point.href) { (point.label) } }
                                        td class="num" { (percent(point.counts.passed, point.counts.ran())) }
                                        td { (point.counts.words()) }
                                        td { (time(point.when)) }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The middle of the axis in per cent, with a decimal where it has one.
fn half(floor: i64) -> String {
    let middle = (1000 + floor) / 2;
    if middle % 10 == 0 { (middle / 10).to_string() } else { format!("{}.{}", middle / 10, middle % 10) }
}

fn summary(title: &str, [one, many]: [&str; 2], points: &[TrendPoint]) -> String {
    let ends = points.iter().find(|p| p.counts.ran() > 0).zip(points.iter().rev().find(|p| p.counts.ran() > 0));
    match ends {
        None => format!("{title}: no results yet"),
        Some((first, last)) => format!(
            "{title} over {}: {} in {}, {} in {}",
            plural(i64::try_from(points.len()).unwrap_or(i64::MAX), one, many),
            percent(first.counts.passed, first.counts.ran()),
            first.label,
            percent(last.counts.passed, last.counts.ran()),
            last.label
        ),
    }
}

/// A row of small ticks, oldest first: tall and green passed, short and red failed, a dot for skipped or absent.
#[must_use]
pub fn sparkline(label: &str, outcomes: &[Option<crate::state::Outcome>]) -> Markup {
    use crate::state::Outcome;
    let width = outcomes.len() * 6;
    html! {
        svg class="spark" viewBox={ "0 0 " (width) " 16" } width=(width) height="16" role="img" aria-label=(label) {
            title { (label) }
            @for (index, outcome) in outcomes.iter().enumerate() {
                @let x = index * 6;
                @match outcome {
                    Some(Outcome::Passed) => rect class="good" x=(x) y="2" width="4" height="12" rx="1" {},
                    Some(Outcome::Failed | Outcome::Error) => rect class="bad" x=(x) y="8" width="4" height="8" rx="1" {},
                    Some(Outcome::Skipped) => rect class="warn" x=(x) y="6" width="4" height="4" rx="2" {},
                    None => rect class="idle" x=(x) y="7" width="4" height="2" rx="1" {},
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_failure_among_thousands_still_shows() {
        assert_eq!(widths(&[9_999, 1, 0]), [520, 40, 0]);
        assert_eq!(widths(&[31, 2, 0]).iter().sum::<i64>(), 560);
        assert_eq!(widths(&[0, 0, 0]), [0; 3]);
        assert_eq!(widths(&[1, i64::MAX / 2, 1]).iter().sum::<i64>(), 560);
    }

    #[test]
    fn a_bar_says_in_words_what_it_shows() {
        let html = result_bar(Counts { passed: 31, failed: 1, errors: 1, skipped: 0 }).into_string();
        assert!(html.contains("aria-label=\"31 passed, 1 failed, 1 errors\""), "{html}");
        assert!(html.contains("31/33"));
    }

    #[test]
    fn a_trend_without_results_says_so_and_draws_no_nonsense() {
        let html = trend("Pass rate", &[]).into_string();
        assert!(html.contains("Pass rate: no results yet"));
        assert!(!html.contains("NaN"));
    }
}
