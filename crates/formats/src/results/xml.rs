//! The walk through a report in XML, which every dialect shares.

use std::borrow::Cow;
use std::io::BufRead;

use super::{tally::Tally, walk::Walk};
use crate::excerpt::Collector;
use crate::number;
use crate::xml::{Token, Xml, shorten};
use crate::{Excerpt, Limits, ReadError};

/// A start tag.
pub(super) trait Tag {
    /// The name of the element, without a prefix.
    fn name(&self) -> &str;
    /// An attribute.
    fn attribute(&self, name: &str) -> Option<Cow<'_, str>>;
    /// The line it begins on.
    fn line(&self) -> u64;

    /// An attribute that says something.
    fn text(&self, name: &str) -> Option<String> {
        self.attribute(name).map(Cow::into_owned).filter(|text| !text.trim().is_empty())
    }

    /// An attribute that counts something.
    fn count(&self, name: &str) -> Option<u64> {
        number::count(&self.attribute(name)?)
    }
}

impl<R: BufRead> Tag for Xml<R> {
    fn name(&self) -> &str {
        Xml::name(self)
    }

    fn attribute(&self, name: &str) -> Option<Cow<'_, str>> {
        Xml::attribute(self, name)
    }

    fn line(&self) -> u64 {
        self.tag_line()
    }
}

/// What one format makes of elements.
pub(super) trait Dialect {
    /// The names a root may have, and what the format is called.
    const ROOTS: &'static [&'static str];
    const CALLED: &'static str;

    /// An element begins; `parent` is empty for the root. True: its text is wanted.
    fn start(&mut self, tag: &dyn Tag, parent: &str, tally: &mut Tally) -> Result<bool, ReadError>;

    /// An element ends, with its text where that was wanted.
    fn end(&mut self, name: &str, parent: &str, text: &Excerpt, tally: &mut Tally) -> Result<(), ReadError>;
}

/// Walks through a report of one dialect.
pub(super) struct Elements<R, D> {
    xml: Xml<R>,
    dialect: D,
    open: Vec<(String, Option<Collector>)>,
}

impl<R: BufRead, D: Dialect> Elements<R, D> {
    pub(super) fn new(inner: R, limits: &Limits, dialect: D) -> Self {
        Self { xml: Xml::new(inner, limits), dialect, open: Vec::new() }
    }

    /// What the dialect has gathered.
    pub(super) fn into_dialect(self) -> D {
        self.dialect
    }
}

impl<R: BufRead, D: Dialect> Walk for Elements<R, D> {
    fn step(&mut self, tally: &mut Tally) -> Result<bool, ReadError> {
        match self.xml.next()? {
            Token::Start => {
                if self.open.is_empty() && !D::ROOTS.contains(&self.xml.name()) {
                    let (root, roots) = (shorten(self.xml.name()), D::ROOTS.join("> or <"));
                    let reason = format!("the root element is <{root}>; {} begins with <{roots}>", D::CALLED);
                    return Err(ReadError::at_line(self.xml.tag_line(), reason));
                }
                let parent = self.open.last().map_or("", |(name, _)| name.as_str());
                let wanted = self.dialect.start(&self.xml, parent, tally)?;
                let limits = &tally.limits;
                let collector = wanted.then(|| Collector::new(limits.text_head_bytes, limits.text_tail_bytes));
                self.open.push((self.xml.name().to_owned(), collector));
            }
            Token::Text => {
                if let Some((_, Some(collector))) = self.open.last_mut() {
                    collector.push(self.xml.text(&mut [0; 4]));
                }
            }
            Token::End => {
                if let Some((name, collector)) = self.open.pop() {
                    let parent = self.open.last().map_or("", |(name, _)| name.as_str());
                    let text = collector.map(Collector::finish).unwrap_or_default();
                    self.dialect.end(&name, parent, &text, tally)?;
                }
            }
            Token::Finished => {
                tally.finish(self.xml.replaced());
                return Ok(false);
            }
        }
        Ok(true)
    }
}
