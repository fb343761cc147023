//! `POST /v1/webhooks/{id}`: a message of a repository server. Nobody signs in here; what counts is the signature over the bytes
//! that came, and without one the body is not even read.

use std::sync::Arc;

use axum::{
    Json,
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Response},
};
use base::{Problem, ProblemKind};
use delivery::webhooks::{self, MOST_BYTES, Stored};
use kernel::{Ctx, Request};
use serde_json::json;
use uuid::Uuid;

use crate::{ApiProblem, App};

pub(crate) async fn receive(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiProblem> {
    let of = |error: kernel::Error| ApiProblem::from_error(&app.kernel, &error);
    let missing = || Problem::not_found("webhook");
    let id = Uuid::try_parse(&id).map_err(|_| missing())?;
    let place = webhooks::connection(&app.kernel, id).await.map_err(of)?.ok_or_else(missing)?;
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if !place.is_signed(&header) {
        // The same answer as to a wrong signature.
        place.verify(&header, b"", app.kernel.now()).map_err(of)?;
    }
    let body = axum::body::to_bytes(body, MOST_BYTES).await.map_err(|_| {
        Problem::new(
            ProblemKind::TooLarge,
            format!("A message of a repository server has at most {} MiB.", MOST_BYTES >> 20),
        )
    })?;
    place.verify(&header, &body, app.kernel.now()).map_err(of)?;
    let behind = app.authenticator.member(place.organization_id, place.acts_as).await.map_err(of)?;
    let Some(principal) = behind else {
        let detail = "Whoever connected this server is no longer an active member; somebody has to take the connection over in \
                      Throughline, then send the message again.";
        return Err(Problem::conflict(detail).into());
    };
    let request = Request { endpoint: "POST /v1/webhooks/{id}".into(), ..Request::default() };
    let ctx = Ctx::new(app.kernel.clone(), Arc::new(principal), request);
    let stored = place.store(&ctx, &header, &body).await.map_err(of)?;
    let (status, id, said) = match stored {
        Stored::New(id) => (StatusCode::ACCEPTED, id, "received"),
        Stored::Known(id) => (StatusCode::OK, id, "known"),
    };
    Ok((status, Json(json!({"id": id, "status": said}))).into_response())
}
