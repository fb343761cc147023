//! What a result says.

use std::collections::BTreeMap;

/// How much a result matters (§3.27.10).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// The concept does not apply, for instance because a check passed.
    None,
    /// Of interest.
    Note,
    /// A problem.
    Warning,
    /// A serious problem.
    Error,
}

impl Level {
    pub(super) fn of(text: &str) -> Option<Self> {
        Some(match text {
            "none" => Self::None,
            "note" => Self::Note,
            "warning" => Self::Warning,
            "error" => Self::Error,
            _ => return None,
        })
    }

    /// The word the standard has for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// What a result means (§3.27.9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A rule was broken. What is meant when nothing is said.
    Fail,
    /// A rule was kept.
    Pass,
    /// The rule has nothing to say about the place.
    NotApplicable,
    /// Nothing decided: information, open, for review.
    Other,
}

/// What a result was in the run before (§3.27.24).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Baseline {
    /// Not there before.
    New,
    /// There before, and as it was.
    Unchanged,
    /// There before, and different.
    Updated,
    /// There before, and gone.
    Absent,
}

/// How far a suppression has come (§3.35.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SuppressionStatus {
    /// In force. What is meant when nothing is said.
    Accepted,
    /// Somebody looks at it.
    UnderReview,
    /// Turned down.
    Rejected,
}

/// Somebody decided that a result shall not be reported (§3.35).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suppression {
    /// Whether the decision stands in the source code itself.
    pub in_source: bool,
    /// How far it has come.
    pub status: SuppressionStatus,
    /// The reason given.
    pub justification: Option<String>,
}

/// Where a result is: its first location.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Location {
    /// The artifact as the log names it. Never opened.
    pub uri: Option<String>,
    /// First line, from 1.
    pub line: Option<u64>,
    /// First column, from 1.
    pub column: Option<u64>,
    /// The function, type or other logical place.
    pub logical: Option<String>,
}

/// One result.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The tool that made the run.
    pub tool: String,
    /// Which of the log's runs, from 0.
    pub run: usize,
    /// The rule, where one is named.
    pub rule_id: Option<String>,
    /// What the rule is about, in a line.
    pub rule_title: Option<String>,
    /// Where the rule is explained.
    pub help_uri: Option<String>,
    /// Labels of rule and result, such as `external/cwe/cwe-079`.
    pub tags: Vec<String>,
    /// What it means.
    pub kind: Kind,
    /// The level the result itself gives.
    pub explicit_level: Option<Level>,
    /// The level that counts, by §3.27.10.
    pub level: Level,
    /// How bad, from 0 to 10, where the rule carries `security-severity`.
    pub security_severity: Option<f64>,
    /// What is wrong, arguments filled in.
    pub message: String,
    /// Where.
    pub location: Location,
    /// What the tool itself says makes the result the same as another one: `fingerprints`.
    pub fingerprints: BTreeMap<String, String>,
    /// Parts of that: `partialFingerprints`.
    pub partial_fingerprints: BTreeMap<String, String>,
    /// Decisions not to report it.
    pub suppressions: Vec<Suppression>,
    /// What it was before.
    pub baseline: Option<Baseline>,
}

impl Finding {
    /// Whether it is suppressed: there is a suppression, and none is turned down or still under review (§3.27.23).
    #[must_use]
    pub fn is_suppressed(&self) -> bool {
        !self.suppressions.is_empty()
            && self.suppressions.iter().all(|suppression| suppression.status == SuppressionStatus::Accepted)
    }

    /// What tells this finding from every other one of its project and stays the same when lines move: the tool's own
    /// fingerprints if it gives any, else the parts of one with the artifact, else artifact, logical place and message.
    /// Two results of one log can have the same; then their order tells them apart.
    #[must_use]
    pub fn identity(&self) -> String {
        let rule = self.rule_id.as_deref().unwrap_or_default();
        let mut parts = vec![self.tool.as_str(), rule];
        if !self.fingerprints.is_empty() {
            parts.push("fingerprints");
            parts.extend(self.fingerprints.iter().flat_map(|(name, value)| [name.as_str(), value.as_str()]));
            return parts.join("\u{1F}");
        }
        let location = &self.location;
        parts.extend([location.uri.as_deref().unwrap_or_default(), location.logical.as_deref().unwrap_or_default()]);
        if self.partial_fingerprints.is_empty() {
            parts.extend(["message", &self.message]);
        } else {
            parts.extend(self.partial_fingerprints.iter().flat_map(|(name, value)| [name.as_str(), value.as_str()]));
        }
        parts.join("\u{1F}")
    }
}
