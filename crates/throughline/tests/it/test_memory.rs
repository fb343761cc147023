//! A test that gives two answers about the same code is known as flaky, and one that is set aside comes back by itself.

use kernel::Tx;
use serde_json::json;
use testkit::World;
use uuid::Uuid;

use crate::world;

/// A project with one test and three builds: two of the same commit, one of another.
struct Tested {
    project: Uuid,
    test: Uuid,
    builds: [Uuid; 3],
}

async fn one(tx: &Tx, sql: &str, params: &[&(dyn tokio_postgres::types::ToSql + Sync)]) -> Uuid {
    tx.query_one(sql, params).await.unwrap().get(0)
}

async fn tested(tx: &Tx) -> Tested {
    let project = one(tx, "insert into work.projects (name, slug) values ('Tested', 'tested') returning id", &[]).await;
    let test = "insert into quality.test_cases (project_id, name) values ($1, 'pays') returning id";
    let test = one(tx, test, &[&project]).await;
    let build = "insert into delivery.builds (project_id, build_number, status, git_branch, git_commit_hash) \
                 values ($1, $2, 'success', 'main', repeat($3, 40)) returning id";
    let mut builds = [Uuid::nil(); 3];
    for (at, commit) in ["a", "a", "b"].into_iter().enumerate() {
        builds[at] = one(tx, build, &[&project, &(i32::try_from(at).unwrap() + 1), &commit]).await;
    }
    Tested { project, test, builds }
}

impl Tested {
    async fn run(&self, tx: &Tx, build: usize, environment: Option<&str>) -> Uuid {
        let run = "insert into quality.test_runs (project_id, build_id, environment) values ($1, $2, $3) returning id";
        one(tx, run, &[&self.project, &self.builds[build], &environment]).await
    }

    /// Stores a result in a run of its own.
    async fn result(&self, tx: &Tx, build: usize, environment: Option<&str>, outcome: &str, attempts: i32) {
        let run = self.run(tx, build, environment).await;
        let result = "insert into quality.test_results (project_id, test_case_id, test_run_id, build_id, status, attempts) \
                      values ($1, $2, $3, $4, $5, $6)";
        let (project, test, build) = (self.project, self.test, self.builds[build]);
        tx.execute(result, &[&project, &test, &run, &build, &outcome, &attempts]).await.unwrap();
    }

    async fn flips(&self, tx: &Tx) -> (i64, Vec<String>) {
        let count = "select flip_count, row_version from quality.test_cases where id = $1";
        let row = tx.query_one(count, &[&self.test]).await.unwrap();
        assert_eq!(row.get::<_, i64>(1), 1, "counting is no change of the test");
        let kinds = "select kind from quality.test_flips where test_case_id = $1 order by id";
        let rows = tx.query(kinds, &[&self.test]).await.unwrap();
        (row.get(0), rows.iter().map(|row| row.get(0)).collect())
    }
}

/// Proves REQ-60.1.
#[tokio::test]
async fn a_flip_is_another_answer_about_the_same_code_in_the_same_surroundings() {
    let world = world().await;
    let ctx = world.home.ctx(&world.kernel);
    let tx = ctx.begin().await.unwrap();
    let made = tested(&tx).await;

    made.result(&tx, 0, None, "passed", 1).await;
    made.result(&tx, 1, None, "passed", 1).await;
    made.result(&tx, 2, None, "failed", 1).await;
    assert_eq!(made.flips(&tx).await, (0, vec![]), "the same answer, and another about other code");

    made.result(&tx, 1, Some("windows"), "failed", 1).await;
    assert_eq!(made.flips(&tx).await.0, 0, "elsewhere it may well be another");
    made.result(&tx, 1, None, "skipped", 1).await;
    assert_eq!(made.flips(&tx).await.0, 0, "skipped is no answer");

    made.result(&tx, 1, None, "error", 1).await;
    assert_eq!(made.flips(&tx).await, (1, vec!["rerun".into()]), "build 2 has the commit of build 1, which passed");
    made.result(&tx, 0, None, "failed", 1).await;
    assert_eq!(made.flips(&tx).await.0, 1, "failed and error are the same answer");
    made.result(&tx, 2, Some("linux"), "passed", 3).await;
    assert_eq!(made.flips(&tx).await, (2, vec!["rerun".into(), "retried".into()]), "it passed only when tried again");

    // Results that differ by their parameters are different questions.
    let run = made.run(&tx, 2, Some("arm")).await;
    let several = "insert into quality.test_results (project_id, test_case_id, test_run_id, build_id, status, parameters) \
                   select $1, $2, $3, $4, s, p from unnest(array['passed', 'failed'], array['1', '2']) x (s, p)";
    tx.execute(several, &[&made.project, &made.test, &run, &made.builds[2]]).await.unwrap();
    assert_eq!(made.flips(&tx).await.0, 2);
    tx.commit().await.unwrap();

    let list = format!("/v1/test-flips?filter[test_case_id]={}", made.test);
    let flips = world.get(&list).by(&world.home.viewer).send().await.expect(200).json();
    assert_eq!(flips["data"].as_array().map(Vec::len), Some(2));
    let abroad = world.get(&list).by(&world.abroad.owner).send().await.expect(200).json();
    assert_eq!(abroad["data"].as_array().map(Vec::len), Some(0), "another organisation sees none");
}

/// A running quarantine, by its identifier.
pub(crate) async fn something_set_aside(world: &World) -> String {
    let ctx = world.home.ctx(&world.kernel);
    let tx = ctx.begin().await.unwrap();
    let made = tested(&tx).await;
    let aside = "insert into quality.test_quarantines (test_case_id, reason, expires_at) values ($1, 'The clock', $2) returning id";
    let expires = ctx.now().saturating_add(jiff::SignedDuration::from_hours(24)).unwrap();
    let id = one(&tx, aside, &[&made.test, &expires]).await;
    tx.commit().await.unwrap();
    id.to_string()
}

/// Proves REQ-60.3.
#[tokio::test]
async fn a_quarantine_has_a_reason_and_an_end_and_is_ended_once() {
    let world = world().await;
    let ctx = world.home.ctx(&world.kernel);
    let tx = ctx.begin().await.unwrap();
    let made = tested(&tx).await;
    tx.commit().await.unwrap();
    let after = |hours: i64| ctx.now().saturating_add(jiff::SignedDuration::from_hours(hours)).unwrap();
    let body = |hours: i64, reason: &str| json!({"test_case_id": made.test, "reason": reason, "expires_at": after(hours).to_string()});

    let owner = &world.home.owner;
    world.post("/v1/test-quarantines", &body(24, "The clock")).by(&world.home.viewer).send().await.expect(403);
    world.post("/v1/test-quarantines", &body(24, "The clock")).by(&world.abroad.owner).send().await.expect(422);
    for wrong in [body(-1, "The clock"), body(91 * 24, "The clock"), body(24, "")] {
        world.post("/v1/test-quarantines", &wrong).by(owner).send().await.expect(422);
    }
    let kept = world.post("/v1/test-quarantines", &body(24, "The clock")).by(owner).send().await.expect(201).json();
    let id = kept["id"].as_str().unwrap().to_owned();
    assert_eq!(kept["project_id"], json!(made.project));

    let holds = async |at: jiff::Timestamp| -> bool {
        let tx = ctx.begin_read().await.unwrap();
        let sql = "select quality.is_quarantined(organization_id, id, $2) from quality.test_cases where id = $1";
        let holds = tx.query_one(sql, &[&made.test, &at]).await.unwrap().get(0);
        tx.commit().await.unwrap();
        holds
    };
    assert!(holds(after(1)).await);
    assert!(!holds(after(25)).await, "it ends by itself");

    let (path, why) = (format!("/v1/test-quarantines/{id}/end"), json!({"reason": "Mended."}));
    world.post(&path, &why).by(&world.home.viewer).send().await.expect(403);
    world.post(&path, &why).by(&world.abroad.owner).send().await.expect(404);
    for wrong in [json!({}), json!({"reason": " "}), json!({"reason": "a\u{0}"})] {
        world.post(&path, &wrong).by(owner).send().await.expect(422);
    }
    world.post(&path, &why).by(owner).send().await.expect(200);
    assert!(!holds(after(1)).await);
    world.post(&path, &why).by(owner).send().await.expect(409);

    // What was said stays as it was, whoever tries.
    let tx = ctx.begin().await.unwrap();
    let rewritten = "update quality.test_quarantines set reason = 'Another' where organization_id = platform.current_organization()";
    assert!(tx.execute(rewritten, &[]).await.is_err(), "the application may not rewrite a quarantine");
}
