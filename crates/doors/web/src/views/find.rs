//! Search as a page: the palette for those without script, and for more results than the palette holds.

use maud::{Markup, html};

use crate::components::{Empty, Head, empty, head, key};
use crate::icons::Icon;
use crate::layout::{Frame, page as framed};
use crate::paths;

/// What the search page shows.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// The text looked for.
    pub query: String,
    /// What was found, best first.
    pub hits: Vec<Hit>,
}

/// One thing found; also one entry of the palette's JSON.
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
        "Find",
        &[],
        &html! {
            (head(&Head { title: "Find", ..Head::default() }))
            form method="get" action=(paths::FIND) class="form inline" role="search" aria-label="Find" {
                div class="field" {
                    label for="find-q" { "A key, a name or words from a text" }
                    input id="find-q" name="q" type="search" value=(view.query) data-filter;
                }
                button class="button main" { "Find" }
            }
            @if view.query.is_empty() {
                p class="muted" { "Records of every project you can see are searched." }
            } @else if view.hits.is_empty() {
                (empty(&Empty { glyph: Icon::Search, title: "Nothing found", text: "Try fewer or shorter words, or a key such as REQ-42.", command: None, link: None }))
            } @else {
                ul class="list" {
                    @for hit in &view.hits {
                        li { (key(&hit.kind)) a class="grow" data-row href=(hit.href) { (hit.label) } span class="muted" { (hit.hint) } }
                    }
                }
            }
        },
    )
}
