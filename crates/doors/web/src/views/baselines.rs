//! Baselines: the list, one of them, a record as it was, and what differs from another or from now.

use maud::{Markup, html};

use super::{at, crumb, slug};
use crate::components::{
    Actor, Column, Empty, Field, Figure, FormErrors, Head, Input, Pager, Tab, actor, downloads, empty, error_summary,
    facts, field, figures, head, key, none, pager, panel, submit, table, tabs,
};
use crate::format::{When, prose, time};
use crate::icons::Icon;
use crate::layout::{Frame, csrf, page as framed};
use crate::paths;
use crate::state::{BaselineStatus, Change, state};

/// What the list shows.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// The baselines, newest first.
    pub rows: Vec<Row>,
    /// Where the list goes on.
    pub pager: Pager,
    /// The form that takes one, for those who may: what was entered and what was refused.
    pub form: Option<([String; 3], FormErrors)>,
}

/// One baseline in the list.
#[derive(Debug, Clone)]
pub struct Row {
    /// Its identifier.
    pub id: String,
    /// Its name.
    pub name: String,
    /// How it stands.
    pub status: BaselineStatus,
    /// How many records of each kind it holds, in words.
    pub holds: String,
    /// Who took it.
    pub by: Actor,
    /// When.
    pub when: When,
}

/// What the page of one baseline shows.
#[derive(Debug, Clone)]
pub struct One {
    /// As in the list.
    pub row: Row,
    /// What it was taken for.
    pub description: Option<String>,
    /// Who approved or rejected it, why and when.
    pub decision: Option<(String, String, When)>,
    /// Whether this person may approve or reject it.
    pub may_decide: bool,
    /// The other baselines of the project it can be compared with: identifier and name.
    pub others: Vec<(String, String)>,
    /// The kinds it holds: code, word and how many.
    pub kinds: Vec<(String, String, i64)>,
    /// The kind that is listed, as its code.
    pub kind: String,
    /// The records of that kind.
    pub items: Vec<Item>,
    /// Where the list goes on.
    pub pager: Pager,
}

/// One record that a baseline holds.
#[derive(Debug, Clone)]
pub struct Item {
    /// Its identifier.
    pub id: String,
    /// What people call it.
    pub label: String,
    /// Its title, name or text; empty for a link.
    pub title: String,
}

/// A record as it was.
#[derive(Debug, Clone)]
pub struct Then {
    /// The baseline: identifier and name.
    pub baseline: (String, String),
    /// When it was taken.
    pub when: When,
    /// What the record is.
    pub kind: String,
    /// The record.
    pub item: Item,
    /// Its fields: name and text.
    pub fields: Vec<(String, String)>,
    /// SHA-256 of the content.
    pub fingerprint: String,
}

/// What differs.
#[derive(Debug, Clone)]
pub struct Comparison {
    /// The earlier baseline: identifier and name.
    pub baseline: (String, String),
    /// The later one; `None`: now.
    pub with: Option<(String, String)>,
    /// The other baselines of the project: identifier and name.
    pub others: Vec<(String, String)>,
    /// How many records were added, removed and changed.
    pub counts: [i64; 3],
    /// The same as a file.
    pub export: String,
    /// The differences, kind by kind.
    pub differences: Vec<Difference>,
    /// Where the list goes on.
    pub pager: Pager,
}

/// One record that differs.
#[derive(Debug, Clone)]
pub struct Difference {
    /// What it is, in words.
    pub kind: String,
    /// Added, removed or changed.
    pub change: Change,
    /// What it is called, its title and its identifier.
    pub item: Item,
    /// The fields that differ: name, before, after.
    pub fields: Vec<(String, String, String)>,
    /// Whether the earlier baseline has it, and it can be read as it was.
    pub was_there: bool,
}

/// The list page.
#[must_use]
pub fn page(frame: &Frame, view: &View) -> Markup {
    framed(
        frame,
        "Baselines",
        &[],
        &html! {
            (head(&Head { title: "Baselines", sub: Some(html! { "What was agreed, frozen under a name" }), ..Head::default() }))
            @if let Some((entered, errors)) = &view.form { (take(frame, entered, errors)) }
            @if view.rows.is_empty() {
                (empty(&Empty {
                    glyph: Icon::History, title: "Nothing is frozen yet",
                    text: "Take a baseline when something is agreed, such as a release or a contract: it keeps every requirement, criterion, feature, test and link as it is now, and shows later what has changed since. A pipeline takes one with POST /v1/baselines.",
                    command: None, link: None,
                }))
            } @else {
                (table("Baselines", &[Column::text("Name"), Column::text("Status"), Column::text("Holds"), Column::text("Taken by"), Column::text("When"), Column::text("Compare")], &html! {
                    @for row in &view.rows {
                        tr {
                            td class="title" { a data-row href=(paths::baseline(slug(frame), &row.id)) { (row.name) } }
                            td { (state(row.status)) }
                            td class="text" { (row.holds) }
                            td { (actor(&row.by)) }
                            td class="muted" { (time(row.when)) }
                            td { a href=(comparison_of(frame, &row.id)) aria-label={ "Compare " (row.name) " with now" } { "with now" } }
                        }
                    }
                }))
                (pager(&view.pager))
            }
        },
    )
}

fn comparison_of(frame: &Frame, id: &str) -> String {
    format!("{}/comparison", paths::baseline(slug(frame), id))
}

/// The form that takes a baseline.
fn take(frame: &Frame, [name, description, approval]: &[String; 3], errors: &FormErrors) -> Markup {
    let one =
        |name, label, value, input, required, hint| Field { form: "new", name, label, value, input, required, hint };
    let choices = vec![
        ("".to_owned(), "No, it counts at once".to_owned()),
        ("yes".to_owned(), "Yes, by somebody else".to_owned()),
    ];
    html! {
        details class="fold" data-create open[!errors.is_empty()] {
            summary class="button main" { "Take a baseline" }
            form method="post" action=(at(frame, "baselines")) class="form box" {
                (csrf(frame)) (error_summary("new", errors))
                (field(&one("name", "Name", name, Input::Text, true, Some("Such as Release 2.0. It cannot be changed later.")), errors))
                (field(&one("description", "What it is for", description, Input::Area { rows: 3 }, false, None), errors))
                (field(&one("requires_approval", "Has it to be approved?", approval, Input::Select(choices), false, None), errors))
                div { (submit("Take it now")) }
            }
        }
    }
}

/// Chooses what to compare with; a plain form, so that the choice is in the address.
fn choose(frame: &Frame, id: &str, others: &[(String, String)], chosen: Option<&str>) -> Markup {
    html! {
        form method="get" action=(comparison_of(frame, id)) class="form inline" role="search" aria-label="Compare" {
            div class="field" {
                label for="with" { "Compare with" }
                select id="with" name="with" {
                    option value="" selected[chosen.is_none()] { "what is there now" }
                    @for (other, name) in others { option value=(other) selected[chosen == Some(other.as_str())] { (name) } }
                }
            }
            button class="button" { "Compare" }
        }
    }
}

/// The page of one baseline.
#[must_use]
pub fn one(frame: &Frame, view: &One) -> Markup {
    let (row, here) = (&view.row, paths::baseline(slug(frame), &view.row.id));
    framed(
        frame,
        &row.name,
        &[crumb(frame, "Baselines", "baselines")],
        &html! {
            (head(&Head { title: &row.name, sub: Some(html! { (state(row.status)) " · taken " (time(row.when)) " by " (actor(&row.by)) }), ..Head::default() }))
            @if let Some(text) = &view.description { (prose(text)) }
            @if let Some((name, why, when)) = &view.decision {
                (facts(&[("Decided by", html! { (name) " " span class="muted" { (time(*when)) } }), ("Why", html! { (why) })]))
            }
            @if view.may_decide {
                form method="post" action={ (here) "/decide" } class="form box" {
                    (csrf(frame))
                    (field(&Field { form: "decide", name: "reason", label: "Is it what was agreed?", value: "", input: Input::Text, required: true, hint: Some("Say why. A decision stays.") }, &FormErrors::default()))
                    div class="do" { button class="button main" name="decision" value="approve" { "Approve" } button class="button danger" name="decision" value="reject" { "Reject" } }
                }
            }
            (panel("compare", "What has changed since", None, &choose(frame, &row.id, &view.others, None)))
            (panel("holds", "What it holds", Some(view.kinds.iter().map(|(_, _, count)| count).sum()), &html! {
                @if view.kinds.is_empty() {
                    (empty(&Empty { glyph: Icon::Inbox, title: "It holds nothing that you may read", text: "The project was empty when it was taken, or what it holds is not for you to read. Take another once there is a requirement.", command: None, link: Some(("Write a requirement", at(frame, "requirements"))) }))
                } @else {
                    (tabs("Kinds", &view.kinds.iter().map(|(code, word, count)| Tab { text: word.clone(), href: paths::asking(&here, &[("kind", code)]), current: *code == view.kind, count: Some(*count) }).collect::<Vec<_>>()))
                    (table("Records", &[Column::text("Record"), Column::text("Said")], &html! {
                        @for item in &view.items {
                            tr { td { a data-row href=(then_of(frame, &row.id, &item.id)) { (item.label) } } td class="text" { @if item.title.is_empty() { (none("nothing more")) } @else { (item.title) } } }
                        }
                    }))
                    (pager(&view.pager))
                }
            }))
        },
    )
}

fn then_of(frame: &Frame, baseline: &str, record: &str) -> String {
    format!("{}/records/{}", paths::baseline(slug(frame), baseline), paths::segment(record))
}

/// The page of a record as it was.
#[must_use]
pub fn then(frame: &Frame, view: &Then) -> Markup {
    let (id, name) = &view.baseline;
    framed(
        frame,
        &format!("{} in {name}", view.item.label),
        &[crumb(frame, "Baselines", "baselines"), (name.clone(), paths::baseline(slug(frame), id))],
        &html! {
            (head(&Head { key: Some(&view.item.label), title: if view.item.title.is_empty() { &view.kind } else { &view.item.title }, sub: Some(html! { (view.kind) " as it was in " a href=(paths::baseline(slug(frame), id)) { (name) } ", " (time(view.when)) }), ..Head::default() }))
            (table("Fields", &[Column::text("Field"), Column::text("What it said")], &html! {
                @for (field, text) in &view.fields { tr { td { (field) } td class="text" { (text) } } }
            }))
            p class="muted" { "SHA-256 " code class="digest" { (view.fingerprint) } }
        },
    )
}

/// The page of a comparison.
#[must_use]
pub fn comparison(frame: &Frame, view: &Comparison) -> Markup {
    let (id, name) = &view.baseline;
    let later = view.with.as_ref().map_or("now", |(_, name)| name);
    let [added, removed, changed] = view.counts;
    framed(
        frame,
        &format!("{name} and {later}"),
        &[crumb(frame, "Baselines", "baselines"), (name.clone(), paths::baseline(slug(frame), id))],
        &html! {
            (head(&Head { title: "What has changed", sub: Some(html! { "From " a href=(paths::baseline(slug(frame), id)) { (name) } " to " @match &view.with { Some((other, name)) => a href=(paths::baseline(slug(frame), other)) { (name) }, None => "what is there now" } }), actions: (!view.differences.is_empty()).then(|| downloads(&view.export)), ..Head::default() }))
            (choose(frame, id, &view.others, view.with.as_ref().map(|(other, _)| other.as_str())))
            (figures(&[
                Figure::count(added, "added", None, None), Figure::count(removed, "removed", None, None), Figure::count(changed, "changed", None, None),
            ]))
            @if view.differences.is_empty() {
                (empty(&Empty { glyph: Icon::CircleCheck, title: "Nothing differs", text: "Every requirement, criterion, feature, test and link that you may read says the same on both sides. Compare with another baseline above.", command: None, link: Some(("All baselines", at(frame, "baselines"))) }))
            } @else {
                (table("Differences", &[Column::text("What"), Column::text("Record"), Column::text("Change"), Column::text("Field by field")], &html! {
                    @for one in &view.differences {
                        tr {
                            td { (one.kind) }
                            td class="text" { @if one.was_there { a data-row href=(then_of(frame, id, &one.item.id)) { (one.item.label) } } @else { (key(&one.item.label)) } @if !one.item.title.is_empty() { " " (one.item.title) } }
                            td { (state(one.change)) }
                            td class="text" {
                                @if one.fields.is_empty() { (none("no field")) } @else { dl class="facts" { @for (field, before, after) in &one.fields {
                                    div { dt { (field) } dd { @if !before.is_empty() { del { (before) } " " } @if !after.is_empty() { ins { (after) } } } }
                                } } }
                            }
                        }
                    }
                }))
                (pager(&view.pager))
            }
        },
    )
}
