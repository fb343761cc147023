//! Rows of a list of links: from JSON as they are, from CSV with the line each begins at.

use base::Problem;
use csv::{ReaderBuilder, StringRecord, Trim};

use super::{LINKS_AT_ONCE, Link, RowError};

/// What one row says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    /// The line of the file, or the place in the list from 1.
    pub(super) line: u64,
    /// Where the link starts, in the caller's words.
    pub(super) source: String,
    /// Its type; `None`: what is usual.
    pub(super) link_type: Option<String>,
    /// Where it leads, without the criterion.
    pub(super) target: String,
    /// The criterion, by its place from 1.
    pub(super) criterion: Option<i32>,
}

const COLUMNS: [&str; 4] = ["source", "link_type", "target", "criterion"];

/// The rows of a list.
pub(super) fn of_links(links: &[Link]) -> Vec<Row> {
    let row = |(at, link): (usize, &Link)| {
        let (target, named) = split(&link.target);
        Row {
            line: at as u64 + 1,
            source: link.source.trim().to_owned(),
            link_type: link.link_type.as_deref().and_then(word),
            target,
            criterion: link.criterion.or(named),
        }
    };
    links.iter().enumerate().map(row).collect()
}

/// The rows of a file, and what is wrong with those that are none.
///
/// # Errors
/// 422 when its head cannot be used.
pub(super) fn of_csv(text: &str) -> Result<(Vec<Row>, Vec<RowError>), Problem> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = ReaderBuilder::new().flexible(true).trim(Trim::All).from_reader(text.as_bytes());
    let head = reader.headers().map_err(|error| unusable(&error.to_string()))?.clone();
    let place = |name: &str| {
        head.iter().position(|column| {
            let column = column.to_ascii_lowercase().replace([' ', '-'], "_");
            column == name || (name == "link_type" && column == "type")
        })
    };
    let known = COLUMNS.map(place);
    let [Some(source), link_type, Some(target), criterion] = known else {
        return Err(unusable("the first line must name the columns `source` and `target`"));
    };
    if let Some((_, unknown)) = head.iter().enumerate().find(|(at, _)| !known.contains(&Some(*at))) {
        let named: String = unknown.chars().take(80).collect();
        return Err(unusable(&format!(
            "the column `{named}` means nothing here; the columns are {}",
            COLUMNS.join(", ")
        )));
    }
    let (mut rows, mut errors) = (Vec::new(), Vec::new());
    for found in reader.records() {
        let record = match found {
            Ok(record) => record,
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                errors.push(fault(line, "source", "this line cannot be read as CSV; put texts with commas in quotes"));
                continue;
            }
        };
        let line = record.position().map_or(0, csv::Position::line);
        if record.len() != head.len() {
            let detail = format!("has {} columns where the first line has {}", record.len(), head.len());
            errors.push(fault(line, "source", detail));
            continue;
        }
        match row(&record, line, [Some(source), link_type, Some(target), criterion]) {
            Ok(row) => rows.push(row),
            Err(error) => errors.push(error),
        }
        // One more than is taken tells that there are too many.
        if rows.len() > LINKS_AT_ONCE {
            break;
        }
    }
    Ok((rows, errors))
}

fn row(record: &StringRecord, line: u64, places: [Option<usize>; 4]) -> Result<Row, RowError> {
    let [source, link_type, target, criterion] =
        places.map(|place| place.and_then(|place| record.get(place)).unwrap_or_default());
    let (target, named) = split(target);
    let criterion = match criterion {
        "" => named,
        text => match text.parse::<i32>() {
            Ok(place) if place > 0 => Some(place),
            _ => return Err(fault(line, "criterion", "must be the place of a criterion: 1, 2 and so on")),
        },
    };
    Ok(Row { line, source: source.to_owned(), link_type: word(link_type), target, criterion })
}

/// `REQ-12.3` is the third criterion of REQ-12.
fn split(target: &str) -> (String, Option<i32>) {
    let target = target.trim();
    if let Some((key, place)) = target.split_once('.')
        && super::ends::is_key(key)
        && let Ok(place) = place.parse()
    {
        return (key.to_owned(), Some(place));
    }
    (target.to_owned(), None)
}

/// A type of link as people write it: `Derives from` is `derives_from`.
fn word(text: &str) -> Option<String> {
    let text = text.trim().to_ascii_lowercase().replace([' ', '-'], "_");
    (!text.is_empty()).then_some(text)
}

/// What is wrong with a field of a line.
pub(super) fn fault(line: u64, field: &str, detail: impl Into<String>) -> RowError {
    RowError { line, field: field.to_owned(), detail: detail.into() }
}

fn unusable(why: &str) -> Problem {
    Problem::invalid(format!("This CSV cannot be used: {why}.")).field("/csv", why)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_file_names_its_columns_and_each_row_keeps_its_line() {
        let text = "\u{feff}Target,Type,Source\nREQ-2.3,Derives from,\"a test,\nof two lines\"\n req-1 ,,TC-1\n";
        let (rows, errors) = of_csv(text).unwrap();
        assert!(errors.is_empty(), "{errors:?}");
        assert_eq!((rows[0].line, rows[1].line), (2, 4));
        assert_eq!((rows[0].target.as_str(), rows[0].criterion), ("REQ-2", Some(3)));
        assert_eq!(rows[0].link_type.as_deref(), Some("derives_from"));
        assert_eq!((rows[1].target.as_str(), rows[1].link_type.as_deref()), ("req-1", None));
    }

    #[test]
    fn what_cannot_be_a_row_is_told_with_its_line() {
        let (rows, errors) = of_csv("source,target,criterion\nTC-1,REQ-1,0\nTC-1,REQ-1\nTC-1,REQ-1,2\n").unwrap();
        assert_eq!(rows.len(), 1);
        let told: Vec<(u64, &str)> = errors.iter().map(|error| (error.line, error.field.as_str())).collect();
        assert_eq!(told, [(2, "criterion"), (3, "source")]);
        for head in ["", "source\n", "source,target,colour\n"] {
            assert!(of_csv(head).is_err(), "{head}");
        }
    }
}
