//! Rows become JSON straight from PostgreSQL's binary format, without a tree in between (see decision 0001).

use std::{
    error::Error as StdError,
    io::Write as _,
    net::{Ipv4Addr, Ipv6Addr},
};

use jiff::{Timestamp, civil::Date};
use postgres_types::{FromSql, Type};
use tokio_postgres::Row as PgRow;
use uuid::Uuid;

use crate::{Error, schema::ColumnType};

/// Bytes that are valid JSON.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RawJson(pub Vec<u8>);

impl RawJson {
    /// Parsed, for callers that look inside.
    ///
    /// # Errors
    /// Never for bytes made here.
    pub fn parse(&self) -> Result<serde_json::Value, Error> {
        serde_json::from_slice(&self.0).map_err(|error| Error::Broken(error.to_string()))
    }
}

/// The raw bytes of a column; `None` is null.
pub(crate) struct Raw<'a>(pub(crate) Option<&'a [u8]>);

impl<'a> FromSql<'a> for Raw<'a> {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn StdError + Sync + Send>> {
        Ok(Self(Some(raw)))
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn StdError + Sync + Send>> {
        Ok(Self(None))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// The columns of a selection, in order, each with the JSON member it becomes.
#[derive(Debug)]
pub struct Row {
    members: Vec<(Vec<u8>, ColumnType, usize)>,
}

impl Row {
    /// Members named after columns at these positions of the selection.
    pub fn new<'a>(columns: impl IntoIterator<Item = (&'a str, ColumnType, usize)>) -> Self {
        let mut members: Vec<(Vec<u8>, ColumnType, usize)> = Vec::new();
        for (name, kind, at) in columns {
            let mut member = if members.is_empty() { b"{".to_vec() } else { b",".to_vec() };
            write_string(&mut member, name);
            member.push(b':');
            members.push((member, kind, at));
        }
        Self { members }
    }

    /// Appends the row as one JSON object.
    ///
    /// # Errors
    /// When a value is not in the format PostgreSQL documents, or not of the type the schema said at start.
    pub fn write(&self, out: &mut Vec<u8>, row: &PgRow) -> Result<(), Error> {
        if self.members.is_empty() {
            out.extend_from_slice(b"{}");
            return Ok(());
        }
        for (member, kind, at) in &self.members {
            out.extend_from_slice(member);
            write_value(out, *kind, row.try_get::<_, Raw<'_>>(*at)?.0)?;
        }
        out.push(b'}');
        Ok(())
    }
}

/// Appends one value as JSON.
pub(crate) fn write_value(out: &mut Vec<u8>, kind: ColumnType, raw: Option<&[u8]>) -> Result<(), Error> {
    let Some(raw) = raw else {
        out.extend_from_slice(b"null");
        return Ok(());
    };
    decode(out, kind, raw).ok_or_else(|| Error::Broken(format!("a value of type {kind:?} could not be decoded")))
}

fn decode(out: &mut Vec<u8>, kind: ColumnType, raw: &[u8]) -> Option<()> {
    match kind {
        ColumnType::Uuid => {
            let mut text = [0; uuid::fmt::Hyphenated::LENGTH];
            Uuid::from_slice(raw).ok()?.hyphenated().encode_lower(&mut text);
            out.push(b'"');
            out.extend_from_slice(&text);
            out.push(b'"');
        }
        ColumnType::Text | ColumnType::Char(_) => write_string(out, std::str::from_utf8(raw).ok()?),
        ColumnType::Int2 => plain(out, i16::from_be_bytes(raw.try_into().ok()?)),
        ColumnType::Int4 => plain(out, i32::from_be_bytes(raw.try_into().ok()?)),
        ColumnType::Int8 => plain(out, i64::from_be_bytes(raw.try_into().ok()?)),
        ColumnType::Float8 => {
            let value = f64::from_be_bytes(raw.try_into().ok()?);
            if value.is_finite() { plain(out, value) } else { out.extend_from_slice(b"null") }
        }
        ColumnType::Bool => out.extend_from_slice(if raw.first()? == &0 { b"false" } else { b"true" }),
        ColumnType::Numeric(..) => numeric(out, raw)?,
        ColumnType::Timestamptz => match i64::from_be_bytes(raw.try_into().ok()?) {
            i64::MAX => out.extend_from_slice(b"\"infinity\""),
            i64::MIN => out.extend_from_slice(b"\"-infinity\""),
            // Microseconds since 2000-01-01.
            micros => quoted(out, Timestamp::from_microsecond(micros.checked_add(946_684_800_000_000)?).ok()?),
        },
        ColumnType::Date => {
            let days = i64::from(i32::from_be_bytes(raw.try_into().ok()?));
            let epoch = Date::constant(2000, 1, 1);
            quoted(out, epoch.checked_add(jiff::Span::new().try_days(days).ok()?).ok()?);
        }
        // A version byte, then the text.
        ColumnType::Jsonb => out.extend_from_slice(raw.strip_prefix(&[1])?),
        ColumnType::TextArray => array(out, raw, ColumnType::Text)?,
        ColumnType::UuidArray => array(out, raw, ColumnType::Uuid)?,
        ColumnType::Inet => inet(out, raw)?,
        ColumnType::Bytea => {
            out.push(b'"');
            for byte in raw {
                let _ = write!(out, "{byte:02x}");
            }
            out.push(b'"');
        }
        ColumnType::Tsvector | ColumnType::Other => return None,
    }
    Some(())
}

fn plain(out: &mut Vec<u8>, value: impl std::fmt::Display) {
    // Writing to a vector cannot fail.
    let _ = write!(out, "{value}");
}

fn quoted(out: &mut Vec<u8>, value: impl std::fmt::Display) {
    let _ = write!(out, "\"{value}\"");
}

/// Appends a JSON string (RFC 8259 §7).
pub fn write_string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let bytes = text.as_bytes();
    let mut written = 0;
    for (at, byte) in bytes.iter().enumerate() {
        let escape: &[u8] = match byte {
            b'"' => b"\\\"",
            b'\\' => b"\\\\",
            b'\n' => b"\\n",
            b'\r' => b"\\r",
            b'\t' => b"\\t",
            0..=0x1f => b"",
            _ => continue,
        };
        out.extend_from_slice(&bytes[written..at]);
        if escape.is_empty() {
            let _ = write!(out, "\\u{byte:04x}");
        } else {
            out.extend_from_slice(escape);
        }
        written = at + 1;
    }
    out.extend_from_slice(&bytes[written..]);
    out.push(b'"');
}

/// A decimal with every digit, as a JSON number. Base-10000 digits, weight of the first, sign, digits after the point.
fn numeric(out: &mut Vec<u8>, raw: &[u8]) -> Option<()> {
    let word = |at: usize| Some(u16::from_be_bytes(raw.get(at..at + 2)?.try_into().ok()?));
    let (count, weight, sign, scale) = (word(0)?, word(2)?.cast_signed(), word(4)?, word(6)?);
    match sign {
        0 => {}
        0x4000 => out.push(b'-'),
        _ => {
            out.extend_from_slice(b"null");
            return Some(());
        }
    }
    let digit = |position: i32| -> Option<u16> {
        match usize::try_from(position) {
            Ok(at) if at < usize::from(count) => word(8 + at * 2),
            _ => Some(0),
        }
    };
    if weight < 0 {
        out.push(b'0');
    }
    for position in 0..=i32::from(weight) {
        let _ = if position == 0 { write!(out, "{}", digit(0)?) } else { write!(out, "{:04}", digit(position)?) };
    }
    if scale > 0 {
        out.push(b'.');
        let mut fraction = Vec::with_capacity(usize::from(scale) + 4);
        let mut position = i32::from(weight) + 1;
        while fraction.len() < usize::from(scale) {
            let _ = write!(fraction, "{:04}", digit(position)?);
            position += 1;
        }
        fraction.truncate(usize::from(scale));
        out.extend_from_slice(&fraction);
    }
    Some(())
}

fn array(out: &mut Vec<u8>, raw: &[u8], kind: ColumnType) -> Option<()> {
    let int = |at: usize| Some(i32::from_be_bytes(raw.get(at..at + 4)?.try_into().ok()?));
    out.push(b'[');
    // Dimensions, null flag, element type; then length and lower bound of the one dimension; then the elements.
    if int(0)? > 0 {
        let count = int(12)?;
        let mut at = 20;
        for element in 0..count {
            if element > 0 {
                out.push(b',');
            }
            let length = int(at)?;
            at += 4;
            match usize::try_from(length) {
                Ok(length) => {
                    decode(out, kind, raw.get(at..at + length)?)?;
                    at += length;
                }
                Err(_) => out.extend_from_slice(b"null"),
            }
        }
    }
    out.push(b']');
    Some(())
}

fn inet(out: &mut Vec<u8>, raw: &[u8]) -> Option<()> {
    let (bits, address) = (*raw.get(1)?, raw.get(4..)?);
    match address.len() {
        4 => {
            let octets: [u8; 4] = address.try_into().ok()?;
            let address = Ipv4Addr::from(octets);
            if bits == 32 { quoted(out, address) } else { quoted(out, format_args!("{address}/{bits}")) }
        }
        16 => {
            let octets: [u8; 16] = address.try_into().ok()?;
            let address = Ipv6Addr::from(octets);
            if bits == 128 { quoted(out, address) } else { quoted(out, format_args!("{address}/{bits}")) }
        }
        _ => return None,
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(kind: ColumnType, raw: &[u8]) -> String {
        let mut out = Vec::new();
        write_value(&mut out, kind, Some(raw)).expect("a valid value");
        String::from_utf8(out).expect("JSON is UTF-8")
    }

    fn numeric_bytes(weight: i16, sign: u16, scale: u16, digits: &[u16]) -> Vec<u8> {
        let head = [u16::try_from(digits.len()).expect("few"), weight.cast_unsigned(), sign, scale];
        head.iter().chain(digits).flat_map(|word| word.to_be_bytes()).collect()
    }

    #[test]
    fn decimals_keep_every_digit() {
        let numeric = ColumnType::Numeric(0, 0);
        assert_eq!(encoded(numeric, &numeric_bytes(0, 0, 2, &[12, 3400])), "12.34");
        assert_eq!(encoded(numeric, &numeric_bytes(1, 0x4000, 0, &[1, 5])), "-10005");
        assert_eq!(encoded(numeric, &numeric_bytes(-1, 0, 6, &[1, 2000])), "0.000120");
        assert_eq!(encoded(numeric, &numeric_bytes(0, 0, 2, &[])), "0.00");
        assert_eq!(encoded(numeric, &numeric_bytes(2, 0, 0, &[7])), "700000000");
    }

    #[test]
    fn strings_are_escaped() {
        let mut out = Vec::new();
        write_string(&mut out, "a\"b\\c\nd\u{1}é😀");
        let back: String = serde_json::from_slice(&out).expect("valid JSON");
        assert_eq!(back, "a\"b\\c\nd\u{1}é😀");
    }

    #[test]
    fn times_and_dates_are_iso_8601() {
        assert_eq!(encoded(ColumnType::Timestamptz, &0_i64.to_be_bytes()), "\"2000-01-01T00:00:00Z\"");
        assert_eq!(encoded(ColumnType::Timestamptz, &1_500_000_i64.to_be_bytes()), "\"2000-01-01T00:00:01.5Z\"");
        assert_eq!(encoded(ColumnType::Date, &366_i32.to_be_bytes()), "\"2001-01-01\"");
        assert_eq!(encoded(ColumnType::Date, &(-1_i32).to_be_bytes()), "\"1999-12-31\"");
    }
}
