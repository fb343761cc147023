//! Doorstop: an item as a YAML file, or a whole document as `doorstop export` writes it (`UID: {item}`).
//!
//! An item file does not say what it is called: its UID is the name of the file. It is the one format here of which the name counts.

use std::io::BufRead;

use super::profile::Profile;
use super::record::{Document, Link, Record, Value};
use super::{text, yaml};
use crate::json;
use crate::{Limits, ReadError};

/// Members that every item has.
pub(crate) const MARKS: [&str; 3] = ["active", "derived", "normative"];

/// Reads an item or a document. `name` is what the sender calls the file.
///
/// # Errors
/// When it is no plain YAML, or no item of Doorstop.
pub(crate) fn read(inner: impl BufRead, name: &str, profile: &Profile, limits: &Limits) -> Result<Document, ReadError> {
    let (text, replaced) = text::whole(inner, limits)?;
    let value = yaml::parse(&text, limits.max_exchange_bytes)?;
    let mut document = Document { replaced, ..Document::default() };
    let line_of = |wanted: &str| {
        let at = text.lines().position(|line| line.trim_end_matches([' ', ':']).trim_matches(['"', '\'']) == wanted);
        at.map_or(1, |at| at as u64 + 1)
    };
    if is_item(&value) {
        let identifier = stem(name);
        if identifier.is_empty() {
            return Err(ReadError::at_line(
                1,
                "an item of Doorstop is known by the name of its file; send it under that name",
            ));
        }
        document.records.push(item(identifier, &value, 1));
    } else {
        for (identifier, value) in value.members() {
            let line = line_of(identifier);
            if !is_item(value) {
                document.refuse(
                    line,
                    Some(identifier),
                    None,
                    "this is no item of Doorstop: it says neither whether it is active nor what it is",
                );
                continue;
            }
            document.records.push(item(identifier.clone(), value, line));
        }
        if document.records.is_empty() && document.errors.is_empty() {
            return Err(ReadError::at_line(1, "the file holds no item of Doorstop"));
        }
    }
    hierarchy(&mut document);
    for record in &mut document.records {
        super::assign::treat(record, profile);
    }
    super::assign::note_columns(&mut document, profile);
    document.finish(limits.max_records)
}

fn is_item(value: &json::Value) -> bool {
    value.get("text").is_some() && MARKS.iter().any(|mark| value.get(mark).is_some())
}

/// The name of a file without its folder and ending.
fn stem(name: &str) -> String {
    let name = name.rsplit(['/', '\\']).next().unwrap_or(name);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem).trim().to_owned()
}

fn item(identifier: String, value: &json::Value, line: u64) -> Record {
    let mut record = Record { identifier, line, ..Record::default() };
    let header = value.text_of("header").unwrap_or_default();
    record.title = header.trim().to_owned();
    record.title_from = (!record.title.is_empty()).then(|| "header".to_owned());
    record.text = value.text_of("text").unwrap_or_default();
    record.text_from = Some("text".to_owned());
    let truth = |name: &str, default: bool| match value.get(name) {
        Some(json::Value::Bool(yes)) => *yes,
        _ => default,
    };
    // Not normative: it explains, and `.0` at the end of a level makes it a heading.
    record.is_heading = !truth("normative", true);
    record.is_left_out = !truth("active", true);
    for link in value.items_of("links") {
        // `UID: fingerprint` or a bare UID.
        let target = match link {
            json::Value::Object(members) => members.first().map(|(name, _)| name.clone()),
            other => other.text().map(str::to_owned),
        };
        if let Some(target) = target {
            record.links.push(Link { kind: "parent".to_owned(), target, is_inward: false });
        }
    }
    for reference in value.items_of("references") {
        record.attachments.extend(reference.text_of("path"));
    }
    record.attachments.extend(value.text_of("ref"));
    for (name, value) in value.members() {
        if matches!(name.as_str(), "text" | "header" | "links" | "references" | "ref") {
            continue;
        }
        let value = match value {
            json::Value::Bool(yes) => Value::Flag(*yes),
            json::Value::Number(number) => Value::Number(number.clone()),
            json::Value::Text(text) => Value::Text(text.trim().to_owned()),
            json::Value::List(items) => {
                Value::Choice(items.iter().filter_map(json::Value::text).map(str::to_owned).collect())
            }
            json::Value::Null | json::Value::Object(_) => continue,
        };
        record.say(name, value);
    }
    record
}

/// Levels such as `1.2.1` give the order, and the record above: the last one whose level this one continues.
fn hierarchy(document: &mut Document) {
    let level = |record: &Record| -> Vec<u64> {
        let words = record.attribute("level").unwrap_or_default();
        let mut level: Vec<u64> = words.split('.').map_while(|part| part.parse().ok()).collect();
        while level.last() == Some(&0) {
            level.pop();
        }
        level
    };
    document.records.sort_by_cached_key(|record| (level(record), record.identifier.clone()));
    let mut open: Vec<(Vec<u64>, String)> = Vec::new();
    for record in &mut document.records {
        let own = level(record);
        open.retain(|(above, _)| above.len() < own.len() && own.starts_with(above));
        record.parent = open.last().map(|(_, above)| above.clone());
        open.push((own, record.identifier.clone()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(text: &str, name: &str) -> Result<Document, ReadError> {
        read(text.as_bytes(), name, &Profile::default(), &Limits::default())
    }

    #[test]
    fn an_item_is_known_by_the_name_of_its_file() {
        let text = "active: true\nderived: false\nheader: ''\nlevel: 1.2\nlinks:\n- SYS001: abc=\n- SYS002\nnormative: true\nref: ''\nreviewed: xyz=\ntext: |\n  It **shall** stop.\n\n  At once.\nowner: ada\n";
        let document = document(text, "reqs/SRD003.yml").expect("readable");
        let one = &document.records[0];
        assert_eq!((one.identifier.as_str(), one.title.as_str()), ("SRD003", "It **shall** stop."));
        assert_eq!(one.links.iter().map(|link| link.target.as_str()).collect::<Vec<_>>(), ["SYS001", "SYS002"]);
        assert_eq!(one.attribute("reviewed").as_deref(), Some("xyz="));
    }

    #[test]
    fn an_exported_document_has_all_items_in_order() {
        let text = "A2:\n  active: true\n  level: 1.1\n  text: two\nA1:\n  active: true\n  normative: false\n  level: 1.0\n  text: one\nA3:\n  active: false\n  level: 2\n  text: three\n";
        let document = document(text, "x.yml").expect("readable");
        let shown: Vec<_> = document
            .records
            .iter()
            .map(|one| (one.identifier.as_str(), one.parent.as_deref(), one.is_heading, one.is_left_out))
            .collect();
        assert_eq!(shown, [("A1", None, true, false), ("A2", Some("A1"), false, false), ("A3", None, false, true)]);
    }

    #[test]
    fn what_is_no_item_is_refused() {
        assert!(document("a: b\n", "x.yml").expect("read").errors.len() == 1);
        assert!(document("active: &a true\ntext: x\n", "x.yml").is_err());
        assert!(document("active: true\ntext: x\n", "").is_err());
        assert!(document("{", "x.yml").is_err());
    }
}
