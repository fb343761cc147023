//! What a document says.

use crate::decode::Replaced;

/// What a [`super::Reader`] yields.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A component; those inside it follow.
    Component(Box<Component>),
    /// A vulnerability.
    Vulnerability(Box<Vulnerability>),
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
    /// Reads the word in any case; also `moderate` and `negligible`, which some scanners write.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        Some(match text.to_ascii_lowercase().as_str() {
            "critical" => Self::Critical,
            "high" => Self::High,
            "medium" | "moderate" => Self::Medium,
            "low" => Self::Low,
            "info" | "informational" | "negligible" => Self::Info,
            "none" => Self::None,
            "unknown" => Self::Unknown,
            _ => return None,
        })
    }

    /// The word the format has for it.
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
    /// `resolved`, `resolved_with_pedigree`, `exploitable`, `in_triage`, `false_positive` or `not_affected`.
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
    /// Versions and ranges, and what is said of each.
    pub versions: Vec<AffectedVersion>,
}

/// A version or a range of a component.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AffectedVersion {
    /// A version, or a range as `vers:`.
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
}

/// What was counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Totals {
    /// The version of the format.
    pub spec_version: String,
    /// What the document is called among all documents.
    pub serial_number: Option<String>,
    /// Components, those inside others too.
    pub components: u64,
    /// Components that lie in no other.
    pub components_top: u64,
    /// Services at the top.
    pub services: u64,
    /// Components whose dependencies are told.
    pub dependencies: u64,
    /// Vulnerabilities.
    pub vulnerabilities: u64,
    /// Characters that could not be shown.
    pub replaced: Replaced,
}

/// Whether a version of the format is one that this crate knows how to read.
pub(super) fn check_version(version: &str) -> Result<(), String> {
    let minor = version.strip_prefix("1.").and_then(|minor| minor.parse::<u32>().ok());
    match minor {
        Some(0..=7) => Ok(()),
        _ => Err(format!(
            "it says it is CycloneDX `{}`; this server reads 1.0 to 1.7",
            version.chars().take(40).collect::<String>()
        )),
    }
}
