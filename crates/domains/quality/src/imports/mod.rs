//! Imports: files of other tools, taken in whole or not at all.
//!
//! The door spools the files and calls the operation `create` on `imports`, which queues one import a file in the
//! transaction that acknowledges them. [`Imports`] then runs each: a thread reads the file piece by piece, one transaction
//! stores the pieces set-wise, and the import's end is part of it. So an import that is cut off anywhere has stored
//! nothing, is still queued or running, and is begun again by [`Imports::resume`].

mod affects;
mod api;
mod build;
mod builds;
mod case;
mod components;
mod coverage;
mod exchange;
mod findings;
mod job;
mod junit;
mod order;
mod past;
mod report;
mod request;
mod requirement;
mod results;
mod runner;
mod source;
mod summary;

use std::path::{Path, PathBuf};

use formats::Format;
use jiff::Timestamp;
use uuid::Uuid;

pub use exchange::check_mapping;
pub(crate) use request::operations;
pub use request::{NewImport, Queued, QueuedFile, SpooledFile};
pub use runner::{Imports, PrincipalOf};
pub use summary::{Changed, ChangedField, Counts, Covered, FileStatus, Outcomes, Rejected, Summary};

/// The formats that are imported; a sender can insist on one.
pub(crate) const IMPORTED: [Format; 44] = [
    Format::Junit,
    Format::Nunit,
    Format::Trx,
    Format::XunitNet,
    Format::Ctest,
    Format::Robot,
    Format::GoTest,
    Format::Mocha,
    Format::Rspec,
    Format::Dart,
    Format::Cobertura,
    Format::Lcov,
    Format::Jacoco,
    Format::Requirement,
    Format::Sarif,
    Format::CycloneDx,
    Format::Spdx,
    Format::Osv,
    Format::OsvScanner,
    Format::OpenVex,
    Format::Csaf,
    Format::Trivy,
    Format::Grype,
    Format::Gitlab,
    Format::Reqif,
    Format::Reqifz,
    Format::StrictDoc,
    Format::SphinxNeeds,
    Format::Doorstop,
    Format::Asvs,
    Format::Csv,
    Format::Xlsx,
    Format::Jira,
    Format::JiraCsv,
    Format::GithubIssues,
    Format::GitlabIssues,
    Format::Bugzilla,
    Format::BugzillaXml,
    Format::Redmine,
    Format::RedmineXml,
    Format::OpenApi,
    Format::Jenkins,
    Format::JenkinsTests,
    Format::Bazel,
];

/// The short name of a format, as senders write it and as it is stored.
pub(crate) fn format_name(format: Format) -> &'static str {
    match format {
        Format::Junit => "junit",
        Format::Nunit => "nunit",
        Format::Trx => "trx",
        Format::XunitNet => "xunit",
        Format::Ctest => "ctest",
        Format::Robot => "robot",
        Format::GoTest => "go-test",
        Format::Mocha => "mocha",
        Format::Rspec => "rspec",
        Format::Dart => "dart",
        Format::Cobertura => "cobertura",
        Format::Lcov => "lcov",
        Format::Jacoco => "jacoco",
        Format::Requirement => "requirement",
        Format::Sarif => "sarif",
        Format::CycloneDx => "cyclonedx",
        Format::Spdx => "spdx",
        Format::Osv => "osv",
        Format::OsvScanner => "osv-scanner",
        Format::OpenVex => "openvex",
        Format::Csaf => "csaf",
        Format::Trivy => "trivy",
        Format::Grype => "grype",
        Format::Gitlab => "gitlab",
        Format::Reqif => "reqif",
        Format::Reqifz => "reqifz",
        Format::StrictDoc => "strictdoc",
        Format::SphinxNeeds => "sphinx-needs",
        Format::Doorstop => "doorstop",
        Format::Asvs => "asvs",
        Format::Csv => "csv",
        Format::Xlsx => "xlsx",
        Format::Jira => "jira",
        Format::JiraCsv => "jira-csv",
        Format::GithubIssues => "github-issues",
        Format::GitlabIssues => "gitlab-issues",
        Format::Bugzilla => "bugzilla",
        Format::BugzillaXml => "bugzilla-xml",
        Format::Redmine => "redmine",
        Format::RedmineXml => "redmine-xml",
        Format::OpenApi => "openapi",
        Format::Jenkins => "jenkins",
        Format::JenkinsTests => "jenkins-tests",
        Format::Bazel => "bazel",
        _ => "other",
    }
}

/// Where a spooled file lies. Only its name is believed: the directory may have moved, and nothing outside of it is read.
pub(crate) fn spooled(spool: &Path, stored: Option<&str>) -> Option<PathBuf> {
    Path::new(stored?).file_name().map(|name| spool.join(name))
}

/// An identifier made from the time of an event, which also keeps the order of the file within a millisecond: 26 of the 74
/// bits after the time count, the other 48 are random.
pub(crate) fn ordered_id(time: Timestamp, nth: u64) -> Uuid {
    let mut bytes = base::id_at(time).into_bytes();
    let counter = (nth & 0x3ff_ffff) as u32;
    // Four bits beside the version, eight, six beside the variant, and eight.
    bytes[6] = 0x70 | (counter >> 22) as u8;
    bytes[7] = (counter >> 14) as u8;
    bytes[8] = 0x80 | ((counter >> 8) & 0x3f) as u8;
    bytes[9] = counter as u8;
    Uuid::from_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_of_one_moment_keep_the_order_of_the_file() {
        let time: Timestamp = "2025-06-07T08:09:10.123Z".parse().expect("a time");
        let ids: Vec<Uuid> =
            [0, 1, 255, 256, 16_383, 16_384, 4_194_304, 5_000_000].map(|nth| ordered_id(time, nth)).into();
        assert!(ids.is_sorted());
        for id in ids {
            assert_eq!(id.get_version_num(), 7);
            let (seconds, nanos) = id.get_timestamp().expect("version 7 has a time").to_unix();
            assert_eq!((seconds as i64, nanos / 1_000_000), (time.as_second(), 123));
        }
    }

    /// Proves REQ-66.2.
    #[test]
    fn the_documentation_says_of_each_format_what_becomes_of_it() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../docs/formats.md");
        let text = std::fs::read_to_string(path).expect("the documentation of the formats");
        let rows: Vec<Vec<&str>> = text
            .lines()
            .skip_while(|line| !line.starts_with("| Format | `--format` |"))
            .skip(2)
            .take_while(|line| line.starts_with('|'))
            .map(|line| line.trim_matches('|').split(" | ").map(str::trim).collect())
            .collect();
        for row in &rows {
            assert_eq!(row.len(), 7, "format, name, versions, read, kept, passed over, more: {row:?}");
            assert!(row.iter().all(|cell| !cell.is_empty()), "{row:?}");
        }
        let mut told: Vec<&str> = rows.iter().map(|row| row[1].trim_matches('`')).collect();
        let mut taken = IMPORTED.map(format_name).to_vec();
        told.sort_unstable();
        taken.sort_unstable();
        assert_eq!(told, taken, "the table of docs/formats.md has a row for each format that is imported");
    }

    #[test]
    fn a_stored_path_cannot_lead_out_of_the_spool() {
        let spool = Path::new("/spool");
        assert_eq!(spooled(spool, Some("/elsewhere/a.upload")), Some("/spool/a.upload".into()));
        assert_eq!(spooled(spool, Some("../../etc/passwd")), Some("/spool/passwd".into()));
        assert_eq!(spooled(spool, Some("/..")), None);
        assert_eq!(spooled(spool, None), None);
    }
}
