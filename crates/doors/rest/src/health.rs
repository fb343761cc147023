//! Is it alive, is it ready, how is it doing.

use std::sync::Arc;

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use base::{Problem, ProblemKind};

use crate::{ApiProblem, App};

/// `GET /healthz`: the process answers.
pub(crate) async fn alive() -> &'static str {
    "ok\n"
}

/// `GET /readyz`: the database answers too.
pub(crate) async fn ready(State(app): State<Arc<App>>) -> Response {
    match app.kernel.store.ping().await {
        Ok(()) => "ready\n".into_response(),
        Err(_) => {
            ApiProblem(Problem::new(ProblemKind::Unavailable, "The database does not answer just now.").retry_after(1))
                .into_response()
        }
    }
}

/// `GET /metrics`: the Prometheus text format, version 0.0.4.
pub(crate) async fn metrics(State(app): State<Arc<App>>) -> Response {
    let text = app.metrics.render(app.kernel.store.status());
    (StatusCode::OK, [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}
