//! Conversations with models and prompt templates: who sees them, what is counted, what stays as it is.

use serde_json::{Value, json};
use testkit::{Person, World};

use crate::{refused, rows, world};

async fn conversation(world: &World, person: &Person, body: Value) -> String {
    let made = world.post("/v1/conversations", &body).by(person).send().await.expect(201).json();
    made["id"].as_str().unwrap().to_owned()
}

async fn in_project(world: &World, title: &str) -> String {
    let project = world.example(&world.home, "projects", 0).await.unwrap();
    conversation(world, &world.home.developer, json!({"title": title, "project_id": project})).await
}

async fn say(world: &World, body: Value) -> Value {
    world.post("/v1/messages", &body).by(&world.home.developer).send().await.expect(201).json()
}

async fn template(world: &World, name: &str, visibility: &str) -> String {
    let body = json!({"name": name, "visibility": visibility});
    let made = world.post("/v1/prompt-templates", &body).by(&world.home.developer).send().await.expect(201).json();
    made["id"].as_str().unwrap().to_owned()
}

async fn version(world: &World, template: &str, content: &str) -> Value {
    let body = json!({"template_id": template, "template_content": content});
    world.post("/v1/prompt-template-versions", &body).by(&world.home.developer).send().await.expect(201).json()
}

#[tokio::test]
async fn totals_follow_what_a_statement_stores() {
    let world = world().await;
    let id = in_project(&world, "Counting").await;
    let other = in_project(&world, "Not counted").await;
    say(&world, json!({"conversation_id": id, "role": "user", "content": "How many?", "prompt_tokens": 10})).await;
    let client = world.superuser().await.unwrap();
    client
        .batch_execute(&format!(
            "insert into llm.messages (organization_id, conversation_id, role, content, prompt_tokens, completion_tokens, estimated_cost)
             select '{}', '{id}', 'assistant', n::text, 1, 2, 0.000001 from generate_series(1, 1000) n",
            world.home.id
        ))
        .await
        .unwrap();
    let seen = world.get(format!("/v1/conversations/{id}")).by(&world.home.viewer).send().await.expect(200).json();
    assert_eq!((&seen["total_messages"], &seen["total_tokens"]), (&json!(1001), &json!(3010)), "{seen}");
    assert_eq!(seen["total_cost"].to_string().trim_matches('"'), "0.001");
    assert!(seen["last_message_at"].is_string());
    // Being counted is no change of the conversation.
    assert_eq!(seen["row_version"], json!(1));
    let seen = world.get(format!("/v1/conversations/{other}")).by(&world.home.viewer).send().await.json();
    assert_eq!(seen["total_messages"], json!(0));
}

#[tokio::test]
async fn a_branch_stays_in_its_conversation() {
    let world = world().await;
    let (here, there) = (in_project(&world, "Here").await, in_project(&world, "There").await);
    let first = say(&world, json!({"conversation_id": here, "role": "user", "content": "one"})).await;
    let answer =
        json!({"conversation_id": here, "role": "assistant", "content": "two", "parent_message_id": first["id"]});
    let second = say(&world, answer).await;
    let answer =
        json!({"conversation_id": here, "role": "user", "content": "three", "parent_message_id": second["id"]});
    let third = say(&world, answer).await;
    assert_eq!(first["thread_root_id"], Value::Null);
    assert_eq!((&second["thread_root_id"], &third["thread_root_id"]), (&first["id"], &first["id"]));
    let project = world.example(&world.home, "projects", 0).await.unwrap();
    assert_eq!(third["project_id"], json!(project), "a message is where its conversation is");

    let astray = json!({"conversation_id": there, "role": "user", "content": "x", "parent_message_id": first["id"]});
    let answer = world.post("/v1/messages", &astray).by(&world.home.developer).send().await.expect(422);
    assert_eq!(answer.pointers(), ["/parent_message_id"]);
    let forged = format!(
        "insert into llm.messages (conversation_id, role, content, parent_message_id, thread_root_id)
         values ('{here}', 'user', 'x', {0}, {1})",
        third["id"].to_string().replace('"', "'"),
        second["id"].to_string().replace('"', "'")
    );
    assert!(refused(&world, &forged).await.contains("the root of a thread is that of the message answered"));
    let orphan = format!(
        "insert into llm.messages (conversation_id, role, content, thread_root_id) values ('{here}', 'user', 'x', {})",
        first["id"].to_string().replace('"', "'")
    );
    assert!(refused(&world, &orphan).await.contains("the root of a thread is that of the message answered"));
}

#[tokio::test]
async fn what_is_said_outside_every_project_stays_with_who_said_it() {
    let world = world().await;
    let id = conversation(&world, &world.home.developer, json!({"title": "Between us"})).await;
    let said = say(&world, json!({"conversation_id": id, "role": "user", "content": "a secret"})).await;
    let said = said["id"].as_str().unwrap();
    for person in [&world.home.viewer, &world.home.admin, &world.home.owner] {
        world.get(format!("/v1/conversations/{id}")).by(person).send().await.expect(404);
        world.get(format!("/v1/messages/{said}")).by(person).send().await.expect(404);
        assert!(rows(&world.get("/v1/conversations").by(person).send().await.expect(200).json()).is_empty());
        assert!(rows(&world.get("/v1/messages").by(person).send().await.expect(200).json()).is_empty());
    }
    world.get(format!("/v1/messages/{said}")).by(&world.home.developer).send().await.expect(200);
    // Not even the registry, which more people read, learns what it is about.
    let client = world.superuser().await.unwrap();
    let sql = "select title from platform.entities where entity_type = 'conversation'";
    assert_eq!(client.query_one(sql, &[]).await.unwrap().get::<_, String>(0), "Private conversation");
    let id = in_project(&world, "For all of us").await;
    world.get(format!("/v1/conversations/{id}")).by(&world.home.viewer).send().await.expect(200);
}

#[tokio::test]
async fn a_conversation_stays_where_it_was_begun() {
    let world = world().await;
    let id = in_project(&world, "Here").await;
    let out = format!("update llm.conversations set project_id = null where id = '{id}'");
    assert!(refused(&world, &out).await.contains("a conversation stays where it was begun"));
    let archived = world.patch(format!("/v1/conversations/{id}"), &json!({"state": "archived"}));
    let archived = archived.by(&world.home.developer).send().await.expect(200).json();
    assert!(archived["archived_at"].is_string());
}

#[tokio::test]
async fn what_is_appended_is_never_changed() {
    let world = world().await;
    let client = world.superuser().await.unwrap();
    for table in ["llm.messages", "analytics.api_usage_logs", "analytics.cost_allocations"] {
        let sql = "select has_table_privilege('application_user', $1, 'update, delete')";
        let may: bool = client.query_one(sql, &[&table]).await.unwrap().get(0);
        assert!(!may, "application_user may change {table}");
    }
    let id = world.example(&world.home, "messages", 0).await.unwrap();
    let answer = world.patch(format!("/v1/messages/{id}"), &json!({"content": "x"})).by(&world.home.owner).send().await;
    assert_eq!(answer.status, 405);
}

/// A range of identifiers reads the partitions it needs; one organisation reads one of the sixteen parts.
#[tokio::test]
async fn time_and_organisation_prune_partitions() {
    let world = world().await;
    let client = world.superuser().await.unwrap();
    let scanned = async |sql: String| {
        let lines = client.query(&format!("explain (costs off) {sql}"), &[]).await.unwrap();
        lines.iter().filter(|line| line.get::<_, String>(0).contains(" Scan ")).count()
    };
    for (table, unit) in [
        ("llm.messages", "month"),
        ("analytics.api_usage_logs", "month"),
        ("analytics.cost_allocations", "month"),
        ("security.security_events", "quarter"),
    ] {
        let range = client
            .query_one(
                &format!(
                    "select platform.uuid_v7_floor(date_trunc('{unit}', now(), 'UTC'))::text,
                            platform.uuid_v7_floor(date_trunc('{unit}', now(), 'UTC') + interval '3 days')::text"
                ),
                &[],
            )
            .await
            .unwrap();
        let (from, until): (String, String) = (range.get(0), range.get(1));
        let all = scanned(format!("select * from {table}")).await;
        let few = scanned(format!("select * from {table} where id >= '{from}' and id < '{until}'")).await;
        assert!(all > 4 && few == 1, "{table}: {few} of {all} partitions are read");
    }
    let all = scanned("select * from llm.conversations".into()).await;
    let one = scanned(format!("select * from llm.conversations where organization_id = '{}'", world.home.id)).await;
    assert_eq!((all, one), (16, 1));
}

#[tokio::test]
async fn versions_count_without_gaps_even_when_many_write() {
    let world = world().await;
    let id = template(&world, "summary", "shared").await;
    let all = tokio::join!(
        version(&world, &id, "a"),
        version(&world, &id, "b"),
        version(&world, &id, "c"),
        version(&world, &id, "d"),
        version(&world, &id, "e")
    );
    let mut numbers = [all.0, all.1, all.2, all.3, all.4].map(|made| made["version_number"].as_i64().unwrap());
    numbers.sort_unstable();
    assert_eq!(numbers, [1, 2, 3, 4, 5]);
    let other = template(&world, "translation", "shared").await;
    assert_eq!(version(&world, &other, "x").await["version_number"], json!(1), "each template counts for itself");
    let gap = format!(
        "insert into llm.prompt_template_versions (template_id, version_number, template_content) values ('{id}', 7, 'x')"
    );
    assert!(refused(&world, &gap).await.contains("the next version of this template is 6"));
    let renumbered =
        format!("update llm.prompt_template_versions set version_number = 9 where template_id = '{other}'");
    assert!(refused(&world, &renumbered).await.contains("a version keeps its template and its number"));
}

#[tokio::test]
async fn an_approved_version_stays_as_it_is() {
    let world = world().await;
    let (owner, developer) = (&world.home.owner, &world.home.developer);
    let id = template(&world, "summary", "shared").await;
    let ids: Vec<String> = [version(&world, &id, "one").await, version(&world, &id, "two").await]
        .iter()
        .map(|made| made["id"].as_str().unwrap().to_owned())
        .collect();
    let path = |at: usize| format!("/v1/prompt-template-versions/{}", ids[at]);
    world.patch(path(0), &json!({"template_content": "better"})).by(developer).send().await.expect(200);
    world.post(format!("{}/approve", path(0)), &json!({})).by(developer).send().await.expect(403);
    let agent = world.home.agent(&world.kernel, owner).await.unwrap();
    world.post(format!("{}/approve", path(0)), &json!({})).by(&agent).send().await.expect(403);

    let current = async || {
        let seen = world.get(format!("/v1/prompt-templates/{id}")).by(developer).send().await.expect(200).json();
        seen["current_version"].clone()
    };
    assert_eq!(current().await, Value::Null);
    world.post(format!("{}/approve", path(1)), &json!({})).by(owner).send().await.expect(200);
    assert_eq!(current().await, json!(2));
    world.post(format!("{}/approve", path(0)), &json!({})).by(owner).send().await.expect(200);
    assert_eq!(current().await, json!(2), "approving an older one does not go back");
    world.post(format!("{}/approve", path(0)), &json!({})).by(owner).send().await.expect(409);
    let answer = world.patch(path(0), &json!({"template_content": "other"})).by(developer).send().await.expect(422);
    assert!(answer.text().contains("an approved version does not change any more"), "{}", answer.text());
    let seen = world.get(path(0)).by(developer).send().await.json();
    assert_eq!((&seen["template_content"], &seen["is_approved"]), (&json!("better"), &json!(true)));
}

#[tokio::test]
async fn a_private_prompt_is_its_makers() {
    let world = world().await;
    let id = template(&world, "diary", "private").await;
    let words = version(&world, &id, "dear diary").await;
    let words = words["id"].as_str().unwrap();
    world.get(format!("/v1/prompt-templates/{id}")).by(&world.home.owner).send().await.expect(404);
    world.get(format!("/v1/prompt-template-versions/{words}")).by(&world.home.owner).send().await.expect(404);
    let shared = world.patch(format!("/v1/prompt-templates/{id}"), &json!({"visibility": "shared"}));
    shared.by(&world.home.developer).send().await.expect(200);
    world.get(format!("/v1/prompt-template-versions/{words}")).by(&world.home.viewer).send().await.expect(200);
}

#[tokio::test]
async fn the_key_of_a_provider_is_never_shown() {
    let world = world().await;
    let id = world.example(&world.home, "llm-providers", 0).await.unwrap();
    let client = world.superuser().await.unwrap();
    client.batch_execute("update llm.providers set api_key_ciphertext = '\\xc0ffee'").await.unwrap();
    let path = format!("/v1/llm-providers/{id}");
    for call in [world.get(&path), world.get("/v1/llm-providers"), world.get(format!("{path}/history"))] {
        let text = call.by(&world.home.owner).send().await.expect(200).text();
        assert!(!text.contains("api_key_ciphertext") && !text.contains("c0ffee"), "{text}");
    }
    world.patch(&path, &json!({"api_key_ciphertext": "x"})).by(&world.home.owner).send().await.expect(422);
    // A provider's default is one of its own models.
    let body = json!({"name": "another", "provider_type": "local"});
    let other = world.post("/v1/llm-providers", &body).by(&world.home.owner).send().await.expect(201).json();
    let body = json!({"provider_id": other["id"], "model_name": "m"});
    let model = world.post("/v1/llm-models", &body).by(&world.home.owner).send().await.expect(201).json();
    let answer = world.patch(&path, &json!({"default_model_id": model["id"]})).by(&world.home.owner).send().await;
    assert_eq!((answer.status, answer.pointers()), (422, vec!["/default_model_id".to_owned()]));
}
