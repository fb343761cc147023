//! A report of test results cut into batches of bounded size, on the reading thread.

use std::io::{BufRead, Seek};

use formats::{Format, Limits, ReadError, junit, results};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::case::{CaseRow, cut};

/// Cases of one batch at most.
const BATCH_CASES: usize = 5_000;
/// Bytes of text of one batch, about, so that long outputs make smaller batches.
const BATCH_BYTES: usize = 6 << 20;
/// Bytes of suite output and problems kept with a run.
const RUN_TEXT: usize = 256 << 10;
/// Properties of suites kept with a run.
const RUN_PROPERTIES: usize = 500;

/// What the reading thread hands over.
pub(crate) enum Piece {
    /// Cases, in the order of the file.
    Cases(Vec<CaseRow>),
    /// The end: the report could be read whole.
    End(Box<RunFacts>),
}

/// What is known of the run once the report is read.
#[derive(Default)]
pub(crate) struct RunFacts {
    pub(crate) name: Option<String>,
    pub(crate) started_at: Option<Timestamp>,
    pub(crate) duration_ms: Option<i64>,
    pub(crate) totals: junit::Totals,
    pub(crate) properties: Map<String, Value>,
    problems: Vec<Value>,
    output: Vec<Value>,
    kept_bytes: usize,
    left_out: u64,
}

/// Reads a report and hands it over in batches, the end last.
pub(crate) fn read_report(
    format: Format,
    file: impl BufRead + Seek,
    received: Timestamp,
    hand_over: &dyn Fn(Result<Piece, ReadError>) -> bool,
) {
    let mut facts = RunFacts::default();
    let (mut batch, mut weight) = (Vec::new(), 0);
    let events = match results::open(format, file, Limits::default()) {
        Ok(events) => events,
        Err(error) => {
            hand_over(Err(error));
            return;
        }
    };
    for event in events {
        match event {
            Ok(junit::Event::Case(case)) => {
                facts.starts(case.timestamp.as_deref());
                let row = CaseRow::of(&case, received);
                weight += row.weight();
                batch.push(row);
                if batch.len() >= BATCH_CASES || weight >= BATCH_BYTES {
                    weight = 0;
                    if !hand_over(Ok(Piece::Cases(std::mem::take(&mut batch)))) {
                        return;
                    }
                }
            }
            Ok(junit::Event::Finished(totals)) => facts.totals = *totals,
            Ok(other) => facts.note(other),
            Err(error) => {
                hand_over(Err(error));
                return;
            }
        }
    }
    if batch.is_empty() || hand_over(Ok(Piece::Cases(batch))) {
        facts.finish();
        hand_over(Ok(Piece::End(Box::new(facts))));
    }
}

impl RunFacts {
    fn starts(&mut self, written: Option<&str>) {
        if let Some(time) = written.and_then(junit::parse_timestamp) {
            self.started_at = Some(self.started_at.map_or(time, |known| known.min(time)));
        }
    }

    fn note(&mut self, event: junit::Event) {
        match event {
            junit::Event::Report(report) => {
                self.starts(report.timestamp.as_deref());
                self.duration_ms = report.time.and_then(|time| time.whole_milliseconds());
                self.name = report.name.filter(|name| !name.trim().is_empty()).or(self.name.take());
            }
            junit::Event::SuiteStart(suite) => {
                self.starts(suite.timestamp.as_deref());
                if self.name.is_none() && suite.parent.is_none() && !suite.name.trim().is_empty() {
                    self.name = Some(suite.name.clone());
                }
            }
            junit::Event::SuiteProperty(_, property) => {
                let name = cut(&property.name, 500);
                if self.properties.len() < RUN_PROPERTIES || self.properties.contains_key(&name) {
                    self.properties.insert(name, cut(&property.value, 2000).into());
                }
            }
            junit::Event::SuiteOutput(suite, stream, text) => {
                let stream = if stream == junit::Stream::Out { "out" } else { "err" };
                let text = text.to_string();
                if self.has_room(text.len()) {
                    self.output
                        .push(json!({"suite": suite.map(|suite| suite.name.clone()), "stream": stream, "text": text}));
                }
            }
            junit::Event::SuiteProblem(suite, problem) => {
                let detail = cut(&problem.detail.to_string(), 8000);
                if self.has_room(detail.len()) {
                    self.problems.push(json!({
                        "suite": suite.map(|suite| suite.name.clone()),
                        "kind": format!("{:?}", problem.kind).to_lowercase(),
                        "message": problem.message.map(|text| cut(&text, 4000)),
                        "detail": detail,
                        "line": problem.source_line,
                    }));
                }
            }
            junit::Event::Case(_) | junit::Event::SuiteEnd(..) | junit::Event::Finished(_) => {}
        }
    }

    fn has_room(&mut self, bytes: usize) -> bool {
        let fits = self.kept_bytes + bytes <= RUN_TEXT;
        if fits {
            self.kept_bytes += bytes + 100;
        } else {
            self.left_out += 1;
        }
        fits
    }

    fn finish(&mut self) {
        let mut all = Map::new();
        let properties = std::mem::take(&mut self.properties);
        if !properties.is_empty() {
            all.insert("properties".into(), Value::Object(properties));
        }
        for (name, list) in [("suite_problems", &mut self.problems), ("suite_output", &mut self.output)] {
            if !list.is_empty() {
                all.insert(name.into(), Value::Array(std::mem::take(list)));
            }
        }
        self.properties = all;
        self.duration_ms = self.duration_ms.or(self.totals.suite_time_ms.map(|time| time.round() as i64));
    }

    /// What the report claims about itself.
    pub(crate) fn declared(&self) -> Value {
        let one = |declared: &junit::Declared| {
            let fields = [
                ("tests", declared.tests),
                ("failures", declared.failures),
                ("errors", declared.errors),
                ("skipped", declared.skipped),
                ("disabled", declared.disabled),
                ("assertions", declared.assertions),
            ];
            let said: Map<String, Value> =
                fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.into()))).collect();
            said
        };
        let mut all = Map::new();
        for (who, declared) in [("root", &self.totals.declared_by_root), ("suites", &self.totals.declared_by_suites)] {
            let said = one(declared);
            if !said.is_empty() {
                all.insert(who.into(), Value::Object(said));
            }
        }
        Value::Object(all)
    }

    /// What is odd about the report, in sentences.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let totals = &self.totals;
        let mut all = totals.differences();
        let mut say = |n: u64, what: &str| {
            if n > 0 {
                all.push(format!("{n} {what}"));
            }
        };
        say(
            totals.counts.suite_problems,
            "errors or failures stand directly under a suite; they are no test cases and are kept with the run",
        );
        say(
            totals.cases_not_run,
            "cases say that they were not run although no <skipped> element does; their results carry `not_run`",
        );
        say(totals.negative_times, "durations are negative and were left out");
        say(totals.unparseable_times, "durations are no numbers and were left out");
        say(totals.cases_without_name, "cases have no name");
        say(totals.replaced.count, "characters could not be shown and were replaced");
        say(self.left_out, "outputs or problems of suites were too long to be kept with the run");
        all
    }
}
