-- Every process remembers who may do what. A change to any of it is announced at commit, so that they forget in time.

create function platform.announce_access_change() returns trigger
  language plpgsql
  as $$
begin
  perform pg_notify('throughline_access', case when tg_argv[0] = 'everywhere' then '*' else coalesce(platform.current_organization()::text, '*') end);
  return null;
end
$$;
comment on function platform.announce_access_change() is
  'Tells listeners on throughline_access that rights of an organisation changed; its id, or * for every organisation. Repeats within a transaction collapse into one.';

create trigger announce after update of revoked_at, expires_at, token_hash or delete on identity.sessions
  for each statement execute function platform.announce_access_change();
create trigger announce after update of revoked_at, expires_at, token_hash, scopes, user_id or delete on identity.api_tokens
  for each statement execute function platform.announce_access_change();
create trigger announce after insert or update or delete on identity.memberships
  for each statement execute function platform.announce_access_change();
create trigger announce after update of status, deleted_at or delete on identity.users
  for each statement execute function platform.announce_access_change('everywhere');
create trigger announce after update of status, deleted_at or delete on identity.organizations
  for each statement execute function platform.announce_access_change('everywhere');
create trigger announce after insert or update or delete on authz.user_roles
  for each statement execute function platform.announce_access_change();
create trigger announce after insert or update or delete on authz.role_permissions
  for each statement execute function platform.announce_access_change();
create trigger announce after insert or update or delete on authz.roles
  for each statement execute function platform.announce_access_change();
create trigger announce after update or delete on authz.permissions
  for each statement execute function platform.announce_access_change();
create trigger announce after insert or update or delete on work.project_members
  for each statement execute function platform.announce_access_change();
