//! One service: what it offers, as its descriptions say.

use maud::{Markup, html};

use crate::components::{Column, Empty, Filters, Head, Pager, empty, facts, filter_bar, head, none, pager, table};
use crate::format::{When, plural, prose, time};
use crate::icons::Icon;
use crate::layout::{Frame, page as framed};
use crate::paths;
use crate::state::{Tone, state_as};

/// What the page shows.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// What people call it.
    pub name: String,
    /// What kind of program it is.
    pub kind: String,
    /// Its status, as it is stored.
    pub status: String,
    /// What it is for.
    pub description: Option<String>,
    /// Who looks after it.
    pub team: Option<String>,
    /// Its descriptions.
    pub documents: Vec<Document>,
    /// Standing and text.
    pub filters: Filters,
    /// The operations of this page.
    pub rows: Vec<Row>,
    /// Where the list goes on.
    pub pager: Pager,
}

/// A description of its interface.
#[derive(Debug, Clone)]
pub struct Document {
    /// What it calls itself.
    pub title: String,
    /// The version of the interface.
    pub version: Option<String>,
    /// What it is written in.
    pub specification: String,
    /// Where it says that the interface is served; text of a stranger, so no link.
    pub servers: Vec<String>,
    /// Operations that are offered now.
    pub operations: i64,
    /// When it last said something new.
    pub when: When,
}

/// An operation.
#[derive(Debug, Clone)]
pub struct Row {
    /// How it is called.
    pub method: String,
    /// The path.
    pub path: String,
    /// `operationId`.
    pub code: Option<String>,
    /// What it does, in a line.
    pub summary: Option<String>,
    /// Its groups.
    pub tags: Vec<String>,
    /// Whether callers are told to stop using it.
    pub is_deprecated: bool,
    /// Whether its description no longer has it.
    pub is_gone: bool,
    /// Media types of what it takes.
    pub takes: Vec<String>,
    /// Media types of what it answers with.
    pub answers: Vec<String>,
    /// When an import last said something new about it.
    pub changed: When,
}

/// The status of a service.
pub(super) fn standing(status: &str) -> Markup {
    match status {
        "active" => state_as(Tone::Good, "Active"),
        "planned" => state_as(Tone::Idle, "Planned"),
        "deprecated" => state_as(Tone::Warn, "Deprecated"),
        _ => state_as(Tone::Idle, "Retired"),
    }
}

fn operation(row: &Row) -> Markup {
    match (row.is_gone, row.is_deprecated) {
        (true, _) => state_as(Tone::Bad, "Gone"),
        (_, true) => state_as(Tone::Warn, "Deprecated"),
        _ => state_as(Tone::Good, "Offered"),
    }
}

fn media(list: &[String], missing: &str) -> Markup {
    html! { @if list.is_empty() { (none(missing)) } @else { code { (list.join(", ")) } } }
}

/// The page.
#[must_use]
pub fn page(frame: &Frame, view: &View) -> Markup {
    let heads = ["Operation", "Standing", "What it does", "Tags", "Takes", "Answers with", "Changed"].map(Column::text);
    framed(
        frame,
        &view.name,
        &[("Services".to_owned(), paths::SERVICES.to_owned())],
        &html! {
            (head(&Head { title: &view.name, sub: Some(html! { (standing(&view.status)) " · " (view.kind) }), ..Head::default() }))
            @if let Some(text) = &view.description { (prose(text)) }
            (facts(&[("Team", view.team.as_ref().map_or_else(|| none("nobody in particular"), |team| html! { (team) }))]))
            @if !view.documents.is_empty() {
                section class="part" {
                    h2 id="descriptions" { "Descriptions" }
                    ul class="list" { @for one in &view.documents {
                        li {
                            span class="grow" { (one.title) @if let Some(version) = &one.version { " " (version) } ", " (one.specification) ", " (plural(one.operations, "operation", "operations"))
                                @for server in &one.servers { ", " code { (server) } } }
                            span class="muted" { (time(one.when)) }
                        }
                    } }
                }
            }
            section class="part" {
                h2 id="operations" { "Operations" }
                @if view.documents.is_empty() {
                    (empty(&Empty { glyph: Icon::Link, title: "Nobody has described what it offers", text: "Import its OpenAPI description, whose title is the name of the service:", command: Some("throughline import --project KEY openapi.yaml".to_owned()), link: None }))
                } @else {
                    (filter_bar(&view.filters))
                    @if view.rows.is_empty() {
                        (empty(&Empty { glyph: Icon::Search, title: "No operation fits these filters", text: "Take one away, or start again.", command: None, link: Some(("Clear the filters", view.filters.action.clone())) }))
                    } @else {
                        (table("Operations", &heads, &html! {
                            @for row in &view.rows {
                                tr {
                                    td class="title" { code { (row.method) " " (row.path) } @if let Some(code) = &row.code { span class="sub" { (code) } } }
                                    td { (operation(row)) }
                                    td class="text" { @match &row.summary { Some(text) => (text), None => (none("its description does not say")) } }
                                    td class="text" { @if row.tags.is_empty() { (none("no tag")) } @else { (row.tags.join(", ")) } }
                                    td class="text" { (media(&row.takes, "no body is described")) }
                                    td class="text" { (media(&row.answers, "no body is described")) }
                                    td class="muted" { (time(row.changed)) }
                                }
                            }
                        }))
                        (pager(&view.pager))
                    }
                }
            }
        },
    )
}
