//! Every view with varied samples on loopback, for eyes and for the browser tests:
//! `cargo run -p web --example gallery [PORT]` (0 picks a free port), then open the printed address.
//! `/pages.json` lists the pages.

#![allow(clippy::print_stdout, reason = "the address is the output of this program")]

mod samples;

use axum::extract::{Request, State};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::{HeaderMap, StatusCode, header};
use maud::html;
use web::layout::{CONTENT_SECURITY_POLICY, Frame, Theme};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let port: u16 = std::env::args().nth(1).map_or(Ok(7499), |text| text.parse())?;
    let app = Router::new()
        .route("/pages.json", get(|| async { Json(samples::NAMES) }))
        .route("/palette.json", get(|| async { Json(samples::hits()) }))
        .route("/theme", post(theme))
        .route("/p/{project}/import", post(imported).fallback(page))
        .merge(web::assets::routes())
        .fallback(page)
        .with_state(());
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
    println!("http://{}/", listener.local_addr()?);
    axum::serve(listener, app).await?;
    Ok(())
}

/// Sends an upload on to its job, as the real route will.
async fn imported(_body: axum::body::Bytes) -> axum::response::Redirect {
    axum::response::Redirect::to("/import-done")
}

/// Remembers the theme as the real route will.
async fn theme(body: String) -> Response {
    let chosen = body.split('&').find_map(|pair| pair.strip_prefix("theme=")).map_or(Theme::System, Theme::from_code);
    let cookie = format!("theme={}; Path=/; SameSite=Lax", chosen.code());
    (StatusCode::SEE_OTHER, [(header::LOCATION, "/".to_owned()), (header::SET_COOKIE, cookie)]).into_response()
}

/// `/` lists the pages; `/NAME` shows one; any other address shows the project's overview, so that links lead somewhere.
async fn page(State(()): State<()>, headers: HeaderMap, request: Request) -> Response {
    let cookie = headers.get(header::COOKIE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let theme = cookie.split("; ").find_map(|pair| pair.strip_prefix("theme=")).map_or(Theme::System, Theme::from_code);
    let name = request.uri().path().trim_start_matches('/');
    let frame = Frame { theme, path: request.uri().path().to_owned(), ..samples::frame() };
    let markup = if name.is_empty() {
        web::layout::page(
            &frame,
            "Gallery",
            &[],
            &html! { h1 { "Gallery" } ul class="list" { @for one in samples::NAMES { li { a class="grow" data-row href={ "/" (one) } { (one) } } } } },
        )
    } else {
        samples::render(name, &frame).or_else(|| samples::render("overview", &frame)).unwrap_or_default()
    };
    ([(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY)], Html(markup.into_string())).into_response()
}
