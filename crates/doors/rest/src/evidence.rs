//! `GET /v1/evidence-bundles/{id}/content`: a bundle as it was made, byte for byte. Making one comes from the catalogue.

use assurance::evidence;
use axum::{
    body::Body,
    extract::{Path, RawQuery},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use base::Problem;
use kernel::{Error, Export, Exported};

use crate::{ApiProblem, Caller, collection::pairs};

pub(crate) async fn content(
    Caller(ctx): Caller,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiProblem> {
    if !pairs(query.as_deref())?.is_empty() {
        return Err(Problem::bad_request("This address takes no query parameters.").into());
    }
    let beginning = async {
        let tx = ctx.begin_read().await?;
        let bundle = evidence::find_bundle::<Export>(&ctx, &tx, &id).await?;
        let (name, size) = evidence::bundle_name(&tx, &bundle).await?;
        tx.commit().await?;
        let file = Exported {
            resource_type: bundle.resource.permission,
            what: "evidence-bundle",
            format: "tar.gz",
            project: bundle.project,
            record: Some(&bundle.id),
            filter: &[],
            rows: None,
        };
        kernel::exported(&ctx, &file).await?;
        Ok::<_, Error>((bundle, name, size))
    };
    let (bundle, name, size) = beginning.await.map_err(|error| ApiProblem::of(&ctx, &error))?;
    let pieces = evidence::bundle_pieces(ctx, bundle, size);
    let mut response = (StatusCode::OK, Body::from_stream(pieces)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/gzip"));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(size));
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    Ok(response)
}
