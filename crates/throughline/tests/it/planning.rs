//! Planned work and controlled change: time that adds up, changes that somebody else agrees to, decisions, comments and
//! the tags that find records.

use serde_json::{Value, json};
use testkit::{Answer, Person, World};

use crate::world;

async fn make(world: &World, by: &Person, path: &str, body: Value) -> Value {
    world.post(format!("/v1/{path}"), &body).by(by).send().await.expect(201).json()
}

async fn change(world: &World, by: &Person, path: &str, record: &Value, body: Value) -> Answer {
    world.patch(format!("/v1/{path}/{}", record["id"].as_str().unwrap()), &body).by(by).send().await
}

async fn project(world: &World, name: &str) -> Value {
    make(world, &world.home.owner, "projects", json!({"name": name, "slug": name})).await
}

/// What a person is told.
fn said(answer: &Answer) -> String {
    answer.json()["detail"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn minutes_of_a_task_are_those_of_its_entries() {
    let world = world().await;
    let developer = &world.home.developer;
    let project = project(&world, "time").await;
    let task = make(&world, developer, "tasks", json!({"project_id": project["id"], "title": "count"})).await;
    let other = make(&world, developer, "tasks", json!({"project_id": project["id"], "title": "other"})).await;
    assert_eq!((&task["key"], &other["key"]), (&json!("TASK-1"), &json!("TASK-2")));
    let entry = json!({"task_id": task["id"], "user_id": developer.user_id, "minutes": 90, "spent_on": "2026-03-04"});
    let first = make(&world, developer, "time-entries", entry.clone()).await;
    make(&world, developer, "time-entries", entry).await;
    change(&world, developer, "time-entries", &first, json!({"minutes": 30})).await.expect(200);
    let path = format!("/v1/tasks/{}", task["id"].as_str().unwrap());
    let now = world.get(&path).by(developer).send().await.json();
    assert_eq!((&now["logged_minutes"], &now["row_version"]), (&json!(120), &task["row_version"]));
    world.delete(format!("/v1/time-entries/{}", first["id"].as_str().unwrap())).by(developer).send().await.expect(204);
    assert_eq!(world.get(&path).by(developer).send().await.json()["logged_minutes"], 90);
    let long = json!({"task_id": task["id"], "minutes": 1441});
    world.post("/v1/time-entries", &long).by(developer).send().await.expect(422);
}

#[tokio::test]
async fn a_task_is_not_below_itself() {
    let world = world().await;
    let developer = &world.home.developer;
    let project = project(&world, "tree").await;
    let top = make(&world, developer, "tasks", json!({"project_id": project["id"], "title": "top"})).await;
    let below = json!({"project_id": project["id"], "title": "below", "parent_task_id": top["id"]});
    let below = make(&world, developer, "tasks", below).await;
    for parent in [&top, &below] {
        change(&world, developer, "tasks", &top, json!({"parent_task_id": parent["id"]})).await.expect(422);
    }
}

#[tokio::test]
async fn a_sprint_under_way_has_a_first_day() {
    let world = world().await;
    let developer = &world.home.developer;
    let project = project(&world, "sprints").await;
    let active = json!({"project_id": project["id"], "name": "now", "status": "active"});
    world.post("/v1/sprints", &active).by(developer).send().await.expect(422);
    let sprint = make(&world, developer, "sprints", json!({"project_id": project["id"], "name": "next"})).await;
    let started = change(&world, developer, "sprints", &sprint, json!({"status": "active"})).await.expect(200).json();
    assert!(started["starts_on"].is_string());
    let backwards = json!({"starts_on": "2026-03-04", "ends_on": "2026-03-03"});
    change(&world, developer, "sprints", &sprint, backwards).await.expect(422);
    let again = json!({"project_id": project["id"], "name": "next"});
    world.post("/v1/sprints", &again).by(developer).send().await.expect(409);
}

#[tokio::test]
async fn change_requests_are_counted_in_their_project() {
    let world = world().await;
    let owner = &world.home.owner;
    let (one, two) = (project(&world, "one").await, project(&world, "two").await);
    let mut seen = Vec::new();
    for project in [&one, &one, &two] {
        let made =
            make(&world, owner, "change-requests", json!({"project_id": project["id"], "title": "other colour"})).await;
        seen.push((made["key"].as_str().unwrap().to_owned(), made["request_number"].as_i64().unwrap()));
    }
    assert_eq!(seen, [("CR-1".to_owned(), 1), ("CR-2".to_owned(), 2), ("CR-1".to_owned(), 1)]);
    world.get("/v1/change-requests/two:CR-1").by(owner).send().await.expect(200);
}

#[tokio::test]
async fn nobody_approves_their_own_change() {
    let world = world().await;
    let (owner, developer) = (&world.home.owner, &world.home.developer);
    let project = project(&world, "change").await;
    let request = json!({"project_id": project["id"], "title": "other colour"});
    let request = make(&world, developer, "change-requests", request).await;
    let early = change(&world, owner, "change-requests", &request, json!({"status": "approved"})).await.expect(422);
    assert_eq!(early.pointers(), ["/status"]);
    for status in ["submitted", "in_review"] {
        change(&world, developer, "change-requests", &request, json!({"status": status})).await.expect(200);
    }
    let agent = world.home.agent(&world.kernel, developer).await.unwrap();
    for own in [developer, &agent] {
        let answer = change(&world, own, "change-requests", &request, json!({"status": "approved"})).await.expect(422);
        assert_eq!(said(&answer), "Nobody decides on their own change request; somebody else has to.");
    }
    let approved =
        change(&world, owner, "change-requests", &request, json!({"status": "approved"})).await.expect(200).json();
    assert!(approved["submitted_at"].is_string() && approved["decided_at"].is_string(), "{approved}");
    let done =
        change(&world, developer, "change-requests", &request, json!({"status": "implemented"})).await.expect(200);
    assert!(done.json()["implemented_at"].is_string());
    change(&world, developer, "change-requests", &request, json!({"status": "closed"})).await.expect(200);
    change(&world, developer, "change-requests", &request, json!({"status": "draft"})).await.expect(422);
}

#[tokio::test]
async fn a_change_waits_for_everybody_who_was_asked() {
    let world = world().await;
    let (owner, admin, developer) = (&world.home.owner, &world.home.admin, &world.home.developer);
    let project = project(&world, "asked").await;
    let request = json!({"project_id": project["id"], "title": "other colour"});
    let request = make(&world, developer, "change-requests", request).await;
    let ask = |person: &Person| json!({"change_request_id": request["id"], "approver_user_id": person.user_id});
    let own = world.post("/v1/change-request-approvals", &ask(developer)).by(owner).send().await.expect(422);
    assert_eq!(said(&own), "Nobody approves their own change request; ask somebody else.");
    let first = make(&world, developer, "change-request-approvals", ask(admin)).await;
    let second = make(&world, developer, "change-request-approvals", ask(owner)).await;
    world.post("/v1/change-request-approvals", &ask(admin)).by(developer).send().await.expect(409);
    for status in ["submitted", "in_review"] {
        change(&world, developer, "change-requests", &request, json!({"status": status})).await.expect(200);
    }
    let yes = json!({"decision": "approved", "comment": "fine"});
    for other in [developer, owner] {
        let answer = change(&world, other, "change-request-approvals", &first, yes.clone()).await.expect(422);
        assert_eq!(said(&answer), "Only the one who was asked answers.");
    }
    change(&world, admin, "change-request-approvals", &first, yes.clone()).await.expect(200);
    let waiting = change(&world, admin, "change-requests", &request, json!({"status": "approved"})).await.expect(422);
    assert!(said(&waiting).starts_with("Somebody who was asked has not answered yet"), "{}", waiting.text());
    change(&world, admin, "change-request-approvals", &first, json!({"decision": "rejected"})).await.expect(422);
    let path = |id: &Value| format!("/v1/change-request-approvals/{}", id["id"].as_str().unwrap());
    world.delete(path(&first)).by(owner).send().await.expect(422);
    change(&world, owner, "change-request-approvals", &second, json!({"decision": "rejected"})).await.expect(200);
    let refused = change(&world, admin, "change-requests", &request, json!({"status": "approved"})).await.expect(422);
    assert!(said(&refused).starts_with("Somebody who was asked has said no"), "{}", refused.text());
    change(&world, admin, "change-requests", &request, json!({"status": "rejected"})).await.expect(200);
    world.post("/v1/change-request-approvals", &ask(&world.home.viewer)).by(owner).send().await.expect(422);
}

#[tokio::test]
async fn a_change_with_a_workflow_needs_its_steps() {
    let world = world().await;
    let (owner, admin, developer) = (&world.home.owner, &world.home.admin, &world.home.developer);
    let workflow =
        make(&world, owner, "approval-workflows", json!({"name": "board", "subject_kind": "change_request"})).await;
    let wrong =
        make(&world, owner, "approval-workflows", json!({"name": "rollout", "subject_kind": "deployment"})).await;
    let step =
        json!({"workflow_id": workflow["id"], "name": "board", "step_number": 1, "approver_user_id": admin.user_id});
    let step = make(&world, owner, "approval-workflow-steps", step).await;
    let project = project(&world, "board").await;
    let request = |workflow: &Value| json!({"project_id": project["id"], "title": "other colour", "workflow_id": workflow["id"], "status": "submitted"});
    world.post("/v1/change-requests", &request(&wrong)).by(developer).send().await.expect(422);
    let request = make(&world, developer, "change-requests", request(&workflow)).await;
    change(&world, developer, "change-requests", &request, json!({"status": "in_review"})).await.expect(200);
    let lacking = change(&world, admin, "change-requests", &request, json!({"status": "approved"})).await.expect(422);
    assert_eq!(said(&lacking), "A step of the workflow still lacks approvals.");
    let ask = |person: &Person| json!({"change_request_id": request["id"], "step_id": step["id"], "approver_user_id": person.user_id});
    world.post("/v1/change-request-approvals", &ask(owner)).by(developer).send().await.expect(422);
    let asked = make(&world, developer, "change-request-approvals", ask(admin)).await;
    change(&world, admin, "change-request-approvals", &asked, json!({"decision": "approved"})).await.expect(200);
    change(&world, owner, "change-requests", &request, json!({"status": "approved"})).await.expect(200);
}

#[tokio::test]
async fn a_decision_leads_to_one_thing_at_a_time() {
    let world = world().await;
    let developer = &world.home.developer;
    let project = project(&world, "decisions").await;
    let decision = json!({"project_id": project["id"], "title": "we use trains", "decision_type_code": "technology"});
    let decision = make(&world, developer, "decisions", decision).await;
    assert_eq!(decision["key"], "DEC-1");
    let entry = make(&world, developer, "feature-catalog", json!({"name": "travel"})).await;
    let document = make(&world, developer, "documents", json!({"project_id": project["id"], "title": "map"})).await;
    let both = json!({"decision_id": decision["id"], "catalog_feature_id": entry["id"], "document_id": document["id"]});
    world.post("/v1/decision-links", &both).by(developer).send().await.expect(422);
    world.post("/v1/decision-links", &json!({"decision_id": decision["id"]})).by(developer).send().await.expect(422);
    let link = json!({"decision_id": decision["id"], "document_id": document["id"]});
    make(&world, developer, "decision-links", link.clone()).await;
    world.post("/v1/decision-links", &link).by(developer).send().await.expect(409);
    let accepted =
        change(&world, developer, "decisions", &decision, json!({"status": "accepted"})).await.expect(200).json();
    assert!(accepted["decided_at"].is_string());
    change(&world, developer, "decisions", &decision, json!({"status": "proposed"})).await.expect(422);
}

#[tokio::test]
async fn a_comment_stays_with_its_record_and_its_author() {
    let world = world().await;
    let (admin, developer) = (&world.home.admin, &world.home.developer);
    let project = project(&world, "talk").await;
    let mut records = Vec::new();
    for title in ["one", "two"] {
        records
            .push(make(&world, developer, "requirements", json!({"project_id": project["id"], "title": title})).await);
    }
    let on = |record: &Value, parent: &Value| json!({"entity_id": record["id"], "parent_comment_id": parent["id"], "body": "so"});
    let first = make(&world, developer, "comments", on(&records[0], &json!({}))).await;
    assert_eq!((&first["project_id"], &first["author_user_id"]), (&project["id"], &json!(developer.user_id)));
    make(&world, admin, "comments", on(&records[0], &first)).await;
    let elsewhere = world.post("/v1/comments", &on(&records[1], &first)).by(developer).send().await.expect(422);
    assert_eq!(elsewhere.pointers(), ["/parent_comment_id"]);
    let foreign = change(&world, admin, "comments", &first, json!({"body": "otherwise"})).await.expect(422);
    assert_eq!(said(&foreign), "Only the author of a comment changes its words.");
    let edited = change(&world, developer, "comments", &first, json!({"body": "otherwise"})).await.expect(200).json();
    assert!(first["edited_at"].is_null() && edited["edited_at"].is_string());
    let mention = json!({"comment_id": first["id"], "user_id": admin.user_id});
    make(&world, developer, "comment-mentions", mention.clone()).await;
    world.post("/v1/comment-mentions", &mention).by(developer).send().await.expect(409);
    world.delete(format!("/v1/comments/{}", first["id"].as_str().unwrap())).by(developer).send().await.expect(204);
}

/// A record of a project that one does not see is not there to be talked about or tagged.
#[tokio::test]
async fn what_is_hidden_cannot_be_talked_about() {
    let world = world().await;
    let (owner, developer) = (&world.home.owner, &world.home.developer);
    let private = json!({"name": "secret", "slug": "secret", "visibility": "private"});
    let private = make(&world, owner, "projects", private).await;
    let hidden = make(&world, owner, "requirements", json!({"project_id": private["id"], "title": "hidden"})).await;
    let tag = make(&world, developer, "tags", json!({"name": "curious"})).await;
    let comment = json!({"entity_id": hidden["id"], "body": "what is it?"});
    let answer = world.post("/v1/comments", &comment).by(developer).send().await.expect(422);
    assert_eq!(answer.pointers(), ["/entity_id"]);
    let tagging = json!({"entity_id": hidden["id"], "tag_id": tag["id"]});
    let answer = world.post("/v1/entity-tags", &tagging).by(developer).send().await.expect(422);
    assert_eq!(answer.pointers(), ["/entity_id"]);
    let open = project(&world, "open").await;
    let misplaced = json!({"project_id": open["id"], "entity_id": hidden["id"], "body": "mine"});
    world.post("/v1/comments", &misplaced).by(owner).send().await.expect(422);
    make(&world, owner, "comments", comment).await;
    let seen = world.get("/v1/comments").by(developer).send().await.expect(200).json();
    assert_eq!(seen["data"], json!([]));
}

#[tokio::test]
async fn tags_find_the_records_that_carry_them() {
    let world = world().await;
    let developer = &world.home.developer;
    let project = project(&world, "tagged").await;
    let task = make(&world, developer, "tasks", json!({"project_id": project["id"], "title": "mend the bridge"})).await;
    let team = make(&world, &world.home.owner, "teams", json!({"name": "ferrymen", "slug": "ferrymen"})).await;
    let tag = make(&world, developer, "tags", json!({"name": "harbours"})).await;
    let client = world.superuser().await.unwrap();
    let found = async |word: &str| -> Vec<String> {
        let sql = "select title from platform.entities where search_vector @@ to_tsquery('simple', $1) order by title";
        client.query(sql, &[&word]).await.unwrap().iter().map(|row| row.get(0)).collect()
    };
    let mut links = Vec::new();
    for record in [&task, &team] {
        links.push(
            make(&world, developer, "entity-tags", json!({"entity_id": record["id"], "tag_id": tag["id"]})).await,
        );
    }
    // The configuration is `simple`: the word as it stands, not its stem.
    assert_eq!(found("harbours").await, ["ferrymen", "mend the bridge"]);
    assert_eq!(found("harbour").await, Vec::<String>::new());
    change(&world, developer, "tasks", &task, json!({"title": "mend the quay"})).await.expect(200);
    assert_eq!(found("harbours").await, ["ferrymen", "mend the quay"]);
    change(&world, developer, "tags", &tag, json!({"name": "ports"})).await.expect(200);
    assert_eq!((found("harbours").await.len(), found("ports").await.len()), (0, 2));
    world
        .delete(format!("/v1/entity-tags/{}", links[0]["id"].as_str().unwrap()))
        .by(developer)
        .send()
        .await
        .expect(204);
    assert_eq!((found("ports").await, found("quay").await), (vec!["ferrymen".into()], vec!["mend the quay".into()]));
    world.delete(format!("/v1/tags/{}", tag["id"].as_str().unwrap())).by(developer).send().await.expect(204);
    assert_eq!((found("ports").await.len(), found("ferrymen").await.len()), (0, 1));
}

#[tokio::test]
async fn what_a_project_is_built_with_stays_in_the_catalogue() {
    let world = world().await;
    let developer = &world.home.developer;
    let project = project(&world, "stack").await;
    let stack = make(&world, developer, "tech-stacks", json!({"name": "PostgreSQL"})).await;
    let link = json!({"project_id": project["id"], "tech_stack_id": stack["id"]});
    make(&world, developer, "project-tech-stacks", link.clone()).await;
    world.post("/v1/project-tech-stacks", &link).by(developer).send().await.expect(409);
    world.delete(format!("/v1/tech-stacks/{}", stack["id"].as_str().unwrap())).by(developer).send().await.expect(409);
}
