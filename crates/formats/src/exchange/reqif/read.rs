//! Reading.

use std::collections::{HashMap, HashSet};
use std::io::BufRead;

use super::super::assign::{assign, note_columns};
use super::super::dom::Element;
use super::super::markup;
use super::super::profile::Profile;
use super::super::record::{Attribute, Document, Link, Record, Value};
use super::Frame;
use super::types::{Types, reference};
use crate::xml::{Token, Xml};
use crate::{Limits, ReadError};

/// Names of elements that are counted.
const COUNTED: [&str; 16] = [
    "SPEC-OBJECT",
    "SPEC-RELATION",
    "SPECIFICATION",
    "SPEC-HIERARCHY",
    "SPEC-OBJECT-TYPE",
    "SPEC-RELATION-TYPE",
    "SPECIFICATION-TYPE",
    "ENUM-VALUE",
    "ATTRIBUTE-VALUE-XHTML",
    "ATTRIBUTE-VALUE-STRING",
    "ATTRIBUTE-VALUE-ENUMERATION",
    "ATTRIBUTE-VALUE-INTEGER",
    "ATTRIBUTE-VALUE-REAL",
    "ATTRIBUTE-VALUE-DATE",
    "ATTRIBUTE-VALUE-BOOLEAN",
    "RELATION-GROUP",
];

/// Reads one ReqIF document.
///
/// # Errors
/// When it is no ReqIF, is cut off, or goes over a bound.
pub(crate) fn read(inner: impl BufRead, profile: &Profile, limits: &Limits) -> Result<Document, ReadError> {
    let mut reader = Reader {
        xml: Xml::new(inner, limits),
        left: limits.max_exchange_bytes,
        document: Document::default(),
        frame: Frame::default(),
        types: Types::default(),
        objects: Vec::new(),
        relations: Vec::new(),
        hierarchy: Vec::new(),
    };
    reader.whole()?;
    reader.finish(profile, limits)
}

struct Relation {
    kind: Option<String>,
    source: String,
    target: String,
}

/// A place of an object: which one, and below which.
struct Place {
    object: String,
    parent: Option<String>,
}

struct Reader<R> {
    xml: Xml<R>,
    left: usize,
    document: Document,
    frame: Frame,
    types: Types,
    objects: Vec<(u64, Element)>,
    relations: Vec<Relation>,
    hierarchy: Vec<Place>,
}

impl<R: BufRead> Reader<R> {
    fn whole(&mut self) -> Result<(), ReadError> {
        if self.xml.next()? != Token::Start || self.xml.name() != "REQ-IF" {
            return Err(self.xml.error("the root of a ReqIF document is <REQ-IF>"));
        }
        self.xml.full_name().clone_into(&mut self.frame.root_name);
        self.frame.root = self.xml.attributes().map(|(name, value)| (name.to_owned(), value.into_owned())).collect();
        loop {
            match self.xml.next()? {
                Token::Start => self.element()?,
                Token::End | Token::Text => {}
                Token::Finished => return Ok(()),
            }
        }
    }

    fn element(&mut self) -> Result<(), ReadError> {
        let line = self.xml.tag_line();
        match self.xml.name() {
            // What only holds others is stepped into.
            "THE-HEADER" | "CORE-CONTENT" | "REQ-IF-CONTENT" | "SPEC-OBJECTS" | "SPEC-RELATIONS" | "SPECIFICATIONS" => {
            }
            "REQ-IF-HEADER" => {
                let header = self.take()?;
                self.document.identifier = header.attribute("IDENTIFIER").map(str::to_owned);
                self.document.title = header.text_of("TITLE");
                self.document.tool = header.text_of("SOURCE-TOOL-ID").or_else(|| header.text_of("REQ-IF-TOOL-ID"));
                self.frame.header = Some(header.to_xml());
            }
            "DATATYPES" => {
                let datatypes = self.take()?;
                self.types.take_datatypes(&datatypes);
                self.frame.datatypes = Some(datatypes.to_xml());
            }
            "SPEC-TYPES" => {
                let types = self.take()?;
                self.types.take_types(&types);
                self.frame.types = Some(types.to_xml());
            }
            "SPEC-OBJECT" => {
                let object = self.take()?;
                self.objects.push((line, object));
            }
            "SPEC-RELATION" => {
                let relation = self.take()?;
                if let (Some(source), Some(target)) = (reference(&relation, "SOURCE"), reference(&relation, "TARGET")) {
                    self.relations.push(Relation { kind: reference(&relation, "TYPE"), source, target });
                }
                self.frame.relations.push(relation.to_xml());
            }
            "SPECIFICATION" => {
                let specification = self.take()?;
                if let Some(children) = specification.child("CHILDREN") {
                    place(children, None, &mut self.hierarchy);
                }
                self.frame.specifications.push(specification.to_xml());
            }
            "SPEC-RELATION-GROUPS" => self.frame.groups = Some(self.take()?.to_xml()),
            "TOOL-EXTENSIONS" => self.frame.extensions = Some(self.take()?.to_xml()),
            _ => {
                self.take()?;
            }
        }
        Ok(())
    }

    /// The element that has just begun, whole, its parts counted.
    fn take(&mut self) -> Result<Element, ReadError> {
        let totals = &mut self.document.totals;
        Element::read(&mut self.xml, &mut self.left, &mut |name| {
            if COUNTED.contains(&name) {
                *totals.entry(name.to_ascii_lowercase()).or_default() += 1;
            }
        })
    }

    fn finish(mut self, profile: &Profile, limits: &Limits) -> Result<Document, ReadError> {
        let objects = std::mem::take(&mut self.objects);
        let mut records: Vec<Record> =
            objects.into_iter().enumerate().map(|(at, (line, object))| self.record(at, line, &object)).collect();
        for record in &mut records {
            assign(record, profile, true);
        }
        self.relate(&mut records);
        self.order(&mut records);
        let mut document = self.document;
        document.replaced = self.xml.replaced();
        document.records = records;
        note_columns(&mut document, profile);
        document.frame = Some(self.frame);
        document.finish(limits.max_records)
    }

    fn record(&mut self, at: usize, line: u64, object: &Element) -> Record {
        let identifier = object.attribute("IDENTIFIER").map(str::trim).unwrap_or_default();
        if identifier.is_empty() {
            self.document.refuse(
                line,
                None,
                Some("IDENTIFIER"),
                "a SPEC-OBJECT has no IDENTIFIER; export the file again",
            );
        }
        let mut record = Record {
            identifier: if identifier.is_empty() { format!("object {}", at + 1) } else { identifier.to_owned() },
            kind: reference(object, "TYPE").and_then(|kind| self.types.kind(&kind)),
            line,
            ..Record::default()
        };
        for name in ["LONG-NAME", "DESC"] {
            let Some(text) = object.attribute(name).map(str::trim).filter(|text| !text.is_empty()) else { continue };
            match name {
                "LONG-NAME" => text.clone_into(&mut record.title),
                _ => record.text = text.to_owned(),
            }
        }
        // A description is a text only when no attribute is one.
        let described = std::mem::take(&mut record.text);
        for value in object.child("VALUES").into_iter().flat_map(Element::elements) {
            let definition = reference(value, "DEFINITION").unwrap_or_default();
            let name = self.types.attribute(&definition);
            if let Some(value) = self.value(value, &mut record.attachments) {
                record.attributes.push(Attribute { name, value });
            }
        }
        if !described.is_empty() {
            record.attributes.push(Attribute { name: "DESC".to_owned(), value: Value::Text(described) });
        }
        record.source = Some(object.to_xml());
        record
    }

    fn value(&self, element: &Element, attachments: &mut Vec<String>) -> Option<Value> {
        let plain = || element.attribute("THE-VALUE").map(str::to_owned).or_else(|| element.text_of("THE-VALUE"));
        Some(match element.local() {
            "ATTRIBUTE-VALUE-XHTML" => {
                let (text, embedded) = markup::plain(element.child("THE-VALUE")?);
                attachments.extend(embedded);
                Value::Formatted(text)
            }
            "ATTRIBUTE-VALUE-ENUMERATION" => {
                let words = element.child("VALUES").into_iter().flat_map(Element::elements);
                Value::Choice(words.map(|word| self.types.word(word.text().trim())).collect())
            }
            "ATTRIBUTE-VALUE-INTEGER" | "ATTRIBUTE-VALUE-REAL" => Value::Number(plain()?),
            "ATTRIBUTE-VALUE-DATE" => Value::Date(plain()?),
            "ATTRIBUTE-VALUE-BOOLEAN" => Value::Flag(matches!(plain()?.trim(), "true" | "1")),
            "ATTRIBUTE-VALUE-STRING" => Value::Text(plain()?),
            _ => return None,
        })
    }

    /// Relations become links of their source; those that lead nowhere are counted and kept with the document.
    fn relate(&mut self, records: &mut [Record]) {
        let mut known: HashMap<String, usize> = HashMap::with_capacity(records.len());
        for (at, record) in records.iter().enumerate() {
            known.insert(record.identifier.clone(), at);
        }
        let mut missing = self.hierarchy.iter().filter(|place| !known.contains_key(&place.object)).count() as u64;
        for relation in std::mem::take(&mut self.relations) {
            let ends = (known.get(&relation.source), known.contains_key(&relation.target));
            missing += u64::from(ends.0.is_none()) + u64::from(!ends.1);
            if let (Some(&at), true) = ends {
                let kind = relation.kind.map(|kind| self.types.kind(&kind).unwrap_or(kind)).unwrap_or_default();
                records[at].links.push(Link { kind, target: relation.target, is_inward: false });
            }
        }
        if missing > 0 {
            self.document.count("refs_to_missing_objects", missing);
            self.document.warnings.push(format!(
                "{missing} references lead to objects that the file does not hold; they are kept as they are and mean nothing here"
            ));
        }
    }

    /// Puts records in the order of the hierarchy, below what they stand below; those that stand nowhere come last.
    fn order(&mut self, records: &mut Vec<Record>) {
        let mut known: HashMap<String, usize> = HashMap::with_capacity(records.len());
        for (at, record) in records.iter().enumerate() {
            known.entry(record.identifier.clone()).or_insert(at);
        }
        let mut taken: Vec<Option<Record>> = std::mem::take(records).into_iter().map(Some).collect();
        let mut placed: HashSet<usize> = HashSet::new();
        for place in std::mem::take(&mut self.hierarchy) {
            let Some(&at) = known.get(&place.object) else { continue };
            if let Some(mut record) = taken[at].take() {
                placed.insert(at);
                // A parent that an attribute names counts more than the place.
                record.parent =
                    record.parent.take().or_else(|| place.parent.filter(|parent| known.contains_key(parent)));
                records.push(record);
            }
        }
        let rest: Vec<Record> = taken.into_iter().flatten().collect();
        if !rest.is_empty() {
            self.document.count("objects_not_in_any_hierarchy", rest.len() as u64);
        }
        records.extend(rest);
    }
}

/// Places of objects, depth first.
fn place(children: &Element, parent: Option<&str>, places: &mut Vec<Place>) {
    for hierarchy in children.elements().filter(|element| element.local() == "SPEC-HIERARCHY") {
        let object = reference(hierarchy, "OBJECT");
        if let Some(object) = &object {
            places.push(Place { object: object.clone(), parent: parent.map(str::to_owned) });
        }
        if let Some(children) = hierarchy.child("CHILDREN") {
            place(children, object.as_deref().or(parent), places);
        }
    }
}
