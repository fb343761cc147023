//! What tools found, as imports keep it.

use kernel::{Resource, Verb};

const SEEN: &[Verb] = &[Verb::List, Verb::Read];

/// What tools found, each once for all their reports. Reports make them, and `triage` says what people think of them.
pub static FINDINGS: Resource = Resource::new("findings", "security.v_findings", "vulnerability", "title")
    .detail(&["fingerprint"])
    .sorted_by("-id")
    .verbs(SEEN)
    .page("findings");

/// The reports in which a finding was seen.
pub static FINDING_SIGHTINGS: Resource =
    Resource::new("finding-sightings", "security.finding_sightings", "vulnerability", "uri")
        .child_of("finding_id", "findings")
        .sorted_by("-id")
        .verbs(SEEN)
        .page("findings");
