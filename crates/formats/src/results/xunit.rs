//! xUnit.net: `<assemblies>` or a lone `<assembly>`, version 2 of its format and what version 3 adds to it.

use super::naming::{add_property, add_tag, method_of, name_by_method};
use super::tally::{Tally, add_problem, said};
use super::xml::{Dialect, Tag};
use crate::junit::{Case, Declared, Problem, ProblemKind, Report, Suite, Time, empty_case};
use crate::{Excerpt, ReadError};

#[derive(Default)]
pub(super) struct Xunit {
    case: Option<Box<Case>>,
    word: String,
    /// What broke outside of any test: its name.
    broken: Option<String>,
    exception: Option<String>,
    message: Option<String>,
    detail: Excerpt,
    reason: Option<String>,
    line: u64,
    began: Option<String>,
}

impl Dialect for Xunit {
    const ROOTS: &'static [&'static str] = &["assemblies", "assembly"];
    const CALLED: &'static str = "an xUnit.net report";

    fn start(&mut self, tag: &dyn Tag, parent: &str, tally: &mut Tally) -> Result<bool, ReadError> {
        match tag.name() {
            "assemblies" if parent.is_empty() => {
                tally.report(Report { timestamp: tag.text("start-rtf"), ..Report::default() });
            }
            "assembly" => {
                let (date, time) = (tag.text("run-date"), tag.text("run-time"));
                self.began =
                    tag.text("start-rtf").or_else(|| date.zip(time).map(|(date, time)| format!("{date}T{time}")));
                tally.open_suite(Suite {
                    name: tag.text("name").unwrap_or_default(),
                    id: tag.text("id"),
                    timestamp: self.began.clone(),
                    declared: declared(tag),
                    time: time_of(tag),
                    source_line: tag.line(),
                    ..Suite::default()
                })?;
            }
            "collection" => tally.open_suite(Suite {
                name: tag.text("name").unwrap_or_default(),
                id: tag.text("id"),
                declared: declared(tag),
                time: time_of(tag),
                source_line: tag.line(),
                ..Suite::default()
            })?,
            "test" => self.start_case(tag, tally),
            "trait" if parent == "traits" => {
                if let Some(case) = &mut self.case {
                    let (name, value) = (tag.text("name").unwrap_or_default(), tag.text("value").unwrap_or_default());
                    match name.eq_ignore_ascii_case("category") {
                        true => add_tag(&mut case.properties, &value),
                        false => add_property(&mut case.properties, &name, &value),
                    }
                }
            }
            "error" => self.broken = Some(tag.text("name").or_else(|| tag.text("type")).unwrap_or_default()),
            "failure" => {
                (self.message, self.detail, self.line) = (None, Excerpt::default(), tag.line());
                self.exception = tag.text("exception-type");
            }
            "message" | "stack-trace" => return Ok(parent == "failure"),
            "reason" | "output" | "warning" => return Ok(true),
            _ => {}
        }
        Ok(false)
    }

    fn end(&mut self, name: &str, parent: &str, text: &Excerpt, tally: &mut Tally) -> Result<(), ReadError> {
        match name {
            "message" if parent == "failure" => self.message = said(text),
            "stack-trace" if parent == "failure" => self.detail = text.clone(),
            "reason" => self.reason = said(text),
            "output" if parent == "test" => {
                if let Some(case) = &mut self.case {
                    case.system_out = Some(text.clone()).filter(|text| !text.is_empty());
                }
            }
            "error" => {
                let what = self.broken.take().filter(|what| !what.is_empty());
                let message = match (what, self.message.take()) {
                    (Some(what), Some(message)) => Some(format!("{what}: {message}")),
                    (what, message) => what.or(message),
                };
                tally.suite_problem(tally.suite(), self.problem(ProblemKind::Error, message));
            }
            "test" => {
                let Some(mut case) = self.case.take() else { return Ok(()) };
                let problem = match self.word.to_ascii_lowercase().as_str() {
                    "pass" => None,
                    "fail" => {
                        let message = self.message.take();
                        Some(self.problem(ProblemKind::Failure, message))
                    }
                    _ => {
                        let reason = self.reason.take();
                        Some(self.problem(ProblemKind::Skipped, reason))
                    }
                };
                if let Some(problem) = problem {
                    add_problem(&mut case, problem, &tally.limits);
                }
                return tally.case(case);
            }
            "assembly" | "collection" => tally.close_suite(),
            _ => {}
        }
        Ok(())
    }
}

impl Xunit {
    fn start_case(&mut self, tag: &dyn Tag, tally: &Tally) {
        let mut case = empty_case();
        case.suite = tally.suite();
        case.class_name = tag.text("type");
        let full = tag.text("name").unwrap_or_default();
        let class = case.class_name.clone().unwrap_or_default();
        let own = full.strip_prefix(&class).and_then(|rest| rest.strip_prefix('.')).unwrap_or(&full);
        let method = tag.text("method").unwrap_or_else(|| method_of(own).to_owned());
        name_by_method(&mut case, own, &method);
        case.file = tag.text("source-file");
        case.line = tag.count("source-line");
        case.time = time_of(tag);
        case.timestamp = tag.text("start-rtf").or_else(|| self.began.clone());
        case.source_line = tag.line();
        self.word = tag.text("result").unwrap_or_default();
        (self.exception, self.message, self.reason) = (None, None, None);
        (self.detail, self.line) = (Excerpt::default(), tag.line());
        self.case = Some(Box::new(case));
    }

    fn problem(&mut self, kind: ProblemKind, message: Option<String>) -> Problem {
        Problem {
            kind,
            message,
            problem_type: self.exception.take(),
            detail: std::mem::take(&mut self.detail),
            source_line: self.line,
        }
    }
}

fn time_of(tag: &dyn Tag) -> Option<Time> {
    tag.attribute("time").map(|text| Time::from_seconds(&text))
}

fn declared(tag: &dyn Tag) -> Declared {
    Declared {
        tests: tag.count("total"),
        failures: tag.count("failed"),
        errors: tag.count("errors"),
        skipped: tag.count("skipped"),
        ..Declared::default()
    }
}
