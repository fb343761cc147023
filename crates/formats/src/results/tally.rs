//! What readers hand over: suites and cases, counted on the way.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use crate::junit::{
    Case, Counts, Declared, Event, Problem, ProblemKind, Property, Report, Stream, Suite, Time, Totals, add_declared,
    count_case,
};
use crate::{Excerpt, Limits, ReadError};

/// Suites that are open beside one another at most; formats that list tests without nesting keep them open to the end.
const BESIDE: usize = 100_000;

/// Collects events in the order of the file, and the totals that end them.
pub(super) struct Tally {
    pub(super) limits: Limits,
    pub(super) totals: Totals,
    ready: VecDeque<Event>,
    open: Open,
}

/// Suites that have begun and not ended, with what was counted in each.
#[derive(Default)]
struct Open {
    /// Inside one another, the innermost last.
    nested: Vec<(Arc<Suite>, Counts)>,
    /// Beside one another, by their position in the file.
    beside: BTreeMap<u64, (Arc<Suite>, Counts)>,
}

impl Open {
    fn counts_of(&mut self, suite: &Suite) -> Option<&mut Counts> {
        let nested = self.nested.iter_mut().rev().find(|(own, _)| own.index == suite.index);
        nested.or_else(|| self.beside.get_mut(&suite.index)).map(|(_, counts)| counts)
    }
}

impl Tally {
    pub(super) fn new(limits: Limits) -> Self {
        Self { limits, totals: Totals::default(), ready: VecDeque::new(), open: Open::default() }
    }

    /// The next event that is ready.
    pub(super) fn pop(&mut self) -> Option<Event> {
        self.ready.pop_front()
    }

    /// Forgets what is ready: the report is refused.
    pub(super) fn clear(&mut self) {
        self.ready.clear();
    }

    /// What the report says of the whole. To be called before anything else, or never.
    pub(super) fn report(&mut self, report: Report) {
        self.totals.declared_by_root = report.declared;
        self.ready.push_back(Event::Report(report));
    }

    /// A suite begins inside the innermost open one.
    pub(super) fn open_suite(&mut self, mut suite: Suite) -> Result<(), ReadError> {
        suite.parent = self.suite();
        let suite = self.begin(suite)?;
        self.open.nested.push((suite, Counts::default()));
        Ok(())
    }

    /// The innermost suite ends.
    pub(super) fn close_suite(&mut self) {
        if let Some((suite, counts)) = self.open.nested.pop() {
            self.ready.push_back(Event::SuiteEnd(suite, counts));
        }
    }

    /// The innermost suite that is open.
    pub(super) fn suite(&self) -> Option<Arc<Suite>> {
        self.open.nested.last().map(|(suite, _)| Arc::clone(suite))
    }

    /// A suite begins beside others.
    pub(super) fn add_suite(&mut self, suite: Suite) -> Result<Arc<Suite>, ReadError> {
        if self.open.beside.len() == BESIDE {
            return Err(ReadError::at_line(
                suite.source_line,
                format!("more than {BESIDE} suites are open at the same time; split the report"),
            ));
        }
        let suite = self.begin(suite)?;
        self.open.beside.insert(suite.index, (Arc::clone(&suite), Counts::default()));
        Ok(suite)
    }

    /// A suite beside others ends.
    pub(super) fn end_suite(&mut self, suite: &Suite) {
        if let Some((suite, counts)) = self.open.beside.remove(&suite.index) {
            self.ready.push_back(Event::SuiteEnd(suite, counts));
        }
    }

    fn begin(&mut self, mut suite: Suite) -> Result<Arc<Suite>, ReadError> {
        if self.totals.suites == self.limits.max_suites {
            let reason = format!("the report has more than {} suites", self.limits.max_suites);
            return Err(ReadError::at_line(suite.source_line, reason));
        }
        suite.index = self.totals.suites;
        self.totals.suites += 1;
        if suite.parent.is_some() {
            self.totals.nested_suites += 1;
        } else {
            add_declared(&mut self.totals.declared_by_suites, &suite.declared);
            self.add_suite_time(suite.time);
        }
        let suite = Arc::new(suite);
        self.ready.push_back(Event::SuiteStart(Arc::clone(&suite)));
        Ok(suite)
    }

    /// The duration of an outermost suite, where it is known only after its beginning.
    pub(super) fn add_suite_time(&mut self, time: Option<Time>) {
        if let Some(milliseconds) = time.and_then(|time| time.milliseconds) {
            *self.totals.suite_time_ms.get_or_insert(0.0) += milliseconds;
        }
    }

    /// What the report as a whole declares, where it is known only after its beginning.
    pub(super) fn declare(&mut self, declared: Declared) {
        self.totals.declared_by_root = declared;
    }

    /// A complete case, standing in the suite it names.
    pub(super) fn case(&mut self, mut case: Box<Case>) -> Result<(), ReadError> {
        if self.totals.counts.cases == self.limits.max_cases {
            let reason = format!("the report has more than {} test cases", self.limits.max_cases);
            return Err(ReadError::at_line(case.source_line, reason));
        }
        if case.properties.len() > self.limits.max_properties {
            let reason = format!("a test case has more than {} properties", self.limits.max_properties);
            return Err(ReadError::at_line(case.source_line, reason));
        }
        let own = case.suite.as_ref().and_then(|suite| self.open.counts_of(suite));
        count_case(&mut case, &mut self.totals, own);
        self.totals.properties += case.properties.len() as u64;
        for output in [&case.system_out, &case.system_err].into_iter().flatten() {
            self.totals.output_chars += output.total_chars;
        }
        self.ready.push_back(Event::Case(case));
        Ok(())
    }

    /// A property of a suite or of the whole.
    pub(super) fn suite_property(&mut self, suite: Option<Arc<Suite>>, property: Property) {
        self.totals.properties += 1;
        self.ready.push_back(Event::SuiteProperty(suite, property));
    }

    /// Output that belongs to no case.
    pub(super) fn suite_output(&mut self, suite: Option<Arc<Suite>>, stream: Stream, output: Excerpt) {
        if !output.is_empty() {
            self.totals.output_chars += output.total_chars;
            self.ready.push_back(Event::SuiteOutput(suite, stream, output));
        }
    }

    /// Something that broke outside of any case.
    pub(super) fn suite_problem(&mut self, suite: Option<Arc<Suite>>, problem: Problem) {
        if problem.kind != ProblemKind::Skipped {
            if let Some(counts) = suite.as_ref().and_then(|suite| self.open.counts_of(suite)) {
                counts.suite_problems += 1;
            }
            self.totals.counts.suite_problems += 1;
        }
        self.ready.push_back(Event::SuiteProblem(suite, problem));
    }

    /// The end of a report that could be read whole.
    pub(super) fn finish(&mut self, replaced: crate::Replaced) {
        while !self.open.nested.is_empty() {
            self.close_suite();
        }
        for (suite, counts) in std::mem::take(&mut self.open.beside).into_values() {
            self.ready.push_back(Event::SuiteEnd(suite, counts));
        }
        self.totals.replaced = replaced;
        self.ready.push_back(Event::Finished(Box::new(std::mem::take(&mut self.totals))));
    }
}

/// Adds a problem to a case: counted always, kept as long as there is room.
pub(super) fn add_problem(case: &mut Case, problem: Problem, limits: &Limits) {
    let counted = match problem.kind {
        ProblemKind::Failure => &mut case.failures,
        ProblemKind::Error => &mut case.errors,
        ProblemKind::Skipped => &mut case.skipped,
    };
    *counted = counted.saturating_add(1);
    if case.problems.len() < limits.max_problems {
        case.problems.push(problem);
    }
}

/// A text as an excerpt.
pub(super) fn excerpt(text: &str, limits: &Limits) -> Excerpt {
    let mut collector = crate::excerpt::Collector::new(limits.text_head_bytes, limits.text_tail_bytes);
    collector.push(text);
    collector.finish()
}

/// A text that says something, white space at its ends taken off.
pub(super) fn said(text: &Excerpt) -> Option<String> {
    Some(text.to_string().trim().to_owned()).filter(|text| !text.is_empty())
}
