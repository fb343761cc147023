//! Changes that can be taken back: what they are, what would happen, and what stands in the way; and the story of one record.

use maud::{Markup, html};

use crate::components::{
    Actor, Column, Empty, Field, Figure, FormErrors, Head, Input, LogEntry, actor, empty, error_summary, facts, field,
    figures, head, hidden, log, none, panel, submit, table,
};
use crate::format::{When, plural, time};
use crate::icons::Icon;
use crate::layout::{Frame, csrf, page as framed};
use crate::paths;
use crate::state::{Tone, state_as};

/// What the page shows.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// What these changes are together: "Everything of a run".
    pub title: String,
    /// What is known of them as a whole: words and what they say.
    pub facts: Vec<(&'static str, String)>,
    /// What names them, carried by the forms.
    pub selector: Vec<(String, String)>,
    /// The changes, the latest first.
    pub rows: Vec<Row>,
    /// How many there are, shown or not.
    pub total: i64,
    /// What undoing would do, once that was tried: taken back, as before already, changed since, impossible, not allowed.
    pub forecast: Option<[i64; 5]>,
    /// Whether only changes of what this person may read are told.
    pub is_partial: bool,
    /// What was refused.
    pub errors: FormErrors,
}

/// One change.
#[derive(Debug, Clone)]
pub struct Row {
    /// What it was done to: kind, name, and the page with its story.
    pub record: (String, String, Option<String>),
    /// What was done, as the rest of a sentence.
    pub what: String,
    /// By whom.
    pub by: Actor,
    /// When.
    pub when: When,
    /// What it changed: field, what it had put there, what was there before.
    pub fields: Vec<(String, String, String)>,
    /// What would become of it: its tone and a word; `None`: nobody has tried.
    pub outcome: Option<(Tone, String)>,
    /// Why not.
    pub reason: Option<String>,
    /// What was changed since.
    pub disputes: Vec<Dispute>,
}

/// A field that somebody else has changed since.
#[derive(Debug, Clone)]
pub struct Dispute {
    /// Which.
    pub field: String,
    /// What the change had put there.
    pub expected: String,
    /// What is there now.
    pub found: String,
    /// Who put it there; `None`: something that leaves no row for each change.
    pub by: Option<Actor>,
    /// When.
    pub when: Option<When>,
}

/// The page of changes.
#[must_use]
pub fn page(frame: &Frame, view: &View) -> Markup {
    let in_the_way =
        view.forecast.map_or(0, |[_, _, conflicts, impossible, forbidden]| conflicts + impossible + forbidden);
    let facts_shown: Vec<(&str, Markup)> = view.facts.iter().map(|(name, text)| (*name, html! { (text) })).collect();
    framed(
        frame,
        &view.title,
        &[],
        &html! {
            (head(&Head { title: &view.title, sub: Some(html! { (plural(view.total, "change", "changes")) @if view.is_partial { ", as far as you may read what was changed" } }), ..Head::default() }))
            @if !facts_shown.is_empty() { (facts(&facts_shown)) }
            @if let Some([undone, as_before, conflicts, impossible, forbidden]) = view.forecast {
                (figures(&[
                    Figure::count(undone, "would be undone", None, None),
                    Figure::count(as_before, "are as before already", None, None),
                    Figure::count(conflicts, "were changed since", None, (conflicts > 0).then_some(Tone::Warn)),
                    Figure::count(impossible, "cannot be undone", None, (impossible > 0).then_some(Tone::Bad)),
                    Figure::count(forbidden, "are not yours to undo", None, (forbidden > 0).then_some(Tone::Bad)),
                ]))
            }
            (form(frame, view, in_the_way))
            @if view.rows.is_empty() {
                (empty(&Empty { glyph: Icon::History, title: "No change to show", text: "None of them is of something that you may read.", command: None, link: Some(("Home", paths::HOME.to_owned())) }))
            } @else {
                (rows(view))
                @if i64::try_from(view.rows.len()).unwrap_or_default() < view.total { p class="muted" { "The first " (view.rows.len()) " are shown; all " (view.total) " are meant." } }
            }
        },
    )
}

/// What can be done: trying it, doing it, or doing what can be done of it.
fn form(frame: &Frame, view: &View, in_the_way: i64) -> Markup {
    let can = view.forecast.is_none_or(|[undone, ..]| undone > 0);
    html! {
        (error_summary("undo", &view.errors))
        @if can {
            form method="post" action=(paths::CHANGES) class="form box" {
                (csrf(frame))
                @for (name, value) in &view.selector { (hidden(name, value)) }
                @match view.forecast {
                    None => {
                        (hidden("do", "forecast"))
                        p { "Nothing is changed by looking: first you see what undoing would do and what stands in its way." }
                        div class="do" { (submit("See what undoing would do")) }
                    },
                    Some([undone, ..]) => {
                        (hidden("do", "undo"))
                        (hidden("conflicts", if in_the_way > 0 { "skip" } else { "refuse" }))
                        @if in_the_way > 0 { p class="says warn" { "What stands in the way stays as it is. The other " (plural(undone, "change is", "changes are")) " undone." } }
                        (field(&Field { form: "undo", name: "reason", label: "Why", value: "", input: Input::Text, required: false, hint: Some("Kept with each change. Undoing is itself a change that can be undone.") }, &view.errors))
                        div class="do" { (submit(&format!("Undo {}", plural(undone, "change", "changes")))) }
                    },
                }
            }
        }
    }
}

fn rows(view: &View) -> Markup {
    let columns = [
        Column::text("Record"),
        Column::text("What was done"),
        Column::text("By"),
        Column::text("When"),
        Column::text("Undoing it"),
    ];
    table(
        "Changes",
        &columns,
        &html! {
            @for row in &view.rows {
                tr {
                    td class="text" {
                        span class="muted" { (row.record.0) " " }
                        @match &row.record.2 { Some(href) => a data-row href=(href) { (row.record.1) }, None => (row.record.1) }
                    }
                    td class="text" {
                        (row.what)
                        @for (field, now, before) in &row.fields {
                            div class="change" { span class="muted" { (field) } " " del { (before) } " → " ins { (now) } }
                        }
                    }
                    td { (actor(&row.by)) }
                    td class="muted" { (time(row.when)) }
                    td class="text" {
                        @match &row.outcome { Some((tone, word)) => (state_as(*tone, word)), None => @if row.reason.is_none() { (none("not tried yet")) } }
                        @if let Some(reason) = &row.reason { p class="muted" { (reason) } }
                        @for one in &row.disputes {
                            div class="change" {
                                span class="muted" { (one.field) } " was " (one.expected) ", is now " (one.found)
                                @match &one.by { Some(by) => { ", by " (actor(by)) }, None => { ", by something that leaves no row for each change" } }
                                @if let Some(when) = one.when { " " (time(when)) }
                            }
                        }
                    }
                }
            }
        },
    )
}

/// A field of a record as it was: its name, what it held then, what it holds now.
pub type Then = (String, String, String);

/// The story of one record.
#[derive(Debug, Clone, Default)]
pub struct Story {
    /// What kind of record it is, in words.
    pub kind: String,
    /// What it is called.
    pub name: String,
    /// Its own page, where it has one.
    pub href: Option<String>,
    /// This page.
    pub path: String,
    /// What happened, the latest first.
    pub entries: Vec<LogEntry>,
    /// The moment that was asked for, as it was entered, and what was refused about it.
    pub at: (String, FormErrors),
    /// How it was then: when, and the fields that differ (name, then, now); `None`: nobody asked.
    pub then: Option<(When, Vec<Then>)>,
}

/// The page with the story of one record.
#[must_use]
pub fn story(frame: &Frame, view: &Story) -> Markup {
    let title = format!("History of {}", view.name);
    framed(
        frame,
        &title,
        &[],
        &html! {
            (head(&Head { title: &title, sub: Some(html! { (view.kind) @if let Some(href) = &view.href { " · " a href=(href) { "Open it" } } }), ..Head::default() }))
            form method="get" action=(view.path) class="form inline" aria-label="As it was" {
                (field(&Field { form: "then", name: "at", label: "As it was at (UTC)", value: &view.at.0, input: Input::Moment, required: true, hint: None }, &view.at.1))
                button class="button" { "Look" }
            }
            @if let Some((when, fields)) = &view.then {
                (panel("then", "As it was", None, &html! {
                    p class="muted" { (time(*when)) }
                    @if fields.is_empty() { p { "Everything was as it is now." } } @else {
                        (table("As it was", &[Column::text("Field"), Column::text("Then"), Column::text("Now")], &html! {
                            @for (name, then, now) in fields { tr { td { (name) } td class="text" { (then) } td class="text" { (now) } } }
                        }))
                    }
                }))
            }
            (panel("history", "What happened", None, &html! {
                @if view.entries.is_empty() { p class="muted" { "Nothing is on record yet." } } @else { (log(&view.entries)) }
            }))
        },
    )
}
