//! Theme and shortcuts, remembered by the browser.

use std::sync::Arc;

use axum::{
    Router,
    http::HeaderMap,
    response::{IntoResponse, Response},
    routing::post,
};

use super::{
    Site,
    answer::{append_cookie, see_other},
    form::Posted,
    session::{SHORTCUTS_COOKIE, THEME_COOKIE, is_local, set_cookie},
};
use crate::{layout::Theme, paths};

/// How long a browser remembers, in seconds: a year.
const REMEMBERED: i64 = 365 * 24 * 3600;

pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new().route(paths::THEME, post(theme)).route(paths::SHORTCUTS, post(shortcuts))
}

async fn theme(headers: HeaderMap, posted: Posted) -> Response {
    remember(&headers, &posted, THEME_COOKIE, Theme::from_code(posted.fields.text("theme")).code())
}

async fn shortcuts(headers: HeaderMap, posted: Posted) -> Response {
    let value = if posted.fields.text("shortcuts") == "off" { "off" } else { "on" };
    remember(&headers, &posted, SHORTCUTS_COOKIE, value)
}

fn remember(headers: &HeaderMap, posted: &Posted, cookie: &str, value: &str) -> Response {
    let back = posted.fields.text("return_to");
    let mut response = see_other(if is_local(back) { back } else { paths::HOME }).into_response();
    append_cookie(&mut response, &set_cookie(headers, cookie, value, Some(REMEMBERED)));
    response
}
