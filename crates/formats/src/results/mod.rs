//! Test results in the formats beside JUnit: NUnit 2 and 3, TRX, xUnit.net, CTest, Robot Framework, `go test -json`, mocha,
//! RSpec, dart and flutter.
//!
//! All of them give the events of [`crate::junit`], so what is done with a result does not depend on who wrote it. What each
//! format says and JUnit has no word for becomes a property of the case: categories, labels and tags are `tags`, and an
//! outcome that is none of the four is `result` or `outcome`.

mod ctest;
mod dart;
mod go;
mod json;
mod mocha;
mod naming;
mod nunit;
mod robot;
mod rspec;
mod tally;
mod trx;
mod xml;
mod xunit;

use std::io::{BufRead, Seek};

use crate::junit::{self, Event};
use crate::{Format, Limits, ReadError};

/// The events of a report, in the order of the file. After an error there are no more.
pub type Events<'a> = Box<dyn Iterator<Item = Result<Event, ReadError>> + 'a>;

impl Format {
    /// Whether files of this format hold test results, which [`open`] reads.
    #[must_use]
    pub fn holds_results(self) -> bool {
        matches!(
            self,
            Self::Junit
                | Self::Nunit
                | Self::Trx
                | Self::XunitNet
                | Self::Ctest
                | Self::Robot
                | Self::GoTest
                | Self::Mocha
                | Self::Rspec
                | Self::Dart
        )
    }
}

/// Reads a report of test results. A TRX report is read twice, so the file has to allow it.
///
/// # Errors
/// When the format holds no test results, or the tests that a TRX report names cannot be read.
pub fn open<'a, R: BufRead + Seek + 'a>(format: Format, mut inner: R, limits: Limits) -> Result<Events<'a>, ReadError> {
    Ok(match format {
        Format::Junit => Box::new(junit::Reader::new(inner, limits)),
        Format::Nunit => Box::new(xml::Reader::new(inner, limits, nunit::Nunit::default())),
        Format::XunitNet => Box::new(xml::Reader::new(inner, limits, xunit::Xunit::default())),
        Format::Ctest => Box::new(xml::Reader::new(inner, limits, ctest::Ctest::default())),
        Format::Robot => Box::new(xml::Reader::new(inner, limits, robot::Robot::default())),
        Format::GoTest => Box::new(json::Lines::new(inner, limits, go::Go::default())),
        Format::Dart => Box::new(json::Lines::new(inner, limits, dart::Dart::default())),
        Format::Mocha => Box::new(json::Document::new(inner, limits, mocha::Mocha::default())),
        Format::Rspec => Box::new(json::Document::new(inner, limits, rspec::Rspec::default())),
        Format::Trx => {
            let survey = xml::Reader::new(&mut inner, limits.clone(), trx::Survey::default()).into_dialect()?;
            inner.rewind().map_err(|error| {
                ReadError::at_line(1, format!("the file cannot be read a second time ({error}); send it again"))
            })?;
            Box::new(xml::Reader::new(inner, limits, trx::Trx::new(survey)))
        }
        other => {
            return Err(ReadError::at_line(1, format!("{} files hold no test results", other.name())));
        }
    })
}
