//! A file as an answer.

use axum::{
    body::Body,
    http::{HeaderValue, header},
    response::Response,
};

/// An answer that is saved under `name` (RFC 6266) and not shown. A media type or name that no header can carry is left out.
#[must_use]
pub fn attached(content: impl Into<Body>, media_type: &str, name: &str) -> Response {
    let mut response = Response::new(content.into());
    for (header, value) in
        [(header::CONTENT_TYPE, media_type), (header::CONTENT_DISPOSITION, &format!("attachment; filename=\"{name}\""))]
    {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(header, value);
        }
    }
    response
}
