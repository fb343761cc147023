//! What a look at the trail finds, in sentences.

use std::fmt;

use serde::Serialize;
use uuid::Uuid;

/// Findings that are kept; beyond them they are counted.
const KEPT: usize = 1000;

/// What was done to the trail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A row, a leaf or a node is not what was sealed.
    Changed,
    /// A row that was sealed is gone.
    Removed,
    /// A row was put between those of the past.
    Inserted,
    /// Rows or leaves stand in another order.
    Reordered,
    /// The end is gone.
    Truncated,
    /// A head is not one that the installation signed after the one before it.
    Forged,
}

/// One finding.
#[derive(Debug, Clone, Serialize)]
pub struct Finding {
    /// What was done.
    pub kind: Kind,
    /// The row, where it is known.
    pub audit_log_id: Option<Uuid>,
    /// Its place in the tree, where it has one.
    pub leaf_index: Option<u64>,
    /// The size of the head under which it was sealed.
    pub seal: Option<u64>,
    /// A sentence.
    pub what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            Kind::Changed => "changed",
            Kind::Removed => "removed",
            Kind::Inserted => "inserted",
            Kind::Reordered => "reordered",
            Kind::Truncated => "truncated",
            Kind::Forged => "forged",
        };
        write!(out, "{kind}:")?;
        if let Some(row) = self.audit_log_id {
            write!(out, " row {row}")?;
        }
        if let Some(index) = self.leaf_index {
            write!(out, " at {index}")?;
        }
        if let Some(seal) = self.seal {
            write!(out, " under the seal of {seal} rows")?;
        }
        write!(out, " – {}", self.what)
    }
}

/// What came of a look at a whole trail.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Verdict {
    /// Rows under signed heads.
    pub sealed: u64,
    /// Signed heads.
    pub seals: u64,
    /// Heads outside the database that were compared.
    pub outside: u64,
    /// Rows that wait to be sealed.
    pub waiting: u64,
    /// Sealed rows whose payload was dropped, with a row of the trail that says so.
    pub dropped: u64,
    /// Sealed rows that retention has archived.
    pub archived: u64,
    /// What is wrong, the first thousand.
    pub findings: Vec<Finding>,
    /// How much is wrong.
    pub found: u64,
}

impl Verdict {
    /// Whether nothing is wrong.
    pub const fn is_sound(&self) -> bool {
        self.found == 0
    }

    pub(super) fn find(&mut self, finding: Finding) {
        self.found += 1;
        if self.findings.len() < KEPT {
            self.findings.push(finding);
        }
    }
}
