//! Test results of every format, all the way into the database: found or made, linked, and the same again changes nothing.
//!
//! The samples lie outside the repository; `THROUGHLINE_SAMPLES` names their place. Without them the test over them says so
//! and passes.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod common;

use std::path::PathBuf;

use common::{World, assert_adds_up};
use quality::imports::FileStatus;
use serde_json::{Value, json};

const REQUIREMENT: &str = "---\nkey: REQ-1\ntitle: Refunds\nacceptance_criteria:\n  - once\n---\n";

/// One report of every format: two results of the test that names REQ-1, where the format can tell, and one that failed.
const REPORTS: [(&str, &str); 9] = [
    (
        "nunit",
        "<test-run total='3'><test-suite fullname='N.Refunds'><properties><property name='Category' value='REQ-1'/></properties>
           <test-case name='Pays(1)' methodname='Pays' classname='N.Refunds' result='Passed'/><test-case name='Pays(2)' methodname='Pays' classname='N.Refunds' result='Passed'/></test-suite>
           <test-case name='Fails' classname='N.Refunds' result='Failed'><failure><message>m</message></failure></test-case></test-run>",
    ),
    (
        "trx",
        "<TestRun><Results><UnitTestResult testId='1' testName='Pays (1)' outcome='Passed'/><UnitTestResult testId='1' testName='Pays (2)' outcome='Passed'/>
           <UnitTestResult testId='2' testName='T.Refunds.Fails' outcome='Failed'/></Results><TestDefinitions><UnitTest id='1'><TestCategory><TestCategoryItem TestCategory='REQ-1'/></TestCategory>
           <TestMethod className='T.Refunds' name='Pays'/></UnitTest></TestDefinitions></TestRun>",
    ),
    (
        "xunit",
        "<assemblies><assembly name='a'><collection><test name='X.Refunds.Pays(n: 1)' type='X.Refunds' method='Pays' result='Pass'><traits><trait name='Requirement' value='REQ-1'/></traits></test>
           <test name='X.Refunds.Pays(n: 2)' type='X.Refunds' method='Pays' result='Pass'/><test name='X.Refunds.Fails' type='X.Refunds' method='Fails' result='Fail'/></collection></assembly></assemblies>",
    ),
    (
        "ctest",
        "<Site><Testing><Test Status='passed'><Name>refunds</Name><Labels><Label>REQ-1</Label></Labels></Test><Test Status='passed'><Name>refunds</Name></Test>
           <Test Status='failed'><Name>fails</Name></Test></Testing></Site>",
    ),
    (
        "robot",
        "<robot><suite name='R'><test name='Pays'><tag>REQ-1</tag><status status='PASS'/></test><test name='Pays'><status status='PASS'/></test>
           <test name='Fails'><status status='FAIL'>m</status></test></suite></robot>",
    ),
    (
        "go-test",
        "{\"Action\":\"pass\",\"Package\":\"p\",\"Test\":\"TestPays/REQ-1\"}\n{\"Action\":\"pass\",\"Package\":\"p\",\"Test\":\"TestPays/REQ-1\"}\n{\"Action\":\"fail\",\"Package\":\"p\",\"Test\":\"TestFails\"}\n",
    ),
    (
        "mocha",
        "{\"stats\":{\"passes\":2},\"passes\":[{\"title\":\"pays REQ-1\",\"fullTitle\":\"M pays REQ-1\"},{\"title\":\"pays REQ-1\",\"fullTitle\":\"M pays REQ-1\"}],
           \"failures\":[{\"title\":\"fails\",\"fullTitle\":\"M fails\",\"err\":{\"actual\":\"1\",\"expected\":\"2\"}}]}",
    ),
    (
        "rspec",
        "{\"examples\":[{\"description\":\"pays REQ-1\",\"full_description\":\"S pays REQ-1\",\"status\":\"passed\"},{\"description\":\"pays REQ-1\",\"full_description\":\"S pays REQ-1\",\"status\":\"passed\"},
           {\"description\":\"fails\",\"full_description\":\"S fails\",\"status\":\"failed\"}],\"summary\":{\"example_count\":3}}",
    ),
    (
        "dart",
        "{\"protocolVersion\":\"0.1.1\",\"type\":\"start\"}\n{\"type\":\"suite\",\"suite\":{\"id\":0,\"path\":\"d\"}}\n{\"type\":\"testStart\",\"test\":{\"id\":1,\"name\":\"pays REQ-1\",\"suiteID\":0}}\n{\"type\":\"testDone\",\"testID\":1,\"result\":\"success\"}\n{\"type\":\"testStart\",\"test\":{\"id\":2,\"name\":\"pays REQ-1\",\"suiteID\":0}}\n{\"type\":\"testDone\",\"testID\":2,\"result\":\"success\"}\n{\"type\":\"testStart\",\"test\":{\"id\":3,\"name\":\"fails\",\"suiteID\":0}}\n{\"type\":\"testDone\",\"testID\":3,\"result\":\"failure\"}\n",
    ),
];

/// Proves REQ-28.1, REQ-28.2.
#[tokio::test]
async fn a_report_of_any_format_makes_cases_results_and_links_and_changes_nothing_the_second_time() {
    let world = World::new().await;
    world.import_one("REQ-1.md", REQUIREMENT).await;
    let mut links = 0;
    for (format, report) in REPORTS {
        let wishes = json!({"build": "one", "format": format});
        let ended = world.import(&[("report", report.as_bytes())], wishes).await.remove(0);
        assert_eq!((ended.status.as_str(), ended.error.as_deref()), ("completed", None), "{format}");
        assert_adds_up(&ended.summary);
        assert_eq!(ended.summary.format.as_deref(), Some(format));
        let outcomes = ended.summary.outcomes.unwrap();
        assert_eq!([outcomes.passed, outcomes.failed, outcomes.error, outcomes.skipped], [2, 1, 0, 0], "{format}");
        assert_eq!(ended.summary.created["test_cases"], 2, "{format}: rows of a table are results of one case");
        links += 1;
        assert_eq!(world.count("select count(*) from work.trace_links").await, links, "{format} names REQ-1");

        let before = world.stored().await;
        let again = world.import(&[("other-name", report.as_bytes())], json!({"build": "one"})).await.remove(0);
        assert_eq!(again.summary.status, FileStatus::Unchanged, "{format}");
        assert_adds_up(&again.summary);
        assert_eq!(world.stored().await, before, "{format}: the same again changes nothing");

        let next = world.import(&[("report", report.as_bytes())], json!({"build": "two"})).await.remove(0);
        assert!(!next.summary.created.contains_key("test_cases"), "{format}: another run finds the same cases");
        assert_eq!(next.summary.created["test_results"], 3, "{format}");
    }
    assert!(world.spool_is_empty());
}

#[tokio::test]
async fn a_report_of_any_format_that_breaks_off_leaves_nothing() {
    let world = World::new().await;
    world.import(&[("any.xml", b"<testsuite/>")], json!({"build": "one"})).await;
    let before = world.stored().await;
    for (format, report) in REPORTS {
        let cut = &report.trim_end()[..report.trim_end().len() - 5];
        let ended = world.import(&[("cut", cut.as_bytes())], json!({"build": "one"})).await.remove(0);
        assert_eq!(ended.status, "failed", "{format}");
        assert!(ended.error.is_some_and(|error| error.len() > 10), "{format} gets a reason");
        assert_eq!(world.stored().await, before, "{format} leaves nothing behind");
    }
}

/// Proves REQ-28.1 with the samples.
#[tokio::test]
async fn every_sample_of_the_other_formats_is_stored_with_exactly_its_counts_and_once() {
    let place = std::env::var_os("THROUGHLINE_SAMPLES")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/samples"), PathBuf::from);
    let Ok(facts) = std::fs::read(place.join("FACTS.json")) else {
        eprintln!("no samples at {}: nothing was checked", place.display());
        return;
    };
    let facts: Vec<Value> = serde_json::from_slice(&facts).unwrap();
    let world = World::new().await;
    world.import(&[("any.xml", b"<testsuite/>")], json!({"build": "samples"})).await;
    for fact in facts.iter().filter(|fact| fact["cat"] == "testresults-other") {
        let name = fact["file"].as_str().unwrap();
        let bytes = std::fs::read(place.join(name)).unwrap();
        let before = world.stored().await;
        let ended = world.import(&[(name, &bytes)], json!({"build": "samples"})).await.remove(0);
        if fact["parse"] != "ok" {
            assert_eq!(ended.status, "failed", "{name}");
            assert!(ended.error.is_some_and(|error| error.contains("DTD")), "{name}");
            assert_eq!(before, world.stored().await, "{name} leaves nothing behind");
            continue;
        }
        assert_eq!((ended.status.as_str(), ended.error.as_deref()), ("completed", None), "{name}");
        assert_adds_up(&ended.summary);
        let known = |wanted: &str| -> u64 {
            let mut parts = fact["oracle"].as_str().unwrap().split(';').filter_map(|part| part.split_once('='));
            parts.find(|(own, _)| *own == wanted).unwrap().1.parse().unwrap()
        };
        assert_eq!(ended.summary.recognised["test_results"], known("runs"), "{name}");
        let said = ended.summary.outcomes.unwrap();
        assert_eq!(
            [said.passed, said.failed, said.error, said.skipped],
            ["runs_succ", "runs_fail", "runs_error", "runs_skip"].map(known),
            "{name}"
        );
        let rows = format!(
            "select count(*) from quality.test_results r join quality.test_runs n on n.id = r.test_run_id where n.import_id = '{}'",
            ended.id
        );
        assert_eq!(world.count(&rows).await as u64, known("runs"), "{name}: rows");
        let again = world.import(&[("renamed", &bytes)], json!({"build": "samples"})).await.remove(0);
        assert_eq!(again.summary.status, FileStatus::Unchanged, "{name}");
    }
    assert!(world.spool_is_empty());
}
