//! What hostile callers try: widening what they hold, taking what others need, learning what they may not see.

use std::{sync::Arc, time::Duration};

use axum::{body::Body, http::Request as HttpRequest};
use futures_util::future::join_all;
use identity::SignIn;
use kernel::Request;
use serde_json::{Value, json};
use testkit::{Person, World};
use tower::ServiceExt as _;

use crate::world;

async fn token(world: &World, by: &Person, input: Value) -> (String, Value) {
    let made = world.post("/v1/api-tokens", &input).by(by).send().await.expect(201).json();
    (made["token"].as_str().unwrap().to_owned(), made)
}

async fn private_project(world: &World) -> String {
    let body = json!({"name": "Hidden", "slug": "hidden", "visibility": "private"});
    let made = world.post("/v1/projects", &body).by(&world.home.owner).send().await.expect(201);
    made.json()["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn made_up_methods_share_one_label() {
    let world = world().await;
    for method in ["BREW", "WHEN", "PROPFIND"] {
        world.call(method, "/healthz").send().await.expect(405);
    }
    let text = world.get("/metrics").send().await.expect(200).text();
    assert!(text.contains("method=\"other\",route=\"/healthz\",status=\"405\"} 3"), "{text}");
    assert!(!text.contains("BREW"));
}

#[tokio::test]
async fn a_token_makes_none_that_is_wider_or_lives_longer() {
    let world = world().await;
    let admin = &world.home.admin;
    let (maker, made) = token(&world, admin, json!({"name": "m", "scopes": ["api_token:create"], "days": 2})).await;
    let ask = |scope: &'static str| {
        world.post("/v1/api-tokens", &json!({"name": "x", "scopes": [scope], "days": 300})).bearing(&maker).send()
    };
    for wider in ["*", "*:create", "api_token:*", "build:read"] {
        assert_eq!(ask(wider).await.expect(403).pointers(), ["/scopes/0"], "{wider}");
    }
    let child = ask("api_token:create").await.expect(201).json();
    assert_eq!(child["expires_at"], made["expires_at"]);
    token(&world, admin, json!({"name": "wide", "scopes": ["*"], "days": 300})).await;
}

#[tokio::test]
async fn a_secret_is_shown_once_and_an_answer_only_to_who_was_answered() {
    let world = world().await;
    let admin = &world.home.admin;
    let body = json!({"name": "ci", "scopes": ["*"]});
    let repeat = || world.post("/v1/api-tokens", &body).by(admin).header("idempotency-key", "k").send();
    let first = repeat().await.expect(201).json();
    let second = repeat().await.expect(201);
    assert_eq!(second.header("idempotency-replayed"), Some("true"));
    assert_eq!((&second.json()["id"], &second.json()["token"]), (&first["id"], &Value::Null));
    let kept = "select count(*) from platform.idempotency_keys where position('tlp_'::bytea in response_body) > 0";
    let kept: i64 = world.superuser().await.unwrap().query_one(kept, &[]).await.unwrap().get(0);
    assert_eq!(kept, 0);

    let (narrow, _) = token(&world, admin, json!({"name": "n", "scopes": ["build:read"]})).await;
    let tag = json!({"name": "kept"});
    let ask = |by: &str| world.post("/v1/tags", &tag).bearing(by).header("idempotency-key", "t").send();
    ask(first["token"].as_str().unwrap()).await.expect(201);
    ask(&narrow).await.expect(422);
}

#[tokio::test]
async fn slow_readers_take_neither_every_connection_nor_all_day() {
    let world = world().await;
    let project = world.example(&world.home, "projects", 0).await.unwrap();
    let item =
        json!({"action": "create", "data": {"project_id": project, "title": "x", "description": "y".repeat(4000)}});
    for _ in 0..6 {
        let body = json!({"items": vec![item.clone(); 50], "atomic": true});
        world.post("/v1/requirements/bulk", &body).by(&world.home.owner).send().await.expect(200);
    }
    let export = || {
        let request = HttpRequest::builder()
            .uri("/v1/requirements")
            .header("authorization", format!("Bearer {}", world.home.viewer.token))
            .header("accept", "application/x-ndjson");
        world.router.clone().oneshot(request.body(Body::empty()).unwrap())
    };
    let mut unread = Vec::new();
    for _ in 0..4 {
        let answer = export().await.unwrap();
        assert_eq!(answer.status(), 200);
        unread.push(answer);
    }
    let fifth = export().await.unwrap();
    assert_eq!((fifth.status().as_u16(), fifth.headers().contains_key("retry-after")), (503, true));
    world.get("/v1/requirements").by(&world.home.viewer).send().await.expect(200);

    tokio::time::sleep(Duration::from_millis(11_000)).await;
    let whole = axum::body::to_bytes(export().await.unwrap().into_body(), 64 << 20).await.unwrap();
    assert!(whole.len() > 1_000_000);
    for answer in unread {
        assert!(
            axum::body::to_bytes(answer.into_body(), 64 << 20).await.is_err(),
            "half a file looks like a whole one"
        );
    }
}

#[tokio::test]
async fn many_guesses_at_once_meet_the_lock_like_one_after_another() {
    let world = world().await;
    let email = &world.home.developer.email;
    let guess = |email: &str| {
        let input = SignIn { email: email.to_owned(), password: "a guess of many".into(), organization: None };
        world.authenticator.sign_in(input, Request::default())
    };
    let outcomes = join_all((0..30).map(|_| guess(email))).await;
    assert!(outcomes.iter().all(Result::is_err));
    let sql = "select failed_login_attempts from identity.users where email = $1";
    let counted: i32 = world.superuser().await.unwrap().query_one(sql, &[email]).await.unwrap().get(0);
    assert!((5..=6).contains(&counted), "{counted} guesses were made");

    for name in [email.as_str(), "nobody@home.example"] {
        let began = std::time::Instant::now();
        assert!(guess(name).await.is_err());
        assert!(began.elapsed() >= Duration::from_millis(250), "{name} was refused after {:?}", began.elapsed());
    }
}

#[tokio::test]
async fn what_is_revoked_here_counts_from_the_answer_on() {
    let world = world().await;
    let mut config = world.database().application_config.clone();
    config.dbname(&world.database().name);
    let listener = tokio::spawn(Arc::clone(&world.authenticator).listen(config));
    tokio::time::sleep(Duration::from_millis(300)).await;
    for turn in 0..20 {
        let (text, made) = token(&world, &world.home.developer, json!({"name": "t", "scopes": ["*"]})).await;
        tokio::time::sleep(Duration::from_millis(30)).await;
        world.get("/v1/me").bearing(&text).send().await.expect(200);
        let path = format!("/v1/api-tokens/{}/revoke", made["id"].as_str().unwrap());
        world.post(path, &json!({})).by(&world.home.developer).send().await.expect(200);
        let after = world.get("/v1/me").bearing(&text).send().await;
        assert_eq!(after.status, 401, "in turn {turn}");
    }
    listener.abort();
}

#[tokio::test]
async fn a_reference_confirms_nothing_that_is_hidden() {
    let world = world().await;
    let (owner, developer) = (&world.home.owner, &world.home.developer);
    let hidden = private_project(&world).await;
    let place = json!({"project_id": hidden, "name": "vault", "tier": "test"});
    let place = world.post("/v1/environments", &place).by(owner).send().await.expect(201).json()["id"].clone();

    let child = |parent: &Value| json!({"name": "c", "slug": "c", "parent_project_id": parent});
    let mut deployment = world.creation_body(&world.home, "deployments", 1).await.unwrap();
    let nowhere = json!("0192f0c4-5e1a-7c3d-9d1e-3f5a7b9c1d2e");
    for (path, hit, miss) in [
        ("/v1/projects", child(&json!(hidden)), child(&nowhere)),
        (
            "/v1/deployments",
            {
                deployment["environment_id"] = place;
                deployment.clone()
            },
            {
                deployment["environment_id"] = nowhere;
                deployment
            },
        ),
    ] {
        let hit = world.post(path, &hit).by(developer).send().await.expect(422);
        let miss = world.post(path, &miss).by(developer).send().await.expect(422);
        assert_eq!(hit.text(), miss.text());
    }
    world.post("/v1/projects", &child(&json!(hidden))).by(owner).send().await.expect(201);
}

#[tokio::test]
async fn nobody_agrees_in_another_name() {
    let world = world().await;
    let (admin, developer) = (&world.home.admin, &world.home.developer);
    let mut body = world.creation_body(&world.home, "deployments", 2).await.unwrap();
    body["approved_by"] = json!(admin.user_id);
    let forged = world.post("/v1/deployments", &body).by(developer).send().await.expect(422);
    assert_eq!(forged.pointers(), ["/approved_by"]);
    body.as_object_mut().unwrap().remove("approved_by");
    let made = world.post("/v1/deployments", &body).by(developer).send().await.expect(201).json();
    let path = format!("/v1/deployments/{}", made["id"].as_str().unwrap());
    let approve = |by| world.post(format!("{path}/approve"), &json!({"notes": "seen"})).by(by).send();
    approve(developer).await.expect(403);
    approve(admin).await.expect(200);
    approve(&world.home.owner).await.expect(409);
    let shown = world.get(path.as_str()).by(developer).send().await.expect(200).json();
    assert_eq!((&shown["approved_by"], &shown["approval_notes"]), (&json!(admin.user_id), &json!("seen")));
}

#[tokio::test]
async fn a_condition_is_never_dropped_and_a_cookie_is_no_api_token() {
    let world = world().await;
    let id = world.example(&world.home, "requirements", 0).await.unwrap();
    let path = format!("/v1/requirements/{id}");
    let change = || world.patch(path.as_str(), &json!({"title": "x"})).by(&world.home.owner);
    change().header("if-match", "é").send().await.expect(412);
    change().header("if-match", "\"0\"").header("if-match", "*").send().await.expect(200);

    let (text, _) = token(&world, &world.home.developer, json!({"name": "t", "scopes": ["*"]})).await;
    world.get("/v1/me").header("cookie", &format!("throughline_session={text}")).send().await.expect(401);
    let session = format!("throughline_session={}", world.home.developer.token);
    world.get("/v1/me").header("cookie", &session).send().await.expect(200);
}

#[tokio::test]
async fn a_code_of_sixteen_letters_is_no_uuid() {
    let world = world().await;
    for (slug, license) in [("a", "MIT"), ("b", "GPL-2.0-or-later")] {
        let body = json!({"name": slug, "slug": slug, "license_code": license});
        world.post("/v1/projects", &body).by(&world.home.owner).send().await.expect(201);
    }
    let list = world.get("/v1/projects?include=license_code").by(&world.home.owner).send().await.expect(200).json();
    let mut codes: Vec<_> =
        list["included"]["license_code"].as_array().unwrap().iter().filter_map(|one| one["code"].as_str()).collect();
    codes.sort_unstable();
    assert_eq!(codes, ["GPL-2.0-or-later", "MIT"]);
}

#[tokio::test]
async fn an_answer_is_not_many_times_the_question() {
    let world = world().await;
    let many: serde_json::Map<String, Value> = (0..20_000).map(|at| (format!("k{at}"), json!(1))).collect();
    let answer = world.post("/v1/requirements", &Value::Object(many)).by(&world.home.owner).send().await.expect(422);
    assert!(answer.body.len() < 20_000, "{} bytes", answer.body.len());
    assert!(answer.text().contains("20000 fields"));
}

fn form(project: &str, bytes: usize) -> Vec<u8> {
    let part = |head: &str, body: &[u8]| {
        [format!("--b\r\nContent-Disposition: form-data; {head}\r\n\r\n").as_bytes(), body, b"\r\n"].concat()
    };
    let report =
        format!("<testsuite name=\"s\"><testcase name=\"t\"><!--{}--></testcase></testsuite>", " ".repeat(bytes));
    [
        part("name=\"project\"", project.as_bytes()),
        part("name=\"file\"; filename=\"r.xml\"", report.as_bytes()),
        b"--b--\r\n".to_vec(),
    ]
    .concat()
}

#[tokio::test]
async fn an_upload_may_be_long_and_is_taken_from_nobody_without_the_right() {
    let world = world().await;
    let project = world.example(&world.home, "projects", 0).await.unwrap();
    let send = |by: &Person| {
        let form = form(&project, 600_000);
        world
            .call("POST", "/v1/imports")
            .by(by)
            .header("content-type", "multipart/form-data; boundary=b")
            .bytes(form)
            .send()
    };
    send(&world.home.viewer).await.expect(403);
    send(&world.home.developer).await.expect(202);
}
