//! Documents and files: versions without gaps, content stored once, and what only its owner sees.

use serde_json::{Value, json};
use testkit::{Answer, Person, World};

use crate::{rows, world};

async fn make(world: &World, by: &Person, path: &str, body: Value) -> Value {
    world.post(format!("/v1/{path}"), &body).by(by).send().await.expect(201).json()
}

async fn get(world: &World, by: &Person, path: &str, record: &Value) -> Answer {
    world.get(format!("/v1/{path}/{}", record["id"].as_str().unwrap())).by(by).send().await
}

async fn document(world: &World, by: &Person, more: Value) -> Value {
    let project = world.example(&world.home, "projects", 0).await.unwrap();
    let mut body = json!({"project_id": project, "title": "manual"});
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    make(world, by, "documents", body).await
}

fn said(answer: &Answer) -> String {
    answer.json()["detail"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn versions_follow_each_other_and_never_change() {
    let world = world().await;
    let developer = &world.home.developer;
    let document = document(&world, developer, json!({})).await;
    assert_eq!(document["key"], "DOC-1");
    let version = |text: &str| json!({"document_id": document["id"], "content": text});
    let first = make(&world, developer, "document-versions", version("one")).await;
    // One that fails leaves no gap.
    let empty = json!({"document_id": document["id"]});
    world.post("/v1/document-versions", &empty).by(developer).send().await.expect(422);
    let second = make(&world, developer, "document-versions", version("two")).await;
    assert_eq!((&first["version_number"], &second["version_number"]), (&json!(1), &json!(2)));
    let now = get(&world, developer, "documents", &document).await.json();
    assert_eq!((&now["current_version"], &now["row_version"]), (&json!(2), &document["row_version"]));
    let path = format!("/v1/document-versions/{}", first["id"].as_str().unwrap());
    world.patch(&path, &json!({"content": "other"})).by(developer).send().await.expect(422);
    let read = json!({"extracted_text": "one", "word_count": 1, "extraction_status": "completed"});
    world.patch(&path, &read).by(developer).send().await.expect(200);
    world.delete(&path).by(developer).send().await.expect(405);
    let client = world.superuser().await.unwrap();
    let error = client.batch_execute("update documents.document_versions set content = 'other'").await.unwrap_err();
    assert!(format!("{error:?}").contains("A version never changes; make a new one."), "{error:?}");
    let bin = format!("/v1/documents/{}", document["id"].as_str().unwrap());
    world.delete(&bin).by(developer).send().await.expect(204);
    world.post("/v1/document-versions", &version("three")).by(developer).send().await.expect(422);
}

#[tokio::test]
async fn a_document_without_a_project_has_no_key() {
    let world = world().await;
    let owner = &world.home.owner;
    let handbook = make(&world, owner, "documents", json!({"title": "handbook", "is_template": true})).await;
    assert!(handbook["key"].is_null() && handbook["project_id"].is_null());
    let copy = document(&world, owner, json!({"template_id": handbook["id"]})).await;
    assert_eq!(copy["key"], "DOC-1");
    let itself = json!({"document_id": copy["id"], "related_document_id": copy["id"], "relation_type": "supersedes"});
    world.post("/v1/document-relations", &itself).by(owner).send().await.expect(422);
    let relation =
        json!({"document_id": copy["id"], "related_document_id": handbook["id"], "relation_type": "derived_from"});
    make(&world, owner, "document-relations", relation.clone()).await;
    world.post("/v1/document-relations", &relation).by(owner).send().await.expect(409);
    let nothing = json!({"document_id": copy["id"], "relation_type": "verifies"});
    world.post("/v1/document-relations", &nothing).by(owner).send().await.expect(422);
}

#[tokio::test]
async fn the_same_content_is_stored_once() {
    let world = world().await;
    let (owner, developer) = (&world.home.owner, &world.home.developer);
    let file = |name: &str| json!({"checksum_sha256": "ab".repeat(32), "file_size": 11, "filename": name, "storage_path": format!("a/{name}")});
    let first = make(&world, owner, "files", file("Plan.PDF")).await;
    let again = make(&world, developer, "files", file("copy.pdf")).await;
    assert_eq!(
        (&again["id"], &first["already_stored"], &again["already_stored"]),
        (&first["id"], &json!(false), &json!(true))
    );
    let stored = get(&world, owner, "files", &first).await.expect(200).json();
    assert_eq!((&stored["filetype_code"], &stored["file_size"]), (&json!("pdf"), &json!(11)));
    let mut other = file("other.pdf");
    other["file_size"] = json!(12);
    assert_ne!(make(&world, owner, "files", other).await["id"], first["id"]);
    world
        .post("/v1/files", &json!({"checksum_sha256": "zz", "file_size": 1, "filename": "x", "storage_path": "y"}))
        .by(owner)
        .send()
        .await
        .expect(422);
    // Another organisation stores its own.
    assert_ne!(make(&world, &world.abroad.owner, "files", file("Plan.PDF")).await["id"], first["id"]);
    // Seen by whoever brought it first, and by whoever sees what refers to it.
    get(&world, developer, "files", &first).await.expect(404);
    let document = document(&world, developer, json!({})).await;
    let version = json!({"document_id": document["id"], "file_id": first["id"]});
    make(&world, developer, "document-versions", version).await;
    get(&world, developer, "files", &first).await.expect(200);
    let client = world.superuser().await.unwrap();
    for (change, refusal) in [
        ("file_size = 13", "What a file holds never changes; store another."),
        ("deleted_at = now()", "Something still refers to this file; take that away first."),
    ] {
        let sql = format!(
            "update documents.files set {change} where file_size = 11 and filename = 'Plan.PDF' and exists (
            select from documents.document_versions v where v.file_id = files.id)"
        );
        let error = client.batch_execute(&sql).await.unwrap_err();
        assert!(format!("{error:?}").contains(refusal), "{error:?}");
    }
}

#[tokio::test]
async fn an_attachment_hangs_on_one_thing() {
    let world = world().await;
    let owner = &world.home.owner;
    let file = world.example(&world.home, "files", 0).await.unwrap();
    let requirement = world.example(&world.home, "requirements", 0).await.unwrap();
    let result = world.example(&world.home, "test-results", 0).await.unwrap();
    let both = json!({"file_id": file, "entity_id": requirement, "test_result_id": result});
    world.post("/v1/attachments", &both).by(owner).send().await.expect(422);
    world.post("/v1/attachments", &json!({"file_id": file})).by(owner).send().await.expect(422);
    let one = json!({"file_id": file, "test_result_id": result, "attachment_kind": "log"});
    let made = make(&world, owner, "attachments", one.clone()).await;
    assert!(made["project_id"].is_string());
    world.post("/v1/attachments", &one).by(owner).send().await.expect(409);
}

#[tokio::test]
async fn a_private_document_is_its_owners_alone() {
    let world = world().await;
    let (owner, developer) = (&world.home.owner, &world.home.developer);
    let diary = document(&world, developer, json!({"title": "diary of doubts", "access_level": "private"})).await;
    let version = json!({"document_id": diary["id"], "content": "doubts"});
    let version = make(&world, developer, "document-versions", version).await;
    let comment = json!({"entity_id": diary["id"], "body": "doubts again"});
    let comment = make(&world, developer, "comments", comment).await;
    for (path, record) in [("documents", &diary), ("document-versions", &version), ("comments", &comment)] {
        get(&world, developer, path, record).await.expect(200);
        get(&world, owner, path, record).await.expect(404);
    }
    let client = world.superuser().await.unwrap();
    let sql = "select title, length(search_vector) from platform.entities where entity_type = 'document'";
    let row = client.query_one(sql, &[]).await.unwrap();
    assert_eq!((row.get::<_, String>(0), row.get::<_, i32>(1)), ("A private document".to_owned(), 0));
    let path = format!("/v1/documents/{}", diary["id"].as_str().unwrap());
    world.patch(&path, &json!({"access_level": "shared"})).by(developer).send().await.expect(200);
    get(&world, owner, "documents", &diary).await.expect(200);
    let row = client.query_one(sql, &[]).await.unwrap();
    assert_eq!(row.get::<_, String>(0), "diary of doubts");
    // Nobody makes somebody else's document vanish from their own sight.
    world.patch(&path, &json!({"access_level": "private"})).by(owner).send().await.expect(403);
}

#[tokio::test]
async fn a_job_goes_one_way() {
    let world = world().await;
    let developer = &world.home.developer;
    let document = document(&world, developer, json!({})).await;
    let job = json!({"document_id": document["id"], "processing_type": "extract"});
    let job = make(&world, developer, "processing-jobs", job).await;
    let path = format!("/v1/processing-jobs/{}", job["id"].as_str().unwrap());
    let to = async |status: &str| world.patch(&path, &json!({"status": status})).by(developer).send().await;
    to("completed").await.expect(422);
    let running = to("running").await.expect(200).json();
    assert!(running["started_at"].is_string() && running["processing_time_ms"].is_null());
    to("failed").await.expect(422);
    let failed = json!({"status": "failed", "error_message": "no words in it"});
    let failed = world.patch(&path, &failed).by(developer).send().await.expect(200).json();
    assert!(failed["completed_at"].is_string() && failed["processing_time_ms"].is_number());
    let late = world.patch(&path, &json!({"error_message": "otherwise"})).by(developer).send().await.expect(422);
    assert_eq!(said(&late), "This job is failed and stays as it is; ask for another.");
    let jobs = world.get("/v1/processing-jobs").by(&world.home.viewer).send().await.json();
    assert_eq!(rows(&jobs).len(), 1);
}
