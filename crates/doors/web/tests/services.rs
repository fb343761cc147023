//! Services with what they offer, from the import of a description to their page; and a build on its way out.

#![allow(clippy::unwrap_used)]

mod site;

use axum::http::StatusCode;
use site::{Browser, World, one, text};

const SHOP: &str = "openapi: 3.1.0
info: {title: Shop API, version: '1.0', description: Sells <b>things</b>}
servers: [{url: https://shop.example}]
paths:
  /orders:
    get: {operationId: listOrders, tags: [orders], summary: Lists orders, responses: {200: {content: {application/json: {}}}}}
    post: {deprecated: true, requestBody: {content: {application/json: {}}}}
";
const REPORT: &str = "<testsuite name='unit'><testcase name='pays'/><testcase name='refunds'><failure message='no'/></testcase></testsuite>";
const BOM: &str =
    r#"{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{"type":"library","name":"xz","version":"5.6.0"}]}"#;

async fn import(browser: &mut Browser, build: &str, name: &str, content: &str) -> String {
    browser.get("/p/pay/import").await;
    let csrf = browser.csrf.clone();
    let fields = [("csrf", csrf.as_str()), ("project", "pay"), ("build", build)];
    let sent = browser.upload("/p/pay/import", &fields, &[(name, content)]).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.body);
    let path = sent.location().to_owned();
    for _ in 0..2_400 {
        let page = browser.get(&path).await;
        if !page.body.contains("data-poll") {
            return page.body;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    panic!("the import did not end");
}

/// Proves REQ-66.5.
#[tokio::test]
async fn a_description_is_imported_and_its_operations_are_shown() {
    let world = World::new().await;
    let mut olga = world.signed_in("olga@example.test").await;
    assert_eq!(olga.post("/projects", &[("name", "Pay")]).await.status, StatusCode::SEE_OTHER);
    assert!(text(&olga.get("/services").await).contains("No service is known"));
    let done = import(&mut olga, "none", "shop.yaml", SHOP).await;
    assert!(done.contains("OpenAPI") || done.contains("openapi"), "{done}");
    let list = olga.get("/services").await;
    let id = one(&world, "select id::text from platform.services").await;
    assert!(list.body.contains(&format!("/services/{id}")) && text(&list).contains("Shop API"));
    let page = olga.get(&format!("/services/{id}")).await;
    let shown = text(&page);
    for part in [
        "Shop API 1.0, OpenAPI 3.1.0, 2 operations",
        "GET /orders",
        "listOrders",
        "Lists orders",
        "Deprecated",
        "application/json",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    assert!(!page.body.contains("<b>things</b>"), "what a stranger wrote is text");
    assert!(!page.body.contains("href=\"https://shop.example"), "and no link");
    let deprecated = text(&olga.get(&format!("/services/{id}?standing=deprecated")).await);
    assert!(deprecated.contains("POST /orders") && !deprecated.contains("GET /orders"), "{deprecated}");
    let none = text(&olga.get(&format!("/services/{id}?q=xyzzy")).await);
    assert!(none.contains("No operation fits these filters"));
    assert!(text(&olga.get("/services?q=shop").await).contains("Shop API"));
    assert!(text(&olga.get("/services?q=100%25").await).contains("No service fits"));

    // The second description leaves one out.
    let less = SHOP.split("    post:").next().unwrap();
    import(&mut olga, "none", "shop.yaml", less).await;
    assert!(text(&olga.get(&format!("/services/{id}?standing=gone")).await).contains("POST /orders"));

    for missing in ["/services/x", "/services/01998a44-7d21-7b3e-9c55-0a1f5e6d7c8b"] {
        assert_eq!(olga.get(missing).await.status, StatusCode::NOT_FOUND);
    }
    assert_eq!(world.browser().get("/services").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_build_has_buttons_for_what_goes_out() {
    let world = World::new().await;
    let mut olga = world.signed_in("olga@example.test").await;
    assert_eq!(olga.post("/projects", &[("name", "Pay")]).await.status, StatusCode::SEE_OTHER);
    import(&mut olga, "new", "report.xml", REPORT).await;
    let page = olga.get("/p/pay/builds/1").await;
    assert!(page.body.contains("/p/pay/builds/1/tests.xml") && !page.body.contains("bom.cdx.json"), "{}", page.body);
    let id = one(&world, "select id::text from delivery.builds").await;
    import(&mut olga, &id, "bom.json", BOM).await;
    assert!(olga.get("/p/pay/builds/1").await.body.contains("/p/pay/builds/1/bom.cdx.json"));
    let tests = olga.get("/p/pay/builds/1/tests.xml").await;
    assert_eq!(tests.status, StatusCode::OK);
    assert!(
        tests.body.contains("tests=\"2\" failures=\"1\"") && tests.body.contains("name=\"refunds\""),
        "{}",
        tests.body
    );
    let bom = olga.get("/p/pay/builds/1/bom.cdx.json").await;
    assert!(bom.body.contains("\"name\":\"xz\""), "{}", bom.body);
    assert_eq!(olga.get("/p/pay/builds/9/tests.xml").await.status, StatusCode::NOT_FOUND);
}

/// Services are the organisation's: the right to import into a project is not enough.
#[tokio::test]
async fn a_description_is_taken_only_from_whoever_may_change_services() {
    let world = World::new().await;
    let mut olga = world.signed_in("olga@example.test").await;
    assert_eq!(olga.post("/projects", &[("name", "Pay")]).await.status, StatusCode::SEE_OTHER);
    world
        .sql(
            "insert into authz.roles (name, display_name) values ('bringer', 'Bringer');
             insert into authz.role_permissions (role_id, permission_id)
             select r.id, p.id from authz.roles r, authz.permissions p
              where r.name = 'bringer' and p.name in ('project:read', 'import:create', 'import:read', 'service:read', 'service:update')",
        )
        .await;
    world.invite("ivan@example.test", "bringer").await;
    let mut ivan = world.signed_in("ivan@example.test").await;
    let refused = import(&mut ivan, "none", "shop.yaml", SHOP).await;
    assert!(refused.contains("you may not create services"), "{refused}");
    assert!(text(&olga.get("/services").await).contains("No service is known"));
    // To bring what is there up to date he may.
    import(&mut olga, "none", "shop.yaml", SHOP).await;
    import(&mut ivan, "none", "shop.yaml", &SHOP.replace("'1.0'", "'1.1'")).await;
    assert_eq!(one(&world, "select version from platform.api_documents").await, "1.1");
}
