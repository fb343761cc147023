//! Workbooks (Office Open XML): values as they were last computed; formulas, styles, macros and links to elsewhere are not looked at.
//!
//! Cells are read one by one, so that a sheet that claims millions of empty columns costs nothing, and the archive is weighed
//! before the library that understands workbooks is handed it.

use std::io::{Cursor, Read};

use calamine::{Data, DataRef, Reader as _, Xlsx};

use super::super::archive::{Archive, whole};
use super::super::profile::Profile;
use super::super::record::Document;
use super::{COLUMNS, Rows, records};
use crate::{Limits, ReadError};

/// Reads the sheet that the profile names, else the first that holds something.
///
/// # Errors
/// When it is no workbook, has no such sheet or no headings, or goes over a bound.
pub(crate) fn read(inner: impl Read, profile: &Profile, limits: &Limits) -> Result<Document, ReadError> {
    let file = whole(inner, limits.max_exchange_bytes as u64)?;
    Archive::open(Cursor::new(file.get_ref().as_slice()), limits)?.weigh()?;
    let bad = |error: calamine::XlsxError| {
        ReadError::at_line(1, format!("the workbook cannot be read: {error}; save it again"))
    };
    let mut book: Xlsx<_> = Xlsx::new(file).map_err(bad)?;
    let sheets = book.sheet_names();
    let wanted: Vec<&String> = match profile.sheet.as_deref() {
        Some(name) => sheets.iter().filter(|sheet| sheet.as_str() == name).collect(),
        None => sheets.iter().collect(),
    };
    if wanted.is_empty() {
        let reason = match &profile.sheet {
            Some(name) => format!("the workbook has no sheet `{name}`; it has: {}", sheets.join(", ")),
            None => "the workbook has no sheet".to_owned(),
        };
        return Err(ReadError::at_line(1, reason));
    }
    let mut rows = Vec::new();
    for sheet in &wanted {
        rows = cells(&mut book, sheet, limits)?;
        if rows
            .iter()
            .any(|(_, cells): &(u64, Vec<String>)| cells.iter().filter(|cell| !cell.trim().is_empty()).count() > 1)
        {
            let mut document = Document { title: Some((*sheet).clone()), ..Document::default() };
            document.count("sheets", sheets.len() as u64);
            if sheets.len() > 1 && profile.sheet.is_none() {
                document.warnings.push(format!("the workbook has {} sheets; `{sheet}` was read", sheets.len()));
            }
            return records(Rows { rows }, document, profile, limits);
        }
    }
    records(Rows { rows }, Document::default(), profile, limits)
}

fn cells(book: &mut Xlsx<Cursor<Vec<u8>>>, sheet: &str, limits: &Limits) -> Result<Vec<(u64, Vec<String>)>, ReadError> {
    let bad = |error: calamine::XlsxError| {
        ReadError::at_line(1, format!("the sheet `{sheet}` cannot be read: {error}; save the workbook again"))
    };
    let mut reader = book.worksheet_cells_reader(sheet).map_err(bad)?;
    let mut rows: Vec<(u64, Vec<String>)> = Vec::new();
    let mut left = limits.max_exchange_bytes;
    while let Some(cell) = reader.next_cell().map_err(bad)? {
        let (row, column) = cell.get_position();
        let text = words(cell.get_value());
        if text.is_empty() {
            continue;
        }
        let line = u64::from(row) + 1;
        let column = column as usize;
        if column >= COLUMNS {
            return Err(ReadError::at_line(
                line,
                format!("a cell stands in column {}; at most {COLUMNS} are read", column + 1),
            ));
        }
        left = left.checked_sub(text.len() + 24).ok_or_else(|| {
            ReadError::at_line(line, "the sheet holds more text than this server keeps of one file; split it")
        })?;
        if rows.last().is_none_or(|(last, _)| *last != line) {
            if rows.len() > limits.max_records {
                return Err(ReadError::at_line(
                    line,
                    format!("the sheet has more than {} rows; split it", limits.max_records),
                ));
            }
            rows.push((line, Vec::new()));
        }
        let Some((_, cells)) = rows.last_mut() else { continue };
        if cells.len() <= column {
            // Empty cells between filled ones are bounded by the number of columns, and paid for.
            left = left.checked_sub((column - cells.len()) * 24).ok_or_else(|| {
                ReadError::at_line(line, "the sheet holds more cells than this server keeps of one file; split it")
            })?;
            cells.resize(column + 1, String::new());
        }
        cells[column] = text;
    }
    Ok(rows)
}

/// A cell in words: whole numbers without a fraction, times as ISO 8601 writes them, errors as nothing.
fn words(value: &DataRef<'_>) -> String {
    match Data::from(value.clone()) {
        Data::String(text) => clean(&text),
        Data::Float(number) if number.fract() == 0.0 && number.abs() < 1e15 => format!("{number:.0}"),
        Data::Float(number) => number.to_string(),
        Data::Int(number) => number.to_string(),
        Data::Bool(yes) => yes.to_string(),
        // From 1900 to the end of 9999, as a spreadsheet counts days.
        Data::DateTime(time) if time.is_datetime() && (0.0..2_958_466.0).contains(&time.as_f64()) => {
            let (year, month, day, hour, minute, second, _) = time.to_ymd_hms_milli();
            if (hour, minute, second) == (0, 0, 0) {
                format!("{year:04}-{month:02}-{day:02}")
            } else {
                format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")
            }
        }
        Data::DateTime(time) => time.as_f64().to_string(),
        Data::DateTimeIso(text) | Data::DurationIso(text) => clean(&text),
        _ => String::new(),
    }
}

/// Fit to be stored: no control characters but line ends and tabs.
fn clean(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace(['\r'], "\n").replace("_x000D_", "");
    text.chars()
        .map(|c| {
            if (c.is_control() && c != '\n' && c != '\t') || matches!(c, '\u{FFFE}' | '\u{FFFF}') {
                '\u{FFFD}'
            } else {
                c
            }
        })
        .collect()
}
