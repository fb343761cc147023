//! Pages, redirects, and messages that survive one redirect.

use axum::{
    extract::Request,
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use maud::Markup;

use crate::{
    layout::{CONTENT_SECURITY_POLICY, Flash},
    paths::segment,
    state::Tone,
};

/// The cookie that carries messages over one redirect.
pub(super) const FLASH_COOKIE: &str = "throughline_flash";
/// How long a message waits for its page, in seconds.
const FLASH_SECONDS: u32 = 60;

/// A page.
pub(super) fn html(markup: Markup) -> Response {
    with_status(StatusCode::OK, markup)
}

/// A page with another status, such as 422 for a form that is shown again.
pub(super) fn with_status(status: StatusCode, markup: Markup) -> Response {
    let mut response = (status, markup.into_string()).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The way on after a post (303), with a message for the next page.
#[derive(Debug, Clone)]
pub(super) struct SeeOther {
    to: String,
    flash: Option<Flash>,
}

/// On to `to`, which is a path of this site.
pub(super) fn see_other(to: impl Into<String>) -> SeeOther {
    SeeOther { to: to.into(), flash: None }
}

impl SeeOther {
    /// With a message on the next page.
    #[must_use]
    pub(super) fn saying(mut self, tone: Tone, text: impl Into<String>) -> Self {
        self.flash = Some(Flash { tone, text: text.into(), link: None });
        self
    }

    /// With a message that leads somewhere: the link's text and address.
    #[must_use]
    pub(super) fn linking(mut self, text: impl Into<String>, href: impl Into<String>) -> Self {
        if let Some(flash) = &mut self.flash {
            flash.link = Some((text.into(), href.into()));
        }
        self
    }
}

impl IntoResponse for SeeOther {
    fn into_response(self) -> Response {
        let mut response = StatusCode::SEE_OTHER.into_response();
        let headers = response.headers_mut();
        let to = if super::session::is_local(&self.to) { self.to.as_str() } else { "/" };
        if let Ok(location) = HeaderValue::from_str(to) {
            headers.insert(header::LOCATION, location);
        }
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(flash) = &self.flash {
            let cookie = format!(
                "{FLASH_COOKIE}={}; Path=/; Max-Age={FLASH_SECONDS}; HttpOnly; SameSite=Lax",
                flash_to_cookie(flash)
            );
            append_cookie(&mut response, &cookie);
        }
        response
    }
}

fn flash_to_cookie(flash: &Flash) -> String {
    let (text, href) = flash.link.clone().unwrap_or_default();
    let words: String = flash.text.chars().take(400).collect();
    [flash.tone.class(), &words, &text, &href].map(segment).join("&")
}

/// The message of a flash cookie. Its link leads into this site or nowhere.
pub(super) fn flash_from_cookie(value: &str) -> Option<Flash> {
    let mut parts = value.split('&').map(unescape);
    let (tone, text) = (parts.next()??, parts.next()??);
    let tone = Tone::ALL.iter().copied().find(|known| known.class() == tone)?;
    let (label, href) = (parts.next().flatten().unwrap_or_default(), parts.next().flatten().unwrap_or_default());
    let link = (!label.is_empty() && super::session::is_local(&href)).then_some((label, href));
    Some(Flash { tone, text, link })
}

/// Undoes [`segment`].
pub(super) fn unescape(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let digits = [bytes.next()?, bytes.next()?];
            out.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
        } else {
            out.push(byte);
        }
    }
    String::from_utf8(out).ok()
}

/// Adds a cookie to an answer.
pub(super) fn append_cookie(response: &mut Response, cookie: &str) {
    if let Ok(value) = HeaderValue::from_str(cookie) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
}

/// Marks an answer as a page that stands alone: it brings its own style, runs nothing and belongs to no site.
#[derive(Debug, Clone, Copy)]
pub(super) struct Alone;

/// The policy of such a page.
const ALONE: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox";

/// Marks an answer as a file that a stranger made: whatever it holds, nothing of it runs or loads anything here.
#[derive(Debug, Clone, Copy)]
pub(super) struct Foreign;

/// The policy of such a file.
const FOREIGN: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox";

/// The headers that every answer of this door carries.
pub(super) async fn secure(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let marks = response.extensions();
    let policy = match (marks.get::<Alone>(), marks.get::<Foreign>()) {
        (_, Some(_)) => FOREIGN,
        (Some(_), None) => ALONE,
        (None, None) => CONTENT_SECURITY_POLICY,
    };
    shared::secure(response.headers_mut(), policy);
    response
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_message_survives_the_redirect_and_leads_only_into_the_site() {
        let flash = Flash {
            tone: Tone::Good,
            text: "“A & B” — done; 100%".into(),
            link: Some(("REQ-1".into(), "/p/a/b?c=d&e".into())),
        };
        assert_eq!(flash_from_cookie(&flash_to_cookie(&flash)), Some(flash));
        let foreign = Flash {
            tone: Tone::Bad,
            text: "x".into(),
            link: Some(("there".into(), "https://elsewhere.example".into())),
        };
        assert_eq!(flash_from_cookie(&flash_to_cookie(&foreign)).unwrap().link, None);
        assert_eq!(flash_from_cookie("good"), None);
        assert_eq!(flash_from_cookie("%ZZ&x"), None);
    }
}
