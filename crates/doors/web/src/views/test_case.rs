//! One test case: its results over time and what it proves.

use maud::{Markup, html};

use super::memory::{self, memory};
use super::test_cases::trend_words;
use super::{at, crumb, seen_by, slug};
use crate::components::{
    Column, DurationPoint, Empty, Field, FormErrors, Head, Input, LogEntry, Pager, Stop, durations, empty,
    error_summary, facts, field, head, hidden, key, line, log, none, pager, panel, sparkline, submit, table,
};
use crate::format::{When, duration, percent, prose, thousands, time};
use crate::icons::{Icon, icon};
use crate::layout::{Frame, csrf, page as framed};
use crate::paths;
use crate::state::{DefectStatus, Outcome, Shown, TestCaseStatus, TestLevel, state};

/// What a test case's page shows.
#[derive(Debug, Clone)]
pub struct View {
    /// Its key.
    pub key: String,
    /// Its name.
    pub name: String,
    /// Class, file or suite it lives in.
    pub place: String,
    /// What it is about.
    pub description: String,
    /// How many of its links are suspect.
    pub suspects: i64,
    /// What it looks at.
    pub level: TestLevel,
    /// Whether it is still run.
    pub status: TestCaseStatus,
    /// How often it ran, and how often it passed.
    pub runs: (i64, i64),
    /// Its line: requirement, itself, build, environments.
    pub line: Vec<Stop>,
    /// Its outcomes by build, oldest first.
    pub trend: Vec<Option<Outcome>>,
    /// Its results, newest first.
    pub results: Vec<ResultLine>,
    /// Where the results go on.
    pub pager: Pager,
    /// What it proves.
    pub requirements: Vec<Proves>,
    /// Defects it found: key, title, status.
    pub defects: Vec<(String, String, DefectStatus)>,
    /// What happened to it, newest first.
    pub history: Vec<LogEntry>,
    /// What is remembered of it. `None`: this person may not see.
    pub memory: Option<memory::View>,
    /// Whether this person may link it.
    pub may_link: bool,
    /// Whether this person may record a defect.
    pub may_record: bool,
    /// What was refused about a link.
    pub link_errors: FormErrors,
    /// What was entered about a link: requirement and criterion.
    pub entered: (String, String),
}

/// One result.
#[derive(Debug, Clone)]
pub struct ResultLine {
    /// Its identifier.
    pub id: String,
    /// The build it belongs to.
    pub build: Option<i64>,
    /// Its outcome.
    pub outcome: Outcome,
    /// What tells it from other results of this case in the same run.
    pub parameters: Option<String>,
    /// How long it took, in milliseconds.
    pub duration_ms: Option<i64>,
    /// What a failure said.
    pub message: Option<String>,
    /// The defect that was recorded for it.
    pub defect: Option<String>,
    /// When it ran.
    pub when: When,
}

/// A requirement, or one criterion of it, that the test case proves.
#[derive(Debug, Clone)]
pub struct Proves {
    /// The link's identifier.
    pub link: String,
    /// The requirement's key.
    pub key: String,
    /// The requirement's title.
    pub title: String,
    /// Position and text of the criterion; `None`: the requirement as a whole.
    pub criterion: Option<(i64, String)>,
    /// How the link came to be, in words.
    pub origin: &'static str,
}

/// The page.
#[must_use]
pub fn page(frame: &Frame, view: &View) -> Markup {
    framed(
        frame,
        &view.key,
        &[crumb(frame, "Tests", "tests")],
        &html! {
            (head(&Head { key: Some(&view.key), title: &view.name, sub: (!view.place.is_empty()).then(|| html! { span class="key" { (view.place) } }), ..Head::default() }))
            (super::suspects::notice(frame, &view.key, view.suspects))
            @if !view.line.is_empty() { (line("The line of this test case", &view.line)) }
            div class="two" {
                div {
                    @if !view.description.trim().is_empty() { (prose(&view.description)) }
                    @if let Some(view_of) = &view.memory { (memory(frame, &view.key, view_of)) }
                    (results(frame, view))
                    (proves(frame, view))
                    @if !view.defects.is_empty() {
                        (panel("defects", "Defects it found", i64::try_from(view.defects.len()).ok(), &html! {
                            ul class="list" { @for (id, title, status) in &view.defects {
                                li { (state(*status)) (key(id)) a class="grow" href=(paths::defect(slug(frame), id)) { (title) } }
                            } }
                        }))
                    }
                    @if !view.history.is_empty() { (panel("history", "History", None, &log(&view.history))) }
                }
                aside aria-label="Facts" {
                    (facts(&[
                        ("Level", html! { (view.level.word()) }),
                        ("Status", state(view.status)),
                        ("Owner", view.memory.as_ref().and_then(|memory| memory.owner.as_ref()).map_or_else(|| none("nobody"), |(_, name)| html! { (name) })),
                        ("Latest", view.results.first().map_or_else(|| none("never run"), |result| state(result.outcome))),
                        ("Trend", if view.trend.is_empty() { none("never run") } else { sparkline(&trend_words(&view.trend), &view.trend) }),
                        ("Runs", html! { (thousands(view.runs.0)) }),
                        ("Passed", html! { (percent(view.runs.1, view.runs.0)) }),
                    ]))
                    p { (super::impact::leading(&format!("{}:{}", slug(frame), view.key))) }
                    p { (seen_by(frame, "test_case", &view.key)) }
                }
            }
        },
    )
}

fn results(frame: &Frame, view: &View) -> Markup {
    let mut points: Vec<DurationPoint> = view
        .results
        .iter()
        .map(|result| DurationPoint {
            label: result.build.map_or_else(|| "no build".to_owned(), |number| format!("#{number}")),
            outcome: result.outcome,
            duration_ms: result.duration_ms,
            when: result.when,
        })
        .collect();
    points.reverse();
    let measured = points.iter().filter(|point| point.duration_ms.is_some()).count();
    let record = |result: &ResultLine| format!("{}?result={}", at(frame, "defects"), paths::segment(&result.id));
    panel(
        "results",
        "Results",
        None,
        &html! {
            @if view.results.is_empty() {
                (empty(&Empty { glyph: Icon::FlaskConical, title: "It has not run yet", text: "Its results come with the next report that contains it:", command: Some(format!("throughline import --project {} reports/*.xml", slug(frame))), link: None }))
            } @else {
                @if measured > 1 { (durations("Time by result", &points)) }
                (table("Results", &[Column::text("Build"), Column::text("Outcome"), Column::number("Time"), Column::text("Message"), Column::text("Defect"), Column::text("When")], &html! {
                    @for result in &view.results {
                        tr {
                            td { @match result.build { Some(number) => a data-row href=(paths::build(slug(frame), number)) { "#" (number) }, None => (none("no build")) } }
                            td { (state(result.outcome)) }
                            td class="num" { @match result.duration_ms { Some(ms) => (duration(ms)), None => (none("no time")) } }
                            td class="text" {
                                @if let Some(text) = &result.parameters { span class="sub" { (text) } }
                                @match &result.message { Some(text) => (message(text)), None => @if result.parameters.is_none() { (none("no message")) } }
                            }
                            td {
                                @match &result.defect {
                                    Some(id) => a class="key" href=(paths::defect(slug(frame), id)) { (id) },
                                    None if view.may_record && matches!(result.outcome, Outcome::Failed | Outcome::Error) => a href=(record(result)) { "Record one" },
                                    None => (none("none")),
                                }
                            }
                            td class="muted" { (time(result.when)) }
                        }
                    }
                }))
                (pager(&view.pager))
            }
        },
    )
}

/// What a failure said: its first line, and the whole of it on demand.
fn message(text: &str) -> Markup {
    let text = text.trim();
    match text.split_once('\n') {
        None => html! { (text) },
        Some((first, _)) => {
            html! { details { summary { (first) } pre tabindex="0" role="region" aria-label="The whole message" { (text) } } }
        }
    }
}

fn proves(frame: &Frame, view: &View) -> Markup {
    let here = paths::test_case(slug(frame), &view.key);
    panel(
        "proves",
        "Requirements it proves",
        i64::try_from(view.requirements.len()).ok(),
        &html! {
            @if view.requirements.is_empty() { p class="muted" { "None is linked, so its results prove nothing yet." } }
            @else { ul class="list" { @for one in &view.requirements {
                li {
                    a class="grow" data-row href=(paths::requirement(slug(frame), &one.key)) {
                        span class="key" { (one.key) } " " (one.title)
                        @if let Some((position, text)) = &one.criterion { span class="muted" { " · criterion " (position) ": " (text) } }
                    }
                    span class="muted" { (one.origin) }
                    @if view.may_link {
                        form method="post" action={ (here) "/unlink" } {
                            (csrf(frame)) (hidden("link", &one.link))
                            button class="button quiet" aria-label={ "Unlink " (one.key) } { (icon(Icon::X)) "Unlink" }
                        }
                    }
                }
            } } }
            @if view.may_link {
                details class="fold" open[!view.link_errors.is_empty()] {
                    summary class="button quiet" { (icon(Icon::Link)) "Link a requirement" }
                    form method="post" action={ (here) "/links" } class="form inline" {
                        (csrf(frame)) (error_summary("link", &view.link_errors))
                        (field(&Field { form: "link", name: "requirement", label: "Key of the requirement", value: &view.entered.0, input: Input::Text, required: true, hint: None }, &view.link_errors))
                        (field(&Field { form: "link", name: "criterion", label: "Number of the criterion", value: &view.entered.1, input: Input::Text, required: false, hint: None }, &view.link_errors))
                        (submit("Link"))
                    }
                }
            }
        },
    )
}
