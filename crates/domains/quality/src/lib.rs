//! Test cases, runs, results, coverage and defects.

mod resources;

pub use resources::*;
