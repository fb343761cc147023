//! How the installation does: what misses its target, and every figure over time.

use maud::{Markup, html};

use crate::components::{Column, Empty, Head, OverTime, Tab, empty, facts, head, key, over_time, panel, table, tabs};
use crate::format::{When, time};
use crate::icons::Icon;
use crate::layout::{Frame, page as framed};
use crate::state::{Tone, state_as};

/// What the page shows.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// The spans there are to look at: text, address, whether it is this one.
    pub spans: Vec<(String, String, bool)>,
    /// What misses its target now, the worst first.
    pub alerts: Vec<Alert>,
    /// The figures, by what they are about; empty when nothing was measured in the span.
    pub groups: Vec<Group>,
    /// Whether there are more figures than are shown.
    pub are_more: bool,
}

/// Something that has missed its target for long.
#[derive(Debug, Clone)]
pub struct Alert {
    /// What it is, for a person.
    pub name: String,
    /// Of what, if not of the installation as a whole.
    pub of: Option<String>,
    /// Whether it is critical.
    pub is_critical: bool,
    /// What it is now, with its unit.
    pub now: String,
    /// What it should be.
    pub wanted: String,
    /// Since when.
    pub since: When,
    /// What to do.
    pub advice: String,
}

/// Figures about one thing.
#[derive(Debug, Clone)]
pub struct Group {
    /// Its name in the address of the page.
    pub id: String,
    /// Its name for a person.
    pub title: String,
    /// The figures.
    pub figures: Vec<Figure>,
}

/// One figure.
#[derive(Debug, Clone)]
pub struct Figure {
    /// What it is, for a person.
    pub name: String,
    /// Its name in the API and in `/metrics`.
    pub metric: String,
    /// Of what, if not of the installation as a whole.
    pub of: Option<String>,
    /// What it tells.
    pub about: String,
    /// What it is now, with its unit; `None` when it was not measured in the last half hour.
    pub now: Option<String>,
    /// What it should be; empty when nothing is wanted of it.
    pub wanted: String,
    /// How it stands to that.
    pub standing: Standing,
    /// How it went.
    pub line: OverTime,
}

/// How a figure stands to its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It has no target, or was not measured lately.
    Untold,
    /// It is as it should be.
    Met,
    /// It is not.
    Missed,
    /// It is not, by much.
    Critical,
}

/// The page.
#[must_use]
pub fn page(frame: &Frame, view: &View) -> Markup {
    let shown: usize = view.groups.iter().map(|group| group.figures.len()).sum();
    framed(
        frame,
        "Health",
        &[],
        &html! {
            (head(&Head { title: "Health", sub: Some(html! { "How the server, its database and its disk do. Measured every five minutes." }), ..Head::default() }))
            (tabs("Time that is shown", &view.spans.iter().map(|(text, href, current)| Tab {
                text: text.clone(), href: href.clone(), current: *current, count: None,
            }).collect::<Vec<_>>()))
            @if view.groups.is_empty() && view.alerts.is_empty() {
                (empty(&Empty {
                    glyph: Icon::Activity, title: "Nothing was measured in this time",
                    text: "The server measures a minute after it came up and then every five minutes, for the organisation that is the oldest of this installation. What ails it now, on its machine:",
                    command: Some("throughline doctor".to_owned()), link: None,
                }))
            } @else {
                (panel("alerts", "Alerts", None, &alerts(&view.alerts)))
                @if view.are_more {
                    p class="muted" { "These are the first " (shown) " figures by name. There are more: " (key("/v1/metric-samples")) " has all of them." }
                }
                @for group in &view.groups {
                    (panel(&group.id, &group.title, None, &html! { @for figure in &group.figures { (one(figure)) } }))
                }
            }
        },
    )
}

fn alerts(list: &[Alert]) -> Markup {
    if list.is_empty() {
        return html! { p { (state_as(Tone::Good, "None")) " Nothing has missed its target for long." } };
    }
    table(
        "Open alerts",
        &[
            Column::text("What"),
            Column::text("How bad"),
            Column::text("Now"),
            Column::text("Should be"),
            Column::text("Since"),
            Column::text("What to do"),
        ],
        &html! {
            @for alert in list {
                tr {
                    td class="text" { (alert.name) @if let Some(of) = &alert.of { " " span class="muted" { "of " (of) } } }
                    td { @if alert.is_critical { (state_as(Tone::Bad, "Critical")) } @else { (state_as(Tone::Warn, "Warning")) } }
                    td { (alert.now) }
                    td { (alert.wanted) }
                    td { (time(alert.since)) }
                    td class="text" { (alert.advice) }
                }
            }
        },
    )
}

fn one(figure: &Figure) -> Markup {
    let standing = match figure.standing {
        Standing::Untold => None,
        Standing::Met => Some((Tone::Good, "As it should be")),
        Standing::Missed => Some((Tone::Warn, "Missed")),
        Standing::Critical => Some((Tone::Bad, "Critical")),
    };
    html! {
        section class="figure-over-time" {
            h3 { (figure.name) @if let Some(of) = &figure.of { " " span class="muted" { "of " (of) } } }
            p class="muted" { (figure.about) " " (key(&figure.metric)) }
            (facts(&[
                ("Now", html! {
                    @match &figure.now { Some(now) => strong { (now) }, None => "not measured lately" }
                    @if let Some((tone, word)) = standing { " " (state_as(tone, word)) }
                }),
                ("Should be", html! { @if figure.wanted.is_empty() { "anything" } @else { (figure.wanted) } }),
            ]))
            (over_time(&figure.line))
            p class="muted" { (figure.line.words) }
        }
    }
}
