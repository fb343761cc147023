//! Robot Framework's `output.xml`, of versions 3 to 7.

use super::naming::add_tag;
use super::tally::{Tally, add_problem, said};
use super::xml::{Dialect, Tag};
use crate::excerpt::Collector;
use crate::junit::{Case, Problem, ProblemKind, Report, Suite, Time, empty_case, parse_timestamp};
use crate::{Excerpt, ReadError};

#[derive(Default)]
pub(super) struct Robot {
    case: Option<Box<Case>>,
    log: Option<Collector>,
    status: String,
    message: Option<String>,
    suites: usize,
}

impl Dialect for Robot {
    const ROOTS: &'static [&'static str] = &["robot"];
    const CALLED: &'static str = "an output file of Robot Framework";

    fn start(&mut self, tag: &dyn Tag, parent: &str, tally: &mut Tally) -> Result<bool, ReadError> {
        match (parent, tag.name()) {
            ("", _) => {
                let timestamp = tag.text("generated").map(|text| moment(&text));
                tally.report(Report { timestamp, ..Report::default() });
            }
            ("robot" | "suite", "suite") => {
                self.suites += 1;
                tally.open_suite(Suite {
                    name: tag.text("name").unwrap_or_default(),
                    id: tag.text("id"),
                    file: tag.text("source"),
                    source_line: tag.line(),
                    ..Suite::default()
                })?;
            }
            ("suite", "test") => self.start_case(tag, tally),
            ("test" | "tags", "tag") | (_, "msg") => return Ok(self.case.is_some()),
            ("test", "status") => {
                self.status = tag.text("status").unwrap_or_default();
                if let Some(case) = &mut self.case {
                    (case.timestamp, case.time) = when(tag);
                }
                return Ok(true);
            }
            // The outermost suite knows how long everything took.
            ("suite", "status") if self.suites == 1 => tally.add_suite_time(when(tag).1),
            _ => {}
        }
        Ok(false)
    }

    fn end(&mut self, name: &str, parent: &str, text: &Excerpt, tally: &mut Tally) -> Result<(), ReadError> {
        match (parent, name) {
            ("robot" | "suite", "suite") => {
                self.suites -= 1;
                tally.close_suite();
            }
            ("test" | "tags", "tag") => {
                if let (Some(case), Some(tag)) = (&mut self.case, said(text)) {
                    add_tag(&mut case.properties, &tag);
                }
            }
            (_, "msg") if self.case.is_some() && !text.is_empty() => {
                let limits = &tally.limits;
                let log =
                    self.log.get_or_insert_with(|| Collector::new(limits.text_head_bytes, limits.text_tail_bytes));
                log.push_excerpt(text);
                log.push("\n");
            }
            ("test", "status") => self.message = said(text),
            ("suite", "test") => return self.end_case(tally),
            _ => {}
        }
        Ok(())
    }
}

impl Robot {
    fn start_case(&mut self, tag: &dyn Tag, tally: &Tally) {
        let mut case = empty_case();
        case.suite = tally.suite();
        // Suites of one name stand in different directories: the way to it is part of the name.
        let path = case.suite.as_ref().map(|suite| suite.path().join("."));
        case.class_name = path.filter(|path| !path.is_empty());
        case.file = case.suite.as_ref().and_then(|suite| suite.file.clone());
        case.name = tag.text("name");
        case.line = tag.count("line");
        case.source_line = tag.line();
        (self.log, self.message) = (None, None);
        self.status.clear();
        self.case = Some(Box::new(case));
    }

    fn end_case(&mut self, tally: &mut Tally) -> Result<(), ReadError> {
        let Some(mut case) = self.case.take() else { return Ok(()) };
        case.system_out = self.log.take().map(Collector::finish);
        let kind = match self.status.as_str() {
            "PASS" => None,
            "FAIL" => Some(ProblemKind::Failure),
            "SKIP" | "NOT RUN" | "NOT_RUN" => Some(ProblemKind::Skipped),
            _ => Some(ProblemKind::Error),
        };
        if let Some(kind) = kind {
            let (message, source_line) = (self.message.take(), case.source_line);
            let problem = Problem { kind, message, problem_type: None, detail: Excerpt::default(), source_line };
            add_problem(&mut case, problem, &tally.limits);
        }
        tally.case(case)
    }
}

/// When something began and how long it took: `start` and `elapsed` since version 7, `starttime` and `endtime` before.
fn when(tag: &dyn Tag) -> (Option<String>, Option<Time>) {
    if let Some(start) = tag.text("start") {
        return (Some(start), tag.attribute("elapsed").map(|text| Time::from_seconds(&text)));
    }
    let (start, end) = (tag.text("starttime").map(|text| moment(&text)), tag.text("endtime").map(|text| moment(&text)));
    let parsed = |text: &Option<String>| text.as_deref().and_then(parse_timestamp);
    let time = parsed(&start)
        .zip(parsed(&end))
        .map(|(start, end)| Time::from_milliseconds(end.duration_since(start).as_millis() as f64));
    (start, time)
}

/// `20230114 21:18:12.420` as other formats write it; anything else as it is.
fn moment(text: &str) -> String {
    match text.split_once(' ') {
        Some((date, time)) if date.len() == 8 && date.bytes().all(|byte| byte.is_ascii_digit()) => {
            format!("{}-{}-{}T{time}", &date[..4], &date[4..6], &date[6..])
        }
        _ => text.to_owned(),
    }
}
