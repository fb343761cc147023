//! What a record's attributes say, through a profile: those that mean something to us fill its fields, all are kept.

use super::profile::{Field, Profile, Treatment, plain};
use super::record::{Document, Link, Person, Record, Value};

/// Kinds that structure a document, in the words of several tools.
const HEADINGS: [&str; 8] =
    ["heading", "section", "chapter", "folder", "headline", "title", "srsheading", "objectheading"];

/// Fills the fields of a record from its attributes. `headings` says whether a record with a title and no text may be one.
pub(crate) fn assign(record: &mut Record, profile: &Profile, headings: bool) {
    let mut chapter = false;
    let attributes = std::mem::take(&mut record.attributes);
    for attribute in &attributes {
        let words = attribute.value.words();
        let words = words.trim();
        let field = profile.field(&attribute.name);
        if words.is_empty() {
            continue;
        }
        let fill = |to: &mut Option<String>| {
            to.get_or_insert_with(|| words.to_owned());
        };
        match field {
            Field::Identifier | Field::Key => fill(&mut record.key),
            Field::Title => {
                if record.title.is_empty() || record.title_from.is_none() {
                    chapter = matches!(plain(&attribute.name).as_str(), "reqifchaptername" | "objectheading");
                    words.clone_into(&mut record.title);
                    record.title_from = Some(attribute.name.clone());
                }
            }
            Field::Text => {
                if record.text.is_empty() {
                    words.clone_into(&mut record.text);
                    record.text_from = Some(attribute.name.clone());
                }
            }
            Field::Kind => fill(&mut record.kind),
            Field::Status => fill(&mut record.status),
            Field::Priority => fill(&mut record.priority),
            Field::Severity => fill(&mut record.severity),
            Field::Parent => fill(&mut record.parent),
            Field::Url => fill(&mut record.url),
            Field::Due => fill(&mut record.due),
            Field::Owner => record.people.extend(Person::of("owner", words)),
            Field::Reporter => record.people.extend(Person::of("reporter", words)),
            Field::Tags => record.tags.extend(parts(&attribute.value)),
            Field::Criteria => record.criteria.extend(lines(words)),
            Field::Link(kind) => {
                let links = parts(&attribute.value);
                record.links.extend(links.into_iter().map(|target| Link {
                    kind: kind.clone(),
                    target,
                    is_inward: false,
                }));
            }
            Field::Level | Field::Keep | Field::Ignore => {}
        }
    }
    record.attributes = attributes.into_iter().filter(|one| profile.field(&one.name) != Field::Ignore).collect();
    treat(record, profile);
    if headings
        && chapter
        && record.text.is_empty()
        && profile.treatment(record.kind.as_deref().unwrap_or_default()).is_none()
    {
        record.is_heading = true;
    }
}

/// Decides by its kind what becomes of a record.
pub(crate) fn treat(record: &mut Record, profile: &Profile) {
    let Some(kind) = record.kind.as_deref() else { return };
    match profile.treatment(kind) {
        Some(Treatment::Record | Treatment::Requirement | Treatment::Defect) => {
            (record.is_heading, record.is_left_out) = (false, false)
        }
        Some(Treatment::Heading) => record.is_heading = true,
        Some(Treatment::LeftOut) => record.is_left_out = true,
        None if HEADINGS.contains(&plain(kind).as_str()) => record.is_heading = true,
        None => {}
    }
}

/// Notes which attributes a document has and what they are taken for, in the order they first come.
pub(crate) fn note_columns(document: &mut Document, profile: &Profile) {
    let mut seen = std::collections::HashSet::new();
    let mut columns = Vec::new();
    for attribute in document.records.iter().flat_map(|record| &record.attributes) {
        if seen.insert(attribute.name.as_str()) {
            columns.push((attribute.name.clone(), profile.field(&attribute.name)));
        }
    }
    document.columns = columns;
}

/// The parts of a value with several: words out of a list, or a text with commas, semicolons or line ends.
pub(crate) fn parts(value: &Value) -> Vec<String> {
    let some = |text: &str| {
        let text = text.trim();
        (!text.is_empty()).then(|| text.to_owned())
    };
    match value {
        Value::Choice(words) => words.iter().filter_map(|word| some(word)).collect(),
        other => other.words().split([',', ';', '\n']).filter_map(some).collect(),
    }
}

/// Criteria, one a line; signs of a list at their beginning are taken off.
fn lines(text: &str) -> Vec<String> {
    text.lines()
        .map(|line| {
            let line = line.trim().trim_start_matches(['-', '*', '•', '+']).trim_start();
            let digits = line.bytes().take_while(u8::is_ascii_digit).count();
            match line[digits..].strip_prefix(['.', ')']) {
                Some(rest) if digits > 0 && rest.starts_with(' ') => rest.trim().to_owned(),
                _ => line.to_owned(),
            }
        })
        .filter(|line| !line.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::record::Attribute;

    #[test]
    fn attributes_fill_fields_and_are_kept() {
        let say = |name: &str, text: &str| Attribute { name: name.into(), value: Value::Text(text.into()) };
        let mut record = Record {
            attributes: vec![
                say("UID", "A-1"),
                say("Statement", "It shall."),
                say("Labels", "a; b"),
                say("Owner", "ada@example.org"),
                say("Acceptance criteria", "1. one\n- two"),
                say("Depends on", "A-2, A-3"),
                say("Rationale", "because"),
            ],
            ..Record::default()
        };
        assign(&mut record, &Profile::default(), true);
        assert_eq!((record.key.as_deref(), record.text.as_str()), (Some("A-1"), "It shall."));
        assert_eq!((record.tags.len(), record.links.len(), record.attributes.len()), (2, 2, 7));
        assert_eq!(record.criteria, ["one", "two"]);
        assert_eq!(record.people[0].email.as_deref(), Some("ada@example.org"));
    }
}
