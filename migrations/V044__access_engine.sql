-- What the decision engine needs besides: where a delegated role comes from and how far it may go, permissions taken in an emergency, sight of
-- a private project for whoever holds something in it, and word of every change that decides over access.

-- Delegation ----------------------------------------------------------------------------------------------------------

alter table authz.user_roles
  add column delegated_from uuid,
  add column may_delegate   int not null default 0,
  add constraint user_roles_may_delegate_check check (may_delegate between 0 and 10) not valid,
  add constraint user_roles_delegated_from_check check (delegated_from is null or delegated_by is not null) not valid,
  add constraint user_roles_delegated_from_fkey foreign key (organization_id, delegated_from) references authz.user_roles
    on update cascade on delete restrict not valid;
-- squawk-ignore require-concurrent-index-creation -- up to a million assignments are read in a moment
create index if not exists user_roles_delegated_from_idx on authz.user_roles (organization_id, delegated_from) where delegated_from is not null;
comment on column authz.user_roles.delegated_from is
  'The assignment that was passed on; when it ends, so does this one. Null: it was assigned, or delegated before this was kept.';
comment on column authz.user_roles.may_delegate is
  'Through how many further hands its holder may pass it on; 0: through none.';
comment on constraint user_roles_may_delegate_check on authz.user_roles is 'may delegate must be from 0 to 10';
comment on constraint user_roles_delegated_from_check on authz.user_roles is 'only a delegated role can name what it was delegated from';

create function authz.guard_delegation() returns trigger
  language plpgsql
  as $$
declare
  source authz.user_roles;
begin
  if tg_op = 'UPDATE' then
    if old.revoked_at is not null and to_jsonb(new) is distinct from to_jsonb(old) then
      raise exception using errcode = 'TL409', message = 'A revoked role stays as it is; give it anew instead.';
    end if;
    if (new.user_id, new.role_id, new.resource_scope_id, new.delegated_from, new.delegated_by, new.delegation_depth, new.assigned_by)
       is distinct from (old.user_id, old.role_id, old.resource_scope_id, old.delegated_from, old.delegated_by, old.delegation_depth, old.assigned_by) then
      raise exception using errcode = 'TL409', message = 'Who holds which role, where and from whom does not change; revoke it and give another.';
    end if;
  end if;
  if new.delegated_from is null or new.revoked_at is not null then
    return new;
  end if;
  select * into source from authz.user_roles g
  where g.organization_id = new.organization_id and g.id = new.delegated_from for no key update;
  if source.id is null then
    return new; -- the foreign key says so
  end if;
  if source.revoked_at is not null or source.valid_until <= now() then
    raise exception using errcode = 'TL409', message = 'The role that is passed on has ended; nothing can come from it any more.';
  end if;
  if source.user_id <> new.delegated_by or source.role_id <> new.role_id then
    raise exception using errcode = 'TL409', message = 'Only who holds a role passes it on, and only that role.';
  end if;
  if new.delegation_depth <> source.delegation_depth + 1 then
    raise exception using errcode = 'TL409', message = 'A role that is passed on has gone through one more pair of hands than before.';
  end if;
  if new.may_delegate >= source.may_delegate then
    raise exception using errcode = 'TL409', message = format('This role may be passed on through %s further hands at most.', source.may_delegate);
  end if;
  if source.resource_scope_id is not null and new.resource_scope_id is distinct from source.resource_scope_id then
    raise exception using errcode = 'TL409', message = 'A role that is held for one thing is passed on for that thing only.';
  end if;
  if source.valid_until is not null and (new.valid_until is null or new.valid_until > source.valid_until) then
    raise exception using errcode = 'TL409', message = format('The role that is passed on ends at %s; what comes from it ends then at the latest.', source.valid_until);
  end if;
  if coalesce(new.valid_from, '-infinity') < coalesce(source.valid_from, '-infinity') then
    raise exception using errcode = 'TL409', message = format('The role that is passed on begins at %s; what comes from it does not begin before.', source.valid_from);
  end if;
  if source.context_conditions <> '{}' and new.context_conditions is distinct from source.context_conditions then
    raise exception using errcode = 'TL409', message = 'A role that is held under a condition is passed on under the same condition.';
  end if;
  return new;
end
$$;
comment on function authz.guard_delegation() is
  'What is passed on is never wider, longer or deeper than what it comes from, and what was revoked stays revoked.';
create trigger guard_delegation before insert or update on authz.user_roles
  for each row execute function authz.guard_delegation();

create function authz.end_what_came_from_it() returns trigger
  language plpgsql
  as $$
begin
  -- Row by row down the tree: each of these updates does the same for what came from it.
  if new.revoked_at is not null and old.revoked_at is null then
    update authz.user_roles g
       set revoked_at = new.revoked_at, revoked_by = new.revoked_by, revocation_reason = 'The role it was passed on from was revoked.'
     where g.organization_id = new.organization_id and g.delegated_from = new.id and g.revoked_at is null;
  elsif new.valid_until is distinct from old.valid_until and new.valid_until is not null then
    update authz.user_roles g
       set valid_until = new.valid_until
     where g.organization_id = new.organization_id and g.delegated_from = new.id and g.revoked_at is null
       and (g.valid_until is null or g.valid_until > new.valid_until) and (g.valid_from is null or g.valid_from < new.valid_until);
    update authz.user_roles g
       set revoked_at = now(), revoked_by = platform.current_user_id(), revocation_reason = 'The role it was passed on from ends before it begins.'
     where g.organization_id = new.organization_id and g.delegated_from = new.id and g.revoked_at is null and g.valid_from >= new.valid_until;
  end if;
  return null;
end
$$;
comment on function authz.end_what_came_from_it() is 'When a role is revoked or cut short, so is everything that was passed on from it.';
create trigger end_what_came_from_it after update of revoked_at, valid_until on authz.user_roles
  for each row execute function authz.end_what_came_from_it();

-- Emergencies ---------------------------------------------------------------------------------------------------------

alter table authz.user_permissions
  add column is_emergency boolean not null default false,
  add constraint user_permissions_is_emergency_check check (
    not is_emergency or (valid_until is not null and valid_until <= granted_at + interval '4 hours' and char_length(grant_reason) >= 10)) not valid;
comment on column authz.user_permissions.is_emergency is
  'True when the holder took it in an emergency: it was given by nobody, ends within four hours, and the owners were told.';
comment on constraint user_permissions_is_emergency_check on authz.user_permissions is
  'a permission taken in an emergency must say why in at least 10 characters and end within 4 hours';

-- The second wall agrees with the first -------------------------------------------------------------------------------

grant usage on schema authz to throughline_auth;
grant select on authz.user_roles, authz.user_permissions, authz.resources, platform.entities to throughline_auth;
create policy sign_in on platform.entities as permissive for select to throughline_auth using (true);

create function authz.projects_held_in(p_user uuid) returns table (project_id uuid)
  language plpgsql stable security definer rows 10
  set search_path = pg_catalog, pg_temp
  as $$
declare
  here uuid := platform.current_organization();
begin
  return query
    with recursive held as (
      select g.resource_scope_id as id from authz.user_roles g
      where g.organization_id = here and g.user_id = p_user and g.resource_scope_id is not null and g.revoked_at is null
        and (g.valid_from is null or g.valid_from <= now()) and (g.valid_until is null or g.valid_until > now())
      union
      select g.resource_id from authz.user_permissions g
      where g.organization_id = here and g.user_id = p_user and g.resource_id is not null and g.revoked_at is null
        and (g.valid_from is null or g.valid_from <= now()) and (g.valid_until is null or g.valid_until > now())
    ), below as (
      select r.id, r.entity_id from held h join authz.resources r on r.organization_id = here and r.id = h.id where r.is_active
      union
      select r.id, r.entity_id from below b join authz.resources r on r.organization_id = here and r.parent_resource_id = b.id where r.is_active
    )
    select case when e.entity_type = 'project' then e.id else e.project_id end
    from below b join platform.entities e on e.organization_id = here and e.id = b.entity_id;
end
$$;
comment on function authz.projects_held_in(uuid) is
  'The projects of the current organisation of which somebody holds a role or a permission for the project itself or for a record in it. '
  'No rows: nothing is held for single things. Says that a project is not hidden from them, not what they may do there.';
revoke execute on function authz.projects_held_in(uuid) from public;
grant execute on function authz.projects_held_in(uuid) to application_user, readonly_user, super_admin, throughline_statistics, throughline_search;
grant create on schema authz to throughline_auth;
alter function authz.projects_held_in(uuid) owner to throughline_auth;
revoke create on schema authz from throughline_auth;

alter policy project_access on work.projects
  using (platform.sees_all_projects()
         or visibility in ('internal', 'public')
         or owner_user_id = platform.current_user_id()
         or id in (select r.project_id from work.project_roles_of(platform.current_user_id()) r)
         or id in (select h.project_id from authz.projects_held_in(platform.current_user_id()) h));

-- Word of changes -----------------------------------------------------------------------------------------------------

create trigger announce after insert or update or delete on authz.resources
  for each statement execute function platform.announce_access_change();
create trigger announce after insert or update or delete on identity.team_members
  for each statement execute function platform.announce_access_change();
create trigger announce after update or delete on identity.teams
  for each statement execute function platform.announce_access_change();
