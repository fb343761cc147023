//! Repositories, commits, builds and their artefacts, environments and deployments; and what repository servers tell
//! of them by themselves.

mod approval;
mod build_exports;
mod builds;
mod deployments;
mod gate;
mod releases;
mod resources;
mod standing;
mod text;
pub mod webhooks;

pub use approval::Approve;
pub use build_exports::{ExportedBuild, find_build_to_export};
pub use builds::{
    BuildFilter, BuildLine, CommitLine, artifacts_of_build, branches, commits_of_build, deployments_of_build,
    find_build, list_builds,
};
pub use deployments::{DeploymentFilter, DeploymentLine, Environment, list_deployments, live_deployments};
pub use gate::{GATE_RULES, GateAnswer, RuleAnswer, RuleLine, gate, gate_of, gate_rules};
pub use releases::{ReleaseLine, releases};
pub use resources::*;
pub use standing::{Deployed, RecentBuild, deployed, recent_builds};
pub use webhooks::{CHECKS, PULL_REQUEST_REVIEWS, PULL_REQUESTS, WEBHOOK_CONNECTIONS, WEBHOOK_DELIVERIES};

/// The operations of this domain.
pub fn operations() -> Vec<kernel::Operation> {
    approval::operations().into_iter().chain(webhooks::operations()).collect()
}
