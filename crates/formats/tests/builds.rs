//! Test results that come with a build: build events of Bazel, test reports of Jenkins. No sample of either is in the collection; the
//! files here say what the documentation of both tools says.
#![allow(clippy::unwrap_used)]

use std::io::Cursor;

use formats::junit::{AttemptKind, Case, Event, Outcome, Totals};
use formats::{Format, Limits, Recognised, recognise, results};

struct Read {
    cases: Vec<Case>,
    properties: Vec<(String, String)>,
    problems: Vec<String>,
    totals: Totals,
}

fn read(format: Format, text: &str) -> Read {
    assert_eq!(recognise(text.as_bytes()), Recognised::Format(format));
    let mut read = Read { cases: Vec::new(), properties: Vec::new(), problems: Vec::new(), totals: Totals::default() };
    for event in results::open(format, Cursor::new(text), Limits::default()).unwrap() {
        match event.unwrap() {
            Event::Case(case) => read.cases.push(*case),
            Event::SuiteProperty(_, property) => read.properties.push((property.name, property.value)),
            Event::SuiteProblem(_, problem) => read.problems.push(problem.message.unwrap_or_default()),
            Event::Finished(totals) => read.totals = *totals,
            _ => {}
        }
    }
    read
}

fn told(case: &Case) -> String {
    format!(
        "{} › {} [{}] {} after {}",
        case.class_name.as_deref().unwrap_or("-"),
        case.name.as_deref().unwrap_or("-"),
        case.parameters.as_deref().unwrap_or(""),
        case.outcome.as_str(),
        case.attempts_counted
    )
}

const EVENTS: &str = include_str!("../fuzz/seeds/results/bazel");

/// Proves REQ-66.6.
#[test]
fn a_target_of_bazel_is_a_case_its_shards_results_and_its_attempts_one_result() {
    let read = read(Format::Bazel, &EVENTS[1..]);
    let cases: Vec<String> = read.cases.iter().map(told).collect();
    assert_eq!(
        cases,
        [
            "//cart › cart_test [] passed after 0",
            "//cart › flaky_test [] passed after 1",
            "//list › sharded_test [shard 1 of 2] passed after 0",
            "//list › sharded_test [shard 2 of 2] failed after 1",
            "//list › slow_test [] error after 0",
            "//list › unbuilt_test [] error after 0",
            "//list › cut_off_test [] passed after 0",
        ]
    );
    let cached = &read.cases[0].properties;
    assert!(cached.iter().any(|one| one.name == "cached" && one.value == "remotely"), "{cached:?}");
    assert_eq!(read.cases[1].attempts[0].kind, AttemptKind::FlakyFailure);
    assert_eq!(read.cases[3].attempts[0].kind, AttemptKind::RerunFailure);
    assert_eq!(read.cases[4].problem().unwrap().message.as_deref(), Some("the test took longer than it may"));
    assert_eq!(read.cases[0].time.unwrap().whole_milliseconds(), Some(1_250));
    assert_eq!(read.cases[0].timestamp.as_deref(), Some("2026-11-20T10:00:01Z"));
    let property = |name: &str| read.properties.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str());
    assert_eq!(property("bazel.exit"), Some("TESTS_FAILED"));
    assert_eq!(property("bazel.targets_built"), Some("2"));
    assert_eq!(property("commit"), Some("0123456789abcdef0123456789abcdef01234567"));
    assert_eq!(read.problems, ["//list:unbuilt_test could not be built: missing input"]);
    assert_eq!((read.totals.counts.cases, read.totals.counts.passed, read.totals.counts.error), (7, 4, 2));
}

/// Proves REQ-66.6.
#[test]
fn a_test_report_of_jenkins_has_the_cases_of_its_suites() {
    let one = &include_str!("../fuzz/seeds/results/jenkins")[1..];
    let gathered = format!(
        r#"{{"_class":"hudson.maven.reporters.SurefireAggregatedReport","failCount":1,"skipCount":1,"totalCount":4,"childReports":[{{"child":{{"number":1}},"result":{one}}}]}}"#
    );
    for text in [one, gathered.as_str()] {
        let read = read(Format::JenkinsTests, text);
        let cases: Vec<String> = read.cases.iter().map(told).collect();
        assert_eq!(
            cases,
            [
                "shop.CartTest › adds [] passed after 0",
                "shop.CartTest › removes [] failed after 0",
                "shop.CartTest › later [] skipped after 0",
                "shop.CartTest › mended [] passed after 0",
            ]
        );
        let failed = read.cases[1].problem().unwrap();
        assert_eq!(failed.message.as_deref(), Some("expected 1"));
        assert_eq!(failed.detail.to_string(), "at shop.CartTest");
        assert_eq!(read.cases[2].outcome, Outcome::Skipped);
        assert_eq!(read.cases[1].system_out.as_ref().unwrap().to_string(), "hello");
        assert_eq!(read.totals.differences(), Vec::<String>::new());
        assert_eq!(read.totals.declared_by_root.tests.or(read.totals.declared_by_suites.tests), Some(4));
    }
}
