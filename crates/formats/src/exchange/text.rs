//! A text file held whole, decoded, within the bound of an exchanged file.

use std::io::BufRead;

use crate::decode::{Replaced, Text};
use crate::{Limits, ReadError};

/// The text of a file, without a byte order mark.
pub(super) fn whole(inner: impl BufRead, limits: &Limits) -> Result<(String, Replaced), ReadError> {
    let bounded =
        Limits { max_total_bytes: limits.max_total_bytes.min(limits.max_exchange_bytes as u64), ..limits.clone() };
    let mut reader = Text::new(inner, &bounded);
    let mut text = String::new();
    while reader.read_into(&mut text)? {}
    let replaced = reader.replaced();
    if let Some(rest) = text.strip_prefix('\u{FEFF}') {
        text = rest.to_owned();
    }
    Ok((text, replaced))
}
