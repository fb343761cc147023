//! Readers of the files that other tools write: bytes in, records out.
//!
//! Every reader has the same shape. It is handed a [`std::io::BufRead`] and [`Limits`], looks at the content and
//! never at a file name, yields records one by one in bounded memory, and ends with totals that say what was
//! counted beside what the file declares about itself. It opens nothing, knows no database and no clock. A file that
//! cannot be read gives one [`ReadError`]: a line and a sentence for the person who sent it.
//!
//! ```
//! use formats::{Limits, junit};
//!
//! let report = br#"<testsuite name="billing"><testcase name="REQ-42.2 refuses a negative amount" time="0.5"/></testsuite>"#;
//! for event in junit::Reader::new(&report[..], Limits::default()) {
//!     if let junit::Event::Case(case) = event? {
//!         assert_eq!(case.outcome, junit::Outcome::Passed);
//!         assert_eq!(junit::requirement_references(&case)[0].to_string(), "REQ-42.2");
//!     }
//! }
//! # Ok::<(), formats::ReadError>(())
//! ```
//!
//! A new format is a new module with a `Reader` that iterates over `Result<Event, ReadError>`, a variant in
//! [`Format`], a rule in [`recognise`], a fuzz target and a test against the sample files.

pub mod api;
pub mod builds;
pub mod coverage;
pub mod cyclonedx;
pub mod exchange;
pub mod junit;
pub mod requirement;
pub mod results;
pub mod sarif;
pub mod supply;
pub mod version;
pub mod webhook;

mod decode;
mod error;
mod excerpt;
mod json;
mod limits;
mod number;
mod purl;
mod recognise;
mod recognise_json;
mod xml;

pub use decode::Replaced;
pub use error::ReadError;
pub use excerpt::Excerpt;
pub use limits::Limits;
pub use purl::{Package, distro, package};
pub use recognise::{Format, RECOGNITION_BYTES, Recognised, recognise};
