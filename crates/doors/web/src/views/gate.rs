//! How a build stands to the rules of its project: a part of the build's page.

use maud::{Markup, html};

use super::at;

use crate::components::{Column, panel, table};
use crate::layout::Frame;
use crate::state::{RuleState, Tone, dot, state};

/// The rules and what came of them.
#[derive(Debug, Clone)]
pub struct View {
    /// Whether every rule in force is met.
    pub passed: bool,
    /// The rules.
    pub rules: Vec<Rule>,
}

/// One rule.
#[derive(Debug, Clone)]
pub struct Rule {
    /// What it is about, in words.
    pub name: String,
    /// How the build stands to it.
    pub state: RuleState,
    /// Why, with the worst offenders.
    pub reason: String,
}

/// The part of the page.
#[must_use]
pub fn part(frame: &Frame, view: &View) -> Markup {
    let (tone, verdict) = match view.passed {
        true => (Tone::Good, "Every rule in force is met."),
        false => (Tone::Bad, "A rule in force is not met."),
    };
    panel(
        "gate",
        "Gate",
        None,
        &html! {
            p { (dot(tone)) " " (verdict) " " a href=(at(frame, "gate")) { "The rules" } }
            (table("Rules", &[Column::text("Rule"), Column::text("Result"), Column::text("Why")], &html! {
                @for rule in &view.rules {
                    tr { td { (rule.name) } td { (state(rule.state)) } td class="text" { (rule.reason) } }
                }
            }))
        },
    )
}
