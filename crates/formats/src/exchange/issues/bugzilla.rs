//! Bugzilla: answers of its REST interface, and `show_bug.cgi?ctype=xml`.

use super::super::dom::Element;
use super::super::record::{Attribute, Document, Link, Person, Record, Value as Kept};
use super::{comment, id_of, keep, person, word, word_of};
use crate::json::Value;

const READ: [&str; 24] = [
    "id",
    "summary",
    "description",
    "status",
    "resolution",
    "priority",
    "severity",
    "type",
    "assigned_to",
    "assigned_to_detail",
    "creator",
    "creator_detail",
    "depends_on",
    "blocks",
    "dupe_of",
    "keywords",
    "url",
    "deadline",
    "comments",
    "flags",
    "cc_detail",
    "qa_contact_detail",
    "is_confirmed",
    "is_open",
];

/// Takes the bugs of one answer.
pub(super) fn read(value: &Value, document: &mut Document) {
    document.tool = Some("Bugzilla".to_owned());
    let bugs = match value {
        Value::List(items) => items.as_slice(),
        _ => value.items_of("bugs"),
    };
    for bug in bugs {
        take(bug, document);
    }
}

fn take(bug: &Value, document: &mut Document) {
    let Some(identifier) = id_of(bug, "id") else { return };
    document.count("bugs", 1);
    let mut record = Record {
        identifier,
        title: bug.text_of("summary").unwrap_or_default(),
        title_from: Some("summary".to_owned()),
        text: bug.text_of("description").unwrap_or_default(),
        text_from: Some("description".to_owned()),
        kind: bug.text_of("type").or_else(|| Some("defect".to_owned())),
        status: state(bug.text_of("status"), bug.text_of("resolution")),
        priority: bug.text_of("priority").filter(|word| said(word)),
        severity: bug.text_of("severity").filter(|word| said(word)),
        due: bug.text_of("deadline"),
        ..Record::default()
    };
    record
        .people
        .extend(person(bug.get("assigned_to_detail").or_else(|| bug.get("assigned_to")), "owner").filter(somebody));
    record.people.extend(person(bug.get("creator_detail").or_else(|| bug.get("creator")), "reporter"));
    record.tags = match bug.get("keywords") {
        Some(Value::Text(text)) => {
            text.split(',').map(|one| one.trim().to_owned()).filter(|one| !one.is_empty()).collect()
        }
        _ => bug.items_of("keywords").iter().filter_map(word).collect(),
    };
    link(&mut record, "depends_on", bug.items_of("depends_on").iter().filter_map(word));
    link(&mut record, "blocks", bug.items_of("blocks").iter().filter_map(word));
    link(&mut record, "duplicate", id_of(bug, "dupe_of").into_iter());
    for (at, one) in bug.items_of("comments").iter().enumerate() {
        let text = one.text_of("text");
        if at == 0 && record.text.is_empty() {
            record.text = text.unwrap_or_default();
            continue;
        }
        let author = word_of(one, "creator").or_else(|| word_of(one, "author"));
        record.comments.extend(comment(author, one.text_of("creation_time").or_else(|| one.text_of("time")), text));
    }
    keep(&mut record, bug, &READ);
    if let Some(resolution) = bug.text_of("resolution") {
        record.say("resolution", Kept::Text(resolution));
    }
    document.records.push(record);
}

/// Takes the bugs of a document.
pub(super) fn read_xml(root: &Element, document: &mut Document) {
    document.tool = Some("Bugzilla".to_owned());
    let base = root.attribute("urlbase").filter(|base| base.starts_with("http")).map(str::to_owned);
    for bug in root.elements().filter(|element| element.local() == "bug") {
        let Some(identifier) = bug.text_of("bug_id") else { continue };
        if let Some(error) = bug.attribute("error") {
            document.warnings.push(format!("bug {identifier} was not exported: {error}"));
            continue;
        }
        document.count("bugs", 1);
        let mut record = Record {
            title: bug.text_of("short_desc").unwrap_or_default(),
            title_from: Some("short_desc".to_owned()),
            text_from: Some("long_desc".to_owned()),
            kind: bug.text_of("bug_type").or_else(|| bug.text_of("cf_type")).or_else(|| Some("defect".to_owned())),
            status: state(bug.text_of("bug_status"), bug.text_of("resolution")),
            priority: bug.text_of("priority").filter(|word| said(word)),
            severity: bug.text_of("bug_severity").filter(|word| said(word)),
            due: bug.text_of("deadline"),
            url: base.as_ref().map(|base| format!("{}/show_bug.cgi?id={identifier}", base.trim_end_matches('/'))),
            identifier,
            ..Record::default()
        };
        for (name, role) in [("assigned_to", "owner"), ("reporter", "reporter")] {
            record.people.extend(bug.child(name).and_then(|element| who(element, role)).filter(somebody));
        }
        let texts = |name: &str| -> Vec<String> {
            let of = bug.elements().filter(|element| element.local() == name);
            of.map(|element| element.text().trim().to_owned()).filter(|text| !text.is_empty()).collect()
        };
        record.tags =
            texts("keywords").iter().flat_map(|text| text.split(',')).map(|one| one.trim().to_owned()).collect();
        link(&mut record, "depends_on", texts("dependson").into_iter());
        link(&mut record, "blocks", texts("blocked").into_iter());
        link(&mut record, "duplicate", texts("dup_id").into_iter());
        for (at, said) in bug.elements().filter(|element| element.local() == "long_desc").enumerate() {
            let text = said.text_of("thetext");
            if at == 0 {
                record.text = text.unwrap_or_default();
                continue;
            }
            let author =
                said.child("who").and_then(|element| who(element, "author")).and_then(|one| one.name.or(one.email));
            record.comments.extend(comment(author, said.text_of("bug_when"), text));
        }
        let files = bug.elements().filter(|element| element.local() == "attachment");
        record.attachments = files.filter_map(|file| file.text_of("filename")).collect();
        for name in [
            "product",
            "component",
            "version",
            "target_milestone",
            "op_sys",
            "rep_platform",
            "resolution",
            "creation_ts",
            "delta_ts",
            "status_whiteboard",
        ] {
            if let Some(text) = bug.text_of(name) {
                record.attributes.push(Attribute { name: name.to_owned(), value: Kept::Text(text) });
            }
        }
        document.records.push(record);
    }
}

fn who(element: &Element, role: &str) -> Option<Person> {
    let text = element.text();
    let text = text.trim();
    let name =
        element.attribute("name").map(str::trim).filter(|name| !name.is_empty() && *name != text).map(str::to_owned);
    let mut person = Person::of(role, text)?;
    person.name = name.or(person.name);
    Some(person)
}

fn link(record: &mut Record, kind: &str, targets: impl Iterator<Item = String>) {
    record.links.extend(targets.map(|target| Link { kind: kind.to_owned(), target, is_inward: false }));
}

/// What became of a resolved bug tells more than that it is resolved.
fn state(status: Option<String>, resolution: Option<String>) -> Option<String> {
    match resolution.filter(|resolution| !resolution.is_empty() && resolution != "---" && resolution != "FIXED") {
        Some(resolution) => Some(resolution),
        None => status,
    }
}

fn said(word: &str) -> bool {
    !matches!(word, "--" | "---" | "N/A" | "unspecified")
}

fn somebody(person: &Person) -> bool {
    !person.email.as_deref().or(person.name.as_deref()).is_some_and(|text| text.starts_with("nobody"))
}
