//! What is decided about a finding holds as long as it was decided to, and is decided by whoever may change findings.

use serde_json::{Value, json};
use testkit::World;
use uuid::Uuid;

use crate::world;

async fn state(world: &World, id: &str) -> Value {
    world.get(format!("/v1/findings/{id}")).by(&world.home.viewer).send().await.expect(200).json()["state"].clone()
}

async fn change(world: &World, sql: &str, id: &str) {
    let tx = world.home.ctx(&world.kernel).begin().await.unwrap();
    assert_eq!(tx.execute(sql, &[&Uuid::try_parse(id).unwrap()]).await.unwrap(), 1);
    tx.commit().await.unwrap();
}

/// Proves REQ-63.4.
#[tokio::test]
async fn a_decision_about_a_finding_has_a_reason_and_an_end_after_which_it_is_open_again() {
    let world = world().await;
    let id = world.example(&world.home, "findings", 0).await.unwrap();
    let (path, developer) = (format!("/v1/findings/{id}/triage"), &world.home.developer);
    assert_eq!(state(&world, &id).await, "open");

    let accepted =
        json!({"decision": "accepted", "reason": "Behind the firewall.", "expires_at": "2999-01-01T00:00:00Z"});
    world.post(&path, &accepted).by(&world.home.viewer).send().await.expect(403);
    world.post(&path, &accepted).by(&world.abroad.owner).send().await.expect(404);
    world.post(&path, &accepted).by(&world.stranger).send().await.expect(401);
    for wrong in [
        json!({}),
        json!({"decision": "accepted"}),
        json!({"decision": "accepted", "reason": " "}),
        json!({"decision": "gone", "reason": "r"}),
        json!({"decision": "accepted", "reason": "r", "expires_at": "2001-01-01T00:00:00Z"}),
        json!({"decision": "accepted", "reason": "r", "expires_at": "soon"}),
        json!({"decision": "confirmed", "reason": "r", "expires_at": "2999-01-01T00:00:00Z"}),
        json!({"decision": "accepted", "reason": "x".repeat(2001)}),
    ] {
        world.post(&path, &wrong).by(developer).send().await.expect(422);
    }
    world.post(&path, &json!({"decision": "open", "reason": "r"})).by(developer).send().await.expect(409);
    assert_eq!(state(&world, &id).await, "open", "what was refused has changed nothing");

    let answer = world.post(&path, &accepted).by(developer).send().await.expect(200).json();
    assert_eq!(answer["state"], "accepted");
    let listed = |of: &str| format!("/v1/findings?filter[state]={of}&count=exact");
    let count = async |of: &str| world.get(listed(of)).by(developer).send().await.expect(200).json()["count"].clone();
    assert_eq!((count("accepted").await, count("open").await), (json!(1), json!(0)));
    let kept = world.get(format!("/v1/findings/{id}")).by(developer).send().await.expect(200).json();
    assert_eq!((&kept["triage_reason"], &kept["triaged_by"]), (&accepted["reason"], &json!(developer.user_id)));
    let history = world.get(format!("/v1/findings/{id}/history")).by(developer).send().await.expect(200).json();
    assert_eq!(
        (&history["data"][0]["event"], &history["data"][0]["reason"]),
        (&json!("finding.triaged"), &accepted["reason"])
    );

    // Nothing runs when a decision ends: every read works it out.
    change(&world, "update security.findings set triage_expires_at = now() - interval '1 second' where id = $1", &id)
        .await;
    assert_eq!(state(&world, &id).await, "open");
    assert_eq!((count("accepted").await, count("open").await), (json!(0), json!(1)));

    // What its reports say comes before and behind what people say.
    let confirmed = json!({"decision": "confirmed", "reason": "Seen it."});
    world.post(&path, &confirmed).by(developer).send().await.expect(200);
    assert_eq!(state(&world, &id).await, "confirmed");
    change(&world, "update security.findings set is_suppressed = true where id = $1", &id).await;
    assert_eq!(state(&world, &id).await, "suppressed");
    let wrong = json!({"decision": "false_positive", "reason": "No such path."});
    assert_eq!(world.post(&path, &wrong).by(developer).send().await.expect(200).json()["state"], "false_positive");
    change(&world, "update security.findings set status = 'fixed', fixed_at = now() where id = $1", &id).await;
    assert_eq!(state(&world, &id).await, "fixed");
    let back = json!({"decision": "open", "reason": "Once more."});
    world.post(&path, &back).by(developer).send().await.expect(200);
    change(
        &world,
        "update security.findings set status = 'open', fixed_at = null, is_suppressed = false where id = $1",
        &id,
    )
    .await;
    assert_eq!(state(&world, &id).await, "open");
}

/// Proves REQ-64.4.
#[tokio::test]
async fn a_vulnerability_is_found_where_a_build_that_has_the_component_runs_now() {
    let world = world().await;
    let owner = &world.home.owner;
    let sql = "
with p as (insert into work.projects (name, slug, owner_user_id) values ('Pay', 'pay', platform.current_user_id()) returning id),
q as (insert into work.projects (name, slug) values ('Shop', 'shop') returning id),
b as (insert into delivery.builds (project_id, build_number, version_tag, status) select id, n, 'v' || n, 'success' from p, generate_series(1, 2) n
      returning id, project_id, build_number),
k as (insert into delivery.builds (project_id, build_number, status) select id, 1, 'success' from q returning id, project_id),
e as (insert into delivery.environments (name, tier) values ('eu-live', 'production'), ('try', 'test') returning id, tier),
v as (insert into platform.services (name, service_type) values ('checkout', 'api') returning id),
s as (insert into security.sboms (project_id, build_id, spec_version)
      select project_id, id, '1.6' from b union all select project_id, id, '1.6' from k returning id, project_id),
c as (insert into security.sbom_components (project_id, sbom_id, name, version, package, package_version)
      select project_id, id, 'xz', '5.6.0', 'pkg:deb/xz', '5.6.0' from s),
d as (insert into delivery.deployments (id, project_id, build_id, service_id, environment_id, version, status)
      select platform.uuid_v7_floor(now() + b.build_number * interval '1 second'), b.project_id, b.id, v.id, e.id, 'r' || b.build_number, 'success'
        from b, v, e where e.tier = 'production'
      union all select platform.uuid_v7(), k.project_id, k.id, null, e.id, 'shop-1', 'success' from k, e where e.tier = 'test'),
t as (insert into security.vulnerability_statements (project_id, identifier, severity, analysis_state, justification)
      select id, 'CVE-2024-3094', 'critical', null, null from p
      union all select id, 'CVE-2024-3094', null, 'not_affected', 'code_not_reachable' from q returning id, project_id)
insert into security.vulnerability_affects (project_id, statement_id, reference, package, package_version)
select project_id, id, 'xz', 'pkg:deb/xz', '5.6.0' from t";
    let tx = world.home.ctx(&world.kernel).begin().await.unwrap();
    // A foreign key to a row of the same statement is checked when it ends.
    tx.execute(sql, &[]).await.unwrap();
    tx.commit().await.unwrap();

    let ask = "/v1/findings/exposure?identifier=cve-2024-3094";
    let answer = world.get(ask).by(owner).send().await.expect(200).json();
    assert_eq!(
        (&answer["is_in_production"], &answer["severity"], &answer["statements"]),
        (&json!(true), &json!("critical"), &json!(2))
    );
    let running = answer["running"].as_array().unwrap();
    let told = |one: &Value| {
        let fields =
            ["project", "service", "environment", "tier", "version", "component", "component_version", "state"];
        fields.map(|name| one[name].as_str().unwrap_or("-").to_owned()).join(" ")
    };
    let told: Vec<String> = running.iter().map(told).collect();
    assert_eq!(
        told,
        ["pay checkout eu-live production r2 xz 5.6.0 open", "shop - try test shop-1 xz 5.6.0 false_positive"],
        "what was replaced runs no more, and what a project found out holds for itself alone"
    );
    assert!(running[0]["owner"].is_string());
    assert_eq!(running[1]["justification"], "code_not_reachable");
    let built: Vec<&Value> = answer["built"].as_array().unwrap().iter().map(|one| &one["build_number"]).collect();
    assert_eq!(built, [&json!(1)]);

    let nothing = json!([]);
    let other = world.get(ask).by(&world.abroad.owner).send().await.expect(200).json();
    assert_eq!((&other["statements"], &other["running"]), (&json!(0), &nothing));
    let unknown = world.get("/v1/findings/exposure?identifier=CVE-1-1").by(owner).send().await.expect(200).json();
    assert_eq!((&unknown["statements"], &unknown["is_in_production"]), (&json!(0), &json!(false)));
    world.get(ask).send().await.expect(401);
    for wrong in ["", "?identifier=", "?identifier=a&identifier=b", "?cve=a", "?identifier=a%00"] {
        world.get(format!("/v1/findings/exposure{wrong}")).by(owner).send().await.expect(400);
    }
}

/// Proves REQ-64.2, REQ-64.3, REQ-64.4.
#[tokio::test]
async fn the_answer_follows_names_and_ranges_and_names_requirement_and_test() {
    let world = world().await;
    let owner = &world.home.owner;
    let key = |version: &str| {
        let key = formats::version::Scheme::Semver.key(version).unwrap();
        let hex: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("'\\x{hex}'::bytea")
    };
    let sql = format!(
        "
with p as (insert into work.projects (name, slug, owner_user_id) values ('Pay', 'pay', platform.current_user_id()) returning id),
q as (insert into work.projects (name, slug) values ('Advice', 'advice') returning id),
b as (insert into delivery.builds (project_id, build_number, status) select id, n, 'success' from p, generate_series(1, 5) n returning id, project_id, build_number),
e as (insert into delivery.environments (name, tier) values ('live', 'production') returning id),
v as (insert into platform.services (name, service_type) select 'service-' || n, 'api' from generate_series(1, 5) n returning id, name),
d as (insert into delivery.deployments (project_id, build_id, service_id, environment_id, version, status)
      select b.project_id, b.id, v.id, e.id, 'r' || b.build_number, 'success' from b join v on v.name = 'service-' || b.build_number cross join e),
s as (insert into security.sboms (project_id, build_id, spec_version) select project_id, id, '1.6' from b where build_number <= 3 returning id, project_id, build_id),
c as (insert into security.sbom_components (project_id, sbom_id, name, version, package, package_version, version_key)
      select s.project_id, s.id, 'left-pad', x.version, 'pkg:npm/left-pad', x.version, x.key
        from s join b on b.id = s.build_id
        join (values (1, '1.9.0', {old}), (2, '1.10.0', {new}), (3, null, null)) x (n, version, key) on x.n = b.build_number),
t as (insert into security.vulnerability_statements (project_id, identifier, severity) select id, 'GHSA-AAAA-BBBB-CCCC', 'high' from q returning id, project_id),
n as (insert into security.vulnerability_names (project_id, statement_id, name) select project_id, id, 'CVE-2024-5555' from t),
a as (insert into security.vulnerability_affects (project_id, statement_id, reference, package, version_range, high_key, is_ordered)
      select project_id, id, 'pkg:npm/left-pad', 'pkg:npm/left-pad', 'vers:npm/<1.10.0', {new}, true from t),
f as (insert into security.findings (project_id, tool, fingerprint, title, vulnerability) select id, 'Scanner', sha256('f'), 'Found', 'CVE-2024-5555' from p
      returning id, project_id),
g as (insert into security.finding_sightings (project_id, finding_id, build_id, level)
      select f.project_id, f.id, b.id, 'error' from f join b on b.build_number = 4),
u as (insert into security.vulnerabilities (project_id, title, cve_id, build_id, severity, status)
      select b.project_id, 'Seen by hand', 'CVE-2024-5555', b.id, 'high', 'accepted_risk' from b where b.build_number = 5),
r as (insert into work.requirements (project_id, title, key) select id, 'Pads on the left', 'REQ-7' from p)
insert into quality.test_cases (project_id, name) select id, 'pads' from p",
        old = key("1.9.0"),
        new = key("1.10.0"),
    );
    let tx = world.home.ctx(&world.kernel).begin().await.unwrap();
    tx.execute(&sql, &[]).await.unwrap();
    let links = "insert into work.trace_links (project_id, source_id, target_id, link_type)
        select k.project_id, k.id, r.id, 'verifies' from quality.test_cases k join work.requirements r on r.project_id = k.project_id where k.name = 'pads'";
    assert_eq!(tx.execute(links, &[]).await.unwrap(), 1);
    let results = "insert into quality.test_results (project_id, test_case_id, build_id, status)
        select k.project_id, k.id, b.id, 'failed' from quality.test_cases k join delivery.builds b on b.project_id = k.project_id and b.build_number = 1
         where k.name = 'pads'";
    assert_eq!(tx.execute(results, &[]).await.unwrap(), 1);
    tx.commit().await.unwrap();

    for name in ["CVE-2024-5555", "ghsa-aaaa-bbbb-cccc"] {
        let answer =
            world.get(format!("/v1/findings/exposure?identifier={name}")).by(owner).send().await.expect(200).json();
        let told: Vec<String> = answer["running"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| {
                let words =
                    ["service", "component_version", "found_by", "state"].map(|what| one[what].as_str().unwrap_or("-"));
                format!("{} {}", words.join(" "), if one["is_unsure"] == true { "unsure" } else { "sure" })
            })
            .collect();
        let mut expected = vec!["service-1 1.9.0 component open sure"];
        if name.starts_with("CVE") {
            expected.extend(["service-4 - finding open sure", "service-5 - vulnerability accepted sure"]);
        }
        expected.push("service-3 - component open unsure");
        let sorted = |mut all: Vec<String>| {
            all.sort();
            all
        };
        if name.starts_with("CVE") {
            assert_eq!(sorted(told), sorted(expected.iter().map(|one| (*one).to_owned()).collect()), "1.10.0 is fixed");
            assert_eq!((&answer["findings"], &answer["statements"]), (&json!(2), &json!(1)));
            assert_eq!(answer["aliases"], json!(["GHSA-AAAA-BBBB-CCCC"]));
        } else {
            assert!(told.contains(&"service-1 1.9.0 component open sure".to_owned()), "{told:?}");
            assert_eq!(answer["aliases"], json!(["CVE-2024-5555"]));
        }
        assert_eq!((&answer["is_in_production"], &answer["is_perhaps_in_production"]), (&json!(true), &json!(true)));
        let first = answer["running"].as_array().unwrap().iter().find(|one| one["service"] == "service-1").unwrap();
        assert_eq!((&first["requirements"][0]["key"], &first["requirements_count"]), (&json!("REQ-7"), &json!(1)));
        let test = &first["requirements"][0]["tests"][0];
        assert_eq!((&test["name"], &test["status"]), (&json!("pads"), &json!("failed")));
    }
}
