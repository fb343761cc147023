//! The inbox of approvals: what waits for the visitor, what they asked for, and the form that asks.

use maud::{Markup, html};

use crate::components::{Empty, Field, FormErrors, Head, Input, empty, error_summary, field, head, key, panel, submit};
use crate::format::{When, time};
use crate::icons::Icon;
use crate::layout::{Frame, csrf, page as framed};
use crate::paths;
use crate::state::{ApprovalStatus, state};

/// What the page shows.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// What waits for the visitor.
    pub waiting: Vec<Request>,
    /// What they asked for, or what is asked for them.
    pub own: Vec<Request>,
    /// The others, the latest first.
    pub others: Vec<Request>,
    /// Whether the visitor may ask for something.
    pub may_ask: bool,
    /// What can be asked for: value and words.
    pub permissions: Vec<(String, String)>,
    /// Projects to which it can be limited: value and words.
    pub projects: Vec<(String, String)>,
    /// What was entered.
    pub entered: Entered,
    /// The form that was refused: `ask`, or the identifier of a request.
    pub refused: String,
    /// What was refused about it.
    pub errors: FormErrors,
}

/// What was entered.
#[derive(Debug, Clone, Default)]
pub struct Entered {
    /// The permission.
    pub permission: String,
    /// The project.
    pub project: String,
    /// For how many hours.
    pub hours: String,
}

/// A request.
#[derive(Debug, Clone)]
pub struct Request {
    /// Its identifier.
    pub id: String,
    /// What it would allow, in words.
    pub what: String,
    /// What it is called in permissions.
    pub code: String,
    /// Who asks: name and page.
    pub by: Option<(String, String)>,
    /// Who is to gain, when it is somebody else: name and page.
    pub gains: Option<(String, String)>,
    /// The project.
    pub project: Option<String>,
    /// For how long, in words.
    pub duration: Option<String>,
    /// How it stands.
    pub status: ApprovalStatus,
    /// The step that is open: "Step 1 of 2, Security review: waits for Administrators, 0 of 1 said yes".
    pub step: Option<String>,
    /// When it was asked.
    pub asked: When,
    /// When it ended.
    pub decided: Option<When>,
    /// What approvers said: name, word, comment, when.
    pub answers: Vec<(String, String, String, When)>,
    /// The explorer with what it would allow.
    pub href: Option<String>,
}

/// The page.
#[must_use]
pub fn page(frame: &Frame, view: &View) -> Markup {
    let count = |list: &[Request]| i64::try_from(list.len()).ok();
    framed(
        frame,
        "Approvals",
        &[],
        &html! {
            (head(&Head { title: "Approvals", sub: Some(html! { "Some things take somebody else’s yes. Nobody decides on their own request." }), ..Head::default() }))
            @if view.may_ask { (ask(frame, view)) }
            (panel("waiting", "Waits for you", count(&view.waiting), &html! {
                @if view.waiting.is_empty() {
                    (empty(&Empty { glyph: Icon::Stamp, title: "Nothing waits for you", text: "When somebody asks for what you approve, it appears here.", command: None, link: None }))
                } @else { ul class="cards" { @for one in &view.waiting { li class="box" { (request(one)) (decide(frame, view, one)) } } } }
            }))
            @if !view.own.is_empty() {
                (panel("own", "You asked", count(&view.own), &html! { ul class="cards" { @for one in &view.own { li class="box" {
                    (request(one))
                    @if one.status == ApprovalStatus::Pending {
                        form method="post" action={ (paths::APPROVALS) "/" (one.id) "/cancel" } { (csrf(frame)) button class="button quiet" { "Take it back" span class="hidden" { ": " (one.what) } } }
                    }
                } } } }))
            }
            @if !view.others.is_empty() {
                (panel("others", "Others", count(&view.others), &html! { ul class="cards" { @for one in &view.others { li class="box" { (request(one)) } } } }))
            }
        },
    )
}

fn request(one: &Request) -> Markup {
    html! {
        div class="request" {
            p class="says-it" { (state(one.status)) b { (one.what) } @if !one.code.is_empty() { (key(&one.code)) } }
            p class="muted" {
                @match &one.by { Some((name, href)) => { a href=(href) { (name) } " asked " }, None => "Asked " }
                (time(one.asked))
                @if let Some((name, href)) = &one.gains { " for " a href=(href) { (name) } }
                @if let Some(project) = &one.project { " in " (project) }
                @if let Some(duration) = &one.duration { ", " (duration) }
                @if let Some(decided) = one.decided { ", ended " (time(decided)) }
            }
            @if let Some(step) = &one.step { p { (step) } }
            @if !one.answers.is_empty() {
                ul class="list" { @for (name, word, comment, when) in &one.answers {
                    li { span class="grow" { (name) " " (word) @if !comment.is_empty() { span class="muted" { " “" (comment) "”" } } } span class="muted" { (time(*when)) } }
                } }
            }
            @if let Some(href) = &one.href { p { a class="quiet-link" href=(href) { "What may they do now?" span class="hidden" { " About: " (one.what) } } } }
        }
    }
}

fn decide(frame: &Frame, view: &View, one: &Request) -> Markup {
    let none = FormErrors::default();
    let errors = if view.refused == one.id { &view.errors } else { &none };
    let form = format!("decide-{}", one.id);
    html! {
        form method="post" action={ (paths::APPROVALS) "/" (one.id) "/decide" } class="form" {
            (csrf(frame)) (error_summary(&form, errors))
            (field(&Field { form: &form, name: "comment", label: "Comment", value: "", input: Input::Text, required: false, hint: None }, errors))
            div class="do" {
                button class="button main" name="decision" value="approved" { "Approve" span class="hidden" { ": " (one.what) } }
                button class="button danger" name="decision" value="rejected" { "Reject" span class="hidden" { ": " (one.what) } }
                button class="button quiet" name="decision" value="abstained" { "Abstain" span class="hidden" { ": " (one.what) } }
            }
        }
    }
}

fn ask(frame: &Frame, view: &View) -> Markup {
    let none = FormErrors::default();
    let errors = if view.refused == "ask" { &view.errors } else { &none };
    let one = |name, label, value, input, required, hint| {
        field(&Field { form: "ask", name, label, value, input, required, hint }, errors)
    };
    html! {
        details class="fold" data-create open[!errors.is_empty()] {
            summary class="button main" { "Ask for something" }
            @if view.permissions.is_empty() {
                div class="box" { p { "Nothing here takes an approval: no permission is marked so. Whoever looks after roles marks one through the API, and says by which workflow it is approved." } }
            } @else {
                form method="post" action=(paths::APPROVALS) class="form box" {
                    (csrf(frame)) (error_summary("ask", errors))
                    p class="muted" { "For a permission that a role of yours has, but that needs somebody’s yes each time." }
                    (one("permission", "Permission", &view.entered.permission, Input::Select(view.permissions.clone()), true, None))
                    (one("place", "In the project", &view.entered.project, Input::Select(view.projects.clone()), false, Some("Without one: wherever your role holds.")))
                    (one("hours", "For how many hours", if view.entered.hours.is_empty() { "8" } else { &view.entered.hours }, Input::Text, true, Some("720 at most.")))
                    div { (submit("Ask")) }
                }
            }
        }
    }
}
