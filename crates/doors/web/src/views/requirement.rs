//! One requirement: its line drawn as stops, its criteria, and everything that hangs on it.

use maud::{Markup, html};

use super::{crumb, seen_by, slug};
use crate::components::{
    Counts, Criterion, Empty, Field, FormErrors, Head, Input, LogEntry, Stop, criteria, empty, error_summary, facts,
    field, head, hidden, history, key, line, none, panel, result_bar, submit,
};
use crate::format::{When, prose, time};
use crate::icons::{Icon, icon};
use crate::layout::{Frame, csrf, page as framed, state_options};
use crate::paths;
use crate::state::{
    DefectStatus, FeatureStatus, Level, Outcome, ProofState, RequirementStatus, Shown, TestLevel, state,
};

/// What a requirement's page shows.
#[derive(Debug, Clone)]
pub struct View {
    /// Its key.
    pub key: String,
    /// Its title.
    pub title: String,
    /// Its text.
    pub description: String,
    /// Files that its text names, in its order.
    pub files: Vec<FileLine>,
    /// What the evidence says.
    pub proof: ProofState,
    /// Where it stands.
    pub status: RequirementStatus,
    /// How soon it is wanted.
    pub priority: Option<Level>,
    /// Who looks after it.
    pub owner: Option<String>,
    /// The day it is due, as `2026-12-04`.
    pub target: Option<String>,
    /// When it changed last.
    pub updated: When,
    /// How many of its links are suspect.
    pub suspects: i64,
    /// Features, tests, build, environments.
    pub line: Vec<Stop>,
    /// Its acceptance criteria.
    pub criteria: Vec<Criterion>,
    /// The features that carry it out: name, status.
    pub features: Vec<(String, FeatureStatus)>,
    /// The test cases linked to it.
    pub tests: Vec<TestLine>,
    /// Its results in the last builds: build number, counts, when; newest first.
    pub results: Vec<(i64, Counts, When)>,
    /// Defects found by its tests: key, title, status.
    pub defects: Vec<(String, String, DefectStatus)>,
    /// What it needs: key, title, state.
    pub depends_on: Vec<(String, String, ProofState)>,
    /// What needs it: key, title, state.
    pub needed_by: Vec<(String, String, ProofState)>,
    /// What happened to it, newest first.
    pub history: Vec<LogEntry>,
    /// The page with all of it.
    pub history_href: String,
    /// The status moves this person may make from here.
    pub moves: Vec<RequirementStatus>,
    /// Whether this person may edit it and link tests.
    pub may_edit: bool,
    /// The row version the edit form carries for `If-Match`.
    pub version: i64,
    /// What was refused about the edit.
    pub errors: FormErrors,
    /// What was refused about the link.
    pub link_errors: FormErrors,
    /// Somebody else's change that this edit would overwrite.
    pub conflict: Option<Conflict>,
    /// Criteria a test can be linked to: value and text.
    pub link_criteria: Vec<(String, String)>,
    /// People who can own it: value and name.
    pub people: Vec<(String, String)>,
    /// What was entered into the edit form; `None` shows what is stored.
    pub entered: Option<EnteredEdit>,
}

/// The edit form as it was sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is the field of its name")]
pub struct EnteredEdit {
    pub title: String,
    pub description: String,
    pub criteria: String,
    pub priority: String,
    pub owner: String,
    pub target: String,
}

/// A file that the text names.
#[derive(Debug, Clone)]
pub struct FileLine {
    /// What it is called.
    pub name: String,
    /// Where it is.
    pub href: String,
    /// Its size in bytes.
    pub size: i64,
    /// Whether it is shown here, or saved.
    pub is_picture: bool,
}

/// A test case in a list.
#[derive(Debug, Clone)]
pub struct TestLine {
    /// Its key.
    pub key: String,
    /// Its name.
    pub name: String,
    /// What it looks at.
    pub level: TestLevel,
    /// Its latest outcome; `None` when it never ran.
    pub latest: Option<Outcome>,
    /// When it ran last.
    pub when: Option<When>,
}

/// Two versions of the same record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// Who changed it meanwhile.
    pub by: String,
    /// Field, their value, your value.
    pub fields: Vec<(String, String, String)>,
}

/// The page.
#[must_use]
pub fn page(frame: &Frame, view: &View) -> Markup {
    let here = paths::requirement(slug(frame), &view.key);
    framed(
        frame,
        &view.key,
        &[crumb(frame, "Requirements", "requirements")],
        &html! {
            (head(&Head { key: Some(&view.key), title: &view.title, actions: (!view.moves.is_empty()).then(|| moves(frame, &here, view)), ..Head::default() }))
            (super::suspects::notice(frame, &view.key, view.suspects))
            @if !view.line.is_empty() { (line("The line of this requirement", &view.line)) }
            div class="two" {
                div {
                    @if view.description.trim().is_empty() { p class="muted prose" { "No description." } } @else { (prose(&view.description)) }
                    (files(&view.files))
                    @if view.may_edit { (edit(frame, &here, view)) }
                    (panel("criteria", "Acceptance criteria", count(view.criteria.len()), &html! {
                        @if view.criteria.is_empty() {
                            (empty(&Empty { glyph: Icon::ListChecks, title: "No acceptance criterion", text: "Without a criterion nothing can be proven. Edit the requirement and write one a line.", command: None, link: None }))
                        } @else { (criteria(&view.criteria)) }
                    }))
                    (tests(frame, &here, view))
                    @if !view.results.is_empty() {
                        (panel("results", "Results by build", None, &html! {
                            ul class="list" { @for (number, counts, when) in &view.results {
                                li { a class="grow" href=(paths::build(slug(frame), *number)) { "#" (number) } (result_bar(*counts)) span class="muted" { (time(*when)) } }
                            } }
                        }))
                    }
                    @if !view.features.is_empty() {
                        (panel("features", "Features", count(view.features.len()), &html! {
                            ul class="list" { @for (name, status) in &view.features { li { span class="grow" { (name) } (state(*status)) } } }
                        }))
                    }
                    (panel("defects", "Defects", count(view.defects.len()), &html! {
                        @if view.defects.is_empty() { p class="muted" { "None is known." } }
                        @else { ul class="list" { @for (id, title, status) in &view.defects {
                            li { (state(*status)) (key(id)) a class="grow" href=(paths::defect(slug(frame), id)) { (title) } }
                        } } }
                    }))
                    (history(&view.history, &view.history_href))
                }
                aside aria-label="Facts" {
                    (facts(&[
                        ("State", state(view.proof)),
                        ("Status", state(view.status)),
                        ("Priority", view.priority.map_or_else(|| none("no priority"), state)),
                        ("Owner", view.owner.as_ref().map_or_else(|| none("nobody"), |name| html! { (name) })),
                        ("Target", view.target.as_ref().map_or_else(|| none("no date"), |day| html! { (day) })),
                        ("Changed", time(view.updated)),
                    ]))
                    p { (super::impact::leading(&format!("{}:{}", slug(frame), view.key))) }
                    p { (seen_by(frame, "requirement", &view.key)) }
                    @for (title, list) in [("Depends on", &view.depends_on), ("Needed by", &view.needed_by)] {
                        @if !list.is_empty() {
                            section { h2 { (title) } ul class="list" { @for (id, name, proof) in list {
                                li { (state(*proof)) a class="grow" href=(paths::requirement(slug(frame), id)) { span class="key" { (id) } " " (name) } }
                            } } }
                        }
                    }
                }
            }
        },
    )
}

/// Pictures as they are, and links to save everything else.
fn files(files: &[FileLine]) -> Markup {
    html! {
        @for file in files.iter().filter(|file| file.is_picture) {
            figure class="picture" {
                a href=(file.href) { img src=(file.href) alt=(file.name) loading="lazy"; }
                figcaption class="muted" { (file.name) }
            }
        }
        @if files.iter().any(|file| !file.is_picture) {
            ul class="list" aria-label="Files" { @for file in files.iter().filter(|file| !file.is_picture) {
                li { a class="grow" href=(file.href) download=(file.name) { (file.name) } span class="muted" { (size(file.size)) } }
            } }
        }
    }
}

/// A size in bytes for people.
fn size(bytes: i64) -> String {
    match bytes {
        0..1_024 => format!("{bytes} B"),
        1_024..1_048_576 => format!("{} KiB", bytes / 1_024),
        _ => format!("{} MiB", bytes / 1_048_576),
    }
}

fn count(length: usize) -> Option<i64> {
    i64::try_from(length).ok()
}

fn moves(frame: &Frame, here: &str, view: &View) -> Markup {
    html! {
        form method="post" action={ (here) "/status" } {
            (csrf(frame)) (hidden("version", &view.version.to_string()))
            @for (index, status) in view.moves.iter().enumerate() {
                button class={ "button" @if index == 0 { " main" } } name="status" value=(status.code()) { (verb(*status)) }
            }
        }
    }
}

/// What a button says that moves a requirement to `status`.
fn verb(status: RequirementStatus) -> &'static str {
    match status {
        RequirementStatus::Draft => "Back to draft",
        RequirementStatus::Approved => "Approve",
        RequirementStatus::InProgress => "Start",
        RequirementStatus::Completed => "Complete",
        RequirementStatus::Rejected => "Reject",
    }
}

fn tests(frame: &Frame, here: &str, view: &View) -> Markup {
    panel(
        "tests",
        "Tests",
        count(view.tests.len()),
        &html! {
            @if view.tests.is_empty() {
                (empty(&Empty {
                    glyph: Icon::FlaskConical, title: "No test proves this",
                    text: "Put the key into a test’s name or its properties and import the report, or link a test case below.",
                    command: Some(format!("throughline import --project {} reports/*.xml", slug(frame))), link: None,
                }))
            } @else {
                ul class="list" { @for test in &view.tests {
                    li {
                        @match test.latest { Some(outcome) => (state(outcome)), None => span class="state muted" { "Never run" } }
                        a class="grow" data-row href=(paths::test_case(slug(frame), &test.key)) { (test.name) }
                        span class="muted" { (test.level.word()) } (key(&test.key))
                        @if let Some(when) = test.when { span class="muted" { (time(when)) } }
                    }
                } }
            }
            @if view.may_edit {
                details class="fold" open[!view.link_errors.is_empty()] {
                    summary class="button quiet" { (icon(Icon::Link)) "Link a test case" }
                    form method="post" action={ (here) "/links" } class="form inline" {
                        (csrf(frame)) (error_summary("link", &view.link_errors))
                        (field(&Field { form: "link", name: "test_case", label: "Key of the test case", value: "", input: Input::Text, required: true, hint: None }, &view.link_errors))
                        @if !view.link_criteria.is_empty() {
                            (field(&Field { form: "link", name: "criterion", label: "Criterion it proves", value: "", input: Input::Select(view.link_criteria.clone()), required: false, hint: None }, &view.link_errors))
                        }
                        (submit("Link"))
                    }
                }
            }
        },
    )
}

fn edit(frame: &Frame, here: &str, view: &View) -> Markup {
    let one =
        |name, label, value, input, required| Field { form: "edit", name, label, value, input, required, hint: None };
    let owner = view.people.iter().find(|(_, name)| Some(name) == view.owner.as_ref()).map_or("", |(id, _)| id);
    let stored = || EnteredEdit {
        title: view.title.clone(),
        description: view.description.clone(),
        criteria: view.criteria.iter().map(|criterion| criterion.text.as_str()).collect::<Vec<_>>().join("\n"),
        priority: view.priority.map_or("", Shown::code).to_owned(),
        owner: owner.to_owned(),
        target: view.target.clone().unwrap_or_default(),
    };
    let now = view.entered.clone().unwrap_or_else(stored);
    html! {
        details class="fold" data-edit open[!view.errors.is_empty() || view.conflict.is_some()] {
            summary class="button" { (icon(Icon::Pencil)) "Edit" }
            form method="post" action=(here) class="form box" {
                (csrf(frame)) (hidden("version", &view.version.to_string()))
                @if let Some(conflict) = &view.conflict {
                    div class="flash warn" role="alert" {
                        (icon(Icon::TriangleAlert))
                        div {
                            p { (conflict.by) " changed this while you were writing. Nothing was overwritten; saving again keeps yours." }
                            ul { @for (name, theirs, yours) in &conflict.fields { li { (name) ": theirs “" (theirs) "”, yours “" (yours) "”" } } }
                        }
                    }
                }
                (error_summary("edit", &view.errors))
                (field(&one("title", "Title", &now.title, Input::Text, true), &view.errors))
                (field(&one("description", "Description", &now.description, Input::Area { rows: 6 }, false), &view.errors))
                (field(&Field { hint: Some("One a line."), ..one("criteria", "Acceptance criteria", &now.criteria, Input::Area { rows: 5 }, false) }, &view.errors))
                (field(&one("priority", "Priority", &now.priority, Input::Select(state_options::<Level>()), false), &view.errors))
                (field(&one("owner", "Owner", &now.owner, Input::Select(view.people.clone()), false), &view.errors))
                (field(&one("target", "Target", &now.target, Input::Date, false), &view.errors))
                (submit("Save"))
            }
        }
    }
}
