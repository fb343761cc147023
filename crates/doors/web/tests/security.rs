//! Security events on pages: found by a rule, handled, with the clock of the law, and the rules themselves; for those who may see them.

#![allow(clippy::unwrap_used)]

mod site;

use assurance::detection;
use axum::http::StatusCode;
use site::{Browser, World, one, text};

/// Proves REQ-78.6.
#[tokio::test]
async fn an_event_is_found_handled_and_told_on_pages() {
    let world = World::new().await;
    let mut olga = world.signed_in("olga@example.test").await;
    world.invite("adam@example.test", "admin").await;
    world.invite("vera@example.test", "viewer").await;
    let (mut adam, mut vera) = (world.signed_in("adam@example.test").await, world.signed_in("vera@example.test").await);
    let empty = text(&olga.get("/security").await);
    assert!(empty.contains("Nothing was seen"), "{empty}");
    assert!(adam.get("/").await.body.contains("href=\"/security\""), "the navigation leads there");
    assert!(!vera.get("/").await.body.contains("href=\"/security\""));
    for path in ["/security", "/security/rules"] {
        assert_eq!(vera.get(path).await.status, StatusCode::FORBIDDEN, "{path}");
    }

    let scanned = detection::scan(&world.ctx()).await.unwrap();
    assert_eq!(scanned.made, 1, "an administrator was invited");
    let id = one(&world, "select id::text from security.security_events").await;
    let shown = format!("/security/{id}");
    for path in ["/security", "/security?severity=high&status=open&kind=privilege.granted", "/security?q=strong"] {
        let page = olga.get(path).await;
        assert!(page.body.contains(&format!("href=\"{shown}\"")), "{path}: {}", page.body);
    }
    for path in
        ["/security?severity=low", "/security?only=incidents", "/security?only=deadlines", "/security?q=nothing"]
    {
        assert!(text(&olga.get(path).await).contains("No security event fits"), "{path}");
    }
    let page = olga.get(&shown).await;
    let words = text(&page);
    assert!(words.contains("was given a strong role") && words.contains("Nobody sees to it yet"), "{words}");
    assert!(
        words.contains("role.assigned")
            || words.contains("membership.created")
            || words.contains("No row of the trail"),
        "{words}"
    );
    assert_eq!(vera.get(&shown).await.status, StatusCode::FORBIDDEN);
    assert_eq!(olga.get("/security/00000000-0000-7000-8000-000000000000").await.status, StatusCode::NOT_FOUND);

    // Handled by an administrator, at the version that was shown.
    let version = one(&world, "select row_version::text from security.security_events").await;
    let who = site::id_of(&world, "adam@example.test").await;
    let handled = [
        ("version", version.as_str()),
        ("status", "investigating"),
        ("severity", "medium"),
        ("is_incident", "yes"),
        ("assigned_to_user_id", who.as_str()),
        ("affected_systems", "sign-in, <b>mail</b>"),
        ("affected_data_types", "addresses"),
        ("investigation_notes", "It was agreed."),
    ];
    assert_eq!(adam.post(&shown, &handled).await.status, StatusCode::SEE_OTHER);
    let late = adam.post(&shown, &handled).await;
    assert_eq!(late.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(text(&late).contains("Somebody changed this"), "{}", late.body);
    assert_eq!(vera.post(&shown, &handled).await.status, StatusCode::FORBIDDEN);
    let page = adam.get(&shown).await;
    assert!(page.body.contains("&lt;b&gt;mail") && text(&page).contains("It was agreed."), "{}", page.body);

    // The clock, and that the authority was told: after the deadline only with a reason.
    let version = one(&world, "select row_version::text from security.security_events").await;
    let set = [
        ("version", version.as_str()),
        ("regulatory_notification_required", "yes"),
        ("became_aware_at", "2026-01-02T03:04"),
    ];
    assert_eq!(adam.post(&format!("{shown}/clock"), &set).await.status, StatusCode::SEE_OTHER);
    let words = text(&adam.get(&shown).await);
    assert!(words.contains("Overdue"), "{words}");
    assert!(adam.get("/security?only=deadlines").await.body.contains(&shown));
    let told = [("authority", "DPA"), ("reference", "B-1"), ("notified_at", ""), ("delay_reason", "")];
    let refused = adam.post(&format!("{shown}/told"), &told).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(text(&refused).contains("must say why"), "{}", refused.body);
    let told = [("authority", "DPA"), ("reference", "B-1"), ("delay_reason", "It had to be found first.")];
    assert_eq!(adam.post(&format!("{shown}/told"), &told).await.status, StatusCode::SEE_OTHER);
    let words = text(&adam.get(&shown).await);
    assert!(
        words.contains("DPA was told") && words.contains("Told late") && words.contains("It had to be found first."),
        "{words}"
    );

    // Rules are read by administrators and changed by owners.
    let rule = one(&world, "select id::text from security.detection_rules where key = 'session.many'").await;
    let read = adam.get("/security/rules").await;
    assert!(
        text(&read).contains("Many sessions at once") && !read.body.contains("name=\"threshold\""),
        "{}",
        read.body
    );
    let version =
        one(&world, "select row_version::text from security.detection_rules where key = 'session.many'").await;
    let change = |threshold: &'static str| {
        [
            ("version", version.clone()),
            ("threshold", threshold.to_owned()),
            ("window_minutes", "60".to_owned()),
            ("severity", "high".to_owned()),
            ("opens_incident", "yes".to_owned()),
            ("notifies", "owners".to_owned()),
            ("is_enabled", "no".to_owned()),
        ]
    };
    let path = format!("/security/rules/{rule}");
    for (threshold, said) in [("many", "Nothing was changed"), ("3", "The rule is changed.")] {
        let all = change(threshold);
        let borrowed: Vec<(&str, &str)> = all.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert_eq!(adam.post(&path, &borrowed).await.status, StatusCode::FORBIDDEN);
        assert_eq!(olga.post(&path, &borrowed).await.status, StatusCode::SEE_OTHER);
        let words = text(&olga.get("/security/rules").await);
        assert!(words.contains(said), "{words}");
    }
    let kept = one(&world, "select threshold || ' ' || window_minutes || ' ' || severity || ' ' || is_enabled from security.detection_rules where key = 'session.many'").await;
    assert_eq!(kept, "3 60 high false");
}

/// Proves REQ-78.5.
#[tokio::test]
async fn that_it_was_told_too_late_may_turn_out_afterwards() {
    let world = World::new().await;
    let mut olga = world.signed_in("olga@example.test").await;
    world.invite("adam@example.test", "admin").await;
    assert_eq!(detection::scan(&world.ctx()).await.unwrap().made, 1);
    let id = one(&world, "select id::text from security.security_events").await;
    let (shown, clock) = (format!("/security/{id}"), format!("/security/{id}/clock"));
    let set = async |olga: &mut Browser, aware: &str, reason: Option<&str>| {
        let version = one(&world, "select row_version::text from security.security_events").await;
        let mut form = vec![
            ("version", version.as_str()),
            ("regulatory_notification_required", "yes"),
            ("became_aware_at", aware),
        ];
        form.extend(reason.map(|reason| ("notification_delay_reason", reason)));
        olga.post(&clock, &form).await
    };
    assert_eq!(set(&mut olga, "", None).await.status, StatusCode::SEE_OTHER);
    let before = olga.get(&shown).await;
    assert!(!before.body.contains("notification_delay_reason"), "nobody was told yet: {}", before.body);
    assert_eq!(olga.post(&format!("{shown}/told"), &[("authority", "DPA")]).await.status, StatusCode::SEE_OTHER);
    let page = olga.get(&shown).await;
    assert!(text(&page).contains("DPA was told") && !text(&page).contains("Told late"), "{}", page.body);
    assert!(page.body.contains("id=\"clock-notification_delay_reason\""), "{}", page.body);
    assert!(!page.body.contains(&format!("action=\"{shown}/told\"")), "it is told once: {}", page.body);

    // What is saved as it was shown stays to the second.
    let aware = "select became_aware_at::text from security.security_events";
    let as_it_was = one(&world, aware).await;
    let minute = one(
        &world,
        "select to_char(became_aware_at at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI') from security.security_events",
    )
    .await;
    assert_eq!(set(&mut olga, &minute, Some("")).await.status, StatusCode::SEE_OTHER);
    assert_eq!(one(&world, aware).await, as_it_was);

    // Support had known for weeks.
    let refused = set(&mut olga, "2026-01-02T03:04", Some("")).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.body.contains("id=\"clock-notification_delay_reason-error\""), "{}", refused.body);
    assert!(text(&refused).contains("a notification after its deadline needs a reason"), "{}", refused.body);
    assert_eq!(refused.body.matches("href=\"#clock-").count(), 1, "told once: {}", refused.body);
    assert!(refused.body.contains("value=\"2026-01-02T03:04\""), "what was entered stays: {}", refused.body);
    let told = set(&mut olga, "2026-01-02T03:04", Some("Support told nobody.")).await;
    assert_eq!(told.status, StatusCode::SEE_OTHER);
    let words = text(&olga.get(&shown).await);
    assert!(words.contains("Told late") && words.contains("Support told nobody."), "{words}");
}
