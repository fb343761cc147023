//! `GET /v1/builds/{id}/junit` and `GET /v1/builds/{id}/cyclonedx`: what tests said of a build, and what it is made of, in formats that
//! other tools read.

use assurance::BomSubject;
use axum::{
    body::Body,
    extract::{Path, RawQuery},
    response::Response,
};
use base::Problem;
use kernel::Error;

use crate::{ApiProblem, Caller, collection::pairs};

pub(crate) async fn junit(
    Caller(ctx): Caller,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiProblem> {
    let mut with_properties = None;
    for (name, value) in pairs(query.as_deref())? {
        with_properties = match (name.as_str(), value.as_str(), with_properties) {
            ("properties", "true", None) => Some(true),
            ("properties", "false", None) => Some(false),
            _ => {
                let name: String = name.chars().take(80).collect();
                let problem = Problem::bad_request("This address takes whether properties of cases are wanted.");
                return Err(problem.field(format!("?{name}"), "must be `properties`, once, true or false").into());
            }
        };
    }
    let beginning = async {
        let tx = ctx.begin_read().await?;
        let build = delivery::find_build_to_export(&ctx, &tx, &id).await?;
        let place = (build.project, build.id);
        let export =
            quality::junit_of_build(&ctx, &tx, place, &build.title(), with_properties.unwrap_or_default()).await?;
        tx.commit().await?;
        build.exported(&ctx, "test-results", "junit").await?;
        Ok::<_, Error>((export, build))
    };
    let (export, build) = beginning.await.map_err(|error| ApiProblem::of(&ctx, &error))?;
    let name = build.file_name("tests.xml");
    Ok(shared::attached(Body::from_stream(export.pieces(ctx)), quality::JUNIT_TYPE, &name))
}

pub(crate) async fn cyclonedx(
    Caller(ctx): Caller,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiProblem> {
    if !pairs(query.as_deref())?.is_empty() {
        return Err(Problem::bad_request("This address takes no query parameters.").into());
    }
    let writing = async {
        let tx = ctx.begin_read().await?;
        let build = delivery::find_build_to_export(&ctx, &tx, &id).await?;
        let version = build.version();
        let of = BomSubject { project: build.project, name: &build.project_name, build: build.id, version: &version };
        let bytes = assurance::cyclonedx_of_build(&ctx, &tx, of).await?;
        tx.commit().await?;
        build.exported(&ctx, "components", "cyclonedx").await?;
        Ok::<_, Error>((bytes, build))
    };
    let (bytes, build) = writing.await.map_err(|error| ApiProblem::of(&ctx, &error))?;
    Ok(shared::attached(Body::from(bytes), assurance::CYCLONEDX_TYPE, &build.file_name("bom.cdx.json")))
}
