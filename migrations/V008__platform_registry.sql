-- One row for everything that can be linked, commented or found, and the human keys (REQ-42) that name records.
-- Registration is set-wise: storing 200,000 test cases registers them in one statement.

create table platform.entities (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  entity_type            text not null,
  project_id             uuid,
  title                  text not null,
  status                 text,
  owner_user_id          uuid,
  search_vector          tsvector,
  entity_version         bigint not null default 1,
  search_indexed_version bigint not null default 0,
  created_at             timestamptz not null default now(),
  updated_at             timestamptz not null default now(),
  deleted_at             timestamptz,
  primary key (organization_id, id),
  constraint entities_organization_id_fkey foreign key (organization_id) references identity.organizations on update cascade on delete restrict,
  constraint entities_project_id_key unique (organization_id, project_id, id),
  constraint entities_entity_type_check check (entity_type in ('project', 'requirement', 'feature', 'task', 'change_request', 'decision', 'sprint',
    'test_case', 'defect', 'document', 'prompt_template', 'conversation', 'report', 'compliance_assessment', 'vulnerability', 'service', 'build',
    'deployment', 'team', 'commit')),
  constraint entities_title_check check (char_length(title) <= 500),
  constraint entities_entity_version_check check (entity_version >= search_indexed_version)
);
create index entities_search_vector_idx on platform.entities using gin (search_vector) with (gin_pending_list_limit = 16384);
create index entities_entity_type_idx on platform.entities (organization_id, entity_type, id);

create table work.key_counters (
  organization_id uuid not null default platform.current_organization(),
  project_id      uuid not null,
  prefix          text not null,
  last_number     bigint not null,
  primary key (organization_id, project_id, prefix),
  constraint key_counters_project_id_fkey foreign key (organization_id, project_id) references work.projects
    on update cascade on delete cascade,
  constraint key_counters_prefix_check check (prefix ~ '^[A-Z]{2,10}$'),
  constraint key_counters_last_number_check check (last_number >= 0)
);

create table work.entity_keys (
  organization_id uuid not null default platform.current_organization(),
  project_id      uuid not null,
  key             text not null,
  entity_id       uuid not null,
  created_at      timestamptz not null default now(),
  primary key (organization_id, project_id, key),
  constraint entity_keys_project_id_fkey foreign key (organization_id, project_id) references work.projects
    on update cascade on delete cascade,
  constraint entity_keys_key_check check (key ~ '^[A-Z]{2,10}-[1-9][0-9]{0,14}$')
);
create index entity_keys_entity_id_idx on work.entity_keys (organization_id, entity_id);

call platform.adopt_table('platform.entities', 'confidential', 'as long as the record it stands for', 'select, insert, update, delete',
  p_statistics => array['search_vector', 'search_indexed_version']);
call platform.refer_to_members('platform.entities', 'owner_user_id');
call platform.adopt_table('work.key_counters', 'internal', 'while the project exists');
call platform.adopt_table('work.entity_keys', 'internal', 'while the project exists: a key is never given out twice', 'select, insert');
comment on table platform.entities is
  'One row for every record that can be linked, found, commented or tagged; its id is the record''s id. Written by triggers of the record''s table.';
comment on column platform.entities.entity_type is 'Which table the record is in.';
comment on column platform.entities.project_id is
  'The project of the record; a project has its own id here. Null: it belongs to the organisation as a whole.';
comment on column platform.entities.title is 'What the record is called, cut to 500 characters.';
comment on column platform.entities.status is 'The record''s own status. Null: it has none.';
comment on column platform.entities.owner_user_id is 'Who is responsible for the record. Null: nobody.';
comment on column platform.entities.search_vector is 'The record''s words; the only index full-text search reads.';
comment on column platform.entities.entity_version is 'Counts the changes that search has to know about.';
comment on column platform.entities.search_indexed_version is
  'The version an external search engine has. Smaller than entity_version: it is behind.';
comment on column platform.entities.deleted_at is 'When the record was put in the bin. Null: it is live.';
comment on constraint entities_entity_version_check on platform.entities is
  'the version in the search engine must not be ahead of the record';
comment on constraint entities_title_check on platform.entities is 'title must be at most 500 characters long';
comment on table work.key_counters is
  'The last number given out for each kind of key in a project. A row is locked while a transaction that took a number runs.';
comment on column work.key_counters.prefix is 'The kind of key: REQ, FEAT, TC, DEF, or BUILD for build numbers.';
comment on column work.key_counters.last_number is
  'The next one is one more. Numbers of transactions that failed are not given out again.';
comment on constraint key_counters_prefix_check on work.key_counters is 'prefix must be 2 to 10 capital letters';
comment on constraint key_counters_last_number_check on work.key_counters is 'last number must not be negative';
comment on table work.entity_keys is
  'Every human key ever given, also of records that were moved or are gone. So a key is never used twice and an old link still leads somewhere.';
comment on column work.entity_keys.key is 'Such as REQ-42; unique in its project for ever.';
comment on column work.entity_keys.entity_id is 'The record it was given to. No foreign key: the key outlives the record.';
comment on column work.entity_keys.created_at is 'When the key was given.';
comment on constraint entity_keys_key_check on work.entity_keys is
  'key must be capital letters, a hyphen and a number without leading zeros, such as REQ-42';

-- Keys ----------------------------------------------------------------------------------------------------------------

create function work.reserve_keys(p_project_id uuid, p_prefix text, p_count int) returns bigint
  language sql volatile
  as $$
    insert into work.key_counters (organization_id, project_id, prefix, last_number)
    values (platform.current_organization(), p_project_id, p_prefix, p_count)
    on conflict (organization_id, project_id, prefix) do update set last_number = key_counters.last_number + p_count
    returning last_number - p_count + 1
  $$;
comment on function work.reserve_keys(uuid, text, int) is
  'Sets a run of numbers aside and answers the first. Others who want a number of the same kind in the same project wait until this transaction ends.';

create function work.assign_key() returns trigger
  language plpgsql
  as $$
begin
  -- A project that is not there (or not visible) has no counter. Any key will do then: the record's own reference to the project, or its
  -- policy, refuses the row in its own name, which says more than a refusal by the counter.
  if exists (select from work.projects p where p.organization_id = new.organization_id and p.id = new.project_id) then
    new.key := tg_argv[0] || '-' || work.reserve_keys(new.project_id, tg_argv[0], 1);
  else
    new.key := tg_argv[0] || '-1';
  end if;
  return new;
end
$$;
comment on function work.assign_key() is 'Gives a record that comes without one the next key of its project. Argument: the prefix.';

create function work.assign_build_number() returns trigger
  language plpgsql
  as $$
begin
  -- As in work.assign_key: a project that is not there is refused by the build itself.
  if exists (select from work.projects p where p.organization_id = new.organization_id and p.id = new.project_id) then
    new.build_number := work.reserve_keys(new.project_id, 'BUILD', 1);
  else
    new.build_number := 1;
  end if;
  return new;
end
$$;
comment on function work.assign_build_number() is 'Gives a build that comes without one the next number of its project.';

-- Registration --------------------------------------------------------------------------------------------------------
-- Arguments of the three triggers: entity type, then expressions over the row n for title, status, owner, project, words, bin, and the key prefix.

create function platform.register_entities() returns trigger
  language plpgsql
  as $$
declare
  access text := coalesce(current_setting('app.project_access', true), '');
begin
  -- What was stored has passed row security already; asking again for every row would only cost time.
  perform set_config('app.project_access', 'all', true);
  execute format(
    'insert into platform.entities (organization_id, id, entity_type, project_id, title, status, owner_user_id, search_vector, created_at, updated_at, deleted_at) '
    'select n.organization_id, n.id, %L, %s, left(%s, 500), %s, %s, %s, n.created_at, n.created_at, %s from new_rows n',
    tg_argv[0], tg_argv[4], tg_argv[1], tg_argv[2], tg_argv[3], tg_argv[5], tg_argv[6]);
  if tg_argv[7] <> '' then
    insert into work.entity_keys (organization_id, project_id, key, entity_id)
    select n.organization_id, n.project_id, n.key, n.id from new_rows n;
    insert into work.key_counters as c (organization_id, project_id, prefix, last_number)
    select n.organization_id, n.project_id, tg_argv[7], max(substr(n.key, length(tg_argv[7]) + 2)::bigint)
    from new_rows n group by 1, 2
    on conflict (organization_id, project_id, prefix) do update set last_number = excluded.last_number
      where c.last_number < excluded.last_number;
  end if;
  perform set_config('app.project_access', access, true);
  return null;
end
$$;
comment on function platform.register_entities() is 'Enters what one statement stored in the registry and its keys in the list of keys ever given.';

create function platform.reregister_entity() returns trigger
  language plpgsql
  as $$
declare
  access text := coalesce(current_setting('app.project_access', true), '');
begin
  perform set_config('app.project_access', 'all', true);
  execute format(
    'update platform.entities e set project_id = %s, title = left(%s, 500), status = %s, owner_user_id = %s, search_vector = %s, deleted_at = %s, '
    'entity_version = e.entity_version + 1 from (select ($1).*) n where e.organization_id = n.organization_id and e.id = n.id',
    tg_argv[4], tg_argv[1], tg_argv[2], tg_argv[3], tg_argv[5], tg_argv[6]) using new;
  if tg_argv[7] <> '' then
    if (new.project_id, new.key) is distinct from (old.project_id, old.key) then
      insert into work.entity_keys (organization_id, project_id, key, entity_id)
      values (new.organization_id, new.project_id, new.key, new.id);
    end if;
  end if;
  perform set_config('app.project_access', access, true);
  return null;
end
$$;
comment on function platform.reregister_entity() is
  'Carries a changed title, status, owner, project or bin over to the registry. A moved or renamed record keeps its old keys beside the new one.';

create function platform.unregister_entities() returns trigger
  language plpgsql
  as $$
declare
  access text := coalesce(current_setting('app.project_access', true), '');
begin
  perform set_config('app.project_access', 'all', true);
  delete from platform.entities e using old_rows o where e.organization_id = o.organization_id and e.id = o.id;
  perform set_config('app.project_access', access, true);
  return null;
end
$$;
comment on function platform.unregister_entities() is 'Takes removed records out of the registry; their keys stay taken.';

create procedure platform.register_table(
  p_table regclass, p_type text, p_title text, p_watched name[], p_status text default 'null', p_owner text default 'null', p_prefix text default '')
  language plpgsql
  as $$
declare
  arguments text;
  changed   text;
  words     text := case when platform.has_column(p_table, 'search_vector') then 'n.search_vector'
                         else format('to_tsvector(''simple'', left(%s, 500))', p_title) end;
  project   text := case when p_type = 'project' then 'n.id' when platform.has_column(p_table, 'project_id') then 'n.project_id' else 'null' end;
  bin       text := case when platform.has_column(p_table, 'deleted_at') then 'n.deleted_at' else 'null' end;
begin
  arguments := format('%L, %L, %L, %L, %L, %L, %L, %L', p_type, p_title, p_status, p_owner, project, words, bin, p_prefix);
  select string_agg(format('old.%I is distinct from new.%I', w, w), ' or ') into changed from unnest(p_watched) w;
  execute format('create trigger register after insert on %s referencing new table as new_rows for each statement '
                 'execute function platform.register_entities(%s)', p_table, arguments);
  execute format('create trigger reregister after update on %s for each row when (%s) execute function platform.reregister_entity(%s)',
                 p_table, changed, arguments);
  execute format('create trigger unregister after delete on %s referencing old table as old_rows for each statement '
                 'execute function platform.unregister_entities()', p_table);
  if p_prefix <> '' then
    execute format('create trigger assign_key before insert on %s for each row when (new.key is null) execute function work.assign_key(%L)',
                   p_table, p_prefix);
  end if;
end
$$;
comment on procedure platform.register_table(regclass, text, text, name[], text, text, text) is
  'Has a table keep the registry true: every row stored, renamed, moved, put in the bin or removed. For migrations.';
revoke execute on procedure platform.register_table(regclass, text, text, name[], text, text, text) from public;

call platform.register_table('identity.teams', 'team', 'n.name', '{name,lead_user_id,deleted_at}', p_owner => 'n.lead_user_id');
call platform.register_table('work.projects', 'project', 'n.name', '{name,status,owner_user_id,deleted_at,search_vector}', 'n.status', 'n.owner_user_id');
