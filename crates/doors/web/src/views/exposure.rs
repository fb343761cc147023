//! Where a vulnerability runs: the question, and the answer for the whole organisation.

use maud::{Markup, html};

use crate::components::{Column, Empty, Head, empty, facts, head, none, panel, table};
use crate::format::{When, plural, prose, thousands, time};
use crate::icons::Icon;
use crate::layout::{Frame, page as framed};
use crate::paths;
use crate::state::{FindingState, Tone, state, state_as};

/// What the page shows.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// What is in the field.
    pub asked: String,
    /// The answer; `None`: nothing was asked.
    pub answer: Option<Answer>,
}

/// The answer.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    /// The vulnerability, in capitals.
    pub identifier: String,
    /// What documents call the same one.
    pub aliases: Vec<String>,
    /// Findings of scanners and recorded vulnerabilities.
    pub findings: i64,
    /// Documents that say something about it.
    pub statements: i64,
    /// The worst severity they give, in their word.
    pub severity: Option<String>,
    /// The highest score they give, from 0 to 10.
    pub score: Option<f64>,
    /// What it is.
    pub description: Option<String>,
    /// What to do.
    pub recommendation: Option<String>,
    /// Whether it is in production and not said to be harmless there.
    pub is_in_production: bool,
    /// Whether its package is, in a version of which nobody can tell whether it is meant.
    pub is_perhaps_in_production: bool,
    /// Where it runs now, production first.
    pub running: Vec<Place>,
    /// Builds that have it and run nowhere.
    pub built: Vec<Place>,
    /// Ranges of versions that were not compared.
    pub ranges: i64,
    /// Whether there is more than is shown.
    pub is_cut: bool,
}

/// A component in a build, and where that runs.
#[derive(Debug, Clone)]
pub struct Place {
    /// Slug and name of the project.
    pub project: (String, String),
    /// The service that was deployed.
    pub service: Option<String>,
    /// The environment and whether it is a production one.
    pub environment: Option<(String, bool)>,
    /// The version that runs.
    pub version: Option<String>,
    /// The build.
    pub build: i64,
    /// Since when it runs.
    pub since: Option<When>,
    /// Who answers for it.
    pub owner: Option<String>,
    /// Their team.
    pub team: Option<String>,
    /// The component and its version.
    pub component: String,
    /// What its own project says of it.
    pub state: FindingState,
    /// Why it does no harm there, and what else was found out.
    pub because: Option<String>,
    /// Who brought the document that says so.
    pub by: Option<String>,
    /// Whether nobody can tell if the version is one of those meant.
    pub is_unsure: bool,
    /// What the build proves or delivers.
    pub requirements: Vec<AtRisk>,
    /// How many there are.
    pub requirements_count: i64,
}

/// A requirement at risk.
#[derive(Debug, Clone)]
pub struct AtRisk {
    /// Its key.
    pub key: String,
    /// Its title.
    pub title: String,
    /// Key, name and outcome of the tests of the build that verify it.
    pub tests: Vec<(String, String, String)>,
}

/// The page.
#[must_use]
pub fn page(frame: &Frame, view: &View) -> Markup {
    framed(
        frame,
        "Where a vulnerability runs",
        &[],
        &html! {
            (head(&Head { title: "Where a vulnerability runs", sub: Some(html! { "By bills of materials, builds and deployments, as far as you may see them" }), ..Head::default() }))
            form method="get" action=(paths::EXPOSURE) class="form inline" role="search" aria-label="Vulnerability" {
                div class="field" {
                    label for="exposure-identifier" { "A vulnerability, such as CVE-2024-3094" }
                    input id="exposure-identifier" name="identifier" type="search" maxlength="200" required autocomplete="off" value=(view.asked) data-filter;
                }
                button class="button main" { "Ask" }
            }
            @match &view.answer {
                None => (empty(&Empty { glyph: Icon::ScanEye, title: "Nothing is asked yet", text: "Give the identifier of a vulnerability above. A terminal tells the same, and ends with 1 when it is in production:", command: Some("throughline exposure CVE-2024-3094".to_owned()), link: None })),
                Some(answer) if answer.statements + answer.findings == 0 => (empty(&Empty { glyph: Icon::Search, title: "Nothing is known of this vulnerability", text: "No document that you may see says anything about it. Import one that does, such as a bill of materials with vulnerabilities or a VEX document:", command: Some("throughline import --project KEY --build 1 bom.json".to_owned()), link: None })),
                Some(answer) => (told(answer)),
            }
        },
    )
}

fn told(answer: &Answer) -> Markup {
    let (tone, word) = match (answer.is_in_production, answer.running.is_empty()) {
        (true, _) => (Tone::Bad, "In production"),
        (false, _) if answer.is_perhaps_in_production => (Tone::Bad, "Perhaps in production"),
        (false, false) => (Tone::Warn, "Not in production, or harmless there"),
        (false, true) => (Tone::Good, "Runs nowhere that you may see"),
    };
    html! {
        div class="says-it" role="status" { (state_as(tone, word)) span class="muted" { (answer.identifier) ", by " (plural(answer.statements, "document", "documents")) @if answer.findings > 0 { " and " (plural(answer.findings, "finding", "findings")) } } }
        (facts(&[
            ("Also called", if answer.aliases.is_empty() { none("no document says") } else { html! { (answer.aliases.join(", ")) } }),
            ("Severity", answer.severity.as_ref().map_or_else(|| none("no document says"), |word| html! { (word) })),
            ("Score", answer.score.map_or_else(|| none("no document says"), |score| html! { (format!("{score:.1}")) " of 10" })),
        ]))
                @if answer.running.is_empty() {
                    (empty(&Empty { glyph: Icon::CircleCheck, title: "Known, and running nowhere", text: "No build that has it is deployed now, as far as you may see. Builds and deployments that Throughline was not told of are not in this answer.", command: None, link: None }))
                } @else {
                    (panel("running", "Runs now", Some(count(&answer.running)), &running(&answer.running)))
                }
                @if !answer.built.is_empty() { (panel("built", "Built, and runs nowhere", Some(count(&answer.built)), &built(&answer.built))) }
                @if answer.ranges > 0 { p class="muted" { (thousands(answer.ranges)) " of the ranges of versions that documents name cannot be compared; what may lie within is marked as not sure." } }
                @if answer.is_cut { p class="muted" { "There is more than is shown here." } }
        @if let Some(text) = &answer.description { (panel("about", "What it is", None, &prose(text))) }
        @if let Some(text) = &answer.recommendation { (panel("advice", "What to do", None, &prose(text))) }
    }
}

fn count(places: &[Place]) -> i64 {
    i64::try_from(places.len()).unwrap_or(i64::MAX)
}

fn running(places: &[Place]) -> Markup {
    let heads =
        ["Service", "Environment", "In production", "Version", "Owner", "Component", "Here it is", "At risk", "Since"];
    table(
        "Where it runs now",
        &heads.map(Column::text),
        &html! {
            @for place in places {
                tr {
                    td class="text" { @if let Some(service) = &place.service { (service) ", " } (project(place)) }
                    td { @match &place.environment { Some((name, _)) => (name), None => (none("no environment that you may see")) } }
                    td { @if place.environment.as_ref().is_some_and(|(_, is_production)| *is_production) { "Yes" } @else { span class="muted" { "No" } } }
                    td { @if let Some(version) = &place.version { (version) ", " } (build(place)) }
                    td class="text" { (owner(place)) }
                    td class="text" { (place.component) }
                    td class="text" { (here(place)) }
                    td class="text" { (at_risk(place)) }
                    td class="muted" { @if let Some(since) = place.since { (time(since)) } }
                }
            }
        },
    )
}

fn built(places: &[Place]) -> Markup {
    table(
        "Builds that have it and run nowhere",
        &["Project", "Build", "Owner", "Component", "Here it is"].map(Column::text),
        &html! {
            @for place in places {
                tr {
                    td class="text" { (project(place)) }
                    td { @if let Some(version) = &place.version { (version) ", " } (build(place)) }
                    td class="text" { (owner(place)) }
                    td class="text" { (place.component) }
                    td class="text" { (here(place)) }
                }
            }
        },
    )
}

fn project(place: &Place) -> Markup {
    html! { a href=(paths::project(&place.project.0)) { (place.project.1) } }
}

fn build(place: &Place) -> Markup {
    html! { a class="key" href=(paths::build(&place.project.0, place.build)) { "#" (place.build) } }
}

fn owner(place: &Place) -> Markup {
    html! {
        @match &place.owner { Some(owner) => (owner), None => (none("nobody")) }
        @if let Some(team) = &place.team { span class="muted" { ", team " (team) } }
    }
}

/// The requirements that the build proves or delivers, each with its tests; folded, since there may be many.
fn at_risk(place: &Place) -> Markup {
    let more = place.requirements_count - i64::try_from(place.requirements.len()).unwrap_or(i64::MAX);
    html! {
        @if place.requirements.is_empty() { (none("no test of the build verifies a requirement that you may see")) }
        @else {
            details class="row-do" {
                summary { (plural(place.requirements_count, "requirement", "requirements")) }
                @for requirement in &place.requirements {
                    div {
                        a class="key" href=(paths::requirement(&place.project.0, &requirement.key)) { (requirement.key) } " " (requirement.title)
                        @for (key, name, status) in &requirement.tests {
                            span class="muted" { ", " a class="key" href=(paths::test_case(&place.project.0, key)) title=(name) { (key) } " " (status) }
                        }
                    }
                }
                @if more > 0 { span class="muted" { "and " (thousands(more)) " more" } }
            }
        }
    }
}

/// What its own project says of it, why, and who brought that.
fn here(place: &Place) -> Markup {
    html! {
        (state(place.state))
        @if place.is_unsure { " " span class="muted" { "not sure whether this version is meant" } }
        @if let Some(because) = &place.because { " " (because) }
        @if let (Some(by), true) = (&place.by, place.state != FindingState::Open) { span class="muted" { ", brought by " (by) } }
    }
}
