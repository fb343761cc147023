//! SARIF 2.1.0 (OASIS), as analysers really write it.
//!
//! A result may come before the rule that gives its level, so a log is read twice: [`survey`] learns the tools and their rules and
//! passes over the results, then [`Reader`] yields one [`Finding`] a result with everything filled in. Logs of versions before
//! 2.1.0 that have the same members are read alike. Nothing that a log points to is opened.

mod reader;
mod record;
mod rules;

pub use reader::{Event, Reader, Totals, survey};
pub use record::{Baseline, Finding, Kind, Level, Location, Suppression, SuppressionStatus};
pub use rules::{Rule, Run, Survey};
