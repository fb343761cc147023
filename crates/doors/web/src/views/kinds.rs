//! The matrix over any two kinds of records: each row with what it is linked to, and what wants seeing to.

use maud::{Markup, html};

use super::{at, slug};
use crate::components::{Column, Empty, Head, Pager, downloads, empty, head, key, link_button, none, pager, table};
use crate::icons::Icon;
use crate::layout::{Frame, page as framed};
use crate::paths;
use crate::state::Tone;

/// What the page shows.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// The kind of the rows, as the API calls it.
    pub rows_kind: String,
    /// The kind of the columns.
    pub columns_kind: String,
    /// The type of link; empty: any.
    pub link_type: String,
    /// Which rows, as the API calls it.
    pub show: String,
    /// What titles and keys contain.
    pub text: String,
    /// The kinds there are.
    pub kinds: Vec<String>,
    /// The types of links there are.
    pub link_types: Vec<String>,
    /// Why there is no answer.
    pub refused: Option<String>,
    /// The rows.
    pub rows: Vec<Row>,
    /// Where the list goes on.
    pub pager: Pager,
    /// The matrix turned round, its gaps alone: what of the other kind is linked to nothing.
    pub turned_href: String,
    /// The same as CSV.
    pub csv_href: String,
}

/// A record and what it is linked to.
#[derive(Debug, Clone, Default)]
pub struct Row {
    /// Its key.
    pub key: Option<String>,
    /// Its title.
    pub title: String,
    /// Its page.
    pub href: String,
    /// Where it stands.
    pub status: Option<String>,
    /// Who looks after it.
    pub owner: Option<String>,
    /// Of a requirement: criteria linked here, proven, and all.
    pub criteria: Option<(i64, i64, i64)>,
    /// Whether it is linked to nothing.
    pub is_gap: bool,
    /// Suspect links.
    pub suspects: i64,
    /// Tests with results older than the newest build.
    pub stale: i64,
    /// Tests that changed their mind lately.
    pub flaky: i64,
    /// Tests that failed.
    pub failing: i64,
    /// What it is linked to.
    pub cells: Vec<Cell>,
    /// How many more there are.
    pub more: i64,
}

/// A linked record.
#[derive(Debug, Clone, Default)]
pub struct Cell {
    /// Its key, or else its title.
    pub label: String,
    /// Its title.
    pub title: String,
    /// Its page.
    pub href: String,
    /// The type of link, in words.
    pub link_type: String,
    /// What there is to say of it, in words.
    pub marks: Vec<String>,
    /// Whether somebody should see to it.
    pub is_bad: bool,
}

/// Which rows, and in which words.
const SHOWN: [(&str, &str); 7] = [
    ("all", "All"),
    ("linked", "Linked"),
    ("gaps", "Gaps: linked to nothing"),
    ("suspects", "With suspect links"),
    ("stale", "With stale results"),
    ("flaky", "With flaky tests"),
    ("failing", "With failing tests"),
];

/// The page.
#[must_use]
pub fn page(frame: &Frame, view: &View) -> Markup {
    let path = format!("{}/kinds", at(frame, "matrix"));
    let (rows, columns) = (words(&view.rows_kind), words(&view.columns_kind));
    let title = format!("{} against {}", many(&rows, true), many(&columns, false));
    framed(
        frame,
        &title,
        &[("Traceability matrix".to_owned(), at(frame, "matrix"))],
        &html! {
            (head(&Head {
                title: &title,
                sub: Some(html! { "Every record of one kind, what of the other it is linked to, and what wants seeing to" }),
                actions: Some(html! {
                    (link_button(&format!("{} linked to nothing", many(&columns, true)), &view.turned_href, None, false)) " "
                    (downloads(&view.csv_href))
                }),
                ..Head::default()
            }))
            (asking(view, &path))
            @if let Some(why) = &view.refused { div class="flash bad" role="alert" { p { (why) } } }
            @if view.rows.is_empty() && view.refused.is_none() {
                (empty(&Empty {
                    glyph: Icon::Grid3x3, title: "Nothing fits here",
                    text: if view.pager.next.is_some() { "None of the records looked at fits; there are more." } else { "No record of this kind fits what is asked. Ask for all, or for other kinds." },
                    command: None,
                    link: view.pager.next.clone().map_or_else(|| Some(("Link records", paths::section(slug(frame), "links"))), |next| Some(("Look on", next))),
                }))
            } @else if view.refused.is_none() {
                (lines(view, &title))
                (pager(&view.pager))
            }
        },
    )
}

fn asking(view: &View, path: &str) -> Markup {
    let select = |name: &str, label: &str, options: &[(String, String)], chosen: &str| {
        html! {
            div class="field" {
                label for={ "kinds-" (name) } { (label) }
                select id={ "kinds-" (name) } name=(name) { @for (value, text) in options { option value=(value) selected[value == chosen] { (text) } } }
            }
        }
    };
    let kinds: Vec<(String, String)> = view.kinds.iter().map(|kind| (kind.clone(), many(&words(kind), true))).collect();
    let mut types = vec![(String::new(), "any link".to_owned())];
    types.extend(view.link_types.iter().map(|name| (name.clone(), words(name))));
    let shown: Vec<(String, String)> =
        SHOWN.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    html! {
        form method="get" action=(path) class="form inline" role="search" aria-label="Matrix" {
            (select("rows", "Rows", &kinds, &view.rows_kind))
            (select("columns", "Against", &kinds, &view.columns_kind))
            (select("link", "By", &types, &view.link_type))
            (select("show", "Show", &shown, &view.show))
            div class="field" {
                label for="kinds-q" { "Title or key" }
                input id="kinds-q" name="q" type="search" maxlength="200" autocomplete="off" value=(view.text) data-filter;
            }
            button class="button main" { "Show" }
        }
    }
}

fn lines(view: &View, title: &str) -> Markup {
    let has_criteria = view.rows.iter().any(|row| row.criteria.is_some());
    let columns: Vec<Column> = [Column::text("Record"), Column::text("Status"), Column::text("Owner")]
        .into_iter()
        .chain(has_criteria.then(|| Column::text("Criteria linked, proven")))
        .chain([Column::text("Linked to"), Column::text("Needs attention")])
        .collect();
    table(
        title,
        &columns,
        &html! {
            @for row in &view.rows {
                tr {
                    td class="title" { @if let Some(name) = &row.key { (key(name)) " " } a data-row href=(row.href) { (row.title) } }
                    td { @match &row.status { Some(status) => (status.replace('_', " ")), None => (none("none")) } }
                    td { @match &row.owner { Some(owner) => (owner), None => (none("nobody")) } }
                    @if has_criteria { td { @match row.criteria { Some((linked, proven, all)) => { (linked) "/" (all) ", " (proven) "/" (all) }, None => (none("none")) } } }
                    td class="text wide" {
                        @if row.cells.is_empty() { (none("nothing")) }
                        ul class="linked" { @for cell in &row.cells { li { (linked(cell)) } } @if row.more > 0 { li class="muted" { "and " (row.more) " more" } } }
                    }
                    td class="text" { (attention(row)) }
                }
            }
        },
    )
}

fn linked(cell: &Cell) -> Markup {
    html! {
        span class="muted" { (cell.link_type) " " }
        a class="key" href=(cell.href) title=(cell.title) { (cell.label) }
        @if !cell.marks.is_empty() { span class=[cell.is_bad.then_some("says warn")] { " " (cell.marks.join(", ")) } }
    }
}

fn attention(row: &Row) -> Markup {
    let counted = [(row.failing, "failing"), (row.suspects, "suspect"), (row.stale, "stale"), (row.flaky, "flaky")];
    let words: Vec<String> =
        counted.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    html! {
        @if row.is_gap { span class={ "says " (Tone::Gap.class()) } { "gap" } }
        @else if words.is_empty() { (none("nothing")) }
        @else { span class={ "says " (if row.failing > 0 { Tone::Bad } else { Tone::Warn }.class()) } { (words.join(", ")) } }
    }
}

fn words(name: &str) -> String {
    name.replace('_', " ")
}

/// Several of a kind: `test case` is `test cases`, `vulnerability` is `vulnerabilities`.
fn many(kind: &str, is_first: bool) -> String {
    let text = kind.strip_suffix('y').map_or_else(|| format!("{kind}s"), |stem| format!("{stem}ies"));
    let mut letters = text.chars();
    match letters.next() {
        Some(first) if is_first => first.to_uppercase().chain(letters).collect(),
        _ => text,
    }
}
