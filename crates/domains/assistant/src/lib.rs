//! Language models and what is said to them: providers, models, conversations, messages, prompt templates.

mod approval;
mod resources;

pub use approval::{Approve, operations};
pub use resources::*;
