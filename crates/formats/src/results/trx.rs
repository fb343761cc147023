//! TRX, the report of Visual Studio and `dotnet test`.
//!
//! Results name their tests by identifier, and the tests may stand before or after them: a report is read twice, first for
//! what the tests are, then for how they ended.

use std::collections::HashMap;

use super::naming::{add_property, add_tag, method_of, name_by_method, split_full_name};
use super::tally::{Tally, add_problem, said};
use super::xml::{Dialect, Tag};
use crate::junit::{
    Case, Declared, Problem, ProblemKind, Property, Report, Stream, Time, empty_case, join, parse_timestamp,
};
use crate::{Excerpt, ReadError};

/// Bytes that a definition takes beside its texts.
const DEFINITION_BYTES: usize = 128;

/// A test that results refer to.
#[derive(Default)]
struct Definition {
    class: Option<String>,
    method: Option<String>,
    properties: Vec<Property>,
}

impl Definition {
    fn bytes(&self) -> usize {
        let texts = [&self.class, &self.method].into_iter().flatten().map(String::len).sum::<usize>();
        DEFINITION_BYTES
            + texts
            + self.properties.iter().map(|own| own.name.len() + own.value.len() + 48).sum::<usize>()
    }
}

/// The first reading.
#[derive(Default)]
pub(super) struct Survey {
    definitions: HashMap<String, Definition>,
    bytes: usize,
    open: Option<(String, Definition)>,
    key: String,
    report: Report,
}

impl Dialect for Survey {
    const ROOTS: &'static [&'static str] = &["TestRun"];
    const CALLED: &'static str = "a TRX report";

    fn start(&mut self, tag: &dyn Tag, parent: &str, _: &mut Tally) -> Result<bool, ReadError> {
        match (parent, tag.name()) {
            ("", _) => self.report.name = tag.text("name"),
            ("TestRun", "Times") => {
                self.report.timestamp = tag.text("start").or_else(|| tag.text("creation"));
                let moment = |text: Option<String>| text.as_deref().and_then(parse_timestamp);
                let (start, finish) = (moment(self.report.timestamp.clone()), moment(tag.text("finish")));
                self.report.time = start
                    .zip(finish)
                    .map(|(start, finish)| Time::from_milliseconds(finish.duration_since(start).as_millis() as f64));
            }
            ("ResultSummary", "Counters") => {
                let sum = |names: &[&str]| {
                    let counts: Vec<u64> = names.iter().filter_map(|name| tag.count(name)).collect();
                    (!counts.is_empty()).then(|| counts.iter().fold(0_u64, |sum, count| sum.saturating_add(*count)))
                };
                self.report.declared = Declared {
                    tests: tag.count("total"),
                    failures: tag.count("failed"),
                    errors: sum(&["error", "timeout", "aborted", "disconnected"]),
                    skipped: sum(&["notExecuted", "inconclusive", "notRunnable"]),
                    ..Declared::default()
                };
            }
            ("TestDefinitions", _) => {
                self.open = Some((tag.text("id").unwrap_or_default(), Definition::default()));
            }
            (_, "TestMethod") => {
                if let Some((_, definition)) = &mut self.open {
                    // The class may carry the name of its assembly.
                    let class = tag.text("className");
                    definition.class = class.map(|class| class.split(',').next().unwrap_or_default().trim().to_owned());
                    definition.method = tag.text("name").map(|name| method_of(&name).to_owned());
                }
            }
            ("TestCategory", "TestCategoryItem") => {
                if let Some((_, definition)) = &mut self.open {
                    add_tag(&mut definition.properties, &tag.text("TestCategory").unwrap_or_default());
                }
            }
            ("Property", "Key" | "Value") | ("Workitems", _) => return Ok(self.open.is_some()),
            _ => {}
        }
        Ok(false)
    }

    fn end(&mut self, name: &str, parent: &str, text: &Excerpt, tally: &mut Tally) -> Result<(), ReadError> {
        match (parent, name) {
            ("Property", "Key") => self.key = said(text).unwrap_or_default(),
            ("Property", "Value") => {
                if let Some((_, definition)) = &mut self.open {
                    add_property(&mut definition.properties, &self.key, &text.to_string());
                }
            }
            ("Workitems", _) => {
                if let Some((_, definition)) = &mut self.open {
                    add_property(&mut definition.properties, "workitems", &text.to_string());
                }
            }
            ("TestDefinitions", _) => {
                if let Some((id, definition)) = self.open.take() {
                    self.bytes += id.len() + definition.bytes();
                    if self.bytes > tally.limits.max_record_bytes {
                        let reason = format!(
                            "the definitions of tests take more than {} bytes; split the report",
                            tally.limits.max_record_bytes
                        );
                        return Err(ReadError::at_line(1, reason));
                    }
                    self.definitions.insert(id, definition);
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// The second reading.
pub(super) struct Trx {
    survey: Survey,
    /// Results inside one another: the rows of a table stand within the result of their test.
    open: Vec<Open>,
}

struct Open {
    case: Box<Case>,
    outcome: String,
    message: Option<String>,
    detail: Excerpt,
    has_rows: bool,
    has_bad_rows: bool,
}

impl Trx {
    pub(super) fn new(survey: Survey) -> Self {
        Self { survey, open: Vec::new() }
    }
}

impl Dialect for Trx {
    const ROOTS: &'static [&'static str] = &["TestRun"];
    const CALLED: &'static str = "a TRX report";

    fn start(&mut self, tag: &dyn Tag, parent: &str, tally: &mut Tally) -> Result<bool, ReadError> {
        match (parent, tag.name()) {
            ("", _) => tally.report(std::mem::take(&mut self.survey.report)),
            ("Results" | "InnerResults", name) if is_result(name) => {
                if let Some(around) = self.open.last_mut() {
                    around.has_rows = true;
                }
                self.start_result(tag);
            }
            ("Output", "StdOut" | "StdErr" | "DebugTrace") | ("ErrorInfo", "Message" | "StackTrace") => {
                return Ok(true);
            }
            ("TextMessages", "Message") | ("RunInfo", "Text") => return Ok(true),
            _ => {}
        }
        Ok(false)
    }

    fn end(&mut self, name: &str, parent: &str, text: &Excerpt, tally: &mut Tally) -> Result<(), ReadError> {
        match (parent, name) {
            ("Results" | "InnerResults", name) if is_result(name) => return self.end_result(tally),
            ("Output", "StdOut" | "DebugTrace") | ("TextMessages", "Message") | ("RunInfo", "Text") => {
                self.keep(Stream::Out, text, tally);
            }
            ("Output", "StdErr") => self.keep(Stream::Err, text, tally),
            ("ErrorInfo", _) => {
                if let Some(open) = self.open.last_mut() {
                    match name {
                        "Message" => open.message = said(text),
                        "StackTrace" => open.detail = text.clone(),
                        _ => {}
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }
}

impl Trx {
    fn start_result(&mut self, tag: &dyn Tag) {
        let mut case = empty_case();
        let full = tag.text("testName").unwrap_or_default();
        let definition = tag.attribute("testId").and_then(|id| self.survey.definitions.get(id.as_ref()));
        let class = definition.and_then(|definition| definition.class.clone());
        match &class {
            Some(class) => {
                let own = full.strip_prefix(class.as_str()).and_then(|rest| rest.strip_prefix('.')).unwrap_or(&full);
                let method = definition.and_then(|definition| definition.method.as_deref());
                name_by_method(&mut case, own, method.unwrap_or_else(|| method_of(own)));
                case.class_name = Some(class.clone());
            }
            None => {
                let (class, own) = split_full_name(&full);
                name_by_method(&mut case, own, method_of(own));
                case.class_name = class.map(str::to_owned);
            }
        }
        case.properties = definition.map(|definition| definition.properties.clone()).unwrap_or_default();
        case.time = tag.attribute("duration").map(|text| duration(&text));
        case.timestamp = tag.text("startTime");
        case.source_line = tag.line();
        self.open.push(Open {
            case: Box::new(case),
            // What is not said is the first word of the schema's list.
            outcome: tag.text("outcome").unwrap_or_else(|| "Error".to_owned()),
            message: None,
            detail: Excerpt::default(),
            has_rows: false,
            has_bad_rows: false,
        });
    }

    fn end_result(&mut self, tally: &mut Tally) -> Result<(), ReadError> {
        let Some(mut open) = self.open.pop() else { return Ok(()) };
        let kind = match open.outcome.as_str() {
            "Passed" | "PassedButRunAborted" | "Warning" | "Completed" => None,
            "Failed" => Some(ProblemKind::Failure),
            "NotExecuted" | "NotRunnable" | "Inconclusive" | "Pending" => Some(ProblemKind::Skipped),
            _ => Some(ProblemKind::Error),
        };
        let is_bad = matches!(kind, Some(ProblemKind::Failure | ProblemKind::Error));
        let problem = kind.map(|kind| Problem {
            kind,
            message: open.message.take(),
            problem_type: None,
            detail: std::mem::take(&mut open.detail),
            source_line: open.case.source_line,
        });
        if let Some(around) = self.open.last_mut() {
            around.has_bad_rows |= is_bad;
        }
        if open.has_rows {
            // Its rows are the results; it is one more only where it broke and none of them did.
            if let Some(problem) = problem.filter(|_| is_bad && !open.has_bad_rows) {
                tally.suite_problem(None, problem);
            }
            return Ok(());
        }
        if let Some(problem) = problem {
            add_problem(&mut open.case, problem, &tally.limits);
        }
        if !matches!(open.outcome.as_str(), "Passed" | "Failed" | "NotExecuted" | "Error") {
            add_property(&mut open.case.properties, "outcome", &open.outcome);
        }
        tally.case(open.case)
    }

    fn keep(&mut self, stream: Stream, text: &Excerpt, tally: &mut Tally) {
        let Some(open) = self.open.last_mut() else {
            tally.suite_output(None, stream, text.clone());
            return;
        };
        let place = match stream {
            Stream::Out => &mut open.case.system_out,
            Stream::Err => &mut open.case.system_err,
        };
        if !text.is_empty() {
            join(place, text.clone(), &tally.limits);
        }
    }
}

fn is_result(name: &str) -> bool {
    name.ends_with("TestResult") || name == "TestResultAggregation"
}

/// `hh:mm:ss.fffffff`, with days before it where there are some (`1.02:03:04`).
fn duration(text: &str) -> Time {
    let mut seconds = 0.0;
    let parts: Vec<&str> = text.trim().split(':').collect();
    if let [hours, minutes, rest] = parts[..] {
        let (days, hours) = hours.split_once('.').unwrap_or(("0", hours));
        for (part, worth) in [(days, 86_400.0), (hours, 3_600.0), (minutes, 60.0), (rest, 1.0)] {
            match part.parse::<f64>() {
                Ok(number) => seconds += number * worth,
                Err(_) => return Time::from_seconds(text),
            }
        }
        return Time::from_seconds(&seconds.to_string());
    }
    Time::from_seconds(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_hours_and_sometimes_days() {
        let cases = [
            ("00:00:01.5000000", Some(1500.0)),
            ("01:02:03", Some(3_723_000.0)),
            ("1.00:00:00.5", Some(86_400_500.0)),
            ("x:0:0", None),
            ("", None),
        ];
        for (text, milliseconds) in cases {
            assert_eq!(duration(text).milliseconds, milliseconds, "{text}");
        }
    }
}
