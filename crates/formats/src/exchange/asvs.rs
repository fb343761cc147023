//! OWASP ASVS 4 and 5 as JSON, nested by chapter and section or flat. As CSV it is a table like any other.

use std::io::BufRead;

use super::assign::{note_columns, treat};
use super::profile::Profile;
use super::record::{Document, Record, Value};
use crate::json::{self, Json};
use crate::{Limits, ReadError};

/// Reads the catalogue.
///
/// # Errors
/// When it is no JSON or holds no requirements.
pub(crate) fn read(inner: impl BufRead, profile: &Profile, limits: &Limits) -> Result<Document, ReadError> {
    let mut reader = Json::new(inner, limits);
    let whole = json::Value::read(&mut reader, limits.max_exchange_bytes)?;
    let version = whole.text_of("Version");
    let name = whole.text_of("ShortName").or_else(|| whole.text_of("Name")).unwrap_or_else(|| "ASVS".to_owned());
    let mut document = Document {
        title: Some(version.as_ref().map_or_else(|| name.clone(), |version| format!("{name} {version}"))),
        tool: Some("OWASP ASVS".to_owned()),
        replaced: reader.replaced(),
        ..Document::default()
    };
    for chapter in whole.items_of("Requirements") {
        nested(chapter, None, &mut document);
    }
    let mut known = std::collections::HashSet::new();
    for row in whole.items_of("requirements") {
        flat(row, &mut known, &mut document);
    }
    if document.records.is_empty() {
        return Err(reader.error("the file holds no requirements of ASVS"));
    }
    for record in &mut document.records {
        treat(record, profile);
    }
    note_columns(&mut document, profile);
    document.finish(limits.max_records)
}

/// A chapter, section or requirement with what is below it. Depth is bounded by the reader.
fn nested(value: &json::Value, parent: Option<&str>, document: &mut Document) {
    let Some(identifier) = value.text_of("Shortcode") else { return };
    let items = value.items_of("Items");
    let description = value.text_of("Description");
    let mut record = Record {
        identifier: identifier.clone(),
        title: value.text_of("Name").unwrap_or_default(),
        text: description.unwrap_or_default(),
        parent: parent.map(str::to_owned),
        is_heading: !items.is_empty() || value.get("Items").is_some(),
        ..Record::default()
    };
    for level in ["L1", "L2", "L3"] {
        if matches!(value.at(&[level, "Required"]), Some(json::Value::Bool(true))) {
            record.say(level, Value::Flag(true));
        }
        if let Some(text) = value.at(&[level, "Requirement"]).and_then(json::Value::text) {
            record.say(&format!("{level} requirement"), Value::Text(text.to_owned()));
        }
    }
    if let Some(json::Value::Text(level) | json::Value::Number(level)) = value.get("L") {
        record.say("L", Value::Number(level.clone()));
    }
    for list in ["CWE", "NIST"] {
        let words = value.items_of(list).iter().filter_map(|one| match one {
            json::Value::Number(text) | json::Value::Text(text) => Some(text.clone()),
            _ => None,
        });
        record.say(list, Value::Choice(words.collect()));
    }
    document.count(if record.is_heading { "headings" } else { "requirements" }, 1);
    document.records.push(record);
    for item in items {
        nested(item, Some(&identifier), document);
    }
}

fn flat(row: &json::Value, known: &mut std::collections::HashSet<String>, document: &mut Document) {
    let Some(identifier) = row.text_of("req_id") else { return };
    let mut parent = None;
    for (id, name) in [("chapter_id", "chapter_name"), ("section_id", "section_name")] {
        let Some(heading) = row.text_of(id) else { continue };
        if known.insert(heading.clone()) {
            document.count("headings", 1);
            document.records.push(Record {
                identifier: heading.clone(),
                title: row.text_of(name).unwrap_or_default(),
                parent: parent.clone(),
                is_heading: true,
                ..Record::default()
            });
        }
        parent = Some(heading);
    }
    let mut record =
        Record { identifier, text: row.text_of("req_description").unwrap_or_default(), parent, ..Record::default() };
    for (name, value) in row.members() {
        if !name.starts_with("req_") && !name.starts_with("chapter_") && !name.starts_with("section_") {
            match value {
                json::Value::Text(text) => record.say(name, Value::Text(text.trim().to_owned())),
                json::Value::Number(number) => record.say(name, Value::Number(number.clone())),
                _ => {}
            }
        }
    }
    document.count("requirements", 1);
    document.records.push(record);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(text: &str) -> Result<Document, ReadError> {
        read(text.as_bytes(), &Profile::default(), &Limits::default())
    }

    #[test]
    fn both_shapes_give_the_same_hierarchy() {
        let nested = document(
            r#"{"Name":"Application Security Verification Standard","ShortName":"ASVS","Version":"4.0.3","Requirements":[{"Shortcode":"V1","Name":"Architecture",
            "Items":[{"Shortcode":"V1.1","Name":"Life cycle","Items":[{"Shortcode":"V1.1.1","Description":"Verify something.","L1":{"Required":false},"L2":{"Required":true},"CWE":[1053],"NIST":[]}]}]}]}"#,
        )
        .expect("readable");
        let flat = document(
            r#"{"requirements":[{"chapter_id":"V1","chapter_name":"Architecture","section_id":"V1.1","section_name":"Life cycle","req_id":"V1.1.1","req_description":"Verify something.","level2":"✓"}]}"#,
        )
        .expect("readable");
        let shape = |document: &Document| -> Vec<(String, String, Option<String>, bool)> {
            document
                .records
                .iter()
                .map(|one| (one.identifier.clone(), one.title.clone(), one.parent.clone(), one.is_heading))
                .collect()
        };
        assert_eq!(shape(&nested), shape(&flat));
        assert_eq!(nested.records[2].title, "Verify something.");
        assert_eq!(nested.records[2].attribute("CWE").as_deref(), Some("1053"));
        assert!(document("{}").is_err());
    }
}
