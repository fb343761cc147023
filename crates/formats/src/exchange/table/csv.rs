//! CSV (RFC 4180): quoted cells may hold line ends; commas, semicolons, tabs and bars part cells, whichever the first line has most.

use std::io::BufRead;

use super::super::profile::Profile;
use super::super::record::Document;
use super::super::text;
use super::{Rows, records};
use crate::{Limits, ReadError};

/// Signs that part cells.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// The sign that parts the cells of the first line: the one it has most of outside quotes; None when it has none.
fn delimiter(text: &str) -> Option<u8> {
    let mut counts = [0_usize; DELIMITERS.len()];
    let mut quoted = false;
    for byte in text.bytes() {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' if !quoted => break,
            other if !quoted => {
                if let Some(at) = DELIMITERS.iter().position(|one| *one == other) {
                    counts[at] += 1;
                }
            }
            _ => {}
        }
    }
    let most = (0..DELIMITERS.len()).rev().max_by_key(|at| counts[*at])?;
    (counts[most] > 0).then_some(DELIMITERS[most])
}

/// Rows that are looked at for the first one with several cells: titles may stand above it.
const TITLES: usize = 20;

/// The first row of what may be a table that has several cells, and the one behind it, blanks at the ends of cells taken off; None when nothing parts its cells.
pub(crate) fn first_rows(text: &str) -> Option<Vec<Vec<String>>> {
    let (named, body) = match text.strip_prefix("sep=").and_then(|rest| rest.split_once('\n')) {
        Some((sign, body)) => (sign.bytes().next(), body),
        None => (None, text),
    };
    let sign = named.or_else(|| delimiter(body))?;
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(sign).from_reader(body.as_bytes());
    let rows = reader.records().take(TITLES).map_while(Result::ok);
    let rows = rows.map(|row| row.iter().map(|cell| cell.trim().to_owned()).collect::<Vec<_>>());
    Some(rows.skip_while(|row| row.iter().filter(|cell| !cell.is_empty()).count() < 2).take(2).collect())
}

/// Empty lines that are passed over before a row that is said to begin here.
fn blank_lines(text: &str, at: u64) -> u64 {
    let rest = text.as_bytes().get(usize::try_from(at).unwrap_or(usize::MAX)..).unwrap_or_default();
    rest.iter().take_while(|byte| matches!(byte, b'\n' | b'\r')).filter(|byte| **byte == b'\n').count() as u64
}

/// Reads a table.
///
/// # Errors
/// When it has no headings, or goes over a bound.
pub(crate) fn read(inner: impl BufRead, profile: &Profile, limits: &Limits) -> Result<Document, ReadError> {
    let (text, replaced) = text::whole(inner, limits)?;
    // Excel writes a line that names the sign.
    let (named, body, skipped) = match text.strip_prefix("sep=").and_then(|rest| rest.split_once('\n')) {
        Some((sign, body)) => (sign.bytes().next(), body, 1),
        None => (None, text.as_str(), 0),
    };
    let delimiter = named.or_else(|| delimiter(body)).unwrap_or(b',');
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(body.as_bytes());
    let mut rows = Vec::new();
    for row in reader.records() {
        let row = row.map_err(|error| {
            let line = error.position().map_or(1, csv::Position::line) + skipped;
            ReadError::at_line(line, format!("the row cannot be read: {error}"))
        })?;
        let line = row.position().map_or(1, |place| place.line() + blank_lines(body, place.byte())) + skipped;
        if rows.len() > limits.max_records {
            return Err(ReadError::at_line(
                line,
                format!("the table has more than {} rows; split it", limits.max_records),
            ));
        }
        rows.push((line, row.iter().map(str::to_owned).collect()));
    }
    records(Rows { rows }, Document { replaced, ..Document::default() }, profile, limits)
}
