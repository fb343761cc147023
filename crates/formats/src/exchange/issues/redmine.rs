//! Redmine: answers of its interface, as JSON or as XML.

use super::super::dom::Element;
use super::super::record::{Document, Link, Record, Value as Kept};
use super::{comment, id_of, keep, person, word, word_of};
use crate::json::Value;

const READ: [&str; 17] = [
    "id",
    "subject",
    "description",
    "status",
    "priority",
    "tracker",
    "author",
    "assigned_to",
    "due_date",
    "parent",
    "relations",
    "journals",
    "attachments",
    "custom_fields",
    "children",
    "changesets",
    "watchers",
];

/// Takes the issues of one answer.
pub(super) fn read(value: &Value, document: &mut Document) {
    document.tool = Some("Redmine".to_owned());
    let issues = match value {
        Value::List(items) => items.as_slice(),
        _ => value.items_of("issues"),
    };
    for issue in issues {
        take(issue, document);
    }
    if let Some(issue) = value.get("issue") {
        take(issue, document);
    }
    let total = match value.get("total_count") {
        Some(Value::Number(text) | Value::Text(text)) => text.parse().unwrap_or(0),
        _ => 0,
    };
    if total > issues.len() {
        document
            .warnings
            .push(format!("the file holds {} of {total} issues; export the other pages as well", issues.len()));
    }
}

/// The same out of XML.
pub(super) fn read_xml(root: &Element, document: &mut Document) {
    let value = super::value_of(root);
    if root.local() == "issue" {
        document.tool = Some("Redmine".to_owned());
        take(&value, document);
        return;
    }
    let issues: Vec<Value> = root.elements().filter(|one| one.local() == "issue").map(super::value_of).collect();
    let total = root.attribute("total_count").map(str::to_owned).unwrap_or_default();
    let members = vec![("issues".to_owned(), Value::List(issues)), ("total_count".to_owned(), Value::Text(total))];
    read(&Value::Object(members), document);
}

fn take(issue: &Value, document: &mut Document) {
    let Some(identifier) = id_of(issue, "id") else { return };
    document.count("issues", 1);
    let mut record = Record {
        identifier,
        title: issue.text_of("subject").unwrap_or_default(),
        title_from: Some("subject".to_owned()),
        text: issue.text_of("description").unwrap_or_default(),
        text_from: Some("description".to_owned()),
        kind: word_of(issue, "tracker"),
        status: word_of(issue, "status"),
        priority: word_of(issue, "priority"),
        parent: issue.get("parent").and_then(|parent| id_of(parent, "id")),
        due: issue.text_of("due_date"),
        ..Record::default()
    };
    record.people.extend(person(issue.get("assigned_to"), "owner"));
    record.people.extend(person(issue.get("author"), "reporter"));
    for relation in issue.items_of("relations") {
        let kind = relation.text_of("relation_type").unwrap_or_else(|| "relates".to_owned());
        let ends = (id_of(relation, "issue_id"), id_of(relation, "issue_to_id"));
        let (Some(from), Some(to)) = ends else { continue };
        let is_inward = from != record.identifier;
        record.links.push(Link { kind, target: if is_inward { from } else { to }, is_inward });
    }
    for journal in issue.items_of("journals") {
        let author = journal.get("user").and_then(word);
        record.comments.extend(comment(author, journal.text_of("created_on"), journal.text_of("notes")));
    }
    record.attachments = issue.items_of("attachments").iter().filter_map(|one| one.text_of("filename")).collect();
    for field in issue.items_of("custom_fields") {
        let Some(name) = field.text_of("name") else { continue };
        let value = match field.get("value") {
            Some(Value::List(items)) => Kept::Choice(items.iter().filter_map(word).collect()),
            Some(Value::Number(number)) => Kept::Number(number.clone()),
            Some(value) => Kept::Text(value.text().unwrap_or_default().to_owned()),
            None => continue,
        };
        record.say(&name, value);
    }
    keep(&mut record, issue, &READ);
    document.records.push(record);
}
