//! Signing in and out.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Query, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use base::{Problem, ProblemKind};
use identity::SignIn;
use serde::Deserialize;
use shared::{RateLimits, SESSION_COOKIE};
use vault::{Token, TokenKind};

use super::{
    Site,
    answer::{append_cookie, see_other, with_status},
    error::{PageError, form_errors},
    form::{self, Fields, Posted},
    session::{self, Visitor, check_origin, cookie, csrf_of, forged, same, set_cookie},
};
use crate::{components::FormErrors, paths, views::sign_in};

/// Ties the sign-in form to the browser it was shown in, while there is no session yet.
const VISIT_COOKIE: &str = "throughline_visit";

pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new().route(paths::SIGN_IN, get(show).post(enter)).route(paths::SIGN_OUT, post(leave))
}

#[derive(Debug, Default, Deserialize)]
struct Asked {
    #[serde(default)]
    return_to: String,
}

async fn show(State(site): State<Arc<Site>>, Query(asked): Query<Asked>, parts: Parts) -> Response {
    if Visitor::of(&site, &parts).await.is_ok() {
        return see_other(place(&asked.return_to)).into_response();
    }
    let view = sign_in::View { return_to: place(&asked.return_to).to_owned(), ..sign_in::View::default() };
    form_page(&parts, StatusCode::OK, &view)
}

/// Where to go after signing in.
fn place(asked: &str) -> &str {
    if session::is_local(asked) && !asked.starts_with(paths::SIGN_IN) { asked } else { paths::HOME }
}

fn form_page(parts: &Parts, status: StatusCode, view: &sign_in::View) -> Response {
    let (visit, new) = match cookie(&parts.headers, VISIT_COOKIE) {
        Some(visit) if visit.len() <= 200 => (visit, false),
        _ => (Token::generate(TokenKind::Session).reveal().to_owned(), true),
    };
    let mut frame = session::frame_of_nobody(parts);
    frame.csrf = csrf_of(&visit);
    let mut response = with_status(status, sign_in::page(&frame, view));
    if new {
        append_cookie(&mut response, &set_cookie(&parts.headers, VISIT_COOKIE, &visit, None));
    }
    response
}

async fn enter(State(site): State<Arc<Site>>, request: Request) -> Result<Response, PageError> {
    let (parts, body) = request.into_parts();
    check_origin(&parts.headers)?;
    let fields = form::read(Request::from_parts(parts.clone(), body), &site).await?;
    let visit = cookie(&parts.headers, VISIT_COOKIE).ok_or_else(forged)?;
    if !same(fields.raw("csrf").as_bytes(), csrf_of(&visit).as_bytes()) {
        return Err(forged().into());
    }
    let input = SignIn {
        email: fields.text("email").to_owned(),
        password: fields.raw("password").to_owned(),
        organization: None,
    };
    let attempt = match RateLimits::attempt(&parts.extensions) {
        Ok(attempt) => attempt,
        Err(problem) => return Ok(again(&parts, &fields, problem)),
    };
    match site.authenticator.sign_in(input, session::request_of(&parts)).await {
        Ok(signed_in) => {
            attempt.forget();
            let seconds = signed_in.expires_at.duration_since(site.kernel.now()).as_secs();
            let mut response = see_other(place(fields.text("return_to"))).into_response();
            let headers = &parts.headers;
            append_cookie(&mut response, &set_cookie(headers, SESSION_COOKIE, signed_in.token.reveal(), Some(seconds)));
            append_cookie(&mut response, &set_cookie(headers, VISIT_COOKIE, "", Some(0)));
            Ok(response)
        }
        Err(error) => {
            let problem = site.kernel.catalogue.explain(&error);
            if problem.kind != ProblemKind::Unauthenticated {
                // Nobody has learnt whether the password was right.
                attempt.forget();
                return Err(error.into());
            }
            Ok(again(&parts, &fields, problem))
        }
    }
}

/// The form once more, with what was wrong.
fn again(parts: &Parts, fields: &Fields, problem: Problem) -> Response {
    let status = StatusCode::from_u16(problem.status()).unwrap_or(StatusCode::UNAUTHORIZED);
    let wait = problem.retry_after;
    let view = sign_in::View {
        email: fields.text("email").chars().take(254).collect(),
        errors: FormErrors { summary: form_errors(problem).summary, fields: Vec::new() },
        return_to: place(fields.text("return_to")).to_owned(),
    };
    let mut response = form_page(parts, status, &view);
    if let Some(seconds) = wait {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

async fn leave(State(site): State<Arc<Site>>, headers: HeaderMap, posted: Posted) -> Result<Response, PageError> {
    site.authenticator.sign_out(&posted.visitor.ctx).await?;
    let mut response = see_other(paths::SIGN_IN).into_response();
    append_cookie(&mut response, &set_cookie(&headers, SESSION_COOKIE, "", Some(0)));
    response.headers_mut().insert("clear-site-data", HeaderValue::from_static("\"cache\""));
    Ok(response)
}
