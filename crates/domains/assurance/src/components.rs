//! What builds contain, and what documents say of vulnerabilities in it, as imports keep it.

use kernel::{Resource, Verb};

const SEEN: &[Verb] = &[Verb::List, Verb::Read];

/// Bills of materials.
pub static SBOMS: Resource = Resource::new("sboms", "security.sboms", "vulnerability", "subject_name").verbs(SEEN);

/// Components in a bill of materials.
pub static SBOM_COMPONENTS: Resource =
    Resource::new("sbom-components", "security.sbom_components", "vulnerability", "name")
        .child_of("sbom_id", "sboms")
        .verbs(SEEN);

/// What documents say of vulnerabilities.
pub static VULNERABILITY_STATEMENTS: Resource =
    Resource::new("vulnerability-statements", "security.vulnerability_statements", "vulnerability", "identifier")
        .detail(&["description", "recommendation", "detail"])
        .verbs(SEEN);

/// What they are about.
pub static VULNERABILITY_AFFECTS: Resource =
    Resource::new("vulnerability-affects", "security.vulnerability_affects", "vulnerability", "reference")
        .child_of("statement_id", "vulnerability-statements")
        .verbs(SEEN);

/// What else they call it.
pub static VULNERABILITY_NAMES: Resource =
    Resource::new("vulnerability-names", "security.vulnerability_names", "vulnerability", "name")
        .child_of("statement_id", "vulnerability-statements")
        .verbs(SEEN);
