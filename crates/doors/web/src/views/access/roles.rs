//! The roles of the organisation as a tree: each gives what the ones above it give, and more.

use maud::{Markup, html};

use super::matrix::{self, Matrix};
use crate::components::{
    Empty, Field, FormErrors, Head, Input, Tab, empty, error_summary, field, head, key, submit, tabs,
};
use crate::format::plural;
use crate::icons::Icon;
use crate::layout::{Frame, csrf, page as framed};
use crate::paths;

/// What the page shows.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// The topmost roles.
    pub tree: Vec<Role>,
    /// The matrix, when that is the side shown.
    pub matrix: Option<Matrix>,
    /// Whether the visitor may make roles.
    pub may_create: bool,
    /// Roles to inherit from: value and words.
    pub parents: Vec<(String, String)>,
    /// What was entered about a new role.
    pub entered: Entered,
    /// What was refused about it.
    pub errors: FormErrors,
}

/// What is said of a role.
#[derive(Debug, Clone, Default)]
pub struct Entered {
    /// Its short name.
    pub name: String,
    /// What people read.
    pub title: String,
    /// Whom it is for.
    pub description: String,
    /// The role it inherits from.
    pub parent: String,
}

/// A role with those that inherit from it.
#[derive(Debug, Clone, Default)]
pub struct Role {
    /// What people read.
    pub title: String,
    /// Its short name.
    pub name: String,
    /// Whom it is for.
    pub description: String,
    /// How many members hold it.
    pub holders: i64,
    /// How many permissions it adds itself.
    pub own: i64,
    /// What is special about it, in words.
    pub remarks: Vec<String>,
    /// Roles that inherit from it.
    pub below: Vec<Self>,
}

/// The page.
#[must_use]
pub fn page(frame: &Frame, view: &View) -> Markup {
    framed(
        frame,
        "Roles and permissions",
        &[],
        &html! {
            (head(&Head { title: "Roles and permissions", sub: Some(html! { "What each role gives, from whom it has it, and who holds it" }), ..Head::default() }))
            (tabs("Ways to look", &[
                Tab { text: "Roles".to_owned(), href: paths::ROLES.to_owned(), current: view.matrix.is_none(), count: None },
                Tab { text: "Matrix".to_owned(), href: format!("{}?view=matrix", paths::ROLES), current: view.matrix.is_some(), count: None },
            ]))
            @if let Some(matrix) = &view.matrix { (matrix::matrix(matrix)) } @else {
                @if view.may_create { (create(frame, view)) }
                @if view.tree.is_empty() {
                    (empty(&Empty { glyph: Icon::ShieldCheck, title: "There is no role", text: "A role is a bundle of permissions that can be given to members. Make the first one here.", command: None, link: None }))
                } @else { ul class="tree" { @for role in &view.tree { (branch(role)) } } }
            }
        },
    )
}

fn branch(role: &Role) -> Markup {
    html! {
        li {
            div class="node-row" {
                div class="grow" {
                    p { a data-row href=(paths::role(&role.name)) { (role.title) } " " (key(&role.name)) @for remark in &role.remarks { " " span class="tag quiet" { (remark) } } }
                    @if !role.description.is_empty() { p class="muted" { (role.description) } }
                }
                span class="muted" { (plural(role.own, "permission", "permissions")) @if role.own != 0 { " of its own" } }
                a class="held-by" href={ (paths::role(&role.name)) "#holders" } { (plural(role.holders, "holds it", "hold it")) }
            }
            @if !role.below.is_empty() { ul { @for one in &role.below { (branch(one)) } } }
        }
    }
}

fn create(frame: &Frame, view: &View) -> Markup {
    let one = |name, label, value, input, required, hint| {
        field(&Field { form: "new", name, label, value, input, required, hint }, &view.errors)
    };
    let entered = &view.entered;
    html! {
        details class="fold" data-create open[!view.errors.is_empty()] {
            summary class="button main" { "New role" }
            form method="post" action=(paths::ROLES) class="form box" {
                (csrf(frame)) (error_summary("new", &view.errors))
                (one("display_name", "Title", &entered.title, Input::Text, true, None))
                (one("name", "Short name", &entered.name, Input::Text, true, Some("Lower case, such as release-manager. It does not change.")))
                (one("description", "Whom it is for", &entered.description, Input::Text, false, None))
                (one("parent_role_id", "Gives everything of", &entered.parent, Input::Select(view.parents.clone()), false, Some("Nobody gives a role what they do not hold themselves.")))
                div { (submit("Make it")) }
            }
        }
    }
}
