//! The rules by which security events are found, with their figures.

use maud::{Markup, html};

use crate::components::{Column, Head, head, hidden, none, table};
use crate::format::{When, thousands, time};
use crate::layout::{Frame, csrf, page as framed};
use crate::paths;
use crate::state::{Severity, Shown as _, state};

/// What the page shows.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// Every rule.
    pub rules: Vec<Rule>,
    /// Whether this person may change them.
    pub may_change: bool,
}

/// One rule.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Its row.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// When it makes an event.
    pub watches: String,
    /// From how many on.
    pub threshold: i64,
    /// What is counted.
    pub unit: String,
    /// How far back, in minutes.
    pub window: i64,
    /// How bad its events are.
    pub severity: Severity,
    /// Whether its events are incidents.
    pub opens_incident: bool,
    /// Who is told: `owners`, `administrators` or `nobody`.
    pub notifies: String,
    /// Whether anybody watches.
    pub is_enabled: bool,
    /// When the server last looked.
    pub looked: Option<When>,
    /// Events of it that are open.
    pub open: i64,
    /// The optimistic lock.
    pub version: String,
}

const AUDIENCES: [(&str, &str); 3] =
    [("owners", "owners"), ("administrators", "owners and administrators"), ("nobody", "nobody")];

/// The page.
#[must_use]
pub fn page(frame: &Frame, view: &View) -> Markup {
    let heads = [
        Column::text("Rule"),
        Column::text("Looked"),
        Column::number("Open"),
        Column::text(if view.may_change { "Its figures" } else { "When" }),
    ];
    framed(
        frame,
        "Rules of detection",
        &[("Security events".to_owned(), paths::SECURITY.to_owned())],
        &html! {
            (head(&Head { title: "Rules of detection", sub: Some(html! { "What the server watches for, every minute" }), ..Head::default() }))
            (table("Rules", &heads, &html! {
                @for rule in &view.rules {
                    tr {
                        td class="text" { b { (rule.name) } @if !rule.is_enabled { " " span class="muted" { "· switched off" } } p class="muted" { (rule.watches) } }
                        td class="muted" { @match rule.looked { Some(at) => (time(at)), None => (none("not yet")) } }
                        td class="num" { (thousands(rule.open)) }
                        td { @if view.may_change { (change(frame, rule)) } @else { (figures(rule)) } }
                    }
                }
            }))
            p class="muted" { "Owners change these figures, and every change is in the audit trail. A permission taken in an emergency is a security event at once, whatever the rules say." }
        },
    )
}

fn figures(rule: &Rule) -> Markup {
    let told = AUDIENCES.iter().find(|(code, _)| *code == rule.notifies).map_or("nobody", |(_, words)| *words);
    html! {
        "from " (thousands(rule.threshold)) " " (rule.unit) " in " (thousands(rule.window)) " minutes; " (state(rule.severity))
        @if rule.opens_incident { "; an incident" } "; tells " (told)
    }
}

fn change(frame: &Frame, rule: &Rule) -> Markup {
    let id = |name: &str| format!("{name}-{}", rule.id);
    let select = |name: &str, label: &str, options: &[(&str, &str)], chosen: &str| {
        html! {
            div class="field" { label for=(id(name)) { (label) } select id=(id(name)) name=(name) { @for (code, words) in options { option value=(code) selected[*code == chosen] { (words) } } } }
        }
    };
    let number = |name: &str, label: &str, value: i64| {
        html! {
            div class="field" { label for=(id(name)) { (label) } input id=(id(name)) name=(name) type="text" inputmode="numeric" value=(value) size="8" autocomplete="off" required; }
        }
    };
    let severities: Vec<(&str, &str)> = Severity::ALL.iter().map(|one| (one.code(), one.word())).collect();
    let yes_no = [("yes", "yes"), ("no", "no")];
    let word = |yes: bool| if yes { "yes" } else { "no" };
    html! {
        form method="post" action={ (paths::SECURITY_RULES) "/" (paths::segment(&rule.id)) } class="form inline rule" {
            (csrf(frame)) (hidden("version", &rule.version))
            (number("threshold", &format!("From so many {}", rule.unit), rule.threshold))
            (number("window_minutes", "In so many minutes", rule.window))
            (select("severity", "Severity", &severities, rule.severity.code()))
            (select("opens_incident", "Is an incident", &yes_no, word(rule.opens_incident)))
            (select("notifies", "Tells", &AUDIENCES, &rule.notifies))
            (select("is_enabled", "Watch for it", &yes_no, word(rule.is_enabled)))
            button class="button" aria-label={ "Save " (rule.name) } { "Save" }
        }
    }
}
