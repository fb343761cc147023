//! Real reports of real projects, held to what is known about each of them.
//!
//! The samples and their facts lie outside the repository; `THROUGHLINE_SAMPLES` names another place. Without them
//! the tests say so and pass: they belong to the machines that have the samples.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;

use formats::coverage::{Counter, Event as CoverageEvent, FileCoverage, Ratio, Totals as CoverageTotals};
use formats::junit::{Case, Declared, Event, Report, Suite, Totals};
use formats::{Format, Limits, ReadError, Recognised, coverage, junit, recognise};
use serde_json::Value;

fn samples() -> Option<(PathBuf, Vec<Value>)> {
    let place = std::env::var_os("THROUGHLINE_SAMPLES")
        .map(PathBuf::from)
        .unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/samples"));
    let Ok(facts) = fs::read(place.join("FACTS.json")) else {
        eprintln!("no samples at {}: nothing was checked", place.display());
        return None;
    };
    Some((place, serde_json::from_slice(&facts).unwrap()))
}

/// Every fact of a category with the bytes of its file.
fn of_category(category: &str) -> Vec<(String, Value, Vec<u8>)> {
    let Some((place, facts)) = samples() else {
        return Vec::new();
    };
    let found: Vec<_> = facts
        .into_iter()
        .filter(|fact| fact["cat"] == category)
        .map(|fact| {
            let name = fact["file"].as_str().unwrap().to_owned();
            let bytes = fs::read(place.join(&name)).unwrap();
            (name, fact, bytes)
        })
        .collect();
    assert!(!found.is_empty(), "the facts name no file of category {category}");
    found
}

struct Read {
    report: Option<Report>,
    suites: Vec<Suite>,
    cases: Vec<Case>,
    totals: Totals,
}

fn read_junit(bytes: &[u8]) -> Result<Read, ReadError> {
    let (mut report, mut suites, mut cases, mut totals) = (None, Vec::new(), Vec::new(), None);
    for event in junit::Reader::new(bytes, Limits::default()) {
        match event? {
            Event::Report(root) => report = Some(root),
            Event::SuiteStart(suite) => suites.push((*suite).clone()),
            Event::Case(case) => cases.push(*case),
            Event::Finished(finished) => totals = Some(*finished),
            _ => {}
        }
    }
    Ok(Read { report, suites, cases, totals: totals.expect("a report without an error ends with totals") })
}

/// A count in the facts; null stands for none.
fn number(facts: &Value, name: &str) -> u64 {
    facts[name].as_u64().unwrap_or_else(|| {
        assert!(facts[name].is_null(), "{name} is {}", facts[name]);
        0
    })
}

/// The same duration, one in milliseconds, one in seconds; the facts are rounded to microseconds.
fn same_time(milliseconds: f64, seconds: f64) -> bool {
    (milliseconds / 1000.0 - seconds).abs() <= 0.51e-6
}

/// `tests:1/failures:0/…`, the way the facts write declared totals down.
fn written(declared: &Declared, names: &[&str]) -> String {
    let value = |name: &str| match name {
        "tests" => declared.tests,
        "failures" => declared.failures,
        "errors" => declared.errors,
        "skipped" => declared.skipped,
        _ => declared.disabled,
    };
    let parts: Vec<String> =
        names.iter().filter_map(|name| value(name).map(|count| format!("{name}:{count}"))).collect();
    if parts.is_empty() { "none".to_owned() } else { parts.join("/") }
}

fn outcomes(totals: &Totals) -> String {
    let counts = &totals.counts;
    let parts: Vec<String> =
        [("error", counts.error), ("failure", counts.failed), ("passed", counts.passed), ("skipped", counts.skipped)]
            .iter()
            .filter(|(_, count)| *count > 0)
            .map(|(name, count)| format!("{name}:{count}"))
            .collect();
    if parts.is_empty() { "0".to_owned() } else { parts.join(",") }
}

/// Proves REQ-28.1 with the samples.
#[test]
fn every_junit_report_gives_exactly_the_known_counts() {
    let mut wrong = Vec::new();
    for (name, fact, bytes) in of_category("junit") {
        let facts = &fact["f"];
        if fact["parse"] != "ok" || facts["NOT_JUNIT"] == "yes" {
            continue;
        }
        assert_eq!(recognise(&bytes), Recognised::Format(Format::Junit), "{name}");
        let read = read_junit(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        let (totals, cases) = (&read.totals, &read.cases);
        let mut hold = |what: &str, counted: String, known: String| {
            if counted != known {
                wrong.push(format!("{name}: {what} is {counted}, known {known}"));
            }
        };
        let mut keys: HashMap<_, u64> = HashMap::new();
        for case in cases {
            *keys.entry((&case.class_name, &case.name)).or_default() += 1;
        }
        let failure_elements: u64 = cases.iter().map(|case| u64::from(case.failures)).sum();
        let error_elements: u64 =
            cases.iter().map(|case| u64::from(case.errors)).sum::<u64>() + totals.counts.suite_problems;
        let counts = [
            ("suites", totals.suites),
            ("top_suites", totals.suites - totals.nested_suites),
            ("nested_suites", totals.nested_suites),
            ("tests", totals.counts.cases),
            ("failed_cases", totals.cases_with_failure),
            ("error_cases", totals.cases_with_error),
            ("skipped_cases", totals.cases_with_skipped),
            ("status_notrun", totals.cases_not_run),
            ("cases_without_time", totals.cases_without_time),
            ("unparseable_time", totals.unparseable_times),
            ("negative_times", totals.negative_times),
            ("cases_without_name", totals.cases_without_name),
            ("cases_without_classname", totals.cases_without_class_name),
            ("properties", totals.properties),
            ("output_chars", totals.output_chars),
            ("duplicate_names", keys.values().filter(|&&count| count > 1).count() as u64),
            ("rerunFailure", cases.iter().map(|case| u64::from(case.attempts_counted)).sum()),
        ];
        for (what, counted) in counts {
            hold(what, counted.to_string(), number(facts, what).to_string());
        }
        // Given only where elements and cases differ in number.
        for (what, counted) in [("failure_elements", failure_elements), ("error_elements", error_elements)] {
            if !facts[what].is_null() {
                hold(what, counted.to_string(), number(facts, what).to_string());
            }
        }
        hold("outcome", outcomes(totals), facts["outcome(error>failure>skipped)"].as_str().unwrap().to_owned());
        let known = facts["case_time_sum"].as_f64().unwrap();
        if !same_time(totals.counts.case_time_ms, known) {
            hold("case_time_sum", totals.counts.case_time_ms.to_string(), known.to_string());
        }
        match (totals.suite_time_ms, facts["top_suite_time_sum"].as_f64()) {
            (None, None) => {}
            (Some(counted), Some(known)) if same_time(counted, known) => {}
            (counted, known) => hold("top_suite_time_sum", format!("{counted:?}"), format!("{known:?}")),
        }
        let root_time = read.report.as_ref().and_then(|report| report.time).and_then(|time| time.milliseconds);
        let known = facts["root_time"].as_str().map(|text| text.parse::<f64>().unwrap() * 1000.0);
        hold("root_time", format!("{root_time:?}"), format!("{known:?}"));
        hold("a root <testsuites>", read.report.is_some().to_string(), (facts["root"] == "testsuites").to_string());
        hold(
            "declared_by_top_suites",
            written(&totals.declared_by_suites, &["tests", "failures", "errors", "skipped", "disabled"]),
            facts["declared_by_top_suites"].as_str().unwrap().to_owned(),
        );
        if let Some(known) = facts["declared_by_root"].as_str() {
            let counted = written(&totals.declared_by_root, &["tests", "failures", "errors", "skipped"]);
            hold("declared_by_root", counted, known.to_owned());
        }
        assert_eq!(read.suites.len() as u64, totals.suites, "{name}: an event for every suite");
        assert_eq!(cases.len() as u64, totals.counts.cases, "{name}: an event for every case");
        assert_eq!(totals.replaced.count, 0, "{name}: every character could be shown");
    }
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_broken_junit_report_is_refused_with_a_reason() {
    for (name, fact, bytes) in of_category("junit") {
        if fact["parse"] == "ok" && fact["f"]["NOT_JUNIT"] != "yes" {
            continue;
        }
        let Err(error) = read_junit(&bytes) else { panic!("{name} was read") };
        assert!(error.reason.len() > 15, "{name}: {error}");
        eprintln!("{name}: {error}");
        if let Some(parse_error) = fact["f"]["parse_error"].as_str() {
            let line: u64 = parse_error.split("line ").nth(1).unwrap().split(',').next().unwrap().parse().unwrap();
            assert_eq!(error.line, line, "{name}: {error}");
        }
    }
}

fn read_coverage(format: Format, bytes: &[u8]) -> Result<(Vec<FileCoverage>, CoverageTotals), ReadError> {
    let events: Vec<CoverageEvent> = match format {
        Format::Cobertura => coverage::cobertura::Reader::new(bytes, Limits::default()).collect::<Result<_, _>>()?,
        Format::Lcov => coverage::lcov::Reader::new(bytes, Limits::default()).collect::<Result<_, _>>()?,
        _ => coverage::jacoco::Reader::new(bytes, Limits::default()).collect::<Result<_, _>>()?,
    };
    let mut files = Vec::new();
    let mut totals = None;
    for event in events {
        match event {
            CoverageEvent::File(file) => files.push(*file),
            CoverageEvent::Finished(finished) => totals = Some(*finished),
        }
    }
    Ok((files, totals.unwrap()))
}

fn fraction(ratio: Ratio) -> String {
    format!("{}/{}", ratio.covered, ratio.total)
}

/// Proves REQ-29.1 with the samples.
#[test]
fn every_coverage_report_gives_exactly_the_known_counts() {
    let mut wrong = Vec::new();
    for (name, fact, bytes) in of_category("coverage") {
        let facts = &fact["f"];
        let format = match facts["format"].as_str().unwrap() {
            "cobertura" => Format::Cobertura,
            "lcov" => Format::Lcov,
            "jacoco" => Format::Jacoco,
            other => panic!("{name}: no reader for {other}"),
        };
        assert_eq!(recognise(&bytes), Recognised::Format(format), "{name}");
        let (files, totals) = read_coverage(format, &bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        let (entries, declared) = (&totals.entries, &totals.declared);
        let or_none = |ratio: Ratio| {
            if ratio.total == 0 { "null".to_owned() } else { fraction(ratio) }
        };
        let float = |value: Option<f64>| value.map_or("null".to_owned(), |value| value.to_string());
        let count = |value: Option<u64>| value.map_or("null".to_owned(), |value| (value as f64).to_string());
        let counter = |wanted: Counter| {
            declared.counters.iter().find(|(kind, _)| *kind == wanted).map_or("null".to_owned(), |(_, r)| fraction(*r))
        };
        let number = |value: u64| value.to_string();
        let counted: Vec<(&str, String)> = match format {
            Format::Cobertura => vec![
                ("packages", number(entries.packages)),
                ("classes", number(entries.classes)),
                ("distinct_files", number(totals.files)),
                ("class_lines", number(entries.lines.total)),
                ("class_lines_covered", number(entries.lines.covered)),
                ("distinct_file_lines", number(totals.lines.total)),
                ("distinct_file_lines_covered", number(totals.lines.covered)),
                ("conditions_covered/total", or_none(entries.branches)),
                ("sources", number(totals.sources.len() as u64)),
                ("method_lines", number(entries.method_lines)),
                ("declared_line-rate", float(declared.line_rate)),
                ("declared_branch-rate", float(declared.branch_rate)),
                ("declared_lines-valid", count(declared.lines_total)),
                ("declared_lines-covered", count(declared.lines_covered)),
                ("declared_branches-valid", count(declared.branches_total)),
                ("declared_branches-covered", count(declared.branches_covered)),
            ],
            Format::Lcov => vec![
                ("files", number(entries.files)),
                ("distinct_files", number(totals.files)),
                ("DA_lines", number(entries.lines.total)),
                ("DA_covered", number(entries.lines.covered)),
                ("distinct_lines", number(totals.lines.total)),
                ("distinct_covered", number(totals.lines.covered)),
                ("LF", number(declared.lines_total.unwrap_or(0))),
                ("LH", number(declared.lines_covered.unwrap_or(0))),
                ("BRDA", number(entries.branches.total)),
                ("BRDA_taken", number(entries.branches.covered)),
                ("BRF", number(declared.branches_total.unwrap_or(0))),
                ("BRH", number(declared.branches_covered.unwrap_or(0))),
                ("functions", number(entries.functions.total)),
                ("functions_hit", number(entries.functions.covered)),
                ("max_hits", number(totals.max_hits)),
            ],
            _ => vec![
                ("groups", number(entries.groups)),
                ("packages", number(entries.packages)),
                ("classes", number(entries.classes)),
                ("sourcefiles", number(entries.files)),
                ("INSTRUCTION covered/total", counter(Counter::Instruction)),
                ("BRANCH covered/total", counter(Counter::Branch)),
                ("LINE covered/total", counter(Counter::Line)),
                ("COMPLEXITY covered/total", counter(Counter::Complexity)),
                ("METHOD covered/total", counter(Counter::Method)),
                ("CLASS covered/total", counter(Counter::Class)),
                ("line_elements", number(entries.lines.total)),
                ("line_elements_ci>0", number(entries.lines.covered)),
            ],
        };
        for (what, counted) in counted {
            let fact = &facts[what];
            let known = match fact {
                Value::String(text) => text.parse::<f64>().map_or_else(|_| text.clone(), |value| value.to_string()),
                Value::Null if counted == "0" => "0".to_owned(),
                other => other.to_string(),
            };
            if counted != known {
                wrong.push(format!("{name}: {what} is {counted}, known {known}"));
            }
        }
        let sum = |of: fn(&FileCoverage) -> Ratio| {
            files.iter().map(of).fold((0, 0), |sum, ratio| (sum.0 + ratio.covered, sum.1 + ratio.total))
        };
        assert_eq!(sum(|file| file.lines), (totals.lines.covered, totals.lines.total), "{name}: files add up");
        assert_eq!(sum(|file| file.branches), (totals.branches.covered, totals.branches.total), "{name}: files add up");
        assert_eq!(files.len() as u64, totals.files, "{name}");
    }
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn no_other_sample_is_taken_for_a_format_it_is_not() {
    let Some((place, facts)) = samples() else {
        return;
    };
    let mut taken = Vec::new();
    for fact in facts {
        let (name, category) = (fact["file"].as_str().unwrap(), fact["cat"].as_str().unwrap());
        let is_read = matches!(
            category,
            "junit" | "testresults-other" | "coverage" | "sarif" | "cyclonedx" | "vuln-other" | "openapi"
        );
        if is_read || name.starts_with("requirements/") || name.starts_with("issues/") {
            continue;
        }
        match recognise(&fs::read(place.join(name)).unwrap()) {
            Recognised::Unknown(reason) => assert!(reason.len() > 10, "{name}: {reason}"),
            // A table is one, whatever it is about.
            Recognised::Format(Format::Xlsx) if name.ends_with(".xlsx") => {}
            Recognised::Format(Format::Csv) if name.ends_with(".csv") => {}
            // A message about an issue holds the issue.
            Recognised::Format(Format::GithubIssues) if name.contains("__issue") => {}
            Recognised::Format(format) => taken.push(format!("{name} was taken for {format:?}")),
        }
    }
    assert!(taken.is_empty(), "{}", taken.join("\n"));
}
