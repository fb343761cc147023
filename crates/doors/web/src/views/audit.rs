//! The audit trail: what happened, narrowed by what the address says, and one entry in full.

use maud::{Markup, html};

use crate::components::{
    Actor, Column, Empty, Field, FormErrors, Head, Input, Pager, Stretch, actor, empty, error_summary, facts, field,
    head, link_button, none, pager, panel, table, timeline,
};
use crate::format::{When, thousands, time};
use crate::icons::Icon;
use crate::layout::{Frame, page as framed, state_options};
use crate::paths;
use crate::state::{Risk, TrailOutcome, state};

/// What the list shows.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// What was asked for.
    pub asked: Asked,
    /// What was refused about it.
    pub errors: FormErrors,
    /// Members to choose from: what to enter and the name.
    pub people: Vec<(String, String)>,
    /// Projects to choose from: slug and name.
    pub projects: Vec<(String, String)>,
    /// How much happened when.
    pub stretches: Vec<Stretch>,
    /// The rows of this page.
    pub rows: Vec<Row>,
    /// Where the list goes on.
    pub pager: Pager,
    /// The list as CSV and as NDJSON, for those who may take it away.
    pub files: Option<[String; 2]>,
}

/// What the list is narrowed by, as it was entered; empty narrows nothing.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// Who did it: an address, a name or an identifier.
    pub who: String,
    /// For whom: the same.
    pub acting_for: String,
    /// The run of an agent.
    pub run: String,
    /// What was done, such as `requirement.updated`.
    pub what: String,
    /// The kind of thing it was done to, such as `requirement`.
    pub kind: String,
    /// Which one, by identifier.
    pub record: String,
    /// The project, by slug.
    pub project: String,
    /// What became of it.
    pub outcome: String,
    /// How closely to look at it.
    pub risk: String,
    /// Where it came from.
    pub address: String,
    /// The request it was part of.
    pub request: String,
    /// From when.
    pub from: String,
    /// Until when.
    pub until: String,
}

impl Asked {
    /// Whether anything narrows the list.
    fn narrows(&self) -> bool {
        [
            &self.who,
            &self.acting_for,
            &self.run,
            &self.what,
            &self.kind,
            &self.record,
            &self.project,
            &self.outcome,
            &self.risk,
            &self.address,
            &self.request,
            &self.from,
            &self.until,
        ]
        .iter()
        .any(|value| !value.is_empty())
    }
}

/// One entry of the list.
#[derive(Debug, Clone)]
pub struct Row {
    /// Its identifier.
    pub id: String,
    /// Who.
    pub by: Actor,
    /// What was done, as the rest of a sentence: "changed requirement".
    pub what: String,
    /// What it was done to, and the page with all that happened to it.
    pub record: Option<(String, Option<String>)>,
    /// What became of it.
    pub outcome: TrailOutcome,
    /// How closely to look.
    pub risk: Risk,
    /// Where it came from.
    pub address: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// When.
    pub when: When,
}

/// The list page.
#[must_use]
pub fn page(frame: &Frame, view: &View) -> Markup {
    let files = view.files.as_ref().map(|[csv, ndjson]| {
        html! {
            (link_button("CSV", csv, Some(Icon::Download), false))
            (link_button("NDJSON", ndjson, Some(Icon::Download), false))
        }
    });
    framed(
        frame,
        "Audit trail",
        &[],
        &html! {
            (head(&Head { title: "Audit trail", sub: Some(html! { "Changes, sign-ins, refusals, exports, reads of what is classified, and administration" }), actions: files, ..Head::default() }))
            (filters(view))
            @if view.stretches.iter().any(|stretch| stretch.count > 0) { (timeline("When it happened", "entries", &view.stretches)) }
            @if view.rows.is_empty() {
                @if view.asked.narrows() {
                    (empty(&Empty { glyph: Icon::Search, title: "Nothing in the trail fits", text: "Take a filter off, or look at a longer time.", command: None, link: Some(("Clear the filters", paths::AUDIT.to_owned())) }))
                } @else {
                    (empty(&Empty { glyph: Icon::History, title: "The trail is empty, as far as you may read it", text: "Whatever is done from now on is listed here. That nothing is missing is checked on the server:", command: Some("throughline audit verify".to_owned()), link: None }))
                }
            } @else {
                (rows(view))
                (pager(&view.pager))
            }
        },
    )
}

/// The form whose fields are the address.
fn filters(view: &View) -> Markup {
    let asked = &view.asked;
    let errors = &view.errors;
    let one = |name, label, value: &str, input, hint| {
        field(&Field { form: "trail", name, label, value, input, required: false, hint }, errors)
    };
    let open = asked.narrows() || !errors.is_empty();
    html! {
        (error_summary("trail", errors))
        details class="fold" open[open] {
            summary { "Narrow the trail" }
            form method="get" action=(paths::AUDIT) class="form inline" role="search" aria-label="Narrow the trail" {
                (one("who", "Who", &asked.who, Input::Suggested(view.people.clone()), Some("A name, an address or an identifier.")))
                (one("for", "Acting for", &asked.acting_for, Input::Suggested(view.people.clone()), Some("For whom an agent acted.")))
                (one("run", "Agent run", &asked.run, Input::Text, Some("The identifier of a run.")))
                (one("what", "What was done", &asked.what, Input::Text, Some("Such as requirement.updated or access.refused.")))
                (one("kind", "Kind of thing", &asked.kind, Input::Text, Some("Such as requirement, release or session.")))
                (one("record", "Record", &asked.record, Input::Text, Some("Its identifier.")))
                (one("project", "Project", &asked.project, Input::Select(view.projects.clone()), None))
                (one("outcome", "Outcome", &asked.outcome, Input::Select(state_options::<TrailOutcome>()), None))
                (one("risk", "Risk level", &asked.risk, Input::Select(state_options::<Risk>()), None))
                (one("address", "From where", &asked.address, Input::Text, Some("An address on the network.")))
                (one("request", "Request", &asked.request, Input::Text, Some("The identifier of a request.")))
                (one("from", "From (UTC)", &asked.from, Input::Moment, None))
                (one("until", "Until (UTC)", &asked.until, Input::Moment, None))
                div class="do" {
                    button class="button main" { "Show" }
                    @if asked.narrows() { a class="button quiet" href=(paths::AUDIT) { "Clear" } }
                }
            }
        }
    }
}

fn rows(view: &View) -> Markup {
    let heads = ["What", "Record", "By", "Outcome", "Risk", "From where", "When"].map(Column::text);
    table(
        "Entries of the audit trail",
        &heads,
        &html! {
            @for row in &view.rows {
                tr {
                    td class="text" {
                        a data-row href=(paths::audit_entry(&row.id)) { (row.what) }
                        @if let Some(reason) = &row.reason { div class="change muted" { "“" (reason) "”" } }
                    }
                    td class="text" {
                        @match &row.record {
                            Some((name, Some(href))) => a href=(href) { (name) },
                            Some((name, None)) => (name),
                            None => (none("nothing in particular")),
                        }
                    }
                    td { (actor(&row.by)) }
                    td { (state(row.outcome)) }
                    td { (state(row.risk)) }
                    td { @match &row.address { Some(address) => (address), None => (none("from inside")) } }
                    td class="muted" { (time(row.when)) }
                }
            }
        },
    )
}

/// One entry in full.
#[derive(Debug, Clone)]
pub struct Entry {
    /// What the list shows of it.
    pub row: Row,
    /// The word for what was done, and the page of everything of that word.
    pub event: (String, String),
    /// A sentence for people, where one was written.
    pub said: Option<String>,
    /// Why it did not come about.
    pub error: Option<String>,
    /// Changed fields: name, before, after; `None` where there is none.
    pub fields: Vec<(String, Option<String>, Option<String>)>,
    /// Words and what they say, with the page of everything that has the same.
    pub facts: Vec<(&'static str, String, Option<String>)>,
    /// How it is sealed; `None`: not yet.
    pub seal: Option<Seal>,
}

/// How an entry is sealed.
#[derive(Debug, Clone)]
pub struct Seal {
    /// Its place in the tree, from nought.
    pub leaf_index: i64,
    /// Whether what it tells of people is still there.
    pub is_whole: bool,
    /// The first signed head above it: its number of rows, and when it was signed.
    pub head: Option<(i64, When)>,
    /// The proof that it is in the trail.
    pub proof: String,
}

/// The page of one entry.
#[must_use]
pub fn entry(frame: &Frame, view: &Entry) -> Markup {
    let crumbs = [("Audit trail".to_owned(), paths::AUDIT.to_owned())];
    let row = &view.row;
    let title = match &row.record {
        Some((name, _)) => format!("{}: {name}", row.what),
        None => row.what.clone(),
    };
    framed(
        frame,
        &title,
        &crumbs,
        &html! {
            (head(&Head { title: &title, sub: Some(html! { (actor(&row.by)) " · " (time(row.when)) }), ..Head::default() }))
            div class="two" {
                div {
                    @if let Some(said) = &view.said { p { (said) } }
                    @if let Some(error) = &view.error { p class="says warn" { (error) } }
                    (panel("changed", "Before and after", None, &changed(view)))
                }
                aside aria-label="About this entry" {
                    section {
                        h2 { "About" }
                        (facts(&known(view)))
                    }
                    section {
                        h2 { "Seal" }
                        (sealed(view.seal.as_ref()))
                    }
                }
            }
        },
    )
}

fn changed(view: &Entry) -> Markup {
    let is_gone = view.seal.as_ref().is_some_and(|seal| !seal.is_whole);
    let cell = |value: &Option<String>| html! { @match value { Some(value) => (value), None => (none("nothing")) } };
    html! {
        @if is_gone {
            p { "What this entry told of people was taken out of it. Who, what and when stay, and so does its proof." }
        } @else if view.fields.is_empty() {
            p class="muted" { "It changed no fields." }
        } @else {
            (table("Fields before and after", &[Column::text("Field"), Column::text("Before"), Column::text("After")], &html! {
                @for (name, before, after) in &view.fields { tr { td { (name) } td class="text" { (cell(before)) } td class="text" { (cell(after)) } } }
            }))
        }
    }
}

fn known(view: &Entry) -> Vec<(&'static str, Markup)> {
    let row = &view.row;
    let mut list = vec![("What", html! { a href=(view.event.1) { (view.event.0) } })];
    if let Some((name, href)) = &row.record {
        let shown = html! { @match href { Some(href) => a href=(href) { (name) }, None => (name) } };
        list.push(("Record", shown));
    }
    list.push(("Outcome", state(row.outcome)));
    list.push(("Risk", state(row.risk)));
    if let Some(reason) = &row.reason {
        list.push(("Why", html! { "“" (reason) "”" }));
    }
    for (name, value, href) in &view.facts {
        list.push((name, html! { @match href { Some(href) => a href=(href) { (value) }, None => (value) } }));
    }
    list
}

fn sealed(seal: Option<&Seal>) -> Markup {
    let Some(seal) = seal else {
        return html! { p class="muted" { "Not sealed yet: the server seals every few seconds. Load the page again." } };
    };
    html! {
        p { "Row " (thousands(seal.leaf_index + 1)) " of the sealed trail"
            @if let Some((rows, when)) = &seal.head { ", under the signed head of " (thousands(*rows)) " rows, " (time(*when)) }
            "."
        }
        p { a href=(seal.proof) { "Proof that it is in the trail" } }
        p class="muted" { "Anybody can check the proof with the public key alone: " code { "throughline audit check" } "." }
    }
}
