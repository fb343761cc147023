//! What holds once it is given: passing on and taking back, beginning and ending to the moment, in every process, and what
//! stays as it is whoever asks.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use identity::Authenticator;
use jiff::SignedDuration;
use serde_json::{Value, json};
use testkit::{Person, World};
use vault::Passwords;

use crate::{
    granting::{assign, make, named, of, role, said},
    rows, world,
};

/// Proves REQ-56.2.
#[tokio::test]
async fn what_is_passed_on_is_never_wider_longer_or_deeper() {
    let world = world().await;
    let (owner, lead) = (&world.home.owner, &world.home.viewer);
    let (deputy, third) = (&world.home.developer, &world.home.admin);
    role(&world, "lead", &["build:update"]).await;
    let soon = world.clock.now().checked_add(SignedDuration::from_hours(24)).unwrap();
    let later = world.clock.now().checked_add(SignedDuration::from_hours(48)).unwrap();
    let project = world.example(&world.home, "projects", 0).await.unwrap();
    let place = json!({"resource": "projects", "id": project});
    let given = assign(&world, owner, lead, "lead", json!({"valid_until": soon, "may_delegate": 1, "place": place}));
    let source = given.await.expect(201).json();
    let pass =
        |by, id: Value, body: Value| world.post(format!("{}/delegate", of("user-roles", &id)), &body).by(by).send();
    let to = |person: &Person, more: Value| {
        let mut body = json!({"to": person.email});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    for (more, why) in [
        (json!({"valid_until": later}), "ends at"),
        (json!({"may_delegate": 1}), "at most"),
        (
            json!({"place": {"resource": "projects", "id": world.example(&world.home, "projects", 1).await.unwrap()}}),
            "for that thing only",
        ),
    ] {
        let refused = pass(lead, source["id"].clone(), to(deputy, more)).await.expect(409);
        assert!(said(&refused).contains(why), "{}", refused.text());
    }
    // Nobody passes on what another holds, not even the owner.
    pass(owner, source["id"].clone(), to(deputy, json!({}))).await.expect(403);
    let passed = pass(lead, source["id"].clone(), to(deputy, json!({}))).await.expect(201).json();
    assert_eq!(
        (&passed["valid_until"], &passed["resource_scope_id"]),
        (&source["valid_until"], &source["resource_scope_id"])
    );
    let deeper = pass(deputy, passed["id"].clone(), to(third, json!({}))).await.expect(409);
    assert!(said(&deeper).contains("0 further hands"), "{}", deeper.text());
}

/// Proves REQ-56.2.
#[tokio::test]
async fn what_came_from_a_role_ends_with_it() {
    let world = world().await;
    let (owner, first) = (&world.home.owner, &world.home.viewer);
    let second = world.home.join(&world.kernel, "second").await.unwrap();
    let third = world.home.join(&world.kernel, "third").await.unwrap();
    for person in [&second, &third] {
        role(&world, &format!("reader-{}", person.name), &["role:delegate", "build:read"]).await;
        assign(&world, owner, person, &format!("reader-{}", person.name), json!({})).await.expect(201);
    }
    role(&world, "lead", &["build:update"]).await;
    let build = world.example(&world.home, "builds", 0).await.unwrap();
    let change = |by| world.patch(format!("/v1/builds/{build}"), &json!({"build_output": "seen"})).by(by).send();
    let source = assign(&world, owner, first, "lead", json!({"may_delegate": 2})).await.expect(201).json();
    let mut from = source["id"].clone();
    for (by, to, depth) in [(first, &second, 1), (&second, &third, 0)] {
        let body = json!({"to": to.email, "may_delegate": depth});
        let path = format!("{}/delegate", of("user-roles", &from));
        from = world.post(path, &body).by(by).send().await.expect(201).json()["id"].clone();
    }
    change(&third).await.expect(200);
    let path = format!("{}/revoke", of("user-roles", &source["id"]));
    world.post(&path, &json!({"reason": "the lead leaves"})).by(&world.home.admin).send().await.expect(200);
    for person in [first, &second, &third] {
        change(person).await.expect(403);
    }
    world.post(&path, &json!({})).by(owner).send().await.expect(409);
    let shown = world.get(of("user-roles", &from)).by(owner).send().await.expect(200).json();
    assert_eq!(shown["revocation_reason"], "The role it was passed on from was revoked.");
    // Who passed something on takes it back without the right to change roles.
    let source = assign(&world, owner, first, "lead", json!({"may_delegate": 1})).await.expect(201).json();
    let path = format!("{}/delegate", of("user-roles", &source["id"]));
    let passed = world.post(path, &json!({"to": second.email})).by(first).send().await.expect(201).json();
    let back = format!("{}/take-back", of("user-roles", &passed["id"]));
    world.post(&back, &json!({})).by(&third).send().await.expect(403);
    world.post(&back, &json!({})).by(first).send().await.expect(200);
    change(&second).await.expect(403);
}

/// Proves REQ-56.2.
#[tokio::test]
async fn what_a_member_passed_on_ends_when_they_are_suspended() {
    let world = world().await;
    let (owner, admin, first) = (&world.home.owner, &world.home.admin, &world.home.viewer);
    let second = world.home.join(&world.kernel, "second").await.unwrap();
    let third = world.home.join(&world.kernel, "third").await.unwrap();
    for person in [&second, &third] {
        role(&world, &format!("reader-{}", person.name), &["role:delegate", "build:read"]).await;
        assign(&world, owner, person, &format!("reader-{}", person.name), json!({})).await.expect(201);
    }
    role(&world, "lead", &["build:update"]).await;
    let build = world.example(&world.home, "builds", 0).await.unwrap();
    let change = |by| world.patch(format!("/v1/builds/{build}"), &json!({"build_output": "seen"})).by(by).send();
    let source = assign(&world, owner, first, "lead", json!({"may_delegate": 2})).await.expect(201).json();
    let pass = |by, id: &Value, to: &Person, depth: i32| {
        let body = json!({"to": to.email, "may_delegate": depth});
        world.post(format!("{}/delegate", of("user-roles", id)), &body).by(by).send()
    };
    let held = pass(first, &source["id"], &second, 1).await.expect(201).json();
    let passed = pass(&second, &held["id"], &third, 0).await.expect(201).json();
    // Also to an owner, from whom only owners take anything away: this ends by itself.
    let to_owner = pass(&second, &held["id"], owner, 0).await.expect(201).json();
    change(&third).await.expect(200);

    let stand = |status: &str| {
        let path = format!("/v1/memberships/{}", second.user_id);
        world.patch(path, &json!({"status": status})).by(admin).send()
    };
    stand("suspended").await.expect(200);
    change(&third).await.expect(403);
    change(first).await.expect(200);
    for one in [&passed, &to_owner] {
        let shown = world.get(of("user-roles", &one["id"])).by(owner).send().await.expect(200).json();
        assert_eq!(shown["revocation_reason"], "Whoever passed it on is no longer an active member.");
        assert_eq!(shown["revoked_by"], json!(admin.user_id));
    }
    // Who comes back holds what was theirs; what they had passed on, they pass on anew.
    stand("active").await.expect(200);
    change(&second).await.expect(200);
    change(&third).await.expect(403);
    pass(&second, &held["id"], &third, 0).await.expect(201);
    // Who leaves for good leaves nothing behind either, down the whole tree.
    let gone = json!({"status": "inactive"});
    world.patch(format!("/v1/memberships/{}", first.user_id), &gone).by(admin).send().await.expect(200);
    change(&second).await.expect(403);
    change(&third).await.expect(403);
}

#[tokio::test]
async fn an_organisation_that_was_there_before_gets_the_permissions_for_new_actions() {
    let world = world().await;
    let owner = &world.home.owner;
    let super_user = world.superuser().await.unwrap();
    let home = world.home.id;
    // As it was before the two actions were known, and with something taken out of a role on purpose.
    super_user
        .batch_execute(&format!(
            "set session_replication_role = replica;
             delete from authz.role_permissions g using authz.permissions p
              where p.organization_id = '{home}' and g.organization_id = p.organization_id and g.permission_id = p.id and p.name in ('role:delegate', 'role:break_glass');
             delete from authz.permissions where organization_id = '{home}' and name in ('role:delegate', 'role:break_glass');
             delete from authz.role_permissions g using authz.permissions p, authz.roles r
              where p.organization_id = '{home}' and g.organization_id = p.organization_id and g.permission_id = p.id and p.name = 'build:create'
                and r.organization_id = p.organization_id and g.role_id = r.id and r.name = 'developer';
             set session_replication_role = origin;"
        ))
        .await
        .unwrap();
    let gives = async |role: &str, permission: &str| {
        let sql = "select exists (select from authz.role_permissions g
                     join authz.permissions p on p.organization_id = g.organization_id and p.id = g.permission_id
                     join authz.roles r on r.organization_id = g.organization_id and r.id = g.role_id
                    where g.organization_id = $1 and r.name = $2 and p.name = $3)";
        super_user.query_one(sql, &[&home, &role, &permission]).await.unwrap().get::<_, bool>(0)
    };
    assert!(!gives("viewer", "role:delegate").await && !gives("admin", "role:break_glass").await);
    // By the role that migrates, which row security holds as it holds everybody.
    let run = format!(
        "set role {}; set app.current_organization_id = '{home}'; select authz.add_new_permissions('{home}')",
        cluster::OWNER_ROLE
    );
    super_user.batch_execute(&run).await.unwrap();
    super_user.batch_execute(&run).await.unwrap();
    super_user.batch_execute("reset role").await.unwrap();
    assert!(gives("viewer", "role:delegate").await && gives("admin", "role:break_glass").await);
    assert!(!gives("developer", "role:break_glass").await, "an alarm is set off by administrators only");
    assert!(!gives("developer", "build:create").await, "what was taken out of a role stays out");
    named(&world, "permissions", "role:break_glass").await;
    let sql = "select has_function_privilege('application_user', 'authz.add_new_permissions(uuid)', 'execute')";
    assert!(!super_user.query_one(sql, &[]).await.unwrap().get::<_, bool>(0), "only migrations do this");
    world.get("/v1/roles").by(owner).send().await.expect(200);
}

#[tokio::test]
async fn a_role_may_begin_later_and_ends_to_the_moment() {
    let world = world().await;
    let (owner, person) = (&world.home.owner, &world.home.viewer);
    let listener = listen(&world, world.authenticator.clone()).await;
    role(&world, "shift", &["build:update"]).await;
    let hours = |hours| world.clock.now().checked_add(SignedDuration::from_hours(hours)).unwrap();
    assign(&world, owner, person, "shift", json!({"valid_from": hours(1), "valid_until": hours(2)})).await.expect(201);
    tokio::time::sleep(Duration::from_millis(50)).await;
    let build = world.example(&world.home, "builds", 0).await.unwrap();
    let change = || world.patch(format!("/v1/builds/{build}"), &json!({"build_output": "seen"})).by(person).send();
    change().await.expect(403);
    // Nothing is announced at a boundary; what is remembered ends there by itself.
    world.clock.advance(SignedDuration::from_secs(3599));
    change().await.expect(403);
    world.clock.advance(SignedDuration::from_secs(1));
    change().await.expect(200);
    world.clock.advance(SignedDuration::from_secs(3599));
    change().await.expect(200);
    world.clock.advance(SignedDuration::from_secs(1));
    change().await.expect(403);
    listener.abort();
}

/// An authenticator that remembers, as a server does.
async fn listen(world: &World, authenticator: Arc<Authenticator>) -> tokio::task::JoinHandle<()> {
    let mut config = world.database().application_config.clone();
    config.dbname(&world.database().name);
    let listener = tokio::spawn(authenticator.listen(config));
    tokio::time::sleep(Duration::from_millis(300)).await;
    listener
}

/// Proves REQ-53.5.
#[tokio::test]
async fn a_grant_elsewhere_counts_here_within_a_tenth_of_a_second() {
    let world = world().await;
    let (owner, person) = (&world.home.owner, &world.home.viewer);
    let elsewhere = Arc::new(Authenticator::new(world.kernel.clone(), Passwords::cheap()));
    let listener = listen(&world, elsewhere.clone()).await;
    role(&world, "brief", &["build:update"]).await;
    let may = async || {
        let principal = elsewhere.principal(&person.token).await.unwrap();
        let environment = authz::Environment::at(world.clock.now());
        let target = authz::Target::collection(None);
        principal.grants.allows(&authz::Question {
            resource_type: "build",
            action: "update",
            target,
            environment: &environment,
        })
    };
    for _ in 0..5 {
        assert!(!may().await);
        let given = assign(&world, owner, person, "brief", json!({})).await.expect(201).json();
        let since = Instant::now();
        while !may().await {
            assert!(since.elapsed() < Duration::from_millis(100), "a role that was given did not arrive in time");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        let path = format!("{}/revoke", of("user-roles", &given["id"]));
        world.post(path, &json!({})).by(owner).send().await.expect(200);
        let since = Instant::now();
        while may().await {
            assert!(since.elapsed() < Duration::from_millis(100), "a role that was taken back stayed too long");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
    listener.abort();
}

#[tokio::test]
async fn two_requests_that_differ_in_what_a_condition_reads_share_no_answer() {
    let world = world().await;
    let (owner, person) = (&world.home.owner, &world.home.viewer);
    let listener = listen(&world, world.authenticator.clone()).await;
    role(&world, "inside", &["build:update"]).await;
    let near = json!({"in_network": [{"var": "environment.address"}, ["10.0.0.0/8"]]});
    let signed_in = json!({"==": [{"var": "environment.authentication"}, "password"]});
    let both = json!({"context_conditions": {"and": [near, signed_in]}});
    assign(&world, owner, person, "inside", both).await.expect(201);
    let token = make(&world, person, "api-tokens", json!({"name": "t", "scopes": ["*"]})).await;
    let token = token["token"].as_str().unwrap();
    let build = world.example(&world.home, "builds", 0).await.unwrap();
    let change = |bearer: &str, from: [u8; 4]| {
        let body = json!({"build_output": "seen"});
        world.patch(format!("/v1/builds/{build}"), &body).bearing(bearer).from(from.into()).send()
    };
    for _ in 0..3 {
        change(&person.token, [10, 1, 1, 1]).await.expect(200);
        change(&person.token, [192, 168, 1, 1]).await.expect(403);
        change(token, [10, 1, 1, 1]).await.expect(403);
    }
    listener.abort();
}

#[tokio::test]
async fn a_role_is_given_as_often_as_it_may_be_and_only_while_it_is_in_use() {
    let world = world().await;
    let (owner, admin) = (&world.home.owner, &world.home.admin);
    let (seat, _) = role(&world, "seat", &["build:read"]).await;
    world.patch(of("roles", &seat), &json!({"max_assignments": 1})).by(owner).send().await.expect(200);
    let first = assign(&world, admin, &world.home.viewer, "seat", json!({})).await.expect(201).json();
    let full = assign(&world, admin, &world.home.developer, "seat", json!({})).await.expect(409);
    assert!(said(&full).contains("At most 1 members"), "{}", full.text());
    let path = format!("{}/revoke", of("user-roles", &first["id"]));
    world.post(path, &json!({})).by(admin).send().await.expect(200);
    assign(&world, admin, &world.home.developer, "seat", json!({})).await.expect(201);
    let (base, _) = role(&world, "base", &["build:read"]).await;
    world.patch(of("roles", &base), &json!({"is_assignable": false})).by(owner).send().await.expect(200);
    let refused = assign(&world, owner, admin, "base", json!({})).await.expect(409);
    assert!(said(&refused).contains("inherited from"), "{}", refused.text());
    let (old, _) = role(&world, "old", &["build:read"]).await;
    world.patch(of("roles", &old), &json!({"valid_until": "2026-01-02T03:04:05Z"})).by(owner).send().await.expect(200);
    assign(&world, owner, admin, "old", json!({})).await.expect(409);
}

#[tokio::test]
async fn the_roles_of_the_program_stay_what_they_are_called() {
    let world = world().await;
    let owner = &world.home.owner;
    let viewer = named(&world, "roles", "viewer").await;
    for rename in [json!({"name": "guest"}), json!({"display_name": "Guest"})] {
        let refused = world.patch(of("roles", &viewer), &rename).by(owner).send().await.expect(409);
        assert!(said(&refused).contains("came with the program"), "{}", refused.text());
    }
    world.delete(of("roles", &viewer)).by(owner).send().await.expect(409);
    world.patch(of("roles", &viewer), &json!({"description": "Looks on."})).by(owner).send().await.expect(200);
    let permission = named(&world, "permissions", "build:read").await;
    world.delete(of("permissions", &permission)).by(owner).send().await.expect(409);
    world.patch(of("permissions", &permission), &json!({"name": "build:look"})).by(owner).send().await.expect(409);
    let more = json!({"role_id": viewer, "permission_id": named(&world, "permissions", "build:update").await});
    make(&world, owner, "role-permissions", more).await;
}

#[tokio::test]
async fn an_organisation_keeps_an_owner_for_good() {
    let world = world().await;
    let owner = &world.home.owner;
    let role = named(&world, "roles", "owner").await;
    let soon = world.clock.now().checked_add(SignedDuration::from_hours(1)).unwrap();
    world.delete(of("roles", &role)).by(owner).send().await.expect(409);
    for end in [json!({"valid_until": soon}), json!({"auto_assign_conditions": {}}), json!({"parent_role_id": null})] {
        world.patch(of("roles", &role), &end).by(owner).send().await.expect(409);
    }
    let path = format!("/v1/user-roles?filter[role_id]={}", role.as_str().unwrap());
    let held = world.get(path).by(owner).send().await.expect(200).json();
    let held = of("user-roles", &rows(&held)[0]["id"]);
    world.post(format!("{held}/revoke"), &json!({})).by(owner).send().await.expect(422);
    world.post(format!("{held}/take-back"), &json!({})).by(owner).send().await.expect(422);
    // Nor by an end or a condition, whatever door they come by, and an owner for a time does not count as another.
    assign(&world, owner, &world.home.admin, "owner", json!({"valid_until": soon})).await.expect(201);
    world.post(format!("{held}/revoke"), &json!({})).by(owner).send().await.expect(422);
    let ctx = world.home.ctx(&world.kernel);
    for change in [
        "valid_until = now() + interval '1 hour'",
        "context_conditions = '{\"==\": [{\"var\": \"action.name\"}, \"read\"]}'",
    ] {
        let tx = ctx.begin().await.unwrap();
        let sql = format!("update authz.user_roles set {change} where user_id = $1");
        let refused = tx.execute(&sql, &[&owner.user_id]).await.unwrap_err();
        assert!(ctx.catalogue().explain(&refused).detail.contains("at least one active owner"), "{change}");
    }
}
