//! JSON in one form only, so that equal data are equal bytes: RFC 8785 (JCS), for data whose numbers are whole.

use serde::Serialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// Numbers beyond this are not the same to every reader (RFC 8785, section 3.2.2.3).
const GREATEST: u64 = 1 << 53;

/// Why data have no canonical form.
#[derive(Debug, thiserror::Error)]
pub enum CanonicalError {
    /// A number is not whole, or too large.
    #[error("the number {0} cannot be written so that every reader reads the same")]
    Number(String),
    /// The data are no JSON.
    #[error("it cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
}

/// The canonical bytes of `data`.
///
/// # Errors
/// When it holds a number that is not whole or larger than 2^53.
pub fn bytes(data: &impl Serialize) -> Result<Vec<u8>, CanonicalError> {
    let mut out = Vec::new();
    write(&serde_json::to_value(data)?, &mut out)?;
    Ok(out)
}

fn write(value: &Value, out: &mut Vec<u8>) -> Result<(), CanonicalError> {
    match value {
        Value::Number(number) => {
            let whole = number.as_u64().or_else(|| number.as_i64().map(i64::unsigned_abs));
            if whole.is_none_or(|whole| whole > GREATEST) {
                return Err(CanonicalError::Number(number.to_string()));
            }
            out.extend_from_slice(number.to_string().as_bytes());
        }
        Value::Array(items) => {
            out.push(b'[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                write(item, out)?;
            }
            out.push(b']');
        }
        Value::Object(members) => {
            let mut names: Vec<&String> = members.keys().collect();
            names.sort_unstable_by(|one, other| one.encode_utf16().cmp(other.encode_utf16()));
            out.push(b'{');
            for (at, name) in names.into_iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                serde_json::to_writer(&mut *out, name)?;
                out.push(b':');
                write(&members[name], out)?;
            }
            out.push(b'}');
        }
        // Strings are written as the RFC says already: the shortest escapes, in lower case, and nothing else escaped.
        plain => serde_json::to_writer(&mut *out, plain)?,
    }
    Ok(())
}

/// SHA-256 in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Bytes in hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;

    /// The example of RFC 8785, section 3.2.3, in which names are sorted by their UTF-16.
    #[test]
    fn members_stand_in_the_order_of_the_rfc() {
        let data = json!({
            "\u{20ac}": "Euro Sign", "\r": "Carriage Return", "\u{fb33}": "Hebrew Letter Dalet With Dagesh", "1": "One",
            "\u{1f600}": "Emoji: Grinning Face", "\u{80}": "Control", "\u{f6}": "Latin Small Letter O With Diaeresis",
        });
        let text = String::from_utf8(bytes(&data).unwrap()).unwrap();
        let order = ["Carriage", "One", "Control", "Latin", "Euro", "Emoji", "Hebrew"];
        let places: Vec<usize> = order.iter().map(|word| text.find(word).unwrap()).collect();
        assert!(places.is_sorted(), "{text}");
    }

    #[test]
    fn texts_are_escaped_as_the_rfc_says() {
        let text = bytes(&json!(["\u{20ac}$\u{f}\nA'B\"\\\\\"/", -7, true, null])).unwrap();
        assert_eq!(String::from_utf8(text).unwrap(), "[\"\u{20ac}$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\",-7,true,null]");
    }

    #[test]
    fn numbers_that_readers_differ_about_are_refused() {
        assert!(bytes(&json!(1.5)).is_err());
        assert!(bytes(&json!(u64::MAX)).is_err());
    }
}
