//! `GET /v1/impact`: what a change of a record would touch, and what it rests on.

use axum::{extract::RawQuery, http::HeaderMap, response::Response};
use base::Problem;
use work::{Direction, IMPACT_DEPTH, IMPACT_HEADS, IMPACT_ROWS, Impact, ImpactQuestion};

use crate::{
    ApiProblem, Caller, answer,
    collection::{pairs, wants_csv},
};

pub(crate) async fn impact(
    Caller(ctx): Caller,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, ApiProblem> {
    let question = question(&pairs(query.as_deref())?)?;
    let as_csv = wants_csv(&headers, "Impact")?;
    let of = |error: &kernel::Error| ApiProblem::of(&ctx, error);
    let tx = ctx.begin_read().await.map_err(|error| of(&error))?;
    let found = work::impact(&ctx, &tx, &question).await.map_err(|error| of(&error))?;
    tx.commit().await.map_err(|error| of(&error))?;
    if as_csv {
        answer::taken(&ctx, "trace_link", None, "impact").await?;
    }
    if as_csv { Ok(answer::csv(table(&found), "impact")) } else { answer::found(&ctx, &found) }
}

fn question(pairs: &[(String, String)]) -> Result<ImpactQuestion, Problem> {
    let mut question = ImpactQuestion { depth: 5, rows: 200, ..ImpactQuestion::default() };
    let mut seen = Vec::new();
    for (name, value) in pairs {
        let wrong = |detail: String| {
            Err(Problem::bad_request("This question cannot be read.").field(format!("?{name}"), detail))
        };
        if seen.contains(&name.as_str()) {
            return wrong("is given twice".to_owned());
        }
        seen.push(name.as_str());
        match name.as_str() {
            "record" => question.record.clone_from(value),
            "direction" => match Direction::of(value) {
                Some(direction) => question.direction = direction,
                None => return wrong("must be both, upstream or downstream".to_owned()),
            },
            "depth" => match value.parse() {
                Ok(depth) => question.depth = depth,
                Err(_) => return wrong(format!("must be from 1 to {IMPACT_DEPTH}")),
            },
            "limit" => match value.parse() {
                Ok(rows) => question.rows = rows,
                Err(_) => return wrong(format!("must be from 1 to {IMPACT_ROWS}")),
            },
            _ => {
                let name: String = name.chars().take(80).collect();
                let problem = Problem::bad_request("This question cannot be read.");
                return Err(problem.field(format!("?{name}"), "must be record, direction, depth or limit"));
            }
        }
    }
    Ok(question)
}

fn table(found: &Impact) -> Vec<u8> {
    let mut out = Vec::new();
    kernel::write_row(&mut out, &IMPACT_HEADS);
    for reached in &found.data {
        kernel::write_row(&mut out, &reached.cells(found.record.label()));
    }
    out
}
