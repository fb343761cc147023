//! The stylesheet, the script and the mark, embedded in the binary and served under names that carry their content's hash.
//!
//! A name changes whenever its content does, so an answer may be kept for ever (`immutable`, RFC 8246), and the entity tag
//! answers `304` to whoever asks again anyway. An old name answers 404: it would otherwise cache new content under an old hash.

use std::sync::LazyLock;

use axum::Router;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use sha2::{Digest, Sha256};

/// One embedded file with its public name.
#[derive(Debug)]
pub struct Asset {
    /// Where the pages find it, for example `/assets/app.3f2a91c07b6d.css`.
    pub href: String,
    content_type: &'static str,
    etag: String,
    body: &'static [u8],
}

impl Asset {
    fn new(stem: &str, extension: &str, content_type: &'static str, body: &'static [u8]) -> Self {
        let digest = Sha256::digest(body);
        let hash: String = digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
        Self { href: format!("/assets/{stem}.{hash}.{extension}"), content_type, etag: format!("\"{hash}\""), body }
    }
}

/// The stylesheet.
pub static STYLE: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("app", "css", "text/css; charset=utf-8", include_bytes!("../assets/app.css")));
/// The script; the pages work without it.
pub static SCRIPT: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("app", "js", "text/javascript; charset=utf-8", include_bytes!("../assets/app.js")));
/// The mark, used as favicon and in the frame.
pub static MARK: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("mark", "svg", "image/svg+xml", include_bytes!("../assets/mark.svg")));

fn find(name: &str) -> Option<&'static Asset> {
    let known: [&'static Asset; 3] = [&STYLE, &SCRIPT, &MARK];
    known.into_iter().find(|asset| asset.href.strip_prefix("/assets/") == Some(name))
}

/// The route `/assets/{name}`, to be merged into the web router. It needs no state and no session.
pub fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route("/assets/{name}", get(serve))
}

async fn serve(Path(name): Path<String>, headers: HeaderMap) -> Response {
    let Some(asset) = find(&name) else {
        return (StatusCode::NOT_FOUND, "There is no such file in this version.\n").into_response();
    };
    let known = shared::matches_tag(&headers, header::IF_NONE_MATCH, &asset.etag) == Some(true);
    let (status, body) = if known { (StatusCode::NOT_MODIFIED, &[][..]) } else { (StatusCode::OK, asset.body) };
    let mut answer = (status, body).into_response();
    let fields = answer.headers_mut();
    fields.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.content_type));
    fields.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
    fields.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Ok(etag) = HeaderValue::from_str(&asset.etag) {
        fields.insert(header::ETAG, etag);
    }
    answer
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    async fn ask(name: &str, tag: Option<&str>) -> Response {
        let mut headers = HeaderMap::new();
        if let Some(tag) = tag {
            headers.insert(header::IF_NONE_MATCH, tag.parse().unwrap());
        }
        serve(Path(name.to_owned()), headers).await
    }

    #[tokio::test]
    async fn an_asset_may_be_kept_for_ever_and_asked_for_again() {
        let name = STYLE.href.strip_prefix("/assets/").unwrap();
        let first = ask(name, None).await;
        assert_eq!(first.status(), StatusCode::OK);
        assert_eq!(first.headers()[header::CACHE_CONTROL], "public, max-age=31536000, immutable");
        assert_eq!(first.headers()[header::CONTENT_TYPE], "text/css; charset=utf-8");
        let tag = first.headers()[header::ETAG].to_str().unwrap().to_owned();
        assert_eq!(ask(name, Some(&tag)).await.status(), StatusCode::NOT_MODIFIED);
        assert_eq!(ask(name, Some(&format!("\"other\", W/{tag}"))).await.status(), StatusCode::NOT_MODIFIED);
        assert_eq!(ask(name, Some("\"other\"")).await.status(), StatusCode::OK);
    }

    #[tokio::test]
    async fn a_name_of_another_version_is_not_found() {
        assert_eq!(ask("app.000000000000.css", None).await.status(), StatusCode::NOT_FOUND);
        assert_eq!(ask("../Cargo.toml", None).await.status(), StatusCode::NOT_FOUND);
    }

    #[test]
    fn the_script_stays_small_and_the_pages_stay_at_home() {
        assert!(SCRIPT.body.len() <= 15 * 1024, "app.js is {} bytes; the bar is 15 KiB", SCRIPT.body.len());
        for asset in [&*STYLE, &*SCRIPT] {
            let text = std::str::from_utf8(asset.body).unwrap();
            assert!(!text.contains("http://") && !text.contains("https://"), "{} names another host", asset.href);
        }
    }
}
