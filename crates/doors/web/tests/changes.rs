//! A history leads to the change it tells of, which shows what undoing would do and what stands in its way; without script.

#![allow(clippy::unwrap_used)]

mod site;

use axum::http::StatusCode;
use site::{World, one, text};

/// The address behind the first link to a change.
fn change(page: &str) -> String {
    let rest = page.split_once("href=\"/changes?change=").unwrap().1;
    format!("/changes?change={}", rest.split('"').next().unwrap())
}

fn of(address: &str) -> String {
    address.rsplit('=').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_change_is_looked_at_and_undone_from_the_history_of_its_record() {
    let world = World::new().await;
    let mut olga = world.signed_in("olga@example.test").await;
    olga.post("/projects", &[("name", "Pay")]).await;
    world.invite("dana@example.test", "developer").await;
    world.invite("vera@example.test", "viewer").await;
    let mut dana = world.signed_in("dana@example.test").await;
    let made = olga.post("/p/pay/requirements", &[("title", "Refunds happen once")]).await;
    assert_eq!(made.status, StatusCode::SEE_OTHER, "{}", made.body);
    let path = "/p/pay/requirements/REQ-1";
    let version =
        |page: &str| page.split_once("name=\"version\" value=\"").unwrap().1.split('"').next().unwrap().to_owned();
    let page = olga.get(path).await;
    assert!(text(&page).contains("Olga Owner wrote it"), "{}", text(&page));
    let edit = [("version", version(&page.body)), ("title", "Refunds never happen".to_owned())];
    let edit: Vec<(&str, &str)> = edit.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(olga.post(path, &edit).await.status, StatusCode::SEE_OTHER);

    // The story says what was done; beside it stands the way to undo it.
    let page = olga.get(path).await;
    assert!(text(&page).contains("Olga Owner changed the title"), "{}", text(&page));
    let address = change(&page.body);
    let page = olga.get(&address).await;
    let shown = text(&page);
    assert!(
        shown.contains("One change") && shown.contains("1 would be undone") && shown.contains("Is put back"),
        "{shown}"
    );
    assert!(shown.contains("Refunds happen once → Refunds never happen") && shown.contains("Undo 1 change"), "{shown}");
    assert_eq!(one(&world, "select title from work.requirements where key = 'REQ-1'").await, "Refunds never happen");

    // Whoever may not change it is told so and gets no button.
    let mut vera = world.signed_in("vera@example.test").await;
    let shown = text(&vera.get(&address).await);
    assert!(shown.contains("Not yours to undo") && !shown.contains("Undo 1 change"), "{shown}");
    let forged = vera.post("/changes", &[("do", "undo"), ("change", &of(&address))]).await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN, "{}", forged.body);

    // Somebody changes it in between: nothing of theirs is overwritten, and the page names it.
    let page = dana.get(path).await;
    let edit = [("version", version(&page.body)), ("title", "Refunds happen twice".to_owned())];
    let edit: Vec<(&str, &str)> = edit.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(dana.post(path, &edit).await.status, StatusCode::SEE_OTHER);
    let late = olga.post("/changes", &[("do", "undo"), ("change", &of(&address)), ("reason", "A slip")]).await;
    assert_eq!(late.status, StatusCode::CONFLICT, "{}", late.body);
    let shown = text(&late);
    assert!(shown.contains("Something was changed meanwhile") && shown.contains("Was changed since"), "{shown}");
    assert!(shown.contains("is now Refunds happen twice, by"), "{shown}");

    // The later change can go, and then this one.
    let latest = change(&olga.get(path).await.body);
    olga.get(&latest).await;
    let done = olga.post("/changes", &[("do", "undo"), ("change", &of(&latest)), ("reason", "A slip")]).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    assert_eq!(one(&world, "select title from work.requirements where key = 'REQ-1'").await, "Refunds never happen");
    assert!(done.location().starts_with("/changes?set="), "{}", done.location());
    let set = olga.get(done.location()).await;
    let shown = text(&set);
    assert!(shown.contains("A change set") && shown.contains("A slip (Undoes the change"), "{shown}");
    olga.get(&address).await;
    let done = olga.post("/changes", &[("do", "undo"), ("change", &of(&address))]).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    assert_eq!(one(&world, "select title from work.requirements where key = 'REQ-1'").await, "Refunds happen once");
    assert!(text(&olga.get(path).await).contains("“Undoes the change"));
}

#[tokio::test]
async fn the_story_of_a_record_shows_it_as_it_was() {
    let world = World::new().await;
    let mut olga = world.signed_in("olga@example.test").await;
    olga.post("/projects", &[("name", "Pay")]).await;
    olga.post("/p/pay/requirements", &[("title", "Refunds happen once")]).await;
    let id = one(&world, "select id::text from work.requirements where key = 'REQ-1'").await;
    let story = format!("/history/requirements/{id}");
    let page = olga.get(&story).await;
    assert!(
        text(&page).contains("History of Refunds happen once") && text(&page).contains("wrote it"),
        "{}",
        page.body
    );
    let page = olga.get(&format!("{story}?at=2001-01-01T00:00")).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(text(&page).contains("It was not there at that moment."));
    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    let then = jiff::Timestamp::now().to_string();
    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    let page = olga.get("/p/pay/requirements/REQ-1").await;
    let version = page.body.split_once("name=\"version\" value=\"").unwrap().1.split('"').next().unwrap().to_owned();
    olga.post("/p/pay/requirements/REQ-1", &[("version", &version), ("title", "Refunds never happen")]).await;
    let page = olga.get(&format!("{story}?at={then}")).await;
    assert!(text(&page).contains("Title Refunds happen once Refunds never happen"), "{}", text(&page));
    assert_eq!(olga.get("/history/nothing/1").await.status, StatusCode::NOT_FOUND);
    assert_eq!(olga.get("/changes?change=1").await.status, StatusCode::BAD_REQUEST);
    // A page of another organisation's record is none.
    world.other("abroad", "otto@example.test").await;
    let mut otto = world.signed_in("otto@example.test").await;
    assert_eq!(otto.get(&story).await.status, StatusCode::NOT_FOUND);
    let mine = change(&olga.get(&story).await.body);
    assert_eq!(otto.get(&mine).await.status, StatusCode::NOT_FOUND);
}
