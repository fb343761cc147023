//! Builds that Jenkins and Bazel tell of, with the results that come with them.
#![allow(clippy::unwrap_used)]

mod common;

use std::sync::Arc;

use common::{World, assert_adds_up};
use kernel::{Ctx, Request};
use quality::imports::FileStatus;
use serde_json::json;

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

fn jenkins(number: u32, result: &str, commit: &str) -> String {
    let (building, result) =
        if result == "null" { (true, "null".to_owned()) } else { (false, format!("\"{result}\"")) };
    format!(
        r#"{{"_class":"hudson.model.FreeStyleBuild","actions":[{{"lastBuiltRevision":{{"SHA1":"{commit}","branch":[{{"name":"origin/main"}}]}}}}],
            "building":{building},"duration":61000,"fullDisplayName":"shop #{number}","number":{number},"result":{result},"timestamp":1700000000000,
            "url":"https://ci.example/job/shop/{number}/"}}"#
    )
}

async fn builds(world: &World) -> Vec<String> {
    let tx = world.ctx.begin_read().await.unwrap();
    let rows = tx
        .query(
            "select b.status || ' ' || coalesce(b.git_branch, '-') || ' ' || coalesce(left(b.git_commit_hash, 4), '-') || ' '
                    || coalesce(b.duration_seconds::text, '-') || ' ' || coalesce(string_agg(x.system || ' ' || x.external_id, ',' order by x.system), '-')
               from delivery.builds b left join platform.external_references x on x.entity_id = b.id
              group by b.id, b.organization_id, b.status, b.git_branch, b.git_commit_hash, b.duration_seconds, b.build_number order by b.build_number",
            &[],
        )
        .await
        .unwrap();
    tx.commit().await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

/// Proves REQ-66.6.
#[tokio::test]
async fn a_build_of_jenkins_is_found_again_and_ended() {
    let world = World::new().await;
    let begun = world.import_one("12.json", &jenkins(12, "null", COMMIT)).await;
    assert_eq!((begun.status.as_str(), begun.error.as_deref()), ("completed", None));
    assert_adds_up(&begun.summary);
    assert_eq!(begun.summary.created["builds"], 1);
    let here = "jenkins https://ci.example/job/shop/12";
    assert_eq!(builds(&world).await, [format!("building main 0123 - {here}")]);
    let ended = world.import_one("12.json", &jenkins(12, "UNSTABLE", COMMIT)).await;
    assert_eq!(ended.summary.updated["builds"], 1);
    assert_eq!(builds(&world).await, [format!("failed main 0123 61 {here}")]);
    let again = world.import_one("other.json", &jenkins(12, "UNSTABLE", COMMIT)).await;
    assert_eq!(again.summary.status, FileStatus::Unchanged);

    // Another build of the same commit is another build.
    let job = format!(
        r#"{{"builds":[{},{{"number":9,"url":"https://ci.example/job/shop/9/"}}],"url":"https://ci.example/job/shop/","nextBuildNumber":14}}"#,
        jenkins(13, "SUCCESS", COMMIT)
    );
    let second = world.import_one("job.json", &job).await;
    assert_adds_up(&second.summary);
    assert_eq!(second.summary.created["builds"], 1);
    assert!(second.summary.warnings[0].contains("1 builds are told by their number alone"));
    assert_eq!(builds(&world).await.len(), 2);
    let for_one = world
        .import(
            &[(
                "job.json",
                format!(
                    r#"{{"builds":[{},{}],"url":"u"}}"#,
                    jenkins(1, "SUCCESS", COMMIT),
                    jenkins(2, "SUCCESS", COMMIT)
                )
                .as_bytes(),
            )],
            json!({"build": "7"}),
        )
        .await
        .remove(0);
    assert!(for_one.error.unwrap().contains("leave the build out"));
}

const EVENTS: &str = include_str!("../../../formats/fuzz/seeds/results/bazel");

/// Proves REQ-66.6.
#[tokio::test]
async fn build_events_make_their_build_and_its_results_belong_to_it() {
    let world = World::new().await;
    // A build of that commit is known already: a server told of it, or a deployment.
    world.import_one("12.json", &jenkins(12, "SUCCESS", COMMIT)).await;
    let ended = world.import_one("bep.json", &EVENTS[1..]).await;
    assert_eq!((ended.status.as_str(), ended.error.as_deref()), ("completed", None));
    assert_adds_up(&ended.summary);
    let counted = ended.summary.outcomes.unwrap();
    assert_eq!([counted.passed, counted.failed, counted.error, counted.skipped], [4, 1, 2, 0]);
    assert_eq!(ended.summary.recognised["test_results"], 7);
    let invocation = "bazel 9b6c1f0e-0000-4000-8000-000000000001";
    assert_eq!(
        builds(&world).await,
        [format!("success main 0123 61 {invocation},jenkins https://ci.example/job/shop/12")]
    );
    let of_build = "select count(*) from quality.test_results r join delivery.builds b on b.id = r.build_id";
    assert_eq!(world.count(of_build).await, 7);
    assert_eq!(world.count("select count(*) from quality.test_runs where build_id is not null").await, 1);
    assert_eq!(world.count("select count(*) from quality.test_cases").await, 6, "shards are results of one case");
    assert_eq!(world.count("select attempts::bigint from quality.test_results where status = 'failed'").await, 2);
    let again = world.import_one("again.json", &EVENTS[1..]).await;
    assert_eq!(again.summary.status, FileStatus::Unchanged);
    assert_eq!(world.count(of_build).await, 7);

    // Alone, the events make a build; a build that was named is the one that is meant.
    let alone = World::new().await;
    alone.import_one("bep.json", &EVENTS[1..]).await;
    assert_eq!(builds(&alone).await, [format!("failed - 0123 60 {invocation}")]);
    let named = World::new().await;
    let ended = named.import(&[("bep.json", &EVENTS.as_bytes()[1..])], json!({"build": "v7"})).await.remove(0);
    assert_eq!((ended.status.as_str(), ended.summary.recognised["builds"]), ("completed", 1));
    assert_eq!(builds(&named).await, [format!("success - 0123 60 {invocation}")]);
}

/// Whoever may only import, as a pipeline's token may, brings results all the same.
#[tokio::test]
async fn who_may_not_change_builds_brings_results_but_no_builds() {
    let world = World::new().await;
    world.import(&[("a.xml", b"<testsuite/>")], json!({"build": "v7"})).await;
    let mut principal = world.principal();
    principal.grants = principal.grants.clone().narrowed(vec!["import:create".parse().unwrap()]);
    let narrow = Ctx::new(world.kernel.clone(), Arc::new(principal), Request::default());
    let files: [(&str, &[u8]); 1] = [("bep.json", &EVENTS.as_bytes()[1..])];
    for (more, of_build) in [(json!({"build": "v7"}), 7), (json!({}), 7)] {
        let ids = world.queue(&files, more).await.unwrap();
        world.imports.run(&narrow, &ids).await;
        let ended = world.ended(ids[0]).await;
        assert_eq!((ended.status.as_str(), ended.error.as_deref()), ("completed", None));
        assert_eq!(ended.summary.recognised["test_results"], 7);
        assert!(ended.summary.warnings.iter().any(|one| one.contains("you may not")), "{:?}", ended.summary.warnings);
        assert!(!ended.summary.recognised.contains_key("builds"));
        let counted = world.count("select count(*) from quality.test_results where build_id is not null").await;
        assert_eq!(counted, of_build);
    }
    assert_eq!(builds(&world).await, ["success - - - -"]);
    let ids = world.queue(&[("12.json", jenkins(12, "SUCCESS", COMMIT).as_bytes())], json!({})).await.unwrap();
    world.imports.run(&narrow, &ids).await;
    assert!(world.ended(ids[0]).await.error.unwrap().contains("you may not create builds"));
}
