//! Linking records from a list: look first, then link; and the pairs that a link may join.

use maud::{Markup, html};

use super::{at, slug};
use crate::components::{Column, Field, FormErrors, Head, Input, error_summary, field, head, panel, table};
use crate::layout::{Frame, csrf, page as framed};
use crate::paths;
use crate::state::Tone;

/// What the page shows.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// What is in the field.
    pub text: String,
    /// What came of it, in words.
    pub says: Option<(Tone, String)>,
    /// What was refused as a whole.
    pub errors: FormErrors,
    /// What is wrong, line by line.
    pub faults: Vec<Fault>,
    /// Which kinds of records a link may join.
    pub pairs: Vec<Pair>,
    /// Whether this person may link records here.
    pub may_link: bool,
}

/// A fault of one line.
#[derive(Debug, Clone)]
pub struct Fault {
    /// The line, the head being 1.
    pub line: i64,
    /// The field.
    pub field: String,
    /// What is wrong with it.
    pub detail: String,
}

/// From one kind of record, by one type of link, to others.
#[derive(Debug, Clone)]
pub struct Pair {
    /// The type of link, in words.
    pub link_type: String,
    /// The kind where it starts.
    pub source: String,
    /// The kinds where it leads.
    pub targets: Vec<String>,
    /// What it says.
    pub says: String,
}

/// The page.
#[must_use]
pub fn page(frame: &Frame, view: &View) -> Markup {
    framed(
        frame,
        "Link records",
        &[("Traceability matrix".to_owned(), at(frame, "matrix"))],
        &html! {
            (head(&Head { title: "Link records", sub: Some(html! { "Many at once, by the keys people use: all of them or none" }), ..Head::default() }))
            @if let Some((tone, text)) = &view.says { div class={ "flash" @if matches!(tone, Tone::Bad) { " bad" } } role="status" { p { (text) } } }
            @if view.may_link {
                (error_summary("links", &view.errors))
                form method="post" action=(at(frame, "links")) class="form" {
                    (csrf(frame))
                    (field(&Field {
                        form: "links", name: "csv", label: "Links as CSV", value: &view.text, input: Input::Area { rows: 10 }, required: true,
                        hint: Some("The first line names the columns: source, link_type, target, criterion. A source or target is a key such as REQ-12 or TC-3, the hash of a commit, or the name of a test; REQ-12.3 is a criterion. Without a type the usual one is taken."),
                    }, &view.errors))
                    div class="do" {
                        button class="button" name="do" value="check" { "Look, and store nothing" }
                        " "
                        button class="button main" name="do" value="link" { "Link them" }
                    }
                }
            } @else {
                p class="muted" { "You may see links here and make none." }
            }
            @if !view.faults.is_empty() { (panel("faults", "What to mend", Some(i64::try_from(view.faults.len()).unwrap_or(i64::MAX)), &faults(&view.faults))) }
            (panel("pairs", "What a link may join", None, &pairs(&view.pairs)))
            p class="muted" { "Commits and branches link by themselves: a message that says " code { "Implements: REQ-12" } " or " code { "Fixes DEF-3" } ", and a branch named " code { "feature/REQ-12-refunds" } ". Tests do when their results name a requirement. " a href=(paths::section(slug(frame), "suspects")) { "Suspect links" } }
        },
    )
}

fn faults(list: &[Fault]) -> Markup {
    table(
        "What to mend",
        &[Column::number("Line"), Column::text("Column"), Column::text("What is wrong")],
        &html! {
            @for fault in list {
                tr { td class="num" { (fault.line) } td { code { (fault.field) } } td class="text" { (fault.detail) } }
            }
        },
    )
}

fn pairs(list: &[Pair]) -> Markup {
    table(
        "What a link may join",
        &["From a", "Link", "To a", "Which says"].map(Column::text),
        &html! {
            @for pair in list {
                tr {
                    td { (pair.source) }
                    td { (pair.link_type) }
                    td class="text" { (pair.targets.join(", ")) }
                    td class="text" { (pair.says) }
                }
            }
        },
    )
}
