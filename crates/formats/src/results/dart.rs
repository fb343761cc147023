//! The JSON reporter of `dart test` and `flutter test --machine`: one event to a line.

use std::collections::HashMap;
use std::sync::Arc;

use super::json::Dialect;
use super::tally::{Tally, add_problem, excerpt};
use crate::ReadError;
use crate::excerpt::Collector;
use crate::json::Value;
use crate::junit::{Attempt, AttemptKind, Case, Problem, ProblemKind, Stream, Suite, Time, empty_case};

/// Tests that run at the same time at most.
const RUNNING: usize = 10_000;

#[derive(Default)]
pub(super) struct Dart {
    suites: HashMap<u64, Arc<Suite>>,
    running: HashMap<u64, Running>,
}

struct Running {
    case: Box<Case>,
    began: f64,
    problems: Vec<Problem>,
    skip_reason: Option<String>,
    output: Option<Collector>,
}

impl Dialect for Dart {
    const LISTS: &'static [&'static str] = &[];
    const MEMBERS: &'static [&'static str] = &[];
    const CALLED: &'static str = "a report of dart test";

    fn take(&mut self, _: &str, value: &Value, line: u64, tally: &mut Tally) -> Result<(), ReadError> {
        match value.get("type").and_then(Value::text) {
            Some("suite") => self.suite(value.get("suite").unwrap_or(value), line, tally),
            Some("testStart") => self.start(value, line),
            Some("error") => {
                self.error(value, line, tally);
                Ok(())
            }
            Some("print") => {
                self.print(value, tally);
                Ok(())
            }
            Some("testDone") => self.done(value, tally),
            Some("done") => {
                let time = value.get("time").and_then(Value::number);
                tally.add_suite_time(time.map(Time::from_milliseconds));
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn finish(&mut self, tally: &mut Tally) -> Result<(), ReadError> {
        let mut left: Vec<_> = std::mem::take(&mut self.running).into_iter().collect();
        left.sort_by_key(|(id, _)| *id);
        for (_, mut running) in left {
            let source_line = running.case.source_line;
            running.problems.push(Problem {
                kind: ProblemKind::Error,
                message: Some("the test was begun and never ended".to_owned()),
                problem_type: None,
                detail: crate::Excerpt::default(),
                source_line,
            });
            end(running, tally)?;
        }
        Ok(())
    }
}

impl Dart {
    fn suite(&mut self, value: &Value, line: u64, tally: &mut Tally) -> Result<(), ReadError> {
        let Some(id) = value.get("id").and_then(Value::count) else { return Ok(()) };
        let path = value.text_of("path");
        let suite = tally.add_suite(Suite {
            name: path.clone().unwrap_or_default(),
            package: value.text_of("platform"),
            file: path,
            source_line: line,
            ..Suite::default()
        })?;
        self.suites.insert(id, suite);
        Ok(())
    }

    fn start(&mut self, value: &Value, line: u64) -> Result<(), ReadError> {
        let Some(test) = value.get("test") else { return Ok(()) };
        let Some(id) = test.get("id").and_then(Value::count) else { return Ok(()) };
        if self.running.len() == RUNNING {
            let reason = format!("more than {RUNNING} tests are begun and not ended");
            return Err(ReadError::at_line(line, reason));
        }
        let mut case = Box::new(empty_case());
        case.suite = test.get("suiteID").and_then(Value::count).and_then(|id| self.suites.get(&id)).cloned();
        case.name = test.text_of("name");
        case.file = case.suite.as_ref().and_then(|suite| suite.file.clone());
        // A test that another file calls has the line of the call beside its own.
        let place = |name| test.get(name).and_then(Value::count);
        case.line = place("root_line").or_else(|| place("line"));
        case.source_line = line;
        let began = value.get("time").and_then(Value::number).unwrap_or(0.0);
        let skip_reason = test.at(&["metadata", "skipReason"]).and_then(Value::text).map(str::to_owned);
        self.running.insert(id, Running { case, began, problems: Vec::new(), skip_reason, output: None });
        Ok(())
    }

    fn error(&mut self, value: &Value, line: u64, tally: &mut Tally) {
        let is_failure = matches!(value.get("isFailure"), Some(Value::Bool(true)));
        let problem = Problem {
            kind: if is_failure { ProblemKind::Failure } else { ProblemKind::Error },
            message: value.text_of("error"),
            problem_type: None,
            detail: excerpt(value.get("stackTrace").and_then(Value::text).unwrap_or_default(), &tally.limits),
            source_line: line,
        };
        let running = value.get("testID").and_then(Value::count).and_then(|id| self.running.get_mut(&id));
        match running {
            Some(running) if running.problems.len() < tally.limits.max_problems.max(1) => {
                running.problems.push(problem)
            }
            Some(_) => {}
            // It came after its test had ended.
            None => tally.suite_problem(None, problem),
        }
    }

    fn print(&mut self, value: &Value, tally: &mut Tally) {
        let text = value.get("message").and_then(Value::text).unwrap_or_default();
        let limits = tally.limits.clone();
        let running = value.get("testID").and_then(Value::count).and_then(|id| self.running.get_mut(&id));
        match running {
            Some(running) => {
                let output = running
                    .output
                    .get_or_insert_with(|| Collector::new(limits.text_head_bytes, limits.text_tail_bytes));
                output.push(text);
                output.push("\n");
            }
            None => tally.suite_output(None, Stream::Out, excerpt(text, &limits)),
        }
    }

    fn done(&mut self, value: &Value, tally: &mut Tally) -> Result<(), ReadError> {
        let Some(mut running) = value.get("testID").and_then(Value::count).and_then(|id| self.running.remove(&id))
        else {
            return Ok(());
        };
        let says = |name| matches!(value.get(name), Some(Value::Bool(true)));
        let ended = value.get("time").and_then(Value::number);
        running.case.time = ended.map(|ended| Time::from_milliseconds(ended - running.began));
        let source_line = running.case.source_line;
        let plain = |kind, message| Problem {
            kind,
            message,
            problem_type: None,
            detail: crate::Excerpt::default(),
            source_line,
        };
        if says("skipped") {
            running.problems = vec![plain(ProblemKind::Skipped, running.skip_reason.take())];
            return end(running, tally);
        }
        let kind = match value.get("result").and_then(Value::text) {
            Some("success") => {
                // Files being loaded, and what is set up and taken down, are no tests as long as they go well.
                if says("hidden") {
                    return Ok(());
                }
                earlier_attempts(&mut running, tally);
                return end(running, tally);
            }
            Some("failure") => ProblemKind::Failure,
            _ => ProblemKind::Error,
        };
        // One test may report both; the result says which counts.
        running.problems.iter_mut().for_each(|problem| problem.kind = kind);
        if running.problems.is_empty() {
            running.problems.push(plain(kind, None));
        }
        end(running, tally)
    }
}

/// A test that went well after it had not: what was reported before belongs to earlier attempts.
fn earlier_attempts(running: &mut Running, tally: &Tally) {
    for problem in std::mem::take(&mut running.problems) {
        running.case.attempts_counted = running.case.attempts_counted.saturating_add(1);
        if running.case.attempts.len() < tally.limits.max_attempts {
            running.case.attempts.push(Attempt {
                kind: match problem.kind {
                    ProblemKind::Failure => AttemptKind::FlakyFailure,
                    _ => AttemptKind::FlakyError,
                },
                message: problem.message,
                problem_type: None,
                time: None,
                detail: problem.detail,
                system_out: None,
                system_err: None,
            });
        }
    }
}

fn end(running: Running, tally: &mut Tally) -> Result<(), ReadError> {
    let mut case = running.case;
    for problem in running.problems {
        add_problem(&mut case, problem, &tally.limits);
    }
    case.system_out = running.output.map(Collector::finish);
    tally.case(case)
}
