//! What was agreed stays as it was agreed, can be compared with what is there now, and counts once somebody else has approved it.

use serde_json::{Value, json};
use testkit::{Person, World};
use uuid::Uuid;

use crate::{refused, rows, world};

/// A project with two requirements, of which the first has two criteria, a test and two links to it.
struct Scene {
    project: Uuid,
    first: Uuid,
    second: Uuid,
    criterion: Uuid,
    test: Uuid,
}

async fn one(world: &World, sql: &str, params: &[&(dyn tokio_postgres::types::ToSql + Sync)]) -> Uuid {
    let tx = world.home.ctx(&world.kernel).begin().await.unwrap();
    let id = tx.query_one(sql, params).await.unwrap().get(0);
    tx.commit().await.unwrap();
    id
}

async fn set(world: &World, sql: &str, id: Uuid) {
    let tx = world.home.ctx(&world.kernel).begin().await.unwrap();
    assert_eq!(tx.execute(sql, &[&id]).await.unwrap(), 1, "{sql}");
    tx.commit().await.unwrap();
}

const LINK: &str = "insert into work.trace_links (project_id, source_id, target_id, link_type, criterion_id) values ($1, $2, $3, 'verifies', $4) returning id";

async fn scene(world: &World) -> Scene {
    let project = one(world, "insert into work.projects (name, slug) values ('Pay', 'pay') returning id", &[]).await;
    let requirement =
        "insert into work.requirements (project_id, title, description) values ($1, $2, 'By card.') returning id";
    let first = one(world, requirement, &[&project, &"Pay"]).await;
    let second = one(world, requirement, &[&project, &"Refund"]).await;
    let criterion = "insert into work.requirement_items (project_id, requirement_id, item_kind, position, body)
                     values ($1, $2, 'acceptance_criterion', $3, $4) returning id";
    let made = one(world, criterion, &[&project, &first, &1_i32, &"It pays."]).await;
    one(world, criterion, &[&project, &first, &2_i32, &"It pays once."]).await;
    let test =
        one(world, "insert into quality.test_cases (project_id, name) values ($1, 'pays') returning id", &[&project])
            .await;
    one(world, LINK, &[&project, &test, &first, &None::<Uuid>]).await;
    one(world, LINK, &[&project, &test, &first, &Some(made)]).await;
    Scene { project, first, second, criterion: made, test }
}

async fn take(world: &World, by: &Person, project: Uuid, name: &str) -> String {
    let body = json!({"project_id": project, "name": name});
    let made = world.post("/v1/baselines", &body).by(by).send().await.expect(201).json();
    made["id"].as_str().unwrap().to_owned()
}

async fn get(world: &World, path: &str) -> Value {
    world.get(path).by(&world.home.owner).send().await.expect(200).json()
}

/// Kind, change, label and the fields that differ of every difference.
fn told(comparison: &Value) -> Vec<(String, String, String, Vec<String>)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    rows(comparison)
        .iter()
        .map(|one| {
            let fields = one["fields"].as_array().unwrap().iter().map(|field| text(&field["field"])).collect();
            (text(&one["kind"]), text(&one["change"]), text(&one["label"]), fields)
        })
        .collect()
}

/// Proves REQ-58.2.
#[tokio::test]
async fn a_comparison_names_exactly_what_was_added_removed_and_changed() {
    let world = world().await;
    let made = scene(&world).await;
    let earlier = take(&world, &world.home.owner, made.project, "Release 1").await;
    let same = get(&world, &format!("/v1/baselines/{earlier}/comparison")).await;
    assert_eq!((told(&same).len(), &same["added"], &same["with"]), (0, &json!(0), &json!(null)), "{same}");

    // What nobody agreed on may change: a result, a place in the backlog, a version of the row, a link that is suspect.
    set(&world, "update work.requirements set priority_order = 7 where id = $1", made.first).await;
    set(&world, "insert into quality.test_results (project_id, test_case_id, status) select project_id, id, 'failed' from quality.test_cases where id = $1", made.test).await;
    assert_eq!(told(&get(&world, &format!("/v1/baselines/{earlier}/comparison")).await).len(), 0);

    set(&world, "update work.requirements set title = 'Pay at once', description = null where id = $1", made.first)
        .await;
    set(&world, "update work.requirements set deleted_at = now() where id = $1", made.second).await;
    set(&world, "update work.requirement_items set body = 'It pays now.' where id = $1", made.criterion).await;
    set(&world, "delete from work.trace_links where criterion_id = $1", made.criterion).await;
    // The same link again is no other link.
    set(&world, "delete from work.trace_links where source_id = $1", made.test).await;
    one(&world, LINK, &[&made.project, &made.test, &made.first, &None::<Uuid>]).await;
    let third = "insert into work.requirements (project_id, title) values ($1, 'Cancel') returning id";
    let third = one(&world, third, &[&made.project]).await;
    one(&world, LINK, &[&made.project, &made.test, &third, &None::<Uuid>]).await;

    let expected = |list: &[(&str, &str, &str, &[&str])]| -> Vec<_> {
        let fields = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        list.iter().map(|(a, b, c, names)| ((*a).to_owned(), (*b).to_owned(), (*c).to_owned(), fields(names))).collect()
    };
    let now = get(&world, &format!("/v1/baselines/{earlier}/comparison")).await;
    let mut differences = told(&now);
    differences.sort();
    let mut all = expected(&[
        ("requirement", "changed", "REQ-1", &["description", "title"]),
        ("requirement", "removed", "REQ-2", &["description", "key", "priority_code", "status", "title"]),
        ("requirement", "added", "REQ-3", &["key", "priority_code", "status", "title"]),
        ("acceptance_criterion", "changed", "REQ-1 criterion 1", &["body"]),
        (
            "trace_link",
            "removed",
            "TC-1 verifies REQ-1 (one criterion)",
            &["criterion_id", "link_type", "source_id", "target_id"],
        ),
        ("trace_link", "added", "TC-1 verifies REQ-3", &["link_type", "source_id", "target_id"]),
    ]);
    all.sort();
    assert_eq!(differences, all, "{now}");
    assert_eq!((&now["added"], &now["removed"], &now["changed"]), (&json!(2), &json!(2), &json!(2)));
    let changed = rows(&now).iter().find(|one| one["label"] == "REQ-1").unwrap();
    assert_eq!(changed["fields"][0], json!({"field": "description", "before": "By card.", "after": null}));
    assert_eq!(changed["fields"][1], json!({"field": "title", "before": "Pay", "after": "Pay at once"}));

    // Another baseline says the same as what was there when it was taken, whatever comes later, and backwards it is the other way round.
    let later = take(&world, &world.home.owner, made.project, "Release 2").await;
    set(&world, "update work.requirements set title = 'Pay tomorrow' where id = $1", made.first).await;
    let two = get(&world, &format!("/v1/baselines/{earlier}/comparison?with={later}")).await;
    let mut differences = told(&two);
    differences.sort();
    assert_eq!((differences, &two["with"]["name"]), (all, &json!("Release 2")));
    let back = get(&world, &format!("/v1/baselines/{later}/comparison?with={earlier}")).await;
    assert_eq!((&back["added"], &back["removed"], &back["changed"]), (&json!(2), &json!(2), &json!(2)));

    // Page by page it is the same list.
    let (mut paged, mut cursor) = (Vec::new(), String::new());
    for _ in 0..6 {
        let part = get(&world, &format!("/v1/baselines/{earlier}/comparison?with={later}&limit=1{cursor}")).await;
        paged.extend(told(&part));
        cursor = part["next_cursor"].as_str().map(|next| format!("&cursor={next}")).unwrap_or_default();
    }
    assert_eq!((paged, cursor.as_str()), (told(&two), ""));
}

/// Proves REQ-58.3.
#[tokio::test]
async fn a_record_can_be_read_as_it_was() {
    let world = world().await;
    let made = scene(&world).await;
    let id = take(&world, &world.home.owner, made.project, "Release 1").await;
    set(&world, "update work.requirements set title = 'Pay at once' where id = $1", made.first).await;
    set(&world, "update work.requirements set deleted_at = now() where id = $1", made.second).await;
    for name in [made.first.to_string(), "REQ-1".to_owned()] {
        let then = get(&world, &format!("/v1/baselines/{id}/records/{name}")).await;
        assert_eq!((&then["kind"], &then["content"]["title"]), (&json!("requirement"), &json!("Pay")), "{then}");
        assert_eq!(then["fingerprint"].as_str().map(str::len), Some(64));
    }
    let gone = get(&world, &format!("/v1/baselines/{id}/records/REQ-2")).await;
    assert_eq!(gone["content"]["title"], "Refund", "what is in the bin since then is there still");
    let all = get(&world, &format!("/v1/baselines/{id}/records")).await;
    let kinds: Vec<&str> = rows(&all).iter().map(|one| one["kind"].as_str().unwrap()).collect();
    let expected = [
        "requirement",
        "requirement",
        "acceptance_criterion",
        "acceptance_criterion",
        "test_case",
        "trace_link",
        "trace_link",
    ];
    assert_eq!(kinds, expected);
    let links = get(&world, &format!("/v1/baselines/{id}/records?kind=trace_link")).await;
    assert_eq!(rows(&links)[0]["label"], "TC-1 verifies REQ-1");
    let owner = &world.home.owner;
    world.get(format!("/v1/baselines/{id}/records/REQ-9")).by(owner).send().await.expect(404);
    world.get(format!("/v1/baselines/{id}/records?kind=build")).by(owner).send().await.expect(422);
    world.get(format!("/v1/baselines/{id}/records?cursor=x")).by(owner).send().await.expect(400);
    world.get(format!("/v1/baselines/{id}/records?limit=0")).by(owner).send().await.expect(400);
    world.get(format!("/v1/baselines/{id}/comparison?sort=id")).by(owner).send().await.expect(400);
}

/// Proves REQ-58.1.
#[tokio::test]
async fn nobody_changes_what_a_baseline_holds() {
    let world = world().await;
    let made = scene(&world).await;
    let id = take(&world, &world.home.owner, made.project, "Release 1").await;
    let path = format!("/v1/baselines/{id}");
    world.patch(&path, &json!({"name": "Another"})).by(&world.home.owner).send().await.expect(405);
    world.delete(&path).by(&world.home.owner).send().await.expect(405);

    // The serving role has no right to, whatever statement comes.
    let add = format!(
        "insert into work.baseline_items (project_id, baseline_id, kind, record_id, content, fingerprint)
         values ('{}', '{id}', 'requirement', platform.uuid_v7(), '{{}}', repeat('0', 64))",
        made.project
    );
    let ctx = world.home.ctx(&world.kernel);
    for sql in [
        "update work.baseline_items set content = '{}'",
        "delete from work.baseline_items",
        "truncate work.baseline_items",
        "update work.baselines set name = 'Another'",
        "update work.baselines set created_by = null",
        "delete from work.baselines",
    ] {
        let error = format!("{:?}", ctx.begin().await.unwrap().batch(sql).await.unwrap_err());
        assert!(error.contains("permission denied"), "{sql}: {error}");
    }
    assert!(refused(&world, &add).await.contains("nothing is added later"));
    let named = format!("update work.baselines set status = 'approved' where id = '{id}'");
    assert!(refused(&world, &named).await.contains("a decision has a time"), "{}", refused(&world, &named).await);

    // Nor may whoever owns the tables.
    let admin = world.superuser().await.unwrap();
    for (sql, says) in [
        ("update work.baseline_items set content = '{}'", "does not change"),
        ("delete from work.baseline_items", "never taken out"),
        (add.as_str(), "nothing is added later"),
        ("update work.baselines set name = 'Another'", "does not change"),
        ("delete from work.baselines", "kept as long as its project"),
    ] {
        let error = format!("{:?}", admin.batch_execute(sql).await.unwrap_err());
        assert!(error.contains(says), "{sql}: {error}");
    }
    // It goes with its project.
    let gone = "delete from work.requirements; delete from quality.test_results; delete from quality.test_cases; delete from work.projects where slug = 'pay'";
    admin.batch_execute(gone).await.unwrap();
    let left = admin.query_one("select count(*) from work.baseline_items", &[]).await.unwrap();
    assert_eq!(left.get::<_, i64>(0), 0);
}

/// Proves REQ-58.4.
#[tokio::test]
async fn somebody_else_decides_once_and_says_why() {
    let world = world().await;
    let made = scene(&world).await;
    let (owner, admin, why) = (&world.home.owner, &world.home.admin, json!({"reason": "It is what was signed."}));
    let id = take(&world, owner, made.project, "Release 1").await;
    let (path, approve) = (format!("/v1/baselines/{id}"), format!("/v1/baselines/{id}/approve"));
    let own = world.post(&approve, &why).by(owner).send().await.expect(403).json();
    assert!(own["detail"].as_str().unwrap().starts_with("Nobody decides about a baseline that they took"), "{own}");
    for wrong in [json!({}), json!({"reason": " "}), json!({"reason": "x".repeat(1001)}), json!({"reason": "a\u{0}"})] {
        world.post(&approve, &wrong).by(admin).send().await.expect(422);
    }
    world.post(&approve, &why).by(&world.home.developer).send().await.expect(403);
    let agent = world.home.agent(&world.kernel, admin).await.unwrap();
    world.post(&approve, &why).by(&agent).send().await.expect(403);
    assert_eq!(get(&world, &path).await["status"], "taken");

    world.post(&approve, &why).by(admin).send().await.expect(200);
    let kept = get(&world, &path).await;
    assert_eq!(
        (&kept["status"], &kept["decided_by"], &kept["decision_reason"]),
        (&json!("approved"), &json!(admin.user_id), &why["reason"])
    );
    for again in ["approve", "reject"] {
        world.post(format!("{path}/{again}"), &why).by(admin).send().await.expect(409);
    }
    let history = get(&world, &format!("{path}/history")).await;
    let approved = rows(&history).iter().find(|one| one["event"] == "baseline.approved").unwrap();
    assert_eq!(approved["reason"], why["reason"], "{history}");
    let other = take(&world, admin, made.project, "Release 2").await;
    world.post(format!("/v1/baselines/{other}/reject"), &why).by(owner).send().await.expect(200);
    assert_eq!(get(&world, &format!("/v1/baselines/{other}")).await["status"], "rejected");
    // Not even by hand does somebody approve what they took.
    let third = take(&world, owner, made.project, "Release 3").await;
    let forged = format!(
        "update work.baselines set status = 'approved', decided_at = now(), decided_by = created_by, decision_reason = 'x' where id = '{third}'"
    );
    assert!(refused(&world, &forged).await.contains("must not be who took it"));
}

#[tokio::test]
async fn a_baseline_is_for_those_who_may_read_it_and_what_it_holds() {
    let world = world().await;
    let made = scene(&world).await;
    let owner = &world.home.owner;
    let id = take(&world, owner, made.project, "Release 1").await;
    let body = json!({"project_id": made.project, "name": "Release 1"});
    world.post("/v1/baselines", &body).by(owner).send().await.expect(409);
    world.post("/v1/baselines", &body).by(&world.home.viewer).send().await.expect(403);
    world.post("/v1/baselines", &body).by(&world.abroad.owner).send().await.expect(422);
    for part in ["", "/comparison", "/records", "/records/REQ-1"] {
        let path = format!("/v1/baselines/{id}{part}");
        world.get(&path).send().await.expect(401);
        world.get(&path).by(&world.abroad.owner).send().await.expect(404);
        world.get(&path).by(&world.home.viewer).send().await.expect(200);
    }
    // The other side of a comparison has to be readable too, and of the same project.
    let elsewhere =
        one(&world, "insert into work.projects (name, slug) values ('Ship', 'ship') returning id", &[]).await;
    let ship = take(&world, owner, elsewhere, "Release 1").await;
    world.get(format!("/v1/baselines/{id}/comparison?with={ship}")).by(owner).send().await.expect(422);
    world.get(format!("/v1/baselines/{id}/comparison?with={}", Uuid::nil())).by(owner).send().await.expect(404);

    // Whoever may read baselines and no requirement sees none of them there.
    let reader = world.home.join(&world.kernel, "reader").await.unwrap();
    let tx = world.home.ctx(&world.kernel).begin().await.unwrap();
    tx.batch(&format!(
        "insert into authz.roles (name, display_name) values ('narrow', 'Narrow');
         insert into authz.role_permissions (role_id, permission_id)
         select r.id, p.id from authz.roles r, authz.permissions p
          where r.name = 'narrow' and p.name in ('project:read', 'baseline:read', 'test_case:read');
         insert into authz.user_roles (user_id, role_id) select '{}', id from authz.roles where name = 'narrow'",
        reader.user_id
    ))
    .await
    .unwrap();
    tx.commit().await.unwrap();
    world.authenticator.forget();
    let seen = world.get(format!("/v1/baselines/{id}/records")).by(&reader).send().await.expect(200).json();
    let kinds: Vec<&str> = rows(&seen).iter().map(|one| one["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["test_case"]);
    world.get(format!("/v1/baselines/{id}/records/REQ-1")).by(&reader).send().await.expect(404);
    set(&world, "update work.requirements set title = 'Pay at once' where id = $1", made.first).await;
    let seen = world.get(format!("/v1/baselines/{id}/comparison")).by(&reader).send().await.expect(200).json();
    assert_eq!((rows(&seen).len(), &seen["changed"]), (0, &json!(0)));
}
