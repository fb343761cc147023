//! `&amp;` and its kind: XML's five own entities and numbers. Every other reference is refused.

use std::borrow::Cow;

use crate::ReadError;
use crate::decode::is_allowed;
use crate::xml::shorten;

/// `&#x0010FFFF;` and a few superfluous zeros.
const LONGEST: usize = 16;

/// Where a reference in text is read from.
pub(super) trait Source {
    /// What lies ahead: at least `length` bytes, unless the file ends before.
    fn ahead(&mut self, length: usize) -> Result<&str, ReadError>;
    /// A refusal at the place that has been reached.
    fn refuse(&self, reason: String) -> ReadError;
}

/// The reference that lies ahead: how many bytes it takes, and what it stands for.
pub(super) fn take(source: &mut impl Source) -> Result<(usize, char), ReadError> {
    match first(source.ahead(LONGEST)?) {
        Ok(found) => Ok(found),
        Err(reason) => Err(source.refuse(reason)),
    }
}

/// The reference that `text` begins with.
fn first(text: &str) -> Result<(usize, char), String> {
    let window = &text.as_bytes()[..text.len().min(LONGEST)];
    let end = memchr::memchr(b';', window).ok_or_else(|| {
        // Plain characters within the window only: what lies behind it may not have been read yet.
        let shown: String = text.chars().take(12).take_while(|c| c.is_ascii_graphic() && *c != '<').collect();
        format!("`{shown}` is not a complete reference; a literal & is written &amp;")
    })?;
    let name = &text[1..end];
    let character = match name {
        "lt" => '<',
        "gt" => '>',
        "amp" => '&',
        "quot" => '"',
        "apos" => '\'',
        _ => match name.strip_prefix('#') {
            Some(number) => numeric(number).ok_or_else(|| format!("`&{name};` is not a character"))?,
            None => {
                return Err(format!(
                    "the entity `&{};` is not known: this server reads no DTD, and XML itself has only lt, gt, amp, \
                     quot and apos",
                    shorten(name)
                ));
            }
        },
    };
    Ok((end + 1, character))
}

/// A character by number. One that XML forbids (an escape character that a tool carefully encoded, say) becomes
/// U+FFFD; what is no number is no reference.
fn numeric(number: &str) -> Option<char> {
    let (digits, radix) = match number.strip_prefix('x') {
        Some(digits) => (digits, 16),
        None => (number, 10),
    };
    if digits.is_empty() || !digits.bytes().all(|digit| (digit as char).is_digit(radix)) {
        return None;
    }
    let code = u32::from_str_radix(digits, radix).ok()?;
    Some(char::from_u32(code).filter(|&c| is_allowed(c) || c == '\r').unwrap_or('\u{FFFD}'))
}

/// Every reference in an attribute value is known.
pub(super) fn check_value(value: &str) -> Result<(), String> {
    let mut rest = value;
    while let Some(at) = memchr::memchr(b'&', rest.as_bytes()) {
        let (length, _) = first(&rest[at..])?;
        rest = &rest[at + length..];
    }
    Ok(())
}

/// An attribute value that [`check_value`] has accepted, as the program that wrote it meant it.
pub(super) fn resolve_value(raw: &str) -> Cow<'_, str> {
    if memchr::memchr3(b'&', b'\n', b'\t', raw.as_bytes()).is_none() {
        return Cow::Borrowed(raw);
    }
    let mut value = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = memchr::memchr3(b'&', b'\n', b'\t', rest.as_bytes()) {
        value.push_str(&rest[..at]);
        match first(&rest[at..]) {
            Ok((length, character)) if rest.as_bytes()[at] == b'&' => {
                value.push(character);
                rest = &rest[at + length..];
            }
            _ => {
                value.push(' ');
                rest = &rest[at + 1..];
            }
        }
    }
    value.push_str(rest);
    Cow::Owned(value)
}
