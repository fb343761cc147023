//! Webhooks in: what repository servers tell by themselves becomes commits, builds, checks, deployments, releases, pull
//! requests and defects.
//!
//! A message is verified and stored in one transaction and acknowledged ([`Incoming`]); a [`Worker`] then takes what waits in
//! the order it came, each message in one transaction with its own end, so that one that is cut off anywhere has changed
//! nothing and is taken up again. It works with the rights of the member behind the connection, through the same writes as
//! every door. Nothing is asked of the server that sent it.
//!
//! A record knows the moment of the last message that told of it. An older message changes nothing, and of two of the same
//! moment the one that is further counts, so that repeats and disorder come to the same.

mod again;
mod connections;
mod incoming;
mod looking;
mod record;
mod worker;

use kernel::{Resource, Verb};

pub use connections::NewConnection;
pub use incoming::{Incoming, MOST_BYTES, Stored, connection};
pub use looking::{
    CheckLine, ConnectionLine, DeliveryLine, DeliveryRecord, Did, checks_of_build, connections, deliveries,
    find_connection, find_delivery,
};
pub use worker::{PrincipalOf, Worker};

const SEEN: &[Verb] = &[Verb::List, Verb::Read];

/// Connections to repository servers. Making one and changing its secret are operations.
pub static WEBHOOK_CONNECTIONS: Resource =
    Resource::new("webhook-connections", "platform.webhook_connections", "webhook", "name")
        .writable(&["name", "repository", "issue_label", "is_active"])
        .hidden(&["secret_ciphertext", "old_secret_ciphertext"])
        .verbs(&[Verb::List, Verb::Read, Verb::Update, Verb::Delete, Verb::Restore]);

/// Messages that came, each with what became of it.
pub static WEBHOOK_DELIVERIES: Resource =
    Resource::new("webhook-deliveries", "platform.webhook_deliveries", "webhook", "event")
        .child_of("connection_id", "webhook-connections")
        .hidden(&["payload_sha256"])
        .detail(&["payload", "headers", "result"])
        .verbs(SEEN);

/// Checks of commits.
pub static CHECKS: Resource = Resource::new("checks", "delivery.checks", "build", "name")
    .child_of("repository_id", "repositories")
    .create_only(&["repository_id", "commit_hash", "external_id"])
    .writable(&[
        "build_id",
        "run_external_id",
        "name",
        "source",
        "status",
        "conclusion",
        "url",
        "started_at",
        "completed_at",
        "reported_at",
    ])
    .verbs(&[Verb::List, Verb::Read, Verb::Create, Verb::Update, Verb::Delete]);

/// Pull and merge requests.
pub static PULL_REQUESTS: Resource = Resource::new("pull-requests", "delivery.pull_requests", "pull_request", "title")
    .child_of("repository_id", "repositories")
    .create_only(&["repository_id", "number"])
    .writable(&[
        "title",
        "status",
        "is_draft",
        "review_status",
        "author_name",
        "source_branch",
        "target_branch",
        "head_commit_hash",
        "merge_commit_hash",
        "url",
        "opened_at",
        "closed_at",
        "reported_at",
    ])
    .verbs(&[Verb::List, Verb::Read, Verb::Create, Verb::Update]);

/// What reviewers say about them.
pub static PULL_REQUEST_REVIEWS: Resource =
    Resource::new("pull-request-reviews", "delivery.pull_request_reviews", "pull_request", "reviewer_name")
        .child_of("pull_request_id", "pull-requests")
        .create_only(&["pull_request_id", "reviewer_name"])
        .writable(&["verdict", "commit_hash", "reviewed_at"])
        .verbs(&[Verb::List, Verb::Read, Verb::Create, Verb::Update]);

/// The operations on connections and messages.
pub(crate) fn operations() -> Vec<kernel::Operation> {
    connections::operations().into_iter().chain([again::operation()]).collect()
}
