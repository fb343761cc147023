//! Repositories, commits, builds and their artefacts, environments and deployments.

mod resources;

pub use resources::*;
