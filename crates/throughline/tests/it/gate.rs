//! A build is held to the rules of its project, each answered with a reason, and a pipeline learns by one command whether it may go on.

use std::process::Command;

use serde_json::{Value, json};
use testkit::{Person, World};
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use crate::{rows, serving::Serving, world};

async fn one(world: &World, sql: &str, params: &[&(dyn ToSql + Sync)]) -> Uuid {
    let tx = world.home.ctx(&world.kernel).begin().await.unwrap();
    let id = tx.query_one(sql, params).await.unwrap().get(0);
    tx.commit().await.unwrap();
    id
}

async fn run(world: &World, sql: &str, params: &[&(dyn ToSql + Sync)]) {
    let tx = world.home.ctx(&world.kernel).begin().await.unwrap();
    assert!(tx.execute(sql, params).await.unwrap() > 0, "{sql}");
    tx.commit().await.unwrap();
}

/// A project with a requirement in work whose criterion one test proves in both builds of the branch.
struct Scene {
    project: Uuid,
    requirement: Uuid,
    before: Uuid,
    build: Uuid,
}

const RESULT: &str =
    "insert into quality.test_results (project_id, test_case_id, build_id, status) values ($1, $2, $3, 'passed')";

async fn scene(world: &World) -> Scene {
    let project = one(world, "insert into work.projects (name, slug) values ('Pay', 'pay') returning id", &[]).await;
    let requirement =
        "insert into work.requirements (project_id, title, status) values ($1, 'Pay', 'in_progress') returning id";
    let requirement = one(world, requirement, &[&project]).await;
    let criterion = "insert into work.requirement_items (project_id, requirement_id, item_kind, position, body)
                     values ($1, $2, 'acceptance_criterion', 1, 'It pays.') returning id";
    let criterion = one(world, criterion, &[&project, &requirement]).await;
    let test =
        one(world, "insert into quality.test_cases (project_id, name) values ($1, 'pays') returning id", &[&project])
            .await;
    let link = "insert into work.trace_links (project_id, source_id, target_id, link_type, criterion_id) values ($1, $2, $3, 'verifies', $4) returning id";
    one(world, link, &[&project, &test, &requirement, &criterion]).await;
    let build = "insert into delivery.builds (project_id, build_number, status, git_branch, version_tag) values ($1, $2, 'success', 'main', $3) returning id";
    let before = one(world, build, &[&project, &1_i32, &"1.0"]).await;
    let after = one(world, build, &[&project, &2_i32, &"1.1"]).await;
    for id in [before, after] {
        run(world, RESULT, &[&project, &test, &id]).await;
    }
    Scene { project, requirement, before, build: after }
}

async fn asked(world: &World, by: &Person, build: Uuid) -> Value {
    world.get(format!("/v1/builds/{build}/gate")).by(by).send().await.expect(200).json()
}

/// Whether the build passes a rule, and why.
async fn answer(world: &World, build: Uuid, rule: &str) -> (bool, String) {
    let all = asked(world, &world.home.owner, build).await;
    let found = all["rules"].as_array().unwrap().iter().find(|one| one["rule"] == rule).unwrap();
    (found["passed"] == true, found["reason"].as_str().unwrap().to_owned())
}

async fn rule(world: &World, project: Uuid, name: &str) -> String {
    let path = format!("/v1/gate-rules?filter[project_id]={project}&filter[rule]={name}");
    let found = world.get(path).by(&world.home.owner).send().await.expect(200).json();
    format!("/v1/gate-rules/{}", rows(&found)[0]["id"].as_str().unwrap())
}

fn says(answer: (bool, String), passed: bool, reason: &str) {
    assert_eq!(answer, (passed, reason.to_owned()));
}

#[tokio::test]
async fn each_rule_passes_and_fails_with_a_reason() {
    let world = world().await;
    let Scene { project, requirement, before, build } = scene(&world).await;
    let begin = asked(&world, &world.home.owner, build).await;
    assert_eq!((&begin["passed"], &begin["build_number"]), (&json!(true), &json!(2)), "{begin}");
    assert_eq!(begin["rules"].as_array().map(Vec::len), Some(6), "every project begins with every rule");

    says(answer(&world, build, "failing_tests").await, true, "0 failing tests.");
    let failed = "insert into quality.test_cases (project_id, name) values ($1, 'refunds') returning id";
    let failed = one(&world, failed, &[&project]).await;
    let result =
        "insert into quality.test_results (project_id, test_case_id, build_id, status) values ($1, $2, $3, 'error')";
    run(&world, result, &[&project, &failed, &build]).await;
    says(answer(&world, build, "failing_tests").await, false, "1 failing test, 0 allowed: TC-2 refunds.");
    assert_eq!(asked(&world, &world.home.owner, build).await["passed"], false);
    // A test that is set aside fails no build.
    let aside = "insert into quality.test_quarantines (test_case_id, reason, expires_at)
                 values ($1, 'The clock', now() + interval '1 day') returning id";
    let aside = one(&world, aside, &[&failed]).await;
    says(answer(&world, build, "failing_tests").await, true, "0 failing tests.");
    let end = json!({"reason": "The runner has a clock."});
    let path = format!("/v1/test-quarantines/{aside}/end");
    world.post(&path, &end).by(&world.home.owner).send().await.expect(200);
    assert!(!answer(&world, build, "failing_tests").await.0, "it counts again");
    run(&world, "update quality.test_cases set status = 'disabled' where id = $1", &[&failed]).await;

    says(answer(&world, build, "unproven_criteria").await, true, "0 criteria that this build does not prove.");
    let criteria = "insert into work.requirement_items (project_id, requirement_id, item_kind, position, body)
                    select $1, $2, 'acceptance_criterion', n, 'More ' || n from generate_series(2, 3) n";
    run(&world, criteria, &[&project, &requirement]).await;
    says(
        answer(&world, build, "unproven_criteria").await,
        false,
        "2 criteria that this build does not prove, 0 allowed: REQ-1 (2).",
    );
    run(&world, "update work.requirements set status = 'draft' where id = $1", &[&requirement]).await;
    says(answer(&world, build, "unproven_criteria").await, true, "0 criteria that this build does not prove.");

    says(answer(&world, build, "suspect_links").await, true, "0 suspect links.");
    run(&world, "update work.requirements set title = 'Pay at once' where id = $1", &[&requirement]).await;
    says(answer(&world, build, "suspect_links").await, false, "1 suspect link, 0 allowed: TC-1 verifies REQ-1.");

    let defect = "insert into quality.defects (project_id, title, severity) values ($1, 'Late', $2) returning id";
    one(&world, defect, &[&project, &"high"]).await;
    says(answer(&world, build, "open_defects").await, true, "0 open defects of severity critical.");
    let path = rule(&world, project, "open_defects").await;
    world.patch(&path, &json!({"severity": "high"})).by(&world.home.admin).send().await.expect(200);
    says(
        answer(&world, build, "open_defects").await,
        false,
        "1 open defect of severity high or worse, 0 allowed: DEF-1 Late.",
    );
    run(&world, "update quality.defects set status = 'resolved' where project_id = $1", &[&project]).await;
    says(answer(&world, build, "open_defects").await, true, "0 open defects of severity high or worse.");

    let covered = "insert into quality.coverage_reports (project_id, build_id, lines_total, lines_covered) values ($1, $2, 1000, $3)";
    says(answer(&world, build, "falling_coverage").await, true, "Coverage was never measured on this branch.");
    run(&world, covered, &[&project, &before, &800_i32]).await;
    let missing = "No coverage came in for this build, and build 1 was measured; import its coverage report.";
    says(answer(&world, build, "falling_coverage").await, false, missing);
    run(&world, covered, &[&project, &build, &795_i32]).await;
    let lost = "0.5 percentage points of coverage lost, 0 allowed: 80.00 % in build 1, 79.50 % now.";
    says(answer(&world, build, "falling_coverage").await, false, lost);
    let path = rule(&world, project, "falling_coverage").await;
    world.patch(&path, &json!({"allowed": 1})).by(&world.home.admin).send().await.expect(200);
    assert!(answer(&world, build, "falling_coverage").await.0);
    assert!(answer(&world, before, "falling_coverage").await.0, "the first build has nothing to be held against");

    says(answer(&world, build, "new_vulnerabilities").await, true, "No build of this branch was scanned yet.");
    let scanned = "update delivery.builds set security_scan_status = 'passed' where id = $1";
    run(&world, scanned, &[&before]).await;
    assert!(!answer(&world, build, "new_vulnerabilities").await.0, "what was scanned before is scanned again");
    run(&world, scanned, &[&build]).await;
    let found = "insert into security.vulnerabilities (project_id, build_id, title, cve_id, severity) values ($1, $2, 'Old', $3, 'high') returning id";
    for id in [before, build] {
        one(&world, found, &[&project, &id, &"CVE-2026-1111"]).await;
    }
    says(answer(&world, build, "new_vulnerabilities").await, true, "0 new vulnerabilities of severity high or worse.");
    one(&world, found, &[&project, &build, &"CVE-2026-2222"]).await;
    says(
        answer(&world, build, "new_vulnerabilities").await,
        false,
        "1 new vulnerability of severity high or worse, 0 allowed: VULN-3 CVE-2026-2222.",
    );

    // Nothing is taken for a good result, and a build nobody has tested proves nothing.
    let build = "insert into delivery.builds (project_id, build_number, status) values ($1, 9, 'success') returning id";
    let build = one(&world, build, &[&project]).await;
    says(answer(&world, build, "failing_tests").await, false, "This build has no results; import its reports first.");
}

/// Proves REQ-62.3, REQ-62.4.
#[tokio::test]
async fn a_rule_can_be_tried_first_and_the_trail_keeps_the_rules_as_they_were() {
    let world = world().await;
    let Scene { project, build, requirement, .. } = scene(&world).await;
    let (owner, admin) = (&world.home.owner, &world.home.admin);
    run(&world, "update work.requirements set title = 'Pay at once' where id = $1", &[&requirement]).await;
    let path = rule(&world, project, "suspect_links").await;
    world.patch(&path, &json!({"is_active": false})).by(&world.home.developer).send().await.expect(403);
    world.patch(&path, &json!({"severity": "low"})).by(admin).send().await.expect(422);
    world.patch(&path, &json!({"allowed": -1})).by(admin).send().await.expect(422);
    world.patch(&path, &json!({"is_active": false})).by(admin).send().await.expect(200);
    let tried = asked(&world, owner, build).await;
    let suspects = tried["rules"].as_array().unwrap().iter().find(|one| one["rule"] == "suspect_links").unwrap();
    assert_eq!(
        (&tried["passed"], &suspects["passed"], &suspects["in_force"]),
        (&json!(true), &json!(false), &json!(false))
    );

    let kept = world.post(format!("/v1/builds/{build}/gate"), &json!({})).by(&world.home.viewer).send().await;
    let history = world.get(format!("/v1/builds/{build}/history")).by(owner).send().await.expect(200).json();
    let names: Vec<&Value> = rows(&history).iter().map(|row| &row["event"]).collect();
    assert_eq!(names, ["build.gate_passed"], "{history}; asking by GET leaves no trace; {}", kept.text());
    let changes = world.get(format!("{path}/history")).by(owner).send().await.expect(200).json();
    assert_eq!(rows(&changes)[0]["event"], "gate_rule.updated", "{changes}");
}

#[tokio::test]
async fn who_sees_only_a_part_is_told_so_and_no_build_passes_for_it() {
    let world = world().await;
    let Scene { build, .. } = scene(&world).await;
    let path = format!("/v1/builds/{build}/gate");
    world.get(&path).send().await.expect(401);
    world.get(&path).by(&world.abroad.owner).send().await.expect(404);
    world.post(&path, &json!({})).by(&world.abroad.owner).send().await.expect(404);
    world.get(format!("{path}?x=1")).by(&world.home.owner).send().await.expect(400);
    let reader = world.home.join(&world.kernel, "reader").await.unwrap();
    let tx = world.home.ctx(&world.kernel).begin().await.unwrap();
    tx.batch(&format!(
        "insert into authz.roles (name, display_name) values ('narrow', 'Narrow');
         insert into authz.role_permissions (role_id, permission_id)
         select r.id, p.id from authz.roles r, authz.permissions p
          where r.name = 'narrow' and p.name in ('project:read', 'build:read', 'gate_rule:read', 'trace_link:read');
         insert into authz.user_roles (user_id, role_id) select '{}', id from authz.roles where name = 'narrow'",
        reader.user_id
    ))
    .await
    .unwrap();
    tx.commit().await.unwrap();
    world.authenticator.forget();
    let told = asked(&world, &reader, build).await;
    assert_eq!(told["passed"], false, "{told}");
    let reason = |rule: &str| {
        let found = told["rules"].as_array().unwrap().iter().find(|one| one["rule"] == rule).unwrap();
        (found["passed"].clone(), found["reason"].as_str().unwrap().to_owned())
    };
    assert_eq!(reason("suspect_links").0, true);
    let missing = "You may not read every defect of this project; ask with a token that may.";
    assert_eq!(reason("open_defects"), (json!(false), missing.to_owned()));
}

/// Proves REQ-62.1, REQ-62.2.
#[tokio::test]
async fn the_command_says_by_its_exit_code_whether_a_build_goes_on() {
    let world = world().await;
    let Scene { requirement, .. } = scene(&world).await;
    let server = Serving::of(&world).await;
    let url = server.url.clone();
    let command = async |token: &str, arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_throughline"));
        command.arg("gate").args(arguments).args(["--url", &url, "--token", token]);
        command.env("THROUGHLINE_DATA", std::env::temp_dir().join("throughline-no-instance"));
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    run(&world, "update work.requirements set title = 'Pay at once' where id = $1", &[&requirement]).await;
    let token = world.home.owner.token.clone();
    let (code, said, error) = command(&token, &["--project", "pay", "--build", "1.1"]).await;
    assert_eq!(code, Some(1), "{said} {error}");
    assert!(
        said.contains("FAILED      suspect links        1 suspect link, 0 allowed: TC-1 verifies REQ-1.\n"),
        "{said}"
    );
    assert!(said.contains("would pass  new vulnerabilities") && said.ends_with("build 2 does not pass\n"), "{said}");
    run(&world, "update work.requirements set title = 'Pay' where id = $1", &[&requirement]).await;
    let (code, said, error) = command(&token, &["--build", "2", "--project", "pay", "--json"]).await;
    assert_eq!(code, Some(0), "{said} {error}");
    assert_eq!(serde_json::from_str::<Value>(&said).unwrap()["passed"], true);
    for (arguments, says) in [
        (["--project", "pay", "--build", "77"], "there is no build `77`"),
        (["--project", "nowhere", "--build", "2"], "there is no project `nowhere`"),
    ] {
        let (code, _, error) = command(&token, &arguments).await;
        assert_eq!(code, Some(2), "{error}");
        assert!(error.contains(says), "{error}");
    }
    assert_eq!(command("nobody", &["--project", "pay", "--build", "2"]).await.0, Some(2));
    server.end().await;
    assert_eq!(command(&token, &["--project", "pay", "--build", "2"]).await.0, Some(2), "no server, no answer");
}
