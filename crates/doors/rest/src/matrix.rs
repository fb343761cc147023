//! `GET /v1/matrix`: records of one kind against those of another that links join them with.

use axum::{
    extract::RawQuery,
    http::{HeaderMap, header},
    response::Response,
};
use base::Problem;
use work::{KIND_HEADS, KIND_ROWS, KindMatrix, KindQuestion, KindShow};

use crate::{
    ApiProblem, Caller,
    answer::{self, with_header},
    collection::{pairs, wants_csv},
};

pub(crate) async fn matrix(
    Caller(ctx): Caller,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, ApiProblem> {
    let asked = pairs(query.as_deref())?;
    let (slug, question) = question(&asked)?;
    let as_csv = wants_csv(&headers, "The matrix")?;
    let of = |error: &kernel::Error| ApiProblem::of(&ctx, error);
    let project = work::project(&ctx, &slug).await.map_err(|error| of(&error))?;
    let tx = ctx.begin_read().await.map_err(|error| of(&error))?;
    let found = work::matrix_of_kinds(&ctx, &tx, &project, &question).await.map_err(|error| of(&error))?;
    tx.commit().await.map_err(|error| of(&error))?;
    if as_csv {
        answer::taken(&ctx, "trace_link", Some(project.id), "matrix").await?;
    }
    let mut response = if as_csv { answer::csv(table(&found), "matrix") } else { answer::found(&ctx, &found)? };
    if let Some(cursor) = &found.next_cursor {
        let mut next: Vec<(String, String)> = asked.into_iter().filter(|(name, _)| name != "cursor").collect();
        next.push(("cursor".into(), cursor.clone()));
        let query = serde_urlencoded::to_string(&next).unwrap_or_default();
        response = with_header(response, header::LINK, &format!("</v1/matrix?{query}>; rel=\"next\""));
    }
    Ok(response)
}

fn question(pairs: &[(String, String)]) -> Result<(String, KindQuestion), Problem> {
    let mut project = None;
    let mut question =
        KindQuestion { rows: "requirement".into(), columns: "test_case".into(), limit: 50, ..KindQuestion::default() };
    let mut seen = Vec::new();
    for (name, value) in pairs {
        let wrong = |detail: String| {
            let name: String = name.chars().take(80).collect();
            Err(Problem::bad_request("This question cannot be read.").field(format!("?{name}"), detail))
        };
        if value.contains('\0') {
            return wrong("must not hold U+0000".to_owned());
        }
        if name != "status" && seen.contains(&name.as_str()) {
            return wrong("is given twice".to_owned());
        }
        seen.push(name.as_str());
        match name.as_str() {
            "project" => project = Some(value.clone()),
            "rows" => question.rows.clone_from(value),
            "columns" => question.columns.clone_from(value),
            "link_type" => question.link_type = Some(value.clone()),
            "show" => match KindShow::of(value) {
                Some(show) => question.show = show,
                None => {
                    let names: Vec<&str> = KindShow::ALL.iter().map(|(name, _)| *name).collect();
                    return wrong(format!("must be one of {}", names.join(", ")));
                }
            },
            "q" => question.text.clone_from(value),
            "status" => question.statuses.push(value.clone()),
            "limit" => match value.parse() {
                Ok(limit) => question.limit = limit,
                Err(_) => return wrong(format!("must be from 1 to {KIND_ROWS}")),
            },
            "cursor" => question.cursor = Some(value.clone()),
            _ => {
                return wrong("must be project, rows, columns, link_type, show, q, status, limit or cursor".to_owned());
            }
        }
    }
    let missing =
        || Problem::bad_request("Say of which project.").field("?project", "is required: the slug of a project");
    Ok((project.filter(|slug| !slug.is_empty()).ok_or_else(missing)?, question))
}

fn table(found: &KindMatrix) -> Vec<u8> {
    let mut out = Vec::new();
    kernel::write_row(&mut out, &KIND_HEADS);
    for line in &found.data {
        kernel::write_row(&mut out, &line.cells_as_text());
    }
    out
}
