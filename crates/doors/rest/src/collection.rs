//! Plain serving: list, read, create, update, delete, restore, bulk, history.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{FromRequestParts, MatchedPath, Path, RawQuery},
    http::{HeaderMap, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use base::{Problem, ProblemKind};
use futures_util::StreamExt as _;
use kernel::{
    Answer, BulkRequest, Ctx, Delete, Error, ExportFormat, ListQuery, Read, Record, Restore, Served, Update, authorise,
};

use crate::{
    ApiProblem, App, Caller,
    answer::{Sent, check_if_match, etag, json, not_modified, once, parse, record, with_header},
};

/// The collection's name, from the route.
pub(crate) struct Name(pub(crate) String);

impl FromRequestParts<Arc<App>> for Name {
    type Rejection = ApiProblem;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<App>) -> Result<Self, ApiProblem> {
        let route = parts.extensions.get::<MatchedPath>().map(|path| path.as_str().to_owned()).unwrap_or_default();
        let name = route.trim_start_matches("/v1").trim_start_matches('/').split('/').next().unwrap_or_default();
        Ok(Self(name.to_owned()))
    }
}

fn served<'a>(ctx: &'a Ctx, name: &str) -> Result<&'a Served, ApiProblem> {
    ctx.catalogue().get(name).ok_or_else(|| Problem::not_found(name).into())
}

/// The identifier in the path.
pub(crate) struct Id(pub(crate) String);

impl FromRequestParts<Arc<App>> for Id {
    type Rejection = ApiProblem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiProblem> {
        let path = Path::<String>::from_request_parts(parts, app).await;
        Ok(Self(path.map_err(|_| Problem::bad_request("The address is not UTF-8."))?.0))
    }
}

/// Query parameters in order, decoded.
pub(crate) fn pairs(query: Option<&str>) -> Result<Vec<(String, String)>, Problem> {
    let query = query.unwrap_or_default();
    if query.is_empty() {
        return Ok(Vec::new());
    }
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(query)
        .map_err(|error| Problem::bad_request(format!("The query cannot be read: {error}.")))?;
    if pairs.iter().any(|(name, value)| name.contains('\u{fffd}') || value.contains('\u{fffd}')) {
        return Err(Problem::bad_request("The query is not UTF-8."));
    }
    Ok(pairs)
}

fn no_parameters(query: Option<&str>) -> Result<(), Problem> {
    match pairs(query)?.first() {
        None => Ok(()),
        Some((name, _)) => {
            Err(Problem::bad_request("This address takes no query parameters.")
                .field(format!("?{name}"), "is not taken"))
        }
    }
}

/// `GET /v1/things`, as JSON, CSV, NDJSON or a workbook.
pub(crate) async fn list(
    Caller(ctx): Caller,
    Name(name): Name,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, ApiProblem> {
    let served = served(&ctx, &name)?;
    let pairs = pairs(query.as_deref())?;
    let asked = ListQuery::parse(served, &pairs)?;
    let accepted = accepted(&headers)?;
    if let Some(format) = accepted {
        let stream = kernel::export(&ctx, served, asked, format).await.map_err(|error| ApiProblem::of(&ctx, &error))?;
        let stream = stream.map(|piece| piece.map_err(|error| std::io::Error::other(error.to_string())));
        let name = format!("{name}.{}", format.extension());
        return Ok(shared::attached(Body::from_stream(stream), format.media_type(), &name));
    }
    let page = kernel::list(&ctx, served, asked).await.map_err(|error| ApiProblem::of(&ctx, &error))?;
    let mut response = json(StatusCode::OK, page.body.0);
    if let Some(cursor) = &page.next {
        let mut next: Vec<(String, String)> = pairs.into_iter().filter(|(name, _)| name != "cursor").collect();
        next.push(("cursor".into(), cursor.clone()));
        let query = serde_urlencoded::to_string(&next).unwrap_or_default();
        response = with_header(response, header::LINK, &format!("</v1/{name}?{query}>; rel=\"next\""));
    }
    Ok(response)
}

/// The export format the caller wants; `None` is JSON.
pub(crate) fn accepted(headers: &HeaderMap) -> Result<Option<ExportFormat>, Problem> {
    let Some(accept) = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()) else { return Ok(None) };
    for range in accept.split(',') {
        let essence = range.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match essence.as_str() {
            "application/json" | "application/*" | "*/*" | "" => return Ok(None),
            "text/csv" => return Ok(Some(ExportFormat::Csv)),
            "application/x-ndjson" => return Ok(Some(ExportFormat::Ndjson)),
            kernel::WORKBOOK_TYPE => return Ok(Some(ExportFormat::Xlsx)),
            _ => {}
        }
    }
    Err(Problem::new(
        ProblemKind::NotAcceptable,
        "Lists come as application/json, text/csv, application/x-ndjson or as a workbook (application/vnd.openxmlformats-officedocument.spreadsheetml.sheet).",
    ))
}

/// Whether the caller wants the table as CSV and not as JSON. `what` comes in no other form.
pub(crate) fn wants_csv(headers: &HeaderMap, what: &str) -> Result<bool, Problem> {
    match accepted(headers)? {
        None => Ok(false),
        Some(ExportFormat::Csv) => Ok(true),
        Some(ExportFormat::Ndjson | ExportFormat::Xlsx) => {
            Err(Problem::new(ProblemKind::NotAcceptable, format!("{what} comes as application/json or text/csv.")))
        }
    }
}

/// `GET /v1/things/{id}`
pub(crate) async fn read(
    Caller(ctx): Caller,
    Name(name): Name,
    Id(id): Id,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, ApiProblem> {
    let served = served(&ctx, &name)?;
    let pairs = pairs(query.as_deref())?;
    let written = kernel::read(&ctx, served, &id, &pairs).await.map_err(|error| ApiProblem::of(&ctx, &error))?;
    if shared::matches_tag(&headers, header::IF_NONE_MATCH, &etag(&written.version)) == Some(true) && pairs.is_empty() {
        return Ok(not_modified(&written.version));
    }
    Ok(record(StatusCode::OK, written))
}

/// `POST /v1/things`
pub(crate) async fn create(
    Caller(ctx): Caller,
    Name(name): Name,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    Sent(body): Sent,
) -> Result<Response, ApiProblem> {
    no_parameters(query.as_deref())?;
    served(&ctx, &name)?;
    let input = parse(&headers, &body)?;
    let (_, response) = once(ctx, &body, move |ctx, tx| {
        Box::pin(async move {
            let served = ctx.catalogue().get(&name).ok_or_else(|| Error::Broken("not served".into()))?;
            let written = kernel::create(ctx, tx, served, &input).await?;
            Ok(Answer {
                status: 201,
                etag: Some(etag(&written.version)),
                location: Some(format!("/v1/{name}/{}", written.id)),
                body: written.body.0,
                kept_body: None,
            })
        })
    })
    .await?;
    Ok(response)
}

/// `PATCH /v1/things/{id}`
pub(crate) async fn update(
    Caller(ctx): Caller,
    Name(name): Name,
    Id(id): Id,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    Sent(body): Sent,
) -> Result<Response, ApiProblem> {
    no_parameters(query.as_deref())?;
    let served = served(&ctx, &name)?;
    let input = parse(&headers, &body)?;
    let outcome = async {
        let mut tx = ctx.begin().await?;
        let found = authorise::<Update, _>(&ctx, Record::find(&tx, served, &id, true).await?)?;
        check_if_match(&headers, &found.version)?;
        let written = kernel::update(&ctx, &mut tx, served, found, &input).await?;
        tx.commit().await?;
        Ok::<_, Error>(written)
    }
    .await;
    Ok(record(StatusCode::OK, outcome.map_err(|error| ApiProblem::of(&ctx, &error))?))
}

/// `DELETE /v1/things/{id}`
pub(crate) async fn delete(
    Caller(ctx): Caller,
    Name(name): Name,
    Id(id): Id,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, ApiProblem> {
    no_parameters(query.as_deref())?;
    let served = served(&ctx, &name)?;
    let outcome = async {
        let mut tx = ctx.begin().await?;
        let found = authorise::<Delete, _>(&ctx, Record::find(&tx, served, &id, true).await?)?;
        check_if_match(&headers, &found.version)?;
        kernel::delete(&ctx, &mut tx, served, found).await?;
        tx.commit().await
    }
    .await;
    outcome.map_err(|error| ApiProblem::of(&ctx, &error))?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `POST /v1/things/{id}/restore`
pub(crate) async fn restore(
    Caller(ctx): Caller,
    Name(name): Name,
    Id(id): Id,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    Sent(body): Sent,
) -> Result<Response, ApiProblem> {
    no_parameters(query.as_deref())?;
    served(&ctx, &name)?;
    if !body.is_empty() {
        let input = parse(&headers, &body)?;
        if !input.is_null() && input != serde_json::json!({}) {
            return Err(Problem::invalid("Restoring takes no input; send an empty body.").into());
        }
    }
    let (_, response) = once(ctx, &body, move |ctx, tx| {
        Box::pin(async move {
            let served = ctx.catalogue().get(&name).ok_or_else(|| Error::Broken("not served".into()))?;
            let found = authorise::<Restore, _>(ctx, Record::find(tx, served, &id, true).await?)?;
            check_if_match(&headers, &found.version)?;
            let written = kernel::restore(ctx, tx, served, found).await?;
            Ok(Answer {
                status: 200,
                etag: Some(etag(&written.version)),
                location: None,
                body: written.body.0,
                kept_body: None,
            })
        })
    })
    .await?;
    Ok(response)
}

/// `POST /v1/things/bulk`
pub(crate) async fn bulk(
    Caller(ctx): Caller,
    Name(name): Name,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    Sent(body): Sent,
) -> Result<Response, ApiProblem> {
    no_parameters(query.as_deref())?;
    served(&ctx, &name)?;
    let input = parse(&headers, &body)?;
    let request: BulkRequest = serde_json::from_value(input).map_err(|error| {
        Problem::invalid(format!("The body is no bulk request: {error}.")).field("", error.to_string())
    })?;
    let (_, response) = once(ctx, &body, move |ctx, tx| {
        Box::pin(async move {
            let served = ctx.catalogue().get(&name).ok_or_else(|| Error::Broken("not served".into()))?;
            let results = kernel::bulk(ctx, tx, served, &request).await?;
            Ok(Answer {
                status: 200,
                etag: None,
                location: None,
                body: results.to_string().into_bytes(),
                kept_body: None,
            })
        })
    })
    .await?;
    Ok(response)
}

/// `GET /v1/things/{id}/history`
pub(crate) async fn history(
    Caller(ctx): Caller,
    Name(name): Name,
    Id(id): Id,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiProblem> {
    no_parameters(query.as_deref())?;
    let served = served(&ctx, &name)?;
    let outcome = async {
        let tx = ctx.begin_read().await?;
        let found = authorise::<Read, _>(&ctx, Record::find(&tx, served, &id, false).await?)?;
        tx.commit().await?;
        kernel::history(&ctx, &found).await
    }
    .await;
    let entries = outcome.map_err(|error| ApiProblem::of(&ctx, &error))?;
    Ok(json(StatusCode::OK, entries.to_string()))
}
