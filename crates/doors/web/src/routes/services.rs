//! The catalogue of services, and what each of them offers.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Path, RawQuery},
    response::Response,
    routing::get,
};
use base::Problem;
use jiff::Timestamp;
use operations::{ApiDocument, ApiOperation, OperationFilter, ServiceLine};
use uuid::Uuid;

use super::{
    Site,
    answer::html,
    error::PageError,
    listing::{Asked, ROWS, choice, cut},
    session::Visitor,
};
use crate::{
    components::{Filters, Pager},
    format::{When, plural},
    layout::Section,
    paths,
    views::{service, services},
};

/// How an operation can stand.
const STANDINGS: [(&str, &str); 3] = [("offered", "Offered"), ("deprecated", "Deprecated"), ("gone", "Gone")];

pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new().route(paths::SERVICES, get(list)).route("/services/{id}", get(show))
}

async fn list(visitor: Visitor, RawQuery(query): RawQuery) -> Result<Response, PageError> {
    let frame = visitor.frame(Section::Services).await?;
    let (ctx, asked) = (&visitor.ctx, Asked::of(query.as_deref())?);
    let text = asked.one("q");
    let after: Option<(String, Uuid)> = asked.one("name").zip(asked.parsed("after"));
    let is_first = after.is_none();
    let tx = ctx.begin_read().await?;
    let mut found = operations::list_services(ctx, &tx, text.as_deref(), after, ROWS + 1).await?;
    tx.commit().await?;
    let more = cut(&mut found, ROWS);
    let next = found.last().filter(|_| more).map(|last| {
        asked.address(paths::SERVICES, &["name", "after"], &[("name", &last.name), ("after", &last.id.to_string())])
    });
    let shown = plural(i64::try_from(found.len()).unwrap_or_default(), "service", "services");
    let now = ctx.now();
    let view = services::View {
        filters: Filters {
            action: paths::SERVICES.to_owned(),
            text: Some(text.unwrap_or_default()),
            ..Filters::default()
        },
        rows: found.into_iter().map(|line| row(line, now)).collect(),
        pager: Pager {
            shown: format!("{shown}, by name"),
            first: (!is_first).then(|| asked.address(paths::SERVICES, &["name", "after"], &[])),
            next,
        },
    };
    Ok(html(services::page(&frame, &view)))
}

fn row(line: ServiceLine, now: Timestamp) -> services::Row {
    services::Row {
        id: line.id.to_string(),
        name: line.name,
        kind: line.kind,
        status: line.status,
        team: line.team,
        operations: line.operations,
        described: line.described_at.map(|at| When::new(at, now)),
    }
}

async fn show(visitor: Visitor, Path(id): Path<String>, RawQuery(query): RawQuery) -> Result<Response, PageError> {
    let frame = visitor.frame(Section::Services).await?;
    let (ctx, asked) = (&visitor.ctx, Asked::of(query.as_deref())?);
    let missing = || Problem::not_found("service");
    let id: Uuid = id.parse().map_err(|_| missing())?;
    let standings: Vec<String> = asked
        .values("standing")
        .into_iter()
        .filter(|value| STANDINGS.iter().any(|(known, _)| known == value))
        .collect();
    let filter = OperationFilter { text: asked.one("q"), standings };
    let after = asked.one("path").zip(asked.one("method"));
    let is_first = after.is_none();
    let tx = ctx.begin_read().await?;
    let found = operations::find_service(ctx, &tx, id).await?.ok_or_else(missing)?;
    let mut rows = operations::operations_of_service(ctx, &tx, id, &filter, after, ROWS + 1).await?;
    tx.commit().await?;
    let more = cut(&mut rows, ROWS);
    let address = paths::service(&id.to_string());
    let next = rows
        .last()
        .filter(|_| more)
        .map(|last| asked.address(&address, &["path", "method"], &[("path", &last.path), ("method", &last.method)]));
    let shown = plural(i64::try_from(rows.len()).unwrap_or_default(), "operation", "operations");
    let now = ctx.now();
    let standings: Vec<(String, String)> =
        STANDINGS.iter().map(|(code, word)| ((*code).to_owned(), (*word).to_owned())).collect();
    let view = service::View {
        name: found.name,
        kind: found.kind,
        status: found.status,
        description: found.description,
        team: found.team,
        documents: found.documents.into_iter().map(|one| document(one, now)).collect(),
        filters: Filters {
            action: address.clone(),
            text: Some(filter.text.clone().unwrap_or_default()),
            choices: vec![choice("standing", "Standing", &standings, &filter.standings)],
            carry: Vec::new(),
        },
        rows: rows.into_iter().map(|one| operation(one, now)).collect(),
        pager: Pager {
            shown: format!("{shown}, by path"),
            first: (!is_first).then(|| asked.address(&address, &["path", "method"], &[])),
            next,
        },
    };
    Ok(html(service::page(&frame, &view)))
}

fn document(one: ApiDocument, now: Timestamp) -> service::Document {
    service::Document {
        title: one.title,
        version: one.version,
        specification: one.specification,
        servers: one.servers,
        operations: one.operations,
        when: When::new(one.imported_at, now),
    }
}

fn operation(one: ApiOperation, now: Timestamp) -> service::Row {
    service::Row {
        method: one.method,
        path: one.path,
        code: one.code,
        summary: one.summary,
        tags: one.tags,
        is_deprecated: one.is_deprecated,
        is_gone: one.is_gone,
        takes: one.takes,
        answers: one.answers,
        changed: When::new(one.changed_at, now),
    }
}
