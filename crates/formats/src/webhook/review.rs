//! Pull requests and reviews of GitHub, Forgejo and Gitea.

use super::Delivery;
use super::fact::{Fact, Pull, PullState, Review, Verdict};
use super::github::login;
use super::written::{flag, hash_of, moment_of, url_of};
use crate::json::Value;

pub(super) fn pull_request(delivery: &mut Delivery, payload: &Value) {
    let pull = payload.get("pull_request").and_then(pull);
    delivery.take("pull request", "a number or a title", pull.map(Fact::Pull));
    // Gitea and Forgejo send a verdict along.
    if payload.get("review").is_some_and(|review| !review.members().is_empty()) {
        verdict_of(delivery, payload);
    }
}

pub(super) fn pull_request_review(delivery: &mut Delivery, payload: &Value) {
    let pull = payload.get("pull_request").and_then(pull);
    delivery.take("pull request", "a number or a title", pull.map(Fact::Pull));
    verdict_of(delivery, payload);
}

fn pull(pull: &Value) -> Option<Pull> {
    let merged_at = moment_of(pull, "merged_at");
    let is_merged = flag(pull, "merged") || merged_at.is_some();
    let title = pull.text_of("title")?;
    let state = match pull.text_of("state").as_deref() {
        _ if is_merged => PullState::Merged,
        Some("closed") => PullState::Closed,
        _ => PullState::Open,
    };
    let at = |end: &str, name: &str| pull.get(end).and_then(|end| end.text_of(name));
    let merge_commit = hash_of(pull, "merge_commit_sha").or_else(|| hash_of(pull, "merged_commit_id"));
    Some(Pull {
        number: pull.get("number")?.count()?,
        state,
        is_draft: flag(pull, "draft") || title.starts_with("WIP:") || title.starts_with("Draft:"),
        title,
        source_branch: at("head", "ref"),
        target_branch: at("base", "ref"),
        head: pull.get("head").and_then(|head| hash_of(head, "sha")),
        // Before a merge it is the commit of an attempt to merge.
        merge_commit: merge_commit.filter(|_| is_merged),
        author: login(pull, "user"),
        opened_at: moment_of(pull, "created_at"),
        closed_at: merged_at.or_else(|| moment_of(pull, "closed_at")),
        at: moment_of(pull, "updated_at"),
        url: url_of(pull, "html_url"),
    })
}

fn verdict_of(delivery: &mut Delivery, payload: &Value) {
    let review = payload.get("review").unwrap_or(&Value::Null);
    let said = review.text_of("state").or_else(|| review.text_of("type")).unwrap_or_default().to_ascii_lowercase();
    let event = delivery.event.as_str();
    let action = delivery.action.as_deref().unwrap_or_default();
    let verdict = match said.as_str() {
        _ if action == "dismissed" => Some(Verdict::Dismissed),
        "approved" | "pull_request_review_approved" => Some(Verdict::Approved),
        "changes_requested" | "request_changes" | "pull_request_review_rejected" => Some(Verdict::ChangesRequested),
        "commented" | "comment" | "pull_request_review_comment" => Some(Verdict::Commented),
        "dismissed" => Some(Verdict::Dismissed),
        _ if event.ends_with("approved") => Some(Verdict::Approved),
        _ if event.ends_with("rejected") => Some(Verdict::ChangesRequested),
        _ => None,
    };
    let pull = payload.get("pull_request");
    let number = pull.and_then(|pull| pull.get("number")).and_then(Value::count);
    // Forgejo says who reviews as the sender.
    let reviewer = login(review, "user").or_else(|| delivery.sender.clone());
    let at = moment_of(review, "submitted_at").or_else(|| pull.and_then(|pull| moment_of(pull, "updated_at")));
    let fact = verdict.zip(number).zip(reviewer).map(|((verdict, pull), reviewer)| {
        Fact::Review(Review { pull, reviewer, verdict, at, commit: hash_of(review, "commit_id") })
    });
    delivery.take("review", "a verdict, a reviewer or the number of its pull request", fact);
}
