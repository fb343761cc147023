//! Releases and their signed evidence on pages, the rules that builds are held to, and what differs between baselines as a file.

#![allow(clippy::unwrap_used)]

mod site;

use axum::http::StatusCode;
use site::{World, one};

/// Proves REQ-61.1.
#[tokio::test]
async fn evidence_is_made_by_a_button_listed_read_and_saved() {
    let world = World::new().await;
    let mut browser = world.signed_in("olga@example.test").await;
    assert_eq!(browser.post("/projects", &[("name", "Pay")]).await.status, StatusCode::SEE_OTHER);
    world.invite("vera@example.test", "viewer").await;
    let empty = browser.get("/p/pay/releases").await;
    assert!(
        empty.body.contains("Nothing is released yet") && empty.body.contains("Nothing was made yet"),
        "{}",
        empty.body
    );
    world
        .sql(
            "do $$
             declare p uuid; b uuid;
             begin
               select id into p from work.projects where slug = 'pay';
               insert into work.requirements (project_id, title, status) values (p, 'Refunds <once>', 'approved');
               insert into delivery.builds (project_id, build_number, status, version_tag) values (p, 7, 'success', '2.4.0') returning id into b;
               insert into delivery.releases (project_id, build_id, version, status, released_at) values (p, b, '2.4.0', 'released', now());
               insert into delivery.releases (project_id, version, planned_on) values (p, '3.0.0', '2027-01-04');
             end $$",
        )
        .await;
    let page = browser.get("/p/pay/releases").await;
    for words in ["2.4.0", "Released", "3.0.0", "Planned", "4 Jan 2027", "Release 2.4.0", "Build #7"] {
        assert!(page.body.contains(words), "{words}: {}", page.body);
    }
    let release = one(&world, "select id::text from delivery.releases where version = '2.4.0'").await;
    let subject = format!("release:{release}");
    let made = browser.post("/p/pay/releases", &[("subject", &subject), ("baseline", "")]).await;
    assert_eq!(made.status, StatusCode::SEE_OTHER, "{}", made.body);
    let page = browser.get("/p/pay/releases").await;
    assert!(page.body.contains("The evidence is made and signed: 0 of 0 criteria proven"), "{}", page.body);
    assert!(page.body.contains("throughline evidence verify"), "{}", page.body);
    let bundle = one(&world, "select id::text from security.evidence_bundles").await;
    let build = browser.get("/p/pay/builds/7").await;
    assert!(build.body.contains(&format!("/p/pay/evidence/{bundle}/page")), "{}", build.body);
    assert!(build.body.contains("Make evidence"));

    let mut vera = world.signed_in("vera@example.test").await;
    let shown = vera.get(&format!("/p/pay/evidence/{bundle}/page")).await;
    assert_eq!(shown.status, StatusCode::OK);
    assert!(shown.body.contains("Refunds &lt;once&gt;"), "{}", shown.body);
    let policy = shown.headers.get("content-security-policy").unwrap().to_str().unwrap();
    assert!(policy.contains("sandbox") && policy.contains("default-src 'none'"), "{policy}");
    let saved = vera.get(&format!("/p/pay/evidence/{bundle}/bundle")).await;
    let name = saved.headers.get("content-disposition").unwrap().to_str().unwrap();
    assert_eq!((saved.status, name), (StatusCode::OK, "attachment; filename=\"pay-release-2.4.0-evidence.tar.gz\""));
    // Who may not make any sees no button and is refused.
    let seen = vera.get("/p/pay/releases").await;
    assert!(seen.body.contains("Release 2.4.0") && !seen.body.contains("Make evidence"));
    let refused = vera.post("/p/pay/releases", &[("subject", &subject), ("baseline", "")]).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);

    // What cannot be made is said beside the form; what is elsewhere is not there.
    let planned = one(&world, "select id::text from delivery.releases where version = '3.0.0'").await;
    let refused =
        browser.post("/p/pay/releases", &[("subject", &format!("release:{planned}")), ("baseline", "")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.body.contains("names no build"), "{}", refused.body);
    assert_eq!(browser.post("/projects", &[("name", "Ship")]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(browser.get(&format!("/p/ship/evidence/{bundle}/page")).await.status, StatusCode::NOT_FOUND);
    let elsewhere = browser.post("/p/ship/releases", &[("subject", &subject), ("baseline", "")]).await;
    assert_eq!(elsewhere.status, StatusCode::NOT_FOUND);
    assert_eq!(world.number("select count(*) from security.evidence_bundles").await, 1, "and nothing is kept of it");
}

/// Proves REQ-62.5.
#[tokio::test]
async fn rules_of_the_gate_are_seen_added_changed_and_disabled_by_those_who_may() {
    let world = World::new().await;
    let mut browser = world.signed_in("olga@example.test").await;
    assert_eq!(browser.post("/projects", &[("name", "Pay")]).await.status, StatusCode::SEE_OTHER);
    world.invite("vera@example.test", "viewer").await;
    let page = browser.get("/p/pay/gate").await;
    for words in [
        "failing tests",
        "unproven criteria",
        "suspect links",
        "open defects",
        "falling coverage",
        "new vulnerabilities",
    ] {
        assert!(page.body.contains(words), "{words}: {}", page.body);
    }
    assert!(page.body.contains("no build yet") && !page.body.contains("Take away"), "{}", page.body);
    world
        .sql(
            "insert into delivery.builds (project_id, build_number, status) select id, 3, 'success' from work.projects where slug = 'pay';
             insert into quality.defects (project_id, title, severity) select id, 'Paid twice', 'high' from work.projects where slug = 'pay'",
        )
        .await;
    let page = browser.get("/p/pay/gate").await;
    assert!(
        page.body.contains("This build has no results; import its reports first."),
        "what each comes to: {}",
        page.body
    );
    assert!(page.body.contains("0 open defects of severity critical."), "{}", page.body);

    // A second rule about defects begins out of force, so that it can be tried.
    let more = [("rule", "open_defects"), ("severity", "high"), ("allowed", "0")];
    assert_eq!(browser.post("/p/pay/gate", &more).await.status, StatusCode::SEE_OTHER);
    let page = browser.get("/p/pay/gate").await;
    assert!(
        page.body.contains("1 open defect of severity high or worse, 0 allowed: DEF-1 Paid twice."),
        "{}",
        page.body
    );
    assert!(page.body.contains("Would fail") && page.body.matches("Take away").count() >= 1, "{}", page.body);
    let again = browser.post("/p/pay/gate", &more).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY, "one of each severity");
    let wrong = browser.post("/p/pay/gate", &[("rule", "failing_tests"), ("severity", "low"), ("allowed", "0")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);

    let added = "select id::text from delivery.gate_rules where rule = 'open_defects' and severity = 'high'";
    let path = format!("/p/pay/gate/{}", one(&world, added).await);
    let force = [("version", "1"), ("allowed", "0"), ("severity", "high"), ("is_active", "yes"), ("do", "save")];
    assert_eq!(browser.post(&path, &force).await.status, StatusCode::SEE_OTHER);
    assert!(browser.get("/p/pay/gate").await.body.contains("The rule is changed."));
    // Somebody was faster: nothing is overwritten.
    let late = browser
        .post(&path, &[("version", "1"), ("allowed", "9"), ("severity", "high"), ("is_active", "no"), ("do", "save")])
        .await;
    assert_eq!(late.status, StatusCode::SEE_OTHER);
    assert!(browser.get("/p/pay/gate").await.body.contains("Nothing was changed: Somebody changed this"));
    let odd = [("version", "2"), ("allowed", "many"), ("severity", "high"), ("is_active", "yes"), ("do", "save")];
    assert_eq!(browser.post(&path, &odd).await.status, StatusCode::SEE_OTHER);
    assert!(browser.get("/p/pay/gate").await.body.contains("Nothing was changed:"));
    assert_eq!(world.number("select count(*) from delivery.gate_rules where is_active and allowed = 0 and severity = 'high' and rule = 'open_defects'").await, 1);

    let mut vera = world.signed_in("vera@example.test").await;
    let seen = vera.get("/p/pay/gate").await;
    assert!(seen.body.contains("open defects") && !seen.body.contains("Save") && !seen.body.contains("Add a rule"));
    assert_eq!(vera.post("/p/pay/gate", &more).await.status, StatusCode::FORBIDDEN);
    assert_eq!(vera.post(&path, &force).await.status, StatusCode::FORBIDDEN);

    assert_eq!(browser.post(&path, &[("do", "remove")]).await.status, StatusCode::SEE_OTHER);
    assert!(browser.get("/p/pay/gate").await.body.contains("The rule is taken away."));
    let trail = "select count(*) from audit.audit_logs where event_type like 'gate_rule.%'";
    assert_eq!(world.number(trail).await, 3, "added, changed and taken away");
}

/// Proves REQ-58.2.
#[tokio::test]
async fn what_differs_between_two_baselines_is_a_file() {
    let world = World::new().await;
    let mut browser = world.signed_in("olga@example.test").await;
    assert_eq!(browser.post("/projects", &[("name", "Pay")]).await.status, StatusCode::SEE_OTHER);
    world
        .sql("insert into work.requirements (project_id, title) select id, 'Pay' from work.projects where slug = 'pay'")
        .await;
    for name in ["One", "Two"] {
        assert_eq!(browser.post("/p/pay/baselines", &[("name", name)]).await.status, StatusCode::SEE_OTHER);
        world
            .sql(
                "update work.requirements set title = '=Pay, \"at\" once' where key = 'REQ-1';
                 insert into work.requirements (project_id, title) select id, 'More' from work.projects where slug = 'pay'",
            )
            .await;
    }
    let (one_id, two_id) = (
        one(&world, "select id::text from work.baselines where name = 'One'").await,
        one(&world, "select id::text from work.baselines where name = 'Two'").await,
    );
    let page = browser.get(&format!("/p/pay/baselines/{one_id}/comparison?with={two_id}")).await;
    assert!(page.body.contains(&format!("/comparison.csv?with={two_id}")), "{}", page.body);
    let file = browser.get(&format!("/p/pay/baselines/{one_id}/comparison.csv?with={two_id}")).await;
    let name = file.headers.get("content-disposition").unwrap().to_str().unwrap();
    assert_eq!((file.status, name), (StatusCode::OK, "attachment; filename=\"pay-One-to-Two.csv\""));
    assert_eq!(
        file.body,
        "kind,record,title,change,field,before,after\r\n\
         requirement,REQ-1,\"'=Pay, \"\"at\"\" once\",changed,Title,Pay,\"'=Pay, \"\"at\"\" once\"\r\n\
         requirement,REQ-2,More,added,,,\r\n"
    );
    let now = browser.get(&format!("/p/pay/baselines/{two_id}/comparison.csv")).await;
    assert!(now.body.contains("REQ-3,More,added"), "against what is there now: {}", now.body);
}
