//! What became of one file, as the sender reads it. For every kind of record the numbers add up: recognised = created + updated +
//! unchanged. A file that is rejected has stored nothing, so it has no numbers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Warnings kept for one file; those over it are counted in a last one.
const WARNINGS: usize = 100;

/// Changed records listed for one file.
const CHANGES: usize = 500;

/// Counts by kind of record, such as `test_cases`.
pub type Counts = BTreeMap<String, u64>;

/// How a file ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FileStatus {
    /// Something was stored.
    #[default]
    Imported,
    /// Everything was there already.
    Unchanged,
    /// It could not be taken, and nothing of it was stored.
    Rejected,
    /// It was only tried: nothing of it was stored.
    Tried,
}

/// What became, or would become, of one record.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changed {
    /// `created`, `updated`, `left`: changed here and not in the file, or `gone`: no longer in the file, and marked so.
    pub what: String,
    /// Its key here, or what the file calls it.
    pub record: String,
    /// What it is about.
    pub title: String,
    /// Field by field.
    pub fields: Vec<ChangedField>,
}

impl Changed {
    pub(crate) fn new(what: &str, record: &str, title: &str, fields: Vec<ChangedField>) -> Self {
        Self { what: what.to_owned(), record: record.to_owned(), title: title.to_owned(), fields }
    }
}

/// One field of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangedField {
    /// Its name.
    pub field: String,
    /// What it said; of a field that was left, what the file says. The first 300 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// What it says. The first 300 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

/// What was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejected {
    /// The line in the file, from 1, where there is one.
    pub line: Option<u64>,
    /// What is wrong and what to do.
    pub reason: String,
}

/// Test cases by outcome. A case with several counts once: error before failure before skipped.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcomes {
    /// All went well.
    pub passed: u64,
    /// An expectation did not hold.
    pub failed: u64,
    /// It broke before it could tell.
    pub error: u64,
    /// Not run.
    pub skipped: u64,
}

/// What a coverage report says of the whole, counted and not declared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Covered {
    /// Distinct lines.
    pub lines_total: u64,
    /// Of these, reached.
    pub lines_covered: u64,
    /// Distinct branches.
    pub branches_total: u64,
    /// Of these, taken.
    pub branches_covered: u64,
}

/// The summary of one file, kept in `platform.imports.summary`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// The file as the sender calls it.
    pub path: String,
    /// What it was recognised as: the short name of a format, such as `junit`, `trx` or `cobertura`.
    pub format: Option<String>,
    /// How it ended.
    pub status: FileStatus,
    /// Why it was rejected or left as it was.
    pub reason: Option<String>,
    /// Records found in it.
    pub recognised: Counts,
    /// Test cases by outcome; of test reports only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcomes: Option<Outcomes>,
    /// Lines and branches; of coverage reports only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coverage: Option<Covered>,
    /// Records that are new.
    pub created: Counts,
    /// Records that were there and differed.
    pub updated: Counts,
    /// Records that were there.
    pub unchanged: Counts,
    /// What was refused.
    pub rejected: Vec<Rejected>,
    /// What changed record by record, of requirements and issues; the first 500.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Changed>,
    /// The profile that held; of requirements and issues only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// What is odd about it, for people.
    #[serde(default)]
    pub warnings: Vec<String>,
}

impl Summary {
    /// An empty summary of a file in a format.
    pub(crate) fn of(path: &str, format: &str) -> Self {
        Self { path: path.to_owned(), format: Some(format.to_owned()), ..Self::default() }
    }

    /// The summary of a file of which nothing was stored.
    pub(crate) fn rejected(path: &str, format: Option<&str>, line: Option<u64>, reason: &str) -> Self {
        Self {
            path: path.to_owned(),
            format: format.map(str::to_owned),
            status: FileStatus::Rejected,
            reason: Some(reason.to_owned()),
            rejected: vec![Rejected { line, reason: reason.to_owned() }],
            ..Self::default()
        }
    }

    /// The summary of a file that was refused record by record.
    pub(crate) fn rejected_rows(format: Option<&str>, reason: &str, rows: &[super::job::RowError]) -> Self {
        let rejected = rows.iter().take(WARNINGS).map(|row| Rejected { line: row.line, reason: row.told() }).collect();
        Self { rejected, ..Self::rejected("", format, None, reason) }
    }

    /// Says what changed of one record.
    pub(crate) fn tell(&mut self, changed: Changed) {
        if self.changes.len() < CHANGES {
            self.changes.push(changed);
        }
    }

    /// The summary of content that an earlier import has stored.
    pub(crate) fn repeated(path: &str, earlier: Self) -> Self {
        Self {
            path: path.to_owned(),
            status: FileStatus::Unchanged,
            reason: Some("the same content was imported for this build before; nothing was stored again".to_owned()),
            created: Counts::new(),
            updated: Counts::new(),
            unchanged: earlier.recognised.clone(),
            warnings: Vec::new(),
            changes: Vec::new(),
            ..earlier
        }
    }

    /// Counts records of a kind: new, changed, and as they were.
    pub(crate) fn count(&mut self, kind: &str, created: u64, updated: u64, unchanged: u64) {
        let add = |counts: &mut Counts, n: u64| {
            if n > 0 {
                *counts.entry(kind.to_owned()).or_default() += n;
            }
        };
        *self.recognised.entry(kind.to_owned()).or_default() += created + updated + unchanged;
        add(&mut self.created, created);
        add(&mut self.updated, updated);
        add(&mut self.unchanged, unchanged);
    }

    /// Adds a sentence for people.
    pub(crate) fn warn(&mut self, warning: String) {
        if self.warnings.len() < WARNINGS {
            self.warnings.push(warning);
        } else if self.warnings.len() == WARNINGS {
            self.warnings.push("there is more of this kind, which is not listed".to_owned());
        }
    }

    /// Whether anything was stored.
    pub(crate) fn changed_something(&self) -> bool {
        !(self.created.is_empty() && self.updated.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_add_up_however_they_come_in() {
        let mut summary = Summary::of("a.xml", "junit");
        summary.count("test_cases", 2, 1, 3);
        summary.count("test_cases", 0, 0, 4);
        assert_eq!(summary.recognised["test_cases"], 10);
        assert_eq!(
            (summary.created["test_cases"], summary.updated["test_cases"], summary.unchanged["test_cases"]),
            (2, 1, 7)
        );
    }

    #[test]
    fn a_repetition_recognises_everything_and_changes_nothing() {
        let mut first = Summary::of("a.xml", "junit");
        first.count("test_results", 5, 0, 0);
        let again = Summary::repeated("b.xml", first.clone());
        assert_eq!((again.recognised, again.unchanged), (first.recognised.clone(), first.recognised));
        assert!(again.created.is_empty() && again.updated.is_empty());
    }
}
