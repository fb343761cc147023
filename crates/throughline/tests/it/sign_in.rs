//! Sign-in, sessions and tokens: who gets in, for how long, and what ends it.

use std::{sync::Arc, time::Duration};

use identity::{SignIn, SignedIn};
use jiff::SignedDuration;
use kernel::{Error, Request};
use serde_json::json;
use testkit::{Person, World};

use crate::{rows, world};

async fn sign_in(world: &World, email: &str, password: &str, organization: Option<&str>) -> Result<SignedIn, Error> {
    let input =
        SignIn { email: email.into(), password: password.into(), organization: organization.map(str::to_owned) };
    world.authenticator.sign_in(input, Request::default()).await
}

async fn refusal(world: &World, email: &str, password: &str) -> String {
    match sign_in(world, email, password, None).await {
        Ok(_) => panic!("{email} got in"),
        Err(error) => {
            let problem = error.problem().expect("a problem for the caller").clone();
            assert_eq!(problem.status(), 401);
            problem.to_string()
        }
    }
}

async fn status(world: &World, token: &str) -> u16 {
    world.get("/v1/me").bearing(token).send().await.status
}

#[tokio::test]
async fn a_password_opens_a_session_of_its_own() {
    let world = world().await;
    let person = &world.home.developer;
    let first = sign_in(&world, &person.email.to_uppercase(), Person::PASSWORD, None).await.unwrap();
    let second = sign_in(&world, &person.email, Person::PASSWORD, Some("home")).await.unwrap();
    assert_ne!(first.token.reveal(), second.token.reveal(), "each sign-in has a new token");
    assert_ne!(first.principal.session_id(), second.principal.session_id());
    let me = world.get("/v1/me").bearing(first.token.reveal()).send().await.expect(200).json();
    assert_eq!((&me["user_id"], &me["email"]), (&json!(person.user_id), &json!(person.email)));
    let stored = world
        .superuser()
        .await
        .unwrap()
        .query_one(
            "select count(*) from identity.sessions where position($1::bytea in token_hash) > 0",
            &[&first.token.reveal().as_bytes()],
        )
        .await
        .unwrap();
    assert_eq!(stored.get::<_, i64>(0), 0, "the token itself is not kept");
    let elsewhere = sign_in(&world, &person.email, Person::PASSWORD, Some("abroad")).await;
    assert_eq!(elsewhere.err().unwrap().problem().unwrap().status(), 401);
}

/// An unknown name, a wrong password, somebody without an account's password and a locked account sound the same.
#[tokio::test]
async fn a_refusal_tells_nothing() {
    let world = world().await;
    let person = &world.home.developer;
    let agent = world.home.agent(&world.kernel, person).await.unwrap();
    let words = refusal(&world, &person.email, "a sentence nobody said").await;
    assert_eq!(refusal(&world, "nobody@home.example", Person::PASSWORD).await, words);
    assert_eq!(refusal(&world, "nobody\0@home.example", Person::PASSWORD).await, words);
    assert_eq!(refusal(&world, "", "").await, words);
    assert_eq!(refusal(&world, &agent.email, Person::PASSWORD).await, words);
    for _ in 0..5 {
        refusal(&world, &world.home.viewer.email, "wrong").await;
    }
    assert_eq!(refusal(&world, &world.home.viewer.email, Person::PASSWORD).await, words);
    let refused = "select count(*) from audit.audit_logs where event_type = 'session.refused'";
    let count: i64 = world.superuser().await.unwrap().query_one(refused, &[]).await.unwrap().get(0);
    assert_eq!(count, 7, "each refusal of a known person is on record");
}

/// Where there is no hash, a decoy of the same cost is verified: measured in hashing work, not in time.
#[tokio::test]
async fn an_unknown_name_costs_a_verification() {
    let dear = vault::Passwords::new();
    let time = |stored: Option<&str>| {
        let began = std::time::Instant::now();
        assert!(!dear.verify("a sentence nobody said", stored));
        began.elapsed()
    };
    let known = dear.hash(Person::PASSWORD, &[]).unwrap();
    time(None);
    let (unknown, wrong) = (time(None), time(Some(&known)));
    // Without the decoy the first takes nothing at all; a factor of ten leaves room for a busy machine.
    assert!(unknown * 10 > wrong, "unknown {unknown:?}, wrong {wrong:?}");
}

/// Proves REQ-18.1.
#[tokio::test]
async fn five_failures_lock_for_fifteen_minutes() {
    let world = world().await;
    let email = &world.home.developer.email;
    for _ in 0..4 {
        refusal(&world, email, "wrong").await;
    }
    sign_in(&world, email, Person::PASSWORD, None).await.expect("four failures do not lock");
    for _ in 0..5 {
        refusal(&world, email, "wrong").await;
    }
    refusal(&world, email, Person::PASSWORD).await;
    world.clock.advance(SignedDuration::from_mins(14));
    refusal(&world, email, Person::PASSWORD).await;
    world.clock.advance(SignedDuration::from_secs(61));
    sign_in(&world, email, Person::PASSWORD, None).await.expect("the lock ends by itself");
    sign_in(&world, &world.home.viewer.email, Person::PASSWORD, None).await.expect("nobody else was locked");
}

async fn try_from(world: &World, email: &str, password: &str, address: &str) -> bool {
    let input = SignIn { email: email.into(), password: password.into(), organization: None };
    let request = Request { address: Some(address.parse().unwrap()), ..Request::default() };
    world.authenticator.sign_in(input, request).await.is_ok()
}

/// A stranger who guesses shuts out themselves and not the owner of the account.
#[tokio::test]
async fn a_lock_holds_where_the_guesses_come_from() {
    let world = world().await;
    let email = &world.home.developer.email;
    for _ in 0..5 {
        assert!(!try_from(&world, email, "wrong", "203.0.113.9").await);
    }
    assert!(!try_from(&world, email, Person::PASSWORD, "203.0.113.9").await, "locked there");
    assert!(try_from(&world, email, Person::PASSWORD, "198.51.100.7").await, "and nowhere else");
    assert!(!try_from(&world, email, Person::PASSWORD, "203.0.113.9").await, "a success elsewhere opens nothing there");
    // Who has one IPv6 address has all with the same first 64 bits.
    for last in 1..=5 {
        assert!(!try_from(&world, email, "wrong", &format!("2001:db8:1:2::{last}")).await);
    }
    assert!(!try_from(&world, email, Person::PASSWORD, "2001:db8:1:2:ffff::1").await);
    assert!(try_from(&world, email, Person::PASSWORD, "2001:db8:1:3::1").await);
    world.clock.advance(SignedDuration::from_mins(16));
    assert!(try_from(&world, email, Person::PASSWORD, "203.0.113.9").await, "the lock ends by itself");
}

/// More than one guesser is at work: only then does the lock hold everywhere, and the trail says so once.
#[tokio::test]
async fn guesses_from_many_places_lock_the_account_and_are_told() {
    let world = world().await;
    let email = &world.home.developer.email;
    for place in 0..10 {
        for _ in 0..5 {
            assert!(!try_from(&world, email, "wrong", &format!("203.0.113.{place}")).await);
        }
    }
    assert!(!try_from(&world, email, Person::PASSWORD, "198.51.100.7").await, "locked everywhere");
    let sql = "select count(*) filter (where event_type = 'session.refused'), count(*) filter (where event_type = 'session.locked')
                 from audit.audit_logs";
    let row = world.superuser().await.unwrap().query_one(sql, &[]).await.unwrap();
    assert_eq!((row.get::<_, i64>(0), row.get::<_, i64>(1)), (51, 1), "told once");
    world.clock.advance(SignedDuration::from_mins(16));
    assert!(try_from(&world, email, Person::PASSWORD, "198.51.100.7").await);
}

/// What was signed in with the old password ends wherever it was signed in, and so do tokens unless they are to stay.
#[tokio::test]
async fn a_new_password_ends_the_rest_in_every_organisation() {
    let world = world().await;
    let person = &world.home.developer;
    let abroad = world.abroad.ctx(&world.kernel);
    let tx = abroad.begin().await.unwrap();
    tx.execute("insert into identity.memberships (user_id, status) values ($1, 'active')", &[&person.user_id])
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let there = sign_in(&world, &person.email, Person::PASSWORD, Some("abroad")).await.unwrap();
    let other = sign_in(&world, &person.email, Person::PASSWORD, Some("home")).await.unwrap();
    let made = json!({"name": "t", "scopes": ["*"]});
    let made = world.post("/v1/api-tokens", &made).by(person).send().await.expect(201).json();
    let token = made["token"].as_str().unwrap();

    let change = |current: &str, new: &str, more: serde_json::Value| {
        let mut body = json!({"current": current, "new": new});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        world.post("/v1/sessions/change-password", &body).by(person)
    };
    let (first, second) = ("a first quiet harbour at dawn", "a second quiet harbour at dusk");
    change("wrong", first, json!({})).send().await.expect(422);
    let kept = change(Person::PASSWORD, first, json!({"revoke_tokens": false})).send().await.expect(200).json();
    assert_eq!((&kept["sessions_ended"], &kept["tokens_ended"]), (&json!(2), &json!(0)));
    assert_eq!(status(&world, there.token.reveal()).await, 401, "abroad too");
    assert_eq!(status(&world, other.token.reveal()).await, 401);
    assert_eq!((status(&world, token).await, status(&world, &person.token).await), (200, 200));
    let ended = change(first, second, json!({})).send().await.expect(200).json();
    assert_eq!(ended["tokens_ended"], 1);
    assert_eq!((status(&world, token).await, status(&world, &person.token).await), (401, 200));
    sign_in(&world, &person.email, Person::PASSWORD, None).await.err().expect("the old password is gone");
}

/// Proves REQ-19.2.
#[tokio::test]
async fn sessions_end_when_idle_and_in_any_case() {
    let world = world().await;
    let idle = world.home.viewer.token.clone();
    let used = world.home.developer.token.clone();
    assert_eq!(status(&world, &idle).await, 200);
    world.clock.advance(SignedDuration::from_hours(11));
    assert_eq!(status(&world, &used).await, 200);
    world.clock.advance(SignedDuration::from_mins(61));
    assert_eq!(status(&world, &idle).await, 401, "twelve hours without use");
    assert_eq!(status(&world, &used).await, 200);
    for _ in 0..29 {
        world.clock.advance(SignedDuration::from_hours(11));
        assert_eq!(status(&world, &used).await, 200);
    }
    world.clock.advance(SignedDuration::from_hours(5));
    assert_eq!(status(&world, &used).await, 401, "fourteen days in any case");
}

/// Where nothing is remembered every request asks, but does not write: as often as where something is.
#[tokio::test]
async fn the_use_of_a_session_is_written_down_every_half_minute() {
    let world = world().await;
    let used = async || -> jiff::Timestamp {
        assert_eq!(status(&world, &world.home.viewer.token).await, 200);
        let sql = "select max(last_active_at) from identity.sessions where user_id = $1";
        world.superuser().await.unwrap().query_one(sql, &[&world.home.viewer.user_id]).await.unwrap().get(0)
    };
    let first = used().await;
    world.clock.advance(SignedDuration::from_secs(29));
    assert_eq!(used().await, first);
    world.clock.advance(SignedDuration::from_secs(1));
    assert_eq!(used().await.duration_since(first), SignedDuration::from_secs(30));
}

/// Listening, so that answers are remembered: what ends a session anywhere ends it here at once.
#[tokio::test]
async fn revoking_takes_effect_at_once_also_where_answers_are_remembered() {
    let world = world().await;
    let mut config = world.database().application_config.clone();
    config.dbname(&world.database().name);
    let listener = tokio::spawn(Arc::clone(&world.authenticator).listen(config));
    tokio::time::sleep(Duration::from_millis(300)).await;
    let token = world.home.viewer.token.clone();
    assert_eq!(status(&world, &token).await, 200);
    assert_eq!(status(&world, &token).await, 200);

    let client = world.superuser().await.unwrap();
    let ended = |sql: &'static str| {
        let (world, token, client) = (&world, &token, &client);
        async move {
            client.execute(sql, &[&world.home.viewer.user_id]).await.unwrap();
            let began = std::time::Instant::now();
            while status(world, token).await != 401 {
                assert!(began.elapsed() < Duration::from_secs(2), "still in after: {sql}");
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
    };
    ended("update identity.memberships set status = 'suspended' where user_id = $1").await;
    client
        .execute("update identity.memberships set status = 'active' where user_id = $1", &[&world.home.viewer.user_id])
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(status(&world, &token).await, 200);
    ended("update identity.users set status = 'suspended' where id = $1").await;
    client
        .execute("update identity.users set status = 'active' where id = $1", &[&world.home.viewer.user_id])
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(status(&world, &token).await, 200);
    ended("update identity.sessions set revoked_at = now() where user_id = $1").await;

    // A role taken away is a right taken away.
    let path = "/v1/requirements";
    world.get(path).by(&world.home.developer).send().await.expect(200);
    client
        .execute("update authz.user_roles set revoked_at = now() where user_id = $1", &[&world.home.developer.user_id])
        .await
        .unwrap();
    let began = std::time::Instant::now();
    while world.get(path).by(&world.home.developer).send().await.status != 403 {
        assert!(began.elapsed() < Duration::from_secs(2));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    listener.abort();
}

#[tokio::test]
async fn the_suspended_stay_out() {
    let cases = [
        (
            "update identity.users set status = 'suspended' where id = $1",
            "update identity.users set status = 'active' where id = $1",
        ),
        (
            "update identity.memberships set status = 'suspended' where user_id = $1",
            "update identity.memberships set status = 'active' where user_id = $1",
        ),
        (
            "update identity.memberships set deleted_at = now() where user_id = $1",
            "update identity.memberships set deleted_at = null where user_id = $1",
        ),
        (
            "update identity.organizations set status = 'suspended' where id in (select organization_id from identity.memberships where user_id = $1)",
            "update identity.organizations set status = 'active' where id in (select organization_id from identity.memberships where user_id = $1)",
        ),
    ];
    let world = world().await;
    let person = world.home.developer.clone();
    let made = world
        .post("/v1/api-tokens", &json!({"name": "x", "scopes": ["*"]}))
        .by(&person)
        .send()
        .await
        .expect(201)
        .json();
    let token = made["token"].as_str().unwrap();
    let client = world.superuser().await.unwrap();
    let mut faults = Vec::new();
    for (out, back) in cases {
        client.execute(out, &[&person.user_id]).await.unwrap();
        if status(&world, &person.token).await != 401 {
            faults.push(format!("the session lives after: {out}"));
        }
        if status(&world, token).await != 401 {
            faults.push(format!("the API token lives after: {out}"));
        }
        if sign_in(&world, &person.email, Person::PASSWORD, None).await.is_ok() {
            faults.push(format!("sign-in works after: {out}"));
        }
        client.execute(back, &[&person.user_id]).await.unwrap();
        if status(&world, &person.token).await != 200 || status(&world, token).await != 200 {
            faults.push(format!("still out after: {back}"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Proves REQ-20.3.
#[tokio::test]
async fn a_token_narrows_ends_and_makes_no_other() {
    let world = world().await;
    let person = &world.home.admin;
    let make = |input: serde_json::Value| world.post("/v1/api-tokens", &input).by(person).send();
    let made = make(json!({"name": "reader", "scopes": ["requirement:read"], "days": 2})).await.expect(201);
    let token = made.json()["token"].as_str().unwrap().to_owned();
    let id = made.json()["id"].as_str().unwrap().to_owned();
    let shown = world.get(format!("/v1/api-tokens/{id}")).by(person).send().await.expect(200);
    assert!(!shown.text().contains(&token) && !shown.text().contains("token_hash"), "{}", shown.text());

    let body = world.creation_body(&world.home, "requirements", 0).await.unwrap();
    let get = |path: &'static str| world.get(path).bearing(&token).send();
    get("/v1/requirements").await.expect(200);
    get("/v1/projects").await.expect(403);
    world.get("/v1/requirements").bearing(&token).header("accept", "text/csv").send().await.expect(403);
    world.post("/v1/requirements", &body).bearing(&token).send().await.expect(403);

    // Not even a token for everything makes, sees or ends credentials on its owner's strength alone.
    let developer = &world.home.developer;
    let all =
        world.post("/v1/api-tokens", &json!({"name": "all", "scopes": ["*"]})).by(developer).send().await.expect(201);
    let (all, all_id) =
        (all.json()["token"].as_str().unwrap().to_owned(), all.json()["id"].as_str().unwrap().to_owned());
    let minted = world.post("/v1/api-tokens", &json!({"name": "child", "scopes": ["*"]})).bearing(&all).send().await;
    assert!([403, 404].contains(&minted.status), "{}", minted.text());
    world.get("/v1/api-tokens").bearing(&all).send().await.expect(403);
    world.get("/v1/sessions").bearing(&all).send().await.expect(403);
    let revoke = world.post(format!("/v1/api-tokens/{all_id}/revoke"), &json!({})).bearing(&all).send().await;
    assert_eq!(revoke.status, 404, "{}", revoke.text());

    for (input, pointer) in [
        (json!({"name": "", "scopes": ["*"]}), "/name"),
        (json!({"name": "x", "scopes": []}), "/scopes"),
        (json!({"name": "x", "scopes": ["everything"]}), "/scopes/0"),
        (json!({"name": "x", "scopes": ["*"], "days": 0}), "/days"),
        (json!({"name": "x", "scopes": ["*"], "days": 367}), "/days"),
    ] {
        let answer = make(input).await.expect(422);
        assert_eq!(answer.pointers(), [pointer]);
    }
    world.clock.advance(SignedDuration::from_hours(48));
    get("/v1/requirements").await.expect(401);
    assert_eq!(status(&world, &all).await, 200);
    let owner = sign_in(&world, &developer.email, Person::PASSWORD, None).await.unwrap();
    world
        .post(format!("/v1/api-tokens/{all_id}/revoke"), &json!({}))
        .bearing(owner.token.reveal())
        .send()
        .await
        .expect(200);
    assert_eq!(status(&world, &all).await, 401);
    world
        .post(format!("/v1/api-tokens/{all_id}/revoke"), &json!({}))
        .bearing(owner.token.reveal())
        .send()
        .await
        .expect(409);
}

#[tokio::test]
async fn own_sessions_and_tokens_need_no_grant() {
    let world = world().await;
    let person = world.home.join(&world.kernel, "bare").await.unwrap();
    let made = world
        .post("/v1/api-tokens", &json!({"name": "mine", "scopes": ["*"]}))
        .by(&person)
        .send()
        .await
        .expect(201)
        .json();
    for name in ["sessions", "api-tokens"] {
        let list = world.get(format!("/v1/{name}?count=exact")).by(&person).send().await.expect(200).json();
        assert_eq!((rows(&list).len(), &list["count"]), (1, &json!(1)), "{name}: {list}");
        let id = rows(&list)[0]["id"].as_str().unwrap().to_owned();
        world.get(format!("/v1/{name}/{id}")).by(&person).send().await.expect(200);
        let other = world.example(&world.home, name, 0).await.unwrap();
        world.get(format!("/v1/{name}/{other}")).by(&person).send().await.expect(404);
        world.post(format!("/v1/{name}/{other}/revoke"), &json!({})).by(&person).send().await.expect(404);
    }
    let token = made["id"].as_str().unwrap();
    world.post(format!("/v1/api-tokens/{token}/revoke"), &json!({})).by(&person).send().await.expect(200);
    let list = world.get("/v1/sessions").by(&person).send().await.json();
    let session = rows(&list)[0]["id"].as_str().unwrap();
    world.post(format!("/v1/sessions/{session}/revoke"), &json!({})).by(&person).send().await.expect(200);
    assert_eq!(status(&world, &person.token).await, 401);
}

/// An agent has the rights it was given, as far as the person it acts for has them, and as long.
#[tokio::test]
async fn an_agent_never_exceeds_its_person() {
    let world = world().await;
    let body = world.creation_body(&world.home, "requirements", 0).await.unwrap();
    for (person, status) in [(&world.home.developer, 201), (&world.home.viewer, 403)] {
        let agent = world.home.agent(&world.kernel, person).await.unwrap();
        world.get("/v1/requirements").by(&agent).send().await.expect(200);
        world.post("/v1/requirements", &body).by(&agent).send().await.expect(status);
        let client = world.superuser().await.unwrap();
        let suspend = "update identity.users set status = 'suspended' where id = $1";
        client.execute(suspend, &[&person.user_id]).await.unwrap();
        world.get("/v1/requirements").by(&agent).send().await.expect(403);
    }
}

/// An account is its owner's: another organisation can neither take it in nor make it first and wait for its owner.
#[tokio::test]
async fn nobody_is_enrolled_without_being_asked() {
    let world = world().await;
    let input = json!({"email": "shared@example.org", "display_name": "Shared", "role": "viewer"});
    world.post("/v1/memberships/invite", &input).by(&world.abroad.owner).send().await.expect(201);
    let refused = world.post("/v1/memberships/invite", &input).by(&world.home.owner).send().await.expect(409);
    assert_eq!(refused.pointers(), ["/email"]);
    let found = world.get("/v1/users?filter[email]=shared@example.org").by(&world.home.owner).send().await.json();
    assert_eq!(rows(&found).len(), 0);
}

/// The last active owner can be suspended neither by an administrator nor by themselves.
#[tokio::test]
async fn an_organisation_keeps_an_owner() {
    let world = world().await;
    let owner = &world.home.owner;
    let path = format!("/v1/memberships/{}", owner.user_id);
    for (who, status) in [(&world.home.admin, 403), (owner, 422)] {
        let refused = world.patch(&path, &json!({"status": "suspended"})).by(who).send().await.expect(status);
        assert!(refused.text().contains("owner"), "{}", refused.text());
    }
    world.get("/v1/me").by(owner).send().await.expect(200);
    let developer = format!("/v1/memberships/{}", world.home.developer.user_id);
    world.patch(&developer, &json!({"status": "suspended"})).by(owner).send().await.expect(200);
}

/// Every path that confers a role is tried: nobody gives what they do not hold, in the organisation or in a project.
/// Proves REQ-21.3.
#[tokio::test]
async fn nobody_gives_a_role_that_they_do_not_hold() {
    let world = world().await;
    let invite = |who: &Person, role: &'static str| {
        let input =
            json!({"email": format!("{role}-by-{}@home.example", who.name), "display_name": "New", "role": role});
        world.post("/v1/memberships/invite", &input).by(who).send()
    };
    for role in ["viewer", "developer", "admin"] {
        invite(&world.home.admin, role).await.expect(201);
    }
    let refused = invite(&world.home.admin, "owner").await.expect(403);
    assert!(refused.text().contains("which you do not hold yourself"), "{}", refused.text());
    invite(&world.home.owner, "owner").await.expect(201);
    invite(&world.home.developer, "viewer").await.expect(403);
    let nobody = invite(&world.home.owner, "emperor").await.expect(422);
    assert_eq!(nobody.pointers(), ["/role"]);
    let again = invite(&world.home.admin, "viewer").await.expect(409);
    assert!(again.json()["detail"].as_str().unwrap().len() > 10, "{}", again.text());
    let made =
        world.get("/v1/users?filter[email]=owner-by-admin@home.example").by(&world.home.owner).send().await.json();
    assert_eq!(rows(&made).len(), 0, "a refused invitation leaves nobody behind");

    let project = world.example(&world.home, "projects", 0).await.unwrap();
    let roles = world.get("/v1/roles").by(&world.home.owner).send().await.json();
    let role = |name: &str| rows(&roles).iter().find(|row| row["name"] == name).unwrap()["id"].clone();
    let guest = world.home.join(&world.kernel, "guest").await.unwrap();
    let add = |who: &Person, person: &Person, role: serde_json::Value| {
        let input = json!({"project_id": project, "user_id": person.user_id, "role_id": role});
        world.post("/v1/project-members", &input).by(who).send()
    };
    add(&world.home.admin, &guest, role("owner")).await.expect(403);
    add(&world.home.admin, &guest, role("developer")).await.expect(201);
    let path = format!("/v1/project-members/{project}~{}", guest.user_id);
    world.patch(&path, &json!({"role_id": role("owner")})).by(&world.home.admin).send().await.expect(403);
    world.patch(&path, &json!({"role_id": role("viewer")})).by(&world.home.admin).send().await.expect(200);
    world.patch(&path, &json!({"role_id": role("owner")})).by(&world.home.owner).send().await.expect(200);
    let bulk = json!({"items": [{"action": "update", "id": format!("{project}~{}", guest.user_id), "data": {"role_id": role("owner")}}]});
    let answer = world.post("/v1/project-members/bulk", &bulk).by(&world.home.admin).send().await.expect(200).json();
    assert_eq!(answer["results"][0]["status"], 403);

    // Who manages the members of one project gives there what they hold there, and nothing elsewhere.
    let keeper = world.home.join(&world.kernel, "keeper").await.unwrap();
    add(&world.home.owner, &keeper, role("admin")).await.expect(201);
    let third = world.home.join(&world.kernel, "third").await.unwrap();
    add(&keeper, &third, role("owner")).await.expect(403);
    add(&keeper, &third, role("developer")).await.expect(201);
}
