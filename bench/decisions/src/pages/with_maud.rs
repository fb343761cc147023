//! The page in maud: components are functions.

use super::model::{Cell, Matrix, Requirement};
use maud::{DOCTYPE, Markup, html};

/// The page as HTML.
pub fn render(page: &Matrix) -> String {
    layout(page, "Matrix", html! {
        h1 { "Traceability of " (page.project) }
        table class="matrix" {
            thead { tr {
                th scope="col" { "Requirement" }
                th scope="col" { "Status" }
                th scope="col" { "Proven" }
                @for test in &page.tests { th scope="col" { a href=(test.href) { (test.name) } } }
            } }
            tbody { @for requirement in &page.rows { (row(requirement)) } }
        }
    })
    .into_string()
}

fn row(requirement: &Requirement) -> Markup {
    html! {
        tr {
            th scope="row" { a href=(requirement.href) { (requirement.key) } " " (requirement.title) }
            td { (badge(requirement.status)) }
            td class="number" { (requirement.proven) " of " (requirement.criteria) }
            @for cell in &requirement.cells { (result(cell)) }
        }
    }
}

fn badge(status: &str) -> Markup {
    html! { span class={ "badge badge-" (status) } { span class="dot" {} (status) } }
}

fn result(cell: &Cell) -> Markup {
    html! {
        @if cell.state.is_empty() {
            td class="gap" { "no result" }
        } @else {
            td class={ "result " (cell.state) } {
                a href=(cell.href) title=[cell.note.as_deref()] { (cell.state) }
            }
        }
    }
}

fn layout(page: &Matrix, title: &str, body: Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head { title { (title) " · " (page.project) } link rel="stylesheet" href="/assets/look.css"; }
            body {
                header { strong { (page.organisation) } " / " (page.project) }
                nav { @for link in &page.navigation {
                    a href=(link.href) aria-current=[link.current.then_some("page")] { (link.label) }
                } }
                main { (body) }
            }
        }
    }
}
