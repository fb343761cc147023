//! The catalogue of services.

use maud::{Markup, html};

use super::service::standing;
use crate::components::{Column, Empty, Filters, Head, Pager, empty, filter_bar, head, none, pager, table};
use crate::format::{When, thousands, time};
use crate::icons::Icon;
use crate::layout::{Frame, page as framed};
use crate::paths;

/// What the list shows.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// Text.
    pub filters: Filters,
    /// The rows of this page.
    pub rows: Vec<Row>,
    /// Where the list goes on.
    pub pager: Pager,
}

/// One service.
#[derive(Debug, Clone)]
pub struct Row {
    /// Its identifier.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// What kind of program it is.
    pub kind: String,
    /// Its status, as it is stored.
    pub status: String,
    /// Who looks after it.
    pub team: Option<String>,
    /// Operations that it offers.
    pub operations: i64,
    /// When its description last said something new.
    pub described: Option<When>,
}

/// The list page.
#[must_use]
pub fn page(frame: &Frame, view: &View) -> Markup {
    let heads = [
        Column::text("Service"),
        Column::text("Kind"),
        Column::text("Status"),
        Column::text("Team"),
        Column::number("Operations"),
        Column::text("Description changed"),
    ];
    framed(
        frame,
        "Services",
        &[],
        &html! {
            (head(&Head { title: "Services", sub: Some(html! { "What runs and answers others, with what each offers by its OpenAPI description" }), ..Head::default() }))
            (filter_bar(&view.filters))
            @if view.rows.is_empty() && view.filters.narrowed() {
                (empty(&Empty { glyph: Icon::Search, title: "No service fits this text", text: "Take it away, or start again.", command: None, link: Some(("Clear the filters", view.filters.action.clone())) }))
            } @else if view.rows.is_empty() {
                (empty(&Empty { glyph: Icon::Link, title: "No service is known", text: "Import the OpenAPI description of one; what it offers is compared each time it comes again:", command: Some("throughline import --project KEY openapi.yaml".to_owned()), link: None }))
            } @else {
                (table("Services", &heads, &html! {
                    @for row in &view.rows {
                        tr {
                            td class="title" { a data-row href=(paths::service(&row.id)) { (row.name) } }
                            td { (row.kind) }
                            td { (standing(&row.status)) }
                            td class="text" { @match &row.team { Some(team) => (team), None => (none("nobody in particular")) } }
                            td class="num" { @if row.described.is_some() { (thousands(row.operations)) } @else { (none("no description")) } }
                            td class="muted" { @match row.described { Some(when) => (time(when)), None => (none("no description")) } }
                        }
                    }
                }))
                (pager(&view.pager))
            }
        },
    )
}
