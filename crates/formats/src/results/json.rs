//! The walks through reports in JSON: one document, or one to a line.

use std::io::BufRead;

use super::{tally::Tally, walk::Walk};
use crate::excerpt::Collector;
use crate::json::{Json, Token, Value};
use crate::junit::Stream;
use crate::{Limits, ReadError};

/// What one format makes of its records.
pub(super) trait Dialect {
    /// The list of a document whose items are records; of JSON lines, nothing.
    const LISTS: &'static [&'static str];
    /// Members beside them that are asked for.
    const MEMBERS: &'static [&'static str];
    /// What the format is called.
    const CALLED: &'static str;

    /// A record: a line, or an item of a list. `member` is the name of the list, or that of a member; empty for a line.
    fn take(&mut self, member: &str, value: &Value, line: u64, tally: &mut Tally) -> Result<(), ReadError>;

    /// The end of what could be read.
    fn finish(&mut self, tally: &mut Tally) -> Result<(), ReadError>;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Begin,
    Members,
    List(&'static str),
}

/// Walks through a report that is one document.
pub(super) struct Document<R, D> {
    json: Json<R>,
    dialect: D,
    place: Place,
    has_lists: bool,
}

impl<R: BufRead, D: Dialect> Document<R, D> {
    pub(super) fn new(inner: R, limits: &Limits, dialect: D) -> Self {
        Self { json: Json::new(inner, limits), dialect, place: Place::Begin, has_lists: false }
    }

    /// Reads the value that comes next and hands it to the dialect.
    fn take(&mut self, member: &str, tally: &mut Tally) -> Result<(), ReadError> {
        let line = self.json.line();
        let value = Value::read(&mut self.json, tally.limits.max_record_bytes)?;
        self.dialect.take(member, &value, line, tally)
    }
}

impl<R: BufRead, D: Dialect> Walk for Document<R, D> {
    fn step(&mut self, tally: &mut Tally) -> Result<bool, ReadError> {
        match self.place {
            Place::Begin => {
                if !self.json.enter_object()? {
                    return Err(self.json.error(format!("{} is a JSON object", D::CALLED)));
                }
                self.place = Place::Members;
            }
            Place::Members => match self.json.next()? {
                Token::Name(name) => {
                    if let Some(list) = D::LISTS.iter().find(|list| **list == name) {
                        if self.json.enter_array()? {
                            self.has_lists = true;
                            self.place = Place::List(list);
                        }
                    } else if D::MEMBERS.contains(&name.as_str()) {
                        self.take(&name, tally)?;
                    } else {
                        self.json.skip()?;
                    }
                }
                _ => {
                    self.json.next()?;
                    if !self.has_lists {
                        let lists = D::LISTS.join("`, `");
                        return Err(self
                            .json
                            .error(format!("{} has a list called `{lists}`; there is none", D::CALLED)));
                    }
                    self.dialect.finish(tally)?;
                    tally.finish(self.json.replaced());
                    return Ok(false);
                }
            },
            Place::List(list) => {
                if self.json.another()? {
                    self.take(list, tally)?;
                } else {
                    self.place = Place::Members;
                }
            }
        }
        Ok(true)
    }
}

/// Walks through a report that has one document to a line. Lines that are no JSON come from a tool beside the one that
/// reports; they are kept as output of the whole.
pub(super) struct Lines<R, D> {
    json: Json<R>,
    dialect: D,
    noise: Collector,
}

impl<R: BufRead, D: Dialect> Lines<R, D> {
    pub(super) fn new(inner: R, limits: &Limits, dialect: D) -> Self {
        let noise = Collector::new(limits.text_head_bytes, limits.text_tail_bytes);
        Self { json: Json::new(inner, limits), dialect, noise }
    }
}

impl<R: BufRead, D: Dialect> Walk for Lines<R, D> {
    fn step(&mut self, tally: &mut Tally) -> Result<bool, ReadError> {
        match self.json.next_document()? {
            Some(b'{' | b'[') => {
                let line = self.json.line();
                let value = Value::read(&mut self.json, tally.limits.max_record_bytes)?;
                self.dialect.take("", &value, line, tally)?;
            }
            Some(_) => self.json.plain_line(|piece| self.noise.push(piece))?,
            None => {
                self.dialect.finish(tally)?;
                let empty = Collector::new(0, 0);
                let noise = std::mem::replace(&mut self.noise, empty).finish();
                tally.suite_output(None, Stream::Out, noise);
                tally.finish(self.json.replaced());
                return Ok(false);
            }
        }
        Ok(true)
    }
}
