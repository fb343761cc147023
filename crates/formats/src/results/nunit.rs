//! NUnit 2 (`<test-results>`) and NUnit 3 (`<test-run>`).

use super::naming::{add_property, add_tag, method_of, name_by_method, split_full_name};
use super::tally::{Tally, add_problem, said};
use super::xml::{Dialect, Tag};
use crate::junit::{Case, Declared, Problem, ProblemKind, Property, Report, Stream, Suite, Time, empty_case};
use crate::{Excerpt, ReadError};

/// What a suite says when nothing is wrong with it but with a test in it.
const OF_A_CHILD: [&str; 2] = ["one or more child tests", "child test failed"];

#[derive(Default)]
pub(super) struct Nunit {
    /// What the open suites say of the cases in them.
    suites: Vec<Fixture>,
    case: Option<Box<Case>>,
    word: String,
    label: Option<String>,
    message: Option<String>,
    detail: Excerpt,
    line: u64,
    /// NUnit 2 gives one time for all, with its root.
    began: Option<String>,
}

#[derive(Default)]
struct Fixture {
    properties: Vec<Property>,
    /// The failure is of its own, not of a case in it.
    is_own_failure: bool,
}

impl Dialect for Nunit {
    const ROOTS: &'static [&'static str] = &["test-results", "test-run", "test-suite"];
    const CALLED: &'static str = "an NUnit report";

    fn start(&mut self, tag: &dyn Tag, parent: &str, tally: &mut Tally) -> Result<bool, ReadError> {
        match tag.name() {
            "test-results" if parent.is_empty() => {
                let (date, time) = (tag.text("date"), tag.text("time"));
                self.began = date.zip(time).map(|(date, time)| format!("{date}T{time}"));
                let total = tag.count("total");
                // Its total leaves out what was not run.
                let not_run = tag.count("not-run").unwrap_or(0);
                tally.report(Report {
                    name: tag.text("name"),
                    declared: Declared {
                        tests: total.map(|total| total.saturating_add(not_run)),
                        failures: tag.count("failures"),
                        errors: tag.count("errors"),
                        skipped: tag.count("not-run"),
                        ..Declared::default()
                    },
                    time: None,
                    timestamp: self.began.clone(),
                });
            }
            "test-run" if parent.is_empty() => tally.report(Report {
                name: tag.text("name"),
                declared: declared(tag),
                time: time(tag),
                timestamp: tag.text("start-time"),
            }),
            "test-suite" => {
                // Only the suites of NUnit 3 name the place of a failure.
                let is_own_failure = !matches!(tag.attribute("site").as_deref(), Some("Child" | "Parent"));
                self.suites.push(Fixture { is_own_failure, ..Fixture::default() });
                tally.open_suite(Suite {
                    name: tag.text("fullname").or_else(|| tag.text("name")).unwrap_or_default(),
                    id: tag.text("id"),
                    timestamp: tag.text("start-time").or_else(|| self.began.clone()),
                    declared: declared(tag),
                    time: time(tag),
                    source_line: tag.line(),
                    ..Suite::default()
                })?;
            }
            "test-case" => self.start_case(tag, tally),
            "property" if parent == "properties" => {
                let (name, value) = (tag.text("name").unwrap_or_default(), tag.text("value").unwrap_or_default());
                self.describe(&name, &value, tally);
            }
            "category" if parent == "categories" => {
                let name = tag.text("name").unwrap_or_default();
                self.describe("Category", &name, tally);
            }
            "failure" | "reason" => {
                (self.message, self.detail, self.line) = (None, Excerpt::default(), tag.line());
            }
            "message" | "stack-trace" => return Ok(matches!(parent, "failure" | "reason")),
            "output" => return Ok(true),
            _ => {}
        }
        Ok(false)
    }

    fn end(&mut self, name: &str, parent: &str, text: &Excerpt, tally: &mut Tally) -> Result<(), ReadError> {
        match name {
            "message" if matches!(parent, "failure" | "reason") => self.message = said(text),
            "stack-trace" if parent == "failure" => self.detail = trimmed(text),
            "failure" if parent == "test-suite" => self.end_suite_failure(tally),
            "output" if parent == "test-case" => {
                if let Some(case) = &mut self.case {
                    case.system_out = Some(text.clone()).filter(|text| !text.is_empty());
                }
            }
            "output" if parent == "test-suite" => tally.suite_output(tally.suite(), Stream::Out, text.clone()),
            "test-case" => return self.end_case(tally),
            "test-suite" => {
                self.suites.pop();
                tally.close_suite();
            }
            _ => {}
        }
        Ok(())
    }
}

impl Nunit {
    fn start_case(&mut self, tag: &dyn Tag, tally: &Tally) {
        let mut case = empty_case();
        case.suite = tally.suite();
        let name = tag.text("name").unwrap_or_default();
        let full = tag.text("fullname").unwrap_or_else(|| name.clone());
        let (class, own) = split_full_name(&full);
        case.class_name = tag.text("classname").or_else(|| class.map(str::to_owned));
        match tag.text("methodname") {
            Some(method) => name_by_method(&mut case, &name, &method),
            None => name_by_method(&mut case, own, method_of(own)),
        }
        case.time = time(tag);
        case.timestamp = tag.text("start-time").or_else(|| self.began.clone());
        case.assertions = tag.count("asserts");
        case.source_line = tag.line();
        for property in self.suites.iter().flat_map(|suite| &suite.properties) {
            add_property(&mut case.properties, &property.name, &property.value);
        }
        self.word = match (tag.text("result"), tag.text("executed"), tag.text("success")) {
            (Some(word), _, _) => word,
            // Before 2.5 there was no word for it.
            (None, Some(executed), _) if executed.eq_ignore_ascii_case("false") => "NotRun".to_owned(),
            (None, _, Some(success)) if success.eq_ignore_ascii_case("false") => "Failure".to_owned(),
            _ => "Success".to_owned(),
        };
        self.label = tag.text("label");
        (self.message, self.detail, self.line) = (None, Excerpt::default(), tag.line());
        self.case = Some(Box::new(case));
    }

    /// A property or category, of the case or of the suite around it.
    fn describe(&mut self, name: &str, value: &str, tally: &mut Tally) {
        let suite = self.suites.last_mut().map(|suite| &mut suite.properties);
        let of_suite = self.case.is_none();
        let Some(properties) = self.case.as_mut().map(|case| &mut case.properties).or(suite) else { return };
        if name.eq_ignore_ascii_case("category") {
            add_tag(properties, value);
        } else {
            add_property(properties, name, value);
        }
        if of_suite {
            tally.suite_property(tally.suite(), Property { name: name.to_owned(), value: value.to_owned() });
        }
    }

    fn end_case(&mut self, tally: &mut Tally) -> Result<(), ReadError> {
        let Some(mut case) = self.case.take() else { return Ok(()) };
        let kind = match self.word.to_ascii_lowercase().as_str() {
            "success" | "passed" | "warning" => None,
            "error" | "cancelled" => Some(ProblemKind::Error),
            "failure" | "failed" => Some(ProblemKind::Failure),
            _ => Some(ProblemKind::Skipped),
        };
        if let Some(kind) = kind {
            let problem = Problem {
                kind,
                message: self.message.take(),
                problem_type: self.label.take(),
                detail: std::mem::take(&mut self.detail),
                source_line: self.line,
            };
            add_problem(&mut case, problem, &tally.limits);
        }
        if !matches!(self.word.as_str(), "Success" | "Passed" | "Failure" | "Failed" | "Error" | "Skipped") {
            add_property(&mut case.properties, "result", &self.word);
        }
        tally.case(case)
    }

    /// A set-up that broke. That a test in it failed is told by the test.
    fn end_suite_failure(&mut self, tally: &mut Tally) {
        let message = self.message.take();
        let lower = message.as_deref().unwrap_or_default().to_ascii_lowercase();
        let is_own = self.suites.last().is_some_and(|suite| suite.is_own_failure)
            && !OF_A_CHILD.iter().any(|words| lower.starts_with(words))
            && !(lower.is_empty() && self.detail.is_empty());
        if is_own {
            let problem = Problem {
                kind: ProblemKind::Failure,
                message,
                problem_type: None,
                detail: std::mem::take(&mut self.detail),
                source_line: self.line,
            };
            tally.suite_problem(tally.suite(), problem);
        }
    }
}

fn time(tag: &dyn Tag) -> Option<Time> {
    tag.attribute("duration").or_else(|| tag.attribute("time")).map(|text| Time::from_seconds(&text))
}

fn declared(tag: &dyn Tag) -> Declared {
    Declared {
        tests: tag.count("total"),
        failures: tag.count("failed"),
        skipped: tag.count("skipped"),
        ..Declared::default()
    }
}

fn trimmed(text: &Excerpt) -> Excerpt {
    if text.dropped_bytes == 0 && text.head.trim().is_empty() { Excerpt::default() } else { text.clone() }
}
