//! Real reports of real projects, all the way into the database, held to what is known about each of them.
//!
//! The samples lie outside the repository; `THROUGHLINE_SAMPLES` names their place. Without them the tests say so and
//! pass: they belong to the machines that have the samples.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod common;

use std::path::PathBuf;

use common::{World, assert_adds_up};
use quality::imports::FileStatus;
use serde_json::{Value, json};

fn of_category(category: &str) -> Vec<(String, Value, Vec<u8>)> {
    let place = std::env::var_os("THROUGHLINE_SAMPLES")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/samples"), PathBuf::from);
    let Ok(facts) = std::fs::read(place.join("FACTS.json")) else {
        eprintln!("no samples at {}: nothing was checked", place.display());
        return Vec::new();
    };
    let facts: Vec<Value> = serde_json::from_slice(&facts).unwrap();
    let found: Vec<_> = facts
        .into_iter()
        .filter(|fact| fact["cat"] == category)
        .map(|fact| {
            let name = fact["file"].as_str().unwrap().to_owned();
            let bytes = std::fs::read(place.join(&name)).unwrap();
            (name, fact, bytes)
        })
        .collect();
    assert!(!found.is_empty(), "the facts name no file of category {category}");
    found
}

/// `error:1,failure:19,passed:11` as passed, failed, error, skipped; `0` where there is no case.
fn outcomes(text: &str) -> [i64; 4] {
    let mut all = [0; 4];
    for part in text.split(',').filter(|part| part.contains(':')) {
        let (name, count) = part.split_once(':').unwrap();
        let at = match name {
            "passed" => 0,
            "failure" => 1,
            "error" => 2,
            "skipped" => 3,
            other => panic!("an outcome called {other}"),
        };
        all[at] = count.parse().unwrap();
    }
    all
}

/// Proves REQ-28.1, REQ-28.2, REQ-31.1 with the samples.
#[tokio::test]
async fn every_junit_sample_is_stored_with_exactly_its_counts_and_once() {
    let samples = of_category("junit");
    if samples.is_empty() {
        return;
    }
    let world = World::new().await;
    // The first request makes the build, so that the first file does not.
    world.import(&[("any.xml", b"<testsuite/>")], json!({"build": "samples"})).await;
    let (mut readable, mut broken) = (0, 0);
    for (name, fact, bytes) in &samples {
        let before = world.stored().await;
        let ended = world.import(&[(name, bytes)], json!({"build": "samples"})).await.remove(0);
        if fact["parse"] != "ok" || fact["f"]["NOT_JUNIT"] == "yes" {
            broken += 1;
            assert_eq!(ended.status, "failed", "{name}");
            assert!(ended.error.is_some_and(|error| error.len() > 10), "{name} gets a reason");
            assert_eq!(ended.summary.status, FileStatus::Rejected);
            assert!(ended.summary.recognised.is_empty());
            let rejections =
                format!("select count(*) from platform.import_rejections where import_id = '{}'", ended.id);
            assert_eq!(world.count(&rejections).await, 1, "{name}");
            assert_eq!(before, world.stored().await, "{name} leaves nothing behind");
            continue;
        }
        readable += 1;
        assert_eq!((ended.status.as_str(), ended.error.as_deref()), ("completed", None), "{name}");
        assert_adds_up(&ended.summary);
        let cases = fact["f"]["tests"].as_i64().unwrap();
        let wanted = outcomes(fact["f"]["outcome(error>failure>skipped)"].as_str().unwrap_or_default());
        assert_eq!(ended.summary.recognised["test_cases"] as i64, cases, "{name}");
        assert_eq!(ended.summary.recognised["test_results"] as i64, cases, "{name}");
        let said = ended.summary.outcomes.unwrap();
        assert_eq!([said.passed, said.failed, said.error, said.skipped].map(|n| n as i64), wanted, "{name}");
        let tx = world.ctx.begin_read().await.unwrap();
        let rows = tx
            .query(
                "select r.status, count(*) from quality.test_results r join quality.test_runs n on n.id = r.test_run_id
                 where n.import_id = $1 group by 1",
                &[&ended.id],
            )
            .await
            .unwrap();
        let mut stored = [0; 4];
        for row in rows {
            let at = ["passed", "failed", "error", "skipped"].iter().position(|name| *name == row.get::<_, &str>(0));
            stored[at.unwrap()] = row.get(1);
        }
        assert_eq!(stored, wanted, "{name}: rows");
        let run = tx
            .query_one(
                "select tests_passed, tests_failed, tests_errored, tests_skipped, tests_total
                 from quality.test_runs where import_id = $1",
                &[&ended.id],
            )
            .await
            .unwrap();
        let counted: [i32; 4] = [run.get(0), run.get(1), run.get(2), run.get(3)];
        assert_eq!(counted.map(i64::from), wanted, "{name}: counts of the run");
        assert_eq!(i64::from(run.get::<_, i32>(4)), cases, "{name}: total of the run");
        tx.commit().await.unwrap();
    }
    assert_eq!((readable, broken), (66, 5));

    let before = world.stored().await;
    for (name, fact, bytes) in samples.iter().filter(|(_, fact, _)| fact["f"]["tests"].is_number()) {
        let ended = world.import(&[("renamed.xml", bytes)], json!({"build": "samples"})).await.remove(0);
        assert_eq!(ended.summary.status, FileStatus::Unchanged, "{name}");
        assert_adds_up(&ended.summary);
        assert_eq!(ended.summary.recognised["test_cases"], fact["f"]["tests"].as_u64().unwrap(), "{name}");
    }
    assert_eq!(before, world.stored().await, "the same files again create nothing");
    assert!(world.spool_is_empty());
}

/// Proves REQ-29.1 with the samples.
#[tokio::test]
async fn every_coverage_sample_is_stored_with_exactly_its_lines() {
    let samples = of_category("coverage");
    if samples.is_empty() {
        return;
    }
    let world = World::new().await;
    for (name, fact, bytes) in &samples {
        let ended = world.import(&[(name, bytes)], json!({"build": name.rsplit('/').next()})).await.remove(0);
        assert_eq!((ended.status.as_str(), ended.error.as_deref()), ("completed", None), "{name}");
        assert_adds_up(&ended.summary);
        let fact = &fact["f"];
        let number = |text: &str| fact[text].as_i64();
        let (files, total, covered) = match fact["format"].as_str().unwrap() {
            "cobertura" => {
                (number("distinct_files"), number("distinct_file_lines"), number("distinct_file_lines_covered"))
            }
            "lcov" => (number("distinct_files"), number("distinct_lines"), number("distinct_covered")),
            _ => (number("sourcefiles"), number("line_elements"), number("line_elements_ci>0")),
        };
        let (files, total, covered) = (files.unwrap(), total.unwrap(), covered.unwrap());
        let said = ended.summary.coverage.unwrap();
        assert_eq!((said.lines_total as i64, said.lines_covered as i64), (total, covered), "{name}");
        assert_eq!(ended.summary.recognised["coverage_files"] as i64, files, "{name}");
        let tx = world.ctx.begin_read().await.unwrap();
        let row = tx
            .query_one(
                "select r.lines_total::bigint, r.lines_covered::bigint, count(f.id), coalesce(sum(f.lines_total), 0)::bigint,
                        coalesce(sum(f.lines_covered), 0)::bigint, r.coverage_percent::text,
                        (select code_coverage_percent::text from delivery.builds b where b.id = r.build_id)
                 from quality.coverage_reports r left join quality.coverage_files f on f.coverage_report_id = r.id
                 where r.import_id = $1 and r.component = '' group by r.organization_id, r.id",
                &[&ended.id],
            )
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let numbers: [i64; 5] = std::array::from_fn(|at| row.get(at));
        assert_eq!(numbers, [total, covered, files, total, covered], "{name}: rows");
        let (report, build): (Option<String>, Option<String>) = (row.get(5), row.get(6));
        assert_eq!(report, build, "{name}: percent of the build");
        assert_eq!(report.is_some(), total > 0, "{name}");
    }
}

/// Proves REQ-63.1 with the samples.
#[tokio::test]
async fn every_sarif_sample_is_stored_with_exactly_its_results_and_once() {
    let samples = of_category("sarif");
    if samples.is_empty() {
        return;
    }
    let world = World::new().await;
    let mut stored_results = 0;
    for (name, fact, bytes) in &samples {
        // A scope of its own for each file, by a build of its own; tools meet, and a later file closes what it does not repeat.
        let ended = world.import(&[(name, bytes)], json!({"build": name.rsplit('/').next()})).await.remove(0);
        assert_eq!((ended.status.as_str(), ended.error.as_deref()), ("completed", None), "{name}");
        assert_adds_up(&ended.summary);
        let fact = &fact["f"];
        let results = fact["results"].as_i64().unwrap();
        let tx = world.ctx.begin_read().await.unwrap();
        let row = tx
            .query_one(
                "select count(*), count(distinct s.finding_id),
                        coalesce((select string_agg(l.level || ':' || l.n, ',' order by l.level)
                                    from (select level, count(*) n from security.finding_sightings where import_id = $1 group by 1) l), ''),
                        coalesce((select string_agg(l.baseline_state || ':' || l.n, ',' order by l.baseline_state)
                                    from (select baseline_state, count(*) n from security.finding_sightings
                                           where import_id = $1 and baseline_state is not null group by 1) l), '')
                   from security.finding_sightings s where s.import_id = $1",
                &[&ended.id],
            )
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let (sightings, findings): (i64, i64) = (row.get(0), row.get(1));
        let left_out = |what: &str, name: &str| {
            let text = fact[what].as_str().unwrap_or_default();
            text.split(',')
                .filter_map(|part| part.strip_prefix(&format!("{name}:")))
                .map(|n| n.parse::<i64>().unwrap())
                .sum::<i64>()
        };
        let no_findings =
            left_out("kinds", "pass") + left_out("kinds", "notApplicable") + left_out("baseline", "absent");
        assert_eq!((sightings, findings), (results - no_findings, results - no_findings), "{name}");
        assert_eq!(ended.summary.recognised["findings"] as i64, sightings, "{name}");
        if no_findings == 0 {
            let plain = |text: &str| if text == "0" { String::new() } else { text.to_owned() };
            assert_eq!(
                row.get::<_, String>(2),
                plain(fact["level_effective"].as_str().unwrap_or_default()),
                "{name}: levels"
            );
            assert_eq!(
                row.get::<_, String>(3),
                plain(fact["baseline"].as_str().unwrap_or_default()),
                "{name}: baseline"
            );
        }
        stored_results += sightings;
    }
    assert!(stored_results > 2_000, "{stored_results}");
    let before = world.count("select count(*) from security.finding_sightings").await;
    assert_eq!(before, stored_results);
    for (name, _, bytes) in &samples {
        let again = world.import(&[("again.sarif", bytes)], json!({"build": name.rsplit('/').next()})).await.remove(0);
        assert_eq!(again.summary.status, FileStatus::Unchanged, "{name}");
        assert_adds_up(&again.summary);
    }
    assert_eq!(
        world.count("select count(*) from security.finding_sightings").await,
        before,
        "the same files again create nothing"
    );
}

/// Proves REQ-64.1 with the samples.
#[tokio::test]
async fn every_cyclonedx_sample_is_stored_with_exactly_its_components_and_statements() {
    let samples = of_category("cyclonedx");
    if samples.is_empty() {
        return;
    }
    let world = World::new().await;
    for (name, fact, bytes) in &samples {
        let ended = world.import(&[(name, bytes)], json!({"build": name.rsplit('/').next()})).await.remove(0);
        let fact = &fact["f"];
        if fact["bomFormat"].as_str().is_some_and(|format| format != "CycloneDX") {
            assert_eq!(ended.status, "failed", "{name}");
            continue;
        }
        assert_eq!((ended.status.as_str(), ended.error.as_deref()), ("completed", None), "{name}");
        assert_adds_up(&ended.summary);
        let tx = world.ctx.begin_read().await.unwrap();
        let row = tx
            .query_one(
                "select (select count(*) from security.sbom_components c join security.sboms b on b.id = c.sbom_id
                          where b.import_id = $1 and not c.is_subject),
                        (select count(*) from security.sbom_components c join security.sboms b on b.id = c.sbom_id
                          where b.import_id = $1 and not c.is_subject and c.package is not null),
                        (select count(*) from security.vulnerability_statements s where s.import_id = $1),
                        (select count(distinct (a.statement_id, a.position)) from security.vulnerability_affects a
                           join security.vulnerability_statements s on s.id = a.statement_id where s.import_id = $1),
                        coalesce((select string_agg(g.analysis_state || ':' || g.n, ',' order by g.analysis_state)
                                    from (select analysis_state, count(*) n from security.vulnerability_statements
                                           where import_id = $1 and analysis_state is not null group by 1) g), '')",
                &[&ended.id],
            )
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let number = |what: &str| fact[what].as_i64().unwrap_or(0);
        assert_eq!(row.get::<_, i64>(2), number("vulnerabilities"), "{name}: vulnerabilities");
        assert_eq!(row.get::<_, String>(4), fact["analysis_state"].as_str().unwrap_or_default(), "{name}: analysis");
        if fact["format"] == "json" {
            let counted = [0, 1, 3].map(|at| row.get::<_, i64>(at));
            assert_eq!(counted, ["components_all", "purls", "affects"].map(number), "{name}");
        } else {
            assert_eq!(row.get::<_, i64>(0), number("components_top"), "{name}: components");
        }
    }
}

/// Proves REQ-63.1, REQ-64.1 with the samples.
#[tokio::test]
async fn every_advisory_and_report_of_a_scanner_is_stored_and_once() {
    let samples = of_category("vuln-other");
    if samples.is_empty() {
        return;
    }
    let world = World::new().await;
    for (name, fact, bytes) in &samples {
        let build = json!({"build": name.rsplit('/').next()});
        let ended = world.import(&[(name, bytes)], build.clone()).await.remove(0);
        let fact = &fact["f"];
        let number = |what: &str| fact[what].as_i64().unwrap_or(0);
        if fact["format"].as_str().is_some_and(|format| format.starts_with("github-graphql")) {
            assert_eq!(ended.status, "failed", "{name}");
            continue;
        }
        assert_eq!((ended.status.as_str(), ended.error.as_deref()), ("completed", None), "{name}");
        assert_adds_up(&ended.summary);
        let sql = |what: &str| format!("select count(*) from {what} where import_id = '{}'", ended.id);
        let sightings = world.count(&sql("security.finding_sightings")).await;
        let statements = world.count(&sql("security.vulnerability_statements")).await;
        match fact["format"].as_str().unwrap() {
            "openvex" => assert_eq!((statements, sightings), (number("statements"), 0), "{name}"),
            "csaf" => assert_eq!((statements, sightings), (number("vulnerabilities"), 0), "{name}"),
            "grype" => assert_eq!((statements, sightings), (number("matches"), number("matches")), "{name}"),
            _ => {
                let all = number("vulnerabilities") + number("misconfigurations") + number("suppressed");
                assert_eq!((sightings, statements), (all, all - number("misconfigurations")), "{name}");
            }
        }
        let again = world.import(&[("again.json", bytes)], build).await.remove(0);
        assert_eq!(again.summary.status, FileStatus::Unchanged, "{name}");
    }
}

/// Proves REQ-66.5 with the samples.
#[tokio::test]
async fn every_description_of_an_interface_is_stored_with_exactly_its_operations_and_once() {
    let samples = of_category("openapi");
    if samples.is_empty() {
        return;
    }
    let world = World::new().await;
    for (name, fact, bytes) in &samples {
        let ended = world.import(&[(name, bytes)], json!({})).await.remove(0);
        assert_eq!((ended.status.as_str(), ended.error.as_deref()), ("completed", None), "{name}");
        assert_adds_up(&ended.summary);
        let operations = fact["f"]["operations"].as_u64().unwrap();
        assert_eq!(ended.summary.created["api_operations"], operations, "{name}");
        let title = fact["f"]["title"].as_str().unwrap();
        let sql = format!(
            "select count(*) from platform.api_operations o join platform.services s on s.id = o.service_id where s.name = '{title}'"
        );
        assert_eq!(world.count(&sql).await as u64, operations, "{name}");
        let again = world.import(&[("again.json", bytes)], json!({})).await.remove(0);
        assert_eq!(again.summary.status, FileStatus::Unchanged, "{name}");
    }
}

/// Proves REQ-66.1 with the samples.
#[tokio::test]
async fn the_whole_collection_sent_at_once_is_taken_or_told_why_not() {
    let place = std::env::var_os("THROUGHLINE_SAMPLES")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/samples"), PathBuf::from);
    let mut files = Vec::new();
    let mut waiting = vec![place.clone()];
    while let Some(directory) = waiting.pop() {
        let Ok(entries) = std::fs::read_dir(&directory) else {
            eprintln!("no samples at {}: nothing was checked", place.display());
            return;
        };
        for entry in entries {
            let path = entry.unwrap().path();
            if path.is_dir() { waiting.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    let contents: Vec<(String, Vec<u8>)> = files
        .iter()
        .map(|path| (path.strip_prefix(&place).unwrap().display().to_string(), std::fs::read(path).unwrap()))
        .collect();
    let sent: Vec<(&str, &[u8])> = contents.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    let world = World::new().await;
    let ended = world.import(&sent, json!({"build": "collection"})).await;
    assert_eq!(ended.len(), sent.len());
    let (mut taken, mut refused) = (0, 0);
    for (one, (name, _)) in ended.iter().zip(&sent) {
        assert_adds_up(&one.summary);
        match (one.status.as_str(), one.summary.status) {
            ("completed", FileStatus::Imported | FileStatus::Unchanged) => taken += 1,
            ("failed", FileStatus::Rejected) => {
                let reason = one.error.as_deref().unwrap_or_default();
                assert!(reason.len() > 15, "{name}: {reason}");
                assert!(!reason.contains("the server could not store"), "{name}: {reason}");
                assert!(one.summary.recognised.is_empty(), "{name}");
                refused += 1;
                eprintln!("{name}: {}", reason.split("; this server reads").next().unwrap());
            }
            other => panic!("{name} ended as {other:?}"),
        }
    }
    eprintln!("{taken} taken, {refused} refused of {}", sent.len());
    assert!(taken > 150 && taken + refused == sent.len(), "{taken} taken, {refused} refused");
    assert!(world.spool_is_empty());
}
