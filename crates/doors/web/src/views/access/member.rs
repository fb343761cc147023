//! A member: all they hold, how they came by it and until when; what they can do with it; and the forms that change it.

use maud::{Markup, html};

use super::explorer::{Able, abilities};
use super::{Grant, grant_line};
use crate::components::{
    Empty, Field, FormErrors, Head, Input, empty, error_summary, facts, field, head, hidden, link_button, none, panel,
    submit,
};
use crate::format::{When, time};
use crate::icons::Icon;
use crate::layout::{Frame, csrf, page as framed};
use crate::paths;
use crate::state::{GrantState, MemberKind, MemberStatus, Shown, state};

/// Kinds of things of which a page shows what can be done without being asked.
const MANY: usize = 12;

/// What the page shows.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// Their identifier.
    pub id: String,
    /// Their name.
    pub name: String,
    /// Whether it is the visitor.
    pub is_self: bool,
    /// Their address; may be empty.
    pub email: String,
    /// Person, agent or service.
    pub kind: Option<MemberKind>,
    /// How the membership stands.
    pub status: Option<MemberStatus>,
    /// Who answers for them: name and page.
    pub owner: Option<(String, String)>,
    /// What they do.
    pub job: Option<String>,
    /// When they signed in last.
    pub seen: Option<When>,
    /// All they hold, will hold, or held not long ago.
    pub grants: Vec<Grant>,
    /// What they can do: each kind with its actions; `None` when that is not the visitor's to know.
    pub able: Option<Vec<(String, Vec<Able>)>>,
    /// Whether the visitor may give roles.
    pub may_assign: bool,
    /// Roles that can be given: value and words.
    pub roles: Vec<(String, String)>,
    /// Kinds of records of which a role can be limited to one: value and words.
    pub kinds: Vec<(String, String)>,
    /// Projects: value and words.
    pub projects: Vec<(String, String)>,
    /// Members to whom one's own can be passed on: value and words.
    pub people: Vec<(String, String)>,
    /// Permissions that can be taken in an emergency, when the visitor may: value and words.
    pub emergencies: Vec<(String, String)>,
    /// What was entered.
    pub entered: Entered,
    /// The form that was refused: `assign`, `emergency`, or a grant with `revoke` or `delegate` before it.
    pub refused: String,
    /// What was refused about it.
    pub errors: FormErrors,
    /// Whether this visitor may take everything away that names them.
    pub may_erase: bool,
}

/// What was entered into a form.
#[derive(Debug, Clone, Default)]
pub struct Entered {
    /// The role or permission.
    pub what: String,
    /// The project.
    pub project: String,
    /// The kind of the record.
    pub kind: String,
    /// The key or identifier of the record.
    pub record: String,
    /// The condition, as JSON.
    pub condition: String,
    /// From when.
    pub from: String,
    /// Until when.
    pub until: String,
    /// Why.
    pub reason: String,
    /// To whom.
    pub to: String,
    /// Through how many hands.
    pub hands: String,
}

/// The page.
#[must_use]
pub fn page(frame: &Frame, view: &View) -> Markup {
    let who = if view.is_self { "me" } else { view.id.as_str() };
    let of = |wanted: fn(GrantState) -> bool| -> Vec<&Grant> {
        view.grants.iter().filter(|grant| wanted(grant.state)).collect()
    };
    let now = of(|state| matches!(state, GrantState::Live | GrantState::Ending));
    let later = of(|state| state == GrantState::Scheduled);
    let before = of(|state| matches!(state, GrantState::Ended | GrantState::Revoked));
    framed(
        frame,
        &view.name,
        &[("Members".to_owned(), paths::MEMBERS.to_owned())],
        &html! {
            (head(&Head {
                title: &view.name, sub: Some(about(view)),
                actions: Some(link_button("Ask what they may do", &paths::asking(paths::ACCESS, &[("who", who)]), Some(Icon::ScanEye), false)), ..Head::default()
            }))
            div class="two" {
                div {
                    div class="folds" {
                        @if view.may_assign { (assign(frame, view)) }
                        @if !view.emergencies.is_empty() { (emergency(frame, view)) }
                        @if view.may_erase { (erase(frame, view)) }
                    }
                    (panel("holds", "Holds now", i64::try_from(now.len()).ok(), &html! {
                        @if now.is_empty() {
                            (empty(&Empty { glyph: Icon::TicketCheck, title: "Holds nothing", text: "Without a role or a permission nothing in the organisation can be seen or done. Give a role above, or make them a member of a project.", command: None, link: None }))
                        } @else { (list(frame, view, &now)) }
                    }))
                    @if !later.is_empty() { (panel("later", "Begins later", i64::try_from(later.len()).ok(), &list(frame, view, &later))) }
                    @if let Some(able) = &view.able { (panel("can", "What they can do", None, &can(able))) }
                    @if !before.is_empty() { (panel("before", "Ended in the last 30 days", i64::try_from(before.len()).ok(), &list(frame, view, &before))) }
                }
                aside aria-label="Facts" {
                    (facts(&[
                        ("Kind", view.kind.map_or_else(|| none("unknown"), |kind| html! { (kind.word()) })),
                        ("Status", view.status.map_or_else(|| none("unknown"), state)),
                        ("Answers for", view.owner.as_ref().map_or_else(|| html! { "themselves" }, |(name, href)| html! { a href=(href) { (name) } })),
                        ("E-mail", if view.email.is_empty() { none("no address") } else { html! { (view.email) } }),
                        ("Work", view.job.as_ref().map_or_else(|| none("not said"), |job| html! { (job) })),
                        ("Signed in", view.seen.map_or_else(|| none("never"), time)),
                    ]))
                }
            }
        },
    )
}

/// Taking away everything that names a person; there is no way back, so it is folded and asks for a word.
fn erase(frame: &Frame, view: &View) -> Markup {
    let none = FormErrors::default();
    let errors = if view.refused == "erase" { &view.errors } else { &none };
    let reason = if view.refused == "erase" { view.entered.reason.as_str() } else { "" };
    html! {
        details class="fold" open[view.refused == "erase"] {
            summary { "Erase this person" }
            (error_summary("erase", errors))
            form method="post" action={ (paths::member(&view.id)) "/erase" } class="form box" {
                (csrf(frame))
                p { "Their name, address, secrets, sessions and profile go for good, wherever they stand in this organisation but in private documents; agents of theirs end. What was done stays in the audit trail, by somebody without a name, and so do its proofs." }
                (field(&Field { form: "erase", name: "reason", label: "Why", value: reason, input: Input::Text, required: true, hint: Some("At least ten characters, without naming them: it is kept.") }, errors))
                (field(&Field { form: "erase", name: "sure", label: "Type “erase”", value: "", input: Input::Text, required: true, hint: Some("Nothing brings it back.") }, errors))
                div class="do" { (submit("Erase")) }
            }
        }
    }
}

fn can(able: &[(String, Vec<Able>)]) -> Markup {
    html! {
        @if able.is_empty() { p class="muted" { "Nothing, as things stand." } }
        @else if able.len() > MANY {
            details class="fold" {
                summary class="button" { "Show all " (able.len()) " kinds of things" }
                (abilities(able))
            }
        } @else { (abilities(able)) }
        @if !able.is_empty() { p class="hint" { "Each action leads to its reasons." } }
    }
}

fn about(view: &View) -> Markup {
    html! {
        @match (view.kind, &view.owner) {
            (Some(MemberKind::Agent), Some((owner, href))) => { "An agent of " a href=(href) { (owner) } ", whom it never exceeds" },
            (Some(MemberKind::Service), Some((owner, href))) => { "A service; " a href=(href) { (owner) } " answers for it" },
            (Some(MemberKind::Service), None) => "A service",
            _ if view.is_self => "This is you",
            _ => { (view.email) },
        }
    }
}

fn list(frame: &Frame, view: &View, grants: &[&Grant]) -> Markup {
    html! {
        ul class="list held" {
            @for grant in grants {
                li {
                    (grant_line(grant))
                    @if grant.may_revoke || grant.may_delegate {
                        div class="does" {
                            @if grant.may_delegate { (delegate(frame, view, grant)) }
                            @if grant.may_revoke { (revoke(frame, view, grant)) }
                        }
                    }
                }
            }
        }
    }
}

/// The errors of one form; of another there are none.
fn errors_of(view: &View, form: &str) -> FormErrors {
    if view.refused == form { view.errors.clone() } else { FormErrors::default() }
}

fn assign(frame: &Frame, view: &View) -> Markup {
    let (errors, entered) = (errors_of(view, "assign"), &view.entered);
    let one = |name, label, value, input, required, hint| {
        field(&Field { form: "assign", name, label, value, input, required, hint }, &errors)
    };
    html! {
        details class="fold" data-create open[!errors.is_empty()] {
            summary class="button main" { "Give a role" }
            form method="post" action={ (paths::member(&view.id)) "/assign" } class="form box" {
                (csrf(frame)) (error_summary("assign", &errors))
                (one("role", "Role", &entered.what, Input::Select(view.roles.clone()), true, None))
                (one("place", "In the project", &entered.project, Input::Select(view.projects.clone()), false, Some("Without one it holds in the whole organisation.")))
                (one("kind", "For one record of the kind", &entered.kind, Input::Select(view.kinds.clone()), false, None))
                (one("record", "The record", &entered.record, Input::Text, false, Some("Its key, such as REQ-42, with the project chosen above or as project:REQ-42. Then the role holds for it and what is below it.")))
                (one("context_conditions", "Only if", &entered.condition, Input::Area { rows: 3 }, false, Some("A condition in JSON on who, when and from where, such as {\"in_network\": [{\"var\": \"environment.address\"}, [\"10.0.0.0/8\"]]}. Without one: always.")))
                (one("valid_from", "From", &entered.from, Input::Moment, false, Some("In UTC. Without a moment: at once.")))
                (one("valid_until", "Until", &entered.until, Input::Moment, false, Some("In UTC. Without a moment: until it is taken back.")))
                (one("may_delegate", "Hands it may be passed on through", &entered.hands, Input::Text, false, Some("0 to 10. Without a number: none.")))
                (one("reason", "Why", &entered.reason, Input::Text, false, Some("For whoever reviews it later.")))
                div { (submit("Give it")) }
            }
        }
    }
}

fn revoke(frame: &Frame, view: &View, grant: &Grant) -> Markup {
    let form = format!("revoke-{}", grant.id);
    let errors = errors_of(view, &form);
    html! {
        details class="row-do" open[!errors.is_empty()] {
            summary { "Take back" span class="hidden" { " " (grant.title) " " (grant.place.words) } }
            form method="post" action={ (paths::GRANTS) "/" (grant.id) "/revoke" } class="form" {
                (csrf(frame)) (hidden("member", &view.id)) (error_summary(&form, &errors))
                (field(&Field { form: &form, name: "reason", label: "Why", value: "", input: Input::Text, required: false, hint: Some("What was passed on from it ends with it.") }, &errors))
                div { button class="button danger" { "Take it back" } }
            }
        }
    }
}

fn delegate(frame: &Frame, view: &View, grant: &Grant) -> Markup {
    let form = format!("delegate-{}", grant.id);
    let (errors, entered) = (errors_of(view, &form), &view.entered);
    let text = |value: &str| if errors.is_empty() { String::new() } else { value.to_owned() };
    let one = |name, label, value: &str, input, required, hint| {
        field(&Field { form: &form, name, label, value, input, required, hint }, &errors)
    };
    html! {
        details class="row-do" open[!errors.is_empty()] {
            summary { "Pass on" span class="hidden" { " " (grant.title) " " (grant.place.words) } }
            form method="post" action={ (paths::GRANTS) "/" (grant.id) "/delegate" } class="form" {
                (csrf(frame)) (hidden("member", &view.id)) (error_summary(&form, &errors))
                (one("to", "To", &text(&entered.to), Input::Select(view.people.clone()), true, None))
                (one("valid_until", "Until", &text(&entered.until), Input::Moment, false, Some("In UTC, at the latest when yours ends.")))
                (one("may_delegate", "Hands it may be passed on through", &text(&entered.hands), Input::Text, false, Some("Fewer than yours. Without a number: none.")))
                (one("reason", "Why", &text(&entered.reason), Input::Text, false, None))
                div { (submit("Pass it on")) }
            }
        }
    }
}

fn emergency(frame: &Frame, view: &View) -> Markup {
    let (errors, entered) = (errors_of(view, "emergency"), &view.entered);
    let text = |value: &str| if errors.is_empty() { String::new() } else { value.to_owned() };
    let one = |name, label, value: &str, input, hint| {
        field(&Field { form: "emergency", name, label, value, input, required: true, hint }, &errors)
    };
    html! {
        details class="fold" open[!errors.is_empty()] {
            summary class="button" { "In an emergency" }
            form method="post" action={ (paths::MEMBERS) "/emergency" } class="form box" {
                (csrf(frame)) (error_summary("emergency", &errors))
                p class="muted" { "Take a permission that you do not hold, for a short time. The owners of the organisation are told at once, with your reason." }
                (one("permission", "Permission", &text(&entered.what), Input::Select(view.emergencies.clone()), None))
                (one("minutes", "For how many minutes", if errors.is_empty() { "60" } else { &entered.hands }, Input::Text, Some("240 at most.")))
                (one("reason", "Why", &text(&entered.reason), Input::Area { rows: 2 }, Some("At least 10 characters.")))
                div { button class="button danger" { "Take it and tell the owners" } }
            }
        }
    }
}
