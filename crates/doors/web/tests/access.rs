//! The pages about access against a database: who may see them, what they answer, and what a post leaves behind.

#![allow(clippy::unwrap_used)]

mod site;

use axum::http::StatusCode;
use site::{Browser, World, id_of, one, text};

const PAGES: [&str; 7] = [
    "/members",
    "/roles",
    "/roles?view=matrix",
    "/roles/developer",
    "/grants",
    "/approvals",
    "/access/who?kind=defect&action=read",
];

/// An organisation with a project, an owner, a developer and a viewer.
async fn world() -> (World, Browser) {
    let world = World::new().await;
    let mut browser = world.signed_in("olga@example.test").await;
    browser.post("/projects", &[("name", "Pay")]).await;
    world.invite("dev@example.test", "developer").await;
    world.invite("view@example.test", "viewer").await;
    (world, browser)
}

#[tokio::test]
async fn the_pages_are_there_for_an_owner_and_not_for_strangers() {
    let (world, mut owner) = world().await;
    for path in PAGES.into_iter().chain(["/access", "/access/what", "/members/me"]) {
        let page = owner.get(path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}: {}", text(&page));
    }
    let mut stranger = world.browser();
    for path in PAGES {
        let page = stranger.get(path).await;
        assert_eq!(page.status, StatusCode::SEE_OTHER, "{path}");
        assert!(page.location().starts_with("/sign-in"), "{path}");
    }
}

#[tokio::test]
async fn a_viewer_sees_who_is_there_and_themselves_and_learns_nothing_of_what_others_hold() {
    let (world, _) = world().await;
    let mut viewer = world.signed_in("view@example.test").await;
    let members = viewer.get("/members").await;
    assert_eq!(members.status, StatusCode::OK);
    assert!(text(&members).contains("dev@example.test") && !text(&members).contains("Developer"));
    for path in ["/roles", "/roles?view=matrix", "/roles/owner", "/grants"] {
        let page = viewer.get(path).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{path}");
        assert!(page.body.contains("href=\"/access?action=read&amp;kind=role\""), "{path} does not say why");
    }
    let other = viewer.get(&format!("/members/{}", id_of(&world, "dev@example.test").await)).await;
    assert_eq!(other.status, StatusCode::FORBIDDEN);
    let asked = viewer.get("/access?who=dev@example.test&action=read&kind=defect").await;
    assert_eq!(asked.status, StatusCode::FORBIDDEN);
    assert!(text(&asked).contains("about others only who may read roles asks"), "{}", text(&asked));
    assert_eq!(viewer.get("/access/who?action=read&kind=defect").await.status, StatusCode::FORBIDDEN);
    let own = viewer.get("/members/me").await;
    assert_eq!(own.status, StatusCode::OK, "{}", text(&own));
    assert!(text(&own).contains("Viewer everywhere") && !own.body.contains("Give a role"));
    let why = viewer.get("/access?action=read&kind=role").await;
    assert!(text(&why).contains("You may not read roles everywhere in the organisation."), "{}", text(&why));
    assert!(!why.body.contains("href=\"/roles/"), "a role that is not theirs to see");
}

#[tokio::test]
async fn another_organisation_is_not_there() {
    let (world, mut owner) = world().await;
    world.other("dock", "dora@example.test").await;
    let mut dora = world.signed_in("dora@example.test").await;
    let dev = id_of(&world, "dev@example.test").await;
    assert_eq!(dora.get(&format!("/members/{dev}")).await.status, StatusCode::NOT_FOUND);
    assert!(!dora.get("/members").await.body.contains("dev@example.test"));
    let asked = dora.get(&format!("/access?who={dev}&action=read&kind=defect")).await;
    assert_eq!(asked.status, StatusCode::UNPROCESSABLE_ENTITY);
    dora.get("/members/me").await;
    let given = dora.post(&format!("/members/{dev}/assign"), &[("role", "viewer")]).await;
    assert!(given.status.is_client_error(), "{}", given.status);
    let grant = one(&world, "select g.id::text from authz.user_roles g limit 1").await;
    let taken = dora.post(&format!("/grants/{grant}/revoke"), &[("member", "me")]).await;
    assert!(taken.status.is_client_error(), "{}", taken.status);
    assert!(owner.get("/grants").await.body.contains("dev@example.test"));
    assert_eq!(world.number("select count(*) from authz.user_roles where revoked_at is not null").await, 0);
}

/// Without script: forms that post and come back.
#[tokio::test]
async fn a_role_is_given_for_a_while_passed_on_and_taken_back_with_what_came_from_it() {
    let (world, mut owner) = world().await;
    let (dev, view) = (id_of(&world, "dev@example.test").await, id_of(&world, "view@example.test").await);
    let project = one(&world, "select id::text from work.projects where slug = 'pay'").await;
    owner.get(&format!("/members/{dev}")).await;
    let fields = [
        ("role", "admin"),
        ("place", project.as_str()),
        ("valid_until", "2099-12-04T14:30"),
        ("may_delegate", "2"),
        ("reason", "looks after Pay"),
    ];
    let given = owner.post(&format!("/members/{dev}/assign"), &fields).await;
    assert_eq!(
        (given.status, given.location()),
        (StatusCode::SEE_OTHER, format!("/members/{dev}").as_str()),
        "{}",
        text(&given)
    );
    let page = owner.get(&format!("/members/{dev}")).await;
    let words = text(&page);
    assert!(words.contains("in Pay Assigned by Olga Owner"), "{words}");
    assert!(
        words.contains("ends on 4 Dec 2099")
            && words.contains("may be passed on through 2 hands")
            && words.contains("looks after Pay")
    );
    let again = owner.post(&format!("/members/{dev}/assign"), &[("role", "admin"), ("valid_until", "soon")]).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(again.body.contains("value=\"soon\""), "what was entered is shown again");

    let mut developer = world.signed_in("dev@example.test").await;
    let own = developer.get("/members/me").await;
    let grant = one(&world, "select g.id::text from authz.user_roles g where g.may_delegate = 2").await;
    assert!(own.body.contains(&format!("/grants/{grant}/delegate")), "{}", text(&own));
    let passed = developer
        .post(
            &format!("/grants/{grant}/delegate"),
            &[("member", "me"), ("to", "view@example.test"), ("may_delegate", "5")],
        )
        .await;
    assert_eq!(passed.status, StatusCode::UNPROCESSABLE_ENTITY, "more hands than one's own: {}", text(&passed));
    let passed =
        developer.post(&format!("/grants/{grant}/delegate"), &[("member", "me"), ("to", "view@example.test")]).await;
    assert_eq!(passed.status, StatusCode::SEE_OTHER, "{}", text(&passed));
    let viewer = owner.get(&format!("/members/{view}")).await;
    assert!(text(&viewer).contains("Passed on by dev@example.test"), "{}", text(&viewer));
    let grants = owner.get("/grants?how=assigned&how=delegated").await;
    assert!(text(&grants).contains("passed on from the one above"), "{}", text(&grants));
    assert!(!text(&owner.get("/grants?within=7").await).contains("looks after Pay"));

    owner.get(&format!("/members/{dev}")).await;
    let taken =
        owner.post(&format!("/grants/{grant}/revoke"), &[("member", &dev), ("reason", "the audit is over")]).await;
    assert_eq!(taken.status, StatusCode::SEE_OTHER, "{}", text(&taken));
    assert_eq!(world.number("select count(*) from authz.user_roles where revoked_at is not null").await, 2);
    let page = owner.get(&format!("/members/{dev}")).await;
    assert!(text(&page).contains("taken back just now by Olga Owner: the audit is over"), "{}", text(&page));
}

#[tokio::test]
async fn nobody_gives_what_they_do_not_hold_and_is_told_so_in_the_form() {
    let (world, _) = world().await;
    world.invite("admin@example.test", "admin").await;
    let mut admin = world.signed_in("admin@example.test").await;
    let view = id_of(&world, "view@example.test").await;
    admin.get(&format!("/members/{view}")).await;
    let refused = admin.post(&format!("/members/{view}/assign"), &[("role", "owner")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        text(&refused).contains("You may not give this: it allows ")
            && text(&refused).contains(", which you do not hold yourself"),
        "{}",
        text(&refused)
    );
    let mut viewer = world.signed_in("view@example.test").await;
    viewer.get("/members/me").await;
    let forged = viewer.post(&format!("/members/{view}/assign"), &[("role", "viewer")]).await;
    assert!(forged.status.is_client_error(), "{}", forged.status);
    assert_eq!(world.number("select count(*) from authz.user_roles").await, 4);
}

#[tokio::test]
async fn a_role_is_made_gets_a_permission_under_a_condition_and_shows_in_the_matrix() {
    let (world, mut owner) = world().await;
    let viewer = one(&world, "select id::text from authz.roles where name = 'viewer'").await;
    owner.get("/roles").await;
    let odd = owner.post("/roles", &[("name", "Not A Name"), ("display_name", "Reviewer")]).await;
    assert_eq!(odd.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(odd.body.contains("id=\"new-name-error\"") && odd.body.contains("value=\"Reviewer\""));
    let made =
        owner.post("/roles", &[("name", "reviewer"), ("display_name", "Reviewer"), ("parent_role_id", &viewer)]).await;
    assert_eq!((made.status, made.location()), (StatusCode::SEE_OTHER, "/roles/reviewer"), "{}", text(&made));
    let permission = one(&world, "select id::text from authz.permissions where name = 'requirement:update'").await;
    owner.get("/roles/reviewer").await;
    let add = "/roles/reviewer/permissions";
    for (condition, says) in [("{", "is no JSON"), ("{\"==\": [{\"var\": \"resource.stat\"}, \"draft\"]}", "at /==/0")]
    {
        let refused = owner.post(add, &[("permission_id", &permission), ("additional_conditions", condition)]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{condition}");
        assert!(text(&refused).contains(says), "{condition}: {}", text(&refused));
        assert!(refused.body.contains("id=\"add-additional_conditions-error\""), "beside the field: {condition}");
    }
    let fine = [
        ("permission_id", permission.as_str()),
        ("additional_conditions", "{\"==\": [{\"var\": \"resource.status\"}, \"draft\"]}"),
    ];
    let added = owner.post(add, &fine).await;
    assert_eq!(added.status, StatusCode::SEE_OTHER, "{}", text(&added));
    let page = owner.get("/roles/reviewer?q=requirement").await;
    let words = text(&page);
    assert!(
        words.contains("update its own only if resource.status is \"draft\"")
            || words.contains("update its own only if resource.status is &quot;draft&quot;"),
        "{words}"
    );
    assert!(words.contains("read Viewer always") && !words.contains("test case"), "{words}");
    let matrix = owner.get("/roles?view=matrix&q=requirement%20update&role=reviewer&role=developer").await;
    assert!(matrix.body.contains("title=\"Reviewer: its own, under a condition\""), "{}", text(&matrix));
    assert!(matrix.body.contains("title=\"Developer: its own\"") && !matrix.body.contains("title=\"Viewer: no\""));
    let open = owner.get("/roles?view=matrix&open=defect").await;
    assert!(
        open.body.contains("href=\"/roles?view=matrix#defect\" aria-expanded=\"true\""),
        "a second visit closes it"
    );

    let version = page.body.split("name=\"version\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let edit = |version: String, title: &'static str| {
        [
            ("version", version),
            ("display_name", title.into()),
            ("description", String::new()),
            ("parent_role_id", viewer.clone()),
            ("is_assignable", "true".into()),
        ]
    };
    let fields = edit(version, "Careful reader");
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(owner.post("/roles/reviewer", &fields).await.status, StatusCode::SEE_OTHER);
    let late = owner.post("/roles/reviewer", &fields).await;
    assert_eq!(late.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(text(&late).contains("Somebody changed this role"), "{}", text(&late));
    let row = one(&world, "select g.id::text from authz.role_permissions g join authz.roles r on r.id = g.role_id where r.name = 'reviewer'").await;
    let gone = owner.post(&format!("{add}/{row}/remove"), &[]).await;
    assert_eq!(gone.status, StatusCode::SEE_OTHER, "{}", text(&gone));
    assert!(!text(&owner.get("/roles/reviewer?q=requirement").await).contains("update its own"));
}

/// Proves REQ-55.3, REQ-55.4.
#[tokio::test]
async fn the_explorer_says_why_until_when_and_what_would_be() {
    let (world, mut owner) = world().await;
    owner.post("/p/pay/requirements", &[("title", "Refunds are idempotent")]).await;
    let yes = owner.get("/access?who=view@example.test&action=read&kind=requirement&record=REQ-1&project=pay").await;
    let words = text(&yes);
    assert_eq!(yes.status, StatusCode::OK, "{words}");
    assert!(words.contains("view@example.test may read REQ-1 in Pay. Role viewer in the organisation."), "{words}");
    assert!(words.contains("Assigned by Olga Owner Viewer requirement:read everywhere"), "{words}");
    let no = owner.get("/access?who=view@example.test&action=update&kind=requirement&record=REQ-1&project=pay").await;
    assert!(
        text(&no).contains("may not update REQ-1 in Pay. No role of theirs may update a requirement."),
        "{}",
        text(&no)
    );
    let supposed = owner.get("/access?who=view@example.test&action=update&kind=requirement&record=REQ-1&project=pay&with=developer&with_project=pay").await;
    let words = text(&supposed);
    assert!(
        words.contains("Supposed: they also hold the role Developer in Pay")
            && words.contains("may update REQ-1 in Pay"),
        "{words}"
    );
    assert!(words.contains("As it is now: no"), "{words}");
    let grant = one(&world, "select g.id::text from authz.user_roles g join identity.users u on u.id = g.user_id where u.email = 'view@example.test'").await;
    assert!(yes.body.contains(&format!("without={grant}")), "the grant that allows it can be supposed away");
    let without =
        owner.get(&format!("/access?who=view@example.test&action=read&kind=requirement&without={grant}")).await;
    assert!(text(&without).contains("may not read requirements everywhere in the organisation"), "{}", text(&without));
    assert_eq!(
        world.number("select count(*) from authz.user_roles where revoked_at is not null").await,
        0,
        "nothing was changed"
    );

    let who = owner.get("/access/who?action=read&kind=requirement&record=REQ-1&project=pay").await;
    let words = text(&who);
    assert!(
        words.contains("dev@example.test") && words.contains("view@example.test") && words.contains("Olga Owner"),
        "{words}"
    );
    let what = owner.get("/access/what?who=view@example.test").await;
    assert!(text(&what).contains("What view@example.test may do"), "{}", text(&what));
    for (path, status) in [
        ("/access?action=read&kind=requirement&record=REQ-99", StatusCode::NOT_FOUND),
        ("/access?action=fly&kind=requirement", StatusCode::UNPROCESSABLE_ENTITY),
        ("/access?action=read&kind=requirement&project=nowhere", StatusCode::NOT_FOUND),
        ("/access?who=nobody&action=read&kind=requirement", StatusCode::UNPROCESSABLE_ENTITY),
        ("/access?who=%00&action=read&kind=%00", StatusCode::OK),
    ] {
        let page = owner.get(path).await;
        assert_eq!(page.status, status, "{path}: {}", text(&page));
    }
}

/// Proves REQ-55.5.
#[tokio::test]
async fn what_is_hidden_is_answered_like_what_is_not_there() {
    let (world, mut owner) = world().await;
    owner.post("/p/pay/requirements", &[("title", "The secret of Pay")]).await;
    let project = one(&world, "select id::text from work.projects where slug = 'pay'").await;
    let view = id_of(&world, "view@example.test").await;
    owner.get(&format!("/members/{view}")).await;
    let given = owner.post(&format!("/members/{view}/assign"), &[("role", "developer"), ("place", &project)]).await;
    assert_eq!(given.status, StatusCode::SEE_OTHER, "{}", text(&given));
    let requirement = one(&world, "select id::text from work.requirements limit 1").await;
    world.sql("update work.projects set visibility = 'private' where slug = 'pay'").await;
    let mut developer = world.signed_in("dev@example.test").await;
    for (hidden, missing) in [
        ("record=REQ-1&project=pay".to_owned(), "record=REQ-1&project=nix".to_owned()),
        ("record=REQ-1".to_owned(), "record=REQ-2".to_owned()),
        (format!("record={requirement}"), format!("record={project}")),
    ] {
        for page in ["/access", "/access/who"] {
            let there = developer.get(&format!("{page}?action=read&kind=requirement&{hidden}")).await;
            let nowhere = developer.get(&format!("{page}?action=read&kind=requirement&{missing}")).await;
            assert_eq!((there.status, nowhere.status), (StatusCode::NOT_FOUND, StatusCode::NOT_FOUND), "{hidden}");
            assert!(!there.body.contains("secret") && !there.body.contains("Pay<"), "{hidden}: {}", text(&there));
        }
    }
    let grants = developer.get("/grants").await;
    assert!(
        text(&grants).contains("for something you may not see") && !grants.body.contains("in Pay"),
        "{}",
        text(&grants)
    );
    let member = developer.get(&format!("/members/{view}")).await;
    assert!(!member.body.contains("in Pay"), "{}", text(&member));
    let what = developer.get("/access/what?who=view@example.test").await;
    assert!(what.status == StatusCode::OK && !what.body.contains("in Pay"), "{}", text(&what));
}

#[tokio::test]
async fn records_and_refusals_lead_to_the_question() {
    let (world, mut owner) = world().await;
    owner.post("/p/pay/requirements", &[("title", "Refunds are idempotent")]).await;
    let page = owner.get("/p/pay/requirements/REQ-1").await;
    let href = "/access/who?action=read&amp;kind=requirement&amp;record=REQ-1&amp;project=pay";
    assert!(page.body.contains(href));
    assert!(text(&owner.get(&href.replace("&amp;", "&")).await).contains("view@example.test"));
    let mut viewer = world.signed_in("view@example.test").await;
    let own = viewer.get("/p/pay/requirements/REQ-1").await;
    assert!(own.body.contains("/access?action=read&amp;kind=requirement&amp;record=REQ-1&amp;project=pay"));
    let refused = viewer.post("/p/pay/defects", &[("title", "x")]).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(
        refused.body.contains("href=\"/access?action=create&amp;kind=defect&amp;project=pay\""),
        "{}",
        refused.body
    );
    let why = viewer.get("/access?action=create&kind=defect&project=pay").await;
    assert!(text(&why).contains("You may not create defects in Pay."), "{}", text(&why));
    let quality = viewer.get("/quality").await;
    assert!(quality.status == StatusCode::FORBIDDEN && quality.body.contains("Why?"));
    viewer.csrf = "forged".into();
    let forged = viewer.post("/p/pay/defects", &[("title", "x")]).await;
    assert!(
        forged.status == StatusCode::FORBIDDEN && !forged.body.contains("Why?"),
        "a forged form is no question of rights"
    );
}

#[tokio::test]
async fn who_asks_waits_for_somebody_else_and_holds_it_when_they_said_yes() {
    let (world, mut owner) = world().await;
    world
        .sql(
            "do $$ declare w uuid; begin
               insert into authz.approval_workflows (name, subject_kind) values ('Four eyes', 'permission_grant') returning id into w;
               insert into authz.approval_workflow_steps (workflow_id, step_number, name, approver_role_id)
                 select w, 1, 'Review', r.id from authz.roles r where r.name = 'owner';
               update authz.permissions set requires_approval = true, approval_workflow_id = w where name = 'deployment:update';
             end $$",
        )
        .await;
    let mut developer = world.signed_in("dev@example.test").await;
    let page = developer.get("/approvals").await;
    assert!(page.body.contains("value=\"deployment:update\""), "{}", text(&page));
    let needs = developer.get("/access?action=update&kind=deployment").await;
    assert!(text(&needs).contains("has to be approved first"), "{}", text(&needs));
    developer.get("/approvals").await;
    let odd = developer.post("/approvals", &[("permission", "deployment:update"), ("hours", "9999")]).await;
    assert_eq!(odd.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(odd.body.contains("id=\"ask-hours-error\"") && odd.body.contains("value=\"9999\""), "{}", text(&odd));
    let asked = developer.post("/approvals", &[("permission", "deployment:update"), ("hours", "4")]).await;
    assert_eq!(asked.status, StatusCode::SEE_OTHER, "{}", text(&asked));
    let own = developer.get("/approvals").await;
    assert!(
        text(&own).contains("You asked 1") && text(&own).contains("waits for Owner; 0 of 1 said yes"),
        "{}",
        text(&own)
    );
    assert!(!own.body.contains("/decide\""), "nobody decides on their own request");
    let request = one(&world, "select id::text from authz.approval_requests").await;
    let decide = format!("/approvals/{request}/decide");
    let own = developer.post(&decide, &[("decision", "approved")]).await;
    assert!(own.status.is_client_error(), "{}", own.status);

    let inbox = owner.get("/approvals").await;
    assert!(text(&inbox).contains("Waits for you 1") && text(&inbox).contains("for 4 hours"), "{}", text(&inbox));
    let said = owner.post(&decide, &[("decision", "approved"), ("comment", "until tonight")]).await;
    assert_eq!((said.status, said.location()), (StatusCode::SEE_OTHER, "/approvals"), "{}", text(&said));
    let after = developer.get("/approvals").await;
    assert!(text(&after).contains("Olga Owner said yes “until tonight”"), "{}", text(&after));
    let may = developer.get("/access?action=update&kind=deployment").await;
    assert!(text(&may).contains("You may update deployments everywhere in the organisation."), "{}", text(&may));
    let grants = owner.get("/grants?how=approved").await;
    assert!(text(&grants).contains("Asked for and approved by Olga Owner"), "{}", text(&grants));

    let asked = developer.post("/approvals", &[("permission", "deployment:update"), ("hours", "1")]).await;
    assert_eq!(asked.status, StatusCode::SEE_OTHER, "{}", text(&asked));
    let request = one(&world, "select id::text from authz.approval_requests where status = 'pending'").await;
    let back = developer.post(&format!("/approvals/{request}/cancel"), &[]).await;
    assert_eq!(back.status, StatusCode::SEE_OTHER, "{}", text(&back));
    assert_eq!(world.number("select count(*) from authz.approval_requests where status = 'cancelled'").await, 1);
}

#[tokio::test]
async fn an_emergency_takes_a_reason_and_is_among_the_grants() {
    let (world, mut owner) = world().await;
    let mine = owner.get("/members/me").await;
    assert!(mine.body.contains("/members/emergency"), "{}", text(&mine));
    let short = owner
        .post("/members/emergency", &[("permission", "deployment:update"), ("minutes", "30"), ("reason", "down")])
        .await;
    assert_eq!(short.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(short.body.contains("id=\"emergency-reason-error\""), "{}", text(&short));
    let fields = [
        ("permission", "deployment:update"),
        ("minutes", "30"),
        ("reason", "Checkout is down and the rollback needs a yes"),
    ];
    let taken = owner.post("/members/emergency", &fields).await;
    assert_eq!(taken.status, StatusCode::SEE_OTHER, "{}", text(&taken));
    let grants = owner.get("/grants?how=emergency").await;
    assert!(text(&grants).contains("ends within the hour everywhere Emergency by themselves"), "{}", text(&grants));
    assert_eq!(world.number("select count(*) from authz.user_permissions where is_emergency").await, 1);
    let mut viewer = world.signed_in("view@example.test").await;
    assert!(!viewer.get("/members/me").await.body.contains("/members/emergency"));
}

/// Three members who may enter every project: one reads the defects that hurt much, one reads a single defect, one reads none.
async fn readers_of_some_defects(world: &World) {
    world
        .sql(
            "with made as (insert into work.requirements (project_id, title) select id, 'Refunds are idempotent' from work.projects returning id, project_id)
             insert into work.features (project_id, requirement_id, name) select project_id, id, 'Refunds' from made;
             insert into quality.defects (project_id, title, severity, feature_id)
             select f.project_id, x.title, x.severity, f.id
               from work.features f, (values ('Twice refunded', 'high'), ('Crooked icon', 'low'), ('Card data shown', 'critical')) x (title, severity);
             insert into authz.roles (name, display_name) values ('entrant', 'Entrant'), ('healer', 'Healer'), ('witness', 'Witness');
             insert into authz.permissions (name, display_name, resource_type_id, action, conditions)
             select 'some:defects', 'Some defects', resource_type_id, action, '{\"in\": [{\"var\": \"resource.severity\"}, [\"high\", \"critical\"]]}'
               from authz.permissions where name = 'defect:read';
             insert into authz.role_permissions (role_id, permission_id)
             select r.id, p.id from authz.roles r, authz.permissions p
              where (r.name in ('entrant', 'healer') and p.name = 'project:read') or (r.name = 'healer' and p.name = 'some:defects')
                 or (r.name = 'witness' and p.name = 'defect:read');
             insert into authz.resources (resource_type_id, name, entity_id)
             select k.id, 'The icon', d.id from authz.resource_types k, quality.defects d where k.name = 'defect' and d.title = 'Crooked icon'",
        )
        .await;
    world.invite("some@example.test", "healer").await;
    world.invite("single@example.test", "entrant").await;
    world.invite("none@example.test", "entrant").await;
    world
        .sql(
            "insert into authz.user_roles (user_id, role_id, resource_scope_id)
             select u.id, r.id, t.id from identity.users u, authz.roles r, authz.resources t
              where u.email = 'single@example.test' and r.name = 'witness' and t.name = 'The icon'",
        )
        .await;
}

#[tokio::test]
async fn the_pages_of_defects_show_those_that_their_reader_may_read_and_tell_of_no_other() {
    let (world, mut owner) = world().await;
    readers_of_some_defects(&world).await;
    let path = |title: &str| {
        let sql = format!("select '/p/pay/defects/' || key from quality.defects where title = '{title}'");
        let world = &world;
        async move { one(world, &sql).await }
    };
    let titles = ["Twice refunded", "Crooked icon", "Card data shown"];
    for (email, readable) in
        [("some@example.test", &["Twice refunded", "Card data shown"][..]), ("single@example.test", &["Crooked icon"])]
    {
        let mut reader = world.signed_in(email).await;
        let list = reader.get("/p/pay/defects").await;
        assert_eq!(list.status, StatusCode::OK, "{email}: {}", text(&list));
        let count = readable.len();
        let shown = text(&list);
        assert!(shown.contains(&format!("{count} defect")), "{email}: {shown}");
        assert!(!list.body.contains("REQ-1"), "{email} reads no requirement, and the list names one");
        for title in titles {
            let one = reader.get(&path(title).await).await;
            let may = readable.contains(&title);
            assert_eq!(list.body.contains(title), may, "{title} in the list of {email}");
            assert_eq!(one.status, if may { StatusCode::OK } else { StatusCode::NOT_FOUND }, "{title} for {email}");
            assert_eq!(one.body.contains(title), may, "{title} on its page for {email}");
            assert!(!one.body.contains("Refunds are idempotent"), "{email} reads no requirement: {}", text(&one));
        }
        assert!(
            list.body.contains(&format!("<span class=\"n\">{count}</span>")),
            "{email} is told of others by number"
        );
        assert!(!list.body.contains("<span class=\"n\">3</span>"), "{email} is told of all by number");
        let home = text(&reader.get("/").await);
        assert!(home.contains(&format!("Open defects {count}")) && home.contains("Proven 0 of 0"), "{email}: {home}");
        let narrowed = reader.get("/p/pay/defects?q=refunded").await;
        assert_eq!(narrowed.body.contains("Twice refunded"), readable.contains(&"Twice refunded"), "{email}");
    }
    let mut stranger = world.signed_in("none@example.test").await;
    assert_eq!(stranger.get("/p/pay/defects").await.status, StatusCode::FORBIDDEN);
    for title in titles {
        let page = stranger.get(&path(title).await).await;
        assert!(page.status != StatusCode::OK && !page.body.contains(title), "{title} for who reads none");
    }
    let list = owner.get("/p/pay/defects").await;
    assert!(titles.iter().all(|title| list.body.contains(title)) && list.body.contains("REQ-1"), "{}", text(&list));
}

#[tokio::test]
async fn the_page_of_deployments_shows_those_that_their_reader_may_read_and_names_no_build_besides() {
    let (world, mut owner) = world().await;
    world
        .sql(
            "update delivery.environments set is_protected = false;
             with made as (insert into delivery.builds (project_id, build_number, status) select id, 4711, 'success' from work.projects returning id, project_id)
             insert into delivery.deployments (project_id, build_id, environment_id, version, status, deployed_at)
             select m.project_id, m.id, e.id, 'v-' || e.tier, 'success', now()
               from made m, delivery.environments e where e.tier in ('staging', 'production');
             insert into authz.roles (name, display_name) values ('entrant', 'Entrant'), ('operator', 'Operator');
             insert into authz.permissions (name, display_name, resource_type_id, action, conditions)
             select 'some:deployments', 'Some deployments', resource_type_id, action, '{\"==\": [{\"var\": \"resource.version\"}, \"v-staging\"]}'
               from authz.permissions where name = 'deployment:read';
             insert into authz.role_permissions (role_id, permission_id)
             select r.id, p.id from authz.roles r, authz.permissions p
              where (r.name in ('entrant', 'operator') and p.name = 'project:read') or (r.name = 'operator' and p.name = 'some:deployments')",
        )
        .await;
    world.invite("some@example.test", "operator").await;
    world.invite("none@example.test", "entrant").await;
    let page = world.signed_in("some@example.test").await.get("/p/pay/deployments").await;
    assert_eq!(page.status, StatusCode::OK, "{}", text(&page));
    assert!(page.body.contains("v-staging") && !page.body.contains("v-production"), "{}", text(&page));
    assert!(!page.body.contains("4711"), "no build is theirs to read: {}", text(&page));
    let refused = world.signed_in("none@example.test").await.get("/p/pay/deployments").await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let all = owner.get("/p/pay/deployments").await;
    assert!(["v-staging", "v-production", "4711"].iter().all(|one| all.body.contains(one)), "{}", text(&all));
}
