//! The traceability matrix: requirements against the tests that prove them, gaps first, and where they run.

use maud::{Markup, html};

use super::{at, slug};
use crate::components::{
    Column, Counts, Empty, Figure, Filters, Head, Pager, downloads, empty, figures, filter_bar, head, key, link_button,
    none, pager, result_bar, table,
};
use crate::icons::Icon;
use crate::layout::{Frame, page as framed};
use crate::paths;
use crate::state::{ProofState, Shown, TestLevel, state};

/// What the matrix shows.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// The build the figures are about, in words; `None` before the first.
    pub build: Option<Markup>,
    /// Share of criteria proven, requirements with gaps, failing, pass rate.
    pub figures: Vec<Figure>,
    /// Status, priority, state, owner and text, and the order.
    pub filters: Filters,
    /// The test levels that occur, one column each.
    pub levels: Vec<TestLevel>,
    /// The environments, one column each, in the order things travel through them.
    pub environments: Vec<String>,
    /// The requirements, gaps first unless sorted otherwise.
    pub rows: Vec<Row>,
    /// Where the list goes on.
    pub pager: Pager,
    /// The same filter as CSV.
    pub csv_href: String,
}

/// One requirement's line of evidence.
#[derive(Debug, Clone)]
pub struct Row {
    /// Its key.
    pub key: String,
    /// Its title.
    pub title: String,
    /// What the evidence says.
    pub state: ProofState,
    /// Criteria proven, and criteria.
    pub criteria: (i64, i64),
    /// Latest results by level, as long as `levels`; `None` where it has no test.
    pub results: Vec<Option<Counts>>,
    /// The version by environment, as long as `environments`; `None` where it does not run.
    pub deployed: Vec<Option<String>>,
    /// What somebody should see to, in a few words.
    pub attention: Option<String>,
}

/// The matrix page.
#[must_use]
pub fn page(frame: &Frame, view: &View) -> Markup {
    let columns: Vec<Column> = ["Key", "Requirement", "State"]
        .iter()
        .map(|title| Column::text(title))
        .chain([Column::number("Criteria")])
        .chain(view.levels.iter().map(|level| Column::text(level.word())))
        .chain(view.environments.iter().map(|name| Column::text(name)))
        .chain([Column::text("Needs attention")])
        .collect();
    framed(
        frame,
        "Traceability matrix",
        &[],
        &html! {
            (head(&Head {
                title: "Traceability matrix",
                sub: Some(html! { "Requirements against what proves them" @if let Some(build) = &view.build { ", in " (build) } }),
                actions: Some(html! {
                    (link_button("Other kinds", &format!("{}/kinds", at(frame, "matrix")), None, false)) " "
                    (link_button("Link records", &at(frame, "links"), None, false)) " "
                    (downloads(&view.csv_href))
                }),
                ..Head::default()
            }))
            @if !view.figures.is_empty() { (figures(&view.figures)) }
            (filter_bar(&view.filters))
            @if view.rows.is_empty() && view.filters.narrowed() {
                (empty(&Empty { glyph: Icon::Search, title: "No requirement fits these filters", text: "Take one away, or start again.", command: None, link: Some(("Clear the filters", view.filters.action.clone())) }))
            } @else if view.rows.is_empty() {
                (empty(&Empty {
                    glyph: Icon::Grid3x3, title: "The matrix begins with a requirement",
                    text: "Write one, or bring them in from Markdown files; then import test reports that name them.",
                    command: Some(format!("throughline import --project {} docs/requirements/*.md reports/*.xml", slug(frame))),
                    link: Some(("Write a requirement", at(frame, "requirements"))),
                }))
            } @else {
                (table("Traceability matrix", &columns, &html! { @for row in &view.rows { (line(frame, row)) } }))
                (pager(&view.pager))
            }
        },
    )
}

fn line(frame: &Frame, row: &Row) -> Markup {
    html! {
        tr {
            td { (key(&row.key)) }
            td class="title" { a data-row href=(paths::requirement(slug(frame), &row.key)) { (row.title) } }
            td { (state(row.state)) }
            td class="num" { (row.criteria.0) "/" (row.criteria.1) }
            @for counts in &row.results { td { @match counts { Some(counts) => (result_bar(*counts)), None => (none("no test")) } } }
            @for version in &row.deployed { td { @match version { Some(version) => (key(version)), None => (none("not deployed")) } } }
            td { @match &row.attention { Some(text) => span class={ "says " (row.state.tone().class()) } { (text) }, None => (none("nothing")) } }
        }
    }
}
