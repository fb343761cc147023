//! Values as they are written in a condition.

use std::{net::IpAddr, str::FromStr};

use jiff::{Timestamp, civil::Date};
use rust_decimal::Decimal;
use serde_json::{Number, Value as Json};
use uuid::Uuid;

use super::value::{Type, Value};

/// The longest text, in characters.
pub(super) const LONGEST_TEXT: usize = 1_000;
/// The most elements of a list.
pub(super) const LONGEST_LIST: usize = 1_000;
/// As many digits come back from a binary floating point number as they were written.
const CERTAIN_DIGITS: usize = 15;

/// The value of a scalar where one of `ty` is expected.
///
/// # Errors
/// A reason, when it is of another type, or does not fit.
pub(super) fn value_as(ty: Type, json: &Json) -> Result<Value, String> {
    let value = match (ty, json) {
        (Type::Text, Json::String(text)) => Value::Text(checked(text)?.to_owned()),
        (Type::Number, Json::Number(written)) => Value::Number(number(written)?),
        (Type::Bool, Json::Bool(truth)) => Value::Bool(*truth),
        (Type::Id, Json::String(text)) => Value::Id(read::<Uuid>(text, "an identifier, which is a UUID")?),
        (Type::Time, Json::String(text)) => Value::Time(time(text)?),
        (Type::Address, Json::String(text)) => Value::Address(read::<IpAddr>(text, "an address of IPv4 or IPv6")?),
        (Type::Texts, Json::Array(elements)) => Value::Texts(texts(elements)?),
        _ => return Err(format!("{} is {}, and {} is compared here", shown(json), noun(json), ty.noun())),
    };
    Ok(value)
}

/// The value of a scalar where nothing says of which type it should be.
///
/// # Errors
/// A reason, when it does not fit or is no scalar.
pub(super) fn value(json: &Json) -> Result<Value, String> {
    match json {
        Json::String(_) => value_as(Type::Text, json),
        Json::Number(_) => value_as(Type::Number, json),
        Json::Bool(_) => value_as(Type::Bool, json),
        _ => Err(format!("{} stands where a value is expected", noun(json))),
    }
}

fn texts(elements: &[Json]) -> Result<Vec<String>, String> {
    length_of_list(elements)?;
    elements
        .iter()
        .map(|element| match element {
            Json::String(text) => checked(text).map(str::to_owned),
            other => Err(format!("{} is {} in a set of texts", shown(other), noun(other))),
        })
        .collect()
}

/// # Errors
/// A reason, when the list is too long.
pub(super) fn length_of_list(list: &[Json]) -> Result<(), String> {
    if list.len() > LONGEST_LIST {
        return Err(format!("the list has {} elements, and {LONGEST_LIST} are the most", list.len()));
    }
    Ok(())
}

/// The text, when it may be compared with what PostgreSQL holds.
///
/// # Errors
/// A reason, when it is too long or has a NUL in it.
pub(super) fn checked(text: &str) -> Result<&str, String> {
    let length = text.chars().count();
    if length > LONGEST_TEXT {
        return Err(format!("the text has {length} characters, and {LONGEST_TEXT} are the most"));
    }
    if text.contains('\0') {
        return Err("the text has a NUL in it, and no text of the database can have one".to_owned());
    }
    Ok(text)
}

fn read<T: FromStr>(text: &str, noun: &str) -> Result<T, String> {
    checked(text)?.parse().map_err(|_| format!("{text:?} is compared with {noun}, and is none"))
}

fn time(text: &str) -> Result<Timestamp, String> {
    let time: Timestamp = read(text, "a time, which is written as in RFC 3339 with its offset: 2026-11-28T09:30:00Z")?;
    if time.subsec_nanosecond() % 1000 != 0 {
        return Err(format!("{text:?} is more exact than a microsecond, and times are kept to a microsecond"));
    }
    let first = Date::constant(1, 1, 2);
    if time.to_zoned(jiff::tz::TimeZone::UTC).date() < first {
        return Err(format!("{text:?} is before the year 1"));
    }
    Ok(time)
}

/// The number that was written.
///
/// A fraction reaches us as a binary floating point number. When its shortest notation has few digits, that is what was
/// written; when it has many, nobody can say any more what was.
fn number(written: &Number) -> Result<Decimal, String> {
    let integer = written.as_i64().map(Decimal::from).or_else(|| written.as_u64().map(Decimal::from));
    if let Some(integer) = integer {
        return Ok(integer);
    }
    let notation = written.as_f64().unwrap_or(f64::NAN).to_string();
    let digits: String = notation.chars().filter(char::is_ascii_digit).collect();
    if digits.trim_matches('0').len() > CERTAIN_DIGITS {
        return Err(format!("{written} has more than {CERTAIN_DIGITS} digits, and is no integer of 64 bits"));
    }
    Decimal::from_str_exact(&notation).map(|number| number.normalize()).map_err(|_| {
        format!("{written} does not fit: a number has 28 digits at most, and as many after the point at most")
    })
}

/// A kind of JSON as it reads in a sentence.
pub(super) fn noun(json: &Json) -> &'static str {
    match json {
        Json::Null => "null",
        Json::Bool(_) => "true or false",
        Json::Number(_) => "a number",
        Json::String(_) => "a text",
        Json::Array(_) => "a list",
        Json::Object(_) => "an operation",
    }
}

/// A scalar as it was written; longer things by their beginning.
fn shown(json: &Json) -> String {
    let text = json.to_string();
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
