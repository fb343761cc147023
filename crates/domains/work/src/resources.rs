//! The served tables of the schemas `work` and `reference`.

use kernel::{Resource, StatusMoves, Verb};

const CATALOGUE: &[Verb] = &[Verb::List, Verb::Read];
const LINK: &[Verb] = &[Verb::List, Verb::Read, Verb::Create, Verb::Delete];
const ROW: &[Verb] = &[Verb::List, Verb::Read, Verb::Create, Verb::Update, Verb::Delete];

/// Projects.
pub static PROJECTS: Resource = Resource::new("projects", "work.projects", "project", "name")
    .searched("description")
    .writable(&[
        "name",
        "slug",
        "description",
        "visibility",
        "status",
        "template_type",
        "parent_project_id",
        "team_id",
        "owner_user_id",
        "manager_user_id",
        "license_code",
        "phase_code",
        "priority_code",
        "version",
        "budget_allocated_cents",
        "budget_currency",
        "estimated_hours",
        "actual_hours",
        "metadata",
    ])
    .status(StatusMoves {
        column: "status",
        initial: &["active"],
        moves: &[("active", &["archived"]), ("archived", &["active"])],
        stamps: &[],
    })
    .versions("audit.project_history", "project_id")
    .guarded(&[("visibility", "project", "manage_members"), ("owner_user_id", "project", "manage_members")])
    .page("projects");

/// Members of a project, each with one role.
pub static PROJECT_MEMBERS: Resource = Resource::new("project-members", "work.project_members", "project", "user_id")
    .key(&["project_id", "user_id"])
    .create_only(&["project_id", "user_id"])
    .writable(&["role_id", "is_active", "left_at"])
    .sorted_by("user_id")
    .write_action("manage_members")
    .conferring("role_id")
    .verbs(ROW);

/// Requirements.
pub static REQUIREMENTS: Resource = Resource::new("requirements", "work.requirements", "requirement", "title")
    .expected(&["description", "priority_code"])
    .searched("description")
    .human_key("REQ")
    .create_only(&["project_id"])
    .writable(&[
        "title",
        "description",
        "priority_code",
        "status",
        "estimated_effort_points",
        "actual_effort_points",
        "priority_order",
        "assigned_to_user_id",
        "start_date",
        "target_date",
        "completed_date",
    ])
    .filled(&["key"])
    .status(StatusMoves {
        column: "status",
        initial: &["draft", "approved"],
        moves: &[
            ("draft", &["approved", "rejected"]),
            ("approved", &["in_progress", "rejected", "draft"]),
            ("in_progress", &["completed", "approved", "rejected"]),
            ("completed", &["in_progress"]),
            ("rejected", &["draft"]),
        ],
        stamps: &[("completed", "completed_date")],
    })
    .page("requirements");

/// User stories and acceptance criteria of a requirement.
pub static REQUIREMENT_ITEMS: Resource =
    Resource::new("requirement-items", "work.requirement_items", "requirement", "body")
        .child_of("requirement_id", "requirements")
        .create_only(&["requirement_id", "item_kind"])
        .writable(&["position", "body", "details", "met_at", "met_by"])
        .sorted_by("position")
        .verbs(ROW);

/// What the latest results say about a requirement.
pub static REQUIREMENT_EVIDENCE: Resource =
    Resource::new("requirement-evidence", "work.requirement_evidence", "requirement", "standing")
        .key(&["requirement_id"])
        .child_of("requirement_id", "requirements")
        .sorted_by("requirement_id")
        .verbs(&[Verb::List, Verb::Read]);

/// A requirement that waits for another.
pub static REQUIREMENT_DEPENDENCIES: Resource = Resource::new(
    "requirement-dependencies",
    "work.requirement_dependencies",
    "requirement",
    "depends_on_requirement_id",
)
.key(&["requirement_id", "depends_on_requirement_id"])
.child_of("requirement_id", "requirements")
.create_only(&["requirement_id", "depends_on_requirement_id"])
.sorted_by("requirement_id")
.verbs(LINK);

/// Features that implement a requirement.
pub static FEATURES: Resource = Resource::new("features", "work.features", "feature", "name")
    .expected(&["description"])
    .searched("description")
    .human_key("FEAT")
    .child_of("requirement_id", "requirements")
    .create_only(&["requirement_id"])
    .writable(&[
        "name",
        "description",
        "catalog_feature_id",
        "implementation_status",
        "developer_user_id",
        "branch_name",
        "pull_request_url",
        "code_review_status",
        "estimated_hours",
        "actual_hours",
        "complexity_points",
        "started_at",
        "completed_at",
        "blocked_reason",
        "metadata",
    ])
    .filled(&["key"])
    .status(StatusMoves {
        column: "implementation_status",
        initial: &["not_started", "in_progress"],
        moves: &[
            ("not_started", &["in_progress", "blocked"]),
            ("in_progress", &["completed", "blocked", "not_started"]),
            ("blocked", &["in_progress", "not_started"]),
            ("completed", &["in_progress"]),
        ],
        stamps: &[("in_progress", "started_at"), ("completed", "completed_at")],
    })
    .page("requirements");

/// Typed links between two records.
pub static TRACE_LINKS: Resource = Resource::new("trace-links", "work.trace_links", "trace_link", "link_type")
    .create_only(&["project_id", "source_id", "target_id", "link_type", "criterion_id"])
    .verbs(LINK);

/// Which kinds of records a trace link may join.
pub static TRACE_LINK_PAIRS: Resource =
    Resource::new("trace-link-pairs", "reference.trace_link_pairs", "trace_link", "description")
        .key(&["code"])
        .sorted_by("code")
        .verbs(CATALOGUE);

/// Priorities, the same for every organisation.
pub static PRIORITIES: Resource = Resource::new("priorities", "reference.priorities", "project", "name")
    .key(&["code"])
    .sorted_by("rank")
    .verbs(CATALOGUE);

/// Phases of a project's life.
pub static PHASES: Resource = Resource::new("phases", "reference.phases", "project", "name")
    .key(&["code"])
    .sorted_by("sort_order")
    .verbs(CATALOGUE);

/// Licences by their SPDX identifier.
pub static LICENSES: Resource = Resource::new("licenses", "reference.licenses", "project", "name")
    .key(&["code"])
    .sorted_by("code")
    .verbs(CATALOGUE);

/// Kinds of decision.
pub static DECISION_TYPES: Resource = Resource::new("decision-types", "reference.decision_types", "project", "name")
    .key(&["code"])
    .sorted_by("sort_order")
    .verbs(CATALOGUE);

/// Names of features that are used again and again.
pub static FEATURE_CATALOG: Resource = Resource::new("feature-catalog", "reference.feature_catalog", "feature", "name")
    .writable(&["name", "category", "description", "retention_policy", "is_active", "sort_order"])
    .verbs(ROW);

/// Technologies.
pub static TECH_STACKS: Resource = Resource::new("tech-stacks", "reference.tech_stacks", "project", "name")
    .writable(&["name", "category", "description", "retention_policy", "is_active", "sort_order"])
    .verbs(ROW);

/// Tags and labels.
pub static TAGS: Resource = Resource::new("tags", "reference.tags", "project", "name")
    .writable(&["name", "category", "color", "description", "retention_policy", "is_active", "sort_order"])
    .verbs(ROW);

/// Kinds of files by their media type.
pub static FILETYPES: Resource = Resource::new("filetypes", "reference.filetypes", "project", "name")
    .key(&["code"])
    .sorted_by("sort_order")
    .verbs(CATALOGUE);

/// Where files are kept.
pub static STORAGE_LOCATIONS: Resource =
    Resource::new("storage-locations", "reference.storage_locations", "storage_location", "name")
        .writable(&[
            "name",
            "provider",
            "bucket",
            "region",
            "endpoint_url",
            "cdn_base_url",
            "settings",
            "category",
            "description",
            "retention_policy",
            "is_active",
            "sort_order",
        ])
        .verbs(ROW);

/// What a project is built with.
pub static PROJECT_TECH_STACKS: Resource =
    Resource::new("project-tech-stacks", "work.project_tech_stacks", "project", "tech_stack_id")
        .key(&["project_id", "tech_stack_id"])
        .create_only(&["project_id", "tech_stack_id"])
        .sorted_by("tech_stack_id")
        .write_action("update")
        .verbs(LINK);

/// Features of the organisation's catalogue that a project offers.
pub static PROJECT_CATALOG_FEATURES: Resource =
    Resource::new("project-catalog-features", "work.project_catalog_features", "project", "catalog_feature_id")
        .key(&["project_id", "catalog_feature_id"])
        .create_only(&["project_id", "catalog_feature_id"])
        .sorted_by("catalog_feature_id")
        .write_action("update")
        .verbs(LINK);

/// Every resource of this domain.
pub static RESOURCES: [&Resource; 21] = [
    &PROJECTS,
    &PROJECT_MEMBERS,
    &REQUIREMENTS,
    &REQUIREMENT_ITEMS,
    &REQUIREMENT_DEPENDENCIES,
    &REQUIREMENT_EVIDENCE,
    &FEATURES,
    &TRACE_LINKS,
    &TRACE_LINK_PAIRS,
    &crate::BASELINES,
    &PRIORITIES,
    &PHASES,
    &LICENSES,
    &DECISION_TYPES,
    &FEATURE_CATALOG,
    &TECH_STACKS,
    &TAGS,
    &FILETYPES,
    &STORAGE_LOCATIONS,
    &PROJECT_TECH_STACKS,
    &PROJECT_CATALOG_FEATURES,
];
