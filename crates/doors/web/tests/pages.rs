//! The pages against a database: who may see them, what they show, and what a post leaves behind.

#![allow(clippy::unwrap_used)]

mod site;

use std::sync::Arc;

use axum::{Extension, http::StatusCode};
use shared::{Rate, RateLimits};
use site::{Browser, PASSWORD, Page, World};

/// The pages of this file that exist in an empty project.
const IN_PROJECT: [&str; 4] = ["/p/pay", "/p/pay/requirements", "/p/pay/matrix", "/p/pay/requirements.csv"];
const OUTSIDE: [&str; 6] = ["/", "/quality", "/account", "/account/tokens", "/docs", "/docs/projects"];

async fn with_project() -> (World, Browser) {
    let world = World::new().await;
    let mut browser = world.signed_in("olga@example.test").await;
    let made = browser.post("/projects", &[("name", "Pay")]).await;
    assert_eq!((made.status, made.location()), (StatusCode::SEE_OTHER, "/p/pay"), "{}", made.body);
    (world, browser)
}

/// Requirements in every state, with tests by link, by criterion and by feature, two builds, and something deployed.
async fn seed(world: &World) {
    world
        .sql(
            "do $$
             declare p uuid; r uuid[]; t uuid[]; c uuid[]; f uuid; b uuid[]; e uuid;
             begin
               select id into p from work.projects where slug = 'pay';
               with made as (insert into work.requirements (project_id, title) select p, x from unnest(array[
                 'No test at all', 'A test that fails', 'One criterion of two', 'Both criteria', 'By its feature',
                 '<script>alert(1)</script>', 'Tested, nothing proven']) x returning id, key)
                 select array_agg(id order by length(key), key) into r from made;
               with made as (insert into work.requirement_items (project_id, requirement_id, item_kind, position, body)
                 values (p, r[3], 'acceptance_criterion', 1, 'first'), (p, r[3], 'acceptance_criterion', 2, 'second'),
                        (p, r[4], 'acceptance_criterion', 1, 'alpha'), (p, r[4], 'acceptance_criterion', 2, 'beta')
                 returning id) select array_agg(id order by id) into c from made;
               insert into work.features (project_id, requirement_id, name) values (p, r[5], 'The feature') returning id into f;
               with made as (insert into quality.test_cases (project_id, name, test_type, feature_id)
                 values (p, 'fails', 'unit', null), (p, 'passes', 'unit', null), (p, 'passes too', 'e2e', null),
                        (p, 'of the feature', 'integration', f), (p, 'was skipped', 'unit', null)
                 returning id, key) select array_agg(id order by length(key), key) into t from made;
               insert into work.trace_links (project_id, source_id, target_id, link_type, criterion_id) values
                 (p, t[1], r[2], 'verifies', null), (p, t[2], r[2], 'verifies', null),
                 (p, t[2], r[3], 'verifies', (select id from work.requirement_items where requirement_id = r[3] and position = 1)),
                 (p, t[2], r[4], 'verifies', (select id from work.requirement_items where requirement_id = r[4] and position = 1)),
                 (p, t[3], r[4], 'verifies', (select id from work.requirement_items where requirement_id = r[4] and position = 2)),
                 (p, t[5], r[7], 'verifies', null);
               with made as (insert into delivery.builds (project_id, status, version_tag)
                 values (p, 'success', '1.0'), (p, 'success', '1.1') returning id, build_number)
                 select array_agg(id order by build_number) into b from made;
               insert into quality.test_results (project_id, test_case_id, build_id, status)
                 values (p, t[1], b[1], 'passed'), (p, t[2], b[1], 'passed');
               insert into quality.test_results (project_id, test_case_id, build_id, status, executed_at)
                 values (p, t[1], b[2], 'failed', now() + interval '1 s'), (p, t[2], b[2], 'passed', now() + interval '1 s'),
                        (p, t[3], b[2], 'passed', now()), (p, t[4], b[2], 'passed', now()), (p, t[5], b[2], 'skipped', now());
               select id into e from delivery.environments where tier = 'production' limit 1;
               update delivery.environments set is_protected = false where id = e;
               insert into delivery.deployments (project_id, build_id, environment_id, version, status, deployed_at)
                 values (p, b[1], e, '1.0', 'success', now());
             end $$",
        )
        .await;
}

/// The text of each cell of each row of a page's table.
fn cells(page: &Page) -> Vec<Vec<String>> {
    let body = page.body.split("<tbody").nth(1).unwrap_or_default().split("</tbody>").next().unwrap_or_default();
    body.split("<tr").skip(1).map(|row| row.split("<td").skip(1).map(text).collect()).collect()
}

fn text(html: &str) -> String {
    let mut out = String::new();
    let mut inside = true;
    for c in html.chars() {
        match c {
            '<' => inside = true,
            '>' => inside = false,
            c if !inside => out.push(c),
            _ => {}
        }
    }
    out.split_whitespace().collect::<Vec<_>>().join(" ").trim_start_matches('>').trim().to_owned()
}

fn row<'a>(rows: &'a [Vec<String>], key: &str) -> &'a Vec<String> {
    rows.iter().find(|row| row[0] == key).unwrap_or_else(|| panic!("no row {key} in {rows:?}"))
}

#[tokio::test]
async fn who_is_signed_out_is_sent_to_sign_in_and_back() {
    let (world, _) = with_project().await;
    let mut browser = world.browser();
    for path in ["/p/pay/matrix?state=gap&q=a%20b", "/account"] {
        let page = browser.get(path).await;
        assert_eq!(page.status, StatusCode::SEE_OTHER);
        let form = browser.get(page.location()).await;
        assert_eq!(form.status, StatusCode::OK);
        assert!(form.body.contains(&format!("name=\"return_to\" value=\"{}\"", path.replace('&', "&amp;"))), "{path}");
    }
    browser.get("/sign-in").await;
    let fields = [("email", "olga@example.test"), ("password", PASSWORD), ("return_to", "//elsewhere.example/x")];
    let page = browser.post("/sign-in", &fields).await;
    assert_eq!((page.status, page.location()), (StatusCode::SEE_OTHER, "/"), "never to another site");
    let cookie = page.headers.get_all("set-cookie").iter().map(|one| one.to_str().unwrap()).next().unwrap().to_owned();
    assert!(
        cookie.starts_with("throughline_session=") && cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax")
    );
    assert!(cookie.contains("Path=/") && !cookie.contains("Secure"), "no TLS here: {cookie}");
    assert_eq!(browser.get("/sign-in").await.location(), "/", "who is signed in needs no form");
}

/// Proves REQ-18.2.
#[tokio::test]
async fn unknown_names_wrong_passwords_and_locked_accounts_get_the_same_answer() {
    let world = World::new().await;
    let mut browser = world.browser();
    let mut answers = Vec::new();
    browser.get("/sign-in").await;
    let tries = [("nobody@example.test", "x")].into_iter().chain([("olga@example.test", "wrong"); 5]);
    for (email, password) in tries.chain([("olga@example.test", PASSWORD)]) {
        let page = browser.post("/sign-in", &[("email", email), ("password", password)]).await;
        assert_eq!(page.status, StatusCode::UNAUTHORIZED, "{email} {password}");
        assert!(page.body.contains(&format!("value=\"{email}\"")), "the address is kept");
        assert!(!page.body.contains(PASSWORD));
        answers.push(page.body.split("role=\"alert\"").nth(1).unwrap().split("</p>").next().unwrap().to_owned());
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "the last one has the right password and is locked out: {answers:?}");
    assert!(!browser.cookies.contains_key("throughline_session"));
}

#[tokio::test]
async fn a_post_needs_the_token_of_its_session_and_the_right_origin() {
    let (world, mut browser) = with_project().await;
    let before = world.number("select count(*) from work.projects").await;
    let csrf = browser.csrf.clone();
    for (token, origin) in [
        ("", ("sec-fetch-site", "same-origin")),
        ("0000", ("sec-fetch-site", "same-origin")),
        (csrf.as_str(), ("sec-fetch-site", "cross-site")),
        (csrf.as_str(), ("origin", "https://elsewhere.example")),
    ] {
        let page = browser.post_with("/projects", &[("csrf", token), ("name", "Forged")], &[origin]).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{token} {origin:?}");
    }
    let mut second = world.signed_in("olga@example.test").await;
    assert_ne!(second.csrf, csrf, "each session has its own");
    let page = second.post_with("/projects", &[("csrf", &csrf), ("name", "Forged")], &[]).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    let page = world.browser().post("/sign-in", &[("email", "olga@example.test"), ("password", PASSWORD)]).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN, "the sign-in form has a token too");
    assert_eq!(world.number("select count(*) from work.projects").await, before);
    let same =
        browser.post_with("/projects", &[("csrf", &csrf), ("name", "Mine")], &[("origin", "http://site.test")]).await;
    assert_eq!(same.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn signing_out_ends_the_session_for_good() {
    let (_world, mut browser) = with_project().await;
    let old = browser.cookies.clone();
    let page = browser.post("/sign-out", &[]).await;
    assert_eq!(page.location(), "/sign-in");
    assert!(!browser.cookies.contains_key("throughline_session"));
    browser.cookies = old;
    assert_eq!(browser.get("/account").await.status, StatusCode::SEE_OTHER, "the old cookie is worth nothing");
}

#[tokio::test]
async fn every_page_stands_empty_and_full_with_its_headers() {
    let (world, mut browser) = with_project().await;
    for full in [false, true] {
        if full {
            seed(&world).await;
        }
        let deep =
            ["/p/pay/requirements/REQ-4", "/p/pay/requirements/REQ-6", "/p/pay/matrix?build=1", "/p/pay/matrix.csv"];
        for path in IN_PROJECT.iter().chain(&OUTSIDE).chain(deep.iter().filter(|_| full)) {
            let page = browser.get(path).await;
            assert_eq!(page.status, StatusCode::OK, "{path}: {}", page.body);
            assert_eq!(page.headers["cache-control"], "no-store", "{path}");
            assert!(page.headers["content-security-policy"].to_str().unwrap().contains("default-src 'none'"));
            assert_eq!(page.headers["x-content-type-options"], "nosniff");
            assert_eq!(page.headers["referrer-policy"], "same-origin");
            let is_page = page.headers["content-type"].to_str().unwrap().starts_with("text/html");
            assert!(!is_page || !page.body.contains("<script>alert"), "{path} lets a title become a script");
        }
    }
    let page = browser.get("/p/pay/requirements").await;
    assert!(page.body.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
    for (path, status) in [
        ("/p/none", 404),
        ("/p/pay/requirements/REQ-999", 404),
        ("/p/pay/requirements/%00", 404),
        ("/p/pay/matrix?build=99", 404),
        ("/nowhere", 404),
        ("/docs/none", 404),
        ("/projects", 405),
    ] {
        let page = browser.get(path).await;
        assert_eq!(page.status.as_u16(), status, "{path}");
        assert!(
            page.body.contains("Go home") && page.body.contains("Olga Owner"),
            "{path} has a way on: {}",
            page.body
        );
    }
}

/// Proves REQ-35.1, REQ-35.5.
#[tokio::test]
async fn the_matrix_says_what_is_proven_and_its_csv_says_the_same() {
    let (world, mut browser) = with_project().await;
    seed(&world).await;
    let page = browser.get("/p/pay/matrix").await;
    let rows = cells(&page);
    let keys: Vec<&str> = rows.iter().map(|row| row[0].as_str()).collect();
    assert_eq!(keys, ["REQ-1", "REQ-6", "REQ-7", "REQ-2", "REQ-3", "REQ-4", "REQ-5"], "gaps first");
    for (key, state, criteria, attention) in [
        ("REQ-1", "Gap", "0/0", "no test"),
        ("REQ-2", "Failing", "0/0", "1 test failing"),
        ("REQ-3", "Partial", "1/2", "1 criterion unproven"),
        ("REQ-4", "Proven", "2/2", "–nothing"),
        ("REQ-5", "Proven", "0/0", "–nothing"),
        ("REQ-7", "Gap", "0/0", "no result"),
    ] {
        let row = row(&rows, key);
        assert_eq!((row[2].as_str(), row[3].as_str()), (state, criteria), "{key}");
        assert!(row.last().unwrap().contains(attention), "{key}: {row:?}");
    }
    let heads: Vec<String> = page
        .body
        .split("<thead")
        .nth(1)
        .unwrap()
        .split("</thead>")
        .next()
        .unwrap()
        .split("<th")
        .skip(1)
        .map(text)
        .collect();
    let at =
        |name: &str| heads.iter().position(|head| head == name).unwrap_or_else(|| panic!("no {name} in {heads:?}"));
    assert!(row(&rows, "REQ-2")[at("Unit")].contains("1/2"), "{:?}", row(&rows, "REQ-2"));
    assert!(row(&rows, "REQ-4")[at("End to end")].contains("1/1"));
    assert!(row(&rows, "REQ-5")[at("Integration")].contains("1/1"));
    let production = heads.iter().position(|head| head.eq_ignore_ascii_case("production")).unwrap();
    assert_eq!(row(&rows, "REQ-2")[production], "1.0", "build 1 has results of its tests");
    assert!(row(&rows, "REQ-5")[production].starts_with('–'), "build 1 has none of its tests");

    // Build 1 knew nothing of the failure, nor of the later tests.
    let then = cells(&browser.get("/p/pay/matrix?build=1&sort=key").await);
    let states: Vec<&str> = then.iter().map(|row| row[2].as_str()).collect();
    assert_eq!(states, ["Gap", "Proven", "Partial", "Partial", "Gap", "Gap", "Gap"]);

    for query in ["", "?state=gap", "?q=criteri", "?build=1&sort=key", "?owner=me"] {
        let rows = cells(&browser.get(&format!("/p/pay/matrix{query}")).await);
        let csv = browser.get(&format!("/p/pay/matrix.csv{query}")).await;
        assert!(csv.headers["content-type"].to_str().unwrap().starts_with("text/csv"));
        let lines: Vec<Vec<&str>> = csv.body.lines().skip(1).map(|line| line.split(',').collect()).collect();
        let shown: Vec<_> = rows.iter().map(|row| (row[0].clone(), row[2].clone(), row[3].clone())).collect();
        let exported: Vec<_> = lines
            .iter()
            .map(|line| {
                // One title has a comma and is quoted.
                let from = line.len() - (csv.body.lines().next().unwrap().split(',').count() - 2);
                (line[0].to_owned(), line[from].to_owned(), format!("{}/{}", line[from + 1], line[from + 2]))
            })
            .collect();
        assert_eq!(shown, exported, "{query}");
    }
}

#[tokio::test]
async fn rejected_requirements_are_left_out_until_asked_for() {
    let (world, mut browser) = with_project().await;
    seed(&world).await;
    world.sql("update work.requirements set status = 'rejected' where key = 'REQ-1'").await;
    assert!(!browser.get("/p/pay/matrix").await.body.contains("REQ-1<"));
    let rows = cells(&browser.get("/p/pay/matrix?status=rejected").await);
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0][0], "REQ-1");
}

#[tokio::test]
async fn a_requirement_is_written_edited_moved_and_linked_and_all_of_it_is_on_record() {
    let (world, mut browser) = with_project().await;
    let refused = browser.post("/p/pay/requirements", &[("title", "  ")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.body.contains("id=\"new-title-error\""), "the field says what is wrong");
    let made = browser.post("/p/pay/requirements", &[("title", "Refunds are idempotent")]).await;
    assert_eq!(made.location(), "/p/pay/requirements/REQ-1");
    let page = browser.get("/p/pay/requirements/REQ-1").await;
    assert!(page.body.contains("REQ-1 is there."), "the message is shown");
    assert!(!browser.get("/p/pay/requirements/REQ-1").await.body.contains("REQ-1 is there."), "once");

    let version = |page: &Page| {
        page.body.split("name=\"version\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
    };
    let first = version(&page);
    let edit = |version: &str, criteria: &str| {
        vec![
            ("version".to_owned(), version.to_owned()),
            ("title".to_owned(), "Refunds are idempotent".to_owned()),
            ("description".to_owned(), "Twice is once.".to_owned()),
            ("criteria".to_owned(), criteria.to_owned()),
            ("priority".to_owned(), "high".to_owned()),
            ("owner".to_owned(), String::new()),
            ("target".to_owned(), "2026-12-24".to_owned()),
        ]
    };
    async fn send(browser: &mut Browser, fields: &[(String, String)]) -> Page {
        let fields: Vec<(&str, &str)> = fields.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        browser.post("/p/pay/requirements/REQ-1", &fields).await
    }
    let saved = send(&mut browser, &edit(&first, "one\r\ntwo")).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.body);
    let conflict = send(&mut browser, &edit(&first, "three")).await;
    assert_eq!(conflict.status, StatusCode::CONFLICT, "an old form overwrites nothing");
    assert!(conflict.body.contains("changed this while you were writing"));
    let wrong = [("version", version(&conflict)), ("title", String::new()), ("target", "soon".to_owned())];
    let wrong: Vec<(String, String)> = wrong.into_iter().map(|(a, b)| (a.to_owned(), b)).collect();
    let refused = send(&mut browser, &wrong).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        refused.body.contains("id=\"edit-target-error\"") && refused.body.contains("value=\"soon\""),
        "{}",
        refused.body
    );

    let page = browser.get("/p/pay/requirements/REQ-1").await;
    assert!(page.body.contains("Twice is once.") && page.body.contains("2026-12-24"));
    let moved =
        browser.post("/p/pay/requirements/REQ-1/status", &[("status", "approved"), ("version", &version(&page))]).await;
    assert_eq!(moved.status, StatusCode::SEE_OTHER);
    let page = browser.get("/p/pay/requirements/REQ-1").await;
    assert!(page.body.contains("REQ-1 is now: Approved."));
    browser.post("/p/pay/requirements/REQ-1/status", &[("status", "completed"), ("version", &version(&page))]).await;
    let page = browser.get("/p/pay/requirements/REQ-1").await;
    assert!(page.body.contains("cannot move from approved to completed"), "{}", page.body);

    world.sql("insert into quality.test_cases (project_id, name) select id, 'a test' from work.projects where slug = 'pay'").await;
    let refused = browser.post("/p/pay/requirements/REQ-1/links", &[("test_case", "TC-9")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let options = page.body.split("name=\"criterion\"").nth(1).unwrap();
    let criterion = options.split("<option value=\"").nth(2).unwrap().split('"').next().unwrap();
    assert_eq!(criterion.len(), 36, "{criterion}");
    let linked =
        browser.post("/p/pay/requirements/REQ-1/links", &[("test_case", "tc-1"), ("criterion", criterion)]).await;
    assert_eq!(linked.status, StatusCode::SEE_OTHER, "{}", linked.body);
    assert_eq!(world.number("select count(*) from work.trace_links where criterion_id is not null").await, 1);
    let twice =
        browser.post("/p/pay/requirements/REQ-1/links", &[("test_case", "TC-1"), ("criterion", criterion)]).await;
    assert_eq!(twice.status, StatusCode::UNPROCESSABLE_ENTITY, "the same link twice is refused");

    for (what, times) in
        [("project.created", 1), ("requirement.created", 3), ("requirement.updated", 2), ("trace_link.created", 1)]
    {
        let count = world.number(&format!("select count(*) from audit.audit_logs where event_type = '{what}'")).await;
        assert_eq!(count, times, "{what}");
    }
}

#[tokio::test]
async fn another_organisation_sees_nothing_and_a_viewer_changes_nothing() {
    let (world, mut owner) = with_project().await;
    seed(&world).await;
    let version = owner.get("/p/pay/requirements/REQ-1").await.body;
    let version = version.split("name=\"version\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();

    world.other("elsewhere", "stranger@example.test").await;
    let mut stranger = world.signed_in("stranger@example.test").await;
    assert!(stranger.get("/").await.body.contains("No project yet"));
    for path in IN_PROJECT.iter().chain(&["/p/pay/requirements/REQ-1", "/p/pay/matrix.csv"]) {
        assert_eq!(stranger.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    let page = stranger.post("/p/pay/requirements", &[("title", "x")]).await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);

    world.invite("vera@example.test", "viewer").await;
    let mut viewer = world.signed_in("vera@example.test").await;
    assert!(!viewer.get("/").await.body.contains("New project"));
    assert!(!viewer.get("/p/pay/requirements").await.body.contains("New requirement"));
    let page = viewer.get("/p/pay/requirements/REQ-1").await;
    assert!(
        !page.body.contains("Approve") && !page.body.contains("Link a test case") && !page.body.contains("data-edit")
    );
    for (path, fields) in [
        ("/projects", vec![("name", "x")]),
        ("/p/pay/requirements", vec![("title", "x")]),
        ("/p/pay/requirements/REQ-1", vec![("title", "x"), ("version", version.as_str())]),
        ("/p/pay/requirements/REQ-1/status", vec![("status", "approved"), ("version", version.as_str())]),
        ("/p/pay/requirements/REQ-1/links", vec![("test_case", "TC-1")]),
    ] {
        assert_eq!(viewer.post(path, &fields).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    let signed_out = world.browser().get("/docs").await;
    assert_eq!(signed_out.status, StatusCode::OK, "what the API can do is no secret");
}

#[tokio::test]
async fn the_account_shows_its_sessions_and_changes_its_password() {
    let (world, mut browser) = with_project().await;
    let mut second = world.signed_in("olga@example.test").await;
    let page = browser.get("/account").await;
    assert!(page.body.contains("Revoke all others"));
    let ended = browser.post("/account/sessions/revoke", &[("session", "others")]).await;
    assert_eq!(ended.location(), "/account");
    assert_eq!(second.get("/account").await.status, StatusCode::SEE_OTHER);

    let fields = |current, new, again| [("current", current), ("new", new), ("again", again)];
    let new = "an even quieter harbour at dusk";
    for bad in [fields("wrong", new, new), fields(PASSWORD, "short", "short"), fields(PASSWORD, new, "another")] {
        assert_eq!(browser.post("/account/password", &bad).await.status, StatusCode::UNPROCESSABLE_ENTITY, "{bad:?}");
    }
    let page = browser.post("/account/password", &fields(PASSWORD, new, new)).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.body);
    let mut fresh = world.browser();
    fresh.get("/sign-in").await;
    let page = fresh.post("/sign-in", &[("email", "olga@example.test"), ("password", PASSWORD)]).await;
    assert_eq!(page.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_token_is_shown_once_and_ends_when_revoked() {
    let (world, mut browser) = with_project().await;
    let refused = browser.post("/account/tokens", &[("name", "CI"), ("lifetime", "90")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "without scopes");
    let fields = [("name", "CI"), ("scopes", "import:create"), ("scopes", "*:read"), ("lifetime", "30")];
    let made = browser.post("/account/tokens", &fields).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    let token = made.body.split("data-copy=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let page = browser.get("/account/tokens").await;
    assert!(page.body.contains("CI") && !page.body.contains(&token), "never again");
    let mut thief = world.browser();
    thief.cookies.insert("throughline_session".into(), token);
    assert_eq!(thief.get("/account").await.status, StatusCode::SEE_OTHER, "a token is no session");
    let id = page.body.split("name=\"token\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    assert_eq!(browser.post("/account/tokens/revoke", &[("token", &id)]).await.location(), "/account/tokens");
    assert!(browser.get("/account/tokens").await.body.contains("No token yet"));
}

#[tokio::test]
async fn theme_and_shortcuts_are_remembered() {
    let (_world, mut browser) = with_project().await;
    let page = browser.post("/theme", &[("theme", "dark"), ("return_to", "/account")]).await;
    assert_eq!(page.location(), "/account");
    browser.post("/shortcuts", &[("shortcuts", "off"), ("return_to", "https://elsewhere.example")]).await;
    let page = browser.get("/account").await;
    assert!(page.body.contains("data-theme=\"dark\"") && page.body.contains("data-shortcuts=\"off\""));
}

#[tokio::test]
async fn names_that_collide_get_addresses_of_their_own() {
    let (_world, mut browser) = with_project().await;
    assert_eq!(browser.post("/projects", &[("name", "pay")]).await.location(), "/p/pay-2");
    let refused = browser.post("/projects", &[("name", "")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.body.contains("id=\"project-name-error\""), "{}", refused.body);
}

/// Measurements of two days, one of them with a fault; and work that waits for the owner.
async fn measured(world: &World) {
    world
        .sql(
            "insert into platform.metric_samples (id, metric_name, labels, value, observed_at)
               select platform.uuid_v7(), m, '{\"checked\": 200, \"bad\": 0}', 100, now() - interval '1 day'
                 from unnest(array['dq.completeness', 'dq.accuracy', 'dq.consistency']) m;
             insert into platform.metric_samples (metric_name, labels, value) values
               ('dq.completeness', '{\"checked\": 200, \"bad\": 5}', 97.5),
               ('dq.completeness', '{\"check\": \"fields of <tasks> that are empty\", \"resource\": \"tasks\", \"checked\": 50, \"bad\": 5, \"advice\": \"fill them in\"}', 90),
               ('dq.consistency', '{\"checked\": 200, \"bad\": 0}', 100);
             insert into work.tasks (project_id, title, status, due_date, assignee_user_id)
               select p.id, 'Write the <runbook>', 'todo', current_date - 3, m.user_id
                 from work.projects p, identity.memberships m where p.slug = 'pay';
             insert into quality.defects (project_id, title, severity, status, assigned_to_user_id)
               select p.id, 'Rounded twice', 'low', 'assigned', m.user_id from work.projects p, identity.memberships m where p.slug = 'pay';
             select analytics.refresh_dashboards(interval '0')",
        )
        .await;
}

#[tokio::test]
async fn data_quality_is_shown_to_administrators_with_targets_and_where_to_begin() {
    let (world, mut browser) = with_project().await;
    let page = browser.get("/quality").await;
    assert!(page.body.contains("Nothing has been measured yet") && page.body.contains("throughline quality"));
    measured(&world).await;
    let page = browser.get("/quality").await;
    assert_eq!(page.status, StatusCode::OK);
    let words = text(&page.body);
    for says in [
        "97.50 %",
        "Missed",
        "more than 98 %",
        "exactly 100 %",
        "Met",
        "100.00 % on",
        "fields of &lt;tasks&gt; that are empty",
    ] {
        assert!(words.contains(says), "“{says}” is not said: {words}");
    }
    assert!(page.body.contains("href=\"/v1/tasks?limit=50\"") && page.body.contains("href=\"/quality\""));
    world.invite("vera@example.test", "developer").await;
    let mut other = world.signed_in("vera@example.test").await;
    assert_eq!(other.get("/quality").await.status, StatusCode::FORBIDDEN);
    assert!(!other.get("/").await.body.contains("href=\"/quality\""), "what may not be seen is not offered");
}

/// Proves REQ-77.9.
#[tokio::test]
async fn health_is_shown_over_time_with_what_misses_its_target_and_what_to_do() {
    let (world, mut browser) = with_project().await;
    let page = browser.get("/health").await;
    assert!(page.body.contains("Nothing was measured in this time") && page.body.contains("throughline doctor"));
    world
        .sql(
            "insert into platform.metric_samples (id, metric_name, labels, value, observed_at)
               select (left(platform.uuid_v7_floor(m)::text, 24) || substr(md5(random()::text), 1, 12))::uuid, name, labels, value + 20 * n, m
                 from (select n, now() - n * interval '5 minutes' as m from generate_series(0, 40) n where n not between 10 and 25) t
                cross join (values ('http.latency_p95', '{\"of\": \"<one>:7400\"}'::jsonb, 1960), ('db.size', '{}', 1e9), ('dq.accuracy', '{}', 7))
                      as k (name, labels, value);
             insert into platform.metric_alerts (metric_name, subject, severity, target_operator, target_value, opening_value, latest_value)
               values ('http.latency_p95', '<one>:7400', 'warning', '<', 1000, 2000, 1960)",
        )
        .await;
    let page = browser.get("/health").await;
    assert_eq!(page.status, StatusCode::OK);
    let words = text(&page.body);
    for says in [
        "Warning",
        "Time to answer, 95 of 100 of &lt;one&gt;:7400",
        "less than 1.0 s",
        "Missed",
        "platform.v_slow_queries",
        "Time to answer, 95 of 100: from 1.9 s to 2.7 s, 1.9 s at the end",
        "Size of the database: from 1.0 GB to 1.0 GB",
    ] {
        assert!(words.contains(says), "“{says}” is not said: {words}");
    }
    assert!(!words.contains("dq.accuracy"), "the quality of the data has a page of its own");
    assert_eq!(page.body.matches("class=\"trace\"").count(), 4, "two lines, each broken once");
    assert!(browser.get("/health?span=month").await.body.contains("aria-current=\"page\""));
    assert!(browser.get("/").await.body.contains("href=\"/health\""));
}

#[tokio::test]
async fn home_begins_with_what_waits_and_says_how_old_its_figures_are() {
    let (world, mut browser) = with_project().await;
    assert!(!browser.get("/").await.body.contains("id=\"my-work\""), "nothing waits and nothing was counted");
    measured(&world).await;
    seed(&world).await;
    let page = browser.get("/").await;
    let words = text(&page.body);
    for says in [
        "My work",
        "tasks overdue",
        "defects to resolve",
        "Figures as of just now",
        "Write the &lt;runbook&gt;",
        "was due",
        "Rounded twice",
    ] {
        assert!(words.contains(says), "“{says}” is not said: {words}");
    }
    assert!(page.body.contains("href=\"/p/pay/defects/DEF-1\""));
    world.sql("select analytics.refresh_dashboards(interval '0')").await;
    let overview = browser.get("/p/pay").await;
    for says in ["In figures", "As of just now", "1 to do, 1 overdue"] {
        assert!(text(&overview.body).contains(says), "“{says}” is not said");
    }
}

#[tokio::test]
async fn an_address_that_keeps_failing_to_sign_in_waits() {
    let mut world = World::new().await;
    let limits = RateLimits::new(Rate::OFF, "1/m:12".parse().unwrap(), "1/h:3".parse().unwrap());
    world.router = world.router.clone().layer(Extension(Arc::new(limits)));
    let from = |last: u8| {
        let mut browser = world.browser();
        browser.peer = Some([192, 0, 2, last].into());
        browser
    };
    let right = [("email", "olga@example.test"), ("password", PASSWORD)];
    let mut guesser = from(7);
    guesser.get("/sign-in").await;
    // Each guess is at another account, so that no lock of an account is in the way.
    for name in ["a@example.test", "b@example.test", "olga@example.test"] {
        let refused = guesser.post("/sign-in", &[("email", name), ("password", "a guess of many")]).await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    }
    let told = guesser.post("/sign-in", &right).await;
    assert_eq!(told.status, StatusCode::TOO_MANY_REQUESTS, "not even with the right one: {}", told.body);
    assert!(
        told.headers.contains_key("retry-after") && told.body.contains("Too many attempts to sign in failed here.")
    );
    assert!(told.body.contains("value=\"olga@example.test\""), "the form is there for later");

    // Who gets it right is not counted, however often.
    for _ in 0..5 {
        let mut owner = from(8);
        owner.peer = Some([198, 51, 100, 8].into());
        owner.get("/sign-in").await;
        assert_eq!(owner.post("/sign-in", &right).await.status, StatusCode::SEE_OTHER);
    }

    // And whatever is asked for, an address may ask for so much.
    let mut anybody = from(8);
    for _ in 0..12 {
        assert_eq!(anybody.get("/sign-in").await.status, StatusCode::OK);
    }
    let told = anybody.get("/sign-in").await;
    assert_eq!(told.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(told.headers.contains_key("retry-after") && told.body.contains("<h1"), "a page for people: {}", told.body);
    assert_eq!(from(9).get("/sign-in").await.status, StatusCode::OK);
}
