//! Finding any record, page or command: the palette's JSON, and the same as a page with counts to narrow by.

use std::{collections::HashMap, sync::Arc};

use axum::{
    Json, Router,
    extract::RawQuery,
    http::{HeaderValue, header},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use jiff::{Timestamp, ToSpan as _, civil::Date, tz::TimeZone};
use kernel::{SearchHit, SearchQuery, SearchResults};
use uuid::Uuid;

use super::{Site, answer::html, error::PageError, listing::Asked, session::Visitor};
use crate::{
    format::When,
    icons::Icon,
    layout::Section,
    paths,
    views::find::{self, Facet, FacetValue, Found, Hit},
};

/// Entries of the palette.
const PALETTE: usize = 20;
/// Records on the page.
const PAGE: usize = 50;
/// What narrows a search, in the order of the page: the parameter, and what people call it.
const FACETS: [(&str, &str); 6] = [
    ("type", "Type"),
    ("project", "Project"),
    ("status", "Status"),
    ("tag", "Tag"),
    ("owner", "Owner"),
    ("month", "Month"),
];

pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new().route(paths::FIND, get(page)).route("/find", get(moved)).route(paths::PALETTE, get(palette))
}

/// The page had another address once.
async fn moved(RawQuery(query): RawQuery) -> Redirect {
    Redirect::permanent(&query.map_or_else(|| paths::FIND.to_owned(), |query| format!("{}?{query}", paths::FIND)))
}

async fn page(visitor: Visitor, RawQuery(query): RawQuery) -> Result<Response, PageError> {
    let asked = Asked::of(query.as_deref())?;
    let text = asked.one("q").unwrap_or_default();
    let frame = visitor.frame(Section::Other).await?;
    if text.trim().is_empty() {
        return Ok(html(find::page(&frame, &find::View::default())));
    }
    let offset = asked.parsed::<usize>("after").unwrap_or(0).min(kernel::DEEPEST - PAGE);
    let found = look(&visitor, narrowed(&asked, &text, offset)).await?;
    let shown = offset + found.0.hits.len();
    let is_more = i64::try_from(shown).is_ok_and(|shown| shown < found.0.total) && shown + PAGE <= kernel::DEEPEST;
    let now = visitor.ctx.now();
    let mut view = find::View {
        carry: FACETS
            .iter()
            .flat_map(|(name, _)| asked.values(name).into_iter().map(|value| ((*name).to_owned(), value)))
            .collect(),
        total: found.0.total,
        capped: found.0.capped,
        facets: facets(&asked, &found.0),
        next: is_more.then(|| asked.address(paths::FIND, &["after"], &[("after", &shown.to_string())])),
        results: found.0.hits.iter().map(|hit| result(hit, &found.1, now)).collect(),
        places: Vec::new(),
        query: text,
    };
    if offset == 0 && view.carry.is_empty() {
        let nav = frame.access;
        let pages = [
            ("Home", paths::HOME, true),
            ("Services", paths::SERVICES, true),
            ("Where a vulnerability runs", paths::EXPOSURE, true),
            ("Members", paths::MEMBERS, nav.members),
            ("Roles and permissions", paths::ROLES, nav.roles),
            ("Grants", paths::GRANTS, nav.roles),
            ("Approvals", paths::APPROVALS, nav.approvals),
            ("Who may what", paths::ACCESS, true),
            ("Audit trail", paths::AUDIT, nav.trail),
            ("Security events", paths::SECURITY, nav.security),
            ("API tokens", paths::TOKENS, true),
            ("Account", paths::ACCOUNT, true),
        ];
        view.places = pages
            .into_iter()
            .filter(|(name, _, is_open)| *is_open && fits(name, &view.query))
            .map(|(name, href, _)| Hit {
                label: name.to_owned(),
                kind: "Page".to_owned(),
                href: href.to_owned(),
                ..Hit::default()
            })
            .collect();
    }
    Ok(html(find::page(&frame, &view)))
}

/// The question of the address. What cannot be meant narrows nothing.
fn narrowed(asked: &Asked, text: &str, offset: usize) -> SearchQuery {
    let (from, until) = asked.one("month").and_then(|month| bounds(&month)).unzip();
    SearchQuery {
        text: text.to_owned(),
        types: asked.values("type"),
        projects: asked.values("project").iter().filter_map(|id| id.parse().ok()).collect(),
        statuses: asked.values("status"),
        tags: asked.values("tag"),
        owners: asked.values("owner").iter().filter_map(|id| id.parse().ok()).collect(),
        from,
        until,
        limit: PAGE,
        offset,
        with_facets: true,
        ..SearchQuery::default()
    }
}

/// The first moment of a month written `2026-01`, and of the next.
fn bounds(month: &str) -> Option<(Timestamp, Timestamp)> {
    let first: Date = format!("{month}-01").parse().ok()?;
    let next = first.checked_add(1.month()).ok()?;
    let moment = |day: Date| Some(day.to_zoned(TimeZone::UTC).ok()?.timestamp());
    Some((moment(first)?, moment(next)?))
}

/// What was found, and the requirements by which pages of features are reached.
async fn look(visitor: &Visitor, mut asked: SearchQuery) -> Result<(SearchResults, HashMap<Uuid, String>), PageError> {
    let ctx = &visitor.ctx;
    let known = kernel::searched_types(ctx.catalogue());
    asked.types.retain(|kind| known.contains(&kind.as_str()));
    let tx = ctx.begin_read().await?;
    let found = kernel::search(ctx, &tx, &asked).await?;
    let features: Vec<Uuid> = found.hits.iter().filter(|hit| hit.kind == "feature").map(|hit| hit.id).collect();
    let requirements = quality::requirements_of_features(ctx, &tx, &features).await?;
    tx.commit().await?;
    Ok((found, requirements))
}

fn facets(asked: &Asked, found: &SearchResults) -> Vec<Facet> {
    FACETS
        .iter()
        .filter_map(|(name, label)| {
            let chosen = asked.values(name);
            let counted = found.facets.get(*name).map_or(&[][..], Vec::as_slice);
            let mut values: Vec<FacetValue> = counted
                .iter()
                .map(|one| {
                    let is_chosen = chosen.contains(&one.value);
                    let more: &[(&str, &str)] = if is_chosen { &[] } else { &[(*name, one.value.as_str())] };
                    FacetValue {
                        label: one.label.clone(),
                        count: one.count,
                        href: asked.address(paths::FIND, &[*name, "after"], more),
                        chosen: is_chosen,
                    }
                })
                .collect();
            // A filter that leaves nothing can still be taken off.
            if values.is_empty() && !chosen.is_empty() {
                values.push(FacetValue {
                    label: "Chosen".to_owned(),
                    count: 0,
                    href: asked.address(paths::FIND, &[*name, "after"], &[]),
                    chosen: true,
                });
            }
            (!values.is_empty()).then(|| Facet { label: (*label).to_owned(), values })
        })
        .collect()
}

fn result(hit: &SearchHit, requirements: &HashMap<Uuid, String>, now: Timestamp) -> Found {
    let glyph = match hit.kind.as_str() {
        "requirement" | "feature" | "task" | "sprint" => Icon::ListChecks,
        "test_case" => Icon::FlaskConical,
        "defect" | "vulnerability" => Icon::Bug,
        "build" | "commit" => Icon::Package,
        "deployment" => Icon::Rocket,
        "team" => Icon::User,
        "project" => Icon::House,
        _ => Icon::Link,
    };
    Found {
        glyph,
        kind: hit.kind.replace('_', " "),
        key: hit.key.clone(),
        title: hit.title_pieces.clone(),
        excerpt: hit.excerpt.clone(),
        project: hit.project.as_ref().filter(|_| hit.kind != "project").map(|project| project.name.clone()),
        status: hit.status.as_deref().map(|status| status.replace('_', " ")),
        changed: Some(When::new(hit.updated_at, now)),
        href: href(hit, requirements),
    }
}

/// The page of a record; its address in the API while it has none.
fn href(hit: &SearchHit, requirements: &HashMap<Uuid, String>) -> String {
    let api = || format!("/v1/{}/{}", hit.collection, hit.id);
    let Some(project) = &hit.project else { return api() };
    match (hit.kind.as_str(), hit.key.as_deref()) {
        ("project", _) => paths::project(&project.slug),
        ("requirement", Some(key)) => paths::requirement(&project.slug, key),
        ("test_case", Some(key)) => paths::test_case(&project.slug, key),
        ("defect", Some(key)) => paths::defect(&project.slug, key),
        // The registry calls a build by its number: `Build 12 (v1.4)`.
        ("build", _) => hit
            .title
            .split_whitespace()
            .nth(1)
            .and_then(|number| number.parse().ok())
            .map_or_else(api, |number| paths::build(&project.slug, number)),
        // A feature is shown on the page of its requirement.
        ("feature", _) => requirements.get(&hit.id).map_or_else(api, |key| paths::requirement(&project.slug, key)),
        _ => api(),
    }
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
    let asked = SearchQuery {
        text: text.to_owned(),
        here: here.as_ref().map(|project| project.id),
        limit: most,
        ..SearchQuery::default()
    };
    let (found, requirements) = look(visitor, asked).await?;
    let records = found.hits.iter().map(|hit| record(hit, &requirements));
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
fn record(hit: &SearchHit, requirements: &HashMap<Uuid, String>) -> Hit {
    let kind = hit.key.clone().unwrap_or_else(|| hit.kind.replace('_', " "));
    let project = hit.project.as_ref().map(|project| project.name.clone()).unwrap_or_default();
    let status = hit.status.as_deref().map(|status| status.replace('_', " "));
    let hint = match (hit.kind.as_str(), status) {
        ("project", _) | (_, None) => project,
        (_, Some(status)) => format!("{project} · {status}"),
    };
    Hit { label: hit.title.clone(), hint, kind, href: href(hit, requirements) }
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
