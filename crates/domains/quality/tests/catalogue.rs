//! Descriptions of interfaces in the catalogue of services: made, compared, marked as gone, and never twice.
#![allow(clippy::unwrap_used)]

mod common;

use common::{World, assert_adds_up};
use quality::imports::FileStatus;
use serde_json::json;

fn shop(version: &str, paths: &str) -> String {
    format!(
        "openapi: 3.1.0\ninfo: {{title: Shop API, version: '{version}', description: Sells things}}\nservers: [{{url: https://shop.example}}]\npaths:\n{paths}"
    )
}

const FIRST: &str = "  /orders:
    get: {operationId: listOrders, tags: [orders, reading], summary: Lists orders, responses: {200: {content: {application/json: {}}}}}
    post: {operationId: addOrder, requestBody: {content: {application/json: {}}}, responses: {201: {description: made}}}
";
const SECOND: &str = "  /orders:
    get: {operationId: listOrders, tags: [orders, reading], summary: Lists orders, deprecated: true, responses: {200: {content: {application/json: {}}}}}
  /orders/{id}:
    get: {responses: {200: {content: {application/json: {}}}}}
";

async fn rows(world: &World) -> Vec<String> {
    let tx = world.ctx.begin_read().await.unwrap();
    let rows = tx
        .query(
            "select o.method || ' ' || o.path || ' ' || o.status || case when o.is_deprecated then ' deprecated' else '' end
                    || ' ' || array_to_string(o.tags, ',') || ' ' || array_to_string(o.request_media_types, ',') || '->'
                    || array_to_string(o.response_media_types, ',')
             from platform.api_operations o order by o.path, o.method",
            &[],
        )
        .await
        .unwrap();
    tx.commit().await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

/// Proves REQ-66.5.
#[tokio::test]
async fn a_description_makes_a_service_and_is_compared_when_it_comes_again() {
    let world = World::new().await;
    let first = world.import_one("shop.yaml", &shop("1.0", FIRST)).await;
    assert_eq!((first.status.as_str(), first.error.as_deref()), ("completed", None));
    assert_adds_up(&first.summary);
    assert_eq!(first.summary.created["services"], 1);
    assert_eq!(first.summary.created["api_documents"], 1);
    assert_eq!(first.summary.created["api_operations"], 2);
    assert_eq!(
        rows(&world).await,
        ["GET /orders offered orders,reading ->application/json", "POST /orders offered  application/json->",]
    );
    let again = world.import_one("renamed.yaml", &shop("1.0", FIRST)).await;
    assert_eq!(again.summary.status, FileStatus::Unchanged);
    assert_adds_up(&again.summary);

    // Renamed here: its description is still known.
    let tx = world.ctx.begin().await.unwrap();
    tx.execute("update platform.services set name = 'The shop'", &[]).await.unwrap();
    tx.commit().await.unwrap();
    let second = world.import_one("shop.yaml", &shop("1.1", SECOND)).await;
    assert_adds_up(&second.summary);
    let summary = &second.summary;
    assert_eq!((summary.created["api_operations"], summary.updated["api_operations"]), (1, 1));
    assert_eq!((summary.updated["api_operations_gone"], summary.updated["api_documents"]), (1, 1));
    assert!(summary.changes.iter().any(|one| one.what == "gone" && one.record == "POST /orders"));
    assert_eq!(
        rows(&world).await,
        [
            "GET /orders offered deprecated orders,reading ->application/json",
            "POST /orders gone  application/json->",
            "GET /orders/{id} offered  ->application/json",
        ]
    );
    assert_eq!(world.count("select count(*) from platform.services").await, 1);
    assert_eq!(world.count("select operations_count::bigint from platform.api_documents").await, 2);

    // What was before may come back: it is compared, and not taken for a repetition.
    let back = world.import_one("shop.yaml", &shop("1.0", FIRST)).await;
    assert_eq!((back.status.as_str(), back.summary.status), ("completed", FileStatus::Imported));
    assert_eq!(world.count("select count(*) from platform.api_operations where status = 'offered'").await, 2);
}

#[tokio::test]
async fn a_description_speaks_for_its_own_operations_only() {
    let world = World::new().await;
    world.import_one("shop.yaml", &shop("1.0", FIRST)).await;
    let other = "openapi: 3.0.0\ninfo: {title: Depot}\npaths: {/boxes: {get: {}}}\n";
    let ended = world.import_one("depot.yaml", other).await;
    assert_eq!(ended.summary.created["services"], 1);
    assert!(!ended.summary.updated.contains_key("api_operations_gone"));
    assert_eq!(world.count("select count(*) from platform.api_operations where status = 'offered'").await, 3);

    // A service that is there already is found by its name.
    let tx = world.ctx.begin().await.unwrap();
    tx.execute("insert into platform.services (name, service_type) values ('Billing', 'worker')", &[]).await.unwrap();
    tx.commit().await.unwrap();
    let found = world.import_one("b.yaml", "openapi: 3.0.0\ninfo: {title: Billing}\npaths: {/a: {get: {}}}\n").await;
    assert_eq!(found.summary.unchanged["services"], 1);
    assert_eq!(world.count("select count(*) from platform.services where name = 'Billing'").await, 1);
}

#[tokio::test]
async fn what_cannot_be_taken_leaves_nothing_behind() {
    let world = World::new().await;
    let wrong = "openapi: 3.0.0\ninfo: {title: Odd}\npaths: {/a: {get: {}}, b: {get: {}, put: {}}}\n";
    let ended = world.import_one("odd.yaml", wrong).await;
    assert_eq!(ended.status, "failed");
    assert_eq!(ended.summary.rejected.len(), 2, "{:?}", ended.summary.rejected);
    assert!(ended.summary.rejected[0].reason.contains("begins with /"));
    assert_eq!(world.count("select count(*) from platform.services").await, 0);

    let tried =
        world.import(&[("shop.yaml", shop("1.0", FIRST).as_bytes())], json!({"dry_run": "true"})).await.remove(0);
    assert_eq!((tried.summary.status, tried.summary.created["api_operations"]), (FileStatus::Tried, 2));
    assert_eq!(tried.summary.changes.len(), 2);
    assert_eq!(world.count("select count(*) from platform.services").await, 0);

    world.import_one("shop.yaml", &shop("1.0", FIRST)).await;
    let tx = world.ctx.begin().await.unwrap();
    tx.execute("update platform.services set deleted_at = now()", &[]).await.unwrap();
    tx.commit().await.unwrap();
    let binned = world.import_one("shop.yaml", &shop("2.0", SECOND)).await;
    assert!(binned.error.is_some_and(|error| error.contains("in the bin")));
}

/// The catalogue is the organisation's: what a private project knows does not get there by the way.
#[tokio::test]
async fn a_private_project_publishes_nothing() {
    let world = World::new().await;
    let set = async |visibility: &str| {
        let tx = world.ctx.begin().await.unwrap();
        tx.execute("update work.projects set visibility = $1", &[&visibility]).await.unwrap();
        tx.commit().await.unwrap();
    };
    set("private").await;
    for wishes in [json!({}), json!({"dry_run": "true"})] {
        let ended = world.import(&[("shop.yaml", shop("1.0", FIRST).as_bytes())], wishes).await.remove(0);
        assert_eq!(ended.status, "failed");
        assert!(ended.error.is_some_and(|error| error.contains("this project is private")));
    }
    assert_eq!(world.count("select count(*) from platform.services").await, 0);
    set("internal").await;
    assert_eq!(world.import_one("shop.yaml", &shop("1.0", FIRST)).await.status, "completed");
    // Nor what comes later about something that everybody knows.
    set("private").await;
    assert_eq!(world.import_one("shop.yaml", &shop("2.0", SECOND)).await.status, "failed");
    assert_eq!(world.count("select count(*) from platform.api_documents where version = '1.0'").await, 1);
}
