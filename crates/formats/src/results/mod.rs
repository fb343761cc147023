//! Test results in the formats beside JUnit: NUnit 2 and 3, TRX, xUnit.net, CTest, Robot Framework, `go test -json`, mocha,
//! RSpec, dart and flutter, build events of Bazel, test reports of Jenkins.
//!
//! All of them give the events of [`crate::junit`], so what is done with a result does not depend on who wrote it. What each
//! format says and JUnit has no word for becomes a property of the case: categories, labels and tags are `tags`, and an
//! outcome that is none of the four is `result` or `outcome`.

mod bazel;
mod ctest;
mod dart;
mod go;
mod jenkins;
mod json;
mod mocha;
mod naming;
mod nunit;
mod robot;
mod rspec;
mod tally;
mod trx;
mod walk;
mod xml;
mod xunit;

use std::io::{BufRead, Seek};

use walk::{Reader, Walk};

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
                | Self::Bazel
                | Self::JenkinsTests
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
        Format::Nunit => events(xml::Elements::new(inner, &limits, nunit::Nunit::default()), limits),
        Format::XunitNet => events(xml::Elements::new(inner, &limits, xunit::Xunit::default()), limits),
        Format::Ctest => events(xml::Elements::new(inner, &limits, ctest::Ctest::default()), limits),
        Format::Robot => events(xml::Elements::new(inner, &limits, robot::Robot::default()), limits),
        Format::GoTest => events(json::Lines::new(inner, &limits, go::Go::default()), limits),
        Format::Dart => events(json::Lines::new(inner, &limits, dart::Dart::default()), limits),
        Format::Bazel => events(json::Lines::new(inner, &limits, bazel::Bazel::default()), limits),
        Format::JenkinsTests => events(json::Document::new(inner, &limits, jenkins::Jenkins::default()), limits),
        Format::Mocha => events(json::Document::new(inner, &limits, mocha::Mocha::default()), limits),
        Format::Rspec => events(json::Document::new(inner, &limits, rspec::Rspec::default()), limits),
        Format::Trx => {
            let survey = xml::Elements::new(&mut inner, &limits, trx::Survey::default());
            let survey = Reader::new(survey, limits.clone()).into_walk()?.into_dialect();
            inner.rewind().map_err(|error| {
                ReadError::at_line(1, format!("the file cannot be read a second time ({error}); send it again"))
            })?;
            events(xml::Elements::new(inner, &limits, trx::Trx::new(survey)), limits)
        }
        other => {
            return Err(ReadError::at_line(1, format!("{} files hold no test results", other.name())));
        }
    })
}

fn events<'a>(walk: impl Walk + 'a, limits: Limits) -> Events<'a> {
    Box::new(Reader::new(walk, limits))
}
