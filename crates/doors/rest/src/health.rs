//! Is it alive, is it ready, how is it doing.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use base::{Problem, ProblemKind};

use shared::same;

use crate::{ApiProblem, App, caller::bearer};

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

/// `GET /metrics`: the Prometheus text format, version 0.0.4. They tell about everybody's organisations, so they are for
/// this machine, and for who shows the token that the server was started with.
pub(crate) async fn metrics(State(app): State<Arc<App>>, request: Request) -> Response {
    let shown = bearer(request.headers()).unwrap_or_default();
    let knows = app.metrics_token.as_deref().is_some_and(|token| same(token.as_bytes(), shown.as_bytes()));
    if !knows && !shared::is_local(request.extensions(), request.headers()) {
        let detail = "Metrics are for this machine, or with `Authorization: Bearer` and the token of --metrics-token.";
        return ApiProblem(Problem::new(ProblemKind::Unauthenticated, detail)).into_response();
    }
    let text = app.metrics.render(app.kernel.store.status());
    (StatusCode::OK, [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}
