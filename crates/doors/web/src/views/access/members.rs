//! Everybody who belongs to the organisation: people, agents and services, with what they hold.

use maud::{Markup, html};

use super::{Grant, chip, member_link};
use crate::components::{
    Column, Empty, Filters, Head, Pager, empty, filter_bar, head, link_button, none, pager, table,
};
use crate::format::{When, time};
use crate::icons::Icon;
use crate::layout::{Frame, page as framed};
use crate::paths;
use crate::state::{MemberKind, MemberStatus, Shown, state};

/// What the page shows.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// Kind, status, role and text.
    pub filters: Filters,
    /// The members.
    pub rows: Vec<Row>,
    /// Where the list goes on.
    pub pager: Pager,
    /// Whether the visitor may see something of what others hold.
    pub sees_roles: bool,
    /// Whether they may see all of it.
    pub sees_all_roles: bool,
}

/// One member.
#[derive(Debug, Clone)]
pub struct Row {
    /// Their name.
    pub name: String,
    /// Their page.
    pub href: String,
    /// Their address; may be empty.
    pub email: String,
    /// Person, agent or service.
    pub kind: MemberKind,
    /// Who answers for an agent or a service: name and page.
    pub owner: Option<(String, String)>,
    /// How the membership stands.
    pub status: MemberStatus,
    /// Roles that are held now or begin later.
    pub roles: Vec<Grant>,
    /// Projects they are a member of: name, page, role.
    pub projects: Vec<(String, String, String)>,
    /// When they signed in last.
    pub seen: Option<When>,
}

/// The page.
#[must_use]
pub fn page(frame: &Frame, view: &View) -> Markup {
    framed(
        frame,
        "Members",
        &[],
        &html! {
            (head(&Head {
                title: "Members", sub: Some(html! { "People, the agents that work for them, and services" }),
                actions: view.sees_roles.then(|| link_button("All grants", paths::GRANTS, Some(Icon::TicketCheck), false)), ..Head::default()
            }))
            (filter_bar(&view.filters))
            @if view.rows.is_empty() && view.filters.narrowed() {
                (empty(&Empty { glyph: Icon::Search, title: "Nobody fits these filters", text: "Take one away, or start again.", command: None, link: Some(("Clear the filters", view.filters.action.clone())) }))
            } @else if view.rows.is_empty() {
                (empty(&Empty { glyph: Icon::Users, title: "Nobody is here yet", text: "Invite somebody through the API, with POST /v1/memberships/invite; whoever accepts appears here.", command: None, link: Some(("How to invite", format!("{}/memberships", paths::DOCS))) }))
            } @else {
                (table("Members", &[
                    Column::text("Member"), Column::text("Kind"), Column::text("Roles"), Column::text("Projects"), Column::text("Last signed in"), Column::text("Status"),
                ], &html! { @for row in &view.rows { (member(row, view)) } }))
                (pager(&view.pager))
            }
        },
    )
}

fn member(row: &Row, view: &View) -> Markup {
    let sees_roles = view.sees_roles;
    html! {
        tr {
            td class="member" { (member_link(&row.name, row.kind, &row.href)) @if !row.email.is_empty() { span class="sub indent" { (row.email) } } }
            td {
                (row.kind.word())
                @if let Some((owner, href)) = &row.owner { span class="sub" { "of " a href=(href) { (owner) } } }
            }
            td class="text" {
                @if !sees_roles { (none("not yours to see")) }
                @else if row.roles.is_empty() { (none(if view.sees_all_roles { "no role in the organisation" } else { "none that you may see" })) }
                @else { span class="tags" { @for role in &row.roles { (chip(role)) } } }
            }
            td class="text" {
                @if row.projects.is_empty() { (none("no project")) }
                @for (index, (name, href, role)) in row.projects.iter().take(3).enumerate() {
                    @if index > 0 { ", " } a href=(href) { (name) } @if sees_roles { " " span class="muted" { (role) } }
                }
                @if row.projects.len() > 3 { " " a class="muted" href=(row.href) { "and " (row.projects.len() - 3) " more" } }
            }
            td class="muted" { @match row.seen { Some(seen) => (time(seen)), None => (none("never, or not with a password")) } }
            td { (state(row.status)) }
        }
    }
}
