//! What tests said of a build, and what it is made of, goes out in formats of other tools to whoever may export it, and to nobody else.

use formats::{Format, Recognised, recognise};
use serde_json::Value;
use testkit::World;
use uuid::Uuid;

use crate::world;

const FILLED: &str = "
with p as (insert into work.projects (name, slug) values ('Pay', 'pay-exports') returning id),
b as (insert into delivery.builds (project_id, build_number, version_tag, status) select id, 7, 'v7', 'success' from p returning id, project_id),
r as (insert into quality.test_runs (project_id, build_id, name) select project_id, id, 'unit' from b returning id, project_id, build_id),
t as (insert into quality.test_cases (project_id, key, name) select id, 'TC-1', 'pays' from p returning id, project_id),
o as (insert into quality.test_results (project_id, test_case_id, test_run_id, build_id, name, status, error_message)
      select r.project_id, t.id, r.id, r.build_id, n, case n when 'pays' then 'passed' else 'failed' end, case n when 'pays' then null else 'no <money>' end
        from r, t, unnest(array['pays', 'refunds']) n),
s as (insert into security.sboms (project_id, build_id, spec_version, components_count) select project_id, id, '1.6', 1 from b returning id, project_id),
c as (insert into security.sbom_components (project_id, sbom_id, name, version) select project_id, id, 'xz', '5.6.0' from s)
select id from b";

async fn filled(world: &World) -> Uuid {
    let tx = world.home.ctx(&world.kernel).begin().await.unwrap();
    let id = tx.query_one(FILLED, &[]).await.unwrap().get(0);
    tx.commit().await.unwrap();
    id
}

/// Proves REQ-66.4.
#[tokio::test]
async fn a_build_goes_out_to_whoever_may_export_it() {
    let world = world().await;
    let build = filled(&world).await;
    let (junit, bom) = (format!("/v1/builds/{build}/junit"), format!("/v1/builds/{build}/cyclonedx"));

    let report = world.get(&junit).by(&world.home.owner).send().await.expect(200);
    assert_eq!(report.header("content-type"), Some("application/xml"));
    assert_eq!(report.header("content-disposition"), Some("attachment; filename=\"pay-exports-7-tests.xml\""));
    assert_eq!(recognise(&report.body), Recognised::Format(Format::Junit));
    let text = report.text();
    assert!(text.contains("<testsuites name=\"Pay #7\" tests=\"2\" failures=\"1\" errors=\"0\">"), "{text}");
    assert!(text.contains("message=\"no &lt;money&gt;\"") && text.ends_with("</testsuites>\n"), "{text}");

    let document = world.get(&bom).by(&world.home.owner).send().await.expect(200);
    assert_eq!(document.header("content-type"), Some("application/vnd.cyclonedx+json; version=1.6"));
    assert_eq!(recognise(&document.body), Recognised::Format(Format::CycloneDx));
    let document: Value = document.json();
    assert_eq!(document["components"][0]["name"], "xz");
    assert_eq!(document["metadata"]["component"]["version"], "v7");

    for path in [&junit, &bom] {
        world.get(path).send().await.expect(401);
        world.get(path).by(&world.abroad.owner).send().await.expect(404);
        world.get(format!("{path}?odd=1")).by(&world.home.owner).send().await.expect(400);
    }
    world.get(format!("{junit}?properties=yes")).by(&world.home.owner).send().await.expect(400);
    world.get(format!("{junit}?properties=true")).by(&world.home.owner).send().await.expect(200);
    for path in ["/v1/builds/01998a44-7d21-7b3e-9c55-0a1f5e6d7c8b/junit", "/v1/builds/x/cyclonedx"] {
        world.get(path).by(&world.home.owner).send().await.expect(404);
    }
}

/// Reading is not enough: what goes out leaves the rules of this place behind.
#[tokio::test]
async fn a_build_does_not_go_out_to_who_may_only_read() {
    let world = world().await;
    let build = filled(&world).await;
    let body = serde_json::json!({"name": "reader", "scopes": ["*:read"], "days": 2});
    let made = world.post("/v1/api-tokens", &body).by(&world.home.owner).send().await.expect(201).json();
    let reader = made["token"].as_str().unwrap().to_owned();
    world.get(format!("/v1/builds/{build}")).bearing(&reader).send().await.expect(200);
    for what in ["junit", "cyclonedx"] {
        world.get(format!("/v1/builds/{build}/{what}")).bearing(&reader).send().await.expect(403);
    }
}
