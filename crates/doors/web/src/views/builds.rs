//! The list of builds, newest first.

use maud::{Markup, html};

use super::{at, slug};
use crate::components::{
    Column, Counts, Empty, Filters, Head, Pager, TrendPoint, downloads, empty, filter_bar, head, key, link_button,
    none, pager, panel, result_bar, table, trend,
};
use crate::format::{When, duration, percent, time};
use crate::icons::Icon;
use crate::layout::{Frame, page as framed};
use crate::paths;
use crate::state::{BuildStatus, state};

/// What the list shows.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// Status, branch and text.
    pub filters: Filters,
    /// The builds of this page, newest first.
    pub rows: Vec<Row>,
    /// Pass rate of the last builds, oldest first.
    pub trend: Vec<TrendPoint>,
    /// Where the list goes on.
    pub pager: Pager,
    /// Where the same rows are as CSV.
    pub export: String,
}

/// One build.
#[derive(Debug, Clone)]
pub struct Row {
    /// Its number.
    pub number: i64,
    /// Its version, when it has one.
    pub version: Option<String>,
    /// The commit, in full.
    pub commit: Option<String>,
    /// The branch.
    pub branch: Option<String>,
    /// How it ended.
    pub status: BuildStatus,
    /// Its results.
    pub counts: Counts,
    /// How long it took, in milliseconds.
    pub duration_ms: Option<i64>,
    /// Environments it runs in now.
    pub live_in: Vec<String>,
    /// When it was made.
    pub when: When,
}

/// The first seven characters of a commit's hash.
#[must_use]
pub fn short(commit: &str) -> String {
    commit.chars().take(7).collect()
}

/// The list page.
#[must_use]
pub fn page(frame: &Frame, view: &View) -> Markup {
    framed(
        frame,
        "Builds",
        &[],
        &html! {
            (head(&Head { title: "Builds", sub: Some(html! { "What was built, how its tests went and where it runs" }), actions: Some(html! { (link_button("Import results", &at(frame, "import"), Some(Icon::Upload), false)) @if !view.rows.is_empty() { (downloads(&view.export)) } }), ..Head::default() }))
            @if view.trend.len() > 1 { (panel("trend", "Pass rate", None, &trend("Pass rate", &view.trend))) }
            (filter_bar(&view.filters))
            @if view.rows.is_empty() && view.filters.narrowed() {
                (empty(&Empty { glyph: Icon::Search, title: "No build fits these filters", text: "Take one away, or start again.", command: None, link: Some(("Clear the filters", view.filters.action.clone())) }))
            } @else if view.rows.is_empty() {
                (empty(&Empty {
                    glyph: Icon::Package, title: "No build yet", text: "An import makes the build it belongs to. In CI, name the build by its number or version:",
                    command: Some(format!("throughline import --project {} --build 1 reports/*.xml", slug(frame))), link: None,
                }))
            } @else {
                (table("Builds", &[
                    Column::text("Build"), Column::text("Status"), Column::text("Version"), Column::text("Commit"), Column::text("Branch"),
                    Column::text("Results"), Column::number("Pass rate"), Column::number("Time"), Column::text("Runs in"), Column::text("When"),
                ], &html! {
                    @for row in &view.rows {
                        tr {
                            td { a data-row href=(paths::build(slug(frame), row.number)) { "#" (row.number) } }
                            td { (state(row.status)) }
                            td { @match &row.version { Some(version) => (key(version)), None => (none("no version")) } }
                            td { @match &row.commit { Some(commit) => span class="key" title=(commit) { (short(commit)) }, None => (none("no commit")) } }
                            td { @match &row.branch { Some(branch) => (branch), None => (none("no branch")) } }
                            td { @if row.counts.total() == 0 { (none("no results")) } @else { (result_bar(row.counts)) } }
                            td class="num" { (percent(row.counts.passed, row.counts.ran())) }
                            td class="num" { @match row.duration_ms { Some(ms) => (duration(ms)), None => (none("no time")) } }
                            td { @if row.live_in.is_empty() { (none("nowhere")) } @else { (row.live_in.join(", ")) } }
                            td class="muted" { (time(row.when)) }
                        }
                    }
                }))
                (pager(&view.pager))
            }
        },
    )
}
