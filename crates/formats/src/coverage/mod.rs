//! Code coverage: which lines and branches of which file ran.
//!
//! Three formats, one record. Elements are counted; rates and totals that a report declares are kept beside the
//! counts and never used instead of them, because they often describe something else (whole assemblies, methods, a
//! filter applied later).

pub mod cobertura;
pub mod jacoco;
pub mod lcov;

mod collect;
mod record;

pub use record::{Counter, Declared, Event, FileCoverage, LineCounts, Ratio, Totals};
