//! The reference of the API: what it has, and each call with its parameters, its fields and a line to try it with.

use maud::{Markup, html};

use crate::components::{Column, Head, head, key, none, panel, table};
use crate::layout::{Frame, page as framed};
use crate::paths;

/// What the reference shows.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// What the API is about, as paragraphs.
    pub about: String,
    /// Its version.
    pub version: String,
    /// Every collection.
    pub collections: Vec<Collection>,
    /// The one that is open, with its calls; `None` on the first page.
    pub open: Option<(Collection, Vec<Call>)>,
}

/// A collection of the API.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Collection {
    /// Its name in addresses.
    pub name: String,
    /// What is in it.
    pub about: String,
    /// How many calls it has.
    pub calls: i64,
}

/// One call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Call {
    /// Its name in the description, unique.
    pub id: String,
    /// `GET`, `POST` and so on.
    pub method: String,
    /// Its path, with parameters in braces.
    pub path: String,
    /// What it does, in a sentence.
    pub summary: String,
    /// More about it.
    pub description: String,
    /// Parameters of path, query and headers.
    pub parameters: Vec<Field>,
    /// The fields of its body, if it takes one, and the body's media type.
    pub body: Option<(String, Vec<Field>)>,
    /// Status, what it means, and the type of the answer.
    pub answers: Vec<(String, String, String)>,
    /// A command that makes the call.
    pub curl: String,
}

/// A parameter or a field.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// `path`, `query`, `header`; empty for the field of a body.
    pub place: String,
    /// Its type in words.
    pub kind: String,
    /// Whether it must be given.
    pub required: bool,
    /// What it means.
    pub about: String,
}

/// The address of a collection in the reference.
#[must_use]
pub fn address(collection: &str) -> String {
    format!("{}/{}", paths::DOCS, paths::segment(collection))
}

/// The page.
#[must_use]
pub fn page(frame: &Frame, view: &View) -> Markup {
    match &view.open {
        None => index(frame, view),
        Some((collection, calls)) => reference(frame, view, collection, calls),
    }
}

fn index(frame: &Frame, view: &View) -> Markup {
    framed(
        frame,
        "API reference",
        &[],
        &html! {
            (head(&Head {
                title: "API reference",
                sub: Some(html! { "Version " (view.version) ", described in " a href="/openapi.json" { "OpenAPI 3.1" } }),
                ..Head::default()
            }))
            (crate::format::prose(&view.about))
            (panel("start", "Begin", None, &html! {
                p class="text" { "Make a token on the page " a href=(paths::TOKENS) { "API tokens" } " and send it with every call:" }
                div class="command" { code { "curl -H \"Authorization: Bearer $THROUGHLINE_TOKEN\" \"$THROUGHLINE_URL/v1/me\"" } }
            }))
            (panel("collections", "Collections", i64::try_from(view.collections.len()).ok(), &html! {
                (table("Collections", &[Column::text("Name"), Column::text("What is in it"), Column::number("Calls")], &html! {
                    @for one in &view.collections {
                        tr { td { a data-row class="key" href=(address(&one.name)) { (one.name) } } td class="text" { (one.about) } td class="num" { (one.calls) } }
                    }
                }))
            }))
        },
    )
}

fn reference(frame: &Frame, view: &View, collection: &Collection, calls: &[Call]) -> Markup {
    framed(
        frame,
        &collection.name,
        &[("API reference".to_owned(), paths::DOCS.to_owned())],
        &html! {
            (head(&Head { title: &collection.name, sub: Some(html! { (collection.about) }), ..Head::default() }))
            div class="two docs" {
                div {
                    ul class="list" { @for one in calls {
                        li { span class="key" { (one.method) } a class="grow" href={ "#" (one.id) } { (one.summary) } span class="key" { (one.path) } }
                    } }
                    @for one in calls { (call(one)) }
                }
                aside aria-label="Collections" {
                    nav aria-label="Collections of the API" { ul class="list" { @for one in &view.collections {
                        li { a class="grow" href=(address(&one.name)) aria-current=[(one.name == collection.name).then_some("page")] { (one.name) } }
                    } } }
                }
            }
        },
    )
}

fn call(one: &Call) -> Markup {
    html! {
        section class="part call" aria-labelledby=(one.id) {
            h2 id=(one.id) { (one.summary) }
            p { span class="key" { b { (one.method) } " " (one.path) } }
            @if !one.description.is_empty() { p class="text" { (one.description) } }
            @if !one.parameters.is_empty() { (fields(&format!("Parameters of {}", one.id), "Parameters", &one.parameters)) }
            @if let Some((media, list)) = &one.body {
                p class="muted" { "The body is " (key(media)) "." }
                @if !list.is_empty() { (fields(&format!("Body of {}", one.id), "Body", list)) }
            }
            (table(&format!("Answers of {}", one.id), &[Column::text("Answer"), Column::text("When"), Column::text("What comes")], &html! {
                @for (status, about, kind) in &one.answers {
                    tr { td { (key(status)) } td class="text" { (about) } td { @if kind.is_empty() { (none("nothing")) } @else { (key(kind)) } } }
                }
            }))
            div class="command" { code { (one.curl) } }
        }
    }
}

fn fields(label: &str, title: &str, list: &[Field]) -> Markup {
    table(
        label,
        &[Column::text(title), Column::text("Type"), Column::text("What it means")],
        &html! {
            @for field in list {
                tr {
                    td { (key(&field.name)) @if field.required { " " span class="says warn" { "required" } }
                        @if !field.place.is_empty() { br; span class="muted" { "in the " (field.place) } } }
                    td { (key(&field.kind)) }
                    td class="text" { (field.about) }
                }
            }
        },
    )
}
