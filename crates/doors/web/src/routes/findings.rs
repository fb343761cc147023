//! What scanners found: the list, one finding, and deciding about it.

use std::sync::Arc;

use assurance::{FINDINGS, FindingFilter, FindingLine, FindingRecord};
use axum::{
    Router,
    extract::{Path, RawQuery},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use base::Problem;
use jiff::Timestamp;
use kernel::{Call, Subject, Tx, Update};
use serde_json::json;
use uuid::Uuid;

use super::{
    Site,
    answer::{html, see_other, with_status},
    error::{PageError, refused},
    form::Posted,
    history,
    listing::{Asked, ROWS, choice, cut, states},
    memory::end_of_day,
    session::Visitor,
};
use crate::{
    components::{Filters, FormErrors, Pager},
    format::{When, plural},
    layout::Section,
    paths,
    state::{FindingState, Severity, Shown, Tone},
    views::{finding, findings},
};

/// Reports listed on the page of a finding.
const SIGHTINGS: i64 = 50;

pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route("/p/{project}/findings", get(list))
        .route("/p/{project}/findings/{id}", get(show))
        .route("/p/{project}/findings/{id}/triage", post(triage))
}

async fn list(visitor: Visitor, Path(slug): Path<String>, RawQuery(query): RawQuery) -> Result<Response, PageError> {
    let (project, frame) = visitor.project(&slug, Section::Findings).await?;
    let (ctx, asked) = (&visitor.ctx, Asked::of(query.as_deref())?);
    let filter = FindingFilter {
        states: asked.codes::<FindingState>("state"),
        severities: asked.codes::<Severity>("severity"),
        tools: asked.values("tool"),
        text: asked.one("q"),
    };
    let after: Option<(i32, Uuid)> = asked.parsed("rank").zip(asked.parsed("after"));
    let tx = ctx.begin_read().await?;
    let mut found = assurance::list_findings(ctx, &tx, project.id, &filter, after, ROWS + 1).await?;
    let tools = assurance::finding_tools(ctx, &tx, project.id).await?;
    tx.commit().await?;

    let (path, more) = (paths::section(&slug, "findings"), cut(&mut found, ROWS));
    let next = found.last().filter(|_| more).map(|(rank, last)| {
        asked.address(&path, &["rank", "after"], &[("rank", &rank.to_string()), ("after", &last.id.to_string())])
    });
    let tools: Vec<_> = tools.into_iter().map(|tool| (tool.clone(), tool)).collect();
    let shown = plural(i64::try_from(found.len()).unwrap_or_default(), "finding", "findings");
    let view = findings::View {
        filters: Filters {
            action: path.clone(),
            text: Some(filter.text.clone().unwrap_or_default()),
            choices: vec![
                states::<FindingState>("state", "State", &filter.states),
                states::<Severity>("severity", "Severity", &filter.severities),
                choice("tool", "Tool", &tools, &filter.tools),
            ],
            carry: Vec::new(),
        },
        rows: found.into_iter().map(|(_, line)| row(line, ctx.now())).collect(),
        pager: Pager {
            shown: format!("{shown}, what has to be seen to and the worst first"),
            first: after.map(|_| asked.address(&path, &["rank", "after"], &[])),
            next,
        },
    };
    Ok(html(findings::page(&frame, &view)))
}

fn row(line: FindingLine, now: Timestamp) -> findings::Row {
    findings::Row {
        id: line.id.to_string(),
        severity: severity(&line),
        state: standing(&line.state),
        place: place(line.uri, [line.line_number, None]),
        title: line.title,
        tool: line.tool,
        rule: line.rule,
        seen: When::new(line.last_seen_at, now),
    }
}

fn severity(line: &FindingLine) -> Severity {
    Severity::from_code(&line.severity).unwrap_or(Severity::Medium)
}

/// A state as it is stored.
pub(super) fn standing(code: &str) -> FindingState {
    FindingState::from_code(code).unwrap_or(FindingState::Open)
}

/// File, line and column as compilers write them.
fn place(uri: Option<String>, numbers: [Option<i32>; 2]) -> Option<String> {
    let numbers: String = numbers.into_iter().map_while(|one| one).map(|number| format!(":{number}")).collect();
    uri.map(|uri| format!("{uri}{numbers}"))
}

async fn show(visitor: Visitor, Path((slug, id)): Path<(String, String)>) -> Result<Response, PageError> {
    page(&visitor, &slug, &id, (finding::Entered::default(), FormErrors::default()), StatusCode::OK).await
}

async fn find(visitor: &Visitor, tx: &Tx, project: Uuid, id: &str) -> Result<FindingRecord, PageError> {
    let missing = || Problem::not_found("finding");
    let id = id.parse().map_err(|_| missing())?;
    Ok(assurance::find_finding(&visitor.ctx, tx, project, id).await?.ok_or_else(missing)?)
}

/// The page of a finding; with what was entered when it was refused.
async fn page(
    visitor: &Visitor,
    slug: &str,
    id: &str,
    (entered, errors): (finding::Entered, FormErrors),
    status: StatusCode,
) -> Result<Response, PageError> {
    let (project, frame) = visitor.project(slug, Section::Findings).await?;
    let (ctx, now) = (&visitor.ctx, visitor.ctx.now());
    let tx = ctx.begin_read().await?;
    let found = find(visitor, &tx, project.id, id).await?;
    let id = found.line.id.to_string();
    let mut sightings = assurance::sightings(ctx, &tx, project.id, found.line.id, SIGHTINGS + 1).await?;
    let may_decide = visitor.may_do::<Update>(&tx, &FINDINGS, &id, Some(project.id)).await?;
    tx.commit().await?;
    let more_sightings = cut(&mut sightings, SIGHTINGS);
    let history = history::of(ctx, ctx.catalogue().served(&FINDINGS)?, &id).await?;
    let at = |(time, build): (Timestamp, Option<i32>)| (When::new(time, now), build.map(i64::from));
    let view = finding::View {
        severity: severity(&found.line),
        state: standing(&found.line.state),
        last: at((found.line.last_seen_at, found.last_build)),
        place: place(found.line.uri, [found.line.line_number, found.column_number]),
        title: found.line.title,
        tool: found.line.tool,
        rule: found.line.rule,
        message: found.message,
        score: found.score,
        level: found.level,
        decided: found.decided.map(|decided| finding::Decided {
            decision: standing(&decided.decision),
            reason: decided.reason,
            by: decided.by,
            at: When::new(decided.at, now),
            until: decided.until.map(|until| When::new(until, now)),
        }),
        suppression: found.suppression,
        fixed: found.fixed.map(at),
        logical: found.logical_location,
        scope: found.scope,
        help: found.help_uri,
        tags: found.tags,
        first: at(found.first_seen),
        sightings: sightings.into_iter().map(|one| sighting(one, now)).collect(),
        more_sightings,
        history,
        form: may_decide.then_some(entered),
        errors,
        id,
    };
    Ok(with_status(status, finding::page(&frame, &view)))
}

fn sighting(one: assurance::Sighting, now: Timestamp) -> finding::Sighting {
    let says: Vec<String> =
        one.baseline_state.into_iter().chain(one.is_suppressed.then(|| "suppressed".to_owned())).collect();
    finding::Sighting {
        build: one.build.map(i64::from),
        report: one.report.map(|(id, file)| (id.to_string(), file)),
        level: one.level,
        place: place(one.uri, [one.line_number, None]),
        says: says.join(", "),
        seen: When::new(one.seen_at, now),
    }
}

async fn triage(Path((slug, id)): Path<(String, String)>, posted: Posted) -> Result<Response, PageError> {
    let (visitor, fields) = (&posted.visitor, &posted.fields);
    let (project, _) = visitor.project(&slug, Section::Findings).await?;
    let ctx = &visitor.ctx;
    let entered = finding::Entered {
        decision: fields.text("decision").to_owned(),
        reason: fields.text("reason").replace("\r\n", "\n"),
        until: fields.text("expires_at").to_owned(),
    };
    let mut input = json!({"decision": entered.decision, "reason": entered.reason});
    if !entered.until.is_empty() {
        input["expires_at"] = end_of_day(&entered.until);
    }
    let mut tx = ctx.begin().await?;
    // Of this project: the operation itself takes a finding of any.
    let found = find(visitor, &tx, project.id, &id).await?;
    let id = found.line.id.to_string();
    let call = Call { id: Some(id.clone()), input };
    match ctx.catalogue().operation(Subject::Record("findings"), "triage")?.run(ctx, &mut tx, call).await {
        Ok(triaged) => {
            tx.commit().await?;
            let now = standing(triaged["state"].as_str().unwrap_or_default());
            let said = format!("It is decided. The finding is now: {}.", now.word().to_lowercase());
            Ok(see_other(paths::finding(&slug, &id)).saying(Tone::Good, said).into_response())
        }
        Err(error) => {
            drop(tx);
            let errors = refused(ctx, error)?;
            page(visitor, &slug, &id, (entered, errors), StatusCode::UNPROCESSABLE_ENTITY).await
        }
    }
}
