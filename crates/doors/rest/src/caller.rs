//! Who is calling: the token of the `Authorization` header, or the session cookie for reading.

use std::sync::Arc;

use axum::{
    Json,
    extract::{self, FromRequestParts, MatchedPath, OriginalUri, State},
    http::{HeaderMap, Method, header, request::Parts},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use base::{Problem, ProblemKind};
use kernel::{Ctx, Principal, Request};
use serde_json::{Value, json};
use shared::{RateLimits, SESSION_COOKIE, cookie};
use uuid::Uuid;

use crate::{ApiProblem, App};

/// The caller's context.
pub struct Caller(pub Ctx);

impl FromRequestParts<Arc<App>> for Caller {
    type Rejection = ApiProblem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiProblem> {
        let nobody = || {
            Problem::new(
                ProblemKind::Unauthenticated,
                "Send `Authorization: Bearer <API token>`. Tokens are made on the page /account/tokens.",
            )
        };
        let borne = bearer(&parts.headers);
        let by_cookie = borne.is_none();
        let token = borne
            .or_else(|| {
                cookie(&parts.headers, SESSION_COOKIE).filter(|_| matches!(parts.method, Method::GET | Method::HEAD))
            })
            .ok_or_else(nobody)?;
        let person = acted_for(&parts.headers)?;
        let principal = app
            .authenticator
            .principal_for(&token, person)
            .await
            .map_err(|error| ApiProblem::from_error(&app.kernel, &error))?;
        if by_cookie && principal.session_id().is_none() {
            // A cookie goes along by itself; an API token is shown on purpose.
            return Err(nobody().into());
        }
        let who = (principal.organization_id, principal.user_id);
        RateLimits::by_principal(&parts.extensions, &parts.headers, who)?;
        let principal = match run_of(&parts.headers)? {
            None => principal,
            Some(_) if principal.session_id().is_some() => {
                let detail = "`X-Agent-Run` is for programs, which sign in with an API token; a session has no runs.";
                return Err(Problem::bad_request(detail).into());
            }
            run => Arc::new(Principal { agent_run: run, ..(*principal).clone() }),
        };
        let request = request_of(parts)?;
        Ok(Self(Ctx::new(app.kernel.clone(), principal, request)))
    }
}

/// An address that asks for too much is refused before anybody looks at who it is.
pub(crate) async fn limit_address(request: extract::Request, next: Next) -> Response {
    match RateLimits::by_address(request.extensions(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(problem) => ApiProblem(problem).into_response(),
    }
}

/// Resources whose changes are changes of who may do what.
const RIGHTS: [&str; 15] = [
    "api-tokens",
    "approval-requests",
    "memberships",
    "organizations",
    "permissions",
    "project-members",
    "resources",
    "role-permissions",
    "roles",
    "sessions",
    "team-members",
    "teams",
    "user-permissions",
    "user-roles",
    "users",
];

/// What this process changes of anybody's rights counts from its answer on. Other processes hear of it from the
/// database, a few milliseconds later.
pub(crate) async fn forget_changed_rights(
    State(app): State<Arc<App>>,
    request: extract::Request,
    next: Next,
) -> Response {
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD)
        && request.extensions().get::<MatchedPath>().is_some_and(|route| {
            let route = route.as_str().trim_start_matches("/v1").trim_start_matches('/');
            RIGHTS.contains(&route.split('/').next().unwrap_or_default())
        });
    let response = next.run(request).await;
    if changes {
        app.authenticator.forget();
    }
    response
}

/// The token of the `Authorization` header.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
}

/// The member for whom the caller acts, from `X-On-Behalf-Of`.
fn acted_for(headers: &HeaderMap) -> Result<Option<Uuid>, Problem> {
    let Some(value) = headers.get("x-on-behalf-of") else { return Ok(None) };
    let person = value.to_str().ok().and_then(|text| Uuid::try_parse(text).ok());
    person.map(Some).ok_or_else(|| Problem::bad_request("`X-On-Behalf-Of` must be the identifier of a member."))
}

/// The run that the request is part of, from `X-Agent-Run`: the program chooses an identifier for each of its runs.
fn run_of(headers: &HeaderMap) -> Result<Option<Uuid>, Problem> {
    let Some(value) = headers.get("x-agent-run") else { return Ok(None) };
    let run = value.to_str().ok().and_then(|text| Uuid::try_parse(text).ok()).filter(|run| !run.is_nil());
    run.map(Some).ok_or_else(|| Problem::bad_request("`X-Agent-Run` must be a UUID that names the run."))
}

/// What the audit trail keeps of a request.
fn request_of(parts: &Parts) -> Result<Request, ApiProblem> {
    let request = shared::request_of(parts);
    let idempotency = match (&parts.method, parts.headers.get("idempotency-key")) {
        (&Method::POST, Some(key)) => {
            let key = key
                .to_str()
                .ok()
                .filter(|key| (1..=255).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic()))
                .ok_or_else(|| Problem::bad_request("`Idempotency-Key` must have from 1 to 255 visible characters."))?;
            // The fingerprint is completed once the body has been read.
            Some(kernel::Idempotency { key: key.to_owned(), path: path_of(parts), fingerprint: [0; 32] })
        }
        _ => None,
    };
    Ok(Request {
        reason: said(&parts.headers, "X-Change-Reason", 1000)?,
        justification: said(&parts.headers, "X-Business-Justification", 4000)?,
        idempotency,
        ..request
    })
}

/// The whole path, with what it is nested under.
fn path_of(parts: &Parts) -> String {
    parts.extensions.get::<OriginalUri>().map_or_else(|| parts.uri.path(), |uri| uri.0.path()).to_owned()
}

/// What the caller says about a change: UTF-8 as it is, or percent-encoded, because many clients send nothing but ASCII.
fn said(headers: &HeaderMap, name: &'static str, most: usize) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get(name.to_ascii_lowercase()) else { return Ok(None) };
    let text = String::from_utf8(percent_decoded(value.as_bytes()))
        .map_err(|_| Problem::bad_request(format!("`{name}` must be UTF-8, as it is or percent-encoded.")))?;
    if text.chars().count() > most {
        return Err(Problem::bad_request(format!("`{name}` must have at most {most} characters.")));
    }
    let text: String = text.chars().filter(|c| !c.is_control()).collect();
    let text = text.trim();
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

/// The bytes behind percent-encoding. A text with a bare percent sign was not encoded and stays as it is.
fn percent_decoded(bytes: &[u8]) -> Vec<u8> {
    let digit = |at: usize| bytes.get(at).and_then(|byte| char::from(*byte).to_digit(16));
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        if *byte != b'%' {
            out.push(*byte);
            at += 1;
            continue;
        }
        match (digit(at + 1), digit(at + 2)) {
            (Some(high), Some(low)) => out.push((high * 16 + low) as u8),
            _ => return bytes.to_vec(),
        }
        at += 3;
    }
    out
}

/// `GET /v1/me`: who the token belongs to.
pub(crate) async fn me(Caller(ctx): Caller) -> Json<Value> {
    let principal = &ctx.principal;
    Json(json!({
        "organization_id": principal.organization_id,
        "user_id": principal.user_id,
        "display_name": principal.display_name,
        "email": principal.email,
        "kind": match principal.kind {
            kernel::PrincipalKind::Person => "person",
            kernel::PrincipalKind::Agent => "agent",
            kernel::PrincipalKind::Service => "service",
        },
        "on_behalf_of_user_id": principal.on_behalf_of,
    }))
}
