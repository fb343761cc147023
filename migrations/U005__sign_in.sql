drop function identity.resolve_api_token(bytea);
drop function identity.resolve_session(bytea);
drop function identity.user_organizations(uuid);
drop function identity.record_sign_in(uuid, boolean, inet, timestamptz, int, interval);
drop function identity.sign_in_lookup(text);
drop policy sign_in on identity.api_tokens;
drop policy sign_in on identity.sessions;
drop policy sign_in on identity.organizations;
drop policy sign_in on identity.memberships;
drop policy sign_in on identity.user_credentials;
drop policy sign_in on identity.users;
revoke update (last_used_at) on identity.user_credentials from throughline_auth;
revoke update (failed_login_attempts, locked_at, locked_until, last_login_at, last_login_ip, login_count) on identity.users from throughline_auth;
revoke all on identity.users, identity.user_credentials, identity.memberships, identity.organizations, identity.sessions,
  identity.api_tokens from throughline_auth;
