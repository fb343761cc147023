//! One test case: its results over time and what it proves.

use maud::{Markup, html};

use super::test_cases::trend_words;
use super::{crumb, slug};
use crate::components::{
    Column, Empty, Field, FormErrors, Head, Input, Stop, empty, error_summary, facts, field, head, key, line, none,
    panel, sparkline, submit, table,
};
use crate::format::{When, duration, prose, time};
use crate::icons::{Icon, icon};
use crate::layout::{Frame, csrf, page as framed};
use crate::paths;
use crate::state::{DefectStatus, Outcome, ProofState, Shown, TestCaseStatus, TestLevel, state};

/// What a test case's page shows.
#[derive(Debug, Clone)]
pub struct View {
    /// Its key.
    pub key: String,
    /// Its name.
    pub name: String,
    /// Class, file or suite it lives in.
    pub place: String,
    /// What it is about.
    pub description: String,
    /// What it looks at.
    pub level: TestLevel,
    /// Whether it is still run.
    pub status: TestCaseStatus,
    /// Its line: requirement, itself, build, environments.
    pub line: Vec<Stop>,
    /// Its outcomes by build, oldest first.
    pub trend: Vec<Option<Outcome>>,
    /// Its results, newest first.
    pub results: Vec<ResultLine>,
    /// What it proves: key, title, state.
    pub requirements: Vec<(String, String, ProofState)>,
    /// Defects it found: key, title, status.
    pub defects: Vec<(String, String, DefectStatus)>,
    /// Whether this person may link it.
    pub may_edit: bool,
    /// What was refused about a link.
    pub link_errors: FormErrors,
}

/// One result.
#[derive(Debug, Clone)]
pub struct ResultLine {
    /// The build it belongs to.
    pub build: i64,
    /// Its outcome.
    pub outcome: Outcome,
    /// How long it took, in milliseconds.
    pub duration_ms: Option<i64>,
    /// What a failure said.
    pub message: Option<String>,
    /// When it ran.
    pub when: When,
}

/// The page.
#[must_use]
pub fn page(frame: &Frame, view: &View) -> Markup {
    let here = paths::test_case(slug(frame), &view.key);
    framed(
        frame,
        &view.key,
        &[crumb(frame, "Tests", "tests")],
        &html! {
            (head(&Head { key: Some(&view.key), title: &view.name, sub: (!view.place.is_empty()).then(|| html! { span class="key" { (view.place) } }), ..Head::default() }))
            @if !view.line.is_empty() { (line("The line of this test case", &view.line)) }
            div class="two" {
                div {
                    @if !view.description.trim().is_empty() { (prose(&view.description)) }
                    (panel("results", "Results", i64::try_from(view.results.len()).ok(), &html! {
                        @if view.results.is_empty() {
                            (empty(&Empty { glyph: Icon::FlaskConical, title: "It has not run yet", text: "Its results come with the next report that contains it:", command: Some(format!("throughline import --project {} reports/*.xml", slug(frame))), link: None }))
                        } @else {
                            (table("Results", &[Column::text("Build"), Column::text("Outcome"), Column::number("Time"), Column::text("Message"), Column::text("When")], &html! {
                                @for result in &view.results {
                                    tr {
                                        td { a data-row href=(paths::build(slug(frame), result.build)) { "#" (result.build) } }
                                        td { (state(result.outcome)) }
                                        td class="num" { @match result.duration_ms { Some(ms) => (duration(ms)), None => (none("no time")) } }
                                        td class="text" { @match &result.message { Some(text) => (text), None => (none("no message")) } }
                                        td class="muted" { (time(result.when)) }
                                    }
                                }
                            }))
                        }
                    }))
                    (panel("proves", "Requirements it proves", i64::try_from(view.requirements.len()).ok(), &html! {
                        @if view.requirements.is_empty() { p class="muted" { "None is linked, so its results prove nothing yet." } }
                        @else { ul class="list" { @for (id, title, proof) in &view.requirements {
                            li { (state(*proof)) a class="grow" data-row href=(paths::requirement(slug(frame), id)) { span class="key" { (id) } " " (title) } }
                        } } }
                        @if view.may_edit {
                            details class="fold" open[!view.link_errors.is_empty()] {
                                summary class="button quiet" { (icon(Icon::Link)) "Link a requirement" }
                                form method="post" action={ (here) "/links" } class="form inline" {
                                    (csrf(frame)) (error_summary("link", &view.link_errors))
                                    (field(&Field { form: "link", name: "requirement", label: "Key of the requirement", value: "", input: Input::Text, required: true, hint: None }, &view.link_errors))
                                    (submit("Link"))
                                }
                            }
                        }
                    }))
                    @if !view.defects.is_empty() {
                        (panel("defects", "Defects it found", i64::try_from(view.defects.len()).ok(), &html! {
                            ul class="list" { @for (id, title, status) in &view.defects {
                                li { (state(*status)) (key(id)) a class="grow" href=(paths::defect(slug(frame), id)) { (title) } }
                            } }
                        }))
                    }
                }
                aside aria-label="Facts" {
                    (facts(&[
                        ("Level", html! { (view.level.word()) }),
                        ("Status", state(view.status)),
                        ("Latest", view.results.first().map_or_else(|| none("never run"), |result| state(result.outcome))),
                        ("Trend", if view.trend.is_empty() { none("never run") } else { sparkline(&trend_words(&view.trend), &view.trend) }),
                    ]))
                }
            }
        },
    )
}
