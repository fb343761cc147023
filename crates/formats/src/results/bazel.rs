//! Bazel's Build Event Protocol as JSON, one event to a line (`--build_event_json_file`). A test target is a case; its runs and
//! shards are results of it, and its attempts those of one result, of which the last counts.

use std::collections::{BTreeMap, HashMap};

use super::json::Dialect;
use super::tally::{Tally, add_problem};
use crate::ReadError;
use crate::builds::{bazel_build, millis, moment};
use crate::excerpt::cut;
use crate::json::Value;
use crate::junit::{Attempt, AttemptKind, Case, Problem, ProblemKind, Property, Report, Time, empty_case};

/// Attempts that are told of and whose target is not summed up yet, at most.
const OPEN: usize = 1_000_000;
/// Bytes of what is told of them, at most.
const OPEN_BYTES: usize = 64 << 20;
/// Letters of a status or a strategy, and of what an attempt says besides; the rest is left out.
const WORD: usize = 200;
const DETAILS: usize = 4_000;

#[derive(Default)]
pub(super) struct Bazel {
    /// By label and configuration.
    targets: HashMap<(String, String), Target>,
    /// The order in which targets were first told of, for those that are never summed up.
    order: u64,
    open: usize,
    open_bytes: usize,
    built: u64,
    broken: u64,
    has_begun: bool,
}

#[derive(Default)]
struct Target {
    nth: u64,
    /// By run and shard, both from 1.
    runs: BTreeMap<(u64, u64), Vec<Told>>,
}

impl Target {
    fn bytes(&self, label: &str, configuration: &str) -> usize {
        self.runs.values().flatten().map(|told| told.bytes() + label.len() + configuration.len()).sum()
    }
}

/// One attempt.
struct Told {
    number: u64,
    status: String,
    details: Option<String>,
    time: Option<Time>,
    start: Option<String>,
    cached: Option<&'static str>,
    strategy: Option<String>,
    line: u64,
}

impl Told {
    /// About what it takes to keep it.
    fn bytes(&self) -> usize {
        let texts = [Some(&self.status), self.details.as_ref(), self.start.as_ref(), self.strategy.as_ref()];
        size_of::<Self>() + texts.into_iter().flatten().map(String::len).sum::<usize>()
    }
}

impl Dialect for Bazel {
    const LISTS: &'static [&'static str] = &[];
    const MEMBERS: &'static [&'static str] = &[];
    const CALLED: &'static str = "a file of build events";

    fn take(&mut self, _: &str, value: &Value, line: u64, tally: &mut Tally) -> Result<(), ReadError> {
        let Some(id) = value.get("id") else { return Ok(()) };
        if let Some(started) = value.get("started").filter(|_| !self.has_begun) {
            self.has_begun = true;
            let command = started.text_of("command");
            tally.report(Report {
                name: Some(command.map_or_else(|| "bazel".to_owned(), |command| format!("bazel {command}"))),
                timestamp: moment(started, "startTime", "startTimeMillis"),
                ..Report::default()
            });
            for (name, own) in [("bazel.invocation", "uuid"), ("bazel.version", "buildToolVersion")] {
                if let Some(value) = started.text_of(own) {
                    tally.suite_property(None, Property { name: name.to_owned(), value });
                }
            }
            return Ok(());
        }
        if let Some(at) = id.get("testResult") {
            return self.attempt(at, value.get("testResult").unwrap_or(&Value::Null), line);
        }
        if let Some(at) = id.get("testSummary") {
            let key = key(at);
            let target = self.targets.remove(&key).unwrap_or_default();
            let summary = value.get("testSummary").unwrap_or(&Value::Null);
            return self.emit(&key.0, &key.1, target, summary, line, tally);
        }
        if let Some(at) = id.get("targetCompleted") {
            self.completed(at, value, line, tally);
            return Ok(());
        }
        if let Some(finished) = value.get("finished") {
            if let Some(name) = finished.at(&["exitCode", "name"]).and_then(Value::text) {
                tally.suite_property(None, Property { name: "bazel.exit".to_owned(), value: name.to_owned() });
            }
            return Ok(());
        }
        let build = bazel_build(value);
        for (name, value) in [("commit", build.commit), ("branch", build.branch)] {
            if let Some(value) = value {
                tally.suite_property(None, Property { name: name.to_owned(), value });
            }
        }
        Ok(())
    }

    fn finish(&mut self, tally: &mut Tally) -> Result<(), ReadError> {
        // The build was broken off before it summed these up.
        let mut left: Vec<_> = std::mem::take(&mut self.targets).into_iter().collect();
        left.sort_by_key(|(_, target)| target.nth);
        for ((label, configuration), target) in left {
            self.emit(&label, &configuration, target, &Value::Null, 0, tally)?;
        }
        for (name, count) in [("bazel.targets_built", self.built), ("bazel.targets_broken", self.broken)] {
            if count > 0 {
                tally.suite_property(None, Property { name: name.to_owned(), value: count.to_string() });
            }
        }
        Ok(())
    }
}

/// Label and configuration.
fn key(at: &Value) -> (String, String) {
    let configuration = at.at(&["configuration", "id"]).and_then(Value::text).unwrap_or_default();
    (at.text_of("label").unwrap_or_default(), configuration.to_owned())
}

/// A whole number, which the protocol writes as a text where it may be large.
fn whole(value: &Value, name: &str) -> Option<u64> {
    match value.get(name) {
        Some(Value::Number(text) | Value::Text(text)) => text.trim().parse().ok(),
        _ => None,
    }
}

impl Bazel {
    fn attempt(&mut self, at: &Value, said: &Value, line: u64) -> Result<(), ReadError> {
        if self.open == OPEN || self.open_bytes > OPEN_BYTES {
            return Err(ReadError::at_line(
                line,
                format!(
                    "more than {OPEN} attempts, or {} MiB, belong to targets that are not summed up",
                    OPEN_BYTES >> 20
                ),
            ));
        }
        let says = |value: Option<&Value>| matches!(value, Some(Value::Bool(true)));
        let cached = if says(said.get("cachedLocally")) {
            Some("locally")
        } else if says(said.at(&["executionInfo", "cachedRemotely"])) {
            Some("remotely")
        } else {
            None
        };
        self.order += 1;
        let nth = self.order;
        let key = key(at);
        let label = key.0.len() + key.1.len();
        let target = self.targets.entry(key).or_insert_with(|| Target { nth, ..Target::default() });
        let place = (whole(at, "run").unwrap_or(1), whole(at, "shard").unwrap_or(1));
        let told = Told {
            number: whole(at, "attempt").unwrap_or(1),
            status: said.text_of("status").map(|text| cut(&text, WORD)).unwrap_or_default(),
            details: said.text_of("statusDetails").map(|text| cut(&text, DETAILS)),
            time: millis(said, "testAttemptDuration", "testAttemptDurationMillis").map(Time::from_milliseconds),
            start: moment(said, "testAttemptStart", "testAttemptStartMillisEpoch"),
            cached,
            strategy: said.at(&["executionInfo", "strategy"]).and_then(Value::text).map(|text| cut(text, WORD)),
            line,
        };
        self.open += 1;
        self.open_bytes += told.bytes() + label;
        target.runs.entry(place).or_default().push(told);
        Ok(())
    }

    /// What was built, and what broke outside of tests.
    fn completed(&mut self, at: &Value, value: &Value, line: u64, tally: &mut Tally) {
        let is_built = matches!(value.at(&["completed", "success"]), Some(Value::Bool(true)));
        if is_built {
            self.built += 1;
            return;
        }
        self.broken += 1;
        let label = at.text_of("label").unwrap_or_default();
        let why = value
            .at(&["completed", "failureDetail", "message"])
            .or_else(|| value.at(&["aborted", "description"]))
            .or_else(|| value.at(&["aborted", "reason"]))
            .and_then(Value::text);
        let message = match why {
            Some(why) => format!("{label} could not be built: {why}"),
            None => format!("{label} could not be built"),
        };
        tally.suite_problem(None, problem(ProblemKind::Error, Some(message), None, line));
    }

    /// The results of a target, one for each run and shard.
    fn emit(
        &mut self,
        label: &str,
        configuration: &str,
        target: Target,
        summary: &Value,
        line: u64,
        tally: &mut Tally,
    ) -> Result<(), ReadError> {
        self.open_bytes = self.open_bytes.saturating_sub(target.bytes(label, configuration));
        let shards = target.runs.keys().map(|(_, shard)| *shard).chain(whole(summary, "shardCount")).max().unwrap_or(1);
        let runs = target.runs.keys().map(|(run, _)| *run).max().unwrap_or(1);
        let mut all = target.runs;
        if all.is_empty() {
            let status = summary.text_of("overallStatus").unwrap_or_default();
            let told =
                Told { number: 1, status, details: None, time: None, start: None, cached: None, strategy: None, line };
            all.insert((1, 1), vec![told]);
            self.open += 1;
        }
        for ((run, shard), mut attempts) in all {
            self.open = self.open.saturating_sub(attempts.len());
            attempts.sort_by_key(|told| told.number);
            let Some(last) = attempts.pop() else { continue };
            let mut case = Box::new(empty_case());
            let (package, name) = label.rsplit_once(':').unwrap_or(("", label));
            case.class_name = Some(package.to_owned()).filter(|package| !package.is_empty());
            case.name = Some(name.to_owned()).filter(|name| !name.is_empty());
            let parts: Vec<String> = [(runs > 1, "run", run, runs), (shards > 1, "shard", shard, shards)]
                .into_iter()
                .filter(|(is_told, ..)| *is_told)
                .map(|(_, word, nth, of)| format!("{word} {nth} of {of}"))
                .collect();
            case.parameters = (!parts.is_empty()).then(|| parts.join(", "));
            let properties = [
                ("cached", last.cached.map(str::to_owned)),
                ("strategy", last.strategy.clone()),
                ("configuration", Some(configuration.to_owned()).filter(|id| !id.is_empty())),
            ];
            for (name, value) in properties {
                if let Some(value) = value {
                    case.properties.push(Property { name: name.to_owned(), value });
                }
            }
            tally.totals.properties += case.properties.len() as u64;
            case.time = last.time;
            case.timestamp = last.start.clone();
            case.source_line = last.line;
            if let Some(problem) = last.problem() {
                add_problem(&mut case, problem, &tally.limits);
            }
            let has_passed = last.kind().is_none();
            for told in attempts {
                told.beside(&mut case, has_passed, tally.limits.max_attempts);
            }
            tally.case(case)?;
        }
        Ok(())
    }
}

impl Told {
    /// What kept it from passing.
    fn kind(&self) -> Option<ProblemKind> {
        match self.status.as_str() {
            "PASSED" | "FLAKY" => None,
            "FAILED" => Some(ProblemKind::Failure),
            "NO_STATUS" | "" => Some(ProblemKind::Skipped),
            _ => Some(ProblemKind::Error),
        }
    }

    fn problem(&self) -> Option<Problem> {
        let kind = self.kind()?;
        let said = match self.status.as_str() {
            "FAILED" => "the test failed",
            "TIMEOUT" => "the test took longer than it may",
            "FAILED_TO_BUILD" => "the test could not be built",
            "REMOTE_FAILURE" => "the test could not be run where it should have been",
            "INCOMPLETE" => "the test was broken off",
            "TOOL_HALTED_BEFORE_TESTING" => "the build ended before the test was run",
            "NO_STATUS" | "" => "the test was not run",
            _ => "the test ended in a way that is not known here",
        };
        let message = self.details.clone().unwrap_or_else(|| said.to_owned());
        let word = Some(self.status.clone()).filter(|word| !word.is_empty());
        Some(problem(kind, Some(message), word, self.line))
    }

    /// Adds an attempt that came before the one that counts.
    fn beside(self, case: &mut Case, has_passed: bool, most: usize) {
        let kind = match (self.kind(), has_passed) {
            (Some(ProblemKind::Failure), true) => AttemptKind::FlakyFailure,
            (_, true) => AttemptKind::FlakyError,
            (Some(ProblemKind::Failure), false) => AttemptKind::RerunFailure,
            (_, false) => AttemptKind::RerunError,
        };
        case.attempts_counted = case.attempts_counted.saturating_add(1);
        if case.attempts.len() < most {
            let problem = self.problem();
            case.attempts.push(Attempt {
                kind,
                message: problem.as_ref().and_then(|problem| problem.message.clone()),
                problem_type: problem.and_then(|problem| problem.problem_type),
                time: self.time,
                detail: crate::Excerpt::default(),
                system_out: None,
                system_err: None,
            });
        }
    }
}

fn problem(kind: ProblemKind, message: Option<String>, problem_type: Option<String>, source_line: u64) -> Problem {
    Problem { kind, message, problem_type, detail: crate::Excerpt::default(), source_line }
}
