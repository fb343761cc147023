//! What members were given one by one: who holds what, from whom, and when it ends; what was passed on stands below what it
//! came from.

use maud::{Markup, html};

use super::{Grant, condition, how_words, member_link, place, validity};
use crate::components::{Column, Empty, Figure, Filters, Head, empty, figures, filter_bar, head, none, table};
use crate::format::plural;
use crate::icons::Icon;
use crate::layout::{Frame, page as framed};
use crate::paths;
use crate::state::state;

/// What the page shows.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// How it is held, when it ends, who gave it, and text.
    pub filters: Filters,
    /// What asks for a look.
    pub figures: Vec<Figure>,
    /// The grants, each below what it was passed on from.
    pub rows: Vec<Grant>,
    /// Whether there are more than are shown.
    pub is_cut: bool,
}

/// The page.
#[must_use]
pub fn page(frame: &Frame, view: &View) -> Markup {
    let count = i64::try_from(view.rows.len()).unwrap_or(i64::MAX);
    framed(
        frame,
        "Grants",
        &[],
        &html! {
            (head(&Head { title: "Grants", sub: Some(html! { "Every role and permission that somebody was given: in force, to come, and ended in the last 30 days" }), ..Head::default() }))
            @if !view.figures.is_empty() { (figures(&view.figures)) }
            (filter_bar(&view.filters))
            @if view.rows.is_empty() && view.filters.narrowed() {
                (empty(&Empty { glyph: Icon::Search, title: "No grant fits these filters", text: "Take one away, or start again.", command: None, link: Some(("Clear the filters", view.filters.action.clone())) }))
            } @else if view.rows.is_empty() {
                (empty(&Empty { glyph: Icon::TicketCheck, title: "Nobody was given anything", text: "Give somebody a role on their page, for as long as it is needed.", command: None, link: Some(("Members", paths::MEMBERS.to_owned())) }))
            } @else {
                (table("Grants", &[
                    Column::text("Member"), Column::text("Holds"), Column::text("Ends"), Column::text("Where"), Column::text("How"), Column::text("State"),
                ], &html! { @for grant in &view.rows { (row(grant)) } }))
                p class="muted" { (plural(count, "grant", "grants")) ", the latest first; what was passed on stands below what it came from" @if view.is_cut { ". There are more: narrow the list by a filter." } }
            }
        },
    )
}

fn row(grant: &Grant) -> Markup {
    html! {
        tr class={ "depth-" (grant.depth.min(4)) } {
            td class="member" { span class="branching" { @if grant.depth > 0 { span class="branch" aria-hidden="true" { "└" } span class="hidden" { "passed on from the one above: " } } (member_link(&grant.holder.0, grant.holder.1, &grant.holder.2)) } }
            td class="text wide" {
                @match &grant.href { Some(href) => a href=(href) { (grant.title) }, None => (grant.title) }
                (condition(&grant.condition))
                @if let Some(reason) = grant.reason.as_deref().filter(|text| !text.is_empty()) { span class="sub" { "“" (reason) "”" } }
            }
            td class="text" { @if grant.until.is_none() && grant.ended.is_none() { (none("until taken back")) } @else { (validity(grant)) } }
            td { (place(&grant.place)) }
            td { (how_words(&grant.how)) @if let Some(by) = &grant.by { span class="sub" { "by " (by) } } }
            td { (state(grant.state)) }
        }
    }
}
