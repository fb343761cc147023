//! What a baseline holds and how it differs from another, or from what is there now. Taking and deciding come from the catalogue.

use axum::{
    extract::{Path, RawQuery},
    http::StatusCode,
    response::Response,
};
use base::{FieldError, Problem, ProblemKind};
use kernel::{Ctx, Error};
use serde::Serialize;
use work::Part;

use crate::{ApiProblem, Caller, answer::json, collection::pairs};

/// Rows of a page, unless asked otherwise, and at most.
pub(crate) const ROWS: i64 = 100;
pub(crate) const MOST_ROWS: i64 = 1000;

/// What an address asks for.
#[derive(Default)]
struct Asked {
    with: Option<String>,
    kind: Option<String>,
    part: Part,
}

impl Asked {
    fn of(query: Option<&str>, known: &[&str]) -> Result<Self, Problem> {
        let mut asked = Self { part: Part { limit: ROWS, cursor: None }, ..Self::default() };
        for (name, value) in pairs(query)? {
            let wrong = |detail: String| {
                let pointer = format!("?{}", name.chars().take(80).collect::<String>());
                Problem { kind: ProblemKind::BadRequest, ..Problem::of_fields(vec![FieldError { pointer, detail }]) }
            };
            if !known.contains(&name.as_str()) {
                return Err(wrong(format!("is no parameter here; these are: {}", known.join(", "))));
            }
            if value.contains('\0') {
                return Err(wrong("must not contain the character 0".into()));
            }
            match name.as_str() {
                "limit" => {
                    let limit = value.parse().ok().filter(|rows| (1..=MOST_ROWS).contains(rows));
                    asked.part.limit = limit.ok_or_else(|| wrong(format!("must be a number from 1 to {MOST_ROWS}")))?;
                }
                "cursor" => asked.part.cursor = Some(value),
                "kind" => asked.kind = Some(value),
                _ => asked.with = Some(value),
            }
        }
        Ok(asked)
    }
}

fn answer(ctx: &Ctx, found: Result<impl Serialize, Error>) -> Result<Response, ApiProblem> {
    let text = found
        .and_then(|found| serde_json::to_string(&found).map_err(|error| Error::Broken(error.to_string())))
        .map_err(|error| ApiProblem::of(ctx, &error))?;
    Ok(json(StatusCode::OK, text))
}

/// `GET /v1/baselines/{id}/comparison?with=`
pub(crate) async fn comparison(
    Caller(ctx): Caller,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiProblem> {
    let asked = Asked::of(query.as_deref(), &["with", "limit", "cursor"])?;
    let comparing = async {
        let tx = ctx.begin_read().await?;
        let baseline = work::baseline(&ctx, &tx, &id).await?;
        let with = match &asked.with {
            Some(other) => Some(work::baseline(&ctx, &tx, other).await?),
            None => None,
        };
        let found = work::compare(&ctx, &tx, &baseline, with.as_ref(), &asked.part).await?;
        tx.commit().await?;
        Ok(found)
    };
    let found = comparing.await;
    answer(&ctx, found)
}

/// `GET /v1/baselines/{id}/records`
pub(crate) async fn records(
    Caller(ctx): Caller,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiProblem> {
    let asked = Asked::of(query.as_deref(), &["kind", "limit", "cursor"])?;
    let reading = async {
        let tx = ctx.begin_read().await?;
        let baseline = work::baseline(&ctx, &tx, &id).await?;
        let found = work::baseline_items(&ctx, &tx, &baseline, (asked.kind.as_deref(), None), &asked.part).await?;
        tx.commit().await?;
        Ok(found)
    };
    let found = reading.await;
    answer(&ctx, found)
}

/// `GET /v1/baselines/{id}/records/{record}`
pub(crate) async fn one_record(
    Caller(ctx): Caller,
    Path((id, record)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiProblem> {
    Asked::of(query.as_deref(), &[])?;
    let reading = async {
        let tx = ctx.begin_read().await?;
        let baseline = work::baseline(&ctx, &tx, &id).await?;
        let found = work::baseline_item(&ctx, &tx, &baseline, &record).await?;
        tx.commit().await?;
        Ok(found)
    };
    let found = reading.await;
    answer(&ctx, found)
}
