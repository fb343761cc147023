//! Test results in the formats beside JUnit: real reports held to what is known about them, and what each format says in
//! words of its own.
//!
//! The samples and their facts lie outside the repository; `THROUGHLINE_SAMPLES` names another place. Without them the test
//! over them says so and passes.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

use std::fs;
use std::io::Cursor;
use std::path::PathBuf;

use formats::junit::{Case, Event, Outcome, Problem, Totals, requirement_references, test_keys};
use formats::{Format, Limits, ReadError, Recognised, recognise, results};
use serde_json::Value;

#[derive(Debug)]
struct Read {
    cases: Vec<Case>,
    suite_problems: Vec<Problem>,
    totals: Totals,
}

fn read(format: Format, text: impl AsRef<[u8]>) -> Result<Read, ReadError> {
    let (mut cases, mut suite_problems, mut totals) = (Vec::new(), Vec::new(), None);
    for event in results::open(format, Cursor::new(text.as_ref()), Limits::default())? {
        match event? {
            Event::Case(case) => cases.push(*case),
            Event::SuiteProblem(_, problem) => suite_problems.push(problem),
            Event::Finished(finished) => totals = Some(*finished),
            _ => {}
        }
    }
    Ok(Read { cases, suite_problems, totals: totals.unwrap() })
}

/// `name outcome`, one a case.
fn told(read: &Read) -> Vec<String> {
    read.cases
        .iter()
        .map(|case| {
            let class = case.class_name.as_deref().map(|class| format!("{class}/")).unwrap_or_default();
            let parameters = case.parameters.as_deref().map(|text| format!("[{text}]")).unwrap_or_default();
            format!("{class}{}{parameters} {}", case.name.as_deref().unwrap_or("-"), case.outcome.as_str())
        })
        .collect()
}

fn references(case: &Case) -> Vec<String> {
    requirement_references(case).iter().map(ToString::to_string).collect()
}

fn message(case: &Case) -> &str {
    case.problem().and_then(|problem| problem.message.as_deref()).unwrap_or_default()
}

/// Proves REQ-28.1 with the samples.
#[test]
fn every_sample_is_recognised_and_gives_exactly_the_known_counts() {
    let place = std::env::var_os("THROUGHLINE_SAMPLES")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/samples"), PathBuf::from);
    let Ok(facts) = fs::read(place.join("FACTS.json")) else {
        eprintln!("no samples at {}: nothing was checked", place.display());
        return;
    };
    let facts: Vec<Value> = serde_json::from_slice(&facts).unwrap();
    let mut seen = 0;
    for fact in facts.iter().filter(|fact| fact["cat"] == "testresults-other") {
        let name = fact["file"].as_str().unwrap();
        let bytes = fs::read(place.join(name)).unwrap();
        seen += 1;
        if fact["parse"] != "ok" {
            let Recognised::Unknown(reason) = recognise(&bytes) else { panic!("{name} was recognised") };
            assert!(reason.contains("DTD"), "{name}: {reason}");
            assert!(read(Format::Nunit, &bytes).unwrap_err().reason.contains("DTD"), "{name}");
            continue;
        }
        let Recognised::Format(format) = recognise(&bytes) else { panic!("{name} is not recognised") };
        let read = read(format, &bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        let counts = read.totals.counts;
        let known: Vec<(&str, u64)> = fact["oracle"]
            .as_str()
            .unwrap()
            .split(';')
            .map(|part| part.split_once('=').unwrap())
            .map(|(name, count)| (name, count.parse().unwrap()))
            .collect();
        let of = |name: &str| known.iter().find(|(own, _)| *own == name).unwrap().1;
        assert_eq!(counts.cases, of("runs"), "{name}");
        assert_eq!(
            [counts.passed, counts.failed, counts.error, counts.skipped],
            ["runs_succ", "runs_fail", "runs_error", "runs_skip"].map(of),
            "{name}"
        );
        let counted = |element: &str| fact["f"][element].as_u64();
        for element in ["<test-case>", "<UnitTestResult>", "<test>", "tests"] {
            assert!(counted(element).is_none_or(|count| count == counts.cases), "{name}: {element}");
        }
        if let Some(suites) = counted("<test-suite>") {
            assert_eq!(read.totals.suites, suites, "{name}");
        }
        // Four fixtures of this one have no constructor, beside the failures of their tests.
        let broken_fixtures = if name.contains("issue44527") { 4 } else { 0 };
        assert_eq!(counts.suite_problems, broken_fixtures, "{name}");
        assert_eq!(read.totals.differences(), Vec::<String>::new(), "{name}");
        for case in &read.cases {
            assert!(case.name.is_some() && case.class_name.is_some() | case.suite.is_some(), "{name}: {case:?}");
        }
    }
    assert!(seen > 0, "the facts name no file of this category");
}

#[test]
fn nunit_3_categories_of_a_fixture_belong_to_its_cases() {
    let read = read(
        Format::Nunit,
        r#"<test-run total="3" failed="1" duration="1.5" start-time="2024-01-02 03:04:05Z">
          <test-suite type="TestFixture" fullname="Shop.Cart" result="Failed" site="Child" total="3" failed="1">
            <properties><property name="Category" value="REQ-7"/><property name="Author" value="x"/></properties>
            <failure><message>One or more child tests had errors</message></failure>
            <test-case name="Adds(1,&quot;a.b&quot;)" methodname="Adds" classname="Shop.Cart" result="Passed" duration="0.25">
              <properties><property name="Category" value="requirement:PAY-2.1"/><property name="test_key" value="TK-1"/></properties>
              <output><![CDATA[hello]]></output></test-case>
            <test-case name="Adds(2,&quot;c&quot;)" methodname="Adds" classname="Shop.Cart" result="Failed" label="Error">
              <failure><message>broken</message><stack-trace>at x</stack-trace></failure></test-case>
            <test-case name="Doubts" methodname="Doubts" classname="Shop.Cart" result="Inconclusive"><reason><message>why</message></reason></test-case>
          </test-suite>
          <test-suite fullname="Shop.Broken" result="Failed" site="SetUp"><failure><message>no database</message></failure></test-suite>
        </test-run>"#,
    )
    .unwrap();
    assert_eq!(
        told(&read),
        ["Shop.Cart/Adds[1,\"a.b\"] passed", "Shop.Cart/Adds[2,\"c\"] failed", "Shop.Cart/Doubts skipped"]
    );
    assert_eq!(references(&read.cases[0]), ["REQ-7", "PAY-2.1"]);
    assert_eq!(test_keys(&read.cases[0]), ["TK-1"]);
    assert_eq!(references(&read.cases[1]), ["REQ-7"]);
    assert_eq!(read.cases[1].problem().unwrap().problem_type.as_deref(), Some("Error"));
    assert_eq!(message(&read.cases[2]), "why");
    let problems: Vec<_> = read.suite_problems.iter().filter_map(|problem| problem.message.as_deref()).collect();
    assert_eq!(problems, ["no database"]);
}

#[test]
fn nunit_before_2_5_says_success_instead_of_a_result() {
    let read = read(
        Format::Nunit,
        "<test-results name='a.dll' total='2' not-run='1' failures='1' errors='0' date='2007-07-27' time='11:18:43'><test-suite name='U'><results>
           <test-case name='U.T.A' executed='True' success='False' time='0.1'><failure><message>m</message></failure></test-case>
           <test-case name='U.T.B' executed='True' success='True'/><test-case name='U.T.C' executed='False'/></results></test-suite></test-results>",
    )
    .unwrap();
    assert_eq!(told(&read), ["U.T/A failed", "U.T/B passed", "U.T/C skipped"]);
    assert_eq!(read.cases[0].timestamp.as_deref(), Some("2007-07-27T11:18:43"));
    assert!(read.totals.differences().is_empty());
}

#[test]
fn trx_definitions_may_follow_the_results_and_rows_are_the_results_of_a_table() {
    let definitions = r#"<TestDefinitions><UnitTest name="Adds" id="t1"><TestCategory><TestCategoryItem TestCategory="REQ-9"/></TestCategory>
        <Properties><Property><Key>test_key</Key><Value>TK-4</Value></Property></Properties>
        <TestMethod className="Shop.Cart, Shop, Version=1.0" name="Adds"/></UnitTest></TestDefinitions>"#;
    let results = r#"<Results><UnitTestResult testId="t1" testName="Adds" outcome="Failed"><InnerResults>
          <UnitTestResult testId="t1" testName="Adds (1,2)" outcome="Passed" duration="00:00:01.5"/>
          <UnitTestResult testId="t1" testName="Adds (3,4)" outcome="Failed"><Output><StdOut>said</StdOut><ErrorInfo><Message>m</Message><StackTrace>at</StackTrace></ErrorInfo></Output></UnitTestResult>
        </InnerResults></UnitTestResult>
        <UnitTestResult testId="t2" testName="Shop.Other.Works"/>
        <UnitTestResult testId="t3" testName="Shop.Other.Waits" outcome="Timeout"/>
        <UnitTestResult testId="t4" testName="Shop.Other.Ignored" outcome="NotExecuted"/></Results>"#;
    for text in [format!("{definitions}{results}"), format!("{results}{definitions}")] {
        let read = read(Format::Trx, format!("<TestRun name='r'>{text}</TestRun>")).unwrap();
        assert_eq!(
            told(&read),
            [
                "Shop.Cart/Adds[1,2] passed",
                "Shop.Cart/Adds[3,4] failed",
                "Shop.Other/Works error",
                "Shop.Other/Waits error",
                "Shop.Other/Ignored skipped"
            ]
        );
        assert_eq!((references(&read.cases[0]), test_keys(&read.cases[1])), (vec!["REQ-9".to_owned()], vec!["TK-4"]));
        assert_eq!(read.cases[0].time.unwrap().milliseconds, Some(1500.0));
        assert_eq!(message(&read.cases[1]), "m");
        assert!(read.suite_problems.is_empty(), "the table failed because a row did");
    }
}

#[test]
fn trx_definitions_that_fill_the_memory_are_refused() {
    let many = "<UnitTest id='1'><TestMethod className='c' name='n'/></UnitTest>".repeat(100);
    let text = format!("<TestRun><TestDefinitions>{many}</TestDefinitions></TestRun>");
    let limits = Limits { max_record_bytes: 1000, ..Limits::default() };
    let Err(error) = results::open(Format::Trx, Cursor::new(text.as_bytes()), limits) else { panic!("was read") };
    assert!(error.reason.contains("1000 bytes"), "{error}");
}

#[test]
fn xunit_rows_of_a_theory_are_results_of_one_case_and_traits_are_properties() {
    let read = read(
        Format::XunitNet,
        "<assemblies><assembly name='a.dll' run-date='2024-01-02' run-time='03:04:05' total='3' failed='1' errors='1'>
           <errors><error type='assembly-cleanup' name='Fixture'><failure exception-type='X'><message>gone</message></failure></error></errors>
           <collection name='c' total='3'>
             <test name='N.T.Adds(x: 1)' type='N.T' method='Adds' time='0.5' result='Pass'><traits><trait name='Category' value='REQ-3'/><trait name='Requirement' value='PAY-1'/></traits></test>
             <test name='N.T.Adds(x: 2)' type='N.T' method='Adds' result='Fail'><failure exception-type='E'><message>m</message><stack-trace>at</stack-trace></failure></test>
             <test name='a sentence' type='N.T' method='Other' result='Skip'><reason><![CDATA[later]]></reason></test>
           </collection></assembly></assemblies>",
    )
    .unwrap();
    assert_eq!(told(&read), ["N.T/Adds[x: 1] passed", "N.T/Adds[x: 2] failed", "N.T/a sentence skipped"]);
    assert_eq!(references(&read.cases[0]), ["REQ-3", "PAY-1"]);
    assert_eq!(read.cases[0].timestamp.as_deref(), Some("2024-01-02T03:04:05"));
    assert_eq!(message(&read.cases[2]), "later");
    assert_eq!(read.suite_problems[0].message.as_deref(), Some("Fixture: gone"));
    assert!(read.totals.differences().is_empty());
}

#[test]
fn ctest_counts_what_has_a_status_and_tells_directories_apart() {
    let read = read(
        Format::Ctest,
        "<Site BuildName='b' Name='host'><Testing><StartTestTime>1700000000</StartTestTime><TestList><Test>./a</Test></TestList>
           <Test Status='passed'><Name>a</Name><Path>.</Path><Results><NamedMeasurement type='numeric/double' name='Execution Time'><Value>0.25</Value></NamedMeasurement>
             <Measurement><Value>out</Value></Measurement></Results><Labels><Label>REQ-4</Label><Label>fast</Label></Labels></Test>
           <Test Status='failed'><Name>a</Name><Path>./sub</Path><Results><NamedMeasurement name='Exit Code'><Value>SEGFAULT</Value></NamedMeasurement>
             <NamedMeasurement name='Completion Status'><Value>Completed</Value></NamedMeasurement><Measurement><Value encoding='base64' compression='gzip'>eJw=</Value></Measurement></Results></Test>
           <Test Status='notrun'><Name>c</Name><Results><NamedMeasurement name='Completion Status'><Value>Disabled</Value></NamedMeasurement></Results></Test>
           <ElapsedMinutes>0.5</ElapsedMinutes></Testing></Site>",
    )
    .unwrap();
    assert_eq!(told(&read), ["a passed", "sub/a failed", "c skipped"]);
    assert_eq!(references(&read.cases[0]), ["REQ-4"]);
    assert_eq!(read.cases[0].system_out.as_ref().unwrap().to_string(), "out");
    assert_eq!(read.cases[0].timestamp.as_deref(), Some("2023-11-14T22:13:20Z"));
    assert_eq!((message(&read.cases[1]), message(&read.cases[2])), ("SEGFAULT", "Disabled"));
    assert!(read.cases[1].problem().unwrap().detail.is_empty(), "packed output is not kept");
    assert_eq!(read.totals.suite_time_ms, Some(30_000.0));
}

#[test]
fn robot_reads_the_times_of_old_and_new_versions_and_its_tags() {
    let read = read(
        Format::Robot,
        "<robot generator='Robot' generated='20230114 21:18:12.420'><suite name='Shop' id='s1'><suite name='Login' source='/x/login.robot'>
           <test name='Old' id='t1'><kw name='Log'><msg level='INFO'>hello</msg><status status='PASS'/></kw><tags><tag>REQ-5</tag><tag>test_key:TK-7</tag></tags>
             <status status='PASS' starttime='20230114 21:18:12.000' endtime='20230114 21:18:12.500'/></test>
           <test name='New' line='7'><tag>smoke</tag><status status='FAIL' start='2024-01-02T03:04:05.000' elapsed='0.75'>it broke</status></test>
           <test name='Skipped'><status status='SKIP' start='2024-01-02T03:04:05' elapsed='0'>not here</status></test>
           <status status='FAIL'/></suite><status status='FAIL' start='2024-01-02T03:04:05' elapsed='2'/></suite>
           <statistics><suite><stat pass='1' fail='1' skip='1'>Shop</stat></suite></statistics><errors><msg>x</msg></errors></robot>",
    )
    .unwrap();
    assert_eq!(told(&read), ["Shop.Login/Old passed", "Shop.Login/New failed", "Shop.Login/Skipped skipped"]);
    assert_eq!((references(&read.cases[0]), test_keys(&read.cases[0])), (vec!["REQ-5".to_owned()], vec!["TK-7"]));
    let times: Vec<_> = read.cases.iter().map(|case| case.time.unwrap().milliseconds).collect();
    assert_eq!(times, [Some(500.0), Some(750.0), Some(0.0)]);
    assert_eq!(read.cases[0].timestamp.as_deref(), Some("2023-01-14T21:18:12.000"));
    assert_eq!(read.cases[0].system_out.as_ref().unwrap().to_string(), "hello\n");
    assert_eq!((message(&read.cases[1]), message(&read.cases[2])), ("it broke", "not here"));
    assert_eq!((read.totals.suites, read.totals.suite_time_ms), (2, Some(2000.0)));
}

#[test]
fn go_tells_mixed_packages_apart_and_what_never_ended() {
    let read = read(
        Format::GoTest,
        concat!(
            "go: downloading x v1\n",
            r#"{"Time":"2024-01-02T03:04:05Z","Action":"start","Package":"a"}"#,
            "\n",
            r#"{"Time":"2024-01-02T03:04:05Z","Action":"run","Package":"a","Test":"TestOne"}"#,
            "\n",
            r#"{"Action":"run","Package":"b","Test":"TestOne"}"#,
            "\n",
            r#"{"Action":"output","Package":"a","Test":"TestOne","Output":"=== RUN   TestOne\n"}"#,
            "\n",
            r#"{"Action":"run","Package":"a","Test":"TestOne/REQ-8_sub"}"#,
            "\n",
            r#"{"Action":"output","Package":"a","Test":"TestOne","Output":"    a_test.go:7: wrong\n"}"#,
            "\n",
            r#"{"Action":"output","Package":"b","Test":"TestOne","Output":"panic: gone\n"}"#,
            "\n",
            r#"{"Action":"pass","Package":"a","Test":"TestOne/REQ-8_sub","Elapsed":0.25}"#,
            "\n",
            r#"{"Action":"fail","Package":"a","Test":"TestOne","Elapsed":0.5}"#,
            "\n",
            r#"{"Action":"skip","Package":"a","Test":"TestTwo","Elapsed":0}"#,
            "\n",
            r#"{"Action":"output","Package":"b","Output":"FAIL\n"}"#,
            "\n",
            r#"{"Action":"fail","Package":"b","Elapsed":1}"#,
            "\n",
            r#"{"Action":"fail","Package":"a","Elapsed":1.5}"#,
            "\n",
            r##"{"ImportPath":"c [c.test]","Action":"build-output","Output":"# c\nno such name\n"}"##,
            "\n",
            r#"{"ImportPath":"c [c.test]","Action":"build-fail"}"#,
            "\n",
            r#"{"Action":"fail","Package":"c","Elapsed":0,"FailedBuild":"c [c.test]"}"#,
            "\n",
        ),
    )
    .unwrap();
    assert_eq!(told(&read), ["a/TestOne/REQ-8_sub passed", "a/TestOne failed", "a/TestTwo skipped", "b/TestOne error"]);
    assert_eq!(references(&read.cases[0]), ["REQ-8"]);
    assert_eq!(message(&read.cases[1]), "a_test.go:7: wrong");
    assert_eq!(message(&read.cases[3]), "the test had not ended when its package ended");
    assert!(read.cases[3].problem().unwrap().detail.to_string().contains("panic: gone"));
    assert_eq!(read.suite_problems.len(), 1);
    assert!(read.suite_problems[0].detail.to_string().contains("no such name"));
    assert_eq!((read.totals.suites, read.totals.suite_time_ms), (3, Some(2500.0)));
    let cut = r#"{"Action":"run","Package":"a","Test":"T"}
{"Action":"pa"#;
    assert!(self::read(Format::GoTest, cut).unwrap_err().reason.contains("cut off"));
}

#[test]
fn mocha_reads_its_lists_by_outcome_and_the_hooks_among_them() {
    let read = read(
        Format::Mocha,
        r#"{"stats":{"tests":2,"passes":1,"failures":2,"pending":1,"duration":12,"start":"2024-01-02T03:04:05.000Z"},
            "tests":[{"title":"adds","fullTitle":"Cart adds"}],
            "pending":[{"title":"later","fullTitle":"Cart later","err":{}}],
            "failures":[{"title":"\"before each\" hook","fullTitle":"Cart \"before each\" hook","err":{"message":"no","stack":"Error: no\n at x"}},
                        {"title":"sums","fullTitle":"Cart sums","duration":3,"err":{"message":"1 == 2","code":"ERR_ASSERTION"}}],
            "passes":[{"title":"adds REQ-6","fullTitle":"Cart adds REQ-6","duration":5,"currentRetry":2,"err":{}}]}"#,
    )
    .unwrap();
    assert_eq!(
        told(&read),
        ["Cart/later skipped", "Cart/\"before each\" hook error", "Cart/sums failed", "Cart/adds REQ-6 passed"]
    );
    assert_eq!((read.cases[3].attempts_counted, read.cases[3].flaky()), (2, true));
    assert_eq!(references(&read.cases[3]), ["REQ-6"]);
    assert!(self::read(Format::Mocha, "{\"stats\":{}}").unwrap_err().reason.contains("there is none"));
}

#[test]
fn rspec_tells_expectations_from_errors_and_what_broke_outside() {
    let read = read(
        Format::Rspec,
        r#"{"version":"3.13.0","messages":["An error occurred while loading ./a_spec.rb"],
            "examples":[
              {"id":"./a_spec.rb[1:1]","description":"adds","full_description":"Cart adds","status":"passed","file_path":"./spec/a_spec.rb","line_number":4,"run_time":0.25,"pending_message":null},
              {"description":"sums","full_description":"Cart sums","status":"failed","run_time":0.5,"exception":{"class":"RSpec::Expectations::ExpectationNotMetError","message":"m","backtrace":["a:1","b:2"]}},
              {"description":"breaks","full_description":"Cart breaks","status":"failed","exception":{"class":"NoMethodError","message":"n","backtrace":null}},
              {"description":"waits","full_description":"Cart waits","status":"pending","pending_message":"later"}],
            "summary":{"duration":1.5,"example_count":4,"failure_count":2,"pending_count":1,"errors_outside_of_examples_count":1},"summary_line":"x"}"#,
    )
    .unwrap();
    assert_eq!(told(&read), ["Cart/adds passed", "Cart/sums failed", "Cart/breaks error", "Cart/waits skipped"]);
    assert_eq!(read.cases[0].file.as_deref(), Some("spec/a_spec.rb"));
    assert_eq!(read.cases[1].problem().unwrap().detail.to_string(), "a:1\nb:2");
    assert_eq!(message(&read.cases[3]), "later");
    assert_eq!(read.suite_problems.len(), 1);
    assert!(read.totals.differences().is_empty());
}

#[test]
fn dart_leaves_out_what_is_hidden_and_keeps_earlier_attempts() {
    let read = read(
        Format::Dart,
        concat!(
            r#"{"protocolVersion":"0.1.1","type":"start","time":0}"#,
            "\n",
            r#"{"suite":{"id":0,"platform":"vm","path":"test/a_test.dart"},"type":"suite","time":0}"#,
            "\n",
            r#"{"test":{"id":1,"name":"loading a","suiteID":0},"type":"testStart","time":1}"#,
            "\n",
            r#"{"testID":1,"result":"success","skipped":false,"hidden":true,"type":"testDone","time":9}"#,
            "\n",
            r#"{"test":{"id":2,"name":"flaky","suiteID":0,"line":3},"type":"testStart","time":10}"#,
            "\n",
            r#"{"testID":2,"error":"once","stackTrace":"s","isFailure":true,"type":"error","time":11}"#,
            "\n",
            r#"{"testID":2,"message":"said","type":"print","time":11}"#,
            "\n",
            r#"{"testID":2,"result":"success","skipped":false,"hidden":false,"type":"testDone","time":15}"#,
            "\n",
            r#"{"test":{"id":3,"name":"never ends","suiteID":0},"type":"testStart","time":16}"#,
            "\n",
            r#"{"testID":2,"error":"late","isFailure":false,"type":"error","time":17}"#,
            "\n",
            r#"{"success":false,"type":"done","time":20}"#,
            "\n",
        ),
    )
    .unwrap();
    assert_eq!(told(&read), ["flaky passed", "never ends error"]);
    assert_eq!(read.cases[0].time.unwrap().milliseconds, Some(5.0));
    assert_eq!(read.cases[0].attempts[0].message.as_deref(), Some("once"));
    assert_eq!(read.cases[0].system_out.as_ref().unwrap().to_string(), "said\n");
    assert_eq!(read.suite_problems[0].message.as_deref(), Some("late"));
    assert!(read.cases.iter().all(|case| case.outcome != Outcome::Skipped));
}

#[test]
fn a_format_without_results_is_refused() {
    let Err(error) = results::open(Format::Lcov, Cursor::new(b"TN:\n"), Limits::default()) else { panic!("was read") };
    assert!(error.reason.contains("lcov files hold no test results"));
    assert!(!Format::Lcov.holds_results() && Format::Dart.holds_results());
}
