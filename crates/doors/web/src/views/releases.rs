//! Releases: what is given to users under one version, and the signed evidence of it.

use maud::{Markup, html};

use super::{evidence, slug};
use crate::components::{Column, Empty, Head, Pager, empty, head, key, none, pager, table};
use crate::format::{When, time};
use crate::icons::Icon;
use crate::layout::{Frame, page as framed};
use crate::paths;
use crate::state::{ReleaseStatus, state};

/// What the page shows.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// The releases, newest first.
    pub rows: Vec<Row>,
    /// Where the list goes on.
    pub pager: Pager,
    /// The evidence; `None` for who may read none.
    pub evidence: Option<evidence::View>,
}

/// One release.
#[derive(Debug, Clone)]
pub struct Row {
    /// As users read it.
    pub version: String,
    /// What people call it.
    pub name: Option<String>,
    /// How it stands.
    pub status: ReleaseStatus,
    /// The number of its build.
    pub build: Option<i64>,
    /// The day it is promised for, in words.
    pub planned: Option<String>,
    /// When it was given out.
    pub released: Option<When>,
    /// When and why it was taken back.
    pub withdrawn: Option<(When, String)>,
}

/// The page.
#[must_use]
pub fn page(frame: &Frame, view: &View) -> Markup {
    framed(
        frame,
        "Releases",
        &[],
        &html! {
            (head(&Head { title: "Releases", sub: Some(html! { "What is given to users under one version, and the proof of it" }), ..Head::default() }))
            @if view.rows.is_empty() {
                (empty(&Empty {
                    glyph: Icon::TicketCheck, title: "Nothing is released yet",
                    text: "A release gives a build the version that users read. Whoever builds it records it with POST /v1/releases; evidence of a build can be made without one.",
                    command: None, link: None,
                }))
            } @else {
                (table("Releases", &[Column::text("Version"), Column::text("Status"), Column::text("Build"), Column::text("Promised for"), Column::text("Given out"), Column::text("Taken back")], &html! {
                    @for row in &view.rows {
                        tr {
                            td class="title" { (key(&row.version)) @if let Some(name) = &row.name { " " (name) } }
                            td { (state(row.status)) }
                            td { @match row.build { Some(number) => a data-row href=(paths::build(slug(frame), number)) { "#" (number) }, None => (none("no build")) } }
                            td { @match &row.planned { Some(day) => (day), None => (none("no day")) } }
                            td class="muted" { @match row.released { Some(when) => (time(when)), None => (none("not yet")) } }
                            td class="text" { @match &row.withdrawn { Some((when, why)) => { (why) " " span class="muted" { (time(*when)) } }, None => (none("not taken back")) } }
                        }
                    }
                }))
                (pager(&view.pager))
            }
            @if let Some(evidence) = &view.evidence { (evidence::part(frame, evidence)) }
        },
    )
}
