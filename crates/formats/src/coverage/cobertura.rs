//! Cobertura XML, as written by Cobertura, coverage.py, Istanbul, coverlet, dotnet-coverage, gcovr, OpenCppCoverage,
//! PHPUnit and others.
//!
//! A class lists its lines, its methods list them again; the lines of the class count. A file may be spread over
//! several classes, so records come when the whole report has been read, and lines are merged by number.

use std::io::BufRead;

use crate::coverage::collect::Files;
use crate::coverage::record::{Event, Ratio, Totals};
use crate::xml::{Token, Xml, shorten};
use crate::{Limits, ReadError, number};

/// Reads one Cobertura report. Files come in the order of their first appearance, then the totals.
pub struct Reader<R> {
    xml: Xml<R>,
    files: Option<Files>,
    ready: std::vec::IntoIter<Event>,
    totals: Totals,
}

/// Where in the report the reader stands.
#[derive(Default)]
struct Place {
    depth: usize,
    package: String,
    class: Option<usize>,
    method: Option<usize>,
    source: Option<String>,
}

impl<R: BufRead> Reader<R> {
    /// A reader of the report that `inner` holds.
    pub fn new(inner: R, limits: Limits) -> Self {
        Self {
            xml: Xml::new(inner, &limits),
            files: Some(Files::new(&limits)),
            ready: Vec::new().into_iter(),
            totals: Totals::default(),
        }
    }

    fn read(&mut self, mut files: Files) -> Result<(), ReadError> {
        let mut place = Place::default();
        loop {
            match self.xml.next()? {
                Token::Start => {
                    place.depth += 1;
                    self.start(&mut place, &mut files)?;
                }
                Token::End => {
                    if self.xml.name() == "source" {
                        self.totals.sources.extend(place.source.take().map(|source| source.trim().to_owned()));
                    }
                    if place.class == Some(place.depth) {
                        place.class = None;
                    }
                    if place.method == Some(place.depth) {
                        place.method = None;
                    }
                    place.depth -= 1;
                }
                Token::Text => {
                    if let Some(source) = &mut place.source {
                        source.push_str(self.xml.text(&mut [0; 4]));
                    }
                }
                Token::Finished => break,
            }
        }
        self.totals.replaced = self.xml.replaced();
        let mut totals = std::mem::take(&mut self.totals);
        let mut events: Vec<Event> =
            files.finish(&mut totals).into_iter().map(|file| Event::File(Box::new(file))).collect();
        events.push(Event::Finished(Box::new(totals)));
        self.ready = events.into_iter();
        Ok(())
    }

    fn start(&mut self, place: &mut Place, files: &mut Files) -> Result<(), ReadError> {
        match self.xml.name() {
            "coverage" if place.depth == 1 => self.declared(),
            root if place.depth == 1 => {
                return Err(ReadError::at_line(
                    self.xml.tag_line(),
                    format!("the root element is <{}>; a Cobertura report begins with <coverage>", shorten(root)),
                ));
            }
            "source" => place.source = Some(String::new()),
            "package" => {
                self.totals.entries.packages += 1;
                place.package = self.xml.attribute("name").unwrap_or_default().into_owned();
            }
            "class" if place.class.is_none() => {
                self.totals.entries.classes += 1;
                place.class = Some(place.depth);
                let path = self.xml.attribute("filename").or_else(|| self.xml.attribute("name")).unwrap_or_default();
                if path.is_empty() {
                    return Err(self.xml.error("a <class> has neither `filename` nor `name`, so its file is unknown"));
                }
                files.enter(&place.package, &path).map_err(|reason| self.xml.error(reason))?;
            }
            "method" if place.class.is_some() && place.method.is_none() => place.method = Some(place.depth),
            "line" if place.class.is_some() => self.line(place.method.is_none(), files)?,
            _ => {}
        }
        Ok(())
    }

    fn line(&mut self, own: bool, files: &mut Files) -> Result<(), ReadError> {
        let text = self.xml.attribute("number").unwrap_or_default();
        let Some(number) = number::count(&text) else {
            return Err(self
                .xml
                .error(format!("a <line> has the number `{}`, which is not a line number", shorten(&text))));
        };
        let text = self.xml.attribute("hits").unwrap_or_default();
        let hits = match hits(&text) {
            Some(hits) => hits,
            None => {
                return Err(self
                    .xml
                    .error(format!("line {number} has the hits `{}`, which is not a count", shorten(&text))));
            }
        };
        let branches = self.xml.attribute("condition-coverage").and_then(|text| conditions(&text)).unwrap_or_default();
        let entries = &mut self.totals.entries;
        if own {
            entries.lines.count(hits > 0);
            entries.branches.add(branches);
        } else {
            entries.method_lines += 1;
        }
        files.line(number, hits, own, branches).map_err(|reason| self.xml.error(reason))
    }

    fn declared(&mut self) {
        let rate =
            |name| self.xml.attribute(name).and_then(|text| text.trim().parse::<f64>().ok()).filter(|r| r.is_finite());
        let count = |name| self.xml.attribute(name).and_then(|text| number::count(&text));
        let declared = crate::coverage::Declared {
            line_rate: rate("line-rate"),
            branch_rate: rate("branch-rate"),
            lines_total: count("lines-valid"),
            lines_covered: count("lines-covered"),
            branches_total: count("branches-valid"),
            branches_covered: count("branches-covered"),
            counters: Vec::new(),
        };
        self.totals.declared = declared;
    }
}

impl<R: BufRead> Iterator for Reader<R> {
    type Item = Result<Event, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(files) = self.files.take()
            && let Err(error) = self.read(files)
        {
            return Some(Err(error));
        }
        self.ready.next().map(Ok)
    }
}

/// How often a line ran. Counts beyond 64 bits and overflowed (negative) ones occur; both mean that it did.
fn hits(text: &str) -> Option<u64> {
    let text = text.trim();
    if text.is_empty() {
        return Some(0);
    }
    if let Some(hits) = number::count(text) {
        return Some(hits);
    }
    let digits = text.strip_prefix('-').unwrap_or(text);
    (!digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(u64::MAX)
}

/// `50% (1/2)` → 1 of 2.
fn conditions(text: &str) -> Option<Ratio> {
    let (covered, total) = text.split_once('(')?.1.split_once(')')?.0.split_once('/')?;
    let (covered, total) = (number::count(covered)?, number::count(total)?);
    Some(Ratio { covered: covered.min(total), total })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn read(text: &str) -> Result<Vec<Event>, ReadError> {
        Reader::new(text.as_bytes(), Limits::default()).collect()
    }

    #[test]
    fn a_file_in_two_classes_is_one_file() {
        let events = read(
            "<coverage line-rate='0.9'><sources><source> /src </source></sources><packages><package name='p'><classes>
             <class name='A' filename='a.py'><methods><method name='m'><lines><line number='9' hits='1'/></lines></method></methods>
             <lines><line number='1' hits='0'/><line number='2' hits='3' condition-coverage='50% (1/2)'/></lines></class>
             <class name='B' filename='a.py'><lines><line number='1' hits='1'/><line number='2' hits='0' condition-coverage='100% (2/2)'/></lines></class>
             </classes></package></packages></coverage>",
        )
        .expect("well formed");
        let (Event::File(file), Event::Finished(totals)) = (&events[0], &events[1]) else { panic!("{events:?}") };
        assert_eq!((file.component.as_str(), file.path.as_str()), ("p", "a.py"));
        assert_eq!(file.lines, Ratio { covered: 2, total: 2 });
        assert_eq!(file.branches, Ratio { covered: 2, total: 2 });
        assert_eq!(file.method_only_lines, Ratio { covered: 1, total: 1 });
        assert_eq!(totals.entries.lines, Ratio { covered: 2, total: 4 });
        assert_eq!(totals.entries.branches, Ratio { covered: 3, total: 4 });
        assert_eq!((totals.files, totals.entries.method_lines, totals.declared.line_rate), (1, 1, Some(0.9)));
        assert_eq!(totals.sources, ["/src"]);
    }

    #[test]
    fn odd_counts_are_read_and_wrong_ones_refused() {
        let line = |number: &str, hits: &str| {
            format!(
                "<coverage><packages><package name=''><classes><class filename='a'><lines><line number='{number}' hits='{hits}'/></lines></class></classes></package></packages></coverage>"
            )
        };
        for hits in ["1", "-4294967295", "99999999999999999999", "2.0"] {
            let events = read(&line("1", hits)).expect(hits);
            assert!(matches!(&events[0], Event::File(file) if file.lines.covered == 1), "{hits}");
        }
        assert!(read(&line("1", "often")).unwrap_err().reason.contains("`often`"));
        assert!(read(&line("x", "1")).unwrap_err().reason.contains("`x`"));
        assert!(read("<html/>").unwrap_err().reason.contains("<html>"));
    }
}
