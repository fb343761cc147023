//! A pull tokenizer for JSON reports from strangers.
//!
//! Why not a general JSON library: a report may hold a million results in one array, and its rules may follow them, so it is
//! read piece by piece and what nobody asked for is passed over without being kept. Two mistakes that scanners make are let
//! through because their meaning is plain: a byte order mark, and a comma after the last member of an object or array.
//! Everything else follows RFC 8259. What cannot be stored (NUL, lone surrogates) becomes U+FFFD.

mod scan;
mod value;

use std::io::BufRead;

use crate::decode::{Replaced, Text};
use crate::{Limits, ReadError};

pub(crate) use value::Value;

/// What the tokenizer has read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Token {
    ObjectStart,
    ObjectEnd,
    ArrayStart,
    ArrayEnd,
    /// The name of a member; its value comes next.
    Name(String),
    Text(String),
    /// A number, as it is written.
    Number(String),
    Bool(bool),
    Null,
    /// The end of a complete document.
    Finished,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expect {
    /// A value; within an array that has just begun, or after a comma, its end as well.
    ValueOrEnd,
    Value,
    NameOrEnd,
    CommaOrEnd,
    EndOfFile,
}

/// Reads one JSON document token by token.
pub(crate) struct Json<R> {
    text: Text<R>,
    buffer: String,
    position: usize,
    line: u64,
    /// The open objects (true) and arrays (false).
    open: Vec<bool>,
    expect: Expect,
    max_depth: usize,
    max_string_bytes: usize,
    replaced: u64,
}

impl<R: BufRead> Json<R> {
    pub(crate) fn new(inner: R, limits: &Limits) -> Self {
        Self {
            text: Text::new(inner, limits),
            buffer: String::new(),
            position: 0,
            line: 1,
            open: Vec::new(),
            expect: Expect::Value,
            max_depth: limits.max_depth,
            max_string_bytes: limits.max_tag_bytes,
            replaced: 0,
        }
    }

    /// What could not be shown so far.
    pub(crate) fn replaced(&self) -> Replaced {
        let decoded = self.text.replaced();
        Replaced { count: decoded.count + self.replaced, first_line: decoded.first_line }
    }

    /// A refusal at the line that has been reached.
    pub(crate) fn error(&self, reason: impl Into<String>) -> ReadError {
        ReadError::at_line(self.line, reason)
    }

    /// The next token. Not to be called again after an error.
    pub(crate) fn next(&mut self) -> Result<Token, ReadError> {
        self.token(true)
    }

    /// Passes over the value that comes next, however large, keeping nothing of it.
    pub(crate) fn skip(&mut self) -> Result<(), ReadError> {
        let depth = self.open.len();
        loop {
            match self.token(false)? {
                Token::ObjectStart | Token::ArrayStart | Token::Name(_) => {}
                Token::Finished => return Err(self.ended()),
                _ if self.open.len() == depth => return Ok(()),
                _ => {}
            }
        }
    }

    /// Whether the value that comes next is an array; it is entered. Anything else is passed over.
    pub(crate) fn enter_array(&mut self) -> Result<bool, ReadError> {
        self.enter(b'[')
    }

    /// Whether the value that comes next is an object; it is entered. Anything else is passed over.
    pub(crate) fn enter_object(&mut self) -> Result<bool, ReadError> {
        self.enter(b'{')
    }

    fn enter(&mut self, begins: u8) -> Result<bool, ReadError> {
        let entered = self.blank()? == Some(begins);
        if entered {
            self.token(true)?;
        } else {
            self.skip()?;
        }
        Ok(entered)
    }

    /// Within an array: whether there is another value, which is read next. False: the array has ended.
    pub(crate) fn another(&mut self) -> Result<bool, ReadError> {
        if self.expect == Expect::CommaOrEnd && self.blank()? == Some(b',') {
            self.position += 1;
            self.expect = Expect::ValueOrEnd;
        }
        if self.blank()? == Some(b']') {
            self.token(true)?;
            return Ok(false);
        }
        Ok(true)
    }

    /// Between the documents of JSON lines: the byte with which what comes next begins, or nothing at the end of the file.
    /// To be called at the beginning, and when a document was read to its end.
    pub(crate) fn next_document(&mut self) -> Result<Option<u8>, ReadError> {
        let byte = self.blank()?;
        self.expect = Expect::Value;
        Ok(byte)
    }

    /// The line that has been reached, from 1.
    pub(crate) fn line(&self) -> u64 {
        self.line
    }

    fn token(&mut self, keep: bool) -> Result<Token, ReadError> {
        loop {
            let Some(byte) = self.blank()? else {
                return if self.expect == Expect::EndOfFile { Ok(Token::Finished) } else { Err(self.ended()) };
            };
            match (self.expect, byte) {
                (Expect::EndOfFile, _) => return Err(self.error("there is text after the end of the JSON document")),
                (Expect::CommaOrEnd, b',') => {
                    self.position += 1;
                    let in_object = self.open.last() == Some(&true);
                    self.expect = if in_object { Expect::NameOrEnd } else { Expect::ValueOrEnd };
                }
                (Expect::CommaOrEnd | Expect::NameOrEnd, b'}') if self.open.last() == Some(&true) => {
                    return Ok(self.close(Token::ObjectEnd));
                }
                (Expect::CommaOrEnd | Expect::ValueOrEnd, b']') if self.open.last() == Some(&false) => {
                    return Ok(self.close(Token::ArrayEnd));
                }
                (Expect::NameOrEnd, b'"') => {
                    let name = self.string(true)?;
                    if self.blank()? != Some(b':') {
                        return Err(self.error("a `:` is missing after the name of a member"));
                    }
                    self.position += 1;
                    self.expect = Expect::Value;
                    return Ok(Token::Name(name));
                }
                (Expect::Value | Expect::ValueOrEnd, _) => return self.value(byte, keep),
                (Expect::NameOrEnd, _) => return Err(self.error("the name of a member has to be in quotes")),
                (Expect::CommaOrEnd, _) => {
                    return Err(self.error("a comma or the end of an object or array is missing"));
                }
            }
        }
    }

    fn value(&mut self, byte: u8, keep: bool) -> Result<Token, ReadError> {
        let token = match byte {
            b'{' | b'[' => {
                if self.open.len() >= self.max_depth {
                    return Err(self.error(format!("values lie more than {} deep", self.max_depth)));
                }
                self.position += 1;
                self.open.push(byte == b'{');
                self.expect = if byte == b'{' { Expect::NameOrEnd } else { Expect::ValueOrEnd };
                return Ok(if byte == b'{' { Token::ObjectStart } else { Token::ArrayStart });
            }
            b'"' => Token::Text(self.string(keep)?),
            b'-' | b'0'..=b'9' => Token::Number(self.number()?),
            b't' => self.word("true", Token::Bool(true))?,
            b'f' => self.word("false", Token::Bool(false))?,
            b'n' => self.word("null", Token::Null)?,
            _ => return Err(self.error("this is not JSON: no value begins here")),
        };
        self.after_value();
        Ok(token)
    }

    fn close(&mut self, token: Token) -> Token {
        self.position += 1;
        self.open.pop();
        self.after_value();
        token
    }

    fn after_value(&mut self) {
        self.expect = if self.open.is_empty() { Expect::EndOfFile } else { Expect::CommaOrEnd };
    }

    fn ended(&self) -> ReadError {
        self.error("the file ends in the middle of the JSON document; it was cut off")
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::*;

    fn tokens(text: &str) -> Result<Vec<Token>, ReadError> {
        let mut all = Vec::new();
        let mut json = Json::new(BufReader::with_capacity(1, text.as_bytes()), &Limits::default());
        loop {
            match json.next()? {
                Token::Finished => return Ok(all),
                token => all.push(token),
            }
        }
    }

    #[test]
    fn a_mark_and_trailing_commas_are_let_through() {
        let all = tokens("\u{FEFF}{\"a\": [1, -2.5e3,], \"b\": null,}\n").expect("readable");
        assert_eq!(all.len(), 9);
        assert_eq!(all[4], Token::Number("-2.5e3".into()));
    }

    #[test]
    fn strings_are_made_fit_to_be_stored() {
        let all = tokens(r#"["a\n\u00e9\uD83D\uDE00", "\u0000\uD800x"]"#).expect("readable");
        assert_eq!(all[1], Token::Text("a\né😀".into()));
        assert_eq!(all[2], Token::Text("\u{FFFD}\u{FFFD}x".into()));
    }

    #[test]
    fn what_is_not_json_is_refused_with_its_line() {
        for text in ["", "{", "[1 2]", "{a:1}", "[1]x", "{\"a\" 1}", "[,1]", "[-]", "\"a", "[tru]", r#"["\x"]"#, "[}"] {
            assert!(tokens(text).is_err(), "{text}");
        }
        assert_eq!(tokens("[1,\n2,\n?]").expect_err("refused").line, 3);
        let deep = "[".repeat(200);
        assert!(tokens(&deep).expect_err("refused").reason.contains("128 deep"));
    }

    #[test]
    fn what_is_passed_over_is_checked_but_not_kept() {
        let mut json = Json::new(&br#"{"a": {"b": ["x", {}]}, "c": 1}"#[..], &Limits::default());
        assert!(json.enter_object().expect("an object"));
        assert_eq!(json.next(), Ok(Token::Name("a".into())));
        json.skip().expect("whole");
        assert_eq!(json.next(), Ok(Token::Name("c".into())));
        let value = Value::read(&mut json, 100).expect("a number");
        assert_eq!(value.number(), Some(1.0));
    }

    #[test]
    fn a_value_larger_than_its_room_is_refused() {
        let text = format!("[\"{}\"]", "x".repeat(1000));
        let mut json = Json::new(text.as_bytes(), &Limits::default());
        assert!(Value::read(&mut json, 100).expect_err("refused").reason.contains("100 bytes"));
    }
}
