//! Suspect links are counted where they matter, and accepted together by whoever has looked at them.

#![allow(clippy::unwrap_used)]

mod site;

use axum::http::StatusCode;
use site::World;

/// Proves REQ-57.4.
#[tokio::test]
async fn suspect_links_are_counted_on_the_pages_they_concern_and_accepted_together_with_one_reason() {
    let world = World::new().await;
    let mut browser = world.signed_in("olga@example.test").await;
    assert_eq!(browser.post("/projects", &[("name", "Pay")]).await.status, StatusCode::SEE_OTHER);
    world.invite("vera@example.test", "viewer").await;
    world
        .sql(
            "do $$
             declare p uuid; r uuid; t uuid;
             begin
               select id into p from work.projects where slug = 'pay';
               insert into work.requirements (project_id, title) values (p, 'Refunds are idempotent') returning id into r;
               insert into work.requirements (project_id, title) values (p, 'Something else');
               for n in 1..3 loop
                 insert into quality.test_cases (project_id, name) values (p, 'case ' || n) returning id into t;
                 insert into work.trace_links (project_id, source_id, target_id, link_type) values (p, t, r, 'verifies');
               end loop;
             end $$",
        )
        .await;
    let empty = browser.get("/p/pay/suspects").await;
    assert!(empty.body.contains("No link is suspect"), "{}", empty.body);
    assert!(!browser.get("/p/pay").await.body.contains("suspect links"));
    world.sql("update work.requirements set title = 'Refunds happen once' where key = 'REQ-1'").await;

    for path in ["/p/pay", "/p/pay/matrix"] {
        let page = browser.get(path).await;
        assert!(page.body.contains("suspect links") && page.body.contains("/p/pay/suspects"), "{path}: {}", page.body);
    }
    assert!(browser.get("/p/pay/requirements/REQ-1").await.body.contains("3 suspect links"));
    assert!(!browser.get("/p/pay/requirements/REQ-2").await.body.contains("suspect link"));
    assert!(browser.get("/p/pay/tests/TC-2").await.body.contains("1 suspect link<"));
    let page = browser.get("/p/pay/suspects").await;
    let links: Vec<String> = page
        .body
        .split("name=\"link\" value=\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap().to_owned())
        .collect();
    assert_eq!(links.len(), 3, "{}", page.body);
    let of_one = browser.get("/p/pay/suspects?record=tc-2").await;
    assert_eq!(of_one.body.matches("name=\"link\"").count(), 1);
    for nothing in ["/p/pay/suspects?record=REQ-2", "/p/pay/suspects?record=REQ-99"] {
        assert!(browser.get(nothing).await.body.contains("No link is suspect"), "{nothing}");
    }

    let mut vera = world.signed_in("vera@example.test").await;
    let seen = vera.get("/p/pay/suspects").await;
    assert!(seen.body.contains("TC-3") && !seen.body.contains("Accept those chosen"));
    let two = [("link", links[0].as_str()), ("link", links[1].as_str()), ("reason", "Only the wording.")];
    assert_eq!(vera.post("/p/pay/suspects", &two).await.status, StatusCode::FORBIDDEN);

    let left = "select count(*) from work.trace_links where suspect_since is not null";
    let silent = [("link", links[0].as_str()), ("link", links[1].as_str()), ("reason", " ")];
    assert_eq!(browser.post("/p/pay/suspects", &silent).await.status, StatusCode::SEE_OTHER);
    assert!(browser.get("/p/pay/suspects").await.body.contains("Nothing was accepted"));
    assert_eq!(world.number(left).await, 3);
    assert_eq!(browser.post("/p/pay/suspects", &two).await.status, StatusCode::SEE_OTHER);
    assert!(browser.get("/p/pay/suspects").await.body.contains("2 links are accepted."));
    assert_eq!(world.number(left).await, 1);
    // All or nothing: one of these is fine already.
    let again = [("link", links[1].as_str()), ("link", links[2].as_str()), ("reason", "Both.")];
    assert_eq!(browser.post("/p/pay/suspects", &again).await.status, StatusCode::SEE_OTHER);
    assert_eq!(world.number(left).await, 1);
    assert_eq!(browser.post("/p/pay/suspects", &[("reason", "None chosen.")]).await.status, StatusCode::SEE_OTHER);
    assert!(browser.get("/p/pay/suspects").await.body.contains("Choose the links that you have looked at."));
    let trail = "select count(*) from audit.audit_logs where event_type = 'trace_link.accepted'";
    assert_eq!(world.number(trail).await, 2, "each accepted link has its row");
}
