//! The quality of the data: each kind of fault is planted, and the metric it belongs to must name it.

use std::collections::BTreeMap;

use insight::quality::{self, Measured, Metric};
use testkit::World;

use crate::world;

/// A project with one of most things, all of them as they should be.
async fn scene(world: &World) -> String {
    let project = world.example(&world.home, "projects", 0).await.unwrap();
    for resource in ["requirements", "test-cases", "tasks", "builds", "deployments"] {
        world.example(&world.home, resource, 0).await.unwrap();
    }
    as_nobody(
        world,
        &format!(
            "update work.requirements set description = 'What it is for';
             update work.tasks set description = 'What to do';
             update delivery.deployments set version = '1.4.2';
             insert into quality.test_results (project_id, test_case_id, build_id, status, duration_ms)
               select '{project}', c.id, b.id, 'passed', 12 from quality.test_cases c, delivery.builds b"
        ),
    )
    .await;
    project
}

/// Runs statements in the home organisation as a role that nothing binds. Triggers run.
async fn as_nobody(world: &World, sql: &str) {
    let client = world.superuser().await.unwrap();
    let begin = format!(
        "begin; set local app.current_organization_id = '{}'; set local app.project_access = 'all';",
        world.home.id
    );
    client.batch_execute(&format!("{begin} {sql}; commit")).await.unwrap();
}

/// Breaks something behind the back of every trigger and foreign key.
async fn plant(world: &World, sql: &str) {
    as_nobody(world, &format!("set local session_replication_role = replica; {sql}")).await;
}

async fn measured(world: &World) -> Vec<Measured> {
    quality::measure(&world.home.ctx(&world.kernel)).await.unwrap()
}

/// What is wrong, as metric and check, with how many.
async fn faults(world: &World) -> BTreeMap<(&'static str, String), i64> {
    measured(world)
        .await
        .into_iter()
        .flat_map(|one| one.findings.into_iter().map(move |finding| ((one.metric, finding.check), finding.bad)))
        .collect()
}

/// Proves REQ-52.1, REQ-52.4.
#[tokio::test]
async fn each_kind_of_fault_is_named_by_its_metric() {
    let world = world().await;
    scene(&world).await;
    let before = faults(&world).await;
    let wrong: Vec<_> = before.keys().filter(|(metric, _)| *metric != Metric::Completeness.name()).collect();
    assert!(wrong.is_empty(), "the scene itself is at fault: {before:?}");

    let nowhere = "'01900000-0000-7000-8000-00000000dead'";
    let member = world.home.owner.user_id;
    let cases: &[(Metric, &str, String)] = &[
        (
            Metric::Completeness,
            "fields of requirements that are empty, of description, priority_code, project_id, title",
            "update work.requirements set description = '  '".into(),
        ),
        (
            Metric::Accuracy,
            "counts of a test case differ from its results",
            "update quality.test_cases set run_count = run_count + 5".into(),
        ),
        (
            Metric::Accuracy,
            "counts of a build differ from its results",
            "update delivery.builds set tests_run = tests_run + 1, tests_failed = tests_failed + 1".into(),
        ),
        (
            Metric::Accuracy,
            "version of deployments is no version",
            "update delivery.deployments set version = 'the new one'".into(),
        ),
        (
            Metric::Accuracy,
            "last_run_at of test cases lies in the future",
            "update quality.test_cases set last_run_at = now() + interval '1 day'".into(),
        ),
        (
            Metric::Consistency,
            "the time a task says was spent differs from its entries",
            "update work.tasks set logged_minutes = 99".into(),
        ),
        (
            Metric::Consistency,
            "results by day differ from the results",
            "update analytics.rollup_results_daily set passed = passed + 1".into(),
        ),
        (
            Metric::Consistency,
            "the evidence kept for a requirement differs from a recount",
            "update work.requirement_evidence set tests = 7, passed = 7".into(),
        ),
        (
            Metric::Consistency,
            "requirements that the registry does not know as they are",
            "delete from platform.entities where entity_type = 'requirement'".into(),
        ),
        (
            Metric::Consistency,
            "requirements in the registry that are gone",
            format!("insert into platform.entities (id, entity_type, title) values ({nowhere}, 'requirement', 'Gone')"),
        ),
        (
            Metric::Consistency,
            "entity_id of platform.notifications leads nowhere",
            format!(
                "insert into platform.notifications (recipient_user_id, notification_type, title, entity_type, entity_id)
                 values ('{member}', 'a', 'Look', 'requirement', platform.uuid_v7())"
            ),
        ),
        (
            Metric::Timeliness,
            "active tests that have not run for 30 days",
            "update quality.test_cases set last_run_at = now() - interval '31 days'".into(),
        ),
        (
            Metric::Timeliness,
            "requirements in progress unchanged for 60 days",
            "update work.requirements set status = 'in_progress', updated_at = now() - interval '61 days';
             update work.requirement_evidence set changed_at = now() - interval '61 days'"
                .into(),
        ),
        (
            Metric::Timeliness,
            "imports that have waited or run for more than an hour",
            "insert into platform.imports (project_id, file_name, created_at)
               select id, 'report.xml', now() - interval '2 hours' from work.projects limit 1"
                .into(),
        ),
    ];
    for (metric, check, sql) in cases {
        plant(&world, sql).await;
        let found = faults(&world).await;
        assert!(found.contains_key(&(metric.name(), (*check).to_owned())), "nobody notices “{check}”: {found:?}");
    }
    for one in measured(&world).await {
        assert!(one.bad > 0 && one.percent < 100.0, "{} sees none of these faults", one.metric);
        assert!(!one.is_met || one.metric != Metric::Consistency.name(), "a contradiction is one too many");
        assert!(one.findings.iter().all(|finding| !finding.first.is_empty() && !finding.advice.is_empty()));
    }
}

/// Whoever measures leaves everything as it was, faults included.
#[tokio::test]
async fn measuring_changes_nothing() {
    let world = world().await;
    scene(&world).await;
    plant(&world, "update work.requirement_evidence set tests = 7, passed = 7").await;
    let check = (Metric::Consistency.name(), "the evidence kept for a requirement differs from a recount".to_owned());
    for _ in 0..2 {
        assert!(faults(&world).await.contains_key(&check));
    }
    as_nobody(&world, "select work.refresh_evidence(array(select id from work.requirements))").await;
    assert!(!faults(&world).await.contains_key(&check));
}

/// Every organisation has its own measurements, which tell of nobody's records.
#[tokio::test]
async fn what_is_kept_tells_how_many_and_not_which() {
    let world = world().await;
    scene(&world).await;
    plant(&world, "update work.tasks set logged_minutes = 99").await;
    let ctx = world.home.ctx(&world.kernel);
    let found = measured(&world).await;
    quality::store(&ctx, &found).await.unwrap();
    let tx = ctx.begin_read().await.unwrap();
    let latest = quality::latest(&tx, Metric::Consistency).await.unwrap();
    let (percent, _) = latest.value.unwrap();
    assert!(percent < 100.0 && latest.bad > 0 && latest.checked > latest.bad, "{latest:?}");
    assert_eq!(latest.worst[0].resource, "tasks");
    assert_eq!(quality::history(&tx, Metric::Consistency).await.unwrap().len(), 1);
    let labels: String =
        tx.query_one("select string_agg(labels::text, ' ') from platform.metric_samples", &[]).await.unwrap().get(0);
    assert!(!labels.contains("TASK-"), "{labels}");
    tx.commit().await.unwrap();
    let elsewhere = world.abroad.ctx(&world.kernel).begin_read().await.unwrap();
    assert!(quality::latest(&elsewhere, Metric::Consistency).await.unwrap().value.is_none());
    elsewhere.commit().await.unwrap();
}
