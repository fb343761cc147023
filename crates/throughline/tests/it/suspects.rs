//! A link is doubted as soon as an end says something else than what was accepted, whatever door wrote it, and until somebody accepts it.

use kernel::Tx;
use serde_json::json;
use testkit::World;
use uuid::Uuid;

use crate::world;

/// Whether the source's, the target's and the criterion's fingerprint is kept, while the link is suspect; none of them when it is fine.
async fn differing(tx: &Tx, link: Uuid) -> Option<[bool; 3]> {
    let sql = "select suspect_since is not null, source_fingerprint is not null, target_fingerprint is not null, criterion_fingerprint is not null \
                 from work.trace_links where id = $1";
    let row = tx.query_one(sql, &[&link]).await.unwrap();
    row.get::<_, bool>(0).then(|| [row.get(1), row.get(2), row.get(3)])
}

async fn one(tx: &Tx, sql: &str, params: &[&(dyn tokio_postgres::types::ToSql + Sync)]) -> Uuid {
    tx.query_one(sql, params).await.unwrap().get(0)
}

struct Linked {
    project: Uuid,
    requirement: Uuid,
    criterion: Uuid,
    test: Uuid,
    whole: Uuid,
    part: Uuid,
}

async fn linked(tx: &Tx, slug: &str) -> Linked {
    let project = "insert into work.projects (name, slug) values ('Pay', $1) returning id";
    let project = one(tx, project, &[&slug]).await;
    let requirement =
        "insert into work.requirements (project_id, title, description) values ($1, 'Pay', 'By card.') returning id";
    let requirement = one(tx, requirement, &[&project]).await;
    let criterion = "insert into work.requirement_items (project_id, requirement_id, item_kind, position, body) \
                     values ($1, $2, 'acceptance_criterion', 1, 'It pays.') returning id";
    let criterion = one(tx, criterion, &[&project, &requirement]).await;
    let test = "insert into quality.test_cases (project_id, name) values ($1, 'pays') returning id";
    let test = one(tx, test, &[&project]).await;
    let link = "insert into work.trace_links (project_id, source_id, target_id, link_type, criterion_id) \
                values ($1, $2, $3, 'verifies', $4) returning id";
    let whole = one(tx, link, &[&project, &test, &requirement, &None::<Uuid>]).await;
    let part = one(tx, link, &[&project, &test, &requirement, &Some(criterion)]).await;
    Linked { project, requirement, criterion, test, whole, part }
}

/// Proves REQ-57.1.
#[tokio::test]
async fn a_link_is_suspect_while_an_end_says_something_else() {
    let world = world().await;
    let ctx = world.home.ctx(&world.kernel);
    let tx = ctx.begin().await.unwrap();
    let made = linked(&tx, "pay").await;
    let set = async |sql: &str, id: Uuid| assert_eq!(tx.execute(sql, &[&id]).await.unwrap(), 1, "{sql}");

    // What does not matter: a status, a priority, a result.
    set("update work.requirements set status = 'approved', priority_code = 'high' where id = $1", made.requirement)
        .await;
    let result = "insert into quality.test_results (project_id, test_case_id, status) values ($1, $2, 'failed')";
    tx.execute(result, &[&made.project, &made.test]).await.unwrap();
    set("update work.requirement_items set met_at = now() where id = $1", made.criterion).await;
    assert_eq!((differing(&tx, made.whole).await, differing(&tx, made.part).await), (None, None));

    // What does, and who says what was accepted once more is believed again.
    set("update work.requirements set title = 'Pay at once' where id = $1", made.requirement).await;
    assert_eq!(differing(&tx, made.whole).await, Some([false, true, false]));
    set("update quality.test_cases set expected_result = 'paid' where id = $1", made.test).await;
    assert_eq!(differing(&tx, made.part).await, Some([true, true, false]));
    set("update work.requirements set title = 'Pay', status = 'draft' where id = $1", made.requirement).await;
    assert_eq!(differing(&tx, made.whole).await, Some([true, false, false]));
    set("update quality.test_cases set expected_result = null where id = $1", made.test).await;
    assert_eq!((differing(&tx, made.whole).await, differing(&tx, made.part).await), (None, None));

    // A criterion concerns the links to it and those to the whole; put back, only the former are certain to be fine.
    set("update work.requirement_items set body = 'It pays twice.' where id = $1", made.criterion).await;
    assert_eq!(differing(&tx, made.part).await, Some([false, false, true]));
    assert_eq!(differing(&tx, made.whole).await, Some([false, false, true]));
    set("update work.requirement_items set body = 'It pays.' where id = $1", made.criterion).await;
    assert_eq!(differing(&tx, made.part).await, None);
    assert_eq!(differing(&tx, made.whole).await, Some([false, false, true]));
    tx.commit().await.unwrap();
}

/// A link that is suspect, by its identifier.
pub(crate) async fn something_to_accept(world: &World) -> String {
    let ctx = world.home.ctx(&world.kernel);
    let tx = ctx.begin().await.unwrap();
    let made = linked(&tx, &format!("pay-{}", ctx.new_id().simple())).await;
    tx.execute("update work.requirements set title = 'Pay at once' where id = $1", &[&made.requirement]).await.unwrap();
    tx.commit().await.unwrap();
    made.whole.to_string()
}

/// Proves REQ-57.2.
#[tokio::test]
async fn a_suspect_link_is_accepted_with_a_reason_by_whoever_may_change_links() {
    let world = world().await;
    let ctx = world.home.ctx(&world.kernel);
    let tx = ctx.begin().await.unwrap();
    let made = linked(&tx, "pay").await;
    tx.execute("update work.requirements set title = 'Pay at once' where id = $1", &[&made.requirement]).await.unwrap();
    tx.commit().await.unwrap();

    let path = format!("/v1/trace-links/{}", made.whole);
    let (accept, why) = (format!("{path}/accept"), json!({"reason": "The test pays at once already."}));
    world.post(&accept, &why).by(&world.home.viewer).send().await.expect(403);
    world.post(&accept, &why).by(&world.abroad.owner).send().await.expect(404);
    for wrong in [json!({}), json!({"reason": " "}), json!({"reason": "x".repeat(1001)}), json!({"reason": "a\u{0}"})] {
        world.post(&accept, &wrong).by(&world.home.owner).send().await.expect(422);
    }
    let tx = ctx.begin_read().await.unwrap();
    assert_eq!(differing(&tx, made.whole).await, Some([false, true, false]), "what was refused has left it suspect");
    tx.commit().await.unwrap();

    world.post(&accept, &why).by(&world.home.owner).send().await.expect(200);
    let link = world.get(&path).by(&world.home.owner).send().await.expect(200).json();
    assert_eq!(
        (&link["suspect_since"], &link["target_fingerprint"], &link["accepted_by"], &link["accepted_reason"]),
        (&json!(null), &json!(null), &json!(world.home.owner.user_id), &why["reason"])
    );
    world.post(&accept, &why).by(&world.home.owner).send().await.expect(409);
    let tx = ctx.begin().await.unwrap();
    assert_eq!(differing(&tx, made.part).await, Some([false, true, false]), "the other link was not looked at");
    tx.execute("update work.requirements set title = 'Pay' where id = $1", &[&made.requirement]).await.unwrap();
    assert_eq!(
        differing(&tx, made.whole).await,
        Some([false, true, false]),
        "what it said before was accepted no longer"
    );
    tx.commit().await.unwrap();
}
