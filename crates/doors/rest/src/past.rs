//! What differs between two moments: `GET /v1/things/{id}/difference` and `GET /v1/things/difference`.

use axum::{extract::RawQuery, http::StatusCode, response::Response};
use base::Problem;
use kernel::{Ctx, Error};
use serde::Serialize;

use crate::{
    ApiProblem, Caller,
    answer::json,
    collection::{Id, Name, pairs},
};

fn answer(ctx: &Ctx, found: Result<impl Serialize, Error>) -> Result<Response, ApiProblem> {
    let text = found
        .and_then(|found| serde_json::to_string(&found).map_err(|error| Error::Broken(error.to_string())))
        .map_err(|error| ApiProblem::of(ctx, &error))?;
    Ok(json(StatusCode::OK, text))
}

/// Of one record.
pub(crate) async fn record(
    Caller(ctx): Caller,
    Name(name): Name,
    Id(id): Id,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiProblem> {
    let pairs = pairs(query.as_deref())?;
    let served = ctx.catalogue().get(&name).ok_or_else(|| Problem::not_found(&name))?;
    answer(&ctx, kernel::difference(&ctx, served, &id, &pairs).await)
}

/// Of a list.
pub(crate) async fn list(
    Caller(ctx): Caller,
    Name(name): Name,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiProblem> {
    let pairs = pairs(query.as_deref())?;
    let served = ctx.catalogue().get(&name).ok_or_else(|| Problem::not_found(&name))?;
    answer(&ctx, kernel::list_difference(&ctx, served, &pairs).await)
}
