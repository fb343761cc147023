-- What our own attacker found and left open: owners that administrators could end, deployments that nobody approved, a lock on an
-- account that a stranger could set off, sessions elsewhere that outlived a password, and addresses that run as script.
-- Our own states: TL403 means "you may not", TL409 means "not as things stand"; their messages are sentences for people.

-- Owners --------------------------------------------------------------------------------------------------------------

create function identity.is_owner(p_organization uuid, p_user uuid) returns boolean
  language sql stable
  as $$
    select exists (
      select from authz.user_roles g
      join authz.roles r on r.organization_id = g.organization_id and r.id = g.role_id
      where g.organization_id = p_organization and g.user_id = p_user and r.template_code = 'owner' and r.deleted_at is null
        and g.revoked_at is null and (g.valid_until is null or g.valid_until > now()))
  $$;
comment on function identity.is_owner(uuid, uuid) is 'Whether the person holds the role of owner in the organisation; a suspended owner still does.';

create function identity.leave_owners_to_owners() returns trigger
  language plpgsql
  as $$
begin
  if platform.current_user_id() is not null
     and identity.is_owner(old.organization_id, old.user_id)
     and not identity.is_owner(old.organization_id, platform.current_user_id()) then
    raise exception using errcode = 'TL403',
      message = 'Only an owner may suspend an owner, take away what an owner holds or remove an owner; ask one of the owners.';
  end if;
  if tg_op = 'DELETE' then
    return old;
  end if;
  return new;
end
$$;
comment on function identity.leave_owners_to_owners() is
  'Refuses a change of an owner''s standing by anybody who is no owner. What no member does, such as a migration, passes.';

create trigger leave_owners_to_owners before update on identity.memberships
  for each row when ((old.status, old.deleted_at, old.user_id) is distinct from (new.status, new.deleted_at, new.user_id))
  execute function identity.leave_owners_to_owners();
create trigger leave_removing_owners_to_owners before delete on identity.memberships
  for each row execute function identity.leave_owners_to_owners();
create trigger leave_owners_to_owners before update or delete on authz.user_roles
  for each row execute function identity.leave_owners_to_owners();

-- Deployments that need an approval -----------------------------------------------------------------------------------

alter table delivery.deployments add column created_by uuid default platform.current_user_id();
call platform.refer_to_members('delivery.deployments', 'created_by');
comment on column delivery.deployments.created_by is
  'The member who recorded it, and who therefore cannot approve it. Null: recorded by the system, or before this was kept.';

create function delivery.require_approval() returns trigger
  language plpgsql
  as $$
declare
  place text := (select e.name from delivery.environments e
                 where e.organization_id = new.organization_id and e.id = new.environment_id and e.is_protected);
begin
  if place is null then
    return new;
  end if;
  if tg_op = 'UPDATE' and old.approved_by is not null and new.version is distinct from old.version then
    raise exception using errcode = 'TL409',
      message = format('What was approved is version %s; record another deployment for another version.', old.version);
  end if;
  if new.approved_by is not null and (new.approved_by = new.created_by or new.approved_by = new.deployed_by)
     and (tg_op = 'INSERT' or (new.approved_by, new.deployed_by, new.status) is distinct from (old.approved_by, old.deployed_by, old.status)) then
    raise exception using errcode = 'TL409',
      message = 'Nobody approves a deployment of their own: somebody other than the one who records it and the one who deploys it has to agree.';
  end if;
  if new.status in ('deploying', 'success') and new.approved_by is null
     and (tg_op = 'INSERT' or new.status is distinct from old.status) then
    raise exception using errcode = 'TL409', message = format(
      'Deployments to %s need an approval: record this one as pending, let another member who may approve deployments agree to it '
      '(POST /v1/deployments/{id}/approve, or the button on the page), then go on.', place);
  end if;
  return new;
end
$$;
comment on function delivery.require_approval() is
  'Keeps deployments to protected environments from going ahead before another member has agreed, and what was agreed to from changing.';

create trigger require_approval before insert or update of status, version, approved_by, deployed_by, environment_id on delivery.deployments
  for each row execute function delivery.require_approval();

-- Guessing, counted where the guesses come from ------------------------------------------------------------------------

create table identity.sign_in_failures (
  user_id        uuid not null,
  network        inet not null,
  failures       int not null default 1,
  last_failed_at timestamptz not null,
  locked_until   timestamptz,
  primary key (user_id, network),
  constraint sign_in_failures_user_id_fkey foreign key (user_id) references identity.users on update cascade on delete cascade,
  constraint sign_in_failures_failures_check check (failures > 0)
);
call platform.adopt_table('identity.sign_in_failures', 'restricted', 'a day after the last failure', 'select',
  p_exempt_reason => 'an account is guessed at before an organisation is known');
revoke select on identity.sign_in_failures from application_user;
alter table identity.sign_in_failures enable row level security;
alter table identity.sign_in_failures force row level security;
create policy sign_in on identity.sign_in_failures as permissive for all to throughline_auth using (true) with check (true);
grant select, insert, update, delete on identity.sign_in_failures to throughline_auth;
comment on table identity.sign_in_failures is
  'Wrong passwords of one account from one place. A stranger who guesses locks the account for the place they guess from, not for its owner. '
  'Written and read by the sign-in functions alone.';
comment on column identity.sign_in_failures.user_id is 'The account; the row goes away with it.';
comment on column identity.sign_in_failures.network is 'Where from: an IPv4 address, the first 64 bits of an IPv6 address, or :: for an unknown one.';
comment on column identity.sign_in_failures.failures is 'Wrong passwords in a row; begins anew after a pause as long as the window.';
comment on column identity.sign_in_failures.last_failed_at is 'When the last one came.';
comment on column identity.sign_in_failures.locked_until is 'Until when this place gets no answer but no. Null: not locked.';
comment on constraint sign_in_failures_failures_check on identity.sign_in_failures is 'failures must be greater than zero';

create function identity.network_of(p_address inet) returns inet
  language sql immutable
  as $$
    select case when p_address is null then '::'::inet
                when family(p_address) = 6 then network(set_masklen(p_address, 64))::inet
                else set_masklen(p_address, 32) end
  $$;
comment on function identity.network_of(inet) is
  'The place an address counts as: itself for IPv4, its first 64 bits for IPv6, of which one household has all. Null becomes ::.';

create function identity.sign_in_lookup(p_email text, p_address inet)
  returns table (user_id uuid, status text, password_hash text, locked_until timestamptz)
  language sql stable security definer
  set search_path = pg_catalog, pg_temp
  as $$
    select u.id, u.status, c.secret_hash, greatest(u.locked_until, f.locked_until)
    from identity.users u
    left join identity.user_credentials c
      on c.user_id = u.id and c.kind = 'password' and c.disabled_at is null and (c.expires_at is null or c.expires_at > now())
    left join identity.sign_in_failures f on f.user_id = u.id and f.network = identity.network_of(p_address)
    where u.email = lower(p_email) and u.deleted_at is null
  $$;
comment on function identity.sign_in_lookup(text, inet) is
  'The account behind an address, for checking a password from a place; locked either there or everywhere. No row: nobody has that address.';

create function identity.note_sign_in(
  p_user_id uuid, p_success boolean, p_address inet, p_now timestamptz, p_most_here int, p_most_everywhere int,
  p_window interval, p_lock_for interval)
  returns boolean
  language plpgsql volatile security definer
  set search_path = pg_catalog, pg_temp
  as $$
declare
  everywhere bigint;
  was_locked boolean;
begin
  -- One count at a time for an account: guesses that come at once are all seen.
  select coalesce(u.locked_until > p_now, false) into was_locked from identity.users u where u.id = p_user_id for no key update;
  if p_success then
    delete from identity.sign_in_failures f where f.user_id = p_user_id and f.network = identity.network_of(p_address);
    update identity.user_credentials c set last_used_at = p_now
    where c.user_id = p_user_id and c.kind = 'password' and c.disabled_at is null;
    update identity.users u set failed_login_attempts = 0, locked_at = null, locked_until = null,
      last_login_at = p_now, last_login_ip = p_address, login_count = u.login_count + 1
    where u.id = p_user_id;
    return false;
  end if;
  delete from identity.sign_in_failures f where f.user_id = p_user_id and f.last_failed_at < p_now - interval '1 day';
  insert into identity.sign_in_failures as f (user_id, network, failures, last_failed_at, locked_until)
  values (p_user_id, identity.network_of(p_address), 1, p_now, case when p_most_here <= 1 then p_now + p_lock_for end)
  on conflict (user_id, network) do update set
    failures       = case when f.last_failed_at < p_now - p_window then 1 else f.failures + 1 end,
    locked_until   = case when f.last_failed_at < p_now - p_window then excluded.locked_until
                          when f.failures + 1 >= p_most_here then p_now + p_lock_for else f.locked_until end,
    last_failed_at = p_now;
  select sum(f.failures) into everywhere from identity.sign_in_failures f
  where f.user_id = p_user_id and f.last_failed_at >= p_now - p_window;
  update identity.users u set
    failed_login_attempts = everywhere,
    locked_at    = case when everywhere >= p_most_everywhere then p_now else u.locked_at end,
    locked_until = case when everywhere >= p_most_everywhere then p_now + p_lock_for else u.locked_until end
  where u.id = p_user_id;
  return everywhere >= p_most_everywhere and not was_locked;
end
$$;
comment on function identity.note_sign_in(uuid, boolean, inet, timestamptz, int, int, interval, interval) is
  'Counts an attempt to sign in. A success clears the count of its place; the p_most_here-th failure from one place within the window locks the '
  'account for that place, the p_most_everywhere-th from all places locks it everywhere. Answers whether it has just been locked everywhere.';

-- A password ends what was signed in with the one before ---------------------------------------------------------------

drop policy sign_in on identity.sessions;
drop policy sign_in on identity.api_tokens;
create policy sign_in on identity.sessions as permissive for all to throughline_auth using (true) with check (true);
create policy sign_in on identity.api_tokens as permissive for all to throughline_auth using (true) with check (true);
grant update (revoked_at, revoked_by, revocation_reason) on identity.sessions to throughline_auth;
grant update (revoked_at, revoked_by) on identity.api_tokens to throughline_auth;

create function identity.end_own_sign_ins(p_now timestamptz, p_keep uuid, p_reason text, p_with_tokens boolean)
  returns table (sessions bigint, tokens bigint)
  language plpgsql volatile security definer
  set search_path = pg_catalog, pg_temp
  as $$
declare
  person uuid := platform.current_user_id();
begin
  sessions := 0;
  tokens := 0;
  update identity.sessions s set revoked_at = p_now, revoked_by = person, revocation_reason = p_reason
  where s.user_id = person and s.revoked_at is null and s.id is distinct from p_keep;
  get diagnostics sessions = row_count;
  if p_with_tokens then
    update identity.api_tokens t set revoked_at = p_now, revoked_by = person where t.user_id = person and t.revoked_at is null;
    get diagnostics tokens = row_count;
  end if;
  -- The row triggers announce the organisation at hand; other organisations' processes must forget too.
  perform pg_notify('throughline_access', '*');
  return next;
end
$$;
comment on function identity.end_own_sign_ins(timestamptz, uuid, text, boolean) is
  'Ends the sessions of the person whose transaction it is, but for p_keep, in every organisation; with p_with_tokens also their API tokens. '
  'Answers how many of each ended.';

revoke execute on function identity.sign_in_lookup(text, inet),
  identity.note_sign_in(uuid, boolean, inet, timestamptz, int, int, interval, interval),
  identity.end_own_sign_ins(timestamptz, uuid, text, boolean) from public;
grant execute on function identity.sign_in_lookup(text, inet),
  identity.note_sign_in(uuid, boolean, inet, timestamptz, int, int, interval, interval),
  identity.end_own_sign_ins(timestamptz, uuid, text, boolean) to application_user;
grant create on schema identity to throughline_auth;
alter function identity.sign_in_lookup(text, inet) owner to throughline_auth;
alter function identity.note_sign_in(uuid, boolean, inet, timestamptz, int, int, interval, interval) owner to throughline_auth;
alter function identity.end_own_sign_ins(timestamptz, uuid, text, boolean) owner to throughline_auth;
revoke create on schema identity from throughline_auth;

-- Addresses that only point to code ------------------------------------------------------------------------------------

-- What says no way to get there is kept behind one that leads nowhere, for somebody to mend.
alter table delivery.repositories no force row level security;
update delivery.repositories set url = left('https://localhost/' || url, 2000)
where url !~ '^((https?|ssh|git|svn|svn\+ssh)://[^/]|[A-Za-z0-9_.-]+@[A-Za-z0-9.-]+:[^/])';
alter table delivery.repositories force row level security;
alter table delivery.repositories add constraint repositories_url_scheme_check
  check (url ~ '^((https?|ssh|git|svn|svn\+ssh)://[^/]|[A-Za-z0-9_.-]+@[A-Za-z0-9.-]+:[^/])');
comment on constraint repositories_url_scheme_check on delivery.repositories is
  'url must begin with https://, http://, ssh://, git://, svn:// or svn+ssh://, or have the form git@host:path';
