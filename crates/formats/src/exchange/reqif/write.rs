//! Writing: a document as it came, with what has changed since, and what is new.

use std::collections::{HashMap, HashSet};
use std::io::Write;

use super::super::dom::{Element, Node, escape};
use super::Frame;
use super::types::{Types, reference};

/// Namespaces.
const REQIF: &str = "http://www.omg.org/spec/ReqIF/20110401/reqif.xsd";
const XHTML: &str = "http://www.w3.org/1999/xhtml";

/// Identifiers of the types that new requirements have.
const STRING: &str = "throughline-string";
const FORMATTED: &str = "throughline-xhtml";
const OBJECT: &str = "throughline-requirement";
const RELATION: &str = "throughline-link";
const SPECIFICATION: &str = "throughline-document";
/// Attributes of a new requirement: identifier, what it is called, whether it is formatted.
const ATTRIBUTES: [(&str, &str, bool); 5] = [
    ("throughline-foreign-id", "ReqIF.ForeignID", false),
    ("throughline-name", "ReqIF.Name", false),
    ("throughline-text", "ReqIF.Text", true),
    ("throughline-status", "Status", false),
    ("throughline-priority", "Priority", false),
];

/// A text of a kept object that differs from what the file said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The name of the attribute it stands in; None: the object's own name.
    pub attribute: Option<String>,
    /// What it says now.
    pub text: String,
}

/// A requirement that no file brought.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fresh {
    /// Unique in the file.
    pub identifier: String,
    /// What people call it.
    pub key: String,
    /// In one line.
    pub title: String,
    /// In full.
    pub text: String,
    /// Where it stands.
    pub status: String,
    /// How urgent it is.
    pub priority: String,
    /// When it last changed, RFC 3339.
    pub changed_at: String,
}

/// An object on its way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outgoing {
    /// As it came, but for these changes.
    Kept {
        /// The object as it was written.
        source: String,
        /// What says something else now.
        changes: Vec<Change>,
        /// When, RFC 3339.
        changed_at: String,
    },
    /// A new one.
    Fresh(Fresh),
}

/// Writes one document, object by object.
pub struct Writer<W> {
    out: W,
    frame: Frame,
    types: Types,
    /// What each attribute of the kept types is called, by identifier.
    fresh: Vec<(String, String)>,
    now: String,
    placed: HashSet<String>,
}

impl<W: Write> Writer<W> {
    /// Begins a document: `frame` as it came, or a new one under this title. Only with `adds` it gets the types that new
    /// requirements and links have, so that a document to which nothing was added goes out as it came.
    ///
    /// # Errors
    /// When writing fails.
    pub fn new(mut out: W, frame: Option<Frame>, adds: bool, title: &str, now: &str) -> std::io::Result<Self> {
        let frame = frame.unwrap_or_else(|| Frame::fresh(title, now));
        let mut types = Types::default();
        for (text, takes) in [(&frame.datatypes, true), (&frame.types, false)] {
            if let Some(element) = text.as_deref().and_then(|text| Element::parse(text).ok()) {
                if takes { types.take_datatypes(&element) } else { types.take_types(&element) }
            }
        }
        let root = Element { name: frame.root_name.clone(), attributes: frame.root.clone(), children: Vec::new() };
        let mut head = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        root.open(&mut head);
        let of = |name: &str| frame.prefixed(name);
        if let Some(header) = &frame.header {
            head.push_str(&format!("<{0}>{header}</{0}>", of("THE-HEADER")));
        }
        head.push_str(&format!("<{}><{}>", of("CORE-CONTENT"), of("REQ-IF-CONTENT")));
        out.write_all(head.as_bytes())?;
        out.write_all(frame.types_of("DATATYPES", adds).as_bytes())?;
        out.write_all(frame.types_of("SPEC-TYPES", adds).as_bytes())?;
        out.write_all(format!("<{}>", of("SPEC-OBJECTS")).as_bytes())?;
        Ok(Self { out, frame, types, fresh: Vec::new(), now: now.to_owned(), placed: HashSet::new() })
    }

    /// Writes an object.
    ///
    /// # Errors
    /// When writing fails, or what was kept is no object.
    pub fn object(&mut self, object: &Outgoing) -> std::io::Result<()> {
        match object {
            Outgoing::Kept { source, changes, changed_at } => {
                if changes.is_empty() {
                    return self.out.write_all(source.as_bytes());
                }
                let mut element = Element::parse(source)
                    .map_err(|error| std::io::Error::new(std::io::ErrorKind::InvalidData, error.reason))?;
                for change in changes {
                    self.change(&mut element, change);
                }
                element.set_attribute("LAST-CHANGE", changed_at);
                self.out.write_all(element.to_xml().as_bytes())
            }
            Outgoing::Fresh(fresh) => {
                let text = self.fresh_object(fresh);
                self.fresh.push((fresh.identifier.clone(), fresh.changed_at.clone()));
                self.out.write_all(text.as_bytes())
            }
        }
    }

    fn change(&self, object: &mut Element, change: &Change) {
        let Some(attribute) = &change.attribute else {
            object.set_attribute("LONG-NAME", &change.text);
            return;
        };
        if attribute == "DESC" {
            object.set_attribute("DESC", &change.text);
            return;
        }
        let types = &self.types;
        let prefix = self.frame.xhtml_prefix();
        let Some(values) = object.child_mut("VALUES") else { return };
        for node in &mut values.children {
            let Node::Element(value) = node else { continue };
            let Some(definition) = reference(value, "DEFINITION") else { continue };
            if types.attribute(&definition) != *attribute {
                continue;
            }
            if value.local() == "ATTRIBUTE-VALUE-XHTML" {
                if let Some(inside) = value.child_mut("THE-VALUE") {
                    inside.children = vec![Node::Element(formatted(&change.text, &prefix))];
                }
            } else {
                value.set_attribute("THE-VALUE", &change.text);
            }
            return;
        }
    }

    fn fresh_object(&self, fresh: &Fresh) -> String {
        let of = |name: &str| self.frame.prefixed(name);
        let mut values = Element::new(&of("VALUES"));
        let texts = [&fresh.key, &fresh.title, &fresh.text, &fresh.status, &fresh.priority];
        for ((identifier, _, is_formatted), text) in ATTRIBUTES.iter().zip(texts) {
            if text.is_empty() {
                continue;
            }
            let kind = if *is_formatted { "XHTML" } else { "STRING" };
            let mut value = Element::new(&of(&format!("ATTRIBUTE-VALUE-{kind}")));
            let definition = self.node(&format!("ATTRIBUTE-DEFINITION-{kind}-REF"), identifier);
            if *is_formatted {
                let mut inside = Element::new(&of("THE-VALUE"));
                inside.children.push(Node::Element(formatted(text, &self.frame.xhtml_prefix())));
                value.children.push(self.around("DEFINITION", definition));
                value.children.push(Node::Element(inside));
            } else {
                value.set_attribute("THE-VALUE", text);
                value.children.push(self.around("DEFINITION", definition));
            }
            values.children.push(Node::Element(value));
        }
        let mut object = Element::new(&of("SPEC-OBJECT"));
        object.set_attribute("IDENTIFIER", &fresh.identifier);
        object.set_attribute("LAST-CHANGE", &fresh.changed_at);
        object.set_attribute("LONG-NAME", &fresh.title);
        object.children.push(self.around("TYPE", self.node("SPEC-OBJECT-TYPE-REF", OBJECT)));
        object.children.push(Node::Element(values));
        object.to_xml()
    }

    /// An element with a text.
    fn node(&self, name: &str, text: &str) -> Node {
        let mut element = Element::new(&self.frame.prefixed(name));
        element.children.push(Node::Text(text.to_owned()));
        Node::Element(element)
    }

    fn around(&self, name: &str, inner: Node) -> Node {
        let mut element = Element::new(&self.frame.prefixed(name));
        element.children.push(inner);
        Node::Element(element)
    }

    /// Ends the document. `links` are new relations (type, source, target); `parents` says which object a new one stands below.
    ///
    /// # Errors
    /// When writing fails.
    pub fn finish(
        mut self,
        links: &[(String, String, String)],
        parents: &HashMap<String, String>,
    ) -> std::io::Result<W> {
        let frame = self.frame.clone();
        let of = |name: &str| frame.prefixed(name);
        let mut rest = format!("</{}><{}>", of("SPEC-OBJECTS"), of("SPEC-RELATIONS"));
        for relation in &self.frame.relations {
            rest.push_str(relation);
        }
        for (kind, source, target) in links {
            let mut relation = Element::new(&of("SPEC-RELATION"));
            relation.set_attribute("IDENTIFIER", &format!("{source}-{kind}-{target}"));
            relation.set_attribute("LAST-CHANGE", &self.now);
            relation.set_attribute("LONG-NAME", kind);
            relation.children.push(self.around("SOURCE", self.node("SPEC-OBJECT-REF", source)));
            relation.children.push(self.around("TARGET", self.node("SPEC-OBJECT-REF", target)));
            relation.children.push(self.around("TYPE", self.node("SPEC-RELATION-TYPE-REF", RELATION)));
            relation.write(&mut rest);
        }
        rest.push_str(&format!("</{}><{}>", of("SPEC-RELATIONS"), of("SPECIFICATIONS")));
        let mut specifications: Vec<Element> =
            self.frame.specifications.iter().filter_map(|text| Element::parse(text).ok()).collect();
        self.place_fresh(&mut specifications, parents);
        for specification in &specifications {
            specification.write(&mut rest);
        }
        rest.push_str(&format!("</{}>", of("SPECIFICATIONS")));
        rest.push_str(self.frame.groups.as_deref().unwrap_or_default());
        rest.push_str(&format!("</{}></{}>", of("REQ-IF-CONTENT"), of("CORE-CONTENT")));
        rest.push_str(self.frame.extensions.as_deref().unwrap_or_default());
        rest.push_str(&format!("</{}>\n", self.frame.root_name));
        self.out.write_all(rest.as_bytes())?;
        self.out.flush()?;
        Ok(self.out)
    }

    /// New objects stand below their parents, or at the end of the first specification, which is made when there is none.
    fn place_fresh(&mut self, specifications: &mut Vec<Element>, parents: &HashMap<String, String>) {
        if self.fresh.is_empty() {
            return;
        }
        if specifications.is_empty() {
            let mut made = Element::new(&self.frame.prefixed("SPECIFICATION"));
            made.set_attribute("IDENTIFIER", "throughline-specification");
            made.set_attribute("LAST-CHANGE", &self.now);
            made.set_attribute("LONG-NAME", "Requirements");
            made.children.push(self.around("TYPE", self.node("SPECIFICATION-TYPE-REF", SPECIFICATION)));
            specifications.push(made);
        }
        let fresh = std::mem::take(&mut self.fresh);
        let mut below: HashMap<&str, Vec<&(String, String)>> = HashMap::new();
        let own: HashSet<&str> = fresh.iter().map(|(identifier, _)| identifier.as_str()).collect();
        for one in &fresh {
            below.entry(parents.get(&one.0).map_or("", String::as_str)).or_default().push(one);
        }
        for specification in specifications.iter_mut() {
            self.place_below(specification, &below);
        }
        // Whatever stands below nothing that is in a specification.
        let rest: Vec<&(String, String)> = fresh
            .iter()
            .filter(|(identifier, _)| !self.placed.contains(identifier))
            .filter(|(identifier, _)| parents.get(identifier).is_none_or(|parent| !own.contains(parent.as_str())))
            .collect();
        let first = &mut specifications[0];
        for one in rest {
            let place = self.place_of(one, &below);
            put_below(first, &self.frame, place);
        }
    }

    fn place_below(&mut self, holder: &mut Element, below: &HashMap<&str, Vec<&(String, String)>>) {
        let Some(list) = holder.child_mut("CHILDREN") else { return };
        for node in &mut list.children {
            let Node::Element(hierarchy) = node else { continue };
            let object = reference(hierarchy, "OBJECT");
            self.place_below(hierarchy, below);
            for one in object.as_deref().and_then(|object| below.get(object)).into_iter().flatten() {
                if !self.placed.contains(&one.0) {
                    let place = self.place_of(one, below);
                    put_below(hierarchy, &self.frame, place);
                }
            }
        }
    }

    fn place_of(
        &mut self,
        (identifier, at): &(String, String),
        below: &HashMap<&str, Vec<&(String, String)>>,
    ) -> Element {
        self.placed.insert(identifier.clone());
        let mut place = Element::new(&self.frame.prefixed("SPEC-HIERARCHY"));
        place.set_attribute("IDENTIFIER", &format!("{identifier}-place"));
        place.set_attribute("LAST-CHANGE", at);
        place.children.push(self.around("OBJECT", self.node("SPEC-OBJECT-REF", identifier)));
        for one in below.get(identifier.as_str()).into_iter().flatten() {
            if !self.placed.contains(&one.0) {
                let inner = self.place_of(one, below);
                put_below(&mut place, &self.frame, inner);
            }
        }
        place
    }
}

/// Puts a place into the list of what stands below, which is made when there is none.
fn put_below(holder: &mut Element, frame: &Frame, place: Element) {
    let name = frame.prefixed("CHILDREN");
    match holder.child_mut("CHILDREN") {
        Some(list) => list.children.push(Node::Element(place)),
        None => {
            let list = Element { name, attributes: Vec::new(), children: vec![Node::Element(place)] };
            holder.children.push(Node::Element(list));
        }
    }
}

/// A text as formatted text: paragraphs and line ends.
fn formatted(text: &str, prefix: &str) -> Element {
    let mut division = Element::new(&format!("{prefix}div"));
    if prefix.is_empty() {
        division.set_attribute("xmlns", XHTML);
    }
    for paragraph in text.split("\n\n").filter(|part| !part.trim().is_empty()) {
        let mut element = Element::new(&format!("{prefix}p"));
        for (at, line) in paragraph.trim_matches('\n').lines().enumerate() {
            if at > 0 {
                element.children.push(Node::Element(Element::new(&format!("{prefix}br"))));
            }
            element.children.push(Node::Text(line.to_owned()));
        }
        division.children.push(Node::Element(element));
    }
    division
}

impl Frame {
    /// The frame of a document that no file brought.
    fn fresh(title: &str, now: &str) -> Self {
        let mut header = String::from("<REQ-IF-HEADER IDENTIFIER=\"throughline-header\"><CREATION-TIME>");
        escape(now, false, &mut header);
        header.push_str(
            "</CREATION-TIME><REQ-IF-TOOL-ID>Throughline</REQ-IF-TOOL-ID><REQ-IF-VERSION>1.0</REQ-IF-VERSION>",
        );
        header.push_str("<SOURCE-TOOL-ID>Throughline</SOURCE-TOOL-ID><TITLE>");
        escape(title, false, &mut header);
        header.push_str("</TITLE></REQ-IF-HEADER>");
        Self {
            root: vec![("xmlns".to_owned(), REQIF.to_owned()), ("xmlns:xhtml".to_owned(), XHTML.to_owned())],
            root_name: "REQ-IF".to_owned(),
            header: Some(header),
            ..Self::default()
        }
    }

    /// A name of ReqIF with the prefix this document uses.
    fn prefixed(&self, name: &str) -> String {
        match self.root_name.rsplit_once(':') {
            Some((prefix, _)) => format!("{prefix}:{name}"),
            None => name.to_owned(),
        }
    }

    /// The prefix of XHTML with its colon; empty when the root declares none.
    fn xhtml_prefix(&self) -> String {
        self.root
            .iter()
            .find(|(name, value)| value == XHTML && name.starts_with("xmlns:"))
            .map_or_else(String::new, |(name, _)| format!("{}:", &name[6..]))
    }

    /// `DATATYPES` or `SPEC-TYPES`; with `adds`, our own behind what was there, unless they are there already.
    fn types_of(&self, name: &str, adds: bool) -> String {
        let kept = if name == "DATATYPES" { &self.datatypes } else { &self.types };
        if !adds {
            return kept.clone().unwrap_or_default();
        }
        let mut element = kept
            .as_deref()
            .and_then(|text| Element::parse(text).ok())
            .unwrap_or_else(|| Element::new(&self.prefixed(name)));
        let marker = if name == "DATATYPES" { STRING } else { OBJECT };
        if element.elements().any(|one| one.attribute("IDENTIFIER") == Some(marker)) {
            return element.to_xml();
        }
        let own = if name == "DATATYPES" { self.own_datatypes() } else { self.own_types() };
        if let Ok(own) = Element::parse(&own) {
            element.children.extend(own.children);
        }
        element.to_xml()
    }

    fn own_datatypes(&self) -> String {
        let of = |name: &str| self.prefixed(name);
        format!(
            "<x><{0} IDENTIFIER=\"{STRING}\" LAST-CHANGE=\"{CHANGED}\" LONG-NAME=\"Text\" MAX-LENGTH=\"100000\"/>\
             <{1} IDENTIFIER=\"{FORMATTED}\" LAST-CHANGE=\"{CHANGED}\" LONG-NAME=\"Formatted text\"/></x>",
            of("DATATYPE-DEFINITION-STRING"),
            of("DATATYPE-DEFINITION-XHTML")
        )
    }

    fn own_types(&self) -> String {
        let of = |name: &str| self.prefixed(name);
        let mut text = format!(
            "<x><{} IDENTIFIER=\"{OBJECT}\" LAST-CHANGE=\"{CHANGED}\" LONG-NAME=\"Requirement\"><{}>",
            of("SPEC-OBJECT-TYPE"),
            of("SPEC-ATTRIBUTES")
        );
        for (identifier, name, is_formatted) in ATTRIBUTES {
            let (kind, datatype) = if is_formatted { ("XHTML", FORMATTED) } else { ("STRING", STRING) };
            text.push_str(&format!(
                "<{0} IDENTIFIER=\"{identifier}\" LAST-CHANGE=\"{CHANGED}\" LONG-NAME=\"{name}\"><{1}><{2}>{datatype}</{2}></{1}></{0}>",
                of(&format!("ATTRIBUTE-DEFINITION-{kind}")),
                of("TYPE"),
                of(&format!("DATATYPE-DEFINITION-{kind}-REF"))
            ));
        }
        text.push_str(&format!(
            "</{}></{}><{} IDENTIFIER=\"{RELATION}\" LAST-CHANGE=\"{CHANGED}\" LONG-NAME=\"Link\"/>\
             <{} IDENTIFIER=\"{SPECIFICATION}\" LAST-CHANGE=\"{CHANGED}\" LONG-NAME=\"Document\"/></x>",
            of("SPEC-ATTRIBUTES"),
            of("SPEC-OBJECT-TYPE"),
            of("SPEC-RELATION-TYPE"),
            of("SPECIFICATION-TYPE")
        ));
        text
    }
}

/// When our own types last changed.
const CHANGED: &str = "2026-11-29T00:00:00Z";
