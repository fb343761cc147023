//! What takes more than the right to write: the standing of owners, who sees a project, what goes to production, and a
//! project that is in the bin.

use serde_json::{Value, json};
use testkit::{Answer, Person, World};

use crate::world;

async fn change(world: &World, by: &Person, path: &str, body: Value) -> Answer {
    world.patch(path, &body).by(by).send().await
}

#[tokio::test]
async fn an_administrator_leaves_owners_alone() {
    let world = world().await;
    let (owner, admin) = (&world.home.owner, &world.home.admin);
    let of = |person: &Person| format!("/v1/memberships/{}", person.user_id);
    for status in ["suspended", "inactive"] {
        let answer = change(&world, admin, &of(owner), json!({"status": status})).await.expect(403);
        assert!(answer.text().contains("Only an owner"), "{}", answer.text());
    }
    let bulk = json!({"items": [{"action": "update", "id": owner.user_id, "data": {"status": "suspended"}}]});
    let many = world.post("/v1/memberships/bulk", &bulk).by(admin).send().await.expect(200).json();
    assert_eq!(many["results"][0]["status"], 403, "{many}");
    change(&world, admin, &of(owner), json!({"job_title": "Founder", "status": "active"})).await.expect(200);
    change(&world, admin, &of(&world.home.viewer), json!({"status": "suspended"})).await.expect(200);

    // No operation takes a role away yet; whichever comes meets the same refusal.
    let principal = world.authenticator.principal(&admin.token).await.unwrap();
    let ctx = kernel::Ctx::new(world.kernel.clone(), principal, kernel::Request::default());
    for sql in [
        "update authz.user_roles set revoked_at = now() where user_id = $1",
        "delete from authz.user_roles where user_id = $1",
        "delete from identity.memberships where user_id = $1",
    ] {
        let tx = ctx.begin().await.unwrap();
        let refused = tx.execute(sql, &[&owner.user_id]).await.expect_err(sql);
        assert_eq!(ctx.catalogue().explain(&refused).status(), 403, "{sql}");
    }

    // A second owner may, as long as one stays.
    let sql =
        "insert into authz.user_roles (user_id, role_id) select $1, id from authz.roles where template_code = 'owner'";
    let server = world.home.ctx(&world.kernel);
    let tx = server.begin().await.unwrap();
    tx.execute(sql, &[&world.home.developer.user_id]).await.unwrap();
    tx.commit().await.unwrap();
    world.authenticator.forget();
    change(&world, &world.home.developer, &of(owner), json!({"status": "suspended"})).await.expect(200);
}

#[tokio::test]
async fn who_sees_a_project_is_decided_by_those_who_manage_its_members() {
    let world = world().await;
    let (admin, developer) = (&world.home.admin, &world.home.developer);
    let id = world.example(&world.home, "projects", 0).await.unwrap();
    let path = format!("/v1/projects/{id}");
    for (field, value) in [("visibility", json!("private")), ("owner_user_id", json!(developer.user_id))] {
        let answer = change(&world, developer, &path, json!({field: value, "name": "mine"})).await.expect(403);
        assert_eq!(answer.pointers(), [format!("/{field}")]);
        assert!(answer.text().contains("project:manage_members"), "{}", answer.text());
        let bulk = json!({"items": [{"action": "update", "id": id, "data": {field: value}}]});
        let many = world.post("/v1/projects/bulk", &bulk).by(developer).send().await.expect(200).json();
        assert_eq!(many["results"][0]["status"], 403, "{many}");
    }
    // What a form sends back as it was changes nothing.
    let shown = world.get(path.as_str()).by(developer).send().await.expect(200).json();
    let same = json!({"visibility": shown["visibility"], "owner_user_id": shown["owner_user_id"], "name": "Renamed"});
    change(&world, developer, &path, same).await.expect(200);
    change(&world, admin, &path, json!({"visibility": "private"})).await.expect(200);

    let made = |by, more: Value| {
        let mut body = json!({"name": "New", "slug": format!("new-{}", more.as_object().unwrap().len())});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let world = &world;
        async move { world.post("/v1/projects", &body).by(by).send().await }
    };
    made(developer, json!({"visibility": "private"})).await.expect(403);
    made(developer, json!({"owner_user_id": admin.user_id})).await.expect(403);
    made(developer, json!({"visibility": "internal", "owner_user_id": developer.user_id})).await.expect(201);
    made(admin, json!({"visibility": "private"})).await.expect(201);
}

#[tokio::test]
async fn the_protection_of_an_environment_is_not_taken_off_by_those_it_holds_back() {
    let world = world().await;
    let (admin, developer) = (&world.home.admin, &world.home.developer);
    let list = world.get("/v1/environments?filter[name]=production").by(developer).send().await.expect(200).json();
    let path = format!("/v1/environments/{}", list["data"][0]["id"].as_str().unwrap());
    let refused = change(&world, developer, &path, json!({"is_protected": false})).await.expect(403);
    assert!(refused.text().contains("deployment:approve"), "{}", refused.text());
    change(&world, developer, &path, json!({"is_protected": true, "url": "https://prod.example"})).await.expect(200);
    let gone = world.delete(path.as_str()).by(developer).send().await.expect(403);
    assert!(gone.text().contains("is_protected"), "{}", gone.text());
    change(&world, admin, &path, json!({"is_protected": false})).await.expect(200);
    let mut body = world.creation_body(&world.home, "environments", 7).await.unwrap();
    body["is_protected"] = json!(true);
    world.post("/v1/environments", &body).by(developer).send().await.expect(403);
    world.post("/v1/environments", &body).by(admin).send().await.expect(201);
}

/// Two people stand behind what reaches a protected environment.
#[tokio::test]
async fn nothing_reaches_a_protected_environment_before_another_member_agrees() {
    let world = world().await;
    let (admin, owner, developer) = (&world.home.admin, &world.home.owner, &world.home.developer);
    let list = world.get("/v1/environments?filter[name]=production").by(developer).send().await.expect(200).json();
    let mut body = world.creation_body(&world.home, "deployments", 3).await.unwrap();
    body["environment_id"] = list["data"][0]["id"].clone();
    for status in ["deploying", "success"] {
        body["status"] = json!(status);
        let answer = world.post("/v1/deployments", &body).by(admin).send().await.expect(409);
        assert!(answer.text().contains("production") && answer.text().contains("/approve"), "{}", answer.text());
    }
    body["status"] = json!("pending");
    let made = |by| {
        let (world, body) = (&world, &body);
        async move {
            let made = world.post("/v1/deployments", body).by(by).send().await.expect(201).json();
            assert_eq!(made["created_by"], json!(by.user_id));
            format!("/v1/deployments/{}", made["id"].as_str().unwrap())
        }
    };
    let approve = |path: &str, by| world.post(format!("{path}/approve"), &json!({})).by(by).send();

    let path = made(admin).await;
    change(&world, admin, &path, json!({"status": "deploying"})).await.expect(409);
    let own = approve(&path, admin).await.expect(403);
    assert!(own.text().contains("another member"), "{}", own.text());
    approve(&path, developer).await.expect(403);
    approve(&path, owner).await.expect(200);
    change(&world, admin, &path, json!({"version": "something else"})).await.expect(409);
    // Whoever agreed cannot be made the one who deploys, before or while it goes ahead.
    change(&world, admin, &path, json!({"deployed_by": owner.user_id})).await.expect(409);
    change(&world, developer, &path, json!({"status": "deploying", "deployed_by": developer.user_id}))
        .await
        .expect(200);
    change(&world, developer, &path, json!({"status": "success"})).await.expect(200);

    // Whoever is down as deploying it cannot agree either.
    let path = made(developer).await;
    change(&world, developer, &path, json!({"deployed_by": admin.user_id})).await.expect(200);
    approve(&path, admin).await.expect(403);
    approve(&path, owner).await.expect(200);

    // Where nothing is protected, nothing has to be agreed to.
    body["environment_id"] = json!(world.example(&world.home, "environments", 0).await.unwrap());
    body["status"] = json!("success");
    world.post("/v1/deployments", &body).by(developer).send().await.expect(201);
}

#[tokio::test]
async fn what_is_in_a_deleted_project_is_read_and_not_written() {
    let world = world().await;
    let owner = &world.home.owner;
    let project = world.example(&world.home, "projects", 0).await.unwrap();
    let requirement = world.example(&world.home, "requirements", 0).await.unwrap();
    let deployment = world.example(&world.home, "deployments", 0).await.unwrap();
    let one = format!("/v1/requirements/{requirement}");
    let feature = world.creation_body(&world.home, "features", 1).await.unwrap();
    world.delete(format!("/v1/projects/{project}")).by(owner).send().await.expect(204);

    let told = |answer: Answer| {
        let text = answer.expect(409).text();
        assert!(text.contains("is in the bin") && text.contains(&format!("{project}/restore")), "{text}");
    };
    told(change(&world, owner, &one, json!({"title": "x"})).await);
    told(world.delete(one.as_str()).by(owner).send().await);
    told(world.post("/v1/requirements", &json!({"project_id": project, "title": "x"})).by(owner).send().await);
    told(world.post("/v1/features", &feature).by(owner).send().await);
    told(world.post(format!("/v1/deployments/{deployment}/approve"), &json!({})).by(&world.home.admin).send().await);
    let bulk = json!({"items": [{"action": "update", "id": requirement, "data": {"title": "x"}}]});
    let many = world.post("/v1/requirements/bulk", &bulk).by(owner).send().await.expect(200).json();
    assert_eq!(many["results"][0]["status"], 409, "{many}");
    // Who may not write there is told that first, and who may not see it is told nothing.
    change(&world, &world.home.viewer, &one, json!({"title": "x"})).await.expect(403);
    change(&world, &world.abroad.owner, &one, json!({"title": "x"})).await.expect(404);
    world.get(one.as_str()).by(owner).send().await.expect(200);

    world.post(format!("/v1/projects/{project}/restore"), &json!({})).by(owner).send().await.expect(200);
    change(&world, owner, &one, json!({"title": "x"})).await.expect(200);
}

#[tokio::test]
async fn the_address_of_a_repository_is_one_that_code_can_be_had_from() {
    let world = world().await;
    let project = world.example(&world.home, "projects", 0).await.unwrap();
    let send = |url: &'static str| {
        let body = json!({"project_id": project, "url": url});
        let world = &world;
        async move { world.post("/v1/repositories", &body).by(&world.home.developer).send().await }
    };
    for url in [
        "https://code.example/pay.git",
        "http://code.example/pay",
        "ssh://git@code.example:2222/pay.git",
        "git://code.example/pay.git",
        "git@code.example:team/pay.git",
    ] {
        send(url).await.expect(201);
    }
    for url in
        ["javascript:alert(1)", "data:text/html,x", "//code.example/pay", "/srv/git/pay", "https:///x", "vbscript:x"]
    {
        let answer = send(url).await.expect(422);
        assert_eq!(answer.pointers(), ["/url"], "{url}");
    }
}
