//! What a change of a record would touch, and what it rests on.

use std::{collections::HashMap, sync::Arc};

use axum::{
    Router,
    extract::RawQuery,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use work::{Direction, IMPACT_DEPTH, IMPACT_HEADS, Impact, ImpactQuestion, ImpactReached, ImpactRecord};

use super::{
    Site,
    answer::html,
    csv::{Csv, Form},
    error::PageError,
    listing::Asked,
    session::Visitor,
};
use crate::{
    components::GraphNode,
    layout::Section,
    paths,
    views::impact::{Answer, Row, View, page},
};

/// Records that the page tells in each direction; the file has more.
const ROWS: usize = 200;
/// Steps when nothing is said: as many as are drawn without scrolling.
const STEPS: usize = 2;

pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new().route(paths::IMPACT, get(show)).route("/impact.csv", get(export)).route("/impact.xlsx", get(export))
}

fn question(asked: &Asked, rows: usize) -> Option<(ImpactQuestion, String)> {
    let direction =
        asked.one("direction").filter(|name| Direction::of(name).is_some()).unwrap_or_else(|| "both".into());
    let depth = asked.parsed("depth").unwrap_or(STEPS).clamp(1, IMPACT_DEPTH);
    let way = Direction::of(&direction).unwrap_or_default();
    let record = asked.one("record")?;
    Some((ImpactQuestion { record, direction: way, depth, rows }, direction))
}

async fn show(visitor: Visitor, RawQuery(query): RawQuery) -> Result<Response, PageError> {
    let ctx = &visitor.ctx;
    let asked = Asked::of(query.as_deref())?;
    let Some((question, direction)) = question(&asked, ROWS) else {
        let frame = visitor.frame(Section::Other).await?;
        return Ok(html(page(&frame, &View { direction: "both".into(), depth: STEPS, ..View::default() })));
    };
    let mut view = View { asked: question.record.clone(), direction, depth: question.depth, ..View::default() };
    let tx = ctx.begin_read().await?;
    let found = work::impact(ctx, &tx, &question).await;
    let found = match found {
        Ok(found) => found,
        Err(error) => {
            // The question stays in its field: a wrong key is mended, not typed again.
            let Some(problem) = error.problem().cloned() else { return Err(error.into()) };
            drop(tx);
            view.refused = Some(problem.detail.clone());
            let frame = visitor.frame(Section::Other).await?;
            let status = StatusCode::from_u16(problem.status()).unwrap_or(StatusCode::BAD_REQUEST);
            return Ok((status, html(page(&frame, &view))).into_response());
        }
    };
    tx.commit().await?;
    let frame = match &found.record.project {
        Some(slug) => match visitor.project(slug, Section::Matrix).await {
            Ok((_, frame)) => frame,
            // Whoever may read the record and not its project sees it outside of it.
            Err(_) => visitor.frame(Section::Other).await?,
        },
        None => visitor.frame(Section::Other).await?,
    };
    view.answer = Some(Answer { csv_href: asked.address("/impact.csv", &[], &[]), ..answer(found) });
    Ok(html(page(&frame, &view)))
}

async fn export(visitor: Visitor, form: Form, RawQuery(query): RawQuery) -> Result<Response, PageError> {
    let asked = Asked::of(query.as_deref())?;
    let (question, _) = question(&asked, work::IMPACT_ROWS).unwrap_or_default();
    let tx = visitor.ctx.begin_read().await?;
    let found = work::impact(&visitor.ctx, &tx, &question).await?;
    tx.commit().await?;
    let mut csv = Csv::new(&IMPACT_HEADS);
    for reached in &found.data {
        csv.row(&reached.cells(found.record.label()));
    }
    csv.answer(&visitor.ctx, "trace_link", None, "impact", form).await
}

/// The page of a record, where it has one.
fn page_of(record: &ImpactRecord) -> Option<String> {
    let (slug, key) = (record.project.as_deref()?, record.key.as_deref()?);
    match record.kind.as_str() {
        "requirement" => Some(paths::requirement(slug, key)),
        "test_case" => Some(paths::test_case(slug, key)),
        "defect" => Some(paths::defect(slug, key)),
        "build" => Some(paths::build(slug, key.trim_start_matches('#').parse().ok()?)),
        _ => None,
    }
}

fn words(kind: &str) -> String {
    kind.replace('_', " ")
}

fn row(reached: &ImpactReached, origin: &str) -> Row {
    let record = &reached.record;
    let mut path = origin.to_owned();
    for step in &reached.path {
        path.push_str(&format!(" → {} ({})", step.label, words(&step.relation)));
    }
    Row {
        kind: words(&record.kind),
        key: record.key.clone(),
        title: record.title.clone(),
        href: page_of(record),
        walk_href: paths::impact(&record.id.to_string()),
        path,
        steps: reached.depth,
        status: record.status.clone(),
        owner: record.owner.clone(),
        otherwise: record.project_owner.clone(),
        team: record.team.clone(),
    }
}

fn node(record: &ImpactRecord, column: i64) -> GraphNode {
    GraphNode {
        column,
        label: record.label().to_owned(),
        title: if record.key.is_some() { record.title.clone() } else { words(&record.kind) },
        kind: words(&record.kind),
        href: paths::impact(&record.id.to_string()),
    }
}

fn answer(found: Impact) -> Answer {
    let mut nodes = vec![GraphNode {
        href: page_of(&found.record).unwrap_or_else(|| paths::impact(&found.record.id.to_string())),
        ..node(&found.record, 0)
    }];
    let mut places = HashMap::from([(found.record.id, 0)]);
    for reached in &found.data {
        let steps = i64::try_from(reached.depth).unwrap_or(0);
        // What a circle reaches both ways is drawn where it was reached first.
        places.entry(reached.record.id).or_insert_with(|| {
            nodes.push(node(&reached.record, if reached.direction == "upstream" { -steps } else { steps }));
            nodes.len() - 1
        });
    }
    let lines =
        found.edges.iter().filter_map(|edge| Some((*places.get(&edge.from)?, *places.get(&edge.to)?))).collect();
    let of = |direction: &str| {
        let origin = found.record.label();
        found.data.iter().filter(|reached| reached.direction == direction).map(|reached| row(reached, origin)).collect()
    };
    Answer {
        upstream: of("upstream"),
        downstream: of("downstream"),
        kind: words(&found.record.kind),
        label: found.record.label().to_owned(),
        title: found.record.title.clone(),
        href: page_of(&found.record),
        nodes,
        lines,
        is_cut: found.is_cut,
        csv_href: String::new(),
    }
}
