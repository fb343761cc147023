//! The served tables of the schemas `identity` and `authz`.

use kernel::{Resource, Verb};

const SEEN: &[Verb] = &[Verb::List, Verb::Read];
const LINK: &[Verb] = &[Verb::List, Verb::Read, Verb::Create, Verb::Delete];

/// The organisation itself.
pub static ORGANIZATIONS: Resource = Resource::new("organizations", "identity.organizations", "organization", "name")
    .writable(&["name", "slug", "description", "logo_url", "website_url", "billing_email", "settings"])
    .hidden(&["shard_key"])
    .verbs(&[Verb::List, Verb::Read, Verb::Update])
    .page("organization");

/// People, agents and services of the organisation.
pub static USERS: Resource = Resource::new("users", "identity.users", "user", "display_name")
    .hidden(&[
        "phone_number_ciphertext",
        "phone_number_hash",
        "sensitive_metadata_ciphertext",
        "failed_login_attempts",
        "last_login_ip",
        "metadata",
        "settings",
    ])
    .personal(&["email", "username", "first_name", "last_name", "display_name", "avatar_url"])
    .verbs(SEEN);

/// Who belongs to the organisation.
pub static MEMBERSHIPS: Resource = Resource::new("memberships", "identity.memberships", "membership", "user_id")
    .key(&["user_id"])
    .writable(&["username", "status", "job_title", "department", "manager_user_id"])
    .personal(&["username", "job_title", "department"])
    .hidden(&["settings"])
    .sorted_by("user_id")
    .verbs(&[Verb::List, Verb::Read, Verb::Update]);

/// Sessions of browsers.
pub static SESSIONS: Resource = Resource::new("sessions", "identity.sessions", "session", "user_id")
    .owned_by("user_id")
    .hidden(&["token_hash", "metadata"])
    .personal(&["ip_address", "user_agent"])
    .verbs(SEEN);

/// API tokens.
pub static API_TOKENS: Resource = Resource::new("api-tokens", "identity.api_tokens", "api_token", "name")
    .owned_by("user_id")
    .hidden(&["token_hash"])
    .personal(&["last_used_ip"])
    .verbs(SEEN);

/// Teams.
pub static TEAMS: Resource = Resource::new("teams", "identity.teams", "team", "name")
    .searched("description")
    .writable(&["name", "slug", "description", "lead_user_id"]);

/// Who is in a team.
pub static TEAM_MEMBERS: Resource = Resource::new("team-members", "identity.team_members", "team", "user_id")
    .key(&["team_id", "user_id"])
    .create_only(&["team_id", "user_id"])
    .sorted_by("user_id")
    .write_action("update")
    .verbs(LINK);

/// Roles.
pub static ROLES: Resource = Resource::new("roles", "authz.roles", "role", "display_name").verbs(SEEN);

/// Permissions.
pub static PERMISSIONS: Resource = Resource::new("permissions", "authz.permissions", "role", "name").verbs(SEEN);

/// Which permission a role has.
pub static ROLE_PERMISSIONS: Resource =
    Resource::new("role-permissions", "authz.role_permissions", "role", "permission_id").verbs(SEEN);

/// Who has which role in the organisation.
pub static USER_ROLES: Resource = Resource::new("user-roles", "authz.user_roles", "role", "user_id").verbs(SEEN);

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
        .verbs(&[Verb::List, Verb::Read, Verb::Create, Verb::Update]);

/// Directories that people sign in with.
pub static SSO_PROVIDERS: Resource = Resource::new("sso-providers", "identity.sso_providers", "sso_provider", "name")
    .create_only(&["provider_type"])
    .writable(&[
        "name",
        "client_id",
        "discovery_url",
        "authorization_url",
        "token_url",
        "userinfo_url",
        "jwks_url",
        "saml_metadata_url",
        "saml_certificate",
        "scopes",
        "attribute_mapping",
        "auto_create_users",
        "is_active",
        "metadata",
    ])
    .hidden(&["client_secret_ciphertext"])
    .detail(&["saml_certificate"]);

/// Roles that people get when a provider brings them in.
pub static SSO_DEFAULT_ROLES: Resource =
    Resource::new("sso-default-roles", "identity.sso_default_roles", "sso_provider", "role_id")
        .key(&["provider_id", "role_id"])
        .create_only(&["provider_id", "role_id"])
        .sorted_by("role_id")
        .write_action("update")
        .conferring("role_id")
        .verbs(LINK);

/// Which account at a provider is which member.
pub static USER_SSO_ACCOUNTS: Resource =
    Resource::new("user-sso-accounts", "identity.user_sso_accounts", "sso_provider", "external_id")
        .child_of("provider_id", "sso-providers")
        .owned_by("user_id")
        .hidden(&["access_token_ciphertext", "refresh_token_ciphertext", "external_data"])
        .personal(&["external_id", "external_username", "external_email"])
        .verbs(&[Verb::List, Verb::Read, Verb::Delete]);

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

/// What happened, as the audit trail keeps it.
pub static AUDIT_LOGS: Resource = Resource::new("audit-logs", "audit.audit_logs", "audit_log", "event_type")
    .personal(&["ip_address", "user_agent"])
    .detail(&["old_values", "new_values", "additional_data"])
    .verbs(SEEN);

/// Every resource of this domain.
pub static RESOURCES: [&Resource; 23] = [
    &ORGANIZATIONS,
    &USERS,
    &MEMBERSHIPS,
    &SESSIONS,
    &API_TOKENS,
    &TEAMS,
    &TEAM_MEMBERS,
    &ROLES,
    &PERMISSIONS,
    &ROLE_PERMISSIONS,
    &USER_ROLES,
    &RESOURCE_TYPES,
    &RESOURCE_TYPE_ACTIONS,
    &ACCESS_ROLES,
    &USER_PERMISSIONS,
    &SSO_PROVIDERS,
    &SSO_DEFAULT_ROLES,
    &USER_SSO_ACCOUNTS,
    &APPROVAL_WORKFLOWS,
    &APPROVAL_WORKFLOW_STEPS,
    &APPROVAL_REQUESTS,
    &APPROVAL_DECISIONS,
    &AUDIT_LOGS,
];
