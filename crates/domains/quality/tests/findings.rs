//! Findings of scanners, all the way into the database: one record over all reports, closed only by what speaks for it.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod common;

use common::{Ended, World, assert_adds_up};
use quality::imports::FileStatus;
use serde_json::{Value, json};

/// A log of one run.
fn log(tool: &str, scope: &str, more: Value, results: Value) -> Vec<u8> {
    let mut run = json!({"tool": {"driver": {"name": tool}}, "automationDetails": {"id": format!("{scope}/1")}, "results": results});
    for (name, value) in more.as_object().unwrap() {
        run[name] = value.clone();
    }
    json!({"version": "2.1.0", "runs": [run]}).to_string().into_bytes()
}

fn result(rule: &str, line: u64, print: &str) -> Value {
    json!({"ruleId": rule, "level": "error", "message": {"text": format!("{rule} is broken")}, "partialFingerprints": {"p": print},
        "locations": [{"physicalLocation": {"artifactLocation": {"uri": "src/a.rs"}, "region": {"startLine": line}}}]})
}

impl World {
    async fn log(&self, build: Value, bytes: &[u8]) -> Ended {
        let ended = self.import(&[("log.sarif", bytes)], json!({"build": build})).await.remove(0);
        assert_eq!((ended.status.as_str(), ended.error.as_deref()), ("completed", None));
        assert_adds_up(&ended.summary);
        ended
    }

    /// Rule, state, line and number of sightings of every finding, by tool and rule.
    async fn findings(&self) -> Vec<(String, String, Option<i32>, i64)> {
        let tx = self.ctx.begin_read().await.unwrap();
        let sql = "select f.rule_id, f.state, f.line_number, (select count(*) from security.finding_sightings s where s.finding_id = f.id)
                     from security.v_findings f order by f.tool, f.scope, f.rule_id, f.line_number";
        let rows = tx.query(sql, &[]).await.unwrap();
        tx.commit().await.unwrap();
        rows.iter().map(|row| (row.get(0), row.get(1), row.get(2), row.get(3))).collect()
    }

    async fn states(&self) -> Vec<String> {
        self.findings().await.into_iter().map(|(rule, state, ..)| format!("{rule} {state}")).collect()
    }
}

/// Proves REQ-63.2.
#[tokio::test]
async fn a_finding_that_moved_keeps_its_identity_and_twins_are_told_apart() {
    let world = World::new().await;
    let first = world
        .log(
            json!("1"),
            &log("lint", "all", json!({}), json!([result("A", 3, "x"), result("A", 9, "x"), result("B", 5, "y")])),
        )
        .await;
    assert_eq!((first.summary.created["findings"], first.summary.created["finding_sightings"]), (3, 3));
    let moved = world
        .log(
            json!("2"),
            &log("lint", "all", json!({}), json!([result("A", 30, "x"), result("A", 90, "x"), result("B", 5, "y")])),
        )
        .await;
    assert_eq!(
        (moved.summary.created.get("findings"), moved.summary.updated["findings"], moved.summary.unchanged["findings"]),
        (None, 2, 1)
    );
    let open = |rule: &str, line| (rule.to_owned(), "open".to_owned(), Some(line), 2);
    assert_eq!(world.findings().await, [open("A", 30), open("A", 90), open("B", 5)]);
    let builds = "select count(*) from security.findings f join delivery.builds a on a.id = f.first_seen_build_id
                    join delivery.builds z on z.id = f.last_seen_build_id where a.build_number = 1 and z.build_number = 2";
    assert_eq!(world.count(builds).await, 3);
}

/// Proves REQ-63.3.
#[tokio::test]
async fn a_report_closes_only_what_its_tool_found_before_in_the_scope_that_it_declares() {
    let world = World::new().await;
    let none = json!([]);
    let both = json!([result("A", 1, "a"), result("B", 2, "b")]);
    world.log(json!("1"), &log("lint", "api", json!({}), both.clone())).await;
    world.log(json!("1"), &log("lint", "web", json!({}), both.clone())).await;
    world.log(json!("1"), &log("other", "api", json!({}), both.clone())).await;

    // A run that failed, or that lists no results at all, has not looked.
    world
        .log(json!("2"), &log("lint", "api", json!({"invocations": [{"executionSuccessful": false}]}), none.clone()))
        .await;
    world.log(json!("2"), &log("lint", "api", json!({"results": null}), none.clone())).await;
    world.log(json!("2"), &log("", "api", json!({}), none.clone())).await;
    let all = ["A open", "B open", "A open", "B open", "A open", "B open"];
    assert_eq!(world.states().await, all);

    let ended = world.log(json!("2"), &log("lint", "api", json!({}), json!([result("A", 1, "a")]))).await;
    assert_eq!(ended.summary.updated["findings_fixed"], 1);
    assert_eq!(world.states().await, ["A open", "B fixed", "A open", "B open", "A open", "B open"]);

    // The same again creates nothing, and an earlier build that is scanned late neither reopens nor closes.
    let sightings = world.count("select count(*) from security.finding_sightings").await;
    let again = world.log(json!("2"), &log("lint", "api", json!({}), json!([result("A", 1, "a")]))).await;
    assert_eq!(again.summary.status, FileStatus::Unchanged);
    assert_eq!(world.count("select count(*) from security.finding_sightings").await, sightings);
    world.log(json!("1"), &log("lint", "api", json!({}), json!([result("B", 7, "b")]))).await;
    assert_eq!(world.states().await[..2], ["A open", "B fixed"]);
    world.log(json!("3"), &log("lint", "api", json!({}), both)).await;
    assert_eq!(world.states().await[..2], ["A open", "B open"], "it is back");
    let fixed = world.log(json!("4"), &log("lint", "api", json!({}), none)).await;
    assert_eq!(fixed.summary.updated["findings_fixed"], 2);
    let known = "select count(*) from security.findings f join delivery.builds b on b.id = f.fixed_build_id
                   where f.status = 'fixed' and f.fixed_at is not null and b.build_number = 4";
    assert_eq!(world.count(known).await, 2);
}

/// Proves REQ-63.5.
#[tokio::test]
async fn suppressions_and_baselines_are_respected() {
    let world = World::new().await;
    let of = |rule: &str, name: &str, value: Value| {
        let mut one = result(rule, 1, rule);
        one[name] = value;
        one
    };
    let accepted = json!([{"kind": "inSource", "justification": "not here"}]);
    let review = json!([{"kind": "external", "status": "underReview"}]);
    let results = json!([
        of("A", "suppressions", accepted.clone()),
        of("B", "suppressions", review),
        of("C", "baselineState", json!("unchanged")),
        of("D", "kind", json!("pass")),
        of("E", "kind", json!("notApplicable")),
        of("F", "baselineState", json!("absent")),
    ]);
    let ended = world.log(json!("1"), &log("lint", "all", json!({}), results)).await;
    assert_eq!(ended.summary.recognised["findings"], 3);
    assert_eq!(ended.summary.warnings.len(), 2, "{:?}", ended.summary.warnings);
    assert_eq!(world.states().await, ["A suppressed", "B open", "C open"]);
    let reason = "select count(*) from security.findings where suppression = 'not here' and rule_id = 'A'";
    assert_eq!(world.count(reason).await, 1);
    assert_eq!(
        world.count("select count(*) from security.finding_sightings where baseline_state = 'unchanged'").await,
        1
    );

    let results =
        json!([result("A", 1, "A"), of("B", "baselineState", json!("absent")), of("C", "suppressions", accepted)]);
    world.log(json!("2"), &log("lint", "all", json!({}), results)).await;
    assert_eq!(world.states().await, ["A open", "B fixed", "C suppressed"]);
}

#[tokio::test]
async fn a_log_that_breaks_off_leaves_nothing() {
    let world = World::new().await;
    let whole = log("lint", "all", json!({}), json!([result("A", 1, "a"), result("B", 2, "b")]));
    let ended = world.import(&[("log.sarif", &whole[..whole.len() - 20])], json!({"build": null})).await.remove(0);
    assert_eq!(ended.status, "failed");
    assert!(ended.summary.recognised.is_empty());
    assert_eq!(world.findings().await, []);
}

#[tokio::test]
async fn an_old_log_that_comes_again_after_another_one_is_news() {
    let world = World::new().await;
    let (with, without) =
        (log("lint", "all", json!({}), json!([result("A", 1, "a")])), log("lint", "all", json!({}), json!([])));
    world.log(Value::Null, &with).await;
    assert_eq!(world.log(Value::Null, &with).await.summary.status, FileStatus::Unchanged);
    world.log(Value::Null, &without).await;
    assert_eq!(world.states().await, ["A fixed"]);
    assert_eq!(world.log(Value::Null, &with).await.summary.updated["findings"], 1);
    assert_eq!(world.states().await, ["A open"]);
    assert_eq!(world.log(Value::Null, &with).await.summary.status, FileStatus::Unchanged);
}

#[tokio::test]
async fn severity_comes_from_the_score_of_the_rule_and_else_from_the_level() {
    let world = World::new().await;
    let rule = |id: &str, score: &str| json!({"id": id, "properties": {"security-severity": score, "tags": ["external/cwe/cwe-079"]}});
    let tool = json!({"driver": {"name": "scan", "rules": [rule("A", "9.8"), rule("B", "7"), rule("C", "4.0"), rule("D", "0.1"), rule("E", "0.0")]}});
    let plain = |rule: &str, level: &str| json!({"ruleId": rule, "level": level, "message": {"text": rule}});
    let results = json!([
        plain("A", "note"),
        plain("B", "note"),
        plain("C", "note"),
        plain("D", "note"),
        plain("E", "error"),
        plain("X", "error"),
        plain("Y", "warning"),
        plain("Z", "note"),
    ]);
    world.log(json!("1"), &log("scan", "", json!({"tool": tool}), results)).await;
    let tx = world.ctx.begin_read().await.unwrap();
    let row = tx
        .query_one("select string_agg(severity, ' ' order by rule_id), min(tags[1]) from security.findings", &[])
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(row.get::<_, &str>(0), "critical high medium low info high medium low");
    assert_eq!(row.get::<_, &str>(1), "external/cwe/cwe-079");
}

/// Proves REQ-63.3.
#[tokio::test]
async fn a_branch_neither_closes_nor_reopens_what_the_default_branch_knows() {
    let world = World::new().await;
    let tx = world.ctx.begin().await.unwrap();
    let sql = "insert into delivery.builds (project_id, build_number, git_branch, status)
               select $1, n, case when n in (1, 3, 5) then 'main' else 'feature' end, 'success' from generate_series(1, 6) n";
    tx.execute(sql, &[&world.project]).await.unwrap();
    tx.commit().await.unwrap();
    let of = |rules: &[&str]| {
        let results: Vec<Value> = rules.iter().map(|rule| result(rule, 1, rule)).collect();
        log("lint", "all", json!({}), json!(results))
    };
    world.log(json!("1"), &of(&["A", "B"])).await;
    world.log(json!("2"), &of(&["B", "C"])).await;
    assert_eq!(world.states().await, ["A open", "B open", "C open"], "the branch does not speak for main");
    world.log(json!("3"), &of(&["A"])).await;
    assert_eq!(world.states().await, ["A open", "B fixed", "C open"], "main does not speak for the branch");
    world.log(json!("4"), &of(&["B"])).await;
    assert_eq!(
        world.states().await,
        ["A open", "B fixed", "C fixed"],
        "what main has fixed stays fixed, and the branch closes its own"
    );
    world.log(json!("5"), &of(&["B", "C"])).await;
    assert_eq!(world.states().await, ["A fixed", "B open", "C open"], "main takes over what was merged");
    world.log(json!("6"), &of(&[])).await;
    assert_eq!(world.states().await, ["A fixed", "B open", "C open"]);
}
