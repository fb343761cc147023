//! The evidence kept beside each requirement says what links, tests and criteria say, whatever happened in whatever order.

use std::collections::{BTreeMap, BTreeSet};

use kernel::{Ctx, Tx};
use uuid::Uuid;
use work::{Order, Wanted};

use crate::world;

/// Criteria, proven, tests, passed, failed, errors, skipped.
type Figures = [i64; 7];

async fn ids(tx: &Tx, sql: &str) -> Vec<Uuid> {
    tx.query(sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

/// The same figures from the rows themselves, counted one by one.
async fn counted(tx: &Tx) -> BTreeMap<Uuid, Figures> {
    let mut tests = BTreeMap::new();
    let mut reached: BTreeMap<Uuid, BTreeSet<Uuid>> = BTreeMap::new();
    let mut features = BTreeMap::new();
    for row in tx.query("select id, requirement_id from work.features where deleted_at is null", &[]).await.unwrap() {
        features.insert(row.get::<_, Uuid>(0), row.get::<_, Uuid>(1));
    }
    let active =
        "select id, feature_id, last_run_status from quality.test_cases where status = 'active' and deleted_at is null";
    for row in tx.query(active, &[]).await.unwrap() {
        let (id, feature): (Uuid, Option<Uuid>) = (row.get(0), row.get(1));
        tests.insert(id, row.get::<_, Option<String>>(2).unwrap_or_default());
        if let Some(requirement) = feature.and_then(|feature| features.get(&feature)) {
            reached.entry(*requirement).or_default().insert(id);
        }
    }
    let mut proofs: BTreeMap<Uuid, Vec<String>> = BTreeMap::new();
    let links = "select source_id, target_id, criterion_id from work.trace_links where link_type = 'verifies'";
    for row in tx.query(links, &[]).await.unwrap() {
        let (test, target, criterion): (Uuid, Uuid, Option<Uuid>) = (row.get(0), row.get(1), row.get(2));
        let Some(outcome) = tests.get(&test) else { continue };
        let gone = features.get(&target).copied();
        reached.entry(gone.unwrap_or(target)).or_default().insert(test);
        if let Some(criterion) = criterion {
            proofs.entry(criterion).or_default().push(outcome.clone());
        }
    }
    let mut all = BTreeMap::new();
    for id in ids(tx, "select id from work.requirements").await {
        let outcomes: Vec<&str> = reached.get(&id).into_iter().flatten().map(|test| tests[test].as_str()).collect();
        let number = |word: &str| outcomes.iter().filter(|outcome| **outcome == word).count() as i64;
        let total = outcomes.len() as i64;
        all.insert(id, [0, 0, total, number("passed"), number("failed"), number("error"), number("skipped")]);
    }
    let criteria = "select id, requirement_id from work.requirement_items where item_kind = 'acceptance_criterion'";
    for row in tx.query(criteria, &[]).await.unwrap() {
        let figures = all.get_mut(&row.get::<_, Uuid>(1)).unwrap();
        let outcomes = proofs.remove(&row.get::<_, Uuid>(0)).unwrap_or_default();
        let bad = outcomes.iter().any(|outcome| outcome == "failed" || outcome == "error");
        figures[0] += 1;
        figures[1] += i64::from(!bad && outcomes.iter().any(|outcome| outcome == "passed"));
    }
    all
}

async fn kept(tx: &Tx) -> BTreeMap<Uuid, Figures> {
    let sql = "select requirement_id, criteria, criteria_proven, tests, passed, failed, errors, skipped from work.requirement_evidence";
    let rows = tx.query(sql, &[]).await.unwrap();
    rows.iter().map(|row| (row.get(0), std::array::from_fn(|at| i64::from(row.get::<_, i32>(at + 1))))).collect()
}

/// Does one thing to a record chosen by `dice`, and says what.
async fn step(tx: &Tx, kind: u64, dice: u64) -> String {
    const STATUSES: [&str; 4] = ["passed", "passed", "failed", "skipped"];
    let status = STATUSES[(dice % 4) as usize];
    let nth = i64::try_from(dice % 1000).unwrap();
    let any = |table: &str| {
        format!(
            "(select id from {table} order by id offset {nth} % greatest(1, (select count(*) from {table})) limit 1)"
        )
    };
    let (test, requirement, feature) = (any("quality.test_cases"), any("work.requirements"), any("work.features"));
    let project = "(select id from work.projects limit 1)";
    let sql = match kind {
        0 => format!("insert into quality.test_results (project_id, test_case_id, status) select {project}, {test}, '{status}'"),
        1 => format!(
            "insert into quality.test_results (project_id, test_case_id, status) \
             select project_id, id, '{status}' from quality.test_cases where id >= {test} limit 3"
        ),
        2 => format!(
            "insert into work.trace_links (project_id, source_id, target_id, link_type) \
             select {project}, {test}, {requirement}, 'verifies' on conflict do nothing"
        ),
        3 => format!(
            "insert into work.trace_links (project_id, source_id, target_id, link_type, criterion_id) \
             select i.project_id, {test}, i.requirement_id, 'verifies', i.id from work.requirement_items i \
              where i.requirement_id = {requirement} order by i.id limit 2 on conflict do nothing"
        ),
        4 => format!(
            "insert into work.trace_links (project_id, source_id, target_id, link_type) \
             select {project}, {test}, {feature}, 'verifies' on conflict do nothing"
        ),
        5 => "delete from work.trace_links where id in (select id from work.trace_links order by md5(id::text) limit 1)".to_owned(),
        6 => format!("update quality.test_cases set status = case when status = 'active' then 'disabled' else 'active' end where id = {test}"),
        7 => format!("update quality.test_cases set deleted_at = case when deleted_at is null then now() end where id = {test}"),
        8 => format!("update quality.test_cases set feature_id = {feature} where id = {test}"),
        9 => format!("update work.features set requirement_id = {requirement} where id = {feature}"),
        10 => format!("update work.features set deleted_at = case when deleted_at is null then now() end where id = {feature}"),
        11 => format!(
            "insert into work.requirement_items (project_id, requirement_id, item_kind, position, body) \
             select project_id, id, 'acceptance_criterion', 1 + coalesce((select max(position) from work.requirement_items where requirement_id = r.id), 0), 'It holds.' \
               from work.requirements r where id = {requirement}"
        ),
        12 => "delete from work.requirement_items where id in (select id from work.requirement_items order by md5(id::text) limit 1)".to_owned(),
        _ => "update quality.test_cases set feature_id = null where feature_id is not null".to_owned(),
    };
    tx.execute(&sql, &[]).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    sql
}

async fn scene(ctx: &Ctx) -> Uuid {
    let tx = ctx.begin().await.unwrap();
    let project: Uuid = tx
        .query_one("insert into work.projects (name, slug) values ('Pay', 'pay') returning id", &[])
        .await
        .unwrap()
        .get(0);
    for (table, column, count) in [("work.requirements", "title", 5), ("quality.test_cases", "name", 12)] {
        let sql = format!(
            "insert into {table} (project_id, {column}) select $1, 'No. ' || n from generate_series(1, {count}) n"
        );
        tx.execute(&sql, &[&project]).await.unwrap();
    }
    let features = "insert into work.features (project_id, requirement_id, name) select project_id, id, title from work.requirements where number < 4";
    tx.execute(features, &[]).await.unwrap();
    tx.commit().await.unwrap();
    project
}

#[tokio::test]
async fn what_is_kept_is_what_one_would_count() {
    let world = world().await;
    let ctx = world.home.ctx(&world.kernel);
    scene(&ctx).await;
    let mut seed: u64 = 20_26;
    let mut changed = BTreeSet::new();
    for round in 0..160 {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let tx = ctx.begin().await.unwrap();
        let said = step(&tx, (seed >> 33) % 14, seed >> 40).await;
        let (kept, counted) = (kept(&tx).await, counted(&tx).await);
        assert_eq!(kept, counted, "after step {round}: {said}");
        changed.extend(kept.into_values());
        tx.commit().await.unwrap();
    }
    assert!(changed.len() > 15, "only {} different figures were seen; the test would prove little", changed.len());
}

/// Two imports that reach the same requirement: whoever comes second waits for the first and counts it in.
#[tokio::test]
async fn results_that_come_in_side_by_side_are_all_counted() {
    let world = world().await;
    let ctx = world.home.ctx(&world.kernel);
    let project = scene(&ctx).await;
    let tx = ctx.begin().await.unwrap();
    let requirement = ids(&tx, "select id from work.requirements where number = 1").await[0];
    let tests = ids(&tx, "select id from quality.test_cases order by id limit 2").await;
    let link =
        "insert into work.trace_links (project_id, source_id, target_id, link_type) values ($1, $2, $3, 'verifies')";
    for test in &tests {
        tx.execute(link, &[&project, test, &requirement]).await.unwrap();
    }
    tx.commit().await.unwrap();

    const PASSED: &str =
        "insert into quality.test_results (project_id, test_case_id, status) values ($1, $2, 'passed')";
    let first = ctx.begin().await.unwrap();
    first.execute(PASSED, &[&project, &tests[0]]).await.unwrap();
    let (other, test) = (ctx.clone(), tests[1]);
    let second = tokio::spawn(async move {
        let tx = other.begin().await.unwrap();
        tx.execute(PASSED, &[&project, &test]).await.unwrap();
        tx.commit().await.unwrap();
    });
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    assert!(!second.is_finished(), "the second did not wait for the first");
    first.commit().await.unwrap();
    second.await.unwrap();
    let tx = ctx.begin_read().await.unwrap();
    assert_eq!(kept(&tx).await[&requirement], [0, 0, 2, 2, 0, 0, 0]);
    tx.commit().await.unwrap();
}

/// Proves REQ-35.3.
#[tokio::test]
async fn a_list_in_any_order_gives_every_requirement_once() {
    let world = world().await;
    let ctx = world.home.ctx(&world.kernel);
    scene(&ctx).await;
    let tx = ctx.begin().await.unwrap();
    for dice in 0..12 {
        step(&tx, 2, dice * 7).await;
        step(&tx, 0, dice * 5).await;
    }
    tx.commit().await.unwrap();
    let project = work::project(&ctx, "pay").await.unwrap();
    for order in [
        Order::Number,
        Order::NumberFalling,
        Order::Standing,
        Order::StandingFalling,
        Order::Priority,
        Order::PriorityFalling,
        Order::Updated,
        Order::UpdatedFalling,
    ] {
        let wanted = Wanted { order, ..Wanted::default() };
        let tx = ctx.begin_read().await.unwrap();
        let whole = work::listed::<kernel::Read>(&ctx, &tx, &project, &wanted, "", 100).await.unwrap();
        let whole: Vec<String> = whole.proofs.into_iter().map(|proof| proof.key).collect();
        assert_eq!(whole.len(), 5);
        let (mut paged, mut after) = (Vec::new(), String::new());
        loop {
            let page = work::listed::<kernel::Read>(&ctx, &tx, &project, &wanted, &after, 2).await.unwrap();
            assert_eq!((page.fitting, page.tally.all()), (5, 5));
            paged.extend(page.proofs.into_iter().map(|proof| proof.key));
            let Some(next) = page.next else { break };
            after = next;
        }
        tx.commit().await.unwrap();
        assert_eq!(paged, whole, "{order:?}");
    }
}
