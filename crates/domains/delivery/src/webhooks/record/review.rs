//! Pull and merge requests, and what reviewers say.

use formats::webhook::{Pull, PullState, Review, Verdict};
use jiff::Timestamp;
use kernel::Error;
use serde_json::json;
use uuid::Uuid;

use super::{Recording, clip, clipped, is_news, word};

const FIND: &str = include_str!("../../../sql/webhooks/find_pull_request.sql");
const FIND_REVIEW: &str = include_str!("../../../sql/webhooks/find_review.sql");
const TOGETHER: &str = include_str!("../../../sql/webhooks/review_status.sql");

fn rank(status: &str) -> u8 {
    match status {
        "open" => 0,
        "closed" => 1,
        _ => 2,
    }
}

fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Approved => "approved",
        Verdict::ChangesRequested => "changes_requested",
        Verdict::Commented => "commented",
        Verdict::Dismissed => "dismissed",
    }
}

impl Recording<'_> {
    pub(super) async fn pull(&mut self, told: &Pull) -> Result<(), Error> {
        let (repository, _) = self.repository()?;
        let number = i64::try_from(told.number).unwrap_or(i64::MAX);
        let status = match told.state {
            PullState::Open => "open",
            PullState::Closed => "closed",
            PullState::Merged => "merged",
        };
        let mut body = json!({
            "title": clip(&told.title, 1000),
            "status": status,
            "is_draft": told.is_draft,
            "author_name": clipped(told.author.as_deref(), 200),
            "source_branch": word(told.source_branch.as_deref(), 250),
            "target_branch": word(told.target_branch.as_deref(), 250),
            "head_commit_hash": told.head,
            "merge_commit_hash": told.merge_commit,
            "url": told.url.as_deref().and_then(super::address),
            "opened_at": told.opened_at,
            "closed_at": told.closed_at,
            "reported_at": told.at,
        });
        let name = format!("#{number} {}", told.title);
        let Some(row) = self.tx.query_opt(FIND, &[&repository, &number]).await? else {
            body["repository_id"] = json!(repository);
            body["number"] = json!(number);
            self.make("pull-requests", &name, body).await?;
            return Ok(());
        };
        let (id, stored, at): (Uuid, String, Option<Timestamp>) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        if !is_news((at, rank(&stored)), (told.at, rank(status))) {
            self.did("older", "pull-requests", id, &name);
            return Ok(());
        }
        // Opened again, it is closed no longer.
        let clear: &[&str] = if status == "open" { &["closed_at", "merge_commit_hash"] } else { &[] };
        self.change_and_clear("pull-requests", id, &name, body, clear).await
    }

    /// The last verdict of each reviewer counts; a remark takes the place of none.
    pub(super) async fn review(&mut self, told: &Review) -> Result<(), Error> {
        let (repository, _) = self.repository()?;
        let number = i64::try_from(told.pull).unwrap_or(i64::MAX);
        let Some(row) = self.tx.query_opt(FIND, &[&repository, &number]).await? else { return Ok(()) };
        let pull: Uuid = row.try_get(0)?;
        let reviewer = clip(&told.reviewer, 200);
        let name = format!("{reviewer} on #{number}");
        let mut body = json!({
            "verdict": verdict(told.verdict), "commit_hash": told.commit, "reviewed_at": told.at,
        });
        match self.tx.query_opt(FIND_REVIEW, &[&pull, &reviewer]).await? {
            None => {
                body["pull_request_id"] = json!(pull);
                body["reviewer_name"] = json!(reviewer);
                self.make("pull-request-reviews", &name, body).await?;
            }
            Some(row) => {
                let (id, stored, at): (Uuid, String, Option<Timestamp>) =
                    (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
                let (was_remark, is_remark) = (stored == "commented", told.verdict == Verdict::Commented);
                let counts = match (was_remark, is_remark) {
                    (true, false) => true,
                    (false, true) => false,
                    _ => is_news((at, 0), (told.at, 0)),
                };
                if counts {
                    self.change("pull-request-reviews", id, &name, body).await?;
                } else {
                    self.did("older", "pull-request-reviews", id, &name);
                }
            }
        }
        let together: String = self.tx.query_one(TOGETHER, &[&pull]).await?.try_get(0)?;
        self.quietly_change("pull-requests", pull, json!({"review_status": together}), &[]).await?;
        Ok(())
    }
}
