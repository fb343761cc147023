//! The test report of a build of Jenkins (`testReport/api/json`), also one that gathers those of several modules.

use super::json::Dialect;
use super::tally::{Tally, add_problem, excerpt};
use crate::ReadError;
use crate::json::Value;
use crate::junit::{Declared, Problem, ProblemKind, Suite, Time, empty_case};

#[derive(Default)]
pub(super) struct Jenkins {
    declared: Declared,
}

impl Dialect for Jenkins {
    const LISTS: &'static [&'static str] = &["suites", "childReports"];
    const MEMBERS: &'static [&'static str] = &["passCount", "failCount", "skipCount", "totalCount"];
    const CALLED: &'static str = "a test report of Jenkins";

    fn take(&mut self, member: &str, value: &Value, line: u64, tally: &mut Tally) -> Result<(), ReadError> {
        match member {
            "passCount" => self.declared.tests = add(self.declared.tests, value),
            "failCount" => {
                self.declared.tests = add(self.declared.tests, value);
                self.declared.failures = value.count();
            }
            "skipCount" => {
                self.declared.tests = add(self.declared.tests, value);
                self.declared.skipped = value.count();
            }
            // Where a report gathers others, it tells the whole instead of what passed.
            "totalCount" => self.declared.tests = value.count(),
            "suites" => return suite(value, line, tally),
            _ => {
                for own in value.get("result").map_or(&[][..], |result| result.items_of("suites")) {
                    suite(own, line, tally)?;
                }
            }
        }
        Ok(())
    }

    fn finish(&mut self, tally: &mut Tally) -> Result<(), ReadError> {
        tally.declare(self.declared);
        Ok(())
    }
}

fn add(known: Option<u64>, value: &Value) -> Option<u64> {
    value.count().map(|count| known.unwrap_or(0).saturating_add(count))
}

fn suite(value: &Value, line: u64, tally: &mut Tally) -> Result<(), ReadError> {
    let seconds = |value: &Value| {
        value.get("duration").and_then(Value::number).map(|seconds| Time::from_milliseconds(seconds * 1000.0))
    };
    tally.open_suite(Suite {
        name: value.text_of("name").unwrap_or_default(),
        id: value.text_of("id"),
        timestamp: value.text_of("timestamp"),
        time: seconds(value),
        source_line: line,
        ..Suite::default()
    })?;
    for one in value.items_of("cases") {
        let mut case = Box::new(empty_case());
        case.suite = tally.suite();
        case.class_name = one.text_of("className");
        case.name = one.text_of("name");
        case.time = seconds(one);
        case.source_line = line;
        let status = one.text_of("status").unwrap_or_default();
        let is_skipped = status == "SKIPPED" || matches!(one.get("skipped"), Some(Value::Bool(true)));
        let detail = one.get("errorStackTrace").and_then(Value::text).unwrap_or_default();
        let kind = match status.as_str() {
            _ if is_skipped => Some(ProblemKind::Skipped),
            "PASSED" | "FIXED" => None,
            "FAILED" | "REGRESSION" => Some(ProblemKind::Failure),
            // Without a word, what went wrong is what tells.
            _ if detail.is_empty() && one.text_of("errorDetails").is_none() => None,
            _ => Some(ProblemKind::Failure),
        };
        if let Some(kind) = kind {
            let message = if is_skipped { one.text_of("skippedMessage") } else { one.text_of("errorDetails") };
            let problem = Problem {
                kind,
                message,
                problem_type: None,
                detail: excerpt(detail, &tally.limits),
                source_line: line,
            };
            add_problem(&mut case, problem, &tally.limits);
        }
        let output = |name: &str| {
            let text = one.get(name).and_then(Value::text)?;
            Some(excerpt(text, &tally.limits))
        };
        (case.system_out, case.system_err) = (output("stdout"), output("stderr"));
        tally.case(case)?;
    }
    tally.close_suite();
    Ok(())
}
