//! The served tables of the schema `security`.

use kernel::{Resource, StatusMoves, Verb};

const SEEN: &[Verb] = &[Verb::List, Verb::Read];
const LINK: &[Verb] = &[Verb::List, Verb::Read, Verb::Create, Verb::Delete];
const ROW: &[Verb] = &[Verb::List, Verb::Read, Verb::Create, Verb::Update, Verb::Delete];

/// Levels of sensitivity.
pub static DATA_CLASSIFICATIONS: Resource =
    Resource::new("data-classifications", "security.data_classifications", "data_classification", "name")
        .sorted_by("sensitivity_level")
        .verbs(SEEN);

/// Laws and standards that concern a classification.
pub static CLASSIFICATION_FRAMEWORKS: Resource = Resource::new(
    "classification-frameworks",
    "security.classification_frameworks",
    "data_classification",
    "framework_id",
)
.key(&["classification_id", "framework_id"])
.sorted_by("classification_id")
.verbs(SEEN);

/// Columns that hold something sensitive.
pub static DATA_ELEMENTS: Resource =
    Resource::new("data-elements", "security.data_elements", "data_element", "column_name")
        .sorted_by("table_name")
        .verbs(SEEN);

/// What is masked for whom.
pub static MASKING_POLICIES: Resource =
    Resource::new("masking-policies", "security.masking_policies", "masking_policy", "name").writable(&[
        "name",
        "description",
        "masking_rules",
        "condition_expression",
        "is_active",
        "priority",
    ]);

/// What and whom a masking policy is for.
pub static MASKING_POLICY_SCOPES: Resource =
    Resource::new("masking-policy-scopes", "security.masking_policy_scopes", "masking_policy", "id")
        .create_only(&["policy_id", "table_pattern", "column_pattern", "user_id", "role_id"])
        .write_action("update")
        .verbs(LINK);

/// Data keys. Their material is never served; moving the status ends a key's life.
pub static ENCRYPTION_KEYS: Resource =
    Resource::new("encryption-keys", "security.encryption_keys", "encryption_key", "key_name")
        .writable(&["key_name", "status", "expires_at"])
        .hidden(&["wrapped_key_material", "key_checksum"])
        .status(StatusMoves {
            column: "status",
            initial: &["active"],
            moves: &[
                ("active", &["rotating", "deprecated", "revoked"]),
                ("rotating", &["active", "deprecated", "revoked"]),
                ("deprecated", &["revoked"]),
            ],
            stamps: &[],
        })
        .verbs(&[Verb::List, Verb::Read, Verb::Update]);

/// Services that may use a key.
pub static ENCRYPTION_KEY_SERVICES: Resource =
    Resource::new("encryption-key-services", "security.encryption_key_services", "encryption_key", "service_id")
        .key(&["key_id", "service_id"])
        .create_only(&["key_id", "service_id"])
        .sorted_by("key_id")
        .write_action("update")
        .verbs(LINK);

/// Which value is sealed with which key.
pub static ENCRYPTED_RECORDS: Resource =
    Resource::new("encrypted-records", "security.encrypted_data_registry", "encrypted_record", "record_id")
        .child_of("encryption_key_id", "encryption-keys")
        .hidden(&["initialization_vector"])
        .verbs(SEEN);

/// Laws and standards.
pub static COMPLIANCE_FRAMEWORKS: Resource =
    Resource::new("compliance-frameworks", "security.compliance_frameworks", "compliance_framework", "name")
        .sorted_by("name")
        .verbs(SEEN);

/// What they ask, point by point.
pub static COMPLIANCE_CONTROLS: Resource =
    Resource::new("compliance-controls", "security.compliance_controls", "compliance_framework", "title")
        .sorted_by("position")
        .verbs(SEEN);

/// How far a framework is met.
pub static COMPLIANCE_ASSESSMENTS: Resource = Resource::new(
    "compliance-assessments",
    "security.compliance_assessments",
    "compliance_assessment",
    "assessment_name",
)
.searched("scope_description")
.create_only(&["framework_id"])
.writable(&[
    "assessment_name",
    "assessment_type",
    "scope_description",
    "overall_status",
    "compliance_score",
    "assessment_period_start",
    "assessment_period_end",
    "conducted_by",
    "reviewed_by",
    "status",
])
.status(StatusMoves {
    column: "status",
    initial: &["draft"],
    moves: &[("draft", &["in_review", "archived"]), ("in_review", &["draft", "approved"]), ("approved", &["archived"])],
    stamps: &[("approved", "completed_at")],
});

/// What an assessment found, and what it recommends.
pub static COMPLIANCE_FINDINGS: Resource =
    Resource::new("compliance-findings", "security.compliance_findings", "compliance_assessment", "title")
        .create_only(&["assessment_id"])
        .writable(&["finding_kind", "control_id", "position", "title", "details", "severity", "status"])
        .status(StatusMoves {
            column: "status",
            initial: &["open"],
            moves: &[
                ("open", &["in_progress", "resolved", "accepted_risk"]),
                ("in_progress", &["open", "resolved", "accepted_risk"]),
                ("resolved", &["open"]),
                ("accepted_risk", &["open"]),
            ],
            stamps: &[],
        })
        .sorted_by("position")
        .verbs(ROW);

/// Security events. Never removed before their time.
pub static SECURITY_EVENTS: Resource =
    Resource::new("security-events", "security.security_events", "security_event", "title")
        .create_only(&[
            "event_type",
            "source_user_id",
            "target_user_id",
            "source_ip",
            "user_agent",
            "resource_type",
            "resource_id",
            "target_resource",
            "detection_method",
            "detection_rule_id",
            "event_data",
            "occurred_at",
            "detected_at",
        ])
        .writable(&[
            "severity",
            "title",
            "description",
            "potential_impact",
            "affected_systems",
            "affected_data_types",
            "status",
            "assigned_to_user_id",
            "investigation_notes",
            "resolution_notes",
            "is_incident",
            "regulatory_notification_required",
            "became_aware_at",
            "notification_delay_reason",
        ])
        .personal(&["source_ip", "user_agent"])
        .detail(&["event_data"])
        .status(StatusMoves {
            column: "status",
            initial: &["open", "investigating"],
            moves: &[
                ("open", &["investigating", "resolved", "false_positive"]),
                ("investigating", &["open", "resolved", "false_positive"]),
                ("resolved", &["investigating"]),
                ("false_positive", &["investigating"]),
            ],
            stamps: &[("resolved", "resolved_at"), ("false_positive", "resolved_at")],
        })
        .verbs(&[Verb::List, Verb::Read, Verb::Create, Verb::Update]);

/// Vulnerabilities of projects.
pub static VULNERABILITIES: Resource =
    Resource::new("vulnerabilities", "security.vulnerabilities", "vulnerability", "title")
        .searched("description")
        .human_key("VULN")
        .create_only(&["project_id", "key"])
        .writable(&[
            "build_id",
            "cve_id",
            "title",
            "description",
            "severity",
            "cvss_score",
            "affected_version",
            "fixed_version",
            "status",
            "discovered_at",
            "assigned_to_user_id",
            "remediation_notes",
            "remediation_url",
        ])
        .filled(&["key"])
        .status(StatusMoves {
            column: "status",
            initial: &["open", "acknowledged"],
            moves: &[
                ("open", &["acknowledged", "remediated", "false_positive", "accepted_risk"]),
                ("acknowledged", &["open", "remediated", "false_positive", "accepted_risk"]),
                ("remediated", &["open"]),
                ("false_positive", &["open"]),
                ("accepted_risk", &["open"]),
            ],
            stamps: &[("acknowledged", "acknowledged_at"), ("remediated", "remediated_at")],
        });

/// Parts of a project that have a vulnerability.
pub static VULNERABILITY_COMPONENTS: Resource =
    Resource::new("vulnerability-components", "security.vulnerability_components", "vulnerability", "component_name")
        .child_of("vulnerability_id", "vulnerabilities")
        .create_only(&["vulnerability_id"])
        .writable(&["component_name", "component_version", "package_url", "details"])
        .verbs(ROW);

/// The signed heads of the audit trail. Whoever may read the trail may read them.
pub static AUDIT_SEALS: Resource = Resource::new("audit-seals", "audit.seals", "audit_log", "root")
    .hidden(&["newest_audit_log_id"])
    .sorted_by("-id")
    .verbs(SEEN);

/// Every resource of this domain.
pub static RESOURCES: [&Resource; 25] = [
    &DATA_CLASSIFICATIONS,
    &CLASSIFICATION_FRAMEWORKS,
    &DATA_ELEMENTS,
    &MASKING_POLICIES,
    &MASKING_POLICY_SCOPES,
    &ENCRYPTION_KEYS,
    &ENCRYPTION_KEY_SERVICES,
    &ENCRYPTED_RECORDS,
    &COMPLIANCE_FRAMEWORKS,
    &COMPLIANCE_CONTROLS,
    &COMPLIANCE_ASSESSMENTS,
    &COMPLIANCE_FINDINGS,
    &SECURITY_EVENTS,
    &crate::DETECTION_RULES,
    &VULNERABILITIES,
    &VULNERABILITY_COMPONENTS,
    &AUDIT_SEALS,
    &crate::EVIDENCE_BUNDLES,
    &crate::FINDINGS,
    &crate::FINDING_SIGHTINGS,
    &crate::SBOMS,
    &crate::SBOM_COMPONENTS,
    &crate::VULNERABILITY_STATEMENTS,
    &crate::VULNERABILITY_AFFECTS,
    &crate::VULNERABILITY_NAMES,
];
