//! What goes wrong, as pages. Handlers give back a [`PageError`]; the [`dress`] middleware, which knows the visitor,
//! turns it into a page of the frame, or into the way to the sign-in page.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderName, HeaderValue, Method, StatusCode, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use base::{Problem, ProblemKind};
use kernel::{Ctx, Error};
use shared::RateLimits;

use super::{Site, answer, session};
use crate::{
    components::{FieldError, FormErrors},
    layout::{Frame, Section},
    paths,
    views::errors,
};

/// Why there is no page.
#[derive(Debug, Clone)]
pub(super) struct PageError(Arc<Error>);

impl From<Error> for PageError {
    fn from(error: Error) -> Self {
        Self(Arc::new(error))
    }
}

impl From<Problem> for PageError {
    fn from(problem: Problem) -> Self {
        Self::from(Error::from(problem))
    }
}

impl IntoResponse for PageError {
    /// An empty answer that [`dress`] fills.
    fn into_response(self) -> Response {
        let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// What was refused about a form, to show it again; anything a form cannot mend is handed on.
pub(super) fn refused(ctx: &Ctx, error: Error) -> Result<FormErrors, PageError> {
    let problem = ctx.kernel.catalogue.explain(&error);
    match problem.kind {
        ProblemKind::Invalid | ProblemKind::Conflict | ProblemKind::PreconditionFailed => Ok(form_errors(problem)),
        _ => Err(error.into()),
    }
}

/// A problem as a form shows it: single fields beside themselves, the rest on top.
pub(super) fn form_errors(problem: Problem) -> FormErrors {
    let fields: Vec<FieldError> =
        problem.errors.into_iter().map(|error| FieldError { pointer: error.pointer, detail: error.detail }).collect();
    let summary = fields.is_empty().then_some(problem.detail);
    FormErrors { summary, fields }
}

/// The page for addresses that lead nowhere.
pub(super) async fn not_found() -> PageError {
    Problem::not_found("page").into()
}

/// The page when one could not be made, because the program has a fault there.
pub(super) fn fell_over(_: Box<dyn std::any::Any + Send>) -> Response {
    PageError::from(Error::Broken("a page fell over".into())).into_response()
}

/// An address that asks for too much is refused before anybody looks at who it is.
pub(super) async fn limit_address(request: Request, next: Next) -> Response {
    match RateLimits::by_address(request.extensions(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(problem) => PageError::from(problem).into_response(),
    }
}

/// Gives the request an identifier, fills in the page of an error, and takes back the message that was shown.
pub(super) async fn dress(State(site): State<Arc<Site>>, mut request: Request, next: Next) -> Response {
    let id = match session::request_id(request.headers()) {
        Some(id) => id,
        None => base::id_at(site.kernel.now()).to_string(),
    };
    if let Ok(value) = HeaderValue::from_str(&id) {
        request.headers_mut().insert(session::REQUEST_ID, value);
    }
    let (parts, body) = request.into_parts();
    let seen = parts.clone();
    let response = next.run(Request::from_parts(parts, body)).await;
    let mut response = explain(&site, &seen, response).await;
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(session::REQUEST_ID, value);
    }
    let is_page =
        response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if is_page && session::cookie(&seen.headers, answer::FLASH_COOKIE).is_some() {
        let gone = session::set_cookie(&seen.headers, answer::FLASH_COOKIE, "", Some(0));
        answer::append_cookie(&mut response, &gone);
    }
    response
}

/// The page of an error; any other answer as it is.
async fn explain(site: &Site, seen: &Parts, mut response: Response) -> Response {
    let problem = match response.extensions_mut().remove::<PageError>() {
        Some(PageError(error)) => {
            let problem = site.kernel.catalogue.explain(&error);
            if problem.status() >= 500 {
                let cause = std::error::Error::source(&*error).map(ToString::to_string).unwrap_or_default();
                tracing::error!(%error, cause, path = seen.uri.path(), "page failed");
            }
            problem
        }
        None => match response.status() {
            StatusCode::METHOD_NOT_ALLOWED => {
                Problem::new(ProblemKind::MethodNotAllowed, format!("{} is not possible here.", seen.method))
            }
            StatusCode::PAYLOAD_TOO_LARGE => Problem::new(ProblemKind::TooLarge, "What was sent is too large."),
            StatusCode::BAD_REQUEST if !response.headers().contains_key(header::CACHE_CONTROL) => {
                Problem::bad_request("The address cannot be read.")
            }
            _ => return response,
        },
    };
    if problem.kind == ProblemKind::Unauthenticated {
        let to = match seen.method {
            Method::GET | Method::HEAD => session::path_of(seen),
            _ => paths::HOME.to_owned(),
        };
        let to = if to == paths::HOME {
            paths::SIGN_IN.to_owned()
        } else {
            format!("{}?return_to={}", paths::SIGN_IN, paths::segment(&to))
        };
        return answer::see_other(to).into_response();
    }
    // Who asks for too much is not looked up: refusing has to cost less than answering.
    if problem.kind == ProblemKind::TooManyRequests {
        let request_id = session::request_id(&seen.headers).unwrap_or_default();
        return page(&session::frame_of_nobody(seen), &problem, None, &request_id, response.headers());
    }
    let frame = match session::Visitor::of(site, seen).await {
        Ok(visitor) => {
            kernel::refused(&visitor.ctx, &problem);
            visitor.frame(Section::Other).await.unwrap_or_else(|_| session::frame_of_nobody(seen))
        }
        Err(_) => session::frame_of_nobody(seen),
    };
    // Only who is signed in has a question that the explorer can answer.
    let why =
        super::access::why(&site.kernel.catalogue, &problem.detail, seen.uri.path()).filter(|_| frame.person.is_some());
    page(&frame, &problem, why, &session::request_id(&seen.headers).unwrap_or_default(), response.headers())
}

fn page(
    frame: &Frame,
    problem: &Problem,
    why: Option<String>,
    request_id: &str,
    before: &axum::http::HeaderMap,
) -> Response {
    let shown = match problem.kind {
        ProblemKind::Forbidden => errors::Problem::Forbidden { needed: None, said: problem.detail.clone(), why },
        ProblemKind::NotFound => errors::Problem::NotFound,
        ProblemKind::Internal => errors::Problem::Internal { request_id: request_id.to_owned() },
        kind => errors::Problem::Refused {
            status: kind.status(),
            title: kind.title().to_owned(),
            detail: problem.detail.clone(),
        },
    };
    let status = StatusCode::from_u16(problem.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = answer::with_status(status, errors::page(frame, &shown));
    if let Some(seconds) = problem.retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    for name in [header::ALLOW, header::SET_COOKIE] {
        copy(&name, before, &mut response);
    }
    response
}

fn copy(name: &HeaderName, from: &axum::http::HeaderMap, to: &mut Response) {
    for value in from.get_all(name) {
        to.headers_mut().append(name.clone(), value.clone());
    }
}
