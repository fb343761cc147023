//! Payloads of GitHub, and of Forgejo and Gitea, which follow it nearly everywhere.

use super::fact::{Fact, Issue, Release, Repository};
use super::written::{branch_and_tag, commits, flag, hash, hash_of, id_of, labels, moment_of, url_of};
use super::{Delivery, review, running};
use crate::json::Value;

/// What is read of an event, or why nothing is.
pub(super) fn read(event: &str, payload: &Value, is_forgejo: bool) -> Delivery {
    let event = event.trim();
    let mut delivery = Delivery {
        event: if event.is_empty() { guessed(payload).to_owned() } else { event.to_ascii_lowercase() },
        action: payload.text_of("action"),
        sender: payload
            .at(&["sender", "login"])
            .or_else(|| payload.at(&["sender", "username"]))
            .and_then(Value::text)
            .map(str::to_owned),
        repository: payload.get("repository").or_else(|| payload.at(&["run", "repository"])).and_then(repository),
        ..Delivery::default()
    };
    let action = delivery.action.clone().unwrap_or_default();
    match delivery.event.as_str() {
        "push" => push(&mut delivery, payload),
        "workflow_run" => running::workflow_run(&mut delivery, payload),
        "workflow_job" => running::workflow_job(&mut delivery, payload),
        "action_run_success" | "action_run_failure" | "action_run_recover" | "action_run" => {
            running::forgejo_run(&mut delivery, payload);
        }
        "check_run" => running::check_run(&mut delivery, payload),
        "check_suite" => running::check_suite(&mut delivery, payload),
        "status" => running::status(&mut delivery, payload),
        "deployment" => running::deployment(&mut delivery, payload),
        "deployment_status" => running::deployment_status(&mut delivery, payload),
        "release" => release_of(&mut delivery, payload, &action),
        "issues" | "issue" | "issue_label" | "issue_assign" | "issue_milestone" => {
            issue_of(&mut delivery, payload, &action)
        }
        "pull_request"
        | "pull_request_target"
        | "pull_request_sync"
        | "pull_request_label"
        | "pull_request_assign"
        | "pull_request_milestone"
        | "pull_request_review_request" => review::pull_request(&mut delivery, payload),
        "pull_request_review"
        | "pull_request_approved"
        | "pull_request_rejected"
        | "pull_request_review_approved"
        | "pull_request_review_rejected"
        | "pull_request_review_comment"
        | "pull_request_comment"
            if payload.get("review").is_some() =>
        {
            review::pull_request_review(&mut delivery, payload);
        }
        "ping" => delivery.note("the server tried whether this place answers"),
        "create" | "delete" => delivery.note("a branch or tag came or went; commits come with pushes"),
        other => {
            let server = if is_forgejo { "Forgejo" } else { "GitHub" };
            let note = format!("`{other}` is no event of {server} that anything is recorded of");
            delivery.note(note);
        }
    }
    delivery
}

/// The event of a payload that came without its header.
fn guessed(payload: &Value) -> &'static str {
    const TOLD: [(&str, &str); 10] = [
        ("workflow_job", "workflow_job"),
        ("workflow_run", "workflow_run"),
        ("check_run", "check_run"),
        ("check_suite", "check_suite"),
        ("deployment_status", "deployment_status"),
        ("deployment", "deployment"),
        ("review", "pull_request_review"),
        ("pull_request", "pull_request"),
        ("release", "release"),
        ("commits", "push"),
    ];
    let named = TOLD
        .iter()
        .find(|(member, _)| payload.get(member).is_some_and(|value| *value != Value::Null))
        .map(|(_, event)| *event);
    named.unwrap_or(match payload.get("issue") {
        Some(_) if payload.get("comment").is_some() => "issue_comment",
        Some(_) => "issues",
        None if payload.get("zen").is_some() => "ping",
        None => "unknown",
    })
}

pub(super) fn repository(value: &Value) -> Option<Repository> {
    let owner = value.at(&["owner", "login"]).or_else(|| value.at(&["owner", "name"])).and_then(Value::text);
    let full_name = value.text_of("full_name").or_else(|| {
        let (owner, name) = (owner?, value.text_of("name")?);
        Some(format!("{owner}/{name}"))
    })?;
    // The address for people; in old payloads `url` is that too, otherwise it is the API's.
    let web_url = url_of(value, "html_url");
    Some(Repository {
        full_name,
        clone_url: url_of(value, "clone_url"),
        ssh_url: value.text_of("ssh_url"),
        default_branch: value.text_of("default_branch").or_else(|| value.text_of("master_branch")),
        web_url,
    })
}

fn push(delivery: &mut Delivery, payload: &Value) {
    let (_, tag) = branch_and_tag(&payload.text_of("ref").unwrap_or_default());
    let is_gone = flag(payload, "deleted") || payload.text_of("after").is_some_and(|after| hash(&after).is_none());
    if is_gone {
        delivery.note(if tag.is_some() { "a tag was deleted" } else { "a branch was deleted" });
        return;
    }
    commits(delivery, payload);
}

fn release_of(delivery: &mut Delivery, payload: &Value, action: &str) {
    let release = payload.get("release").and_then(|release| read_release(release, action));
    delivery.take("release", "a tag", release.map(Fact::Release));
}

fn read_release(release: &Value, action: &str) -> Option<Release> {
    let tag = release.text_of("tag_name")?;
    let published_at = moment_of(release, "published_at");
    Some(Release {
        id: id_of(release, "id").unwrap_or_else(|| tag.clone()),
        name: release.text_of("name").filter(|name| *name != tag),
        notes: release.text_of("body").or_else(|| release.text_of("note")),
        commit: hash_of(release, "target_commitish"),
        is_draft: flag(release, "draft"),
        is_withdrawn: matches!(action, "deleted" | "unpublished"),
        at: moment_of(release, "updated_at").or(published_at).or_else(|| moment_of(release, "created_at")),
        published_at,
        url: url_of(release, "html_url"),
        tag,
    })
}

fn issue_of(delivery: &mut Delivery, payload: &Value, action: &str) {
    let Some(issue) = payload.get("issue") else {
        delivery.note("the payload has no issue");
        return;
    };
    if action == "deleted" {
        delivery.note("the issue was deleted there; what is recorded here stays");
        return;
    }
    let mut read = read_issue(issue);
    if let Some(read) = &mut read
        && action == "transferred"
    {
        let changes = payload.get("changes");
        let place = changes.and_then(|changes| changes.at(&["new_repository", "full_name"])).and_then(Value::text);
        let number = changes.and_then(|changes| changes.at(&["new_issue", "number"])).and_then(Value::count);
        read.moved_to = place.map(str::to_owned).zip(number);
    }
    delivery.take("issue", "a number or a title", read.map(Fact::Issue));
}

fn read_issue(issue: &Value) -> Option<Issue> {
    let reason = issue.text_of("state_reason").unwrap_or_default();
    Some(Issue {
        number: issue.get("number")?.count()?,
        title: issue.text_of("title")?,
        body: issue.text_of("body"),
        is_open: issue.text_of("state").is_none_or(|state| state != "closed"),
        is_declined: matches!(reason.as_str(), "not_planned" | "duplicate"),
        labels: labels(issue.get("labels").unwrap_or(&Value::Null), "name"),
        severity: None,
        author: login(issue, "user"),
        closed_at: moment_of(issue, "closed_at"),
        at: moment_of(issue, "updated_at"),
        url: url_of(issue, "html_url"),
        moved_to: None,
    })
}

/// The name somebody signs in with.
pub(super) fn login(value: &Value, member: &str) -> Option<String> {
    let who = value.get(member)?;
    who.text_of("login").or_else(|| who.text_of("username"))
}
