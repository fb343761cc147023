//! GitHub: lists of its interface, of `gh issue list --json`, and the payload of a webhook. Pull requests are left out.

use super::super::record::{Document, Link, Record};
use super::{comment, id_of, keep, person, word};
use crate::json::Value;

const READ: [&str; 24] = [
    "title",
    "body",
    "state",
    "state_reason",
    "stateReason",
    "labels",
    "user",
    "author",
    "assignee",
    "assignees",
    "html_url",
    "url",
    "comments",
    "number",
    "type",
    "reactions",
    "performed_via_github_app",
    "node_id",
    "id",
    "active_lock_reason",
    "locked",
    "parent",
    "comments_url",
    "events_url",
];

/// Takes the issues of one answer.
pub(super) fn read(value: &Value, document: &mut Document) {
    document.tool = Some("GitHub".to_owned());
    let list = match value {
        Value::List(items) => items.as_slice(),
        _ => value.items_of("items"),
    };
    for issue in list {
        take(issue, document);
    }
    if list.is_empty() {
        take(value.get("issue").unwrap_or(value), document);
    }
}

fn take(issue: &Value, document: &mut Document) {
    let Some(number) = id_of(issue, "number") else { return };
    if issue.get("pull_request").is_some_and(|one| *one != Value::Null) {
        document.count("pull_requests", 1);
        return;
    }
    document.count("issues", 1);
    let url = issue.text_of("html_url").or_else(|| issue.text_of("url"));
    let reason = issue.text_of("state_reason").or_else(|| issue.text_of("stateReason"));
    let state = issue.text_of("state").map(|state| state.to_lowercase());
    let mut record = Record {
        identifier: url.as_deref().and_then(name).unwrap_or_else(|| format!("#{number}")),
        title: issue.text_of("title").unwrap_or_default(),
        title_from: Some("title".to_owned()),
        text: issue.text_of("body").unwrap_or_default(),
        text_from: Some("body".to_owned()),
        kind: issue.get("type").and_then(word),
        // What became of a closed issue tells more than that it is closed.
        status: match (state.as_deref(), reason.map(|reason| reason.to_lowercase())) {
            (Some("closed"), Some(reason)) if matches!(reason.as_str(), "not_planned" | "duplicate") => Some(reason),
            (_, _) => state,
        },
        url: url.filter(|url| !url.contains("://api.")),
        ..Record::default()
    };
    record.tags = issue.items_of("labels").iter().filter_map(word).collect();
    let first = issue.items_of("assignees").first();
    record.people.extend(person(issue.get("assignee").filter(|one| **one != Value::Null).or(first), "owner"));
    record.people.extend(person(issue.get("user").or_else(|| issue.get("author")), "reporter"));
    for one in issue.items_of("comments") {
        let author = person(one.get("author").or_else(|| one.get("user")), "author").and_then(|author| author.name);
        let at = one.text_of("createdAt").or_else(|| one.text_of("created_at"));
        record.comments.extend(comment(author, at, one.text_of("body")));
    }
    if let Some(parent) = issue.get("parent").and_then(|parent| parent.text_of("html_url")).as_deref().and_then(name) {
        record.links.push(Link { kind: "parent".to_owned(), target: parent, is_inward: false });
    }
    let label = |names: &[&str]| record.tags.iter().find(|tag| names.contains(&tag.to_lowercase().as_str())).cloned();
    if record.kind.is_none() {
        record.kind = label(&["bug", "enhancement", "feature", "documentation", "task", "question", "story"]);
    }
    let after = |begin: &str| {
        record.tags.iter().find_map(|tag| {
            let rest = tag.to_lowercase().strip_prefix(begin)?.trim_start_matches([':', '/', ' ', '-']).to_owned();
            (!rest.is_empty()).then_some(rest)
        })
    };
    record.priority = after("priority");
    record.severity = after("severity");
    keep(&mut record, issue, &READ);
    document.records.push(record);
}

/// `owner/repository#number` out of an address.
fn name(url: &str) -> Option<String> {
    let path = url.split_once("://")?.1;
    let mut parts = path.split('/').skip(1).skip_while(|part| *part == "repos");
    let (owner, repository, kind, number) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let number = number.split(['#', '?']).next()?;
    (kind == "issues" && number.bytes().all(|byte| byte.is_ascii_digit()) && !number.is_empty())
        .then(|| format!("{owner}/{repository}#{number}"))
}
