//! What products are made of, and what is known of vulnerabilities in it: SPDX, OSV, OpenVEX, CSAF, and the reports of Trivy, Grype, osv-scanner
//! and GitLab's analysers. [`crate::cyclonedx`] yields the same records.
//!
//! A document is read twice. The [`survey`] keeps its head: everything but the items of its long lists, wherever that stands. Then the [`Reader`]
//! takes these items one by one. So neither the order of members nor the length of a report matters.
//!
//! ```
//! use formats::{Format, Limits, supply};
//!
//! let vex = br#"{"@context":"https://openvex.dev/ns/v0.2.0","statements":[{"vulnerability":{"name":"CVE-2024-1"},
//!     "products":[{"@id":"pkg:npm/left-pad@1.3.0"}],"status":"fixed"}]}"#;
//! let survey = supply::survey(&vex[..], &Limits::default(), Format::OpenVex)?;
//! let first = supply::Reader::new(&vex[..], &Limits::default(), &survey).next().unwrap()?;
//! assert!(matches!(first, supply::Event::Vulnerability(found) if found.id == "CVE-2024-1"));
//! # Ok::<(), formats::ReadError>(())
//! ```

mod csaf;
mod cvss;
mod gitlab;
mod grype;
mod openvex;
mod osv;
mod pieces;
mod record;
mod spdx;
mod spdx3;
mod spdx_tags;
mod trivy;

use std::collections::VecDeque;
use std::io::{BufRead, Cursor, Read as _};

use crate::cyclonedx::beginning;
use crate::json::{Json, Value};
use crate::{Format, Limits, ReadError};

pub use record::{Affected, AffectedVersion, Analysis, Component, Event, Finding, Severity, Totals, Vulnerability};

use pieces::{Items, Lists};

/// What is known of a document before its items are read.
#[derive(Debug, Clone, PartialEq)]
pub struct Survey {
    shape: Shape,
    head: Value,
    /// What was kept of items that others need.
    notes: Vec<Value>,
}

/// How a document is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Spdx,
    Spdx3,
    SpdxTags,
    Osv,
    OsvScanner,
    OpenVex,
    Csaf,
    Trivy,
    Grype,
    Gitlab,
}

impl Shape {
    /// The lists that are read item by item, by the members that lead to them; `""` is a list at the top.
    fn lists(self) -> Lists {
        match self {
            Self::Spdx => {
                &["packages", "files", "snippets", "relationships", "annotations", "hasExtractedLicensingInfos"]
            }
            Self::Spdx3 => &["@graph"],
            Self::SpdxTags => &[],
            Self::Osv => &["", "vulns", "vulnerabilities"],
            Self::OsvScanner => &["results.packages"],
            Self::OpenVex => &["statements"],
            Self::Csaf => &["vulnerabilities"],
            Self::Trivy => &[
                "Results.Packages",
                "Results.Vulnerabilities",
                "Results.Misconfigurations",
                "Results.Secrets",
                "Results.Licenses",
                "Results.ExperimentalModifiedFindings",
                "Results.CustomResources",
            ],
            Self::Grype => &["matches", "ignoredMatches"],
            Self::Gitlab => &["vulnerabilities", "remediations", "dependency_files"],
        }
    }

    /// What of an item is to be known before the others are read.
    fn note(self, list: usize, item: &Value) -> Option<Value> {
        match (self, list) {
            (Self::Spdx, 3) => spdx::note(item),
            (Self::Spdx3, 0) => spdx3::note(item),
            (Self::Gitlab, 2) => gitlab::note(item),
            _ => None,
        }
    }

    /// Whether anything is noted of the items of a list.
    fn notes(self, list: usize) -> bool {
        matches!((self, list), (Self::Spdx, 3) | (Self::Spdx3, 0) | (Self::Gitlab, 2))
    }
}

/// Reads the head of a document of one of the formats of this module.
///
/// # Errors
/// When it is not what it is taken for, is cut off, or goes over a bound.
pub fn survey<R: BufRead>(mut inner: R, limits: &Limits, format: Format) -> Result<Survey, ReadError> {
    let mut begins = Vec::new();
    let shape = match format {
        Format::Spdx => {
            begins = beginning(&mut inner)?;
            if matches!(begins.last(), Some(b'{' | b'[')) { Shape::Spdx } else { Shape::SpdxTags }
        }
        Format::Osv => Shape::Osv,
        Format::OsvScanner => Shape::OsvScanner,
        Format::OpenVex => Shape::OpenVex,
        Format::Csaf => Shape::Csaf,
        Format::Trivy => Shape::Trivy,
        Format::Grype => Shape::Grype,
        Format::Gitlab => Shape::Gitlab,
        other => return Err(ReadError::at_line(1, format!("{} is read elsewhere", other.name()))),
    };
    let inner = Cursor::new(begins).chain(inner);
    if shape == Shape::SpdxTags {
        let notes = spdx_tags::subjects(inner, limits)?;
        return Ok(Survey { shape, head: Value::Null, notes });
    }
    // The third edition of SPDX is told by what it calls its list, which need not be near the beginning.
    let mut lists: Vec<(Shape, usize, &str)> =
        shape.lists().iter().enumerate().map(|(at, path)| (shape, at, *path)).collect();
    if shape == Shape::Spdx {
        lists.extend(Shape::Spdx3.lists().iter().enumerate().map(|(at, path)| (Shape::Spdx3, at, *path)));
    }
    let paths: Vec<&str> = lists.iter().map(|(.., path)| *path).collect();
    let mut json = Json::new(inner, limits);
    let (mut notes, mut seen) = (Vec::new(), shape);
    let mut take = |at: usize, item: Option<&Value>| {
        let (shape, list, _) = lists[at];
        if shape == Shape::Spdx3 {
            seen = shape;
        }
        match item {
            None => usize::from(shape.notes(list)),
            Some(item) => match shape.note(list, item) {
                Some(note) => {
                    let kept = pieces::size(&note);
                    notes.push(note);
                    kept
                }
                None => 0,
            },
        }
    };
    let head = pieces::head(&mut json, &paths, limits.max_record_bytes, &mut take)?;
    let survey = Survey { shape: seen, head, notes };
    survey.check().map_err(|reason| json.error(reason))?;
    Ok(survey)
}

impl Survey {
    /// Whether the head is that of the format.
    fn check(&self) -> Result<(), String> {
        if self.shape != Shape::Osv && !matches!(self.head, Value::Object(_)) {
            return Err("the document is no JSON object".to_owned());
        }
        match self.shape {
            Shape::Spdx => spdx::check(&self.head),
            Shape::Spdx3 => spdx3::check(&self.head),
            Shape::Csaf => csaf::check(&self.head),
            Shape::Trivy => trivy::check(&self.head),
            Shape::OpenVex => openvex::check(&self.head),
            Shape::Osv => osv::check(&self.head),
            Shape::SpdxTags | Shape::OsvScanner | Shape::Grype | Shape::Gitlab => Ok(()),
        }
    }

    fn dialect(&self) -> Box<dyn Dialect + '_> {
        match self.shape {
            Shape::Spdx => Box::new(spdx::Spdx::of(&self.head, &self.notes)),
            Shape::Spdx3 => Box::new(spdx3::Spdx3::of(&self.head, &self.notes)),
            Shape::Osv => Box::new(osv::Osv::of(&self.head)),
            Shape::OsvScanner => Box::new(osv::Scanner::of(&self.head)),
            Shape::OpenVex => Box::new(openvex::OpenVex::of(&self.head)),
            Shape::Csaf => Box::new(csaf::Csaf::of(&self.head)),
            Shape::Trivy => Box::new(trivy::Trivy::of(&self.head)),
            Shape::Grype => Box::new(grype::Grype::of(&self.head)),
            Shape::Gitlab => Box::new(gitlab::Gitlab::of(&self.head, &self.notes)),
            Shape::SpdxTags => Box::new(spdx_tags::Nothing),
        }
    }
}

/// What one format makes of its items.
trait Dialect {
    /// Takes an item. `nth` is the place, from 0, of what it lies in.
    fn take(&mut self, list: usize, nth: usize, item: &Value, out: &mut Gathered) -> Result<(), String>;

    /// Is told that there are no more, and completes what was counted.
    fn end(&mut self, out: &mut Gathered) -> Result<(), String>;
}

/// What waits to be handed over, and what was counted.
#[derive(Default)]
struct Gathered {
    waiting: VecDeque<Event>,
    totals: Totals,
}

impl Gathered {
    fn component(&mut self, component: Component) {
        if !component.is_subject {
            self.totals.components += 1;
            self.totals.components_top += 1;
        }
        self.waiting.push_back(Event::Component(Box::new(component)));
    }

    fn vulnerability(&mut self, vulnerability: Vulnerability) {
        self.totals.vulnerabilities += 1;
        self.waiting.push_back(Event::Vulnerability(Box::new(vulnerability)));
    }

    fn finding(&mut self, finding: Finding) {
        self.totals.findings += 1;
        self.waiting.push_back(Event::Finding(Box::new(finding)));
    }
}

/// Yields what a document says, and its totals at the end.
pub struct Reader<'a, R> {
    source: Source<'a, R>,
    gathered: Gathered,
    most: u64,
    ended: bool,
}

enum Source<'a, R> {
    Json(Box<Items<R>>, Box<dyn Dialect + 'a>),
    Tags(Box<spdx_tags::Tags<R>>),
}

impl<'a, R: BufRead> Reader<'a, R> {
    /// Reads the document that `survey` was made of.
    pub fn new(inner: R, limits: &Limits, survey: &'a Survey) -> Self {
        let source = match survey.shape {
            Shape::SpdxTags => Source::Tags(Box::new(spdx_tags::Tags::new(inner, limits, &survey.notes))),
            shape => Source::Json(Box::new(Items::new(inner, limits, shape.lists())), survey.dialect()),
        };
        Self { source, gathered: Gathered::default(), most: limits.max_findings, ended: false }
    }

    fn step(&mut self) -> Result<Event, ReadError> {
        loop {
            if let Some(event) = self.gathered.waiting.pop_front() {
                return Ok(event);
            }
            let finished = match &mut self.source {
                Source::Json(items, dialect) => match items.next()? {
                    Some(item) => {
                        dialect
                            .take(item.list, item.nth, &item.value, &mut self.gathered)
                            .map_err(|reason| items.error(reason))?;
                        false
                    }
                    None => {
                        dialect.end(&mut self.gathered).map_err(|reason| items.error(reason))?;
                        self.gathered.totals.replaced = items.replaced();
                        true
                    }
                },
                Source::Tags(tags) => tags.step(&mut self.gathered)?,
            };
            let totals = &self.gathered.totals;
            if totals.components.max(totals.vulnerabilities).max(totals.findings) > self.most {
                let reason = format!("the document has more than {} entries; split it", self.most);
                return Err(match &self.source {
                    Source::Json(items, _) => items.error(reason),
                    Source::Tags(tags) => tags.error(reason),
                });
            }
            if finished {
                let totals = self.gathered.totals.clone();
                self.gathered.waiting.push_back(Event::Finished(totals));
            }
        }
    }
}

impl<R: BufRead> Iterator for Reader<'_, R> {
    type Item = Result<Event, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let event = self.step();
        self.ended = matches!(event, Err(_) | Ok(Event::Finished(_)));
        Some(event)
    }
}

/// The name of an image without its tag and digest, so that the next build of it is the same.
fn image(name: &str) -> &str {
    let name = name.split('@').next().unwrap_or_default();
    match name.rsplit_once(':') {
        Some((image, tag)) if !tag.contains('/') && !image.is_empty() => image,
        _ => name,
    }
}

/// Texts of a list, or one text that stands in its place.
fn texts(value: Option<&Value>) -> Vec<String> {
    let one = value.and_then(Value::text).into_iter();
    one.chain(value.into_iter().flat_map(|value| value.items().iter().filter_map(Value::text)))
        .map(str::to_owned)
        .collect()
}

/// Whether a name is one that vulnerabilities have everywhere: CVE, GHSA and the like, rather than a rule of a scanner.
#[must_use]
pub fn vulnerability_name(text: &str) -> Option<String> {
    let text = text.trim();
    let upper = text.to_ascii_uppercase();
    let (kind, rest) = upper.split_once('-')?;
    let is_known = match kind {
        "CVE" => {
            let (year, number) = rest.split_once('-')?;
            year.len() == 4
                && number.len() >= 4
                && number.len() <= 19
                && year.bytes().chain(number.bytes()).all(|byte| byte.is_ascii_digit())
        }
        "GHSA" => rest.len() == 14 && rest.split('-').count() == 3 && rest.split('-').all(|part| part.len() == 4),
        "RUSTSEC" | "PYSEC" | "GO" | "MAL" | "OSV" | "GMS" | "HSEC" | "DSA" | "DLA" | "USN" | "RHSA" | "ALSA"
        | "RLSA" | "ELSA" => {
            rest.len() >= 4 && rest.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b':'))
        }
        "DEBIAN" | "UBUNTU" | "ALPINE" => rest.starts_with("CVE-"),
        "TEMP" => rest.starts_with(|c: char| c.is_ascii_digit()) && rest.contains('-'),
        _ => false,
    };
    let is_plain = upper.len() <= 100
        && upper.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b':' | b'.'));
    (is_known && is_plain).then_some(upper)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_vulnerabilities_are_told_from_rules() {
        for name in [
            "CVE-2024-3094",
            "cve-2024-30941",
            "GHSA-rxwq-x6h5-x525",
            "GO-2024-1234",
            "RHSA-2024:1234",
            "DEBIAN-CVE-2024-1",
            "TEMP-0290435-0B57B5",
        ] {
            assert_eq!(vulnerability_name(name), Some(name.to_ascii_uppercase()));
        }
        for rule in ["CWE-79", "CVE-2024", "go-2fa-check", "debian-old-base", "GHSA-short", "rule", "", "MAL-x"] {
            assert_eq!(vulnerability_name(rule), None, "{rule}");
        }
    }

    #[test]
    fn an_image_is_the_same_with_every_tag() {
        for name in ["registry:5000/a/b:1.2", "registry:5000/a/b", "registry:5000/a/b:1@sha256:00"] {
            assert_eq!(image(name), "registry:5000/a/b");
        }
        assert_eq!(image("alpine:3.10"), "alpine");
    }
}
