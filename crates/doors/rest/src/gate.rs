//! `GET /v1/builds/{id}/gate`: how a build stands to the rules of its project. POST, which keeps the answer, comes from the catalogue.

use axum::{
    extract::{Path, RawQuery},
    http::StatusCode,
    response::Response,
};
use base::Problem;
use kernel::Error;

use crate::{ApiProblem, Caller, answer::json, collection::pairs};

pub(crate) async fn read(
    Caller(ctx): Caller,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiProblem> {
    if !pairs(query.as_deref())?.is_empty() {
        return Err(Problem::bad_request("This address takes no query parameters.").into());
    }
    let reading = async {
        let tx = ctx.begin_read().await?;
        let found = delivery::gate_of(&ctx, &tx, &id).await?;
        tx.commit().await?;
        serde_json::to_string(&found).map_err(|error| Error::Broken(error.to_string()))
    };
    let text = reading.await.map_err(|error| ApiProblem::of(&ctx, &error))?;
    Ok(json(StatusCode::OK, text))
}
