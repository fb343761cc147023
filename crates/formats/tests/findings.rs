//! Findings and components of real tools, held to what is known about each file. Without the samples (`THROUGHLINE_SAMPLES` names
//! their place) the tests say so and pass.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use formats::sarif::{Baseline, Kind, Level};
use formats::{Format, Limits, Recognised, cyclonedx, recognise, sarif};
use serde_json::Value;

/// The samples of a category: name, what is known, content.
fn samples(category: &str) -> Vec<(String, Value, Vec<u8>)> {
    let place = std::env::var_os("THROUGHLINE_SAMPLES")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/samples"), PathBuf::from);
    let Ok(facts) = fs::read(place.join("FACTS.json")) else {
        eprintln!("no samples at {}: nothing is checked", place.display());
        return Vec::new();
    };
    let facts: Vec<Value> = serde_json::from_slice(&facts).unwrap();
    let of_category = facts.into_iter().filter(|fact| fact["cat"] == category);
    of_category
        .map(|fact| {
            let name = fact["file"].as_str().unwrap().to_owned();
            let bytes = fs::read(place.join(&name)).unwrap();
            (name, fact["f"].clone(), bytes)
        })
        .collect()
}

/// Counts as the facts write them: `error:2,note:1`.
fn tally<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for word in words {
        *counts.entry(word).or_default() += 1;
    }
    counts.iter().map(|(word, n)| format!("{word}:{n}")).collect::<Vec<_>>().join(",")
}

/// Notes a difference between what was counted and what is known; a fact of nothing is known as null, empty or 0.
fn compare(wrong: &mut Vec<String>, name: &str, what: &str, counted: &str, fact: &Value) {
    let plain = |text: &str| if matches!(text, "" | "0" | "null") { String::new() } else { text.to_owned() };
    let known = plain(&fact.as_str().map_or_else(|| fact.to_string(), str::to_owned));
    if plain(counted) != known {
        wrong.push(format!("{name}: {what} is `{counted}`, known `{known}`"));
    }
}

#[test]
fn every_sarif_log_gives_exactly_the_known_results() {
    let mut wrong = Vec::new();
    for (name, facts, bytes) in samples("sarif") {
        assert_eq!(recognise(&bytes), Recognised::Format(Format::Sarif), "{name}");
        let limits = Limits::default();
        let survey = sarif::survey(&bytes[..], &limits).unwrap_or_else(|error| panic!("{name}: {error}"));
        let (mut all, mut totals) = (Vec::new(), None);
        for event in sarif::Reader::new(&bytes[..], &limits, &survey) {
            match event.unwrap_or_else(|error| panic!("{name}: {error}")) {
                sarif::Event::Finding(finding) => all.push(*finding),
                sarif::Event::Finished(counted) => totals = Some(counted),
            }
        }
        let totals = totals.unwrap();
        let rules: Vec<_> = survey.runs.iter().flat_map(sarif::Run::rules).collect();
        let baseline = all.iter().filter_map(|finding| finding.baseline).map(|state| match state {
            Baseline::New => "new",
            Baseline::Unchanged => "unchanged",
            Baseline::Updated => "updated",
            Baseline::Absent => "absent",
        });
        let explicit = all.iter().map(|finding| finding.explicit_level.map_or("(none)", Level::name));
        let counted = [
            ("version", survey.version.clone().unwrap_or_default()),
            ("runs", totals.runs.to_string()),
            ("tools", survey.runs.iter().map(|run| run.tool.as_str()).collect::<Vec<_>>().join(",")),
            ("results", totals.results.to_string()),
            ("level_explicit", tally(explicit)),
            ("level_effective", tally(all.iter().map(|finding| finding.level.name()))),
            ("rules_defined", rules.len().to_string()),
            (
                "rule_ids_in_results",
                all.iter().filter_map(|finding| finding.rule_id.as_deref()).collect::<BTreeSet<_>>().len().to_string(),
            ),
            ("suppressed", all.iter().filter(|finding| !finding.suppressions.is_empty()).count().to_string()),
            ("baseline", tally(baseline)),
            ("without_location", totals.without_location.to_string()),
        ];
        for (what, counted) in counted {
            compare(&mut wrong, &name, what, &counted, &facts[what]);
        }
        assert_eq!(all.len() as u64, totals.results, "{name}");
        assert!(all.iter().all(|finding| finding.kind != Kind::Pass
            || finding.explicit_level.is_some()
            || finding.level == Level::None));
    }
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_cyclonedx_document_gives_exactly_the_known_counts() {
    let mut wrong = Vec::new();
    for (name, facts, bytes) in samples("cyclonedx") {
        if facts["bomFormat"].as_str().is_some_and(|format| format != "CycloneDX") {
            assert!(matches!(recognise(&bytes), Recognised::Unknown(_)), "{name}");
            assert!(cyclonedx::Reader::new(&bytes[..], Limits::default()).any(|event| event.is_err()), "{name}");
            continue;
        }
        assert_eq!(recognise(&bytes), Recognised::Format(Format::CycloneDx), "{name}");
        let (mut components, mut found, mut totals) = (Vec::new(), Vec::new(), None);
        for event in cyclonedx::Reader::new(&bytes[..], Limits::default()) {
            match event.unwrap_or_else(|error| panic!("{name}: {error}")) {
                cyclonedx::Event::Component(component) if component.is_subject => {}
                cyclonedx::Event::Component(component) => components.push(*component),
                cyclonedx::Event::Vulnerability(vulnerability) => found.push(*vulnerability),
                cyclonedx::Event::Finding(finding) => panic!("{name}: {finding:?}"),
                cyclonedx::Event::Finished(counted) => totals = Some(counted),
            }
        }
        let totals = totals.unwrap();
        let ids: BTreeSet<&str> = found.iter().map(|one| one.id.as_str()).collect();
        let states = found.iter().filter_map(|one| one.analysis.as_ref()?.state.as_deref());
        let severities = found.iter().map(|one| one.severity.map_or("(none)", cyclonedx::Severity::name));
        let number = |count: usize| count.to_string();
        let mut counted = vec![
            ("spec", totals.spec_version.clone()),
            ("serial", if totals.serial_number.is_some() { "yes" } else { "no" }.to_owned()),
            ("components_top", totals.components_top.to_string()),
            ("services", totals.services.to_string()),
            ("dependencies", totals.dependencies.to_string()),
            ("vulnerabilities", totals.vulnerabilities.to_string()),
            ("highest_severity", tally(severities)),
            ("analysis_state", tally(states)),
        ];
        if facts["format"] == "json" {
            counted.extend([
                ("components_all", number(components.len())),
                ("types", tally(components.iter().map(|component| component.kind.as_str()))),
                ("purls", number(components.iter().filter(|component| component.purl.is_some()).count())),
                ("distinct_ids", number(ids.len())),
                ("affects", number(found.iter().map(|one| one.affects.len()).sum())),
                ("ratings", number(found.iter().map(|one| one.ratings as usize).sum())),
            ]);
        }
        for (what, counted) in counted {
            compare(&mut wrong, &name, what, &counted, &facts[what]);
        }
        assert_eq!(totals.components, components.len() as u64, "{name}");
    }
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
}
