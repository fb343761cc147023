//! What was done is taken back: one change, a change set, a run, a request, somebody's morning. By ordinary changes under
//! ordinary rules, and never over somebody else's work.

use std::{collections::BTreeMap, process::Command};

use jiff::SignedDuration;
use serde_json::{Value, json};
use testkit::{Person, World};
use uuid::Uuid;

use crate::{rows, serving::Serving, world};

const UNDO: &str = "/v1/change-sets/undo";

async fn project(world: &World) -> String {
    let body = json!({"name": "Undo", "slug": "undo"});
    let made = world.post("/v1/projects", &body).by(&world.home.owner).send().await.expect(201).json();
    made["id"].as_str().unwrap().to_owned()
}

async fn requirement(world: &World, project: &str, title: &str, by: &Person) -> String {
    let body = json!({"project_id": project, "title": title});
    world.clock.advance(SignedDuration::from_secs(1));
    let made = world.post("/v1/requirements", &body).by(by).send().await.expect(201).json();
    made["id"].as_str().unwrap().to_owned()
}

async fn patch(world: &World, path: &str, body: Value, by: &Person) {
    world.clock.advance(SignedDuration::from_secs(1));
    world.patch(path, &body).by(by).send().await.expect(200);
}

async fn get(world: &World, path: &str) -> Value {
    world.get(path).by(&world.home.owner).send().await.expect(200).json()
}

/// The newest row of the trail about a record.
pub(crate) async fn newest(world: &World, collection: &str, id: &str) -> String {
    let history = get(world, &format!("/v1/{collection}/{id}/history")).await;
    history["data"][0]["id"].as_str().unwrap().to_owned()
}

/// What the requirements of a project say, by title, without what every change touches.
async fn state(world: &World, project: &str) -> BTreeMap<String, Value> {
    let mut all = BTreeMap::new();
    let mut path = format!("/v1/requirements?limit=200&deleted=include&filter[project_id]={project}");
    loop {
        let page = get(world, &path).await;
        for row in rows(&page) {
            let mut row = row.clone();
            for stamp in ["updated_at", "updated_by", "row_version", "deleted_at", "deleted_by"] {
                let is_deleted = stamp == "deleted_at" && !row[stamp].is_null();
                row[stamp] = json!(is_deleted);
            }
            all.insert(row["id"].as_str().unwrap().to_owned(), row);
        }
        match page["next_cursor"].as_str() {
            Some(cursor) => {
                path =
                    format!("/v1/requirements?limit=200&deleted=include&filter[project_id]={project}&cursor={cursor}");
            }
            None => return all,
        }
    }
}

async fn trail(world: &World) -> i64 {
    let client = world.superuser().await.unwrap();
    client
        .query_one("select count(*) from audit.audit_logs where event_category not in ('access', 'export')", &[])
        .await
        .unwrap()
        .get(0)
}

/// An agent works on 400 requirements in one run: it makes 100, changes 300 twice, and puts 300 in the bin.
async fn run_of_a_thousand(world: &World, project: &str) -> (String, BTreeMap<String, Value>) {
    let agent = world.home.agent(&world.kernel, &world.home.owner).await.unwrap();
    let bulk = |items: Vec<Value>| json!({"items": items, "atomic": true});
    let create = |n: usize| json!({"action": "create", "data": {"project_id": project, "title": format!("R {n}"), "priority_code": "low"}});
    let path = "/v1/requirements/bulk";
    let first = bulk((0..300).map(create).collect());
    let made = world.post(path, &first).by(&world.home.owner).send().await.expect(200).json();
    let ids: Vec<String> =
        made["results"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect();
    let before = state(world, project).await;
    let run = Uuid::now_v7().to_string();
    let mut items: Vec<Value> = (300..400).map(create).collect();
    items.extend(
        ids.iter()
            .map(|id| json!({"action": "update", "id": id, "data": {"title": "Rewritten", "priority_code": "high"}})),
    );
    let more: Vec<Value> = ids
        .iter()
        .map(|id| json!({"action": "update", "id": id, "data": {"title": "Rewritten again", "status": "approved"}}))
        .chain(ids.iter().map(|id| json!({"action": "delete", "id": id})))
        .collect();
    for items in [items, more] {
        world.clock.advance(SignedDuration::from_secs(1));
        world.post(path, &bulk(items)).by(&agent).header("x-agent-run", &run).send().await.expect(200);
    }
    (run, before)
}

/// Proves REQ-69.2.
#[tokio::test]
async fn an_agent_run_of_a_thousand_changes_is_undone_in_one_command() {
    let world = world().await;
    let project = project(&world).await;
    let (run, before) = run_of_a_thousand(&world, &project).await;
    assert_ne!(state(&world, &project).await, before);
    let seen = trail(&world).await;

    let server = Serving::of(&world).await;
    let url = server.url.clone();
    let place = tempfile::tempdir().unwrap();
    let token = json!({"name": "undo", "scopes": ["*"]});
    let token = world.post("/v1/api-tokens", &token).by(&world.home.owner).send().await.expect(201).json();
    let seen_token = trail(&world).await;
    assert_eq!(seen_token, seen + 1);
    let command = |extra: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_throughline"));
        command.env_remove("THROUGHLINE_URL").env_remove("THROUGHLINE_TOKEN");
        command.args(["--data", place.path().to_str().unwrap(), "undo", "run", &run]).args(extra);
        command.args(["--url", &url, "--token", token["token"].as_str().unwrap()]).stdin(std::process::Stdio::null());
        tokio::task::spawn_blocking(move || command.output().unwrap())
    };
    // Without a yes it only tells.
    let told = command(&[]).await.unwrap();
    let text = String::from_utf8_lossy(&told.stdout).into_owned();
    assert!(
        told.status.success() && text.contains("1000 would be undone"),
        "{text} {}",
        String::from_utf8_lossy(&told.stderr)
    );
    assert_eq!(trail(&world).await, seen_token);
    // In one command.
    let done = command(&["--yes", "--reason", "It was not asked for"]).await.unwrap();
    let text = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(
        done.status.success() && text.starts_with("1000 undone"),
        "{text} {}",
        String::from_utf8_lossy(&done.stderr)
    );
    server.end().await;

    assert_eq!(trail(&world).await, seen_token + 1000, "one row of the trail for each change");
    let after = state(&world, &project).await;
    let (kept, made): (BTreeMap<_, _>, BTreeMap<_, _>) = after.into_iter().partition(|(id, _)| before.contains_key(id));
    assert_eq!(kept, before);
    assert_eq!(made.len(), 100);
    assert!(made.values().all(|row| row["deleted_at"] == json!(true)), "what the run made is in the bin");
    let why = format!("It was not asked for (Undoes the run {run})");
    let client = world.superuser().await.unwrap();
    let counted = "select count(*) from audit.audit_logs where business_context = $1 and user_id = $2";
    let counted: i64 = client.query_one(counted, &[&why, &world.home.owner.user_id]).await.unwrap().get(0);
    assert_eq!(counted, 1000);
    // A second time there is nothing to do.
    let again = world.post(UNDO, &json!({"agent_run": run})).by(&world.home.owner).send().await.expect(200).json();
    assert_eq!((&again["undone"], &again["nothing_to_do"], &again["id"]), (&json!(0), &json!(1000), &Value::Null));
}

/// Proves REQ-69.3.
#[tokio::test]
async fn what_somebody_changed_since_is_shown_and_stays() {
    let world = world().await;
    let (owner, developer) = (&world.home.owner, &world.home.developer);
    let project = project(&world).await;
    let ids = [requirement(&world, &project, "A", owner).await, requirement(&world, &project, "B", owner).await];
    let items: Vec<Value> = ids
        .iter()
        .map(|id| json!({"action": "update", "id": id, "data": {"title": "Machine", "description": "Made up"}}))
        .collect();
    world.clock.advance(SignedDuration::from_secs(1));
    world.post("/v1/requirements/bulk", &json!({"items": items})).by(owner).send().await.expect(200);
    let set = world.post(UNDO, &json!({"changes": [newest(&world, "requirements", &ids[0]).await], "dry_run": true}));
    let set = set.by(owner).send().await.expect(200).json()["changes"][0]["change_set"].clone();
    patch(&world, &format!("/v1/requirements/{}", ids[0]), json!({"title": "By hand"}), developer).await;

    let refused = world.post(UNDO, &json!({"change_set": set})).by(owner).send().await.expect(409).json();
    let detail = refused["detail"].as_str().unwrap();
    assert!(detail.starts_with("Nothing was undone: 1 of 2 changes cannot be undone."), "{detail}");
    assert!(detail.contains("`title` was “Machine” and is now “By hand”, by developer on "), "{detail}");
    assert_eq!(get(&world, &format!("/v1/requirements/{}", ids[1])).await["title"], "Machine", "nothing was undone");

    let forecast =
        world.post(UNDO, &json!({"change_set": set, "dry_run": true})).by(owner).send().await.expect(200).json();
    assert_eq!((&forecast["undone"], &forecast["conflicts"]), (&json!(1), &json!(1)));
    let odd = forecast["changes"].as_array().unwrap().iter().find(|one| one["outcome"] == "conflict").unwrap();
    let dispute = &odd["disputes"][0];
    assert_eq!(
        (&dispute["field"], &dispute["expected"], &dispute["found"], &dispute["by"]),
        (&json!("title"), &json!("Machine"), &json!("By hand"), &json!("developer"))
    );
    assert_eq!(odd["disputes"].as_array().unwrap().len(), 1, "the description is as the change had left it");

    let done =
        world.post(UNDO, &json!({"change_set": set, "conflicts": "skip"})).by(owner).send().await.expect(200).json();
    assert_eq!((&done["undone"], &done["conflicts"]), (&json!(1), &json!(1)));
    let [first, second] = [&ids[0], &ids[1]].map(|id| format!("/v1/requirements/{id}"));
    let first = get(&world, &first).await;
    assert_eq!((&first["title"], &first["description"]), (&json!("By hand"), &json!("Made up")));
    let second = get(&world, &second).await;
    assert_eq!((&second["title"], &second["description"]), (&json!("B"), &Value::Null));
    // Undoing is a change set like any other.
    let back = world.post(UNDO, &json!({"change_set": done["id"]})).by(owner).send().await.expect(200).json();
    assert_eq!(back["undone"], 1);
    assert_eq!(get(&world, &format!("/v1/requirements/{}", ids[1])).await["title"], "Machine");
}

/// Proves REQ-69.4.
#[tokio::test]
async fn undoing_takes_the_permission_for_each_change() {
    let world = world().await;
    let owner = &world.home.owner;
    let project = project(&world).await;
    let id = requirement(&world, &project, "A", owner).await;
    let path = format!("/v1/requirements/{id}");
    patch(&world, &path, json!({"title": "B"}), owner).await;
    let change = newest(&world, "requirements", &id).await;
    let ask = json!({"changes": [change]});
    let refused = world.post(UNDO, &ask).by(&world.home.viewer).send().await.expect(403);
    assert!(refused.text().contains("You may not update"), "{}", refused.text());
    assert_eq!(get(&world, &path).await["title"], "B");
    // Who may not read the record learns of nothing.
    world.post(UNDO, &ask).by(&world.abroad.owner).send().await.expect(404);
    let newcomer = world.home.join(&world.kernel, "newcomer").await.unwrap();
    world.post(UNDO, &ask).by(&newcomer).send().await.expect(404);
    world.clock.advance(SignedDuration::from_secs(1));
    let done = world.post(UNDO, &ask).by(&world.home.developer).send().await.expect(200).json();
    assert_eq!((&done["undone"], &done["is_partial"]), (&json!(1), &json!(true)));
    assert_eq!(get(&world, &path).await["title"], "A");
    let history = get(&world, &format!("{path}/history")).await;
    assert_eq!(
        (&history["data"][0]["event"], &history["data"][0]["user"]),
        (&json!("requirement.updated"), &json!("developer"))
    );
}

#[tokio::test]
async fn links_and_criteria_that_are_gone_for_good_come_back_as_they_were() {
    let world = world().await;
    let owner = &world.home.owner;
    let project = project(&world).await;
    let (one, other) =
        (requirement(&world, &project, "A", owner).await, requirement(&world, &project, "B", owner).await);
    let item = json!({"requirement_id": one, "item_kind": "acceptance_criterion", "position": 1, "body": "It pays"});
    let item = world.post("/v1/requirement-items", &item).by(owner).send().await.expect(201).json();
    let link = json!({"project_id": project, "source_id": one, "target_id": other, "link_type": "derives_from"});
    let made = world.post("/v1/trace-links", &link).by(owner).send().await;
    let link = if made.status == 201 { made.json() } else { panic!("{}", made.text()) };
    let run = Uuid::now_v7().to_string();
    let agent = world.home.agent(&world.kernel, owner).await.unwrap();
    let gone = |path: String| world.delete(path).by(&agent).header("x-agent-run", &run).send();
    gone(format!("/v1/trace-links/{}", link["id"].as_str().unwrap())).await.expect(204);
    gone(format!("/v1/requirement-items/{}", item["id"].as_str().unwrap())).await.expect(204);
    gone(format!("/v1/requirements/{one}")).await.expect(204);

    let done = world.post(UNDO, &json!({"agent_run": run})).by(owner).send().await.expect(200).json();
    assert_eq!(done["undone"], 3, "{done}");
    let back = get(&world, &format!("/v1/requirement-items/{}", item["id"].as_str().unwrap())).await;
    for name in ["id", "requirement_id", "item_kind", "position", "body", "project_id"] {
        assert_eq!(back[name], item[name], "{name}");
    }
    let back = get(&world, &format!("/v1/trace-links/{}", link["id"].as_str().unwrap())).await;
    for name in ["id", "source_id", "target_id", "link_type"] {
        assert_eq!(back[name], link[name], "{name}");
    }
}

#[tokio::test]
async fn what_cannot_be_undone_is_named_with_its_reason() {
    let world = world().await;
    let owner = &world.home.owner;
    let project = project(&world).await;
    let body = world.creation_body(&world.home, "deployments", 0).await.unwrap();
    let made = world.post("/v1/deployments", &body).by(owner).send().await.expect(201).json();
    let id = made["id"].as_str().unwrap();
    patch(&world, &format!("/v1/deployments/{id}"), json!({"status": "deploying"}), owner).await;
    let change = newest(&world, "deployments", id).await;
    let told =
        world.post(UNDO, &json!({"changes": [change], "dry_run": true})).by(owner).send().await.expect(200).json();
    let one = &told["changes"][0];
    assert_eq!(one["outcome"], "impossible", "{told}");
    assert_eq!(
        one["reason"],
        "its status does not go back: A deployment that is deploying can move to success, failed."
    );

    // What hangs below something that was made is somebody's work too.
    let agent = world.home.agent(&world.kernel, owner).await.unwrap();
    let made = requirement(&world, &project, "Made by a machine", &agent).await;
    let item = json!({"requirement_id": made, "item_kind": "acceptance_criterion", "position": 1, "body": "By hand"});
    world.post("/v1/requirement-items", &item).by(owner).send().await.expect(201);
    let change = newest(&world, "requirements", &made).await;
    let told =
        world.post(UNDO, &json!({"changes": [change], "dry_run": true})).by(owner).send().await.expect(200).json();
    assert_eq!(told["changes"][0]["outcome"], "conflict");
    assert_eq!(told["changes"][0]["reason"], "it holds requirement items that would be left behind");

    // A decision of an operation is none of plain changes.
    let version = json!({"version": 1, "reason": "back"});
    patch(&world, &format!("/v1/projects/{project}"), json!({"name": "Other"}), owner).await;
    world.clock.advance(SignedDuration::from_secs(1));
    world.post(format!("/v1/projects/{project}/rollback"), &version).by(owner).send().await.expect(200);
    let change = newest(&world, "projects", &project).await;
    let told = world.post(UNDO, &json!({"changes": [change]})).by(owner).send().await.expect(200).json();
    assert_eq!(told["undone"], 1, "what it changed can all be written");
    assert_eq!(get(&world, &format!("/v1/projects/{project}")).await["name"], "Other");
}

#[tokio::test]
async fn a_request_that_names_no_changes_or_too_many_ways_is_refused() {
    let world = world().await;
    let owner = &world.home.owner;
    for (wrong, pointer) in [
        (json!({}), ""),
        (json!({"agent_run": Uuid::now_v7(), "change_set": Uuid::now_v7()}), ""),
        (json!({"actor": owner.user_id}), "/from"),
        (json!({"actor": owner.user_id, "from": "2026-01-01T00:00:00Z"}), "/until"),
        (json!({"actor": owner.user_id, "from": "2026-01-02T00:00:00Z", "until": "2026-01-01T00:00:00Z"}), "/until"),
        (json!({"changes": []}), "/changes"),
        (json!({"request": "a\u{0}b"}), "/request"),
    ] {
        let answer = world.post(UNDO, &wrong).by(owner).send().await.expect(422);
        assert_eq!(answer.pointers(), [pointer], "{wrong}");
    }
    world.post(UNDO, &json!({"agent_run": Uuid::now_v7()})).by(owner).send().await.expect(404);
    // A run is a program's: a session has none.
    world.get("/v1/requirements").by(owner).header("x-agent-run", &Uuid::now_v7().to_string()).send().await.expect(400);
}

#[tokio::test]
async fn all_that_somebody_did_in_a_time_or_one_request_did_is_undone() {
    let world = world().await;
    let (owner, developer) = (&world.home.owner, &world.home.developer);
    let project = project(&world).await;
    let id = requirement(&world, &project, "A", owner).await;
    let path = format!("/v1/requirements/{id}");
    world.clock.advance(SignedDuration::from_hours(1));
    let from = world.clock.now().to_string();
    patch(&world, &path, json!({"title": "B"}), developer).await;
    let until = world.clock.now().to_string();
    patch(&world, &path, json!({"description": "Not theirs"}), owner).await;
    world.clock.advance(SignedDuration::from_hours(1));
    let body = json!({"estimated_effort_points": 5});
    world.patch(&path, &body).by(developer).header("x-request-id", "the-last-one").send().await.expect(200);
    let ask = json!({"actor": developer.user_id, "from": from, "until": until});
    let done = world.post(UNDO, &ask).by(owner).send().await.expect(200).json();
    assert_eq!(done["undone"], 1, "{done}");
    let now = get(&world, &path).await;
    assert_eq!(
        (&now["title"], &now["description"], &now["estimated_effort_points"]),
        (&json!("A"), &json!("Not theirs"), &json!(5))
    );
    let done = world.post(UNDO, &json!({"request": "the-last-one"})).by(owner).send().await.expect(200).json();
    assert_eq!(done["undone"], 1, "{done}");
    assert_eq!(get(&world, &path).await["estimated_effort_points"], Value::Null);
}
