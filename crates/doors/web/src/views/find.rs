//! Search as a page: everything that fits, with counts by which to narrow; also what the palette lists.

use kernel::Piece;
use maud::{Markup, html};

use crate::components::{Empty, Head, empty, head, key};
use crate::format::{When, thousands, time};
use crate::icons::{Icon, icon};
use crate::layout::{Frame, page as framed};
use crate::paths;

/// What the search page shows.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// The text looked for.
    pub query: String,
    /// Filters to carry along when the text changes: name and value.
    pub carry: Vec<(String, String)>,
    /// How many records fit.
    pub total: i64,
    /// Whether there are more than were counted.
    pub capped: bool,
    /// Values to narrow by.
    pub facets: Vec<Facet>,
    /// Pages and commands of that name.
    pub places: Vec<Hit>,
    /// Records of this page, best first.
    pub results: Vec<Found>,
    /// The next page.
    pub next: Option<String>,
}

/// What the results can be narrowed by.
#[derive(Debug, Clone, Default)]
pub struct Facet {
    /// What it is called.
    pub label: String,
    /// Its values.
    pub values: Vec<FacetValue>,
}

/// One value of a facet.
#[derive(Debug, Clone, Default)]
pub struct FacetValue {
    /// What it is called.
    pub label: String,
    /// How many results have it.
    pub count: i64,
    /// The page narrowed by it, or without it when it is chosen.
    pub href: String,
    /// Whether the page is narrowed by it.
    pub chosen: bool,
}

/// One record found.
#[derive(Debug, Clone)]
pub struct Found {
    /// Its icon.
    pub glyph: Icon,
    /// What kind it is, in words.
    pub kind: String,
    /// Its key.
    pub key: Option<String>,
    /// Its title in pieces.
    pub title: Vec<Piece>,
    /// The place in its text, in pieces.
    pub excerpt: Vec<Piece>,
    /// Its project.
    pub project: Option<String>,
    /// Its status in words.
    pub status: Option<String>,
    /// When it last changed.
    pub changed: Option<When>,
    /// Its page, or its address in the API until it has one.
    pub href: String,
}

/// One entry of the palette's JSON, and a page or command on the search page.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Hit {
    /// Its title.
    pub label: String,
    /// A quiet word on the right: its project or state.
    pub hint: String,
    /// Its key, or its kind when it has none.
    pub kind: String,
    /// Its page.
    pub href: String,
}

/// The search page.
#[must_use]
pub fn page(frame: &Frame, view: &View) -> Markup {
    framed(
        frame,
        "Search",
        &[],
        &html! {
            (head(&Head { title: "Search", ..Head::default() }))
            form method="get" action=(paths::FIND) class="form inline" role="search" aria-label="Search" {
                div class="field" {
                    label for="find-q" { "A key, a name or words from a text" }
                    input id="find-q" name="q" type="search" maxlength="500" value=(view.query) data-filter;
                }
                @for (name, value) in &view.carry { input type="hidden" name=(name) value=(value); }
                button class="button main" { "Search" }
            }
            @if view.query.is_empty() {
                p class="muted" { "Records of every project you can see are searched. All words must be there; " code { "\"a phrase\"" } ", " code { "or" } " and " code { "-not" } " say more, and the last word may be a beginning." }
            } @else if view.results.is_empty() && view.places.is_empty() {
                (empty(&Empty { glyph: Icon::Search, title: "Nothing found", text: "Try fewer or shorter words, take a filter off, or give a key such as REQ-42.", command: None, link: None }))
                @if view.facets.iter().any(|facet| facet.values.iter().any(|value| value.chosen)) { (facets(&view.facets)) }
            } @else {
                p class="muted" role="status" { (total(view)) }
                div class="two" {
                    div {
                        ul class="list" {
                            @for place in &view.places {
                                li { (key(&place.kind)) a class="grow" data-row href=(place.href) { (place.label) } span class="muted" { (place.hint) } }
                            }
                            @for found in &view.results { (result(found)) }
                        }
                        @if let Some(next) = &view.next { p { a class="button" rel="next" href=(next) { "Next page" } } }
                    }
                    aside aria-label="Narrow the results" { (facets(&view.facets)) }
                }
            }
        },
    )
}

fn total(view: &View) -> String {
    match (view.capped, view.total) {
        (true, total) => format!(
            "More than {} records; the latest come into question. More words find them sooner.",
            thousands(total)
        ),
        (false, 1) => "1 record".to_owned(),
        (false, total) => format!("{} records", thousands(total)),
    }
}

fn result(found: &Found) -> Markup {
    html! {
        li {
            (icon(found.glyph)) span class="muted" { (found.kind) }
            @if let Some(text) = &found.key { (key(text)) }
            a class="grow" data-row href=(found.href) { (pieces(&found.title)) }
            span class="muted" {
                @if let Some(project) = &found.project { (project) }
                @if let Some(status) = &found.status { " · " (status) }
                @if let Some(changed) = found.changed { " · " (time(changed)) }
            }
            @if !found.excerpt.is_empty() { p class="excerpt" { (pieces(&found.excerpt)) } }
        }
    }
}

/// A text with what fits marked. Every piece is escaped; only the marks are ours.
fn pieces(pieces: &[Piece]) -> Markup {
    html! { @for piece in pieces { @if piece.fits { mark { (piece.text) } } @else { (piece.text) } } }
}

fn facets(facets: &[Facet]) -> Markup {
    html! {
        @for facet in facets {
            h2 { (facet.label) }
            ul class="list" {
                @for value in &facet.values {
                    li {
                        a class="grow" href=(value.href) aria-current=[value.chosen.then_some("true")] {
                            (value.label) @if value.chosen { " (take off)" }
                        }
                        span class="muted" { (thousands(value.count)) }
                    }
                }
            }
        }
    }
}
