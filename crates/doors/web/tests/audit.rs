//! The audit trail as a page: who may read it narrows it by its address, sees when it happened, opens one entry and takes the
//! filter away as a file; without script.

#![allow(clippy::unwrap_used)]

mod site;

use axum::http::StatusCode;
use site::{World, one, text};

#[tokio::test]
async fn the_trail_is_narrowed_opened_and_taken_away() {
    let world = World::new().await;
    let mut olga = world.signed_in("olga@example.test").await;
    olga.post("/projects", &[("name", "Pay")]).await;
    world.invite("dana@example.test", "developer").await;
    let mut dana = world.signed_in("dana@example.test").await;
    dana.peer = Some([192, 0, 2, 7].into());
    olga.post("/p/pay/requirements", &[("title", "Refunds happen once")]).await;
    let made = dana.post("/p/pay/requirements", &[("title", "Refunds are quick")]).await;
    assert_eq!(made.status, StatusCode::SEE_OTHER, "{}", made.body);

    // A developer may not read the trail, is not led to it, and the trail says so afterwards.
    assert!(!dana.get("/").await.body.contains("href=\"/audit\""));
    for path in ["/audit", "/audit.csv", "/audit.ndjson"] {
        assert_eq!(dana.get(path).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    world.kernel.notes_written().await;

    let page = olga.get("/audit").await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    let shown = text(&page);
    assert!(page.body.contains("href=\"/audit\" aria-current=\"page\""), "the navigation leads here");
    for says in
        ["made requirement", "Refunds happen once", "Refunds are quick", "was refused", "session started", "192.0.2.7"]
    {
        assert!(shown.contains(says), "{says} is not in: {shown}");
    }
    assert!(page.body.contains("class=\"timeline\"") && shown.contains("Numbers behind these bars"), "{shown}");

    // Filters live in the address.
    let shown = text(&olga.get("/audit?who=dana@example.test&what=requirement.created").await);
    assert!(shown.contains("Refunds are quick") && !shown.contains("Refunds happen once"), "{shown}");
    assert!(shown.contains("1 entry, the latest first"), "{shown}");
    let shown = text(&olga.get("/audit?outcome=failure&risk=medium&address=192.0.2.7").await);
    assert!(shown.contains("was refused") && !shown.contains("made requirement"), "{shown}");
    let shown = text(&olga.get("/audit?project=pay&kind=requirement").await);
    assert!(shown.contains("2 entries"), "{shown}");
    for until in ["2001-01-01T00:00", "1960-01-01T00:00"] {
        let shown = text(&olga.get(&format!("/audit?until={until}")).await);
        assert!(shown.contains("Nothing in the trail fits") && shown.contains("Clear the filters"), "{shown}");
    }
    for wrong in ["who=nobody@example.test", "run=1", "address=here", "from=yesterday", "project=nothing"] {
        let page = olga.get(&format!("/audit?{wrong}")).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
        assert!(page.body.contains("aria-invalid"), "{wrong}");
    }

    // The bars lead to their stretch: exactly what they count is there.
    let page = olga.get("/audit?kind=requirement").await;
    let bar = page
        .body
        .split("<li><a href=\"")
        .skip(1)
        .find(|rest| rest.contains(": 2 entries") || rest.contains(": 1 entry"))
        .unwrap();
    // Two, unless midnight was between them.
    let counted = if bar.contains(": 2 entries") { "2 entries" } else { "1 entry" };
    let address = bar.split('"').next().unwrap().replace("&amp;", "&");
    let shown = text(&olga.get(&address).await);
    assert!(shown.contains(&format!("{counted}, the latest first")), "{address}: {shown}");

    // One entry: what changed, from where, by whom, and that it waits for its seal.
    let id = one(
        &world,
        "select id::text from audit.audit_logs where event_type = 'requirement.created' order by id desc limit 1",
    )
    .await;
    let page = olga.get(&format!("/audit/{id}")).await;
    let shown = text(&page);
    for says in [
        "made requirement: Refunds are quick",
        "Before and after",
        "Title – nothing Refunds are quick",
        "192.0.2.7",
        "Not sealed yet",
    ] {
        assert!(shown.contains(says), "{says} is not in: {shown}");
    }
    assert_eq!(dana.get(&format!("/audit/{id}")).await.status, StatusCode::NOT_FOUND);
    assert_eq!(olga.get("/audit/nothing").await.status, StatusCode::NOT_FOUND);

    // Files hold what the filter lets through, with what changed; that they were taken is in the trail.
    let file = olga.get("/audit.csv?kind=requirement").await;
    assert_eq!(file.body.lines().count(), 3, "{}", file.body);
    assert!(file.body.lines().next().unwrap().contains("new_values") && file.body.contains("Refunds are quick"));
    let file = olga.get("/audit.ndjson?who=dana@example.test&kind=requirement").await;
    assert_eq!(file.body.lines().count(), 1, "{}", file.body);
    let shown = text(&olga.get("/audit?what=audit_log.exported").await);
    assert!(shown.contains("2 entries"), "{shown}");
}

#[tokio::test]
async fn the_list_goes_on_where_it_ended() {
    let world = World::new().await;
    let mut olga = world.signed_in("olga@example.test").await;
    world
        .sql(
            "insert into audit.audit_logs (event_type, event_category, resource_type, resource_id, occurred_at)
             select 'example.happened', 'data_change', 'example', n::text, now() from generate_series(1, 120) n",
        )
        .await;
    let (mut path, mut seen) = ("/audit?kind=example".to_owned(), 0);
    loop {
        let page = olga.get(&path).await;
        seen += page.body.matches("href=\"/audit/").count();
        let Some(rest) = page.body.split("rel=\"next\" href=\"").nth(1) else { break };
        path = rest.split('"').next().unwrap().replace("&amp;", "&");
    }
    assert_eq!(seen, 120);
}

#[tokio::test]
async fn an_owner_erases_a_person_from_their_page() {
    let world = World::new().await;
    let mut olga = world.signed_in("olga@example.test").await;
    world.invite("mira.holm@example.test", "developer").await;
    world.invite("adam@example.test", "admin").await;
    let id = site::id_of(&world, "mira.holm@example.test").await;
    let mut adam = world.signed_in("adam@example.test").await;
    assert!(!adam.get(&format!("/members/{id}")).await.body.contains("Erase this person"));
    let forged =
        adam.post(&format!("/members/{id}/erase"), &[("reason", "Asked for by letter"), ("sure", "erase")]).await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN, "{}", forged.body);
    assert!(text(&forged).contains("You may not erase"), "{}", text(&forged));
    assert!(olga.get(&format!("/members/{id}")).await.body.contains("Erase this person"));
    let unsure =
        olga.post(&format!("/members/{id}/erase"), &[("reason", "Asked for by letter"), ("sure", "yes")]).await;
    assert_eq!(unsure.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(text(&unsure).contains("Type erase, in small letters"), "{}", text(&unsure));
    let done =
        olga.post(&format!("/members/{id}/erase"), &[("reason", "Asked for by letter"), ("sure", "erase")]).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    let shown = text(&olga.get("/members").await);
    assert!(shown.contains("The person is erased") && !shown.contains("mira.holm"), "{shown}");
    assert_eq!(one(&world, "select count(*)::text from identity.users where email like 'mira%'").await, "0");
}
