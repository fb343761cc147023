//! A piece of XML kept whole, so that it can be written again as it came: names with their prefixes, attributes in their order,
//! text with its blanks. What is not kept: comments, processing instructions, which characters were written as references.

use std::io::BufRead;

use crate::xml::{Token, Xml};
use crate::{Limits, ReadError};

/// What one element takes beside its text.
const ELEMENT_BYTES: usize = 64;

/// An element with all that is inside it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Element {
    /// With its prefix, as written.
    pub(crate) name: String,
    /// Names with their prefixes.
    pub(crate) attributes: Vec<(String, String)>,
    pub(crate) children: Vec<Node>,
}

/// What stands inside an element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Node {
    Element(Element),
    Text(String),
}

impl Element {
    /// An element without attributes and content.
    pub(crate) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    /// Reads the element whose `Start` has just come, to its end, paying for it out of `left`. `seen` is told the local name of
    /// every element.
    pub(crate) fn read<R: BufRead>(
        xml: &mut Xml<R>,
        left: &mut usize,
        seen: &mut dyn FnMut(&str),
    ) -> Result<Self, ReadError> {
        seen(xml.name());
        let name = xml.full_name().to_owned();
        let attributes: Vec<(String, String)> =
            xml.attributes().map(|(name, value)| (name.to_owned(), value.into_owned())).collect();
        let size = attributes.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>();
        pay(xml, left, ELEMENT_BYTES + name.len() + size)?;
        let mut children: Vec<Node> = Vec::new();
        loop {
            match xml.next()? {
                // Depth is bounded by the tokenizer.
                Token::Start => children.push(Node::Element(Self::read(xml, left, seen)?)),
                Token::Text => {
                    let mut scratch = [0; 4];
                    let piece = xml.text(&mut scratch).to_owned();
                    pay(xml, left, piece.len())?;
                    match children.last_mut() {
                        Some(Node::Text(text)) => text.push_str(&piece),
                        _ => {
                            pay(xml, left, ELEMENT_BYTES)?;
                            children.push(Node::Text(piece));
                        }
                    }
                }
                Token::End => return Ok(Self { name, attributes, children }),
                Token::Finished => return Err(xml.error("an element does not end")),
            }
        }
    }

    /// Reads one element from a text that [`Element::write`] made.
    ///
    /// # Errors
    /// When it is no element.
    pub(crate) fn parse(text: &str) -> Result<Self, ReadError> {
        let mut xml = Xml::new(text.as_bytes(), &Limits::default());
        match xml.next()? {
            Token::Start => Self::read(&mut xml, &mut (text.len() * 4 + (1 << 20)), &mut |_| {}),
            _ => Err(xml.error("there is no element")),
        }
    }

    /// The name without its prefix.
    pub(crate) fn local(&self) -> &str {
        self.name.rsplit_once(':').map_or(self.name.as_str(), |(_, local)| local)
    }

    /// An attribute by its name without prefix.
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|(own, _)| own.rsplit_once(':').map_or(own.as_str(), |(_, local)| local) == name)
            .map(|(_, value)| value.as_str())
    }

    /// Gives an attribute a value, where it stands or behind the others.
    pub(crate) fn set_attribute(&mut self, name: &str, value: &str) {
        match self.attributes.iter_mut().find(|(own, _)| own == name) {
            Some((_, now)) => value.clone_into(now),
            None => self.attributes.push((name.to_owned(), value.to_owned())),
        }
    }

    /// The elements directly inside.
    pub(crate) fn elements(&self) -> impl Iterator<Item = &Self> {
        self.children.iter().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        })
    }

    /// The first element directly inside with this name.
    pub(crate) fn child(&self, name: &str) -> Option<&Self> {
        self.elements().find(|element| element.local() == name)
    }

    /// The same, to be changed.
    pub(crate) fn child_mut(&mut self, name: &str) -> Option<&mut Self> {
        self.children.iter_mut().find_map(|node| match node {
            Node::Element(element) if element.local() == name => Some(element),
            _ => None,
        })
    }

    /// All text inside, however deep.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        self.gather(&mut text);
        text
    }

    fn gather(&self, text: &mut String) {
        for node in &self.children {
            match node {
                Node::Text(piece) => text.push_str(piece),
                Node::Element(element) => element.gather(text),
            }
        }
    }

    /// The text of an element directly inside, blanks at its ends taken off; None when there is none.
    pub(crate) fn text_of(&self, name: &str) -> Option<String> {
        let text = self.child(name)?.text();
        let text = text.trim();
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// Writes it as XML.
    pub(crate) fn write(&self, out: &mut String) {
        self.open(out);
        if self.children.is_empty() {
            out.truncate(out.len() - 1);
            out.push_str("/>");
            return;
        }
        for node in &self.children {
            match node {
                Node::Element(element) => element.write(out),
                Node::Text(text) => escape(text, false, out),
            }
        }
        out.push_str("</");
        out.push_str(&self.name);
        out.push('>');
    }

    /// Writes its start tag.
    pub(crate) fn open(&self, out: &mut String) {
        out.push('<');
        out.push_str(&self.name);
        for (name, value) in &self.attributes {
            out.push(' ');
            out.push_str(name);
            out.push_str("=\"");
            escape(value, true, out);
            out.push('"');
        }
        out.push('>');
    }

    /// As XML.
    pub(crate) fn to_xml(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }
}

fn pay<R: BufRead>(xml: &Xml<R>, left: &mut usize, size: usize) -> Result<(), ReadError> {
    *left = left.checked_sub(size).ok_or_else(|| {
        xml.error("the file holds more text than this server keeps of one file of requirements; split it")
    })?;
    Ok(())
}

/// Text as it may stand in XML; `quoted` within an attribute.
pub(crate) fn escape(text: &str, quoted: bool, out: &mut String) {
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' if quoted => out.push_str("&quot;"),
            '\n' if quoted => out.push_str("&#10;"),
            '\t' if quoted => out.push_str("&#9;"),
            other => out.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_is_written_as_it_came() {
        let text = "<a:b xmlns:a=\"urn:x\" c=\"1 &amp; &quot;2&#10;3\">x &lt; y<a:c/> <d>\n</d></a:b>";
        let element = Element::parse(text).expect("one element");
        assert_eq!(element.to_xml(), text);
        assert_eq!((element.local(), element.attribute("c")), ("b", Some("1 & \"2\n3")));
        assert_eq!(element.text(), "x < y \n");
    }
}
