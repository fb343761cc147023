//! The XML shape.

use std::io::BufRead;

use super::NAMESPACE;
use super::gathered::Gathered;
use super::version::check_version;
use crate::json::Value;
use crate::supply::Event;
use crate::xml::{Token, Xml};
use crate::{Limits, ReadError};

/// What one element takes beside its text.
const ELEMENT_BYTES: usize = 64;

/// Attributes that are members in the JSON shape.
const ATTRIBUTES: [&str; 3] = ["type", "bom-ref", "ref"];

pub(super) struct Reader<R> {
    xml: Xml<R>,
    /// Names of the open elements.
    path: Vec<String>,
    begun: bool,
    gathered: Gathered,
}

impl<R: BufRead> Reader<R> {
    pub(super) fn new(inner: R, limits: &Limits) -> Self {
        Self { xml: Xml::new(inner, limits), path: Vec::new(), begun: false, gathered: Gathered::new(limits) }
    }

    pub(super) fn step(&mut self) -> Result<Event, ReadError> {
        loop {
            if let Some(event) = self.gathered.pop() {
                return Ok(event);
            }
            match self.xml.next()? {
                Token::Start if !self.begun => self.root()?,
                Token::Start => self.start()?,
                Token::End => {
                    self.path.pop();
                }
                Token::Text => {}
                Token::Finished => {
                    self.gathered.totals.replaced = self.xml.replaced();
                    return Ok(Event::Finished(self.gathered.totals.clone()));
                }
            }
        }
    }

    fn root(&mut self) -> Result<(), ReadError> {
        self.begun = true;
        let space = self.xml.attribute("xmlns").map(|space| space.into_owned()).unwrap_or_default();
        let Some(version) = space.strip_prefix(NAMESPACE).filter(|_| self.xml.name() == "bom") else {
            return Err(self.xml.error("the root of a CycloneDX document is <bom> in a namespace of CycloneDX"));
        };
        check_version(version).map_err(|reason| self.xml.error(reason))?;
        self.gathered.totals.spec_version = version.to_owned();
        self.gathered.totals.serial_number = self.xml.attribute("serialNumber").map(|serial| serial.into_owned());
        self.path.push("bom".to_owned());
        Ok(())
    }

    fn start(&mut self) -> Result<(), ReadError> {
        let name = self.xml.name().to_owned();
        let above: Vec<&str> = self.path.iter().skip(1).map(String::as_str).collect();
        match (above.as_slice(), name.as_str()) {
            (["metadata"], "component") => {
                let value = self.element()?;
                self.gathered.take_subject(&value);
            }
            (["components"], "component") => {
                let value = self.element()?;
                self.gathered.take_component(&value).map_err(|reason| self.xml.error(reason))?;
            }
            (["vulnerabilities"], "vulnerability") => {
                let value = self.element()?;
                self.gathered.take_vulnerability(&value).map_err(|reason| self.xml.error(reason))?;
            }
            (["services"], "service") => {
                self.gathered.totals.services += 1;
                self.path.push(name);
            }
            (["dependencies"], "dependency") => {
                self.gathered.totals.dependencies += 1;
                self.path.push(name);
            }
            _ => self.path.push(name),
        }
        Ok(())
    }

    /// Reads the element that has just begun, whole: its attributes and elements become members, a mere text stays a text.
    fn element(&mut self) -> Result<Value, ReadError> {
        let mut room = Room { begun: self.xml.tag_line(), left: self.gathered.room, whole: self.gathered.room };
        // Depth is bounded by the tokenizer.
        self.inside(&mut room)
    }

    fn inside(&mut self, room: &mut Room) -> Result<Value, ReadError> {
        let mut members = Vec::new();
        for name in ATTRIBUTES {
            if let Some(value) = self.xml.attribute(name) {
                members.push((name.to_owned(), Value::Text(value.into_owned())));
            }
        }
        let mut text = String::new();
        loop {
            match self.xml.next()? {
                Token::Start => {
                    room.pay(ELEMENT_BYTES)?;
                    let name = self.xml.name().to_owned();
                    let value = self.inside(room)?;
                    members.push((name, value));
                }
                Token::Text => {
                    let before = text.len();
                    text.push_str(self.xml.text(&mut [0; 4]));
                    room.pay(text.len() - before)?;
                }
                Token::End => break,
                Token::Finished => return Err(self.xml.error("an element does not end")),
            }
        }
        let text = text.trim();
        if members.is_empty() {
            return Ok(Value::Text(text.to_owned()));
        }
        if !text.is_empty() {
            members.push(("#text".to_owned(), Value::Text(text.to_owned())));
        }
        Ok(Value::Object(members))
    }
}

/// What may still be kept of the record that began on a line. Text comes in pieces of any size, so the place where it became too much
/// would depend on how the bytes arrived; the record's beginning does not, and is where a person looks.
struct Room {
    begun: u64,
    left: usize,
    whole: usize,
}

impl Room {
    fn pay(&mut self, size: usize) -> Result<(), ReadError> {
        self.left = self.left.checked_sub(size).ok_or_else(|| {
            let reason = format!(
                "the record that begins here takes more than the {} bytes this server keeps of one",
                self.whole
            );
            ReadError::at_line(self.begun, reason)
        })?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::super::Reader;
    use crate::Limits;

    #[test]
    fn too_large_a_record_is_named_by_its_first_line_however_the_bytes_arrive() {
        let text = format!(
            "<bom xmlns=\"http://cyclonedx.org/schema/bom/1.6\"><components>\n<component type=\"library\">\n<name>a</name>\n<description>{}</description>\
             </component></components></bom>",
            "long ".repeat(1000)
        );
        let limits = Limits { max_record_bytes: 4096, ..Limits::default() };
        for capacity in [1, 7, 64 * 1024] {
            let error =
                Reader::new(BufReader::with_capacity(capacity, text.as_bytes()), limits.clone()).find_map(Result::err);
            let error = error.expect("the record is too large");
            assert_eq!((error.line, error.column), (2, None), "{}", error.reason);
        }
    }
}
