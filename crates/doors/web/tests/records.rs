//! The pages of tests, builds, defects, deployments and imports against a database: what they show, what a post leaves
//! behind, and who is refused.

#![allow(clippy::unwrap_used)]

mod site;

use axum::http::StatusCode;
use site::{Browser, Page, World};

const LISTS: [&str; 10] = [
    "/p/pay/tests",
    "/p/pay/tests.csv",
    "/p/pay/tests?sort=ran",
    "/p/pay/builds",
    "/p/pay/builds.csv",
    "/p/pay/defects",
    "/p/pay/defects.csv",
    "/p/pay/deployments",
    "/p/pay/deployments.csv",
    "/p/pay/import",
];
const RECORDS: [&str; 7] = [
    "/p/pay/tests/TC-1",
    "/p/pay/tests?build=3",
    "/p/pay/tests.csv?build=3",
    "/p/pay/builds/1",
    "/p/pay/builds/3",
    "/p/pay/builds/4",
    "/p/pay/defects/DEF-1",
];

async fn with_project() -> (World, Browser) {
    let world = World::new().await;
    let mut browser = world.signed_in("olga@example.test").await;
    let made = browser.post("/projects", &[("name", "Pay")]).await;
    assert_eq!((made.status, made.location()), (StatusCode::SEE_OTHER, "/p/pay"), "{}", made.body);
    (world, browser)
}

/// Three builds on main and one on a branch. TC-1 breaks in build 3, TC-2 is repaired in build 3, TC-3 is left out of
/// build 2 and breaks in build 3, TC-4 always fails, TC-5 runs only in build 3 and fails, TC-6 fails on the branch only.
async fn seed(world: &World) {
    world
        .sql(
            "do $$
             declare p uuid; t uuid[]; b uuid[]; e uuid; q uuid; r uuid;
             begin
               select id into p from work.projects where slug = 'pay';
               insert into work.requirements (project_id, title) values (p, 'Refunds are idempotent') returning id into q;
               insert into work.requirement_items (project_id, requirement_id, item_kind, position, body)
                 values (p, q, 'acceptance_criterion', 1, 'Once is once');
               with made as (insert into quality.test_cases (project_id, name, test_type)
                 select p, x, 'unit' from unnest(array['breaks', 'repaired', 'breaks after a pause', 'always fails',
                 'new and failing', 'fails on the branch']) x returning id, key)
                 select array_agg(id order by length(key), key) into t from made;
               with made as (insert into delivery.builds (project_id, build_number, status, version_tag, git_branch, git_commit_hash)
                 values (p, 1, 'success', '1.0', 'main', repeat('a', 40)), (p, 2, 'success', '1.1', 'main', repeat('b', 40)),
                        (p, 3, 'success', '1.2', 'main', repeat('c', 40)), (p, 4, 'success', null, 'feature/x', repeat('d', 40))
                 returning id, build_number) select array_agg(id order by build_number) into b from made;
               insert into quality.test_results (project_id, test_case_id, build_id, status, duration_ms, error_message) values
                 (p, t[1], b[1], 'passed', 10, null), (p, t[2], b[1], 'passed', 20, null), (p, t[3], b[1], 'passed', 30, null),
                 (p, t[4], b[1], 'failed', 40, 'no'), (p, t[6], b[1], 'passed', 5, null);
               insert into quality.test_results (project_id, test_case_id, build_id, status, duration_ms, error_message) values
                 (p, t[1], b[2], 'passed', 11, null), (p, t[2], b[2], 'error', 21, 'boom'), (p, t[3], b[2], 'skipped', null, null),
                 (p, t[4], b[2], 'failed', 41, 'no');
               insert into quality.test_results (project_id, test_case_id, build_id, status, duration_ms, error_message) values
                 (p, t[1], b[3], 'failed', 12000, E'expected 1, got <2>\\n at line 7'), (p, t[2], b[3], 'passed', 22, null),
                 (p, t[3], b[3], 'error', 32, 'timeout'), (p, t[4], b[3], 'failed', 42, 'no'), (p, t[5], b[3], 'failed', 52, 'new');
               insert into quality.test_results (project_id, test_case_id, build_id, status, duration_ms) values
                 (p, t[6], b[4], 'failed', 6), (p, t[1], b[4], 'passed', 6);
               insert into quality.coverage_reports (project_id, build_id, component, lines_total, lines_covered)
                 values (p, b[3], 'ledger', 200, 150), (p, b[3], 'cards', 100, 30);
               insert into work.trace_links (project_id, source_id, target_id, link_type) values (p, t[1], q, 'verifies');
               select id into r from quality.test_results where test_case_id = t[1] and build_id = b[3];
               insert into quality.defects (project_id, title, test_result_id, severity) values (p, 'Twice refunded', r, 'high');
               select id into e from delivery.environments where tier = 'production' limit 1;
               update delivery.environments set is_protected = false where id = e;
               insert into delivery.deployments (project_id, build_id, environment_id, version, status, deployed_at, deployed_by)
                 values (p, b[1], e, '1.0', 'success', now(), platform.current_user_id());
               insert into delivery.build_artifacts (project_id, build_id, artifact_kind, path, size_bytes)
                 values (p, b[3], 'package', 'pay-1.2.tar.gz', 1000);
             end $$",
        )
        .await;
}

/// The part of a page under the heading with this id, up to the next section.
fn part<'a>(page: &'a Page, id: &str) -> &'a str {
    let start = page.body.find(&format!("<h2 id=\"{id}\"")).unwrap_or_else(|| panic!("no part {id}: {}", page.body));
    page.body[start..].split("</section>").next().unwrap()
}

fn has(text: &str, wanted: &[&str], unwanted: &[&str]) {
    // The frame around a page says nothing about the page.
    let text = text.split_once("<main").map_or(text, |(_, rest)| rest.split("</main>").next().unwrap_or(rest));
    for word in wanted {
        assert!(text.contains(word), "{word} is missing in {text}");
    }
    for word in unwanted {
        assert!(!text.contains(word), "{word} should not be in {text}");
    }
}

#[tokio::test]
async fn every_page_is_there_when_empty_and_when_full() {
    let (world, mut browser) = with_project().await;
    for path in LISTS {
        assert_eq!(browser.get(path).await.status, StatusCode::OK, "{path} when empty");
    }
    seed(&world).await;
    for path in LISTS.iter().chain(&RECORDS) {
        let page = browser.get(path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
    }
    for path in
        ["/p/pay/tests/TC-99", "/p/pay/builds/99", "/p/pay/builds/x", "/p/pay/defects/DEF-9", "/p/pay/imports/x"]
    {
        assert_eq!(browser.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    let escaped = browser.get("/p/pay/tests/TC-1").await;
    has(&escaped.body, &["expected 1, got &lt;2&gt;", "Refunds are idempotent", "DEF-1", "12.0 s"], &["<2>"]);
}

/// Proves REQ-37.1.
#[tokio::test]
async fn newly_failing_and_fixed_are_against_the_last_build_of_the_branch_that_ran_the_test() {
    let (world, mut browser) = with_project().await;
    seed(&world).await;
    let third = browser.get("/p/pay/builds/3").await;
    has(part(&third, "failing"), &["TC-1", "TC-3", "since #2", "since #1"], &["TC-2", "TC-4", "TC-5", "TC-6"]);
    has(part(&third, "fixed"), &["TC-2"], &["TC-1", "TC-3", "TC-4"]);
    let second = browser.get("/p/pay/builds/2").await;
    has(part(&second, "failing"), &["TC-2"], &["TC-1", "TC-3", "TC-4"]);
    has(part(&second, "fixed"), &["passes now."], &["TC-"]);
    // On the branch nothing ran before: what fails there is not new against main.
    let branch = browser.get("/p/pay/builds/4").await;
    has(part(&branch, "failing"), &["fails now."], &["TC-"]);
    has(part(&third, "slowest"), &["TC-1", "12.0 s"], &[]);
    has(part(&third, "coverage"), &["ledger", "75.0 %", "cards", "30.0 %"], &[]);
    has(&third.body, &["pay-1.2.tar.gz", "180 of 300 lines"], &[]);
    has(
        part(&third, "gate"),
        &["A rule in force is not met.", "failing tests", "4 failing tests, 0 allowed", "TC-1", "Would pass"],
        &[],
    );
    let list = browser.get("/p/pay/builds?branch=feature%2Fx").await;
    has(&list.body, &["ddddddd"], &["ccccccc"]);
}

#[tokio::test]
async fn filters_narrow_the_lists_and_the_files() {
    let (world, mut browser) = with_project().await;
    seed(&world).await;
    let rows = async |browser: &mut Browser, path: &str| {
        let file = browser.get(path).await;
        assert_eq!(file.status, StatusCode::OK, "{path}");
        file.body.lines().skip(1).map(|line| line.split(',').next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(rows(&mut browser, "/p/pay/tests.csv").await.len(), 6);
    assert_eq!(rows(&mut browser, "/p/pay/tests.csv?linked=yes").await, ["TC-1"]);
    assert_eq!(rows(&mut browser, "/p/pay/tests.csv?q=pause").await, ["TC-3"]);
    assert_eq!(rows(&mut browser, "/p/pay/tests.csv?q=tc-4").await, ["TC-4"]);
    assert_eq!(rows(&mut browser, "/p/pay/tests.csv?level=e2e").await.len(), 0);
    assert_eq!(rows(&mut browser, "/p/pay/tests.csv?outcome=never").await.len(), 0);
    assert_eq!(rows(&mut browser, "/p/pay/tests.csv?build=2&outcome=error&outcome=failed").await, ["TC-2", "TC-4"]);
    assert_eq!(rows(&mut browser, "/p/pay/tests.csv?build=2&outcome=skipped").await, ["TC-3"]);
    assert_eq!(rows(&mut browser, "/p/pay/tests.csv?sort=ran").await.len(), 6);
    assert_eq!(rows(&mut browser, "/p/pay/builds.csv").await, ["4", "3", "2", "1"]);
    assert_eq!(rows(&mut browser, "/p/pay/builds.csv?q=1.1").await, ["2"]);
    assert_eq!(rows(&mut browser, "/p/pay/defects.csv?severity=high").await, ["DEF-1"]);
    assert_eq!(rows(&mut browser, "/p/pay/defects.csv?status=closed").await.len(), 0);
    assert_eq!(rows(&mut browser, "/p/pay/deployments.csv?environment=production").await.len(), 1);
}

#[tokio::test]
async fn a_list_goes_on_where_the_page_ends() {
    let (world, mut browser) = with_project().await;
    world
        .sql(
            "insert into quality.test_cases (project_id, name) select p.id, 'case ' || n from work.projects p, generate_series(1, 120) n;
             insert into delivery.builds (project_id, status) select p.id, 'success' from work.projects p, generate_series(1, 120) n;
             insert into quality.defects (project_id, title) select p.id, 'defect ' || n from work.projects p, generate_series(1, 120) n",
        )
        .await;
    for (path, key) in [
        ("/p/pay/tests", "/p/pay/tests/TC-"),
        ("/p/pay/tests?sort=ran", "/p/pay/tests/TC-"),
        ("/p/pay/builds", "/p/pay/builds/"),
        ("/p/pay/defects", "/p/pay/defects/DEF-"),
    ] {
        let (mut seen, mut next, mut pages) = (std::collections::BTreeSet::new(), Some(path.to_owned()), 0);
        while let Some(path) = next {
            let page = browser.get(&path).await;
            for (at, _) in page.body.match_indices(&format!("data-row href=\"{key}")) {
                seen.insert(page.body[at..].split('"').nth(1).unwrap().to_owned());
            }
            pages += 1;
            next = page
                .body
                .split("rel=\"next\" href=\"")
                .nth(1)
                .map(|rest| rest.split('"').next().unwrap().replace("&amp;", "&"));
        }
        assert_eq!((seen.len(), pages), (120, 3), "{path}");
    }
}

#[tokio::test]
async fn a_test_is_linked_and_unlinked_by_hand_with_one_trace_each() {
    let (world, mut browser) = with_project().await;
    seed(&world).await;
    let audits = "select count(*) from audit.audit_logs where event_category not in ('access', 'export')";
    let before = world.number(audits).await;
    browser.get("/p/pay/tests/TC-2").await;
    let linked = browser.post("/p/pay/tests/TC-2/links", &[("requirement", "req-1"), ("criterion", "1")]).await;
    assert_eq!((linked.status, linked.location()), (StatusCode::SEE_OTHER, "/p/pay/tests/TC-2"), "{}", linked.body);
    let page = browser.get("/p/pay/tests/TC-2").await;
    has(part(&page, "proves"), &["REQ-1", "Once is once", "linked by hand"], &[]);
    assert_eq!(world.number(audits).await, before + 1);

    let unknown = browser.post("/p/pay/tests/TC-2/links", &[("requirement", "REQ-77"), ("criterion", "")]).await;
    assert_eq!(unknown.status, StatusCode::UNPROCESSABLE_ENTITY);
    has(&unknown.body, &["REQ-77 is no requirement of this project", "value=\"REQ-77\""], &[]);
    let twice = browser.post("/p/pay/tests/TC-2/links", &[("requirement", "REQ-1"), ("criterion", "1")]).await;
    assert_eq!(twice.status, StatusCode::UNPROCESSABLE_ENTITY);
    let nowhere = browser.post("/p/pay/tests/TC-2/links", &[("requirement", "REQ-1"), ("criterion", "9")]).await;
    assert_eq!(nowhere.status, StatusCode::UNPROCESSABLE_ENTITY);

    let link =
        part(&page, "proves").split("name=\"link\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let foreign = browser.post("/p/pay/tests/TC-1/unlink", &[("link", &link)]).await;
    assert_eq!(foreign.status, StatusCode::NOT_FOUND, "a link of another test is not taken away here");
    let gone = browser.post("/p/pay/tests/TC-2/unlink", &[("link", &link)]).await;
    assert_eq!(gone.status, StatusCode::SEE_OTHER);
    assert_eq!(world.number(audits).await, before + 2);
    has(part(&browser.get("/p/pay/tests/TC-2").await, "proves"), &["prove nothing yet"], &["REQ-1"]);
}

/// Proves REQ-60.2, REQ-60.3.
#[tokio::test]
async fn a_test_is_remembered_and_set_aside_on_its_page() {
    let (world, mut browser) = with_project().await;
    seed(&world).await;
    has(
        part(&browser.get("/p/pay/tests/TC-1").await, "memory"),
        &["On <code>main</code> since build", ">#3<", "after it passed in", ">#2<", "No two answers"],
        &["Flaky", "Set aside until"],
    );
    has(part(&browser.get("/p/pay/tests/TC-4").await, "memory"), &["since build", ">#1<", "it never passed"], &[]);
    has(part(&browser.get("/p/pay/tests/TC-2").await, "memory"), &["No two answers"], &["since build"]);

    // Another answer about the code of build 3.
    world
        .sql(
            "with t as (select id, project_id from quality.test_cases where key = 'TC-2'),
                  b as (select id from delivery.builds where build_number = 3),
                  r as (insert into quality.test_runs (project_id, build_id) select project_id, b.id from t, b returning id)
             insert into quality.test_results (project_id, test_case_id, build_id, test_run_id, status, attempts)
             select t.project_id, t.id, b.id, r.id, 'passed', 2 from t, b, r",
        )
        .await;
    has(part(&browser.get("/p/pay/tests/TC-2").await, "memory"), &["Flaky", "1 time", "4 results"], &["Steady"]);
    has(&browser.get("/p/pay/tests?reliability=flaky").await.body, &["TC-2", "Flaky"], &["TC-1<", "TC-4<"]);

    let day = |ahead: i64| {
        let at = jiff::Timestamp::now().saturating_add(jiff::SignedDuration::from_hours(24 * ahead)).unwrap();
        at.strftime("%Y-%m-%d").to_string()
    };
    let audits = "select count(*) from audit.audit_logs where event_category not in ('access', 'export')";
    let before = world.number(audits).await;
    for (reason, until, said) in [
        ("", day(7), "must not be empty"),
        ("clock", day(120), "at most 90 days"),
        ("clock", "soon".into(), "id=\"quarantine-expires_at-error\""),
    ] {
        let entered = [("reason", reason), ("expires_at", until.as_str())];
        let refused = browser.post("/p/pay/tests/TC-1/quarantine", &entered).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{reason} {until}: {}", refused.body);
        has(&refused.body, &[said], &[]);
    }
    assert_eq!(world.number(audits).await, before, "what was refused left nothing behind");
    let entered = [("reason", "The clock of the runner"), ("expires_at", &day(7))];
    let made = browser.post("/p/pay/tests/TC-1/quarantine", &entered).await;
    assert_eq!((made.status, made.location()), (StatusCode::SEE_OTHER, "/p/pay/tests/TC-1"), "{}", made.body);
    let page = browser.get("/p/pay/tests/TC-1").await;
    has(part(&page, "memory"), &["Set aside", "The clock of the runner", "Let it count again"], &["Set it aside"]);
    has(&browser.get("/p/pay/tests?reliability=quarantined").await.body, &["TC-1", "Set aside"], &["TC-2<"]);
    has(part(&browser.get("/p/pay/builds/3").await, "failing"), &["Set aside"], &[]);
    assert_eq!(world.number(audits).await, before + 1);

    let quarantine = page.body.split("name=\"quarantine\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let ended = [("quarantine", quarantine), ("reason", "The runner has a clock.")];
    assert_eq!(browser.post("/p/pay/tests/TC-1/quarantine/end", &ended).await.status, StatusCode::SEE_OTHER);
    has(part(&browser.get("/p/pay/tests/TC-1").await, "memory"), &["Set it aside"], &["The clock of the runner"]);
    assert_eq!(world.number(audits).await, before + 2);

    let owner = world.owner.user_id.to_string();
    let named = [("owner_user_id", owner.as_str()), ("version", "1")];
    assert_eq!(browser.post("/p/pay/tests/TC-1/owner", &named).await.status, StatusCode::SEE_OTHER);
    has(&browser.get("/p/pay/tests/TC-1").await.body, &["<dt>Owner</dt><dd>Olga Owner</dd>"], &[]);
}

#[tokio::test]
async fn a_defect_is_recorded_from_a_failing_result_and_lives_its_life() {
    let (world, mut browser) = with_project().await;
    seed(&world).await;
    let test = browser.get("/p/pay/tests/TC-3").await;
    let href = test.body.split("/p/pay/defects?result=").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let form = browser.get(&format!("/p/pay/defects?result={href}")).await;
    has(&form.body, &["breaks after a pause: timeout", "in build #3", "name=\"test_result_id\""], &[]);
    let entered = [
        ("title", "Times out"),
        ("severity", "critical"),
        ("description", "a\r\nb"),
        ("reproduction_steps", ""),
        ("test_result_id", href.as_str()),
    ];
    let made = browser.post("/p/pay/defects", &entered).await;
    assert_eq!((made.status, made.location()), (StatusCode::SEE_OTHER, "/p/pay/defects/DEF-2"), "{}", made.body);
    let page = browser.get("/p/pay/defects/DEF-2").await;
    has(&page.body, &["DEF-2 is recorded.", "Times out", "Critical", "timeout", "TC-3", "1.2", "Olga Owner"], &[]);

    let nameless =
        browser.post("/p/pay/defects", &[("title", " "), ("severity", "low"), ("description", "kept")]).await;
    assert_eq!(nameless.status, StatusCode::UNPROCESSABLE_ENTITY);
    has(&nameless.body, &["is required", "kept"], &[]);

    let moved = browser.post("/p/pay/defects/DEF-2/status", &[("status", "resolved"), ("version", "1")]).await;
    assert_eq!(moved.status, StatusCode::SEE_OTHER, "{}", moved.body);
    let illegal = browser.post("/p/pay/defects/DEF-2/status", &[("status", "assigned"), ("version", "2")]).await;
    assert_eq!(illegal.status, StatusCode::UNPROCESSABLE_ENTITY);
    let stale = [("title", "Overwritten"), ("severity", "low"), ("version", "1")];
    let stale = browser.post("/p/pay/defects/DEF-2", &stale).await;
    assert_eq!(stale.status, StatusCode::UNPROCESSABLE_ENTITY);
    has(&stale.body, &["Nothing was overwritten", "value=\"Overwritten\""], &[]);
    let owner = world.owner.user_id.to_string();
    let edit = [
        ("title", "Times out at night"),
        ("severity", "high"),
        ("assigned_to_user_id", owner.as_str()),
        ("fixed_version", "1.3"),
        ("version", "2"),
    ];
    assert_eq!(browser.post("/p/pay/defects/DEF-2", &edit).await.status, StatusCode::SEE_OTHER);
    let page = browser.get("/p/pay/defects/DEF-2").await;
    has(&page.body, &["Times out at night", "1.3", "Verify"], &["Overwritten"]);
    has(part(&page, "history"), &["Title", "Times out", "open", "resolved"], &[]);
    let audits =
        "select count(*) from audit.audit_logs where resource_type = 'defect' and resource_name like 'Times out%'";
    assert_eq!(world.number(audits).await, 3, "recorded, resolved, edited");
    has(&browser.get("/p/pay/defects?owner=me").await.body, &["DEF-2"], &["DEF-1"]);
}

#[tokio::test]
async fn a_deployment_is_recorded_and_rolled_back_from_the_page() {
    let (world, mut browser) = with_project().await;
    seed(&world).await;
    let page = browser.get("/p/pay/deployments").await;
    has(&page.body, &["2 builds behind", "1.0", "Record a deployment"], &[]);
    let production = page.body.split("<option value=\"").find(|rest| rest.contains(">production<")).unwrap();
    let production = production.split('"').next().unwrap().to_owned();
    let entered = [("environment_id", production.as_str()), ("build", "3"), ("version", ""), ("status", "success")];
    let made = browser.post("/p/pay/deployments", &entered).await;
    assert_eq!(made.status, StatusCode::SEE_OTHER, "{}", made.body);
    let page = browser.get("/p/pay/deployments").await;
    has(&page.body, &["The deployment of 1.2 is recorded.", "Olga Owner"], &["builds behind"]);
    let wrong = browser
        .post("/p/pay/deployments", &[("environment_id", production.as_str()), ("build", "77"), ("status", "success")])
        .await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    has(&wrong.body, &["choose a build of this project"], &[]);

    let id = page.body.split("/p/pay/deployments/").nth(1).unwrap().split('/').next().unwrap().to_owned();
    let back = [("status", "rolled_back"), ("rollback_reason", "error rate"), ("version", "1")];
    let back = browser.post(&format!("/p/pay/deployments/{id}/status"), &back).await;
    assert_eq!(back.status, StatusCode::SEE_OTHER);
    let page = browser.get("/p/pay/deployments").await;
    has(&page.body, &["error rate", "Rolled back", "2 builds behind"], &[]);
    assert_eq!(world.number("select count(*) from audit.audit_logs where resource_type = 'deployment'").await, 2);
    let again =
        browser.post(&format!("/p/pay/deployments/{id}/status"), &[("status", "success"), ("version", "1")]).await;
    assert_eq!(again.status, StatusCode::SEE_OTHER);
    has(&browser.get("/p/pay/deployments").await.body, &["Nothing was overwritten"], &[]);
}

#[tokio::test]
async fn a_baseline_is_taken_compared_and_approved_by_somebody_else_from_the_pages() {
    let (world, mut browser) = with_project().await;
    has(&browser.get("/p/pay/baselines").await.body, &["Nothing is frozen yet", "Take a baseline"], &[]);
    seed(&world).await;
    world.invite("admin@example.test", "admin").await;
    world.invite("vera@example.test", "viewer").await;
    let nameless = browser.post("/p/pay/baselines", &[("name", " "), ("description", "kept")]).await;
    assert_eq!(nameless.status, StatusCode::UNPROCESSABLE_ENTITY);
    has(&nameless.body, &["kept"], &["/comparison"]);
    let entered = [("name", "Release <1>"), ("description", "As signed."), ("requires_approval", "yes")];
    let made = browser.post("/p/pay/baselines", &entered).await;
    assert_eq!((made.status, made.location()), (StatusCode::SEE_OTHER, "/p/pay/baselines"), "{}", made.body);
    let list = browser.get("/p/pay/baselines").await;
    has(
        &list.body,
        &["Release &lt;1&gt;", "Waits for approval", "1 requirement, 1 criterion, 6 tests, 1 link", "Olga Owner"],
        &["<1>"],
    );
    let id = list.body.split("/p/pay/baselines/").nth(1).unwrap().split(['"', '/']).next().unwrap().to_owned();
    let (page, comparison) = (format!("/p/pay/baselines/{id}"), format!("/p/pay/baselines/{id}/comparison"));
    has(
        &browser.get(&page).await.body,
        &["As signed.", "REQ-1", "Refunds are idempotent"],
        &["Is it what was agreed?"],
    );
    has(&browser.get(&format!("{page}?kind=test_case")).await.body, &["TC-6", "fails on the branch"], &[]);
    has(&browser.get(&comparison).await.body, &["Nothing differs"], &[]);

    world.sql("update work.requirements set title = 'Refunds happen once', description = 'Twice is <wrong>'").await;
    let differs = browser.get(&comparison).await;
    let marked =
        ["<del>Refunds are idempotent</del>", "<ins>Refunds happen once</ins>", "<ins>Twice is &lt;wrong&gt;</ins>"];
    has(&differs.body, &marked, &["Nothing differs", "<wrong>"]);
    let record = differs.body.split(&format!("{page}/records/")).nth(1).unwrap().split('"').next().unwrap().to_owned();
    let then = browser.get(&format!("{page}/records/{record}")).await;
    has(&then.body, &["Refunds are idempotent", "SHA-256"], &["happen once"]);
    let second = [("name", "Release 2"), ("description", ""), ("requires_approval", "")];
    assert_eq!(browser.post("/p/pay/baselines", &second).await.status, StatusCode::SEE_OTHER);
    let list = browser.get("/p/pay/baselines").await;
    let later = list.body.split("/p/pay/baselines/").nth(1).unwrap().split(['"', '/']).next().unwrap().to_owned();
    has(&browser.get(&format!("{comparison}?with={later}")).await.body, &marked, &[]);

    let decision = [("decision", "approve"), ("reason", "It was signed.")];
    let own = browser.post(&format!("{page}/decide"), &decision).await;
    assert_eq!(own.status, StatusCode::FORBIDDEN, "nobody approves what they took");
    let mut vera = world.signed_in("vera@example.test").await;
    has(&vera.get(&page).await.body, &["As signed."], &["Is it what was agreed?"]);
    has(&vera.get("/p/pay/baselines").await.body, &["Release 2"], &["Take a baseline"]);
    assert_eq!(vera.post(&format!("{page}/decide"), &decision).await.status, StatusCode::FORBIDDEN);
    let mut admin = world.signed_in("admin@example.test").await;
    has(&admin.get(&page).await.body, &["Is it what was agreed?"], &[]);
    let silent = admin.post(&format!("{page}/decide"), &[("decision", "approve"), ("reason", " ")]).await;
    assert_eq!(silent.status, StatusCode::SEE_OTHER);
    has(&admin.get(&page).await.body, &["must have from 1 to 1000 characters", "Waits for approval"], &[]);
    let approved = admin.post(&format!("{page}/decide"), &decision).await;
    assert_eq!(approved.status, StatusCode::SEE_OTHER, "{}", approved.body);
    has(
        &admin.get(&page).await.body,
        &["You approved the baseline.", "It was signed.", "Approved"],
        &["Is it what was agreed?"],
    );
    let audits =
        "select count(*) from audit.audit_logs where resource_type = 'baseline' and event_category = 'data_change'";
    assert_eq!(world.number(audits).await, 3, "taken, taken, approved");
    for path in ["/p/pay/baselines/x", &format!("{page}/records/REQ-9"), &format!("{comparison}?with=x")] {
        assert_eq!(browser.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

/// Who may import nowhere fills no disk, and no choice leaves nothing there.
#[tokio::test]
async fn nothing_is_spooled_for_who_may_not_import_nor_for_no_file() {
    let (world, mut olga) = with_project().await;
    world.invite("vera@example.test", "viewer").await;
    let kept = || std::fs::read_dir(world.spool.path()).unwrap().count();
    let mut vera = world.signed_in("vera@example.test").await;
    let csrf = vera.csrf.clone();
    let refused = vera.upload("/p/pay/import", &[("csrf", &csrf)], &[("r.xml", "<testsuite/>")]).await;
    assert_eq!((refused.status, kept()), (StatusCode::FORBIDDEN, 0));
    olga.get("/p/pay/import").await;
    let csrf = olga.csrf.clone();
    let nothing = olga.upload("/p/pay/import", &[("csrf", &csrf)], &[("", "")]).await;
    assert_eq!((nothing.status, kept()), (StatusCode::UNPROCESSABLE_ENTITY, 0));
    has(&nothing.body, &["choose at least one file"], &[]);
}

#[tokio::test]
async fn a_deployment_to_a_protected_environment_waits_for_somebody_else() {
    let (world, mut olga) = with_project().await;
    seed(&world).await;
    world.sql("update delivery.environments set is_protected = tier = 'production'").await;
    world.invite("ana@example.test", "admin").await;
    world.invite("dev@example.test", "developer").await;
    let page = olga.get("/p/pay/deployments").await;
    let production = page.body.split("<option value=\"").find(|rest| rest.contains(">production<")).unwrap();
    let production = production.split('"').next().unwrap().to_owned();
    let entered =
        |status| [("environment_id", production.as_str()), ("build", "3"), ("version", "3.0"), ("status", status)];
    let at_once = olga.post("/p/pay/deployments", &entered("success")).await;
    assert_eq!(at_once.status, StatusCode::UNPROCESSABLE_ENTITY);
    has(&at_once.body, &["Deployments to production need an approval"], &[]);
    assert_eq!(olga.post("/p/pay/deployments", &entered("pending")).await.status, StatusCode::SEE_OTHER);

    let own = olga.get("/p/pay/deployments").await;
    has(&own.body, &["Somebody else has to agree"], &["/approve\"", ">Deployed</button>"]);
    let id = own.body.split("/p/pay/deployments/").nth(1).unwrap().split('/').next().unwrap().to_owned();
    let approve = format!("/p/pay/deployments/{id}/approve");
    olga.post(&approve, &[]).await;
    let mut dev = world.signed_in("dev@example.test").await;
    has(&dev.get("/p/pay/deployments").await.body, &["Somebody else has to agree"], &["/approve\""]);
    assert_eq!(dev.post(&approve, &[]).await.status, StatusCode::FORBIDDEN);

    let mut ana = world.signed_in("ana@example.test").await;
    has(&ana.get("/p/pay/deployments").await.body, &[&format!("{approve}\"")], &["Somebody else has to agree"]);
    assert_eq!(ana.post(&approve, &[]).await.status, StatusCode::SEE_OTHER);
    has(&ana.get("/p/pay/deployments").await.body, &["You agreed to the deployment", "ana@example.test"], &[]);
    olga.get("/p/pay/deployments").await;
    let on = olga.post(&format!("/p/pay/deployments/{id}/status"), &[("status", "success"), ("version", "2")]).await;
    assert_eq!(on.status, StatusCode::SEE_OTHER);
    has(&olga.get("/p/pay/deployments").await.body, &["It is now: deployed."], &[]);
}

#[tokio::test]
async fn a_junit_file_sent_through_the_page_ends_in_results() {
    const REPORT: &str = r#"<testsuite name="s" tests="3"><testcase classname="pay.Refunds" name="once REQ-1" time="0.5"/>
        <testcase classname="pay.Refunds" name="twice"><failure message="two, not one"/></testcase>
        <testcase classname="pay.Refunds" name="later"><skipped/></testcase></testsuite>"#;
    let (world, mut browser) = with_project().await;
    world.sql("insert into work.requirements (project_id, title) select id, 'Refunds' from work.projects").await;
    browser.get("/p/pay/import").await;
    let csrf = browser.csrf.clone();
    let fields = [("csrf", csrf.as_str()), ("project", "pay"), ("build", "new")];
    let sent = browser
        .upload("/p/pay/import", &fields, &[("TEST-a.xml", REPORT), ("broken.xml", "<testsuite><testcase")])
        .await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.body);
    let job = sent.location().to_owned();
    let mut page = browser.get(&job).await;
    for _ in 0..200 {
        assert_eq!(page.status, StatusCode::OK);
        if !page.body.contains("data-poll") {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        page = browser.get(&job).await;
    }
    has(
        &page.body,
        &["TEST-a.xml", "broken.xml", "JUnit XML", "recognised = ", "Open build #1", "Imported", "Rejected"],
        &["data-poll", "http-equiv"],
    );
    has(part(&page, "rejections"), &["broken.xml"], &[]);
    let build = browser.get("/p/pay/builds/1").await;
    has(&build.body, &["1 passed", "1 failed", "TEST-a.xml"], &[]);
    let tests = browser.get("/p/pay/tests").await;
    has(&tests.body, &["once REQ-1", "pay.Refunds", "/p/pay/requirements/REQ-1"], &[]);
    assert_eq!(world.number("select count(*) from quality.test_results").await, 3);
    assert_eq!(std::fs::read_dir(world.spool.path()).unwrap().count(), 0, "no file is left behind");

    let empty = browser.upload("/p/pay/import", &fields, &[("", "")]).await;
    assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
    has(&empty.body, &["choose at least one file"], &[]);
    let builds = world.number("select count(*) from delivery.builds").await;
    assert_eq!(builds, 1, "a refused form makes no build");
    let forged = browser
        .upload("/p/pay/import", &[("csrf", "0"), ("project", "pay"), ("build", "new")], &[("a.xml", REPORT)])
        .await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
    let late = browser.upload("/p/pay/import", &[("project", "pay")], &[("a.xml", REPORT)]).await;
    assert_eq!(late.status, StatusCode::FORBIDDEN, "no file is taken before the form token");
    assert_eq!(std::fs::read_dir(world.spool.path()).unwrap().count(), 0, "what was refused leaves nothing on disk");
}

#[tokio::test]
async fn the_palette_finds_by_key_and_title_and_only_what_may_be_read() {
    let (world, mut browser) = with_project().await;
    seed(&world).await;
    let hrefs = async |browser: &mut Browser, query: &str| {
        let page = browser.get(&format!("/palette.json?from=%2Fp%2Fpay&q={query}")).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.body);
        let hits: Vec<serde_json::Value> = serde_json::from_str(&page.body).unwrap();
        hits.iter().map(|hit| hit["href"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(hrefs(&mut browser, "tc-3").await, ["/p/pay/tests/TC-3"]);
    assert_eq!(hrefs(&mut browser, "pause").await, ["/p/pay/tests/TC-3"]);
    // Both have the word in their title: the newer one comes first.
    assert_eq!(hrefs(&mut browser, "refund").await, ["/p/pay/defects/DEF-1", "/p/pay/requirements/REQ-1"]);
    assert_eq!(
        hrefs(&mut browser, "%233").await,
        ["/p/pay/requirements/REQ-3", "/p/pay/builds/3"].map(str::to_owned)[1..]
    );
    assert_eq!(hrefs(&mut browser, "new%20def").await, ["/p/pay/defects?new=1"]);
    assert_eq!(hrefs(&mut browser, "100%25").await, Vec::<String>::new());
    assert_eq!(hrefs(&mut browser, "").await, Vec::<String>::new());
    has(&browser.get("/search?q=pause").await.body, &["TC-3"], &[]);
    has(&browser.get("/search?q=nothing-like-this").await.body, &["Nothing found"], &[]);

    world.other("quay", "quentin@example.test").await;
    let mut stranger = world.signed_in("quentin@example.test").await;
    assert_eq!(hrefs(&mut stranger, "pause").await, Vec::<String>::new());
    assert_eq!(hrefs(&mut stranger, "tc-3").await, Vec::<String>::new());
}

#[tokio::test]
async fn strangers_find_nothing_viewers_change_nothing_and_forged_forms_are_refused() {
    let (world, mut browser) = with_project().await;
    seed(&world).await;
    let posts = [
        "/p/pay/tests/TC-1/links",
        "/p/pay/tests/TC-1/unlink",
        "/p/pay/defects",
        "/p/pay/defects/DEF-1",
        "/p/pay/defects/DEF-1/status",
        "/p/pay/deployments",
        "/p/pay/deployments/0199c0de-0000-7000-8000-000000000000/status",
        "/p/pay/import",
    ];
    let audits = "select count(*) from audit.audit_logs where event_category = 'data_change'";
    let before = world.number(audits).await;
    for path in posts {
        let forged =
            browser.post_with(path, &[("csrf", "x"), ("title", "t")], &[("sec-fetch-site", "same-origin")]).await;
        let expected =
            if path.ends_with("import") { StatusCode::UNSUPPORTED_MEDIA_TYPE } else { StatusCode::FORBIDDEN };
        assert_eq!(forged.status, expected, "{path} without a token");
        let csrf = browser.csrf.clone();
        let cross = browser.post_with(path, &[("csrf", &csrf)], &[("sec-fetch-site", "cross-site")]).await;
        assert_eq!(cross.status, StatusCode::FORBIDDEN, "{path} from another site");
    }

    world.other("quay", "quentin@example.test").await;
    let mut stranger = world.signed_in("quentin@example.test").await;
    for path in LISTS.iter().chain(&RECORDS) {
        assert_eq!(stranger.get(path).await.status, StatusCode::NOT_FOUND, "{path} for another organisation");
    }
    for path in &posts[..7] {
        assert_eq!(stranger.post(path, &[("status", "resolved")]).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    let mut nobody = world.browser();
    assert_eq!(nobody.get("/palette.json?q=tc").await.status, StatusCode::SEE_OTHER);

    world.invite("vera@example.test", "viewer").await;
    let mut viewer = world.signed_in("vera@example.test").await;
    for path in LISTS.iter().chain(&RECORDS) {
        let expected = if path.ends_with("/import") { StatusCode::FORBIDDEN } else { StatusCode::OK };
        assert_eq!(viewer.get(path).await.status, expected, "{path} for a viewer");
    }
    let page = viewer.get("/p/pay/defects/DEF-1").await;
    has(&page.body, &["Twice refunded"], &["/p/pay/defects/DEF-1/status"]);
    let tries: [(&str, &[(&str, &str)]); 5] = [
        ("/p/pay/tests/TC-1/links", &[("requirement", "REQ-1")]),
        ("/p/pay/defects", &[("title", "x")]),
        ("/p/pay/defects/DEF-1", &[("title", "x"), ("version", "1")]),
        ("/p/pay/defects/DEF-1/status", &[("status", "resolved"), ("version", "1")]),
        ("/p/pay/deployments", &[("build", "1"), ("environment_id", "0199c0de-0000-7000-8000-000000000000")]),
    ];
    for (path, fields) in tries {
        assert_eq!(viewer.post(path, fields).await.status, StatusCode::FORBIDDEN, "{path} by a viewer");
    }
    let csrf = viewer.csrf.clone();
    let upload = viewer
        .upload("/p/pay/import", &[("csrf", csrf.as_str()), ("build", "none")], &[("a.xml", "<testsuite/>")])
        .await;
    assert_eq!(upload.status, StatusCode::FORBIDDEN);
    assert_eq!(std::fs::read_dir(world.spool.path()).unwrap().count(), 0);
    let invited = world.number("select count(*) from audit.audit_logs where resource_type = 'membership'").await;
    assert_eq!(world.number(audits).await, before, "nothing was changed ({invited} invitations are no data)");
}
