//! What goes out about a build in formats of other tools: its test results as JUnit XML, its components as CycloneDX.

use std::sync::Arc;

use assurance::BomSubject;
use axum::{Router, body::Body, extract::Path, response::Response, routing::get};
use base::Problem;
use kernel::Tx;

use super::{Site, csv::attached, error::PageError, session::Visitor};
use crate::layout::Section;

pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route("/p/{project}/builds/{number}/tests.xml", get(junit))
        .route("/p/{project}/builds/{number}/bom.cdx.json", get(cyclonedx))
}

async fn found(visitor: &Visitor, tx: &Tx, slug: &str, number: i32) -> Result<delivery::ExportedBuild, PageError> {
    let (project, _) = visitor.project(slug, Section::Builds).await?;
    let build = delivery::find_build(&visitor.ctx, tx, project.id, number).await?;
    let build = build.ok_or_else(|| Problem::not_found("build"))?;
    Ok(delivery::find_build_to_export(&visitor.ctx, tx, &build.id.to_string()).await?)
}

async fn junit(visitor: Visitor, Path((slug, number)): Path<(String, i32)>) -> Result<Response, PageError> {
    let tx = visitor.ctx.begin_read().await?;
    let build = found(&visitor, &tx, &slug, number).await?;
    let place = (build.project, build.id);
    let export = quality::junit_of_build(&visitor.ctx, &tx, place, &build.title(), false).await?;
    tx.commit().await?;
    build.exported(&visitor.ctx, "test-results", "junit").await?;
    let pieces = Body::from_stream(export.pieces(visitor.ctx.clone()));
    Ok(attached(pieces, quality::JUNIT_TYPE, &build.file_name("tests.xml")))
}

async fn cyclonedx(visitor: Visitor, Path((slug, number)): Path<(String, i32)>) -> Result<Response, PageError> {
    let tx = visitor.ctx.begin_read().await?;
    let build = found(&visitor, &tx, &slug, number).await?;
    let version = build.version();
    let of = BomSubject { project: build.project, name: &build.project_name, build: build.id, version: &version };
    let bytes = assurance::cyclonedx_of_build(&visitor.ctx, &tx, of).await?;
    tx.commit().await?;
    build.exported(&visitor.ctx, "components", "cyclonedx").await?;
    Ok(attached(Body::from(bytes), assurance::CYCLONEDX_TYPE, &build.file_name("bom.cdx.json")))
}
