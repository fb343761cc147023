//! The list of requirements: filters and sort in the URL, and a form that needs a title alone.

use maud::{Markup, html};

use super::{at, slug};
use crate::components::{
    Column, Empty, Field, Filters, FormErrors, Head, Input, Pager, downloads, empty, error_summary, field, filter_bar,
    head, key, link_button, none, pager, submit, table,
};
use crate::format::{When, time};
use crate::icons::Icon;
use crate::layout::{Frame, csrf, page as framed};
use crate::paths;
use crate::state::{Level, ProofState, RequirementStatus, state};

/// What the list shows.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// Status, priority, state, owner and text.
    pub filters: Filters,
    /// Column heads in the order of [`COLUMNS`]; leave empty for heads that do not sort.
    pub columns: Vec<Column>,
    /// The rows of this page.
    pub rows: Vec<Row>,
    /// Where the list goes on.
    pub pager: Pager,
    /// The current filter as CSV.
    pub csv_href: String,
    /// Whether this person may create one.
    pub may_create: bool,
    /// The title entered.
    pub title: String,
    /// What was refused about it.
    pub errors: FormErrors,
}

/// The columns' titles.
pub const COLUMNS: [&str; 7] = ["Key", "Requirement", "State", "Status", "Priority", "Owner", "Changed"];

/// One requirement.
#[derive(Debug, Clone)]
pub struct Row {
    /// Its key.
    pub key: String,
    /// Its title.
    pub title: String,
    /// What the evidence says.
    pub proof: ProofState,
    /// Criteria proven, and criteria.
    pub criteria: (i64, i64),
    /// Where it stands.
    pub status: RequirementStatus,
    /// How soon it is wanted.
    pub priority: Option<Level>,
    /// Who looks after it.
    pub owner: Option<String>,
    /// When it changed last.
    pub updated: When,
}

/// The list page.
#[must_use]
pub fn page(frame: &Frame, view: &View) -> Markup {
    let heads = if view.columns.is_empty() { COLUMNS.map(Column::text).to_vec() } else { view.columns.clone() };
    framed(
        frame,
        "Requirements",
        &[],
        &html! {
            (head(&Head {
                title: "Requirements",
                sub: Some(html! { "What is asked for, and what the evidence says about it" }),
                actions: Some(html! { (downloads(&view.csv_href)) (link_button("ReqIF", &at(frame, "requirements.reqif"), Some(Icon::Download), false)) (link_button("REQIFZ", &at(frame, "requirements.reqifz"), Some(Icon::Download), false)) }),
                ..Head::default()
            }))
            @if view.may_create {
                details class="fold" data-create open[!view.errors.is_empty()] {
                    summary class="button main" { "New requirement" }
                    div class="box" {
                        form method="post" action=(at(frame, "requirements")) class="form inline" {
                            (csrf(frame)) (error_summary("new", &view.errors))
                            (field(&Field { form: "new", name: "title", label: "Title", value: &view.title, input: Input::Text, required: true, hint: None }, &view.errors))
                            (submit("Create"))
                        }
                    }
                }
            }
            (filter_bar(&view.filters))
            @if view.rows.is_empty() && view.filters.narrowed() {
                (empty(&Empty { glyph: Icon::Search, title: "No requirement fits these filters", text: "Take one away, or start again.", command: None, link: Some(("Clear the filters", view.filters.action.clone())) }))
            } @else if view.rows.is_empty() {
                (empty(&Empty {
                    glyph: Icon::ListChecks, title: "No requirement yet",
                    text: "Write the first one above; its title is enough. Requirements kept as Markdown files come in with:",
                    command: Some(format!("throughline import --project {} docs/requirements/*.md", slug(frame))), link: None,
                }))
            } @else {
                (table("Requirements", &heads, &html! {
                    @for row in &view.rows {
                        tr {
                            td { (key(&row.key)) }
                            td class="title" { a data-row href=(paths::requirement(slug(frame), &row.key)) { (row.title) } }
                            td { (state(row.proof)) " " span class="n" { (row.criteria.0) "/" (row.criteria.1) } }
                            td { (state(row.status)) }
                            td { @match row.priority { Some(level) => (state(level)), None => (none("no priority")) } }
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
