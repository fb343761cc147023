//! The API's description of itself.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use base::{Problem, ProblemKind};

use crate::{ApiProblem, App, answer::json};

/// `GET /openapi.json`
pub(crate) async fn openapi(State(app): State<Arc<App>>) -> Response {
    json(StatusCode::OK, crate::document(&app.kernel.catalogue).to_string())
}

/// `GET /problems/{slug}`: what a problem type means.
pub(crate) async fn problem(Path(slug): Path<String>) -> Result<String, ApiProblem> {
    ProblemKind::ALL
        .iter()
        .find(|kind| kind.slug() == slug)
        .map(|kind| format!("{} ({})\n", kind.title(), kind.status()))
        .ok_or_else(|| Problem::not_found("problem type").into())
}
