//! From XML tokens to JUnit events.

use std::collections::VecDeque;
use std::io::BufRead;
use std::sync::Arc;

use crate::excerpt::Collector;
use crate::junit::count::{add_declared, count_case, empty_case, join};
use crate::junit::record::{
    Attempt, AttemptKind, Case, Counts, Declared, Event, Problem, ProblemKind, Property, Report, Stream, Suite, Totals,
};
use crate::junit::time::Time;
use crate::number;
use crate::xml::{Token, Xml, shorten};
use crate::{Limits, ReadError};

/// Reads one JUnit report as a sequence of [`Event`]s.
///
/// After an error the iteration is over, and what came before is not to be kept: only a report that ends with
/// [`Event::Finished`] was read whole.
pub struct Reader<R> {
    xml: Xml<R>,
    limits: Limits,
    /// What each open element is to us.
    open: Vec<Frame>,
    ready: VecDeque<Event>,
    totals: Totals,
    over: bool,
}

/// An open element. Elements that mean nothing here are `Other`; their text goes to whatever they stand in.
enum Frame {
    Root,
    Suite(Arc<Suite>, Counts),
    Case(Box<Case>),
    Problem(Problem, Collector),
    Attempt(Box<Attempt>, Collector),
    Output(Stream, Collector),
    Property { property: Property, from_text: bool },
    Other,
}

impl<R: BufRead> Reader<R> {
    /// A reader of the report that `inner` holds.
    pub fn new(inner: R, limits: Limits) -> Self {
        Self {
            xml: Xml::new(inner, &limits),
            limits,
            open: Vec::new(),
            ready: VecDeque::new(),
            totals: Totals::default(),
            over: false,
        }
    }

    fn step(&mut self) -> Result<(), ReadError> {
        match self.xml.next()? {
            Token::Start => self.start(),
            Token::End => self.end(),
            Token::Text => {
                self.text();
                Ok(())
            }
            Token::Finished => {
                self.totals.replaced = self.xml.replaced();
                let totals = Box::new(std::mem::take(&mut self.totals));
                self.ready.push_back(Event::Finished(totals));
                self.over = true;
                Ok(())
            }
        }
    }

    fn start(&mut self) -> Result<(), ReadError> {
        if self.open.is_empty() && !matches!(self.xml.name(), "testsuites" | "testsuite" | "testcase") {
            return Err(ReadError::at_line(
                self.xml.tag_line(),
                format!(
                    "the root element is <{}>; a JUnit report begins with <testsuites>, <testsuite> or <testcase>",
                    shorten(self.xml.name())
                ),
            ));
        }
        let frame = match self.xml.name() {
            "testsuites" if self.open.is_empty() => self.start_root(),
            "testsuite" => self.start_suite()?,
            "testcase" => self.start_case()?,
            "failure" => self.start_problem(ProblemKind::Failure),
            "error" => self.start_problem(ProblemKind::Error),
            "skipped" => self.start_problem(ProblemKind::Skipped),
            "rerunFailure" => self.start_attempt(AttemptKind::RerunFailure),
            "rerunError" => self.start_attempt(AttemptKind::RerunError),
            "flakyFailure" => self.start_attempt(AttemptKind::FlakyFailure),
            "flakyError" => self.start_attempt(AttemptKind::FlakyError),
            "system-out" => Frame::Output(Stream::Out, self.collector()),
            "system-err" => Frame::Output(Stream::Err, self.collector()),
            "property" => self.start_property(),
            _ => Frame::Other,
        };
        self.open.push(frame);
        Ok(())
    }

    fn start_root(&mut self) -> Frame {
        let declared = self.declared();
        self.totals.declared_by_root = declared;
        let report =
            Report { name: self.owned("name"), declared, time: self.time(), timestamp: self.owned("timestamp") };
        self.ready.push_back(Event::Report(report));
        Frame::Root
    }

    fn start_suite(&mut self) -> Result<Frame, ReadError> {
        if self.totals.suites == self.limits.max_suites {
            return Err(self.xml.error(format!("the report has more than {} suites", self.limits.max_suites)));
        }
        let parent = self.suite();
        let suite = Arc::new(Suite {
            index: self.totals.suites,
            name: self.owned("name").unwrap_or_default(),
            package: self.owned("package"),
            file: self.owned("file").or_else(|| self.owned("filepath")),
            hostname: self.owned("hostname"),
            id: self.owned("id"),
            timestamp: self.owned("timestamp"),
            declared: self.declared(),
            time: self.time(),
            source_line: self.xml.tag_line(),
            parent,
        });
        self.totals.suites += 1;
        if suite.parent.is_some() {
            self.totals.nested_suites += 1;
        } else {
            add_declared(&mut self.totals.declared_by_suites, &suite.declared);
            if let Some(milliseconds) = suite.time.and_then(|time| time.milliseconds) {
                *self.totals.suite_time_ms.get_or_insert(0.0) += milliseconds;
            }
        }
        self.ready.push_back(Event::SuiteStart(Arc::clone(&suite)));
        Ok(Frame::Suite(suite, Counts::default()))
    }

    fn start_case(&mut self) -> Result<Frame, ReadError> {
        if self.totals.counts.cases == self.limits.max_cases {
            return Err(self.xml.error(format!("the report has more than {} test cases", self.limits.max_cases)));
        }
        self.totals.counts.cases += 1;
        let mut case = empty_case();
        case.suite = self.suite();
        case.class_name = self.named("classname").or_else(|| self.named("class"));
        case.name = self.named("name");
        case.file = self.owned("file").or_else(|| self.owned("filepath"));
        case.line = self.whole("line");
        case.time = self.time();
        case.timestamp = self.owned("timestamp");
        case.status = self.owned("status");
        case.result = self.owned("result");
        case.assertions = self.whole("assertions");
        case.source_line = self.xml.tag_line();
        Ok(Frame::Case(Box::new(case)))
    }

    fn start_problem(&self, kind: ProblemKind) -> Frame {
        let problem = Problem {
            kind,
            message: self.owned("message"),
            problem_type: self.owned("type"),
            detail: crate::Excerpt::default(),
            source_line: self.xml.tag_line(),
        };
        Frame::Problem(problem, self.collector())
    }

    fn start_attempt(&self, kind: AttemptKind) -> Frame {
        let attempt = Attempt {
            kind,
            message: self.owned("message"),
            problem_type: self.owned("type"),
            time: self.time(),
            detail: crate::Excerpt::default(),
            system_out: None,
            system_err: None,
        };
        Frame::Attempt(Box::new(attempt), self.collector())
    }

    fn start_property(&mut self) -> Frame {
        self.totals.properties += 1;
        let value = self.owned("value");
        let from_text = value.is_none();
        let property = Property { name: self.owned("name").unwrap_or_default(), value: value.unwrap_or_default() };
        Frame::Property { property, from_text }
    }

    /// Text belongs to the innermost element that keeps text.
    fn text(&mut self) {
        let mut scratch = [0; 4];
        let piece = self.xml.text(&mut scratch);
        for frame in self.open.iter_mut().rev() {
            match frame {
                Frame::Problem(_, collector) | Frame::Attempt(_, collector) | Frame::Output(_, collector) => {
                    collector.push(piece);
                    return;
                }
                Frame::Property { property, from_text: true } => {
                    let room = self.limits.text_head_bytes.saturating_sub(property.value.len());
                    property.value.push_str(&piece[..piece.floor_char_boundary(room)]);
                    return;
                }
                Frame::Other => {}
                _ => return,
            }
        }
    }

    fn end(&mut self) -> Result<(), ReadError> {
        match self.open.pop() {
            Some(Frame::Suite(suite, counts)) => self.ready.push_back(Event::SuiteEnd(suite, counts)),
            Some(Frame::Case(case)) => self.end_case(case),
            Some(Frame::Problem(mut problem, collector)) => {
                problem.detail = trimmed(collector);
                self.end_problem(problem);
            }
            Some(Frame::Attempt(mut attempt, collector)) => {
                attempt.detail = trimmed(collector);
                self.end_attempt(*attempt);
            }
            Some(Frame::Output(stream, collector)) => self.end_output(stream, collector.finish()),
            Some(Frame::Property { mut property, from_text }) => {
                if from_text {
                    property.value = property.value.trim().to_owned();
                }
                self.end_property(property)?;
            }
            Some(Frame::Root | Frame::Other) | None => {}
        }
        Ok(())
    }

    fn end_case(&mut self, mut case: Box<Case>) {
        let own = self.open.iter_mut().rev().find_map(|frame| match frame {
            Frame::Suite(_, counts) => Some(counts),
            _ => None,
        });
        // The case was already counted in the totals when it began.
        self.totals.counts.cases -= 1;
        count_case(&mut case, &mut self.totals, own);
        self.ready.push_back(Event::Case(case));
    }

    fn end_problem(&mut self, problem: Problem) {
        for frame in self.open.iter_mut().rev() {
            match frame {
                Frame::Case(case) => {
                    match problem.kind {
                        ProblemKind::Failure => case.failures = case.failures.saturating_add(1),
                        ProblemKind::Error => case.errors = case.errors.saturating_add(1),
                        ProblemKind::Skipped => case.skipped = case.skipped.saturating_add(1),
                    }
                    if case.problems.len() < self.limits.max_problems {
                        case.problems.push(problem);
                    }
                    return;
                }
                Frame::Suite(_, counts) => {
                    if problem.kind != ProblemKind::Skipped {
                        counts.suite_problems += 1;
                    }
                    break;
                }
                _ => {}
            }
        }
        if problem.kind != ProblemKind::Skipped {
            self.totals.counts.suite_problems += 1;
        }
        self.ready.push_back(Event::SuiteProblem(self.suite(), problem));
    }

    fn end_attempt(&mut self, attempt: Attempt) {
        let case = self.open.iter_mut().rev().find_map(|frame| match frame {
            Frame::Case(case) => Some(case),
            _ => None,
        });
        if let Some(case) = case {
            case.attempts_counted = case.attempts_counted.saturating_add(1);
            if case.attempts.len() < self.limits.max_attempts {
                case.attempts.push(attempt);
            }
        }
    }

    fn end_output(&mut self, stream: Stream, output: crate::Excerpt) {
        self.totals.output_chars += output.total_chars;
        for frame in self.open.iter_mut().rev() {
            let (out, err) = match frame {
                Frame::Case(case) => (&mut case.system_out, &mut case.system_err),
                Frame::Attempt(attempt, _) => (&mut attempt.system_out, &mut attempt.system_err),
                Frame::Suite(..) | Frame::Root => break,
                _ => continue,
            };
            join(if stream == Stream::Out { out } else { err }, output, &self.limits);
            return;
        }
        if !output.is_empty() {
            self.ready.push_back(Event::SuiteOutput(self.suite(), stream, output));
        }
    }

    fn end_property(&mut self, property: Property) -> Result<(), ReadError> {
        for frame in self.open.iter_mut().rev() {
            match frame {
                Frame::Case(case) => {
                    if case.properties.len() == self.limits.max_properties {
                        return Err(self
                            .xml
                            .error(format!("a test case has more than {} properties", self.limits.max_properties)));
                    }
                    case.properties.push(property);
                    return Ok(());
                }
                Frame::Suite(..) => break,
                _ => {}
            }
        }
        self.ready.push_back(Event::SuiteProperty(self.suite(), property));
        Ok(())
    }

    /// The innermost open suite.
    fn suite(&self) -> Option<Arc<Suite>> {
        self.open.iter().rev().find_map(|frame| match frame {
            Frame::Suite(suite, _) => Some(Arc::clone(suite)),
            _ => None,
        })
    }

    fn collector(&self) -> Collector {
        Collector::new(self.limits.text_head_bytes, self.limits.text_tail_bytes)
    }

    /// An attribute that says something: an empty one counts as missing.
    fn named(&self, name: &str) -> Option<String> {
        self.owned(name).filter(|value| !value.is_empty())
    }

    fn owned(&self, name: &str) -> Option<String> {
        self.xml.attribute(name).map(std::borrow::Cow::into_owned)
    }

    fn whole(&self, name: &str) -> Option<u64> {
        self.xml.attribute(name).and_then(|value| number::count(&value))
    }

    fn time(&self) -> Option<Time> {
        self.xml.attribute("time").map(|value| Time::from_seconds(&value))
    }

    fn declared(&self) -> Declared {
        Declared {
            tests: self.whole("tests"),
            failures: self.whole("failures"),
            errors: self.whole("errors"),
            skipped: self.whole("skipped").or_else(|| self.whole("skips")).or_else(|| self.whole("skip")),
            disabled: self.whole("disabled"),
            assertions: self.whole("assertions"),
        }
    }
}

impl<R: BufRead> Iterator for Reader<R> {
    type Item = Result<Event, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(Ok(event));
            }
            if self.over {
                return None;
            }
            if let Err(error) = self.step() {
                self.over = true;
                self.ready.clear();
                return Some(Err(error));
            }
        }
    }
}

/// A detail that is nothing but the white space between tags is no detail.
fn trimmed(collector: Collector) -> crate::Excerpt {
    let excerpt = collector.finish();
    if excerpt.dropped_bytes == 0 && excerpt.head.trim().is_empty() {
        return crate::Excerpt::default();
    }
    excerpt
}
