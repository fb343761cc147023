//! What a change leaves behind beside its audit row: why, column by column, a sentence for people, and a version to go back to.

use serde_json::{Value, json};
use testkit::World;
use tokio_postgres::Client;

use crate::{rows, world};

/// One row as JSON for each row of a query.
async fn all(client: &Client, sql: &str) -> Vec<Value> {
    let sql = format!("select to_jsonb(x) from ({sql}) x");
    client.query(&sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

/// What the newest change set says of columns. Newest by transaction: the clock of tests stands still.
const NEWEST: &str =
    "select t.operation_type, t.column_name, t.old_value, t.new_value, t.data_type, t.table_name, t.record_id
   from audit.change_tracking t where t.change_set_id = (select id from audit.change_sets order by xmin::text::bigint desc limit 1)
  order by t.sequence_number";

async fn requirement(world: &World) -> String {
    let body = world.creation_body(&world.home, "requirements", 0).await.unwrap();
    let made = world.post("/v1/requirements", &body).by(&world.home.owner).send().await.expect(201).json();
    made["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_change_tells_its_columns_and_its_reason() {
    let world = world().await;
    let client = world.superuser().await.unwrap();
    let id = requirement(&world).await;
    let made = all(&client, NEWEST).await;
    assert!(made.iter().all(|row| row["operation_type"] == "INSERT" && row["old_value"].is_null()), "{made:?}");
    assert!(made.iter().any(|row| row["column_name"] == "status" && row["new_value"] == "draft"), "{made:?}");

    world
        .patch(format!("/v1/requirements/{id}"), &json!({"title": "Exact", "estimated_effort_points": 3}))
        .by(&world.home.owner)
        .header("x-change-reason", "Gr%C3%BC%C3%9Fe, 100%25 sure")
        .header("x-business-justification", "The auditors asked")
        .send()
        .await
        .expect(200);
    let sets = all(&client, "select * from audit.change_sets order by xmin::text::bigint desc limit 1").await;
    assert_eq!(sets[0]["change_reason"], "Grüße, 100% sure");
    assert_eq!(sets[0]["business_justification"], "The auditors asked");
    assert_eq!(sets[0]["changed_by"], json!(world.home.owner.user_id));
    let changed = all(&client, NEWEST).await;
    assert_eq!(changed.len(), 2, "{changed:?}");
    assert_eq!(
        changed[0],
        json!({"operation_type": "UPDATE", "column_name": "estimated_effort_points", "old_value": null, "new_value": "3",
               "data_type": "integer", "table_name": "work.requirements", "record_id": id})
    );
    assert_eq!((&changed[1]["column_name"], &changed[1]["new_value"]), (&json!("title"), &json!("Exact")));
    let told = all(&client, "select * from audit.activity_logs order by id desc limit 1").await;
    assert_eq!(told[0]["summary"], "Changed estimated effort points, title of requirement “Exact”");
    assert_eq!(told[0]["operation"], "requirement.updated");
    assert_eq!(told[0]["entity_id"], json!(id));

    world.delete(format!("/v1/requirements/{id}")).by(&world.home.owner).send().await.expect(204);
    let binned = all(&client, NEWEST).await;
    let columns: Vec<_> = binned.iter().map(|row| row["column_name"].as_str().unwrap()).collect();
    assert_eq!(columns, ["deleted_at", "deleted_by"]);
    let told = all(&client, "select summary from audit.activity_logs order by id desc limit 1").await;
    assert_eq!(told[0]["summary"], "Deleted requirement “Exact”");
}

#[tokio::test]
async fn one_request_is_one_change_set() {
    let world = world().await;
    let client = world.superuser().await.unwrap();
    let (one, other) = (requirement(&world).await, requirement(&world).await);
    let before = all(&client, "select id from audit.change_sets").await.len();
    let items = json!({"items": [
        {"action": "update", "id": one, "data": {"title": ""}},
        {"action": "update", "id": one, "data": {"title": "First"}},
        {"action": "update", "id": "nobody", "data": {"title": "x"}},
        {"action": "update", "id": other, "data": {"title": "Second"}},
    ]});
    let answer = world.post("/v1/requirements/bulk", &items).by(&world.home.owner).send().await.expect(200).json();
    assert_eq!((&answer["done"], &answer["failed"]), (&json!(2), &json!(2)), "{answer}");
    assert_eq!(all(&client, "select id from audit.change_sets").await.len(), before + 1);
    let changed = all(&client, NEWEST).await;
    let values: Vec<_> = changed.iter().map(|row| row["new_value"].as_str().unwrap()).collect();
    assert_eq!(values, ["First", "Second"]);
}

#[tokio::test]
async fn a_reason_that_cannot_be_kept_is_refused() {
    let world = world().await;
    let path = format!("/v1/requirements/{}", requirement(&world).await);
    let long = "x".repeat(1001);
    let longer = "y".repeat(4001);
    for (header, value) in [
        ("x-change-reason", &*long),
        ("x-business-justification", &*longer),
        ("x-change-reason", "%ff%fe"),
        ("x-business-justification", "%C3"),
    ] {
        let answer =
            world.patch(&path, &json!({"title": "x"})).by(&world.home.owner).header(header, value).send().await;
        assert_eq!(answer.status, 400, "{header}: {}", answer.text());
        assert!(answer.text().to_lowercase().contains(header), "{}", answer.text());
    }
    // A percent sign that begins no code is a percent sign.
    world
        .patch(&path, &json!({"title": "y"}))
        .by(&world.home.owner)
        .header("x-change-reason", "100% sure")
        .send()
        .await
        .expect(200);
    let client = world.superuser().await.unwrap();
    let sets =
        all(&client, "select change_reason from audit.change_sets order by xmin::text::bigint desc limit 1").await;
    assert_eq!(sets[0]["change_reason"], "100% sure");
}

#[tokio::test]
async fn the_feed_tells_only_of_what_its_reader_may_read() {
    let world = world().await;
    requirement(&world).await;
    let token = json!({"name": "secret plan", "scopes": ["*:read"]});
    world.post("/v1/api-tokens", &token).by(&world.home.owner).send().await.expect(201);
    let seen = |feed: Value| -> Vec<String> {
        rows(&feed).iter().map(|row| row["entity_type"].as_str().unwrap().to_owned()).collect()
    };
    let path = "/v1/activity?limit=200";
    let owner = world.get(path).by(&world.home.owner).send().await.expect(200).json();
    let hidden = rows(&owner).iter().find(|row| row["entity_type"] == "api_token").unwrap()["id"].clone();
    let viewer = seen(world.get(path).by(&world.home.viewer).send().await.expect(200).json());
    assert!(viewer.iter().any(|kind| kind == "requirement"), "{viewer:?}");
    assert!(!viewer.iter().any(|kind| kind == "api_token"), "{viewer:?}");
    let one = format!("/v1/activity/{}", hidden.as_str().unwrap());
    world.get(&one).by(&world.home.owner).send().await.expect(200);
    world.get(&one).by(&world.home.viewer).send().await.expect(404);
    let file = world.get("/v1/activity").header("accept", "text/csv").by(&world.home.viewer).send().await.expect(200);
    assert!(!file.text().contains("secret plan"));
}

#[tokio::test]
async fn a_project_can_be_read_as_it_was_and_brought_back() {
    let world = world().await;
    let client = world.superuser().await.unwrap();
    let owner = &world.home.owner;
    let body = json!({"name": "Old name", "slug": "versions", "metadata": {"a": 1}});
    let made = world.post("/v1/projects", &body).by(owner).send().await.expect(201).json();
    let path = format!("/v1/projects/{}", made["id"].as_str().unwrap());
    let moment: String = client
        .query_one("select to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')", &[])
        .await
        .unwrap()
        .get(0);
    world.patch(&path, &json!({"name": "New name", "metadata": {}})).by(owner).send().await.expect(200);

    let then = world.get(format!("{path}?as_of={moment}")).by(owner).send().await.expect(200).json();
    assert_eq!(
        (&then["name"], &then["metadata"], &then["row_version"]),
        (&json!("Old name"), &json!({"a": 1}), &json!(1))
    );
    assert_eq!(world.get(&path).by(owner).send().await.json()["name"], "New name");
    world.get(format!("{path}?as_of=2001-01-01T00:00:00Z")).by(owner).send().await.expect(404);
    world.get(format!("{path}?as_of=yesterday")).by(owner).send().await.expect(400);
    world.get(format!("{path}?as_of={moment}&include=team")).by(owner).send().await.expect(400);
    world.get(format!("{path}?as_of={moment}")).by(&world.abroad.owner).send().await.expect(404);

    let rollback = format!("{path}/rollback");
    let input = json!({"version": 1, "reason": "The new name was a mistake"});
    world.post(&rollback, &input).by(&world.home.viewer).send().await.expect(403);
    let answer = world.post(&rollback, &input).by(owner).send().await.expect(200).json();
    assert_eq!(answer["row_version"], 3);
    let now = world.get(&path).by(owner).send().await.json();
    assert_eq!(
        (&now["name"], &now["metadata"], &now["row_version"]),
        (&json!("Old name"), &json!({"a": 1}), &json!(3))
    );
    let sets =
        all(&client, "select change_reason from audit.change_sets order by xmin::text::bigint desc limit 1").await;
    assert_eq!(sets[0]["change_reason"], "The new name was a mistake");
    let told = all(&client, NEWEST).await;
    let columns: Vec<_> = told.iter().map(|row| row["column_name"].as_str().unwrap()).collect();
    assert_eq!(columns, ["metadata", "name"]);
    for wrong in [json!({"version": 9, "reason": "x"}), json!({"version": 1, "reason": " "}), json!({"version": 1})] {
        world.post(&rollback, &wrong).by(owner).send().await.expect(422);
    }
    let versions = world.get(format!("/v1/project-history?filter[project_id]={}", made["id"].as_str().unwrap()));
    assert_eq!(rows(&versions.by(owner).send().await.expect(200).json()).len(), 3);
}
