//! Walk 3: every change leaves one audit row and one outbox row, in its own transaction, with every name; a change that
//! fails leaves nothing.

use kernel::{Column, ColumnType, Input, Served, Subject, Verb};
use serde_json::{Value, json};
use testkit::{Answer, World};
use tokio_postgres::Client;
use uuid::Uuid;

use crate::world;

/// The trail, as it stands between two requests.
struct Trail {
    client: Client,
    seen: (i64, i64),
}

const NEWEST: &str = "
select a.user_id, a.on_behalf_of_user_id, a.event_type, a.resource_type, a.resource_id, a.xmin::text, o.xmin::text,
       o.event_type, a.organization_id = o.organization_id
  from audit.audit_logs a cross join platform.outbox_events o
 where a.event_type not like '%.disclosed'
 order by a.xmin::text::bigint desc, o.xmin::text::bigint desc limit 1";

impl Trail {
    async fn of(world: &World) -> Self {
        let mut trail = Self { client: world.superuser().await.unwrap(), seen: (0, 0) };
        trail.seen = trail.count().await;
        trail
    }

    async fn count(&self) -> (i64, i64) {
        // What was read before is written down whenever there is time.
        let sql = "select (select count(*) from audit.audit_logs a where a.event_type not like '%.disclosed'),
                          (select count(*) from platform.outbox_events)";
        let row = self.client.query_one(sql, &[]).await.unwrap();
        (row.get(0), row.get(1))
    }

    /// What came since the last look: audit rows and outbox rows.
    async fn grown(&mut self) -> (i64, i64) {
        let now = self.count().await;
        let grown = (now.0 - self.seen.0, now.1 - self.seen.1);
        self.seen = now;
        grown
    }

    /// Demands one row each, of one transaction, about `id`.
    async fn one(&mut self, world: &World, what: &str, id: &str, faults: &mut Vec<String>) {
        let grown = self.grown().await;
        if grown != (1, 1) {
            faults.push(format!("{what} left {} audit rows and {} outbox rows", grown.0, grown.1));
            return;
        }
        let row = self.client.query_one(NEWEST, &[]).await.unwrap();
        let (user, about): (Uuid, String) = (row.get(0), row.get(4));
        let (audit, outbox): (String, String) = (row.get(5), row.get(6));
        let (event, queued): (String, String) = (row.get(2), row.get(7));
        if audit != outbox || event != queued || !row.get::<_, bool>(8) {
            faults.push(format!("{what}: audit row {event} of transaction {audit}, outbox row {queued} of {outbox}"));
        }
        if user != world.home.owner.user_id || about != id {
            faults.push(format!("{what}: the audit row says {user} did it to {about}"));
        }
    }

    async fn nothing(&mut self, what: &str, answer: &Answer, faults: &mut Vec<String>) {
        let grown = self.grown().await;
        if grown != (0, 0) || answer.status < 400 {
            faults.push(format!("{what} was answered {} and left {grown:?}: {}", answer.status, answer.text()));
        }
    }
}

/// A change that fits the first column that can be changed without knowing more.
fn change(served: &Served) -> Option<Value> {
    let resource = served.resource;
    let free = |column: &Column| {
        served.table.reference(&column.name).is_none()
            && resource.status.as_ref().is_none_or(|status| status.column != column.name)
    };
    resource.writable.iter().filter_map(|name| served.table.column(name)).filter(|column| free(column)).find_map(
        |column| {
            let value = match column.kind {
                ColumnType::Text if column.check.values.is_none() && column.check.pattern.is_none() => json!("changed"),
                ColumnType::Bool => json!(false),
                ColumnType::Timestamptz => json!("2026-03-04T05:06:07Z"),
                ColumnType::Int2 | ColumnType::Int4 | ColumnType::Int8 => json!(77),
                _ => return None,
            };
            Some(json!({ column.name.clone(): value }))
        },
    )
}

/// Proves REQ-6.1, REQ-7.1.
#[tokio::test]
async fn every_plain_change_leaves_one_row_each() {
    let world = world().await;
    let owner = &world.home.owner;
    let mut faults = Vec::new();
    let mut changed = 0;
    for served in world.kernel.catalogue.resources() {
        let resource = served.resource;
        let name = resource.name;
        let path = format!("/v1/{name}");
        let mut id = world.example(&world.home, name, 0).await.unwrap();
        let body = match resource.offers(Verb::Create) {
            true => world.creation_body(&world.home, name, 70).await.unwrap(),
            false => Value::Null,
        };
        let mut trail = Trail::of(&world).await;
        if resource.offers(Verb::Create) {
            let made = world.post(&path, &body).by(owner).send().await.expect(201).json();
            id = made["id"].as_str().unwrap().to_owned();
            trail.one(&world, &format!("POST {path}"), &id, &mut faults).await;
            let answer = world.post(&path, &json!({"no such field": 1})).by(owner).send().await;
            trail.nothing(&format!("a POST to {path} that does not fit"), &answer, &mut faults).await;
            changed += 1;
        }
        let one = format!("{path}/{id}");
        if resource.offers(Verb::Update) {
            let patch = change(served).unwrap_or_else(|| {
                panic!(
                    "walk_trail.rs knows no change for `{name}`: none of its columns is plain text, number or yes/no"
                )
            });
            world.patch(&one, &patch).by(owner).send().await.expect(200);
            trail.one(&world, &format!("PATCH {one}"), &id, &mut faults).await;
            let answer = world.patch(&one, &patch).by(owner).header("if-match", "\"never\"").send().await;
            trail.nothing(&format!("a PATCH of {one} that comes too late"), &answer, &mut faults).await;
            world.patch(&one, &json!({})).by(owner).send().await.expect(200);
            if trail.grown().await != (0, 0) {
                faults.push(format!("a PATCH of {one} that changes nothing left something"));
            }
        }
        if resource.offers(Verb::Update) {
            let patch = change(served).unwrap();
            let items = json!({"items": [
                {"action": "update", "id": id, "data": patch},
                {"action": "update", "id": "nobody", "data": patch},
                {"action": "update", "id": id, "data": patch},
            ]});
            let answer = world.post(format!("{path}/bulk"), &items).by(owner).send().await.expect(200).json();
            if (&answer["done"], &answer["failed"]) != (&json!(2), &json!(1)) || trail.grown().await != (2, 2) {
                faults.push(format!("POST {path}/bulk of two good items and a bad one: {answer}"));
            }
        }
        if resource.offers(Verb::Delete) {
            world.delete(&one).by(owner).send().await.expect(204);
            trail.one(&world, &format!("DELETE {one}"), &id, &mut faults).await;
            let answer = world.delete(&one).by(owner).send().await;
            trail.nothing(&format!("a second DELETE of {one}"), &answer, &mut faults).await;
        }
        if resource.offers(Verb::Restore) {
            let restore = format!("{one}/restore");
            world.post(&restore, &json!({})).by(owner).send().await.expect(200);
            trail.one(&world, &format!("POST {restore}"), &id, &mut faults).await;
            let answer = world.post(&restore, &json!({})).by(owner).send().await;
            trail.nothing(&format!("a second POST {restore}"), &answer, &mut faults).await;
        }
    }
    assert!(changed > 15, "only {changed} resources were created");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[tokio::test]
async fn every_operation_leaves_one_row_each() {
    let world = world().await;
    let mut faults = Vec::new();
    for operation in world.kernel.catalogue.operations().filter(|operation| operation.input == Input::Json) {
        let name = operation.subject.resource().unwrap();
        let id = match operation.name {
            // Nobody approves or rejects what they recorded themselves.
            "approve" | "reject" => {
                let body = world.creation_body(&world.home, name, 50).await.unwrap();
                let made = world.post(format!("/v1/{name}"), &body).by(&world.home.admin).send().await.expect(201);
                made.json()["id"].as_str().unwrap().to_owned()
            }
            // One passes on and gives up what one holds.
            "delegate" | "take-back" => crate::granting::something_to_pass_on(&world).await,
            "ask" => crate::granting::something_to_ask_for(&world, "walk:asked").await,
            "end-emergency" => crate::granting::something_to_give_back(&world).await,
            "accept" => crate::suspects::something_to_accept(&world).await,
            "load" => crate::links::something_to_link(&world).await,
            "end" => crate::test_memory::something_set_aside(&world).await,
            // Nobody erases themselves.
            "erase" => world.home.join(&world.kernel, "forgotten").await.unwrap().user_id.to_string(),
            _ => world.example(&world.home, name, 0).await.unwrap(),
        };
        let path = crate::walk_access::path_of(operation, &id);
        let mut input = match (operation.subject, operation.name) {
            (Subject::Collection("evidence-bundles"), _) => {
                json!({"build_id": world.example(&world.home, "builds", 0).await.unwrap()})
            }
            (Subject::Collection("trace-links"), "accept") => json!({"links": [&id], "reason": "walk"}),
            (Subject::Collection("trace-links"), "load") => {
                json!({"project": &id, "links": [{"source": "TC-1", "target": "REQ-1"}]})
            }
            (Subject::Collection("webhook-connections"), "create") => {
                let mut input = crate::walk_access::input(operation);
                input["project_id"] = json!(world.example(&world.home, "projects", 0).await.unwrap());
                input
            }
            _ => crate::walk_access::input(operation),
        };
        let mut undone = None;
        if operation.name == "undo" {
            let about = world.example(&world.home, "requirements", 3).await.unwrap();
            let body = json!({"title": "to be undone"});
            world.clock.advance(jiff::SignedDuration::from_secs(1));
            world.patch(format!("/v1/requirements/{about}"), &body).by(&world.home.owner).send().await.expect(200);
            input = json!({"changes": [crate::undo::newest(&world, "requirements", &about).await]});
            undone = Some(about);
        }
        let mut trail = Trail::of(&world).await;
        let answer = world.post(&path, &input).by(&world.home.owner).send().await;
        let about = match (operation.subject, undone) {
            (_, Some(about)) => about,
            (Subject::Record(_), _) => id,
            (Subject::Collection(_), _) => {
                let output = answer.json();
                output["id"]
                    .as_str()
                    .or(output["user_id"].as_str())
                    .or(output["links"][0].as_str())
                    .unwrap_or_default()
                    .to_owned()
            }
        };
        if answer.status >= 300 {
            faults.push(format!("POST {path}: {} {}", answer.status, answer.text()));
        }
        trail.one(&world, &format!("POST {path}"), &about, &mut faults).await;
        let answer = world.post(&path, &json!({"no such member": 1})).by(&world.home.owner).send().await;
        trail.nothing(&format!("POST {path} with input that does not fit"), &answer, &mut faults).await;
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// A change whose audit row cannot be written is not made, whatever the reason.
#[tokio::test]
async fn no_audit_row_no_change() {
    let world = world().await;
    let id = world.example(&world.home, "requirements", 0).await.unwrap();
    let client = world.superuser().await.unwrap();
    client
        .batch_execute(
            "create function public.refuse() returns trigger language plpgsql as $$ begin raise 'the disk is full'; end $$;
             create trigger refuse before insert on platform.outbox_events for each row execute function public.refuse()",
        )
        .await
        .unwrap();
    let path = format!("/v1/requirements/{id}");
    let before = world.get(&path).by(&world.home.owner).send().await.expect(200).json();
    let answer = world.patch(&path, &json!({"title": "changed"})).by(&world.home.owner).send().await;
    assert!(answer.status >= 400);
    assert_eq!(world.get(&path).by(&world.home.owner).send().await.json(), before);
}

#[tokio::test]
async fn an_agent_leaves_both_names() {
    let world = world().await;
    let person = &world.home.developer;
    let agent = world.home.agent(&world.kernel, person).await.unwrap();
    let body = world.creation_body(&world.home, "requirements", 0).await.unwrap();
    let made = world
        .post("/v1/requirements", &body)
        .by(&agent)
        .header("x-change-reason", "asked to")
        .send()
        .await
        .expect(201)
        .json();
    let history = world
        .get(format!("/v1/requirements/{}/history", made["key"].as_str().unwrap()))
        .by(person)
        .send()
        .await
        .expect(200)
        .json();
    let entry = &history["data"][0];
    assert_eq!(entry["event"], "requirement.created");
    assert_eq!((&entry["user"], &entry["user_kind"]), (&json!("agent"), &json!("agent")));
    assert_eq!(entry["user_id"], json!(agent.user_id));
    assert_eq!(entry["on_behalf_of_user_id"], json!(person.user_id));
    assert_eq!(entry["on_behalf_of"], json!(person.name));
    assert_eq!(entry["reason"], "asked to");
}

/// The rows that one request left, by the identifier it gave itself.
async fn left(client: &Client, request: &str) -> Vec<Value> {
    let sql = "select to_jsonb(a) from audit.audit_logs a where a.request_id = $1 order by a.id";
    client.query(sql, &[&request]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

/// Asks once as somebody who may not. Rows that row security hides for reasons of their own and that the registry does not hold cannot
/// be told from those that are not there: of these it may have left nothing. What is wrong with what a refusal left; `None`: it was no refusal.
async fn refusal(
    world: &World,
    client: &Client,
    who: &testkit::Person,
    is_hidden: bool,
    (method, path, body): (&str, &str, &Value),
) -> Option<Vec<String>> {
    let request = Uuid::now_v7().to_string();
    let call = world.call(method, path).by(who).header("x-request-id", &request).header("user-agent", "walk");
    let call = if body.is_null() { call } else { call.json(body) };
    let answer = call.send().await;
    if ![403, 404].contains(&answer.status) {
        return None;
    }
    world.kernel.notes_written().await;
    let rows = left(client, &request).await;
    if is_hidden && answer.status == 404 && rows.is_empty() {
        return None;
    }
    let [row] = rows.as_slice() else {
        return Some(vec![format!("{method} {path}, answered {}, left {} rows", answer.status, rows.len())]);
    };
    let says = json!({
        "event_type": "access.refused", "status": "failure", "risk_level": "medium", "user_id": who.user_id,
        "ip_address": "127.0.0.1", "user_agent": "walk", "error_message": answer.json()["detail"], "compliance_relevant": true,
    });
    let wrong = says.as_object().unwrap().iter().filter(|(name, value)| row[name.as_str()] != **value);
    Some(
        wrong
            .map(|(name, value)| format!("{method} {path}: {name} is {} and not {value}", row[name.as_str()]))
            .collect(),
    )
}

/// Proves REQ-68.4.
#[tokio::test]
async fn every_refusal_leaves_one_row() {
    let world = world().await;
    let client = world.superuser().await.unwrap();
    let (mut faults, mut refused) = (Vec::new(), 0);
    let resources: Vec<_> = world.kernel.catalogue.resources().collect();
    for (nth, served) in resources.into_iter().enumerate() {
        // Somebody new each time: nobody gets more than some rows of their own within a minute.
        let nobody = world.home.join(&world.kernel, &format!("nobody{nth}")).await.unwrap();
        let mut asked: Vec<(String, String, Value)> = crate::walk_access::requests(&world, &world.home, served)
            .await
            .into_iter()
            .map(|(_, method, path, body)| (method.to_owned(), path, body))
            .collect();
        for operation in world.kernel.catalogue.operations().filter(|operation| operation.input == Input::Json) {
            // A run of nobody's has no changes to take back, whoever asks.
            if operation.subject.resource() == Some(served.resource.name) && operation.name != "undo" {
                let id = world.example(&world.home, served.resource.name, 0).await.unwrap();
                let path = crate::walk_access::path_of(operation, &id);
                asked.push(("POST".to_owned(), path, crate::walk_access::input(operation)));
            }
        }
        let is_hidden = served.table.has_own_policy || served.resource.tells_of.is_some();
        for (method, path, body) in &asked {
            let asked = (method.as_str(), path.as_str(), body);
            if let Some(found) = refusal(&world, &client, &nobody, is_hidden, asked).await {
                refused += 1;
                faults.extend(found);
            }
        }
    }
    assert!(refused > 300, "only {refused} requests were refused");
    assert!(faults.is_empty(), "{} of {refused}:\n{}", faults.len(), faults.join("\n"));
}

/// Proves REQ-68.4.
#[tokio::test]
async fn every_export_leaves_one_row_before_it_begins() {
    let world = world().await;
    let client = world.superuser().await.unwrap();
    let owner = &world.home.owner;
    let project = world.example(&world.home, "projects", 0).await.unwrap();
    let record = world.get(format!("/v1/projects/{project}")).by(owner).send().await.expect(200).json();
    let slug = record["slug"].as_str().unwrap();
    let requirement = world.example(&world.home, "requirements", 0).await.unwrap();
    let bundle = world.example(&world.home, "evidence-bundles", 0).await.unwrap();
    let file = world.example(&world.home, "exchange-files", 0).await.unwrap();
    let book = kernel::WORKBOOK_TYPE;
    let mut files: Vec<(String, &str)> = vec![
        (format!("/v1/requirements/reqif?project={slug}"), "*/*"),
        (format!("/v1/requirements/reqifz?project={slug}"), "*/*"),
        (format!("/v1/exchange-files/{file}/content"), "*/*"),
        (format!("/v1/matrix?project={slug}"), "text/csv"),
        (format!("/v1/impact?record={requirement}"), "text/csv"),
        (format!("/v1/evidence-bundles/{bundle}/content"), "*/*"),
    ];
    for served in world.kernel.catalogue.resources() {
        for form in ["text/csv", "application/x-ndjson", book] {
            files.push((format!("/v1/{}", served.resource.name), form));
        }
    }
    let mut faults = Vec::new();
    for (path, form) in &files {
        let request = Uuid::now_v7().to_string();
        let call = world.get(path).by(owner).header("accept", form).header("x-request-id", &request);
        let answer = call.header("x-change-reason", "the auditor asked").send().await;
        let rows = left(&client, &request).await;
        let is_good = rows.len() == 1
            && rows[0]["event_type"].as_str().is_some_and(|event| event.ends_with(".exported"))
            && rows[0]["status"] == "success"
            && rows[0]["user_id"] == json!(owner.user_id)
            && rows[0]["business_context"] == "the auditor asked"
            && rows[0]["ip_address"] == "127.0.0.1";
        if answer.status != 200 || !is_good {
            faults.push(format!("GET {path} as {form}: {} {rows:?}", answer.status));
        }
    }
    assert!(faults.is_empty(), "{} of {}:\n{}", faults.len(), files.len(), faults.join("\n"));

    // What cannot be written down is not handed out.
    client
        .batch_execute(
            "create function public.refuse() returns trigger language plpgsql as $$ begin raise 'the disk is full'; end $$;
             create trigger refuse before insert on audit.audit_logs for each row execute function public.refuse()",
        )
        .await
        .unwrap();
    let answer = world.get("/v1/requirements").by(owner).header("accept", "text/csv").send().await;
    assert!(answer.status >= 400 && !answer.text().contains("REQ-"), "{}", answer.text());
}

/// A flood of refusals is counted and fills no disk.
#[tokio::test]
async fn the_same_refusal_is_counted_within_its_minute() {
    let world = world().await;
    let client = world.superuser().await.unwrap();
    let nobody = world.home.join(&world.kernel, "insistent").await.unwrap();
    for _ in 0..5 {
        world.get("/v1/releases").by(&nobody).send().await.expect(403);
    }
    for nth in 0..30 {
        world.get(format!("/v1/audit-logs/{}", Uuid::from_u128(nth))).by(&nobody).send().await.expect(404);
        world.post(format!("/v1/releases/{nth}/nothing"), &json!({})).by(&nobody).send().await.expect(404);
    }
    world.kernel.notes_written().await;
    let count = "select count(*), max(coalesce((a.additional_data ->> 'repeated')::bigint, 0))
                   from audit.audit_logs a where a.user_id = $1 and a.event_type = 'access.refused'";
    let row = client.query_one(count, &[&nobody.user_id]).await.unwrap();
    assert_eq!(
        (row.get::<_, i64>(0), row.get::<_, i64>(1)),
        (1, 0),
        "what is not there is no refusal, and four were repeated"
    );
    world.kernel.settle_notes().await;
    let row = client.query_one(count, &[&nobody.user_id]).await.unwrap();
    assert_eq!((row.get::<_, i64>(0), row.get::<_, i64>(1)), (2, 4));
}

/// Who is not let see a project is told that its records are not there; the trail knows that they are.
#[tokio::test]
async fn a_record_that_is_hidden_is_a_refusal_and_one_that_is_not_there_is_none() {
    let world = world().await;
    let client = world.superuser().await.unwrap();
    let body = json!({"name": "Hidden", "slug": "hidden", "visibility": "private"});
    let project = world.post("/v1/projects", &body).by(&world.home.owner).send().await.expect(201).json();
    let body = json!({"title": "Secret", "project_id": project["id"]});
    let made = world.post("/v1/requirements", &body).by(&world.home.owner).send().await.expect(201).json();
    let hidden = format!("/v1/requirements/{}", made["id"].as_str().unwrap());
    let developer = &world.home.developer;
    assert_eq!(refusal(&world, &client, developer, false, ("GET", &hidden, &Value::Null)).await, Some(Vec::new()));
    let nothing = Uuid::now_v7().to_string();
    let call = world.get(format!("/v1/requirements/{}", Uuid::now_v7())).by(developer).header("x-request-id", &nothing);
    call.send().await.expect(404);
    let abroad = Uuid::now_v7().to_string();
    world.get(&hidden).by(&world.abroad.owner).header("x-request-id", &abroad).send().await.expect(404);
    world.kernel.notes_written().await;
    assert!(left(&client, &nothing).await.is_empty() && left(&client, &abroad).await.is_empty());
}

/// Proves REQ-68.4.
#[tokio::test]
async fn who_reads_what_is_classified_leaves_a_row() {
    let world = world().await;
    let client = world.superuser().await.unwrap();
    let admin = &world.home.admin;
    let viewer = format!("/v1/users/{}", world.home.viewer.user_id);
    let asked = async |path: &str, by: &testkit::Person| {
        let request = Uuid::now_v7().to_string();
        world.get(path).by(by).header("x-request-id", &request).send().await.expect(200);
        world.kernel.notes_written().await;
        left(&client, &request).await
    };
    let rows = asked(&viewer, admin).await;
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert_eq!((&rows[0]["event_type"], &rows[0]["user_id"]), (&json!("user.disclosed"), &json!(admin.user_id)));
    assert_eq!(rows[0]["resource_id"], json!(world.home.viewer.user_id));
    assert!(rows[0]["additional_data"]["columns"].as_array().unwrap().contains(&json!("email")), "{rows:?}");
    // Again within the minute it is counted; a list is another thing; what is one's own, and what is not classified, is none.
    assert!(asked(&viewer, admin).await.is_empty());
    assert_eq!(asked("/v1/users", admin).await.len(), 1);
    assert!(asked("/v1/users?fields=id,kind", &world.home.owner).await.is_empty());
    assert!(asked(&format!("/v1/users/{}", admin.user_id), admin).await.is_empty());
    assert!(asked("/v1/releases", admin).await.is_empty());
    world.kernel.settle_notes().await;
    let repeated = "select (a.additional_data ->> 'repeated')::bigint from audit.audit_logs a
                     where a.event_type = 'user.disclosed' and a.additional_data ? 'repeated'";
    let counts: Vec<i64> = client.query(repeated, &[]).await.unwrap().iter().map(|row| row.get(0)).collect();
    assert_eq!(counts, [1]);
}
