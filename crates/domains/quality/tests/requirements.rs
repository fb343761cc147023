//! Requirements that come as Markdown files.
#![allow(clippy::unwrap_used)]

mod common;

use common::{World, assert_adds_up};
use quality::imports::FileStatus;
use serde_json::json;

fn document(key: &str, depends_on: &str, criteria: &[&str]) -> String {
    let criteria: String = criteria.iter().map(|text| format!("- {text}\n")).collect();
    format!(
        "---\nkey: {key}\ntitle: Title of {key}\nstatus: approved\npriority: high\nfeatures: [Money, Rounding]\ndepends_on: [{depends_on}]\n---\n\
         Words.\n\n## User stories\n- As a payer I am charged once.\n\n## Acceptance criteria\n{criteria}"
    )
}

#[tokio::test]
async fn a_requirement_is_made_then_left_alone_then_changed() {
    let world = World::new().await;
    let first = document("REQ-41", "", &["[x] One", "[ ] Two", "Three"]);
    let made = world.import_one("REQ-41.md", &first).await.summary;
    assert_adds_up(&made);
    assert_eq!(
        (made.created["requirements"], made.created["acceptance_criteria"], made.created["features"]),
        (1, 3, 2)
    );
    assert_eq!(world.count("select count(*) from work.requirement_items where met_at is not null").await, 1);
    let before = world.stored().await;
    let again = world.import_one("elsewhere.md", &first).await;
    assert_eq!((again.status.as_str(), again.summary.status), ("completed", FileStatus::Unchanged));
    assert!(again.summary.created.is_empty() && again.summary.updated.is_empty());
    assert_adds_up(&again.summary);
    assert_eq!(before, world.stored().await);

    let second = document("REQ-41", "", &["[x] One", "[x] Two, mended"]).replace("high", "low");
    let changed = world.import_one("REQ-41.md", &second).await.summary;
    assert_adds_up(&changed);
    assert_eq!((changed.updated["requirements"], changed.updated["acceptance_criteria"]), (1, 1));
    assert!(changed.warnings.iter().any(|warning| warning.contains("1 acceptance criteria")), "{:?}", changed.warnings);
    assert_eq!(world.count("select count(*) from work.requirement_items").await, 3);
    assert_eq!(
        world.count("select count(*) from work.requirements where key = 'REQ-41' and priority_code = 'low'").await,
        1
    );
    // A change back is a change, although the very same file was imported before.
    let back = world.import_one("REQ-41.md", &first).await.summary;
    assert_eq!((back.status, back.created["acceptance_criteria"]), (FileStatus::Imported, 1));
}

/// Proves REQ-43.4.
#[tokio::test]
async fn dependencies_do_not_care_for_the_order_of_files_and_never_close_a_circle() {
    let world = World::new().await;
    let files = [
        ("3.md", document("REQ-3", "REQ-2, REQ-99", &["a"])),
        ("2.md", document("REQ-2", "REQ-1", &["a"])),
        ("1.md", document("REQ-1", "REQ-3", &["a"])),
    ];
    let files: Vec<(&str, &[u8])> = files.iter().map(|(name, text)| (*name, text.as_bytes())).collect();
    let ended = world.import(&files, json!({})).await;
    assert!(ended.iter().all(|one| one.status == "completed"), "{ended:?}");
    assert_eq!(world.count("select count(*) from work.requirement_dependencies").await, 2);
    let warnings: Vec<&String> = ended.iter().flat_map(|one| &one.summary.warnings).collect();
    assert_eq!(warnings.iter().filter(|warning| warning.contains("circle")).count(), 1, "{warnings:?}");
    assert_eq!(warnings.iter().filter(|warning| warning.contains("REQ-99")).count(), 1, "{warnings:?}");
    // Once everything is there, the circle is seen in the database.
    let again = world.import(&files[2..], json!({})).await.remove(0);
    assert!(again.summary.warnings[0].contains("circle"), "{:?}", again.summary.warnings);
    assert_eq!(world.count("select count(*) from work.requirement_dependencies").await, 2);
}

#[tokio::test]
async fn a_file_says_which_tests_verify_it_and_who_owns_it() {
    let world = World::new().await;
    world.import_one("a.xml", "<testsuite name='s'><testcase classname='Pay' name='pays once'/></testsuite>").await;
    let text = document("REQ-5", "", &["a"])
        .replace("status: approved", "status: odd\nowner: ada@example.org\nverified_by: [pays once, nobody knows it]");
    let ended = world.import_one("5.md", &text).await;
    assert_eq!(ended.summary.created["trace_links"], 1);
    let warnings = ended.summary.warnings.join("\n");
    assert!(warnings.contains("nobody knows it") && warnings.contains("`odd`"), "{warnings}");
    assert_eq!(
        world
            .count("select count(*) from work.requirements where assigned_to_user_id is not null and status = 'draft'")
            .await,
        1
    );
}

#[tokio::test]
async fn a_key_that_cannot_be_one_and_a_requirement_in_the_bin_are_refused() {
    let world = World::new().await;
    let ended = world.import_one("a.md", &document("PAY-7", "", &["a"])).await;
    assert!(ended.error.unwrap().contains("PAY-7"));
    world.import_one("b.md", &document("REQ-6", "", &["a"])).await;
    let tx = world.ctx.begin().await.unwrap();
    tx.execute("update work.requirements set deleted_at = now()", &[]).await.unwrap();
    tx.commit().await.unwrap();
    let ended = world.import_one("b.md", &document("REQ-6", "", &["b"])).await;
    assert!(ended.error.unwrap().contains("in the bin"));
}
