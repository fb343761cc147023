update authz.role_grants_template set actions = array_remove(actions, 'break_glass') where role_code = 'admin' and resource_type = 'role';
delete from authz.role_grants_template where role_code = 'viewer' and resource_type = 'role';
-- Whoever undoes a step belongs to no organisation, and the rows of all of them have to go; nobody reads meanwhile.
alter table authz.permissions no force row level security;
alter table authz.role_permissions no force row level security;
alter table authz.user_permissions no force row level security;
delete from authz.role_permissions h using authz.permissions p join authz.resource_types t on t.id = p.resource_type_id
where h.organization_id = p.organization_id and h.permission_id = p.id and (t.name, p.action) in (('role', 'delegate'), ('role', 'break_glass'));
delete from authz.user_permissions h using authz.permissions p join authz.resource_types t on t.id = p.resource_type_id
where h.organization_id = p.organization_id and h.permission_id = p.id and (t.name, p.action) in (('role', 'delegate'), ('role', 'break_glass'));
delete from authz.permissions p using authz.resource_types t
where t.id = p.resource_type_id and (t.name, p.action) in (('role', 'delegate'), ('role', 'break_glass'));
alter table authz.user_permissions force row level security;
alter table authz.role_permissions force row level security;
alter table authz.permissions force row level security;
delete from authz.resource_type_actions a using authz.resource_types t
where t.id = a.resource_type_id and (t.name, a.action) in (('role', 'delegate'), ('role', 'break_glass'));

drop trigger require_an_owner_of_machines on identity.memberships;
drop function identity.require_an_owner_of_machines();
drop trigger guard on authz.resources;
drop function authz.guard_resource();

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

drop function authz.expire_approval_requests(timestamptz);
drop trigger overdue on authz.approval_decisions;
drop function authz.refuse_overdue_decision();
drop function authz.is_overdue(timestamptz, timestamptz);

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
  return null;
end
$$;

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
      and g.revoked_at is null and (g.valid_until is null or g.valid_until > now())
      and m.status = 'active' and m.deleted_at is null) then
    raise exception 'An organisation keeps at least one active owner; make somebody else an owner first.';
  end if;
  return null;
end
$$;
comment on function identity.keep_an_owner() is
  'Refuses a change after which the organisation of the row would have no active owner. Rows of people who were never owners pass.';


drop trigger guard on authz.role_permissions;
drop function authz.guard_role_permission();
drop trigger guard on authz.permissions;
drop function authz.guard_permission();
drop trigger guard on authz.roles;
drop function authz.guard_role();
drop function authz.leave_the_owner_role_to_owners(uuid, uuid);
drop trigger guard_assignment on authz.user_roles;
drop function authz.guard_assignment();

create or replace function authz.guard_user_permission() returns trigger
  language plpgsql
  as $$
declare
  actor uuid := platform.current_user_id();
begin
  if tg_op = 'UPDATE' then
    if old.revoked_at is not null then
      raise exception 'A revoked permission stays as it is; give it anew instead.';
    end if;
    if (new.user_id, new.permission_id, new.granted_by) is distinct from (old.user_id, old.permission_id, old.granted_by) then
      raise exception 'Who holds which permission does not change; revoke it and give another.';
    end if;
    if new.revoked_at is not null then
      new.revoked_by := coalesce(actor, new.revoked_by);
      return new;
    end if;
  elsif actor is not null then
    new.granted_by := actor;
  end if;
  -- Whoever gives something has it, in the whole organisation. The system itself may give anything, and a permission that is not there is
  -- refused by its reference.
  if actor is not null
  and exists (select from authz.permissions p where p.organization_id = new.organization_id and p.id = new.permission_id)
  and not exists (
    select from authz.grants_of(actor) g
    join authz.resource_types t on t.name = g.resource_type
    join authz.permissions p on p.resource_type_id = t.id and p.action = g.action
    where g.project_id is null and p.organization_id = new.organization_id and p.id = new.permission_id) then
    raise exception 'Nobody gives a permission that they do not hold themselves in the whole organisation.';
  end if;
  return new;
end
$$;
comment on function authz.guard_user_permission() is
  'Nobody gives more than they hold, the giver is who is asking, and what was revoked stays revoked.';

drop function authz.could_hold(uuid, uuid, text);
alter table authz.user_permissions drop column approval_request_id;
alter table authz.user_roles drop column approval_request_id;
