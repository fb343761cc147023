//! Test reports: what cargo-nextest and node wrote, with the requirements that each test proves, as JUnit XML of our own.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use quick_xml::{
    Reader, XmlVersion,
    escape::escape,
    events::{BytesStart, Event},
};

use super::claims::Claim;
use crate::Failure;

/// The tests of one program.
#[derive(Debug, Default)]
pub(crate) struct Suite {
    pub(crate) name: String,
    timestamp: Option<String>,
    cases: Vec<Case>,
}

/// One test.
#[derive(Debug, Default)]
struct Case {
    name: String,
    time: String,
    timestamp: Option<String>,
    keys: Vec<String>,
    /// What stands within the element, as XML.
    inner: String,
}

/// Tests by outcome.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) run: usize,
    pub(crate) passed: usize,
    pub(crate) failed: usize,
    pub(crate) skipped: usize,
}

impl Suite {
    /// The package whose tests these are.
    pub(crate) fn package(&self) -> &str {
        self.name.split("::").next().unwrap_or(&self.name)
    }
}

impl Case {
    fn has(&self, element: &str) -> bool {
        self.inner.contains(&format!("<{element}"))
    }

    fn failed(&self) -> bool {
        self.has("failure") || self.has("error")
    }
}

/// The suites of a report, each with its tests in the order of their names.
pub(crate) fn read(text: &str) -> Result<Vec<Suite>, Failure> {
    let mut reader = Reader::from_str(text);
    let mut suites: Vec<Suite> = Vec::new();
    loop {
        match reader.read_event()? {
            Event::Start(element) if element.name().as_ref() == "testsuite" => suites.push(suite(&element)?),
            Event::Empty(element) if element.name().as_ref() == "testcase" => add(&mut suites, case(&element)?),
            Event::Start(element) if element.name().as_ref() == "testcase" => {
                let mut case = case(&element)?;
                let span = reader.read_to_end(element.name())?;
                text[span.start as usize..span.end as usize].trim().clone_into(&mut case.inner);
                add(&mut suites, case);
            }
            Event::Eof => break,
            _ => {}
        }
    }
    for suite in &mut suites {
        suite.cases.sort_by(|one, other| one.name.cmp(&other.name));
    }
    suites.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(suites)
}

/// Node writes tests without a suite around them.
fn add(suites: &mut Vec<Suite>, case: Case) {
    if suites.is_empty() {
        suites.push(Suite::default());
    }
    if let Some(suite) = suites.last_mut() {
        suite.cases.push(case);
    }
}

fn suite(element: &BytesStart<'_>) -> Result<Suite, Failure> {
    let name = attribute(element, "name")?.ok_or("a test suite has no name")?;
    Ok(Suite { name, timestamp: attribute(element, "timestamp")?, cases: Vec::new() })
}

fn case(element: &BytesStart<'_>) -> Result<Case, Failure> {
    Ok(Case {
        name: attribute(element, "name")?.ok_or("a test has no name")?,
        time: attribute(element, "time")?.unwrap_or_else(|| "0".into()),
        timestamp: attribute(element, "timestamp")?,
        ..Case::default()
    })
}

fn attribute(element: &BytesStart<'_>, name: &str) -> Result<Option<String>, Failure> {
    match element.try_get_attribute(name)? {
        Some(attribute) => Ok(Some(attribute.normalized_value(XmlVersion::Explicit1_0)?.into_owned())),
        None => Ok(None),
    }
}

/// Gives every test the keys it claims, and says how many tests have some. A claim whose test did not run is refused: it would
/// look like a proof in the source and be none.
pub(crate) fn annotate(suites: &mut [Suite], claims: &[Claim]) -> Result<usize, Failure> {
    let browser_ran = suites.iter().any(|suite| suite.package() == BROWSER);
    let mut faults = Vec::new();
    for claim in claims {
        let mut ran = claim.suite.starts_with(BROWSER) && !browser_ran;
        let cases = suites.iter_mut().filter(|suite| suite.name == claim.suite).flat_map(|suite| &mut suite.cases);
        for case in cases.filter(|case| fits(&claim.test, &case.name)) {
            case.keys.extend_from_slice(&claim.keys);
            ran = true;
        }
        if !ran {
            faults.push(format!("{}: no test `{}` ran in {}", claim.place, claim.test, claim.suite));
        }
    }
    if !faults.is_empty() {
        return Err(faults.join("\n").into());
    }
    Ok(suites.iter().flat_map(|suite| &suite.cases).filter(|case| !case.keys.is_empty()).count())
}

/// Whether a name is what a pattern says, where `**` stands for anything.
fn fits(pattern: &str, name: &str) -> bool {
    let Some((start, mut rest)) = pattern.split_once("**") else { return pattern == name };
    let Some(mut left) = name.strip_prefix(start) else { return false };
    while let Some((part, more)) = rest.split_once("**") {
        let Some(at) = left.find(part) else { return false };
        left = &left[at + part.len()..];
        rest = more;
    }
    left.ends_with(rest)
}

/// How the tests ended.
pub(crate) fn count(suites: &[Suite]) -> Counts {
    let mut counts = Counts::default();
    for case in suites.iter().flat_map(|suite| &suite.cases) {
        match (case.failed(), case.has("skipped")) {
            (true, _) => counts.failed += 1,
            (false, true) => counts.skipped += 1,
            (false, false) => counts.passed += 1,
        }
    }
    counts.run = counts.passed + counts.failed;
    counts
}

/// The report of one package.
pub(crate) fn xml(package: &str, suites: &[&Suite]) -> String {
    let mut out = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"{}\">\n", escape(package));
    let optional = |name: &str, value: &Option<String>| {
        value.as_ref().map_or_else(String::new, |value| format!(" {name}=\"{}\"", escape(value.as_str())))
    };
    for suite in suites {
        let failed = suite.cases.iter().filter(|case| case.failed()).count();
        let skipped = suite.cases.iter().filter(|case| case.has("skipped")).count();
        out += &format!(
            "  <testsuite name=\"{name}\" tests=\"{tests}\" failures=\"{failed}\" errors=\"0\" skipped=\"{skipped}\"{timestamp}>\n",
            name = escape(suite.name.as_str()),
            tests = suite.cases.len(),
            timestamp = optional("timestamp", &suite.timestamp),
        );
        for case in &suite.cases {
            out += &format!(
                "    <testcase name=\"{}\" classname=\"{}\"{} time=\"{}\"",
                escape(case.name.as_str()),
                escape(suite.name.as_str()),
                optional("timestamp", &case.timestamp),
                escape(case.time.as_str()),
            );
            if case.keys.is_empty() && case.inner.is_empty() {
                out += "/>\n";
                continue;
            }
            out += ">\n";
            if !case.keys.is_empty() {
                out += "      <properties>\n";
                for key in &case.keys {
                    out += &format!("        <property name=\"requirement\" value=\"{}\"/>\n", escape(key.as_str()));
                }
                out += "      </properties>\n";
            }
            if !case.inner.is_empty() {
                out += &format!("      {}\n", case.inner);
            }
            out += "    </testcase>\n";
        }
        out += "  </testsuite>\n";
    }
    out + "</testsuites>\n"
}

/// The package that tests of the pages are filed under.
const BROWSER: &str = "browser";

/// The files with tests of the pages.
pub(crate) fn browser_files(root: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for entry in fs::read_dir(root.join("tests/browser"))? {
        let path = entry?.path();
        if path.to_string_lossy().ends_with(".test.mjs") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// The name of the suite of such a file.
pub(crate) fn browser_suite(file: &Path) -> String {
    let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    format!("{BROWSER}::{}", name.trim_end_matches(".test.mjs"))
}

/// Runs the tests of the pages, against `BASE_URL` or the gallery.
pub(crate) fn browser_tests(root: &Path) -> Result<Vec<Suite>, Failure> {
    let home = root.join("tests/browser");
    if !home.join("node_modules").is_dir() {
        let status =
            Command::new("npm").args(["ci", "--silent", "--no-audit", "--no-fund"]).current_dir(&home).status();
        let installed = status.map_err(|error| format!("npm cannot be run ({error}); --no-browser leaves this out"))?;
        if !installed.success() {
            return Err("npm could not install what the tests in the browser need; --no-browser leaves them out".into());
        }
    }
    let mut suites = Vec::new();
    for file in browser_files(root)? {
        let output = Command::new("node")
            .args(["--test", "--test-reporter=junit"])
            .arg(&file)
            .current_dir(&home)
            .output()
            .map_err(|error| format!("node cannot be run ({error}); --no-browser leaves this out"))?;
        let mut all = Suite { name: browser_suite(&file), ..Suite::default() };
        for suite in read(&String::from_utf8(output.stdout)?)? {
            all.cases.extend(suite.cases);
        }
        if all.cases.is_empty() {
            return Err(format!("{} ran no test: {}", all.name, String::from_utf8_lossy(&output.stderr)).into());
        }
        suites.push(all);
    }
    Ok(suites)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const REPORT: &str = r#"<?xml version="1.0"?>
<testsuites name="t" tests="3"><testsuite name="a::b" tests="3" timestamp="2026-01-02T03:04:05Z">
  <testcase name="m::two &lt;x&gt;" classname="a::b" time="0.5" timestamp="2026-01-02T03:04:05Z"/>
  <testcase name="m::one" classname="a::b" time="0.1"><failure message="no">at &amp; line 7</failure></testcase>
  <testcase name="m::three" classname="a::b" time="0.2"><skipped/></testcase>
</testsuite></testsuites>"#;

    fn claim(test: &str, keys: &[&str]) -> Claim {
        let keys = keys.iter().map(|key| (*key).to_owned()).collect();
        Claim { suite: "a::b".into(), test: test.into(), keys, needs: None, place: "b.rs:1".into() }
    }

    #[test]
    fn a_report_keeps_everything_and_gains_what_is_claimed() {
        let mut suites = read(REPORT).unwrap();
        let proven = annotate(&mut suites, &[claim("m::one", &["REQ-1", "REQ-2.3"])]).unwrap();
        assert_eq!((proven, suites[0].package()), (1, "a"));
        assert_eq!(count(&suites), Counts { run: 2, passed: 1, failed: 1, skipped: 1 });
        let expected = r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="a">
  <testsuite name="a::b" tests="3" failures="1" errors="0" skipped="1" timestamp="2026-01-02T03:04:05Z">
    <testcase name="m::one" classname="a::b" time="0.1">
      <properties>
        <property name="requirement" value="REQ-1"/>
        <property name="requirement" value="REQ-2.3"/>
      </properties>
      <failure message="no">at &amp; line 7</failure>
    </testcase>
    <testcase name="m::three" classname="a::b" time="0.2">
      <skipped/>
    </testcase>
    <testcase name="m::two &lt;x&gt;" classname="a::b" timestamp="2026-01-02T03:04:05Z" time="0.5"/>
  </testsuite>
</testsuites>
"#;
        let all: Vec<&Suite> = suites.iter().collect();
        assert_eq!(xml("a", &all), expected);
        assert_eq!(count(&read(expected).unwrap()), count(&suites), "it can be read again");
    }

    #[test]
    fn a_claim_without_a_test_that_ran_is_refused() {
        let told = annotate(&mut read(REPORT).unwrap(), &[claim("m::gone", &["REQ-1"])]).unwrap_err();
        assert_eq!(told.to_string(), "b.rs:1: no test `m::gone` ran in a::b");
    }

    #[test]
    fn a_pattern_fits_names_with_parts_filled_in() {
        assert!(fits("axe, **, ** px", "axe, dark, 390 px"));
        assert!(fits("same", "same"));
        assert!(!fits("axe, **, ** px", "axe, dark 390 px"));
        assert!(!fits("same", "same as before"));
    }
}
