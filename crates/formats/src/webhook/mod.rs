//! What repository servers tell by themselves: the payloads of webhooks of GitHub, GitLab, Forgejo and Gitea.
//!
//! [`read`] is a pure function from bytes to [`Fact`]s, and never fails because a payload is unknown: what it does not
//! understand is said in [`Delivery::notes`], and a member that is missing or of another type leaves out no more than what
//! needs it. Only what is no JSON object is refused.
//!
//! Payloads as the servers document them: <https://docs.github.com/en/webhooks/webhook-events-and-payloads>,
//! <https://docs.gitlab.com/user/project/integrations/webhook_events/>, <https://forgejo.org/docs/latest/user/webhooks/>.
//!
//! ```
//! use formats::webhook::{Fact, Provider, read};
//!
//! let payload = br#"{"ref": "refs/heads/main", "after": "da1560886d4f094c3e6c9ef40349f7d38b5d27d7",
//!   "repository": {"full_name": "acme/pay", "html_url": "https://code.example/acme/pay"},
//!   "commits": [{"id": "da1560886d4f094c3e6c9ef40349f7d38b5d27d7", "message": "REQ-42 pays once", "timestamp": "2026-01-03T23:36:29+02:00"}]}"#;
//! let delivery = read(Provider::GitHub, "push", payload)?;
//! let Some(Fact::Commit(commit)) = delivery.facts.first() else { panic!("a commit") };
//! assert_eq!(commit.message, "REQ-42 pays once");
//! # Ok::<(), formats::ReadError>(())
//! ```

mod fact;
mod github;
mod gitlab;
mod review;
mod running;
mod written;

use crate::json::{Json, Value};
use crate::{Limits, ReadError};

pub use fact::{
    Check, Commit, Deployment, Fact, Issue, Progress, Pull, PullState, Release, Repository, Review, Run, Tier, Verdict,
};

/// The largest payload that is read, in bytes: what GitHub sends at most.
pub const MOST_BYTES: usize = 25 << 20;

/// A payload in memory takes so many times its size at most.
const ROOM: usize = 8;

/// Which server sent it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Provider {
    /// GitHub, in the cloud or on premises.
    GitHub,
    /// GitLab.
    GitLab,
    /// Forgejo and Gitea, which tell nearly the same as GitHub.
    Forgejo,
}

/// What one message tells.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Delivery {
    /// The event as its server calls it: `push`, `pull_request`, `pipeline`.
    pub event: String,
    /// What happened to it: `opened`, `completed`. None: the server does not say.
    pub action: Option<String>,
    /// Who set it off, by the name they sign in with.
    pub sender: Option<String>,
    /// The repository it is about.
    pub repository: Option<Repository>,
    /// What there is to know, in the order of the payload.
    pub facts: Vec<Fact>,
    /// What was not understood or is not used, in words. Never empty when there are no facts.
    pub notes: Vec<String>,
}

impl Delivery {
    fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    /// Takes what could be read of a thing, or says what the payload lacks.
    fn take(&mut self, what: &str, lacks: &str, fact: Option<Fact>) {
        match fact {
            Some(fact) => self.facts.push(fact),
            None => self.note(format!("the {what} lacks {lacks}, so nothing could be recorded of it")),
        }
    }
}

/// Reads the payload of an event. `event` is what the server's header says: `X-GitHub-Event`, `X-Gitlab-Event`,
/// `X-Forgejo-Event` or `X-Gitea-Event`; where it says nothing, GitLab's payloads say it themselves.
///
/// # Errors
/// When the payload is no JSON object, lies deeper than 128, or takes too much memory.
pub fn read(provider: Provider, event: &str, payload: &[u8]) -> Result<Delivery, ReadError> {
    let limits = Limits { max_total_bytes: MOST_BYTES as u64, max_tag_bytes: MOST_BYTES, ..Limits::default() };
    let mut json = Json::new(payload, &limits);
    let value = Value::read(&mut json, payload.len().saturating_mul(ROOM).max(64 << 10))?;
    json.next()?;
    if value.members().is_empty() {
        return Err(json.error("the payload is no JSON object, or an empty one"));
    }
    let mut delivery = match provider {
        Provider::GitHub => github::read(event, &value, false),
        Provider::Forgejo => github::read(event, &value, true),
        Provider::GitLab => gitlab::read(event, &value),
    };
    if delivery.facts.is_empty() && delivery.notes.is_empty() {
        delivery.note(format!("`{}` tells nothing that is recorded here", delivery.event));
    }
    Ok(delivery)
}
