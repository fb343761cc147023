-- How long rows stay, who takes them away, and partitions for the past, which an import needs and only the owner of a table can make.

-- The role that owns the tables partitioned by identifier, so that one narrow function may add a partition to them. It can do nothing else:
-- nobody signs in as it, and the application is no member of it.
do $role$
declare
  may_become boolean;
begin
  if not exists (select from pg_roles where rolname = 'throughline_partitions') then
    begin
      create role throughline_partitions nologin;
    exception
      when duplicate_object or unique_violation then
        null; -- another database of this cluster was migrated at the same moment
      when insufficient_privilege then
        raise exception 'the role throughline_partitions does not exist and % may not create it: create it first, or migrate as a role with CREATEROLE',
          current_user;
    end;
  end if;
  if exists (select from pg_roles where rolname = 'throughline_partitions' and (rolsuper or rolbypassrls)) then
    raise exception 'throughline_partitions must be neither superuser nor bypassrls: alter role throughline_partitions nosuperuser nobypassrls';
  end if;
  if current_setting('server_version_num')::int < 160000 then
    may_become := pg_has_role(current_user, 'throughline_partitions', 'member');
  else
    may_become := pg_has_role(current_user, 'throughline_partitions', 'set') and pg_has_role(current_user, 'throughline_partitions', 'usage');
  end if;
  if not may_become then
    execute format('grant throughline_partitions to %I', current_user);
  end if;
end
$role$;

create schema archive;
comment on schema archive is
  'Partitions that are past their retention but must be kept: taken out of their tables, out of reach of the application. platform.operation_runs says what lies here.';
grant usage on schema archive to super_admin;

create table security.retention_policies (
  id                 uuid not null default platform.uuid_v7(),
  table_schema       text not null,
  table_name         text not null,
  partition_interval interval,
  premake            int not null default 3,
  retention_period   interval,
  retention_days     int generated always as ((extract(epoch from retention_period) / 86400)::int) stored,
  expiry_column      text,
  disposal           text not null,
  basis              text not null,
  is_active          boolean not null default true,
  created_at         timestamptz not null default now(),
  updated_at         timestamptz not null default now(),
  primary key (id),
  constraint retention_policies_table_name_key unique (table_schema, table_name),
  constraint retention_policies_premake_check check (premake between 1 and 24),
  constraint retention_policies_retention_period_check check (retention_period >= interval '0'),
  constraint retention_policies_disposal_check check (disposal in ('drop', 'archive', 'delete', 'anonymise')),
  constraint retention_policies_rows_check check (disposal <> 'delete' or expiry_column is not null),
  constraint retention_policies_parts_check check (disposal <> 'drop' or partition_interval is not null),
  constraint retention_policies_basis_check check (char_length(basis) between 1 and 1000)
);
call platform.adopt_table('security.retention_policies', 'internal', 'as long as the table exists', 'select',
  p_exempt_reason => 'describes the schema, which all organisations share');
comment on table security.retention_policies is
  'How long rows of a table stay and what ends them. Read by platform.maintain_database(); changed by super_admin. A table without a row keeps everything.';
comment on column security.retention_policies.table_schema is 'The schema of the table.';
comment on column security.retention_policies.table_name is 'The table.';
comment on column security.retention_policies.partition_interval is
  'How much time a partition covers, as in platform.table_facts; whole partitions go. Null: single rows go.';
comment on column security.retention_policies.premake is 'How many coming partitions there must always be.';
comment on column security.retention_policies.retention_period is
  'How long after the end of a partition, or after the moment of a row, it stays. Null: it goes with something else, or is kept.';
comment on column security.retention_policies.retention_days is 'The same in days, for those who read it elsewhere.';
comment on column security.retention_policies.expiry_column is
  'The moment from which the period of a single row counts. Null: only whole partitions go.';
comment on column security.retention_policies.disposal is
  'drop: the partition goes; archive: it is moved to the schema archive; delete: single rows go; anonymise: done by the erasure of a person, not here.';
comment on column security.retention_policies.basis is 'Why so long and no longer.';
comment on column security.retention_policies.is_active is 'False: suspended, for instance while a court wants everything kept.';
comment on constraint retention_policies_premake_check on security.retention_policies is 'premake must be from 1 to 24';
comment on constraint retention_policies_retention_period_check on security.retention_policies is 'retention period must not be negative';
comment on constraint retention_policies_rows_check on security.retention_policies is 'a policy that deletes rows must name the column with their moment';
comment on constraint retention_policies_parts_check on security.retention_policies is 'a policy that drops partitions must be for a partitioned table';
comment on constraint retention_policies_basis_check on security.retention_policies is 'basis must be 1 to 1,000 characters long';

insert into security.retention_policies (table_schema, table_name, partition_interval, retention_period, expiry_column, disposal, basis)
select p.home, p.bare, f.partition_interval, p.keep, p.expiry, p.disposal, p.basis
from (values
  ('audit',     'audit_logs',              interval '2555 days', null,           'archive', 'Seven years of trail, as auditors ask for; each row may demand more.'),
  ('audit',     'change_tracking',         interval '2555 days', null,           'archive', 'Seven years, like the trail it belongs to.'),
  ('audit',     'change_sets',             interval '2555 days', 'created_at',   'archive', 'Seven years, and no sooner than the last change of the set is archived.'),
  ('audit',     'activity_logs',           interval '1 year',    null,           'drop',    'One year of feed; the trail keeps the facts.'),
  ('platform',  'outbox_events',           interval '30 days',   null,           'drop',    'Thirty days after the month in which everything was sent.'),
  ('platform',  'notifications',           interval '90 days',   'expires_at',   'drop',    'Ninety days after a notification has expired.'),
  ('platform',  'notification_deliveries', null::interval,       null,           'drop',    'Goes with the notifications of the same month.'),
  ('platform',  'metric_samples',          interval '13 months', null,           'drop',    'Thirteen months, to compare a month with that of last year.'),
  ('platform',  'jobs',                    interval '30 days',   'completed_at', 'delete',  'Thirty days after the end, to look into failures.'),
  ('platform',  'imports',                 interval '2 years',   'completed_at', 'delete',  'Two years, like the results that came with them.'),
  ('platform',  'idempotency_keys',        interval '0',         'expires_at',   'delete',  'Callers repeat a request within a day or not at all.'),
  ('identity',  'sessions',                interval '30 days',   'expires_at',   'delete',  'Thirty days after expiry, to look into incidents.'),
  ('identity',  'api_tokens',              interval '1 year',    'expires_at',   'delete',  'One year after expiry, to look into incidents.'),
  ('quality',   'test_results',            interval '2 years',   null,           'archive', 'Two years of single outcomes; their counts stay.'),
  ('analytics', 'api_usage_logs',          interval '13 months', null,           'drop',    'Thirteen months, to compare a month with that of last year.'),
  ('analytics', 'cost_allocations',        interval '10 years',  null,           'archive', 'Ten years, as books are kept.'),
  ('llm',       'messages',                null,                 null,           'archive', 'Stays as long as its conversation.'),
  ('security',  'security_events',         interval '2555 days', null,           'archive', 'Seven years, like the audit trail.')
) as p (home, bare, keep, expiry, disposal, basis)
join platform.table_facts f on f.table_schema = p.home and f.table_name = p.bare;

-- A table that is partitioned and that nobody has thought of here keeps everything until somebody has.
insert into security.retention_policies (table_schema, table_name, partition_interval, disposal, basis)
select f.table_schema, f.table_name, f.partition_interval, 'archive', 'Kept until somebody decides.'
from platform.table_facts f
where f.partition_interval is not null
on conflict (table_schema, table_name) do nothing;

-- Partitions ----------------------------------------------------------------------------------------------------------

create function platform.partition_bounds(p_partition regclass, out from_id uuid, out until_id uuid, out is_default boolean)
  language sql stable
  as $$
    select (substring(b.bound from 'FROM \(''([0-9a-f-]{36})''\)'))::uuid, (substring(b.bound from 'TO \(''([0-9a-f-]{36})''\)'))::uuid, b.bound = 'DEFAULT'
    from (select pg_get_expr(c.relpartbound, c.oid) as bound from pg_class c where c.oid = p_partition) b
  $$;
comment on function platform.partition_bounds(regclass) is
  'The identifiers a partition is for: from the first, up to but not including the second. Null from: everything before; both null: the default.';

create function platform.missing_partitions(p_table text, p_moments timestamptz[]) returns timestamptz[]
  language sql stable
  as $$
    select coalesce(array_agg(distinct s.start order by s.start), '{}')
    from platform.table_facts f
    cross join unnest(p_moments) as m (moment)
    cross join lateral (
      select date_trunc(case when f.partition_interval = interval '3 months' then 'quarter' else 'month' end, m.moment, 'UTC') as start) s
    where f.table_schema || '.' || f.table_name = p_table and f.partition_interval is not null
      and not exists (
        select from pg_inherits i cross join lateral platform.partition_bounds(i.inhrelid::regclass) b
        where i.inhparent = to_regclass(p_table) and not b.is_default
          and platform.uuid_v7_floor(m.moment) < b.until_id and (b.from_id is null or platform.uuid_v7_floor(m.moment) >= b.from_id))
  $$;
comment on function platform.missing_partitions(text, timestamptz[]) is
  'The beginnings of the intervals for which a table has no partition, though rows of these moments are about to be stored. Empty: all is there.';

create function platform.ensure_partition(p_table text, p_moment timestamptz) returns text
  language plpgsql security definer
  set search_path = pg_catalog, pg_temp
  as $$
declare
  plan  record;
  start timestamptz;
  made  name;
begin
  select f.table_schema as home, f.table_name as bare, f.partition_interval as every into plan
  from platform.table_facts f where f.table_schema || '.' || f.table_name = p_table and f.partition_interval is not null;
  if not found then
    raise exception '% is not partitioned by identifier', p_table using errcode = 'undefined_table';
  end if;
  if p_moment not between timestamptz '2000-01-01 00:00:00Z' and now() + interval '2 years' then
    raise exception 'there are partitions from the year 2000 to two years from now; % is outside', p_moment using errcode = 'datetime_field_overflow';
  end if;
  start := date_trunc(case when plan.every = interval '3 months' then 'quarter' else 'month' end, p_moment, 'UTC');
  made := plan.bare || '_' || platform.partition_suffix(start, plan.every);
  perform pg_advisory_xact_lock(hashtextextended('throughline partition ' || p_table, 0));
  if platform.missing_partitions(p_table, array[p_moment]) = '{}' then
    return null;
  end if;
  -- Writers of this table and of those it refers to wait for a moment; better that this gives up than that they wait for long.
  perform set_config('lock_timeout', '2s', true);
  call platform.make_partition(format('%I.%I', plan.home, plan.bare)::regclass, platform.partition_suffix(start, plan.every), start,
    (start at time zone 'UTC' + plan.every) at time zone 'UTC');
  return made;
end
$$;
comment on function platform.ensure_partition(text, timestamptz) is
  'Makes the partition a row of that moment belongs into and answers its name. Null: it was there. For importers of old history, in a transaction of its own.';

create procedure platform.hand_over_partitions(p_table regclass)
  language plpgsql
  as $$
declare
  home name := (select n.nspname from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.oid = p_table);
  part regclass;
begin
  execute format('grant usage, create on schema %I to throughline_partitions', home);
  execute format('alter table %s owner to throughline_partitions', p_table);
  for part in select inhrelid::regclass from pg_inherits where inhparent = p_table loop
    execute format('alter table %s owner to throughline_partitions', part);
  end loop;
  -- A partition for everything old would take what belongs into partitions of its own; one for what is before all history stays.
  for part in
    select i.inhrelid::regclass from pg_inherits i cross join lateral platform.partition_bounds(i.inhrelid::regclass) b
    where i.inhparent = p_table and b.from_id is null and b.until_id > platform.uuid_v7_floor('2000-01-01 00:00:00Z')
  loop
    if pg_relation_size(part) = 0 then
      -- Taken out first: as a part of the table it would be held by whatever refers to the table.
      execute format('alter table %s detach partition %s', p_table, part);
      execute format('drop table %s', part);
      call platform.make_partition(p_table, 'before', null, '2000-01-01 00:00:00Z');
    end if;
  end loop;
end
$$;
comment on procedure platform.hand_over_partitions(regclass) is
  'Gives a table that is partitioned by identifier to throughline_partitions, which can then add partitions for the past. For migrations, after platform.start_partitions.';

revoke execute on function platform.ensure_partition(text, timestamptz) from public;
revoke execute on procedure platform.hand_over_partitions(regclass) from public;
grant execute on function platform.ensure_partition(text, timestamptz) to application_user;
grant usage, create on schema platform to throughline_partitions;
grant select on platform.table_facts to throughline_partitions;
grant execute on procedure platform.make_partition(regclass, text, timestamptz, timestamptz) to throughline_partitions;
alter function platform.ensure_partition(text, timestamptz) owner to throughline_partitions;
do $$
declare
  target regclass;
begin
  for target in
    select format('%I.%I', f.table_schema, f.table_name)::regclass from platform.table_facts f where f.partition_interval is not null
    order by f.table_schema, f.table_name
  loop
    call platform.hand_over_partitions(target);
  end loop;
end
$$;

-- Maintenance ---------------------------------------------------------------------------------------------------------

create function platform.all_organizations() returns setof uuid
  language sql stable security definer
  set search_path = pg_catalog, pg_temp
  as $$ select o.id from identity.organizations o order by o.id $$;
comment on function platform.all_organizations() is
  'Every organisation there is, for maintenance, which has to become each of them in turn. Not for the application.';
revoke execute on function platform.all_organizations() from public;
do $$
begin
  execute format('grant execute on function platform.all_organizations() to %I', current_user);
end
$$;
grant create on schema platform to throughline_auth;
alter function platform.all_organizations() owner to throughline_auth;
revoke create on schema platform from throughline_auth;

create function platform.still_needed(p_table text) returns text
  language sql immutable
  as $$
    select case p_table
      when 'audit.audit_logs' then 't.occurred_at + make_interval(days => t.retention_period_days) > $1'
      when 'audit.change_sets' then
        'exists (select from audit.change_tracking c where c.organization_id = t.organization_id and c.change_set_id = t.id)'
      when 'platform.outbox_events' then 't.published_at is null'
      when 'platform.notifications' then 't.expires_at + interval ''90 days'' > $1'
      else 'false'
    end
  $$;
comment on function platform.still_needed(text) is
  'The condition under which a row t must stay at the moment $1 although its time is over. A partition with such a row stays as a whole.';

create procedure platform.let_go_of(p_table regclass, p_partition regclass, p_from uuid, p_until uuid, inout p_cleared bigint)
  language plpgsql
  as $$
declare
  link     record;
  part     regclass;
  holder   uuid;
  touched  bigint;
begin
  for link in
    select k.conname, k.conrelid::regclass as source, k.confdeltype as action, c.relkind,
           (select s.attname from unnest(k.conkey, k.confkey) as u (mine, theirs)
              join pg_attribute s on s.attrelid = k.conrelid and s.attnum = u.mine
              join pg_attribute t on t.attrelid = k.confrelid and t.attnum = u.theirs
            where t.attname = 'id') as reference,
           array(select quote_ident(a.attname) || ' = null' from unnest(coalesce(k.confdelsetcols, k.conkey)) as s (n)
                   join pg_attribute a on a.attrelid = k.conrelid and a.attnum = s.n) as cleared
    from pg_constraint k join pg_class c on c.oid = k.conrelid
    where k.contype = 'f' and k.confrelid = p_table and k.conparentid = 0
  loop
    -- Rows that exist only with those of this partition lie in a partition of the same range: it goes first.
    if link.action = 'c' and link.relkind = 'p' then
      select i.inhrelid::regclass into part
      from pg_inherits i cross join lateral platform.partition_bounds(i.inhrelid::regclass) b
      where i.inhparent = link.source and b.from_id is not distinct from p_from and b.until_id = p_until;
      if found then
        execute format('alter table %s detach partition %s', link.source, part);
        execute format('drop table %s', part);
      end if;
    elsif link.action not in ('c', 'n') then
      raise exception '% refers to it and must not be cleared', link.source using errcode = 'foreign_key_violation';
    end if;
    for holder in execute format('select distinct organization_id from %s', p_partition) loop
      perform set_config('app.current_organization_id', holder::text, true), set_config('app.project_access', 'all', true);
      execute case when link.action = 'n' then format('update %s set %s', link.source, array_to_string(link.cleared, ', '))
                   else format('delete from %s', link.source) end
        || format(' where organization_id = $1 and %I < $3 and (%I >= $2 or $2 is null)', link.reference, link.reference)
        using holder, p_from, p_until;
      get diagnostics touched = row_count;
      p_cleared := p_cleared + touched;
    end loop;
  end loop;
  perform set_config('app.current_organization_id', '', true), set_config('app.project_access', '', true);
end
$$;
comment on procedure platform.let_go_of(regclass, regclass, uuid, uuid, bigint) is
  'Clears what refers to a partition, in the way its foreign keys say, so that the partition can be taken out. Counts the rows cleared.';

create procedure platform.retire_partition(p_table regclass, p_partition regclass, p_disposal text, p_now timestamptz, inout p_note text)
  language plpgsql
  as $$
declare
  bare    name;
  home    name;
  place   name;
  bounds  record;
  held    bigint;
  rows    bigint;
  cleared bigint := 0;
  bytes   bigint := pg_total_relation_size(p_partition);
  fkey    name;
begin
  select c.relname, n.nspname into bare, home from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.oid = p_partition;
  select * into bounds from platform.partition_bounds(p_partition);
  -- The owner has to see every organisation's rows to know that they may go; the partition is locked until the end.
  execute format('alter table %s no force row level security', p_partition);
  execute format('select count(*), count(*) filter (where %s) from %s t', platform.still_needed(p_table::text), p_partition)
    into rows, held using p_now;
  if held > 0 then
    execute format('alter table %s force row level security', p_partition);
    p_note := format('kept: %s of %s rows are still needed', held, rows);
    return;
  end if;
  call platform.let_go_of(p_table, p_partition, bounds.from_id, bounds.until_id, cleared);
  execute format('alter table %s detach partition %s', p_table, p_partition);
  if p_disposal = 'archive' then
    for fkey in select conname from pg_constraint where conrelid = p_partition and contype = 'f' loop
      execute format('alter table %s drop constraint %I', p_partition, fkey);
    end loop;
    place := left(home || '_' || bare, 63);
    execute format('alter table %s force row level security', p_partition);
    execute format('alter table %s rename to %I', p_partition, place);
    execute format('alter table %I.%I set schema archive', home, place);
    execute format('grant select on archive.%I to super_admin', place);
  else
    execute format('drop table %s', p_partition);
  end if;
  insert into platform.operation_runs (kind, target, status, started_at, finished_at, size_bytes, location_uri, details)
  values (case when p_disposal = 'archive' then 'archive' else 'partition_drop' end, home || '.' || bare, 'completed', now(), now(), bytes,
          case when p_disposal = 'archive' then 'table:archive.' || place end,
          jsonb_build_object('rows', rows, 'from', platform.uuid_v7_time(bounds.from_id), 'until', platform.uuid_v7_time(bounds.until_id),
                             'references_cleared', cleared));
  p_note := format('%s with %s rows', case when p_disposal = 'archive' then 'archived' else 'dropped' end, rows)
    || case when cleared > 0 then format(', %s references cleared', cleared) else '' end;
end
$$;
comment on procedure platform.retire_partition(regclass, regclass, text, timestamptz, text) is
  'Takes a partition out of its table: moves it to the schema archive or drops it, with a row in platform.operation_runs. Leaves it when a row must stay.';

create function platform.retire_rows(p_policy security.retention_policies, p_now timestamptz) returns bigint
  language plpgsql
  as $$
declare
  target regclass := format('%I.%I', p_policy.table_schema, p_policy.table_name)::regclass;
  due    text := format('t.organization_id = $2 and t.%I + $3 <= $1 and not (%s)', p_policy.expiry_column,
                        platform.still_needed(p_policy.table_schema || '.' || p_policy.table_name));
  place  text := format('archive.%I', p_policy.table_schema || '_' || p_policy.table_name);
  holder uuid;
  gone   bigint;
  total  bigint := 0;
begin
  if p_policy.disposal = 'archive' and to_regclass(place) is null then
    execute format('create table %s (like %s including defaults including comments)', place, target);
    execute format('alter table %s enable row level security', place);
    execute format('grant select on %s to super_admin', place);
  end if;
  for holder in select platform.all_organizations() loop
    perform set_config('app.current_organization_id', holder::text, true), set_config('app.project_access', 'all', true);
    if p_policy.disposal = 'archive' then
      execute format('with gone as (delete from %s t where %s returning t.*) insert into %s select * from gone', target, due, place)
        using p_now, holder, p_policy.retention_period;
    else
      execute format('delete from %s t where %s', target, due) using p_now, holder, p_policy.retention_period;
    end if;
    get diagnostics gone = row_count;
    total := total + gone;
  end loop;
  perform set_config('app.current_organization_id', '', true), set_config('app.project_access', '', true);
  return total;
end
$$;
comment on function platform.retire_rows(security.retention_policies, timestamptz) is
  'Removes the rows of a table whose time is over, organisation by organisation, because row security holds for the owner too. Answers how many.';

create function platform.maintain_database(p_now timestamptz default now())
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
comment on function platform.maintain_database(timestamptz) is
  'Refreshes views, makes coming partitions, and takes away what is past its retention at that moment. Run daily by the owner (throughline maintain), '
  'harmless to repeat; two at once: the second does nothing. VACUUM cannot run inside a function, so the caller does it afterwards.';
revoke execute on function platform.maintain_database(timestamptz), platform.retire_rows(security.retention_policies, timestamptz) from public;
revoke execute on procedure platform.retire_partition(regclass, regclass, text, timestamptz, text),
  platform.let_go_of(regclass, regclass, uuid, uuid, bigint) from public;

call platform.declare_resource_type('retention_policy', 'How long rows stay.', '{}', '{read}', '{create,update,delete,restore,export}');
