//! What goes out in a format of other tools comes back as it was: test results as JUnit XML, components as CycloneDX with VEX.
//!
//! The samples lie outside the repository; `THROUGHLINE_SAMPLES` names their place. Without them the tests over them say so and pass.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Cursor;
use std::path::PathBuf;

use assurance::BomSubject;
use common::World;
use formats::junit::{Case, Event, Totals};
use formats::{Format, Limits, Recognised, cyclonedx, junit, recognise, supply};
use futures_util::StreamExt as _;
use serde_json::{Value, json};
use uuid::Uuid;

fn of_category(category: &str) -> Vec<(String, Value, Vec<u8>)> {
    let place = std::env::var_os("THROUGHLINE_SAMPLES")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/samples"), PathBuf::from);
    let Ok(facts) = std::fs::read(place.join("FACTS.json")) else {
        eprintln!("no samples at {}: nothing was checked", place.display());
        return Vec::new();
    };
    let facts: Vec<Value> = serde_json::from_slice(&facts).unwrap();
    facts
        .into_iter()
        .filter(|fact| fact["cat"] == category)
        .map(|fact| {
            let name = fact["file"].as_str().unwrap().to_owned();
            let bytes = std::fs::read(place.join(&name)).unwrap();
            (name, fact, bytes)
        })
        .collect()
}

/// The build of a version.
async fn build(world: &World, version: &str) -> Uuid {
    let tx = world.ctx.begin_read().await.unwrap();
    let row = tx.query_one("select id from delivery.builds where version_tag = $1", &[&version]).await.unwrap();
    tx.commit().await.unwrap();
    row.get(0)
}

async fn junit_of(world: &World, build: Uuid, with_properties: bool) -> String {
    let tx = world.ctx.begin_read().await.unwrap();
    let place = (world.project, build);
    let export = quality::junit_of_build(&world.ctx, &tx, place, "Billing", with_properties).await.unwrap();
    tx.commit().await.unwrap();
    let mut pieces = Box::pin(export.pieces(world.ctx.clone()));
    let mut text = Vec::new();
    while let Some(piece) = pieces.next().await {
        text.extend_from_slice(&piece.unwrap());
    }
    String::from_utf8(text).unwrap()
}

fn read(text: &str) -> (Vec<Case>, Totals) {
    let (mut cases, mut totals) = (Vec::new(), None);
    for event in junit::Reader::new(text.as_bytes(), Limits::default()) {
        match event.unwrap() {
            Event::Case(case) => cases.push(*case),
            Event::Finished(all) => totals = Some(*all),
            _ => {}
        }
    }
    (cases, totals.unwrap())
}

/// Proves REQ-66.4.
#[tokio::test]
async fn results_go_out_as_junit_and_come_back_the_same() {
    let world = World::new().await;
    let report = "<testsuites><testsuite name='unit' timestamp='2026-01-02T03:04:05' time='2.5'>\
        <testcase classname='a.B' name='passes[1]' time='1.25'><properties><property name='requirement' value='REQ-1'/></properties><system-out>out &lt;1&gt;</system-out></testcase>\
        <testcase classname='a.B' name='fails'><failure type='T' message='m &amp; n'>at x\n at y</failure><system-err>err</system-err></testcase>\
        <testcase classname='a.B' name='breaks'><error message='no'/></testcase><testcase name='later'><skipped message='not now'/></testcase>\
        <testcase classname='a.B' name='flaky'><flakyFailure type='F' message='once'><stackTrace>s</stackTrace></flakyFailure></testcase>\
        </testsuite></testsuites>";
    world.import(&[("a.xml", report.as_bytes())], json!({"build": "v1", "environment": "linux"})).await;
    world
        .import(&[("b.xml", b"<testsuite name='more'><testcase name='other'/></testsuite>")], json!({"build": "v1"}))
        .await;
    let first = build(&world, "v1").await;
    let text = junit_of(&world, first, true).await;
    assert_eq!(recognise(text.as_bytes()), Recognised::Format(Format::Junit));
    let (cases, totals) = read(&text);
    assert_eq!(totals.differences(), Vec::<String>::new(), "what is declared is what is there");
    let counts = totals.counts;
    assert_eq!([counts.cases, counts.passed, counts.failed, counts.error, counts.skipped], [6, 3, 1, 1, 1]);
    assert_eq!(totals.suites, 2);
    let failed = cases.iter().find(|case| case.name.as_deref() == Some("fails")).unwrap();
    let problem = failed.problem().unwrap();
    assert_eq!((problem.message.as_deref(), problem.problem_type.as_deref()), (Some("m & n"), Some("T")));
    assert_eq!((problem.detail.to_string(), failed.class_name.as_deref()), ("at x\n at y".to_owned(), Some("a.B")));
    let flaky = cases.iter().find(|case| case.name.as_deref() == Some("flaky")).unwrap();
    assert_eq!((flaky.attempts_counted, flaky.attempts[0].message.as_deref()), (1, Some("once")));
    assert_eq!(cases[0].system_out.as_ref().unwrap().to_string(), "out <1>");
    assert_eq!(junit::requirement_references(&cases[0])[0].to_string(), "REQ-1");
    let plain = junit_of(&world, first, false).await;
    assert!(!plain.contains("REQ-1") && plain.contains("name=\"environment\""), "{plain}");

    // Brought back, it is the same cases with the same outcomes.
    let cases_before = world.count("select count(*) from quality.test_cases").await;
    world.import(&[("again.xml", text.as_bytes())], json!({"build": "v2"})).await;
    assert_eq!(world.count("select count(*) from quality.test_cases").await, cases_before);
    let second = junit_of(&world, build(&world, "v2").await, true).await;
    let told = |text: &str| -> BTreeSet<String> {
        read(text)
            .0
            .iter()
            .map(|case| format!("{:?} {:?} {:?} {:?}", case.class_name, case.name, case.outcome, case.time))
            .collect()
    };
    assert_eq!(told(&text), told(&second));
}

/// Proves REQ-66.4 with the samples.
#[tokio::test]
async fn every_junit_sample_goes_out_with_the_counts_it_came_with() {
    let world = World::new().await;
    let mut seen = 0;
    for (nth, (name, fact, bytes)) in of_category("junit").into_iter().enumerate() {
        if !fact["f"]["tests"].is_number() {
            continue;
        }
        let version = format!("sample-{nth}");
        let ended = world.import(&[(&name, &bytes)], json!({"build": version})).await.remove(0);
        let said = ended.summary.outcomes.unwrap();
        let (_, totals) = read(&junit_of(&world, build(&world, &version).await, true).await);
        let counts = totals.counts;
        assert_eq!(
            [counts.passed, counts.failed, counts.error, counts.skipped],
            [said.passed, said.failed, said.error, said.skipped],
            "{name}"
        );
        assert_eq!(totals.differences(), Vec::<String>::new(), "{name}");
        seen += 1;
    }
    if seen > 0 {
        assert!(seen >= 66, "{seen} samples were read");
    }
}

async fn bom_of(world: &World, build: Uuid) -> Vec<u8> {
    let tx = world.ctx.begin_read().await.unwrap();
    let of = BomSubject { project: world.project, name: "Billing", build, version: "v1" };
    let bytes = assurance::cyclonedx_of_build(&world.ctx, &tx, of).await.unwrap();
    tx.commit().await.unwrap();
    bytes
}

/// What our reader reads of a document: components by what they are, and of each vulnerability what was found out about which of them.
fn understood(bytes: &[u8]) -> (BTreeSet<String>, BTreeMap<String, BTreeSet<String>>) {
    let Recognised::Format(format) = recognise(bytes) else { panic!("the document is not recognised") };
    assert_eq!(format, Format::CycloneDx);
    let (mut components, mut names) = (BTreeSet::new(), BTreeMap::new());
    let mut vulnerabilities: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut all = Vec::new();
    for event in cyclonedx::Reader::new(Cursor::new(bytes), Limits::default()) {
        match event.unwrap() {
            supply::Event::Component(one) if !one.is_subject => {
                let name = format!(
                    "{:?} {:?} {} {:?} {:?} {:?}",
                    one.kind, one.group, one.name, one.version, one.purl, one.licences
                );
                if let Some(reference) = &one.reference {
                    names.insert(reference.clone(), format!("{} {:?}", one.name, one.version));
                }
                components.insert(name);
            }
            supply::Event::Vulnerability(one) => all.push(*one),
            _ => {}
        }
    }
    for one in all {
        let analysis = one.analysis.unwrap_or_default();
        for affected in one.affects {
            let component = names.get(&affected.reference).cloned().unwrap_or(affected.reference);
            let said = format!("{component}: {:?} {:?}", analysis.state, analysis.justification);
            vulnerabilities.entry(one.id.clone()).or_default().insert(said);
        }
    }
    (components, vulnerabilities)
}

/// Proves REQ-66.4.
#[tokio::test]
async fn components_go_out_as_cyclonedx_with_what_people_decided() {
    let world = World::new().await;
    let bom = json!({"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [
        {"type": "library", "bom-ref": "a", "name": "lib", "version": "1.2.0", "purl": "pkg:npm/lib@1.2.0", "licenses": [{"expression": "MIT OR Apache-2.0"}]},
        {"type": "framework", "bom-ref": "b", "group": "org.x", "name": "frame", "version": "2", "purl": "pkg:maven/org.x/frame@2", "scope": "optional"},
        {"type": "library", "bom-ref": "c", "name": "plain"}],
        "vulnerabilities": [
            {"id": "CVE-2026-0001", "ratings": [{"severity": "high", "score": 8.1}], "analysis": {"state": "not_affected", "justification": "code_not_reachable", "detail": "dead"}, "affects": [{"ref": "a"}]},
            {"id": "CVE-2026-0002", "affects": [{"ref": "a"}, {"ref": "b"}]},
            {"id": "CVE-2026-0003", "affects": [{"ref": "b", "versions": [{"range": "vers:unheard-of/<2.6.7.5", "status": "affected"}]}]},
            {"id": "CVE-2026-0004", "affects": [{"ref": "a", "versions": [{"range": "vers:npm/<1.0.0", "status": "affected"}]}]}]});
    let ended = world.import(&[("bom.json", bom.to_string().as_bytes())], json!({"build": "v1"})).await.remove(0);
    assert_eq!((ended.status.as_str(), ended.error.as_deref()), ("completed", None));
    // A finding of the same in one of the components, about which somebody decided.
    let tx = world.ctx.begin().await.unwrap();
    tx.execute(
        "insert into security.findings (project_id, tool, fingerprint, title, severity, vulnerability, package, package_version, triage, triage_reason, triaged_at, triaged_by)
         values ($1, 'scan', sha256('x'), 'Bad', 'critical', 'CVE-2026-0002', 'pkg:npm/lib', '1.2.0', 'accepted', 'behind the wall', now(), platform.current_user_id())",
        &[&world.project],
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
    let first = bom_of(&world, build(&world, "v1").await).await;
    let document: Value = serde_json::from_slice(&first).unwrap();
    assert_eq!(
        (&document["specVersion"], &document["metadata"]["component"]["name"]),
        (&json!("1.6"), &json!("Billing"))
    );
    assert_eq!(document["components"][0]["type"], "library");
    let decided = document["vulnerabilities"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["analysis"]["detail"] == "behind the wall")
        .unwrap();
    assert_eq!((&decided["id"], &decided["analysis"]["response"]), (&json!("CVE-2026-0002"), &json!(["will_not_fix"])));
    assert_eq!(decided["ratings"][0]["severity"], "critical");

    let (components, vulnerabilities) = understood(&first);
    assert_eq!(components, understood(bom.to_string().as_bytes()).0, "each component as it came");
    let said = |id: &str| vulnerabilities[id].iter().cloned().collect::<Vec<_>>();
    assert_eq!(said("CVE-2026-0001"), ["lib Some(\"1.2.0\"): Some(\"not_affected\") Some(\"code_not_reachable\")"]);
    assert_eq!(
        said("CVE-2026-0002"),
        ["frame Some(\"2\"): Some(\"in_triage\") None", "lib Some(\"1.2.0\"): Some(\"exploitable\") None"]
    );

    assert_eq!(
        said("CVE-2026-0003"),
        ["frame Some(\"2\"): Some(\"in_triage\") None"],
        "nobody can tell whether this version is meant"
    );
    assert!(!vulnerabilities.contains_key("CVE-2026-0004"), "another version is meant");

    // Brought back for another build, it says the same, but for what the same project decided.
    let again = world.import(&[("again.json", &first)], json!({"build": "v2"})).await.remove(0);
    assert_eq!((again.status.as_str(), again.error.as_deref()), ("completed", None));
    let second = bom_of(&world, build(&world, "v2").await).await;
    assert_eq!(understood(&second), understood(&first));

    // A bill of materials that comes again for the same build does not double its components.
    let tool = bom.to_string().replace("\"specVersion\":\"1.6\"", "\"specVersion\":\"1.5\"");
    world.import(&[("other.json", tool.as_bytes())], json!({"build": "v1"})).await;
    assert_eq!(understood(&bom_of(&world, build(&world, "v1").await).await).0, components);
}

/// Proves REQ-64.2.
#[tokio::test]
async fn a_range_by_semantic_versioning_is_held_to_versions_of_other_ecosystems() {
    let world = World::new().await;
    let part = |package: &str, version: &str| {
        let reference = format!("{package}@{version}");
        json!({"type": "library", "bom-ref": reference, "name": package, "version": version, "purl": reference})
    };
    let maven = "pkg:maven/org.x/lib";
    let versions = ["2.6.7.4", "2.6.7.4.Final", "2.6.7.5-jre", "2.6.7.5", "2.9.4"];
    let mut parts: Vec<Value> = versions.iter().map(|version| part(maven, version)).collect();
    parts.push(part("pkg:deb/debian/lib", "1.0-1"));
    let bom = json!({"bomFormat": "CycloneDX", "specVersion": "1.6", "components": parts}).to_string();
    let affected = |package: &str, range: &str, status: &str| json!({"ref": package, "versions": [{"range": range, "status": status}]});
    let said = json!({"bomFormat": "CycloneDX", "specVersion": "1.6", "vulnerabilities": [
        {"id": "CVE-2026-1", "affects": [affected(maven, "vers:semver/<2.6.7.5", "affected"), affected("pkg:deb/debian/lib", "vers:semver/<0.9.0", "affected")]},
        {"id": "CVE-2026-2", "affects": [affected(maven, "vers:npm/>=2.6.7.5", "unaffected")]},
        {"id": "CVE-2026-3", "affects": [affected(maven, "vers:semver/<2.6.7.5", "affected")],
         "analysis": {"state": "not_affected", "justification": "code_not_reachable"}}]})
    .to_string();
    for (name, document, wishes) in
        [("bom.json", bom, json!({"build": "v1"})), ("vex.json", said, json!({"build": "v2"}))]
    {
        let ended = world.import(&[(name, document.as_bytes())], wishes).await.remove(0);
        assert_eq!((ended.status.as_str(), ended.error.as_deref()), ("completed", None), "{name}");
    }
    let tx = world.ctx.begin_read().await.unwrap();
    let found = assurance::exposure(&world.ctx, &tx, "CVE-2026-1").await.unwrap();
    let other = assurance::exposure(&world.ctx, &tx, "CVE-2026-2").await.unwrap();
    tx.commit().await.unwrap();
    let told = |found: &assurance::Exposure| -> BTreeSet<String> {
        let words = |one: &assurance::Occurrence| {
            let version = one.component_version.clone().unwrap_or_default();
            format!("{version} {} {}", one.state, if one.is_unsure { "unsure" } else { "sure" })
        };
        found.built.iter().map(words).collect()
    };
    let expected = ["1.0-1 open unsure", "2.6.7.4 open sure", "2.6.7.4.Final open sure", "2.6.7.5-jre open unsure"];
    assert_eq!(told(&found), BTreeSet::from(expected.map(str::to_owned)), "2.6.7.5 and what comes after is not meant");
    assert_eq!(found.ranges_not_compared, 1, "that of the distribution");
    // That 2.6.7.5-jre is not affected nobody said for sure.
    let expected = ["2.6.7.5 false_positive sure", "2.9.4 false_positive sure"];
    assert_eq!(told(&other), BTreeSet::from(expected.map(str::to_owned)));

    let (_, vulnerabilities) = understood(&bom_of(&world, build(&world, "v1").await).await);
    let named: Vec<&str> = vulnerabilities["CVE-2026-1"].iter().filter_map(|said| said.split('"').nth(1)).collect();
    assert_eq!(named, ["1.0-1", "2.6.7.4", "2.6.7.4.Final", "2.6.7.5-jre"]);
    let excused: Vec<&str> = vulnerabilities["CVE-2026-3"].iter().filter_map(|said| said.split('"').nth(1)).collect();
    assert_eq!(excused, ["2.6.7.4", "2.6.7.4.Final"], "of 2.6.7.5-jre nobody can tell, so nobody excuses it");
}

/// Proves REQ-66.4 with the samples.
#[tokio::test]
async fn every_bill_of_materials_of_the_samples_goes_out_with_its_components() {
    let world = World::new().await;
    let mut seen = 0;
    for (nth, (name, fact, bytes)) in of_category("cyclonedx").into_iter().enumerate() {
        let version = format!("bom-{nth}");
        let ended = world.import(&[(&name, &bytes)], json!({"build": version})).await.remove(0);
        if ended.status != "completed" || ended.summary.recognised.get("components").is_none_or(|count| *count == 0) {
            continue;
        }
        let out = bom_of(&world, build(&world, &version).await).await;
        let (components, _) = understood(&out);
        let plain = |all: &BTreeSet<String>| all.len();
        let came = components_of(&bytes);
        assert_eq!(plain(&components), came.len(), "{name}: {:?}", fact["f"]);
        seen += 1;
    }
    eprintln!("{seen} bills of materials");
}

/// Components of a document, each once by package URL, group, name and version.
fn components_of(bytes: &[u8]) -> BTreeSet<String> {
    let all = cyclonedx::Reader::new(Cursor::new(bytes), Limits::default());
    all.filter_map(|event| match event.unwrap() {
        supply::Event::Component(one) if !one.is_subject => {
            Some(format!("{:?} {:?} {} {:?}", one.purl, one.group, one.name, one.version))
        }
        _ => None,
    })
    .collect()
}
