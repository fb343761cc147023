//! What an import promises, seen through the operation and the worker.
#![allow(clippy::unwrap_used)]

mod common;

use std::{sync::Arc, time::Duration};

use common::{World, assert_adds_up};
use proptest::prelude::*;
use quality::{
    Imports,
    imports::{FileStatus, PrincipalOf},
};
use serde_json::json;

const REPORT: &str = r#"<testsuites tests="9"><testsuite name="billing.xml" timestamp="2025-05-06T07:08:09Z">
  <testcase classname="Billing" name="REQ-1.2 refuses a negative amount" time="0.5"/>
  <testcase classname="Billing" name="rounds[half up]" time="0.25"><failure message="1 is not 2">at line 1</failure></testcase>
  <testcase classname="Billing" name="rounds[half down]"><skipped/></testcase>
  <testcase classname="Billing" name="pays"><properties><property name="requirement" value="REQ-1, REQ-7"/></properties></testcase>
  <testcase classname="Billing" name="retries"><flakyFailure message="once">trace</flakyFailure></testcase>
</testsuite></testsuites>"#;

const REQUIREMENT: &str = "---\nkey: REQ-1\ntitle: Amounts are exact\nstatus: approved\npriority: high\nfeatures: [Money]\n---\n\
    Cents are never lost.\n\n## Acceptance criteria\n1. Halves are rounded to even.\n2. Negative amounts are refused.\n";

/// Proves REQ-26.1, REQ-26.2, REQ-26.4, REQ-28.7.
#[tokio::test]
async fn names_and_properties_link_results_to_requirements_and_criteria() {
    let world = World::new().await;
    // The report comes first in the request; requirements are imported before it all the same.
    let files = [("r.xml", REPORT.as_bytes()), ("REQ-1.md", REQUIREMENT.as_bytes())];
    let ended = world.import(&files, json!({"build": "1.0.0", "environment": "linux", "shard": "1/2"})).await;
    let summary = &ended[0].summary;
    assert_adds_up(summary);
    assert_eq!(summary.recognised["test_cases"], 5);
    assert_eq!((summary.created["test_cases"], summary.unchanged["test_cases"]), (4, 1), "parameters are one case");
    assert_eq!(summary.created["trace_links"], 2);
    assert!(summary.warnings.iter().any(|warning| warning.contains("REQ-7")), "{:?}", summary.warnings);
    assert!(summary.warnings.iter().any(|warning| warning.contains("declares 9 tests")), "{:?}", summary.warnings);

    let tx = world.ctx.begin_read().await.unwrap();
    let links = tx
        .query(
            "select c.name, r.key, i.position, l.origin, l.link_type from work.trace_links l
             join quality.test_cases c on c.id = l.source_id join work.requirements r on r.id = l.target_id
             left join work.requirement_items i on i.id = l.criterion_id order by 1",
            &[],
        )
        .await
        .unwrap();
    let found: Vec<(String, String, Option<i32>)> =
        links.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect();
    assert_eq!(
        found,
        [
            ("Billing › REQ-1.2 refuses a negative amount".to_owned(), "REQ-1".to_owned(), Some(2)),
            ("Billing › pays".to_owned(), "REQ-1".to_owned(), None),
        ]
    );
    let run = tx
        .query_one("select environment, shard, declared_counts ->> 'root', name from quality.test_runs", &[])
        .await
        .unwrap();
    assert_eq!((run.get(0), run.get(1), run.get(2)), ("linux", "1/2", r#"{"tests": 9}"#));
    let flaky = tx
        .query_one(
            "select r.attempts, r.properties -> 'attempts' -> 0 ->> 'message' from quality.test_results r where r.attempts > 1",
            &[],
        )
        .await
        .unwrap();
    assert_eq!((flaky.get(0), flaky.get(1)), (2, "once"));
    tx.commit().await.unwrap();
    assert_eq!(world.count("select count(*) from audit.audit_logs where event_type = 'import.completed'").await, 2);
    assert_eq!(world.count("select count(*) from audit.audit_logs where event_type = 'import.created'").await, 1);
    assert_eq!(world.count("select tests_run::bigint from delivery.builds where version_tag = '1.0.0'").await, 4);
}

/// Proves REQ-27.1.
#[tokio::test]
async fn a_test_case_survives_renamed_files_and_reordered_suites() {
    let world = World::new().await;
    world.import_one("a.xml", REPORT).await;
    let renamed = REPORT.replace("billing.xml", "other-name.xml").replace("9", "5");
    let ended = world.import_one("b.xml", &renamed).await;
    assert_eq!(ended.summary.status, FileStatus::Imported);
    assert_eq!(ended.summary.unchanged["test_cases"], 5);
    assert!(!ended.summary.created.contains_key("test_cases"));
    assert_eq!(world.count("select count(*) from quality.test_cases").await, 4);
    assert_eq!(world.count("select count(*) from quality.test_results").await, 10);
}

#[tokio::test]
async fn an_external_key_keeps_the_identity_when_the_name_changes() {
    let world = World::new().await;
    let report = |class: &str, name: &str, key: &str| {
        format!(
            "<testsuite name='s'><testcase classname='{class}' name='{name}'><properties>\
             <property name='test_key' value='{key}'/></properties></testcase></testsuite>"
        )
    };
    world.import_one("a.xml", &report("A", "old", "CALC-1")).await;
    let ended = world.import_one("b.xml", &report("B", "new", "CALC-1")).await;
    assert_adds_up(&ended.summary);
    assert_eq!(ended.summary.updated["test_cases"], 1);
    assert_eq!(world.count("select count(*) from quality.test_cases where name = 'B › new'").await, 1);
    assert_eq!(world.count("select count(*) from quality.test_cases").await, 1);
    assert_eq!(world.count("select count(*) from quality.test_case_aliases").await, 3);
    // The same name under another key is another case.
    let ended = world.import_one("c.xml", &report("B", "new", "CALC-2")).await;
    assert_eq!(ended.summary.created["test_cases"], 1);
    assert_eq!(world.count("select count(*) from quality.test_cases").await, 2);
}

/// Proves REQ-31.1.
#[tokio::test]
async fn the_same_content_for_another_build_is_another_run() {
    let world = World::new().await;
    for (build, status) in [("#7", FileStatus::Imported), ("7", FileStatus::Unchanged), ("8", FileStatus::Imported)] {
        let ended = world.import(&[("a.xml", REPORT.as_bytes())], json!({"build": build})).await.remove(0);
        assert_eq!(ended.summary.status, status, "{build}");
    }
    assert_eq!(world.count("select count(*) from quality.test_runs").await, 2);
    assert_eq!(world.count("select count(*) from delivery.builds").await, 2);
    let hash = "0123456789abcdef0123456789abcdef01234567";
    let ended = world.import(&[("a.xml", REPORT.as_bytes())], json!({"build": hash})).await.remove(0);
    assert_eq!(ended.summary.status, FileStatus::Imported);
    let ended = world.import(&[("a.xml", REPORT.as_bytes())], json!({"build": "0123456"})).await.remove(0);
    assert_eq!(ended.summary.status, FileStatus::Unchanged, "the beginning of a hash finds its build");
    assert_eq!(world.count("select count(*) from delivery.builds").await, 3);
}

#[tokio::test]
async fn what_was_asked_for_wrongly_names_the_field() {
    let world = World::new().await;
    for (more, pointer) in [
        (json!({"project": "no-such"}), "/project"),
        (json!({"build": "0193e6c0-0000-7000-8000-000000000000"}), "/build"),
        (json!({"format": "excel"}), "/format"),
        (json!({"environment": "x".repeat(501)}), "/environment"),
    ] {
        let error = world.queue(&[("a.xml", REPORT.as_bytes())], more).await.unwrap_err();
        let problem = error.problem().unwrap();
        assert_eq!((problem.kind.status(), problem.errors[0].pointer.as_str()), (422, pointer));
    }
    assert_eq!(world.count("select count(*) from platform.imports").await, 0);
    let ended = world.import(&[("a.xml", REPORT.as_bytes())], json!({"format": "lcov"})).await.remove(0);
    assert_eq!(ended.status, "failed");
    assert!(ended.error.unwrap().contains("looks like junit"));
}

/// Proves REQ-32.2.
#[tokio::test]
async fn a_file_that_breaks_off_leaves_nothing_and_the_others_are_imported() {
    let world = World::new().await;
    // Longer than a batch, so that rows were stored before the end turned out to be missing.
    let cases: String = (0..12_000).map(|n| format!("<testcase classname='C' name='t{n}'/>")).collect();
    let broken = format!("<testsuite name='s'>{cases}<testcase classname='C' na");
    let before = world.stored().await;
    let files = [("broken.xml", broken.as_bytes()), ("good.xml", REPORT.as_bytes())];
    let ids = world.queue(&files[..1], json!({})).await.unwrap();
    world.imports.run(&world.ctx, &ids).await;
    let ended = world.ended(ids[0]).await;
    assert_eq!(ended.status, "failed");
    assert_eq!((ended.summary.rejected.len(), ended.summary.path.as_str()), (1, "broken.xml"));
    assert_eq!(before, world.stored().await);
    let both = world.import(&files, json!({})).await;
    assert_eq!((both[0].status.as_str(), both[1].status.as_str()), ("failed", "completed"));
    assert_eq!(world.count("select count(*) from quality.test_results").await, 5);
    assert!(world.spool_is_empty());
    assert_eq!(world.count("select count(*) from audit.audit_logs where event_type = 'import.failed'").await, 2);
}

/// Finds the one member of the world again.
fn sender(world: &World) -> PrincipalOf {
    let principal = world.principal();
    Arc::new(move |organization, user| {
        let principal = principal.clone();
        Box::pin(
            async move { Ok(Some(principal).filter(|who| (who.organization_id, who.user_id) == (organization, user))) },
        )
    })
}

/// Waits until every import has ended.
async fn none_is_open(world: &World) {
    for _ in 0..200 {
        if world.count("select count(*) from platform.imports where status in ('queued', 'running')").await == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("imports are left unfinished");
}

/// A commit may succeed and its answer be lost: then nobody begins what it queued.
#[tokio::test]
async fn what_was_queued_and_never_begun_is_taken_up_while_the_server_runs() {
    let world = World::new().await;
    world.queue(&[("a.xml", REPORT.as_bytes())], json!({})).await.unwrap();
    let attending = tokio::spawn(world.imports.clone().attend(sender(&world), Duration::from_millis(100)));
    none_is_open(&world).await;
    attending.abort();
    assert_eq!(world.count("select count(*) from quality.test_results").await, 5);
    assert_eq!(world.count("select count(*) from audit.audit_logs where event_type = 'import.completed'").await, 1);
}

#[tokio::test]
async fn what_a_killed_server_left_is_taken_up_and_stored_once() {
    let world = World::new().await;
    let ids = world.queue(&[("a.xml", REPORT.as_bytes()), ("b.md", REQUIREMENT.as_bytes())], json!({})).await.unwrap();
    // As a server leaves it that was killed in the middle: the first file is marked as running.
    let tx = world.ctx.begin().await.unwrap();
    tx.execute(
        "update platform.imports set status = 'running', started_at = now(), bytes_read = 100 where id = $1",
        &[&ids[0]],
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
    let principal_of = sender(&world);
    assert_eq!(world.imports.resume(&principal_of).await.unwrap(), 2);
    // What is in hand is not begun twice, and a second server that starts at the same moment does no harm.
    assert_eq!(world.imports.resume(&principal_of).await.unwrap(), 0);
    Imports::new(world.kernel.clone(), world.spool.path(), 2).resume(&principal_of).await.unwrap();
    none_is_open(&world).await;
    assert_eq!(world.count("select count(*) from platform.imports where status = 'completed'").await, 2);
    assert_eq!(world.count("select count(*) from quality.test_results").await, 5);
    assert_eq!(world.count("select count(*) from audit.audit_logs where event_type = 'import.completed'").await, 2);
    assert_eq!(world.imports.resume(&principal_of).await.unwrap(), 0);
}

#[tokio::test]
async fn a_file_that_is_lost_or_shortened_on_disk_is_refused() {
    let world = World::new().await;
    let ids = world.queue(&[("a.xml", REPORT.as_bytes()), ("b.xml", b"<testsuite/>")], json!({})).await.unwrap();
    let tx = world.ctx.begin_read().await.unwrap();
    let rows = tx.query("select spool_path from platform.imports order by file_name", &[]).await.unwrap();
    tx.commit().await.unwrap();
    std::fs::remove_file(rows[0].get::<_, &str>(0)).unwrap();
    std::fs::write(rows[1].get::<_, &str>(0), "<testsuite").unwrap();
    world.imports.run(&world.ctx, &ids).await;
    for (id, word) in ids.iter().zip(["no longer on the server's disk", "not as long"]) {
        assert!(world.ended(*id).await.error.unwrap().contains(word));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, max_shrink_iters: 40, ..ProptestConfig::default() })]
    /// Whatever a report repeats, drops or names, its summary adds up and says what is in the database.
    /// Proves REQ-30.3.
    #[test]
    fn summaries_add_up(cases in proptest::collection::vec((0..3u8, 0..4u8, 0..4u8, 0..5u8), 0..30)) {
        let report: String = cases.iter().map(|(class, name, outcome, key)| {
            let inner = ["", "<failure/>", "<error/><failure/>", "<skipped/>"][usize::from(*outcome)];
            let key = match key { 0 => "<properties><property name='test_id' value='K-1'/></properties>",
                                  1 => "<properties><property name='test_id' value='K-2'/></properties>", _ => "" };
            format!("<testcase classname='C{class}' name='n{name}[{outcome}]'>{key}{inner}</testcase>")
        }).collect();
        let report = format!("<testsuite name='s'>{report}</testsuite>");
        tokio::runtime::Runtime::new().unwrap().block_on(async {
            let world = World::new().await;
            for (name, report) in [("a.xml", report.clone()), ("b.xml", report.replace("[1]", "[x]"))] {
                let before = world.count("select count(*) from quality.test_cases").await;
                let summary = world.import_one(name, &report).await.summary;
                assert_adds_up(&summary);
                if summary.status == FileStatus::Unchanged { continue; }
                let after = world.count("select count(*) from quality.test_cases").await;
                assert_eq!(summary.created.get("test_cases").copied().unwrap_or(0), (after - before) as u64);
                assert_eq!(summary.recognised["test_results"], cases.len() as u64);
                let outcomes = summary.outcomes.unwrap();
                assert_eq!(outcomes.passed + outcomes.failed + outcomes.error + outcomes.skipped, cases.len() as u64);
            }
        });
    }
}

/// Results from years ago lie in partitions of their own quarter, which nobody had made, and a clock that is wrong makes none.
#[tokio::test]
async fn old_history_lies_with_its_own_time() {
    let world = World::new().await;
    let report = r#"<testsuites>
      <testsuite name="old" timestamp="2021-02-03T04:05:06Z"><testcase classname="A" name="first"/></testsuite>
      <testsuite name="older" timestamp="2020-08-03T04:05:06Z"><testcase classname="A" name="second"/></testsuite>
      <testsuite name="ancient" timestamp="1999-08-03T04:05:06Z"><testcase classname="A" name="third"/></testsuite>
      <testsuite name="future" timestamp="2199-08-03T04:05:06Z"><testcase classname="A" name="fourth"/></testsuite>
    </testsuites>"#;
    let ended = world.import_one("old.xml", report).await;
    assert_eq!(ended.status, "completed", "{:?}", ended.error);
    assert_eq!(ended.summary.created["test_results"], 4);
    let count = async |part: &str| {
        world
            .count(&format!(
                "select count(*) from quality.test_results where tableoid = 'quality.test_results_{part}'::regclass"
            ))
            .await
    };
    assert_eq!((count("2021q1").await, count("2020q3").await, count("default").await), (1, 1, 0));
    assert_eq!(world.count("select count(*) from audit.audit_logs where event_type = 'import.completed'").await, 1);
}
