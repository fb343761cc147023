//! One import: progress while it runs, then a summary that adds up and every rejection with its line and reason.

use maud::{Markup, html};

use super::{at, crumb, slug};
use crate::components::{Column, Counts, Head, head, link_button, none, panel, progress, result_bar, table};
use crate::format::{When, bytes, thousands, time};
use crate::icons::Icon;
use crate::layout::{Frame, page_with};
use crate::paths;
use crate::state::{FileStatus, ImportStatus, state};

/// What an import's page shows.
#[derive(Debug, Clone)]
pub struct View {
    /// Its id.
    pub id: String,
    /// Where it stands.
    pub status: ImportStatus,
    /// When it began.
    pub when: When,
    /// The build it filled.
    pub build: Option<i64>,
    /// Files done, and files.
    pub files_done: (i64, i64),
    /// Bytes read so far, and bytes in all.
    pub bytes: (i64, i64),
    /// What was recognised, by kind: created, updated and unchanged.
    pub kinds: Vec<(String, [i64; 3])>,
    /// One line a file, as far as it got.
    pub files: Vec<File>,
    /// What changed record by record, of requirements and issues.
    pub changes: Vec<Change>,
    /// Nothing was stored: it was only tried.
    pub tried: bool,
    /// What was rejected; the first few hundred.
    pub rejections: Vec<Rejection>,
    /// All rejections, also those not listed.
    pub rejected_total: i64,
    /// Why the whole import failed.
    pub failure: Option<String>,
}

/// One file of an import. `recognised = created + updated + unchanged`; what was refused is beside it.
#[derive(Debug, Clone)]
pub struct File {
    /// Its name.
    pub name: String,
    /// Its size in bytes.
    pub size: i64,
    /// The format it was recognised as.
    pub format: String,
    /// What became of it.
    pub status: FileStatus,
    /// Records recognised.
    pub recognised: i64,
    /// Made.
    pub created: i64,
    /// Changed.
    pub updated: i64,
    /// Left as they were.
    pub unchanged: i64,
    /// Refused.
    pub rejected: i64,
    /// Outcomes, for test reports.
    pub outcomes: Option<Counts>,
    /// Why it was rejected, or what it declares wrongly.
    pub remark: Option<String>,
}

/// What became, or would become, of one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// `created`, `updated` or `left`.
    pub what: String,
    /// What it is called.
    pub record: String,
    /// What it is about.
    pub title: String,
    /// Field, before and after.
    pub fields: Vec<(String, Option<String>, Option<String>)>,
}

/// One refused record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// The file.
    pub file: String,
    /// The line, when the format has lines.
    pub line: Option<i64>,
    /// Why.
    pub reason: String,
}

/// The page. While the job runs, the part `job` is fetched again every second; without script the page reloads.
#[must_use]
pub fn page(frame: &Frame, view: &View) -> Markup {
    let running = matches!(view.status, ImportStatus::Waiting | ImportStatus::Running);
    page_with(
        frame,
        "Import of files",
        &[crumb(frame, "Import", "import")],
        &html! {
            (head(&Head { title: "Import", sub: Some(html! { "Begun " (time(view.when)) " · " span class="key" { (view.id) } }), actions: Some(link_button("Import more", &at(frame, "import"), Some(Icon::Upload), false)), ..Head::default() }))
            div id="job" data-poll=[running.then_some("1000")] data-said=(if running { "" } else { "The import is done" }) { (job(frame, view, running)) }
        },
        running,
    )
}

fn job(frame: &Frame, view: &View, running: bool) -> Markup {
    html! {
        div class="part box" {
            div class="swatches" {
                (state(view.status))
                @if let Some(build) = view.build { a class="button" data-row href=(paths::build(slug(frame), build)) { "Open build #" (build) } }
            }
            @if let Some(failure) = &view.failure { p { (failure) } }
            @if running {
                (progress("Files", view.files_done.0, (view.files_done.1 > 0).then_some(view.files_done.1)))
                (progress("Bytes", view.bytes.0, Some(view.bytes.1)))
            } @else { (sum(view)) }
        }
        @if view.tried {
            p class="flash" { "This was only tried: nothing of it was stored. Put the " a href=(at(frame, "import-profiles")) { "profile" } " right if need be, then import the file." }
        }
        @if !view.files.is_empty() { (files(view)) }
        @if !view.changes.is_empty() { (changes(view)) }
        @if view.rejected_total > 0 { (rejections(view)) }
    }
}

/// What was recognised, by kind, in columns that add up.
fn sum(view: &View) -> Markup {
    let row = |name: &str, [created, updated, unchanged]: [i64; 3], whole: bool| {
        html! {
            tr {
                @if whole { th scope="row" { (name) } } @else { td { (name) } }
                @for count in [created + updated + unchanged, created, updated, unchanged] { td class="num" { (thousands(count)) } }
            }
        }
    };
    let whole =
        view.kinds.iter().fold([0; 3], |sum, (_, counts)| [sum[0] + counts[0], sum[1] + counts[1], sum[2] + counts[2]]);
    let columns = [
        Column::text("What"),
        Column::number("Recognised"),
        Column::number("Created"),
        Column::number("Updated"),
        Column::number("Unchanged"),
    ];
    html! {
        p {
            b { (thousands(whole.iter().sum())) } " recognised = " (thousands(whole[0])) " created + " (thousands(whole[1])) " updated + "
            (thousands(whole[2])) " unchanged" @if view.rejected_total > 0 { "; " (thousands(view.rejected_total)) " refused" }
        }
        @if view.kinds.len() > 1 {
            (table("What was recognised", &columns, &html! {
                @for (name, counts) in &view.kinds { (row(name, *counts, false)) }
                (row("Together", whole, true))
            }))
        }
    }
}

fn files(view: &View) -> Markup {
    let columns = [
        Column::text("File"),
        Column::text("Result"),
        Column::text("Format"),
        Column::number("Recognised"),
        Column::number("Created"),
        Column::number("Updated"),
        Column::number("Unchanged"),
        Column::number("Rejected"),
        Column::text("Outcomes"),
        Column::text("Remark"),
    ];
    panel(
        "files",
        "Files",
        i64::try_from(view.files.len()).ok(),
        &table(
            "Files",
            &columns,
            &html! {
                @for file in &view.files {
                    tr {
                        td class="title" { (file.name) span class="sub" { (bytes(file.size)) } }
                        td { (state(file.status)) }
                        td { (file.format) }
                        @for count in [file.recognised, file.created, file.updated, file.unchanged, file.rejected] { td class="num" { (thousands(count)) } }
                        td { @match file.outcomes { Some(counts) => (result_bar(counts)), None => (none("no results")) } }
                        td class="text" { @match &file.remark { Some(remark) => (remark), None => (none("none")) } }
                    }
                }
            },
        ),
    )
}

fn changes(view: &View) -> Markup {
    let words = |what: &str| {
        match what {
            "created" => "New",
            "updated" => "Changed",
            "gone" => "Gone: no longer in the file",
            _ => "Left: changed here, not in the file",
        }
        .to_owned()
    };
    let value = |text: &Option<String>| html! { @match text { Some(text) => (text), None => (none("nothing")) } };
    panel(
        "changes",
        "Records",
        i64::try_from(view.changes.len()).ok(),
        &table(
            "Records",
            &[Column::text("Record"), Column::text("What"), Column::text("Fields")],
            &html! {
                @for one in &view.changes {
                    tr {
                        td class="title" { (one.record) span class="sub" { (one.title) } }
                        td { (words(&one.what)) }
                        td class="text" {
                            @for (field, from, to) in &one.fields {
                                div { b { (field) } ": " @if one.what == "created" { (value(to)) } @else { (value(from)) " → " (value(to)) } }
                            }
                        }
                    }
                }
            },
        ),
    )
}

fn rejections(view: &View) -> Markup {
    let listed = i64::try_from(view.rejections.len()).unwrap_or(i64::MAX);
    panel(
        "rejections",
        "Rejections",
        Some(view.rejected_total),
        &html! {
            (table("Rejections", &[Column::text("File"), Column::number("Line"), Column::text("Reason")], &html! {
                @for one in &view.rejections {
                    tr { td class="text" { (one.file) } td class="num" { @match one.line { Some(line) => (thousands(line)), None => (none("no line")) } } td class="text" { (one.reason) } }
                }
            }))
            @if listed < view.rejected_total { p class="muted" { "The first " (thousands(listed)) " of " (thousands(view.rejected_total)) " are listed." } }
        },
    )
}
