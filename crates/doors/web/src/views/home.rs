//! Organisation home: the projects with their state at a glance.

use maud::{Markup, html};

use crate::components::{
    Counts, Empty, Field, FormErrors, Head, Input, empty, error_summary, field, head, result_bar, submit,
};
use crate::format::{When, thousands, time};
use crate::icons::Icon;
use crate::layout::{Frame, csrf, page as framed};
use crate::paths;
use crate::state::{ProofState, state};

/// What the home page shows.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// The projects this person can see.
    pub projects: Vec<Project>,
    /// Whether this person may create one.
    pub may_create: bool,
    /// What was refused about the new project.
    pub errors: FormErrors,
    /// The name entered for it.
    pub name: String,
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
