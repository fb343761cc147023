//! Impact: everything that can be reached from a record, each once with the way there, of what the asker may read; circles end.

use serde_json::{Value, json};
use testkit::World;
use uuid::Uuid;

use crate::world;

/// REQ-1 is built as FEAT-1, which TC-1 verifies and where a result made DEF-1; REQ-2 and REQ-1 derive from each other; a commit that says
/// REQ-1 is in build 1, which runs as a deployment of the service `checkout`; an older deployment does no longer. CR-1 affects REQ-1.
const SCENE: &str = "
do $$
declare p uuid; r uuid; r2 uuid; f uuid; t uuid; x uuid; c uuid; b uuid; b2 uuid; e uuid; v uuid; g uuid; n uuid; m uuid; s uuid;
begin
  select platform.current_user_id() into m;
  insert into work.projects (name, slug) values ('Pay', 'pay') returning id into p;
  insert into work.requirements (project_id, title, assigned_to_user_id) values (p, 'Refunds happen once', m) returning id into r;
  insert into work.requirements (project_id, title) values (p, 'Refunds') returning id into r2;
  insert into work.trace_links (project_id, source_id, target_id, link_type) values (p, r, r2, 'derives_from'), (p, r2, r, 'derives_from');
  insert into work.features (project_id, requirement_id, name) values (p, r, 'Refunds') returning id into f;
  insert into quality.test_cases (project_id, name, owner_user_id) values (p, 'refunds_once', m) returning id into t;
  insert into work.trace_links (project_id, source_id, target_id, link_type) values (p, t, f, 'verifies');
  insert into quality.test_results (project_id, test_case_id, status) values (p, t, 'failed') returning id into x;
  insert into quality.defects (project_id, title, test_result_id) values (p, 'Refunded twice', x);
  insert into delivery.repositories (project_id, url) values (p, 'https://code.example/pay') returning id into g;
  insert into delivery.commits (project_id, repository_id, commit_hash, message, committed_at) values (p, g, repeat('a', 40), 'Implements: REQ-1', now()) returning id into c;
  insert into delivery.builds (project_id, build_number, status) values (p, 1, 'success') returning id into b;
  insert into delivery.build_commits (project_id, build_id, commit_id, position) values (p, b, c, 1);
  insert into delivery.environments (project_id, name, tier) values (p, 'production', 'production') returning id into e;
  insert into platform.services (name, service_type) values ('checkout', 'api') returning id into v;
  insert into delivery.deployments (id, project_id, build_id, environment_id, service_id, version, status)
    values (platform.uuid_v7_floor(now() - interval '1 hour'), p, b, e, v, '0.9', 'success');
  insert into delivery.deployments (project_id, build_id, environment_id, service_id, version, status) values (p, b, e, v, '1.0', 'success');
  insert into work.change_requests (project_id, title) values (p, 'Refund faster') returning id into n;
  insert into work.trace_links (project_id, source_id, target_id, link_type) values (p, n, r, 'affects');
  insert into security.sboms (project_id, build_id, spec_version) values (p, b, '1.6') returning id into s;
  insert into security.sbom_components (project_id, sbom_id, name, version, package_url, package, package_version)
    values (p, s, 'serde', '1.0.1', 'pkg:cargo/serde@1.0.1', 'pkg:cargo/serde', '1.0.1');
end $$";

async fn scene(world: &World) -> Uuid {
    let ctx = world.home.ctx(&world.kernel);
    let tx = ctx.begin().await.unwrap();
    tx.batch(SCENE).await.unwrap();
    let service = tx.query_one("select id from platform.services where name = 'checkout'", &[]).await.unwrap().get(0);
    tx.commit().await.unwrap();
    service
}

/// What was reached as `+2 test_case TC-1`, upstream with a minus, in order.
fn reached(answer: &Value) -> Vec<String> {
    answer["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            let sign = if one["direction"] == "upstream" { '-' } else { '+' };
            let name = one["key"].as_str().or(one["title"].as_str()).unwrap();
            format!("{sign}{} {} {name}", one["depth"], one["kind"].as_str().unwrap())
        })
        .collect()
}

/// Proves REQ-59.1, REQ-59.4.
#[tokio::test]
async fn everything_that_can_be_reached_is_told_once_with_the_way_there() {
    let world = world().await;
    let (owner, service) = (&world.home.owner, scene(&world).await);
    let ask =
        async |question: &str| world.get(format!("/v1/impact?{question}")).by(owner).send().await.expect(200).json();

    let answer = ask("record=pay:REQ-1&depth=10").await;
    assert_eq!(answer["record"]["title"], "Refunds happen once");
    let mut found = reached(&answer);
    found.sort();
    let all = [
        "+1 commit Implements: REQ-1",
        "+1 feature FEAT-1",
        "+1 requirement REQ-2",
        "+2 build #1",
        "+2 test_case TC-1",
        "+3 defect DEF-1",
        "+3 deployment 1.0",
        "+4 service checkout",
        "-1 change_request CR-1",
        "-1 requirement REQ-2",
    ];
    assert_eq!(found, all, "{answer:#}");
    assert_eq!(answer["is_cut"], false, "the circle of REQ-1 and REQ-2 ends");
    let defect = answer["data"].as_array().unwrap().iter().find(|one| one["key"] == "DEF-1").unwrap();
    let way: Vec<String> = defect["path"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| format!("{} {}", step["relation"].as_str().unwrap(), step["label"].as_str().unwrap()))
        .collect();
    assert_eq!(way, ["part_of FEAT-1", "verifies TC-1", "found_by DEF-1"]);

    // From the other end, and by what a component is called.
    let up = ask(&format!("record={service}&direction=upstream&depth=10")).await;
    let up = reached(&up);
    assert!(up.contains(&"-4 requirement REQ-1".to_owned()), "{up:?}");
    assert!(!up.iter().any(|one| one.starts_with('+')), "{up:?}");
    let component = reached(&ask("record=pkg:cargo/serde").await);
    assert_eq!(component, ["+1 build #1", "+2 deployment 1.0", "+3 service checkout"]);

    // Bounds: what is beyond them is said to be there.
    let near = ask("record=pay:REQ-1&direction=downstream&depth=1").await;
    assert_eq!((reached(&near).len(), &near["is_cut"]), (3, &json!(true)));
    let few = ask("record=pay:REQ-1&direction=downstream&depth=10&limit=2").await;
    assert_eq!((reached(&few).len(), &few["is_cut"]), (2, &json!(true)));
    for wrong in ["depth=0", "depth=11", "limit=1001", "direction=sideways", "colour=red", "record=REQ-1"] {
        world.get(format!("/v1/impact?record=pay:REQ-1&{wrong}")).by(owner).send().await.expect(400);
    }
    world.get("/v1/impact").by(owner).send().await.expect(400);
    world.get("/v1/impact?record=pay:REQ-99").by(owner).send().await.expect(404);
}

/// Proves REQ-59.2.
#[tokio::test]
async fn the_list_comes_as_a_table_with_owners() {
    let world = world().await;
    let owner = &world.home.owner;
    scene(&world).await;
    let path = "/v1/impact?record=REQ-2&direction=downstream&depth=3";
    let file = world.get(path).header("accept", "text/csv").by(owner).send().await.expect(200).text();
    let lines: Vec<&str> = file.lines().collect();
    assert_eq!(lines[0], "direction,steps,kind,key,title,status,project,owner,team,project_owner,path");
    let test = lines.iter().find(|line| line.contains(",TC-1,")).unwrap();
    assert!(test.contains(&owner.name), "{test}");
    assert!(test.ends_with("REQ-2 > REQ-1 (derives from) > FEAT-1 (part of) > TC-1 (verifies)"), "{test}");
    let json = world.get(path).by(owner).send().await.expect(200).json();
    let requirement = json["data"].as_array().unwrap().iter().find(|one| one["key"] == "REQ-1").unwrap();
    assert_eq!(requirement["owner"], json!(owner.name));
    world.get(path).header("accept", "application/x-ndjson").by(owner).send().await.expect(406);
}

/// Proves REQ-59.3.
#[tokio::test]
async fn what_one_may_not_read_is_neither_told_nor_walked_through() {
    let world = world().await;
    scene(&world).await;
    let token = async |scopes: &[&str]| {
        let body = json!({"name": "part", "scopes": scopes});
        let made = world.post("/v1/api-tokens", &body).by(&world.home.owner).send().await.expect(201).json();
        made["token"].as_str().unwrap().to_owned()
    };
    let ask = "/v1/impact?record=pay:REQ-1&direction=downstream&depth=10";
    // Without features nothing leads to the test, and without tests nothing to the defect.
    let no_features =
        token(&["project:read", "requirement:read", "test_case:read", "defect:read", "trace_link:read"]).await;
    let answer = world.get(ask).bearing(&no_features).send().await.expect(200).json();
    assert_eq!(reached(&answer), ["+1 requirement REQ-2"]);
    assert!(!answer.to_string().contains("refunds_once") && !answer.to_string().contains("FEAT-1"));
    let no_links = token(&["project:read", "requirement:read", "feature:read"]).await;
    let answer = world.get(ask).bearing(&no_links).send().await.expect(200).json();
    assert_eq!(reached(&answer), ["+1 feature FEAT-1"], "a link that may not be read leads nowhere");
    let nothing = token(&["build:read"]).await;
    world.get(ask).bearing(&nothing).send().await.expect(404);
    world.get(ask).by(&world.abroad.owner).send().await.expect(404);
    world.get(ask).send().await.expect(401);
}
