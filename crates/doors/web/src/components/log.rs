//! Who did what: the history of a record, with the person and the agent that acted for them.

use maud::{Markup, html};

use super::panel;
use crate::format::{When, time};

/// What kind of principal acted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ActorKind {
    /// A person; a round mark.
    #[default]
    Person,
    /// An agent or service account; a square mark.
    Agent,
}

/// Whoever acted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Actor {
    /// The name shown.
    pub name: String,
    /// Person or agent.
    pub kind: ActorKind,
    /// The person an agent acted for.
    pub on_behalf_of: Option<String>,
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEntry {
    /// Who did it.
    pub actor: Actor,
    /// What was done, as the rest of the sentence: "raised the priority".
    pub what: String,
    /// What changed: field, before, after.
    pub changes: Vec<(String, String, String)>,
    /// When.
    pub when: When,
    /// Why, as whoever did it said.
    pub reason: Option<String>,
    /// Where it can be looked at and taken back.
    pub undo: Option<String>,
}

/// A name with its mark, and for whom it acted.
#[must_use]
pub fn actor(actor: &Actor) -> Markup {
    let letter: String =
        actor.name.chars().find(|c| c.is_alphanumeric()).map(|c| c.to_uppercase().collect()).unwrap_or_default();
    html! {
        span class="actor" {
            span class={ "who" @if actor.kind == ActorKind::Agent { " agent" } } aria-hidden="true" { (letter) }
            span { (actor.name)
                @if actor.kind == ActorKind::Agent { span class="hidden" { " (agent)" } }
                @if let Some(person) = &actor.on_behalf_of { span class="muted" { " for " (person) } }
            }
        }
    }
}

/// The history of a record on its page, and the way to its whole story; that page is left out where `href` is empty.
#[must_use]
pub fn history(entries: &[LogEntry], href: &str) -> Markup {
    panel(
        "history",
        "History",
        None,
        &html! {
            @if entries.is_empty() { p class="muted" { "Nothing is on record yet." } } @else { (log(entries)) }
            @if !href.is_empty() { p { a href=(href) { "The whole story, and how it was at any moment" } } }
        },
    )
}

/// The history, newest first.
#[must_use]
pub fn log(entries: &[LogEntry]) -> Markup {
    html! {
        ol class="log" {
            @for entry in entries {
                li {
                    div class="log-text" {
                        (actor(&entry.actor)) " " (entry.what)
                        @for (field, before, after) in &entry.changes {
                            div class="change" {
                                span class="muted" { (field) } " "
                                @if before.is_empty() { ins { (after) } }
                                @else if after.is_empty() { del { (before) } }
                                @else { del { (before) } " → " ins { (after) } }
                            }
                        }
                        @if let Some(reason) = &entry.reason { div class="change muted" { "“" (reason) "”" } }
                    }
                    span class="muted log-when" {
                        (time(entry.when))
                        @if let Some(href) = &entry.undo { " · " a href=(href) aria-label={ "Undo: " (entry.actor.name) " " (entry.what) } { "Undo" } }
                    }
                }
            }
        }
    }
}
