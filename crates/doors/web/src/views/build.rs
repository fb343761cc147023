//! One build: its results, what changed since the build before, and where it went.

use maud::{Markup, html};

use super::builds::short;
use super::{at, crumb, seen_by, slug};
use crate::components::{
    Column, Counts, Empty, Figure, Head, Stop, empty, facts, figures, head, key, line, link_button, none, panel,
    result_bar, table,
};
use crate::format::{When, bytes, duration, percent, plural, thousands, time};
use crate::icons::Icon;
use crate::layout::{Frame, page as framed};
use crate::paths;
use crate::state::{
    BuildStatus, CheckStatus, DeploymentStatus, ImportStatus, Outcome, Shown, TestLevel, Tone, state, state_as,
};

/// What a build's page shows.
#[derive(Debug, Clone)]
pub struct View {
    /// Its identifier.
    pub id: String,
    /// Its number.
    pub number: i64,
    /// Its version.
    pub version: Option<String>,
    /// Commit, in full.
    pub commit: Option<String>,
    /// Branch.
    pub branch: Option<String>,
    /// How it ended.
    pub status: BuildStatus,
    /// When it was made.
    pub when: When,
    /// How long it took, in milliseconds.
    pub duration_ms: Option<i64>,
    /// All its results.
    pub counts: Counts,
    /// Results by level.
    pub levels: Vec<(TestLevel, Counts)>,
    /// Covered lines and lines; `None` without a coverage report.
    pub coverage: Option<(i64, i64)>,
    /// The same by component.
    pub components: Vec<Component>,
    /// The commits it contains.
    pub commits: Vec<Commit>,
    /// Where all its results are listed.
    pub all_results: String,
    /// Requirements, tests, this build, environments.
    pub line: Vec<Stop>,
    /// Failed now, passed in the build before.
    pub newly_failing: Vec<TestChange>,
    /// Passed now, failed in the build before.
    pub newly_fixed: Vec<TestChange>,
    /// The slowest, slowest first: key, name, milliseconds.
    pub slowest: Vec<(String, String, i64)>,
    /// Where it was deployed: environment, status, when; newest first.
    pub deployments: Vec<(String, DeploymentStatus, When)>,
    /// What it produced: name, kind, bytes.
    pub artifacts: Vec<(String, String, Option<i64>)>,
    /// What its repository server checked: name, who makes it, how far it is and how it ended in the server's words.
    pub checks: Vec<(String, Option<String>, CheckStatus, Option<String>)>,
    /// How it stands to the rules of its project; `None` for who may not read them.
    pub gate: Option<super::gate::View>,
    /// The signed evidence of it; `None` for who may read none.
    pub evidence: Option<super::evidence::View>,
    /// Whether its results, and its components, may be taken out.
    pub exports: (bool, bool),
    /// The imports that made it: id, format or file, status, rejected entries, when.
    pub imports: Vec<(String, String, ImportStatus, i64, When)>,
}

/// Coverage of one component.
#[derive(Debug, Clone)]
pub struct Component {
    /// Its name; empty for the whole.
    pub name: String,
    /// Lines covered, and lines.
    pub lines: (i64, i64),
    /// Branches taken, and branches; both zero where they were not measured.
    pub branches: (i64, i64),
}

/// A commit.
#[derive(Debug, Clone)]
pub struct Commit {
    /// Its hash, in full.
    pub hash: String,
    /// The first line of its message.
    pub subject: String,
    /// Who wrote it.
    pub author: Option<String>,
    /// When.
    pub when: When,
}

/// A test whose outcome changed.
#[derive(Debug, Clone)]
pub struct TestChange {
    /// Its key.
    pub key: String,
    /// Its name.
    pub name: String,
    /// Its outcome now.
    pub outcome: Outcome,
    /// What a failure said.
    pub message: Option<String>,
    /// The build it is compared with: the last before on this branch that ran it.
    pub since: i64,
    /// It is set aside.
    pub is_quarantined: bool,
}

/// The first line of what a failure said, which is all a list has room for.
fn first_line(message: &str) -> &str {
    message.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default()
}

/// The page.
#[must_use]
pub fn page(frame: &Frame, view: &View) -> Markup {
    let name = format!("#{}", view.number);
    let title = format!("Build {name}");
    let tests = |outcome: &str| Some(format!("{}?build={}{outcome}", at(frame, "tests"), view.number));
    let count = |n: usize| i64::try_from(n).ok();
    framed(
        frame,
        &name,
        &[crumb(frame, "Builds", "builds")],
        &html! {
            (head(&Head {
                title: &title,
                sub: Some(html! {
                    (state(view.status)) " · " (time(view.when))
                    @if let Some(version) = &view.version { " · " (key(version)) }
                    @if let Some(branch) = &view.branch { " · " (branch) }
                }),
                actions: Some(html! {
                    @if view.exports.0 { (link_button("JUnit XML", &paths::build_export(slug(frame), view.number, "tests.xml"), Some(Icon::Download), false)) }
                    @if view.exports.1 { (link_button("CycloneDX", &paths::build_export(slug(frame), view.number, "bom.cdx.json"), Some(Icon::Download), false)) }
                    @if view.counts.total() > 0 { (link_button("All results", &view.all_results, Some(Icon::FlaskConical), false)) }
                }).filter(|_| view.exports != (false, false) || view.counts.total() > 0),
                ..Head::default()
            }))
            @if view.counts.total() == 0 {
                (empty(&Empty {
                    glyph: Icon::FlaskConical, title: "This build has no results", text: "Send its reports; they can come in as many calls as you like.",
                    command: Some(format!("throughline import --project {} --build {} reports/*.xml", slug(frame), view.number)), link: Some(("Import in the browser", at(frame, "import"))),
                }))
            } @else {
                (figures(&[
                    Figure { value: percent(view.counts.passed, view.counts.ran()), label: "pass rate".to_owned(), ..Figure::default() },
                    Figure::count(view.counts.passed, "passed", tests("&outcome=passed"), None),
                    Figure::count(view.counts.bad(), "failed or broken", tests("&outcome=failed&outcome=error"), (view.counts.bad() > 0).then_some(crate::state::Tone::Bad)),
                    Figure::count(view.counts.skipped, "skipped", tests("&outcome=skipped"), None),
                    Figure { value: view.coverage.map_or_else(|| "–".to_owned(), |(covered, lines)| percent(covered, lines)), label: "lines covered".to_owned(), ..Figure::default() },
                ]))
            }
            @if !view.line.is_empty() { (line("The line of this build", &view.line)) }
            @if let Some(gate) = &view.gate { (super::gate::part(frame, gate)) }
            @if let Some(evidence) = &view.evidence { (super::evidence::part(frame, evidence)) }
            div class="two" {
                div {
                    @for (id, heading, list, calm) in [
                        ("failing", "Newly failing", &view.newly_failing, "Nothing that passed before on this branch fails now."),
                        ("fixed", "Newly fixed", &view.newly_fixed, "Nothing that failed before on this branch passes now."),
                    ] {
                        (panel(id, heading, count(list.len()), &html! {
                            @if list.is_empty() { p class="muted" { (calm) } }
                            @else { ul class="list" { @for test in list {
                                li { (state(test.outcome)) @if test.is_quarantined { (state_as(Tone::Warn, "Set aside")) } a class="grow" data-row href=(paths::test_case(slug(frame), &test.key)) { (test.name) } (key(&test.key))
                                    a class="muted" href=(paths::build(slug(frame), test.since)) { "since #" (test.since) }
                                    @if let Some(message) = &test.message { code class="muted said" { (first_line(message)) } } }
                            } } }
                        }))
                    }
                    @if !view.slowest.is_empty() {
                        (panel("slowest", "Slowest tests", None, &html! {
                            (table("Slowest tests", &[Column::text("Test case"), Column::text("Key"), Column::number("Time")], &html! {
                                @for (id, test, ms) in &view.slowest {
                                    tr { td class="title" { a data-row href=(paths::test_case(slug(frame), id)) { (test) } } td { (key(id)) } td class="num" { (duration(*ms)) } }
                                }
                            }))
                        }))
                    }
                    @if !view.components.is_empty() {
                        (panel("coverage", "Coverage", None, &html! {
                            (table("Coverage by component", &[Column::text("Component"), Column::number("Lines"), Column::number("Covered"), Column::number("Share"), Column::number("Branches")], &html! {
                                @for Component { name, lines, branches } in &view.components {
                                    tr {
                                        td class="title" { @if name.is_empty() { "The whole" } @else { (name) } }
                                        td class="num" { (thousands(lines.1)) }
                                        td class="num" { (thousands(lines.0)) }
                                        td class="num" { (percent(lines.0, lines.1)) }
                                        td class="num" { @if branches.1 == 0 { (none("not measured")) } @else { (percent(branches.0, branches.1)) } }
                                    }
                                }
                            }))
                        }))
                    }
                    @if !view.commits.is_empty() {
                        (panel("commits", "Commits", count(view.commits.len()), &html! {
                            ul class="list" { @for commit in &view.commits {
                                li { span class="key" title=(commit.hash) { (short(&commit.hash)) } span class="grow" { (commit.subject) }
                                    @if let Some(author) = &commit.author { span class="muted" { (author) } } span class="muted" { (time(commit.when)) } }
                            } }
                        }))
                    }
                    (panel("imports", "Imports", count(view.imports.len()), &html! {
                        @if view.imports.is_empty() { p class="muted" { "It was not made by an import." } }
                        @else { ul class="list" { @for (id, what, status, rejected, when) in &view.imports {
                            li { (state(*status)) a class="grow" href=(paths::import(slug(frame), id)) { (what) }
                                @if *rejected > 0 { span class="says bad" { (plural(*rejected, "rejection", "rejections")) } }
                                span class="muted" { (time(*when)) } }
                        } } }
                    }))
                }
                aside aria-label="Facts" {
                    (facts(&[
                        ("Commit", view.commit.as_ref().map_or_else(|| none("no commit"), |commit| html! { span class="key" title=(commit) { (short(commit)) } })),
                        ("Took", view.duration_ms.map_or_else(|| none("no time"), |ms| html! { (duration(ms)) })),
                        ("Coverage", view.coverage.map_or_else(|| none("no report"), |(covered, lines)| html! { (thousands(covered)) " of " (plural(lines, "line", "lines")) })),
                    ]))
                    p { (super::impact::leading(&view.id)) }
                    p { (seen_by(frame, "build", &view.id)) }
                    @if !view.levels.is_empty() {
                        section { h2 { "By level" } ul class="list" { @for (level, counts) in &view.levels { li { span class="grow" { (level.word()) } (result_bar(*counts)) } } } }
                    }
                    section { h2 { "Deployments" }
                        @if view.deployments.is_empty() { p class="muted" { "It runs nowhere." } }
                        @else { ul class="list" { @for (environment, status, when) in &view.deployments { li { span class="grow" { (environment) } (state(*status)) span class="muted" { (time(*when)) } } } } }
                    }
                    @if !view.checks.is_empty() {
                        section { h2 { "Checks" } ul class="list" { @for (name, source, status, conclusion) in &view.checks {
                            li { span class="grow" { (name) @if let Some(source) = source { " " span class="muted" { (source) } } } (state(*status)) @if let Some(said) = conclusion { span class="muted" { (said) } } }
                        } } }
                    }
                    @if !view.artifacts.is_empty() {
                        section { h2 { "Artefacts" } ul class="list" { @for (file, kind, size) in &view.artifacts {
                            li { span class="grow" { (file) } span class="muted" { (kind) @if let Some(size) = size { ", " (bytes(*size)) } } }
                        } } }
                    }
                }
            }
        },
    )
}
