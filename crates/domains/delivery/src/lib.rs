//! Repositories, commits, builds and their artefacts, environments and deployments.

mod resources;
mod standing;

pub use resources::*;
pub use standing::{Deployed, RecentBuild, deployed, recent_builds};
