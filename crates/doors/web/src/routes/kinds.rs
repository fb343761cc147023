//! The matrix over any two kinds of records.

use std::{collections::BTreeSet, sync::Arc};

use axum::{
    Router,
    extract::{Path, RawQuery},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use work::{KIND_HEADS, KindCell, KindQuestion, KindRow, KindShow, LinkPair};

use super::{
    Site,
    answer::html,
    csv::{Csv, Form},
    error::PageError,
    listing::{Asked, ROWS},
    session::Visitor,
};
use crate::{
    components::Pager,
    format::plural,
    layout::Section,
    paths,
    views::kinds::{Cell, Row, View, page},
};

/// Rows of a file at most; what is larger is exported by the API.
const FILE_ROWS: usize = 50_000;

pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route("/p/{project}/matrix/kinds", get(show))
        .route("/p/{project}/matrix/kinds.csv", get(export))
        .route("/p/{project}/matrix/kinds.xlsx", get(export))
}

fn question(asked: &Asked, limit: usize) -> KindQuestion {
    KindQuestion {
        rows: asked.one("rows").unwrap_or_else(|| "requirement".into()),
        columns: asked.one("columns").unwrap_or_else(|| "test_case".into()),
        link_type: asked.one("link"),
        show: asked.one("show").and_then(|name| KindShow::of(&name)).unwrap_or_default(),
        text: asked.one("q").unwrap_or_default(),
        statuses: asked.values("status"),
        limit,
        cursor: asked.one("after"),
    }
}

async fn show(visitor: Visitor, Path(slug): Path<String>, RawQuery(query): RawQuery) -> Result<Response, PageError> {
    let (project, frame) = visitor.project(&slug, Section::Matrix).await?;
    let (ctx, asked) = (&visitor.ctx, Asked::of(query.as_deref())?);
    let question = question(&asked, usize::try_from(ROWS).unwrap_or(50));
    let tx = ctx.begin_read().await?;
    let pairs = work::link_pairs(&tx).await?;
    let path = format!("{}/kinds", paths::section(&slug, "matrix"));
    let mut view = View {
        rows_kind: question.rows.clone(),
        columns_kind: question.columns.clone(),
        link_type: question.link_type.clone().unwrap_or_default(),
        show: KindShow::ALL.iter().find(|(_, show)| *show == question.show).map_or("all", |(name, _)| name).to_owned(),
        text: question.text.clone(),
        kinds: kinds(&pairs),
        link_types: pairs.iter().map(|pair| pair.link_type.clone()).collect::<BTreeSet<_>>().into_iter().collect(),
        turned_href: asked.address(
            &path,
            &["rows", "columns", "show", "after", "status"],
            &[("rows", &question.columns), ("columns", &question.rows), ("show", "gaps")],
        ),
        csv_href: asked.address(&format!("{path}.csv"), &["after"], &[]),
        ..View::default()
    };
    let found = match work::matrix_of_kinds(ctx, &tx, &project, &question).await {
        Ok(found) => found,
        Err(error) => {
            let Some(problem) = error.problem().cloned() else { return Err(error.into()) };
            view.refused = problem
                .errors
                .first()
                .map(|field| format!("{} {} {}", problem.detail, field.pointer.trim_start_matches('?'), field.detail));
            view.refused.get_or_insert(problem.detail.clone());
            let status = StatusCode::from_u16(problem.status()).unwrap_or(StatusCode::BAD_REQUEST);
            return Ok((status, html(page(&frame, &view))).into_response());
        }
    };
    tx.commit().await?;
    let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let shown = plural(count(found.data.len()), "record", "records");
    view.pager = Pager {
        shown: match found.looked_at > found.data.len() {
            true => format!("{shown} of {} looked at, the oldest first", count(found.looked_at)),
            false => format!("{shown}, the oldest first"),
        },
        first: question.cursor.is_some().then(|| asked.address(&path, &["after"], &[])),
        next: found.next_cursor.as_deref().map(|cursor| asked.address(&path, &["after"], &[("after", cursor)])),
    };
    view.rows = found.data.into_iter().map(|row| line(&slug, &question, row)).collect();
    Ok(html(page(&frame, &view)))
}

async fn export(
    visitor: Visitor,
    form: Form,
    Path(slug): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let (project, _) = visitor.project(&slug, Section::Matrix).await?;
    let asked = Asked::of(query.as_deref())?;
    let mut question = question(&asked, work::KIND_ROWS);
    let tx = visitor.ctx.begin_read().await?;
    let mut csv = Csv::new(&KIND_HEADS);
    let mut rows = 0;
    loop {
        let found = work::matrix_of_kinds(&visitor.ctx, &tx, &project, &question).await?;
        for row in &found.data {
            csv.row(&row.cells_as_text());
        }
        rows += found.data.len();
        question.cursor = found.next_cursor;
        if question.cursor.is_none() || rows >= FILE_ROWS {
            break;
        }
    }
    tx.commit().await?;
    csv.answer(&visitor.ctx, "trace_link", Some(project.id), &format!("{slug}-matrix"), form).await
}

/// The kinds that links join, each with those it can be held against.
fn kinds(pairs: &[LinkPair]) -> Vec<String> {
    pairs
        .iter()
        .flat_map(|pair| [pair.source.clone(), pair.target.clone()])
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect()
}

/// The page of a record, where it has one; else its impact.
fn page_of(slug: &str, kind: &str, key: Option<&str>, id: uuid::Uuid) -> String {
    match (kind, key) {
        ("requirement", Some(key)) => paths::requirement(slug, key),
        ("test_case", Some(key)) => paths::test_case(slug, key),
        ("defect", Some(key)) => paths::defect(slug, key),
        ("build", Some(number)) => paths::build(slug, number.trim_start_matches('#').parse().unwrap_or_default()),
        _ => paths::impact(&id.to_string()),
    }
}

fn line(slug: &str, question: &KindQuestion, row: KindRow) -> Row {
    let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let more = count(row.linked.saturating_sub(row.cells.len()));
    Row {
        href: page_of(slug, &question.rows, row.key.as_deref(), row.id),
        key: row.key,
        title: row.title,
        status: row.status,
        owner: row.owner,
        criteria: row.criteria.map(|one| (one.linked, one.proven, one.all)),
        is_gap: row.is_gap,
        suspects: count(row.suspects),
        stale: count(row.stale),
        flaky: count(row.flaky),
        failing: count(row.failing),
        cells: row.cells.into_iter().map(|one| cell(slug, question, one)).collect(),
        more,
    }
}

fn cell(slug: &str, question: &KindQuestion, one: KindCell) -> Cell {
    let outcome = one.outcome.as_deref().map(|outcome| match outcome {
        "error" => "broke".to_owned(),
        other => other.to_owned(),
    });
    let mut marks: Vec<String> = outcome.into_iter().collect();
    marks.extend(one.is_suspect.then(|| "suspect".to_owned()));
    marks.extend(one.is_stale.then(|| "stale".to_owned()));
    marks.extend(one.is_flaky.then(|| "flaky".to_owned()));
    if !one.criteria.is_empty() {
        let places: Vec<String> = one.criteria.iter().map(ToString::to_string).collect();
        let word = if places.len() == 1 { "criterion" } else { "criteria" };
        marks.push(format!("{word} {}", places.join(", ")));
    }
    Cell {
        href: page_of(slug, &question.columns, one.key.as_deref(), one.id),
        label: one.key.unwrap_or_else(|| one.title.clone()),
        title: one.title,
        link_type: one.link_type.replace('_', " "),
        marks,
        is_bad: one.is_suspect || matches!(one.outcome.as_deref(), Some("failed" | "error")),
    }
}
