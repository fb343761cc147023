//! Jira: answers of its interface (versions 2 and 3, search, board, single issue), and lists of issues.

use super::super::record::{Document, Link, Record};
use super::{comment, id_of, keep, person, word, word_of};
use crate::json::Value;

/// Members that are read, or that say nothing outside of Jira.
const READ: [&str; 24] = [
    "summary",
    "description",
    "issuetype",
    "status",
    "priority",
    "assignee",
    "reporter",
    "creator",
    "labels",
    "parent",
    "issuelinks",
    "comment",
    "duedate",
    "attachment",
    "subtasks",
    "worklog",
    "votes",
    "watches",
    "progress",
    "aggregateprogress",
    "workratio",
    "lastViewed",
    "timetracking",
    "avatarUrls",
];

/// Takes the issues of one answer.
pub(super) fn read(value: &Value, document: &mut Document) {
    document.tool = Some("Jira".to_owned());
    let list = match value {
        Value::List(items) => items.as_slice(),
        _ => value.items_of("issues"),
    };
    for issue in list {
        take(issue, document);
    }
    if list.is_empty() && value.get("fields").is_some() {
        take(value, document);
    }
    if let Some(total) = value.get("total").and_then(Value::count)
        && total > list.len() as u64
    {
        document.warnings.push(format!(
            "the file holds {} of {total} issues that were found; export the other pages as well",
            list.len()
        ));
    }
    document.count("issues", list.len() as u64);
}

fn take(issue: &Value, document: &mut Document) {
    let empty = Value::Null;
    let fields = issue.get("fields").unwrap_or(&empty);
    let Some(key) = issue.text_of("key") else {
        document.refuse(
            1,
            id_of(issue, "id").as_deref(),
            Some("key"),
            "an issue has no key; export the file again with `key`",
        );
        return;
    };
    let mut record = Record {
        title: fields.text_of("summary").unwrap_or_default(),
        title_from: Some("summary".to_owned()),
        text: fields.get("description").map(text).unwrap_or_default(),
        text_from: Some("description".to_owned()),
        kind: word_of(fields, "issuetype"),
        status: word_of(fields, "status"),
        priority: word_of(fields, "priority"),
        parent: fields.get("parent").and_then(|parent| parent.text_of("key")),
        url: issue.text_of("self").and_then(|place| browse(&place, &key)),
        due: fields.text_of("duedate"),
        identifier: key,
        ..Record::default()
    };
    record.people.extend(person(fields.get("assignee"), "owner"));
    record.people.extend(person(fields.get("reporter").or_else(|| fields.get("creator")), "reporter"));
    record.tags = fields.items_of("labels").iter().filter_map(word).collect();
    for link in fields.items_of("issuelinks") {
        for (member, side, is_inward) in [("outwardIssue", "outward", false), ("inwardIssue", "inward", true)] {
            let Some(target) = link.get(member).and_then(|other| other.text_of("key")) else { continue };
            let kind =
                link.at(&["type", "name"]).or_else(|| link.at(&["type", side])).and_then(word).unwrap_or_default();
            record.links.push(Link { kind, target, is_inward });
        }
    }
    for one in fields.at(&["comment", "comments"]).map(Value::items).unwrap_or_default() {
        let author = person(one.get("author"), "author").and_then(|author| author.name.or(author.email));
        record.comments.extend(comment(author, one.text_of("created"), one.get("body").map(text)));
    }
    record.attachments = fields.items_of("attachment").iter().filter_map(|one| one.text_of("filename")).collect();
    keep(&mut record, fields, &READ);
    document.records.push(record);
}

/// Where people look at an issue.
fn browse(place: &str, key: &str) -> Option<String> {
    let (scheme, rest) = place.split_once("://").filter(|(scheme, _)| scheme.starts_with("http"))?;
    let (before, _) = rest.split_once("/rest/")?;
    Some(format!("{scheme}://{before}/browse/{key}"))
}

/// A text: plain, or as the document of version 3 of the interface.
fn text(value: &Value) -> String {
    if let Value::Text(text) = value {
        return text.trim().replace("\r\n", "\n");
    }
    let mut out = String::new();
    node(value, 0, &mut out);
    out.trim().to_owned()
}

// Depth is bounded by the reader.
fn node(value: &Value, depth: usize, out: &mut String) {
    let kind = value.text_of("type").unwrap_or_default();
    match kind.as_str() {
        "text" => {
            // Blanks between pieces belong to them.
            if let Some(Value::Text(text)) = value.get("text") {
                out.push_str(text);
            }
            return;
        }
        "hardBreak" => out.push('\n'),
        "mention" | "status" | "emoji" => {
            out.push_str(&value.at(&["attrs", "text"]).and_then(word).unwrap_or_default())
        }
        "inlineCard" | "blockCard" => out.push_str(&value.at(&["attrs", "url"]).and_then(word).unwrap_or_default()),
        "rule" => out.push_str("---\n\n"),
        "listItem" => {
            out.push_str(&"  ".repeat(depth.saturating_sub(1)));
            out.push_str("- ");
        }
        _ => {}
    }
    let inner = if matches!(kind.as_str(), "bulletList" | "orderedList") { depth + 1 } else { depth };
    let before = out.len();
    for (at, child) in value.items_of("content").iter().enumerate() {
        if kind == "tableRow" && at > 0 {
            out.push_str(" | ");
        }
        node(child, inner, out);
    }
    match kind.as_str() {
        "paragraph" | "heading" | "codeBlock" | "blockquote" | "bulletList" | "orderedList" | "table" | "panel"
            if depth == 0 =>
        {
            end(out, 2);
        }
        "paragraph" if depth > 0 => end(out, 1),
        "listItem" | "tableRow" => end(out, 1),
        _ => {}
    }
    // Cells of a table stand on one line.
    if matches!(kind.as_str(), "tableCell" | "tableHeader") {
        // Ending a paragraph may have taken line ends from before the cell.
        let cell = out.split_off(before.min(out.len()));
        out.push_str(&cell.trim().replace('\n', " "));
    }
}

/// Ends the text with so many line ends.
fn end(out: &mut String, many: usize) {
    let kept = out.trim_end_matches('\n').len();
    out.truncate(kept);
    out.push_str(&"\n".repeat(many));
}
