//! What a request says about itself.

use std::net::SocketAddr;

use axum::{
    extract::{ConnectInfo, MatchedPath, OriginalUri},
    http::{HeaderMap, header, request::Parts},
};
use kernel::Request;

/// The name of the session cookie.
pub const SESSION_COOKIE: &str = "throughline_session";
/// The header that carries a request's identifier, for the log and the page of an error.
pub const REQUEST_ID: &str = "x-request-id";

/// The value of a cookie.
pub fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .find_map(|pair| {
            let (found, value) = pair.trim().split_once('=')?;
            (found == name).then(|| value.to_owned())
        })
}

/// Whether one of the tags of a conditional header (RFC 9110 §13.1) is `current`, an entity tag in its quotes, or is `*`. `None`: there is no such
/// header.
pub fn matches_tag(headers: &HeaderMap, name: header::HeaderName, current: &str) -> Option<bool> {
    let mut values = headers.get_all(name).iter().peekable();
    values.peek()?;
    // What cannot be read matches nothing: a condition must never be dropped in silence.
    let mut tags = values.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(',')).map(str::trim);
    Some(tags.any(|tag| tag == "*" || tag.trim_start_matches("W/") == current))
}

/// What the audit trail keeps of a request: route, not path, so that entries can be grouped.
pub fn request_of(parts: &Parts) -> Request {
    let path = parts.extensions.get::<OriginalUri>().map_or_else(|| parts.uri.path(), |uri| uri.0.path());
    let route = parts.extensions.get::<MatchedPath>().map_or(path, MatchedPath::as_str);
    Request {
        id: clean(&parts.headers, REQUEST_ID, 128).unwrap_or_default(),
        address: parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip().to_canonical()),
        user_agent: clean(&parts.headers, "user-agent", 512),
        endpoint: format!("{} {route}", parts.method),
        reason: None,
        justification: None,
        idempotency: None,
    }
}

/// At most `most` characters of a header, without control characters.
pub fn clean(headers: &HeaderMap, name: &str, most: usize) -> Option<String> {
    let value = headers.get(name)?;
    Some(String::from_utf8_lossy(value.as_bytes()).chars().filter(|c| !c.is_control()).take(most).collect())
}

/// Compares without telling by the time it takes where the difference is.
pub fn same(left: &[u8], right: &[u8]) -> bool {
    left.len() == right.len() && left.iter().zip(right).fold(0_u8, |sum, (a, b)| sum | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_among_others() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, header::HeaderValue::from_static("a=1; throughline_session=x=y"));
        headers.append(header::COOKIE, header::HeaderValue::from_static("b=2"));
        assert_eq!(cookie(&headers, SESSION_COOKIE).as_deref(), Some("x=y"));
        assert_eq!(cookie(&headers, "b").as_deref(), Some("2"));
        assert_eq!(cookie(&headers, "c"), None);
    }
}
