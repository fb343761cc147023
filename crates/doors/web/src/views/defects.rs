//! The list of defects, and the form that records one.

use maud::{Markup, html};

use super::{at, slug};
use crate::components::{
    Column, Empty, Field, Filters, FormErrors, Head, Input, Pager, downloads, empty, error_summary, field, filter_bar,
    head, hidden, key, none, pager, submit, table,
};
use crate::format::{When, time};
use crate::icons::Icon;
use crate::layout::{Frame, csrf, page as framed, state_options};
use crate::paths;
use crate::state::{DefectStatus, Level, state};

/// What the list shows.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// Status, severity, owner and text.
    pub filters: Filters,
    /// Column heads in the order of [`COLUMNS`]; leave empty for heads that do not sort.
    pub columns: Vec<Column>,
    /// The rows of this page.
    pub rows: Vec<Row>,
    /// Where the list goes on.
    pub pager: Pager,
    /// Whether this person may record one.
    pub may_create: bool,
    /// What was entered.
    pub entered: Entered,
    /// The failing result it is recorded from: its identifier and what it is called.
    pub result: Option<(String, String)>,
    /// Whether the form is open, because somebody asked for it.
    pub open: bool,
    /// Where the same rows are as CSV.
    pub export: String,
    /// What was refused about it.
    pub errors: FormErrors,
}

/// What was entered about a new defect.
#[derive(Debug, Clone, Default)]
pub struct Entered {
    /// Its title.
    pub title: String,
    /// The code of its severity.
    pub severity: String,
    /// What is wrong.
    pub description: String,
    /// How to see it.
    pub steps: String,
}

/// The columns' titles.
pub const COLUMNS: [&str; 7] = ["Key", "Defect", "Status", "Severity", "Requirement", "Owner", "Changed"];

/// One defect.
#[derive(Debug, Clone)]
pub struct Row {
    /// Its key.
    pub key: String,
    /// Its title.
    pub title: String,
    /// Where it stands.
    pub status: DefectStatus,
    /// How much it hurts.
    pub severity: Level,
    /// Key of the requirement it hurts.
    pub requirement: Option<String>,
    /// Who looks after it.
    pub owner: Option<String>,
    /// When it changed last.
    pub updated: When,
}

/// The list page.
#[must_use]
pub fn page(frame: &Frame, view: &View) -> Markup {
    let heads = if view.columns.is_empty() { COLUMNS.map(Column::text).to_vec() } else { view.columns.clone() };
    let one =
        |name, label, value, input, required| Field { form: "new", name, label, value, input, required, hint: None };
    framed(
        frame,
        "Defects",
        &[],
        &html! {
            (head(&Head { title: "Defects", sub: Some(html! { "What does not do what was asked" }), actions: (!view.rows.is_empty()).then(|| downloads(&view.export)), ..Head::default() }))
            @if view.may_create {
                details class="fold" data-create open[view.open || view.result.is_some() || !view.errors.is_empty()] {
                    summary class="button main" { "New defect" }
                    form method="post" action=(at(frame, "defects")) class="form box" {
                        (csrf(frame)) (error_summary("new", &view.errors))
                        @if let Some((id, what)) = &view.result { (hidden("test_result_id", id)) p class="muted" { "Recorded from " (what) "." } }
                        (field(&one("title", "Title", &view.entered.title, Input::Text, true), &view.errors))
                        (field(&one("severity", "Severity", &view.entered.severity, Input::Select(state_options::<Level>()), false), &view.errors))
                        (field(&one("description", "What is wrong", &view.entered.description, Input::Area { rows: 3 }, false), &view.errors))
                        (field(&one("reproduction_steps", "How to see it", &view.entered.steps, Input::Area { rows: 3 }, false), &view.errors))
                        div { (submit("Record")) }
                    }
                }
            }
            (filter_bar(&view.filters))
            @if view.rows.is_empty() && view.filters.narrowed() {
                (empty(&Empty { glyph: Icon::Search, title: "No defect fits these filters", text: "Take one away, or start again.", command: None, link: Some(("Clear the filters", view.filters.action.clone())) }))
            } @else if view.rows.is_empty() {
                (empty(&Empty { glyph: Icon::Bug, title: "No defect is known", text: "Record one here, or from a failing test result. Look at what fails first:", command: None, link: Some(("Failing tests", format!("{}?outcome=failed", at(frame, "tests")))) }))
            } @else {
                (table("Defects", &heads, &html! {
                    @for row in &view.rows {
                        tr {
                            td { (key(&row.key)) }
                            td class="title" { a data-row href=(paths::defect(slug(frame), &row.key)) { (row.title) } }
                            td { (state(row.status)) }
                            td { (state(row.severity)) }
                            td { @match &row.requirement { Some(id) => a class="key" href=(paths::requirement(slug(frame), id)) { (id) }, None => (none("no requirement")) } }
                            td { @match &row.owner { Some(owner) => (owner), None => (none("nobody")) } }
                            td class="muted" { (time(row.updated)) }
                        }
                    }
                }))
                (pager(&view.pager))
            }
        },
    )
}
