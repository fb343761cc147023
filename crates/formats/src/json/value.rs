//! One value, kept whole within a bound.

use std::io::BufRead;

use super::{Json, Token};
use crate::ReadError;

/// What one value takes beside its text.
const VALUE_BYTES: usize = 32;

/// A value that was read whole. Members keep the order of the file; of two with one name the first counts.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Number(String),
    Text(String),
    List(Vec<Value>),
    Object(Vec<(String, Value)>),
}

impl Value {
    /// Reads the value that comes next, refusing one that would take more than `room` bytes.
    pub(crate) fn read<R: BufRead>(json: &mut Json<R>, room: usize) -> Result<Self, ReadError> {
        let mut left = room;
        let token = json.next()?;
        Self::rest(json, token, &mut left, room)
    }

    // Depth is bounded by the tokenizer.
    fn rest<R: BufRead>(json: &mut Json<R>, token: Token, left: &mut usize, room: usize) -> Result<Self, ReadError> {
        let size = VALUE_BYTES
            + match &token {
                Token::Text(text) | Token::Number(text) => text.len(),
                _ => 0,
            };
        pay(json, left, size, room)?;
        Ok(match token {
            Token::Null => Self::Null,
            Token::Bool(value) => Self::Bool(value),
            Token::Number(text) => Self::Number(text),
            Token::Text(text) => Self::Text(text),
            Token::ArrayStart => {
                let mut items = Vec::new();
                loop {
                    match json.next()? {
                        Token::ArrayEnd => return Ok(Self::List(items)),
                        token => items.push(Self::rest(json, token, left, room)?),
                    }
                }
            }
            Token::ObjectStart => {
                let mut members = Vec::new();
                loop {
                    match json.next()? {
                        Token::Name(name) => {
                            pay(json, left, name.len() + VALUE_BYTES, room)?;
                            let token = json.next()?;
                            members.push((name, Self::rest(json, token, left, room)?));
                        }
                        _ => return Ok(Self::Object(members)),
                    }
                }
            }
            Token::ObjectEnd | Token::ArrayEnd | Token::Name(_) | Token::Finished => {
                return Err(json.error("a value is missing"));
            }
        })
    }

    /// A member of an object.
    pub(crate) fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Object(members) => members.iter().find(|(own, _)| own == name).map(|(_, value)| value),
            _ => None,
        }
    }

    /// The value at the end of a path of members.
    pub(crate) fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |value, name| value.get(name))
    }

    /// A text that is not blank, white space at its ends taken off.
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text.trim()).filter(|text| !text.is_empty()),
            _ => None,
        }
    }

    /// The text of a member.
    pub(crate) fn text_of(&self, name: &str) -> Option<String> {
        self.get(name).and_then(Self::text).map(str::to_owned)
    }

    /// A number.
    pub(crate) fn number(&self) -> Option<f64> {
        match self {
            Self::Number(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// A whole number that counts something.
    pub(crate) fn count(&self) -> Option<u64> {
        match self {
            Self::Number(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// The items of an array; none of anything else.
    pub(crate) fn items(&self) -> &[Self] {
        match self {
            Self::List(items) => items,
            _ => &[],
        }
    }

    /// The items of a member that is an array.
    pub(crate) fn items_of(&self, name: &str) -> &[Self] {
        self.get(name).map_or(&[], Self::items)
    }

    /// The members of an object; none of anything else.
    pub(crate) fn members(&self) -> &[(String, Self)] {
        match self {
            Self::Object(members) => members,
            _ => &[],
        }
    }
}

fn pay<R: BufRead>(json: &Json<R>, left: &mut usize, size: usize, room: usize) -> Result<(), ReadError> {
    *left = left
        .checked_sub(size)
        .ok_or_else(|| json.error(format!("one record takes more than the {room} bytes this server keeps of it")))?;
    Ok(())
}
