//! Links are made from a list after a look, impact is drawn and listed, and any two kinds are held against each other.

#![allow(clippy::unwrap_used)]

mod site;

use axum::http::StatusCode;
use site::World;

const SCENE: &str = "
do $$
declare p uuid; r uuid; f uuid;
begin
  select id into p from work.projects where slug = 'pay';
  insert into work.requirements (project_id, title) values (p, 'Refunds are idempotent') returning id into r;
  insert into work.requirements (project_id, title) values (p, 'Something else');
  insert into work.features (project_id, requirement_id, name) values (p, r, 'Refund <b>button</b>') returning id into f;
  insert into quality.test_cases (project_id, name) values (p, 'refunds once');
  insert into quality.test_cases (project_id, name) values (p, 'lonely');
end $$";

#[tokio::test]
async fn a_list_is_looked_at_and_then_linked_as_a_whole() {
    let world = World::new().await;
    let mut browser = world.signed_in("olga@example.test").await;
    assert_eq!(browser.post("/projects", &[("name", "Pay")]).await.status, StatusCode::SEE_OTHER);
    world.invite("vera@example.test", "viewer").await;
    world.sql(SCENE).await;
    let count = "select count(*) from work.trace_links";

    assert!(browser.get("/p/pay/matrix").await.body.contains("/p/pay/links"));
    let page = browser.get("/p/pay/links").await;
    assert!(page.body.contains("What a link may join") && page.body.contains("derives from"), "{}", page.body);
    let bad = "source,target\r\nTC-1,REQ-1\r\nTC-9,REQ-1\r\n";
    let seen = browser.post("/p/pay/links", &[("csv", bad), ("do", "check")]).await;
    assert_eq!(seen.status, StatusCode::OK);
    assert!(
        seen.body.contains("1 link could be made") && seen.body.contains("`TC-9` names no record"),
        "{}",
        seen.body
    );
    let refused = browser.post("/p/pay/links", &[("csv", bad), ("do", "link")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.body.contains("`TC-9` names no record") && refused.body.contains("TC-1,REQ-1"), "{}", refused.body);
    let head = browser.post("/p/pay/links", &[("csv", "a,b\n1,2\n"), ("do", "link")]).await;
    assert!(
        head.status == StatusCode::UNPROCESSABLE_ENTITY && head.body.contains("must name the columns"),
        "{}",
        head.body
    );
    assert_eq!(world.number(count).await, 0);
    let done = browser.post("/p/pay/links", &[("csv", "source,target\r\nTC-1,REQ-1\r\n"), ("do", "link")]).await;
    assert!(done.body.contains("1 link made."), "{}", done.body);
    assert_eq!(world.number(count).await, 1);

    let mut viewer = world.signed_in("vera@example.test").await;
    assert!(!viewer.get("/p/pay/links").await.body.contains("<textarea"));
    assert_eq!(
        viewer.post("/p/pay/links", &[("csv", "source,target\nTC-2,REQ-1\n"), ("do", "link")]).await.status,
        StatusCode::FORBIDDEN
    );
    assert_eq!(world.number(count).await, 1);
}

#[tokio::test]
async fn impact_is_drawn_and_listed_and_leads_on() {
    let world = World::new().await;
    let mut browser = world.signed_in("olga@example.test").await;
    assert_eq!(browser.post("/projects", &[("name", "Pay")]).await.status, StatusCode::SEE_OTHER);
    world.sql(SCENE).await;
    let list = [("csv", "source,target\nTC-1,FEAT-1\n"), ("do", "link")];
    assert_eq!(browser.post("/p/pay/links", &list).await.status, StatusCode::OK);

    assert!(browser.get("/p/pay/requirements/REQ-1").await.body.contains("/impact?record=pay%3AREQ-1"));
    assert!(browser.get("/p/pay/tests/TC-1").await.body.contains("/impact?record=pay%3ATC-1"));
    let page = browser.get("/impact?record=pay%3AREQ-1").await.body;
    assert!(page.contains("Impact of REQ-1") && page.contains("REQ-1 → FEAT-1 (part of) → TC-1 (verifies)"), "{page}");
    assert_eq!(page.matches("class=\"edge\"").count(), 2, "{page}");
    assert!(page.contains("Refund &lt;b&gt;button") && !page.contains("<b>button"), "{page}");
    let up = browser.get("/impact?record=pay%3ATC-1&direction=upstream").await.body;
    assert!(
        up.contains("What it rests on") && !up.contains("What a change would touch</h2>") && up.contains("REQ-1"),
        "{up}"
    );
    let alone = browser.get("/impact?record=pay%3AREQ-2").await.body;
    assert!(alone.contains("Nothing hangs on it"), "{alone}");
    let unknown = browser.get("/impact?record=pay%3AREQ-99").await;
    assert!(
        unknown.status == StatusCode::NOT_FOUND && unknown.body.contains("value=\"pay:REQ-99\""),
        "{}",
        unknown.body
    );
    let file = browser.get("/impact.csv?record=pay%3AREQ-1").await.body;
    assert!(file.contains("downstream,2,test_case,TC-1"), "{file}");
    assert!(browser.get("/impact").await.body.contains("Nothing is asked yet"));
}

#[tokio::test]
async fn any_two_kinds_are_held_against_each_other() {
    let world = World::new().await;
    let mut browser = world.signed_in("olga@example.test").await;
    assert_eq!(browser.post("/projects", &[("name", "Pay")]).await.status, StatusCode::SEE_OTHER);
    world.sql(SCENE).await;
    let list = [("csv", "source,target\nTC-1,REQ-1\n"), ("do", "link")];
    assert_eq!(browser.post("/p/pay/links", &list).await.status, StatusCode::OK);

    assert!(browser.get("/p/pay/matrix").await.body.contains("/p/pay/matrix/kinds"));
    let page = browser.get("/p/pay/matrix/kinds").await.body;
    assert!(
        page.contains("Requirements against test cases") && page.contains("TC-1") && page.contains(">gap<"),
        "{page}"
    );
    let gaps = browser.get("/p/pay/matrix/kinds?show=gaps").await.body;
    assert!(gaps.contains("Something else") && !gaps.contains("Refunds are idempotent"), "{gaps}");
    let orphans = browser.get("/p/pay/matrix/kinds?rows=test_case&columns=requirement&show=gaps").await.body;
    assert!(orphans.contains("lonely") && !orphans.contains("refunds once"), "{orphans}");
    let wrong = browser.get("/p/pay/matrix/kinds?columns=commit&rows=commit").await;
    assert!(wrong.status == StatusCode::BAD_REQUEST && wrong.body.contains("No link joins"), "{}", wrong.body);
    let file = browser.get("/p/pay/matrix/kinds.csv?show=gaps").await.body;
    assert!(file.contains("REQ-2,Something else") && !file.contains("REQ-1"), "{file}");
}
