//! The served tables of planned work and controlled change, and of what is said about records.

use kernel::{Resource, StatusMoves, Verb};

const LINK: &[Verb] = &[Verb::List, Verb::Read, Verb::Create, Verb::Delete];
const ROW: &[Verb] = &[Verb::List, Verb::Read, Verb::Create, Verb::Update, Verb::Delete];

/// Sprints.
pub static SPRINTS: Resource = Resource::new("sprints", "work.sprints", "sprint", "name")
    .searched("goal")
    .create_only(&["project_id"])
    .writable(&["name", "goal", "status", "starts_on", "ends_on"])
    .status(StatusMoves {
        column: "status",
        initial: &["planned", "active"],
        moves: &[
            ("planned", &["active", "cancelled"]),
            ("active", &["completed", "cancelled", "planned"]),
            ("completed", &["active"]),
            ("cancelled", &["planned"]),
        ],
        stamps: &[("active", "starts_on")],
    });

/// Tasks.
pub static TASKS: Resource = Resource::new("tasks", "work.tasks", "task", "title")
    .expected(&["description", "priority_code"])
    .searched("description")
    .human_key("TASK")
    .create_only(&["project_id"])
    .writable(&[
        "title",
        "description",
        "status",
        "priority_code",
        "parent_task_id",
        "change_request_id",
        "sprint_id",
        "feature_id",
        "assignee_user_id",
        "due_date",
        "estimated_hours",
        "position",
        "started_at",
        "completed_at",
    ])
    .filled(&["key"])
    .status(StatusMoves {
        column: "status",
        initial: &["todo", "in_progress", "blocked"],
        moves: &[
            ("todo", &["in_progress", "blocked", "cancelled"]),
            ("in_progress", &["in_review", "done", "blocked", "todo", "cancelled"]),
            ("in_review", &["done", "in_progress", "blocked", "cancelled"]),
            ("blocked", &["todo", "in_progress", "cancelled"]),
            ("done", &["in_progress"]),
            ("cancelled", &["todo"]),
        ],
        stamps: &[("in_progress", "started_at"), ("done", "completed_at")],
    });

/// Time spent on tasks.
pub static TIME_ENTRIES: Resource = Resource::new("time-entries", "work.time_entries", "task", "spent_on")
    .child_of("task_id", "tasks")
    .create_only(&["task_id", "user_id"])
    .writable(&["minutes", "spent_on", "note"])
    .sorted_by("-spent_on")
    .verbs(ROW);

/// Change requests.
pub static CHANGE_REQUESTS: Resource =
    Resource::new("change-requests", "work.change_requests", "change_request", "title")
        .expected(&["description", "reason"])
        .searched("description")
        .human_key("CR")
        .create_only(&["project_id", "requester_user_id"])
        .writable(&[
            "title",
            "description",
            "reason",
            "status",
            "priority_code",
            "assignee_user_id",
            "workflow_id",
            "due_date",
        ])
        .filled(&["key"])
        .status(StatusMoves {
            column: "status",
            initial: &["draft", "submitted"],
            moves: &[
                ("draft", &["submitted", "cancelled"]),
                ("submitted", &["in_review", "draft", "cancelled"]),
                ("in_review", &["approved", "rejected", "cancelled"]),
                ("approved", &["implemented", "cancelled"]),
                ("rejected", &["closed"]),
                ("implemented", &["closed"]),
            ],
            // Its times are stamped by the table itself, whatever door a change comes through.
            stamps: &[],
        });

/// What a change request touches.
pub static CHANGE_REQUEST_IMPACTS: Resource =
    Resource::new("change-request-impacts", "work.change_request_impacts", "change_request", "impact_kind")
        .child_of("change_request_id", "change-requests")
        .create_only(&["change_request_id"])
        .writable(&["description", "impact_kind", "severity", "entity_id", "effort_hours", "cost_cents"])
        .verbs(ROW);

/// Who was asked to agree to a change request, and what they answered.
pub static CHANGE_REQUEST_APPROVALS: Resource =
    Resource::new("change-request-approvals", "work.change_request_approvals", "change_request", "approver_user_id")
        .child_of("change_request_id", "change-requests")
        .create_only(&["change_request_id", "step_id", "approver_user_id"])
        .writable(&["decision", "comment"])
        .status(StatusMoves {
            column: "decision",
            initial: &["pending", "approved", "rejected", "abstained"],
            moves: &[("pending", &["approved", "rejected", "abstained"])],
            stamps: &[("approved", "decided_at"), ("rejected", "decided_at"), ("abstained", "decided_at")],
        })
        .verbs(ROW);

/// Decisions of a project.
pub static DECISIONS: Resource = Resource::new("decisions", "work.decisions", "decision", "title")
    .searched("rationale")
    .human_key("DEC")
    .create_only(&["project_id"])
    .writable(&["title", "decision_type_code", "rationale", "impact", "status", "decided_by", "decided_at"])
    .filled(&["key"])
    .status(StatusMoves {
        column: "status",
        initial: &["proposed", "accepted"],
        moves: &[("proposed", &["accepted", "rejected"]), ("accepted", &["superseded"]), ("rejected", &["proposed"])],
        stamps: &[("accepted", "decided_at"), ("rejected", "decided_at")],
    });

/// What a decision shapes, or where more is written about it.
pub static DECISION_LINKS: Resource = Resource::new("decision-links", "work.decision_links", "decision", "decision_id")
    .child_of("decision_id", "decisions")
    .create_only(&["decision_id", "feature_id", "catalog_feature_id", "document_id"])
    .verbs(LINK);

/// Comments on records.
pub static COMMENTS: Resource = Resource::new("comments", "work.comments", "comment", "comment_kind")
    .owned_by("author_user_id")
    .create_only(&["project_id", "entity_id", "parent_comment_id"])
    .writable(&["body", "comment_kind"]);

/// Members whom a comment names.
pub static COMMENT_MENTIONS: Resource =
    Resource::new("comment-mentions", "work.comment_mentions", "comment", "user_id")
        .key(&["comment_id", "user_id"])
        .child_of("comment_id", "comments")
        .create_only(&["comment_id", "user_id"])
        .sorted_by("user_id")
        .write_action("create")
        .verbs(LINK);

/// Tags on records.
pub static ENTITY_TAGS: Resource = Resource::new("entity-tags", "work.entity_tags", "tag", "tag_id")
    .key(&["entity_id", "tag_id"])
    .create_only(&["project_id", "entity_id", "tag_id"])
    .sorted_by("tag_id")
    .verbs(LINK);

/// Every resource of planned work.
pub static PLANNING: [&Resource; 11] = [
    &SPRINTS,
    &TASKS,
    &TIME_ENTRIES,
    &CHANGE_REQUESTS,
    &CHANGE_REQUEST_IMPACTS,
    &CHANGE_REQUEST_APPROVALS,
    &DECISIONS,
    &DECISION_LINKS,
    &COMMENTS,
    &COMMENT_MENTIONS,
    &ENTITY_TAGS,
];
