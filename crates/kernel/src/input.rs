//! JSON and query text become typed values, with a sentence for each that does not fit.

use base::{FieldError, Problem};
use jiff::{Timestamp, civil::Date};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::{
    param::Param,
    schema::{Column, ColumnType, Table},
};

/// Reads an object's members as values of `allowed` columns. All faults are told at once.
///
/// # Errors
/// When the body is no object, names a field that may not be written, or a value does not fit its column.
pub(crate) fn read_object(
    body: &Value,
    table: &Table,
    allowed: impl Fn(&str) -> bool,
) -> Result<Vec<(String, Param)>, Problem> {
    let Some(object) = body.as_object() else {
        return Err(Problem::invalid("The body must be a JSON object.").field("", "must be an object"));
    };
    read_members(object, table, allowed)
}

fn read_members(
    object: &Map<String, Value>,
    table: &Table,
    allowed: impl Fn(&str) -> bool,
) -> Result<Vec<(String, Param)>, Problem> {
    let mut values = Vec::with_capacity(object.len());
    let mut errors = Vec::new();
    for (name, value) in object {
        let pointer = pointer(name);
        match table.column(name).filter(|_| allowed(name)) {
            None => errors.push(FieldError {
                pointer,
                detail: if table.has(name) {
                    "cannot be written here; leave it out".into()
                } else {
                    "is no field of this record; check the spelling or leave it out".into()
                },
            }),
            Some(column) => match from_json(column, value) {
                Ok(param) => values.push((name.clone(), param)),
                Err(detail) => errors.push(FieldError { pointer, detail }),
            },
        }
    }
    if errors.is_empty() { Ok(values) } else { Err(Problem::of_fields(errors)) }
}

/// The JSON Pointer of a member.
pub(crate) fn pointer(name: &str) -> String {
    format!("/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// A JSON value as a value of `column`.
pub(crate) fn from_json(column: &Column, value: &Value) -> Result<Param, String> {
    if value.is_null() {
        return if column.nullable { Ok(Param::Null) } else { Err("must not be null".into()) };
    }
    let param = match (column.kind, value) {
        (ColumnType::Jsonb, value) => {
            if holds_nul(value) {
                return Err("must not contain the character U+0000".into());
            }
            Param::Json(value.clone())
        }
        (ColumnType::Bool, Value::Bool(value)) => Param::Bool(*value),
        (ColumnType::Int2 | ColumnType::Int4 | ColumnType::Int8, Value::Number(number)) => {
            let whole = number
                .as_i64()
                .or_else(|| {
                    number.as_f64().filter(|value| value.fract() == 0.0 && value.abs() < 9e15).map(|v| v as i64)
                })
                .ok_or("must be a whole number within range")?;
            integer(column.kind, whole)?
        }
        (ColumnType::Numeric(..), Value::Number(number)) => decimal(column.kind, &number.to_string())?,
        (ColumnType::Float8, Value::Number(number)) => Param::F64(number.as_f64().ok_or("must be a number")?),
        (ColumnType::TextArray, Value::Array(items)) => {
            let texts = items
                .iter()
                .map(|item| item.as_str().filter(|text| !text.contains('\0')).map(str::to_owned))
                .collect::<Option<Vec<_>>>();
            Param::Texts(texts.ok_or("must be an array of strings without the character U+0000")?)
        }
        (
            ColumnType::Uuid
            | ColumnType::Text
            | ColumnType::Char(_)
            | ColumnType::Timestamptz
            | ColumnType::Date
            | ColumnType::Inet,
            Value::String(text),
        ) => from_text(column.kind, text)?,
        (kind, _) => return Err(format!("must be {}", expected(kind))),
    };
    obey(column, &param)?;
    Ok(param)
}

/// Text of a query parameter or a cursor as a value of type `kind`.
pub(crate) fn from_text(kind: ColumnType, text: &str) -> Result<Param, String> {
    let wrong = || format!("must be {}", expected(kind));
    Ok(match kind {
        ColumnType::Uuid => Param::Uuid(hyphenated(text).ok_or_else(wrong)?),
        ColumnType::Text => {
            if text.contains('\0') {
                return Err("must not contain the character U+0000".into());
            }
            Param::Text(text.to_owned())
        }
        ColumnType::Char(length) => {
            if text.chars().count() != usize::from(length) || text.contains('\0') {
                return Err(format!("must have exactly {length} characters"));
            }
            Param::Text(text.to_owned())
        }
        ColumnType::Int2 | ColumnType::Int4 | ColumnType::Int8 => {
            integer(kind, text.parse::<i64>().map_err(|_| wrong())?)?
        }
        ColumnType::Numeric(..) => decimal(kind, text)?,
        ColumnType::Float8 => Param::F64(text.parse::<f64>().ok().filter(|value| value.is_finite()).ok_or_else(wrong)?),
        ColumnType::Bool => Param::Bool(text.parse().map_err(|_| wrong())?),
        ColumnType::Timestamptz => {
            let time: Timestamp = rfc3339(text).ok_or_else(wrong)?;
            Param::Time(time)
        }
        ColumnType::Date => Param::Date(
            (text.len() == 10)
                .then(|| text.parse::<Date>().ok())
                .flatten()
                .filter(|date| date.year() > 0)
                .ok_or_else(wrong)?,
        ),
        ColumnType::Inet => {
            text.parse::<std::net::IpAddr>().map_err(|_| wrong())?;
            Param::Text(text.to_owned())
        }
        ColumnType::Jsonb
        | ColumnType::TextArray
        | ColumnType::UuidArray
        | ColumnType::Bytea
        | ColumnType::Tsvector
        | ColumnType::Other => return Err("cannot be compared".into()),
    })
}

/// A UUID in its usual form only (RFC 9562 §4), so that one thing has one address.
fn hyphenated(text: &str) -> Option<Uuid> {
    (text.len() == 36).then(|| Uuid::try_parse(text).ok()).flatten()
}

/// A date and time with an offset (RFC 3339), within what PostgreSQL keeps.
fn rfc3339(text: &str) -> Option<Timestamp> {
    let bytes = text.as_bytes();
    let shaped =
        bytes.len() >= 20 && matches!(bytes[10], b'T' | b't' | b' ') && bytes[4] == b'-' && !text.contains('[');
    if !shaped {
        return None;
    }
    let time: Timestamp = text.parse().ok()?;
    (time.as_second() > -62_135_596_800).then_some(time)
}

const fn expected(kind: ColumnType) -> &'static str {
    match kind {
        ColumnType::Uuid => "a UUID such as 0192f0c4-5e1a-7c3d-9d1e-3f5a7b9c1d2e",
        ColumnType::Text | ColumnType::Char(_) => "a string",
        ColumnType::Int2 | ColumnType::Int4 | ColumnType::Int8 => "a whole number",
        ColumnType::Numeric(..) | ColumnType::Float8 => "a number",
        ColumnType::Bool => "true or false",
        ColumnType::Timestamptz => "a date and time with an offset, such as 2026-03-04T05:06:07Z",
        ColumnType::Date => "a date such as 2026-03-04",
        ColumnType::Jsonb => "JSON",
        ColumnType::TextArray | ColumnType::UuidArray => "an array of strings",
        ColumnType::Inet => "an IP address",
        ColumnType::Bytea | ColumnType::Tsvector | ColumnType::Other => "left out",
    }
}

fn integer(kind: ColumnType, value: i64) -> Result<Param, String> {
    let range = |low: i64, high: i64| format!("must be a whole number from {low} to {high}");
    match kind {
        ColumnType::Int2 => i16::try_from(value).map(Param::I16).map_err(|_| range(i16::MIN.into(), i16::MAX.into())),
        ColumnType::Int4 => i32::try_from(value).map(Param::I32).map_err(|_| range(i32::MIN.into(), i32::MAX.into())),
        _ => Ok(Param::I64(value)),
    }
}

/// Checks that the digits fit, so that PostgreSQL does not round silently.
fn decimal(kind: ColumnType, text: &str) -> Result<Param, String> {
    let (precision, scale) = match kind {
        ColumnType::Numeric(0, _) => (130, 60),
        ColumnType::Numeric(precision, scale) => (usize::from(precision), usize::from(scale)),
        _ => (130, 60),
    };
    let number = expand(text).ok_or("must be a decimal number")?;
    let unsigned = number.trim_start_matches('-');
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    if fraction.trim_end_matches('0').len() > scale {
        return Err(format!("must have at most {scale} digits after the point"));
    }
    if whole.trim_start_matches('0').len() > precision - scale {
        return Err(format!("must have at most {} digits before the point", precision - scale));
    }
    Ok(Param::Text(number))
}

/// A plain decimal, with an exponent written out.
fn expand(text: &str) -> Option<String> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok().filter(|e| (-100..=100).contains(e))?),
        None => (text, 0),
    };
    let (sign, unsigned) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let digits = format!("{whole}{fraction}");
    if digits.is_empty() || digits.len() > 200 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let point = i32::try_from(whole.len()).ok()? + exponent;
    let expanded = match usize::try_from(point) {
        Ok(point) if point >= digits.len() => format!("{digits}{}", "0".repeat(point - digits.len())),
        Ok(0) => format!("0.{digits}"),
        Ok(point) => format!("{}.{}", &digits[..point], &digits[point..]),
        Err(_) => format!("0.{}{digits}", "0".repeat(usize::try_from(-point).ok()?)),
    };
    Some(format!("{sign}{expanded}"))
}

/// Checks what the column's CHECK constraints say, to tell all faults at once and in words.
fn obey(column: &Column, param: &Param) -> Result<(), String> {
    let check = &column.check;
    match param {
        Param::Text(text) if matches!(column.kind, ColumnType::Text | ColumnType::Char(_)) => {
            if let Some(values) = &check.values
                && !values.contains(text)
            {
                return Err(format!("must be one of {}", values.join(", ")));
            }
            let length = u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
            if let Some(least) = check.min_length.filter(|least| length < *least) {
                return Err(if least == 1 {
                    "must not be empty".into()
                } else {
                    format!("must have at least {least} characters")
                });
            }
            if let Some(most) = check.max_length.filter(|most| length > *most) {
                return Err(format!("must have at most {most} characters; it has {length}"));
            }
        }
        Param::I16(value) => bounds(check.minimum, check.maximum, f64::from(*value))?,
        Param::I32(value) => bounds(check.minimum, check.maximum, f64::from(*value))?,
        Param::I64(value) => bounds(check.minimum, check.maximum, *value as f64)?,
        Param::F64(value) => bounds(check.minimum, check.maximum, *value)?,
        Param::Text(text) if matches!(column.kind, ColumnType::Numeric(..)) => {
            bounds(check.minimum, check.maximum, text.parse().unwrap_or(0.0))?;
        }
        _ => {}
    }
    Ok(())
}

fn bounds(minimum: Option<f64>, maximum: Option<f64>, value: f64) -> Result<(), String> {
    match (minimum, maximum) {
        (Some(low), Some(high)) if value < low || value > high => Err(format!("must be from {low} to {high}")),
        (Some(low), None) if value < low => Err(format!("must be at least {low}")),
        (None, Some(high)) if value > high => Err(format!("must be at most {high}")),
        _ => Ok(()),
    }
}

fn holds_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(holds_nul),
        Value::Object(members) => members.iter().any(|(name, value)| name.contains('\0') || holds_nul(value)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_that_would_be_rounded_are_refused() {
        let hours = ColumnType::Numeric(10, 2);
        assert_eq!(decimal(hours, "12.50"), Ok(Param::Text("12.50".into())));
        assert!(decimal(hours, "12.505").is_err());
        assert!(decimal(hours, "123456789").is_err());
        assert_eq!(decimal(hours, "1e2"), Ok(Param::Text("100".into())));
        assert_eq!(decimal(hours, "-1.5e-1"), Ok(Param::Text("-0.15".into())));
        for exponent in ["1e400", "1e-101", "1e-2147483648", "1e2147483647", "1e99999999999"] {
            assert!(decimal(hours, exponent).is_err(), "{exponent}");
        }
    }

    #[test]
    fn only_exact_forms_are_taken() {
        assert!(from_text(ColumnType::Uuid, "0192f0c45e1a7c3d9d1e3f5a7b9c1d2e").is_err());
        assert!(from_text(ColumnType::Timestamptz, "2026-03-04").is_err());
        assert!(from_text(ColumnType::Timestamptz, "2026-03-04T05:06:07+02:00").is_ok());
        assert!(from_text(ColumnType::Date, "2026-02-30").is_err());
        assert!(from_text(ColumnType::Text, "a\0b").is_err());
    }
}
