//! Writes: what is refused and in which words, status moves, versions, human keys, history, the bin, many at once.

use serde_json::{Value, json};
use testkit::{Answer, World};

use crate::{rows, world};

async fn requirement(world: &World, more: Value) -> Answer {
    let mut body = json!({"project_id": world.example(&world.home, "projects", 0).await.unwrap(), "title": "it holds"});
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    world.post("/v1/requirements", &body).by(&world.home.developer).send().await
}

/// Proves REQ-8.3, REQ-14.3.
#[tokio::test]
async fn every_wrong_field_is_named_at_once() {
    let world = world().await;
    let answer = requirement(
        &world,
        json!({
            "title": "", "descripton": "typo", "status": "finished", "id": "0192f0c4-5e1a-7c3d-9d1e-3f5a7b9c1d2e",
            "estimated_effort_points": "three", "priority_order": 1.5, "target_date": "2026-02-30",
            "assigned_to_user_id": "me", "organization_id": world.abroad.id, "priority_code": null,
        }),
    )
    .await
    .expect(422);
    let expected: Vec<&str> = vec![
        "/assigned_to_user_id",
        "/descripton",
        "/estimated_effort_points",
        "/id",
        "/organization_id",
        "/priority_order",
        "/status",
        "/target_date",
        "/title",
    ];
    let named: Vec<String> = answer.pointers().into_iter().filter(|pointer| pointer != "/priority_code").collect();
    assert_eq!(named, expected);
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    let bare = world
        .post("/v1/test-cases", &json!({"project_id": world.example(&world.home, "projects", 0).await.unwrap()}))
        .by(&world.home.developer)
        .send()
        .await;
    assert_eq!((bare.status, bare.pointers()), (422, vec!["/name".to_owned()]));
    for body in [json!([]), json!("x"), json!(1), Value::Bool(true)] {
        world.post("/v1/requirements", &body).by(&world.home.developer).send().await.expect(422);
    }
}

/// What PostgreSQL refuses becomes a sentence that names the field and nothing of ours.
/// Proves REQ-14.2.
#[tokio::test]
async fn broken_rules_become_sentences() {
    let world = world().await;
    let project = world.example(&world.home, "projects", 0).await.unwrap();
    let slug = world.get(format!("/v1/projects/{project}")).by(&world.home.owner).send().await.json()["slug"].clone();
    let nobody = "0192f0c4-5e1a-7c3d-9d1e-3f5a7b9c1d2e";
    let cases = [
        ("unique", "/v1/projects", json!({"name": "again", "slug": slug}), 409, "/slug"),
        (
            "reference",
            "/v1/requirements",
            json!({"project_id": project, "title": "x", "assigned_to_user_id": nobody}),
            422,
            "/assigned_to_user_id",
        ),
        ("missing project", "/v1/requirements", json!({"project_id": nobody, "title": "x"}), 422, "/project_id"),
        ("missing parent", "/v1/features", json!({"requirement_id": nobody, "name": "x"}), 422, "/requirement_id"),
        ("no parent", "/v1/features", json!({"name": "x"}), 422, "/requirement_id"),
        ("pattern", "/v1/projects", json!({"name": "x", "slug": "Not A Slug"}), 422, "/slug"),
        ("length", "/v1/projects", json!({"name": "x".repeat(201), "slug": "long"}), 422, "/name"),
        (
            "minimum",
            "/v1/projects",
            json!({"name": "x", "slug": "cheap", "budget_allocated_cents": -1, "budget_currency": "EUR"}),
            422,
            "/budget_allocated_cents",
        ),
        (
            "together",
            "/v1/projects",
            json!({"name": "x", "slug": "dear", "budget_allocated_cents": 1}),
            422,
            "/budget_allocated_cents",
        ),
        (
            "digits",
            "/v1/projects",
            json!({"name": "x", "slug": "slow", "estimated_hours": 1.005}),
            422,
            "/estimated_hours",
        ),
        ("not null", "/v1/projects", json!({"name": null, "slug": "nameless"}), 422, "/name"),
        ("object", "/v1/projects", json!({"name": "x", "slug": "odd", "metadata": []}), 422, "/metadata"),
        (
            "code",
            "/v1/projects",
            json!({"name": "x", "slug": "odd", "priority_code": "none such"}),
            422,
            "/priority_code",
        ),
    ];
    for (what, path, body, status, pointer) in cases {
        let answer = world.post(path, &body).by(&world.home.owner).send().await;
        assert_eq!(answer.status, status, "{what}: {}", answer.text());
        assert!(answer.pointers().contains(&pointer.to_owned()), "{what}: {}", answer.text());
        for word in ["violates", "constraint", "_check", "_fkey", "_key", "pg_", "null value", "organization_id"] {
            assert!(!answer.text().contains(word), "{what} tells `{word}`: {}", answer.text());
        }
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.len() > 10, "{what}: {detail}");
    }
}

#[tokio::test]
async fn what_is_referred_to_cannot_go() {
    let world = world().await;
    let project = world.example(&world.home, "projects", 0).await.unwrap();
    let one = requirement(&world, json!({})).await.expect(201).json();
    let other = requirement(&world, json!({})).await.expect(201).json();
    let link = json!({"requirement_id": one["id"], "depends_on_requirement_id": other["id"]});
    world.post("/v1/requirement-dependencies", &link).by(&world.home.owner).send().await.expect(201);
    let back = json!({"requirement_id": other["id"], "depends_on_requirement_id": one["id"]});
    let answer = world.post("/v1/requirement-dependencies", &back).by(&world.home.owner).send().await.expect(422);
    assert!(answer.json()["detail"].as_str().unwrap().len() > 10, "{}", answer.text());
    let case = json!({"project_id": project, "name": "case"});
    let case = world.post("/v1/test-cases", &case).by(&world.home.owner).send().await.expect(201).json();
    let step = json!({"test_case_id": case["id"], "step_kind": "step", "action": "look", "position": 1});
    world.post("/v1/test-case-steps", &step).by(&world.home.owner).send().await.expect(201);
}

/// Proves REQ-8.4, REQ-23.3.
#[tokio::test]
async fn a_status_moves_only_as_declared() {
    let world = world().await;
    let owner = &world.home.owner;
    for served in world.kernel.catalogue.resources() {
        let Some(moves) = &served.resource.status else { continue };
        let name = served.resource.name;
        let id = world.example(&world.home, name, 0).await.unwrap();
        let path = format!("/v1/{name}/{id}");
        let from =
            world.get(&path).by(owner).send().await.expect(200).json()[moves.column].as_str().unwrap().to_owned();
        let every = served.table.column(moves.column).unwrap().check.values.clone().unwrap();
        for to in every.iter().filter(|to| **to != from && !moves.after(&from).contains(&to.as_str())) {
            let answer = world.patch(&path, &json!({moves.column: to})).by(owner).send().await;
            assert_eq!(
                (answer.status, answer.pointers()),
                (422, vec![format!("/{}", moves.column)]),
                "{name}: {from} to {to}"
            );
            assert!(answer.text().contains(moves.after(&from)[0]), "it says what is possible: {}", answer.text());
        }
        if !served.resource.offers(kernel::Verb::Create) {
            continue;
        }
        for to in every.iter().filter(|to| !moves.initial.contains(&to.as_str())) {
            let mut body = world.creation_body(&world.home, name, 5).await.unwrap();
            body[moves.column] = json!(to);
            let answer = world.post(format!("/v1/{name}"), &body).by(owner).send().await;
            assert_eq!((answer.status, answer.pointers()), (422, vec![format!("/{}", moves.column)]), "{name} as {to}");
        }
    }
    // A whole life, with the stamp that a state leaves.
    let made = requirement(&world, json!({})).await.expect(201).json();
    let path = format!("/v1/requirements/{}", made["id"].as_str().unwrap());
    assert_eq!((&made["status"], &made["completed_date"]), (&json!("draft"), &Value::Null));
    for to in ["approved", "in_progress", "completed"] {
        world.patch(&path, &json!({"status": to})).by(owner).send().await.expect(200);
    }
    let done = world.get(&path).by(owner).send().await.json();
    assert_eq!(done["completed_date"], json!(world.clock.now().to_string()[..10]));
}

/// Proves REQ-12.2, REQ-12.3, REQ-12.4.
#[tokio::test]
async fn versions_keep_two_writers_apart() {
    let world = world().await;
    let made = requirement(&world, json!({})).await.expect(201);
    let tag = made.header("etag").unwrap().to_owned();
    let path = made.header("location").unwrap().to_owned();
    let developer = &world.home.developer;
    let read = |tag: &str| world.get(&path).by(developer).header("if-none-match", tag).send();
    let same = read(&tag).await.expect(304);
    assert!(same.body.is_empty() && same.header("etag") == Some(&tag));
    read(&format!("\"x\", W/{tag}")).await.expect(304);
    read("*").await.expect(304);
    read("\"x\"").await.expect(200);

    let write = |tag: &str, title: &str| {
        world.patch(&path, &json!({"title": title})).by(developer).header("if-match", tag).send()
    };
    let first = write(&tag, "first").await.expect(200);
    assert_ne!(first.header("etag"), Some(tag.as_str()));
    assert_eq!(first.header("etag"), world.get(&path).by(developer).send().await.header("etag"));
    write(&tag, "second").await.expect(412);
    world.delete(&path).by(developer).header("if-match", &tag).send().await.expect(412);
    assert_eq!(world.get(&path).by(developer).send().await.json()["title"], "first");
    write("*", "third").await.expect(200);

    // Two at once: one wins, the other is told.
    let tag = world.get(&path).by(developer).send().await.header("etag").unwrap().to_owned();
    let (one, two) = futures_util::join!(write(&tag, "one"), write(&tag, "two"));
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412]);
}

#[tokio::test]
async fn a_version_that_is_read_is_the_version_that_is_written() {
    let world = world().await;
    for served in world.kernel.catalogue.resources().filter(|served| served.resource.offers(kernel::Verb::Create)) {
        let name = served.resource.name;
        let body = world.creation_body(&world.home, name, 9).await.unwrap();
        let made = world.post(format!("/v1/{name}"), &body).by(&world.home.owner).send().await.expect(201);
        let read = world.get(made.header("location").unwrap()).by(&world.home.owner).send().await.expect(200);
        assert_eq!(made.header("etag"), read.header("etag"), "{name}");
        assert_eq!(made.json(), read.json(), "{name}");
    }
}

/// Proves REQ-25.1, REQ-25.2.
#[tokio::test]
async fn human_keys_find_one_record_or_say_which_is_meant() {
    let world = world().await;
    let owner = &world.home.owner;
    let mut slugs = Vec::new();
    for slug in ["payments", "shipping"] {
        let project = json!({"name": slug, "slug": slug});
        let project = world.post("/v1/projects", &project).by(owner).send().await.expect(201).json();
        let body = json!({"project_id": project["id"], "title": slug});
        let made = world.post("/v1/requirements", &body).by(owner).send().await.expect(201).json();
        assert_eq!(made["key"], "REQ-1");
        slugs.push(made["id"].clone());
    }
    let get = |id: &'static str| world.get(format!("/v1/requirements/{id}")).by(owner).send();
    let both = get("REQ-1").await.expect(409);
    assert!(both.text().contains("project-slug:REQ-1"), "{}", both.text());
    assert_eq!(get("payments:REQ-1").await.expect(200).json()["id"], slugs[0]);
    assert_eq!(get("shipping:REQ-1").await.expect(200).json()["id"], slugs[1]);
    for nobody in [
        "REQ-2",
        "payments:REQ-2",
        "nowhere:REQ-1",
        "req-1",
        "REQ-01",
        "REQ-",
        "REQ-9999999999999999999",
        "x",
        "%00",
        "REQ-1~REQ-1",
    ] {
        get(nobody).await.expect(404);
    }
    let path = "/v1/requirements/payments:REQ-1";
    world.patch(path, &json!({"title": "renamed"})).by(owner).send().await.expect(200);
    world.delete(path).by(owner).send().await.expect(204);
    let next = json!({"project_id": world.get("/v1/projects?filter[slug]=payments").by(owner).send().await.json()["data"][0]["id"], "title": "x"});
    let next = world.post("/v1/requirements", &next).by(owner).send().await.expect(201).json();
    assert_eq!(next["key"], "REQ-2", "a key is never given twice");
}

#[tokio::test]
async fn the_bin_keeps_and_gives_back() {
    let world = world().await;
    let owner = &world.home.owner;
    let made = requirement(&world, json!({})).await.expect(201);
    let path = made.header("location").unwrap().to_owned();
    world.delete(&path).by(owner).send().await.expect(204);
    world.patch(&path, &json!({"title": "x"})).by(owner).send().await.expect(409);
    world.delete(&path).by(owner).send().await.expect(404);
    let back = world.call("POST", format!("{path}/restore")).by(owner).send().await.expect(200).json();
    assert_eq!((&back["deleted_at"], &back["title"]), (&Value::Null, &json!("it holds")));
    world.call("POST", format!("{path}/restore")).by(owner).send().await.expect(409);

    // A name taken meanwhile cannot come back.
    let project = json!({"name": "x", "slug": "taken"});
    let first =
        world.post("/v1/projects", &project).by(owner).send().await.expect(201).header("location").unwrap().to_owned();
    world.delete(&first).by(owner).send().await.expect(204);
    world.post("/v1/projects", &project).by(owner).send().await.expect(201);
    let answer = world.call("POST", format!("{first}/restore")).by(owner).send().await.expect(409);
    assert_eq!(answer.pointers(), ["/slug"]);
}

/// Proves REQ-8.6.
#[tokio::test]
async fn history_tells_who_changed_what_from_what() {
    let world = world().await;
    let made = requirement(&world, json!({"estimated_effort_points": 3})).await.expect(201);
    let path = made.header("location").unwrap().to_owned();
    let change = json!({"estimated_effort_points": 5, "title": "it holds"});
    // Changes of one moment have no order.
    world.clock.advance(jiff::SignedDuration::from_millis(1));
    world.patch(&path, &change).by(&world.home.owner).header("x-change-reason", "measured").send().await.expect(200);
    let history = world.get(format!("{path}/history")).by(&world.home.viewer).send().await.expect(200).json();
    assert_eq!(rows(&history).len(), 2);
    let latest = &rows(&history)[0];
    assert_eq!(latest["event"], "requirement.updated");
    assert_eq!(latest["changes"], json!([{"field": "estimated_effort_points", "from": 3, "to": 5}]));
    assert_eq!((&latest["user"], &latest["reason"]), (&json!("owner"), &json!("measured")));
    assert_eq!(rows(&history)[1]["user"], "developer");
}

/// Proves REQ-11.1.
#[tokio::test]
async fn many_at_once_stand_each_for_itself_or_all_together() {
    let world = world().await;
    let project = world.example(&world.home, "projects", 0).await.unwrap();
    let owner = &world.home.owner;
    let made = requirement(&world, json!({})).await.expect(201);
    let (id, version) = (made.json()["id"].clone(), made.header("etag").unwrap().trim_matches('"').to_owned());
    let count = || async {
        let page = world
            .get(format!("/v1/requirements?filter[project_id]={project}&count=exact&deleted=include"))
            .by(owner)
            .send()
            .await;
        page.json()["count"].as_i64().unwrap()
    };
    let good = json!({"action": "create", "data": {"project_id": project, "title": "new"}});
    let bad = json!({"action": "create", "data": {"project_id": project, "title": ""}});
    let refused = json!({"action": "create", "data": {"project_id": project, "title": "x", "assigned_to_user_id": world.abroad.owner.user_id}});
    let before = count().await;
    let items = json!({"items": [good, bad, refused, good,
        {"action": "update", "id": id, "data": {"title": "stale"}, "if_match": "0"},
        {"action": "update", "id": id, "data": {"title": "fresh"}, "if_match": version},
        {"action": "delete", "id": id}, {"action": "restore", "id": id}, {"action": "update", "data": {}}]});
    let answer = world.post("/v1/requirements/bulk", &items).by(owner).send().await.expect(200).json();
    let statuses: Vec<i64> =
        answer["results"].as_array().unwrap().iter().map(|result| result["status"].as_i64().unwrap()).collect();
    assert_eq!(statuses, [201, 422, 422, 201, 412, 200, 204, 200, 422]);
    assert_eq!((answer["done"].as_i64(), answer["failed"].as_i64()), (Some(5), Some(4)));
    assert_eq!(count().await, before + 2);
    assert_eq!(answer["results"][1]["problem"]["errors"][0]["pointer"], "/title");

    let items = json!({"atomic": true, "items": [good, refused]});
    let answer = world.post("/v1/requirements/bulk", &items).by(owner).send().await.expect(422);
    assert_eq!(answer.pointers(), ["/items/1/data/assigned_to_user_id"]);
    assert_eq!(count().await, before + 2, "nothing was done");
    let items = json!({"atomic": true, "items": [good, good]});
    world.post("/v1/requirements/bulk", &items).by(owner).send().await.expect(200);
    assert_eq!(count().await, before + 4);

    let viewer = world
        .post("/v1/requirements/bulk", &json!({"items": [good]}))
        .by(&world.home.viewer)
        .send()
        .await
        .expect(200)
        .json();
    assert_eq!((&viewer["results"][0]["status"], &viewer["done"]), (&json!(403), &json!(0)));
    world.post("/v1/requirements/bulk", &json!({"items": []})).by(owner).send().await.expect(422);
    let many: Vec<&Value> = std::iter::repeat_n(&good, 1001).collect();
    world.post("/v1/requirements/bulk", &json!({"items": many})).by(owner).send().await.expect(422);
}
