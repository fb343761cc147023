//! Security events are found by rules: each sees what it is for and not what only looks like it, tells of it once, and counts what goes on.

use std::sync::Arc;

use assurance::{
    detection::{self, Scanned},
    sealing::{self, Kind},
};
use authz::Grants;
use identity::SignIn;
use jiff::{SignedDuration, Timestamp};
use kernel::{Credential, Ctx, Principal, PrincipalKind, Request};
use serde_json::{Value, json};
use testkit::{Organization, Person, World};
use uuid::Uuid;

use crate::{
    rows,
    sealing::{Scene, tamperer},
    world,
};

/// The server in an organisation, as it acts beside the requests: it is no member.
pub(crate) fn server(world: &World, organization: &Organization) -> Ctx {
    let principal = Principal {
        organization_id: organization.id,
        user_id: Uuid::nil(),
        display_name: "the server".into(),
        email: String::new(),
        kind: PrincipalKind::Service,
        on_behalf_of: None,
        agent_run: None,
        credential: Credential::Server,
        grants: Grants::unlimited(),
    };
    Ctx::new(world.kernel.clone(), Arc::new(principal), Request::default())
}

pub(crate) async fn scan(world: &World) -> Scanned {
    detection::scan(&server(world, &world.home)).await.unwrap()
}

/// A world whose members have been given their roles, and somebody has looked at that.
async fn settled() -> World {
    let world = world().await;
    scan(&world).await;
    world
}

async fn events(world: &World, kind: &str) -> Vec<Value> {
    let path = format!("/v1/security-events?filter[event_type]={kind}&limit=50");
    let answer = world.get(path).by(&world.home.admin).send().await.expect(200).json();
    rows(&answer).to_vec()
}

async fn rule(world: &World, key: &str) -> String {
    let answer = world.get(format!("/v1/detection-rules?filter[key]={key}")).by(&world.home.admin).send().await;
    rows(&answer.expect(200).json())[0]["id"].as_str().unwrap().to_owned()
}

/// A row of the trail as sign-in writes it.
async fn happened(world: &World, event: &str, who: &Person, at: Timestamp, address: &str, program: &str) {
    let tx = server(world, &world.home).begin().await.unwrap();
    let sql = "insert into audit.audit_logs (id, event_type, event_category, user_id, resource_type, resource_id, ip_address, user_agent, occurred_at)
               values ($1, $2, 'authentication', $3, 'session', $4, $5::text::inet, $6, $7)";
    let params: [&(dyn tokio_postgres::types::ToSql + Sync); 7] =
        [&base::id_at(at), &event, &who.user_id, &who.user_id.to_string(), &address, &program, &at];
    tx.execute(sql, &params).await.unwrap();
    tx.commit().await.unwrap();
}

fn before(world: &World, ago: SignedDuration) -> Timestamp {
    world.clock.now().checked_sub(ago).unwrap()
}

fn seconds(count: i64) -> SignedDuration {
    SignedDuration::from_secs(count)
}

async fn guess(world: &World, who: &Person, times: usize) {
    for _ in 0..times {
        world.clock.advance(seconds(1));
        let input = SignIn { email: who.email.clone(), password: "no such word".into(), organization: None };
        let request = Request { address: Some([198, 51, 100, 9].into()), ..Request::default() };
        assert!(world.authenticator.sign_in(input, request).await.is_err());
    }
}

async fn told(world: &World, who: &Person, kind: &str) -> i64 {
    let sql = "select count(*) from platform.notifications where recipient_user_id = $1 and notification_type = $2";
    let tx = world.home.ctx(&world.kernel).begin_read().await.unwrap();
    tx.query_one(sql, &[&who.user_id, &kind]).await.unwrap().get(0)
}

/// Proves REQ-78.1, REQ-78.2, REQ-18.6.
#[tokio::test]
async fn an_account_that_is_guessed_at_is_one_event_for_as_long_as_it_goes_on() {
    let world = settled().await;
    let home = &world.home;
    // Owners have been told that somebody became an administrator.
    assert_eq!(
        (told(&world, &home.owner, "security.event").await, told(&world, &home.admin, "security.event").await),
        (1, 0)
    );
    guess(&world, &home.developer, 4).await;
    guess(&world, &home.viewer, 5).await;
    let first = scan(&world).await;
    assert_eq!((first.made, first.grown), (1, 0), "four failures are no event, five are");
    let found = events(&world, "sign_in.failed").await;
    assert_eq!(found.len(), 1);
    let event = &found[0];
    assert_eq!(event["target_user_id"], json!(home.viewer.user_id));
    assert_eq!((&event["occurrence_count"], &event["severity"]), (&json!(5), &json!("medium")));
    assert_eq!((&event["source_ip"], &event["status"]), (&json!("198.51.100.9"), &json!("open")));
    let again = scan(&world).await;
    assert_eq!((again.made, again.grown), (0, 0), "looking twice finds nothing twice");

    for (who, expected) in [(&home.owner, 2), (&home.admin, 1), (&home.viewer, 0)] {
        assert_eq!(told(&world, who, "security.event").await, expected, "{}", who.name);
    }
    let path = format!("/v1/security-events/{}", event["id"].as_str().unwrap());
    let history = world.get(format!("{path}/history")).by(&home.admin).send().await.expect(200).json();
    assert_eq!(rows(&history).len(), 1);
    assert_eq!(history["data"][0]["event"], "security_event.detected");
    world.get(&path).by(&home.developer).send().await.expect(404);
    world.get(&path).by(&world.abroad.owner).send().await.expect(404);

    guess(&world, &home.viewer, 1).await;
    assert_eq!((scan(&world).await.made, events(&world, "sign_in.failed").await.len()), (0, 1));
    let grown = world.get(&path).by(&home.admin).send().await.expect(200).json();
    assert_eq!(grown["occurrence_count"], 6);
    assert_eq!(grown["row_version"], event["row_version"], "who looks into it is not interrupted by its growth");

    // What is long ago counts for nothing, and one that was closed is not opened again: what comes after it is another.
    world.clock.advance(SignedDuration::from_mins(16));
    guess(&world, &home.viewer, 1).await;
    assert_eq!(scan(&world).await, Scanned { rules: 8, ..Scanned::default() });
    let closed = json!({"status": "resolved", "resolution_notes": "Their own mistake."});
    world.patch(&path, &closed).by(&home.admin).send().await.expect(200);
    guess(&world, &home.viewer, 3).await;
    assert_eq!(scan(&world).await.made, 0);
    guess(&world, &home.viewer, 1).await;
    assert_eq!(scan(&world).await.made, 1);
    assert_eq!(scan(&world).await.made, 0);
    assert_eq!(events(&world, "sign_in.failed").await.len(), 2);
}

/// Proves REQ-78.2.
#[tokio::test]
async fn several_servers_that_look_at_once_find_one_event() {
    let world = settled().await;
    for second in 0..5 {
        let at = before(&world, seconds(10 - second));
        happened(&world, "session.refused", &world.home.viewer, at, "198.51.100.9", "P").await;
    }
    let ctx = server(&world, &world.home);
    let looks = (0..4).map(|_| detection::scan(&ctx));
    let made: u64 = futures_util::future::join_all(looks).await.into_iter().map(|one| one.unwrap().made).sum();
    assert_eq!((made, events(&world, "sign_in.failed").await.len()), (1, 1));
}

/// Proves REQ-78.1.
#[tokio::test]
async fn one_address_at_many_accounts_is_seen_and_one_at_few_is_not() {
    let world = settled().await;
    let fifth = world.home.join(&world.kernel, "fifth").await.unwrap();
    let home = &world.home;
    let people = [&home.owner, &home.admin, &home.developer, &home.viewer, &fifth];
    for (second, who) in (0..).zip(people) {
        let at = before(&world, seconds(100 - second));
        happened(&world, "session.refused", who, at, "198.51.100.7", "P").await;
        happened(&world, "session.refused", who, at, &format!("2001:db8:1:2::{second}"), "P").await;
        happened(&world, "session.refused", who, at, &format!("2001:db8:1:{second}::1"), "P").await;
        if second < 4 {
            happened(&world, "session.refused", who, at, "198.51.100.8", "P").await;
            happened(&world, "session.refused", who, at, "198.51.100.8", "P").await;
        }
    }
    scan(&world).await;
    let mut found: Vec<Value> =
        events(&world, "sign_in.spraying").await.into_iter().map(|event| event["title"].clone()).collect();
    found.sort_by_key(ToString::to_string);
    let title = |subject: &str| json!(format!("{subject} fails to sign in to several accounts"));
    assert_eq!(
        found,
        [title("198.51.100.7"), title("2001:db8:1:2::")],
        "an IPv6 subscriber is one, whatever addresses they take"
    );
    let event = &events(&world, "sign_in.spraying").await[0];
    assert_eq!((&event["occurrence_count"], &event["is_incident"]), (&json!(5), &json!(true)));
    assert_eq!(scan(&world).await, Scanned { rules: 8, ..Scanned::default() });
}

/// Proves REQ-78.1.
#[tokio::test]
async fn a_sign_in_from_elsewhere_after_long_absence_is_unusual() {
    let world = settled().await;
    let fifth = world.home.join(&world.kernel, "fifth").await.unwrap();
    let home = &world.home;
    let days = |count: i64| before(&world, SignedDuration::from_hours(24 * count));
    let now = before(&world, seconds(5));
    let started = "session.started";
    // From another network; then from another address of the same one; then not absent; then only guessed at meanwhile; then never seen before.
    happened(&world, started, &home.developer, days(60), "192.0.2.10", "P").await;
    happened(&world, started, &home.developer, now, "203.0.113.5", "P").await;
    happened(&world, started, &home.viewer, days(60), "192.0.2.10", "P").await;
    happened(&world, started, &home.viewer, now, "192.0.2.99", "P").await;
    happened(&world, started, &home.admin, days(60), "192.0.2.10", "P").await;
    happened(&world, "session.ended", &home.admin, days(5), "192.0.2.10", "P").await;
    happened(&world, started, &home.admin, now, "203.0.113.5", "Q").await;
    happened(&world, started, &fifth, days(60), "192.0.2.10", "P").await;
    happened(&world, "session.refused", &fifth, days(1), "203.0.113.5", "Q").await;
    happened(&world, started, &fifth, now, "192.0.2.10", "Q").await;
    let sixth = world.home.join(&world.kernel, "sixth").await.unwrap();
    happened(&world, started, &sixth, now, "203.0.113.5", "Q").await;
    assert_eq!(scan(&world).await.made, 2);
    let mut found: Vec<Value> =
        events(&world, "session.unusual").await.into_iter().map(|event| event["target_user_id"].clone()).collect();
    found.sort_by_key(ToString::to_string);
    let mut expected = vec![json!(home.developer.user_id), json!(fifth.user_id)];
    expected.sort_by_key(ToString::to_string);
    assert_eq!(found, expected);
    assert_eq!(scan(&world).await.made, 0);
}

/// Proves REQ-78.1.
#[tokio::test]
async fn many_open_sessions_are_seen_and_ended_ones_do_not_count() {
    let world = settled().await;
    let tx = world.home.ctx(&world.kernel).begin().await.unwrap();
    // Each has one session from the start.
    let sql = "insert into identity.sessions (id, user_id, token_hash, created_at, last_active_at, expires_at, revoked_at)
               select platform.uuid_v7(), $1, sha256(random()::text::bytea), $2::timestamptz, $2::timestamptz - $4::interval, $2::timestamptz + interval '1 day', $3
                 from generate_series(1, $5)";
    let (now, none) = (world.clock.now(), None::<Timestamp>);
    let add = async |who: &Person, revoked: Option<Timestamp>, idle: &str, count: i32| {
        let sql = sql.replace("$4::interval", &format!("interval '{idle}'")).replace("$5", &count.to_string());
        tx.execute(&sql, &[&who.user_id, &now, &revoked]).await.unwrap();
    };
    add(&world.home.viewer, none, "0", 9).await;
    add(&world.home.developer, none, "0", 8).await;
    add(&world.home.developer, Some(now), "0", 5).await;
    add(&world.home.developer, none, "13 hours", 5).await;
    tx.commit().await.unwrap();
    assert_eq!(scan(&world).await.made, 1);
    let found = events(&world, "session.many").await;
    assert_eq!(
        (&found[0]["target_user_id"], &found[0]["occurrence_count"]),
        (&json!(world.home.viewer.user_id), &json!(10))
    );
    assert_eq!(scan(&world).await, Scanned { rules: 8, ..Scanned::default() });
}

/// Proves REQ-78.1.
#[tokio::test]
async fn strong_roles_and_tokens_without_limit_are_seen_and_others_are_not() {
    let world = world().await;
    let home = &world.home;
    assert_eq!(
        scan(&world).await.made,
        1,
        "the administrator was given the role; what the organisation was founded with is none"
    );
    assert_eq!(events(&world, "privilege.granted").await[0]["target_user_id"], json!(home.admin.user_id));
    let tx = home.ctx(&world.kernel).begin().await.unwrap();
    tx.execute(
        "insert into authz.roles (name, display_name, parent_role_id) select 'deputy', 'Deputy', id from authz.roles where template_code = 'admin'",
        &[],
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
    for (member, role) in [("viewer@home.example", "developer"), ("developer@home.example", "deputy")] {
        let input = json!({"member": member, "role": role});
        world.post("/v1/user-roles/assign", &input).by(&home.owner).send().await;
    }
    for (name, scopes) in [("narrow", ["*:read"]), ("wide", ["*"])] {
        world.post("/v1/api-tokens", &json!({"name": name, "scopes": scopes})).by(&home.owner).send().await.expect(201);
    }
    assert_eq!(scan(&world).await.made, 2);
    let found = events(&world, "privilege.granted").await;
    let given: Vec<&Value> = found.iter().map(|event| &event["target_user_id"]).collect();
    assert!(
        given.contains(&&json!(home.developer.user_id)) && !given.contains(&&json!(home.viewer.user_id)),
        "{found:?}"
    );
    let tokens = events(&world, "token.wide").await;
    assert_eq!((tokens.len(), &tokens[0]["source_user_id"]), (1, &json!(home.owner.user_id)));
    assert_eq!(scan(&world).await, Scanned { rules: 8, ..Scanned::default() });
}

/// Proves REQ-78.1.
#[tokio::test]
async fn mass_export_is_seen_by_files_and_by_rows() {
    let world = settled().await;
    let home = &world.home;
    let export = async |who: &Person, rows: Option<i64>, status: &str| {
        world.clock.advance(seconds(1));
        let tx = server(&world, home).begin().await.unwrap();
        let sql = "insert into audit.audit_logs (id, event_type, event_category, status, user_id, resource_type, additional_data, occurred_at)
                   values ($1, 'requirement.exported', 'export', $2, $3, 'requirement', $4, $5)";
        let data = rows.map_or_else(|| json!({"format": "csv"}), |rows| json!({"format": "csv", "rows": rows}));
        tx.execute(sql, &[&base::id_at(world.clock.now()), &status, &who.user_id, &data, &world.clock.now()])
            .await
            .unwrap();
        tx.commit().await.unwrap();
    };
    export(&home.developer, Some(30_000), "success").await;
    export(&home.developer, Some(19_999), "success").await;
    export(&home.developer, Some(900_000), "failure").await;
    for _ in 0..19 {
        export(&home.viewer, None, "success").await;
    }
    assert_eq!(scan(&world).await.made, 0, "below the thresholds, and what was refused was not taken out");
    export(&home.developer, Some(1), "success").await;
    export(&home.viewer, None, "success").await;
    assert_eq!(scan(&world).await.made, 2);
    let (by_rows, by_files) = (events(&world, "export.rows").await, events(&world, "export.files").await);
    assert_eq!((by_rows.len(), &by_rows[0]["occurrence_count"]), (1, &json!(50_000)));
    assert_eq!((by_files.len(), &by_files[0]["source_user_id"]), (1, &json!(home.viewer.user_id)));
    export(&home.developer, Some(5), "success").await;
    assert_eq!((scan(&world).await.grown, scan(&world).await.grown), (1, 0));
    assert_eq!(events(&world, "export.rows").await[0]["occurrence_count"], 50_005);
}

/// Proves REQ-78.1.
#[tokio::test]
async fn rows_of_a_streamed_list_are_counted_at_its_end() {
    let world = settled().await;
    let home = &world.home;
    let fill = async |rows: i32| {
        let tx = server(&world, home).begin().await.unwrap();
        let sql = "insert into audit.audit_logs (id, event_type, event_category, user_id, resource_type, occurred_at)
                   select platform.uuid_v7(), 'test.happened', 'access', $1, 'test', $2 from generate_series(1, $3)";
        tx.execute(sql, &[&home.viewer.user_id, &world.clock.now(), &rows]).await.unwrap();
        tx.commit().await.unwrap();
    };
    let take = async || {
        let list = world.get("/v1/audit-logs?filter[event_type]=test.happened");
        list.header("accept", "application/x-ndjson").by(&home.owner).send().await.expect(200).text().lines().count()
    };
    let ends = async || {
        let tx = home.ctx(&world.kernel).begin_read().await.unwrap();
        let sql = "select additional_data, status from audit.audit_logs where event_type = 'audit_log.export_ended'";
        let rows = tx.query(sql, &[]).await.unwrap();
        rows.iter().map(|row| row.get::<_, Value>(0)).collect::<Vec<Value>>()
    };
    let rule = format!("/v1/detection-rules/{}", rule(&world, "export.rows").await);
    world.patch(&rule, &json!({"threshold": 1001})).by(&home.owner).send().await.expect(200);
    fill(1000).await;
    assert_eq!((take().await, ends().await.len()), (1000, 0), "a small one is one row");
    assert_eq!(scan(&world).await.made, 0);
    fill(1).await;
    assert_eq!(take().await, 1001);
    let told = ends().await;
    assert_eq!(told, [json!({"what": "audit-logs", "format": "ndjson", "rows": 1001, "is_whole": true})]);
    assert_eq!(scan(&world).await.made, 1);
    let found = events(&world, "export.rows").await;
    assert_eq!(
        (&found[0]["occurrence_count"], &found[0]["source_user_id"]),
        (&json!(1001), &json!(home.owner.user_id))
    );
}

/// Proves REQ-78.1.
#[tokio::test]
async fn a_rule_that_fails_is_named_and_keeps_no_other_from_looking() {
    let world = settled().await;
    let home = &world.home;
    guess(&world, &home.viewer, 5).await;
    let wide = json!({"name": "wide", "scopes": ["*"]});
    world.post("/v1/api-tokens", &wide).by(&home.owner).send().await.expect(201);
    let client = world.superuser().await.unwrap();
    let broken = "
        create function public.break_rule() returns trigger language plpgsql as $$ begin raise exception 'broken'; end $$;
        create trigger break_rule before insert on security.security_events for each row
          when (new.event_type = 'sign_in.failed') execute function public.break_rule()";
    client.batch_execute(broken).await.unwrap();
    let expected = Scanned { rules: 7, made: 1, failed: vec!["sign_in.failed"], ..Scanned::default() };
    assert_eq!(scan(&world).await, expected);
    assert_eq!(events(&world, "token.wide").await.len(), 1);
    client.batch_execute("drop trigger break_rule on security.security_events").await.unwrap();
    assert_eq!(scan(&world).await, Scanned { rules: 8, made: 1, ..Scanned::default() }, "it is made up for");

    // The longest absence that can be asked for is one that can be looked for.
    let path = format!("/v1/detection-rules/{}", rule(&world, "session.unusual").await);
    world.patch(&path, &json!({"threshold": 3651})).by(&home.owner).send().await.expect(422);
    world.patch(&path, &json!({"threshold": 3650})).by(&home.owner).send().await.expect(200);
    assert_eq!(scan(&world).await, Scanned { rules: 8, ..Scanned::default() });
}

#[tokio::test]
async fn an_event_can_be_opened_whatever_its_data_are() {
    let world = world().await;
    let admin = &world.home.admin;
    let known = Uuid::now_v7();
    for (data, rows) in [
        (json!({"first_rows": {}, "rows": {}}), vec![]),
        (json!({"first_rows": "x", "rows": 7}), vec![]),
        (json!({"first_rows": [null, 1, {"a": []}], "rows": ["no identifier", known]}), vec![known]),
    ] {
        let body = json!({"event_type": "data.leaked", "severity": "low", "title": "One", "event_data": data});
        let made = world.post("/v1/security-events", &body).by(admin).send().await.expect(201).json();
        let ctx = server(&world, &world.home);
        let tx = ctx.begin_read().await.unwrap();
        let id = made["id"].as_str().unwrap().parse().unwrap();
        let event = detection::find_event(&ctx, &tx, id).await.unwrap().expect("it was just made");
        assert_eq!(event.rows, rows, "{data}");
    }
}

/// Proves REQ-78.1, REQ-78.2.
#[tokio::test]
async fn a_trail_that_was_tampered_with_is_a_critical_incident_told_once() {
    let scene = Scene::new().await;
    let trail = scene.happen(30).await;
    scene.seal().await.unwrap();
    let (world, ctx) = (&scene.world, server(&scene.world, &scene.world.home));
    let look = async || {
        let outside = scene.heads.read(world.home.id).await.unwrap();
        sealing::verify(&ctx, &scene.keys, &outside).await.unwrap()
    };
    assert!(!detection::examined(&ctx, &look().await).await.unwrap(), "a sound trail is no event");
    let client = tamperer(world).await;
    client.execute("update audit.audit_logs set resource_name = 'forged' where id = $1", &[&trail[7]]).await.unwrap();
    let verdict = look().await;
    assert_eq!(verdict.findings[0].kind, Kind::Changed);
    assert!(detection::examined(&ctx, &verdict).await.unwrap());
    assert!(!detection::examined(&ctx, &verdict).await.unwrap(), "the same findings are told once");
    let found = events(world, "trail.tampered").await;
    assert_eq!((found.len(), &found[0]["severity"], &found[0]["is_incident"]), (1, &json!("critical"), &json!(true)));
    assert!(found[0]["description"].as_str().unwrap().contains(&trail[7].to_string()), "{found:?}");

    client.execute("delete from audit.audit_logs where id = $1", &[&trail[9]]).await.unwrap();
    assert!(detection::examined(&ctx, &look().await).await.unwrap());
    assert_eq!(events(world, "trail.tampered").await.len(), 1, "more of it makes the open one grow");
    let path = format!("/v1/security-events/{}", found[0]["id"].as_str().unwrap());
    world.patch(&path, &json!({"status": "resolved"})).by(&world.home.owner).send().await.expect(200);
    assert!(!detection::examined(&ctx, &look().await).await.unwrap(), "what was closed is not told again");

    let due = async || detection::is_examination_due(&ctx).await.unwrap();
    assert_eq!((due().await, due().await), (true, false), "one server examines, and not again at once");
    world.clock.advance(SignedDuration::from_hours(24));
    assert!(due().await);
    detection::examination_failed(&ctx).await.unwrap();
    assert_eq!((due().await, due().await), (true, false), "what came to nothing is due at once");
}

/// Proves REQ-78.3.
#[tokio::test]
async fn owners_change_rules_and_every_change_is_in_the_trail() {
    let world = settled().await;
    let home = &world.home;
    let path = format!("/v1/detection-rules/{}", rule(&world, "sign_in.failed").await);
    let off = json!({"is_enabled": false});
    world.patch(&path, &off).by(&home.admin).send().await.expect(403);
    world.patch(&path, &off).by(&world.abroad.owner).send().await.expect(404);
    world.get(&path).by(&home.developer).send().await.expect(404);
    world.patch(&path, &json!({"threshold": 0})).by(&home.owner).send().await.expect(422);
    world.patch(&path, &off).by(&home.owner).send().await.expect(200);
    let refuse = async |count: i64| {
        for second in 0..count {
            let at = before(&world, seconds(60 - second));
            happened(&world, "session.refused", &home.viewer, at, "198.51.100.9", "P").await;
        }
    };
    refuse(5).await;
    assert_eq!(scan(&world).await, Scanned { rules: 7, ..Scanned::default() }, "nobody watches");
    let on =
        json!({"is_enabled": true, "threshold": 6, "severity": "high", "opens_incident": true, "notifies": "nobody"});
    world.patch(&path, &on).by(&home.owner).send().await.expect(200);
    assert_eq!(scan(&world).await.made, 0, "five are fewer than six");
    refuse(1).await;
    assert_eq!(scan(&world).await.made, 1);
    let event = &events(&world, "sign_in.failed").await[0];
    assert_eq!((&event["severity"], &event["is_incident"]), (&json!("high"), &json!(true)));
    let history = world.get(format!("{path}/history")).by(&home.owner).send().await.expect(200).json();
    assert_eq!(rows(&history).len(), 2, "looking at a rule is no change of it: {history}");
    assert_eq!(history["data"][0]["event"], "detection_rule.updated");
    // What happens here is no event elsewhere.
    assert_eq!(detection::scan(&server(&world, &world.abroad)).await.unwrap().made, 1, "its own administrator");
}
