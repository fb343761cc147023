//! What tests said of a build, and what it is made of, goes out in formats of other tools to whoever may export it, and to nobody else.

use std::{path::Path, process::Command};

use formats::{Format, Recognised, recognise};
use serde_json::{Value, json};
use testkit::World;
use uuid::Uuid;

use crate::{serving::Serving, world};

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

/// A token of the owner's that may read everything and do nothing else.
async fn reading_token(world: &World) -> String {
    let body = json!({"name": "reader", "scopes": ["*:read"], "days": 2});
    let made = world.post("/v1/api-tokens", &body).by(&world.home.owner).send().await.expect(201).json();
    made["token"].as_str().unwrap().to_owned()
}

/// Reading is not enough: what goes out leaves the rules of this place behind.
#[tokio::test]
async fn a_build_does_not_go_out_to_who_may_only_read() {
    let world = world().await;
    let build = filled(&world).await;
    let reader = reading_token(&world).await;
    world.get(format!("/v1/builds/{build}")).bearing(&reader).send().await.expect(200);
    for what in ["junit", "cyclonedx"] {
        world.get(format!("/v1/builds/{build}/{what}")).bearing(&reader).send().await.expect(403);
    }
}

/// Runs `throughline export` where nobody has brought up an instance; its exit code, standard output and standard error.
async fn export(arguments: Vec<String>, inside: &Path) -> (Option<i32>, Vec<u8>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_throughline"));
    command.arg("export").args(arguments).current_dir(inside);
    for name in ["THROUGHLINE_URL", "THROUGHLINE_TOKEN", "THROUGHLINE_PROJECT", "DATABASE_URL"] {
        command.env_remove(name);
    }
    command.env("THROUGHLINE_DATA", inside.join("no-instance"));
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    (output.status.code(), output.stdout, String::from_utf8_lossy(&output.stderr).into_owned())
}

/// Proves REQ-66.4.
#[tokio::test]
async fn the_command_writes_what_is_recorded_and_says_why_it_does_not() {
    let world = world().await;
    let build = filled(&world).await;
    let tx = world.home.ctx(&world.kernel).begin().await.unwrap();
    let requirement = "insert into work.requirements (project_id, title, key)
        select id, 'Pays <at once>', 'REQ-7' from work.projects where slug = 'pay-exports'";
    assert_eq!(tx.execute(requirement, &[]).await.unwrap(), 1);
    tx.commit().await.unwrap();
    let server = Serving::of(&world).await;
    let url = server.url.clone();
    let place = tempfile::tempdir().unwrap();
    let words = |line: &str, token: &str| -> Vec<String> {
        format!("{line} --url {url} --token {token}").split(' ').map(str::to_owned).collect()
    };
    let (owner, reader) = (world.home.owner.token.clone(), reading_token(&world).await);

    // On standard output, by the number of a build, its version and its identifier.
    for (line, format, says) in [
        ("junit --build 7 --project pay-exports".to_owned(), Format::Junit, "no &lt;money&gt;"),
        ("cyclonedx --build v7 --project pay-exports".to_owned(), Format::CycloneDx, "\"xz\""),
        (format!("cyclonedx --build {build}"), Format::CycloneDx, "\"xz\""),
        ("reqif --project pay-exports".to_owned(), Format::Reqif, "Pays &lt;at once"),
    ] {
        let (code, said, error) = export(words(&line, &owner), place.path()).await;
        assert_eq!(code, Some(0), "{line}: {error}");
        assert_eq!(recognise(&said), Recognised::Format(format), "{line}");
        assert!(String::from_utf8_lossy(&said).contains(says), "{line}: {}", String::from_utf8_lossy(&said));
    }
    let (code, said, error) = export(words("reqifz --project pay-exports", &owner), place.path()).await;
    assert_eq!((code, recognise(&said)), (Some(0), Recognised::Format(Format::Reqifz)), "{error}");
    // Into a file, whole or not at all.
    let line = "junit --build 7 --project pay-exports --output report.xml";
    let (code, said, error) = export(words(line, &owner), place.path()).await;
    assert_eq!((code, said.len()), (Some(0), 0), "{error}");
    let report = world.get(format!("/v1/builds/{build}/junit")).by(&world.home.owner).send().await.expect(200);
    assert_eq!(std::fs::read(place.path().join("report.xml")).unwrap(), report.body);
    let (code, _, error) =
        export(words("junit --build 7 --project pay-exports -o refused.xml", &reader), place.path()).await;
    assert_eq!(code, Some(4), "a token that may only read: {error}");
    let left: Vec<_> = std::fs::read_dir(place.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert_eq!(left, ["report.xml"], "nothing half-written stays");

    for (line, token, code, says) in [
        ("csv --project pay-exports", owner.as_str(), 2, "possible values: junit, cyclonedx, reqif, reqifz"),
        ("junit --project pay-exports", &owner, 2, "--build <REF>"),
        ("junit --build 7 --project nowhere", &owner, 2, "there is no project `nowhere` that you may read"),
        ("reqif --project nowhere", &owner, 2, "there is no project `nowhere` that you may read"),
        ("cyclonedx --build 8 --project pay-exports", &owner, 2, "there is no build `8` in this project"),
        ("reqif --project pay-exports", "tl_nobody", 4, "throughline: "),
    ] {
        let (ended, said, error) = export(words(line, token), place.path()).await;
        assert_eq!((ended, said.len()), (Some(code), 0), "{line}: {error}");
        assert!(error.contains(says), "{line}: {error}");
    }
    let without = ["reqif", "--project", "pay-exports", "--url", &url].map(str::to_owned).to_vec();
    let (code, _, error) = export(without, place.path()).await;
    assert_eq!(code, Some(4), "{error}");
    assert!(error.contains("not signed in: give --url and --token"), "{error}");
    server.end().await;
    let (code, ..) = export(words("reqif --project pay-exports", &owner), place.path()).await;
    assert_eq!(code, Some(1), "no server, no file");
}
