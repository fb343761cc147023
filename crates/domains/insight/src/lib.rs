//! What is used and what it costs: usage sessions, calls, reports, cost centres, costs.

mod costs;
mod resources;

pub use costs::operations;
pub use resources::*;
