//! The files that the text of a requirement names, out of the archive it came in: part of its page, and read by whoever may read it.

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    extract::Path,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::get,
};
use base::Problem;
use quality::ExchangeFile;

use super::{Site, answer::Foreign, error::PageError, session::Visitor};
use crate::{paths, views::requirement::FileLine};

pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new().route("/p/{project}/requirements/{key}/files/{id}", get(show))
}

/// The files as the page shows them.
pub(super) fn lines(slug: &str, key: &str, files: &[ExchangeFile]) -> Vec<FileLine> {
    let line = |file: &ExchangeFile| FileLine {
        name: file.name().to_owned(),
        href: paths::requirement_file(slug, key, &file.id().to_string()),
        size: file.size(),
        is_picture: file.is_picture(),
    };
    files.iter().map(line).collect()
}

/// A picture is shown; everything else is saved. It is found through the requirement, so whoever may not read that finds nothing.
async fn show(
    visitor: Visitor,
    Path((slug, key, id)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Result<Response, PageError> {
    let ctx = &visitor.ctx;
    let project = work::project(ctx, &slug).await?;
    let tx = ctx.begin_read().await?;
    let requirement = work::requirement(ctx, &tx, &project, &key).await?;
    let files = quality::files_named_by(&tx, &requirement, requirement.id).await?;
    tx.commit().await?;
    let file = files.into_iter().find(|file| file.id().to_string() == id).ok_or_else(|| Problem::not_found("file"))?;

    let tag = format!("\"{}\"", file.version());
    let mut response = match shared::matches_tag(&headers, header::IF_NONE_MATCH, &tag) {
        Some(true) => StatusCode::NOT_MODIFIED.into_response(),
        _ => handed_out(&visitor, file).await?,
    };
    response.extensions_mut().insert(Foreign);
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    Ok(response)
}

async fn handed_out(visitor: &Visitor, file: ExchangeFile) -> Result<Response, PageError> {
    let (name, media_type, size) = (file.name().to_owned(), file.media_type().to_owned(), file.size());
    let is_picture = file.is_picture();
    if !is_picture {
        quality::exchange_file_taken(&visitor.ctx, &file).await?;
    }
    let pieces = quality::exchange_file_pieces(visitor.ctx.clone(), file);
    let body = Body::from_stream(pieces);
    let mut response = match is_picture {
        true => shared::shown(body, &media_type, &name),
        false => shared::attached(body, &media_type, &name),
    };
    response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(size));
    Ok(response)
}
