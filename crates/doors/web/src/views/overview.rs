//! Project overview: the state of the line at a glance.

use maud::{Markup, html};

use super::{at, slug};
use crate::components::{
    Empty, Figure, Head, Stop, TrendPoint, empty, figures, head, key, line, link_button, none, panel, result_bar,
    trend, trend_of,
};
use crate::format::{When, time};
use crate::icons::Icon;
use crate::layout::{Frame, page as framed};
use crate::paths;
use crate::state::{BuildStatus, DeploymentStatus, ProofState, state};

/// What the overview shows.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// The project's name.
    pub name: String,
    /// A sentence about it.
    pub description: String,
    /// Proven, failing, gap, open defects, pass rate.
    pub figures: Vec<Figure>,
    /// Requirements → tests → build → environments.
    pub line: Vec<Stop>,
    /// The last builds, oldest first.
    pub trend: Vec<TrendPoint>,
    /// The last days with results, oldest first.
    pub days: Vec<TrendPoint>,
    /// What else there is, in words, and when it was counted.
    pub counted: Option<(Vec<(String, String)>, When)>,
    /// Requirements that need somebody: key, title, state, why.
    pub attention: Vec<(String, String, ProofState, String)>,
    /// The latest builds, newest first.
    pub builds: Vec<BuildLine>,
    /// What runs where.
    pub deployed: Vec<Deployed>,
}

/// One build in a short list.
#[derive(Debug, Clone)]
pub struct BuildLine {
    /// Its number.
    pub number: i64,
    /// Version or branch.
    pub label: String,
    /// How it ended.
    pub status: BuildStatus,
    /// Its results.
    pub counts: crate::components::Counts,
    /// When it was made.
    pub when: When,
}

/// What runs in one environment.
#[derive(Debug, Clone)]
pub struct Deployed {
    /// The environment.
    pub environment: String,
    /// The version there; `None` when nothing was ever deployed.
    pub version: Option<String>,
    /// How the last deployment went.
    pub status: Option<DeploymentStatus>,
    /// When.
    pub when: Option<When>,
}

/// The overview page.
#[must_use]
pub fn page(frame: &Frame, view: &View) -> Markup {
    let new = view.builds.is_empty() && view.line.is_empty();
    framed(
        frame,
        "Overview",
        &[],
        &html! {
            (head(&Head {
                title: &view.name,
                sub: (!view.description.is_empty()).then(|| html! { (view.description) }),
                actions: Some(html! { (link_button("Import", &at(frame, "import"), Some(Icon::Upload), false)) (link_button("Open the matrix", &at(frame, "matrix"), Some(Icon::Grid3x3), true)) }),
                ..Head::default()
            }))
            @if new {
                (empty(&Empty {
                    glyph: Icon::Upload, title: "Nothing has come in yet",
                    text: "Send the test reports of a build; requirements named in them (REQ-…) are linked at once.",
                    command: Some(format!("throughline import --project {} reports/*.xml", slug(frame))),
                    link: Some(("Import in the browser", at(frame, "import"))),
                }))
            } @else {
                @if !view.figures.is_empty() { (figures(&view.figures)) }
                @if !view.line.is_empty() { (line("From requirement to production", &view.line)) }
                div class="half" {
                    (panel("trend", "Pass rate by build", None, &html! {
                        @if view.trend.is_empty() { p class="muted" { "It is drawn from the first build with results on." } }
                        @else { (trend("Pass rate", &view.trend)) }
                    }))
                    @if view.days.len() > 1 { (panel("days", "Pass rate by day", None, &trend_of("Pass rate by day", ["Day", "day", "days"], &view.days))) }
                    (panel("attention", "Needs attention", None, &html! {
                        @if view.attention.is_empty() { p class="muted" { "Every requirement is proven by its latest results." } }
                        @else { ul class="list" { @for (id, title, proof, why) in &view.attention {
                            li { (state(*proof)) a class="grow" data-row href=(paths::requirement(slug(frame), id)) { span class="key" { (id) } " " (title) } span class="says" { (why) } }
                        } } }
                    }))
                    (panel("builds", "Latest builds", None, &html! {
                        @if view.builds.is_empty() { p class="muted" { "No build yet." } }
                        @else { ul class="list" { @for build in &view.builds {
                            li { (state(build.status)) a class="grow" data-row href=(paths::build(slug(frame), build.number)) { "#" (build.number) " " span class="key" { (build.label) } } (result_bar(build.counts)) span class="muted" { (time(build.when)) } }
                        } } }
                    }))
                    @if let Some((rows, when)) = &view.counted {
                        (panel("counted", "In figures", None, &html! {
                            dl class="facts" { @for (name, value) in rows { div { dt { (name) } dd { (value) } } } }
                            p class="muted" { "As of " (time(*when)) }
                        }))
                    }
                    (panel("deployed", "Where it runs", None, &html! {
                        @if view.deployed.is_empty() { p class="muted" { "No environment yet. " a href=(at(frame, "deployments")) { "Deployments" } " says how to record one." } }
                        @else { ul class="list" { @for one in &view.deployed {
                            li { span class="grow" { (one.environment) }
                                @match &one.version { Some(version) => (key(version)), None => (none("nothing deployed")) }
                                @if let Some(status) = one.status { (state(status)) }
                                @if let Some(when) = one.when { span class="muted" { (time(when)) } } }
                        } } }
                    }))
                }
            }
        },
    )
}
