//! Declared operations with a JSON body.

use std::sync::Arc;

use axum::{
    extract::{MatchedPath, RawPathParams, RawQuery, State},
    http::HeaderMap,
    response::Response,
};
use base::Problem;
use kernel::{Answer, Call, Operation, Subject};

use crate::{
    ApiProblem, App, Caller,
    answer::{Sent, once, parse},
    collection,
};

/// The operation behind a route.
pub(crate) fn of_route(app: &App, route: &str) -> Option<Arc<Operation>> {
    let mut parts = route.trim_start_matches("/v1/").split('/');
    let resource = parts.next()?;
    let rest: Vec<&str> = parts.collect();
    app.kernel
        .catalogue
        .operations()
        .find(|operation| match (operation.subject, rest.as_slice()) {
            (Subject::Record(name), [_, last]) => name == resource && operation.name == *last,
            (Subject::Collection(name), [last]) => name == resource && operation.name == *last,
            (Subject::Collection(name), []) => name == resource && operation.name == "create",
            _ => false,
        })
        .cloned()
}

/// `POST /v1/things/{id}/operation`, `POST /v1/things/operation`, `POST /v1/things`
pub(crate) async fn run(
    State(app): State<Arc<App>>,
    Caller(ctx): Caller,
    route: MatchedPath,
    params: RawPathParams,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    Sent(body): Sent,
) -> Result<Response, ApiProblem> {
    if !collection::pairs(query.as_deref())?.is_empty() {
        return Err(Problem::bad_request("This address takes no query parameters.").into());
    }
    let operation = of_route(&app, route.as_str()).ok_or_else(|| Problem::not_found("operation"))?;
    let input = parse(&headers, &body)?;
    let id = params.iter().next().map(|(_, value)| value.to_owned());
    let (_, response) = once(ctx, &body, move |ctx, tx| {
        Box::pin(async move {
            let output = operation.run(ctx, tx, Call { id, input }).await?;
            let location = match (operation.status, operation.subject, output.get("id").and_then(|id| id.as_str())) {
                (201, Subject::Collection(name), Some(id)) => Some(format!("/v1/{name}/{id}")),
                _ => None,
            };
            let kept_body = operation.shown_once.map(|secret| {
                let mut kept = output.clone();
                kept[secret] = serde_json::Value::Null;
                kept.to_string().into_bytes()
            });
            let body = output.to_string().into_bytes();
            Ok(Answer { status: operation.status, etag: None, location, body, kept_body })
        })
    })
    .await?;
    Ok(response)
}
