//! Approvals under way, permissions given in person, sign-in elsewhere, and the catalogues everybody reads.

use serde_json::{Value, json};
use testkit::{Answer, Person, World};

use crate::{rows, world};

async fn make(world: &World, by: &Person, path: &str, body: Value) -> Value {
    world.post(format!("/v1/{path}"), &body).by(by).send().await.expect(201).json()
}

async fn permission(world: &World, name: &str) -> Value {
    let path = format!("/v1/permissions?filter[name]={name}");
    world.get(path).by(&world.home.owner).send().await.expect(200).json()["data"][0]["id"].clone()
}

/// A workflow whose first step an administrator approves and whose second the owner does, and a request of the
/// developer's for the viewer.
async fn request(world: &World) -> Value {
    let (owner, admin) = (&world.home.owner, &world.home.admin);
    let workflow =
        make(world, owner, "approval-workflows", json!({"name": "two", "subject_kind": "permission_grant"})).await;
    let roles = world.get("/v1/roles?filter[template_code]=admin").by(owner).send().await.json();
    for (number, step) in
        [json!({"approver_role_id": roles["data"][0]["id"]}), json!({"approver_user_id": owner.user_id})]
            .into_iter()
            .enumerate()
    {
        let mut step = step;
        step["workflow_id"] = workflow["id"].clone();
        step["name"] = json!("step");
        step["step_number"] = json!(number + 1);
        make(world, owner, "approval-workflow-steps", step).await;
    }
    assert_ne!(admin.user_id, owner.user_id);
    let body = json!({
        "workflow_id": workflow["id"], "subject_kind": "permission_grant",
        "permission_id": permission(world, "task:create").await, "requested_for_user_id": world.home.viewer.user_id,
    });
    make(world, &world.home.developer, "approval-requests", body).await
}

async fn decide(world: &World, by: &Person, request: &Value, decision: &str) -> Answer {
    let path = format!("/v1/approval-requests/{}/decide", request["id"].as_str().unwrap());
    world.post(path, &json!({"decision": decision})).by(by).send().await
}

fn said(answer: &Answer) -> String {
    answer.json()["detail"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_request_is_approved_step_by_step() {
    let world = world().await;
    let (owner, admin, developer) = (&world.home.owner, &world.home.admin, &world.home.developer);
    let request = request(&world).await;
    assert_eq!((&request["status"], &request["requested_by"]), (&json!("pending"), &json!(developer.user_id)));
    let own = decide(&world, developer, &request, "approved").await.expect(422);
    assert_eq!(said(&own), "Nobody decides on their own request; somebody else has to.");
    decide(&world, &world.home.viewer, &request, "approved").await.expect(403);
    let first = decide(&world, admin, &request, "approved").await.expect(200).json();
    assert_eq!(first["status"], "pending");
    let wrong = decide(&world, admin, &request, "approved").await.expect(422);
    assert_eq!(said(&wrong), "Step 2 names somebody else as approver.");
    let last = decide(&world, owner, &request, "approved").await.expect(200).json();
    assert_eq!(last["status"], "approved");
    let late = decide(&world, owner, &request, "rejected").await.expect(422);
    assert_eq!(said(&late), "This request is approved already; nothing is left to decide.");
    let path = format!("/v1/approval-requests/{}", request["id"].as_str().unwrap());
    let kept = world.get(&path).by(developer).send().await.json();
    assert!(kept["decided_at"].is_string());
    let cancelled = world.post(format!("{path}/cancel"), &json!({})).by(developer).send().await.expect(422);
    assert_eq!(said(&cancelled), "This request is approved and stays as it is; make a new one.");
    let decisions = world.get("/v1/approval-decisions").by(developer).send().await.json();
    assert_eq!(rows(&decisions).len(), 2);
}

#[tokio::test]
async fn one_rejection_ends_a_request() {
    let world = world().await;
    let request = request(&world).await;
    decide(&world, &world.home.admin, &request, "abstained").await.expect(200);
    let twice = decide(&world, &world.home.admin, &request, "approved").await.expect(409);
    assert_eq!(said(&twice), "an approver decides once on each step");
    let rejected = decide(&world, &world.home.owner, &request, "rejected").await.expect(200).json();
    assert_eq!(rejected["status"], "rejected");
}

#[tokio::test]
async fn who_is_to_gain_does_not_decide_and_agents_never_do() {
    let world = world().await;
    let (owner, admin) = (&world.home.owner, &world.home.admin);
    let mine = request(&world).await;
    let agent = world.home.agent(&world.kernel, &world.home.developer).await.unwrap();
    decide(&world, &agent, &mine, "approved").await.expect(403);
    let body = json!({
        "workflow_id": mine["workflow_id"], "subject_kind": "permission_grant",
        "permission_id": mine["permission_id"], "requested_for_user_id": admin.user_id,
    });
    let for_admin = make(&world, owner, "approval-requests", body.clone()).await;
    decide(&world, admin, &for_admin, "approved").await.expect(422);
    let mut other = body;
    other["subject_kind"] = json!("role_assignment");
    world.post("/v1/approval-requests", &other).by(owner).send().await.expect(422);
    // Nothing but decisions approves a request, whatever door is used.
    let client = world.superuser().await.unwrap();
    let error = client.batch_execute("update authz.approval_requests set status = 'approved'").await.unwrap_err();
    assert!(format!("{error:?}").contains("This request"), "{error:?}");
}

#[tokio::test]
async fn a_permission_given_in_person_holds_until_revoked() {
    let world = world().await;
    let (admin, viewer) = (&world.home.admin, &world.home.viewer);
    let project = world.example(&world.home, "projects", 0).await.unwrap();
    let task = json!({"project_id": project, "title": "look closer"});
    world.post("/v1/tasks", &task).by(viewer).send().await.expect(403);
    let grant =
        |permission: &Value| json!({"user_id": viewer.user_id, "permission_id": permission, "grant_reason": "on call"});
    let ending = grant(&permission(&world, "organization:delete").await);
    let beyond = world.post("/v1/user-permissions", &ending).by(admin).send().await.expect(403);
    assert_eq!(said(&beyond), "You may not give this: it allows organization:delete, which you do not hold yourself.");
    let body = grant(&permission(&world, "task:create").await);
    let given = make(&world, admin, "user-permissions", body.clone()).await;
    assert_eq!((&given["is_active"], &given["granted_by"]), (&json!(true), &json!(admin.user_id)));
    world.post("/v1/user-permissions", &body).by(admin).send().await.expect(409);
    world.authenticator.forget();
    world.post("/v1/tasks", &task).by(viewer).send().await.expect(201);
    let path = format!("/v1/user-permissions/{}", given["id"].as_str().unwrap());
    let revoke = json!({"revoked_at": world.clock.now(), "revocation_reason": "calm again"});
    let revoked = world.patch(&path, &revoke).by(admin).send().await.expect(200).json();
    assert_eq!((&revoked["is_active"], &revoked["revoked_by"]), (&json!(false), &json!(admin.user_id)));
    world.authenticator.forget();
    world.post("/v1/tasks", &task).by(viewer).send().await.expect(403);
    world.patch(&path, &json!({"revoked_at": null})).by(admin).send().await.expect(422);
    make(&world, admin, "user-permissions", body).await;
}

#[tokio::test]
async fn a_provider_is_switched_on_when_it_is_complete() {
    let world = world().await;
    let (owner, admin) = (&world.home.owner, &world.home.admin);
    let provider = make(&world, admin, "sso-providers", json!({"name": "house", "provider_type": "oidc"})).await;
    assert!(provider.get("client_secret_ciphertext").is_none() && provider["is_active"] == false);
    let path = format!("/v1/sso-providers/{}", provider["id"].as_str().unwrap());
    world.patch(&path, &json!({"is_active": true})).by(admin).send().await.expect(422);
    let whole =
        json!({"is_active": true, "client_id": "us", "discovery_url": "https://sign-in.example", "scopes": ["openid"]});
    world.patch(&path, &whole).by(admin).send().await.expect(200);
    let roles = world.get("/v1/roles?filter[template_code]=owner").by(owner).send().await.json();
    let default = json!({"provider_id": provider["id"], "role_id": roles["data"][0]["id"]});
    // Whoever is not an owner makes no owners, not even through a provider.
    world.post("/v1/sso-default-roles", &default).by(admin).send().await.expect(403);
    make(&world, owner, "sso-default-roles", default).await;
}

#[tokio::test]
async fn every_organisation_has_a_place_for_files_and_knows_their_kinds() {
    let world = world().await;
    let places = world.get("/v1/storage-locations").by(&world.home.viewer).send().await.expect(200).json();
    assert_eq!((rows(&places).len(), &places["data"][0]["provider"]), (1, &json!("local")));
    let kinds = world.get("/v1/filetypes?limit=200").by(&world.home.viewer).send().await.expect(200).json();
    assert!(rows(&kinds).len() >= 60, "only {} kinds of files", rows(&kinds).len());
    let admin = &world.home.admin;
    let bare = json!({"name": "cloud", "provider": "s3"});
    world.post("/v1/storage-locations", &bare).by(admin).send().await.expect(422);
    let unreachable = json!({"name": "cellar", "provider": "minio", "bucket": "files"});
    world.post("/v1/storage-locations", &unreachable).by(admin).send().await.expect(422);
}
