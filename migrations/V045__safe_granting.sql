-- Granting safely: who may give what is held in the database as well. What an approval gave is tied to it, system roles stay what they are,
-- an organisation keeps an owner for good, an emergency is one's own, and agents and services belong to a member.

-- What came of an approval --------------------------------------------------------------------------------------------

alter table authz.user_roles add column approval_request_id uuid;
alter table authz.user_permissions add column approval_request_id uuid;
-- squawk-ignore require-concurrent-index-creation -- up to a million assignments are read in a moment
create unique index if not exists user_roles_approval_request_id_key on authz.user_roles (organization_id, approval_request_id)
  where approval_request_id is not null;
-- squawk-ignore require-concurrent-index-creation -- up to a million grants are read in a moment
create unique index if not exists user_permissions_approval_request_id_key on authz.user_permissions (organization_id, approval_request_id)
  where approval_request_id is not null;
alter table authz.user_roles add constraint user_roles_approval_request_id_fkey
  foreign key (organization_id, approval_request_id) references authz.approval_requests on update cascade on delete restrict not valid;
alter table authz.user_permissions add constraint user_permissions_approval_request_id_fkey
  foreign key (organization_id, approval_request_id) references authz.approval_requests on update cascade on delete restrict not valid;
comment on column authz.user_roles.approval_request_id is 'The request whose approval gave it; each gives once. Null: it was assigned, or passed on.';
comment on column authz.user_permissions.approval_request_id is
  'The request whose approval gave it; each gives once. Null: somebody gave it who holds it, or it was taken in an emergency.';

-- What somebody holds at the very most --------------------------------------------------------------------------------

create function authz.could_hold(p_user uuid, p_type uuid, p_action text) returns boolean
  language sql stable
  as $$
    with recursive kinds as (
      select p_type as id
      union
      select t.parent_type_id from kinds k join authz.resource_types t on t.id = k.id where t.parent_type_id is not null
    ), held as (
      select g.role_id from authz.user_roles g
      where g.organization_id = platform.current_organization() and g.user_id = p_user and g.revoked_at is null
      union
      select m.role_id from work.project_roles_of(p_user) m
      union
      select r.id from authz.roles r
      where r.organization_id = platform.current_organization() and r.auto_assign_conditions is not null and r.deleted_at is null
      union
      select r.parent_role_id
      from held h join authz.roles r on r.organization_id = platform.current_organization() and r.id = h.role_id
      where r.parent_role_id is not null and r.deleted_at is null
    )
    select exists (
      select from authz.permissions p
      where p.organization_id = platform.current_organization() and p.action = p_action and p.deleted_at is null
        and p.resource_type_id in (select k.id from kinds k)
        and (exists (select from authz.role_permissions rp
                     where rp.organization_id = p.organization_id and rp.permission_id = p.id and rp.role_id in (select h.role_id from held h))
          or exists (select from authz.user_permissions u
                     where u.organization_id = p.organization_id and u.permission_id = p.id and u.user_id = p_user and u.revoked_at is null
                       and u.on_behalf_of_user_id is null and not u.is_emergency)))
  $$;
comment on function authz.could_hold(uuid, uuid, text) is
  'Whether a member holds an action on a kind of thing in any way: anywhere, at any time, under any condition. The program asks more exactly; '
  'what this denies nobody gives, whatever door they come by.';

create or replace function authz.guard_user_permission() returns trigger
  language plpgsql
  as $$
declare
  actor  uuid := platform.current_user_id();
  wanted record;
begin
  if tg_op = 'UPDATE' then
    if old.revoked_at is not null then
      raise exception 'A revoked permission stays as it is; give it anew instead.';
    end if;
    if (new.user_id, new.permission_id, new.granted_by, new.resource_id, new.on_behalf_of_user_id, new.is_emergency, new.approval_request_id)
       is distinct from (old.user_id, old.permission_id, old.granted_by, old.resource_id, old.on_behalf_of_user_id, old.is_emergency, old.approval_request_id) then
      raise exception 'Who holds which permission does not change; revoke it and give another.';
    end if;
    if old.is_emergency and (new.valid_until is null or new.valid_until > old.valid_until) then
      raise exception using errcode = 'TL409', message = 'What was taken in an emergency is not prolonged; take it again, and say why.';
    end if;
    if new.revoked_at is not null then
      new.revoked_by := coalesce(actor, new.revoked_by);
      return new;
    end if;
  else
    new.granted_by := coalesce(actor, new.granted_by);
    -- What has ended by itself does not stand in the way of giving it again.
    update authz.user_permissions u set revoked_at = u.valid_until, revocation_reason = 'It had ended.'
    where u.organization_id = new.organization_id and u.user_id = new.user_id and u.permission_id = new.permission_id
      and u.resource_id is not distinct from new.resource_id and u.on_behalf_of_user_id is not distinct from new.on_behalf_of_user_id
      and u.revoked_at is null and u.valid_until <= now();
  end if;
  -- The system itself may give anything, and a permission that is not there is refused by its reference.
  select p.resource_type_id, p.action, t.name as kind into wanted
  from authz.permissions p join authz.resource_types t on t.id = p.resource_type_id
  where p.organization_id = new.organization_id and p.id = new.permission_id;
  if actor is null or wanted.action is null then
    return new;
  end if;
  if new.is_emergency then
    if new.user_id <> actor or new.on_behalf_of_user_id is not null then
      raise exception using errcode = 'TL403', message = 'In an emergency everybody takes a permission for themselves.';
    end if;
    if wanted.kind in ('role', 'membership', 'user', 'api_token', 'session', 'organization', 'sso_provider', 'approval_workflow', 'audit_log') then
      raise exception using errcode = 'TL403',
        message = format('No emergency needs %s:%s: whoever could decide over access would not have to give it back.', wanted.kind, wanted.action);
    end if;
    if not authz.could_hold(actor, (select t.id from authz.resource_types t where t.name = 'role'), 'break_glass') then
      raise exception using errcode = 'TL403', message = 'Only who holds role:break_glass takes a permission in an emergency.';
    end if;
    return new;
  end if;
  if new.approval_request_id is not null then
    if not exists (
      select from authz.approval_requests r
      where r.organization_id = new.organization_id and r.id = new.approval_request_id and r.status = 'approved'
        and r.permission_id = new.permission_id and r.requested_for_user_id = new.user_id) then
      raise exception using errcode = 'TL409', message = 'No approval was given for this permission and this member.';
    end if;
    return new;
  end if;
  if not authz.could_hold(actor, wanted.resource_type_id, wanted.action) then
    raise exception using errcode = 'TL403',
      message = format('You may not give this: it allows %s:%s, which you do not hold yourself.', wanted.kind, wanted.action);
  end if;
  return new;
end
$$;
comment on function authz.guard_user_permission() is
  'Nobody gives what they hold in no way, but in an emergency or for an approval; the giver is who is asking, and what was revoked stays revoked.';

-- Assigning -----------------------------------------------------------------------------------------------------------

create function authz.guard_assignment() returns trigger
  language plpgsql
  as $$
declare
  actor uuid := platform.current_user_id();
  goal  authz.roles;
begin
  -- One at a time, so that the last that fits is seen by the next.
  select * into goal from authz.roles r where r.organization_id = new.organization_id and r.id = new.role_id for no key update;
  if goal.id is null then
    return new; -- the foreign key says so
  end if;
  -- What has ended by itself does not stand in the way of giving it again.
  update authz.user_roles g set revoked_at = g.valid_until, revocation_reason = 'It had ended.'
  where g.organization_id = new.organization_id and g.user_id = new.user_id and g.role_id = new.role_id
    and g.resource_scope_id is not distinct from new.resource_scope_id and g.revoked_at is null and g.valid_until <= now();
  if goal.deleted_at is not null or goal.valid_until <= now() then
    raise exception using errcode = 'TL409', message = format('The role %s is not in use any more; choose another.', goal.display_name);
  end if;
  if not goal.is_assignable then
    raise exception using errcode = 'TL409', message = format('The role %s is only there to be inherited from; choose one that has it as its parent.', goal.display_name);
  end if;
  if goal.max_assignments is not null and goal.max_assignments <= (
    select count(distinct g.user_id) from authz.user_roles g
    where g.organization_id = new.organization_id and g.role_id = new.role_id and g.user_id <> new.user_id and g.revoked_at is null
      and (g.valid_until is null or g.valid_until > now())) then
    raise exception using errcode = 'TL409',
      message = format('At most %s members hold the role %s at once; revoke it from somebody first.', goal.max_assignments, goal.display_name);
  end if;
  if new.approval_request_id is not null and not exists (
    select from authz.approval_requests r
    where r.organization_id = new.organization_id and r.id = new.approval_request_id and r.status = 'approved'
      and r.role_id = new.role_id and r.requested_for_user_id = new.user_id) then
    raise exception using errcode = 'TL409', message = 'No approval was given for this role and this member.';
  end if;
  if goal.template_code = 'owner' and actor is not null and not identity.is_owner(new.organization_id, actor) and exists (
    select from authz.user_roles g where g.organization_id = new.organization_id and g.role_id = new.role_id and g.revoked_at is null) then
    raise exception using errcode = 'TL403', message = 'Only an owner makes an owner; ask one of the owners.';
  end if;
  return new;
end
$$;
comment on function authz.guard_assignment() is
  'Lets a role be given when it is in use, may be given, is not held by too many, was approved where it names an approval, and is not the owner''s '
  'to give alone.';
create trigger guard_assignment before insert on authz.user_roles for each row execute function authz.guard_assignment();

-- Roles that the program knows ----------------------------------------------------------------------------------------

create function authz.leave_the_owner_role_to_owners(p_organization uuid, p_role uuid) returns void
  language plpgsql
  as $$
begin
  if platform.current_user_id() is not null and exists (
       select from authz.roles r where r.organization_id = p_organization and r.id = p_role and r.template_code = 'owner')
     and exists (select from authz.user_roles g where g.organization_id = p_organization and g.role_id = p_role and g.revoked_at is null)
     and not identity.is_owner(p_organization, platform.current_user_id()) then
    raise exception using errcode = 'TL403', message = 'What the owners'' role is and gives is for owners to change; ask one of them.';
  end if;
end
$$;
comment on function authz.leave_the_owner_role_to_owners(uuid, uuid) is
  'Refuses when somebody who is no owner changes the role of the owners, once there are any.';

create function authz.guard_role() returns trigger
  language plpgsql
  as $$
begin
  if old.is_system_role and (new.name, new.display_name, new.template_code, new.is_system_role, new.deleted_at)
     is distinct from (old.name, old.display_name, old.template_code, old.is_system_role, old.deleted_at) then
    raise exception using errcode = 'TL409', message =
      format('The role %s came with the program: it can be given more, and is neither renamed nor deleted. Make a role of your own instead.', old.display_name);
  end if;
  if old.template_code = 'owner' then
    if (new.valid_from, new.valid_until, new.auto_assign_conditions, new.is_assignable, new.max_assignments)
       is distinct from (old.valid_from, old.valid_until, old.auto_assign_conditions, old.is_assignable, old.max_assignments)
       or (old.parent_role_id is not null and new.parent_role_id is distinct from old.parent_role_id) then
      raise exception using errcode = 'TL409', message = 'The role of the owners is always there, for those who were made owners, and inherits what it inherits.';
    end if;
    if to_jsonb(new) - 'updated_at' - 'row_version' - 'role_level' is distinct from to_jsonb(old) - 'updated_at' - 'row_version' - 'role_level' then
      perform authz.leave_the_owner_role_to_owners(old.organization_id, old.id);
    end if;
  end if;
  return new;
end
$$;
comment on function authz.guard_role() is 'Keeps the roles that the program knows by name, and the role of the owners as it is.';
create trigger guard before update on authz.roles for each row execute function authz.guard_role();

create function authz.guard_permission() returns trigger
  language plpgsql
  as $$
begin
  if old.is_system_permission and (new.name, new.display_name, new.is_system_permission, new.deleted_at, new.scope)
     is distinct from (old.name, old.display_name, old.is_system_permission, old.deleted_at, old.scope) then
    raise exception using errcode = 'TL409', message =
      format('The permission %s came with the program and is neither renamed, narrowed in scope nor deleted. Make a permission of your own instead.', old.name);
  end if;
  if (new.resource_type_id, new.action) is distinct from (old.resource_type_id, old.action) then
    raise exception using errcode = 'TL409', message = 'What a permission allows does not change under those who hold it; make another.';
  end if;
  return new;
end
$$;
comment on function authz.guard_permission() is 'Keeps the permissions that the program knows by name, and what a permission allows.';
create trigger guard before update on authz.permissions for each row execute function authz.guard_permission();

create function authz.guard_role_permission() returns trigger
  language plpgsql
  as $$
begin
  if tg_op <> 'INSERT' then
    perform authz.leave_the_owner_role_to_owners(old.organization_id, old.role_id);
  end if;
  if tg_op = 'DELETE' then
    return old;
  end if;
  if tg_op = 'UPDATE' and (new.role_id, new.permission_id) is distinct from (old.role_id, old.permission_id) then
    raise exception using errcode = 'TL409', message = 'Which role gives which permission does not change; take it out and put another in.';
  end if;
  perform authz.leave_the_owner_role_to_owners(new.organization_id, new.role_id);
  if tg_op = 'INSERT' then
    new.granted_by := coalesce(platform.current_user_id(), new.granted_by);
  end if;
  return new;
end
$$;
comment on function authz.guard_role_permission() is 'Leaves the role of the owners to owners; who put a permission into a role is who is asking.';
create trigger guard before insert or update or delete on authz.role_permissions for each row execute function authz.guard_role_permission();

-- An owner for good ---------------------------------------------------------------------------------------------------

create or replace function identity.keep_an_owner() returns trigger
  language plpgsql
  as $$
begin
  if exists (
    select from authz.user_roles g
    join authz.roles r on r.organization_id = g.organization_id and r.id = g.role_id
    where g.organization_id = old.organization_id and g.user_id = old.user_id and r.template_code = 'owner')
  and not exists (
    select from authz.user_roles g
    join authz.roles r on r.organization_id = g.organization_id and r.id = g.role_id
    join identity.memberships m on m.organization_id = g.organization_id and m.user_id = g.user_id
    where g.organization_id = old.organization_id and r.template_code = 'owner' and r.deleted_at is null
      and g.revoked_at is null and g.valid_until is null and (g.valid_from is null or g.valid_from <= now())
      and g.context_conditions = '{}' and g.resource_scope_id is null
      and m.status = 'active' and m.deleted_at is null) then
    raise exception 'An organisation keeps at least one active owner without an end and without conditions; make somebody else an owner first.';
  end if;
  return null;
end
$$;
comment on function identity.keep_an_owner() is
  'Refuses a change after which the organisation of the row would have no active owner who stays one. Rows of people who were never owners pass.';

-- Approvals ------------------------------------------------------------------------------------------------------------

create or replace function authz.check_approval_workflow() returns trigger
  language plpgsql
  as $$
begin
  if not exists (
    select from authz.approval_workflows w
    where w.organization_id = new.organization_id and w.id = new.workflow_id and w.subject_kind = new.subject_kind
      and w.is_active and w.deleted_at is null
      and exists (select from authz.approval_workflow_steps s where s.organization_id = w.organization_id and s.workflow_id = w.id)) then
    raise exception 'The workflow must be in use, have a step and be for this kind of request.';
  end if;
  if new.subject_kind in ('permission_grant', 'role_assignment')
     and (new.payload - array['hours', 'resource'] <> '{}'
       or coalesce(new.payload ->> 'hours', '8') !~ '^[1-9][0-9]{0,2}$' or coalesce(new.payload ->> 'hours', '8')::int > 720
       or coalesce(new.payload ->> 'resource', gen_random_uuid()::text) !~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$') then
    raise exception 'What is asked for may be limited by `hours`, from 1 to 720, and by `resource`, the identifier of one of /v1/resources.';
  end if;
  if exists (
    select from authz.permissions p
    where p.organization_id = new.organization_id and p.id = new.permission_id and p.approval_workflow_id <> new.workflow_id) then
    raise exception 'This permission names the workflow by which it is approved; ask by that one.';
  end if;
  return null;
end
$$;

create function authz.is_overdue(p_requested_at timestamptz, p_now timestamptz default now()) returns boolean
  language sql immutable
  as $$ select p_requested_at + interval '14 days' <= p_now $$;
comment on function authz.is_overdue(timestamptz, timestamptz) is 'Whether a request has waited for so long that it is no longer decided: fourteen days.';

create function authz.refuse_overdue_decision() returns trigger
  language plpgsql
  as $$
begin
  if exists (select from authz.approval_requests r
             where r.organization_id = new.organization_id and r.id = new.request_id and r.status = 'pending' and authz.is_overdue(r.requested_at)) then
    raise exception using errcode = 'TL409', message = 'This request has waited for fourteen days and has expired; ask anew.';
  end if;
  return new;
end
$$;
comment on function authz.refuse_overdue_decision() is 'Nobody decides on a request that has waited for fourteen days.';
create trigger overdue before insert on authz.approval_decisions for each row execute function authz.refuse_overdue_decision();

create function authz.expire_approval_requests(p_now timestamptz default now()) returns bigint
  language plpgsql
  as $$
declare
  holder uuid;
  gone   bigint;
  total  bigint := 0;
begin
  for holder in select platform.all_organizations() loop
    perform set_config('app.current_organization_id', holder::text, true), set_config('app.project_access', 'all', true);
    with expired as (
      update authz.approval_requests r set status = 'expired', decided_at = p_now
      where r.organization_id = holder and r.status = 'pending' and authz.is_overdue(r.requested_at, p_now)
      returning r.id, r.project_id)
    insert into audit.audit_logs (event_type, event_category, resource_type, resource_id, project_id, old_values, new_values, changed_fields, occurred_at)
    select 'approval_request.expired', 'data_change', 'approval_request', e.id::text, e.project_id, '{"status": "pending"}', '{"status": "expired"}',
           '{status}', p_now
    from expired e;
    get diagnostics gone = row_count;
    total := total + gone;
  end loop;
  perform set_config('app.current_organization_id', '', true), set_config('app.project_access', '', true);
  return total;
end
$$;
comment on function authz.expire_approval_requests(timestamptz) is
  'Ends the requests that have waited for fourteen days, organisation by organisation, each with its row in the audit trail. Answers how many.';
revoke execute on function authz.expire_approval_requests(timestamptz) from public;

create or replace function platform.maintain_database(p_now timestamptz default now())
  returns table (step text, target text, amount bigint, note text)
  language plpgsql
  as $$
#variable_conflict use_column
declare
  policy security.retention_policies;
  goal   regclass;
  part   record;
  view   record;
  said   text;
  ours   constant text[] := array['platform', 'identity', 'authz', 'work', 'quality', 'delivery', 'documents', 'llm', 'analytics', 'security', 'audit', 'reference'];
begin
  if not pg_try_advisory_xact_lock(hashtextextended('throughline maintain', 0)) then
    return query select 'lock', current_database()::text, 0::bigint, 'another maintenance runs; nothing was done';
    return;
  end if;
  perform set_config('lock_timeout', '5s', true);

  for view in
    select m.schemaname, m.matviewname, m.ispopulated and exists (
             select from pg_index x where x.indrelid = format('%I.%I', m.schemaname, m.matviewname)::regclass and x.indisunique and x.indpred is null) as smoothly
    from pg_matviews m where m.schemaname = any (ours) and pg_has_role(m.matviewowner, 'usage') order by 1, 2
  loop
    begin
      execute format('refresh materialized view %s %I.%I', case when view.smoothly then 'concurrently' else '' end, view.schemaname, view.matviewname);
      return query select 'refresh', view.schemaname || '.' || view.matviewname, 1::bigint, 'refreshed';
    exception when lock_not_available then
      return query select 'refresh', view.schemaname || '.' || view.matviewname, 0::bigint, 'left for the next time: somebody holds it';
    end;
  end loop;

  return query select 'premake', 'partitions', platform.premake_partitions((select max(p.premake) from security.retention_policies p where p.is_active))::bigint,
                      'partitions made for the coming months';

  return query select 'expire', 'authz.approval_requests', authz.expire_approval_requests(p_now), 'requests that nobody decided in fourteen days';

  for policy in
    select p.* from security.retention_policies p
    where p.is_active and p.retention_period is not null and p.expiry_column is not null and p.disposal <> 'archive'
      and to_regclass(format('%I.%I', p.table_schema, p.table_name)) is not null
    order by p.table_schema, p.table_name
  loop
    return query select 'expire', policy.table_schema || '.' || policy.table_name, platform.retire_rows(policy, p_now), 'rows removed';
  end loop;

  for policy in
    select p.* from security.retention_policies p
    where p.is_active and p.retention_period is not null and p.partition_interval is not null and p.disposal in ('drop', 'archive')
      and to_regclass(format('%I.%I', p.table_schema, p.table_name)) is not null
    order by p.table_schema, p.table_name
  loop
    goal := format('%I.%I', policy.table_schema, policy.table_name)::regclass;
    for part in
      select i.inhrelid::regclass as child, i.inhrelid::regclass::text as called
      from pg_inherits i cross join lateral platform.partition_bounds(i.inhrelid::regclass) b
      where i.inhparent = goal and not b.is_default and b.from_id is not null and platform.uuid_v7_time(b.until_id) + policy.retention_period <= p_now
      order by b.until_id
    loop
      begin
        call platform.retire_partition(goal, part.child, policy.disposal, p_now, said);
        return query select policy.disposal, part.called, (said not like 'kept%')::int::bigint, said;
      exception when lock_not_available or foreign_key_violation or restrict_violation then
        return query select policy.disposal, part.called, 0::bigint, 'left for the next time: ' || sqlerrm;
      end;
    end loop;
  end loop;

  -- Heads follow once nothing in the tables refers to them any more.
  for policy in
    select p.* from security.retention_policies p
    where p.is_active and p.retention_period is not null and p.expiry_column is not null and p.disposal = 'archive'
      and to_regclass(format('%I.%I', p.table_schema, p.table_name)) is not null
    order by p.table_schema, p.table_name
  loop
    return query select 'expire', policy.table_schema || '.' || policy.table_name, platform.retire_rows(policy, p_now), 'rows archived';
  end loop;

  -- Nobody else keeps statistics of the partitioned tables themselves: autovacuum looks at their partitions only.
  for part in
    select c.oid::regclass as child, c.oid::regclass::text as called from pg_partitioned_table p join pg_class c on c.oid = p.partrelid
    join pg_namespace n on n.oid = c.relnamespace where n.nspname = any (ours) order by 2
  loop
    execute format('analyze %s', part.child);
  end loop;
  return query select 'analyze', 'partitioned tables', (select count(*) from pg_partitioned_table p join pg_class c on c.oid = p.partrelid
    join pg_namespace n on n.oid = c.relnamespace where n.nspname = any (ours)), 'statistics renewed';
end
$$;

-- Things that rights are limited to ------------------------------------------------------------------------------------

create function authz.guard_resource() returns trigger
  language plpgsql
  as $$
begin
  if tg_op = 'UPDATE' and (new.resource_type_id, new.entity_id, new.external_id) is distinct from (old.resource_type_id, old.entity_id, old.external_id) then
    raise exception using errcode = 'TL409', message = 'What a thing stands for does not change under the rights limited to it; describe another.';
  end if;
  -- A foreign key asks no row security, and would say that a record of a hidden project is there.
  if tg_op = 'INSERT' and new.entity_id is not null
     and not exists (select from platform.entities e where e.organization_id = new.organization_id and e.id = new.entity_id) then
    raise exception using errcode = 'foreign_key_violation', schema = tg_table_schema, table = tg_table_name, column = 'entity_id',
      constraint = 'resources_entity_id_fkey', message = 'entity_id names no record that is here';
  end if;
  return new;
end
$$;
comment on function authz.guard_resource() is 'A thing keeps standing for what it stands for, and stands for nothing that its maker does not see.';
create trigger guard before insert or update on authz.resources for each row execute function authz.guard_resource();

-- Agents and services belong to somebody -------------------------------------------------------------------------------

create function identity.require_an_owner_of_machines() returns trigger
  language plpgsql
  as $$
begin
  if new.status = 'active' and exists (
       select from identity.users u
       where u.id = new.user_id and u.kind <> 'person' and not exists (
         select from identity.memberships m join identity.users o on o.id = m.user_id
         where m.organization_id = new.organization_id and m.user_id = u.owner_user_id and m.status = 'active' and m.deleted_at is null
           and o.kind = 'person')) then
    raise exception using errcode = 'TL409', message = 'An agent or a service belongs to a person who is an active member here; name one as its owner first.';
  end if;
  return null;
end
$$;
comment on function identity.require_an_owner_of_machines() is
  'Nothing without a face is an active member unless a person who is one answers for it. When that person leaves, it keeps its membership and holds nothing.';
create trigger require_an_owner_of_machines after insert or update of status on identity.memberships
  for each row execute function identity.require_an_owner_of_machines();

-- What the starting roles gain ----------------------------------------------------------------------------------------

insert into authz.resource_type_actions (resource_type_id, action, description)
select t.id, 'delegate', 'Pass on a role that one holds, as far as it may be passed on.' from authz.resource_types t where t.name = 'role';
insert into authz.resource_type_actions (resource_type_id, action, description)
select t.id, 'break_glass', 'Take a permission that one does not hold, for an emergency of at most four hours.' from authz.resource_types t where t.name = 'role';
insert into authz.role_grants_template (role_code, resource_type, actions) values ('viewer', 'role', '{delegate}');
-- Administrators only: they answer for the organisation already, and an alarm that everybody can set off is soon heard by nobody.
update authz.role_grants_template set actions = actions || '{break_glass}' where role_code = 'admin' and resource_type = 'role';
