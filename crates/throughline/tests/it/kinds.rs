//! The matrix over any two kinds of records tells what is linked to what, and what wants seeing to, of what the asker may read.

use serde_json::{Value, json};
use testkit::World;

use crate::world;

/// REQ-1 has two criteria, one of them linked to TC-1, which failed in the older of two builds; REQ-2 is reached through FEAT-1 by TC-2, which passed in
/// the newest; REQ-3 is linked to nothing. TC-3 verifies nothing and flips. DEF-1 affects REQ-1. REQ-1 was reworded.
const SCENE: &str = "
do $$
declare p uuid; r uuid; r2 uuid; f uuid; t uuid; t2 uuid; t3 uuid; i uuid; b uuid; b2 uuid; run uuid; run2 uuid; d uuid;
begin
  insert into work.projects (name, slug) values ('Pay', 'pay') returning id into p;
  insert into work.requirements (project_id, title, status) values (p, 'Refunds happen once', 'approved') returning id into r;
  insert into work.requirements (project_id, title) values (p, 'Refunds are quick') returning id into r2;
  insert into work.requirements (project_id, title) values (p, 'Refunds are free');
  insert into work.requirement_items (project_id, requirement_id, item_kind, position, body)
    values (p, r, 'acceptance_criterion', 1, 'Once.') returning id into i;
  insert into work.requirement_items (project_id, requirement_id, item_kind, position, body) values (p, r, 'acceptance_criterion', 2, 'Never twice.');
  insert into work.features (project_id, requirement_id, name) values (p, r2, 'Refunds') returning id into f;
  insert into quality.test_cases (project_id, name) values (p, 'once') returning id into t;
  insert into quality.test_cases (project_id, name, feature_id) values (p, 'quick', f) returning id into t2;
  insert into quality.test_cases (project_id, name) values (p, 'lonely') returning id into t3;
  insert into work.trace_links (project_id, source_id, target_id, link_type, criterion_id) values (p, t, r, 'verifies', i);
  insert into delivery.builds (project_id, build_number, status) values (p, 1, 'success') returning id into b;
  insert into delivery.builds (project_id, build_number, status) values (p, 2, 'success') returning id into b2;
  insert into quality.test_runs (project_id, build_id) values (p, b) returning id into run;
  insert into quality.test_runs (project_id, build_id) values (p, b2) returning id into run2;
  insert into quality.test_results (project_id, test_case_id, test_run_id, build_id, status) values (p, t, run, b, 'failed');
  insert into quality.test_results (project_id, test_case_id, test_run_id, build_id, status) values (p, t2, run2, b2, 'passed');
  insert into quality.test_results (project_id, test_case_id, test_run_id, build_id, status, attempts) values (p, t3, run2, b2, 'passed', 2);
  insert into quality.defects (project_id, title) values (p, 'Refunded twice') returning id into d;
  insert into work.trace_links (project_id, source_id, target_id, link_type) values (p, d, r, 'affects');
  update work.requirements set title = 'Refunds happen exactly once' where id = r;
end $$";

async fn scene(world: &World) {
    let tx = world.home.ctx(&world.kernel).begin().await.unwrap();
    tx.batch(SCENE).await.unwrap();
    tx.commit().await.unwrap();
}

fn keys(answer: &Value) -> Vec<&str> {
    answer["data"].as_array().unwrap().iter().map(|row| row["key"].as_str().unwrap()).collect()
}

/// Proves REQ-35.7.
#[tokio::test]
async fn rows_say_what_they_are_linked_to_and_what_wants_seeing_to() {
    let world = world().await;
    scene(&world).await;
    let owner = &world.home.owner;
    let ask = async |question: &str| {
        world.get(format!("/v1/matrix?project=pay{question}")).by(owner).send().await.expect(200).json()
    };

    let all = ask("").await;
    assert_eq!(keys(&all), ["REQ-1", "REQ-2", "REQ-3"]);
    let [first, second, third] = [0, 1, 2].map(|at| &all["data"][at]);
    assert_eq!(first["criteria"], json!({"all": 2, "linked": 1, "proven": 0}));
    assert_eq!(
        (&first["standing"], &first["suspects"], &first["stale"], &first["failing"]),
        (&json!("failing"), &json!(1), &json!(1), &json!(1))
    );
    let cell = &first["cells"][0];
    assert_eq!(
        (&cell["key"], &cell["outcome"], &cell["criteria"], &cell["is_stale"]),
        (&json!("TC-1"), &json!("failed"), &json!([1]), &json!(true))
    );
    assert_eq!(
        (&second["cells"][0]["key"], &second["stale"], &second["is_gap"]),
        (&json!("TC-2"), &json!(0), &json!(false)),
        "through its feature"
    );
    assert_eq!((&third["is_gap"], &third["linked"]), (&json!(true), &json!(0)));

    for (show, expected) in [
        ("gaps", vec!["REQ-3"]),
        ("linked", vec!["REQ-1", "REQ-2"]),
        ("suspects", vec!["REQ-1"]),
        ("stale", vec!["REQ-1"]),
        ("failing", vec!["REQ-1"]),
        ("flaky", vec![]),
    ] {
        assert_eq!(keys(&ask(&format!("&show={show}")).await), expected, "{show}");
    }
    // Turned round, gaps are what verifies nothing; a test that flips is flaky by itself.
    assert_eq!(keys(&ask("&rows=test_case&columns=requirement&show=gaps").await), ["TC-3"]);
    assert_eq!(keys(&ask("&rows=test_case&columns=requirement&show=flaky").await), ["TC-3"]);
    // Other kinds, a type of link, words and statuses.
    assert_eq!(keys(&ask("&rows=defect&columns=requirement").await), ["DEF-1"]);
    assert_eq!(keys(&ask("&columns=defect&show=linked").await), ["REQ-1"]);
    assert_eq!(keys(&ask("&columns=defect&link_type=mitigates&show=linked").await), Vec::<&str>::new());
    assert_eq!(keys(&ask("&q=quick").await), ["REQ-2"]);
    assert_eq!(keys(&ask("&status=approved").await), ["REQ-1"]);
    // Part by part.
    let part = ask("&limit=2").await;
    assert_eq!(keys(&part), ["REQ-1", "REQ-2"]);
    let rest = ask(&format!("&limit=2&cursor={}", part["next_cursor"].as_str().unwrap())).await;
    assert_eq!((keys(&rest), &rest["next_cursor"]), (vec!["REQ-3"], &Value::Null));

    let file = world
        .get("/v1/matrix?project=pay&show=gaps")
        .header("accept", "text/csv")
        .by(owner)
        .send()
        .await
        .expect(200)
        .text();
    assert_eq!(file.lines().nth(1).unwrap(), "REQ-3,Refunds are free,draft,,gap,0,0,0,0,yes,0,0,0,0,");
    for wrong in [
        "&rows=commit&columns=commit",
        "&rows=nothing",
        "&show=some",
        "&limit=0",
        "&limit=1001",
        "&cursor=x",
        "&colour=red",
    ] {
        let told = world.get(format!("/v1/matrix?project=pay{wrong}")).by(owner).send().await.expect(400).json();
        assert!(!told["errors"].as_array().unwrap().is_empty(), "{wrong}: {told}");
    }
    world.get("/v1/matrix?project=nowhere").by(owner).send().await.expect(404);
    world.get("/v1/matrix?project=pay").by(&world.abroad.owner).send().await.expect(404);
    world.get("/v1/matrix").by(owner).send().await.expect(400);
}

#[tokio::test]
async fn a_matrix_shows_nothing_that_may_not_be_read() {
    let world = world().await;
    scene(&world).await;
    let token = async |scopes: &[&str]| {
        let body = json!({"name": "part", "scopes": scopes});
        let made = world.post("/v1/api-tokens", &body).by(&world.home.owner).send().await.expect(201).json();
        made["token"].as_str().unwrap().to_owned()
    };
    let no_tests = token(&["project:read", "requirement:read", "feature:read", "trace_link:read"]).await;
    let answer = world.get("/v1/matrix?project=pay").bearing(&no_tests).send().await.expect(200).json();
    assert!(answer["data"].as_array().unwrap().iter().all(|row| row["cells"] == json!([])), "{answer}");
    assert!(!answer.to_string().contains("TC-1"), "{answer}");
    let no_links = token(&["project:read", "requirement:read", "feature:read", "test_case:read"]).await;
    let answer = world.get("/v1/matrix?project=pay&show=linked").bearing(&no_links).send().await.expect(200).json();
    assert_eq!(keys(&answer), ["REQ-2"], "a link that may not be read joins nothing");
    let no_requirements = token(&["project:read", "test_case:read"]).await;
    let answer = world.get("/v1/matrix?project=pay").bearing(&no_requirements).send().await.expect(200).json();
    assert_eq!(keys(&answer), Vec::<&str>::new());
}
