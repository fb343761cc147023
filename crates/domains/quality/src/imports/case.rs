//! One result of a test as it will be stored, and what identifies the test case behind it.
//!
//! A test case is known by its key in another system where the report gives one (`test_key` and its spellings), and by
//! its name: the class with the name without parameters or, where there is no class, the innermost suite with that name.
//! Neither the report's file name nor the suites around a class take part, so a case keeps its identity when the report
//! is renamed or split. What a report lists several times under one identity becomes several results of one case, and
//! the parameters stay with the results.

use formats::junit::{self, Reference, SplitName, requirement_references, split_name, test_keys};
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

/// SHA-256 of what identifies a test case.
pub(crate) type Fingerprint = [u8; 32];

/// Between the parts of a test case's name.
const JOINT: &str = " › ";

/// One element of a report, ready to be stored.
#[derive(Debug)]
pub(crate) struct CaseRow {
    pub(crate) fingerprint: Fingerprint,
    /// The key in another system and its fingerprint.
    pub(crate) key: Option<(String, Fingerprint)>,
    pub(crate) case_name: String,
    pub(crate) suite_path: Option<String>,
    pub(crate) class_name: Option<String>,
    pub(crate) base_name: String,
    pub(crate) test_type: &'static str,
    pub(crate) script_path: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) parameters: Option<String>,
    pub(crate) status: &'static str,
    pub(crate) attempts: i32,
    pub(crate) duration_ms: Option<i64>,
    pub(crate) error_message: Option<String>,
    pub(crate) error_stacktrace: Option<String>,
    pub(crate) system_out: Option<String>,
    pub(crate) system_err: Option<String>,
    pub(crate) properties: Option<String>,
    pub(crate) executed_at: Timestamp,
    pub(crate) references: Vec<Reference>,
}

impl CaseRow {
    /// The row of `case`; `received` is its time where the report names none that can be true.
    pub(crate) fn of(case: &junit::Case, received: Timestamp) -> Self {
        let full = case.name.as_deref().unwrap_or_default();
        let split = match case.parameters.as_deref() {
            // The format has told them apart.
            Some(parameters) => SplitName { base: full, parameters: Some(parameters) },
            None => split_name(full),
        };
        let suites = case.suite.as_ref().map_or_else(Vec::new, |suite| suite.path());
        let home = case.class_name.as_deref().or_else(|| suites.last().copied()).unwrap_or_default();
        let problem = case.problem();
        let detail = problem.map(|problem| problem.detail.to_string()).filter(|text| !text.trim().is_empty());
        let message = problem
            .and_then(|problem| problem.message.clone())
            .filter(|text| !text.trim().is_empty())
            .or_else(|| detail.as_deref().and_then(|text| text.trim_start().lines().next()).map(str::to_owned));
        Self {
            fingerprint: fingerprint("name", &[home, split.base]),
            key: test_keys(case)
                .first()
                .map(|key| cut(key, 500))
                .map(|key| (key.clone(), fingerprint("key", &[key.as_str()]))),
            case_name: case_name(home, split.base),
            suite_path: (!suites.is_empty()).then(|| cut(&suites.join(JOINT), 4000)),
            class_name: case.class_name.as_deref().map(|name| cut(name, 4000)),
            base_name: cut(split.base, 10_000),
            test_type: test_type(case),
            script_path: case.file.as_deref().filter(|path| !path.is_empty()).map(|path| cut(path, 2000)),
            name: case.name.as_deref().map(|name| cut(name, 10_000)),
            parameters: split.parameters.map(|text| cut(text, 10_000)),
            status: case.outcome.as_str(),
            attempts: i32::try_from(case.attempts_counted).unwrap_or(i32::MAX - 1) + 1,
            duration_ms: case.time.and_then(|time| time.whole_milliseconds()),
            error_message: message.map(|text| cut(&text, 10_000)),
            error_stacktrace: detail,
            system_out: text(case.system_out.as_ref()),
            system_err: text(case.system_err.as_ref()),
            properties: properties(case),
            executed_at: executed_at(case, received),
            references: requirement_references(case),
        }
    }

    /// Bytes of text it holds, about.
    pub(crate) fn weight(&self) -> usize {
        let texts = [
            &self.name,
            &self.parameters,
            &self.error_message,
            &self.error_stacktrace,
            &self.system_out,
            &self.system_err,
            &self.properties,
        ];
        400 + self.case_name.len() + texts.into_iter().flatten().map(String::len).sum::<usize>()
    }
}

fn fingerprint(kind: &str, parts: &[&str]) -> Fingerprint {
    let mut hash = Sha256::new();
    hash.update(kind);
    for part in parts {
        // The length keeps ("a", "bc") and ("ab", "c") apart.
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

/// What people call the case: where it is at home, and its name.
fn case_name(home: &str, base: &str) -> String {
    let name = match (home.trim(), base.trim()) {
        ("", "") => "Test without a name".to_owned(),
        (home, "") => home.to_owned(),
        ("", base) => base.to_owned(),
        // Some frameworks repeat the class at the beginning of the name.
        (home, base) if base.starts_with(home) => base.to_owned(),
        (home, base) => format!("{home}{JOINT}{base}"),
    };
    cut(&name, 2000)
}

/// The level of a test. A property `test_type`, `type` or `level` says it; else a word in the class, file, suite or name that
/// means a level (`e2e`, `browser`, `integration`) does; else it is a unit test.
fn test_type(case: &junit::Case) -> &'static str {
    for property in &case.properties {
        if ["test_type", "testtype", "test-type", "level", "test_level"]
            .iter()
            .any(|name| property.name.eq_ignore_ascii_case(name))
            && let Some(known) = level(&property.value.trim().to_ascii_lowercase())
        {
            return known;
        }
    }
    let suite = case.suite.as_ref().map(|suite| suite.name.as_str());
    for text in [case.class_name.as_deref(), case.file.as_deref(), suite].into_iter().flatten() {
        let lower = text.to_ascii_lowercase();
        if lower.contains("integrationtest") {
            return "integration";
        }
        if let Some(known) = lower.split(|c: char| !c.is_ascii_alphanumeric()).find_map(word) {
            return known;
        }
    }
    "unit"
}

fn level(value: &str) -> Option<&'static str> {
    Some(match value {
        "unit" | "component" => "unit",
        "integration" => "integration",
        "e2e" | "end-to-end" | "end_to_end" | "system" | "acceptance" | "browser" | "ui" => "e2e",
        "performance" | "load" | "stress" | "benchmark" => "performance",
        "security" => "security",
        "accessibility" | "a11y" => "accessibility",
        _ => return None,
    })
}

fn word(word: &str) -> Option<&'static str> {
    Some(match word {
        "e2e" | "browser" | "playwright" | "cypress" | "selenium" => "e2e",
        "integration" => "integration",
        "a11y" => "accessibility",
        _ => return None,
    })
}

/// When it ran: its own time, or that of the suites around it, unless it lies ahead or before there were reports.
fn executed_at(case: &junit::Case, received: Timestamp) -> Timestamp {
    let mut suite = case.suite.as_ref();
    let mut written = case.timestamp.as_deref();
    loop {
        if let Some(time) = written.and_then(junit::parse_timestamp)
            && time <= received
            && time.as_second() > 946_684_800
        {
            return time;
        }
        let Some(around) = suite else { return received };
        (written, suite) = (around.timestamp.as_deref(), around.parent.as_ref());
    }
}

fn text(excerpt: Option<&formats::Excerpt>) -> Option<String> {
    excerpt.filter(|excerpt| !excerpt.is_empty()).map(ToString::to_string)
}

/// What has no column of its own: properties, further attempts, further problems. None for most cases.
fn properties(case: &junit::Case) -> Option<String> {
    let mut all = Map::new();
    if !case.properties.is_empty() {
        let mut given = Map::new();
        for property in case.properties.iter().take(200) {
            given.insert(cut(&property.name, 500), Value::String(cut(&property.value, 4000)));
        }
        all.insert("properties".into(), Value::Object(given));
    }
    if let Some(kind) = case.problem().and_then(|problem| problem.problem_type.as_deref()) {
        all.insert("error_type".into(), cut(kind, 500).into());
    }
    if case.problems.len() > 1 {
        let problems: Vec<Value> = case
            .problems
            .iter()
            .skip(1)
            .take(20)
            .map(|problem| {
                json!({
                    "kind": format!("{:?}", problem.kind).to_lowercase(),
                    "message": problem.message.as_deref().map(|text| cut(text, 4000)),
                    "type": problem.problem_type,
                    "detail": cut(&problem.detail.to_string(), 8000),
                    "line": problem.source_line,
                })
            })
            .collect();
        all.insert("further_problems".into(), problems.into());
    }
    if !case.attempts.is_empty() {
        let attempts: Vec<Value> = case
            .attempts
            .iter()
            .take(20)
            .map(|attempt| {
                json!({
                    "outcome": attempt.kind.outcome().as_str(),
                    "message": attempt.message.as_deref().map(|text| cut(text, 4000)),
                    "type": attempt.problem_type,
                    "duration_ms": attempt.time.and_then(|time| time.whole_milliseconds()),
                    "detail": cut(&attempt.detail.to_string(), 8000),
                })
            })
            .collect();
        all.insert("attempts".into(), attempts.into());
    }
    if case.outcome == junit::Outcome::Passed && case.not_run() {
        all.insert("not_run".into(), true.into());
    }
    if let Some(line) = case.line {
        all.insert("line".into(), line.into());
    }
    (!all.is_empty()).then(|| Value::Object(all).to_string())
}

/// At most `most` characters.
pub(crate) fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some(_) => text.chars().take(most - 1).chain(['…']).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(report: &str) -> Vec<CaseRow> {
        let now: Timestamp = "2026-01-02T03:04:05Z".parse().expect("a time");
        junit::Reader::new(report.as_bytes(), formats::Limits::default())
            .filter_map(|event| match event.expect("readable") {
                junit::Event::Case(case) => Some(CaseRow::of(&case, now)),
                _ => None,
            })
            .collect()
    }

    #[test]
    fn parameters_suites_and_file_names_do_not_change_the_identity() {
        let rows = rows(
            "<testsuites><testsuite name='a.xml'><testcase classname='T' name='x[1]'/></testsuite>\
             <testsuite name='b.xml'><testcase classname='T' name='x[2]' file='y.py'/><testcase classname='U' name='x'/></testsuite></testsuites>",
        );
        assert_eq!(rows[0].fingerprint, rows[1].fingerprint);
        assert_ne!(rows[0].fingerprint, rows[2].fingerprint);
        assert_eq!(rows[1].parameters.as_deref(), Some("2"));
        assert_eq!(rows[0].case_name, "T › x");
    }

    #[test]
    fn without_a_class_the_innermost_suite_tells_cases_apart() {
        let rows = rows(
            "<testsuites><testsuite name='cart'><testcase name='adds'/></testsuite><testsuite name='list'><testcase name='adds'/></testsuite></testsuites>",
        );
        assert_ne!(rows[0].fingerprint, rows[1].fingerprint);
    }

    #[test]
    fn a_time_ahead_of_the_clock_is_not_believed() {
        let rows = rows(
            "<testsuite name='s' timestamp='2025-01-01T00:00:00Z'><testcase name='a'/><testcase name='b' timestamp='2099-01-01T00:00:00Z'/></testsuite>",
        );
        for row in rows {
            assert_eq!(row.executed_at.to_string(), "2025-01-01T00:00:00Z");
        }
    }

    #[test]
    fn levels_are_said_or_guessed_from_whole_words() {
        let rows = rows(
            "<testsuite name='s'><testcase classname='web.e2e.Login' name='a'/><testcase classname='Reintegration' name='b'/>\
             <testcase classname='c' name='c'><properties><property name='test_type' value='Security'/></properties></testcase></testsuite>",
        );
        let levels: Vec<_> = rows.iter().map(|row| row.test_type).collect();
        assert_eq!(levels, ["e2e", "unit", "security"]);
    }
}
