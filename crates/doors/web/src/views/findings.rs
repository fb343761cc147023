//! The list of what scanners found.

use maud::{Markup, html};

use super::{at, slug};
use crate::components::{
    Column, Empty, Filters, Head, Pager, empty, filter_bar, head, link_button, none, pager, table,
};
use crate::format::{When, time};
use crate::icons::Icon;
use crate::layout::{Frame, page as framed};
use crate::paths;
use crate::state::{FindingState, Severity, state};

/// What the list shows.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// State, severity, tool and text.
    pub filters: Filters,
    /// The rows of this page.
    pub rows: Vec<Row>,
    /// Where the list goes on.
    pub pager: Pager,
}

/// One finding.
#[derive(Debug, Clone)]
pub struct Row {
    /// Its identifier.
    pub id: String,
    /// What the rule is about.
    pub title: String,
    /// How bad it is.
    pub severity: Severity,
    /// Where it stands now.
    pub state: FindingState,
    /// File and line.
    pub place: Option<String>,
    /// The tool that found it.
    pub tool: String,
    /// The rule that was broken.
    pub rule: Option<String>,
    /// When it was last reported.
    pub seen: When,
}

/// The list page.
#[must_use]
pub fn page(frame: &Frame, view: &View) -> Markup {
    let heads = ["Finding", "State", "Severity", "Where", "Tool and rule", "Last seen"].map(Column::text);
    framed(
        frame,
        "Findings",
        &[],
        &html! {
            (head(&Head { title: "Findings", sub: Some(html! { "What scanners found, each once for all their reports" }), actions: Some(html! { (link_button("Where does a vulnerability run?", paths::EXPOSURE, Some(Icon::ScanEye), false)) (link_button("Import a report", &at(frame, "import"), Some(Icon::Upload), false)) }), ..Head::default() }))
            (filter_bar(&view.filters))
            @if view.rows.is_empty() && view.filters.narrowed() {
                (empty(&Empty { glyph: Icon::Search, title: "No finding fits these filters", text: "Take one away, or start again.", command: None, link: Some(("Clear the filters", view.filters.action.clone())) }))
            } @else if view.rows.is_empty() {
                (empty(&Empty { glyph: Icon::TriangleAlert, title: "No scanner has found anything", text: "Import the SARIF log of a scanner; what it no longer reports is fixed by itself:", command: Some(format!("throughline import --project {} --build 1 scan.sarif", slug(frame))), link: None }))
            } @else {
                (table("Findings", &heads, &html! {
                    @for row in &view.rows {
                        tr {
                            td class="title" { a data-row href=(paths::finding(slug(frame), &row.id)) { (row.title) } }
                            td { (state(row.state)) }
                            td { (state(row.severity)) }
                            td class="text" { @match &row.place { Some(place) => code { (place) }, None => (none("nowhere in particular")) } }
                            td class="text" { (row.tool) @if let Some(rule) = &row.rule { " " code { (rule) } } }
                            td class="muted" { (time(row.seen)) }
                        }
                    }
                }))
                (pager(&view.pager))
            }
        },
    )
}
