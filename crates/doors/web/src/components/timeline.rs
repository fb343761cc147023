//! How much happened when: bars drawn on the server, each a link to the stretch it stands for, with the numbers in a table behind them.

use maud::{Markup, html};

use crate::format::thousands;

/// One stretch of time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stretch {
    /// What it is called: `29 Nov` or `29 Nov 14:00`.
    pub label: String,
    /// How much happened in it.
    pub count: i64,
    /// Whether it was counted to its end; otherwise it is that much or more.
    pub is_whole: bool,
    /// The page narrowed to it.
    pub href: String,
}

impl Stretch {
    /// The count in words: `12`, `2,000 or more`.
    fn words(&self) -> String {
        format!("{}{}", thousands(self.count), if self.is_whole { "" } else { " or more" })
    }
}

/// Bars, the oldest first, as wide as a finger each; on a small screen they scroll. `unit` is what is counted.
#[must_use]
pub fn timeline(title: &str, unit: &str, stretches: &[Stretch]) -> Markup {
    let most = stretches.iter().map(|stretch| stretch.count).max().unwrap_or(0).max(1);
    html! {
        figure class="timeline" {
            div class="plot" role="region" aria-label=(title) tabindex="0" {
                ol {
                    @for stretch in stretches {
                        // What happened at all leaves a mark.
                        @let height = if stretch.count > 0 { (stretch.count * 100 / most).max(3) } else { 0 };
                        li {
                            a href=(stretch.href) aria-label={ (stretch.label) ": " (stretch.words()) " " (unit) } title={ (stretch.label) ": " (stretch.words()) } {
                                svg viewBox="0 0 10 100" preserveAspectRatio="none" aria-hidden="true" {
                                    rect class=(if stretch.is_whole { "idle" } else { "warn" }) x="1" y=(100 - height) width="8" height=(height) {}
                                }
                            }
                        }
                    }
                }
            }
            div class="axis-x" aria-hidden="true" {
                @if let Some(first) = stretches.first() { span { (first.label) } }
                @if let (true, Some(last)) = (stretches.len() > 1, stretches.last()) { span { (last.label) } }
            }
            figcaption {
                details {
                    summary { "Numbers behind these bars" }
                    div class="wrap" role="region" aria-label={ (title) ", numbers" } tabindex="0" {
                        table {
                            thead { tr { th scope="col" { "When (UTC)" } th scope="col" class="num" { (unit) } } }
                            tbody {
                                @for stretch in stretches.iter().rev().filter(|stretch| stretch.count > 0) {
                                    tr { td { a href=(stretch.href) { (stretch.label) } } td class="num" { (stretch.words()) } }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_bar_leads_to_its_stretch_and_says_what_it_shows() {
        let stretch = |label: &str, count, is_whole| Stretch {
            label: label.into(),
            count,
            is_whole,
            href: format!("/audit?from={label}"),
        };
        let bars = [stretch("28 Nov", 0, true), stretch("29 Nov", 1, true), stretch("30 Nov", 2000, false)];
        let html = timeline("When", "entries", &bars).into_string();
        assert!(html.contains("href=\"/audit?from=29 Nov\" aria-label=\"29 Nov: 1 entries\""), "{html}");
        assert!(html.contains("30 Nov: 2,000 or more entries"), "{html}");
        assert!(html.contains("height=\"3\"") && html.contains("height=\"100\"") && html.contains("height=\"0\""));
        assert_eq!(html.matches("<tr><td>").count(), 2, "the table names what is not nought: {html}");
    }
}
