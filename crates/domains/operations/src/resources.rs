//! The served tables of the schemas `platform` and `audit` that belong to no other domain, and retention policies.

use kernel::{Resource, StatusMoves, Verb};

const SEEN: &[Verb] = &[Verb::List, Verb::Read];
const ROW: &[Verb] = &[Verb::List, Verb::Read, Verb::Create, Verb::Update, Verb::Delete];

/// Services.
pub static SERVICES: Resource = Resource::new("services", "platform.services", "service", "name")
    .writable(&["name", "service_type", "description", "status", "team_id", "metadata", "is_active"])
    .status(StatusMoves {
        column: "status",
        initial: &["active", "planned"],
        moves: &[
            ("planned", &["active", "retired"]),
            ("active", &["deprecated", "retired"]),
            ("deprecated", &["active", "retired"]),
            ("retired", &["active"]),
        ],
        stamps: &[],
    });

/// Running copies of a service.
pub static SERVICE_INSTANCES: Resource =
    Resource::new("service-instances", "platform.service_instances", "service", "host")
        .child_of("service_id", "services")
        .create_only(&["service_id"])
        .writable(&[
            "version",
            "host",
            "port",
            "protocol",
            "base_path",
            "health_check_url",
            "health_status",
            "last_health_check_at",
            "is_active",
        ])
        .verbs(ROW);

/// Descriptions of the interfaces of services, as imports keep them.
pub static API_DOCUMENTS: Resource = Resource::new("api-documents", "platform.api_documents", "service", "title")
    .child_of("service_id", "services")
    .verbs(SEEN);

/// What services offer, as imports keep it.
pub static API_OPERATIONS: Resource = Resource::new("api-operations", "platform.api_operations", "service", "path")
    .child_of("document_id", "api-documents")
    .verbs(SEEN);

/// Settings that services read.
pub static CONFIGURATION_SETTINGS: Resource =
    Resource::new("configuration-settings", "platform.configuration_settings", "configuration", "config_key")
        .create_only(&["service_id", "environment_id", "config_key"])
        .writable(&[
            "config_value",
            "value_type",
            "description",
            "default_value",
            "validation_rules",
            "change_reason",
            "is_active",
        ])
        .hidden(&["config_value_ciphertext"])
        .sorted_by("config_key")
        .verbs(ROW);

/// What members are told. Its recipient says when it was read.
pub static NOTIFICATIONS: Resource = Resource::new("notifications", "platform.notifications", "notification", "title")
    .owned_by("recipient_user_id")
    .writable(&["read_at"])
    .personal(&["title", "body"])
    .verbs(&[Verb::List, Verb::Read, Verb::Update, Verb::Delete]);

/// How notifications went out.
pub static NOTIFICATION_DELIVERIES: Resource =
    Resource::new("notification-deliveries", "platform.notification_deliveries", "notification", "channel")
        .key(&["notification_id", "channel"])
        .sorted_by("-notification_id")
        .verbs(SEEN);

/// By which channels a member wants to be told.
pub static NOTIFICATION_PREFERENCES: Resource =
    Resource::new("notification-preferences", "platform.notification_preferences", "notification", "notification_type")
        .key(&["user_id", "notification_type", "channel"])
        .owned_by("user_id")
        .create_only(&["user_id", "notification_type", "channel"])
        .writable(&["is_enabled", "settings"])
        .sorted_by("user_id")
        .verbs(ROW);

/// Work in the background. Only who waits can be called off here; workers do the rest.
pub static JOBS: Resource = Resource::new("jobs", "platform.jobs", "job", "kind")
    .writable(&["status", "priority", "run_after"])
    .detail(&["payload", "last_error"])
    .status(StatusMoves {
        column: "status",
        initial: &["queued"],
        moves: &[("queued", &["cancelled"])],
        stamps: &[("cancelled", "completed_at")],
    })
    .verbs(&[Verb::List, Verb::Read, Verb::Update]);

/// What can be measured.
pub static METRIC_DEFINITIONS: Resource =
    Resource::new("metric-definitions", "platform.metric_definitions", "metric", "name")
        .key(&["name"])
        .sorted_by("name")
        .verbs(SEEN);

/// What the server measures itself, and what its alerts rest on.
const MEASURED_HERE: &[&str] =
    &["http.", "db.", "disk.", "backup.", "imports.", "webhooks.", "jobs.", "outbox.", "dq.replication_lag"];

/// Measurements. Callers bring those of their services; nobody brings the server's.
pub static METRIC_SAMPLES: Resource =
    Resource::new("metric-samples", "platform.metric_samples", "metric", "metric_name")
        .create_only(&["metric_name", "service_id", "environment_id", "labels", "value", "observed_at"])
        .reserved("metric_name", MEASURED_HERE)
        .verbs(&[Verb::List, Verb::Read, Verb::Create]);

/// Targets that hold in an organisation in place of those the program declares. They can switch alerts off, so they are for
/// whoever looks after the organisation.
pub static METRIC_TARGETS: Resource =
    Resource::new("metric-targets", "platform.metric_targets", "metric_target", "metric_name")
        .create_only(&["metric_name", "subject"])
        .writable(&["target_operator", "target_value", "critical_value", "misses", "is_active"])
        .verbs(ROW);

/// Metrics that missed their target for long. The server opens and closes them.
pub static METRIC_ALERTS: Resource =
    Resource::new("metric-alerts", "platform.metric_alerts", "metric", "metric_name").verbs(SEEN);

/// Backups, drills, maintenance and archives of the installation. Where results lie is for its operators alone.
pub static OPERATION_RUNS: Resource =
    Resource::new("operation-runs", "platform.operation_runs", "operation_run", "target")
        .hidden(&["location_uri", "encryption_key_ref", "details", "error_message"])
        .verbs(SEEN);

/// What happened, in sentences for people.
pub static ACTIVITY: Resource = Resource::new("activity", "audit.activity_logs", "activity", "summary")
    .telling_of("entity_type")
    .hidden(&["ip_address", "user_agent", "session_id"])
    .verbs(SEEN);

/// What one transaction changed, and why.
pub static CHANGE_SETS: Resource =
    Resource::new("change-sets", "audit.change_sets", "audit_log", "change_reason").verbs(SEEN);

/// Changed columns, before and after.
pub static CHANGE_TRACKING: Resource =
    Resource::new("change-tracking", "audit.change_tracking", "audit_log", "column_name")
        .detail(&["change_metadata"])
        .verbs(SEEN);

/// Versions of projects.
pub static PROJECT_HISTORY: Resource =
    Resource::new("project-history", "audit.project_history", "project", "change_summary")
        .detail(&["snapshot"])
        .verbs(SEEN);

/// Versions of what is known of documents.
pub static DOCUMENT_HISTORY: Resource =
    Resource::new("document-history", "audit.document_history", "audit_log", "change_summary")
        .detail(&["snapshot"])
        .verbs(SEEN);

/// How long rows stay.
pub static RETENTION_POLICIES: Resource =
    Resource::new("retention-policies", "security.retention_policies", "retention_policy", "table_name")
        .hidden(&["partition_interval", "retention_period"])
        .sorted_by("table_name")
        .verbs(SEEN);

/// Lists as somebody likes them. Row security shows one's own and those of one's teams.
pub static SAVED_VIEWS: Resource = Resource::new("saved-views", "platform.saved_views", "saved_view", "name")
    .create_only(&["project_id", "resource"])
    .writable(&["name", "query", "team_id", "position"])
    .sorted_by("position")
    .verbs(ROW);

/// The same record elsewhere.
pub static EXTERNAL_REFERENCES: Resource =
    Resource::new("external-references", "platform.external_references", "trace_link", "external_id")
        .create_only(&["project_id", "entity_id", "system"])
        .writable(&["external_id", "url", "title", "synchronized_at"])
        .detail(&["content"])
        .verbs(ROW);

/// Every resource of this domain.
pub static RESOURCES: [&Resource; 22] = [
    &SERVICES,
    &SERVICE_INSTANCES,
    &API_DOCUMENTS,
    &API_OPERATIONS,
    &CONFIGURATION_SETTINGS,
    &NOTIFICATIONS,
    &NOTIFICATION_DELIVERIES,
    &NOTIFICATION_PREFERENCES,
    &JOBS,
    &METRIC_DEFINITIONS,
    &METRIC_SAMPLES,
    &METRIC_TARGETS,
    &METRIC_ALERTS,
    &OPERATION_RUNS,
    &ACTIVITY,
    &CHANGE_SETS,
    &CHANGE_TRACKING,
    &PROJECT_HISTORY,
    &DOCUMENT_HISTORY,
    &RETENTION_POLICIES,
    &SAVED_VIEWS,
    &EXTERNAL_REFERENCES,
];
