//! The served tables of the schema `analytics`.

use kernel::{Resource, StatusMoves, Verb};

const SEEN: &[Verb] = &[Verb::List, Verb::Read];
const LINK: &[Verb] = &[Verb::List, Verb::Read, Verb::Create, Verb::Delete];

/// What members did from signing in until leaving.
pub static USAGE_SESSIONS: Resource = Resource::new("usage-sessions", "analytics.usage_sessions", "usage", "user_id")
    .owned_by("user_id")
    .personal(&["ip_address", "user_agent", "country", "region", "city", "timezone"])
    .verbs(SEEN);

/// Calls of the interface.
pub static API_USAGE_LOGS: Resource = Resource::new("api-usage-logs", "analytics.api_usage_logs", "usage", "endpoint")
    .detail(&["request_headers", "request_params", "response_headers"])
    .personal(&["request_headers", "request_params"])
    .verbs(SEEN);

/// Reports. Row security keeps those that are not public to their maker and those they are shared with.
pub static REPORTS: Resource =
    Resource::new("reports", "analytics.reports", "report", "name").searched("description").writable(&[
        "name",
        "description",
        "report_type",
        "data_sources",
        "filters",
        "aggregations",
        "schedule_type",
        "schedule_config",
        "next_run_at",
        "is_public",
        "is_active",
    ]);

/// With whom reports are shared.
pub static REPORT_SHARES: Resource = Resource::new("report-shares", "analytics.report_shares", "report", "user_id")
    .key(&["report_id", "user_id"])
    .child_of("report_id", "reports")
    .create_only(&["report_id", "user_id"])
    .sorted_by("-shared_at")
    .write_action("update")
    .verbs(LINK);

/// Each making of a report.
pub static REPORT_EXECUTIONS: Resource =
    Resource::new("report-executions", "analytics.report_executions", "report", "started_at")
        .child_of("report_id", "reports")
        .create_only(&["report_id", "execution_type", "started_at"])
        .writable(&["status", "result_data", "error_message", "rows_processed", "completed_at"])
        .detail(&["result_data"])
        .status(StatusMoves {
            column: "status",
            initial: &["running", "completed", "failed"],
            moves: &[("running", &["completed", "failed"])],
            stamps: &[("completed", "completed_at"), ("failed", "completed_at")],
        })
        .verbs(&[Verb::List, Verb::Read, Verb::Create, Verb::Update]);

/// Cost centres.
pub static COST_CENTERS: Resource = Resource::new("cost-centers", "analytics.cost_centers", "cost_center", "name")
    .writable(&[
        "name",
        "description",
        "code",
        "parent_cost_center_id",
        "monthly_budget",
        "annual_budget",
        "currency",
        "manager_user_id",
        "is_active",
    ]);

/// Costs and who bears them. Stored by an operation, because the identifier is made as of the moment of the cost.
pub static COST_ALLOCATIONS: Resource =
    Resource::new("cost-allocations", "analytics.cost_allocations", "cost", "service_type")
        .detail(&["cost_breakdown"])
        .verbs(SEEN);

/// What members have to do, counted every few minutes. Everybody sees their own.
pub static DASHBOARDS: Resource =
    Resource::new("dashboards", "analytics.v_user_dashboard_stats", "dashboard", "user_id")
        .key(&["user_id"])
        .sorted_by("user_id")
        .owned_by("user_id")
        .verbs(SEEN);

/// What projects are made of, counted every few minutes.
pub static PROJECT_STATS: Resource =
    Resource::new("project-stats", "analytics.v_project_stats", "project", "project_id")
        .key(&["project_id"])
        .sorted_by("project_id")
        .verbs(SEEN);

/// Every resource of this domain.
pub static RESOURCES: [&Resource; 9] = [
    &USAGE_SESSIONS,
    &API_USAGE_LOGS,
    &REPORTS,
    &REPORT_SHARES,
    &REPORT_EXECUTIONS,
    &COST_CENTERS,
    &COST_ALLOCATIONS,
    &DASHBOARDS,
    &PROJECT_STATS,
];
