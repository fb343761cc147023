//! What browsers may be made to do: every page and every answer says what it must not do, and no form is taken that this
//! site did not show. The routes are read from the sources, so that one that is added is tried without being named here.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use axum::{
    body::{Body, to_bytes},
    http::{HeaderMap, Request},
};

use testkit::{Person, World};
use tower::ServiceExt as _;

use crate::world;

/// For every parameter of an address.
const SOMETHING: &str = "0199c0de-0000-7000-8000-000000000000";

struct Site {
    world: World,
    router: axum::Router,
}

struct Page {
    status: u16,
    headers: HeaderMap,
    body: String,
}

impl Site {
    async fn new() -> Self {
        let world = world().await;
        let document = Arc::new(rest::document(&world.kernel.catalogue));
        let pages = web::router(Arc::new(web::Site {
            kernel: world.kernel.clone(),
            authenticator: world.authenticator.clone(),
            spool: std::env::temp_dir(),
            file_bytes: 1 << 20,
            after_upload: Box::new(|_, _| {}),
            openapi: Box::new(move || document.clone()),
        }));
        let router = world.router.clone().merge(pages);
        Self { world, router }
    }

    async fn send(&self, method: &str, path: &str, by: Option<&Person>, headers: &[(&str, &str)], body: &str) -> Page {
        let mut request = Request::builder().method(method).uri(path).header("host", "site.test");
        if let Some(person) = by {
            request = request.header("cookie", format!("{}={}", web::SESSION_COOKIE, person.token));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self.router.clone().oneshot(request.body(Body::from(body.to_owned())).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, 64 << 20).await.unwrap();
        let body = String::from_utf8_lossy(&body).into_owned();
        Page { status: parts.status.as_u16(), headers: parts.headers, body }
    }

    /// What the trail says was changed.
    async fn trail(&self) -> Vec<String> {
        let sql = "select event_type || ' ' || coalesce(resource_type, '') || ' ' || coalesce(api_endpoint, '') from audit.audit_logs
                    where event_category = 'data_change' order by id";
        let rows = self.world.superuser().await.unwrap().query(sql, &[]).await.unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }
}

impl Page {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    fn parts(&self, before: &str) -> impl Iterator<Item = &str> {
        self.body.split(before).skip(1).filter_map(|rest| rest.split('"').next())
    }
}

/// The routes of the pages that take a POST, as the sources mount them.
fn posting_routes() -> BTreeSet<String> {
    fn files(directory: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { files(&path, found) } else { found.push(path) }
        }
    }
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("../doors/web/src");
    let names: BTreeMap<String, String> = fs::read_to_string(sources.join("paths.rs"))
        .unwrap()
        .lines()
        .filter_map(|line| line.strip_prefix("pub const ")?.split_once(": &str = \""))
        .map(|(name, rest)| (format!("paths::{name}"), rest.trim_end_matches("\";").to_owned()))
        .collect();
    let mut found = Vec::new();
    files(&sources.join("routes"), &mut found);
    let mut routes = BTreeSet::new();
    for file in found {
        let text = fs::read_to_string(file).unwrap();
        for mounted in text.split(".route(").skip(1) {
            let (place, rest) = mounted.split_once(',').unwrap();
            // What is mounted ends where the next route or the function does.
            let handlers = rest.split(".route(").next().unwrap().split("\n}").next().unwrap();
            if !handlers.contains("post(") {
                continue;
            }
            let place = place.trim();
            let path = names.get(place).cloned().unwrap_or_else(|| place.trim_matches('"').to_owned());
            assert!(path.starts_with('/'), "a route that this test cannot read: {place}");
            routes.insert(path);
        }
    }
    routes
}

/// An address of a route.
fn address(route: &str) -> String {
    let part = |part: &str| if part.starts_with('{') { SOMETHING.to_owned() } else { part.to_owned() };
    route.split('/').map(part).collect::<Vec<_>>().join("/")
}

/// Whether an address is one of a route.
fn fits(route: &str, address: &str) -> bool {
    let (route, address): (Vec<_>, Vec<_>) = (route.split('/').collect(), address.split('/').collect());
    route.len() == address.len()
        && route.iter().zip(address).all(|(part, other)| part.starts_with('{') || *part == other)
}

fn is_secure(answer: &Page, policy: &str, of: &str) {
    assert_eq!(answer.header("content-security-policy"), policy, "{of}");
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        assert_eq!(answer.header(name), value, "{name} of {of}");
    }
    assert!(answer.header("permissions-policy").contains("camera=()"), "{of}");
    assert!(!answer.headers.contains_key("access-control-allow-origin"), "{of}");
}

/// What the policy forbids would only be seen in the browser, as something that does not work.
fn keeps_its_policy(page: &Page, of: &str) {
    let body = page.body.to_ascii_lowercase();
    for inline in
        [" style=\"", "<style", "javascript:", " onclick=", " onload=", " onerror=", " onsubmit=", "<iframe", "<base"]
    {
        assert!(!body.contains(inline), "{of} has {inline}");
    }
    for script in body.split("<script").skip(1) {
        assert!(
            script.trim_start().starts_with("src=\"/assets/") || script.contains("src=\"/assets/"),
            "{of}: {script:.80}"
        );
    }
    for place in page.parts(" src=\"") {
        assert!(place.starts_with("/assets/"), "{of} loads {place}");
    }
    for form in page.body.split("<form method=\"post\"").skip(1) {
        let form = form.split("</form>").next().unwrap();
        assert!(form.contains("name=\"csrf\" value=\""), "{of} has a form without a token");
    }
}

#[tokio::test]
async fn every_answer_says_what_it_must_not_do() {
    let site = Site::new().await;
    let owner = &site.world.home.owner;
    for resource in
        ["requirements", "test-cases", "builds", "defects", "deployments", "imports", "api-tokens", "user-roles"]
    {
        let _ = site.world.example(&site.world.home, resource, 0).await;
    }
    // Every page that links lead to, what is not there, and what goes wrong.
    let mut next = VecDeque::from(["/", "/design", "/sign-in", "/nothing/here", "/assets/nothing"].map(str::to_owned));
    let (mut seen, mut shown) = (BTreeSet::new(), BTreeSet::new());
    while let Some(path) = next.pop_front() {
        if !seen.insert(path.clone()) {
            continue;
        }
        let page = site.send("GET", &path, Some(owner), &[], "").await;
        if path.starts_with("/v1") || path.starts_with("/openapi") || path.starts_with("/healthz") {
            is_secure(&page, shared::NOTHING_RUNS, &path);
            continue;
        }
        is_secure(&page, web::layout::CONTENT_SECURITY_POLICY, &path);
        if page.header("content-type").starts_with("text/html") {
            keeps_its_policy(&page, &path);
            shown.extend(page.parts("<form method=\"post\" action=\"").map(str::to_owned));
            let local = page.parts("href=\"").map(|link| link.split(['?', '#']).next().unwrap_or_default());
            // One page of the reference is like the next.
            let one = |link: &&str| !link.starts_with("/docs/") || *link == "/docs/projects";
            next.extend(local.filter(|link| link.starts_with('/')).filter(one).map(str::to_owned));
        }
        let nobody = site.send("GET", &path, None, &[], "").await;
        is_secure(&nobody, web::layout::CONTENT_SECURITY_POLICY, &format!("{path} for nobody"));
    }
    assert!(seen.len() > 40, "only {} pages were found", seen.len());
    let routes = posting_routes();
    for form in &shown {
        assert!(routes.iter().any(|route| fits(route, form)), "a form leads to {form}, which no route takes");
    }
    assert!(shown.len() > 10, "only {shown:?} were found");

    // Every operation of the API, of nobody and of somebody.
    let document = rest::document(&site.world.kernel.catalogue);
    for (route, operations) in document["paths"].as_object().unwrap() {
        let path = address(route);
        for method in operations.as_object().unwrap().keys().filter(|key| *key != "parameters") {
            let method = method.to_ascii_uppercase();
            let answer = site.send(&method, &path, None, &[], "").await;
            is_secure(&answer, shared::NOTHING_RUNS, &format!("{method} {path}"));
        }
        let bearer = format!("Bearer {}", site.world.home.viewer.token);
        let answer = site.send("GET", &path, None, &[("authorization", &bearer)], "").await;
        is_secure(&answer, shared::NOTHING_RUNS, &path);
    }
}

#[tokio::test]
async fn no_form_is_taken_from_elsewhere_or_without_its_token() {
    let site = Site::new().await;
    let owner = &site.world.home.owner;
    let token = |page: &Page| page.parts("name=\"csrf\" value=\"").next().unwrap_or_default().to_owned();
    let own = token(&site.send("GET", "/account", Some(owner), &[], "").await);
    let others = token(&site.send("GET", "/account", Some(&site.world.home.viewer), &[], "").await);
    assert!(own.len() == 64 && own != others);
    site.world.example(&site.world.home, "projects", 0).await.unwrap();
    let projects = site.send("GET", "/v1/projects?fields=slug", Some(owner), &[], "").await;
    let projects: serde_json::Value = serde_json::from_str(&projects.body).unwrap();
    // A form with files asks for its project before it reads what may be long.
    let there = format!("/p/{}/", projects["data"][0]["slug"].as_str().unwrap());
    let before = site.trail().await;
    let routes = posting_routes();
    assert!(routes.len() > 30, "only {} routes were found", routes.len());
    for route in &routes {
        let path = address(route).replacen(&format!("/p/{SOMETHING}/"), &there, 1);
        let files = route.ends_with("/import");
        let body = |token: &str| match files {
            true => format!("--b\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\n{token}\r\n--b--\r\n"),
            false => format!("csrf={token}&title=t&name=t&email=e&password=p"),
        };
        let kind = (
            "content-type",
            if files { "multipart/form-data; boundary=b" } else { "application/x-www-form-urlencoded" },
        );
        for (what, more, token) in [
            ("without a token", ("sec-fetch-site", "same-origin"), ""),
            ("with another session's token", ("sec-fetch-site", "same-origin"), others.as_str()),
            ("from another site", ("sec-fetch-site", "cross-site"), own.as_str()),
            ("from a sibling", ("sec-fetch-site", "same-site"), own.as_str()),
            ("from another origin", ("origin", "https://evil.example"), own.as_str()),
            ("from nowhere", ("origin", "null"), own.as_str()),
        ] {
            let refused = site.send("POST", &path, Some(owner), &[kind, more], &body(token)).await;
            assert_eq!(refused.status, 403, "{path} {what}: {}", refused.body);
            assert!(!refused.headers.contains_key("set-cookie"), "{path} {what}");
        }
        let nobody = site.send("POST", &path, None, &[kind, ("sec-fetch-site", "same-origin")], &body(&own)).await;
        assert!([303, 403].contains(&nobody.status), "{path} of nobody: {}", nobody.status);
    }
    assert_eq!(site.trail().await, before, "something was changed");
}

#[tokio::test]
async fn a_cookie_alone_changes_nothing_through_the_api() {
    let site = Site::new().await;
    let owner = &site.world.home.owner;
    let before = site.trail().await;
    let document = rest::document(&site.world.kernel.catalogue);
    let mut tried = 0;
    for (route, operations) in document["paths"].as_object().unwrap() {
        let path = address(route);
        for method in operations
            .as_object()
            .unwrap()
            .keys()
            .filter(|key| ["post", "patch", "put", "delete"].contains(&key.as_str()))
        {
            let answer = site
                .send(&method.to_ascii_uppercase(), &path, Some(owner), &[("content-type", "application/json")], "{}")
                .await;
            // What takes no credential but a proof over the body does not know this connection; nobody's session opens it.
            let expected = if operations[method]["security"] == serde_json::json!([]) { 404 } else { 401 };
            assert_eq!(answer.status, expected, "{method} {path}: {}", answer.body);
            tried += 1;
        }
    }
    assert!(tried > 100, "only {tried} operations were found");
    assert_eq!(site.trail().await, before);
    // Nor does a browser send what it would have to ask about first.
    let asked = [("origin", "https://evil.example"), ("access-control-request-method", "POST")];
    let answer = site.send("OPTIONS", "/v1/projects", Some(owner), &asked, "").await;
    assert!(!answer.headers.contains_key("access-control-allow-origin"));
}
