//! Signed evidence: a part of the pages of builds and releases that makes it and lists what was made.

use maud::{Markup, html};

use super::{at, slug};
use crate::components::{
    Actor, Column, Field, FormErrors, Input, actor, error_summary, field, hidden, key, panel, submit, table,
};
use crate::format::{When, bytes, time};
use crate::icons::{Icon, icon};
use crate::layout::{Frame, csrf};
use crate::paths;

/// What the part shows.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// The bundles, newest first.
    pub bundles: Vec<Bundle>,
    /// The form that makes one, for those who may.
    pub form: Option<Form>,
}

/// The form.
#[derive(Debug, Clone, Default)]
pub struct Form {
    /// What it can be made for: `build:` or `release:` and an identifier, with words. With a single one there is nothing to choose.
    pub subjects: Vec<(String, String)>,
    /// Baselines to take from what was required: identifier and name.
    pub baselines: Vec<(String, String)>,
    /// What was chosen: subject and baseline.
    pub entered: [String; 2],
    /// What was refused.
    pub errors: FormErrors,
}

/// One bundle.
#[derive(Debug, Clone)]
pub struct Bundle {
    /// Its identifier.
    pub id: String,
    /// What it is about.
    pub name: String,
    /// The number of its build.
    pub build: Option<i64>,
    /// The baseline: identifier and name.
    pub baseline: Option<(String, String)>,
    /// Criteria proven, and criteria.
    pub proven: (i64, i64),
    /// What was open.
    pub open: i64,
    /// Bytes.
    pub size: i64,
    /// SHA-256 in hexadecimal.
    pub sha256: String,
    /// The public key of the signature.
    pub public_key: String,
    /// Who made it.
    pub by: Actor,
    /// When.
    pub when: When,
}

/// The part of the page.
#[must_use]
pub fn part(frame: &Frame, view: &View) -> Markup {
    panel(
        "evidence",
        "Evidence",
        i64::try_from(view.bundles.len()).ok(),
        &html! {
            @if let Some(form) = &view.form { (make(frame, form)) }
            @if view.bundles.is_empty() {
                p class="muted" { "Nothing was made yet. Evidence is a signed file that says what was required, what proves it, what is open and what runs where; anybody can check it later without this server." }
            } @else {
                (list(frame, &view.bundles))
                (checking(&view.bundles[0].public_key))
            }
        },
    )
}

fn make(frame: &Frame, form: &Form) -> Markup {
    let [subject, baseline] = &form.entered;
    let choose = |name, label, value, options, hint| Field {
        form: "evidence",
        name,
        label,
        value,
        input: Input::Select(options),
        required: true,
        hint,
    };
    let now = (String::new(), "what the project says now".to_owned());
    let agreed = form.baselines.iter().map(|(id, name)| (id.clone(), format!("the baseline {name}")));
    let baselines: Vec<(String, String)> = std::iter::once(now).chain(agreed).collect();
    html! {
        form method="post" action=(at(frame, "releases")) class="form inline" {
            (csrf(frame)) (error_summary("evidence", &form.errors))
            @match form.subjects.as_slice() {
                [(only, _)] => (hidden("subject", only)),
                subjects => (field(&choose("subject", "Evidence of", subject, subjects.to_vec(), None), &form.errors)),
            }
            (field(&Field { required: false, ..choose("baseline", "What was required", baseline, baselines, None) }, &form.errors))
            (submit("Make evidence"))
        }
    }
}

fn list(frame: &Frame, bundles: &[Bundle]) -> Markup {
    let heads = [
        Column::text("Evidence of"),
        Column::number("Proven"),
        Column::number("Open"),
        Column::text("Required by"),
        Column::text("Made by"),
        Column::text("When"),
        Column::text("Bundle"),
    ];
    table(
        "Evidence",
        &heads,
        &html! {
            @for one in bundles {
                tr {
                    td class="title" { a data-row href=(paths::evidence(slug(frame), &one.id, "page")) { (one.name) } @if let Some(build) = one.build { " " a class="muted" href=(paths::build(slug(frame), build)) { "#" (build) } } }
                    td class="num" { (one.proven.0) " of " (one.proven.1) }
                    td class="num" { (one.open) }
                    td { @match &one.baseline { Some((id, name)) => a href=(paths::baseline(slug(frame), id)) { (name) }, None => span class="muted" { "the project then" } } }
                    td { (actor(&one.by)) }
                    td class="muted" { (time(one.when)) }
                    td { a href=(paths::evidence(slug(frame), &one.id, "bundle")) download { (icon(Icon::Download)) span class="hidden" { "Download the evidence of " (one.name) ", " } (bytes(one.size)) } " " span class="muted" title=(one.sha256) { (key(one.sha256.get(..12).unwrap_or_default())) } }
                }
            }
        },
    )
}

fn checking(public_key: &str) -> Markup {
    html! {
        details class="fold" {
            summary { "How somebody else checks a bundle" }
            p { "With the program and this public key, and nothing else; get the key to them by another way than the bundle." }
            p class="command" { code { "throughline evidence verify BUNDLE.tar.gz --key '" (public_key) "'" } }
        }
    }
}
