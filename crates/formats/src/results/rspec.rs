//! RSpec's JSON formatter.

use super::json::Dialect;
use super::tally::{Tally, add_problem, excerpt};
use crate::json::Value;
use crate::junit::{Declared, Problem, ProblemKind, Time, empty_case};
use crate::{Excerpt, ReadError};

/// Messages kept of what broke outside of examples.
const MESSAGES: usize = 100;

#[derive(Default)]
pub(super) struct Rspec {
    outside: u64,
    messages: Vec<String>,
}

impl Dialect for Rspec {
    const LISTS: &'static [&'static str] = &["examples", "messages"];
    const MEMBERS: &'static [&'static str] = &["summary"];
    const CALLED: &'static str = "a report of RSpec";

    fn take(&mut self, member: &str, value: &Value, line: u64, tally: &mut Tally) -> Result<(), ReadError> {
        match member {
            "examples" => return example(value, line, tally),
            "messages" => {
                if self.messages.len() < MESSAGES {
                    self.messages.extend(value.text().map(str::to_owned));
                }
            }
            _ => {
                let count = |name| value.get(name).and_then(Value::count);
                self.outside = count("errors_outside_of_examples_count").unwrap_or(0);
                tally.declare(Declared {
                    tests: count("example_count"),
                    failures: count("failure_count"),
                    errors: count("errors_outside_of_examples_count"),
                    skipped: count("pending_count"),
                    ..Declared::default()
                });
                let seconds = value.get("duration").and_then(Value::number);
                tally.add_suite_time(seconds.map(|seconds| Time::from_milliseconds(seconds * 1000.0)));
            }
        }
        Ok(())
    }

    fn finish(&mut self, tally: &mut Tally) -> Result<(), ReadError> {
        for nth in 0..self.outside.min(MESSAGES as u64) as usize {
            let text = self.messages.get(nth).cloned().unwrap_or_default();
            tally.suite_problem(
                None,
                Problem {
                    kind: ProblemKind::Error,
                    message: Some("something broke outside of the examples".to_owned()),
                    problem_type: None,
                    detail: excerpt(&text, &tally.limits),
                    source_line: 1,
                },
            );
        }
        Ok(())
    }
}

fn example(value: &Value, line: u64, tally: &mut Tally) -> Result<(), ReadError> {
    let mut case = Box::new(empty_case());
    let description = value.text_of("description");
    let full = value.text_of("full_description");
    case.class_name = full.as_deref().zip(description.as_deref()).and_then(|(full, own)| {
        full.strip_suffix(own).map(str::trim).filter(|rest| !rest.is_empty()).map(str::to_owned)
    });
    case.name = description.or(full);
    case.file = value.text_of("file_path").map(|path| path.trim_start_matches("./").to_owned());
    case.line = value.get("line_number").and_then(Value::count);
    let seconds = value.get("run_time").and_then(Value::number);
    case.time = seconds.map(|seconds| Time::from_milliseconds(seconds * 1000.0));
    case.source_line = line;
    let exception = value.get("exception");
    let class = exception.and_then(|exception| exception.text_of("class"));
    let kind = match value.text_of("status").as_deref() {
        Some("passed") => None,
        Some("pending") => Some(ProblemKind::Skipped),
        Some("failed")
            if class
                .as_deref()
                .is_none_or(|class| class.contains("ExpectationNotMet") || class.contains("ExpectationsNotMet")) =>
        {
            Some(ProblemKind::Failure)
        }
        _ => Some(ProblemKind::Error),
    };
    if let Some(kind) = kind {
        let lines: Vec<&str> = exception
            .map_or(&[][..], |exception| exception.items_of("backtrace"))
            .iter()
            .filter_map(Value::text)
            .collect();
        let message =
            exception.and_then(|exception| exception.text_of("message")).or_else(|| value.text_of("pending_message"));
        let detail = if lines.is_empty() { Excerpt::default() } else { excerpt(&lines.join("\n"), &tally.limits) };
        add_problem(
            &mut case,
            Problem { kind, message, problem_type: class, detail, source_line: line },
            &tally.limits,
        );
    }
    tally.case(case)
}
