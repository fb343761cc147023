//! What takes a second person, and what is taken in an emergency: approvals that take effect, and breaking the glass.

use jiff::SignedDuration;
use serde_json::{Value, json};
use testkit::{Answer, Person, World};

use crate::{
    granting::{asked_for, assign, make, named, of, role, said},
    rows, world,
};

async fn ask(world: &World, by: &Person, permission: &str, more: Value) -> Answer {
    let mut body = json!({"permission": permission});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    world.post("/v1/approval-requests/ask", &body).by(by).send().await
}

async fn decide(world: &World, by: &Person, request: &Value, decision: &str) -> Answer {
    let path = format!("{}/decide", of("approval-requests", &request["id"]));
    world.post(path, &json!({"decision": decision})).by(by).send().await
}

/// A deployment that waits for somebody to agree.
async fn deployment(world: &World, number: u8) -> String {
    let body = world.creation_body(&world.home, "deployments", number).await.unwrap();
    let made = make(world, &world.home.owner, "deployments", body).await;
    made["id"].as_str().unwrap().to_owned()
}

async fn agree(world: &World, by: &Person, deployment: &str) -> Answer {
    world.post(format!("/v1/deployments/{deployment}/approve"), &json!({})).by(by).send().await
}

/// Proves REQ-56.3.
#[tokio::test]
async fn a_permission_to_be_asked_for_works_once_somebody_has_agreed() {
    let world = world().await;
    let (admin, developer) = (&world.home.admin, &world.home.developer);
    asked_for(&world, developer, "deployment:agree", admin).await;
    let waiting = deployment(&world, 1).await;
    agree(&world, developer, &waiting).await.expect(403);
    let request = ask(&world, developer, "deployment:agree", json!({"hours": 2})).await.expect(201).json();
    agree(&world, developer, &waiting).await.expect(403);
    decide(&world, developer, &request, "approved").await.expect(422);
    let outcome = decide(&world, admin, &request, "approved").await.expect(200).json();
    assert_eq!(outcome["status"], "approved");
    let given = world.get("/v1/user-permissions").by(admin).send().await.expect(200).json();
    let given = &rows(&given)[0];
    assert_eq!((&given["user_id"], &given["approval_request_id"]), (&json!(developer.user_id), &request["id"]));
    assert!(given["grant_reason"].as_str().unwrap().contains(request["id"].as_str().unwrap()));
    let trail =
        world.get(format!("{}/history", of("approval-requests", &request["id"]))).by(admin).send().await.expect(200);
    assert!(trail.text().contains(given["id"].as_str().unwrap()), "the trail names what was given: {}", trail.text());
    agree(&world, developer, &waiting).await.expect(200);
    // It ends with its hours.
    world.clock.advance(SignedDuration::from_hours(2));
    agree(&world, developer, &deployment(&world, 2).await).await.expect(403);
    // Nobody asks for what no role of theirs has.
    ask(&world, developer, "organization:delete", json!({})).await.expect(403);
    ask(&world, &world.home.viewer, "deployment:agree", json!({})).await.expect(403);
}

/// Proves REQ-56.1, REQ-56.3.
#[tokio::test]
async fn an_accomplice_approves_nothing_that_neither_holds() {
    let world = world().await;
    let (owner, developer, accomplice) = (&world.home.owner, &world.home.developer, &world.home.viewer);
    role(&world, "agreeing", &["approval_request:approve"]).await;
    assign(&world, owner, accomplice, "agreeing", json!({})).await.expect(201);
    let body = json!({"name": "friends", "subject_kind": "permission_grant"});
    let workflow = make(&world, owner, "approval-workflows", body).await;
    let step = json!({"workflow_id": workflow["id"], "name": "agree", "step_number": 1, "approver_user_id": accomplice.user_id});
    make(&world, owner, "approval-workflow-steps", step).await;
    let wanted = json!({
        "workflow_id": workflow["id"], "subject_kind": "permission_grant", "requested_for_user_id": developer.user_id,
        "permission_id": named(&world, "permissions", "organization:delete").await,
    });
    let request = make(&world, developer, "approval-requests", wanted).await;
    let refused = decide(&world, accomplice, &request, "approved").await.expect(403);
    assert!(said(&refused).contains("organization:delete"), "{}", refused.text());
    let shown = world.get(of("approval-requests", &request["id"])).by(developer).send().await.expect(200).json();
    assert_eq!(shown["status"], "pending");
    // Nor a role, nor by another workflow than the one that the permission names.
    let body = json!({"name": "friends of roles", "subject_kind": "role_assignment"});
    let roles = make(&world, owner, "approval-workflows", body).await;
    let step =
        json!({"workflow_id": roles["id"], "name": "agree", "step_number": 1, "approver_user_id": accomplice.user_id});
    make(&world, owner, "approval-workflow-steps", step).await;
    let wanted = json!({
        "workflow_id": roles["id"], "subject_kind": "role_assignment", "requested_for_user_id": developer.user_id,
        "role_id": named(&world, "roles", "admin").await,
    });
    let request = make(&world, developer, "approval-requests", wanted).await;
    decide(&world, accomplice, &request, "approved").await.expect(403);
    asked_for(&world, developer, "deployment:agree", &world.home.admin).await;
    let wanted = json!({
        "workflow_id": workflow["id"], "subject_kind": "permission_grant", "requested_for_user_id": developer.user_id,
        "permission_id": named(&world, "permissions", "deployment:agree").await,
    });
    let refused = world.post("/v1/approval-requests", &wanted).by(developer).send().await.expect(422);
    assert!(said(&refused).contains("names the workflow"), "{}", refused.text());
}

/// Proves REQ-56.3.
#[tokio::test]
async fn an_approval_takes_as_many_as_it_says_and_its_steps_in_order() {
    let world = world().await;
    let (owner, admin, developer) = (&world.home.owner, &world.home.admin, &world.home.developer);
    let body = json!({"name": "both", "subject_kind": "role_assignment"});
    let workflow = make(&world, owner, "approval-workflows", body).await;
    let admins = named(&world, "roles", "admin").await;
    let step = json!({"workflow_id": workflow["id"], "name": "two", "step_number": 1, "approver_role_id": admins, "required_approvals": 2});
    make(&world, owner, "approval-workflow-steps", step).await;
    let wanted = json!({
        "workflow_id": workflow["id"], "subject_kind": "role_assignment", "requested_for_user_id": world.home.viewer.user_id,
        "role_id": named(&world, "roles", "developer").await,
    });
    let request = make(&world, developer, "approval-requests", wanted.clone()).await;
    assert_eq!(decide(&world, admin, &request, "approved").await.expect(200).json()["status"], "pending");
    decide(&world, admin, &request, "approved").await.expect(409);
    let path = format!("/v1/user-roles?filter[user_id]={}", world.home.viewer.user_id);
    let before = world.get(&path).by(owner).send().await.json();
    assert_eq!(decide(&world, owner, &request, "approved").await.expect(200).json()["status"], "approved");
    let after = world.get(&path).by(owner).send().await.json();
    assert_eq!(rows(&after).len(), rows(&before).len() + 1);
    assert!(rows(&after).iter().any(|row| row["approval_request_id"] == request["id"]));
    // What waits for a fortnight is not decided any more.
    let request = make(&world, developer, "approval-requests", wanted.clone()).await;
    world.clock.advance(SignedDuration::from_hours(14 * 24 - 1));
    decide(&world, owner, &request, "abstained").await.expect(401);
}

#[tokio::test]
async fn a_request_that_nobody_decides_expires() {
    let world = world().await;
    let (admin, developer) = (&world.home.admin, &world.home.developer);
    asked_for(&world, developer, "deployment:agree", admin).await;
    let first = ask(&world, developer, "deployment:agree", json!({})).await.expect(201).json();
    let client = world.superuser().await.unwrap();
    let age = "alter table authz.approval_requests disable trigger user;
               update authz.approval_requests set requested_at = now() - interval '15 days';
               alter table authz.approval_requests enable trigger user";
    client.batch_execute(age).await.unwrap();
    assert_eq!(decide(&world, admin, &first, "approved").await.expect(200).json()["status"], "expired");
    let second = ask(&world, developer, "deployment:agree", json!({})).await.expect(201).json();
    client.batch_execute("select authz.expire_approval_requests(now() + interval '15 days')").await.unwrap();
    let shown = world.get(of("approval-requests", &second["id"])).by(developer).send().await.expect(200).json();
    assert_eq!(shown["status"], "expired");
    let told = "select count(*) from audit.audit_logs where event_type = 'approval_request.expired'";
    assert_eq!(client.query_one(told, &[]).await.unwrap().get::<_, i64>(0), 2);
}

/// Proves REQ-56.5.
#[tokio::test]
async fn whoever_breaks_the_glass_says_why_and_is_seen() {
    let world = world().await;
    let (owner, admin) = (&world.home.owner, &world.home.admin);
    // An administrator whose role does not let them agree to deployments.
    let admins = named(&world, "roles", "admin").await;
    let gives = format!("/v1/role-permissions?filter[role_id]={}&limit=200", admins.as_str().unwrap());
    let approve = named(&world, "permissions", "deployment:approve").await;
    let gives = world.get(gives).by(owner).send().await.expect(200).json();
    let row = rows(&gives).iter().find(|row| row["permission_id"] == approve).unwrap()["id"].clone();
    world.delete(of("role-permissions", &row)).by(owner).send().await.expect(204);
    let first = deployment(&world, 1).await;
    agree(&world, admin, &first).await.expect(403);

    let take = |by: &Person, permission: &str, minutes: i64, reason: &str| {
        let body = json!({"permission": permission, "minutes": minutes, "reason": reason});
        let token = by.token.clone();
        let world = &world;
        async move { world.post("/v1/user-permissions/break-glass", &body).bearing(&token).send().await }
    };
    let why = "production burns and nobody else is awake";
    take(&world.home.developer, "deployment:approve", 30, why).await.expect(403);
    assert_eq!(take(admin, "deployment:approve", 241, why).await.expect(422).pointers(), ["/minutes"]);
    assert_eq!(take(admin, "deployment:approve", 30, "because").await.expect(422).pointers(), ["/reason"]);
    for beyond in authorization::OUT_OF_REACH {
        take(admin, &format!("{beyond}:update"), 30, why).await.expect(403);
    }
    let taken = take(admin, "deployment:approve", 30, why).await.expect(201).json();
    agree(&world, admin, &first).await.expect(200);

    // A row in the trail, an event for those who look after security, and word to every owner.
    let client = world.superuser().await.unwrap();
    let sql = "select risk_level, new_values ->> 'reason' from audit.audit_logs where event_type = 'role.break_glass'";
    let trail = client.query(sql, &[]).await.unwrap();
    assert_eq!((trail.len(), trail[0].get::<_, &str>(0), trail[0].get::<_, &str>(1)), (1, "high", why));
    let sql =
        "select severity, source_user_id = $1 from security.security_events where event_type = 'access.break_glass'";
    let alert = client.query_one(sql, &[&admin.user_id]).await.unwrap();
    assert_eq!((alert.get::<_, &str>(0), alert.get::<_, bool>(1)), ("high", true));
    let told = world.get("/v1/notifications").by(owner).send().await.expect(200).json();
    assert!(rows(&told).iter().any(|one| one["notification_type"] == "access.break_glass"), "{told}");

    // It is neither prolonged nor passed on, and ends by itself.
    let path = of("user-permissions", &taken["id"]);
    let later = world.clock.now().checked_add(SignedDuration::from_hours(3)).unwrap();
    world.patch(&path, &json!({"valid_until": later})).by(admin).send().await.expect(409);
    let body = json!({"user_id": world.home.viewer.user_id, "permission_id": approve});
    world.post("/v1/user-permissions", &body).by(admin).send().await.expect(403);
    world.clock.advance(SignedDuration::from_mins(30));
    agree(&world, admin, &deployment(&world, 2).await).await.expect(403);
}

/// Proves REQ-56.5.
#[tokio::test]
async fn an_emergency_is_ended_by_who_took_it_and_by_who_may() {
    let world = world().await;
    let (owner, admin) = (&world.home.owner, &world.home.admin);
    let take = || {
        let body = json!({"permission": "build:delete", "minutes": 60, "reason": "a build holds the disk"});
        world.post("/v1/user-permissions/break-glass", &body).by(admin).send()
    };
    take().await.expect(201);
    world.post("/v1/user-permissions/end-emergency", &json!({})).by(owner).send().await.expect(409);
    let ended = world.post("/v1/user-permissions/end-emergency", &json!({})).by(admin).send().await.expect(200).json();
    assert_eq!(ended["ended"], 1);
    let taken = take().await.expect(201).json();
    let revoke = json!({"revoked_at": world.clock.now(), "revocation_reason": "over"});
    world.patch(of("user-permissions", &taken["id"]), &revoke).by(owner).send().await.expect(200);
    // A token breaks no glass, and the table itself lets nobody take more, or for another.
    let token = make(&world, admin, "api-tokens", json!({"name": "t", "scopes": ["*"]})).await;
    let body = json!({"permission": "build:delete", "minutes": 60, "reason": "a build holds the disk"});
    let token = token["token"].as_str().unwrap();
    world.post("/v1/user-permissions/break-glass", &body).bearing(token).send().await.expect(403);
    let principal = world.authenticator.principal(&world.home.developer.token).await.unwrap();
    let ctx = kernel::Ctx::new(world.kernel.clone(), principal, kernel::Request::default());
    for (whom, permission) in [
        (world.home.developer.user_id, "project:manage_members"),
        (admin.user_id, "build:delete"),
        (world.home.developer.user_id, "role:update"),
    ] {
        let tx = ctx.begin().await.unwrap();
        let sql = "insert into authz.user_permissions (user_id, permission_id, is_emergency, valid_until, grant_reason)
                   select $1, id, true, now() + interval '1 hour', 'somebody says it burns' from authz.permissions where name = $2";
        let refused = tx.execute(sql, &[&whom, &permission]).await.unwrap_err();
        assert_eq!(ctx.catalogue().explain(&refused).status(), 403, "{permission}");
    }
}
