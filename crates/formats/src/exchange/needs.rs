//! sphinx-needs: `needs.json`, the needs of the version that the file calls current.
//!
//! Lists of needs' identifiers are links of the type that the list is called; lists that lead back (`…_back`) repeat them. Needs
//! that implement or test something are no requirements and left out, unless a profile says otherwise.

use std::io::BufRead;

use super::assign::{note_columns, treat};
use super::profile::Profile;
use super::record::{Document, Link, Record, Value};
use crate::json::{self, Json};
use crate::{Limits, ReadError};

/// Kinds that are no requirements.
const NO_REQUIREMENTS: [&str; 5] = ["impl", "test", "testcase", "testfile", "testsuite"];
/// What every need has for the tool's own use.
const OWN: [&str; 22] = [
    "id",
    "title",
    "description",
    "content",
    "type",
    "type_name",
    "type_color",
    "type_prefix",
    "type_style",
    "status",
    "tags",
    "full_title",
    "id_complete",
    "id_parent",
    "id_prefix",
    "parts",
    "docname",
    "lineno",
    "external_css",
    "external_url",
    "parent_need",
    "section_name",
];

/// Reads the current version.
///
/// # Errors
/// When it is no JSON, has no version, or goes over a bound.
pub(crate) fn read(inner: impl BufRead, profile: &Profile, limits: &Limits) -> Result<Document, ReadError> {
    let mut reader = Json::new(inner, limits);
    let whole = json::Value::read(&mut reader, limits.max_exchange_bytes)?;
    let current = match whole.get("current_version") {
        Some(json::Value::Text(text) | json::Value::Number(text)) => text.clone(),
        _ => String::new(),
    };
    let versions = whole.get("versions").map(json::Value::members).unwrap_or_default();
    let Some((version, content)) = versions.iter().find(|(name, _)| *name == current).or_else(|| versions.last())
    else {
        return Err(reader.error("the file has no versions of needs; build it with `make needs`"));
    };
    let mut document = Document {
        title: whole.text_of("project"),
        tool: Some("sphinx-needs".to_owned()),
        replaced: reader.replaced(),
        ..Document::default()
    };
    if *version != current {
        document.warnings.push(format!("the file does not say which version is current; {version} was read"));
    } else if versions.len() > 1 {
        document.warnings.push(format!("of {} versions the current one, {version}, was read", versions.len()));
    }
    let needs = content.get("needs").map(json::Value::members).unwrap_or_default();
    let known: std::collections::HashSet<&str> = needs.iter().map(|(id, _)| id.as_str()).collect();
    for (identifier, need) in needs {
        let record = record(identifier, need, &known, profile);
        document.count("needs", 1);
        document.records.push(record);
    }
    note_columns(&mut document, profile);
    document.finish(limits.max_records)
}

fn record(identifier: &str, need: &json::Value, known: &std::collections::HashSet<&str>, profile: &Profile) -> Record {
    let mut record = Record {
        identifier: need.text_of("id").unwrap_or_else(|| identifier.to_owned()),
        title: need.text_of("title").or_else(|| need.text_of("full_title")).unwrap_or_default(),
        title_from: Some("title".to_owned()),
        text: need.text_of("description").or_else(|| need.text_of("content")).unwrap_or_default(),
        text_from: Some("description".to_owned()),
        kind: need.text_of("type"),
        status: need.text_of("status"),
        parent: need.text_of("parent_need").filter(|parent| known.contains(parent.as_str())),
        ..Record::default()
    };
    record.tags = need.items_of("tags").iter().filter_map(json::Value::text).map(str::to_owned).collect();
    record.url = need.text_of("external_url").filter(|url| url.starts_with("http"));
    for (name, value) in need.members() {
        if OWN.contains(&name.as_str()) || name.ends_with("_back") {
            continue;
        }
        match value {
            json::Value::List(items) => {
                let words: Vec<String> = items.iter().filter_map(json::Value::text).map(str::to_owned).collect();
                let is_links = matches!(name.as_str(), "links" | "parent_needs")
                    || words.iter().any(|word| known.contains(word.as_str()));
                if is_links && name != "sections" {
                    record.links.extend(words.into_iter().map(|target| Link {
                        kind: name.clone(),
                        target,
                        is_inward: false,
                    }));
                } else {
                    record.say(name, Value::Choice(words));
                }
            }
            json::Value::Text(text) => record.say(name, Value::Text(text.trim().to_owned())),
            json::Value::Number(number) => record.say(name, Value::Number(number.clone())),
            json::Value::Bool(yes) if *yes => record.say(name, Value::Flag(true)),
            _ => {}
        }
    }
    for attribute in record.attributes.clone() {
        let words = attribute.value.words();
        match profile.field(&attribute.name) {
            super::profile::Field::Priority => record.priority = Some(words),
            super::profile::Field::Severity => record.severity = Some(words),
            super::profile::Field::Owner => record.people.extend(super::record::Person::of("owner", &words)),
            super::profile::Field::Reporter => record.people.extend(super::record::Person::of("reporter", &words)),
            _ => {}
        }
    }
    let kind = record.kind.clone().unwrap_or_default();
    record.is_left_out = NO_REQUIREMENTS.contains(&kind.as_str());
    treat(&mut record, profile);
    record
}
