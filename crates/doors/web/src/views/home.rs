//! Organisation home: the projects with their state at a glance.

use maud::{Markup, html};

use crate::components::{
    Counts, Empty, Field, Figure, FormErrors, Head, Input, empty, error_summary, field, figures, head, panel,
    result_bar, submit,
};
use crate::format::{When, thousands, time};
use crate::icons::Icon;
use crate::layout::{Frame, csrf, page as framed};
use crate::paths;
use crate::state::{ProofState, Tone, dot, state};

/// What the home page shows.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// What waits for this person.
    pub work: Work,
    /// The projects this person can see.
    pub projects: Vec<Project>,
    /// Whether this person may create one.
    pub may_create: bool,
    /// What was refused about the new project.
    pub errors: FormErrors,
    /// The name entered for it.
    pub name: String,
}

/// What waits for a person.
#[derive(Debug, Clone, Default)]
pub struct Work {
    /// How much there is of each kind.
    pub figures: Vec<Figure>,
    /// When the figures were counted; `None` before the first counting.
    pub counted: Option<When>,
    /// The first of each kind, as of now.
    pub waiting: Vec<Waiting>,
}

/// One thing that waits.
#[derive(Debug, Clone)]
pub struct Waiting {
    /// What kind of thing: `Task`, `Defect`, `Decision` or `Message`.
    pub kind: String,
    /// Its key; empty when it has none.
    pub key: String,
    /// What it is.
    pub title: String,
    /// Where it is; `None` when it has no page of its own.
    pub href: Option<String>,
    /// Its project; empty when it belongs to none.
    pub project: String,
    /// The day it is due, and whether that has passed.
    pub due: Option<(String, bool)>,
    /// When it came.
    pub when: When,
}

/// One project at a glance.
#[derive(Debug, Clone)]
pub struct Project {
    /// Its name.
    pub name: String,
    /// Its slug.
    pub slug: String,
    /// A sentence about it.
    pub description: String,
    /// The worst state among its requirements; `None` while it has none.
    pub state: Option<ProofState>,
    /// Requirements that are not rejected.
    pub requirements: i64,
    /// Those of them that are proven.
    pub proven: i64,
    /// Defects still open.
    pub open_defects: i64,
    /// Results of the latest build.
    pub latest: Option<(String, Counts, When)>,
}

/// The home page.
#[must_use]
pub fn page(frame: &Frame, view: &View) -> Markup {
    framed(
        frame,
        "Home",
        &[],
        &html! {
            (head(&Head { title: if frame.organization.is_empty() { "Home" } else { &frame.organization }, sub: Some(html! { "Every project, from what was asked to what runs." }), ..Head::default() }))
            @if !view.work.figures.is_empty() || !view.work.waiting.is_empty() { (work(&view.work)) }
            @if view.projects.is_empty() {
                (empty(&Empty {
                    glyph: Icon::FolderKanban, title: "No project yet",
                    text: "A project holds requirements, tests, builds and deployments. Create one below, or let an import make it:",
                    command: Some("throughline import --project KEY reports/*.xml".to_owned()), link: None,
                }))
            } @else {
                ul class="projects" { @for project in &view.projects { (card(project)) } }
            }
            @if view.may_create {
                details class="fold" data-create open[!view.errors.is_empty()] {
                    summary class="button" { "New project" }
                    form method="post" action=(paths::PROJECTS) class="form inline" {
                        (csrf(frame)) (error_summary("project", &view.errors))
                        (field(&Field { form: "project", name: "name", label: "Name", value: &view.name, input: Input::Text, required: true, hint: None }, &view.errors))
                        (submit("Create"))
                    }
                }
            }
        },
    )
}

fn work(work: &Work) -> Markup {
    panel(
        "my-work",
        "My work",
        None,
        &html! {
            @if !work.figures.is_empty() { (figures(&work.figures)) }
            @if let Some(when) = work.counted { p class="muted" { "Figures as of " (time(when)) "; the list is of now." } }
            @if work.waiting.is_empty() {
                p class="muted" { "Nothing waits for you." }
            } @else {
                ul class="list" { @for one in &work.waiting { (waiting(one)) } }
            }
        },
    )
}

fn waiting(one: &Waiting) -> Markup {
    let name = html! { @if !one.key.is_empty() { span class="key" { (one.key) } " " } (one.title) };
    html! {
        li {
            span class="muted" { (one.kind) }
            @match &one.href { Some(href) => a class="grow" data-row href=(href) { (name) }, None => span class="grow" { (name) } }
            @if !one.project.is_empty() { span class="muted" { (one.project) } }
            @match &one.due {
                Some((day, true)) => span class="says bad" { (dot(Tone::Bad)) "was due " (day) },
                Some((day, false)) => span class="says" { "due " (day) },
                None => span class="muted" { (time(one.when)) },
            }
        }
    }
}

fn card(project: &Project) -> Markup {
    html! {
        li class="project" {
            h2 {
                a data-row href=(paths::project(&project.slug)) { (project.name) }
                @match project.state { Some(one) => (state(one)), None => span class="state muted" { "Empty" } }
            }
            @if !project.description.is_empty() { p class="text" { (project.description) } }
            dl {
                div { dt { "Proven" } dd { (thousands(project.proven)) " of " (thousands(project.requirements)) } }
                div { dt { "Open defects" } dd { (thousands(project.open_defects)) } }
            }
            @match &project.latest {
                Some((label, counts, when)) => p class="muted" { (result_bar(*counts)) " " (label) ", " (time(*when)) },
                None => p class="muted" { "No build yet" },
            }
        }
    }
}
