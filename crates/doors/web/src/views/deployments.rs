//! What runs where, and what ran there before.

use maud::{Markup, html};

use super::slug;
use crate::components::{
    Actor, Column, Empty, Filters, Head, Pager, actor, empty, filter_bar, head, key, none, pager, panel, table,
};
use crate::format::{When, duration, time};
use crate::icons::Icon;
use crate::layout::{Frame, page as framed};
use crate::paths;
use crate::state::{DeploymentStatus, state};

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
    /// The build's number.
    pub build: i64,
    /// How it went.
    pub status: DeploymentStatus,
    /// Who did it.
    pub by: Actor,
    /// How long it took, in milliseconds.
    pub duration_ms: Option<i64>,
    /// Why it was rolled back.
    pub reason: Option<String>,
    /// When.
    pub when: When,
}

/// The page.
#[must_use]
pub fn page(frame: &Frame, view: &View) -> Markup {
    framed(
        frame,
        "Deployments",
        &[],
        &html! {
            (head(&Head { title: "Deployments", sub: Some(html! { "What runs where, and how it got there" }), ..Head::default() }))
            @if view.environments.is_empty() {
                (empty(&Empty {
                    glyph: Icon::Rocket, title: "No environment yet",
                    text: "Tell it from your pipeline after each deployment; the environment is made when it is first named.",
                    command: Some(format!("curl -H \"Authorization: Bearer $TOKEN\" -H \"Content-Type: application/json\" -d '{{\"project\":\"{}\",\"environment\":\"staging\",\"build\":1,\"status\":\"success\"}}' $THROUGHLINE_URL/v1/deployments", slug(frame))),
                    link: None,
                }))
            } @else {
                ul class="where" {
                    @for one in &view.environments {
                        li {
                            h2 { (one.name) @if one.protected { span class="muted" { "needs approval" } } }
                            @match &one.current {
                                Some(current) => {
                                    a class="version" href=(paths::build(slug(frame), current.build)) { (current.version) }
                                    span { (state(current.status)) span class="muted" { " · build #" (current.build) " · " (time(current.when)) } }
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
                        (empty(&Empty { glyph: Icon::History, title: "No deployment to show", text: "None was recorded, or none fits the filters.", command: None, link: view.filters.narrowed().then(|| ("Clear the filters", view.filters.action.clone())) }))
                    } @else {
                        (table("Deployments", &[
                            Column::text("Environment"), Column::text("Version"), Column::text("Build"), Column::text("Status"), Column::text("By"), Column::number("Time"), Column::text("Remark"), Column::text("When"),
                        ], &html! {
                            @for row in &view.history {
                                tr {
                                    td { (row.environment) }
                                    td { (key(&row.version)) }
                                    td { a data-row href=(paths::build(slug(frame), row.build)) { "#" (row.build) } }
                                    td { (state(row.status)) }
                                    td { (actor(&row.by)) }
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
