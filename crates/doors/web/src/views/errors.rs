//! 403, 404 and 500: what happened, and a way on.

use maud::{Markup, html};

use crate::icons::{Icon, icon};
use crate::layout::{Frame, bare, page as framed};
use crate::paths;

/// Why there is no page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// Signed in, but not allowed; says what would be needed, for example "developer in this project".
    Forbidden {
        /// The role that would do, if it may be told.
        needed: Option<String>,
        /// What was refused and why, as the API says it too; empty when there is no more to say.
        said: String,
        /// The question behind it, for the explorer.
        why: Option<String>,
    },
    /// Not there, or not to be seen by this person; the two are not told apart.
    NotFound,
    /// Our fault; the request's id finds it in the log.
    Internal {
        /// The `X-Request-Id` of the request.
        request_id: String,
    },
    /// Any other refusal, in the words of the problem.
    Refused {
        /// The status code.
        status: u16,
        /// What kind of trouble it is.
        title: String,
        /// What happened and what to do.
        detail: String,
    },
}

/// The page for a problem. Answer with the status to match.
#[must_use]
pub fn page(frame: &Frame, problem: &Problem) -> Markup {
    let (status, title) = match problem {
        Problem::Forbidden { .. } => (403, "You may not do this"),
        Problem::NotFound => (404, "There is nothing here"),
        Problem::Internal { .. } => (500, "Something broke on our side"),
        Problem::Refused { status, title, .. } => (*status, title.as_str()),
    };
    let body = html! {
        div class="empty" {
            p class="key" { (status) }
            h1 { (title) }
            @match problem {
                Problem::Forbidden { needed, said, .. } => {
                    p { @if said.is_empty() { "Your account does not have the right for it." } @else { (said) }
                        @if let Some(role) = needed { " It takes the role " b { (role) } "." }
                        " Ask an administrator of your organisation." }
                },
                Problem::NotFound => p { "The address may be mistyped, the record removed, or it is not yours to see." },
                Problem::Internal { request_id } => {
                    p { "Nothing you entered was half saved. Try again; if it happens again, give your administrator this number:" }
                    div class="command" { code { (request_id) } }
                },
                Problem::Refused { detail, .. } => {
                    p { (detail) }
                },
            }
            div class="do" {
                @if let Problem::Forbidden { why: Some(href), .. } = problem { a class="button" href=(href) { (icon(Icon::ScanEye)) "Why?" } }
                a class="button main" href=(paths::HOME) { "Go home" }
                @if frame.person.is_some() { a class="button" href=(paths::FIND) { "Find a record" } }
                @else { a class="button" href=(paths::SIGN_IN) { "Sign in" } }
            }
        }
    };
    if frame.person.is_some() { framed(frame, title, &[], &body) } else { bare(frame, title, &body) }
}
