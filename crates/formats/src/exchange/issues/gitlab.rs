//! GitLab: lists of its interface, and the lines of a project export (`issues.ndjson`).

use super::super::record::{Document, Link, Record};
use super::{comment, id_of, keep, person, word};
use crate::json::Value;

const READ: [&str; 22] = [
    "title",
    "description",
    "state",
    "labels",
    "label_links",
    "author",
    "assignee",
    "assignees",
    "web_url",
    "iid",
    "id",
    "due_date",
    "notes",
    "issue_type",
    "type",
    "severity",
    "references",
    "_links",
    "time_stats",
    "task_completion_status",
    "links",
    "work_item_type",
];

/// Takes the issues of one answer or one line.
pub(super) fn read(value: &Value, document: &mut Document) {
    document.tool = Some("GitLab".to_owned());
    match value {
        Value::List(items) => items.iter().for_each(|issue| take(issue, document)),
        _ if value.get("iid").is_some() => take(value, document),
        _ => value.items_of("issues").iter().for_each(|issue| take(issue, document)),
    }
}

fn take(issue: &Value, document: &mut Document) {
    let Some(number) = id_of(issue, "iid") else { return };
    document.count("issues", 1);
    let full = issue.at(&["references", "full"]).and_then(word);
    let url = issue.text_of("web_url");
    let named = full.or_else(|| url.as_deref().and_then(name));
    let mut record = Record {
        identifier: named.unwrap_or_else(|| format!("#{number}")),
        title: issue.text_of("title").unwrap_or_default(),
        title_from: Some("title".to_owned()),
        text: issue.text_of("description").unwrap_or_default(),
        text_from: Some("description".to_owned()),
        kind: issue.text_of("issue_type").or_else(|| issue.text_of("type")).map(|kind| kind.to_lowercase()),
        status: issue.text_of("state"),
        severity: issue.text_of("severity").filter(|severity| !severity.eq_ignore_ascii_case("unknown")),
        due: issue.text_of("due_date"),
        url,
        ..Record::default()
    };
    record.tags = issue.items_of("labels").iter().filter_map(word).collect();
    // A project export has them one step further away.
    record
        .tags
        .extend(issue.items_of("label_links").iter().filter_map(|link| link.at(&["label", "title"])).filter_map(word));
    let first = issue.items_of("assignees").first();
    record.people.extend(person(first.or_else(|| issue.get("assignee")).filter(|one| **one != Value::Null), "owner"));
    record.people.extend(person(issue.get("author"), "reporter"));
    for note in issue.items_of("notes") {
        if matches!(note.get("system"), Some(Value::Bool(true))) {
            continue;
        }
        let author = person(note.get("author"), "author").and_then(|author| author.name);
        record.comments.extend(comment(
            author,
            note.text_of("created_at"),
            note.text_of("note").or_else(|| note.text_of("body")),
        ));
    }
    for link in issue.items_of("links") {
        if let Some(target) = link.at(&["references", "full"]).and_then(word) {
            let kind = link.text_of("link_type").unwrap_or_else(|| "relates_to".to_owned());
            record.links.push(Link { kind, target, is_inward: false });
        }
    }
    let scoped = |scope: &str| {
        record.tags.iter().find_map(|tag| tag.to_lowercase().strip_prefix(&format!("{scope}::")).map(str::to_owned))
    };
    record.priority = scoped("priority");
    record.severity = record.severity.clone().or_else(|| scoped("severity"));
    let kind = scoped("type");
    record.kind =
        kind.or(record.kind).or_else(|| record.tags.iter().find(|tag| tag.eq_ignore_ascii_case("bug")).cloned());
    keep(&mut record, issue, &READ);
    document.records.push(record);
}

/// `group/project#number` out of an address.
fn name(url: &str) -> Option<String> {
    let path = url.split_once("://")?.1.split_once('/')?.1;
    let (project, rest) = path
        .split_once("/-/issues/")
        .or_else(|| path.split_once("/issues/"))
        .or_else(|| path.split_once("/-/work_items/"))?;
    let number: String = rest.chars().take_while(char::is_ascii_digit).collect();
    (!number.is_empty()).then(|| format!("{project}#{number}"))
}
