//! An answer with its reasons: the sentence, the way from the person to the permission, and every grant that was looked at.

use maud::{Markup, html};

use super::held::ends;
use crate::components::{Stop, line};
use crate::format::{When, time};
use crate::icons::{Icon, icon};
use crate::state::{Tone, state_as};

/// The answer to one question.
#[derive(Debug, Clone, Default)]
pub struct Verdict {
    /// Whether it may be done.
    pub allowed: bool,
    /// One sentence: who may or may not do what.
    pub sentence: String,
    /// Why, in one more.
    pub reason: String,
    /// Until when this stays so.
    pub until: Option<When>,
    /// From the person through the grant, the role and its parents to the permission; empty when nothing comes near.
    pub line: Vec<Stop>,
    /// Every grant that was looked at.
    pub considered: Vec<Considered>,
    /// The matrix with what is asked, for whoever may read roles.
    pub would: Option<String>,
    /// The person that an agent acts for, and the answer for them.
    pub person: Option<(String, Box<Self>)>,
}

/// One grant that was looked at.
#[derive(Debug, Clone, Default)]
pub struct Considered {
    /// Whether it allows what is asked.
    pub allows: bool,
    /// What came of it.
    pub outcome: String,
    /// How it is held: "Assigned by Mira Holm".
    pub how: String,
    /// The roles from the one that is held to the one that has the permission: title and page, which is empty where it is not the visitor's to see.
    pub roles: Vec<(String, String)>,
    /// The permission.
    pub permission: String,
    /// Where it is held.
    pub place: String,
    /// From when.
    pub from: Option<When>,
    /// Until when.
    pub until: Option<When>,
    /// What its conditions saw.
    pub tests: Vec<Test>,
    /// The question again without this grant.
    pub without: Option<String>,
}

/// One part of a condition.
#[derive(Debug, Clone, Default)]
pub struct Test {
    /// Whether it held; `None` when something was missing.
    pub holds: Option<bool>,
    /// What it asks.
    pub expression: String,
    /// What it saw: name and value, `None` when that is missing.
    pub saw: Vec<(String, Option<String>)>,
    /// What it is made of.
    pub parts: Vec<Self>,
}

/// The answer as a card with its reasons below.
#[must_use]
pub fn verdict(id: &str, label: Option<&str>, verdict: &Verdict) -> Markup {
    html! {
        section class={ "verdict " (if verdict.allowed { "good" } else { "bad" }) } aria-labelledby={ (id) "-answer" } {
            (icon(if verdict.allowed { Icon::CircleCheck } else { Icon::CircleX }))
            div {
                @if let Some(label) = label { p class="muted" { (label) } }
                h2 id={ (id) "-answer" } { (verdict.sentence) }
                p { (verdict.reason) @if let Some(until) = verdict.until { " This holds until " (until.at.strftime("%-d %b %Y, %H:%M UTC").to_string()) ", it ends " (ends(until)) "." } }
            }
        }
        @if !verdict.line.is_empty() { (line("From the person to the permission", &verdict.line)) }
        @if let Some((name, person)) = &verdict.person {
            section class="part" {
                h2 { "Acting for " (name) }
                p class="muted" { "An agent never may more than the person it acts for." }
                p { (state_as(if person.allowed { Tone::Good } else { Tone::Bad }, if person.allowed { "Allowed" } else { "Not allowed" })) " " (person.sentence) " " (person.reason) }
                (considered(&format!("{id}-person"), person))
            }
        }
        (considered(id, verdict))
    }
}

fn considered(id: &str, verdict: &Verdict) -> Markup {
    let list = &verdict.considered;
    html! {
        section class="part" {
            h2 id={ (id) "-considered" } { "Grants that were looked at" @if !list.is_empty() { " " span class="n" { (list.len()) } } }
            @if list.is_empty() {
                p class="muted" {
                    "None: no role or permission that is held has to do with this. Whoever gives roles can change that."
                    @if let Some(href) = &verdict.would { " " a href=(href) { "Which roles would do?" } }
                }
            } @else {
                ol class="considered" { @for one in list { (grant(one)) } }
            }
        }
    }
}

fn grant(one: &Considered) -> Markup {
    html! {
        li class=(if one.allows { "good" } else { "idle" }) {
            p class="says-it" {
                (state_as(if one.allows { Tone::Good } else { Tone::Idle }, if one.allows { "Allows it" } else { "Does not allow it" }))
                @if !one.allows { span class="muted" { (one.outcome) } }
            }
            p class="way" {
                span { (one.how) }
                @for (index, (title, href)) in one.roles.iter().enumerate() {
                    (icon(Icon::ChevronRight))
                    @if index > 0 { span class="muted" { "inherits from" } }
                    @if href.is_empty() { span { (title) } } @else { a href=(href) { (title) } }
                }
                (icon(Icon::ChevronRight)) code { (one.permission) }
                span class="muted" { (one.place) }
            }
            @if one.from.is_some() || one.until.is_some() {
                p class="muted" {
                    @if let Some(from) = one.from { "From " (time(from)) @if one.until.is_some() { ", " } }
                    @if let Some(until) = one.until { "ends " (ends(until)) }
                }
            }
            (tests(&one.tests))
            @if let Some(href) = &one.without { p { a class="quiet-link" href=(href) { "What if it were not there?" } } }
        }
    }
}

/// Conditions as an indented tree with what they saw.
#[must_use]
pub fn tests(list: &[Test]) -> Markup {
    html! {
        @if !list.is_empty() {
            ul class="trace" {
                @for test in list {
                    li {
                        @let (tone, word) = match test.holds {
                            Some(true) => (Tone::Good, "holds"),
                            Some(false) => (Tone::Bad, "does not hold"),
                            None => (Tone::Gap, "unknown"),
                        };
                        p { (state_as(tone, word)) code { (test.expression) }
                            @for (name, value) in &test.saw {
                                span class="saw" { (name) " " @match value { Some(value) => b { (value) }, None => b class="missing" { "is missing" } } }
                            }
                        }
                        (tests(&test.parts))
                    }
                }
            }
        }
    }
}
