//! The list of test cases.

use maud::{Markup, html};

use super::{at, slug};
use crate::components::{
    Column, Empty, Filters, Head, Pager, downloads, empty, filter_bar, head, key, none, pager, sparkline, table,
};
use crate::format::{When, plural, time};
use crate::icons::Icon;
use crate::layout::{Frame, page as framed};
use crate::paths;
use crate::state::{Outcome, Shown, TestLevel, Tone, state, state_as};

/// What the list shows.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// Level, outcome, linked or not, and text.
    pub filters: Filters,
    /// Column heads in the order of [`COLUMNS`]; leave empty for heads that do not sort.
    pub columns: Vec<Column>,
    /// The rows of this page.
    pub rows: Vec<Row>,
    /// Where the list goes on.
    pub pager: Pager,
    /// The build whose outcomes are shown, instead of the latest ones.
    pub build: Option<i64>,
    /// Where the same rows are as CSV.
    pub export: String,
}

/// The columns' titles.
pub const COLUMNS: [&str; 7] = ["Key", "Test case", "Level", "Latest", "Trend", "Requirements", "Ran"];

/// One test case.
#[derive(Debug, Clone)]
pub struct Row {
    /// Its key.
    pub key: String,
    /// Its name.
    pub name: String,
    /// Class, file or suite it lives in.
    pub place: String,
    /// What it looks at.
    pub level: TestLevel,
    /// Its latest outcome; `None` when it never ran.
    pub latest: Option<Outcome>,
    /// Its last outcomes by build, oldest first; `None` where it did not take part.
    pub trend: Vec<Option<Outcome>>,
    /// Keys of the requirements it is linked to.
    pub requirements: Vec<String>,
    /// When it ran last.
    pub when: Option<When>,
    /// It gave two answers about the same code lately.
    pub is_flaky: bool,
    /// It is set aside.
    pub is_quarantined: bool,
}

/// "Last 12 builds: 11 passed, 1 failed", for a trend's label.
#[must_use]
pub fn trend_words(trend: &[Option<Outcome>]) -> String {
    let length = i64::try_from(trend.len()).unwrap_or(i64::MAX);
    let counted: Vec<String> = Outcome::ALL
        .iter()
        .map(|outcome| (trend.iter().filter(|one| **one == Some(*outcome)).count(), outcome.word().to_lowercase()))
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    if counted.is_empty() {
        "never run".to_owned()
    } else {
        format!("last {}: {}", plural(length, "build", "builds"), counted.join(", "))
    }
}

/// The list page.
#[must_use]
pub fn page(frame: &Frame, view: &View) -> Markup {
    let heads = if view.columns.is_empty() { COLUMNS.map(Column::text).to_vec() } else { view.columns.clone() };
    framed(
        frame,
        "Tests",
        &[],
        &html! {
            (head(&Head {
                title: "Tests",
                sub: Some(match view.build {
                    Some(number) => html! { "Outcomes in " a href=(paths::build(slug(frame), number)) { "build #" (number) } " · " a href=(at(frame, "tests")) { "latest outcomes instead" } },
                    None => html! { "Test cases found in reports or written by hand, with their latest result" },
                }),
                actions: (!view.rows.is_empty()).then(|| downloads(&view.export)),
                ..Head::default()
            }))
            (filter_bar(&view.filters))
            @if view.rows.is_empty() && view.filters.narrowed() {
                (empty(&Empty { glyph: Icon::Search, title: "No test case fits these filters", text: "Take one away, or start again.", command: None, link: Some(("Clear the filters", view.filters.action.clone())) }))
            } @else if view.rows.is_empty() {
                (empty(&Empty {
                    glyph: Icon::FlaskConical, title: "No test case yet", text: "They come with the first test report:",
                    command: Some(format!("throughline import --project {} reports/*.xml", slug(frame))), link: Some(("Import in the browser", at(frame, "import"))),
                }))
            } @else {
                (table("Tests", &heads, &html! {
                    @for row in &view.rows {
                        tr {
                            td { (key(&row.key)) }
                            td class="title" { a data-row href=(paths::test_case(slug(frame), &row.key)) { (row.name) } @if !row.place.is_empty() { span class="sub" { (row.place) } }
                                @if row.is_flaky { " " (state_as(Tone::Warn, "Flaky")) } @if row.is_quarantined { " " (state_as(Tone::Idle, "Set aside")) } }
                            td { (row.level.word()) }
                            td { @match row.latest { Some(outcome) => (state(outcome)), None => (none("never run")) } }
                            td { @if row.trend.is_empty() { (none("never run")) } @else { (sparkline(&trend_words(&row.trend), &row.trend)) } }
                            td { @if row.requirements.is_empty() { (none("no requirement")) } @for id in &row.requirements { a class="key" href=(paths::requirement(slug(frame), id)) { (id) } " " } }
                            td class="muted" { @match row.when { Some(when) => (time(when)), None => (none("never")) } }
                        }
                    }
                }))
                (pager(&view.pager))
            }
        },
    )
}
