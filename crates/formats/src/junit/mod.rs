//! JUnit XML: the report that nearly every test framework can write, each in its own dialect.
//!
//! There is no standard; what is read here is what surefire, Gradle, Ant, pytest, jest, mocha, vitest, playwright,
//! googletest, PHPUnit, go-junit-report, Bazel, xcpretty and others write: a root `<testsuites>`, `<testsuite>` or a
//! lone `<testcase>`, suites inside suites, and results as child elements of a case.

mod count;
mod name;
mod reader;
mod record;
mod references;
mod time;
pub mod write;

pub(crate) use count::{add_declared, count_case, empty_case, join};
pub use name::{SplitName, split_name};
pub use reader::Reader;
pub use record::{
    Attempt, AttemptKind, Case, Counts, Declared, Event, Outcome, Problem, ProblemKind, Property, Report, Stream,
    Suite, Totals,
};
pub(crate) use references::is_reference_name;
pub use references::{Reference, requirement_references, test_keys};
pub use time::{Time, TimeNote, parse_timestamp};
