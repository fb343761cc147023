//! `GET /v1/exchange-files/{id}/content`: a file that came beside a document of requirements, byte for byte. What it is called and how large it
//! is comes from the catalogue.

use axum::{
    body::Body,
    extract::{Path, RawQuery},
    http::{HeaderMap, HeaderValue, header},
    response::Response,
};
use base::Problem;
use kernel::Error;

use crate::{
    ApiProblem, Caller,
    answer::{etag, not_modified, with_header},
    collection::pairs,
};

pub(crate) async fn content(
    Caller(ctx): Caller,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, ApiProblem> {
    if !pairs(query.as_deref())?.is_empty() {
        return Err(Problem::bad_request("This address takes no query parameters.").into());
    }
    let beginning = async {
        let tx = ctx.begin_read().await?;
        let file = quality::exchange_file(&ctx, &tx, &id).await?;
        tx.commit().await?;
        let is_known = shared::matches_tag(&headers, header::IF_NONE_MATCH, &etag(&file.version())) == Some(true);
        if !is_known {
            quality::exchange_file_taken(&ctx, &file).await?;
        }
        Ok::<_, Error>((file, is_known))
    };
    let (file, is_known) = beginning.await.map_err(|error| ApiProblem::of(&ctx, &error))?;
    let version = file.version();
    if is_known {
        return Ok(not_modified(&version));
    }
    let (name, media_type, size) = (file.name().to_owned(), file.media_type().to_owned(), file.size());
    let pieces = quality::exchange_file_pieces(ctx, file);
    let mut response = shared::attached(Body::from_stream(pieces), &media_type, &name);
    response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(size));
    Ok(with_header(response, header::ETAG, &etag(&version)))
}
