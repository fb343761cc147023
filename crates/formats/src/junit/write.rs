//! Writes JUnit XML as Surefire's schema has it (the `junit-10.xsd` that Jenkins holds reports to): what other tools read, and what
//! [`Reader`](super::Reader) reads back with the same counts.
//!
//! Properties of a case are beyond that schema, so they are written only when they are asked for.

use crate::decode::is_allowed;

/// What the whole says of itself.
#[derive(Debug, Clone, Default)]
pub struct Heading {
    /// What was tested.
    pub name: String,
    /// How its cases ended.
    pub counts: Ended,
}

/// How cases ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ended {
    /// All of them.
    pub tests: u64,
    /// An expectation did not hold.
    pub failures: u64,
    /// Something else broke.
    pub errors: u64,
    /// Not run.
    pub skipped: u64,
}

/// What a suite says of itself.
#[derive(Debug, Clone, Default)]
pub struct SuiteHeading {
    /// Its name.
    pub name: String,
    /// When it began, as ISO 8601.
    pub timestamp: Option<String>,
    /// How long it took, in milliseconds.
    pub duration_ms: Option<i64>,
    /// How its cases ended.
    pub counts: Ended,
    /// Names and values.
    pub properties: Vec<(String, String)>,
}

/// What kept a case, or an attempt of it, from passing.
#[derive(Debug, Clone, Default)]
pub struct Trouble {
    /// `failure`, `error` or `skipped`; of attempts `flakyFailure`, `flakyError`, `rerunFailure` or `rerunError`.
    pub element: &'static str,
    /// In a line.
    pub message: Option<String>,
    /// Its type, such as a class of exceptions.
    pub kind: Option<String>,
    /// A stack trace.
    pub detail: Option<String>,
}

/// A case.
#[derive(Debug, Clone, Default)]
pub struct Outgoing {
    /// Its name.
    pub name: String,
    /// Its class.
    pub class_name: Option<String>,
    /// How long it took, in milliseconds.
    pub duration_ms: Option<i64>,
    /// What went wrong: nothing of a case that passed.
    pub troubles: Vec<Trouble>,
    /// Other attempts.
    pub attempts: Vec<Trouble>,
    /// Names and values, beyond the schema.
    pub properties: Vec<(String, String)>,
    /// Captured standard output.
    pub system_out: Option<String>,
    /// Captured standard error.
    pub system_err: Option<String>,
}

/// Writes a report piece by piece; what is ready is taken with [`Writer::take`].
#[derive(Debug, Default)]
pub struct Writer {
    out: String,
}

impl Writer {
    /// Begins a report.
    #[must_use]
    pub fn new(heading: &Heading) -> Self {
        let mut writer = Self { out: "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned() };
        writer.open("testsuites");
        writer.attribute("name", &heading.name);
        writer.counts(&heading.counts, false);
        writer.out.push_str(">\n");
        writer
    }

    /// Begins a suite.
    pub fn suite(&mut self, heading: &SuiteHeading) {
        self.open("testsuite");
        self.attribute("name", &heading.name);
        self.counts(&heading.counts, true);
        self.time(heading.duration_ms);
        if let Some(timestamp) = &heading.timestamp {
            self.attribute("timestamp", timestamp);
        }
        self.out.push_str(">\n");
        self.properties(&heading.properties);
    }

    /// Writes a case of the suite.
    pub fn case(&mut self, case: &Outgoing) {
        self.open("testcase");
        self.attribute("name", &case.name);
        if let Some(class) = &case.class_name {
            self.attribute("classname", class);
        }
        self.time(case.duration_ms);
        let is_empty = case.troubles.is_empty()
            && case.attempts.is_empty()
            && case.properties.is_empty()
            && case.system_out.is_none()
            && case.system_err.is_none();
        if is_empty {
            self.out.push_str("/>\n");
            return;
        }
        self.out.push('>');
        self.properties(&case.properties);
        for trouble in &case.troubles {
            self.trouble(trouble, false);
        }
        for attempt in &case.attempts {
            self.trouble(attempt, true);
        }
        for (name, text) in [("system-out", &case.system_out), ("system-err", &case.system_err)] {
            if let Some(text) = text {
                self.open(name);
                self.out.push('>');
                self.text(text, false);
                self.close(name);
            }
        }
        self.close("testcase");
        self.out.push('\n');
    }

    /// Ends the suite.
    pub fn end_suite(&mut self) {
        self.close("testsuite");
        self.out.push('\n');
    }

    /// Ends the report.
    pub fn finish(&mut self) {
        self.close("testsuites");
        self.out.push('\n');
    }

    /// What has been written since the last time.
    #[must_use]
    pub fn take(&mut self) -> String {
        std::mem::take(&mut self.out)
    }

    fn trouble(&mut self, trouble: &Trouble, is_attempt: bool) {
        self.open(trouble.element);
        if let Some(message) = &trouble.message {
            self.attribute("message", message);
        }
        // Attempts must have a type.
        match &trouble.kind {
            Some(kind) => self.attribute("type", kind),
            None if is_attempt => self.attribute("type", "unknown"),
            None => {}
        }
        match trouble.detail.as_deref().filter(|detail| !detail.is_empty()) {
            None => self.out.push_str("/>"),
            Some(detail) if is_attempt => {
                self.out.push_str("><stackTrace>");
                self.text(detail, false);
                self.close("stackTrace");
                self.close(trouble.element);
            }
            Some(detail) => {
                self.out.push('>');
                self.text(detail, false);
                self.close(trouble.element);
            }
        }
    }

    fn properties(&mut self, all: &[(String, String)]) {
        if all.is_empty() {
            return;
        }
        self.out.push_str("<properties>");
        for (name, value) in all {
            self.open("property");
            self.attribute("name", name);
            self.attribute("value", value);
            self.out.push_str("/>");
        }
        self.out.push_str("</properties>\n");
    }

    fn counts(&mut self, counts: &Ended, with_skipped: bool) {
        for (name, count) in [("tests", counts.tests), ("failures", counts.failures), ("errors", counts.errors)] {
            self.attribute(name, &count.to_string());
        }
        if with_skipped {
            self.attribute("skipped", &counts.skipped.to_string());
        }
    }

    /// Seconds with milliseconds.
    fn time(&mut self, milliseconds: Option<i64>) {
        if let Some(ms) = milliseconds.filter(|ms| *ms >= 0) {
            self.attribute("time", &format!("{}.{:03}", ms / 1000, ms % 1000));
        }
    }

    fn open(&mut self, name: &str) {
        self.out.push('<');
        self.out.push_str(name);
    }

    fn close(&mut self, name: &str) {
        self.out.push_str("</");
        self.out.push_str(name);
        self.out.push('>');
    }

    fn attribute(&mut self, name: &str, value: &str) {
        self.out.push(' ');
        self.out.push_str(name);
        self.out.push_str("=\"");
        self.text(value, true);
        self.out.push('"');
    }

    /// Text as it may stand in XML, line ends kept as they are; what may not becomes U+FFFD.
    fn text(&mut self, text: &str, quoted: bool) {
        for character in text.chars() {
            match character {
                '&' => self.out.push_str("&amp;"),
                '<' => self.out.push_str("&lt;"),
                '>' => self.out.push_str("&gt;"),
                '"' if quoted => self.out.push_str("&quot;"),
                '\n' if quoted => self.out.push_str("&#10;"),
                '\t' if quoted => self.out.push_str("&#9;"),
                '\r' => self.out.push_str("&#13;"),
                other if is_allowed(other) => self.out.push(other),
                _ => self.out.push('\u{FFFD}'),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::junit::{Event, Reader};
    use crate::{Limits, ReadError};

    #[test]
    fn what_is_written_is_read_back() -> Result<(), ReadError> {
        let counts = Ended { tests: 4, failures: 1, errors: 1, skipped: 1 };
        let trouble = |element, message: &str| Trouble {
            element,
            message: Some(message.to_owned()),
            kind: Some("a.B".to_owned()),
            detail: Some("at <x>\r\n\u{1}\"&\"".to_owned()),
        };
        let case = |name: &str, troubles| Outgoing { name: name.to_owned(), troubles, ..Outgoing::default() };
        let mut writer = Writer::new(&Heading { name: "Build <7> & \"more\"".to_owned(), counts });
        writer.suite(&SuiteHeading {
            name: "unit".to_owned(),
            timestamp: Some("2026-01-02T03:04:05Z".to_owned()),
            duration_ms: Some(61_005),
            counts,
            properties: vec![("a\tb".to_owned(), "c\nd".to_owned())],
        });
        writer.case(&Outgoing {
            class_name: Some("shop.Cart".to_owned()),
            duration_ms: Some(1_250),
            attempts: vec![trouble("flakyFailure", "at first")],
            properties: vec![("requirement".to_owned(), "REQ-1".to_owned())],
            system_out: Some("]]> \u{FFFE}".to_owned()),
            ..case("adds", vec![])
        });
        writer.case(&case("removes", vec![trouble("failure", "expected\n1")]));
        writer.case(&case("breaks", vec![trouble("error", "no")]));
        writer.case(&case("later", vec![Trouble { element: "skipped", ..Trouble::default() }]));
        writer.end_suite();
        writer.finish();
        let text = writer.take();
        let (mut cases, mut totals) = (Vec::new(), None);
        for event in Reader::new(text.as_bytes(), Limits::default()) {
            match event? {
                Event::Case(case) => cases.push(*case),
                Event::Finished(all) => totals = Some(*all),
                Event::Report(report) => assert_eq!(report.name.as_deref(), Some("Build <7> & \"more\"")),
                Event::SuiteStart(suite) => {
                    assert_eq!(suite.time.and_then(|time| time.whole_milliseconds()), Some(61_005));
                }
                Event::SuiteProperty(_, property) => assert_eq!(property.value, "c\nd"),
                _ => {}
            }
        }
        let totals = totals.unwrap_or_default();
        assert_eq!(totals.differences(), Vec::<String>::new());
        let read = totals.counts;
        assert_eq!([read.cases, read.failed, read.error, read.skipped, read.passed], [4, 1, 1, 1, 1]);
        assert_eq!((cases[0].attempts_counted, cases[0].properties.len()), (1, 1));
        assert_eq!(cases[0].time.and_then(|time| time.whole_milliseconds()), Some(1_250));
        assert_eq!(cases[0].attempts[0].message.as_deref(), Some("at first"));
        assert_eq!(cases[0].system_out.as_ref().map(ToString::to_string).as_deref(), Some("]]> \u{FFFD}"));
        let failed = cases[1].problem().map(|problem| (problem.message.clone(), problem.detail.to_string()));
        assert_eq!(failed, Some((Some("expected\n1".to_owned()), "at <x>\r\n\u{FFFD}\"&\"".to_owned())));
        Ok(())
    }
}
