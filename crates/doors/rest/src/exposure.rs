//! `GET /v1/findings/exposure`: where a vulnerability runs.

use axum::{extract::RawQuery, response::Response};
use base::Problem;

use crate::{ApiProblem, Caller, answer, collection::pairs};

pub(crate) async fn exposure(Caller(ctx): Caller, RawQuery(query): RawQuery) -> Result<Response, ApiProblem> {
    let mut identifier = None;
    for (name, value) in pairs(query.as_deref())? {
        if name != "identifier" || identifier.is_some() {
            let problem = Problem::bad_request("This question takes one identifier.");
            let name: String = name.chars().take(80).collect();
            return Err(problem.field(format!("?{name}"), "must be `identifier`, once").into());
        }
        identifier = Some(value);
    }
    let of = |error: &kernel::Error| ApiProblem::of(&ctx, error);
    let tx = ctx.begin_read().await.map_err(|error| of(&error))?;
    let found = assurance::exposure(&ctx, &tx, &identifier.unwrap_or_default()).await.map_err(|error| of(&error))?;
    tx.commit().await.map_err(|error| of(&error))?;
    answer::found(&ctx, &found)
}
