//! A pull tokenizer for XML reports from strangers.
//!
//! Why not a general XML library: a report may hold tens of megabytes of captured output in one CDATA section, and
//! the libraries at hand deliver a text node whole. Here text comes in pieces no larger than one read, a tag may not
//! grow past its limit before it is looked at, and what a report never needs does not exist: no DTD is read, no
//! entity beyond XML's own five is known, nothing outside the file is ever opened.
//!
//! Well-formedness (XML 1.0, fifth edition) is checked where a mistake would change what is counted: tags nest and
//! match, there is one root, attributes are quoted, separated and unique, references are known, text stands inside
//! the root. `]]>` in text is let through, because tools that nest CDATA produce it and its meaning is plain.

mod reference;
mod tag;

use std::borrow::Cow;
use std::io::BufRead;
use std::ops::Range;

use crate::decode::{Replaced, Text};
use crate::{Limits, ReadError};

/// What the tokenizer stands on. The details are asked from the [`Xml`] itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Token {
    /// A start tag; [`Xml::name`] and [`Xml::attribute`] describe it. An empty element gives `Start` and `End`.
    Start,
    /// The end of the innermost open element; [`Xml::name`] is its name.
    End,
    /// A piece of character data, see [`Xml::text`]. One text may come in any number of pieces.
    Text,
    /// The end of a complete document.
    Finished,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Inside {
    Content,
    CharacterData,
    Comment,
    Instruction,
}

/// Reads one XML document token by token.
pub(crate) struct Xml<R> {
    text: Text<R>,
    buffer: String,
    position: usize,
    line: u64,
    column: u64,
    inside: Inside,
    /// Where the comment, section or instruction that is being read began.
    inside_since: u64,
    /// Names of the open elements, with the line each was opened on.
    open: Vec<(String, u64)>,
    spare_names: Vec<String>,
    tag: Range<usize>,
    tag_line: u64,
    attributes: Vec<tag::Span>,
    piece: Range<usize>,
    resolved: Option<char>,
    end_pending: bool,
    seen_root: bool,
    seen_doctype: bool,
    max_depth: usize,
    max_tag_bytes: usize,
    max_attributes: usize,
    ended_name: String,
}

impl<R: BufRead> Xml<R> {
    pub(crate) fn new(inner: R, limits: &Limits) -> Self {
        Self {
            text: Text::new(inner, limits),
            buffer: String::new(),
            position: 0,
            line: 1,
            column: 1,
            inside: Inside::Content,
            inside_since: 1,
            open: Vec::new(),
            spare_names: Vec::new(),
            tag: 0..0,
            tag_line: 1,
            attributes: Vec::new(),
            piece: 0..0,
            resolved: None,
            end_pending: false,
            seen_root: false,
            seen_doctype: false,
            max_depth: limits.max_depth,
            max_tag_bytes: limits.max_tag_bytes,
            max_attributes: limits.max_attributes,
            ended_name: String::new(),
        }
    }

    /// The next token, or why the document cannot be read. Not to be called again after an error.
    pub(crate) fn next(&mut self) -> Result<Token, ReadError> {
        if std::mem::take(&mut self.end_pending) {
            self.close_innermost();
            return Ok(Token::End);
        }
        loop {
            match self.inside {
                Inside::Content => {
                    if let Some(token) = self.content()? {
                        return Ok(token);
                    }
                }
                Inside::CharacterData => {
                    if self.until("]]>", true)? {
                        return Ok(Token::Text);
                    }
                }
                Inside::Comment => _ = self.until("-->", false)?,
                Inside::Instruction => _ = self.until("?>", false)?,
            }
        }
    }

    /// The local name (without a namespace prefix) of the element that the last `Start` or `End` was about.
    pub(crate) fn name(&self) -> &str {
        local(if self.ended_name.is_empty() {
            self.open.last().map_or("", |(name, _)| name.as_str())
        } else {
            &self.ended_name
        })
    }

    /// An attribute of the last `Start`, references resolved and white space normalised (XML 1.0 §3.3.3).
    pub(crate) fn attribute(&self, name: &str) -> Option<Cow<'_, str>> {
        let tag = &self.buffer[self.tag.clone()];
        let span = self.attributes.iter().find(|span| local(&tag[span.name.clone()]) == name)?;
        Some(reference::resolve_value(&tag[span.value.clone()]))
    }

    /// The name with its namespace prefix, as written, of the element that the last `Start` was about.
    pub(crate) fn full_name(&self) -> &str {
        self.open.last().map_or("", |(name, _)| name.as_str())
    }

    /// All attributes of the last `Start`, names as written, in the order of the file.
    pub(crate) fn attributes(&self) -> impl Iterator<Item = (&str, Cow<'_, str>)> {
        let tag = &self.buffer[self.tag.clone()];
        self.attributes
            .iter()
            .map(move |span| (&tag[span.name.clone()], reference::resolve_value(&tag[span.value.clone()])))
    }

    /// The piece of text that the last `Text` was about.
    pub(crate) fn text<'a>(&'a self, scratch: &'a mut [u8; 4]) -> &'a str {
        match self.resolved {
            Some(character) => character.encode_utf8(scratch),
            None => &self.buffer[self.piece.clone()],
        }
    }

    /// The line that the last `Start` began on; for other tokens the line that has been reached.
    pub(crate) fn tag_line(&self) -> u64 {
        self.tag_line
    }

    /// What could not be shown so far.
    pub(crate) fn replaced(&self) -> Replaced {
        self.text.replaced()
    }

    /// A refusal at the place that has been reached.
    pub(crate) fn error(&self, reason: impl Into<String>) -> ReadError {
        ReadError::at(self.line, self.column, reason)
    }

    fn content(&mut self) -> Result<Option<Token>, ReadError> {
        if self.position == self.buffer.len() && !self.more()? {
            return self.end_of_file().map(Some);
        }
        match self.buffer.as_bytes()[self.position] {
            b'<' => self.markup(),
            b'&' => {
                if self.open.is_empty() {
                    return Err(self.outside_root());
                }
                let length = reference::take(self)?;
                self.resolved = Some(length.1);
                self.advance(length.0);
                Ok(Some(Token::Text))
            }
            _ => {
                let rest = &self.buffer.as_bytes()[self.position..];
                let length = memchr::memchr2(b'<', b'&', rest).unwrap_or(rest.len());
                if !self.open.is_empty() {
                    self.take_piece(length);
                    return Ok(Some(Token::Text));
                }
                let text = &self.buffer[self.position..self.position + length];
                let blank = length - text.trim_start_matches([' ', '\t', '\n', '\u{FEFF}']).len();
                self.advance(blank);
                if blank == length {
                    return Ok(None);
                }
                Err(self.outside_root())
            }
        }
    }

    fn outside_root(&self) -> ReadError {
        self.error(if self.seen_root {
            "there is text after the end of the document; a report has one root element"
        } else {
            "this is not XML: there is text before the first element"
        })
    }

    fn end_of_file(&self) -> Result<Token, ReadError> {
        if let Some((name, line)) = self.open.last() {
            return Err(self.error(format!(
                "the file ends inside <{}>, which was opened on line {line}; it was probably cut off",
                shorten(name)
            )));
        }
        if !self.seen_root {
            return Err(self.error(if self.line == 1 && self.column == 1 {
                "the file is empty"
            } else {
                "the file holds no element, so there is nothing to read"
            }));
        }
        Ok(Token::Finished)
    }

    fn markup(&mut self) -> Result<Option<Token>, ReadError> {
        self.have(2)?;
        match self.buffer.as_bytes().get(self.position + 1) {
            Some(b'/') => self.end_tag().map(Some),
            Some(b'?') => {
                self.enter(Inside::Instruction, 2);
                Ok(None)
            }
            Some(b'!') => self.declaration().map(|()| None),
            Some(_) => self.start_tag().map(Some),
            None => Err(self.error("the file ends in the middle of a tag; it was probably cut off")),
        }
    }

    fn declaration(&mut self) -> Result<(), ReadError> {
        self.have(9)?;
        let rest = &self.buffer[self.position..];
        if rest.starts_with("<!--") {
            self.enter(Inside::Comment, 4);
        } else if rest.starts_with("<![CDATA[") {
            if self.open.is_empty() {
                return Err(self.outside_root());
            }
            self.enter(Inside::CharacterData, 9);
        } else if rest.starts_with("<!DOCTYPE") {
            return self.doctype();
        } else {
            return Err(self.error("`<!` begins neither a comment nor a CDATA section here"));
        }
        Ok(())
    }

    fn enter(&mut self, inside: Inside, length: usize) {
        self.inside_since = self.line;
        self.inside = inside;
        self.advance(length);
    }

    /// A document type that only names its DTD is stepped over and never fetched; one that brings declarations along
    /// is refused, because entities are the way to make a reader open files or run out of memory.
    fn doctype(&mut self) -> Result<(), ReadError> {
        if self.seen_root || self.seen_doctype {
            return Err(self.error("a DOCTYPE may stand only once, before the first element"));
        }
        let mut quote = None;
        let mut length = 9;
        loop {
            self.have(length + 1)?;
            let Some(&byte) = self.buffer.as_bytes().get(self.position + length) else {
                return Err(self.error("the file ends inside its DOCTYPE"));
            };
            match (quote, byte) {
                (Some(open), _) if open == byte => quote = None,
                (None, b'"' | b'\'') => quote = Some(byte),
                (None, b'[') => {
                    return Err(self.error(
                        "the file brings its own DTD (declarations inside <!DOCTYPE … [ … ]>); this server reads no \
                         DTD and no entities from a report, remove the declarations",
                    ));
                }
                (None, b'>') => break,
                _ => {}
            }
            length += 1;
            if length > self.max_tag_bytes {
                return Err(self.error("the DOCTYPE is too long"));
            }
        }
        self.seen_doctype = true;
        self.advance(length + 1);
        Ok(())
    }

    fn start_tag(&mut self) -> Result<Token, ReadError> {
        if self.open.is_empty() && self.seen_root {
            return Err(self.error("there is a second root element; send each report as a file of its own"));
        }
        let length = self.tag_length()?;
        self.tag_line = self.line;
        self.tag = self.position + 1..self.position + length - 1;
        let tag = &self.buffer[self.tag.clone()];
        let parsed = tag::parse(tag, &mut self.attributes, self.max_attributes).map_err(|reason| self.error(reason))?;
        if self.open.len() == self.max_depth {
            return Err(self.error(format!("elements stand more than {} deep in one another", self.max_depth)));
        }
        let mut name = self.spare_names.pop().unwrap_or_default();
        name.clear();
        name.push_str(&tag[parsed.name]);
        self.open.push((name, self.line));
        self.ended_name.clear();
        self.seen_root = true;
        self.end_pending = parsed.empty;
        self.advance(length);
        Ok(Token::Start)
    }

    fn end_tag(&mut self) -> Result<Token, ReadError> {
        let length = self.tag_length()?;
        let name = self.buffer[self.position + 2..self.position + length - 1].trim_end_matches([' ', '\t', '\n']);
        match self.open.last() {
            Some((open, _)) if open == name => {}
            Some((open, line)) => {
                return Err(self.error(format!(
                    "</{}> closes nothing: <{}>, opened on line {line}, is still open",
                    shorten(name),
                    shorten(open)
                )));
            }
            None => return Err(self.error(format!("</{}> closes nothing", shorten(name)))),
        }
        self.tag_line = self.line;
        self.advance(length);
        self.close_innermost();
        Ok(Token::End)
    }

    fn close_innermost(&mut self) {
        if let Some((name, _)) = self.open.pop() {
            let old = std::mem::replace(&mut self.ended_name, name);
            self.spare_names.push(old);
        }
    }

    /// Bytes of the tag at the position, from `<` to `>`; the whole tag is in the buffer afterwards.
    fn tag_length(&mut self) -> Result<usize, ReadError> {
        let mut quote: Option<u8> = None;
        let mut length = 1;
        loop {
            let bytes = &self.buffer.as_bytes()[self.position..];
            while length < bytes.len() {
                let rest = &bytes[length..];
                let found = match quote {
                    Some(open) => memchr::memchr(open, rest),
                    None => memchr::memchr3(b'>', b'"', b'\'', rest),
                };
                match found {
                    None => length = bytes.len(),
                    Some(offset) => {
                        let byte = rest[offset];
                        length += offset + 1;
                        quote = match quote {
                            Some(_) => None,
                            None if byte == b'>' => return self.within_limit(length),
                            None => Some(byte),
                        };
                    }
                }
            }
            self.within_limit(length)?;
            if !self.more()? {
                return Err(self.error("the file ends in the middle of a tag; it was probably cut off"));
            }
        }
    }

    fn within_limit(&self, length: usize) -> Result<usize, ReadError> {
        if length > self.max_tag_bytes {
            return Err(self.error(format!(
                "a tag is longer than {} bytes with its attributes; move long text into the element",
                self.max_tag_bytes
            )));
        }
        Ok(length)
    }

    /// Reads on to `end`, keeping as little in memory as possible. True: a piece of text is ready.
    fn until(&mut self, end: &str, wanted: bool) -> Result<bool, ReadError> {
        let rest = &self.buffer.as_bytes()[self.position..];
        if let Some(length) = memchr::memmem::find(rest, end.as_bytes()) {
            self.take_piece(length);
            self.advance(end.len());
            self.inside = Inside::Content;
            return Ok(wanted && length > 0);
        }
        // All but the bytes that could be the beginning of the end mark.
        let certain = self.buffer[self.position..].floor_char_boundary(rest.len().saturating_sub(end.len() - 1));
        if certain > 0 {
            self.take_piece(certain);
            return Ok(wanted);
        }
        if self.more()? {
            return Ok(false);
        }
        let what = match self.inside {
            Inside::CharacterData => "a CDATA section",
            Inside::Comment => "a comment",
            _ => "a processing instruction",
        };
        Err(self.error(format!(
            "the file ends inside {what} that began on line {}; it was probably cut off",
            self.inside_since
        )))
    }

    fn take_piece(&mut self, length: usize) {
        self.resolved = None;
        self.piece = self.position..self.position + length;
        self.advance(length);
    }

    fn advance(&mut self, length: usize) {
        let passed = &self.buffer[self.position..self.position + length];
        let newlines = memchr::memchr_iter(b'\n', passed.as_bytes()).count() as u64;
        if newlines > 0 {
            self.line += newlines;
            let last = passed.rfind('\n').map_or(0, |at| at + 1);
            self.column = 1 + passed[last..].chars().count() as u64;
        } else {
            self.column += passed.chars().count() as u64;
        }
        self.position += length;
    }

    /// Makes sure that `length` bytes from the position on are in the buffer, unless the file ends before.
    fn have(&mut self, length: usize) -> Result<(), ReadError> {
        while self.buffer.len() - self.position < length && self.more()? {}
        Ok(())
    }

    /// Reads more text behind what is in the buffer, after dropping what has been passed.
    fn more(&mut self) -> Result<bool, ReadError> {
        if self.position > 0 {
            self.buffer.drain(..self.position);
            self.position = 0;
        }
        self.text.read_into(&mut self.buffer)
    }
}

impl<R: BufRead> reference::Source for Xml<R> {
    fn ahead(&mut self, length: usize) -> Result<&str, ReadError> {
        self.have(length)?;
        Ok(&self.buffer[self.position..])
    }

    fn refuse(&self, reason: String) -> ReadError {
        self.error(reason)
    }
}

/// A name without its namespace prefix.
fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

/// A name short enough for a message.
pub(crate) fn shorten(name: &str) -> Cow<'_, str> {
    if name.len() <= 60 {
        return Cow::Borrowed(name);
    }
    Cow::Owned(format!("{}…", &name[..name.floor_char_boundary(60)]))
}

#[cfg(test)]
mod tests;
