//! Releases and their signed evidence on pages: made by a button, listed, read and saved by whoever may.

#![allow(clippy::unwrap_used)]

mod site;

use axum::http::StatusCode;
use site::{World, one};

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
