//! What runs where, and what ran there before.

use maud::{Markup, html};

use super::{at, seen_by, slug};
use crate::components::{
    Actor, Column, Empty, Field, Filters, FormErrors, Head, Input, Pager, actor, downloads, empty, error_summary,
    field, filter_bar, head, hidden, key, none, pager, panel, submit, table,
};
use crate::format::{When, duration, time};
use crate::icons::Icon;
use crate::layout::{Frame, csrf, page as framed};
use crate::paths;
use crate::state::{DeploymentStatus, Shown, state};

/// What the page shows.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// The environments in the order things travel through them.
    pub environments: Vec<Environment>,
    /// Environment, status and text.
    pub filters: Filters,
    /// Past deployments, newest first.
    pub history: Vec<Row>,
    /// Where the history goes on.
    pub pager: Pager,
    /// Where the same rows are as CSV.
    pub export: String,
    /// The form that records a deployment, for those who may.
    pub form: Option<Form>,
}

/// The form that records a deployment.
#[derive(Debug, Clone, Default)]
pub struct Form {
    /// Environments to choose from: value and name.
    pub environments: Vec<(String, String)>,
    /// Builds to choose from: number and words.
    pub builds: Vec<(String, String)>,
    /// What was entered: environment, build, version, status, remark.
    pub entered: [String; 5],
    /// What was refused about it.
    pub errors: FormErrors,
}

/// One environment now.
#[derive(Debug, Clone)]
pub struct Environment {
    /// Its name.
    pub name: String,
    /// Whether a deployment there needs an approval.
    pub protected: bool,
    /// The version and build there; `None` when nothing was ever deployed.
    pub current: Option<Row>,
    /// Builds that are newer and not there yet; `None` when not known.
    pub behind: Option<i64>,
}

/// One deployment.
#[derive(Debug, Clone)]
pub struct Row {
    /// Where to.
    pub environment: String,
    /// What: the version.
    pub version: String,
    /// The build's number; `None` when a version of a service was brought.
    pub build: Option<i64>,
    /// The status moves this person may make from here.
    pub moves: Vec<DeploymentStatus>,
    /// Its identifier and row version, which the moves carry.
    pub id: (String, i64),
    /// How it went.
    pub status: DeploymentStatus,
    /// Who did it.
    pub by: Actor,
    /// Whether somebody agreed, or has to.
    pub approval: Approval,
    /// How long it took, in milliseconds.
    pub duration_ms: Option<i64>,
    /// Why it was rolled back.
    pub reason: Option<String>,
    /// When.
    pub when: When,
}

/// How it stands with the agreement to a deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Approval {
    /// Nobody has to agree.
    NotNeeded,
    /// This member agreed.
    Given(String),
    /// Somebody else has to agree before it goes ahead.
    Wanted,
    /// It waits, and the person who looks may agree.
    Yours,
}

/// The page.
#[must_use]
pub fn page(frame: &Frame, view: &View) -> Markup {
    framed(
        frame,
        "Deployments",
        &[],
        &html! {
            (head(&Head { title: "Deployments", sub: Some(html! { "What runs where, and how it got there" }), actions: Some(html! { (seen_by(frame, "deployment", "")) @if !view.history.is_empty() { (downloads(&view.export)) } }), ..Head::default() }))
            @if let Some(form) = &view.form { (record(frame, form)) }
            @if view.environments.is_empty() {
                (empty(&Empty {
                    glyph: Icon::Rocket, title: "No environment yet",
                    text: "An administrator adds environments through the API, at /v1/environments; deployments to them are recorded here or by your pipeline.",
                    command: None,
                    link: None,
                }))
            } @else {
                ul class="where" {
                    @for one in &view.environments {
                        li {
                            h2 { (one.name) @if one.protected { span class="muted" { "needs approval" } } }
                            @match &one.current {
                                Some(current) => {
                                    @match current.build { Some(number) => a class="version" href=(paths::build(slug(frame), number)) { (current.version) }, None => span class="version" { (current.version) } }
                                    span { (state(current.status)) span class="muted" { @if let Some(number) = current.build { " · build #" (number) } " · " (time(current.when)) } }
                                    @match one.behind {
                                        Some(0) => span class="muted" { "Up to date" },
                                        Some(1) => span class="says warn" { "1 build behind" },
                                        Some(n) => span class="says warn" { (n) " builds behind" },
                                        None => {},
                                    }
                                },
                                None => p class="muted" { "Nothing was ever deployed here." },
                            }
                        }
                    }
                }
                (panel("history", "History", None, &html! {
                    (filter_bar(&view.filters))
                    @if view.history.is_empty() {
                        (empty(&Empty { glyph: Icon::History, title: "No deployment to show", text: if view.filters.narrowed() { "None fits these filters. Take one away, or start again." } else { "None was recorded. Once there is a build, record one here, or let your pipeline send it to /v1/deployments." }, command: None, link: view.filters.narrowed().then(|| ("Clear the filters", view.filters.action.clone())) }))
                    } @else {
                        (table("Deployments", &[
                            Column::text("Environment"), Column::text("Version"), Column::text("Build"), Column::text("Status"), Column::text("By"), Column::text("Approved"), Column::number("Time"), Column::text("Remark"), Column::text("When"),
                        ], &html! {
                            @for row in &view.history {
                                tr {
                                    td { (row.environment) }
                                    td { (key(&row.version)) }
                                    td { @match row.build { Some(number) => a data-row href=(paths::build(slug(frame), number)) { "#" (number) }, None => (none("no build")) } }
                                    td { (state(row.status)) @if !row.moves.is_empty() { (moves(frame, row)) } }
                                    td { (actor(&row.by)) }
                                    td { (approval(frame, row)) }
                                    td class="num" { @match row.duration_ms { Some(ms) => (duration(ms)), None => (none("no time")) } }
                                    td class="text" { @match &row.reason { Some(reason) => (reason), None => (none("none")) } }
                                    td class="muted" { (time(row.when)) }
                                }
                            }
                        }))
                        (pager(&view.pager))
                    }
                }))
            }
        },
    )
}

/// The form that records a deployment.
fn record(frame: &Frame, form: &Form) -> Markup {
    let one =
        |name, label, value, input, required, hint| Field { form: "new", name, label, value, input, required, hint };
    let [environment, build, version, status, remark] = &form.entered;
    let statuses =
        [DeploymentStatus::Success, DeploymentStatus::Deploying, DeploymentStatus::Pending, DeploymentStatus::Failed]
            .map(|status| (status.code().to_owned(), status.word().to_owned()))
            .to_vec();
    html! {
        details class="fold" data-create open[!form.errors.is_empty()] {
            summary class="button main" { "Record a deployment" }
            form method="post" action=(at(frame, "deployments")) class="form box" {
                (csrf(frame)) (error_summary("new", &form.errors))
                (field(&one("environment_id", "Environment", environment, Input::Select(form.environments.clone()), true, None), &form.errors))
                (field(&one("build", "Build", build, Input::Select(form.builds.clone()), true, None), &form.errors))
                (field(&one("version", "Version", version, Input::Text, false, Some("Left empty, it is the build’s.")), &form.errors))
                (field(&one("status", "How it went", status, Input::Select(statuses), true, None), &form.errors))
                (field(&one("approval_notes", "Remark", remark, Input::Text, false, None), &form.errors))
                div { (submit("Record")) }
            }
        }
    }
}

/// Who agreed, or the button to agree.
fn approval(frame: &Frame, row: &Row) -> Markup {
    html! {
        @match &row.approval {
            Approval::NotNeeded => (none("not needed")),
            Approval::Given(name) => (name),
            Approval::Wanted => span class="says warn" { "Somebody else has to agree" },
            Approval::Yours => form method="post" action={ (at(frame, "deployments")) "/" (paths::segment(&row.id.0)) "/approve" } {
                (csrf(frame))
                button class="button" aria-label={ "Approve " (row.version) " for " (row.environment) } { "Approve" }
            },
        }
    }
}

/// What can become of a deployment, as buttons; taking one back asks why.
fn moves(frame: &Frame, row: &Row) -> Markup {
    html! {
        details class="row-do" {
            summary aria-label={ "Change the status of " (row.version) " in " (row.environment) } { "Change" }
            div {
                form method="post" action={ (at(frame, "deployments")) "/" (paths::segment(&row.id.0)) "/status" } class="form" {
                    (csrf(frame)) (hidden("version", &row.id.1.to_string()))
                    @if row.moves.contains(&DeploymentStatus::RolledBack) {
                        (field(&Field { form: &row.id.0, name: "rollback_reason", label: "Why it is rolled back", value: "", input: Input::Text, required: false, hint: None }, &FormErrors::default()))
                    }
                    div class="do" { @for status in &row.moves { button class="button" name="status" value=(status.code()) { (verb(*status)) } } }
                }
            }
        }
    }
}

/// What a button says that moves a deployment to `status`.
fn verb(status: DeploymentStatus) -> &'static str {
    match status {
        DeploymentStatus::Pending => "Back to pending",
        DeploymentStatus::Deploying => "Deploying now",
        DeploymentStatus::Success => "Deployed",
        DeploymentStatus::Failed => "Failed",
        DeploymentStatus::RolledBack => "Roll back",
    }
}
