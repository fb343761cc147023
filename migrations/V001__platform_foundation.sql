-- What every other step stands on: database roles, identifiers that carry their time, the settings that say who is asking,
-- and one procedure that gives a new table its row security, rights, triggers and facts, so that none can be forgotten.

create schema if not exists platform;
comment on schema platform is
  'The floor under every domain: identifiers, tenancy, the registry of records, imports, the outbox, the record of migrations.';

-- Roles belong to the whole cluster, so they may already be there, and another database may use them too.
do $roles$
declare
  wanted     record;
  may_become boolean;
begin
  for wanted in
    select * from (values
      ('application_user', 'login noinherit'),
      ('readonly_user',    'login noinherit'),
      ('super_admin',      'nologin bypassrls'),
      ('throughline_auth', 'nologin')) as r (name, attributes)
  loop
    if not exists (select from pg_roles where rolname = wanted.name) then
      begin
        execute format('create role %I %s', wanted.name, wanted.attributes);
      exception
        when duplicate_object or unique_violation then
          null; -- another database of this cluster was migrated at the same moment
        when insufficient_privilege then
          if wanted.attributes not like '%bypassrls%' then
            raise exception 'the role % does not exist and % may not create it: create it first, or migrate as a role with CREATEROLE',
              wanted.name, current_user;
          end if;
          -- Only a superuser may hand out bypassrls; without it super_admin sees one organisation at a time.
          execute format('create role %I nologin', wanted.name);
      end;
    end if;
  end loop;
  if exists (select from pg_roles where rolname in ('application_user', 'readonly_user', 'throughline_auth')
             and (rolsuper or rolbypassrls)) then
    raise exception 'application_user, readonly_user and throughline_auth must be neither superuser nor bypassrls: alter role … nosuperuser nobypassrls';
  end if;
  -- To hand functions to throughline_auth, the migrating role has to be able to become it. From version 16 on, having created a role is
  -- a membership that does not allow that yet.
  if current_setting('server_version_num')::int < 160000 then
    may_become := pg_has_role(current_user, 'throughline_auth', 'member');
  else
    may_become := pg_has_role(current_user, 'throughline_auth', 'set');
  end if;
  if not may_become then
    execute format('grant throughline_auth to %I', current_user);
  end if;
end
$roles$;

grant usage on schema platform to application_user, readonly_user, super_admin, throughline_auth;

-- Identifiers ---------------------------------------------------------------------------------------------------------

do $uuid$
begin
  if current_setting('server_version_num')::int >= 180000 then
    create function platform.uuid_v7() returns uuid language sql volatile parallel safe
      as 'select uuidv7()';
  else
    -- RFC 9562: 48 bits of milliseconds, the version, 12 bits of the millisecond's fraction, the variant, 62 random bits.
    create function platform.uuid_v7() returns uuid language sql volatile parallel safe
      as $body$
        select encode(
                 substring(int8send(t.us / 1000) from 3)
                 || int2send((28672 + (t.us % 1000) * 4096 / 1000)::int2)
                 || substring(uuid_send(gen_random_uuid()) from 9), 'hex')::uuid
        from (select (extract(epoch from clock_timestamp()) * 1000000)::bigint as us) as t
      $body$;
  end if;
end
$uuid$;
comment on function platform.uuid_v7() is
  'A new identifier that sorts by the moment it was made. The application makes its own; this is the default for everybody else.';

create function platform.uuid_v7_floor(moment timestamptz) returns uuid
  language sql immutable strict parallel safe
  as $$
    select encode(substring(int8send(floor(extract(epoch from moment) * 1000)::bigint) from 3)
                  || '\x70008000000000000000'::bytea, 'hex')::uuid
  $$;
comment on function platform.uuid_v7_floor(timestamptz) is
  'The smallest identifier of that millisecond. Turns a filter on time into a range of identifiers, which prunes partitions.';

create function platform.uuid_v7_time(id uuid) returns timestamptz
  language sql immutable strict parallel safe
  as $$ select to_timestamp(('x' || left(replace(id::text, '-', ''), 12))::bit(48)::bigint / 1000.0) $$;
comment on function platform.uuid_v7_time(uuid) is
  'The moment an identifier was made, to the millisecond. Meaningless for identifiers that are not version 7.';

-- Who is asking -------------------------------------------------------------------------------------------------------
-- Settings end with their transaction (SET LOCAL) and are then the empty string, not null: hence nullif everywhere.

create function platform.current_organization() returns uuid
  language sql stable parallel safe
  as $$ select nullif(current_setting('app.current_organization_id', true), '')::uuid $$;
comment on function platform.current_organization() is
  'The organisation this transaction works for. Null: none was named, and row security shows nothing.';

create function platform.current_user_id() returns uuid
  language sql stable parallel safe
  as $$ select nullif(current_setting('app.current_user_id', true), '')::uuid $$;
comment on function platform.current_user_id() is
  'The person, agent or service that acts in this transaction. Null: the system itself.';

create function platform.sees_all_projects() returns boolean
  language sql stable parallel safe
  as $$ select coalesce(current_setting('app.project_access', true), '') = 'all' $$;
comment on function platform.sees_all_projects() is
  'True when the transaction may see every project of its organisation (app.project_access is all); otherwise membership and visibility decide.';

-- Row maintenance -----------------------------------------------------------------------------------------------------

create function platform.touch() returns trigger
  language plpgsql
  as $$
begin
  new.updated_at := now();
  if 'row_version' = any (tg_argv) then
    new.row_version := old.row_version + 1;
  end if;
  if 'updated_by' = any (tg_argv) then
    new.updated_by := coalesce(platform.current_user_id(), new.updated_by);
  end if;
  return new;
end
$$;
comment on function platform.touch() is
  'Stamps a changed row: time, version and author. Its arguments name the columns the table has beside updated_at. Tables with '
  'maintained statistics list the other columns in the trigger, so that counting a result does not change a record''s version.';

create function platform.forbid_cycle() returns trigger
  language plpgsql
  as $$
declare
  access   text := coalesce(current_setting('app.project_access', true), '');
  child    text := tg_argv[0];
  parent   text := tg_argv[1];
  tenant   text := tg_argv[2];
  row_data jsonb := to_jsonb(new);
  is_cycle boolean;
begin
  -- One writer at a time per organisation: two half-cycles committed side by side would otherwise close unseen.
  perform pg_advisory_xact_lock(hashtextextended(tg_relid::text || coalesce(row_data ->> tenant, ''), 0));
  -- The chain may run through projects the writer does not see; what is answered is only whether it closes.
  perform set_config('app.project_access', 'all', true);
  execute format(
    $q$
      with recursive ancestor as (
        select t.%2$I as id from %3$s t where t.%1$I::text = $2 and (%4$L = '' or to_jsonb(t) ->> %4$L = $3)
        union
        select t.%2$I from %3$s t join ancestor a on t.%1$I = a.id where (%4$L = '' or to_jsonb(t) ->> %4$L = $3)
      )
      select exists (select from ancestor where id::text = $1)
    $q$, child, parent, tg_relid::regclass, coalesce(tenant, ''))
    into is_cycle using row_data ->> child, row_data ->> parent, row_data ->> tenant;
  perform set_config('app.project_access', access, true);
  if is_cycle or row_data ->> child = row_data ->> parent then
    raise exception using
      errcode = 'check_violation', schema = tg_table_schema, table = tg_table_name, column = parent,
      constraint = tg_table_name || '_' || parent || '_cycle',
      message = format('%s would close a circle: choose one that does not lead back to this record', replace(regexp_replace(parent, '_(id|code)$', ''), '_', ' '));
  end if;
  return null;
end
$$;
comment on function platform.forbid_cycle() is
  'Refuses a parent that is already below the row. Arguments: the child column, the parent column, and the organisation column where there is one.';

-- Facts about tables --------------------------------------------------------------------------------------------------

create table platform.table_facts (
  table_schema         name not null,
  table_name           name not null,
  classification       text not null,
  retention            text not null,
  tenant_exempt_reason text,
  partition_interval   interval,
  statistics           name[] not null default '{}',
  primary key (table_schema, table_name),
  constraint table_facts_classification_check check (classification in ('public', 'internal', 'confidential', 'restricted')),
  constraint table_facts_retention_check check (retention <> '')
);
comment on table platform.table_facts is
  'One row for every table: how sensitive it is, how long its rows stay, and why it may belong to no organisation. Checks compare it with the schema.';
comment on column platform.table_facts.table_schema is 'The schema of the table described.';
comment on column platform.table_facts.table_name is 'The table described; partitions are covered by their table.';
comment on column platform.table_facts.classification is
  'public: may be shown to anybody; internal: to members; confidential: to members who need it; restricted: secrets and personal data.';
comment on column platform.table_facts.retention is 'How long rows stay and what ends them, in words.';
comment on column platform.table_facts.tenant_exempt_reason is 'Why the table has no organization_id. Null: it has one.';
comment on column platform.table_facts.partition_interval is
  'How much time one partition covers. Null: not partitioned by identifier.';
comment on column platform.table_facts.statistics is
  'Columns that only triggers and jobs write and that can be worked out again; changing them does not count as a change of the row.';
comment on constraint table_facts_retention_check on platform.table_facts is 'retention must say how long rows stay';

create function platform.has_column(p_table regclass, p_column name) returns boolean
  language sql stable
  as $$ select exists (select from pg_attribute where attrelid = p_table and attname = p_column and attnum > 0 and not attisdropped) $$;
comment on function platform.has_column(regclass, name) is 'Whether a table has that column. For migrations.';

create procedure platform.refer_to_members(p_table regclass, variadic p_columns name[])
  language plpgsql
  as $$
declare
  col name;
  bare name := (select relname from pg_class where oid = p_table);
begin
  foreach col in array p_columns loop
    execute format(
      'alter table %s add constraint %I foreign key (organization_id, %I) references identity.memberships (organization_id, user_id) '
      'on update cascade on delete restrict', p_table, bare || '_' || col || '_fkey', col);
    -- Partial: rows that name nobody cost nothing, and the foreign key's own look-up still finds the index.
    execute format('create index %I on %s (organization_id, %I) where %I is not null', bare || '_' || col || '_idx', p_table, col, col);
  end loop;
end
$$;
comment on procedure platform.refer_to_members(regclass, name[]) is
  'Makes the columns point to members of the same organisation, with an index behind each. For migrations.';

create procedure platform.limit_to_visible_projects(p_table regclass, p_roles text default 'public')
  language plpgsql
  as $$
begin
  execute format(
    'create policy project_access on %1$s as restrictive for all to %2$s '
    'using (%3$s (select platform.sees_all_projects()) or project_id in (select p.id from work.projects p)) '
    'with check (%3$s (select platform.sees_all_projects()) or project_id in (select p.id from work.projects p))',
    p_table, p_roles,
    case when (select attnotnull from pg_attribute where attrelid = p_table and attname = 'project_id') then '' else 'project_id is null or' end);
end
$$;
comment on procedure platform.limit_to_visible_projects(regclass, text) is
  'Hides rows of projects the asking member may not see. The list of visible projects is worked out once a statement. For migrations.';

create procedure platform.adopt_table(
  p_table          regclass,
  p_classification text,
  p_retention      text,
  p_rights         text   default 'select, insert, update',
  p_statistics     name[] default '{}',
  p_exempt_reason  text   default null,
  p_roles          text   default 'public')
  language plpgsql
  as $$
declare
  bare       name;
  home       name;
  is_tenant  boolean := platform.has_column(p_table, 'organization_id');
  people     name[];
  stamps     text[];
  watched    text;
  col        record;
begin
  select c.relname, n.nspname into bare, home from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.oid = p_table;
  if not is_tenant and p_exempt_reason is null then
    raise exception '%.% has no organization_id: add it, or say why the table belongs to no organisation', home, bare;
  end if;
  insert into platform.table_facts (table_schema, table_name, classification, retention, tenant_exempt_reason, statistics)
  values (home, bare, p_classification, p_retention, p_exempt_reason, p_statistics);

  if is_tenant then
    execute format('alter table %s enable row level security', p_table);
    execute format('alter table %s force row level security', p_table);
    execute format('create policy open on %s as permissive for all to %s using (true) with check (true)', p_table, p_roles);
    execute format(
      'create policy tenant_isolation on %s as restrictive for all to %s '
      'using (organization_id = nullif(current_setting(''app.current_organization_id'', true), '''')::uuid) '
      'with check (organization_id = nullif(current_setting(''app.current_organization_id'', true), '''')::uuid)', p_table, p_roles);
    if platform.has_column(p_table, 'project_id') and to_regclass('work.projects') is not null
       and p_table is distinct from to_regclass('work.project_members') then
      call platform.limit_to_visible_projects(p_table);
    end if;
    select array_agg(attname order by attnum) into people from pg_attribute
    where attrelid = p_table and attname in ('created_by', 'updated_by', 'deleted_by') and not attisdropped
      and to_regclass('identity.memberships') is not null;
    if people is not null then
      call platform.refer_to_members(p_table, variadic people);
    end if;
  end if;

  execute format('grant %s on %s to application_user', p_rights, p_table);
  execute format('grant select, insert, update, delete on %s to super_admin', p_table);
  if p_classification <> 'restricted' then
    execute format('grant select on %s to readonly_user', p_table);
  end if;

  if platform.has_column(p_table, 'updated_at') then
    select array_agg(format('%L', attname) order by attname) into stamps from pg_attribute
    where attrelid = p_table and attname in ('row_version', 'updated_by') and not attisdropped;
    if p_statistics <> '{}' then
      select 'of ' || string_agg(quote_ident(attname), ', ' order by attnum) into watched from pg_attribute
      where attrelid = p_table and attnum > 0 and not attisdropped and attgenerated = ''
        and attname <> all (p_statistics) and attname not in ('updated_at', 'row_version', 'updated_by');
    end if;
    execute format('create trigger touch before update %s on %s for each row execute function platform.touch(%s)',
                   coalesce(watched, ''), p_table, coalesce(array_to_string(stamps, ', '), ''));
  end if;

  for col in
    select a.attname, w.about
    from pg_attribute a
    join (values
      ('organization_id', 'The organisation that owns the row; row security compares it with the transaction''s organisation.'),
      ('id',              'Version 7 UUID: sorts by the moment it was made. Made by the application; the default serves everybody else.'),
      ('project_id',      'The project the row belongs to, the same as its parent''s; who may see the project may see the row.'),
      ('created_at',      'When the row was stored.'),
      ('updated_at',      'When anything but a maintained statistic last changed; the time of storing for a row that never changed.'),
      ('created_by',      'The member who stored the row. Null: the system did.'),
      ('updated_by',      'The member behind the last change. Null: never changed, or changed by the system.'),
      ('row_version',     'Counts the changes from 1. A writer says which version was read; a different one means somebody was faster.'),
      ('deleted_at',      'When the row was put in the bin. Null: it is live.'),
      ('deleted_by',      'The member who put the row in the bin. Null while the row is live, or when the system did it.'),
      ('search_vector',   'Words for full-text search, weighted A to C; written by a trigger.')) as w (column_name, about)
      on w.column_name = a.attname
    where a.attrelid = p_table and not a.attisdropped and col_description(p_table, a.attnum) is null
  loop
    execute format('comment on column %s.%I is %L', p_table, col.attname, col.about);
  end loop;
end
$$;
comment on procedure platform.adopt_table(regclass, text, text, text, name[], text, text) is
  'Gives a new table everything a table of ours must have: forced row security, rights, change stamps, references to members, comments on '
  'standard columns, classification and retention. A table with maintained statistics names them: they do not count as a change. For migrations.';

call platform.adopt_table('platform.table_facts', 'internal', 'as long as the table exists', 'select',
  p_exempt_reason => 'describes the schema, which all organisations share');

-- Partitions by identifier --------------------------------------------------------------------------------------------

create procedure platform.make_partition(p_table regclass, p_suffix text, p_from timestamptz, p_until timestamptz)
  language plpgsql
  as $$
declare
  bare name;
  home name;
begin
  select c.relname, n.nspname into bare, home from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.oid = p_table;
  if to_regclass(format('%I.%I', home, bare || '_' || p_suffix)) is not null then
    return;
  end if;
  execute format('create table %I.%I partition of %s %s', home, bare || '_' || p_suffix, p_table,
    case
      when p_until is null then 'default'
      when p_from is null then format('for values from (minvalue) to (%L)', platform.uuid_v7_floor(p_until))
      else format('for values from (%L) to (%L)', platform.uuid_v7_floor(p_from), platform.uuid_v7_floor(p_until))
    end);
  -- Partitions are reached through their table only: row security without a policy shows nothing to anybody else.
  execute format('alter table %I.%I enable row level security', home, bare || '_' || p_suffix);
  execute format('alter table %I.%I force row level security', home, bare || '_' || p_suffix);
end
$$;
comment on procedure platform.make_partition(regclass, text, timestamptz, timestamptz) is
  'One partition for identifiers made from p_from up to, but not including, p_until. Null from: everything before; null until: the default partition.';

create function platform.partition_suffix(p_start timestamptz, p_interval interval) returns text
  language sql stable
  as $$ select to_char(p_start at time zone 'UTC', case when p_interval = interval '3 months' then 'YYYY"q"Q' else 'YYYY"m"MM' end) $$;
comment on function platform.partition_suffix(timestamptz, interval) is 'How a partition is named: 2026q4 for a quarter, 2026m11 for a month.';

create procedure platform.start_partitions(p_table regclass, p_interval interval, p_behind int)
  language plpgsql
  as $$
declare
  unit    text := case when p_interval = interval '3 months' then 'quarter' else 'month' end;
  current timestamptz := date_trunc(unit, now(), 'UTC');
begin
  update platform.table_facts f set partition_interval = p_interval
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.oid = p_table and f.table_schema = n.nspname and f.table_name = c.relname;
  call platform.make_partition(p_table, 'before', null, (current at time zone 'UTC' - p_behind * p_interval) at time zone 'UTC');
  for step in reverse p_behind .. 1 loop
    call platform.make_partition(p_table,
      platform.partition_suffix((current at time zone 'UTC' - step * p_interval) at time zone 'UTC', p_interval),
      (current at time zone 'UTC' - step * p_interval) at time zone 'UTC',
      (current at time zone 'UTC' - (step - 1) * p_interval) at time zone 'UTC');
  end loop;
  call platform.make_partition(p_table, 'default', null, null);
  perform platform.premake_partitions();
end
$$;
comment on procedure platform.start_partitions(regclass, interval, int) is
  'First partitions of a new table: one for everything older than p_behind intervals, those intervals, the coming ones, and a default that must stay empty.';

create function platform.premake_partitions(ahead int default 3) returns int
  language plpgsql
  as $$
declare
  plan    record;
  start   timestamp;
  made    int := 0;
begin
  for plan in
    select c.oid::regclass as target, f.partition_interval as every, f.table_schema as home, f.table_name as bare
    from platform.table_facts f
    join pg_namespace n on n.nspname = f.table_schema
    join pg_class c on c.relnamespace = n.oid and c.relname = f.table_name and c.relkind = 'p'
    where f.partition_interval is not null
    order by 3, 4
  loop
    start := date_trunc(case when plan.every = interval '3 months' then 'quarter' else 'month' end, now() at time zone 'UTC');
    for step in 0 .. ahead loop
      if to_regclass(format('%I.%I', plan.home, plan.bare || '_'
           || platform.partition_suffix((start + step * plan.every) at time zone 'UTC', plan.every))) is null then
        call platform.make_partition(plan.target,
          platform.partition_suffix((start + step * plan.every) at time zone 'UTC', plan.every),
          (start + step * plan.every) at time zone 'UTC', (start + (step + 1) * plan.every) at time zone 'UTC');
        made := made + 1;
      end if;
    end loop;
  end loop;
  return made;
end
$$;
comment on function platform.premake_partitions(int) is
  'Makes the partitions of this interval and the given number of coming ones, for every table partitioned by identifier. '
  'Answers how many were made; run daily by the owner, harmless to repeat.';

revoke execute on function platform.premake_partitions(int), platform.has_column(regclass, name) from public;
revoke execute on procedure platform.adopt_table(regclass, text, text, text, name[], text, text), platform.refer_to_members(regclass, name[]),
  platform.limit_to_visible_projects(regclass, text), platform.make_partition(regclass, text, timestamptz, timestamptz),
  platform.start_partitions(regclass, interval, int) from public;

-- The migrator's own record -------------------------------------------------------------------------------------------
-- The migrator makes this table before the first step, so this step only opens it for reading.

grant select on platform.schema_migrations to application_user, readonly_user, super_admin;
insert into platform.table_facts (table_schema, table_name, classification, retention, tenant_exempt_reason)
values ('platform', 'schema_migrations', 'internal', 'for ever: it is the history of the schema', 'describes the schema, which all organisations share');
