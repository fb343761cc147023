//! Problems as HTTP answers (RFC 9457).

use axum::{
    http::{HeaderValue, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use base::{Problem, ProblemKind};
use kernel::{Ctx, Error, Kernel};

/// A problem on its way out.
#[derive(Debug)]
pub struct ApiProblem(pub Problem);

impl ApiProblem {
    /// Explains an error to the caller. What is our own fault is logged here, once.
    pub fn from_error(kernel: &Kernel, error: &Error) -> Self {
        let problem = kernel.catalogue.explain(error);
        if problem.status() >= 500 {
            let cause = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
            tracing::error!(%error, cause, status = problem.status(), "request failed");
        }
        Self(problem)
    }

    /// The same, from a request's context. A refusal is remembered in the audit trail.
    pub fn of(ctx: &Ctx, error: &Error) -> Self {
        let problem = Self::from_error(&ctx.kernel, error);
        kernel::refused(ctx, &problem.0);
        problem
    }
}

impl From<Problem> for ApiProblem {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl IntoResponse for ApiProblem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, self.0.to_json().to_string()).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = self.0.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.0.kind == ProblemKind::Unauthenticated {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// The answer when a handler fell over. Where and why has been logged as it happened.
pub(crate) fn fell_over(_: Box<dyn std::any::Any + Send>) -> Response {
    let detail = "The server could not do this. It has been logged; quote the request identifier when you report it.";
    ApiProblem(Problem::new(ProblemKind::Internal, detail)).into_response()
}

/// Answers for paths that are not there.
pub(crate) async fn not_found(uri: Uri) -> ApiProblem {
    let path: String = uri.path().chars().take(200).collect();
    Problem::new(ProblemKind::NotFound, format!("There is nothing at {path}. GET /openapi.json lists what there is."))
        .into()
}

/// Answers for methods that a path does not take. The router adds `Allow`.
pub(crate) async fn method_not_allowed(method: Method) -> ApiProblem {
    Problem::new(ProblemKind::MethodNotAllowed, format!("{method} is not possible here; `Allow` says what is.")).into()
}
