//! Import profiles: the list, and one with what its words mean.

use maud::{Markup, html};

use super::{at, crumb, slug};
use crate::components::{
    Column, Empty, Field, FormErrors, Head, Input, empty, error_summary, field, head, hidden, none, submit, table,
};
use crate::format::{When, time};
use crate::icons::Icon;
use crate::layout::{Frame, csrf, page as framed};
use crate::paths;

/// The list.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// Id, name, what records become, when it last changed.
    pub rows: Vec<(String, String, String, When)>,
    /// The form for a new one, with what was entered; None for whoever may make none.
    pub form: Option<(String, FormErrors)>,
}

/// One profile.
#[derive(Debug, Clone, Default)]
pub struct One {
    /// Its id.
    pub id: String,
    /// Its version, for a change.
    pub version: String,
    /// What is in each field of the form.
    pub entered: Entered,
    /// What was refused.
    pub errors: FormErrors,
    /// Whether this person may change it.
    pub may_change: bool,
}

/// What a profile says, as it is entered: lists as lines of `theirs = ours`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entered {
    /// What people call it.
    pub name: String,
    /// What records become.
    pub target: String,
    /// The system the records are known in.
    pub system: String,
    /// The sheet of a workbook.
    pub sheet: String,
    /// The lists of [`LISTS`], in their order.
    pub lists: [String; LISTS.len()],
}

/// The lists of a profile: name, label, hint.
pub const LISTS: [(&str, &str, &str); 6] = [
    (
        "columns",
        "Columns and attributes",
        "One a line, such as: Anforderung = text. Fields: identifier, key, title, text, kind, status, priority, severity, parent, level, owner, reporter, tags, criteria, url, due, keep, ignore, or link: and a type of link.",
    ),
    (
        "kinds",
        "Kinds of records",
        "Such as: Folder = heading. Means: record, requirement, defect, heading or left_out.",
    ),
    (
        "statuses",
        "States",
        "Such as: In Review = draft. Requirements: draft, approved, in_progress, completed, rejected. Defects: open, assigned, in_progress, resolved, verified, closed, wont_fix.",
    ),
    ("priorities", "Priorities", "Such as: Must have = critical. Ours: critical, high, medium, low."),
    ("severities", "Severities", "Such as: S1 = critical. Ours: critical, high, medium, low."),
    (
        "links",
        "Links",
        "Such as: Cloners = left_out. Ours: satisfies, implements, verifies, affects, mitigates, derives_from, depends_on, blocks or left_out.",
    ),
];

/// The list of a project's profiles.
#[must_use]
pub fn page(frame: &Frame, view: &View) -> Markup {
    framed(
        frame,
        "Import profiles",
        &[crumb(frame, "Import", "import")],
        &html! {
            (head(&Head { title: "Import profiles", sub: Some(html! { "How the words of other tools become ours: columns, states, priorities, kinds and links" }), ..Head::default() }))
            @if let Some((name, errors)) = &view.form {
                details class="fold" data-create open[!errors.is_empty()] {
                    summary class="button main" { "New profile" }
                    div class="box" {
                        form method="post" action=(at(frame, "import-profiles")) class="form inline" {
                            (csrf(frame)) (error_summary("new", errors))
                            (field(&Field { form: "new", name: "name", label: "Name", value: name, input: Input::Text, required: true, hint: Some("One with the name of a file, without its ending, is taken for files of that name.") }, errors))
                            (submit("Create"))
                        }
                    }
                }
            }
            @if view.rows.is_empty() {
                (empty(&Empty { glyph: Icon::Upload, title: "No profile yet", text: "Import a table, and what its columns were taken for stands here, to be put right. Try it first: a dry run stores nothing else.", command: None, link: Some(("Import", at(frame, "import"))) }))
            } @else {
                (table("Import profiles", &[Column::text("Profile"), Column::text("Records become"), Column::text("Changed")], &html! {
                    @for (id, name, target, when) in &view.rows {
                        tr {
                            td class="title" { a data-row href=(paths::import_profile(slug(frame), id)) { (name) } }
                            td { (target) }
                            td class="muted" { (time(*when)) }
                        }
                    }
                }))
            }
        },
    )
}

/// One profile, to be looked at and changed.
#[must_use]
pub fn one(frame: &Frame, view: &One) -> Markup {
    let entered = &view.entered;
    let input = |name, label, value, input, required, hint| Field {
        form: "profile",
        name,
        label,
        value,
        input,
        required,
        hint,
    };
    let targets = vec![
        ("as_usual".to_owned(), "As usual: issues become defects, all else requirements".to_owned()),
        ("requirements".to_owned(), "Requirements".to_owned()),
        ("defects".to_owned(), "Defects".to_owned()),
    ];
    framed(
        frame,
        &entered.name,
        &[crumb(frame, "Import", "import"), crumb(frame, "Import profiles", "import-profiles")],
        &html! {
            (head(&Head { title: &entered.name, sub: Some(html! { "What is not said here is guessed from the names that tools use" }), ..Head::default() }))
            @if view.may_change {
                form method="post" action=(paths::import_profile(slug(frame), &view.id)) class="form part" {
                    (csrf(frame)) (hidden("version", &view.version)) (error_summary("profile", &view.errors))
                    (field(&input("name", "Name", &entered.name, Input::Text, true, None), &view.errors))
                    (field(&input("target", "Records become", &entered.target, Input::Select(targets), true, None), &view.errors))
                    (field(&input("system", "System", &entered.system, Input::Text, false, Some("Under which name the records are known, such as doors or jira. Empty: that of the format.")), &view.errors))
                    (field(&input("sheet", "Sheet", &entered.sheet, Input::Text, false, Some("Of a workbook. Empty: the first that holds something.")), &view.errors))
                    @for ((name, label, hint), value) in LISTS.iter().zip(&entered.lists) {
                        (field(&input(name, label, value, Input::Area { rows: if *name == "columns" { 10 } else { 4 } }, false, Some(hint)), &view.errors))
                    }
                    (submit("Save"))
                }
            } @else {
                @for ((_, label, _), value) in LISTS.iter().zip(&entered.lists) {
                    h2 { (label) }
                    @if value.is_empty() { (none("as guessed")) } @else { pre tabindex="0" role="region" aria-label=(label) { (value) } }
                }
            }
        },
    )
}
