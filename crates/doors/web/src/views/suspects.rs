//! Suspect links: which they are, what has changed, and accepting several with one reason.

use maud::{Markup, html};

use super::{at, slug};
use crate::components::{
    Column, Empty, Field, FormErrors, Head, Input, Pager, empty, field, head, pager, submit, table,
};
use crate::format::{When, plural, time};
use crate::icons::Icon;
use crate::layout::{Frame, csrf, page as framed};
use crate::paths;

/// What the page shows.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// The key of the record whose links are shown; `None`: all of the project.
    pub of: Option<String>,
    /// The links, those that have waited longest first.
    pub rows: Vec<Row>,
    /// Where the list goes on.
    pub pager: Pager,
    /// Whether this person may accept them.
    pub may_accept: bool,
}

/// One link.
#[derive(Debug, Clone)]
pub struct Row {
    /// Its identifier.
    pub id: String,
    /// Where it starts: what it is called, and its page.
    pub source: (String, Option<String>),
    /// How the source stands to the target.
    pub link_type: String,
    /// Where it leads: what it is called, and its page.
    pub target: (String, Option<String>),
    /// The criterion that is meant, by its place.
    pub criterion: Option<i64>,
    /// What says something else than what was accepted, in words.
    pub changed: String,
    /// Since when.
    pub since: When,
}

/// A sentence that leads from a record with suspect links to them; nothing when it has none.
#[must_use]
pub fn notice(frame: &Frame, key: &str, count: i64) -> Markup {
    html! {
        @if count > 0 {
            p class="says warn" { a href=(paths::asking(&at(frame, "suspects"), &[("record", key)])) { (plural(count, "suspect link", "suspect links")) } ": an end has changed since somebody looked." }
        }
    }
}

/// The page.
#[must_use]
pub fn page(frame: &Frame, view: &View) -> Markup {
    let all = at(frame, "suspects");
    let title = view.of.as_ref().map_or_else(|| "Suspect links".to_owned(), |key| format!("Suspect links of {key}"));
    framed(
        frame,
        &title,
        &[],
        &html! {
            (head(&Head { title: &title, sub: Some(html! { "Links of which an end says something else than when somebody last looked" }), ..Head::default() }))
            @if view.rows.is_empty() {
                (empty(&Empty {
                    glyph: Icon::CircleCheck, title: "No link is suspect",
                    text: "When a requirement, a criterion, a feature, a test or a defect is reworded, its links come here until somebody has looked at them.",
                    command: None, link: Some(("The matrix", paths::section(slug(frame), "matrix"))),
                }))
            } @else {
                form method="post" action=(all) class="form" {
                    (csrf(frame))
                    @if let Some(key) = &view.of { input type="hidden" name="record" value=(key); }
                    (table("Suspect links", &[Column::text("Accept"), Column::text("Link"), Column::text("What has changed"), Column::text("Since")], &html! {
                        @for row in &view.rows {
                            tr {
                                td { @if view.may_accept { input type="checkbox" name="link" value=(row.id) aria-label={ "Accept " (row.source.0) " " (row.link_type) " " (row.target.0) }; } }
                                td class="text" { (end(&row.source)) " " (row.link_type) " " (end(&row.target)) @if let Some(place) = row.criterion { ", criterion " (place) } }
                                td class="text" { (row.changed) }
                                td class="muted" { (time(row.since)) }
                            }
                        }
                    }))
                    @if view.may_accept {
                        (field(&Field { form: "accept", name: "reason", label: "Why they hold in spite of the change", value: "", input: Input::Text, required: true, hint: Some("One reason for all that are chosen. It is kept with each of them.") }, &FormErrors::default()))
                        div class="do" { (submit("Accept those chosen")) }
                    }
                }
                (pager(&view.pager))
            }
        },
    )
}

fn end((name, href): &(String, Option<String>)) -> Markup {
    html! { @match href { Some(href) => a class="key" href=(href) { (name) }, None => span class="key" { (name) } } }
}
