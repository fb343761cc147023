//! What a JUnit report is made of.

use std::sync::Arc;

use crate::junit::time::Time;
use crate::{Excerpt, Replaced};

/// One step through a report, in the order of the file.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The root `<testsuites>`, when there is one: always the first event then.
    Report(Report),
    /// A suite begins. What lies between this and its `SuiteEnd` belongs to it; suites may contain suites.
    SuiteStart(Arc<Suite>),
    /// A property of a suite, or of the whole report when the suite is None.
    SuiteProperty(Option<Arc<Suite>>, Property),
    /// Output that was captured for a suite, or for the whole report, rather than for one case.
    SuiteOutput(Option<Arc<Suite>>, Stream, Excerpt),
    /// An error or failure directly under a suite: a set-up that broke, a process that died. It is no test case and
    /// counts as none, yet a suite with one is not sound.
    SuiteProblem(Option<Arc<Suite>>, Problem),
    /// A test case, complete.
    Case(Box<Case>),
    /// A suite ends; what was counted in it directly, suites within it left out.
    SuiteEnd(Arc<Suite>, Counts),
    /// The last event of a report that could be read to its end.
    Finished(Box<Totals>),
}

/// What the root `<testsuites>` says about itself.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Report {
    /// Its `name`.
    pub name: Option<String>,
    /// The totals it claims.
    pub declared: Declared,
    /// The duration it claims.
    pub time: Option<Time>,
    /// Its `timestamp`, as written; see [`parse_timestamp`](super::parse_timestamp).
    pub timestamp: Option<String>,
}

/// What a `<testsuite>` says about itself in its attributes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Suite {
    /// Position in the file among all suites, from 0.
    pub index: u64,
    /// The suite this one stands in.
    pub parent: Option<Arc<Suite>>,
    /// Its `name`, empty when it has none.
    pub name: String,
    /// Its `package`.
    pub package: Option<String>,
    /// Its `file` (or `filepath`): a path as the tool saw it, not to be opened.
    pub file: Option<String>,
    /// Its `hostname`.
    pub hostname: Option<String>,
    /// Its `id`.
    pub id: Option<String>,
    /// Its `timestamp`, as written.
    pub timestamp: Option<String>,
    /// The totals it claims.
    pub declared: Declared,
    /// The duration it claims.
    pub time: Option<Time>,
    /// The line its tag begins on.
    pub source_line: u64,
}

impl Suite {
    /// Names from the outermost suite to this one, empty names left out.
    #[must_use]
    pub fn path(&self) -> Vec<&str> {
        let mut path = self.parent.as_ref().map_or_else(Vec::new, |parent| parent.path());
        if !self.name.is_empty() {
            path.push(&self.name);
        }
        path
    }
}

/// Totals as a report declares them. They are often wrong; never take them for counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Declared {
    /// `tests`.
    pub tests: Option<u64>,
    /// `failures`.
    pub failures: Option<u64>,
    /// `errors`.
    pub errors: Option<u64>,
    /// `skipped`, or `skips`, `skip`.
    pub skipped: Option<u64>,
    /// `disabled` (googletest).
    pub disabled: Option<u64>,
    /// `assertions` (PHPUnit).
    pub assertions: Option<u64>,
}

/// How a test case ended. With several result elements the worst counts, once: error before failure before skipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// No result element: JUnit's way of saying that all went well.
    Passed,
    /// An assertion did not hold.
    Failed,
    /// Something else broke before the test could tell.
    Error,
    /// Deliberately not run.
    Skipped,
}

impl Outcome {
    /// `passed`, `failed`, `error` or `skipped`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Error => "error",
            Self::Skipped => "skipped",
        }
    }
}

/// The kind of a result element.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProblemKind {
    /// `<failure>`
    Failure,
    /// `<error>`
    Error,
    /// `<skipped>`
    Skipped,
}

/// One `<failure>`, `<error>` or `<skipped>` element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Which of the three.
    pub kind: ProblemKind,
    /// Its `message`.
    pub message: Option<String>,
    /// Its `type`, an exception class for instance.
    pub problem_type: Option<String>,
    /// Its text, usually a stack trace.
    pub detail: Excerpt,
    /// The line its tag begins on.
    pub source_line: u64,
}

/// How an additional attempt ended (surefire's `rerunFailingTestsCount`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AttemptKind {
    /// Failed again after a first failure; the case as a whole failed.
    RerunFailure,
    /// Broke again after a first failure.
    RerunError,
    /// Failed before an attempt that passed; the case as a whole passed.
    FlakyFailure,
    /// Broke before an attempt that passed.
    FlakyError,
}

impl AttemptKind {
    /// How this one attempt ended.
    #[must_use]
    pub fn outcome(self) -> Outcome {
        match self {
            Self::RerunFailure | Self::FlakyFailure => Outcome::Failed,
            Self::RerunError | Self::FlakyError => Outcome::Error,
        }
    }
}

/// An attempt besides the one that the case itself describes.
///
/// With `Rerun…` kinds the case describes the first attempt and these came later; with `Flaky…` kinds these came
/// first and the case describes the last, which passed.
#[derive(Debug, Clone, PartialEq)]
pub struct Attempt {
    /// How it ended, and whether it came before or after the one the case describes.
    pub kind: AttemptKind,
    /// Its `message`.
    pub message: Option<String>,
    /// Its `type`.
    pub problem_type: Option<String>,
    /// Its `time`.
    pub time: Option<Time>,
    /// Its stack trace.
    pub detail: Excerpt,
    /// Its captured standard output.
    pub system_out: Option<Excerpt>,
    /// Its captured standard error.
    pub system_err: Option<Excerpt>,
}

/// A name and a value; the value comes from the attribute or, where there is none, from the element's text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Property {
    /// Its `name`, empty when it has none.
    pub name: String,
    /// Its value, empty when it has none.
    pub value: String,
}

/// Which of the two captured streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stream {
    /// `<system-out>`
    Out,
    /// `<system-err>`
    Err,
}

/// One `<testcase>`.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// The suite it stands in; None for a lone root `<testcase>`.
    pub suite: Option<Arc<Suite>>,
    /// Its `classname` (or PHPUnit's `class` where that is missing); None when it is missing or empty.
    pub class_name: Option<String>,
    /// Its `name`; None when it is missing or empty.
    pub name: Option<String>,
    /// Its parameters, where the format tells them from the name. None: the name may hold them, see
    /// [`split_name`](super::split_name). JUnit never tells.
    pub parameters: Option<String>,
    /// Its `file`: a path as the tool saw it, not to be opened.
    pub file: Option<String>,
    /// Its `line` in that file, as written by the tool (some count from 0).
    pub line: Option<u64>,
    /// Its `time`; None when the attribute is missing.
    pub time: Option<Time>,
    /// Its `timestamp`, as written.
    pub timestamp: Option<String>,
    /// Its `status` (googletest `run`/`notrun`; others `passed`, `failed`, `disabled`, …), as written.
    pub status: Option<String>,
    /// Its `result` (googletest `completed`/`suppressed`/`skipped`), as written.
    pub result: Option<String>,
    /// How it ended, by its result elements alone; see [`stated_outcome`](Self::stated_outcome).
    pub outcome: Outcome,
    /// `<failure>` elements.
    pub failures: u32,
    /// `<error>` elements.
    pub errors: u32,
    /// `<skipped>` elements.
    pub skipped: u32,
    /// The result elements in the order of the file, up to [`Limits::max_problems`](crate::Limits::max_problems).
    pub problems: Vec<Problem>,
    /// Additional attempts in the order of the file, up to [`Limits::max_attempts`](crate::Limits::max_attempts).
    pub attempts: Vec<Attempt>,
    /// All additional attempts, also those not kept.
    pub attempts_counted: u32,
    /// Its `assertions`.
    pub assertions: Option<u64>,
    /// Its properties.
    pub properties: Vec<Property>,
    /// Captured standard output; several elements are joined.
    pub system_out: Option<Excerpt>,
    /// Captured standard error.
    pub system_err: Option<Excerpt>,
    /// The line in the report that its tag begins on.
    pub source_line: u64,
}

impl Case {
    /// The result element that decided the outcome: the first of its kind.
    #[must_use]
    pub fn problem(&self) -> Option<&Problem> {
        let kind = match self.outcome {
            Outcome::Passed => return None,
            Outcome::Failed => ProblemKind::Failure,
            Outcome::Error => ProblemKind::Error,
            Outcome::Skipped => ProblemKind::Skipped,
        };
        self.problems.iter().find(|problem| problem.kind == kind)
    }

    /// The report says in `status` or `result` that the case was not run, although it has no `<skipped>` element
    /// (googletest's disabled tests).
    #[must_use]
    pub fn not_run(&self) -> bool {
        let says = |value: &Option<String>, words: &[&str]| {
            value.as_deref().is_some_and(|value| words.iter().any(|word| value.trim().eq_ignore_ascii_case(word)))
        };
        says(&self.status, &["notrun", "not_run", "not run", "disabled"])
            || says(&self.result, &["suppressed", "disabled", "notrun"])
    }

    /// The outcome, where the `status` and `result` attributes are believed when there is no result element: a test
    /// that was not run has proven nothing, and one that calls itself failed has not passed.
    #[must_use]
    pub fn stated_outcome(&self) -> Outcome {
        if self.outcome != Outcome::Passed {
            return self.outcome;
        }
        if self.not_run() {
            return Outcome::Skipped;
        }
        for value in [&self.status, &self.result].into_iter().flatten() {
            match value.trim().to_ascii_lowercase().as_str() {
                "fail" | "failed" | "failure" => return Outcome::Failed,
                "error" | "errored" => return Outcome::Error,
                "skip" | "skipped" | "ignored" | "pending" => return Outcome::Skipped,
                _ => {}
            }
        }
        Outcome::Passed
    }

    /// The case passed, but not at its first attempt.
    #[must_use]
    pub fn flaky(&self) -> bool {
        self.outcome == Outcome::Passed && self.attempts_counted > 0
    }
}

/// What was counted.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Counts {
    /// `<testcase>` elements.
    pub cases: u64,
    /// Of these, by [`Outcome`].
    pub passed: u64,
    /// Of these, by [`Outcome`].
    pub failed: u64,
    /// Of these, by [`Outcome`].
    pub error: u64,
    /// Of these, by [`Outcome`].
    pub skipped: u64,
    /// Sum of the durations of the cases, in milliseconds.
    pub case_time_ms: f64,
    /// Errors and failures directly under a suite.
    pub suite_problems: u64,
}

/// What was counted in the whole report, and what was odd about it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Totals {
    /// Cases and suite problems.
    pub counts: Counts,
    /// `<testsuite>` elements.
    pub suites: u64,
    /// Of these, such as stand in another suite.
    pub nested_suites: u64,
    /// Cases with at least one `<failure>`.
    pub cases_with_failure: u64,
    /// Cases with at least one `<error>`.
    pub cases_with_error: u64,
    /// Cases with at least one `<skipped>`.
    pub cases_with_skipped: u64,
    /// Cases that were not run by their own word, see [`Case::not_run`].
    pub cases_not_run: u64,
    /// Cases without a `name`, or with an empty one.
    pub cases_without_name: u64,
    /// Cases without a class name, or with an empty one.
    pub cases_without_class_name: u64,
    /// Cases without a `time`, or with an empty one.
    pub cases_without_time: u64,
    /// Cases with a negative `time`.
    pub negative_times: u64,
    /// Cases with a `time` that is no number.
    pub unparseable_times: u64,
    /// Cases with additional attempts.
    pub retried_cases: u64,
    /// `<property>` elements, wherever they stand.
    pub properties: u64,
    /// Characters of captured output, wherever it stands, dropped ones included.
    pub output_chars: u64,
    /// Sum of the totals that the outermost suites declare; a field is None when none of them declares it.
    pub declared_by_suites: Declared,
    /// Sum of the durations that the outermost suites declare, in milliseconds; None when none does.
    pub suite_time_ms: Option<f64>,
    /// Totals that the root `<testsuites>` declares.
    pub declared_by_root: Declared,
    /// What could not be shown and was replaced by U+FFFD.
    pub replaced: Replaced,
}

impl Totals {
    /// A sentence for each declared total of the root, or else of the suites, that differs from what was counted.
    /// Frameworks disagree on whether skipped or erroneous cases count as failures, so only `tests` and sums that
    /// no convention explains are named.
    #[must_use]
    pub fn differences(&self) -> Vec<String> {
        let mut sentences = Vec::new();
        let mut compare = |who: &str, declared: &Declared| {
            if let Some(tests) = declared.tests.filter(|&tests| tests != self.counts.cases) {
                sentences.push(format!("{who} declares {tests} tests, the file holds {}", self.counts.cases));
            }
            let bad = declared.failures.unwrap_or(0).saturating_add(declared.errors.unwrap_or(0));
            let counted = self.counts.failed + self.counts.error + self.counts.suite_problems;
            let counted_at_least = self.counts.failed + self.counts.error;
            let says = declared.failures.is_some() || declared.errors.is_some();
            if says && (bad > counted || bad < counted_at_least) {
                sentences.push(format!(
                    "{who} declares {bad} failures and errors, the file holds {counted_at_least} such cases"
                ));
            }
        };
        compare("the root", &self.declared_by_root);
        compare("the suites together", &self.declared_by_suites);
        sentences
    }
}
