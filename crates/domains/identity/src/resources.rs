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
pub static TEAMS: Resource =
    Resource::new("teams", "identity.teams", "team", "name").writable(&["name", "slug", "description", "lead_user_id"]);

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

/// What happened, as the audit trail keeps it.
pub static AUDIT_LOGS: Resource = Resource::new("audit-logs", "audit.audit_logs", "audit_log", "event_type")
    .personal(&["ip_address", "user_agent"])
    .detail(&["old_values", "new_values", "additional_data"])
    .verbs(SEEN);

/// Every resource of this domain.
pub static RESOURCES: [&Resource; 13] = [
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
    &AUDIT_LOGS,
];
