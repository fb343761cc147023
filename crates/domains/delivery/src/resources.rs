//! The served tables of the schema `delivery`.

use kernel::{Resource, StatusMoves, Verb};

const ROW: &[Verb] = &[Verb::List, Verb::Read, Verb::Create, Verb::Update, Verb::Delete];
const LINK: &[Verb] = &[Verb::List, Verb::Read, Verb::Create, Verb::Delete];

/// Code repositories.
pub static REPOSITORIES: Resource = Resource::new("repositories", "delivery.repositories", "repository", "url")
    .create_only(&["project_id"])
    .writable(&["url", "vcs", "default_branch", "is_primary"]);

/// Commits.
pub static COMMITS: Resource = Resource::new("commits", "delivery.commits", "commit", "message")
    .searched("message")
    .child_of("repository_id", "repositories")
    .create_only(&[
        "repository_id",
        "commit_hash",
        "author_name",
        "author_email",
        "author_user_id",
        "message",
        "branch_name",
        "committed_at",
    ])
    .personal(&["author_name", "author_email"])
    .sorted_by("-committed_at")
    .verbs(LINK);

/// Builds.
pub static BUILDS: Resource = Resource::new("builds", "delivery.builds", "build", "build_number")
    .searched("build_errors")
    .create_only(&["project_id", "build_number"])
    .writable(&[
        "repository_id",
        "feature_id",
        "version_tag",
        "git_commit_hash",
        "git_branch",
        "status",
        "started_at",
        "completed_at",
        "triggered_by",
        "build_output",
        "build_errors",
        "code_coverage_percent",
        "security_scan_status",
        "performance_metrics",
    ])
    .filled(&["build_number"])
    .detail(&["build_output", "build_errors"])
    .status(StatusMoves {
        column: "status",
        initial: &["pending", "building", "success", "failed", "cancelled"],
        moves: &[
            ("pending", &["building", "success", "failed", "cancelled"]),
            ("building", &["success", "failed", "cancelled"]),
            // Part of a pipeline can be run once more.
            ("success", &["building"]),
            ("failed", &["building"]),
            ("cancelled", &["building"]),
        ],
        stamps: &[
            ("building", "started_at"),
            ("success", "completed_at"),
            ("failed", "completed_at"),
            ("cancelled", "completed_at"),
        ],
    })
    .sorted_by("-build_number")
    .verbs(&[Verb::List, Verb::Read, Verb::Create, Verb::Update])
    .page("builds");

/// Commits that a build contains.
pub static BUILD_COMMITS: Resource = Resource::new("build-commits", "delivery.build_commits", "build", "position")
    .key(&["build_id", "commit_id"])
    .child_of("build_id", "builds")
    .create_only(&["build_id", "commit_id", "position"])
    .sorted_by("position")
    .verbs(LINK);

/// What a build made.
pub static ARTIFACTS: Resource = Resource::new("artifacts", "delivery.build_artifacts", "artifact", "artifact_kind")
    .child_of("build_id", "builds")
    .create_only(&["build_id", "artifact_kind", "path", "image_url", "size_bytes"])
    .verbs(LINK);

/// Environments.
pub static ENVIRONMENTS: Resource = Resource::new("environments", "delivery.environments", "environment", "name")
    .create_only(&["project_id"])
    .writable(&["name", "tier", "url", "is_protected"])
    .guarded(&[("is_protected", "deployment", "approve")]);

/// Deployments.
pub static DEPLOYMENTS: Resource = Resource::new("deployments", "delivery.deployments", "deployment", "version")
    .searched("deployment_errors")
    .create_only(&["project_id", "build_id", "environment_id"])
    .writable(&[
        "version",
        "status",
        "deployment_strategy",
        "canary_percentage",
        "started_at",
        "completed_at",
        "deployed_at",
        "deployed_by",
        "approval_notes",
        "deployment_log",
        "deployment_errors",
        "rollback_reason",
        "rolled_back_at",
        "rolled_back_to_build_id",
        "health_check_status",
        "performance_metrics",
        "error_rate_percent",
    ])
    .detail(&["deployment_log", "deployment_errors"])
    .status(StatusMoves {
        column: "status",
        initial: &["pending", "deploying", "success", "failed"],
        moves: &[
            ("pending", &["deploying", "success", "failed"]),
            ("deploying", &["success", "failed"]),
            ("success", &["rolled_back"]),
            ("failed", &["deploying", "rolled_back"]),
        ],
        stamps: &[
            ("deploying", "started_at"),
            ("success", "deployed_at"),
            ("success", "completed_at"),
            ("failed", "completed_at"),
            ("rolled_back", "rolled_back_at"),
        ],
    })
    .verbs(&[Verb::List, Verb::Read, Verb::Create, Verb::Update])
    .page("deployments");

/// Checks before, after and at the endpoints of a deployment.
pub static DEPLOYMENT_CHECKS: Resource =
    Resource::new("deployment-checks", "delivery.deployment_checks", "deployment", "name")
        .child_of("deployment_id", "deployments")
        .create_only(&["deployment_id", "check_phase"])
        .writable(&["position", "name", "target", "status", "details", "checked_at"])
        .status(StatusMoves {
            column: "status",
            initial: &["pending", "passed", "failed", "skipped"],
            moves: &[
                ("pending", &["passed", "failed", "skipped"]),
                ("failed", &["pending", "passed"]),
                ("skipped", &["pending"]),
            ],
            stamps: &[("passed", "checked_at"), ("failed", "checked_at"), ("skipped", "checked_at")],
        })
        .sorted_by("position")
        .verbs(ROW);

/// What is given to users under one version.
pub static RELEASES: Resource = Resource::new("releases", "delivery.releases", "release", "version")
    .create_only(&["project_id"])
    .writable(&[
        "build_id",
        "version",
        "name",
        "notes",
        "status",
        "planned_on",
        "released_at",
        "withdrawn_at",
        "withdrawn_reason",
        "reported_at",
    ])
    .detail(&["notes"])
    .status(StatusMoves {
        column: "status",
        initial: &["planned", "released"],
        moves: &[("planned", &["released"]), ("released", &["withdrawn"])],
        stamps: &[("released", "released_at"), ("withdrawn", "withdrawn_at")],
    });

/// Every resource of this domain.
pub static RESOURCES: [&Resource; 15] = [
    &crate::GATE_RULES,
    &REPOSITORIES,
    &COMMITS,
    &BUILDS,
    &BUILD_COMMITS,
    &ARTIFACTS,
    &ENVIRONMENTS,
    &DEPLOYMENTS,
    &DEPLOYMENT_CHECKS,
    &RELEASES,
    &crate::WEBHOOK_CONNECTIONS,
    &crate::WEBHOOK_DELIVERIES,
    &crate::CHECKS,
    &crate::PULL_REQUESTS,
    &crate::PULL_REQUEST_REVIEWS,
];
