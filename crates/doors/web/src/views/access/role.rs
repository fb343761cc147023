//! A role: what it gives and from whom it has it, who holds it, and the forms that change it.

use maud::{Markup, html};

use super::matrix::{Cell, glyph, legend};
use super::{Grant, condition, member_link, place, spelled, validity};
use crate::components::{
    Column, Empty, Field, Filters, FormErrors, Head, Input, empty, error_summary, facts, field, filter_bar, head,
    hidden, none, panel, submit, table,
};
use crate::icons::Icon;
use crate::layout::{Frame, csrf, page as framed};
use crate::paths;
use crate::state::{Shown, state};

/// What the page shows.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// Its short name.
    pub name: String,
    /// What people read.
    pub title: String,
    /// Whom it is for.
    pub description: String,
    /// From the role itself to the topmost it inherits from: title and short name.
    pub line: Vec<(String, String)>,
    /// What is special about it.
    pub remarks: Vec<String>,
    /// Who holds it without being given it, in words.
    pub automatic: Vec<String>,
    /// What narrows the list of permissions.
    pub filters: Filters,
    /// What it gives: each kind with its actions.
    pub gives: Vec<(String, Vec<Given>)>,
    /// Who holds it.
    pub holders: Vec<Grant>,
    /// Whether the visitor may change it.
    pub may_edit: bool,
    /// Permissions to add: value and words.
    pub permissions: Vec<(String, String)>,
    /// Roles to inherit from: value and words.
    pub parents: Vec<(String, String)>,
    /// The identifier of the parent.
    pub parent: String,
    /// Whether it can be given.
    pub is_assignable: bool,
    /// From when and until when it gives something, as a form shows it; empty for no end.
    pub times: (String, String),
    /// Who holds it without being given it, as JSON; empty for nobody.
    pub document: String,
    /// The times and the condition that were entered and refused.
    pub edited: Option<[String; 3]>,
    /// The version a change is made against.
    pub version: i64,
    /// The permission entered.
    pub entered_permission: String,
    /// The condition entered.
    pub entered_condition: String,
    /// The form that was refused: `add` or `edit`.
    pub refused: String,
    /// What was refused about it.
    pub errors: FormErrors,
}

/// A permission that a role gives.
#[derive(Debug, Clone, Default)]
pub struct Given {
    /// The action.
    pub action: String,
    /// Own or inherited, conditional, after an approval.
    pub cell: Cell,
    /// The short name of the role it comes from.
    pub from: Option<String>,
    /// Under which conditions, in words.
    pub conditions: Vec<String>,
    /// From when until when, in words; may be empty.
    pub times: String,
    /// The row that gives it, when it can be taken away.
    pub row: Option<String>,
}

/// The page.
#[must_use]
pub fn page(frame: &Frame, view: &View) -> Markup {
    let count: usize = view.gives.iter().map(|(_, list)| list.len()).sum();
    framed(
        frame,
        &view.title,
        &[("Roles and permissions".to_owned(), paths::ROLES.to_owned())],
        &html! {
            (head(&Head { key: Some(&view.name), title: &view.title, sub: (!view.description.is_empty()).then(|| html! { (view.description) }), ..Head::default() }))
            div class="two" {
                div {
                    @if view.may_edit { div class="folds" { (add(frame, view)) (edit(frame, view)) } }
                    (panel("gives", "What it gives", i64::try_from(count).ok(), &html! {
                        (filter_bar(&view.filters))
                        @if view.gives.is_empty() && view.filters.narrowed() {
                            (empty(&Empty { glyph: Icon::Search, title: "It gives nothing of the kind", text: "Take the filter away, or look for another word.", command: None, link: Some(("Clear the filter", view.filters.action.clone())) }))
                        } @else if view.gives.is_empty() {
                            (empty(&Empty { glyph: Icon::ShieldCheck, title: "It gives nothing yet", text: "Add a permission above, or let it inherit from another role.", command: None, link: None }))
                        } @else { div class="legend" { (legend()) } (gives(frame, view)) }
                    }))
                    (panel("holders", "Who holds it", i64::try_from(view.holders.len()).ok(), &html! {
                        @if view.holders.is_empty() {
                            (empty(&Empty { glyph: Icon::Users, title: "Nobody holds it", text: "Give it to somebody on their page.", command: None, link: Some(("Members", paths::MEMBERS.to_owned())) }))
                        } @else { (holders(view)) }
                    }))
                }
                aside aria-label="Facts" {
                    (facts(&[
                        ("Inherits", html! {
                            @if view.line.len() < 2 { (none("from no role")) }
                            @else { ol class="ancestors" { @for (title, name) in &view.line[1..] { li { a href=(paths::role(name)) { (title) } } } } }
                        }),
                        ("Remarks", html! { @if view.remarks.is_empty() { (none("none")) } @else { @for remark in &view.remarks { span class="tag quiet" { (remark) } " " } } }),
                        ("Gives something", html! {
                            @match (view.times.0.as_str(), view.times.1.as_str()) {
                                ("", "") => "always",
                                (from, "") => { "from " (spoken(from)) },
                                ("", until) => { "until " (spoken(until)) },
                                (from, until) => { "from " (spoken(from)) " until " (spoken(until)) },
                            }
                        }),
                        ("Automatic", html! { @if view.automatic.is_empty() { (none("nobody holds it without being given it")) } @else { (condition(&view.automatic)) } }),
                    ]))
                    p { a class="quiet-link" href=(paths::asking(paths::ROLES, &[("view", "matrix"), ("role", &view.name)])) { "See it in the matrix" } }
                }
            }
        },
    )
}

/// A moment of a form in a sentence.
fn spoken(at: &str) -> String {
    format!("{} UTC", at.replace('T', " "))
}

fn gives(frame: &Frame, view: &View) -> Markup {
    html! {
        (table("What the role gives", &[Column::text("Permission"), Column::text("Comes from"), Column::text("When"), Column::text("Change")], &html! {
            @for (kind, list) in &view.gives {
                tr class="kind" { th scope="rowgroup" colspan="4" { (spelled(kind)) } }
                @for one in list {
                    tr {
                        td { span class="state" { (glyph(&one.cell)) (spelled(&one.action)) } }
                        td { @match (&one.cell.from, &one.from) { (Some(title), Some(name)) => a href=(paths::role(name)) { (title) }, _ => "its own" } }
                        td class="text" {
                            @if one.conditions.is_empty() && one.times.is_empty() && !one.cell.approval { span class="muted" { "always" } }
                            (condition(&one.conditions))
                            @if one.cell.approval { span class="sub" { "after an approval" } }
                            @if !one.times.is_empty() { span class="sub" { (one.times) } }
                        }
                        td {
                            @if let Some(row) = &one.row {
                                form method="post" action={ (paths::role(&view.name)) "/permissions/" (row) "/remove" } {
                                    (csrf(frame))
                                    button class="button quiet" { "Take away" span class="hidden" { " " (spelled(kind)) " " (spelled(&one.action)) } }
                                }
                            }
                        }
                    }
                }
            }
        }))
    }
}

fn holders(view: &View) -> Markup {
    html! {
        (table("Who holds the role", &[Column::text("Member"), Column::text("Where"), Column::text("How"), Column::text("Until"), Column::text("State")], &html! {
            @for grant in &view.holders {
                tr {
                    td class="member" { (member_link(&grant.holder.0, grant.holder.1, &grant.holder.2)) @if grant.holder.1 != crate::state::MemberKind::Person { span class="sub indent" { (grant.holder.1.word()) } } }
                    td { (place(&grant.place)) }
                    td { (super::how_words(&grant.how)) @if let Some(by) = &grant.by { span class="sub" { "by " (by) } } }
                    td { (validity(grant)) }
                    td { (state(grant.state)) }
                }
            }
        }))
    }
}

fn add(frame: &Frame, view: &View) -> Markup {
    let none = FormErrors::default();
    let errors = if view.refused == "add" { &view.errors } else { &none };
    let one = |name, label, value, input, required, hint| {
        field(&Field { form: "add", name, label, value, input, required, hint }, errors)
    };
    html! {
        details class="fold" data-create open[!errors.is_empty()] {
            summary class="button main" { "Add a permission" }
            form method="post" action={ (paths::role(&view.name)) "/permissions" } class="form box" {
                (csrf(frame)) (error_summary("add", errors))
                (one("permission_id", "Permission", &view.entered_permission, Input::Select(view.permissions.clone()), true, None))
                (one("additional_conditions", "Only if", &view.entered_condition, Input::Area { rows: 5 }, false, Some("A condition in JSON, such as {\"==\": [{\"var\": \"resource.status\"}, \"draft\"]}. Without one: always.")))
                div { (submit("Add it")) }
            }
        }
    }
}

fn edit(frame: &Frame, view: &View) -> Markup {
    let none = FormErrors::default();
    let errors = if view.refused == "edit" { &view.errors } else { &none };
    let one = |name, label, value, input, required| {
        field(&Field { form: "edit", name, label, value, input, required, hint: None }, errors)
    };
    let more = |name, label, value, input, hint| {
        field(&Field { form: "edit", name, label, value, input, required: false, hint: Some(hint) }, errors)
    };
    let known = [view.times.0.clone(), view.times.1.clone(), view.document.clone()];
    let [from, until, automatic] = view.edited.as_ref().unwrap_or(&known);
    let yes_no =
        vec![("true".to_owned(), "can be given".to_owned()), ("false".to_owned(), "is only inherited from".to_owned())];
    html! {
        details class="fold" data-edit open[!errors.is_empty()] {
            summary class="button" { "Edit" }
            form method="post" action=(paths::role(&view.name)) class="form box" {
                (csrf(frame)) (hidden("version", &view.version.to_string())) (error_summary("edit", errors))
                (one("display_name", "Title", &view.title, Input::Text, true))
                (one("description", "Whom it is for", &view.description, Input::Text, false))
                (one("parent_role_id", "Gives everything of", &view.parent, Input::Select(view.parents.clone()), false))
                (one("is_assignable", "Members", if view.is_assignable { "true" } else { "false" }, Input::Select(yes_no), true))
                (more("valid_from", "Gives something from", from, Input::Moment, "In UTC. Without a moment: since it was made."))
                (more("valid_until", "Gives something until", until, Input::Moment, "In UTC. Without a moment: for good."))
                (more("auto_assign_conditions", "Held by whoever", automatic, Input::Area { rows: 4 }, "A condition in JSON on who, when and from where, such as {\"in\": [\"testers\", {\"var\": \"subject.teams\"}]}. Whoever meets it holds the role in the whole organisation, without being given it. Without one: nobody."))
                div { (submit("Save")) }
            }
        }
    }
}
