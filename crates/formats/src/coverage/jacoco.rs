//! JaCoCo XML (report DTD 1.0 and 1.1).
//!
//! A package lists classes with counters and source files with lines; the lines of the source files are counted. A
//! line is covered when at least one of its instructions ran. Counters are declared figures and are kept as such.

use std::collections::VecDeque;
use std::io::BufRead;

use crate::coverage::collect;
use crate::coverage::record::{Counter, Event, FileCoverage, Ratio, Totals};
use crate::xml::{Token, Xml, shorten};
use crate::{Limits, ReadError, number};

/// Reads one JaCoCo report. A file's record comes when its element ends; a report without source files (compiled
/// without line numbers) yields totals alone.
pub struct Reader<R> {
    xml: Xml<R>,
    limits: Limits,
    groups: Vec<String>,
    package: String,
    /// Names of the open elements that matter, from the root.
    open: Vec<Element>,
    file: Option<FileCoverage>,
    ready: VecDeque<Event>,
    totals: Totals,
    lines_seen: u64,
    over: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Element {
    Report,
    Group,
    Package,
    SourceFile,
    Other,
}

impl<R: BufRead> Reader<R> {
    /// A reader of the report that `inner` holds.
    pub fn new(inner: R, limits: Limits) -> Self {
        Self {
            xml: Xml::new(inner, &limits),
            limits,
            groups: Vec::new(),
            package: String::new(),
            open: Vec::new(),
            file: None,
            ready: VecDeque::new(),
            totals: Totals::default(),
            lines_seen: 0,
            over: false,
        }
    }

    fn step(&mut self) -> Result<(), ReadError> {
        match self.xml.next()? {
            Token::Start => self.start()?,
            Token::End => self.end(),
            Token::Text => {}
            Token::Finished => {
                self.totals.replaced = self.xml.replaced();
                self.ready.push_back(Event::Finished(Box::new(std::mem::take(&mut self.totals))));
                self.over = true;
            }
        }
        Ok(())
    }

    fn start(&mut self) -> Result<(), ReadError> {
        let parent = self.open.last().copied();
        let element = match (parent, self.xml.name()) {
            (None, "report") => Element::Report,
            (None, root) => {
                return Err(ReadError::at_line(
                    self.xml.tag_line(),
                    format!("the root element is <{}>; a JaCoCo report begins with <report>", shorten(root)),
                ));
            }
            (Some(Element::Report | Element::Group), "group") => {
                self.totals.entries.groups += 1;
                self.groups.push(self.attribute("name"));
                Element::Group
            }
            (Some(Element::Report | Element::Group), "package") => {
                self.totals.entries.packages += 1;
                self.package = self.attribute("name");
                Element::Package
            }
            (Some(Element::Package), "class") => {
                self.totals.entries.classes += 1;
                Element::Other
            }
            (Some(Element::Package), "sourcefile") => {
                self.start_file()?;
                Element::SourceFile
            }
            (Some(Element::SourceFile), "line") => {
                self.line()?;
                Element::Other
            }
            (Some(Element::Report), "counter") => {
                self.report_counter()?;
                Element::Other
            }
            (Some(Element::SourceFile), "counter") => {
                if let (Some((Counter::Method, ratio)), Some(file)) = (self.counter()?, &mut self.file) {
                    file.functions = ratio;
                }
                Element::Other
            }
            _ => Element::Other,
        };
        self.open.push(element);
        Ok(())
    }

    fn end(&mut self) {
        match self.open.pop() {
            Some(Element::Group) => _ = self.groups.pop(),
            Some(Element::SourceFile) => {
                if let Some(file) = self.file.take() {
                    collect::add(&mut self.totals, &file);
                    self.ready.push_back(Event::File(Box::new(file)));
                }
            }
            _ => {}
        }
    }

    fn start_file(&mut self) -> Result<(), ReadError> {
        self.totals.entries.files += 1;
        if self.totals.entries.files > self.limits.max_files as u64 {
            return Err(self.xml.error(format!("the report covers more than {} files", self.limits.max_files)));
        }
        let name = self.attribute("name");
        let path = if self.package.is_empty() { name } else { format!("{}/{name}", self.package) };
        let component = self
            .groups
            .iter()
            .chain([&self.package])
            .filter(|part| !part.is_empty())
            .cloned()
            .collect::<Vec<_>>()
            .join("/");
        self.file = Some(FileCoverage { component, path, ..FileCoverage::default() });
        Ok(())
    }

    fn line(&mut self) -> Result<(), ReadError> {
        self.lines_seen += 1;
        if self.lines_seen > self.limits.max_lines {
            return Err(self.xml.error(format!("the report covers more than {} lines", self.limits.max_lines)));
        }
        let covered = self.whole("ci")? > 0;
        let covered_branches = self.whole("cb")?;
        let branches = Ratio { covered: covered_branches, total: covered_branches.saturating_add(self.whole("mb")?) };
        self.totals.entries.lines.count(covered);
        self.totals.entries.branches.add(branches);
        if let Some(file) = &mut self.file {
            file.lines.count(covered);
            file.branches.add(branches);
        }
        Ok(())
    }

    fn report_counter(&mut self) -> Result<(), ReadError> {
        let Some((counter, ratio)) = self.counter()? else {
            return Ok(());
        };
        let declared = &mut self.totals.declared;
        match counter {
            Counter::Line => {
                declared.lines_total = Some(ratio.total);
                declared.lines_covered = Some(ratio.covered);
            }
            Counter::Branch => {
                declared.branches_total = Some(ratio.total);
                declared.branches_covered = Some(ratio.covered);
            }
            _ => {}
        }
        // A well-formed report has each counter once; more would only be padding.
        if declared.counters.len() < 16 {
            declared.counters.push((counter, ratio));
        }
        Ok(())
    }

    fn counter(&self) -> Result<Option<(Counter, Ratio)>, ReadError> {
        let kind = match self.xml.attribute("type").as_deref() {
            Some("INSTRUCTION") => Counter::Instruction,
            Some("BRANCH") => Counter::Branch,
            Some("LINE") => Counter::Line,
            Some("COMPLEXITY") => Counter::Complexity,
            Some("METHOD") => Counter::Method,
            Some("CLASS") => Counter::Class,
            _ => return Ok(None),
        };
        let covered = self.whole("covered")?;
        Ok(Some((kind, Ratio { covered, total: covered.saturating_add(self.whole("missed")?) })))
    }

    /// A count; 0 when the attribute is missing.
    fn whole(&self, name: &str) -> Result<u64, ReadError> {
        let Some(text) = self.xml.attribute(name) else {
            return Ok(0);
        };
        number::count(&text).ok_or_else(|| {
            self.xml.error(format!("`{name}` of <{}> is `{}`, which is not a count", self.xml.name(), shorten(&text)))
        })
    }

    fn attribute(&self, name: &str) -> String {
        self.xml.attribute(name).unwrap_or_default().into_owned()
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
                return Some(Err(error));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_and_lines() {
        let text = "<!DOCTYPE report PUBLIC '-//JACOCO//DTD Report 1.1//EN' 'report.dtd'><report name='r'>
            <group name='g'><package name='a/b'><class name='a/b/C' sourcefilename='C.java'><counter type='LINE' missed='9' covered='9'/></class>
            <sourcefile name='C.java'><line nr='1' mi='0' ci='2' mb='1' cb='1'/><line nr='2' mi='3' ci='0'/>
            <counter type='METHOD' missed='1' covered='2'/></sourcefile></package></group>
            <counter type='LINE' missed='5' covered='1'/></report>";
        let events: Vec<Event> =
            Reader::new(text.as_bytes(), Limits::default()).collect::<Result<_, _>>().expect("well formed");
        let (Event::File(file), Event::Finished(totals)) = (&events[0], &events[1]) else { panic!("{events:?}") };
        assert_eq!((file.component.as_str(), file.path.as_str()), ("g/a/b", "a/b/C.java"));
        assert_eq!(file.lines, Ratio { covered: 1, total: 2 });
        assert_eq!(file.branches, Ratio { covered: 1, total: 2 });
        assert_eq!(file.functions, Ratio { covered: 2, total: 3 });
        assert_eq!((totals.declared.lines_total, totals.declared.lines_covered), (Some(6), Some(1)));
        let wrong = "<report><package name='p'><sourcefile name='f'><line ci='x'/></sourcefile></package></report>";
        let error = Reader::new(wrong.as_bytes(), Limits::default()).find_map(Result::err).expect("refused");
        assert!(error.reason.contains("`ci` of <line> is `x`"));
    }
}
