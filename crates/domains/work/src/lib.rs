//! Projects, requirements with their items and dependencies, features, and the links between records.

mod project;
mod resources;

pub use project::{Project, project};
pub use resources::*;
