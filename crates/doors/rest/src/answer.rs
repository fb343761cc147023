//! Bodies in, answers out: media types, ETags, idempotent POSTs.

use std::{future::Future, pin::Pin, sync::Arc};

use axum::{
    body::{Body, Bytes},
    extract::{FromRequest, Request},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use base::{Problem, ProblemKind};
use kernel::{Answer, Credential, Ctx, Error, ExportFormat, Tx, Written};
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::{ApiProblem, App};

/// The whole body of a request, within the limit.
pub(crate) struct Sent(pub(crate) Bytes);

impl FromRequest<Arc<App>> for Sent {
    type Rejection = ApiProblem;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, ApiProblem> {
        match Bytes::from_request(request, app).await {
            Ok(body) => Ok(Self(body)),
            Err(refused) if refused.status() == StatusCode::PAYLOAD_TOO_LARGE => Err(Problem::new(
                ProblemKind::TooLarge,
                format!("A body has at most {} bytes; send less at once.", app.limits.json_bytes),
            )
            .into()),
            Err(_) => Err(Problem::bad_request("The body did not arrive whole; send it again.").into()),
        }
    }
}

/// Answers about organisations are for whoever asked alone. Those with an ETag may be kept and have to be asked about
/// again each time; the others are not kept at all.
pub(crate) async fn keep_private(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let may_be_kept = headers.contains_key(header::ETAG);
    let control = if may_be_kept { "private, no-cache" } else { "no-store" };
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static(control));
    headers.append(header::VARY, HeaderValue::from_static("authorization, cookie, accept"));
    response
}

/// No answer is anything but what its media type says, and none of them does anything in a browser.
pub(crate) async fn secure(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    shared::secure(response.headers_mut(), shared::NOTHING_RUNS);
    response
}

/// A JSON answer.
pub(crate) fn json(status: StatusCode, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// What was found, as JSON.
pub(crate) fn found(ctx: &Ctx, found: &impl Serialize) -> Result<Response, ApiProblem> {
    let body = serde_json::to_string(found)
        .map_err(|error| ApiProblem::of(ctx, &Error::Broken(format!("an answer could not be written: {error}"))))?;
    Ok(json(StatusCode::OK, body))
}

/// A table as CSV, to be saved under `name`.
pub(crate) fn csv(table: Vec<u8>, name: &str) -> Response {
    shared::attached(table, ExportFormat::Csv.media_type(), &format!("{name}.csv"))
}

/// Writes down that a table of records of a kind is taken away as CSV, before it is.
pub(crate) async fn taken(ctx: &Ctx, kind: &str, project: Option<uuid::Uuid>, what: &str) -> Result<(), ApiProblem> {
    let file =
        kernel::Exported { resource_type: kind, what, format: "csv", project, record: None, filter: &[], rows: None };
    kernel::exported(ctx, &file).await.map_err(|error| ApiProblem::of(ctx, &error))
}

/// The ETag of a version.
pub(crate) fn etag(version: &str) -> String {
    format!("\"{version}\"")
}

/// A record with its ETag.
pub(crate) fn record(status: StatusCode, written: Written) -> Response {
    let tag = etag(&written.version);
    with_header(json(status, written.body.0), header::ETAG, &tag)
}

pub(crate) fn with_header(mut response: Response, name: header::HeaderName, value: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
    response
}

/// Refuses a write when `If-Match` names another version.
pub(crate) fn check_if_match(headers: &HeaderMap, version: &str) -> Result<(), Problem> {
    match shared::matches_tag(headers, header::IF_MATCH, &etag(version)) {
        Some(false) => Err(Problem::new(
            ProblemKind::PreconditionFailed,
            "The record has changed since you read it. Read it again, look at what changed, and repeat your change.",
        )),
        _ => Ok(()),
    }
}

/// The body as JSON.
pub(crate) fn parse(headers: &HeaderMap, body: &Bytes) -> Result<Value, Problem> {
    let media_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    let is_json = essence.eq_ignore_ascii_case("application/json")
        || essence.to_ascii_lowercase().starts_with("application/") && essence.to_ascii_lowercase().ends_with("+json");
    if body.is_empty() && media_type.is_empty() {
        return Ok(Value::Null);
    }
    if !is_json {
        return Err(Problem::new(
            ProblemKind::UnsupportedMediaType,
            "Send a body of `Content-Type: application/json`.",
        ));
    }
    serde_json::from_slice(body).map_err(|error| Problem::bad_request(format!("The body is not JSON: {error}.")))
}

/// What an idempotent POST does inside its transaction.
type Doing<'a> = Pin<Box<dyn Future<Output = Result<Answer, Error>> + Send + 'a>>;

/// Runs a POST in one transaction. With an `Idempotency-Key`, a repeated request gets the first answer.
pub(crate) async fn once<F>(mut ctx: Ctx, body: &[u8], run: F) -> Result<(Ctx, Response), ApiProblem>
where
    F: for<'a> FnOnce(&'a Ctx, &'a mut Tx) -> Doing<'a> + Send,
{
    if ctx.request.idempotency.is_some() {
        let request = Arc::make_mut(&mut ctx.request);
        if let Some(idempotency) = &mut request.idempotency {
            let mut hash = Sha256::new();
            hash.update(idempotency.path.as_bytes());
            hash.update([0]);
            // The answer belongs to what the credential may see: a narrower token of the same person gets none of it.
            hash.update(match ctx.principal.credential {
                Credential::Session(_) | Credential::Server => [0; 16],
                Credential::ApiToken(id) => id.into_bytes(),
            });
            hash.update(body);
            idempotency.fingerprint = hash.finalize().into();
        }
    }
    let outcome: Result<(Answer, bool), Error> = async {
        let mut tx = ctx.begin().await?;
        if let Some(kept) = Answer::kept(&ctx, &tx).await? {
            tx.commit().await?;
            return Ok((kept, true));
        }
        let answer = run(&ctx, &mut tx).await?;
        answer.keep(&ctx, &tx).await?;
        tx.commit().await?;
        Ok((answer, false))
    }
    .await;
    let (answer, replayed) = outcome.map_err(|error| ApiProblem::of(&ctx, &error))?;
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    let mut response = json(status, answer.body);
    if let Some(tag) = &answer.etag {
        response = with_header(response, header::ETAG, tag);
    }
    if let Some(location) = &answer.location {
        response = with_header(response, header::LOCATION, location);
    }
    if replayed {
        response.headers_mut().insert("idempotency-replayed", HeaderValue::from_static("true"));
    }
    Ok((ctx, response))
}

/// `304 Not Modified`, when the caller has this version already.
pub(crate) fn not_modified(version: &str) -> Response {
    with_header(StatusCode::NOT_MODIFIED.into_response(), header::ETAG, &etag(version))
}
