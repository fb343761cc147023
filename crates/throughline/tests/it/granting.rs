//! Nobody gives away more than they hold: every path by which somebody could come to a right is tried here.

use std::sync::atomic::{AtomicU32, Ordering};

use jiff::SignedDuration;
use serde_json::{Value, json};
use testkit::{Answer, Person, World};

use crate::world;

pub(crate) async fn make(world: &World, by: &Person, path: &str, body: Value) -> Value {
    world.post(format!("/v1/{path}"), &body).by(by).send().await.expect(201).json()
}

/// The identifier of the row of a collection of this name.
pub(crate) async fn named(world: &World, collection: &str, name: &str) -> Value {
    let path = format!("/v1/{collection}?filter[name]={name}");
    let id = world.get(path).by(&world.home.owner).send().await.expect(200).json()["data"][0]["id"].clone();
    assert!(id.is_string(), "there is no {name} among {collection}");
    id
}

pub(crate) fn of(collection: &str, id: &Value) -> String {
    format!("/v1/{collection}/{}", id.as_str().unwrap())
}

pub(crate) fn said(answer: &Answer) -> String {
    answer.json()["detail"].as_str().unwrap_or_default().to_owned()
}

/// A role of the owner's making that gives these permissions; answers with the row that gives the last.
pub(crate) async fn role(world: &World, name: &str, gives: &[&str]) -> (Value, Value) {
    let owner = &world.home.owner;
    let made = make(world, owner, "roles", json!({"name": name, "display_name": name})).await;
    let mut last = Value::Null;
    for permission in gives {
        let body = json!({"role_id": made["id"], "permission_id": named(world, "permissions", permission).await});
        last = make(world, owner, "role-permissions", body).await;
    }
    (made["id"].clone(), last["id"].clone())
}

/// A role for a member, with whatever else is said.
pub(crate) async fn assign(world: &World, by: &Person, to: &Person, role: &str, more: Value) -> Answer {
    let mut body = json!({"member": to.email, "role": role});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    world.post("/v1/user-roles/assign", &body).by(by).send().await
}

/// Somebody who may change roles, members and teams, and nothing else.
pub(crate) async fn keeper(world: &World) -> Person {
    let gives = ["role:read", "role:create", "role:update", "role:delete", "role:restore", "membership:read"];
    let more = [
        "project:read",
        "membership:create",
        "membership:update",
        "team:read",
        "team:create",
        "team:update",
        "sso_provider:read",
    ];
    role(world, "keeper", &[gives.as_slice(), more.as_slice(), &["sso_provider:update"]].concat()).await;
    let keeper = world.home.join(&world.kernel, "keeper").await.unwrap();
    assign(world, &world.home.owner, &keeper, "keeper", json!({})).await.expect(201);
    keeper
}

static NUMBER: AtomicU32 = AtomicU32::new(1);

/// An assignment of the owner's that they may pass on.
pub(crate) async fn something_to_pass_on(world: &World) -> String {
    let name = format!("passed-{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    role(world, &name, &["requirement:read"]).await;
    let owner = &world.home.owner;
    let given = assign(world, owner, owner, &name, json!({"may_delegate": 1})).await.expect(201).json();
    given["id"].as_str().unwrap().to_owned()
}

/// A permission of this name that the owner holds and has to ask for, and somebody to approve it.
pub(crate) async fn something_to_ask_for(world: &World, name: &str) -> String {
    let owner = &world.home.owner;
    asked_for(world, owner, name, &world.home.admin).await
}

/// A permission to approve deployments that `holder` has to ask for and `approver` approves. Answers with its workflow.
pub(crate) async fn asked_for(world: &World, holder: &Person, name: &str, approver: &Person) -> String {
    let owner = &world.home.owner;
    let workflow =
        make(world, owner, "approval-workflows", json!({"name": name, "subject_kind": "permission_grant"})).await;
    let step =
        json!({"workflow_id": workflow["id"], "name": "agree", "step_number": 1, "approver_user_id": approver.user_id});
    make(world, owner, "approval-workflow-steps", step).await;
    let permission = json!({
        "name": name, "display_name": name, "resource_type_id": named(world, "resource-types", "deployment").await, "action": "approve",
        "requires_approval": true, "approval_workflow_id": workflow["id"],
    });
    make(world, owner, "permissions", permission).await;
    let role_name = name.replace(':', "-");
    role(world, &role_name, &[name]).await;
    assign(world, owner, holder, &role_name, json!({})).await.expect(201);
    workflow["id"].as_str().unwrap().to_owned()
}

/// A permission that the owner took in an emergency.
pub(crate) async fn something_to_give_back(world: &World) -> String {
    let taken = json!({"permission": "build:update", "minutes": 5, "reason": "nothing builds any more"});
    let taken = make(world, &world.home.owner, "user-permissions/break-glass", taken).await;
    taken["id"].as_str().unwrap().to_owned()
}

const NOT_HELD: &str = "which you do not hold yourself";

/// Proves REQ-56.1.
#[tokio::test]
async fn nobody_puts_into_a_role_what_they_do_not_hold() {
    let world = world().await;
    let keeper = keeper(&world).await;
    let made = make(&world, &keeper, "roles", json!({"name": "mine", "display_name": "Mine"})).await;
    let strong =
        json!({"role_id": made["id"], "permission_id": named(&world, "permissions", "organization:delete").await});
    let refused = world.post("/v1/role-permissions", &strong).by(&keeper).send().await.expect(403);
    assert!(said(&refused).contains(NOT_HELD), "{}", refused.text());
    let bulk = json!({"items": [{"action": "create", "data": strong}]});
    let many = world.post("/v1/role-permissions/bulk", &bulk).by(&keeper).send().await.expect(200).json();
    assert_eq!(many["results"][0]["status"], 403, "{many}");
    let weak = json!({"role_id": made["id"], "permission_id": named(&world, "permissions", "role:read").await});
    make(&world, &keeper, "role-permissions", weak).await;

    // The role of the owners is for owners to change, even by what an administrator holds.
    let admin = &world.home.admin;
    let owners = named(&world, "roles", "owner").await;
    let body = json!({"role_id": owners, "permission_id": named(&world, "permissions", "role:read").await});
    world.post("/v1/role-permissions", &body).by(admin).send().await.expect(403);
    // A permission given in person is held to the same.
    let person =
        json!({"user_id": keeper.user_id, "permission_id": named(&world, "permissions", "build:update").await});
    world.post("/v1/user-permissions", &person).by(&keeper).send().await.expect(403);
}

/// Proves REQ-56.1.
#[tokio::test]
async fn a_parent_role_gives_no_more_than_who_names_it_holds() {
    let world = world().await;
    let keeper = keeper(&world).await;
    let parent = named(&world, "roles", "admin").await;
    let body = |parent: &Value| json!({"name": "child", "display_name": "Child", "parent_role_id": parent});
    let refused = world.post("/v1/roles", &body(&parent)).by(&keeper).send().await.expect(403);
    assert!(said(&refused).contains(NOT_HELD), "{}", refused.text());
    let own = named(&world, "roles", "keeper").await;
    let made = make(&world, &keeper, "roles", body(&own)).await;
    world.patch(of("roles", &made["id"]), &json!({"parent_role_id": parent})).by(&keeper).send().await.expect(403);
    let bulk = json!({"items": [{"action": "update", "id": own, "data": {"parent_role_id": parent}}], "atomic": true});
    world.post("/v1/roles/bulk", &bulk).by(&keeper).send().await.expect(403);
    // What was in the bin comes back as strong as it went.
    let (gone, _) = role(&world, "gone", &["build:update"]).await;
    world.delete(of("roles", &gone)).by(&keeper).send().await.expect(204);
    world.post(format!("{}/restore", of("roles", &gone)), &json!({})).by(&keeper).send().await.expect(403);
    world.post(format!("{}/restore", of("roles", &gone)), &json!({})).by(&world.home.admin).send().await.expect(200);
}

/// Proves REQ-56.1.
#[tokio::test]
async fn what_is_loosened_is_given() {
    let world = world().await;
    let (owner, keeper) = (&world.home.owner, keeper(&world).await);
    let (_, gives) = role(&world, "gate", &["requirement:update"]).await;
    let path = of("role-permissions", &gives);
    let draft = json!({"==": [{"var": "resource.status"}, "draft"]});
    let soon = world.clock.now().checked_add(SignedDuration::from_hours(24)).unwrap();
    let later = world.clock.now().checked_add(SignedDuration::from_hours(48)).unwrap();
    let bind = json!({"additional_conditions": draft, "valid_until": soon});
    world.patch(&path, &bind).by(&keeper).send().await.expect(200);
    for wider in [json!({"additional_conditions": {}}), json!({"valid_until": null}), json!({"valid_until": later})] {
        world.patch(&path, &wider).by(&keeper).send().await.expect(403);
        let bulk = json!({"items": [{"action": "update", "id": gives, "data": wider}]});
        let many = world.post("/v1/role-permissions/bulk", &bulk).by(&keeper).send().await.expect(200).json();
        assert_eq!(many["results"][0]["status"], 403, "{many}");
        world.patch(&path, &wider).by(owner).send().await.expect(200);
        world.patch(&path, &bind).by(owner).send().await.expect(200);
    }
    let permission = json!({
        "name": "requirement:own", "display_name": "own", "action": "update", "scope": "self", "requires_approval": true,
        "resource_type_id": named(&world, "resource-types", "requirement").await, "conditions": draft,
    });
    let made = make(&world, owner, "permissions", permission).await;
    let path = of("permissions", &made["id"]);
    for wider in [json!({"scope": "global"}), json!({"conditions": {}})] {
        let refused = world.patch(&path, &wider).by(&keeper).send().await.expect(403);
        assert!(said(&refused).contains(NOT_HELD), "{}", refused.text());
    }
    // Held by nobody but by a role, it is given by no longer having to be asked for.
    role(&world, "asker", &["requirement:own"]).await;
    world.patch(&path, &json!({"requires_approval": false})).by(&keeper).send().await.expect(403);
    world
        .patch(&path, &json!({"requires_approval": false, "display_name": "freely"}))
        .by(owner)
        .send()
        .await
        .expect(200);
    world.patch(&path, &json!({"requires_approval": true})).by(&keeper).send().await.expect(200);
}

/// Proves REQ-56.1.
#[tokio::test]
async fn a_role_that_comes_by_itself_is_given_by_who_says_to_whom() {
    let world = world().await;
    let (owner, keeper) = (&world.home.owner, keeper(&world).await);
    let (strong, _) = role(&world, "testers", &["build:update"]).await;
    let everybody = json!({"auto_assign_conditions": {}});
    world.patch(of("roles", &strong), &everybody).by(&keeper).send().await.expect(403);
    let in_team = json!({"auto_assign_conditions": {"in": ["testers", {"var": "subject.teams"}]}});
    world.patch(of("roles", &strong), &in_team).by(&keeper).send().await.expect(403);
    world.patch(of("roles", &strong), &in_team).by(owner).send().await.expect(200);

    // Whoever puts somebody into the team, or gives a team its name, gives the role.
    let testers = make(&world, owner, "teams", json!({"name": "Testers", "slug": "testers"})).await;
    let others = make(&world, &keeper, "teams", json!({"name": "Others", "slug": "others"})).await;
    let join = |team: &Value| json!({"team_id": team["id"], "user_id": keeper.user_id});
    let refused = world.post("/v1/team-members", &join(&testers)).by(&keeper).send().await.expect(403);
    assert!(said(&refused).contains("build:update"), "{}", refused.text());
    let bulk = json!({"items": [{"action": "create", "data": join(&testers)}]});
    let many = world.post("/v1/team-members/bulk", &bulk).by(&keeper).send().await.expect(200).json();
    assert_eq!(many["results"][0]["status"], 403, "{many}");
    make(&world, &keeper, "team-members", join(&others)).await;
    world.patch(of("teams", &testers["id"]), &json!({"slug": "old"})).by(owner).send().await.expect(200);
    world.patch(of("teams", &others["id"]), &json!({"slug": "testers"})).by(&keeper).send().await.expect(403);
    world.patch(of("teams", &testers["id"]), &json!({"slug": "testers"})).by(owner).send().await.expect(200);
    // Somebody who holds what the role gives may, and then it is theirs.
    make(&world, owner, "team-members", join(&testers)).await;
    let build = world.example(&world.home, "builds", 0).await.unwrap();
    let change = json!({"build_output": "seen"});
    world.patch(format!("/v1/builds/{build}"), &change).by(&keeper).send().await.expect(200);
}

/// Proves REQ-56.1.
#[tokio::test]
async fn what_conditions_ask_of_a_member_is_not_theirs_to_write() {
    let world = world().await;
    let (owner, keeper) = (&world.home.owner, keeper(&world).await);
    let (strong, _) = role(&world, "guards", &["build:update"]).await;
    let rule = json!({"auto_assign_conditions": {"==": [{"var": "subject.department"}, "security"]}});
    world.patch(of("roles", &strong), &rule).by(owner).send().await.expect(200);
    // Nor is an address: whoever invites somebody to whom a role comes gives it.
    let house = json!({"auto_assign_conditions": {"ends_with": [{"var": "subject.email"}, "@house.example"]}});
    let (of_house, _) = role(&world, "house", &["build:delete"]).await;
    world.patch(of("roles", &of_house), &house).by(owner).send().await.expect(200);
    let invite = |email: &str| json!({"email": email, "display_name": "New", "role": "keeper"});
    world.post("/v1/memberships/invite", &invite("new@house.example")).by(&keeper).send().await.expect(403);
    world.post("/v1/memberships/invite", &invite("new@home.example")).by(&keeper).send().await.expect(201);
    let path = format!("/v1/memberships/{}", keeper.user_id);
    world.patch(&path, &json!({"department": "kitchen"})).by(&keeper).send().await.expect(200);
    world.patch(&path, &json!({"department": "security"})).by(&keeper).send().await.expect(403);
    world.patch(&path, &json!({"department": "security"})).by(owner).send().await.expect(200);
    world.patch(&path, &json!({"job_title": "guard"})).by(&keeper).send().await.expect(200);
}

/// Proves REQ-56.1.
#[tokio::test]
async fn no_door_gives_a_role_that_its_user_does_not_hold() {
    let world = world().await;
    let keeper = keeper(&world).await;
    // An assignment, an invitation, a directory that brings people in, and a project's members.
    let refused = assign(&world, &keeper, &keeper, "developer", json!({})).await.expect(403);
    assert!(said(&refused).contains(NOT_HELD), "{}", refused.text());
    let invited = json!({"email": "friend@home.example", "display_name": "Friend", "role": "developer"});
    world.post("/v1/memberships/invite", &invited).by(&keeper).send().await.expect(403);
    let provider =
        make(&world, &world.home.owner, "sso-providers", json!({"name": "house", "provider_type": "oidc"})).await;
    let default = json!({"provider_id": provider["id"], "role_id": named(&world, "roles", "developer").await});
    world.post("/v1/sso-default-roles", &default).by(&keeper).send().await.expect(403);
    let project = world.example(&world.home, "projects", 0).await.unwrap();
    let member =
        json!({"project_id": project, "user_id": keeper.user_id, "role_id": named(&world, "roles", "developer").await});
    let refused = world.post("/v1/project-members", &member).by(&keeper).send().await;
    assert!([403, 404, 422].contains(&refused.status), "{}", refused.text());
    // Administrators make no owners, by no door.
    let admin = &world.home.admin;
    assign(&world, admin, admin, "owner", json!({})).await.expect(403);
    let invited = json!({"email": "friend@home.example", "display_name": "Friend", "role": "owner"});
    world.post("/v1/memberships/invite", &invited).by(admin).send().await.expect(403);
    let principal = world.authenticator.principal(&admin.token).await.unwrap();
    let ctx = kernel::Ctx::new(world.kernel.clone(), principal, kernel::Request::default());
    let tx = ctx.begin().await.unwrap();
    let sql =
        "insert into authz.user_roles (user_id, role_id) select $1, id from authz.roles where template_code = 'owner'";
    let refused = tx.execute(sql, &[&admin.user_id]).await.unwrap_err();
    assert_eq!(ctx.catalogue().explain(&refused).status(), 403);
    // A token gives no more than it was made for, though its owner holds everything.
    let made = make(&world, &world.home.owner, "api-tokens", json!({"name": "roles", "scopes": ["role:*"]})).await;
    let body = json!({"member": keeper.email, "role": "developer"});
    let token = made["token"].as_str().unwrap();
    world.post("/v1/user-roles/assign", &body).bearing(token).send().await.expect(403);
    assign(&world, &world.home.owner, &keeper, "developer", json!({})).await.expect(201);
}

/// Proves REQ-56.1.
#[tokio::test]
async fn what_is_held_narrowly_is_given_no_wider() {
    let world = world().await;
    let (owner, keeper) = (&world.home.owner, keeper(&world).await);
    let other = world.home.join(&world.kernel, "other").await.unwrap();
    let project = world.example(&world.home, "projects", 0).await.unwrap();
    let elsewhere = world.example(&world.home, "projects", 1).await.unwrap();
    role(&world, "builder", &["build:update"]).await;
    let place = |id: &str| json!({"place": {"resource": "projects", "id": id}});
    let soon = world.clock.now().checked_add(SignedDuration::from_hours(24)).unwrap();
    let sooner = world.clock.now().checked_add(SignedDuration::from_hours(12)).unwrap();
    let mut held = place(&project);
    held["valid_until"] = json!(soon);
    assign(&world, owner, &keeper, "builder", held.clone()).await.expect(201);
    let refused = assign(&world, &keeper, &other, "builder", json!({})).await.expect(403);
    assert!(said(&refused).contains("more narrowly"), "{}", refused.text());
    for wider in [place(&project), json!({"valid_until": sooner}), {
        let mut there = place(&elsewhere);
        there["valid_until"] = json!(sooner);
        there
    }] {
        assign(&world, &keeper, &other, "builder", wider).await.expect(403);
    }
    let mut within = place(&project);
    within["valid_until"] = json!(sooner);
    assign(&world, &keeper, &other, "builder", within).await.expect(201);

    // What is held under a condition is not given free of it.
    role(&world, "careful", &["defect:update"]).await;
    let near = json!({"context_conditions": {"in_network": [{"var": "environment.address"}, ["10.0.0.0/8"]]}});
    assign(&world, owner, &keeper, "careful", near.clone()).await.expect(201);
    assign(&world, &keeper, &other, "careful", json!({})).await.expect(403);
    assign(&world, &keeper, &other, "careful", near).await.expect(201);
}

/// Proves REQ-53.3.
#[tokio::test]
async fn a_condition_that_cannot_be_read_is_refused_with_its_place() {
    let world = world().await;
    let (owner, developer) = (&world.home.owner, &world.home.developer);
    let bad = json!({"and": [{"==": [{"var": "subject.shoe_size"}, 43]}]});
    let place = "/and/0/==/0/var";
    let role_of = json!({"name": "odd", "display_name": "Odd", "auto_assign_conditions": bad});
    let answer = world.post("/v1/roles", &role_of).by(owner).send().await.expect(422);
    assert_eq!(answer.pointers(), [format!("/auto_assign_conditions{place}")], "{}", answer.text());
    let kind = named(&world, "resource-types", "requirement").await;
    let permission = |conditions: &Value| json!({"name": "odd:one", "display_name": "Odd", "resource_type_id": kind, "action": "read", "conditions": conditions});
    let answer = world.post("/v1/permissions", &permission(&bad)).by(owner).send().await.expect(422);
    assert_eq!(answer.pointers(), [format!("/conditions{place}")]);
    let of_builds = json!({"==": [{"var": "resource.commit_hash"}, "x"]});
    world.post("/v1/permissions", &permission(&of_builds)).by(owner).send().await.expect(422);
    let (_, gives) = role(&world, "even", &["requirement:read"]).await;
    let patch = json!({"additional_conditions": bad});
    let answer = world.patch(of("role-permissions", &gives), &patch).by(owner).send().await.expect(422);
    assert_eq!(answer.pointers(), [format!("/additional_conditions{place}")]);
    let bulk = json!({"items": [{"action": "update", "id": gives, "data": patch}]});
    let many = world.post("/v1/role-permissions/bulk", &bulk).by(owner).send().await.expect(200).json();
    assert_eq!(many["results"][0]["status"], 422, "{many}");
    let person = json!({"user_id": developer.user_id, "permission_id": named(&world, "permissions", "requirement:read").await,
                        "additional_conditions": bad});
    let answer = world.post("/v1/user-permissions", &person).by(owner).send().await.expect(422);
    assert_eq!(answer.pointers(), [format!("/additional_conditions{place}")]);
    let answer = assign(&world, owner, developer, "viewer", json!({"context_conditions": bad})).await.expect(422);
    assert_eq!(answer.pointers(), [format!("/context_conditions{place}")]);
}

/// Proves REQ-56.1.
#[tokio::test]
async fn a_thing_is_moved_only_where_one_could_give_what_is_held_there() {
    let world = world().await;
    let (owner, keeper) = (&world.home.owner, keeper(&world).await);
    let kind = named(&world, "resource-types", "build").await;
    let thing = |name: &str| json!({"name": name, "resource_type_id": kind, "external_id": name});
    let shelf = make(&world, owner, "resources", thing("shelf")).await;
    let book = make(&world, owner, "resources", thing("book")).await;
    role(&world, "librarian", &["build:update"]).await;
    let place = json!({"place": {"resource": "resources", "id": shelf["id"]}});
    assign(&world, owner, &keeper, "librarian", place).await.expect(201);
    let onto = json!({"parent_resource_id": shelf["id"]});
    let refused = world.patch(of("resources", &book["id"]), &onto).by(&keeper).send().await.expect(403);
    assert!(said(&refused).contains("build:update"), "{}", refused.text());
    world.patch(of("resources", &book["id"]), &onto).by(owner).send().await.expect(200);
    // Whoever decides about a thing gives rights to it, as far as they hold them.
    let decides = json!({"owner_user_id": world.home.developer.user_id});
    world.patch(of("resources", &shelf["id"]), &decides).by(owner).send().await.expect(200);
    let place = json!({"place": {"resource": "resources", "id": shelf["id"]}});
    assign(&world, &world.home.developer, &world.home.viewer, "librarian", place).await.expect(201);
    assign(&world, &world.home.developer, &world.home.viewer, "librarian", json!({})).await.expect(403);
}

#[tokio::test]
async fn a_circle_of_roles_or_of_things_is_refused_and_one_that_is_there_ends() {
    let world = world().await;
    let (owner, holder) = (&world.home.owner, &world.home.viewer);
    let (upper, _) = role(&world, "upper", &["build:update"]).await;
    let (lower, _) = role(&world, "lower", &["build:read"]).await;
    let kind = named(&world, "resource-types", "build").await;
    let thing = |name: &str| json!({"name": name, "resource_type_id": kind, "external_id": name});
    let shelf = make(&world, owner, "resources", thing("shelf")).await["id"].clone();
    let book = make(&world, owner, "resources", thing("book")).await["id"].clone();
    for (collection, column, above, below) in
        [("roles", "parent_role_id", &upper, &lower), ("resources", "parent_resource_id", &shelf, &book)]
    {
        world.patch(of(collection, below), &json!({column: above})).by(owner).send().await.expect(200);
        for parent in [above, below] {
            let refused = world.patch(of(collection, above), &json!({column: parent})).by(owner).send().await;
            assert!(matches!(refused.status, 409 | 422), "{collection}: {} {}", refused.status, refused.text());
        }
    }
    // As nothing but a fault of the database could have it.
    let plant = format!(
        "set session_replication_role = replica;
         update authz.roles set parent_role_id = '{}' where id = '{}';
         update authz.resources set parent_resource_id = '{}' where id = '{}';",
        lower.as_str().unwrap(),
        upper.as_str().unwrap(),
        book.as_str().unwrap(),
        shelf.as_str().unwrap(),
    );
    world.superuser().await.unwrap().batch_execute(&plant).await.unwrap();
    let build = world.example(&world.home, "builds", 0).await.unwrap();
    assign(&world, owner, holder, "lower", json!({})).await.expect(201);
    let place = json!({"place": {"resource": "resources", "id": shelf}});
    assign(&world, owner, holder, "upper", place).await.expect(201);
    let change = json!({"build_output": "seen"});
    world.patch(format!("/v1/builds/{build}"), &change).by(holder).send().await.expect(200);
    let asked = json!({"subject": {"type": "user", "id": holder.email}, "action": {"name": "update"},
        "resource": {"type": "build", "id": "book", "properties": {"external": true}}, "context": {"explain": true}});
    let answer = world.post("/v1/access/evaluation", &asked).by(owner).send().await.expect(200).json();
    assert_eq!(answer["decision"], true, "{answer}");
}
