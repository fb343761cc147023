//! The inside of a start tag: a name and attributes.

use std::ops::Range;

use super::reference;
use super::shorten;

/// Where an attribute's name and raw value stand within the tag.
#[derive(Debug, Clone)]
pub(super) struct Span {
    pub(super) name: Range<usize>,
    pub(super) value: Range<usize>,
}

/// A start tag that is well formed.
pub(super) struct Parsed {
    pub(super) name: Range<usize>,
    /// Written as `<name/>`.
    pub(super) empty: bool,
}

/// Takes apart what stands between `<` and `>`.
pub(super) fn parse(tag: &str, spans: &mut Vec<Span>, max_attributes: usize) -> Result<Parsed, String> {
    spans.clear();
    let bytes = tag.as_bytes();
    let (body, empty) = match bytes.last() {
        Some(b'/') => (bytes.len() - 1, true),
        _ => (bytes.len(), false),
    };
    let name = 0..name_length(&tag[..body]);
    if name.is_empty() {
        return Err("`<` does not begin a tag here; a literal < is written &lt;".to_owned());
    }
    let mut at = name.end;
    loop {
        let space = white_space(&bytes[at..body]);
        at += space;
        if at == body {
            return Ok(Parsed { name, empty });
        }
        let element = shorten(&tag[name.clone()]);
        let length = name_length(&tag[at..body]);
        if length == 0 || space == 0 {
            return Err(format!("the tag <{element}> is not well formed: an attribute is expected"));
        }
        let attribute = at..at + length;
        let shown = shorten(&tag[attribute.clone()]);
        at = attribute.end + white_space(&bytes[attribute.end..body]);
        if bytes[..body].get(at) != Some(&b'=') {
            return Err(format!("attribute {shown} of <{element}> has no value"));
        }
        at += 1 + white_space(&bytes[at + 1..body]);
        let quote = match bytes[..body].get(at) {
            Some(&quote @ (b'"' | b'\'')) => quote,
            _ => {
                return Err(format!("the value of attribute {shown} of <{element}> is not quoted"));
            }
        };
        let Some(length) = memchr::memchr(quote, &bytes[at + 1..body]) else {
            return Err(format!("the value of attribute {shown} of <{element}> does not end"));
        };
        let value = at + 1..at + 1 + length;
        at = value.end + 1;
        if memchr::memchr(b'<', &bytes[value.clone()]).is_some() {
            return Err(format!("attribute {shown} of <{element}> contains `<`; write &lt;"));
        }
        reference::check_value(&tag[value.clone()])?;
        if spans.iter().any(|span| tag[span.name.clone()] == tag[attribute.clone()]) {
            return Err(format!("attribute {shown} of <{element}> is given twice"));
        }
        if spans.len() == max_attributes {
            return Err(format!("<{element}> has more than {max_attributes} attributes"));
        }
        spans.push(Span { name: attribute, value });
    }
}

fn white_space(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n')).count()
}

/// Bytes of the XML name that `text` begins with. Beyond ASCII every character is taken for a name character; the
/// names that matter are ASCII.
fn name_length(text: &str) -> usize {
    let is_name = |byte: u8, first: bool| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'_' | b':' | 0x80.. => true,
        b'0'..=b'9' | b'-' | b'.' => !first,
        _ => false,
    };
    let length = text.bytes().enumerate().take_while(|&(at, byte)| is_name(byte, at == 0)).count();
    if text[..length].contains('\u{FFFD}') { 0 } else { length }
}
