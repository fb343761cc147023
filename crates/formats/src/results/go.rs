//! `go test -json`: one event to a line.
//!
//! The tests of several packages run at the same time, so their events are mixed. A test that ended is handed over at once;
//! one that is still open when its package ends, because the process died, counts as an error.

use std::collections::HashMap;
use std::sync::Arc;

use super::json::Dialect;
use super::tally::{Tally, add_problem};
use crate::excerpt::Collector;
use crate::json::Value;
use crate::junit::{Problem, ProblemKind, Stream, Suite, Time, empty_case};
use crate::{Excerpt, Limits, ReadError};

/// Tests that are open at the same time at most.
const OPEN: usize = 1_000_000;
/// Open tests and packages whose output is kept; of more it is only counted.
const WITH_OUTPUT: usize = 500;
/// Bytes kept of the line that tells what went wrong.
const MESSAGE_BYTES: usize = 2_000;

#[derive(Default)]
pub(super) struct Go {
    packages: HashMap<String, Package>,
    /// What the compiler said, by what it was building.
    builds: HashMap<String, Collector>,
    open: usize,
    with_output: usize,
}

struct Package {
    suite: Arc<Suite>,
    tests: HashMap<String, Open>,
    output: Option<Collector>,
    has_failures: bool,
}

#[derive(Default)]
struct Open {
    line: u64,
    time: Option<String>,
    output: Option<Collector>,
    message: Option<String>,
}

impl Dialect for Go {
    const LISTS: &'static [&'static str] = &[];
    const MEMBERS: &'static [&'static str] = &[];
    const CALLED: &'static str = "a report of go test";

    fn take(&mut self, _: &str, value: &Value, line: u64, tally: &mut Tally) -> Result<(), ReadError> {
        let Some(action) = value.get("Action").and_then(Value::text) else { return Ok(()) };
        if action == "build-output" {
            self.build_output(value, tally);
            return Ok(());
        }
        let Some(name) = value.text_of("Package") else { return Ok(()) };
        if !self.packages.contains_key(&name) {
            let suite =
                Suite { name: name.clone(), timestamp: value.text_of("Time"), source_line: line, ..Suite::default() };
            let suite = tally.add_suite(suite)?;
            let package = Package { suite, tests: HashMap::new(), output: None, has_failures: false };
            self.packages.insert(name.clone(), package);
        }
        match (value.text_of("Test"), action) {
            (Some(test), "output") => self.output(&name, Some(test), value, line, tally),
            (None, "output") => self.output(&name, None, value, line, tally),
            (Some(test), "pass" | "fail" | "skip" | "bench") => self.end_test(&name, &test, action, value, line, tally),
            (None, "pass" | "fail" | "skip") => self.end_package(&name, action, value, line, tally),
            (Some(test), _) => {
                let time = value.text_of("Time");
                self.opened(&name, &test, line).map(|open| {
                    if action == "run" {
                        open.time = time;
                    }
                })
            }
            (None, _) => Ok(()),
        }
    }

    fn finish(&mut self, tally: &mut Tally) -> Result<(), ReadError> {
        let mut left: Vec<_> = self.packages.iter().map(|(name, own)| (own.suite.index, name.clone())).collect();
        left.sort_unstable();
        for (_, name) in left {
            self.close(&name, "the report ends", tally)?;
        }
        Ok(())
    }
}

impl Go {
    fn opened(&mut self, package: &str, test: &str, line: u64) -> Result<&mut Open, ReadError> {
        let lost = || ReadError::at_line(line, "a test has no package");
        let package = self.packages.get_mut(package).ok_or_else(lost)?;
        if !package.tests.contains_key(test) {
            if self.open == OPEN {
                return Err(ReadError::at_line(line, format!("more than {OPEN} tests are begun and not ended")));
            }
            self.open += 1;
            package.tests.insert(test.to_owned(), Open { line, ..Open::default() });
        }
        package.tests.get_mut(test).ok_or_else(lost)
    }

    fn output(
        &mut self,
        package: &str,
        test: Option<String>,
        value: &Value,
        line: u64,
        tally: &Tally,
    ) -> Result<(), ReadError> {
        let Some(Value::Text(text)) = value.get("Output") else { return Ok(()) };
        let kept = self.with_output < WITH_OUTPUT;
        let place = match &test {
            // What the tool says of a test rather than the test of itself.
            Some(_) if is_frame(text) => return Ok(()),
            Some(test) => {
                let open = self.opened(package, test, line)?;
                let said = text.trim();
                if open.message.is_none() && !said.is_empty() {
                    open.message = Some(said[..said.floor_char_boundary(MESSAGE_BYTES)].to_owned());
                }
                &mut open.output
            }
            None => match self.packages.get_mut(package) {
                Some(package) => &mut package.output,
                None => return Ok(()),
            },
        };
        let is_new = place.is_none();
        place.get_or_insert_with(|| collector(kept, &tally.limits)).push(text);
        self.with_output += usize::from(is_new);
        Ok(())
    }

    fn build_output(&mut self, value: &Value, tally: &Tally) {
        let Some(Value::Text(text)) = value.get("Output") else { return };
        let path = value.text_of("ImportPath").unwrap_or_default();
        if let Some(collector) = self.builds.get_mut(&path) {
            collector.push(text);
        } else if self.builds.len() < WITH_OUTPUT {
            let mut own = collector(true, &tally.limits);
            own.push(text);
            self.builds.insert(path, own);
        }
    }

    fn end_test(
        &mut self,
        package: &str,
        test: &str,
        action: &str,
        value: &Value,
        line: u64,
        tally: &mut Tally,
    ) -> Result<(), ReadError> {
        self.opened(package, test, line)?;
        let Some(package) = self.packages.get_mut(package) else { return Ok(()) };
        let Some(open) = package.tests.remove(test) else { return Ok(()) };
        self.open -= 1;
        self.with_output -= usize::from(open.output.is_some());
        let kind = match action {
            "fail" => Some(ProblemKind::Failure),
            "skip" => Some(ProblemKind::Skipped),
            _ => None,
        };
        package.has_failures |= action == "fail";
        let seconds = value.get("Elapsed").and_then(Value::number);
        let time = seconds.map(|seconds| Time::from_milliseconds(seconds * 1000.0));
        case(package, test, open, time, kind.map(|kind| (kind, None)), tally)
    }

    fn end_package(
        &mut self,
        name: &str,
        action: &str,
        value: &Value,
        line: u64,
        tally: &mut Tally,
    ) -> Result<(), ReadError> {
        let seconds = value.get("Elapsed").and_then(Value::number);
        tally.add_suite_time(seconds.map(|seconds| Time::from_milliseconds(seconds * 1000.0)));
        let has_open = self.packages.get(name).is_some_and(|package| !package.tests.is_empty());
        let build = value.text_of("FailedBuild");
        if let Some(package) = self.packages.get_mut(name)
            && action == "fail"
            && !package.has_failures
            && !has_open
        {
            let said = build.as_ref().and_then(|path| self.builds.remove(path));
            let taken = package.output.take();
            self.with_output -= usize::from(taken.is_some());
            let message = match build {
                Some(path) => format!("{path} could not be built"),
                None => "the package failed, although no test of it did".to_owned(),
            };
            let problem = Problem {
                kind: ProblemKind::Error,
                message: Some(message),
                problem_type: None,
                detail: said.or(taken).map(Collector::finish).unwrap_or_default(),
                source_line: line,
            };
            tally.suite_problem(Some(Arc::clone(&package.suite)), problem);
        }
        self.close(name, "its package ended", tally)
    }

    /// Ends a package, and what is still open in it.
    fn close(&mut self, name: &str, why: &str, tally: &mut Tally) -> Result<(), ReadError> {
        let Some(mut package) = self.packages.remove(name) else { return Ok(()) };
        let mut left: Vec<_> = std::mem::take(&mut package.tests).into_iter().collect();
        left.sort_by(|(a, x), (b, y)| (x.line, a).cmp(&(y.line, b)));
        for (test, open) in left {
            self.open -= 1;
            self.with_output -= usize::from(open.output.is_some());
            let message = format!("the test had not ended when {why}");
            case(&package, &test, open, None, Some((ProblemKind::Error, Some(message))), tally)?;
        }
        if let Some(output) = package.output.take() {
            self.with_output -= 1;
            tally.suite_output(Some(Arc::clone(&package.suite)), Stream::Out, output.finish());
        }
        tally.end_suite(&package.suite);
        Ok(())
    }
}

fn case(
    package: &Package,
    test: &str,
    open: Open,
    time: Option<Time>,
    ended: Option<(ProblemKind, Option<String>)>,
    tally: &mut Tally,
) -> Result<(), ReadError> {
    let mut case = Box::new(empty_case());
    case.suite = Some(Arc::clone(&package.suite));
    case.class_name = Some(package.suite.name.clone());
    case.name = Some(test.to_owned());
    case.time = time;
    case.timestamp = open.time;
    case.source_line = open.line;
    let output = open.output.map(Collector::finish);
    match ended {
        None => case.system_out = output,
        Some((kind, message)) => {
            let detail: Excerpt = output.unwrap_or_default();
            let message = message.or(open.message);
            let problem = Problem { kind, message, problem_type: None, detail, source_line: open.line };
            add_problem(&mut case, problem, &tally.limits);
        }
    }
    tally.case(case)
}

fn collector(kept: bool, limits: &Limits) -> Collector {
    if kept { Collector::new(limits.text_head_bytes, limits.text_tail_bytes) } else { Collector::new(0, 0) }
}

fn is_frame(text: &str) -> bool {
    let text = text.trim_start();
    ["=== RUN ", "=== PAUSE ", "=== CONT ", "=== NAME ", "--- PASS:", "--- FAIL:", "--- SKIP:", "--- BENCH:"]
        .iter()
        .any(|frame| text.starts_with(frame))
}
