//! A repository server is connected on a page, and what it tells is shown with what became of it.

#![allow(clippy::unwrap_used)]

mod site;

use std::sync::Arc;

use axum::http::StatusCode;
use delivery::webhooks::{self, PrincipalOf, Stored, Worker};
use serde_json::json;
use site::{World, text};

/// What stands between two words of a page.
fn between<'a>(page: &'a str, before: &str, after: &str) -> &'a str {
    let start = page.find(before).unwrap_or_else(|| panic!("no {before}: {page}")) + before.len();
    &page[start..start + page[start..].find(after).unwrap()]
}

async fn work(world: &World) {
    let owner = world.owner.clone();
    let principal_of: PrincipalOf = Arc::new(move |_, _| {
        let owner = (*owner).clone();
        Box::pin(async move { Ok(Some(owner)) })
    });
    let worker = Worker::new(world.kernel.clone(), principal_of);
    while worker.work().await.unwrap() > 0 {}
}

#[tokio::test]
async fn a_server_is_connected_and_its_messages_are_shown_and_worked_on_again() {
    let world = World::new().await;
    let mut olga = world.signed_in("olga@example.test").await;
    assert_eq!(olga.post("/projects", &[("name", "Pay")]).await.status, StatusCode::SEE_OTHER);
    let empty = text(&olga.get("/p/pay/webhooks").await);
    assert!(empty.contains("No repository server is connected"), "{empty}");
    assert!(olga.get("/p/pay").await.body.contains("href=\"/p/pay/webhooks\""), "the navigation leads there");

    let refused =
        olga.post("/p/pay/webhooks", &[("name", "acme"), ("provider", "github"), ("repository", "a b")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(text(&refused).contains("owner and name"), "{}", refused.body);
    let made =
        olga.post("/p/pay/webhooks", &[("name", "acme"), ("provider", "github"), ("repository", "acme/pay")]).await;
    assert_eq!(made.status, StatusCode::CREATED);
    assert!(made.body.contains("whsec_") && made.body.contains("Payload URL"), "{}", made.body);
    let id = between(&made.body, "/v1/webhooks/", "<").to_owned();
    let path = format!("/p/pay/webhooks/{id}");
    assert!(!olga.get(&path).await.body.contains("whsec_"), "the secret is shown once");

    // A message that was let in by its signature.
    let place = webhooks::connection(&world.kernel, id.parse().unwrap()).await.unwrap().unwrap();
    let header = |name: &str| match name {
        "x-github-event" => Some("push"),
        "x-github-delivery" => Some("<first>"),
        _ => None,
    };
    let push = json!({"ref": "refs/heads/main", "repository": {"full_name": "acme/pay", "html_url": "https://git.example/acme/pay"},
        "commits": [{"id": "f95f852bd8fca8fcc58a9a2d6c842781e32a215e", "message": "<b>pays</b>", "timestamp": "2026-01-03T10:00:00Z"}]});
    let Stored::New(message) = place.store(&world.ctx(), &header, push.to_string().as_bytes()).await.unwrap() else {
        panic!("it is new")
    };
    let shown = format!("/p/pay/webhooks/messages/{message}");
    assert!(text(&olga.get(&shown).await).contains("To be worked on"));
    work(&world).await;
    for address in ["/p/pay/webhooks", &path, &format!("{path}?status=done")] {
        let page = olga.get(address).await;
        assert!(
            page.body.contains(&format!("href=\"{shown}\"")) && text(&page).contains("2 records created"),
            "{}",
            page.body
        );
    }
    assert!(text(&olga.get(&format!("{path}?status=failed")).await).contains("No message here"));
    let page = olga.get(&shown).await;
    let words = text(&page);
    assert!(words.contains("Created") && words.contains("f95f852bd8fc"), "{words}");
    assert!(page.body.contains("&lt;b&gt;pays") && !page.body.contains("<b>pays"), "{}", page.body);

    let again = olga.post(&format!("{shown}/work-again"), &[]).await;
    assert_eq!(again.status, StatusCode::SEE_OTHER);
    work(&world).await;
    assert!(text(&olga.get(&shown).await).contains("Unchanged"), "nothing is made twice");

    // A new secret, off and on, and taken over.
    let rotated = olga.post(&format!("{path}/rotate-secret"), &[("overlap_hours", "1")]).await;
    assert!(rotated.body.contains("whsec_") && text(&rotated).contains("the one before holds too"), "{}", rotated.body);
    let version = between(&olga.get(&path).await.body, "name=\"version\" value=\"", "\"").to_owned();
    let off = [("version", version.as_str()), ("is_active", "false")];
    assert_eq!(olga.post(&format!("{path}/active"), &off).await.status, StatusCode::SEE_OTHER);
    assert!(text(&olga.get(&path).await).contains("switched off"));
    assert_eq!(olga.post(&format!("{path}/take-over"), &[]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(olga.get("/p/pay/webhooks/00000000-0000-7000-8000-000000000001").await.status, StatusCode::NOT_FOUND);
    assert_eq!(olga.get("/p/pay/webhooks/messages/x").await.status, StatusCode::NOT_FOUND);
}
