-- Signing in happens before an organisation is known, so it cannot pass row security. These few functions are the only way around it:
-- each answers one narrow question, belongs to throughline_auth (which owns no table), and may be called by the application alone.

grant select on identity.users, identity.user_credentials, identity.memberships, identity.organizations, identity.sessions,
  identity.api_tokens to throughline_auth;
grant update (failed_login_attempts, locked_at, locked_until, last_login_at, last_login_ip, login_count) on identity.users to throughline_auth;
grant update (last_used_at) on identity.user_credentials to throughline_auth;

create policy sign_in on identity.users as permissive for all to throughline_auth using (true) with check (true);
create policy sign_in on identity.user_credentials as permissive for all to throughline_auth using (true) with check (true);
create policy sign_in on identity.memberships as permissive for select to throughline_auth using (true);
create policy sign_in on identity.organizations as permissive for select to throughline_auth using (true);
create policy sign_in on identity.sessions as permissive for select to throughline_auth using (true);
create policy sign_in on identity.api_tokens as permissive for select to throughline_auth using (true);

create function identity.sign_in_lookup(p_email text)
  returns table (user_id uuid, status text, password_hash text, locked_until timestamptz, failed_login_attempts int)
  language sql stable security definer
  set search_path = pg_catalog, pg_temp
  as $$
    select u.id, u.status, c.secret_hash, u.locked_until, u.failed_login_attempts
    from identity.users u
    left join identity.user_credentials c
      on c.user_id = u.id and c.kind = 'password' and c.disabled_at is null and (c.expires_at is null or c.expires_at > now())
    where u.email = lower(p_email) and u.deleted_at is null
  $$;
comment on function identity.sign_in_lookup(text) is
  'The account behind an address, for checking a password. No row: nobody has that address. A null hash: the person has no password that counts.';

create function identity.record_sign_in(
  p_user_id uuid, p_success boolean, p_ip inet, p_now timestamptz, p_max_failures int, p_lock_for interval)
  returns table (failed_login_attempts int, locked_until timestamptz)
  language sql volatile security definer
  set search_path = pg_catalog, pg_temp
  as $$
    with credential as (
      update identity.user_credentials c set last_used_at = p_now
      where p_success and c.user_id = p_user_id and c.kind = 'password' and c.disabled_at is null
    )
    update identity.users u set
      failed_login_attempts = case when p_success then 0 else u.failed_login_attempts + 1 end,
      locked_at     = case when p_success then null
                           when u.failed_login_attempts + 1 >= p_max_failures then p_now else u.locked_at end,
      locked_until  = case when p_success then null
                           when u.failed_login_attempts + 1 >= p_max_failures then p_now + p_lock_for else u.locked_until end,
      last_login_at = case when p_success then p_now else u.last_login_at end,
      last_login_ip = case when p_success then p_ip else u.last_login_ip end,
      login_count   = u.login_count + case when p_success then 1 else 0 end
    where u.id = p_user_id
    returning u.failed_login_attempts, u.locked_until
  $$;
comment on function identity.record_sign_in(uuid, boolean, inet, timestamptz, int, interval) is
  'Counts an attempt to sign in: a success clears the failures, the p_max_failures-th failure locks the account for p_lock_for. No row: no such account.';

create function identity.user_organizations(p_user_id uuid)
  returns table (organization_id uuid, slug text, name text, is_default boolean)
  language sql stable security definer
  set search_path = pg_catalog, pg_temp
  as $$
    select o.id, o.slug, o.name, m.is_default
    from identity.memberships m
    join identity.organizations o on o.id = m.organization_id
    where m.user_id = p_user_id and m.status = 'active' and m.deleted_at is null and o.status = 'active' and o.deleted_at is null
    order by m.is_default desc, o.name, o.id
  $$;
comment on function identity.user_organizations(uuid) is
  'The organisations a person may work in, the preferred one first. No rows: nowhere, and sign-in ends there.';

create function identity.resolve_session(p_token_hash bytea)
  returns table (organization_id uuid, session_id uuid, user_id uuid, expires_at timestamptz, last_active_at timestamptz,
                 created_at timestamptz, revoked_at timestamptz, user_status text, membership_status text, display_name text, email text)
  language plpgsql stable security definer rows 1 -- not SQL: this runs for every request, and only PL/pgSQL keeps the plan
  set search_path = pg_catalog, pg_temp
  as $$
#variable_conflict use_column
begin
  return query
    select s.organization_id, s.id, s.user_id, s.expires_at, s.last_active_at, s.created_at, s.revoked_at,
           case when u.deleted_at is null then u.status else 'inactive' end,
           case when o.status <> 'active' or o.deleted_at is not null then 'suspended'
                when m.deleted_at is null then m.status else 'inactive' end,
           u.display_name, u.email
    from identity.sessions s
    join identity.memberships m on m.organization_id = s.organization_id and m.user_id = s.user_id
    join identity.organizations o on o.id = s.organization_id
    join identity.users u on u.id = s.user_id
    where s.token_hash = p_token_hash;
end
$$;
comment on function identity.resolve_session(bytea) is
  'The session behind the SHA-256 of a cookie, with what decides whether it still counts. Anything but active in either status means no. '
  'No row: no such session.';

create function identity.resolve_api_token(p_token_hash bytea)
  returns table (organization_id uuid, token_id uuid, user_id uuid, scopes text[], expires_at timestamptz, revoked_at timestamptz,
                 user_status text, membership_status text, display_name text, email text, token_name text, user_kind text, owner_user_id uuid)
  language plpgsql stable security definer rows 1 -- not SQL: this runs for every request, and only PL/pgSQL keeps the plan
  set search_path = pg_catalog, pg_temp
  as $$
#variable_conflict use_column
begin
  return query
    select t.organization_id, t.id, t.user_id, t.scopes, t.expires_at, t.revoked_at,
           case when u.deleted_at is null then u.status else 'inactive' end,
           case when o.status <> 'active' or o.deleted_at is not null then 'suspended'
                when m.deleted_at is null then m.status else 'inactive' end,
           u.display_name, u.email, t.name, u.kind, u.owner_user_id
    from identity.api_tokens t
    join identity.memberships m on m.organization_id = t.organization_id and m.user_id = t.user_id
    join identity.organizations o on o.id = t.organization_id
    join identity.users u on u.id = t.user_id
    where t.token_hash = p_token_hash;
end
$$;
comment on function identity.resolve_api_token(bytea) is
  'The API token behind the SHA-256 of what was sent, with what decides whether it still counts. Anything but active in either status means no. '
  'No row: no such token.';

revoke execute on function identity.sign_in_lookup(text), identity.record_sign_in(uuid, boolean, inet, timestamptz, int, interval),
  identity.user_organizations(uuid), identity.resolve_session(bytea), identity.resolve_api_token(bytea) from public;
grant execute on function identity.sign_in_lookup(text), identity.record_sign_in(uuid, boolean, inet, timestamptz, int, interval),
  identity.user_organizations(uuid), identity.resolve_session(bytea), identity.resolve_api_token(bytea) to application_user;

-- A new owner must be able to create in the schema for the moment of the hand-over, and not a moment longer.
grant create on schema identity to throughline_auth;
alter function identity.sign_in_lookup(text) owner to throughline_auth;
alter function identity.record_sign_in(uuid, boolean, inet, timestamptz, int, interval) owner to throughline_auth;
alter function identity.user_organizations(uuid) owner to throughline_auth;
alter function identity.resolve_session(bytea) owner to throughline_auth;
alter function identity.resolve_api_token(bytea) owner to throughline_auth;
revoke create on schema identity from throughline_auth;
