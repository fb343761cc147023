//! From the top of a log to its results, one by one.

use std::collections::BTreeMap;
use std::io::BufRead;

use super::record::{Baseline, Finding, Kind, Level, Location, Suppression, SuppressionStatus};
use super::rules::{Run, Survey, tags};
use crate::decode::Replaced;
use crate::json::{Json, Token, Value};
use crate::{Limits, ReadError};

/// What a [`Reader`] yields.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A result.
    Finding(Box<Finding>),
    /// The end of a complete log; nothing follows.
    Finished(Totals),
}

/// What was counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Totals {
    /// Runs.
    pub runs: u64,
    /// Results, of any kind.
    pub results: u64,
    /// Results that give no location.
    pub without_location: u64,
    /// Characters that could not be shown.
    pub replaced: Replaced,
}

/// Reads a log for its tools and rules, and passes over the results.
///
/// # Errors
/// When it is not JSON, is cut off, or goes over a bound.
pub fn survey<R: BufRead>(inner: R, limits: &Limits) -> Result<Survey, ReadError> {
    let mut json = Json::new(inner, limits);
    let room = limits.max_record_bytes;
    let mut survey = Survey::default();
    if !json.enter_object()? {
        return Err(json.error("a SARIF log is a JSON object"));
    }
    loop {
        match json.next()? {
            Token::Name(name) if name == "version" => {
                survey.version = Value::read(&mut json, room)?.text().map(str::to_owned)
            }
            Token::Name(name) if name == "runs" => {
                if !json.enter_array()? {
                    continue;
                }
                while json.another()? {
                    if survey.runs.len() >= RUNS {
                        return Err(json.error(format!("the log has more than {RUNS} runs; split it")));
                    }
                    let run = if json.enter_object()? { survey_run(&mut json, room)? } else { Run::default() };
                    survey.runs.push(run);
                }
            }
            Token::Name(_) => json.skip()?,
            _ => break,
        }
    }
    json.next()?;
    Ok(survey)
}

/// Runs in one log.
const RUNS: usize = 10_000;

fn survey_run<R: BufRead>(json: &mut Json<R>, room: usize) -> Result<Run, ReadError> {
    let mut run = Run::default();
    let mut invocations = Value::Null;
    while let Token::Name(name) = json.next()? {
        match name.as_str() {
            "tool" => run.take_tool(&Value::read(json, room)?),
            "invocations" => invocations = Value::read(json, room)?,
            "automationDetails" => run.automation_id = Value::read(json, room)?.text_of("id"),
            "results" if json.enter_array()? => {
                run.has_results = true;
                while json.another()? {
                    json.skip()?;
                }
            }
            // What is no list was passed over by asking.
            "results" => {}
            _ => json.skip()?,
        }
    }
    run.take_invocations(&invocations);
    Ok(run)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Begin,
    Log,
    Runs,
    Run,
    Results,
    End,
}

/// Yields the results of a log.
pub struct Reader<'a, R> {
    json: Json<R>,
    survey: &'a Survey,
    place: Place,
    totals: Totals,
    max_results: u64,
    max_record_bytes: usize,
}

impl<'a, R: BufRead> Reader<'a, R> {
    /// Reads the log that `survey` was made of.
    pub fn new(inner: R, limits: &Limits, survey: &'a Survey) -> Self {
        Self {
            json: Json::new(inner, limits),
            survey,
            place: Place::Begin,
            totals: Totals::default(),
            max_results: limits.max_findings,
            max_record_bytes: limits.max_record_bytes,
        }
    }

    fn step(&mut self) -> Result<Event, ReadError> {
        loop {
            match self.place {
                Place::Begin => {
                    if !self.json.enter_object()? {
                        return Err(self.json.error("a SARIF log is a JSON object"));
                    }
                    self.place = Place::Log;
                }
                Place::Log => match self.json.next()? {
                    Token::Name(name) if name == "runs" => {
                        if self.json.enter_array()? {
                            self.place = Place::Runs;
                        }
                    }
                    Token::Name(_) => self.json.skip()?,
                    _ => {
                        self.json.next()?;
                        self.place = Place::End;
                        self.totals.replaced = self.json.replaced();
                        return Ok(Event::Finished(self.totals.clone()));
                    }
                },
                Place::Runs => {
                    if !self.json.another()? {
                        self.place = Place::Log;
                        continue;
                    }
                    self.totals.runs += 1;
                    if self.json.enter_object()? {
                        self.place = Place::Run;
                    }
                }
                Place::Run => match self.json.next()? {
                    Token::Name(name) if name == "results" => {
                        if self.json.enter_array()? {
                            self.place = Place::Results;
                        }
                    }
                    Token::Name(_) => self.json.skip()?,
                    _ => self.place = Place::Runs,
                },
                Place::Results => {
                    if !self.json.another()? {
                        self.place = Place::Run;
                        continue;
                    }
                    let value = Value::read(&mut self.json, self.max_record_bytes)?;
                    self.totals.results += 1;
                    if self.totals.results > self.max_results {
                        return Err(self
                            .json
                            .error(format!("the log has more than {} results; split it", self.max_results)));
                    }
                    return Ok(Event::Finding(Box::new(self.finding(&value))));
                }
                Place::End => return Err(self.json.error("the log has been read")),
            }
        }
    }

    fn finding(&mut self, result: &Value) -> Finding {
        let number = usize::try_from(self.totals.runs).unwrap_or(usize::MAX).saturating_sub(1);
        let nothing = Run::default();
        let run = self.survey.runs.get(number).unwrap_or(&nothing);
        let rule = run.rule_of(result);
        let named = result.text_of("ruleId").or_else(|| result.at(&["rule", "id"])?.text().map(str::to_owned));
        let rule_id = named.or_else(|| rule.map(|rule| rule.id.clone()).filter(|id| !id.is_empty()));
        let kind = match result.get("kind").and_then(Value::text) {
            None | Some("fail") => Kind::Fail,
            Some("pass") => Kind::Pass,
            Some("notApplicable") => Kind::NotApplicable,
            Some(_) => Kind::Other,
        };
        let explicit_level = result.get("level").and_then(Value::text).and_then(Level::of);
        let overridden = || {
            let invocation = result.at(&["provenance", "invocationIndex"]).and_then(Value::count).unwrap_or(0);
            let id = rule.map(|rule| &rule.id)?;
            let changes = run.overrides.iter();
            changes.filter(|(at, own, _)| *at as u64 == invocation && own == id).map(|(.., level)| *level).next_back()
        };
        let level = explicit_level.unwrap_or_else(|| match kind {
            Kind::Fail => overridden().or_else(|| rule?.level).unwrap_or(Level::Warning),
            Kind::Pass | Kind::NotApplicable | Kind::Other => Level::None,
        });
        let mut all_tags = rule.map_or_else(Vec::new, |rule| rule.tags.clone());
        all_tags.extend(tags(result));
        let location = location(result);
        self.totals.without_location += u64::from(result.items_of("locations").is_empty());
        Finding {
            tool: run.tool.clone(),
            run: number,
            rule_title: rule.and_then(|rule| rule.title.clone()),
            help_uri: rule.and_then(|rule| rule.help_uri.clone()),
            security_severity: rule.and_then(|rule| rule.security_severity),
            message: message(result, rule.map(|rule| &rule.messages), &run.messages).unwrap_or_default(),
            rule_id,
            tags: all_tags,
            kind,
            explicit_level,
            level,
            location,
            fingerprints: prints(result.get("fingerprints")),
            partial_fingerprints: prints(result.get("partialFingerprints")),
            suppressions: result.items_of("suppressions").iter().map(suppression).collect(),
            baseline: result.get("baselineState").and_then(Value::text).and_then(|state| match state {
                "new" => Some(Baseline::New),
                "unchanged" => Some(Baseline::Unchanged),
                "updated" => Some(Baseline::Updated),
                "absent" => Some(Baseline::Absent),
                _ => None,
            }),
        }
    }
}

impl<R: BufRead> Iterator for Reader<'_, R> {
    type Item = Result<Event, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.place == Place::End {
            return None;
        }
        let event = self.step();
        if event.is_err() {
            self.place = Place::End;
        }
        Some(event)
    }
}

fn location(result: &Value) -> Location {
    let Some(first) = result.items_of("locations").first() else {
        return Location::default();
    };
    let region = |name| first.at(&["physicalLocation", "region", name]).and_then(Value::count).filter(|n| *n > 0);
    let logical = first.items_of("logicalLocations").first();
    Location {
        uri: first.at(&["physicalLocation", "artifactLocation"]).and_then(|artifact| artifact.text_of("uri")),
        line: region("startLine"),
        column: region("startColumn"),
        logical: logical.and_then(|place| place.text_of("fullyQualifiedName").or_else(|| place.text_of("name"))),
    }
}

/// The text of a message: its own, or one that its rule or its tool keeps under a name, arguments put in.
fn message(
    result: &Value,
    of_rule: Option<&std::collections::HashMap<String, String>>,
    of_tool: &std::collections::HashMap<String, String>,
) -> Option<String> {
    let message = result.get("message")?;
    let own = message.text_of("text").or_else(|| {
        let name = message.text_of("id")?;
        of_rule.and_then(|texts| texts.get(&name)).or_else(|| of_tool.get(&name)).cloned()
    });
    let text = own.or_else(|| message.text_of("markdown"))?;
    let arguments = message.items_of("arguments");
    Some(if arguments.is_empty() { text } else { filled_in(&text, arguments) })
}

/// `{0}` becomes the first argument (§3.11.5); `{{` and `}}` are braces.
fn filled_in(text: &str, arguments: &[Value]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        if rest.starts_with("{{") || rest.starts_with("}}") {
            out.push_str(&rest[..1]);
            rest = &rest[2..];
            continue;
        }
        let argument = rest.find('}').and_then(|end| {
            let number: usize = rest.get(1..end)?.parse().ok()?;
            Some((end, arguments.get(number)?.text().unwrap_or_default()))
        });
        match argument {
            Some((end, argument)) => {
                out.push_str(argument);
                rest = &rest[end + 1..];
            }
            None => {
                out.push_str(&rest[..1]);
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

/// Fingerprints by name. One tool wraps each in an object; what is inside counts.
fn prints(value: Option<&Value>) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for (name, value) in value.map_or(&[][..], Value::members) {
        if let Some(text) = value.text() {
            all.insert(name.clone(), text.to_owned());
        }
        for (inner, value) in value.members() {
            if let Some(text) = value.text() {
                all.insert(format!("{name}/{inner}"), text.to_owned());
            }
        }
    }
    all
}

fn suppression(value: &Value) -> Suppression {
    Suppression {
        in_source: value.get("kind").and_then(Value::text) == Some("inSource"),
        status: match value.get("status").and_then(Value::text) {
            Some("underReview") => SuppressionStatus::UnderReview,
            Some("rejected") => SuppressionStatus::Rejected,
            _ => SuppressionStatus::Accepted,
        },
        justification: value.text_of("justification"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(log: &str) -> Vec<Finding> {
        let survey = survey(log.as_bytes(), &Limits::default()).expect("readable");
        Reader::new(log.as_bytes(), &Limits::default(), &survey)
            .filter_map(|event| match event.expect("readable") {
                Event::Finding(finding) => Some(*finding),
                Event::Finished(_) => None,
            })
            .collect()
    }

    #[test]
    fn a_level_comes_from_the_result_the_invocation_the_rule_or_the_standard() {
        let all = findings(
            r#"{"runs":[{"results":[
              {"ruleId":"A","level":"note"},{"ruleId":"A"},{"ruleIndex":1},{"ruleId":"C"},{"ruleId":"A","kind":"pass"},
              {"ruleId":"A/part"}, {"rule":{"index":0,"toolComponent":{"index":0}}}],
             "tool":{"driver":{"name":"t","rules":[{"id":"A","defaultConfiguration":{"level":"error"}},{"id":"B"}]},
              "extensions":[{"rules":[{"id":"X","defaultConfiguration":{"level":"note"}}]}]},
             "invocations":[{"ruleConfigurationOverrides":[{"descriptor":{"index":1},"configuration":{"level":"error"}}]}]}]}"#,
        );
        let levels: Vec<Level> = all.iter().map(|finding| finding.level).collect();
        use Level::{Error, None, Note, Warning};
        assert_eq!(levels, [Note, Error, Error, Warning, None, Error, Note]);
        assert_eq!(all[2].rule_id.as_deref(), Some("B"));
        assert_eq!(all[5].rule_id.as_deref(), Some("A/part"));
    }

    #[test]
    fn messages_are_looked_up_and_filled_in() {
        let all = findings(
            r#"{"runs":[{"tool":{"driver":{"name":"t","rules":[{"id":"A","messageStrings":{"m":{"text":"{1} hides {0} {{x}} {9}"}}}]}},
             "results":[{"ruleId":"A","message":{"id":"m","arguments":["a","b"]}}]}]}"#,
        );
        assert_eq!(all[0].message, "b hides a {x} {9}");
    }

    #[test]
    fn one_suppression_that_is_not_accepted_undoes_the_others() {
        let all = findings(
            r#"{"runs":[{"results":[{"suppressions":[{"kind":"inSource"}]},{"suppressions":[]},
             {"suppressions":[{"status":"accepted"},{"status":"underReview"}]},{"suppressions":[{"status":"rejected"}]}]}]}"#,
        );
        let suppressed: Vec<bool> = all.iter().map(Finding::is_suppressed).collect();
        assert_eq!(suppressed, [true, false, false, false]);
    }

    #[test]
    fn a_finding_keeps_its_identity_when_lines_move() {
        let log = |line: u32, extra: &str| {
            findings(&format!(
                r#"{{"runs":[{{"tool":{{"driver":{{"name":"t"}}}},"results":[{{"ruleId":"A","message":{{"text":"m"}}{extra},
                "locations":[{{"physicalLocation":{{"artifactLocation":{{"uri":"a.c"}},"region":{{"startLine":{line}}}}}}}]}}]}}]}}"#
            ))[0]
                .identity()
        };
        assert_eq!(log(1, ""), log(7, ""));
        assert_ne!(log(1, ""), log(1, r#","fingerprints":{"a/v1":"x"}"#));
    }
}
