//! How data is kept safe and how that is shown: classifications, keys, masking, compliance, security events,
//! vulnerabilities, what scanners find; the rules by which security events are found; the seals by which the audit trail can be proven; and the
//! evidence of releases.

mod bom;
mod components;
pub mod detection;
pub mod evidence;
mod exposure;
mod findings;
mod looking;
mod resources;
pub mod sealing;
mod triage;

use kernel::Operation;

pub use bom::{CYCLONEDX_TYPE, Subject as BomSubject, cyclonedx_of_build, has_components};
pub use components::*;
pub use detection::DETECTION_RULES;
pub use evidence::EVIDENCE_BUNDLES;
pub use exposure::{AtRisk, Exposure, Occurrence, Proof, exposure};
pub use findings::*;
pub use looking::{
    FindingDecision, FindingFilter, FindingLine, FindingRecord, Sighting, find_finding, finding_tools, list_findings,
    sightings,
};
pub use resources::*;

/// The operations of this domain.
pub fn operations() -> Vec<Operation> {
    [triage::triaging(), evidence::making()].into_iter().chain(detection::operations()).collect()
}
