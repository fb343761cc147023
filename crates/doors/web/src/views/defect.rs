//! One defect: where it was seen, where it stands, and what it stands in the way of.

use maud::{Markup, html};

use super::{crumb, seen_by, slug};
use crate::components::{
    Field, FormErrors, Head, Input, LogEntry, Stop, error_summary, facts, field, head, hidden, history, key, line,
    none, panel, submit,
};
use crate::format::{When, prose, time};
use crate::icons::{Icon, icon};
use crate::layout::{Frame, csrf, page as framed, state_options};
use crate::paths;
use crate::state::{DefectStatus, Level, Shown, state};

/// What a defect's page shows.
#[derive(Debug, Clone)]
pub struct View {
    /// Its key.
    pub key: String,
    /// Its title.
    pub title: String,
    /// What is wrong.
    pub description: String,
    /// How to see it.
    pub reproduction_steps: String,
    /// Where it stands.
    pub status: DefectStatus,
    /// How much it hurts.
    pub severity: Level,
    /// How many of its links are suspect.
    pub suspects: i64,
    /// Who looks after it.
    pub owner: Option<String>,
    /// Who recorded it.
    pub reporter: Option<String>,
    /// Version it was seen in.
    pub affected_version: Option<String>,
    /// Version it is gone from.
    pub fixed_version: Option<String>,
    /// When it changed last.
    pub updated: When,
    /// Requirement, test, defect, fix, environments.
    pub line: Vec<Stop>,
    /// The requirement it hurts: key, title.
    pub requirement: Option<(String, String)>,
    /// The test case that found it: key, name.
    pub test_case: Option<(String, String)>,
    /// What the failing result said.
    pub message: Option<String>,
    /// What happened to it, newest first.
    pub history: Vec<LogEntry>,
    /// The page with all of it.
    pub history_href: String,
    /// The status moves this person may make from here.
    pub moves: Vec<DefectStatus>,
    /// Whether this person may edit it.
    pub may_edit: bool,
    /// The row version the forms carry.
    pub version: i64,
    /// What was entered and refused; otherwise the form shows what is stored.
    pub form: Option<Entered>,
    /// Value of the person who looks after it; empty for nobody.
    pub owner_id: String,
    /// What was refused about the edit.
    pub errors: FormErrors,
    /// People who can own it: value and name.
    pub people: Vec<(String, String)>,
}

/// What was entered into the edit form.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs, reason = "each is the field of its name")]
pub struct Entered {
    pub title: String,
    pub description: String,
    pub reproduction_steps: String,
    pub severity: String,
    pub owner: String,
    pub affected_version: String,
    pub fixed_version: String,
}

/// The page.
#[must_use]
pub fn page(frame: &Frame, view: &View) -> Markup {
    let here = paths::defect(slug(frame), &view.key);
    let text =
        |value: &Option<String>, what: &str| value.as_ref().map_or_else(|| none(what), |value| html! { (value) });
    framed(
        frame,
        &view.key,
        &[crumb(frame, "Defects", "defects")],
        &html! {
            (head(&Head {
                key: Some(&view.key), title: &view.title,
                actions: (!view.moves.is_empty()).then(|| html! {
                    form method="post" action={ (here) "/status" } {
                        (csrf(frame)) (hidden("version", &view.version.to_string()))
                        @for (index, status) in view.moves.iter().enumerate() {
                            button class={ "button" @if index == 0 { " main" } } name="status" value=(status.code()) { (verb(*status)) }
                        }
                    }
                }),
                ..Head::default()
            }))
            (super::suspects::notice(frame, &view.key, view.suspects))
            @if !view.line.is_empty() { (line("The line of this defect", &view.line)) }
            div class="two" {
                div {
                    @if view.description.trim().is_empty() { p class="muted prose" { "No description." } } @else { (prose(&view.description)) }
                    @if view.may_edit { (edit(frame, &here, view)) }
                    @if !view.reproduction_steps.trim().is_empty() { (panel("steps", "How to see it", None, &prose(&view.reproduction_steps))) }
                    @if let Some(message) = &view.message {
                        (panel("said", "What the test said", None, &html! { pre tabindex="0" role="region" aria-label="What the test said" { (message) } }))
                    }
                    (history(&view.history, &view.history_href))
                }
                aside aria-label="Facts" {
                    (facts(&[
                        ("Status", state(view.status)),
                        ("Severity", state(view.severity)),
                        ("Owner", text(&view.owner, "nobody")),
                        ("Reported by", text(&view.reporter, "unknown")),
                        ("Requirement", view.requirement.as_ref().map_or_else(|| none("none"), |(id, name)| html! { a href=(paths::requirement(slug(frame), id)) { (key(id)) " " (name) } })),
                        ("Found by", view.test_case.as_ref().map_or_else(|| none("no test"), |(id, name)| html! { a href=(paths::test_case(slug(frame), id)) { (key(id)) " " (name) } })),
                        ("Seen in", text(&view.affected_version, "unknown")),
                        ("Gone from", text(&view.fixed_version, "not fixed yet")),
                        ("Changed", time(view.updated)),
                    ]))
                    p { (super::impact::leading(&format!("{}:{}", slug(frame), view.key))) }
                    p { (seen_by(frame, "defect", &view.key)) }
                }
            }
        },
    )
}

/// What a button says that moves a defect to `status`.
fn verb(status: DefectStatus) -> &'static str {
    match status {
        DefectStatus::Open => "Reopen",
        DefectStatus::Assigned => "Assign",
        DefectStatus::InProgress => "Start",
        DefectStatus::Resolved => "Resolve",
        DefectStatus::Verified => "Verify",
        DefectStatus::Closed => "Close",
        DefectStatus::WontFix => "Won’t fix",
    }
}

fn edit(frame: &Frame, here: &str, view: &View) -> Markup {
    let one =
        |name, label, value, input, required| Field { form: "edit", name, label, value, input, required, hint: None };
    let stored = || Entered {
        title: view.title.clone(),
        description: view.description.clone(),
        reproduction_steps: view.reproduction_steps.clone(),
        severity: view.severity.code().to_owned(),
        owner: view.owner_id.clone(),
        affected_version: view.affected_version.clone().unwrap_or_default(),
        fixed_version: view.fixed_version.clone().unwrap_or_default(),
    };
    let entered = view.form.clone().unwrap_or_else(stored);
    html! {
        details class="fold" data-edit open[!view.errors.is_empty()] {
            summary class="button" { (icon(Icon::Pencil)) "Edit" }
            form method="post" action=(here) class="form box" {
                (csrf(frame)) (hidden("version", &view.version.to_string()))
                (error_summary("edit", &view.errors))
                (field(&one("title", "Title", &entered.title, Input::Text, true), &view.errors))
                (field(&one("description", "Description", &entered.description, Input::Area { rows: 5 }, false), &view.errors))
                (field(&one("reproduction_steps", "How to see it", &entered.reproduction_steps, Input::Area { rows: 4 }, false), &view.errors))
                (field(&one("severity", "Severity", &entered.severity, Input::Select(state_options::<Level>()), true), &view.errors))
                (field(&one("assigned_to_user_id", "Owner", &entered.owner, Input::Select(view.people.clone()), false), &view.errors))
                (field(&one("affected_version", "Seen in version", &entered.affected_version, Input::Text, false), &view.errors))
                (field(&one("fixed_version", "Gone from version", &entered.fixed_version, Input::Text, false), &view.errors))
                (submit("Save"))
            }
        }
    }
}
