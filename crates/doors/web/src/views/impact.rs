//! What a change of a record would touch, and what it rests on: drawn, and as a list with names to talk to.

use maud::{Markup, html};

use crate::components::{Column, Empty, GraphNode, Head, downloads, empty, graph, head, key, none, panel, table};
use crate::format::plural;
use crate::icons::Icon;
use crate::layout::{Frame, page as framed};
use crate::paths;

/// What the page shows.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// What is in the field.
    pub asked: String,
    /// Which way: `both`, `upstream` or `downstream`.
    pub direction: String,
    /// Steps at most.
    pub depth: usize,
    /// Why there is no answer, in words; `None`: there is one, or nothing was asked.
    pub refused: Option<String>,
    /// The answer; `None`: nothing was asked.
    pub answer: Option<Answer>,
}

/// The answer.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    /// The record: what it is, what people call it, its title and its page.
    pub kind: String,
    /// Its key, or else its title.
    pub label: String,
    /// Its title.
    pub title: String,
    /// Its page.
    pub href: Option<String>,
    /// What it rests on or suffers from.
    pub upstream: Vec<Row>,
    /// What a change of it would touch.
    pub downstream: Vec<Row>,
    /// The drawing: boxes, the first of which is the record, and lines between them.
    pub nodes: Vec<GraphNode>,
    /// The lines.
    pub lines: Vec<(usize, usize)>,
    /// Whether there is more.
    pub is_cut: bool,
    /// The same as CSV.
    pub csv_href: String,
}

/// A record that is reached.
#[derive(Debug, Clone, Default)]
pub struct Row {
    /// What it is.
    pub kind: String,
    /// Its key.
    pub key: Option<String>,
    /// Its title.
    pub title: String,
    /// Its page.
    pub href: Option<String>,
    /// The same question about it.
    pub walk_href: String,
    /// The way there, in words.
    pub path: String,
    /// How many steps.
    pub steps: usize,
    /// Where it stands.
    pub status: Option<String>,
    /// Who looks after it.
    pub owner: Option<String>,
    /// Who answers for its project where nobody looks after it.
    pub otherwise: Option<String>,
    /// The team.
    pub team: Option<String>,
}

/// The page.
#[must_use]
pub fn page(frame: &Frame, view: &View) -> Markup {
    let title =
        view.answer.as_ref().map_or_else(|| "Impact".to_owned(), |answer| format!("Impact of {}", answer.label));
    let csv = view.answer.as_ref().filter(|answer| !answer.csv_href.is_empty());
    framed(
        frame,
        &title,
        &[],
        &html! {
            (head(&Head {
                title: &title,
                sub: Some(html! { @match &view.answer {
                    Some(answer) => { (answer.kind) " " @match &answer.href { Some(href) => a class="key" href=(href) { (answer.title) }, None => (answer.title) } },
                    None => "What a change would touch, what it rests on, and whom to ask",
                } }),
                actions: csv.map(|answer| downloads(&answer.csv_href)),
                ..Head::default()
            }))
            (asking(view))
            @if let Some(why) = &view.refused { div class="flash bad" role="alert" { p { (why) } } }
            @match &view.answer {
                None if view.refused.is_some() => {},
                None => (empty(&Empty {
                    glyph: Icon::ScanEye, title: "Nothing is asked yet",
                    text: "Give the key of a requirement, test, feature, task or defect above, with its project where several have it; the identifier of a build, deployment or service; or the package URL of a component.",
                    command: None, link: None,
                })),
                Some(answer) => (told(answer)),
            }
        },
    )
}

fn asking(view: &View) -> Markup {
    let ways = [("both", "Both ways"), ("downstream", "What it would touch"), ("upstream", "What it rests on")];
    html! {
        form method="get" action=(paths::IMPACT) class="form inline" role="search" aria-label="Impact" {
            div class="field" {
                label for="impact-record" { "A record, such as pay:REQ-12" }
                input id="impact-record" name="record" type="search" maxlength="300" required autocomplete="off" value=(view.asked) data-filter;
            }
            div class="field" {
                label for="impact-direction" { "Way" }
                select id="impact-direction" name="direction" {
                    @for (value, words) in ways { option value=(value) selected[value == view.direction] { (words) } }
                }
            }
            div class="field" {
                label for="impact-depth" { "Steps" }
                select id="impact-depth" name="depth" { @for depth in 1..=10 { option value=(depth) selected[depth == view.depth] { (depth) } } }
            }
            button class="button main" { "Ask" }
        }
    }
}

fn told(answer: &Answer) -> Markup {
    html! {
        @if answer.upstream.is_empty() && answer.downstream.is_empty() {
            (empty(&Empty {
                glyph: Icon::CircleCheck, title: "Nothing hangs on it, as far as you may see",
                text: "No link, feature, test, build or deployment leads from or to this record. Link it, or let commits name its key.",
                command: None, link: answer.href.clone().map(|href| ("Open the record", href)),
            }))
        } @else {
            (graph(&format!("The line of {}, from what it rests on to what it touches", answer.label), &answer.nodes, &answer.lines))
            @if !answer.downstream.is_empty() { (panel("downstream", "What a change would touch", Some(count(&answer.downstream)), &list("What a change would touch", &answer.downstream))) }
            @if !answer.upstream.is_empty() { (panel("upstream", "What it rests on", Some(count(&answer.upstream)), &list("What it rests on", &answer.upstream))) }
            @if answer.is_cut { p class="muted" { "There is more than is shown: ask for more steps, or walk on from one of these." } }
        }
    }
}

fn count(rows: &[Row]) -> i64 {
    i64::try_from(rows.len()).unwrap_or(i64::MAX)
}

fn list(label: &str, rows: &[Row]) -> Markup {
    let columns = ["Record", "Kind", "Owner", "Status", "How it is reached", "Go on"].map(Column::text);
    table(
        label,
        &columns,
        &html! {
            @for row in rows {
                tr {
                    td class="title" {
                        @if let Some(name) = &row.key { (key(name)) " " }
                        @match &row.href { Some(href) => a data-row href=(href) { (row.title) }, None => (row.title) }
                    }
                    td { (row.kind) }
                    td class="text" {
                        @match (&row.owner, &row.otherwise) {
                            (Some(owner), _) => (owner),
                            (None, Some(owner)) => { (owner) span class="muted" { ", for the project" } },
                            (None, None) => (none("nobody")),
                        }
                        @if let Some(team) = &row.team { span class="muted" { ", team " (team) } }
                    }
                    td { @match &row.status { Some(status) => (status.replace('_', " ")), None => (none("none")) } }
                    td class="text muted" { (row.path) span class="hidden" { ", " (plural(i64::try_from(row.steps).unwrap_or(0), "step", "steps")) } }
                    td { a class="button" href=(row.walk_href) aria-label={ "Impact of " (row.key.as_deref().unwrap_or(&row.title)) } { "Impact" } }
                }
            }
        },
    )
}

/// Leads from a record's page to its impact.
#[must_use]
pub fn leading(record: &str) -> Markup {
    html! { a href=(paths::impact(record)) { "What a change would touch" } }
}
