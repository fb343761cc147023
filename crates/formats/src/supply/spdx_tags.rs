//! SPDX 2.x as tags and values: `PackageName: a`, line by line; a text between `<text>` and `</text>` may have several lines.

use std::io::BufRead;

use super::spdx::{check_version, described, licences};
use super::{Component, Dialect, Gathered};
use crate::decode::Text;
use crate::json::Value;
use crate::{Limits, ReadError};

/// Lines as tags with their values.
struct Lines<R> {
    text: Text<R>,
    buffer: String,
    position: usize,
    line: u64,
    ended: bool,
    most: usize,
}

impl<R: BufRead> Lines<R> {
    fn new(inner: R, limits: &Limits) -> Self {
        let text = Text::new(inner, limits);
        Self { text, buffer: String::new(), position: 0, line: 0, ended: false, most: limits.max_tag_bytes }
    }

    fn error(&self, reason: impl Into<String>) -> ReadError {
        ReadError::at_line(self.line.max(1), reason)
    }

    fn line(&mut self) -> Result<Option<String>, ReadError> {
        loop {
            if let Some(length) = memchr::memchr(b'\n', &self.buffer.as_bytes()[self.position..]) {
                let line = self.buffer[self.position..self.position + length].to_owned();
                self.position += length + 1;
                self.line += 1;
                return Ok(Some(line));
            }
            if self.ended {
                let rest = self.buffer[self.position..].to_owned();
                self.position = self.buffer.len();
                self.line += u64::from(!rest.is_empty());
                return Ok(Some(rest).filter(|rest| !rest.is_empty()));
            }
            self.buffer.drain(..self.position);
            self.position = 0;
            if self.buffer.len() > self.most {
                return Err(self.error(format!("a line is longer than {} bytes", self.most)));
            }
            self.ended = !self.text.read_into(&mut self.buffer)?;
        }
    }

    /// The next tag and its value. Of a text of several lines the beginning is kept.
    fn next(&mut self) -> Result<Option<(String, String)>, ReadError> {
        while let Some(line) = self.line()? {
            let line = line.trim_start_matches('\u{FEFF}').trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let Some((tag, value)) = line.split_once(':') else {
                return Err(self.error("a line is neither `Tag: value` nor a comment"));
            };
            let mut value = value.trim().to_owned();
            if let Some(begun) = value.strip_prefix("<text>") {
                let mut text = begun.to_owned();
                while !text.contains("</text>") {
                    let Some(line) = self.line()? else {
                        return Err(self.error("a <text> does not end; the file was cut off"));
                    };
                    if text.len() < self.most || line.contains("</text>") {
                        text.push('\n');
                        text.push_str(&line);
                    }
                }
                value = text.split("</text>").next().unwrap_or_default().trim().to_owned();
            }
            return Ok(Some((tag.trim().to_owned(), value)));
        }
        Ok(None)
    }
}

/// What the document describes, from its relationships.
pub(super) fn subjects<R: BufRead>(inner: R, limits: &Limits) -> Result<Vec<Value>, ReadError> {
    let (mut lines, mut all) = (Lines::new(inner, limits), Vec::new());
    while let Some((tag, value)) = lines.next()? {
        if let Some(id) = relationship(&tag, &value) {
            all.push(Value::Text(id));
            if all.len() > 100_000 {
                return Err(lines.error("the document describes more than 100,000 things"));
            }
        }
    }
    Ok(all)
}

fn relationship(tag: &str, value: &str) -> Option<String> {
    let words: Vec<&str> = value.split_whitespace().collect();
    match (tag, &words[..]) {
        ("Relationship", [from, kind, to, ..]) => described(from, kind, to).map(str::to_owned),
        _ => None,
    }
}

/// What is written of one package.
#[derive(Default)]
struct Package {
    component: Component,
    concluded: Option<String>,
    declared: Option<String>,
}

pub(super) struct Tags<R> {
    lines: Lines<R>,
    subject: Option<String>,
    package: Option<Package>,
    version: Option<String>,
}

impl<R: BufRead> Tags<R> {
    pub(super) fn new(inner: R, limits: &Limits, notes: &[Value]) -> Self {
        let mut all: Vec<&str> = notes.iter().filter_map(Value::text).collect();
        all.sort_unstable();
        all.dedup();
        let subject = if let [one] = all[..] { Some(one.to_owned()) } else { None };
        Self { lines: Lines::new(inner, limits), subject, package: None, version: None }
    }

    pub(super) fn error(&self, reason: impl Into<String>) -> ReadError {
        self.lines.error(reason)
    }

    /// Reads one tag. True: that was the end.
    pub(super) fn step(&mut self, out: &mut Gathered) -> Result<bool, ReadError> {
        let Some((tag, value)) = self.lines.next()? else {
            self.finish(out);
            let version = self.version.as_deref().unwrap_or_default();
            check_version(version).map_err(|reason| self.error(reason))?;
            out.totals.spec_version = version.to_owned();
            out.totals.replaced = self.lines.text.replaced();
            return Ok(true);
        };
        match tag.as_str() {
            "SPDXVersion" => self.version = Some(value),
            "DocumentNamespace" => out.totals.serial_number = Some(value),
            "Relationship" => out.totals.dependencies += 1,
            "PackageName" => {
                self.finish(out);
                self.package = Some(Package {
                    component: Component { name: value, ..Component::default() },
                    ..Package::default()
                });
            }
            // What follows is no longer about a package.
            "FileName" | "SnippetSPDXID" | "LicenseID" | "Annotator" | "Reviewer" => self.finish(out),
            _ => self.of_package(&tag, value),
        }
        Ok(false)
    }

    fn of_package(&mut self, tag: &str, value: String) {
        let Some(package) = &mut self.package else { return };
        match tag {
            "SPDXID" => package.component.reference = Some(value),
            "PackageVersion" => {
                package.component.version = Some(value).filter(|value| value != "NOASSERTION" && !value.is_empty())
            }
            "PrimaryPackagePurpose" => package.component.kind = value.to_lowercase().replace('_', "-"),
            "PackageLicenseConcluded" => package.concluded = Some(value),
            "PackageLicenseDeclared" => package.declared = Some(value),
            "ExternalRef" => {
                let words: Vec<&str> = value.split_whitespace().collect();
                if let [_, kind, locator] = words[..]
                    && (kind == "purl" || kind.ends_with("/purl"))
                {
                    package.component.purl.get_or_insert(locator.to_owned());
                }
            }
            _ => {}
        }
    }

    fn finish(&mut self, out: &mut Gathered) {
        let Some(package) = self.package.take() else { return };
        let mut component = package.component;
        component.licences = licences(package.concluded.as_deref(), package.declared.as_deref());
        if component.reference.is_some() && component.reference == self.subject {
            out.totals.subject = Some((component.name.clone(), component.version.clone()));
        }
        out.component(component);
    }
}

/// Tags have a reader of their own.
pub(super) struct Nothing;

impl Dialect for Nothing {
    fn take(&mut self, _: usize, _: usize, _: &Value, _: &mut Gathered) -> Result<(), String> {
        Ok(())
    }

    fn end(&mut self, _: &mut Gathered) -> Result<(), String> {
        Ok(())
    }
}
