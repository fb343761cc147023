//! Acting for somebody else: agents for their person, and members for whom a permission is tied to another member.

use std::{sync::Arc, time::Duration};

use jiff::SignedDuration;
use serde_json::{Value, json};
use testkit::{Answer, Person, World};

use crate::{
    granting::{assign, make, named, of, role},
    world,
};

async fn tie(world: &World, to: &Person, permission: &str, on_behalf_of: &Person) -> Value {
    let body = json!({"user_id": to.user_id, "permission_id": named(world, "permissions", permission).await,
                      "on_behalf_of_user_id": on_behalf_of.user_id});
    make(world, &world.home.owner, "user-permissions", body).await
}

async fn change_build(world: &World, by: &Person, on_behalf_of: Option<&Person>) -> Answer {
    let build = world.example(&world.home, "builds", 0).await.unwrap();
    let call = world.patch(format!("/v1/builds/{build}"), &json!({"build_output": "seen"})).by(by);
    match on_behalf_of {
        Some(person) => call.header("x-on-behalf-of", &person.user_id.to_string()).send().await,
        None => call.send().await,
    }
}

/// Proves REQ-56.4.
#[tokio::test]
async fn whoever_acts_for_a_member_does_no_more_than_both() {
    let world = world().await;
    let (developer, viewer) = (&world.home.developer, &world.home.viewer);
    // Without a permission tied to them, nobody acts for anybody, not even for who may do less.
    let refused = change_build(&world, viewer, Some(developer)).await.expect(403);
    change_build(&world, &world.home.owner, Some(viewer)).await.expect(403);
    let nobody =
        world.get("/v1/me").by(viewer).header("x-on-behalf-of", "0192f0c4-5e1a-7c3d-9d1e-3f5a7b9c1d2e").send().await;
    assert_eq!(nobody.expect(403).text(), refused.text(), "who is a member is not told");
    world.get("/v1/me").by(viewer).header("x-on-behalf-of", "developer").send().await.expect(400);

    let tied = tie(&world, viewer, "build:update", developer).await;
    change_build(&world, viewer, None).await.expect(403);
    change_build(&world, viewer, Some(developer)).await.expect(200);
    // Both names are in the trail.
    let sql = "select user_id, on_behalf_of_user_id from audit.audit_logs where event_type = 'build.updated' order by id desc limit 1";
    let row = world.superuser().await.unwrap().query_one(sql, &[]).await.unwrap();
    assert_eq!((row.get(0), row.get(1)), (viewer.user_id, Some(developer.user_id)));
    // The one who acts gains nothing else of the other's, and the other's limits hold.
    let project = world.example(&world.home, "projects", 0).await.unwrap();
    let task = json!({"project_id": project, "title": "look closer"});
    let header = developer.user_id.to_string();
    world.post("/v1/tasks", &task).by(viewer).header("x-on-behalf-of", &header).send().await.expect(403);
    tie(&world, viewer, "membership:update", developer).await;
    let path = format!("/v1/memberships/{}", viewer.user_id);
    let title = json!({"job_title": "chief"});
    world.patch(&path, &title).by(viewer).header("x-on-behalf-of", &header).send().await.expect(403);
    // Nor does one make tokens or break glass in another's name.
    let token = json!({"name": "t", "scopes": ["*"]});
    world.post("/v1/api-tokens", &token).by(viewer).header("x-on-behalf-of", &header).send().await.expect(404);
    let path = of("user-permissions", &tied["id"]);
    let revoke = json!({"revoked_at": world.clock.now()});
    world.patch(&path, &revoke).by(&world.home.owner).send().await.expect(200);
    change_build(&world, viewer, Some(developer)).await.expect(403);
}

/// Proves REQ-56.4.
#[tokio::test]
async fn an_agent_exceeds_neither_its_owner_nor_whom_it_acts_for() {
    let world = world().await;
    let (owner, developer, viewer) = (&world.home.owner, &world.home.developer, &world.home.viewer);
    let agent = world.home.agent(&world.kernel, viewer).await.unwrap();
    // It holds the role of a developer; its person does not.
    change_build(&world, &agent, None).await.expect(403);
    tie(&world, &agent, "build:update", developer).await;
    change_build(&world, &agent, Some(developer)).await.expect(403);
    role(&world, "builder", &["build:update"]).await;
    assign(&world, owner, viewer, "builder", json!({})).await.expect(201);
    change_build(&world, &agent, None).await.expect(200);
    change_build(&world, &agent, Some(developer)).await.expect(200);
    // When its person leaves, it holds nothing.
    let leave = json!({"status": "suspended"});
    world.patch(format!("/v1/memberships/{}", viewer.user_id), &leave).by(owner).send().await.expect(200);
    change_build(&world, &agent, None).await.expect(404);
    change_build(&world, &agent, Some(developer)).await.expect(404);
}

#[tokio::test]
async fn an_agent_or_a_service_belongs_to_a_person_who_is_here() {
    let world = world().await;
    let ctx = world.home.ctx(&world.kernel);
    for (kind, owner) in
        [("service", None), ("service", Some(world.abroad.owner.user_id)), ("agent", Some(world.stranger.user_id))]
    {
        let tx = ctx.begin().await.unwrap();
        let id = ctx.new_id();
        let sql = "insert into identity.users (id, kind, owner_user_id, display_name) values ($1, $2, $3, 'machine')";
        tx.execute(sql, &[&id, &kind, &owner]).await.unwrap();
        let sql = "insert into identity.memberships (user_id, status) values ($1, 'active')";
        let refused = tx.execute(sql, &[&id]).await.unwrap_err();
        assert!(ctx.catalogue().explain(&refused).detail.contains("belongs to a person"), "{kind} of {owner:?}");
    }
}

/// What is remembered of a token is remembered for the member it acts for, and no other.
#[tokio::test]
async fn an_answer_for_one_member_is_none_for_another() {
    let world = world().await;
    let (developer, viewer, admin) = (&world.home.developer, &world.home.viewer, &world.home.admin);
    let mut config = world.database().application_config.clone();
    config.dbname(&world.database().name);
    let listener = tokio::spawn(Arc::clone(&world.authenticator).listen(config));
    tokio::time::sleep(Duration::from_millis(300)).await;
    let until = world.clock.now().checked_add(SignedDuration::from_hours(1)).unwrap();
    let tied = tie(&world, viewer, "build:update", developer).await;
    world
        .patch(of("user-permissions", &tied["id"]), &json!({"valid_until": until}))
        .by(&world.home.owner)
        .send()
        .await
        .expect(200);
    tokio::time::sleep(Duration::from_millis(50)).await;
    for _ in 0..3 {
        change_build(&world, viewer, Some(developer)).await.expect(200);
        change_build(&world, viewer, None).await.expect(403);
        change_build(&world, viewer, Some(admin)).await.expect(403);
    }
    // It ends with what ties them, though nothing is announced.
    world.clock.advance(SignedDuration::from_hours(1));
    change_build(&world, viewer, Some(developer)).await.expect(403);
    listener.abort();
}
