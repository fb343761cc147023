//! Asking about other circumstances, and the forms that give a role its times, its condition and its place.

#![allow(clippy::unwrap_used)]

mod site;

use axum::http::StatusCode;
use site::{Browser, Page, World, id_of, one, text};

/// An organisation with a project, an owner, a developer and a viewer.
async fn world() -> (World, Browser) {
    let world = World::new().await;
    let mut browser = world.signed_in("olga@example.test").await;
    browser.post("/projects", &[("name", "Pay")]).await;
    world.invite("dev@example.test", "developer").await;
    world.invite("view@example.test", "viewer").await;
    (world, browser)
}

#[tokio::test]
async fn the_explorer_answers_for_another_time_another_place_and_another_way_to_sign_in() {
    let (world, mut owner) = world().await;
    world
        .sql(
            "insert into authz.user_roles (user_id, role_id, valid_from, context_conditions)
             select u.id, r.id, '2099-01-01Z', '{\"and\": [{\"in_network\": [{\"var\": \"environment.address\"}, [\"10.0.0.0/8\"]]},
                                                           {\"==\": [{\"var\": \"environment.authentication\"}, \"password\"]}]}'
               from identity.users u, authz.roles r where u.email = 'view@example.test' and r.name = 'developer'",
        )
        .await;
    let ask = "action=update&kind=requirement";
    let then = "&time=2099-01-02T09%3A00&address=10.1.2.3&signed_in=password";
    for (more, may) in [
        ("", false),
        ("&time=2099-01-02T09:00", false),
        ("&address=10.1.2.3&signed_in=password", false),
        (then, true),
        ("&time=2098-12-31T23:59&address=10.1.2.3&signed_in=password", false),
        ("&time=2099-01-02T09:00&address=192.0.2.7&signed_in=password", false),
        ("&time=2099-01-02T09:00&address=10.1.2.3&signed_in=token", false),
    ] {
        let page = owner.get(&format!("/access?who=view@example.test&{ask}{more}")).await;
        let words = text(&page);
        assert_eq!(page.status, StatusCode::OK, "{more}: {words}");
        let sentence = if may { "may update requirements" } else { "may not update requirements" };
        assert!(words.contains(sentence), "{more}: {words}");
    }
    let page = owner.get(&format!("/access?who=view@example.test&{ask}{then}")).await;
    let words = text(&page);
    assert!(
        words.contains("Asked as if it were done at 2099-01-02 09:00 UTC, from 10.1.2.3, signed in with a password."),
        "{words}"
    );
    let others = then.replace('&', "&amp;");
    assert!(page.body.contains(&format!("action=read&amp;kind=requirement{others}")), "other actions are asked alike");
    let who = |more: &str| format!("/access/who?{ask}{more}");
    assert!(text(&owner.get(&who(then)).await).contains("view@example.test"));
    assert!(!text(&owner.get(&who("")).await).contains("view@example.test"));
    let what = |more: &str| format!("/access/what?who=view@example.test{more}");
    assert!(owner.get(&what(then)).await.body.contains(&format!("action=create&amp;kind=requirement{others}")));
    assert!(!owner.get(&what("")).await.body.contains("action=create&amp;kind=requirement"));
    for (odd, says) in [
        ("&time=soon", "`soon` is no moment"),
        ("&address=here", "`here` is no address"),
        ("&signed_in=nobody", "`nobody` is no way to sign in"),
    ] {
        for page in ["/access", "/access/who", "/access/what"] {
            let page = owner.get(&format!("{page}?{ask}{odd}")).await;
            assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{odd}");
            assert!(text(&page).contains(says), "{odd}: {}", text(&page));
        }
    }
}

#[tokio::test]
async fn a_role_gets_its_times_and_who_holds_it_by_itself_on_its_page() {
    let (world, mut owner) = world().await;
    owner.get("/roles").await;
    owner.post("/roles", &[("name", "guard"), ("display_name", "Guard")]).await;
    let version = |page: &Page| {
        page.body.split("name=\"version\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
    };
    let page = owner.get("/roles/guard").await;
    assert!(page.body.contains("name=\"valid_from\"") && page.body.contains("name=\"auto_assign_conditions\""));
    assert!(text(&page).contains("Gives something always"), "{}", text(&page));
    let fields = |version: &str, from: &str, until: &str, automatic: &str| {
        [
            ("version", version),
            ("display_name", "Guard"),
            ("description", ""),
            ("parent_role_id", ""),
            ("is_assignable", "true"),
            ("valid_from", from),
            ("valid_until", until),
            ("auto_assign_conditions", automatic),
        ]
        .map(|(name, value)| (name, value.to_owned()))
    };
    let mut send = async |fields: [(&'static str, String); 8]| {
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let sent = owner.post("/roles/guard", &fields).await;
        (sent, owner.get("/roles/guard").await)
    };
    let by_mail = r#"{"==": [{"var": "subject.email"}, "view@example.test"]}"#;
    let (sent, page) = send(fields(&version(&page), "2026-01-05T08:00", "2099-12-31T18:30", by_mail)).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", text(&sent));
    let words = text(&page);
    assert!(words.contains("Gives something from 2026-01-05 08:00 UTC until 2099-12-31 18:30 UTC"), "{words}");
    assert!(page.body.contains("value=\"2099-12-31T18:30\"") && words.contains("held automatically"), "{words}");
    assert!(words.contains("view@example.test"), "{words}");
    // What is left as it is shown changes nothing, not even the seconds that a form does not show.
    world.sql("update authz.roles set valid_until = '2099-12-31T18:30:59Z' where name = 'guard'").await;
    let (late, page) = send(fields(&version(&page), "2026-01-05T08:00", "2099-12-31T18:30", by_mail)).await;
    assert_eq!(late.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", text(&late));
    let (sent, page) = send(fields(&version(&page), "2026-01-05T08:00", "2099-12-31T18:30", by_mail)).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", text(&sent));
    assert_eq!(
        world.number("select extract(second from valid_until)::int8 from authz.roles where name = 'guard'").await,
        59
    );
    for (field, odd) in [
        ("valid_until", "never"),
        ("auto_assign_conditions", "{not json"),
        ("auto_assign_conditions", r#"{"==": [{"var": "subject.shoe"}, 1]}"#),
    ] {
        let (until, automatic) = if field == "valid_until" { (odd, by_mail) } else { ("2099-12-31T18:30", odd) };
        let (sent, _) = send(fields(&version(&page), "2026-01-05T08:00", until, automatic)).await;
        assert_eq!(sent.status, StatusCode::UNPROCESSABLE_ENTITY, "{odd}");
        assert!(sent.body.contains(&format!("id=\"edit-{field}-error\"")), "{odd}: {}", text(&sent));
    }
    let (sent, page) = send(fields(&version(&page), "", "", "")).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", text(&sent));
    assert!(
        text(&page).contains("Gives something always")
            && text(&page).contains("nobody holds it without being given it")
    );
}

#[tokio::test]
async fn a_role_is_given_for_one_record_and_under_a_condition() {
    let (world, mut owner) = world().await;
    owner.post("/p/pay/requirements", &[("title", "Refunds are idempotent")]).await;
    owner.post("/p/pay/requirements", &[("title", "Refunds are fast")]).await;
    let (view, project) = (
        id_of(&world, "view@example.test").await,
        one(&world, "select id::text from work.projects where slug = 'pay'").await,
    );
    let here = format!("/members/{view}");
    let condition = r#"{"in_network": [{"var": "environment.address"}, ["10.0.0.0/8"]]}"#;
    owner.get(&here).await;
    let assign = format!("{here}/assign");
    for (field, fields) in [
        ("kind", vec![("role", "developer"), ("record", "REQ-1")]),
        ("record", vec![("role", "developer"), ("kind", "requirements"), ("record", "pay:REQ-99")]),
        ("context_conditions", vec![("role", "developer"), ("context_conditions", "{oops")]),
        (
            "context_conditions",
            vec![("role", "developer"), ("context_conditions", r#"{"==": [{"var": "resource.key"}, "REQ-1"]}"#)],
        ),
    ] {
        let refused = owner.post(&assign, &fields).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{fields:?}");
        assert!(refused.body.contains(&format!("id=\"assign-{field}-error\"")), "{fields:?}: {}", text(&refused));
    }
    let fields = [
        ("role", "developer"),
        ("place", project.as_str()),
        ("kind", "requirements"),
        ("record", "REQ-1"),
        ("context_conditions", condition),
    ];
    let given = owner.post(&assign, &fields).await;
    assert_eq!(given.status, StatusCode::SEE_OTHER, "{}", text(&given));
    let words = text(&owner.get(&here).await);
    assert!(words.contains("for requirement pay:REQ-1 in Pay") && words.contains("10.0.0.0/8"), "{words}");
    for (record, address, may) in
        [("REQ-1", "10.1.1.1", true), ("REQ-1", "192.0.2.7", false), ("REQ-2", "10.1.1.1", false)]
    {
        let asked =
            format!("/access?who={view}&action=update&kind=requirement&project=pay&record={record}&address={address}");
        let words = text(&owner.get(&asked).await);
        let sentence = if may { format!("may update {record}") } else { format!("may not update {record}") };
        assert!(words.contains(&sentence), "{asked}: {words}");
    }
}
