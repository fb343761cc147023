//! Something that somebody holds: what, where, how they came by it, from when until when.

use jiff::Timestamp;
use maud::{Markup, html};

use crate::format::{When, time};
use crate::state::{GrantState, MemberKind, Shown as _, state};

/// How somebody came to hold something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum How {
    /// Somebody gave them the role.
    Assigned,
    /// A member passed the role on; through how many hands it came.
    Delegated(i32),
    /// They are a member of the project.
    InProject,
    /// They meet the condition of the role.
    Automatic,
    /// Somebody gave them the permission in person.
    InPerson,
    /// Somebody approved what they asked for.
    Approved,
    /// To act for somebody, by name.
    Proxy(String),
    /// They took it in an emergency.
    Emergency,
}

/// Where something holds, in words.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place {
    /// "everywhere", "in Payments", "for REQ-42 in Payments".
    pub words: String,
    /// The project's page.
    pub href: Option<String>,
}

/// A role or a permission that somebody holds, will hold or held.
#[derive(Debug, Clone)]
pub struct Grant {
    /// Its identifier; empty for what cannot be taken back by itself.
    pub id: String,
    /// Who holds it: name, kind, page.
    pub holder: (String, MemberKind, String),
    /// The role or the permission in words.
    pub title: String,
    /// The role's page.
    pub href: Option<String>,
    /// How they came by it.
    pub how: How,
    /// Who gave it or passed it on.
    pub by: Option<String>,
    /// When it was given.
    pub at: Option<When>,
    /// Where it holds.
    pub place: Place,
    /// From when.
    pub from: Option<When>,
    /// Until when.
    pub until: Option<When>,
    /// Where it stands.
    pub state: GrantState,
    /// Who took it back and why.
    pub ended: Option<String>,
    /// Under which condition, in words.
    pub condition: Vec<String>,
    /// Why it was given.
    pub reason: Option<String>,
    /// Through how many further hands it may go.
    pub hands: i32,
    /// Whether the visitor may try to take it back.
    pub may_revoke: bool,
    /// Whether the visitor may pass it on.
    pub may_delegate: bool,
    /// How deep it stands below what it was passed on from, in a list that shows both.
    pub depth: usize,
}

/// How somebody came by it, as a person would say it.
#[must_use]
pub fn how_words(how: &How) -> String {
    match how {
        How::Assigned => "Assigned".to_owned(),
        How::Delegated(1) => "Passed on".to_owned(),
        How::Delegated(hands) => format!("Passed on through {hands} hands"),
        How::InProject => "Member of the project".to_owned(),
        How::Automatic => "Automatic".to_owned(),
        How::InPerson => "Given in person".to_owned(),
        How::Approved => "Asked for and approved".to_owned(),
        How::Proxy(name) => format!("To act for {name}"),
        How::Emergency => "Emergency".to_owned(),
    }
}

/// "until revoked", "ends in 3 days", "begins 4 Dec 2026".
#[must_use]
pub fn validity(grant: &Grant) -> Markup {
    html! {
        @match (grant.state, grant.from, grant.until) {
            (GrantState::Revoked, ..) => span class="muted" { (grant.ended.as_deref().unwrap_or("taken back")) },
            (GrantState::Ended, _, Some(until)) => span class="muted" { "ended " (time(until)) },
            (GrantState::Scheduled, Some(from), until) => {
                "begins " (time(from)) @if let Some(until) = until { ", ends " (ends(until)) }
            },
            (_, _, Some(until)) => { "ends " (ends(until)) },
            _ => span class="muted" { "until taken back" },
        }
    }
}

/// An end that is near in whole words: "in 3 days", "tomorrow".
pub(super) fn ends(until: When) -> Markup {
    let machine = until.at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let absolute = until.at.strftime("%-d %b %Y, %H:%M UTC").to_string();
    html! { time datetime=(machine) title=(absolute) { (distance(until.at, until.now)) } }
}

fn distance(at: Timestamp, now: Timestamp) -> String {
    let hours = (at.as_second() - now.as_second()) / 3600;
    match hours {
        i64::MIN..0 => "already".to_owned(),
        0 => "within the hour".to_owned(),
        1..48 => format!("in {hours} {}", if hours == 1 { "hour" } else { "hours" }),
        48..1200 => format!("in {} days", hours / 24),
        _ => format!("on {}", at.strftime("%-d %b %Y")),
    }
}

/// What is held as a chip: the name, its end when it has one, and its place when that is not everywhere.
#[must_use]
pub fn chip(grant: &Grant) -> Markup {
    html! {
        span class={ "tag " (grant.state.code()) } {
            @match &grant.href { Some(href) => a href=(href) { (grant.title) }, None => (grant.title) }
            @if grant.place.words != "everywhere" { span class="muted" { (grant.place.words) } }
            @if matches!(grant.state, GrantState::Ending | GrantState::Scheduled) || grant.until.is_some() { span class="muted" { (validity(grant)) } }
        }
    }
}

/// The parts of a condition, one below the other.
#[must_use]
pub fn condition(parts: &[String]) -> Markup {
    html! {
        @if !parts.is_empty() {
            ul class="when" { @for part in parts { li { "only if " code { (part) } } } }
        }
    }
}

/// One grant of a member: what, how, where, when and why.
#[must_use]
pub fn grant_line(grant: &Grant) -> Markup {
    html! {
        (state(grant.state))
        div class="grow" {
            p {
                @match &grant.href { Some(href) => a data-row href=(href) { (grant.title) }, None => b { (grant.title) } }
                " " (place(&grant.place))
            }
            p class="muted" {
                (how_words(&grant.how))
                @if let Some(by) = &grant.by { " by " (by) }
                @if let Some(at) = grant.at { ", " (time(at)) }
                " · " (validity(grant))
                @if grant.hands > 0 { " · may be passed on" @if grant.hands > 1 { " through " (grant.hands) " hands" } }
            }
            (condition(&grant.condition))
            @if let Some(reason) = grant.reason.as_deref().filter(|text| !text.is_empty()) { p class="muted why" { "“" (reason) "”" } }
        }
    }
}

/// A place as a link, where it leads somewhere.
#[must_use]
pub fn place(place: &Place) -> Markup {
    html! { @match &place.href { Some(href) => a class="muted" href=(href) { (place.words) }, None => span class="muted" { (place.words) } } }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn an_end_is_said_in_words_while_it_is_near() {
        let now: Timestamp = "2026-11-28T12:00:00Z".parse().unwrap();
        for (at, words) in [
            ("2026-11-28T12:30:00Z", "within the hour"),
            ("2026-11-28T13:00:00Z", "in 1 hour"),
            ("2026-12-01T13:00:00Z", "in 3 days"),
            ("2027-03-01T00:00:00Z", "on 1 Mar 2027"),
            ("2026-11-28T10:00:00Z", "already"),
        ] {
            assert_eq!(distance(at.parse().unwrap(), now), words, "{at}");
        }
    }
}
