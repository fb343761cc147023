//! Test cases, runs, results, coverage and defects.

pub mod imports;
mod resources;

pub use imports::Imports;
pub use resources::*;
