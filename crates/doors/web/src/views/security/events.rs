//! The list of security events.

use maud::{Markup, html};

use super::{Clock, clock};
use crate::components::{
    Column, Empty, Filters, Head, Pager, empty, filter_bar, head, link_button, none, pager, table,
};
use crate::format::{When, thousands, time};
use crate::icons::Icon;
use crate::layout::{Frame, page as framed};
use crate::paths;
use crate::state::{EventStatus, Severity, state};

/// What the list shows.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// Severity, state, kind, what has to be seen to, and text.
    pub filters: Filters,
    /// The rows of this page.
    pub rows: Vec<Row>,
    /// Where the list goes on.
    pub pager: Pager,
    /// Whether this person may see the rules.
    pub may_see_rules: bool,
}

/// One event.
#[derive(Debug, Clone)]
pub struct Row {
    /// Its identifier.
    pub id: String,
    /// What it is.
    pub title: String,
    /// Its kind, in words.
    pub kind: String,
    /// How bad it is.
    pub severity: Severity,
    /// How it stands.
    pub status: EventStatus,
    /// Whether it is handled as an incident.
    pub is_incident: bool,
    /// How much was counted.
    pub count: i64,
    /// When it happened last.
    pub last: When,
    /// Until when the authority has to be told.
    pub clock: Option<Clock>,
    /// Who sees to it.
    pub assigned_to: Option<String>,
}

/// The list page.
#[must_use]
pub fn page(frame: &Frame, view: &View) -> Markup {
    let heads = [
        Column::text("Event"),
        Column::text("Severity"),
        Column::text("State"),
        Column::number("Counted"),
        Column::text("Authority"),
        Column::text("Assigned to"),
        Column::text("Last seen"),
    ];
    let rules = view.may_see_rules.then(|| link_button("Rules", paths::SECURITY_RULES, Some(Icon::ListChecks), false));
    framed(
        frame,
        "Security events",
        &[],
        &html! {
            (head(&Head { title: "Security events", sub: Some(html! { "What may be an attack or a leak, until somebody has closed it" }), actions: rules, ..Head::default() }))
            (filter_bar(&view.filters))
            @if view.rows.is_empty() && view.filters.narrowed() {
                (empty(&Empty { glyph: Icon::Search, title: "No security event fits these filters", text: "Take one away, or start again.", command: None, link: Some(("Clear the filters", view.filters.action.clone())) }))
            } @else if view.rows.is_empty() {
                (empty(&Empty { glyph: Icon::ShieldCheck, title: "Nothing was seen", text: "The server looks every minute. To have it look now:", command: Some("throughline security scan".to_owned()), link: None }))
            } @else {
                (table("Security events", &heads, &html! {
                    @for row in &view.rows {
                        tr {
                            td class="title" { a data-row href=(paths::security_event(&row.id)) { (row.title) } p class="muted" { (row.kind) @if row.is_incident { " · incident" } } }
                            td { (state(row.severity)) }
                            td { (state(row.status)) }
                            td class="num" { (thousands(row.count)) }
                            td { (clock(row.clock)) }
                            td class="text" { @match &row.assigned_to { Some(name) => (name), None => (none("nobody")) } }
                            td class="muted" { (time(row.last)) }
                        }
                    }
                }))
                (pager(&view.pager))
            }
        },
    )
}
