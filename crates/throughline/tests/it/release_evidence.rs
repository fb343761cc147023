//! A release carries its own proof: one signed bundle that is kept as it was made and that anybody checks with the public key alone.

use std::{path::Path, process::Command};

use assurance::evidence::{self, record::Evidence};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use testkit::{Person, World};
use tokio_postgres::types::ToSql;
use uuid::Uuid;
use vault::signing::SigningKey;

use crate::{rows, serving::Serving, world};

async fn one(world: &World, sql: &str, params: &[&(dyn ToSql + Sync)]) -> Uuid {
    let tx = world.home.ctx(&world.kernel).begin().await.unwrap();
    let id = tx.query_one(sql, params).await.unwrap().get(0);
    tx.commit().await.unwrap();
    id
}

async fn batch(world: &World, sql: &str) {
    let tx = world.home.ctx(&world.kernel).begin().await.unwrap();
    tx.batch(sql).await.unwrap();
    tx.commit().await.unwrap();
}

struct Scene {
    project: Uuid,
    requirement: Uuid,
    build: Uuid,
    release: Uuid,
    deployment: Uuid,
    baseline: String,
}

/// A release whose build proves one of two criteria, with something open of every kind and something let pass.
async fn scene(world: &World) -> Scene {
    let project = one(world, "insert into work.projects (name, slug) values ('Pay', 'pay') returning id", &[]).await;
    let requirement = "insert into work.requirements (project_id, title, description, status) values ($1, $2, 'By card.', $3) returning id";
    let pay = one(world, requirement, &[&project, &"Pay", &"approved"]).await;
    one(world, requirement, &[&project, &"Dream", &"draft"]).await;
    let criterion = "insert into work.requirement_items (project_id, requirement_id, item_kind, position, body)
                     values ($1, $2, 'acceptance_criterion', $3, $4) returning id";
    let proven = one(world, criterion, &[&project, &pay, &1_i32, &"It pays."]).await;
    one(world, criterion, &[&project, &pay, &2_i32, &"It pays once."]).await;
    let test = "insert into quality.test_cases (project_id, name) values ($1, $2) returning id";
    let (pays, refunds) =
        (one(world, test, &[&project, &"pays"]).await, one(world, test, &[&project, &"refunds"]).await);
    let link = "insert into work.trace_links (project_id, source_id, target_id, link_type, criterion_id) values ($1, $2, $3, 'verifies', $4) returning id";
    one(world, link, &[&project, &pays, &pay, &proven]).await;
    let build =
        "insert into delivery.builds (project_id, build_number, status, git_branch, git_commit_hash, version_tag)
                 values ($1, 7, 'success', 'main', $2, '2.4.0') returning id";
    let build = one(world, build, &[&project, &"0f".repeat(20)]).await;
    let import = "insert into platform.imports (project_id, build_id, file_name, format, status, completed_at, content_sha256, size_bytes)
                  values ($1, $2, 'unit.xml', 'junit', 'completed', now(), sha256('unit'), 4) returning id";
    let import = one(world, import, &[&project, &build]).await;
    let run = "insert into quality.test_runs (project_id, build_id, import_id) values ($1, $2, $3) returning id";
    let run = one(world, run, &[&project, &build, &import]).await;
    let result = "insert into quality.test_results (project_id, test_case_id, build_id, test_run_id, status) values ($1, $2, $3, $4, $5) returning id";
    one(world, result, &[&project, &pays, &build, &run, &"passed"]).await;
    one(world, result, &[&project, &refunds, &build, &run, &"failed"]).await;
    let baseline = json!({"project_id": project, "name": "Contract"});
    let baseline = world.post("/v1/baselines", &baseline).by(&world.home.owner).send().await.expect(201).json();
    let release = "insert into delivery.releases (project_id, build_id, version, status, released_at) values ($1, $2, '2.4.0', 'released', now()) returning id";
    let release = one(world, release, &[&project, &build]).await;
    let deployment = "insert into delivery.deployments (project_id, build_id, environment_id, version, status, deployed_at)
                      select $1, $2, id, '2.4.0', 'success', now() from delivery.environments where tier = 'test' limit 1 returning id";
    let deployment = one(world, deployment, &[&project, &build]).await;
    batch(
        world,
        &format!(
            "insert into quality.defects (project_id, title, severity) values ('{project}', 'Paid twice', 'high');
             insert into delivery.build_artifacts (project_id, build_id, artifact_kind, path, checksum_sha256)
               values ('{project}', '{build}', 'package', 'pay.tar.gz', sha256('pay'));
             insert into security.findings (project_id, tool, fingerprint, title, severity) values
               ('{project}', 'lint', sha256('a'), 'Unchecked input', 'high');
             insert into security.findings (project_id, tool, fingerprint, title, severity, triage, triage_reason, triaged_at) values
               ('{project}', 'lint', sha256('b'), 'Fixed address', 'low', 'accepted', 'For tests.', now());
             insert into security.vulnerabilities (project_id, build_id, title, cve_id, severity) values
               ('{project}', '{build}', 'Old parser', 'CVE-2026-1111', 'critical');"
        ),
    )
    .await;
    // Said after the baseline was taken: the link becomes suspect, and the requirement is no longer what was agreed.
    batch(world, &format!("update work.requirements set title = 'Pay at once' where id = '{pay}'")).await;
    let baseline = baseline["id"].as_str().unwrap().to_owned();
    Scene { project, requirement: pay, build, release, deployment, baseline }
}

async fn make(world: &World, by: &Person, body: &Value) -> Value {
    world.post("/v1/evidence-bundles", body).by(by).send().await.expect(201).json()
}

async fn fetched(world: &World, made: &Value) -> Vec<u8> {
    let path = made["content"].as_str().unwrap();
    let answer = world.get(path).by(&world.home.viewer).send().await.expect(200);
    assert_eq!(answer.header("content-type"), Some("application/gzip"));
    answer.body.to_vec()
}

fn read(bundle: &[u8]) -> Evidence {
    serde_json::from_slice(&evidence::bundle::open(bundle).unwrap().data.unwrap()).unwrap()
}

fn key() -> SigningKey {
    SigningKey::from_seed([7; 32])
}

/// Proves REQ-61.1, REQ-61.2.
#[tokio::test]
async fn a_bundle_says_what_was_required_what_proves_it_what_is_open_and_what_was_deployed() {
    let world = world().await;
    let made = scene(&world).await;
    let body = json!({"release_id": made.release, "baseline_id": made.baseline});
    let bundle = make(&world, &world.home.developer, &body).await;
    let bytes = fetched(&world, &bundle).await;
    let verdict = evidence::verify(&bytes, &[key().public_key()]);
    assert!(verdict.is_sound() && verdict.page_is_of_the_data, "{:?}", verdict.alterations);

    let all = read(&bytes);
    assert_eq!((all.about.kind.as_str(), all.about.name.as_str()), ("release", "Release 2.4.0"));
    assert_eq!((all.build.number, all.build.commit.clone()), (7, Some("0f".repeat(20))));
    let baseline = all.baseline.as_ref().unwrap();
    assert_eq!((baseline.name.as_str(), baseline.status.as_str()), ("Contract", "taken"));
    let keys: Vec<&str> = all.requirements.iter().map(|one| one.key.as_str()).collect();
    assert_eq!(keys, ["REQ-1", "REQ-2"], "every requirement, the draft too");
    let pay = &all.requirements[0];
    assert_eq!((pay.title.as_str(), pay.since_baseline.as_deref()), ("Pay", Some("changed")), "as it was agreed");
    let proofs: Vec<(&str, &str, Vec<String>)> =
        pay.criteria.iter().map(|one| (one.text.as_str(), one.proof.as_str(), one.tests.clone())).collect();
    assert_eq!(proofs, [("It pays.", "proven", vec!["TC-1".to_owned()]), ("It pays once.", "no_test", vec![])]);
    let digest = |text: &str| evidence::canonical::sha256(text.as_bytes());
    let outcomes: Vec<(&str, &str, Option<String>)> =
        all.tests.iter().map(|one| (one.key.as_str(), one.outcome.as_str(), one.report_sha256.clone())).collect();
    assert_eq!(outcomes, [("TC-1", "passed", Some(digest("unit"))), ("TC-2", "failed", Some(digest("unit")))]);
    assert_eq!(all.defects[0].title, "Paid twice");
    assert_eq!(all.findings.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["Unchecked input"]);
    assert_eq!(all.vulnerabilities[0].name, "CVE-2026-1111");
    assert_eq!(all.suspect_links[0].name, "TC-1 verifies REQ-1");
    assert_eq!((all.waivers[0].name.as_str(), all.waivers[0].reason.as_deref()), ("Fixed address", Some("For tests.")));
    assert_eq!((all.deployments.len(), all.deployments[0].runs_there_now), (1, true));
    assert_eq!(all.artifacts[0].sha256, Some(digest("pay")));
    assert_eq!((all.reports[0].name.as_str(), all.reports[0].sha256.clone()), ("unit.xml", Some(digest("unit"))));
    assert_eq!((all.gate.passed, all.gate.rules.len()), (false, 6));
    assert_eq!(all.made.by, world.home.developer.name);
    // A gap, a failing test, a defect, a finding, a vulnerability and a link.
    assert_eq!((all.summary.criteria, all.summary.proven, all.summary.open), (2, 1, 6));
    assert_eq!(
        (&bundle["criteria_count"], &bundle["proven_count"], &bundle["open_count"]),
        (&json!(2), &json!(1), &json!(6))
    );

    // Without a baseline, what the project says now; for a build and a deployment as for a release.
    for body in [json!({"build_id": made.build}), json!({"deployment_id": made.deployment})] {
        let bundle = make(&world, &world.home.owner, &body).await;
        let all = read(&fetched(&world, &bundle).await);
        assert_eq!((all.requirements[0].title.as_str(), &all.requirements[0].since_baseline), ("Pay at once", &None));
        assert!(["Build 7", "Deployment of 2.4.0 to test"].contains(&all.about.name.as_str()), "{}", all.about.name);
    }
}

/// Proves REQ-61.4.
#[tokio::test]
async fn a_bundle_is_kept_as_it_was_made_and_making_it_is_told_in_the_trail() {
    let world = world().await;
    let made = scene(&world).await;
    let bundle = make(&world, &world.home.developer, &json!({"release_id": made.release})).await;
    let id = bundle["id"].as_str().unwrap();
    let first = fetched(&world, &bundle).await;
    assert_eq!(evidence::canonical::hex(&Sha256::digest(&first)), bundle["content_sha256"].as_str().unwrap());
    assert_eq!(json!(first.len()), bundle["size_bytes"]);

    // What changes afterwards changes nothing in it.
    let more = "insert into quality.defects (project_id, title) values ($1, 'Found later') returning id";
    one(&world, more, &[&made.project]).await;
    batch(&world, &format!("update work.requirements set status = 'rejected' where id = '{}'", made.requirement)).await;
    assert_eq!(fetched(&world, &bundle).await, first);

    let history =
        world.get(format!("/v1/evidence-bundles/{id}/history")).by(&world.home.owner).send().await.expect(200);
    let history = history.json();
    assert_eq!(
        (rows(&history).len(), &rows(&history)[0]["event"]),
        (1, &json!("evidence_bundle.created")),
        "{history}"
    );
    let listed = format!("/v1/evidence-bundles?filter[release_id]={}", made.release);
    let listed = world.get(listed).by(&world.home.viewer).send().await.expect(200).json();
    assert_eq!((rows(&listed).len(), &rows(&listed)[0]["id"]), (1, &bundle["id"]));
    assert!(rows(&listed)[0].get("content").is_none(), "the bundle itself is fetched, not listed");

    // Nobody changes or removes it.
    let ctx = world.home.ctx(&world.kernel);
    for sql in ["update security.evidence_bundles set name = 'Another'", "delete from security.evidence_bundles"] {
        let told = format!("{:?}", ctx.begin().await.unwrap().batch(sql).await.unwrap_err());
        assert!(told.contains("permission denied"), "{sql}: {told}");
    }
    let owner = world.superuser().await.unwrap();
    for sql in ["update security.evidence_bundles set open_count = 0", "delete from security.evidence_bundles"] {
        let told = format!("{:?}", owner.batch_execute(sql).await.unwrap_err());
        assert!(told.contains("is kept as it was made"), "{sql}: {told}");
    }

    // What it is about stays as long.
    let bare = one(&world, "insert into work.projects (name, slug) values ('Bare', 'bare') returning id", &[]).await;
    let build = "insert into delivery.builds (project_id, build_number, status) values ($1, 1, 'success') returning id";
    let build = one(&world, build, &[&bare]).await;
    make(&world, &world.home.owner, &json!({"build_id": build})).await;
    let told = owner.execute("delete from delivery.builds where id = $1", &[&build]).await.unwrap_err();
    assert!(format!("{told:?}").contains("evidence_bundles_build_id_fkey"), "{told:?}");
    owner.execute("delete from work.projects where id = $1", &[&bare]).await.unwrap_err();
}

#[tokio::test]
async fn evidence_is_made_and_read_by_those_who_may() {
    let world = world().await;
    let made = scene(&world).await;
    let body = json!({"build_id": made.build});
    world.post("/v1/evidence-bundles", &body).send().await.expect(401);
    world.post("/v1/evidence-bundles", &body).by(&world.home.viewer).send().await.expect(403);
    world.post("/v1/evidence-bundles", &body).by(&world.abroad.owner).send().await.expect(404);
    let owner = &world.home.owner;
    for wrong in [json!({}), json!({"build_id": made.build, "release_id": made.release}), json!({"commit": "x"})] {
        world.post("/v1/evidence-bundles", &wrong).by(owner).send().await.expect(422);
    }
    let planned = "insert into delivery.releases (project_id, version) values ($1, '3.0.0') returning id";
    let planned = one(&world, planned, &[&made.project]).await;
    let told = world.post("/v1/evidence-bundles", &json!({"release_id": planned})).by(owner).send().await.expect(422);
    assert!(told.text().contains("names no build"), "{}", told.text());
    let elsewhere =
        one(&world, "insert into work.projects (name, slug) values ('Ship', 'ship') returning id", &[]).await;
    let other = json!({"project_id": elsewhere, "name": "Ship"});
    let other = world.post("/v1/baselines", &other).by(owner).send().await.expect(201).json();
    let mixed = json!({"build_id": made.build, "baseline_id": other["id"]});
    let told = world.post("/v1/evidence-bundles", &mixed).by(owner).send().await.expect(422);
    assert_eq!(told.pointers(), ["/baseline_id"]);

    let bundle = make(&world, owner, &body).await;
    for path in [
        bundle["content"].as_str().unwrap().to_owned(),
        format!("/v1/evidence-bundles/{}", bundle["id"].as_str().unwrap()),
    ] {
        world.get(&path).send().await.expect(401);
        world.get(&path).by(&world.abroad.owner).send().await.expect(404);
        world.get(&path).by(&world.home.viewer).send().await.expect(200);
        world.get(format!("{path}?x=1")).by(owner).send().await.expect(400);
    }
    // What somebody happens to see proves nothing: whoever may not read all of it makes none.
    let maker = world.home.join(&world.kernel, "maker").await.unwrap();
    batch(
        &world,
        &format!(
            "insert into authz.roles (name, display_name) values ('narrow', 'Narrow');
             insert into authz.role_permissions (role_id, permission_id)
             select r.id, p.id from authz.roles r, authz.permissions p
              where r.name = 'narrow' and p.name in ('project:read', 'build:read', 'evidence_bundle:create', 'requirement:read');
             insert into authz.user_roles (user_id, role_id) select '{}', id from authz.roles where name = 'narrow'",
            maker.user_id
        ),
    )
    .await;
    world.authenticator.forget();
    let told = world.post("/v1/evidence-bundles", &body).by(&maker).send().await.expect(403);
    assert!(told.text().contains("read every trace link"), "{}", told.text());
}

async fn command(arguments: Vec<String>, inside: &Path) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_throughline"));
    command.arg("evidence").args(arguments).current_dir(inside);
    command.env_remove("THROUGHLINE_URL").env_remove("THROUGHLINE_TOKEN").env_remove("DATABASE_URL");
    command.env("THROUGHLINE_DATA", inside.join("no-instance"));
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

fn words(line: &str) -> Vec<String> {
    line.split(' ').map(str::to_owned).collect()
}

/// Proves REQ-61.2.
#[tokio::test]
async fn the_command_makes_evidence_and_checks_it_without_any_server() {
    let world = world().await;
    scene(&world).await;
    let server = Serving::of(&world).await;
    let url = server.url.clone();
    let place = tempfile::tempdir().unwrap();
    let asking = format!("--project pay --url {url} --token {}", world.home.owner.token);
    let make = format!("make --release 2.4.0 --baseline Contract --out bundle.tar.gz {asking}");
    let (code, said, error) = command(words(&make), place.path()).await;
    assert_eq!(code, Some(0), "{said} {error}");
    assert!(said.contains("Release 2.4.0: 1 of 2 criteria proven, 6 open; saved as bundle.tar.gz"), "{said}");
    let (code, _, error) = command(words(&format!("make --release 9 {asking}")), place.path()).await;
    assert_eq!((code, error.contains("there is no release `9`")), (Some(2), true), "{error}");
    let (code, ..) = command(words(&format!("make --build 7 --release 2.4.0 {asking}")), place.path()).await;
    assert_eq!(code, Some(2), "one thing at a time");
    server.end().await;

    // From here on there is no server, and there never was a database.
    let key = key().public_key();
    std::fs::write(place.path().join("key.pem"), key.to_pem()).unwrap();
    std::fs::write(place.path().join("unit.xml"), "unit").unwrap();
    for given in [key.to_string(), "key.pem".to_owned()] {
        let (code, said, error) =
            command(words(&format!("verify bundle.tar.gz --key {given} --file unit.xml")), place.path()).await;
        assert_eq!(code, Some(0), "{said} {error}");
        assert!(said.contains("everything is as it was signed\nunit.xml is the report unit.xml\n"), "{said}");
    }
    std::fs::write(place.path().join("unit.xml"), "another").unwrap();
    let (code, said, _) = command(words("verify bundle.tar.gz --key key.pem --file unit.xml"), place.path()).await;
    assert_eq!((code, said.contains("unit.xml is nothing that the bundle names")), (Some(1), true), "{said}");
    let other = SigningKey::from_seed([9; 32]).public_key().to_string();
    let (code, said, _) = command(words(&format!("verify bundle.tar.gz --key {other}")), place.path()).await;
    assert_eq!((code, said.contains("FORGED")), (Some(1), true), "{said}");
    let (code, _, error) = command(words("verify bundle.tar.gz"), place.path()).await;
    assert_ne!(code, Some(0), "without a key nothing is believed: {error}");

    // One record made better than it was.
    let bytes = std::fs::read(place.path().join("bundle.tar.gz")).unwrap();
    let opened = evidence::bundle::open(&bytes).unwrap();
    let data = String::from_utf8(opened.data.unwrap()).unwrap().replacen(
        "\"outcome\":\"failed\"",
        "\"outcome\":\"passed\"",
        1,
    );
    let mut archive = tar::Builder::new(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast()));
    for (name, content) in [
        (evidence::DATA_FILE, data.into_bytes()),
        (evidence::PAGE_FILE, opened.page.unwrap()),
        (evidence::SIGNATURE_FILE, opened.signature.unwrap()),
    ] {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        archive.append_data(&mut header, name, content.as_slice()).unwrap();
    }
    std::fs::write(place.path().join("better.tar.gz"), archive.into_inner().unwrap().finish().unwrap()).unwrap();
    let (code, said, _) = command(words("verify better.tar.gz --key key.pem"), place.path()).await;
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("ALTERED     evidence.json, tests TC-2: TC-2 says something else than what was signed\n"),
        "{said}"
    );
    let (code, said, _) = command(words("--json verify better.tar.gz --key key.pem"), place.path()).await;
    let verdict: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(
        (code, &verdict["ok"], &verdict["verdict"]["alterations"][0]["what"]),
        (Some(1), &json!(false), &json!("tests TC-2"))
    );
}
