//! CTest's `Test.xml`.

use super::naming::{add_property, add_tag};
use super::tally::{Tally, add_problem, said};
use super::xml::{Dialect, Tag};
use crate::junit::{Case, Problem, ProblemKind, Report, Time, empty_case};
use crate::{Excerpt, ReadError};

#[derive(Default)]
pub(super) struct Ctest {
    case: Option<Box<Case>>,
    status: String,
    measurement: String,
    completion: Option<String>,
    exit: Option<String>,
    /// The output is packed, and is not kept.
    is_packed: bool,
    began: Option<String>,
}

impl Dialect for Ctest {
    const ROOTS: &'static [&'static str] = &["Site"];
    const CALLED: &'static str = "a CTest report";

    fn start(&mut self, tag: &dyn Tag, parent: &str, tally: &mut Tally) -> Result<bool, ReadError> {
        match (parent, tag.name()) {
            ("", _) => {
                let name = tag.text("BuildName").or_else(|| tag.text("Name"));
                tally.report(Report { name, ..Report::default() });
            }
            // The list of names that stands before the results has elements of the same name.
            ("Testing", "Test") => {
                let mut case = empty_case();
                case.timestamp = self.began.clone();
                case.source_line = tag.line();
                self.status = tag.text("Status").unwrap_or_default();
                (self.completion, self.exit) = (None, None);
                self.case = Some(Box::new(case));
            }
            ("Testing", "StartTestTime" | "ElapsedMinutes") | ("Test", "Name" | "Path") | ("Labels", "Label") => {
                return Ok(true);
            }
            ("Results", "NamedMeasurement") => self.measurement = tag.text("name").unwrap_or_default(),
            ("Test" | "Properties", "Property") => {
                if let (Some(case), Some(name)) = (&mut self.case, tag.text("name")) {
                    add_property(&mut case.properties, &name, &tag.text("value").unwrap_or_default());
                }
            }
            ("NamedMeasurement" | "Measurement", "Value") => {
                self.is_packed = tag.attribute("encoding").is_some() || tag.attribute("compression").is_some();
                return Ok(!self.is_packed);
            }
            _ => {}
        }
        Ok(false)
    }

    fn end(&mut self, name: &str, parent: &str, text: &Excerpt, tally: &mut Tally) -> Result<(), ReadError> {
        match (parent, name) {
            ("Testing", "StartTestTime") => self.began = said(text).and_then(|text| moment(&text)),
            ("Testing", "ElapsedMinutes") => {
                let minutes = said(text).and_then(|text| text.parse::<f64>().ok());
                tally.add_suite_time(minutes.map(|minutes| Time::from_milliseconds(minutes * 60_000.0)));
            }
            ("Testing", "Test") => return self.end_case(tally),
            _ => {
                if let Some(case) = &mut self.case {
                    match (parent, name) {
                        ("Test", "Name") => case.name = said(text),
                        ("Test", "Path") => {
                            // Tests in different directories may have one name.
                            let path = said(text).map(|path| path.trim_start_matches("./").to_owned());
                            case.class_name = path.filter(|path| !path.is_empty() && path != ".");
                        }
                        ("Labels", "Label") => {
                            if let Some(label) = said(text) {
                                add_tag(&mut case.properties, &label);
                            }
                        }
                        ("Measurement", "Value") if !self.is_packed => {
                            case.system_out = Some(text.clone()).filter(|text| !text.is_empty());
                        }
                        ("NamedMeasurement", "Value") => match self.measurement.as_str() {
                            "Execution Time" => case.time = said(text).map(|text| Time::from_seconds(&text)),
                            "Completion Status" => self.completion = said(text),
                            "Exit Code" => self.exit = said(text),
                            _ => {}
                        },
                        _ => {}
                    }
                }
            }
        }
        Ok(())
    }
}

impl Ctest {
    fn end_case(&mut self, tally: &mut Tally) -> Result<(), ReadError> {
        let Some(mut case) = self.case.take() else { return Ok(()) };
        let kind = match self.status.to_ascii_lowercase().as_str() {
            "passed" => None,
            "failed" => Some(ProblemKind::Failure),
            _ => Some(ProblemKind::Skipped),
        };
        if let Some(kind) = kind {
            // "Completed" says only that a failed test came to its end.
            let completion = self.completion.take().filter(|word| word != "Completed");
            let detail = match kind {
                ProblemKind::Failure => case.system_out.take().unwrap_or_default(),
                _ => Excerpt::default(),
            };
            let message = completion.or_else(|| self.exit.clone());
            let source_line = case.source_line;
            let problem = Problem { kind, message, problem_type: self.exit.take(), detail, source_line };
            add_problem(&mut case, problem, &tally.limits);
        }
        tally.case(case)
    }
}

/// Seconds since 1970 as an instant in words.
fn moment(text: &str) -> Option<String> {
    let seconds: f64 = text.parse().ok()?;
    jiff::Timestamp::from_second(seconds as i64).ok().map(|time| time.to_string())
}
