//! StrictDoc's own text form (`.sdoc`): blocks of fields, sections around them.
//!
//! ```text
//! [REQUIREMENT]
//! UID: A-1
//! TITLE: It stops
//! STATEMENT: >>>
//! The system shall stop.
//! <<<
//! RELATIONS:
//! - TYPE: Parent
//!   VALUE: B-1
//!   ROLE: Refines
//! ```
//!
//! Read: both ways in which sections were written (`[[SECTION]]` and the older `[SECTION]`), free text, nodes of a document's own
//! grammar. Sections and texts only structure the others. A node without a UID goes by its MID, one without either by its title.

use std::io::BufRead;

use super::assign::{assign, note_columns};
use super::profile::Profile;
use super::record::{Attribute, Document, Link, Record, Value};
use super::text;
use crate::xml::shorten;
use crate::{Limits, ReadError};

/// Blocks that say something of the document.
const OF_THE_DOCUMENT: [&str; 3] = ["DOCUMENT", "GRAMMAR", "DOCUMENT_VIEW"];
/// Nodes that structure or explain.
const STRUCTURE: [&str; 3] = ["SECTION", "TEXT", "FREETEXT"];

/// Reads one document.
///
/// # Errors
/// When it does not begin with `[DOCUMENT]`, a text or a section does not end, or it goes over a bound.
pub(crate) fn read(inner: impl BufRead, profile: &Profile, limits: &Limits) -> Result<Document, ReadError> {
    let (text, replaced) = text::whole(inner, limits)?;
    let mut reader = Reader { document: Document { replaced, ..Document::default() }, ..Reader::default() };
    let mut lines = text.lines().enumerate().map(|(at, line)| (at as u64 + 1, line));
    while let Some((number, line)) = lines.next() {
        reader.line(number, line, &mut lines)?;
        if reader.document.records.len() > limits.max_records {
            break;
        }
    }
    reader.end_node();
    if !reader.begun {
        return Err(ReadError::at_line(1, "a StrictDoc document begins with [DOCUMENT]"));
    }
    if let Some((_, tag, line)) = reader.sections.last() {
        return Err(ReadError::at_line(*line, format!("[[{}]] is not closed; close it with [[/{0}]]", shorten(tag))));
    }
    let mut document = reader.document;
    for record in &mut document.records {
        let heading = record.is_heading;
        let kind = record.kind.take();
        assign(record, profile, false);
        // A field called TYPE is an attribute; the kind is the node's own.
        record.kind = kind;
        record.is_heading = heading;
        super::assign::treat(record, profile);
        record.key = None;
    }
    note_columns(&mut document, profile);
    document.finish(limits.max_records)
}

#[derive(Default)]
struct Reader {
    document: Document,
    begun: bool,
    /// Open sections: the record's place, the tag, the line.
    sections: Vec<(usize, String, u64)>,
    /// The node whose fields are being read: an index into the records.
    node: Option<usize>,
    of_document: bool,
    in_relations: bool,
    relation: Option<Relation>,
}

#[derive(Default)]
struct Relation {
    kind: String,
    value: String,
    role: String,
}

impl Reader {
    fn line<'a>(
        &mut self,
        number: u64,
        line: &'a str,
        rest: &mut impl Iterator<Item = (u64, &'a str)>,
    ) -> Result<(), ReadError> {
        let trimmed = line.trim_end();
        if let Some(tag) = tag(trimmed, "[[/", "]]").or_else(|| tag(trimmed, "[/", "]")) {
            return self.close(number, tag);
        }
        if let Some(name) = tag(trimmed, "[[", "]]") {
            self.open(number, name, true);
            return Ok(());
        }
        if let Some(name) = tag(trimmed, "[", "]") {
            self.open(number, name, matches!(name, "SECTION" | "COMPOSITE_REQUIREMENT"));
            if name == "FREETEXT" {
                let text = until(number, rest, "[/FREETEXT]")?;
                self.field(number, "STATEMENT", &text);
            }
            return Ok(());
        }
        if trimmed.trim().is_empty()
            || (self.of_document
                && !trimmed.starts_with("TITLE:")
                && !trimmed.starts_with("UID:")
                && !trimmed.starts_with("VERSION:"))
        {
            return Ok(());
        }
        if self.in_relations && (trimmed.starts_with('-') || trimmed.starts_with(' ')) {
            self.relation(trimmed.trim_start_matches('-').trim());
            return Ok(());
        }
        let Some((name, value)) = trimmed.split_once(':').filter(|(name, _)| is_name(name)) else {
            if !self.begun {
                return Err(ReadError::at_line(number, "a StrictDoc document begins with [DOCUMENT]"));
            }
            return Err(ReadError::at_line(
                number,
                format!("`{}` is neither a field (NAME: value) nor a block ([NAME])", shorten(trimmed)),
            ));
        };
        self.end_relation();
        let value = value.trim();
        if matches!(name, "RELATIONS" | "REFS") && value.is_empty() {
            self.in_relations = true;
            return Ok(());
        }
        self.in_relations = false;
        if value == ">>>" {
            let text = until(number, rest, "<<<")?;
            self.field(number, name, &text);
        } else {
            self.field(number, name, value);
        }
        Ok(())
    }

    fn open(&mut self, number: u64, name: &str, is_composite: bool) {
        self.end_node();
        self.document.count(name, 1);
        self.begun |= name == "DOCUMENT";
        self.of_document = OF_THE_DOCUMENT.contains(&name);
        if self.of_document {
            return;
        }
        let parent = self.sections.last().map(|(at, _, _)| *at);
        let record = Record {
            kind: Some(name.to_owned()),
            is_heading: STRUCTURE.contains(&name),
            // For now the place of the parent; its identifier may not have been read yet.
            parent: parent.map(|at| at.to_string()),
            line: number,
            ..Record::default()
        };
        self.document.records.push(record);
        let at = self.document.records.len() - 1;
        self.node = Some(at);
        if is_composite {
            self.sections.push((at, name.to_owned(), number));
        }
    }

    fn close(&mut self, number: u64, name: &str) -> Result<(), ReadError> {
        self.end_node();
        match self.sections.pop() {
            Some((_, open, _)) if open == name => Ok(()),
            _ => Err(ReadError::at_line(number, format!("[[/{}]] closes nothing", shorten(name)))),
        }
    }

    fn field(&mut self, _number: u64, name: &str, value: &str) {
        if self.of_document {
            match name {
                "TITLE" => self.document.title = Some(value.to_owned()),
                "UID" => self.document.identifier = Some(value.to_owned()),
                _ => {}
            }
            return;
        }
        let Some(at) = self.node else { return };
        if matches!(name, "UID" | "STATEMENT") {
            self.document.count(name, 1);
        }
        let record = &mut self.document.records[at];
        if !value.trim().is_empty() {
            record.attributes.push(Attribute { name: name.to_owned(), value: Value::Text(value.trim().to_owned()) });
        }
    }

    fn relation(&mut self, text: &str) {
        let Some((name, value)) = text.split_once(':') else { return };
        if name.trim() == "TYPE" {
            self.end_relation();
            self.relation = Some(Relation { kind: value.trim().to_owned(), ..Relation::default() });
        }
        let Some(relation) = &mut self.relation else { return };
        match name.trim() {
            "VALUE" | "PATH" => value.trim().clone_into(&mut relation.value),
            "ROLE" => value.trim().clone_into(&mut relation.role),
            _ => {}
        }
    }

    fn end_relation(&mut self) {
        let (Some(relation), Some(at)) = (self.relation.take(), self.node) else { return };
        if relation.value.is_empty() {
            return;
        }
        self.document.count(&format!("{} relations", relation.kind), 1);
        let record = &mut self.document.records[at];
        if relation.kind == "File" {
            record.attachments.push(relation.value);
            return;
        }
        let kind = if relation.role.is_empty() { relation.kind.clone() } else { relation.role };
        record.links.push(Link { kind, target: relation.value, is_inward: relation.kind == "Child" });
    }

    /// The fields of a node have all been read: it gets its identifier.
    fn end_node(&mut self) {
        self.end_relation();
        self.in_relations = false;
        self.of_document = false;
        let Some(at) = self.node.take() else { return };
        let above = self.document.records[at].parent.take().and_then(|place| place.parse::<usize>().ok());
        let parent = above.and_then(|place| self.document.records.get(place)).map(|above| above.identifier.clone());
        let record = &mut self.document.records[at];
        let named = ["UID", "MID", "TITLE", "STATEMENT"].into_iter().find_map(|name| record.attribute(name));
        record.identifier = match named {
            Some(name) => name.chars().take(500).collect(),
            None => format!("line {}", record.line),
        };
        record.parent = parent.filter(|parent| *parent != record.identifier);
    }
}

/// The name in `[NAME]` and the like.
fn tag<'a>(line: &'a str, open: &str, close: &str) -> Option<&'a str> {
    line.strip_prefix(open)?.strip_suffix(close).filter(|name| is_name(name))
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 100
        && text.starts_with(|c: char| c.is_ascii_uppercase())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-' | b' '))
}

/// The lines up to the one that is the mark.
fn until<'a>(begun: u64, lines: &mut impl Iterator<Item = (u64, &'a str)>, mark: &str) -> Result<String, ReadError> {
    let mut text = String::new();
    for (_, line) in lines {
        if line.trim_end() == mark {
            return Ok(text);
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    Err(ReadError::at_line(begun, format!("a text does not end; close it with a line of {mark}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(text: &str) -> Result<Document, ReadError> {
        read(text.as_bytes(), &Profile::default(), &Limits::default())
    }

    #[test]
    fn a_document_with_sections_texts_and_relations() {
        let text = "[DOCUMENT]\nTITLE: D\n\n[GRAMMAR]\nELEMENTS:\n- TAG: REQUIREMENT\n  FIELDS:\n  - TITLE: UID\n\n[[SECTION]]\nTITLE: S\n\n\
            [TEXT]\nSTATEMENT: >>>\n[not a block\n<<<\n\n[REQUIREMENT]\nUID: A-1\nSTATUS: Active\nTITLE: It stops\nSTATEMENT: >>>\nIt shall\n\nstop.\n<<<\n\
            RELATIONS:\n- TYPE: Parent\n  VALUE: B-1\n  ROLE: Refines\n- TYPE: File\n  VALUE: src/a.c\n\n[[/SECTION]]\n\n[REQUIREMENT]\nMID: 77\nSTATEMENT: Two.\n";
        let document = document(text).expect("readable");
        let shown: Vec<_> = document
            .records
            .iter()
            .map(|one| (one.identifier.as_str(), one.is_heading, one.parent.as_deref()))
            .collect();
        assert_eq!(
            shown,
            [("S", true, None), ("[not a block", true, Some("S")), ("A-1", false, Some("S")), ("77", false, None)]
        );
        let one = &document.records[2];
        assert_eq!(
            (one.title.as_str(), one.text.as_str(), one.status.as_deref()),
            ("It stops", "It shall\n\nstop.", Some("Active"))
        );
        assert_eq!(one.links, [Link { kind: "Refines".into(), target: "B-1".into(), is_inward: false }]);
        assert_eq!(one.attachments, ["src/a.c"]);
        assert_eq!(document.title.as_deref(), Some("D"));
    }

    #[test]
    fn the_older_form_is_read_too() {
        let text = "[DOCUMENT]\nTITLE: D\n\n[SECTION]\nTITLE: S\n\n[FREETEXT]\nfree: text\n[/FREETEXT]\n\n[REQUIREMENT]\nUID: A\nSTATEMENT: s\nREFS:\n- TYPE: Parent\n  VALUE: B\n\n[/SECTION]\n";
        let document = document(text).expect("readable");
        assert_eq!(document.records[2].links[0].target, "B");
        assert_eq!(document.records.len(), 3);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        let line = |text: &str| document(text).expect_err("refused").line;
        assert_eq!(line("hello\n"), 1);
        assert_eq!(line("[DOCUMENT]\nTITLE: D\n\n[REQUIREMENT]\nSTATEMENT: >>>\nopen\n"), 5);
        assert_eq!(line("[DOCUMENT]\nTITLE: D\n\n[[SECTION]]\nTITLE: S\n"), 4);
        assert_eq!(line("[DOCUMENT]\nTITLE: D\n\n[[/SECTION]]\n"), 4);
        assert_eq!(line("[DOCUMENT]\nTITLE: D\n\n[REQUIREMENT]\nno field\n"), 5);
    }
}
