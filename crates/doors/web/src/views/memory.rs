//! What a test is remembered for, on its page: since when it fails, whether it can be relied on, and until when it is set aside.

use maud::{Markup, html};

use super::slug;
use crate::components::{Field, FormErrors, Input, error_summary, field, hidden, panel, submit};
use crate::format::{When, duration, plural, time};
use crate::icons::{Icon, icon};
use crate::layout::{Frame, csrf};
use crate::paths;
use crate::state::{Tone, state_as};

/// What the part shows.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// Results that were looked back on.
    pub considered: i64,
    /// Among them, how often it gave two answers about the same code.
    pub flips: i64,
    /// When it last did.
    pub flipped: Option<When>,
    /// Where it fails now: the branch, the build since which it does, and the last in which it passed.
    pub failing: Vec<(Option<String>, i64, Option<i64>)>,
    /// The usual time and the time now, in milliseconds, when they differ beyond the usual.
    pub drift: Option<(i64, i64)>,
    /// Who looks after it: identifier and name.
    pub owner: Option<(String, String)>,
    /// The quarantine that holds.
    pub quarantine: Option<Quarantine>,
    /// Whether this person may set it aside and name its owner.
    pub may_change: bool,
    /// The version of the test case that was shown.
    pub version: i64,
    /// Who can look after it: identifiers and names.
    pub people: Vec<(String, String)>,
    /// What was refused about a quarantine.
    pub errors: FormErrors,
    /// What was entered: reason and day.
    pub entered: (String, String),
}

/// A quarantine that holds.
#[derive(Debug, Clone)]
pub struct Quarantine {
    /// Its identifier.
    pub id: String,
    /// Why.
    pub reason: String,
    /// Until when.
    pub until: When,
}

/// The part of a test case's page.
pub(super) fn memory(frame: &Frame, key: &str, view: &View) -> Markup {
    let here = paths::test_case(slug(frame), key);
    let build = |number: i64| html! { a href=(paths::build(slug(frame), number)) { "#" (number) } };
    panel(
        "memory",
        "What is remembered of it",
        None,
        &html! {
            ul class="list" {
                @if let Some(quarantine) = &view.quarantine {
                    li { (state_as(Tone::Warn, "Set aside")) span class="grow" { "It holds up no build until " (quarantine.until.at.strftime("%-d %B %Y, %H:%M UTC").to_string()) ": " (quarantine.reason) } }
                }
                @for (branch, first, last) in &view.failing {
                    li { (state_as(Tone::Bad, "Failing")) span class="grow" { @if let Some(branch) = branch { "On " code { (branch) } " since" } @else { "Since" } " build " (build(*first)) @match last { Some(number) => { ", after it passed in " (build(*number)) }, None => { "; it never passed there" } } } }
                }
                @if view.flips > 0 {
                    li { (state_as(Tone::Warn, "Flaky")) span class="grow" { "It gave two answers about the same code " (plural(view.flips, "time", "times")) " in its last " (plural(view.considered, "result", "results")) @if let Some(when) = view.flipped { ", last " (time(when)) } } }
                } @else if view.considered > 0 {
                    li { (state_as(Tone::Good, "Steady")) span class="grow" { "No two answers about the same code in its last " (plural(view.considered, "result", "results")) } }
                } @else { li { span class="muted" { "It has given no answer yet." } } }
                @if let Some((usual, now)) = view.drift {
                    li { (state_as(if now > usual { Tone::Warn } else { Tone::Good }, if now > usual { "Slower" } else { "Faster" })) span class="grow" { "It usually takes " (duration(usual)) ", its last runs " (duration(now)) } }
                }
            }
            @if view.may_change {
                @match &view.quarantine {
                    Some(quarantine) => {
                        details class="fold" open[!view.errors.is_empty()] {
                            summary class="button quiet" { (icon(Icon::X)) "Let it count again" }
                            form method="post" action={ (here) "/quarantine/end" } class="form inline" {
                                (csrf(frame)) (hidden("quarantine", &quarantine.id)) (error_summary("quarantine", &view.errors))
                                (field(&Field { form: "quarantine", name: "reason", label: "Why it counts again", value: &view.entered.0, input: Input::Text, required: true, hint: None }, &view.errors))
                                (submit("Let it count"))
                            }
                        }
                    },
                    None => {
                        details class="fold" open[!view.errors.is_empty()] {
                            summary class="button quiet" { (icon(Icon::Moon)) "Set it aside for a time" }
                            form method="post" action={ (here) "/quarantine" } class="form inline" {
                                (csrf(frame)) (error_summary("quarantine", &view.errors))
                                (field(&Field { form: "quarantine", name: "reason", label: "Why", value: &view.entered.0, input: Input::Text, required: true, hint: Some("It goes on running; it only holds up no build.") }, &view.errors))
                                (field(&Field { form: "quarantine", name: "expires_at", label: "Until the end of", value: &view.entered.1, input: Input::Date, required: true, hint: Some("At most 90 days ahead.") }, &view.errors))
                                (submit("Set aside"))
                            }
                        }
                    },
                }
                @if !view.people.is_empty() {
                    details class="fold" {
                        summary class="button quiet" { (icon(Icon::User)) "Name its owner" }
                        form method="post" action={ (here) "/owner" } class="form inline" {
                            (csrf(frame)) (hidden("version", &view.version.to_string()))
                            (field(&Field { form: "owner", name: "owner_user_id", label: "Owner", value: view.owner.as_ref().map_or("", |(id, _)| id), input: Input::Select(view.people.clone()), required: false, hint: None }, &FormErrors::default()))
                            (submit("Save"))
                        }
                    }
                }
            }
        },
    )
}
