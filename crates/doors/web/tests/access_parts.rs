//! The pages about access for whoever may read only a part of it, and the buttons of whoever may change only some records.

#![allow(clippy::unwrap_used)]

mod site;

use axum::http::StatusCode;
use site::{Page, World, id_of, one, text};

async fn world() -> World {
    let world = World::new().await;
    let mut owner = world.signed_in("olga@example.test").await;
    owner.post("/projects", &[("name", "Pay")]).await;
    for (email, role) in
        [("dev@example.test", "developer"), ("view@example.test", "viewer"), ("lead@example.test", "admin")]
    {
        world.invite(email, role).await;
    }
    world
}

/// A permission of a kind under a condition, in a role of its own that `email` is given.
async fn may_under(world: &World, email: &str, kind: &str, action: &str, condition: &str) {
    let name = format!("{kind}-{action}-{}", email.split('@').next().unwrap());
    world
        .sql(&format!(
            "insert into authz.roles (name, display_name) values ('{name}', 'Some {kind}');
             insert into authz.permissions (name, display_name, resource_type_id, action, conditions)
             select '{name}:some', 'Some', resource_type_id, action, '{condition}' from authz.permissions where name = '{kind}:{action}';
             insert into authz.role_permissions (role_id, permission_id)
             select r.id, p.id from authz.roles r, authz.permissions p where r.name = '{name}' and p.name = '{name}:some';
             insert into authz.user_roles (user_id, role_id)
             select u.id, r.id from identity.users u, authz.roles r where u.email = '{email}' and r.name = '{name}'"
        ))
        .await;
}

/// Somebody who enters projects and holds nothing else.
async fn entrant(world: &World, email: &str) {
    world
        .sql(
            "insert into authz.roles (name, display_name) select 'entrant', 'Entrant' where not exists (select from authz.roles where name = 'entrant');
             insert into authz.role_permissions (role_id, permission_id)
             select r.id, p.id from authz.roles r, authz.permissions p where r.name = 'entrant' and p.name in ('project:read', 'requirement:read', 'defect:read')
             on conflict do nothing",
        )
        .await;
    world.invite(email, "entrant").await;
}

#[tokio::test]
async fn whoever_may_read_some_roles_sees_those_and_their_grants_and_no_other() {
    let world = world().await;
    entrant(&world, "some@example.test").await;
    let developer = one(&world, "select id::text from authz.roles where name = 'developer'").await;
    // A grant is told by its role; what is told of a role is told by its identifier.
    let condition = format!(
        r#"{{"or": [{{"==": [{{"var": "resource.name"}}, "developer"]}}, {{"==": [{{"var": "resource.role_id"}}, "{developer}"]}}]}}"#
    );
    may_under(&world, "some@example.test", "role", "read", &condition).await;
    may_under(&world, "some@example.test", "membership", "read", r#"{"!=": [{"var": "resource.username"}, "hidden"]}"#)
        .await;
    world
        .sql("update identity.memberships m set username = case u.email when 'lead@example.test' then 'hidden' else 'u' || left(u.id::text, 8) || right(u.id::text, 6) end
                from identity.users u where u.id = m.user_id")
        .await;
    let mut reader = world.signed_in("some@example.test").await;

    let roles = reader.get("/roles").await;
    assert_eq!(roles.status, StatusCode::OK, "{}", text(&roles));
    assert!(roles.body.contains("href=\"/roles/developer\""), "{}", text(&roles));
    for other in ["owner", "admin", "viewer", "entrant"] {
        assert!(!roles.body.contains(&format!("/roles/{other}")), "{other} among the roles: {}", text(&roles));
        assert_eq!(reader.get(&format!("/roles/{other}")).await.status, StatusCode::NOT_FOUND, "{other}");
    }
    let matrix = reader.get("/roles?view=matrix").await;
    assert!(matrix.body.contains("Developer") && !matrix.body.contains("Viewer"), "{}", text(&matrix));
    let page = reader.get("/roles/developer").await;
    assert_eq!(page.status, StatusCode::OK, "{}", text(&page));
    assert!(text(&page).contains("dev@example.test") && !page.body.contains("data-edit"), "{}", text(&page));

    let grants = reader.get("/grants").await;
    let words = text(&grants);
    assert_eq!(grants.status, StatusCode::OK, "{words}");
    assert!(words.contains("dev@example.test") && words.contains("1 grant,"), "{words}");
    assert!(!words.contains("lead@example.test") && !words.contains("view@example.test"), "{words}");

    let members = reader.get("/members").await;
    let words = text(&members);
    assert_eq!(members.status, StatusCode::OK, "{words}");
    assert!(words.contains("dev@example.test") && words.contains("none that you may see"), "{words}");
    assert!(!words.contains("lead@example.test"), "a member who is not theirs to read: {words}");
    assert!(!words.contains("Viewer") && !words.contains("Owner everywhere"), "{words}");
    let hidden = reader.get(&format!("/members/{}", id_of(&world, "lead@example.test").await)).await;
    assert_eq!(hidden.status, StatusCode::NOT_FOUND);
    let seen = reader.get(&format!("/members/{}", id_of(&world, "dev@example.test").await)).await;
    assert!(seen.status == StatusCode::OK && text(&seen).contains("Developer everywhere"), "{}", text(&seen));
    assert!(!text(&seen).contains("What they can do"), "what others may do tells of roles that are not theirs to read");
    let bare = reader.get(&format!("/members/{}", id_of(&world, "view@example.test").await)).await;
    assert!(bare.status == StatusCode::OK && !text(&bare).contains("Viewer everywhere"), "{}", text(&bare));
    let mut owner = world.signed_in("olga@example.test").await;
    owner.get("/p/pay/requirements").await;
    owner.post("/p/pay/requirements", &[("title", "Refunds are fast")]).await;
    let record = reader.get("/p/pay/requirements/REQ-1").await;
    assert!(record.body.contains("Why can I see this?"), "asking about others takes every role: {}", text(&record));
    let own = reader.get("/members/me").await;
    assert!(text(&own).contains("Entrant everywhere"), "what is one's own is seen: {}", text(&own));
}

#[tokio::test]
async fn whoever_may_read_some_requests_for_approval_sees_those() {
    let world = world().await;
    entrant(&world, "some@example.test").await;
    world
        .sql(
            "do $$ declare w uuid; begin
               insert into authz.approval_workflows (name, subject_kind) values ('Four eyes', 'permission_grant') returning id into w;
               insert into authz.approval_workflow_steps (workflow_id, step_number, name, approver_role_id)
                 select w, 1, 'Review', r.id from authz.roles r where r.name = 'owner';
               update authz.permissions set requires_approval = true, approval_workflow_id = w where name in ('deployment:update', 'build:update');
             end $$",
        )
        .await;
    let mut developer = world.signed_in("dev@example.test").await;
    developer.get("/approvals").await;
    for permission in ["deployment:update", "build:update"] {
        let asked = developer.post("/approvals", &[("permission", permission), ("hours", "4")]).await;
        assert_eq!(asked.status, StatusCode::SEE_OTHER, "{}", text(&asked));
    }
    let build = one(&world, "select id::text from authz.permissions where name = 'build:update'").await;
    let condition = format!(r#"{{"==": [{{"var": "resource.permission_id"}}, "{build}"]}}"#);
    may_under(&world, "some@example.test", "approval_request", "read", &condition).await;
    let page = world.signed_in("some@example.test").await.get("/approvals").await;
    assert_eq!(page.status, StatusCode::OK, "{}", text(&page));
    assert!(text(&page).contains("Update build") && !text(&page).contains("Update deployment"), "{}", text(&page));
}

#[tokio::test]
async fn buttons_follow_the_right_on_the_record() {
    let world = world().await;
    let mut owner = world.signed_in("olga@example.test").await;
    owner.get("/p/pay/requirements").await;
    for title in ["Refunds are idempotent", "Refunds are fast"] {
        owner.post("/p/pay/requirements", &[("title", title)]).await;
    }
    for title in ["Twice refunded", "Crooked icon"] {
        owner.post("/p/pay/defects", &[("title", title), ("severity", "high")]).await;
    }
    entrant(&world, "some@example.test").await;
    may_under(
        &world,
        "some@example.test",
        "requirement",
        "update",
        r#"{"==": [{"var": "resource.title"}, "Refunds are fast"]}"#,
    )
    .await;
    may_under(
        &world,
        "some@example.test",
        "defect",
        "update",
        r#"{"==": [{"var": "resource.title"}, "Crooked icon"]}"#,
    )
    .await;
    may_under(&world, "some@example.test", "role", "read", "{}").await;
    may_under(&world, "some@example.test", "role", "update", r#"{"==": [{"var": "resource.name"}, "viewer"]}"#).await;
    let key = |table: &str, title: &str| {
        let sql = format!("select key from {table} where title = '{title}'");
        let world = &world;
        async move { one(world, &sql).await }
    };
    let mut some = world.signed_in("some@example.test").await;
    for (path, may) in [
        (format!("/p/pay/requirements/{}", key("work.requirements", "Refunds are fast").await), true),
        (format!("/p/pay/requirements/{}", key("work.requirements", "Refunds are idempotent").await), false),
        (format!("/p/pay/defects/{}", key("quality.defects", "Crooked icon").await), true),
        (format!("/p/pay/defects/{}", key("quality.defects", "Twice refunded").await), false),
        ("/roles/viewer".to_owned(), true),
        ("/roles/developer".to_owned(), false),
    ] {
        let page = some.get(&path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}: {}", text(&page));
        let has_form = page.body.contains(&format!("method=\"post\" action=\"{path}"));
        assert_eq!(has_form, may, "{path} offers to change it: {}", text(&page));
        assert!(
            owner.get(&path).await.body.contains(&format!("method=\"post\" action=\"{path}")),
            "{path} of the owner"
        );
    }
}

#[tokio::test]
async fn members_are_shown_page_by_page_however_many_there_are() {
    let world = world().await;
    world
        .sql(
            "insert into identity.users (id, email, display_name, kind)
             select md5('member ' || n)::uuid, 'm' || n || '@example.test', 'Member ' || to_char(n, 'FM0000'), 'person' from generate_series(1, 2100) n;
             insert into identity.memberships (user_id, username, status) select md5('member ' || n)::uuid, 'm' || n, 'active' from generate_series(1, 2100) n",
        )
        .await;
    let mut owner = world.signed_in("olga@example.test").await;
    let (mut path, mut pages, mut seen) = ("/members".to_owned(), 0, std::collections::BTreeSet::new());
    loop {
        let page = owner.get(&path).await;
        assert_eq!(page.status, StatusCode::OK, "{}", text(&page));
        let names = page.body.split("Member ").filter_map(|rest| rest.get(..4)?.parse::<u32>().ok());
        seen.extend(names);
        pages += 1;
        match next_of(&page) {
            Some(next) => path = next,
            None => break,
        }
        assert!(pages < 60, "it goes on for ever");
    }
    assert_eq!((seen.len(), pages), (2100, 43), "2,104 members in pages of 50");
    let last = owner.get("/members?q=member+2100").await;
    assert!(text(&last).contains("Member 2100") && text(&last).contains("1 member, by name"), "{}", text(&last));
    let owners = owner.get("/members?role=owner").await;
    assert!(text(&owners).contains("Olga Owner") && text(&owners).contains("1 member, by name"), "{}", text(&owners));
}

/// Where a list goes on.
fn next_of(page: &Page) -> Option<String> {
    let link = page.body.split("<a ").find(|link| link.contains("rel=\"next\"") && link.contains("/members"))?;
    Some(link.split("href=\"").nth(1)?.split('"').next()?.replace("&amp;", "&"))
}
