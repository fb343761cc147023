//! Mocha's JSON reporter.

use super::json::Dialect;
use super::tally::{Tally, add_problem, excerpt};
use crate::ReadError;
use crate::json::Value;
use crate::junit::{Declared, Problem, ProblemKind, Time, empty_case};

/// Its lists by outcome are read. `tests` has the same tests again, and leaves out hooks that broke.
#[derive(Default)]
pub(super) struct Mocha {
    started: Option<String>,
}

impl Dialect for Mocha {
    const LISTS: &'static [&'static str] = &["passes", "failures", "pending"];
    const MEMBERS: &'static [&'static str] = &["stats"];
    const CALLED: &'static str = "a report of mocha";

    fn take(&mut self, member: &str, value: &Value, line: u64, tally: &mut Tally) -> Result<(), ReadError> {
        if member == "stats" {
            let count = |name| value.get(name).and_then(Value::count);
            tally.declare(Declared {
                tests: count("tests"),
                failures: count("failures"),
                skipped: count("pending"),
                ..Declared::default()
            });
            tally.add_suite_time(value.get("duration").and_then(Value::number).map(Time::from_milliseconds));
            self.started = value.text_of("start");
            return Ok(());
        }
        let mut case = Box::new(empty_case());
        let title = value.text_of("title");
        let full = value.text_of("fullTitle");
        case.class_name = full.as_deref().zip(title.as_deref()).and_then(|(full, title)| {
            full.strip_suffix(title).map(str::trim).filter(|rest| !rest.is_empty()).map(str::to_owned)
        });
        case.name = title.or(full);
        case.file = value.text_of("file");
        case.time = value.get("duration").and_then(Value::number).map(Time::from_milliseconds);
        case.timestamp = self.started.clone();
        // Earlier attempts are told by their number alone.
        let retries = value.get("currentRetry").and_then(Value::count).unwrap_or(0);
        case.attempts_counted = u32::try_from(retries).unwrap_or(u32::MAX);
        case.source_line = line;
        let problem = match member {
            "passes" => None,
            "pending" => Some(Problem {
                kind: ProblemKind::Skipped,
                message: None,
                problem_type: None,
                detail: crate::Excerpt::default(),
                source_line: line,
            }),
            _ => Some(problem(value, line, tally)),
        };
        if let Some(problem) = problem {
            add_problem(&mut case, problem, &tally.limits);
        }
        tally.case(case)
    }

    fn finish(&mut self, _: &mut Tally) -> Result<(), ReadError> {
        Ok(())
    }
}

fn problem(value: &Value, line: u64, tally: &Tally) -> Problem {
    let none = Value::Null;
    let error = value.get("err").unwrap_or(&none);
    let stack = error.get("stack").and_then(Value::text).unwrap_or_default();
    // Where an expectation did not hold, its library says what was expected; anything else broke before.
    let is_assertion = ["actual", "expected", "operator", "generatedMessage", "errorMode"]
        .iter()
        .any(|name| error.get(name).is_some())
        || error.text_of("code").as_deref() == Some("ERR_ASSERTION")
        || ["AssertionError", "UnexpectedError"].iter().any(|name| stack.starts_with(name));
    Problem {
        kind: if is_assertion { ProblemKind::Failure } else { ProblemKind::Error },
        message: error.text_of("message"),
        problem_type: error.text_of("name"),
        detail: excerpt(stack, &tally.limits),
        source_line: line,
    }
}
