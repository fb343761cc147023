//! Finding any record, page or command: the palette's JSON, and the same as a page.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::RawQuery,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
    routing::get,
};
use quality::Found;

use super::{Site, answer::html, error::PageError, listing::Asked, session::Visitor};
use crate::{
    layout::Section,
    paths,
    views::find::{self, Hit},
};

/// Entries of the palette.
const PALETTE: usize = 20;
/// Records on the page.
const PAGE: usize = 50;

pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new().route(paths::FIND, get(page)).route(paths::PALETTE, get(palette))
}

async fn page(visitor: Visitor, RawQuery(query): RawQuery) -> Result<Response, PageError> {
    let asked = Asked::of(query.as_deref())?;
    let text = asked.one("q").unwrap_or_default();
    let mut hits = hits(&visitor, &text, asked.one("from").as_deref(), PAGE).await?;
    if !text.is_empty() {
        let pages = [("Home", paths::HOME), ("API tokens", paths::TOKENS), ("Account", paths::ACCOUNT)];
        hits.extend(pages.into_iter().filter(|(name, _)| fits(name, &text)).map(|(name, href)| Hit {
            label: name.to_owned(),
            kind: "Page".to_owned(),
            href: href.to_owned(),
            ..Hit::default()
        }));
    }
    let frame = visitor.frame(Section::Other).await?;
    Ok(html(find::page(&frame, &find::View { query: text, hits })))
}

async fn palette(visitor: Visitor, RawQuery(query): RawQuery) -> Result<Response, PageError> {
    let asked = Asked::of(query.as_deref())?;
    let text = asked.one("q").unwrap_or_default();
    let hits = hits(&visitor, &text, asked.one("from").as_deref(), PALETTE).await?;
    let mut response = Json(hits).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// Commands and records that `text` may mean, at most `most`; `from` is the address of the project one is in.
async fn hits(visitor: &Visitor, text: &str, from: Option<&str>, most: usize) -> Result<Vec<Hit>, PageError> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let slug = from.and_then(|path| path.strip_prefix("/p/")).and_then(|rest| rest.split('/').next());
    let here = match slug.and_then(super::answer::unescape) {
        // A project that is not there any more, or not for this person, only means that nothing comes first.
        Some(slug) => work::project(&visitor.ctx, &slug).await.ok(),
        None => None,
    };
    let ctx = &visitor.ctx;
    let tx = ctx.begin_read().await?;
    let limit = i64::try_from(most).unwrap_or(i64::MAX);
    let found = quality::find_records(ctx, &tx, here.as_ref().map(|project| project.id), text, limit).await?;
    tx.commit().await?;
    let records = found.into_iter().map(record);
    // Who types a command's words wants the command; a key or a title hardly ever reads like one.
    let commands = here.map_or_else(Vec::new, |project| commands(visitor, &project, text));
    let mut hits: Vec<Hit> = commands.into_iter().chain(records).collect();
    hits.truncate(most);
    Ok(hits)
}

/// Whether every word of `text` begins a word of `name`.
fn fits(name: &str, text: &str) -> bool {
    let words: Vec<String> = name.split_whitespace().map(str::to_lowercase).collect();
    text.split_whitespace().map(str::to_lowercase).all(|wanted| words.iter().any(|word| word.starts_with(&wanted)))
}

/// What can be done in a project, of which the words fit.
fn commands(visitor: &Visitor, project: &work::Project, text: &str) -> Vec<Hit> {
    let at = |page: &str| paths::section(&project.slug, page);
    [
        ("New defect", "defect", "create", format!("{}?new=1", at("defects"))),
        ("Record a deployment", "deployment", "create", at("deployments")),
        ("Import test results", "import", "create", at("import")),
        ("Show failing tests", "test_case", "read", format!("{}?outcome=failed&outcome=error", at("tests"))),
        ("Show tests without a requirement", "test_case", "read", format!("{}?linked=no", at("tests"))),
        (
            "Show open defects",
            "defect",
            "read",
            format!("{}?status=open&status=assigned&status=in_progress", at("defects")),
        ),
    ]
    .into_iter()
    .filter(|(name, kind, action, _)| fits(name, text) && visitor.may(kind, action, Some(project.id)))
    .map(|(name, _, _, href)| Hit { label: name.to_owned(), hint: project.name.clone(), kind: "Do".to_owned(), href })
    .collect()
}

/// A record as an entry: its key, its title, and its project or state.
fn record(found: Found) -> Hit {
    let slug = &found.project.0;
    let key = found.key.clone().unwrap_or_default();
    let (kind, href) = match (found.kind.as_str(), found.build) {
        ("project", _) => ("Project".to_owned(), paths::project(slug)),
        ("requirement", _) => (key.clone(), paths::requirement(slug, &key)),
        ("test_case", _) => (key.clone(), paths::test_case(slug, &key)),
        ("defect", _) => (key.clone(), paths::defect(slug, &key)),
        ("build", Some(number)) => (format!("#{number}"), paths::build(slug, i64::from(number))),
        // A feature is shown on the page of its requirement.
        _ => (key.clone(), paths::requirement(slug, found.requirement.as_deref().unwrap_or_default())),
    };
    let status = found.status.as_deref().map(|status| status.replace('_', " "));
    let hint = match (found.kind.as_str(), status) {
        ("project", _) | (_, None) => found.project.1,
        (_, Some(status)) => format!("{} · {status}", found.project.1),
    };
    Hit { label: found.title, hint, kind, href }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_command_is_found_by_the_beginnings_of_its_words() {
        assert!(super::fits("New defect", "new d"));
        assert!(super::fits("New defect", "def"));
        assert!(!super::fits("New defect", "fect"));
        assert!(!super::fits("New defect", "new test"));
    }
}
