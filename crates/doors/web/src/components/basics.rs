//! Heads, buttons, figures, facts, tabs, progress and empty states.

use maud::{Markup, html};

use crate::format::thousands;
use crate::icons::{Icon, icon};
use crate::state::{Tone, dot};

/// The head of a page.
#[derive(Debug, Clone, Default)]
pub struct Head<'a> {
    /// The human key above the title, if the page is one record.
    pub key: Option<&'a str>,
    /// The page's only `h1`.
    pub title: &'a str,
    /// One quiet sentence under the title.
    pub sub: Option<Markup>,
    /// Buttons and links on the right.
    pub actions: Option<Markup>,
}

/// Title, key, a sentence and what can be done here.
#[must_use]
pub fn head(head: &Head<'_>) -> Markup {
    html! {
        div class="head" {
            div {
                @if let Some(text) = head.key {
                    button type="button" class="key copy" data-copy=(text) title="Copy the key" { (text) }
                }
                h1 { (head.title) }
                @if let Some(sub) = &head.sub { p class="muted" { (sub) } }
            }
            @if let Some(actions) = &head.actions { div class="do" { (actions) } }
        }
    }
}

/// The list as CSV and as a workbook, whose address differs in its ending.
#[must_use]
pub fn downloads(csv: &str) -> Markup {
    html! {
        (link_button("CSV", csv, Some(Icon::Download), false))
        (link_button("XLSX", &csv.replacen(".csv", ".xlsx", 1), Some(Icon::Download), false))
    }
}

/// A link that looks like a button; `main` for the one thing most people come for.
#[must_use]
pub fn link_button(text: &str, href: &str, glyph: Option<Icon>, main: bool) -> Markup {
    html! {
        a class={ "button" @if main { " main" } } href=(href) { @if let Some(glyph) = glyph { (icon(glyph)) } (text) }
    }
}

/// A human key in the fixed-width face.
#[must_use]
pub fn key(text: &str) -> Markup {
    html! { span class="key" { (text) } }
}

/// The quiet dash of an empty cell, which says to a screen reader what is missing.
#[must_use]
pub fn none(what: &str) -> Markup {
    html! { span class="muted" title=(what) { span aria-hidden="true" { "–" } span class="hidden" { (what) } } }
}

/// A row of buttons.
#[must_use]
pub fn actions(content: &Markup) -> Markup {
    html! { div class="do" { (content) } }
}

/// One figure of the strip on top of a page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Figure {
    /// The figure, already formatted.
    pub value: String,
    /// What it counts.
    pub label: String,
    /// Where the counted things are listed.
    pub href: Option<String>,
    /// A shape beside the figure when it asks for attention.
    pub tone: Option<Tone>,
}

impl Figure {
    /// A count with its words and the list behind it.
    #[must_use]
    pub fn count(count: i64, label: &str, href: Option<String>, tone: Option<Tone>) -> Self {
        Self { value: thousands(count), label: label.to_owned(), href, tone }
    }
}

/// The strip of figures on top of a page; each leads to the list behind it.
#[must_use]
pub fn figures(list: &[Figure]) -> Markup {
    let inside = |figure: &Figure| {
        html! {
            b { @if let Some(tone) = figure.tone { (dot(tone)) } (figure.value) }
            span { (figure.label) }
        }
    };
    html! {
        ul class="figures" {
            @for figure in list {
                li { @match &figure.href { Some(href) => a href=(href) { (inside(figure)) }, None => div { (inside(figure)) } } }
            }
        }
    }
}

/// Names and values of a record, for the column beside it.
#[must_use]
pub fn facts(list: &[(&str, Markup)]) -> Markup {
    html! { dl class="facts" { @for (name, value) in list { div { dt { (name) } dd { (value) } } } } }
}

/// A titled part of a page; `count` stands quietly beside the title.
#[must_use]
pub fn panel(id: &str, title: &str, count: Option<i64>, body: &Markup) -> Markup {
    html! {
        section class="part" {
            h2 id=(id) { (title) @if let Some(count) = count { " " span class="n" { (thousands(count)) } } }
            (body)
        }
    }
}

/// One tab: text, address, whether this is the one shown, and a count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tab {
    /// Its text.
    pub text: String,
    /// Its address; tabs are links, so they can be shared and work without script.
    pub href: String,
    /// Whether it is the one shown.
    pub current: bool,
    /// How many things are behind it.
    pub count: Option<i64>,
}

/// Tabs as links.
#[must_use]
pub fn tabs(label: &str, list: &[Tab]) -> Markup {
    html! {
        nav class="tabs" aria-label=(label) {
            @for tab in list {
                a href=(tab.href) aria-current=[tab.current.then_some("page")] {
                    (tab.text) @if let Some(count) = tab.count { " " span class="n" { (thousands(count)) } }
                }
            }
        }
    }
}

/// Progress of a job; without `whole`, an endless bar.
#[must_use]
pub fn progress(label: &str, part: i64, whole: Option<i64>) -> Markup {
    html! {
        div class="progress" {
            @match whole {
                Some(whole) => progress aria-label=(label) value=(part.clamp(0, whole.max(0))) max=(whole.max(1)) {},
                None => progress aria-label=(label) {},
            }
            span class="muted" {
                (label) ": " (thousands(part)) @if let Some(whole) = whole { " of " (thousands(whole)) }
            }
        }
    }
}

/// What a page says when it has nothing to show.
#[derive(Debug, Clone)]
pub struct Empty<'a> {
    /// The icon of the thing that is missing.
    pub glyph: Icon,
    /// What is not there.
    pub title: &'a str,
    /// What to do about it.
    pub text: &'a str,
    /// A command that does it, to be typed or copied.
    pub command: Option<String>,
    /// A link that does it: text and address.
    pub link: Option<(&'a str, String)>,
}

/// An empty state that leads on.
#[must_use]
pub fn empty(empty: &Empty<'_>) -> Markup {
    html! {
        div class="empty" {
            (icon(empty.glyph))
            p class="empty-title" { (empty.title) }
            p { (empty.text) }
            @if let Some(command) = &empty.command {
                div class="command" {
                    code { (command) }
                    button type="button" class="icon-button script-only" data-copy=(command) aria-label="Copy the command" { (icon(Icon::Copy)) }
                }
            }
            @if let Some((text, href)) = &empty.link { p { a class="button" href=(href) { (text) } } }
        }
    }
}
