//! The door itself: methods, media types, bodies that are no bodies, repeated requests.

use serde_json::{Value, json};
use testkit::{Answer, World};

use crate::world;

#[tokio::test]
async fn methods_and_media_types() {
    let world = world().await;
    let owner = &world.home.owner;
    let id = world.example(&world.home, "requirements", 0).await.unwrap();
    let one = format!("/v1/requirements/{id}");
    for (method, path) in [
        ("PUT", one.as_str()),
        ("POST", &one),
        ("PATCH", "/v1/requirements"),
        ("DELETE", "/v1/priorities/high"),
        ("POST", "/v1/users"),
    ] {
        let answer = world.call(method, path).by(owner).send().await.expect(405);
        assert!(answer.header("allow").is_some_and(|allow| allow.contains("GET")), "{method} {path}");
        assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    }
    for path in ["/v1/nothing", "/v1", "/v1/requirements/x/y/z", "/v1/requirements/%ff"] {
        let answer = world.get(path).by(owner).send().await;
        assert!([400, 404].contains(&answer.status), "{path}: {}", answer.status);
        assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{path}: {}", answer.text());
    }
    let list = |accept: &'static str| world.get("/v1/requirements").by(owner).header("accept", accept).send();
    list("text/html").await.expect(406);
    list("image/png, text/csv;q=0.5").await.expect(200);
    list("*/*").await.expect(200);
    let title = json!({"title": "x"}).to_string();
    let write = |media: &'static str| {
        world.call("PATCH", &one).by(owner).header("content-type", media).bytes(title.clone()).send()
    };
    write("text/plain").await.expect(415);
    write("application/x-www-form-urlencoded").await.expect(415);
    write("application/merge-patch+json").await.expect(200);
    write("application/json; charset=utf-8").await.expect(200);
    let unnamed = world.call("PATCH", &one).by(owner).bytes(title.clone()).send().await;
    unnamed.expect(415);
    let query = world
        .call("POST", "/v1/requirements?x=1")
        .by(owner)
        .header("content-type", "application/json")
        .bytes("{}")
        .send()
        .await;
    assert_eq!((query.status, query.pointers()), (400, vec!["?x".to_owned()]));
}

/// Whatever comes in, the answer is a reason and never a fault of ours.
/// Proves REQ-14.4.
#[tokio::test]
async fn bodies_that_are_no_bodies() {
    let world = world().await;
    let project = world.example(&world.home, "projects", 0).await.unwrap();
    let send = |body: Vec<u8>| {
        world
            .call("POST", "/v1/requirements")
            .by(&world.home.owner)
            .header("content-type", "application/json")
            .bytes(body)
            .send()
    };
    let with = |value: &str| format!("{{\"project_id\":\"{project}\",\"title\":{value}}}").into_bytes();
    let deep = |depth: usize| {
        let nested = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        format!("{{\"name\":\"x\",\"slug\":\"deep\",\"metadata\":{{\"a\":{nested}}}}}")
    };
    let cases: Vec<(&str, Vec<u8>, u16)> = vec![
        ("nothing", b"".to_vec(), 400),
        ("half", b"{\"title\":".to_vec(), 400),
        ("two", b"{} {}".to_vec(), 400),
        ("not UTF-8", b"{\"title\":\"\xff\"}".to_vec(), 400),
        ("a lone surrogate", with("\"\\ud800\""), 400),
        ("NUL", with("\"a\\u0000b\""), 422),
        (
            "a huge number",
            format!("{{\"project_id\":\"{project}\",\"title\":\"x\",\"estimated_effort_points\":1e400}}").into_bytes(),
            400,
        ),
        (
            "a large number",
            format!("{{\"project_id\":\"{project}\",\"title\":\"x\",\"estimated_effort_points\":1e18}}").into_bytes(),
            422,
        ),
        (
            "a long number",
            format!("{{\"project_id\":\"{project}\",\"title\":\"x\",\"estimated_effort_points\":{}}}", "9".repeat(300))
                .into_bytes(),
            422,
        ),
        ("deep", deep(200).into_bytes(), 400),
        ("too large", with(&format!("\"{}\"", "x".repeat(300 << 10))), 413),
        (
            "a member twice",
            format!("{{\"project_id\":\"{project}\",\"title\":\"x\",\"title\":\"y\"}}").into_bytes(),
            201,
        ),
    ];
    for (what, body, status) in cases {
        let answer = send(body).await;
        assert_eq!(answer.status, status, "{what}: {}", answer.text());
        if status >= 400 {
            assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{what}: {}", answer.text());
        }
    }
    let project = |metadata: Value| {
        world
            .post("/v1/projects", &json!({"name": "x", "slug": "metadata", "metadata": metadata}))
            .by(&world.home.owner)
            .send()
    };
    project(json!({"a": ["b\0"]})).await.expect(422);
    project(json!({"a\0": 1})).await.expect(422);
}

async fn repeat(world: &World, key: &str, body: &Value) -> Answer {
    world.post("/v1/requirements", body).by(&world.home.developer).header("idempotency-key", key).send().await
}

async fn count(world: &World) -> Value {
    world.get("/v1/requirements?count=exact&limit=1").by(&world.home.owner).send().await.expect(200).json()["count"]
        .clone()
}

/// Proves REQ-13.1, REQ-13.2, REQ-13.5.
#[tokio::test]
async fn a_repeated_request_gets_the_first_answer() {
    let world = world().await;
    let project = world.example(&world.home, "projects", 0).await.unwrap();
    let body = json!({"project_id": project, "title": "once"});
    let first = repeat(&world, "key", &body).await.expect(201);
    let again = repeat(&world, "key", &body).await.expect(201);
    assert_eq!((first.header("idempotency-replayed"), again.header("idempotency-replayed")), (None, Some("true")));
    assert_eq!(
        (first.body, first.headers.get("etag"), first.headers.get("location")),
        (again.body, again.headers.get("etag"), again.headers.get("location"))
    );
    assert_eq!(count(&world).await, 1);

    repeat(&world, "key", &json!({"project_id": project, "title": "other"})).await.expect(422);
    // Another person's key is another key.
    let other = world
        .post("/v1/requirements", &body)
        .by(&world.home.owner)
        .header("idempotency-key", "key")
        .send()
        .await
        .expect(201);
    assert_eq!(other.header("idempotency-replayed"), None);
    assert_eq!(count(&world).await, 2);
    // A request that failed may be sent again under its key.
    repeat(&world, "later", &json!({"project_id": project, "title": ""})).await.expect(422);
    repeat(&world, "later", &body).await.expect(201);
    for bad in ["", &"k".repeat(256)] {
        repeat(&world, bad, &body).await.expect(400);
    }
    world.clock.advance(jiff::SignedDuration::from_hours(25));
    let later = world
        .authenticator
        .sign_in(
            identity::SignIn {
                email: world.home.developer.email.clone(),
                password: testkit::Person::PASSWORD.into(),
                organization: None,
            },
            kernel::Request::default(),
        )
        .await
        .unwrap();
    let fresh = world
        .post("/v1/requirements", &body)
        .bearing(later.token.reveal())
        .header("idempotency-key", "key")
        .send()
        .await
        .expect(201);
    assert_eq!(fresh.header("idempotency-replayed"), None, "after a day the key is free");
}

#[tokio::test]
async fn the_same_request_at_the_same_moment_happens_once() {
    let world = world().await;
    let body = json!({"project_id": world.example(&world.home, "projects", 0).await.unwrap(), "title": "once"});
    let answers = futures_util::future::join_all((0..5).map(|_| repeat(&world, "key", &body))).await;
    let made =
        answers.iter().filter(|answer| answer.status == 201 && answer.header("idempotency-replayed").is_none()).count();
    assert_eq!(made, 1);
    for answer in &answers {
        let told = answer.status == 409 && answer.header("retry-after").is_some();
        assert!(told || answer.status == 201, "{}", answer.text());
    }
    assert_eq!(count(&world).await, 1);
}

/// Proves REQ-13.3.
#[tokio::test]
async fn a_running_request_is_told_apart_from_a_finished_one() {
    let world = world().await;
    let body = json!({"project_id": world.example(&world.home, "projects", 0).await.unwrap(), "title": "once"});
    let client = world.superuser().await.unwrap();
    // The lock that the first request holds while it runs.
    let lock = format!("key/{}/{}", world.home.id, world.home.developer.user_id);
    client.execute("select pg_advisory_lock(hashtextextended($1::text, 7))", &[&lock]).await.unwrap();
    let answer = repeat(&world, "key", &body).await.expect(409);
    assert_eq!(answer.header("retry-after"), Some("1"));
    client.execute("select pg_advisory_unlock(hashtextextended($1::text, 7))", &[&lock]).await.unwrap();
    repeat(&world, "key", &body).await.expect(201);
}

#[tokio::test]
async fn the_cookie_reads_and_never_writes() {
    let world = world().await;
    let cookie = format!("{}={}", rest::SESSION_COOKIE, world.home.owner.token);
    world.get("/v1/me").header("cookie", &cookie).send().await.expect(200);
    let body = json!({"name": "x", "slug": "forged"});
    world.post("/v1/projects", &body).header("cookie", &cookie).send().await.expect(401);
}
