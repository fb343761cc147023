//! PostgreSQL's binary column values written straight into JSON text, by type identifier.
//!
//! The output equals `row_to_json` byte for byte (with the session's time zone at UTC), which the measurement asserts before
//! it starts, so that the candidates are compared on the same answer.

use std::{error::Error, io::Write as _};

use tokio_postgres::{
    Row, Statement,
    types::{FromSql, Type},
};

/// The bytes of a column as they came over the wire; accepts every type.
pub struct Raw<'a>(pub Option<&'a [u8]>);

impl<'a> FromSql<'a> for Raw<'a> {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(Some(raw)))
    }
    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(None))
    }
    fn accepts(_: &Type) -> bool {
        true
    }
}

type Encode = fn(&mut Vec<u8>, &[u8]);

/// How each column of a prepared statement is written: worked out once, used for every row.
pub struct Plan(Vec<(Vec<u8>, Encode)>);

impl Plan {
    /// Looks up a writer for every column.
    ///
    /// # Errors
    /// When a column has a type that this encoder does not know; the message names the column.
    pub fn of(statement: &Statement) -> Result<Self, String> {
        let mut columns = Vec::new();
        for (index, column) in statement.columns().iter().enumerate() {
            let mut lead = vec![if index == 0 { b'{' } else { b',' }];
            text(&mut lead, column.name().as_bytes());
            lead.push(b':');
            let encode: Encode = match *column.type_() {
                Type::TEXT | Type::VARCHAR => text,
                Type::UUID => uuid,
                Type::INT4 => int4,
                Type::INT8 => int8,
                Type::BOOL => boolean,
                Type::NUMERIC => numeric,
                Type::TIMESTAMPTZ => timestamptz,
                Type::DATE => date,
                Type::JSONB => jsonb,
                Type::JSON => verbatim,
                Type::TEXT_ARRAY => text_array,
                ref other => {
                    return Err(format!(
                        "column {} has type {other}, which has no writer",
                        column.name()
                    ));
                }
            };
            columns.push((lead, encode));
        }
        Ok(Self(columns))
    }

    /// Appends the row as one JSON object.
    pub fn row(&self, out: &mut Vec<u8>, row: &Row) {
        for (index, (lead, encode)) in self.0.iter().enumerate() {
            out.extend_from_slice(lead);
            match row.get::<_, Raw<'_>>(index).0 {
                Some(bytes) => encode(out, bytes),
                None => out.extend_from_slice(b"null"),
            }
        }
        out.push(b'}');
    }
}

fn verbatim(out: &mut Vec<u8>, raw: &[u8]) {
    out.extend_from_slice(raw);
}

/// The wire form of jsonb is a version byte and then the text.
fn jsonb(out: &mut Vec<u8>, raw: &[u8]) {
    out.extend_from_slice(raw.get(1..).unwrap_or_default());
}

fn text(out: &mut Vec<u8>, raw: &[u8]) {
    out.push(b'"');
    let mut clean = 0;
    for (at, &byte) in raw.iter().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.extend_from_slice(&raw[clean..at]);
        clean = at + 1;
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            8 => out.extend_from_slice(b"\\b"),
            12 => out.extend_from_slice(b"\\f"),
            other => display(out, format_args!("\\u{other:04x}")),
        }
    }
    out.extend_from_slice(&raw[clean..]);
    out.push(b'"');
}

fn text_array(out: &mut Vec<u8>, raw: &[u8]) {
    out.push(b'[');
    if be_i32(raw, 0) > 0 {
        let count = be_i32(raw, 12);
        let mut at = 20;
        for index in 0..count {
            if index > 0 {
                out.push(b',');
            }
            let length = be_i32(raw, at);
            at += 4;
            if let Ok(length) = usize::try_from(length) {
                text(out, &raw[at..at + length]);
                at += length;
            } else {
                out.extend_from_slice(b"null");
            }
        }
    }
    out.push(b']');
}

fn uuid(out: &mut Vec<u8>, raw: &[u8]) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let mut line = [b'-'; 38];
    line[0] = b'"';
    line[37] = b'"';
    let mut at = 1;
    for (index, byte) in raw.iter().take(16).enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            at += 1;
        }
        line[at] = HEX[usize::from(byte >> 4)];
        line[at + 1] = HEX[usize::from(byte & 15)];
        at += 2;
    }
    out.extend_from_slice(&line);
}

fn int4(out: &mut Vec<u8>, raw: &[u8]) {
    display(out, format_args!("{}", be_i32(raw, 0)));
}

fn int8(out: &mut Vec<u8>, raw: &[u8]) {
    display(out, format_args!("{}", be_i64(raw)));
}

fn boolean(out: &mut Vec<u8>, raw: &[u8]) {
    out.extend_from_slice(if raw.first() == Some(&1) {
        b"true"
    } else {
        b"false"
    });
}

/// Base-10,000 digits with a weight and a display scale. Not-a-number and the infinities are quoted, as JSON has no word for them.
fn numeric(out: &mut Vec<u8>, raw: &[u8]) {
    let word = |index: usize| u16::from_be_bytes([raw[index * 2], raw[index * 2 + 1]]);
    let digits = i32::from(word(0));
    let weight = i32::from(word(1).cast_signed());
    let scale = usize::from(word(3));
    match word(2) {
        0x4000 => out.push(b'-'),
        0xC000 => return out.extend_from_slice(b"\"NaN\""),
        0xD000 => return out.extend_from_slice(b"\"Infinity\""),
        0xF000 => return out.extend_from_slice(b"\"-Infinity\""),
        _ => {}
    }
    let group = |index: i32| {
        if (0..digits).contains(&index) {
            word(4 + usize::try_from(index).unwrap_or_default())
        } else {
            0
        }
    };
    if weight < 0 {
        out.push(b'0');
    } else {
        display(out, format_args!("{}", group(0)));
        for index in 1..=weight {
            display(out, format_args!("{:04}", group(index)));
        }
    }
    if scale > 0 {
        out.push(b'.');
        let end = out.len() + scale;
        let mut index = weight + 1;
        while out.len() < end {
            display(out, format_args!("{:04}", group(index)));
            index += 1;
        }
        out.truncate(end);
    }
}

fn date(out: &mut Vec<u8>, raw: &[u8]) {
    let (year, month, day) = civil(i64::from(be_i32(raw, 0)));
    out.push(b'"');
    padded::<4>(out, year);
    out.push(b'-');
    padded::<2>(out, month);
    out.push(b'-');
    padded::<2>(out, day);
    out.push(b'"');
}

fn timestamptz(out: &mut Vec<u8>, raw: &[u8]) {
    const DAY_US: i64 = 86_400_000_000;
    let micros = be_i64(raw);
    let (year, month, day) = civil(micros.div_euclid(DAY_US));
    let within = micros.rem_euclid(DAY_US);
    let seconds = within / 1_000_000;
    out.push(b'"');
    padded::<4>(out, year);
    out.push(b'-');
    padded::<2>(out, month);
    out.push(b'-');
    padded::<2>(out, day);
    out.push(b'T');
    padded::<2>(out, seconds / 3600);
    out.push(b':');
    padded::<2>(out, seconds / 60 % 60);
    out.push(b':');
    padded::<2>(out, seconds % 60);
    let fraction = within % 1_000_000;
    if fraction > 0 {
        out.push(b'.');
        padded::<6>(out, fraction);
        while out.last() == Some(&b'0') {
            out.pop();
        }
    }
    out.extend_from_slice(b"+00:00\"");
}

/// Days since 2000-01-01 as year, month and day of the proleptic Gregorian calendar.
fn civil(days: i64) -> (i64, i64, i64) {
    // Counted from 0000-03-01, so that the leap day ends the year; 730,425 days lie between that day and 2000-01-01.
    let days = days + 730_425;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    (
        year_of_era + era * 400 + i64::from(month <= 2),
        month,
        of_year - (153 * shifted + 2) / 5 + 1,
    )
}

fn padded<const WIDTH: usize>(out: &mut Vec<u8>, mut value: i64) {
    let mut digits = [b'0'; WIDTH];
    for slot in digits.iter_mut().rev() {
        *slot = b'0' + u8::try_from(value % 10).unwrap_or_default();
        value /= 10;
    }
    out.extend_from_slice(&digits);
}

fn display(out: &mut Vec<u8>, arguments: std::fmt::Arguments<'_>) {
    // Writing to a vector cannot fail.
    let _ = out.write_fmt(arguments);
}

fn be_i32(raw: &[u8], at: usize) -> i32 {
    raw.get(at..at + 4)
        .and_then(|bytes| bytes.try_into().ok())
        .map_or(0, i32::from_be_bytes)
}

fn be_i64(raw: &[u8]) -> i64 {
    raw.try_into().map_or(0, i64::from_be_bytes)
}
