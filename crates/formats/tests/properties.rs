//! Rules that hold for every input, also for bytes that no tool ever wrote.
#![allow(clippy::unwrap_used)]

use std::io::{BufRead, BufReader, Cursor, Read, Seek, SeekFrom};

use formats::{Format, Limits, coverage, cyclonedx, junit, recognise, requirement, results, sarif};
use proptest::prelude::*;

/// Hands out pieces of the given sizes in turn.
struct Pieces<'a> {
    all: &'a [u8],
    rest: &'a [u8],
    sizes: &'a [usize],
    turn: usize,
}

impl Read for Pieces<'_> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let size = self.sizes[self.turn % self.sizes.len()].max(1);
        self.turn += 1;
        let taken = self.rest.len().min(out.len()).min(size);
        out[..taken].copy_from_slice(&self.rest[..taken]);
        self.rest = &self.rest[taken..];
        Ok(taken)
    }
}

/// Only a beginning again is asked for.
impl Seek for Pieces<'_> {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        assert_eq!(to, SeekFrom::Start(0));
        (self.rest, self.turn) = (self.all, 0);
        Ok(0)
    }
}

/// What every reader of test results but that of JUnit says.
fn results<R: BufRead + Seek>(open: impl Fn() -> R) -> Vec<String> {
    use Format::{Ctest, Dart, GoTest, Mocha, Nunit, Robot, Rspec, Trx, XunitNet};
    let read = |format| match results::open(format, open(), limits()) {
        Ok(events) => format!("{:?}", events.collect::<Vec<_>>()),
        Err(error) => format!("{error:?}"),
    };
    [Nunit, Trx, XunitNet, Ctest, Robot, GoTest, Mocha, Rspec, Dart].map(read).into()
}

fn limits() -> Limits {
    Limits { text_head_bytes: 7, text_tail_bytes: 5, max_depth: 12, ..Limits::default() }
}

/// Everything every reader says about the bytes.
fn everything<'a>(open: impl Fn() -> Box<dyn BufRead + 'a>) -> Vec<String> {
    vec![
        format!("{:?}", junit::Reader::new(open(), limits()).collect::<Vec<_>>()),
        format!("{:?}", coverage::cobertura::Reader::new(open(), limits()).collect::<Vec<_>>()),
        format!("{:?}", coverage::jacoco::Reader::new(open(), limits()).collect::<Vec<_>>()),
        format!("{:?}", coverage::lcov::Reader::new(open(), limits()).collect::<Vec<_>>()),
        format!("{:?}", requirement::read(open(), &limits())),
        format!("{:?}", cyclonedx::Reader::new(open(), limits()).collect::<Vec<_>>()),
        match sarif::survey(open(), &limits()) {
            Ok(survey) => format!("{:?}", sarif::Reader::new(open(), &limits(), &survey).collect::<Vec<_>>()),
            Err(error) => format!("{error:?}"),
        },
    ]
}

/// The same answers whether the bytes come at once, one by one, or in odd pieces; and never a panic.
fn check(bytes: &[u8], sizes: &[usize]) {
    let _ = recognise(bytes);
    let whole = everything(|| Box::new(bytes));
    let whole_results = results(|| Cursor::new(bytes));
    for sizes in [&[1][..], sizes] {
        let pieces = everything(|| Box::new(BufReader::new(Pieces { all: bytes, rest: bytes, sizes, turn: 0 })));
        assert_eq!(whole, pieces);
        let pieces = results(|| BufReader::new(Pieces { all: bytes, rest: bytes, sizes, turn: 0 }));
        assert_eq!(whole_results, pieces);
    }
}

/// Fragments of the other formats of test results; each list makes reports of its own.
fn result_fragments() -> impl Strategy<Value = Vec<u8>> {
    let lists: [&[&str]; 7] = [
        &[
            "<test-run total='1'>",
            "</test-run>",
            "<test-suite name='A' site='SetUp'>",
            "</test-suite>",
            "<test-case name='A.B(1)' methodname='B' result='Failed' label='Error'>",
            "</test-case>",
            "<properties>",
            "</properties>",
            "<property name='Category' value='REQ-1'/>",
            "<failure>",
            "</failure>",
            "<message>m</message>",
            "<output>o</output>",
        ],
        &[
            "<TestRun name='r'>",
            "</TestRun>",
            "<Results>",
            "</Results>",
            "<InnerResults>",
            "</InnerResults>",
            "<UnitTestResult testId='1' testName='A.B(1)' outcome='Failed' duration='00:00:01'>",
            "</UnitTestResult>",
            "<Output>",
            "</Output>",
            "<StdOut>s</StdOut>",
            "<ErrorInfo><Message>m</Message></ErrorInfo>",
            "<TestDefinitions>",
            "</TestDefinitions>",
            "<UnitTest id='1'><TestMethod className='A, x' name='B'/></UnitTest>",
        ],
        &[
            "<assemblies>",
            "</assemblies>",
            "<assembly name='a' run-date='2020-01-01' run-time='01:01:01'>",
            "</assembly>",
            "<collection>",
            "</collection>",
            "<test name='A.B(x: 1)' type='A' method='B' result='Skip'>",
            "</test>",
            "<error name='e'>",
            "</error>",
            "<failure exception-type='t'>",
            "</failure>",
            "<message>m</message>",
            "<reason>r</reason>",
            "<traits><trait name='Category' value='c'/></traits>",
        ],
        &[
            "<Site BuildName='b'>",
            "</Site>",
            "<Testing>",
            "</Testing>",
            "<Test Status='failed'>",
            "</Test>",
            "<Name>n</Name>",
            "<Path>./p</Path>",
            "<Results>",
            "</Results>",
            "<NamedMeasurement name='Execution Time'><Value>1.5</Value></NamedMeasurement>",
            "<Measurement><Value encoding='base64'>x</Value></Measurement>",
            "<robot generated='20200101 01:01:01.000'>",
            "</robot>",
            "<suite name='s'>",
            "</suite>",
            "<test name='t'>",
            "</test>",
            "<kw><msg>text</msg></kw>",
            "<tag>REQ-1</tag>",
            "<status status='FAIL' start='2020-01-01T00:00:00' elapsed='1'>m</status>",
        ],
        &[
            "{\"Action\":\"run\",\"Package\":\"p\",\"Test\":\"T\"}\n",
            "{\"Action\":\"output\",\"Package\":\"p\",\"Test\":\"T\",\"Output\":\"x\\n\"}\n",
            "{\"Action\":\"output\",\"Package\":\"p\",\"Output\":\"y\\n\"}\n",
            "{\"Action\":\"fail\",\"Package\":\"p\",\"Test\":\"T\",\"Elapsed\":0.5}\n",
            "{\"Action\":\"pass\",\"Package\":\"q\",\"Test\":\"U\"}\n",
            "{\"Action\":\"fail\",\"Package\":\"p\",\"FailedBuild\":\"p\"}\n",
            "{\"Action\":\"build-output\",\"ImportPath\":\"p\",\"Output\":\"e\"}\n",
            "noise\n",
            "{",
        ],
        &[
            "{\"type\":\"suite\",\"suite\":{\"id\":0,\"path\":\"a\"}}\n",
            "{\"type\":\"testStart\",\"test\":{\"id\":1,\"name\":\"n\",\"suiteID\":0},\"time\":1}\n",
            "{\"type\":\"error\",\"testID\":1,\"error\":\"e\",\"isFailure\":true}\n",
            "{\"type\":\"print\",\"testID\":1,\"message\":\"m\"}\n",
            "{\"type\":\"testDone\",\"testID\":1,\"result\":\"success\",\"time\":5}\n",
            "[{}]\n",
            "noise",
        ],
        &[
            "{",
            "}",
            "\"stats\":{\"passes\":1},",
            "\"passes\":[",
            "\"failures\":[",
            "\"pending\":[",
            "\"examples\":[",
            "\"messages\":[\"m\"],",
            "\"summary\":{\"errors_outside_of_examples_count\":2},",
            "{\"title\":\"t\",\"fullTitle\":\"a t\",\"err\":{\"stack\":\"s\"}},",
            "{\"description\":\"d\",\"full_description\":\"a d\",\"status\":\"failed\",\"run_time\":1.5},",
            "],",
        ],
    ];
    prop::sample::select(lists.to_vec()).prop_flat_map(|list| {
        prop::collection::vec(prop::sample::select(list.to_vec()), 0..24).prop_map(|parts| parts.concat().into_bytes())
    })
}

/// Fragments that make up reports, put together at random: far more of these reach the interesting places than
/// random bytes do.
fn fragments() -> impl Strategy<Value = Vec<u8>> {
    let parts = [
        "<?xml version='1.0' encoding='utf-8'?>",
        "<?xml version=\"1.0\" encoding=\"UTF-16 LE\"?>",
        "\u{FEFF}",
        "<testsuites tests='3'>",
        "</testsuites>",
        "<testsuite name='a' time='2,503.1'>",
        "</testsuite>",
        "<testcase name='REQ-1[x]' classname='c' time='-1'>",
        "</testcase>",
        "<testcase/>",
        "<bom xmlns='http://cyclonedx.org/schema/bom/1.4'>",
        "<components><component type='library'><name>n</name></component></components>",
        "<vulnerabilities><vulnerability><id>CVE-1</id>",
        "</bom>",
        "{\"runs\":[{\"results\":[",
        "{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.4\",\"components\":[",
        "{\"ruleId\":\"A\",\"message\":{\"text\":\"\\ud83d\\n\"}},",
        "]}",
        "]}]}",
        "<failure message='m &lt; n'>",
        "</failure>",
        "<error/>",
        "<skipped/>",
        "<rerunFailure type='t'>",
        "</rerunFailure>",
        "<system-out>",
        "</system-out>",
        "<![CDATA[",
        "]]>",
        "]]",
        "<properties>",
        "</properties>",
        "<property name='req' value='A-1'/>",
        "<property name='x'>",
        "</property>",
        "text é€𒍺",
        "&#27;",
        "&amp;",
        "&x;",
        "&",
        "\r\n",
        "\0",
        "<!-- ",
        " -->",
        "<!DOCTYPE a SYSTEM 'b'>",
        "<!DOCTYPE a [",
        "<coverage line-rate='1'>",
        "</coverage>",
        "<package name='p'>",
        "</package>",
        "<class filename='f'>",
        "</class>",
        "<lines>",
        "</lines>",
        "<line number='1' hits='2' condition-coverage='50% (1/2)'/>",
        "<method>",
        "</method>",
        "<report name='r'>",
        "</report>",
        "<sourcefile name='s'>",
        "</sourcefile>",
        "<line nr='1' ci='1' mb='2'/>",
        "<counter type='LINE' missed='1' covered='2'/>",
        "TN:t\n",
        "SF:f\n",
        "DA:1,2\n",
        "BRDA:1,0,0,-\n",
        "FN:1,f\n",
        "FNDA:1,f\n",
        "end_of_record\n",
        "LF:1\n",
        "---\n",
        "key: REQ-1\n",
        "title: t\n",
        "tags: [a, b]\n",
        "acceptance_criteria:\n  - x\n",
        "# Title\n",
        "## Acceptance criteria\n",
        "- item\n",
        "  more\n",
        "```\n",
        "&a ",
        "*a ",
        "\t",
        "\n",
    ];
    prop::collection::vec(prop::sample::select(parts.to_vec()), 0..24).prop_map(|parts| parts.concat().into_bytes())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300), sizes in prop::collection::vec(1_usize..9, 1..5)) {
        check(&bytes, &sizes);
    }

    #[test]
    fn any_mixture_of_fragments_is_read_or_refused(bytes in fragments(), sizes in prop::collection::vec(1_usize..9, 1..5)) {
        check(&bytes, &sizes);
    }

    #[test]
    fn any_mixture_of_test_results_is_read_or_refused(bytes in result_fragments(), sizes in prop::collection::vec(1_usize..9, 1..5)) {
        check(&bytes, &sizes);
    }

    #[test]
    fn any_mixture_of_fragments_in_utf_16_is_read_or_refused(bytes in fragments(), sizes in prop::collection::vec(1_usize..9, 1..5)) {
        let text = String::from_utf8(bytes).unwrap();
        let sixteen: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        check(&sixteen, &sizes);
    }

    #[test]
    fn what_is_kept_can_be_stored(name in ".*", text in ".*") {
        let bytes = format!("<testcase name=\"{}\"><failure><![CDATA[{}]]></failure></testcase>",
            name.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;"), text.replace("]]>", ""));
        for event in junit::Reader::new(bytes.as_bytes(), Limits::default()) {
            if let junit::Event::Case(case) = event.unwrap() {
                let kept = format!("{}{}", case.name.unwrap_or_default(), case.problems[0].detail);
                prop_assert!(!kept.chars().any(|c| c < ' ' && !matches!(c, '\t' | '\n' | '\r')));
            }
        }
    }

    #[test]
    fn splitting_a_name_loses_nothing(name in ".*\\[?.*\\]?") {
        let split = junit::split_name(&name);
        prop_assert!(name.starts_with(split.base));
        if let Some(parameters) = split.parameters {
            let end = format!("[{parameters}]");
            prop_assert!(name.trim_end().ends_with(&end));
        }
    }
}
