//! Releases and the signed evidence of releases and builds: the lists, making it, reading and saving it.

use std::sync::Arc;

use assurance::evidence::{self as evidence, BundleLine, EvidenceOf};
use axum::{
    Router,
    body::Body,
    extract::{Path, RawQuery},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::get,
};
use base::Problem;
use kernel::{Action, Allowed, Call, Ctx, Error, Export, Read, Record, Subject, Tx};
use serde_json::json;
use uuid::Uuid;

use super::{
    Site,
    answer::{see_other, with_status},
    csv::attached,
    error::{PageError, refused},
    form::Posted,
    listing::{Asked, ROWS, beside, cut},
    session::Visitor,
};
use crate::{
    components::{Actor, ActorKind, FormErrors, Pager},
    format::{When, plural},
    layout::Section,
    paths,
    state::{ReleaseStatus, Shown, Tone},
    views::{evidence as part, releases as shown},
};

/// Builds and baselines to choose from.
const CHOICES: i64 = 50;
/// Bundles on a page.
const BUNDLES: i64 = 20;

pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route("/p/{project}/releases", get(list).post(make))
        .route("/p/{project}/evidence/{id}/bundle", get(bundle))
        .route("/p/{project}/evidence/{id}/page", get(read))
}

async fn list(visitor: Visitor, Path(slug): Path<String>, RawQuery(query): RawQuery) -> Result<Response, PageError> {
    page(&visitor, &slug, query.as_deref(), None, StatusCode::OK).await
}

async fn page(
    visitor: &Visitor,
    slug: &str,
    query: Option<&str>,
    refused: Option<([String; 2], FormErrors)>,
    status: StatusCode,
) -> Result<Response, PageError> {
    let (project, frame) = visitor.project(slug, Section::Releases).await?;
    let (ctx, asked) = (&visitor.ctx, Asked::of(query)?);
    let before: Option<Uuid> = asked.parsed("before");
    let tx = ctx.begin_read().await?;
    // Whoever may read no release may still read evidence of builds.
    let mut releases = beside(delivery::releases(ctx, &tx, project.id, before, ROWS + 1).await)?;
    let more = cut(&mut releases, ROWS);
    let bundles = beside(evidence::bundles(ctx, &tx, project.id, EvidenceOf::Project, None, BUNDLES).await.map(Some))?;
    let builds = beside(
        delivery::list_builds::<Read>(ctx, &tx, project.id, &delivery::BuildFilter::default(), None, CHOICES).await,
    )?;
    let baselines = beside(work::baselines(ctx, &tx, project.id, None, None, CHOICES).await)?;
    tx.commit().await?;
    let now = ctx.now();
    let path = paths::section(slug, "releases");
    let next = releases
        .last()
        .filter(|_| more)
        .map(|last| asked.address(&path, &["before"], &[("before", &last.id.to_string())]));
    let said = plural(i64::try_from(releases.len()).unwrap_or_default(), "release", "releases");
    let mut subjects: Vec<(String, String)> = releases
        .iter()
        .filter(|one| one.build.is_some())
        .map(|one| (format!("release:{}", one.id), format!("Release {}", one.version)))
        .collect();
    subjects.extend(builds.iter().map(|one| {
        let version = one.version.as_ref().map_or_else(String::new, |version| format!(" · {version}"));
        (format!("build:{}", one.id), format!("Build #{}{version}", one.number))
    }));
    let (entered, errors) = refused.unwrap_or_default();
    let form = (visitor.may("evidence_bundle", "create", Some(project.id)) && !subjects.is_empty())
        .then(|| part::Form { subjects, baselines: names(&baselines), entered, errors });
    let view = shown::View {
        rows: releases
            .iter()
            .map(|one| shown::Row {
                version: one.version.clone(),
                name: one.name.clone(),
                status: ReleaseStatus::from_code(&one.status).unwrap_or(ReleaseStatus::Planned),
                build: one.build.map(|(_, number)| i64::from(number)),
                planned: one.planned_on.map(|day| day.strftime("%-d %b %Y").to_string()),
                released: one.released_at.map(|at| When::new(at, now)),
                withdrawn: one.withdrawn.clone().map(|(at, why)| (When::new(at, now), why)),
            })
            .collect(),
        pager: Pager { shown: format!("{said}, newest first"), first: before.map(|_| path.clone()), next },
        evidence: bundles
            .map(|bundles| part::View { bundles: bundles.iter().map(|one| line(one, ctx)).collect(), form }),
    };
    Ok(with_status(status, shown::page(&frame, &view)))
}

fn names(baselines: &[work::BaselineLine]) -> Vec<(String, String)> {
    baselines.iter().filter(|one| one.status != "rejected").map(|one| (one.id.to_string(), one.name.clone())).collect()
}

fn line(one: &BundleLine, ctx: &Ctx) -> part::Bundle {
    let kind = if one.by_kind.as_deref() == Some("person") { ActorKind::Person } else { ActorKind::Agent };
    part::Bundle {
        id: one.id.to_string(),
        name: one.name.clone(),
        build: one.build.map(i64::from),
        baseline: one.baseline.clone().map(|(id, name)| (id.to_string(), name)),
        proven: (i64::from(one.criteria.1), i64::from(one.criteria.0)),
        open: i64::from(one.open),
        size: one.size,
        sha256: one.sha256.clone(),
        public_key: one.public_key.clone(),
        by: Actor { name: one.by.clone().unwrap_or_else(|| "The system".to_owned()), kind, on_behalf_of: None },
        when: When::new(one.at, ctx.now()),
    }
}

/// The part of a build's page; `None` for who may read no evidence.
pub(super) async fn of_build(
    visitor: &Visitor,
    tx: &Tx,
    project: Uuid,
    build: Uuid,
) -> Result<Option<part::View>, Error> {
    let ctx = &visitor.ctx;
    let found = beside(evidence::bundles(ctx, tx, project, EvidenceOf::Build(build), None, BUNDLES).await.map(Some))?;
    let Some(bundles) = found else { return Ok(None) };
    let form = match visitor.may("evidence_bundle", "create", Some(project)) {
        false => None,
        true => Some(part::Form {
            subjects: vec![(format!("build:{build}"), String::new())],
            baselines: names(&beside(work::baselines(ctx, tx, project, None, None, CHOICES).await)?),
            ..part::Form::default()
        }),
    };
    Ok(Some(part::View { bundles: bundles.iter().map(|one| line(one, ctx)).collect(), form }))
}

async fn make(Path(slug): Path<String>, posted: Posted) -> Result<Response, PageError> {
    let (visitor, fields) = (&posted.visitor, &posted.fields);
    let (project, _) = visitor.project(&slug, Section::Releases).await?;
    let ctx = &visitor.ctx;
    let (kind, id) = fields.text("subject").split_once(':').unwrap_or_default();
    let mut input = match kind {
        "release" => json!({"release_id": id}),
        "build" => json!({"build_id": id}),
        _ => return Err(Problem::bad_request("Evidence is made for a release or a build.").into()),
    };
    if !fields.text("baseline").is_empty() {
        input["baseline_id"] = json!(fields.text("baseline"));
    }
    let operation = ctx
        .catalogue()
        .operations()
        .find(|one| one.subject == Subject::Collection("evidence-bundles") && one.name == "create")
        .cloned()
        .ok_or_else(|| Problem::not_found("operation"))?;
    let making = async {
        let mut tx = ctx.begin().await?;
        let made = operation.run(ctx, &mut tx, Call { id: None, input }).await?;
        if made["project_id"] != json!(project.id) {
            return Err(Error::from(Problem::not_found(kind)));
        }
        tx.commit().await?;
        Ok(made)
    };
    match making.await {
        Ok(made) => {
            let said = format!(
                "The evidence is made and signed: {} of {} criteria proven, {} open.",
                made["proven_count"], made["criteria_count"], made["open_count"]
            );
            let id = made["id"].as_str().unwrap_or_default();
            let to = see_other(paths::section(&slug, "releases") + "#evidence").saying(Tone::Good, said);
            Ok(to.linking("Read it", paths::evidence(&slug, id, "page")).into_response())
        }
        Err(error) => {
            let errors = refused(ctx, error)?;
            let entered = ["subject", "baseline"].map(|name| fields.text(name).to_owned());
            page(visitor, &slug, None, Some((entered, errors)), StatusCode::UNPROCESSABLE_ENTITY).await
        }
    }
}

/// A bundle of this project that the visitor may do `A` to.
async fn found<A: Action>(visitor: &Visitor, tx: &Tx, slug: &str, id: &str) -> Result<Allowed<Record, A>, Error> {
    let project = visitor.project(slug, Section::Releases).await?.0;
    let bundle = evidence::find_bundle::<A>(&visitor.ctx, tx, id).await?;
    if bundle.project == Some(project.id) { Ok(bundle) } else { Err(Problem::not_found("evidence").into()) }
}

async fn bundle(visitor: Visitor, Path((slug, id)): Path<(String, String)>) -> Result<Response, PageError> {
    let tx = visitor.ctx.begin_read().await?;
    let bundle = found::<Export>(&visitor, &tx, &slug, &id).await?;
    let (name, size) = evidence::bundle_name(&tx, &bundle).await?;
    tx.commit().await?;
    evidence::bundle_taken(&visitor.ctx, &bundle).await?;
    let pieces = evidence::bundle_pieces(visitor.ctx.clone(), bundle, size);
    let mut response = attached(Body::from_stream(pieces), evidence::BUNDLE_TYPE, &name);
    response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(size));
    Ok(response)
}

async fn read(visitor: Visitor, Path((slug, id)): Path<(String, String)>) -> Result<Response, PageError> {
    let tx = visitor.ctx.begin_read().await?;
    let bundle = found::<Read>(&visitor, &tx, &slug, &id).await?;
    let page = evidence::bundle_page(&tx, &bundle).await?;
    tx.commit().await?;
    let mut response = page.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // A page of its own: nothing of it runs, and it belongs to no site.
    response.extensions_mut().insert(super::answer::Alone);
    Ok(response)
}
