//! The rules of the gate: what each counts, what it comes to now, and how strict it is, for those who may change it.

use maud::{Markup, html};

use super::{at, crumb, slug};
use crate::components::{
    Column, Empty, Field, FormErrors, Head, Input, empty, error_summary, field, head, hidden, none, submit, table,
};
use crate::icons::Icon;
use crate::layout::{Frame, csrf, page as framed};
use crate::paths;
use crate::state::{RuleState, state};

/// What the page shows.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// The rules.
    pub rules: Vec<Rule>,
    /// The number of the build they were held against; `None`: there is none yet.
    pub build: Option<i64>,
    /// The form that adds one, for those who may: what was entered, and what was refused.
    pub form: Option<([String; 3], FormErrors)>,
    /// Whether rules may be changed.
    pub may_change: bool,
    /// Whether rules may be taken away.
    pub may_remove: bool,
}

/// One rule.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Its identifier.
    pub id: String,
    /// What it is about, in words.
    pub name: String,
    /// What it counts, as a sentence.
    pub counts: String,
    /// How the latest build stands to it, and why; `None` without a build.
    pub now: Option<(RuleState, String)>,
    /// How many still pass.
    pub allowed: i32,
    /// The least severity that counts, as stored; `None` where it is about none.
    pub severity: Option<String>,
    /// Whether it is in force.
    pub in_force: bool,
    /// The optimistic lock.
    pub version: String,
    /// Whether a project begins with it: it can be put out of force and not taken away.
    pub is_first: bool,
}

/// Severities in words.
fn severities() -> Vec<(String, String)> {
    [("critical", "critical"), ("high", "high or worse"), ("medium", "medium or worse"), ("low", "low or worse")]
        .map(|(code, words)| (code.to_owned(), words.to_owned()))
        .to_vec()
}

/// The page.
#[must_use]
pub fn page(frame: &Frame, view: &View) -> Markup {
    framed(
        frame,
        "Gate",
        &[crumb(frame, "Builds", "builds")],
        &html! {
            (head(&Head {
                title: "Gate",
                sub: Some(html! { "What a build has to fulfil before it goes on" @if let Some(build) = view.build { "; measured for " a href=(paths::build(slug(frame), build)) { "build #" (build) } } }),
                ..Head::default()
            }))
            @if let Some((entered, errors)) = &view.form { (add(frame, entered, errors)) }
            @if view.rules.is_empty() {
                (empty(&Empty { glyph: Icon::ShieldCheck, title: "No rule is left", text: "Without a rule every build passes. Add one above, or ask an administrator to.", command: None, link: Some(("All builds", at(frame, "builds"))) }))
            } @else {
                (table("Rules", &[Column::text("Rule"), Column::text("Now"), Column::text("Why"), Column::text(if view.may_change { "How strict it is" } else { "Allowed" })], &html! {
                    @for rule in &view.rules {
                        tr {
                            td class="text" { b { (rule.name) } @if let Some(severity) = &rule.severity { " " span class="muted" { "· " (severity) } } p class="muted" { (rule.counts) } }
                            td { @match &rule.now { Some((now, _)) => (state(*now)), None => (none("no build yet")) } }
                            td class="text" { @match &rule.now { Some((_, why)) => (why), None => span class="muted" { "It is answered once there is a build." } } }
                            td { @if view.may_change { (change(frame, rule, view.may_remove)) } @else { (rule.allowed) @if !rule.in_force { " " span class="muted" { "not in force" } } } }
                        }
                    }
                }))
            }
            p class="muted" { "A pipeline asks with " code { "throughline gate --project " (slug(frame)) " --build \"$VERSION\"" } ". A rule that is not in force is answered and fails nothing, so it can be tried first. Every change is in the audit trail." }
        },
    )
}

fn add(frame: &Frame, [rule, severity, allowed]: &[String; 3], errors: &FormErrors) -> Markup {
    let one = |name, label, value, input, hint| Field { form: "new", name, label, value, input, required: true, hint };
    let kinds = vec![
        ("open_defects".to_owned(), "Open defects".to_owned()),
        ("new_vulnerabilities".to_owned(), "New vulnerabilities".to_owned()),
    ];
    html! {
        details class="fold" data-create open[!errors.is_empty()] {
            summary class="button main" { "Add a rule" }
            form method="post" action=(at(frame, "gate")) class="form box" {
                (csrf(frame)) (error_summary("new", errors))
                (field(&one("rule", "What it counts", rule, Input::Select(kinds), Some("The other kinds have one rule each, which is below.")), errors))
                (field(&one("severity", "Of what severity", severity, Input::Select(severities()), None), errors))
                (field(&one("allowed", "How many still pass", allowed, Input::Text, Some("A whole number; 0 lets none pass.")), errors))
                p class="muted" { "It begins out of force: see below what it comes to, then put it in force." }
                div { (submit("Add it")) }
            }
        }
    }
}

fn change(frame: &Frame, rule: &Rule, may_remove: bool) -> Markup {
    let id = |name: &str| format!("{name}-{}", rule.id);
    html! {
        form method="post" action={ (at(frame, "gate")) "/" (paths::segment(&rule.id)) } class="form inline rule" {
            (csrf(frame)) (hidden("version", &rule.version))
            div class="field" { label for=(id("allowed")) { "Allowed" } input id=(id("allowed")) name="allowed" type="text" inputmode="numeric" value=(rule.allowed) size="4" autocomplete="off" required; }
            @if let Some(severity) = &rule.severity {
                div class="field" { label for=(id("severity")) { "Severity" } select id=(id("severity")) name="severity" { @for (code, words) in severities() { option value=(code) selected[code == *severity] { (words) } } } }
            }
            div class="field" { label for=(id("force")) { "In force" } select id=(id("force")) name="is_active" { option value="yes" selected[rule.in_force] { "yes" } option value="no" selected[!rule.in_force] { "no, only answered" } } }
            button class="button" name="do" value="save" aria-label={ "Save " (rule.name) } { "Save" }
            @if may_remove && !rule.is_first { button class="button danger" name="do" value="remove" aria-label={ "Take away " (rule.name) } { "Take away" } }
        }
    }
}
