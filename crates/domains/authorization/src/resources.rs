//! The served tables of the schema `authz`.

use kernel::{About, Resource, Rights, Verb};

const SEEN: &[Verb] = &[Verb::List, Verb::Read];

/// Roles.
pub static ROLES: Resource = Resource::new("roles", "authz.roles", "role", "display_name")
    .writable(&[
        "name",
        "display_name",
        "description",
        "parent_role_id",
        "is_assignable",
        "max_assignments",
        "valid_from",
        "valid_until",
        "auto_assign_conditions",
        "metadata",
    ])
    .conditions(&[("auto_assign_conditions", About::Context)])
    .deciding(Rights::Roles);

/// Permissions.
pub static PERMISSIONS: Resource = Resource::new("permissions", "authz.permissions", "role", "name")
    .create_only(&["resource_type_id", "action"])
    .writable(&[
        "name",
        "display_name",
        "description",
        "scope",
        "conditions",
        "requires_approval",
        "approval_workflow_id",
        "valid_from",
        "valid_until",
        "metadata",
    ])
    .conditions(&[("conditions", About::Type("resource_type_id"))])
    .deciding(Rights::Roles);

/// Which permission a role has.
pub static ROLE_PERMISSIONS: Resource =
    Resource::new("role-permissions", "authz.role_permissions", "role", "permission_id")
        .create_only(&["role_id", "permission_id"])
        .writable(&["valid_from", "valid_until", "additional_conditions"])
        .write_action("update")
        .conditions(&[("additional_conditions", About::Permission("permission_id"))])
        .deciding(Rights::Roles)
        .verbs(&[Verb::List, Verb::Read, Verb::Create, Verb::Update, Verb::Delete]);

/// Who has which role. Roles are given by the operations `assign` and `delegate`, and taken back by `revoke`.
pub static USER_ROLES: Resource = Resource::new("user-roles", "authz.user_roles", "role", "user_id").verbs(SEEN);

/// Single things that rights can be limited to, one within another.
pub static THINGS: Resource = Resource::new("resources", "authz.resources", "role", "name")
    .create_only(&["resource_type_id", "entity_id", "external_id"])
    .writable(&["name", "description", "parent_resource_id", "owner_user_id", "attributes", "is_active"])
    .write_action("update")
    .deciding(Rights::Tree)
    .verbs(&[Verb::List, Verb::Read, Verb::Create, Verb::Update]);

/// Kinds of things that permissions are about.
pub static RESOURCE_TYPES: Resource =
    Resource::new("resource-types", "authz.resource_types", "role", "name").sorted_by("name").verbs(SEEN);

/// What can be done with each kind of thing.
pub static RESOURCE_TYPE_ACTIONS: Resource =
    Resource::new("resource-type-actions", "authz.resource_type_actions", "role", "action")
        .key(&["resource_type_id", "action"])
        .sorted_by("action")
        .verbs(SEEN);

/// Templates that the roles of an organisation are made from.
pub static ACCESS_ROLES: Resource = Resource::new("access-roles", "reference.access_roles", "role", "name")
    .key(&["code"])
    .sorted_by("sort_order")
    .verbs(SEEN);

/// Permissions given to one person.
pub static USER_PERMISSIONS: Resource =
    Resource::new("user-permissions", "authz.user_permissions", "role", "permission_id")
        .create_only(&[
            "user_id",
            "permission_id",
            "resource_id",
            "on_behalf_of_user_id",
            "valid_from",
            "additional_conditions",
        ])
        .writable(&["grant_reason", "valid_until", "revoked_at", "revocation_reason"])
        .conditions(&[("additional_conditions", About::Permission("permission_id"))])
        .deciding(Rights::InPerson)
        .verbs(&[Verb::List, Verb::Read, Verb::Create, Verb::Update]);

/// Who has to say yes to what.
pub static APPROVAL_WORKFLOWS: Resource =
    Resource::new("approval-workflows", "authz.approval_workflows", "approval_workflow", "name")
        .create_only(&["subject_kind"])
        .writable(&["name", "description", "is_active"]);

/// The steps of a workflow.
pub static APPROVAL_WORKFLOW_STEPS: Resource =
    Resource::new("approval-workflow-steps", "authz.approval_workflow_steps", "approval_workflow", "name")
        .child_of("workflow_id", "approval-workflows")
        .create_only(&["workflow_id"])
        .writable(&["name", "step_number", "approver_role_id", "approver_user_id", "required_approvals"])
        .sorted_by("step_number")
        .verbs(&[Verb::List, Verb::Read, Verb::Create, Verb::Update, Verb::Delete]);

/// Approvals under way. They end by the operations `decide` and `cancel`.
pub static APPROVAL_REQUESTS: Resource =
    Resource::new("approval-requests", "authz.approval_requests", "approval_request", "subject_kind")
        .create_only(&[
            "project_id",
            "workflow_id",
            "subject_kind",
            "permission_id",
            "role_id",
            "deployment_id",
            "requested_for_user_id",
            "payload",
        ])
        .verbs(&[Verb::List, Verb::Read, Verb::Create]);

/// What approvers said.
pub static APPROVAL_DECISIONS: Resource =
    Resource::new("approval-decisions", "authz.approval_decisions", "approval_request", "decision")
        .child_of("request_id", "approval-requests")
        .verbs(SEEN);

/// Every resource of this domain.
pub static RESOURCES: [&Resource; 13] = [
    &ROLES,
    &PERMISSIONS,
    &ROLE_PERMISSIONS,
    &USER_ROLES,
    &THINGS,
    &RESOURCE_TYPES,
    &RESOURCE_TYPE_ACTIONS,
    &ACCESS_ROLES,
    &USER_PERMISSIONS,
    &APPROVAL_WORKFLOWS,
    &APPROVAL_WORKFLOW_STEPS,
    &APPROVAL_REQUESTS,
    &APPROVAL_DECISIONS,
];
