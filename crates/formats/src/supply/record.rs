//! What documents say of the parts of products.

use crate::decode::Replaced;

/// What the readers of this module and of [`crate::cyclonedx`] yield.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A component; those inside it follow.
    Component(Box<Component>),
    /// A vulnerability.
    Vulnerability(Box<Vulnerability>),
    /// What a scanner found, to be looked after by people.
    Finding(Box<Finding>),
    /// The end of a complete document; nothing follows.
    Finished(Totals),
}

/// Something that a product contains.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Component {
    /// Whether it is what the whole document is about, rather than a part of it.
    pub is_subject: bool,
    /// `bom-ref`: what the rest of the document calls it.
    pub reference: Option<String>,
    /// `library`, `application`, `container` and so on.
    pub kind: String,
    /// Its group, vendor or name space.
    pub group: Option<String>,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: Option<String>,
    /// Package URL.
    pub purl: Option<String>,
    /// `required`, `optional` or `excluded`.
    pub scope: Option<String>,
    /// Licences: SPDX identifiers, expressions, or names.
    pub licences: Vec<String>,
}

/// How bad a vulnerability is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Nobody has said.
    Unknown,
    /// Not bad at all.
    None,
    /// For information.
    Info,
    /// Low.
    Low,
    /// Medium.
    Medium,
    /// High.
    High,
    /// Critical.
    Critical,
}

impl Severity {
    /// Reads the word in any case; also `important`, `moderate` and `negligible`, which some scanners write.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        Some(match text.trim().to_ascii_lowercase().as_str() {
            "critical" => Self::Critical,
            "high" | "important" => Self::High,
            "medium" | "moderate" => Self::Medium,
            "low" => Self::Low,
            "info" | "informational" | "negligible" => Self::Info,
            "none" => Self::None,
            "unknown" => Self::Unknown,
            _ => return None,
        })
    }

    /// The word for a score from 0 to 10, by CVSS 3.1, "Qualitative severity rating scale".
    #[must_use]
    pub fn of_score(score: f64) -> Self {
        match score {
            score if score >= 9.0 => Self::Critical,
            score if score >= 7.0 => Self::High,
            score if score >= 4.0 => Self::Medium,
            score if score > 0.0 => Self::Low,
            _ => Self::None,
        }
    }

    /// The word CycloneDX has for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::None => "none",
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

/// What was found out about a vulnerability in this product.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Analysis {
    /// In the words of CycloneDX: `resolved`, `resolved_with_pedigree`, `exploitable`, `in_triage`, `false_positive` or `not_affected`.
    pub state: Option<String>,
    /// Why it is not affected.
    pub justification: Option<String>,
    /// In words.
    pub detail: Option<String>,
}

/// A component that has, or may have, a vulnerability.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Affected {
    /// Its `bom-ref`, a link to one in another document (`urn:cdx:…#ref`), or a package URL.
    pub reference: String,
    /// The package URL of the product that it is a part of, where the document speaks for that product only.
    pub product: Option<String>,
    /// Versions and ranges, and what is said of each.
    pub versions: Vec<AffectedVersion>,
}

/// A version or a range of a component.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AffectedVersion {
    /// A version; or a range, as `vers:` or as the ecosystem of the package writes ranges.
    pub version: String,
    /// Whether it is a range.
    pub is_range: bool,
    /// `affected`, `unaffected` or `unknown`; `affected` is meant when nothing is said.
    pub status: Option<String>,
}

/// A vulnerability.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Vulnerability {
    /// What its source calls it, such as `CVE-2024-3094`. Empty when the document gives none.
    pub id: String,
    /// What others call the same vulnerability.
    pub aliases: Vec<String>,
    /// Who published it.
    pub source: Option<String>,
    /// The worst of its ratings.
    pub severity: Option<Severity>,
    /// The highest score of its ratings, from 0 to 10.
    pub score: Option<f64>,
    /// How many ratings it has.
    pub ratings: u64,
    /// What it is.
    pub description: Option<String>,
    /// What to do.
    pub recommendation: Option<String>,
    /// Kinds of weakness, by their number.
    pub cwes: Vec<u64>,
    /// What was found out.
    pub analysis: Option<Analysis>,
    /// What it is in.
    pub affects: Vec<Affected>,
    /// When that was said, as it is written; of several statements about one thing the latest counts.
    pub stated: Option<String>,
}

/// What a scanner found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Finding {
    /// The scanner, and the part of it where it has several.
    pub tool: String,
    /// What it looked at.
    pub scope: String,
    /// The vulnerability or the rule.
    pub rule_id: Option<String>,
    /// What it is about, in a line.
    pub title: String,
    /// What is wrong.
    pub message: Option<String>,
    /// How bad it is. `None`: the scanner does not say.
    pub severity: Option<Severity>,
    /// The same from 0 to 10.
    pub score: Option<f64>,
    /// The file, image or lock file.
    pub uri: Option<String>,
    /// The first line, from 1.
    pub line: Option<u64>,
    /// The package, resource, class or method.
    pub logical: Option<String>,
    /// Where it is explained.
    pub help_uri: Option<String>,
    /// Labels.
    pub tags: Vec<String>,
    /// The vulnerability, where it is one that has a name of its own.
    pub vulnerability: Option<String>,
    /// The package URL of what has it.
    pub purl: Option<String>,
    /// What makes it the same in the next report: never a line, nor the version of a package.
    pub identity: Vec<String>,
    /// Whether the report says that it shall not be reported.
    pub is_suppressed: bool,
    /// The reason that it gives for that.
    pub suppression: Option<String>,
}

/// What was counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Totals {
    /// The version of the format.
    pub spec_version: String,
    /// What the document is called among all documents.
    pub serial_number: Option<String>,
    /// Name and version of what it is about, where that is one of its components.
    pub subject: Option<(String, Option<String>)>,
    /// Components, those inside others too.
    pub components: u64,
    /// Components that lie in no other.
    pub components_top: u64,
    /// Services at the top.
    pub services: u64,
    /// Components whose dependencies are told.
    pub dependencies: u64,
    /// Vulnerabilities, or what is said of them.
    pub vulnerabilities: u64,
    /// Findings.
    pub findings: u64,
    /// Checks that found nothing wrong.
    pub passed: u64,
    /// Tools and scopes for which the document speaks as a whole: what it does not repeat of their findings is gone.
    pub covered: Vec<(String, String)>,
    /// Whether only those components are listed in which something was found.
    pub is_partial: bool,
    /// Characters that could not be shown.
    pub replaced: Replaced,
}
