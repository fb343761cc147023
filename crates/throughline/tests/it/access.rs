//! Questions about access, and grants that look at records: what the engine says is what every door does.

use serde_json::{Value, json};
use testkit::{Person, World};
use uuid::Uuid;

use crate::{rows, world};

/// Runs statements as the server itself in the organisation of most tests.
async fn arrange(world: &World, sql: &str) {
    let ctx = world.home.ctx(&world.kernel);
    let tx = ctx.begin().await.unwrap();
    tx.batch(sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    tx.commit().await.unwrap();
    world.authenticator.forget();
}

/// Somebody who holds one permission, under a condition or in another scope, through a role of their own.
async fn holding(world: &World, permission: &str, condition: &Value, scope: &str) -> Person {
    let person = world.home.join(&world.kernel, "holder").await.unwrap();
    arrange(
        world,
        &format!(
            "insert into authz.roles (name, display_name) values ('holder', 'Holder');
             insert into authz.permissions (name, display_name, resource_type_id, action, scope, conditions)
             select 'held:one', 'Held', resource_type_id, action, '{scope}', '{condition}' from authz.permissions where name = '{permission}';
             insert into authz.role_permissions (role_id, permission_id)
             select r.id, p.id from authz.roles r, authz.permissions p where r.name = 'holder' and p.name = 'held:one';
             insert into authz.user_roles (user_id, role_id) select '{}', id from authz.roles where name = 'holder'",
            person.user_id
        ),
    )
    .await;
    person
}

/// A project with requirements of these titles and statuses.
async fn project(world: &World, slug: &str, requirements: &[(&str, &str)]) -> Uuid {
    let project = world.home.ctx(&world.kernel).new_id();
    arrange(world, &format!("insert into work.projects (id, name, slug) values ('{project}', '{slug}', '{slug}')"))
        .await;
    for (title, status) in requirements {
        let sql = format!(
            "insert into work.requirements (project_id, title, status) values ('{project}', '{title}', '{status}')"
        );
        arrange(world, &sql).await;
    }
    project
}

async fn titles(world: &World, by: &Person, path: &str) -> Vec<String> {
    let listed = world.get(path).by(by).send().await.expect(200).json();
    let mut titles: Vec<String> =
        rows(&listed).iter().map(|row| row["title"].as_str().unwrap_or_default().to_owned()).collect();
    titles.sort_unstable();
    titles
}

async fn ask(world: &World, by: &Person, body: &Value) -> Value {
    world.post("/v1/access/evaluation", body).by(by).send().await.expect(200).json()
}

fn question(who: &str, action: &str, kind: &str, id: &str) -> Value {
    json!({
        "subject": {"type": "user", "id": who}, "action": {"name": action}, "resource": {"type": kind, "id": id},
        "context": {"explain": true},
    })
}

#[tokio::test]
async fn a_condition_filters_the_list_and_decides_the_same_of_each_record() {
    let world = world().await;
    let open = json!({"==": [{"var": "resource.status"}, "draft"]});
    let holder = holding(&world, "requirement:read", &open, "global").await;
    project(&world, "pay", &[("one", "draft"), ("two", "approved"), ("three", "draft")]).await;
    assert_eq!(titles(&world, &holder, "/v1/requirements").await, ["one", "three"]);
    let counted = world.get("/v1/requirements?count=exact").by(&holder).send().await.expect(200).json();
    assert_eq!(counted["count"], 2);
    let all = world.get("/v1/requirements").by(&world.home.owner).send().await.json();
    for row in rows(&all) {
        let id = row["id"].as_str().unwrap();
        let expected = row["status"] == "draft";
        let seen = world.get(format!("/v1/requirements/{id}")).by(&holder).send().await.status;
        assert_eq!(seen, if expected { 200 } else { 404 }, "{row}");
        let answer = ask(&world, &world.home.owner, &question(&holder.email, "read", "requirement", id)).await;
        assert_eq!(answer["decision"], expected, "{answer}");
    }
    let found = json!({
        "subject": {"type": "user", "id": holder.email}, "action": {"name": "read"}, "resource": {"type": "requirement"},
    });
    let found = world.post("/v1/access/search/resource", &found).by(&world.home.owner).send().await.expect(200).json();
    assert_eq!(found["results"].as_array().unwrap().len(), 2);
}

/// Proves REQ-55.1.
#[tokio::test]
async fn a_decision_names_the_grant_the_roles_the_condition_with_what_it_saw_and_the_end() {
    let world = world().await;
    let open = json!({"==": [{"var": "resource.status"}, "draft"]});
    let holder = holding(&world, "requirement:read", &open, "global").await;
    let until = world.clock.now() + jiff::SignedDuration::from_hours(1);
    let ending = format!("update authz.user_roles set valid_until = '{until}' where user_id = '{}'", holder.user_id);
    arrange(&world, &ending).await;
    project(&world, "pay", &[("one", "approved")]).await;
    let all = world.get("/v1/requirements").by(&world.home.owner).send().await.json();
    let id = rows(&all)[0]["id"].as_str().unwrap();
    let answer = ask(&world, &world.home.owner, &question(&holder.email, "read", "requirement", id)).await;
    assert_eq!(answer["decision"], false);
    let considered = &answer["context"]["explanation"]["considered"][0];
    assert_eq!(considered["outcome"], "its condition is not met");
    assert_eq!((&considered["roles"], &considered["permission"]), (&json!(["holder"]), &json!("held:one")));
    assert_eq!((&considered["grant"], considered["grant_id"].is_string()), (&json!("assigned"), true));
    assert_eq!(considered["valid_until"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap(), until);
    assert_eq!(considered["conditions"][0]["saw"][0], json!({"attribute": "resource.status", "value": "\"approved\""}));
}

#[tokio::test]
async fn nobody_writes_a_record_into_or_out_of_what_they_may_touch() {
    let world = world().await;
    let draft = json!({"==": [{"var": "resource.status"}, "draft"]});
    let holder = holding(&world, "requirement:update", &draft, "global").await;
    arrange(
        &world,
        "insert into authz.permissions (name, display_name, resource_type_id, action, conditions)
         select 'held:' || action, action, resource_type_id, action,
                case action when 'create' then '{\"==\": [{\"var\": \"resource.priority_code\"}, \"low\"]}'::jsonb else '{}' end
           from authz.permissions where name in ('requirement:read', 'requirement:create');
         insert into authz.role_permissions (role_id, permission_id)
         select r.id, p.id from authz.roles r, authz.permissions p where r.name = 'holder' and p.name in ('held:read', 'held:create')",
    )
    .await;
    let project = project(&world, "pay", &[("one", "draft")]).await;
    let id =
        world.get("/v1/requirements").by(&holder).send().await.json()["data"][0]["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/requirements/{id}");
    world.patch(&path, &json!({"title": "renamed"})).by(&holder).send().await.expect(200);
    let out = world.patch(&path, &json!({"status": "in_review"})).by(&holder).send().await;
    let out = if out.status == 422 {
        world.patch(&path, &json!({"status": "approved"})).by(&holder).send().await
    } else {
        out
    };
    assert_eq!(out.status, 403, "{}", out.json());
    assert_eq!(world.get(&path).by(&holder).send().await.json()["status"], "draft", "nothing of it stayed");
    let made = |priority: &str| json!({"project_id": project, "title": "new", "priority_code": priority});
    world.post("/v1/requirements", &made("low")).by(&holder).send().await.expect(201);
    world.post("/v1/requirements", &made("high")).by(&holder).send().await.expect(403);
    assert_eq!(titles(&world, &world.home.owner, "/v1/requirements").await, ["new", "renamed"]);
}

#[tokio::test]
async fn a_permission_for_ones_own_reaches_what_one_made() {
    let world = world().await;
    let holder = holding(&world, "requirement:read", &json!({}), "self").await;
    let project = project(&world, "pay", &[("theirs", "draft")]).await;
    arrange(
        &world,
        &format!(
            "insert into work.requirements (project_id, title, created_by) values ('{project}', 'mine', '{}')",
            holder.user_id
        ),
    )
    .await;
    assert_eq!(titles(&world, &holder, "/v1/requirements").await, ["mine"]);
}

#[tokio::test]
async fn a_role_for_one_record_reaches_it_its_parts_and_what_is_below_it_even_in_a_private_project() {
    let world = world().await;
    let person = world.home.join(&world.kernel, "guest").await.unwrap();
    let project = project(&world, "secret", &[("shown", "draft"), ("hidden", "draft")]).await;
    arrange(
        &world,
        &format!(
            "update work.projects set visibility = 'private' where id = '{project}';
             insert into work.requirement_items (project_id, requirement_id, item_kind, position, body)
             select project_id, id, 'acceptance_criterion', 1, title from work.requirements;
             insert into authz.resources (resource_type_id, name) select id, 'folder' from authz.resource_types where name = 'requirement';
             insert into authz.resources (resource_type_id, name, entity_id, parent_resource_id)
             select f.resource_type_id, r.title, r.id, f.id from authz.resources f, work.requirements r where f.name = 'folder' and r.title = 'shown';
             insert into authz.user_roles (user_id, role_id, resource_scope_id)
             select '{}', r.id, f.id from authz.roles r, authz.resources f where r.template_code = 'viewer' and f.name = 'folder'",
            person.user_id
        ),
    )
    .await;
    assert_eq!(titles(&world, &person, "/v1/requirements").await, ["shown"]);
    let items = world.get("/v1/requirement-items").by(&person).send().await.expect(200).json();
    assert_eq!(rows(&items).iter().map(|row| row["body"].clone()).collect::<Vec<_>>(), [json!("shown")]);
    let projects = world.get("/v1/projects").by(&person).send().await;
    assert!(projects.status == 403 || rows(&projects.json()).is_empty(), "the project itself is not given");
    arrange(&world, "update authz.resources set is_active = false where name = 'folder'").await;
    world.get("/v1/requirements").by(&person).send().await.expect(403);
}

#[tokio::test]
async fn a_grant_begins_and_ends_with_the_clock() {
    let world = world().await;
    let holder = holding(&world, "requirement:read", &json!({}), "global").await;
    let now = world.clock.now();
    arrange(
        &world,
        &format!(
            "update authz.role_permissions set valid_from = '{}', valid_until = '{}'
              where role_id = (select id from authz.roles where name = 'holder')",
            now + jiff::SignedDuration::from_secs(60),
            now + jiff::SignedDuration::from_secs(120),
        ),
    )
    .await;
    let mut seen = Vec::new();
    for _ in 0..3 {
        seen.push(world.get("/v1/requirements").by(&holder).send().await.status);
        world.clock.advance(jiff::SignedDuration::from_secs(60));
    }
    assert_eq!(seen, [403, 200, 403]);
}

/// Proves REQ-53.2.
#[tokio::test]
async fn two_requests_that_differ_in_what_a_condition_reads_never_share_an_answer() {
    let world = world().await;
    let inside = json!({"in_network": [{"var": "environment.address"}, "10.0.0.0/8"]});
    let holder = holding(&world, "requirement:read", &inside, "global").await;
    for (address, status) in [("10.1.2.3", 200), ("192.0.2.1", 403), ("10.9.9.9", 200)] {
        let answer = world.get("/v1/requirements").by(&holder).from(address.parse().unwrap()).send().await;
        assert_eq!(answer.status, status, "{address}");
    }
    let from = |address: &str| {
        let mut question = question(&holder.email, "read", "requirement", "*");
        question["context"]["address"] = json!(address);
        question
    };
    assert_eq!(ask(&world, &world.home.owner, &from("10.0.0.1")).await["decision"], true);
    assert_eq!(ask(&world, &world.home.owner, &from("192.0.2.1")).await["decision"], false);
    let unknown = ask(&world, &world.home.owner, &question(&holder.email, "read", "requirement", "*")).await;
    assert_eq!(unknown["context"]["reason"], "its condition asks for environment.address, which is not known here");
}

#[tokio::test]
async fn a_role_with_a_condition_is_held_by_the_members_of_a_team() {
    let world = world().await;
    let person = world.home.join(&world.kernel, "newcomer").await.unwrap();
    arrange(
        &world,
        "insert into authz.roles (name, display_name, auto_assign_conditions)
         values ('platform', 'Platform', '{\"in\": [\"platform\", {\"var\": \"subject.teams\"}]}');
         insert into authz.role_permissions (role_id, permission_id)
         select r.id, p.id from authz.roles r, authz.permissions p where r.name = 'platform' and p.name = 'build:read';
         insert into identity.teams (name, slug) values ('Platform', 'platform')",
    )
    .await;
    world.get("/v1/builds").by(&person).send().await.expect(403);
    arrange(
        &world,
        &format!(
            "insert into identity.team_members (team_id, user_id) select id, '{}' from identity.teams",
            person.user_id
        ),
    )
    .await;
    world.get("/v1/builds").by(&person).send().await.expect(200);
    let answer = ask(&world, &person, &question("me", "read", "build", "*")).await;
    assert_eq!(answer["context"]["reason"], "role platform, held automatically");
}

/// Proves REQ-55.3.
#[tokio::test]
async fn what_if_a_grant_were_added_or_gone() {
    let world = world().await;
    let (owner, viewer) = (&world.home.owner, &world.home.viewer);
    let mut asked = question(&viewer.email, "create", "requirement", "*");
    assert_eq!(ask(&world, owner, &asked).await["decision"], false);
    asked["context"]["what_if"] = json!({"with": [{"role": "developer"}]});
    assert_eq!(ask(&world, owner, &asked).await["decision"], true);
    let mut asked = question(&viewer.email, "read", "requirement", "*");
    let grant = ask(&world, owner, &asked).await["context"]["explanation"]["considered"][0]["grant_id"].clone();
    asked["context"]["what_if"] = json!({"without": [grant]});
    assert_eq!(ask(&world, owner, &asked).await["decision"], false);
}

#[tokio::test]
async fn everybody_asks_about_themselves_and_who_reads_roles_about_anybody() {
    let world = world().await;
    let (viewer, developer) = (&world.home.viewer, &world.home.developer);
    assert_eq!(ask(&world, viewer, &question("me", "read", "requirement", "*")).await["decision"], true);
    let other = question(&developer.email, "read", "requirement", "*");
    world.post("/v1/access/evaluation", &other).by(viewer).send().await.expect(403);
    ask(&world, developer, &question(&viewer.email, "read", "requirement", "*")).await;
    let unknown = ask(&world, developer, &question("nobody@home.example", "read", "requirement", "*")).await;
    assert_eq!((&unknown["decision"], unknown["context"]["reason"].is_string()), (&json!(false), true));
    let abroad = ask(&world, developer, &question(&world.abroad.owner.email, "read", "requirement", "*")).await;
    assert_eq!(abroad["decision"], false, "another organisation's people are not here");
    world.post("/v1/access/evaluation", &other).send().await.expect(401);
    for body in [json!({}), json!([]), json!({"subject": {"type": "user", "id": 7}})] {
        let answer = world.post("/v1/access/evaluation", &body).by(developer).send().await;
        assert!((400..500).contains(&answer.status), "{body}");
    }
}

/// Proves REQ-55.4.
#[tokio::test]
async fn who_may_and_what_may_they_do() {
    let world = world().await;
    project(&world, "pay", &[("one", "draft")]).await;
    let (owner, viewer) = (&world.home.owner, &world.home.viewer);
    let search = |path: &str, body: Value| {
        let call = world.post(format!("/v1/access/search/{path}"), &body).by(owner);
        async move { call.send().await.expect(200).json() }
    };
    let id = world.get("/v1/requirements").by(owner).send().await.json()["data"][0]["id"].clone();
    let found = search(
        "subject",
        json!({
            "subject": {"type": "user"}, "action": {"name": "update"}, "resource": {"type": "requirement", "id": id},
        }),
    )
    .await;
    let people: Vec<&str> =
        found["results"].as_array().unwrap().iter().map(|one| one["properties"]["name"].as_str().unwrap()).collect();
    for name in ["owner", "admin", "developer"] {
        assert!(people.contains(&name), "{people:?}");
    }
    assert!(!people.contains(&"viewer"), "{people:?}");
    let actions = search(
        "action",
        json!({
            "subject": {"type": "user", "id": viewer.email}, "resource": {"type": "requirement", "id": id},
        }),
    )
    .await;
    let names: Vec<&Value> = actions["results"].as_array().unwrap().iter().map(|one| &one["name"]).collect();
    assert_eq!(names, ["export", "read"]);
}

/// Proves REQ-55.5.
#[tokio::test]
async fn an_explanation_tells_nothing_of_a_record_that_the_asker_does_not_see() {
    let world = world().await;
    let project = project(&world, "secret", &[("hidden", "draft")]).await;
    arrange(&world, &format!("update work.projects set visibility = 'private' where id = '{project}'")).await;
    let id = world.get("/v1/requirements").by(&world.home.owner).send().await.json()["data"][0]["id"].clone();
    let (developer, owner) = (&world.home.developer, &world.home.owner);
    let of = |id: &str| question(&owner.email, "read", "requirement", id);
    let hidden = ask(&world, developer, &of(id.as_str().unwrap())).await;
    let absent = ask(&world, developer, &of(&Uuid::nil().to_string())).await;
    let without =
        |answer: &Value| answer.to_string().replace(id.as_str().unwrap(), "x").replace(&Uuid::nil().to_string(), "x");
    assert_eq!(without(&hidden), without(&absent));
    // Whoever sees it is told that the developer does not.
    let told = ask(&world, owner, &question(&developer.email, "read", "requirement", id.as_str().unwrap())).await;
    assert_eq!(told["decision"], false);
    assert!(told["context"]["reason"].as_str().unwrap().starts_with("it is hidden from them"), "{told}");
}

/// The viewer holds a role in a project that the developer, who asks, does not see.
#[tokio::test]
async fn what_is_held_out_of_the_askers_sight_counts_and_its_place_is_not_told() {
    let world = world().await;
    let secret = project(&world, "secret", &[("hidden", "draft")]).await;
    let viewer = world.home.viewer.user_id;
    arrange(
        &world,
        &format!(
            "update work.projects set visibility = 'private' where id = '{secret}';
             insert into authz.resources (resource_type_id, name, entity_id)
             select id, 'secret', '{secret}' from authz.resource_types where name = 'project';
             insert into authz.user_roles (user_id, role_id, resource_scope_id)
             select '{viewer}', r.id, f.id from authz.roles r, authz.resources f where r.template_code = 'developer' and f.name = 'secret'"
        ),
    )
    .await;
    let mut asked = question(&world.home.viewer.email, "update", "requirement", "*");
    asked["resource"]["properties"] = json!({"project": secret});
    for (asker, told) in [(&world.home.developer, Value::Null), (&world.home.owner, json!(secret))] {
        let answer = ask(&world, asker, &asked).await;
        assert_eq!(answer["decision"], true, "{answer}");
        let grant = &answer["context"]["explanation"]["considered"][0];
        assert_eq!((&grant["place"], &grant["project_id"]), (&json!("project"), &told));
    }
}

#[tokio::test]
async fn several_questions_share_what_they_do_not_say_and_may_stop_early() {
    let world = world().await;
    let viewer = &world.home.viewer;
    let mut body = json!({
        "subject": {"type": "user", "id": "me"}, "resource": {"type": "requirement", "id": "*"},
        "evaluations": [{"action": {"name": "read"}}, {"action": {"name": "update"}}, {"action": {"name": "export"}}],
    });
    let decisions = |answer: Value| -> Vec<bool> {
        answer["evaluations"].as_array().unwrap().iter().map(|one| one["decision"] == true).collect()
    };
    let all = world.post("/v1/access/evaluations", &body).by(viewer).send().await.expect(200).json();
    assert_eq!(decisions(all), [true, false, true]);
    body["options"] = json!({"evaluations_semantic": "deny_on_first_deny"});
    let some = world.post("/v1/access/evaluations", &body).by(viewer).send().await.expect(200).json();
    assert_eq!(decisions(some), [true, false]);
    let told = world.get("/.well-known/authzen-configuration").send().await.expect(200).json();
    assert!(told["access_evaluation_endpoint"].as_str().unwrap().ends_with("/v1/access/evaluation"));
}

#[tokio::test]
async fn a_thing_of_another_system_is_decided_about_by_what_is_kept_and_said_of_it() {
    let world = world().await;
    let near = json!({"and": [
        {"==": [{"var": "resource.attributes.region"}, "eu"]}, {"==": [{"var": "resource.environment"}, "test"]},
    ]});
    let holder = holding(&world, "deployment:read", &json!({}), "global").await;
    arrange(
        &world,
        "insert into authz.resources (resource_type_id, name, external_id, attributes)
         select id, 'cluster', 'cluster-7', '{\"region\": \"eu\"}' from authz.resource_types where name = 'deployment'",
    )
    .await;
    let mut asked = question(&holder.email, "read", "deployment", "cluster-7");
    asked["resource"]["properties"] = json!({"external": true});
    assert_eq!(ask(&world, &world.home.owner, &asked).await["decision"], true);
    // A word that no deployment of ours has cannot be asked for: the condition is broken, and a broken one is never met.
    arrange(&world, &format!("update authz.permissions set conditions = '{near}' where name = 'held:one'")).await;
    let answer = ask(&world, &world.home.owner, &asked).await;
    assert!(answer["context"]["reason"].as_str().unwrap().contains("resource.environment"), "{answer}");
    let region = json!({"==": [{"var": "resource.attributes.region"}, "eu"]});
    arrange(&world, &format!("update authz.permissions set conditions = '{region}' where name = 'held:one'")).await;
    assert_eq!(ask(&world, &world.home.owner, &asked).await["decision"], true);
}
