//! `GET /v1/search`: every record that fits, of whatever type, with counts by which to narrow.

use axum::{extract::RawQuery, http::StatusCode, response::Response};
use base::{Cursor, FieldError, Problem, ProblemKind};
use jiff::{Timestamp, ToSpan as _, civil::Date, tz::TimeZone};
use kernel::{Piece, SearchHit, SearchQuery, SearchResults};
use serde_json::{Value, json};

use crate::{ApiProblem, Caller, answer::json, collection::pairs};

/// Results of a page, unless asked otherwise, and at most.
const ROWS: usize = 25;
const MOST_ROWS: usize = 100;
/// Values of one filter.
const VALUES: usize = 50;
/// What a cursor of this list says it belongs to.
const SORT: &str = "search";

pub(crate) async fn search(Caller(ctx): Caller, RawQuery(query): RawQuery) -> Result<Response, ApiProblem> {
    let (mut asked, projects) = parse(&pairs(query.as_deref())?)?;
    let of = |error: &kernel::Error| ApiProblem::of(&ctx, error);
    let tx = ctx.begin_read().await.map_err(|error| of(&error))?;
    if !projects.is_empty() {
        asked.projects = kernel::projects_named(&tx, &projects).await.map_err(|error| of(&error))?;
    }
    let found = kernel::search(&ctx, &tx, &asked).await.map_err(|error| of(&error))?;
    tx.commit().await.map_err(|error| of(&error))?;
    Ok(json(StatusCode::OK, body(&asked, &found).to_string()))
}

/// The question, and projects by identifier or slug.
fn parse(pairs: &[(String, String)]) -> Result<(SearchQuery, Vec<String>), Problem> {
    let mut asked = SearchQuery { limit: ROWS, with_facets: true, ..SearchQuery::default() };
    let mut projects = Vec::new();
    let mut text = None;
    for (name, value) in pairs {
        let wrong = |detail: &str| {
            let field = FieldError {
                pointer: format!("?{}", name.chars().take(80).collect::<String>()),
                detail: detail.into(),
            };
            Problem { kind: ProblemKind::BadRequest, ..Problem::of_fields(vec![field]) }
        };
        if value.contains('\0') {
            return Err(wrong("must not contain the character 0"));
        }
        match name.as_str() {
            "q" => text = Some(value.clone()),
            "type" => asked.types.push(value.clone()),
            "project" => projects.push(value.clone()),
            "status" => asked.statuses.push(value.clone()),
            "tag" => asked.tags.push(value.clone()),
            "owner" => asked.owners.push(value.parse().map_err(|_| wrong("must be the identifier of a person"))?),
            "from" => asked.from = Some(moment(value, false).ok_or_else(|| wrong("must be a date or a time"))?),
            "to" => asked.until = Some(moment(value, true).ok_or_else(|| wrong("must be a date or a time"))?),
            "limit" => {
                asked.limit = value
                    .parse()
                    .ok()
                    .filter(|rows| (1..=MOST_ROWS).contains(rows))
                    .ok_or_else(|| wrong("must be a number from 1 to 100"))?;
            }
            "cursor" => asked.offset = offset(value).ok_or_else(|| wrong(&base::CursorError.to_string()))?,
            _ => return Err(wrong("is no parameter of the search")),
        }
    }
    let lists = [asked.types.len(), projects.len(), asked.statuses.len(), asked.tags.len(), asked.owners.len()];
    if lists.iter().any(|length| *length > VALUES) {
        return Err(Problem::bad_request(format!("A filter has at most {VALUES} values.")));
    }
    match text.filter(|text| !text.trim().is_empty()) {
        Some(text) => {
            asked.text = text;
            Ok((asked, projects))
        }
        None => Err(Problem {
            kind: ProblemKind::BadRequest,
            ..Problem::of_fields(vec![FieldError { pointer: "?q".into(), detail: "must say what to look for".into() }])
        }),
    }
}

/// A time, or the beginning of a day; as an end, the end of the day.
fn moment(text: &str, is_end: bool) -> Option<Timestamp> {
    if let Ok(day) = text.parse::<Date>()
        && text.len() == 10
    {
        let day = if is_end { day.checked_add(1.day()).ok()? } else { day };
        return Some(day.to_zoned(TimeZone::UTC).ok()?.timestamp());
    }
    text.parse().ok()
}

fn offset(cursor: &str) -> Option<usize> {
    let cursor = Cursor::decode(cursor).ok().filter(|cursor| cursor.sort == SORT)?;
    cursor
        .values
        .first()?
        .as_u64()
        .and_then(|value| usize::try_from(value).ok())
        .filter(|value| *value < kernel::DEEPEST)
}

fn body(asked: &SearchQuery, found: &SearchResults) -> Value {
    let shown = asked.offset + found.hits.len();
    let is_more = i64::try_from(shown).is_ok_and(|shown| shown < found.total) && shown + asked.limit <= kernel::DEEPEST;
    let next = is_more.then(|| Cursor { sort: SORT.into(), values: vec![json!(shown)] }.encode());
    let facets: serde_json::Map<String, Value> = found
        .facets
        .iter()
        .map(|(facet, values)| {
            let values = values.iter().map(|one| json!({"value": one.value, "label": one.label, "count": one.count}));
            (facet.clone(), values.collect())
        })
        .collect();
    json!({
        "data": found.hits.iter().map(hit).collect::<Vec<_>>(),
        "total": (!found.capped).then_some(found.total),
        "total_at_least": found.total,
        "facets": facets,
        "next_cursor": next,
    })
}

fn hit(hit: &SearchHit) -> Value {
    json!({
        "id": hit.id,
        "type": hit.kind,
        "href": format!("/v1/{}/{}", hit.collection, hit.id),
        "key": hit.key,
        "title": hit.title,
        "title_pieces": pieces(&hit.title_pieces),
        "excerpt_pieces": pieces(&hit.excerpt),
        "status": hit.status,
        "project": hit.project.as_ref().map(|one| json!({"id": one.id, "slug": one.slug, "name": one.name})),
        "owner_user_id": hit.owner,
        "created_at": hit.created_at.to_string(),
        "updated_at": hit.updated_at.to_string(),
    })
}

fn pieces(pieces: &[Piece]) -> Vec<Value> {
    pieces.iter().map(|piece| json!({"text": piece.text, "fits": piece.fits})).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn asked(pairs: &[(&str, &str)]) -> Result<(SearchQuery, Vec<String>), Problem> {
        parse(&pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect::<Vec<_>>())
    }

    #[test]
    fn a_question_is_read_from_the_address() {
        let (question, projects) =
            asked(&[("q", "sign in"), ("type", "defect"), ("type", "task"), ("project", "shop"), ("to", "2026-01-31")])
                .unwrap();
        assert_eq!((question.text.as_str(), question.types.len(), projects.len()), ("sign in", 2, 1));
        assert_eq!(question.until, Some("2026-02-01T00:00:00Z".parse().unwrap()), "the last day counts");
    }

    #[test]
    fn what_cannot_be_meant_is_refused_in_its_name() {
        let wrong = [
            ("q", " "),
            ("q", "a\0b"),
            ("limit", "0"),
            ("limit", "101"),
            ("owner", "me"),
            ("from", "soon"),
            ("cursor", "x"),
            ("sort", "id"),
        ];
        for (name, value) in wrong {
            let problem = asked(&[("q", "a"), (name, value)]).unwrap_err();
            assert_eq!((problem.status(), problem.errors[0].pointer.as_str()), (400, format!("?{name}").as_str()));
        }
    }
}
