//! Roles × permissions: a row for each kind of thing that opens to its actions, a column for each role. Own or inherited is
//! filled or hollow, a condition and an approval are other shapes; the words are in every cell.

use maud::{Markup, html};

use super::spelled;
use crate::components::{Empty, Filters, empty, filter_bar};
use crate::icons::{Icon, icon};
use crate::paths;

/// Columns that a phone has room for.
const NARROW: usize = 2;
/// Columns whose heads stand upright.
const UPRIGHT: usize = 8;

/// What the matrix shows.
#[derive(Debug, Clone, Default)]
pub struct Matrix {
    /// Roles and text.
    pub filters: Filters,
    /// Title and short name of each role.
    pub roles: Vec<(String, String)>,
    /// All roles to pick from, for a screen with room for one.
    pub all: Vec<(String, String)>,
    /// The kinds of things.
    pub kinds: Vec<Kind>,
    /// Opens everything, or closes it when everything is open: text and address.
    pub fold: Option<(String, String)>,
}

/// A kind of thing.
#[derive(Debug, Clone, Default)]
pub struct Kind {
    /// Its name.
    pub name: String,
    /// What it covers.
    pub description: String,
    /// Whether its actions are shown.
    pub is_open: bool,
    /// The address that opens or closes it.
    pub toggle: String,
    /// How many of its actions each role gives.
    pub sums: Vec<usize>,
    /// How many actions there are.
    pub of: usize,
    /// The actions; empty while it is closed.
    pub actions: Vec<(String, Vec<Cell>)>,
}

/// What a role gives of one action.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cell {
    /// Whether it gives it at all.
    pub gives: bool,
    /// The role it inherits it from.
    pub from: Option<String>,
    /// Whether only under a condition, or for one's own.
    pub conditional: bool,
    /// Whether somebody has to agree first.
    pub approval: bool,
}

impl Cell {
    /// What it says, in words.
    #[must_use]
    pub fn words(&self) -> String {
        if !self.gives {
            return "no".to_owned();
        }
        let mut words = match &self.from {
            Some(role) => format!("from {role}"),
            None => "its own".to_owned(),
        };
        if self.conditional {
            words.push_str(", under a condition");
        }
        if self.approval {
            words.push_str(", after an approval");
        }
        words
    }
}

/// The shape of a cell.
#[must_use]
pub fn glyph(cell: &Cell) -> Markup {
    if !cell.gives {
        return html! { span class="nothing" aria-hidden="true" { "·" } };
    }
    let tone = match (cell.approval, cell.conditional) {
        (true, _) => "approval",
        (false, true) => "conditional",
        (false, false) => "plain",
    };
    html! {
        svg class={ "gives " (tone) @if cell.from.is_some() { " hollow" } } viewBox="0 0 14 14" width="14" height="14" aria-hidden="true" {
            @match (cell.approval, cell.conditional) {
                (true, _) => path d="M7 1.8 13 12.2H1Z" {},
                (false, true) => path d="M7 1 13 7 7 13 1 7Z" {},
                (false, false) => circle cx="7" cy="7" r="5" {},
            }
        }
    }
}

/// Filters, what the shapes mean, and the matrix.
#[must_use]
pub fn matrix(view: &Matrix) -> Markup {
    let is_wide = view.roles.len() > NARROW;
    html! {
        (filter_bar(&view.filters))
        @if view.kinds.is_empty() || view.roles.is_empty() {
            (empty(&Empty { glyph: Icon::Search, title: "No permission fits these filters", text: "Take one away, or start again.", command: None, link: Some(("Clear the filters", format!("{}?view=matrix", paths::ROLES))) }))
        } @else {
            @if is_wide { (pick(view)) }
            div class=[is_wide.then_some("roomy")] {
                div class="legend" {
                    (legend())
                    @if let Some((text, href)) = &view.fold { a class="quiet-link" href=(href) { (text) } }
                }
                (grid(view))
            }
        }
    }
}

/// On a phone the columns do not fit: one role is picked first.
fn pick(view: &Matrix) -> Markup {
    html! {
        form method="get" action=(paths::ROLES) class="box form cramped" {
            input type="hidden" name="view" value="matrix";
            @if let Some(text) = view.filters.text.as_deref().filter(|text| !text.is_empty()) { input type="hidden" name="q" value=(text); }
            p class="muted" { "There is no room for " (view.roles.len()) " roles side by side here. Pick one:" }
            div class="field" {
                label for="pick-role" { "Role" }
                select id="pick-role" name="role" { @for (title, name) in &view.all { option value=(name) { (title) } } }
            }
            div { button class="button main" { "Show what it gives" } }
        }
    }
}

/// What each shape means.
#[must_use]
pub fn legend() -> Markup {
    let of = |from: Option<&str>, conditional, approval| Cell {
        gives: true,
        from: from.map(str::to_owned),
        conditional,
        approval,
    };
    html! {
        ul class="tags" aria-label="What the shapes mean" {
            li { (glyph(&of(None, false, false))) "its own" }
            li { (glyph(&of(Some(""), false, false))) "inherited" }
            li { (glyph(&of(None, true, false))) "under a condition" }
            li { (glyph(&of(None, false, true))) "after an approval" }
        }
    }
}

fn grid(view: &Matrix) -> Markup {
    let upright = view.roles.len() > UPRIGHT;
    html! {
        div class="wrap rights" role="region" aria-label="Roles and permissions" tabindex="0" {
            table class=[upright.then_some("upright")] {
                caption class="hidden" { "What each role gives: kinds of things and their actions by role" }
                thead { tr {
                    th scope="col" { "Permission" }
                    @for (title, name) in &view.roles { th scope="col" { a href=(paths::role(name)) { span { (title) } } } }
                } }
                @for kind in &view.kinds { (rows(kind, &view.roles)) }
            }
        }
    }
}

fn rows(kind: &Kind, roles: &[(String, String)]) -> Markup {
    html! {
        tbody {
            tr class="kind" {
                th scope="row" id=(kind.name) {
                    a data-row href=(kind.toggle) aria-expanded=(kind.is_open) title=(kind.description) {
                        (icon(if kind.is_open { Icon::ChevronDown } else { Icon::ChevronRight })) (spelled(&kind.name))
                    }
                }
                @for ((title, _), given) in roles.iter().zip(&kind.sums) {
                    td title={ (title) ": " (given) " of " (kind.of) } class=(share(*given, kind.of)) {
                        @if *given == 0 { span class="nothing" aria-hidden="true" { "·" } span class="hidden" { "none" } }
                        @else { (given) span class="of" { "/" (kind.of) } }
                    }
                }
            }
            @for (action, cells) in &kind.actions {
                tr class="action" {
                    th scope="row" { (spelled(action)) }
                    @for ((title, _), cell) in roles.iter().zip(cells) {
                        td title={ (title) ": " (cell.words()) } { (glyph(cell)) span class="hidden" { (cell.words()) } }
                    }
                }
            }
        }
    }
}

fn share(given: usize, of: usize) -> &'static str {
    match given {
        0 => "none",
        _ if given >= of => "all",
        _ => "some",
    }
}
