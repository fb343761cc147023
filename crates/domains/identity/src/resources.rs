//! The served tables of the schema `identity`, and the audit trail.

use kernel::{Resource, Rights, Verb};

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
    .deciding(Rights::Member("user_id"))
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
    .writable(&["name", "slug", "description", "lead_user_id"])
    .deciding(Rights::Team);

/// Who is in a team.
pub static TEAM_MEMBERS: Resource = Resource::new("team-members", "identity.team_members", "team", "user_id")
    .key(&["team_id", "user_id"])
    .create_only(&["team_id", "user_id"])
    .sorted_by("user_id")
    .write_action("update")
    .deciding(Rights::Member("user_id"))
    .verbs(LINK);

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

/// What happened, as the audit trail keeps it.
pub static AUDIT_LOGS: Resource = Resource::new("audit-logs", "audit.audit_logs", "audit_log", "event_type")
    .personal(&["ip_address", "user_agent"])
    .detail(&["old_values", "new_values", "additional_data"])
    .verbs(SEEN);

/// Every resource of this domain.
pub static RESOURCES: [&Resource; 11] = [
    &ORGANIZATIONS,
    &USERS,
    &MEMBERSHIPS,
    &SESSIONS,
    &API_TOKENS,
    &TEAMS,
    &TEAM_MEMBERS,
    &SSO_PROVIDERS,
    &SSO_DEFAULT_ROLES,
    &USER_SSO_ACCOUNTS,
    &AUDIT_LOGS,
];
