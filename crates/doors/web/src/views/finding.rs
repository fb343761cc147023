//! One finding of a scanner: what it is, where, where it stands and why, in which reports it was seen, and deciding about it.

use maud::{Markup, html};

use super::{crumb, slug};
use crate::components::{
    Column, Field, FormErrors, Head, Input, LogEntry, error_summary, facts, field, head, log, none, panel, submit,
    table,
};
use crate::format::{When, prose, time};
use crate::icons::{Icon, icon};
use crate::layout::{Frame, csrf, page as framed};
use crate::paths;
use crate::state::{FindingState, Severity, Shown as _, state};

/// What a finding's page shows.
#[derive(Debug, Clone)]
pub struct View {
    /// Its identifier.
    pub id: String,
    /// What the rule is about.
    pub title: String,
    /// What is wrong, in the words of the last report.
    pub message: Option<String>,
    /// How bad it is.
    pub severity: Severity,
    /// How bad the tool's rule says it is, from 0 to 10.
    pub score: Option<f64>,
    /// How much it matters to the tool, in its word.
    pub level: String,
    /// Where it stands now.
    pub state: FindingState,
    /// What people decided, whether or not it still holds.
    pub decided: Option<Decided>,
    /// The reason its last report gives for suppressing it.
    pub suppression: Option<String>,
    /// Since when it is no longer reported, and the build.
    pub fixed: Option<(When, Option<i64>)>,
    /// File, line and column.
    pub place: Option<String>,
    /// The function, type or other place that has a name.
    pub logical: Option<String>,
    /// The tool that found it.
    pub tool: String,
    /// What the tool looked at; empty when it does not say.
    pub scope: String,
    /// The rule that was broken.
    pub rule: Option<String>,
    /// Where the rule is explained. Shown as text: the tool wrote it, and no page leads to other hosts.
    pub help: Option<String>,
    /// Labels of rule and result.
    pub tags: Vec<String>,
    /// When it was first reported, and the build.
    pub first: (When, Option<i64>),
    /// When it was last reported, and the build.
    pub last: (When, Option<i64>),
    /// The reports in which it was seen, the latest first.
    pub sightings: Vec<Sighting>,
    /// Whether there are more of them than are shown.
    pub more_sightings: bool,
    /// What happened to it, newest first.
    pub history: Vec<LogEntry>,
    /// What was entered about a decision; `None` when this person may not decide.
    pub form: Option<Entered>,
    /// What was refused about it.
    pub errors: FormErrors,
}

/// What people decided.
#[derive(Debug, Clone)]
pub struct Decided {
    /// What it made of the finding.
    pub decision: FindingState,
    /// Why.
    pub reason: String,
    /// Who.
    pub by: Option<String>,
    /// When.
    pub at: When,
    /// Until when it holds; `None`: for good.
    pub until: Option<When>,
}

/// A report in which it was seen.
#[derive(Debug, Clone)]
pub struct Sighting {
    /// The build that was looked at.
    pub build: Option<i64>,
    /// Identifier of the import and name of the file.
    pub report: Option<(String, String)>,
    /// How much it mattered to the tool.
    pub level: String,
    /// File and line.
    pub place: Option<String>,
    /// What the report says besides: that it is new, or suppressed.
    pub says: String,
    /// When it came in.
    pub seen: When,
}

/// What was entered about a decision.
#[derive(Debug, Clone, Default)]
pub struct Entered {
    /// What is thought of it.
    pub decision: String,
    /// Why.
    pub reason: String,
    /// The last day on which it holds.
    pub until: String,
}

/// The page.
#[must_use]
pub fn page(frame: &Frame, view: &View) -> Markup {
    let text = |value: &Option<String>, what: &str| value.as_ref().map_or_else(|| none(what), |text| html! { (text) });
    let code = |value: &Option<String>, what: &str| {
        value.as_ref().map_or_else(|| none(what), |text| html! { code { (text) } })
    };
    framed(
        frame,
        &view.title,
        &[crumb(frame, "Findings", "findings")],
        &html! {
            (head(&Head { title: &view.title, ..Head::default() }))
            div class="two" {
                div {
                    @match &view.message { Some(message) => (prose(message)), None => p class="muted prose" { "The tool says no more about it." } }
                    (panel("state", "Where it stands", None, &why(frame, view)))
                    (panel("sightings", "Seen in", None, &sightings(frame, view)))
                    (panel("history", "History", None, &log(&view.history)))
                }
                aside aria-label="Facts" {
                    (facts(&[
                        ("State", state(view.state)),
                        ("Severity", html! { (state(view.severity)) @if let Some(score) = view.score { " " (format!("{score:.1}")) " of 10" } }),
                        ("Where", code(&view.place, "nowhere in particular")),
                        ("In", code(&view.logical, "no named place")),
                        ("Rule", code(&view.rule, "the tool names none")),
                        ("Explained at", text(&view.help, "nowhere")),
                        ("Tool", html! { (view.tool) }),
                        ("Scope", if view.scope.is_empty() { none("the tool declares none") } else { html! { code { (view.scope) } } }),
                        ("Level", html! { (view.level) }),
                        ("Labels", if view.tags.is_empty() { none("none") } else { html! { (view.tags.join(", ")) } }),
                        ("First seen", moment(frame, view.first)),
                        ("Last seen", moment(frame, view.last)),
                    ]))
                }
            }
        },
    )
}

fn moment(frame: &Frame, (at, build): (When, Option<i64>)) -> Markup {
    html! { (time(at)) @if let Some(number) = build { ", " (build_link(frame, number)) } }
}

fn build_link(frame: &Frame, number: i64) -> Markup {
    html! { a class="key" href=(paths::build(slug(frame), number)) { "#" (number) } }
}

fn why(frame: &Frame, view: &View) -> Markup {
    let holds = view.decided.as_ref().is_some_and(|decided| decided.decision == view.state);
    html! {
        div class="says-it" { (state(view.state))
            span class="muted" {
                @match (view.state, &view.decided) {
                    (FindingState::Fixed, _) => { "The reports for its scope no longer have it" @if let Some(fixed) = view.fixed { " since " (moment(frame, fixed)) } "." },
                    (FindingState::Suppressed, _) => { "Its last report says that it shall not be reported" @match &view.suppression { Some(reason) => { ": " (reason) }, None => "." } },
                    (FindingState::Open, Some(decided)) => { "What was decided ended" @if let Some(until) = decided.until { " " (time(until)) } "." },
                    (FindingState::Open, None) => "Its reports have it, and nobody has decided about it.",
                    _ => "People decided so.",
                }
            }
        }
        @if let Some(decided) = &view.decided {
            p {
                @if !holds { "It was decided: " (decided.decision.word()) ". " }
                (decided.by.as_deref().unwrap_or("Somebody who is no member any more")) " " (time(decided.at)) ", "
                @match decided.until { Some(until) => { "until " (time(until)) }, None => "for good" } ":"
            }
            (prose(&decided.reason))
        }
        @if let Some(entered) = &view.form { (form(frame, view, entered)) }
    }
}

fn form(frame: &Frame, view: &View, entered: &Entered) -> Markup {
    let one =
        |name, label, value, input, required, hint| Field { form: "decide", name, label, value, input, required, hint };
    let mut decisions = vec![
        ("confirmed", "Confirmed: somebody has to see to it"),
        ("false_positive", "False positive: the tool is wrong"),
        ("accepted", "Risk accepted: it is one, and the risk is taken"),
        ("wont_fix", "Won’t fix: it is one, and stays"),
    ];
    if view.decided.is_some() {
        decisions.push(("open", "Open: take back what was decided"));
    }
    let decisions = decisions.into_iter().map(|(code, words)| (code.to_owned(), words.to_owned())).collect();
    html! {
        details class="fold" data-edit open[!view.errors.is_empty()] {
            summary class="button main" { (icon(Icon::Pencil)) "Decide" }
            form method="post" action={ (paths::finding(slug(frame), &view.id)) "/triage" } class="form box" {
                (csrf(frame)) (error_summary("decide", &view.errors))
                (field(&one("decision", "What it is", &entered.decision, Input::Select(decisions), true, None), &view.errors))
                (field(&one("reason", "Why", &entered.reason, Input::Area { rows: 3 }, true, Some("Kept with the decision and in the history.")), &view.errors))
                (field(&one("expires_at", "Until", &entered.until, Input::Date, false, Some("The last day, in UTC, on which a decision to leave it holds; from then on it is open again.")), &view.errors))
                div { (submit("Decide")) }
            }
        }
    }
}

fn sightings(frame: &Frame, view: &View) -> Markup {
    let heads = ["Build", "Where", "Level", "The report says", "Report", "Seen"].map(Column::text);
    html! {
        @if view.sightings.is_empty() {
            p class="muted" { "There is no report of it that you may see." }
        } @else {
            (table("Reports in which it was seen", &heads, &html! {
                @for one in &view.sightings {
                    tr {
                        td { @match one.build { Some(number) => (build_link(frame, number)), None => (none("no build")) } }
                        td class="text" { @match &one.place { Some(place) => code { (place) }, None => (none("nowhere in particular")) } }
                        td { (one.level) }
                        td { @if one.says.is_empty() { (none("nothing")) } @else { (one.says) } }
                        td class="text" { @match &one.report { Some((id, file)) => a href=(paths::import(slug(frame), id)) { (file) }, None => (none("not kept")) } }
                        td class="muted" { (time(one.seen)) }
                    }
                }
            }))
            @if view.more_sightings { p class="muted" { "These are the latest. The API has all of them: " code { "/v1/finding-sightings?filter[finding_id]=" (view.id) } } }
        }
    }
}
