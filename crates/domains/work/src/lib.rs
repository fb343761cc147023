//! Projects, requirements with their items and dependencies, features, and the links between records.

mod resources;

pub use resources::*;
