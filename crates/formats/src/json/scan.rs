//! Characters: white space, strings, numbers and words.

use std::io::BufRead;

use super::{Json, Token};
use crate::ReadError;
use crate::decode::is_allowed;

impl<R: BufRead> Json<R> {
    /// The byte that has been reached, or nothing at the end of the file.
    fn peek(&mut self) -> Result<Option<u8>, ReadError> {
        if self.position == self.buffer.len() {
            self.buffer.clear();
            self.position = 0;
            if !self.text.read_into(&mut self.buffer)? {
                return Ok(None);
            }
        }
        Ok(Some(self.buffer.as_bytes()[self.position]))
    }

    /// The byte after white space.
    pub(super) fn blank(&mut self) -> Result<Option<u8>, ReadError> {
        loop {
            match self.peek()? {
                Some(b'\n') => self.line += 1,
                Some(b' ' | b'\t' | b'\r') => {}
                other => return Ok(other),
            }
            self.position += 1;
        }
    }

    /// The rest of a line that is no JSON, handed over piece by piece, its end included.
    pub(crate) fn plain_line(&mut self, mut keep: impl FnMut(&str)) -> Result<(), ReadError> {
        while self.peek()?.is_some() {
            let rest = &self.buffer[self.position..];
            let end = memchr::memchr(b'\n', rest.as_bytes());
            let length = end.map_or(rest.len(), |at| at + 1);
            keep(&rest[..length]);
            self.position += length;
            if end.is_some() {
                self.line += 1;
                return Ok(());
            }
        }
        Ok(())
    }

    /// A string, from its opening quote; empty unless it is kept.
    pub(super) fn string(&mut self, keep: bool) -> Result<String, ReadError> {
        let mut out = String::new();
        self.position += 1;
        loop {
            if self.peek()?.is_none() {
                return Err(self.error("the file ends within a string; it was cut off"));
            }
            let rest = &self.buffer[self.position..];
            let length = memchr::memchr2(b'"', b'\\', rest.as_bytes()).unwrap_or(rest.len());
            self.line += memchr::memchr_iter(b'\n', &rest.as_bytes()[..length]).count() as u64;
            if keep {
                out.push_str(&rest[..length]);
            }
            let stopped_at = rest.as_bytes().get(length).copied();
            self.position += length;
            match stopped_at {
                Some(b'"') => {
                    self.position += 1;
                    return Ok(out);
                }
                Some(_) => {
                    self.position += 1;
                    let character = self.escape()?;
                    if keep {
                        out.push(character);
                    }
                }
                None => {}
            }
            if out.len() > self.max_string_bytes {
                return Err(self.error(format!("a string is longer than {} bytes", self.max_string_bytes)));
            }
        }
    }

    fn escape(&mut self) -> Result<char, ReadError> {
        let byte = self.take()?;
        Ok(match byte {
            b'"' | b'\\' | b'/' => char::from(byte),
            b'b' | b'f' => ' ',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let first = self.hexadecimal()?;
                let code = match first {
                    0xD800..=0xDBFF if self.peek()? == Some(b'\\') => {
                        self.position += 1;
                        if self.peek()? == Some(b'u') {
                            self.position += 1;
                            let second = self.hexadecimal()?;
                            match second {
                                0xDC00..=0xDFFF => 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00),
                                _ => 0xFFFF,
                            }
                        } else {
                            self.replaced += 1;
                            return self.escape();
                        }
                    }
                    other => other,
                };
                match char::from_u32(code).filter(|character| is_allowed(*character)) {
                    Some(character) => character,
                    None => {
                        self.replaced += 1;
                        '\u{FFFD}'
                    }
                }
            }
            _ => return Err(self.error("a string holds a backslash that means nothing")),
        })
    }

    fn take(&mut self) -> Result<u8, ReadError> {
        let Some(byte) = self.peek()?.filter(u8::is_ascii) else {
            return Err(self.error("a string holds a backslash that means nothing"));
        };
        self.position += 1;
        Ok(byte)
    }

    fn hexadecimal(&mut self) -> Result<u32, ReadError> {
        let mut code = 0;
        for _ in 0..4 {
            let digit = char::from(self.take()?).to_digit(16);
            let Some(digit) = digit else {
                return Err(self.error("\\u has to be followed by four hexadecimal digits"));
            };
            code = code * 16 + digit;
        }
        Ok(code)
    }

    pub(super) fn number(&mut self) -> Result<String, ReadError> {
        let mut out = String::new();
        while let Some(byte @ (b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E')) = self.peek()? {
            out.push(char::from(byte));
            self.position += 1;
            if out.len() > 400 {
                return Err(self.error("a number has more than 400 digits"));
            }
        }
        if out.parse::<f64>().is_err() {
            return Err(self.error("a number cannot be read"));
        }
        Ok(out)
    }

    pub(super) fn word(&mut self, word: &str, token: Token) -> Result<Token, ReadError> {
        for expected in word.bytes() {
            if self.peek()? != Some(expected) {
                return Err(self.error("this is not JSON: a word other than true, false and null"));
            }
            self.position += 1;
        }
        Ok(token)
    }
}
