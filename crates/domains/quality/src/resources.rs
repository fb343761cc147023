//! The served tables of the schema `quality`, and the imports that fill them.

use kernel::{Resource, StatusMoves, Verb};

const ROW: &[Verb] = &[Verb::List, Verb::Read, Verb::Create, Verb::Update, Verb::Delete];
const LINK: &[Verb] = &[Verb::List, Verb::Read, Verb::Create, Verb::Delete];
const SEEN: &[Verb] = &[Verb::List, Verb::Read];

/// Test cases, automated or by hand.
pub static TEST_CASES: Resource = Resource::new("test-cases", "quality.test_cases", "test_case", "name")
    .expected(&["name", "priority_code"])
    .searched("description")
    .human_key("TC")
    .create_only(&["project_id"])
    .writable(&[
        "name",
        "description",
        "feature_id",
        "test_type",
        "priority_code",
        "status",
        "expected_result",
        "test_data",
        "automation_status",
        "automation_tool",
        "automation_script_path",
        "is_template",
        "template_id",
        "owner_user_id",
    ])
    .filled(&["key"])
    .status(StatusMoves {
        column: "status",
        initial: &["active"],
        moves: &[
            ("active", &["deprecated", "disabled"]),
            ("disabled", &["active", "deprecated"]),
            ("deprecated", &["active"]),
        ],
        stamps: &[],
    })
    .page("tests");

/// Times a test gave two answers about the same code.
pub static TEST_FLIPS: Resource = Resource::new("test-flips", "quality.test_flips", "test_case", "kind")
    .child_of("test_case_id", "test-cases")
    .verbs(SEEN);

/// Tests that are set aside for a time.
pub static TEST_QUARANTINES: Resource =
    Resource::new("test-quarantines", "quality.test_quarantines", "test_case", "reason")
        .child_of("test_case_id", "test-cases")
        .create_only(&["test_case_id", "reason", "expires_at"])
        .verbs(&[Verb::List, Verb::Read, Verb::Create]);

/// The names under which a test case came in.
pub static TEST_CASE_ALIASES: Resource =
    Resource::new("test-case-aliases", "quality.test_case_aliases", "test_case", "case_name")
        .child_of("test_case_id", "test-cases")
        .verbs(SEEN);

/// Preconditions and steps of a test case.
pub static TEST_CASE_STEPS: Resource =
    Resource::new("test-case-steps", "quality.test_case_steps", "test_case", "action")
        .child_of("test_case_id", "test-cases")
        .create_only(&["test_case_id", "step_kind"])
        .writable(&["position", "action", "expected_result", "details"])
        .sorted_by("position")
        .verbs(ROW);

/// How test cases relate to each other.
pub static TEST_CASE_RELATIONS: Resource =
    Resource::new("test-case-relations", "quality.test_case_relations", "test_case", "relation_type")
        .child_of("test_case_id", "test-cases")
        .create_only(&["test_case_id", "related_test_case_id", "relation_type"])
        .verbs(LINK);

/// One submission of results.
pub static TEST_RUNS: Resource = Resource::new("test-runs", "quality.test_runs", "test_run", "name")
    .create_only(&[
        "project_id",
        "build_id",
        "name",
        "environment",
        "shard",
        "attempt",
        "producer",
        "started_at",
        "finished_at",
        "properties",
    ])
    .verbs(&[Verb::List, Verb::Read, Verb::Create]);

/// Results of test cases. They are appended and never changed.
pub static TEST_RESULTS: Resource = Resource::new("test-results", "quality.test_results", "test_result", "name")
    .child_of("test_case_id", "test-cases")
    .create_only(&[
        "test_case_id",
        "test_run_id",
        "feature_id",
        "build_id",
        "name",
        "parameters",
        "status",
        "attempts",
        "duration_ms",
        "error_message",
        "error_stacktrace",
        "system_out",
        "system_err",
        "properties",
        "assertions_run",
        "assertions_passed",
        "assertions_failed",
        "code_coverage_percent",
        "memory_used_mb",
        "cpu_percent",
        "execution_environment",
        "logs",
        "executed_by",
        "executed_at",
    ])
    .detail(&["error_stacktrace", "system_out", "system_err", "logs", "properties"])
    .verbs(&[Verb::List, Verb::Read, Verb::Create]);

/// Coverage of a build or a component.
pub static COVERAGE_REPORTS: Resource =
    Resource::new("coverage-reports", "quality.coverage_reports", "coverage_report", "component")
        .create_only(&[
            "project_id",
            "build_id",
            "component",
            "format",
            "lines_total",
            "lines_covered",
            "branches_total",
            "branches_covered",
            "reported_at",
        ])
        .verbs(&[Verb::List, Verb::Read, Verb::Create, Verb::Delete]);

/// Coverage of one file.
pub static COVERAGE_FILES: Resource =
    Resource::new("coverage-files", "quality.coverage_files", "coverage_report", "path")
        .child_of("coverage_report_id", "coverage-reports")
        .sorted_by("path")
        .verbs(SEEN);

/// Defects.
pub static DEFECTS: Resource = Resource::new("defects", "quality.defects", "defect", "title")
    .expected(&["description", "severity"])
    .searched("description")
    .human_key("DEF")
    .create_only(&["project_id"])
    .writable(&[
        "title",
        "description",
        "feature_id",
        "test_result_id",
        "severity",
        "priority_code",
        "status",
        "defect_type",
        "assigned_to_user_id",
        "reported_by_user_id",
        "reproduction_steps",
        "environment_id",
        "affected_version",
        "fixed_version",
        "root_cause",
        "fix_description",
        "estimated_fix_hours",
        "actual_fix_hours",
        "due_date",
        "resolved_at",
        "verified_at",
        "verified_by",
    ])
    .filled(&["key"])
    .status(StatusMoves {
        column: "status",
        initial: &["open", "assigned"],
        moves: &[
            ("open", &["assigned", "in_progress", "resolved", "wont_fix"]),
            ("assigned", &["in_progress", "open", "resolved", "wont_fix"]),
            ("in_progress", &["resolved", "assigned", "open", "wont_fix"]),
            ("resolved", &["verified", "open", "in_progress"]),
            ("verified", &["closed", "open"]),
            ("closed", &["open"]),
            ("wont_fix", &["open", "closed"]),
        ],
        stamps: &[("resolved", "resolved_at"), ("verified", "verified_at")],
    })
    .page("defects");

/// Files that came in, each with what became of it.
pub static IMPORTS: Resource = Resource::new("imports", "platform.imports", "import", "file_name")
    .hidden(&["spool_path"])
    .verbs(SEEN)
    .page("imports");

/// Records that an import refused, with line and reason.
pub static IMPORT_REJECTIONS: Resource =
    Resource::new("import-rejections", "platform.import_rejections", "import", "reason")
        .child_of("import_id", "imports")
        .verbs(SEEN);

/// How the words of other tools become ours.
pub static IMPORT_PROFILES: Resource = Resource::new("import-profiles", "platform.import_profiles", "import", "name")
    .create_only(&["project_id"])
    .writable(&["name", "target", "system", "mapping"])
    .verbs(ROW);

/// Documents of requirements that came from other tools.
pub static EXCHANGE_DOCUMENTS: Resource =
    Resource::new("exchange-documents", "platform.exchange_documents", "requirement", "title")
        .detail(&["frame"])
        .verbs(SEEN);

/// Files that came in an archive beside such a document; what is in them has an address of its own.
pub static EXCHANGE_FILES: Resource = Resource::new("exchange-files", "platform.exchange_files", "requirement", "name")
    .child_of("document_id", "exchange-documents")
    .hidden(&["content"])
    .verbs(SEEN);

/// Every resource of this domain.
pub static RESOURCES: [&Resource; 16] = [
    &TEST_CASES,
    &TEST_FLIPS,
    &TEST_QUARANTINES,
    &TEST_CASE_ALIASES,
    &TEST_CASE_STEPS,
    &TEST_CASE_RELATIONS,
    &TEST_RUNS,
    &TEST_RESULTS,
    &COVERAGE_REPORTS,
    &COVERAGE_FILES,
    &DEFECTS,
    &IMPORTS,
    &IMPORT_REJECTIONS,
    &IMPORT_PROFILES,
    &EXCHANGE_DOCUMENTS,
    &EXCHANGE_FILES,
];
