//! Plain YAML as values: mappings, lists and scalars. Anchors, aliases and tags are refused: what refers to something else can
//! grow without end.

use saphyr_parser::{Event, Parser, ScalarStyle, StrInput};

use crate::ReadError;
use crate::json::Value;

/// How deep values may lie.
const DEPTH: usize = 64;

/// A value with the line it begins on.
pub(crate) fn parse(text: &str, room: usize) -> Result<Value, ReadError> {
    let mut reader = Reader { parser: Parser::new_from_str(text), left: room, line: 1 };
    loop {
        match reader.next()? {
            Event::StreamStart | Event::DocumentStart(_) | Event::Nothing => {}
            Event::StreamEnd | Event::DocumentEnd => return Ok(Value::Null),
            event => return reader.value(event, 0),
        }
    }
}

struct Reader<'a> {
    parser: Parser<'a, StrInput<'a>>,
    left: usize,
    line: u64,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Result<Event<'a>, ReadError> {
        let line = self.line;
        let (event, span) = match self.parser.next_event() {
            Some(Ok(found)) => found,
            Some(Err(error)) => {
                let line = error.marker().line() as u64;
                return Err(ReadError::at_line(line.max(1), format!("this is not valid YAML: {}", error.info())));
            }
            None => return Err(ReadError::at_line(line, "the YAML ends in the middle of a value")),
        };
        self.line = (span.start.line() as u64).max(1);
        Ok(event)
    }

    fn value(&mut self, event: Event<'a>, depth: usize) -> Result<Value, ReadError> {
        let line = self.line;
        let refuse = |reason: &str| ReadError::at_line(line, reason);
        if depth > DEPTH {
            return Err(refuse("values lie too deep in one another"));
        }
        self.left =
            self.left.checked_sub(32).ok_or_else(|| refuse("the file is larger than this server keeps of one"))?;
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                if anchor > 0 || tag.is_some() {
                    return Err(refuse("the file uses a YAML anchor or tag; remove it"));
                }
                self.left = self
                    .left
                    .checked_sub(text.len())
                    .ok_or_else(|| refuse("the file is larger than this server keeps of one"))?;
                Ok(scalar(&text, style == ScalarStyle::Plain))
            }
            Event::SequenceStart(anchor, tag) => {
                if anchor > 0 || tag.is_some() {
                    return Err(refuse("the file uses a YAML anchor or tag; remove it"));
                }
                let mut items = Vec::new();
                loop {
                    match self.next()? {
                        Event::SequenceEnd => return Ok(Value::List(items)),
                        event => items.push(self.value(event, depth + 1)?),
                    }
                }
            }
            Event::MappingStart(anchor, tag) => {
                if anchor > 0 || tag.is_some() {
                    return Err(refuse("the file uses a YAML anchor or tag; remove it"));
                }
                let mut members = Vec::new();
                loop {
                    match self.next()? {
                        Event::MappingEnd => return Ok(Value::Object(members)),
                        event => {
                            let name = match self.value(event, depth + 1)? {
                                Value::Text(text) | Value::Number(text) => text,
                                Value::Bool(yes) => yes.to_string(),
                                _ => return Err(refuse("the name of a member is a text")),
                            };
                            let event = self.next()?;
                            members.push((name, self.value(event, depth + 1)?));
                        }
                    }
                }
            }
            Event::Alias(_) => Err(refuse("the file uses a YAML alias (*name); write the value out")),
            _ => Err(refuse("a value is missing")),
        }
    }
}

fn scalar(text: &str, is_plain: bool) -> Value {
    if is_plain {
        match text {
            "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
            "true" | "True" | "TRUE" => return Value::Bool(true),
            "false" | "False" | "FALSE" => return Value::Bool(false),
            _ if text.parse::<f64>().is_ok() && text.bytes().any(|byte| byte.is_ascii_digit()) => {
                return Value::Number(text.to_owned());
            }
            _ => {}
        }
    }
    Value::Text(text.to_owned())
}
