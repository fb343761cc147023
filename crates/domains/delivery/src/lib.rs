//! Repositories, commits, builds and their artefacts, environments and deployments.

mod approval;
mod builds;
mod deployments;
mod gate;
mod releases;
mod resources;
mod standing;
mod text;

pub use approval::{Approve, operations};
pub use builds::{
    BuildFilter, BuildLine, CommitLine, artifacts_of_build, branches, commits_of_build, deployments_of_build,
    find_build, list_builds,
};
pub use deployments::{DeploymentFilter, DeploymentLine, Environment, list_deployments, live_deployments};
pub use gate::{GATE_RULES, GateAnswer, RuleAnswer, RuleLine, gate, gate_of, gate_rules};
pub use releases::{ReleaseLine, releases};
pub use resources::*;
pub use standing::{Deployed, RecentBuild, deployed, recent_builds};
