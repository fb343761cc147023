//! `GET /v1/evidence-bundles/{id}/content`: a bundle as it was made, byte for byte. Making one comes from the catalogue.

use assurance::evidence;
use axum::{
    body::Body,
    extract::{Path, RawQuery},
    http::{HeaderValue, header},
    response::Response,
};
use base::Problem;
use kernel::{Error, Export};

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
        evidence::bundle_taken(&ctx, &bundle).await?;
        Ok::<_, Error>((bundle, name, size))
    };
    let (bundle, name, size) = beginning.await.map_err(|error| ApiProblem::of(&ctx, &error))?;
    let pieces = evidence::bundle_pieces(ctx, bundle, size);
    let mut response = shared::attached(Body::from_stream(pieces), evidence::BUNDLE_TYPE, &name);
    response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(size));
    Ok(response)
}
