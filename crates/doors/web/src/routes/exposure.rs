//! Where a vulnerability runs, for the whole organisation.

use std::sync::Arc;

use assurance::{Exposure, Occurrence};
use axum::{Router, extract::RawQuery, response::Response, routing::get};
use jiff::Timestamp;

use super::{Site, answer::html, error::PageError, findings::standing, listing::Asked, session::Visitor};
use crate::{format::When, layout::Section, paths, views::exposure};

pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new().route(paths::EXPOSURE, get(page))
}

async fn page(visitor: Visitor, RawQuery(query): RawQuery) -> Result<Response, PageError> {
    let frame = visitor.frame(Section::Other).await?;
    let ctx = &visitor.ctx;
    let Some(asked) = Asked::of(query.as_deref())?.one("identifier") else {
        return Ok(html(exposure::page(&frame, &exposure::View::default())));
    };
    let tx = ctx.begin_read().await?;
    let found = assurance::exposure(ctx, &tx, &asked).await?;
    tx.commit().await?;
    let view = exposure::View { asked, answer: Some(answer(found, ctx.now())) };
    Ok(html(exposure::page(&frame, &view)))
}

fn answer(found: Exposure, now: Timestamp) -> exposure::Answer {
    let places =
        |list: Vec<Occurrence>| -> Vec<exposure::Place> { list.into_iter().map(|one| place(one, now)).collect() };
    exposure::Answer {
        identifier: found.identifier,
        aliases: found.aliases,
        findings: found.findings,
        statements: found.statements,
        severity: found.severity,
        score: found.score,
        description: found.description,
        recommendation: found.recommendation,
        is_in_production: found.is_in_production,
        is_perhaps_in_production: found.is_perhaps_in_production,
        running: places(found.running),
        built: places(found.built),
        ranges: found.ranges_not_compared,
        is_cut: found.is_cut,
    }
}

fn place(one: Occurrence, now: Timestamp) -> exposure::Place {
    let is_production = one.tier.as_deref() == Some("production");
    let because: Vec<String> =
        one.justification.map(|code| code.replace('_', " ")).into_iter().chain(one.detail).collect();
    exposure::Place {
        state: standing(&one.state),
        component: match one.component_version {
            Some(version) => format!("{} {version}", one.component),
            None => one.component,
        },
        project: (one.project, one.project_name),
        service: one.service,
        environment: one.environment.map(|name| (name, is_production)),
        version: one.version,
        build: i64::from(one.build_number),
        since: one.since.map(|since| When::new(since, now)),
        owner: one.owner,
        team: one.team,
        because: (!because.is_empty()).then(|| because.join(": ")),
        by: one.stated_by,
        is_unsure: one.is_unsure,
        requirements: one
            .requirements
            .into_iter()
            .map(|requirement| exposure::AtRisk {
                key: requirement.key,
                title: requirement.title,
                tests: requirement.tests.into_iter().map(|test| (test.key, test.name, test.status)).collect(),
            })
            .collect(),
        requirements_count: one.requirements_count,
    }
}
