-- What a test is remembered for: how often it changed its mind about the same code, who looks after it, and until when it is set aside.

alter table quality.test_cases
  add column owner_user_id   uuid,
  add column flip_count      bigint not null default 0,
  add column last_flipped_at timestamptz;
alter table quality.test_cases
  add constraint test_cases_owner_user_id_fkey foreign key (organization_id, owner_user_id)
    references identity.memberships (organization_id, user_id) on update cascade on delete restrict not valid;
-- squawk-ignore require-concurrent-index-creation -- partial and empty: nobody looks after a test yet
create index if not exists test_cases_owner_user_id_idx on quality.test_cases (organization_id, owner_user_id) where owner_user_id is not null;
-- squawk-ignore require-concurrent-index-creation -- partial and empty: no test has flipped yet
create index if not exists test_cases_last_flipped_at_idx on quality.test_cases (organization_id, project_id, last_flipped_at) where last_flipped_at is not null;
comment on column quality.test_cases.owner_user_id is 'The member who looks after it when it is red. Null: nobody was named.';
comment on column quality.test_cases.flip_count is
  'How often it gave two answers about the same code: the rows of test_flips. Written by a trigger.';
comment on column quality.test_cases.last_flipped_at is 'When it last did. Null: never. Written by a trigger.';
update platform.table_facts set statistics = statistics || '{flip_count,last_flipped_at}'::name[] where (table_schema, table_name) = ('quality', 'test_cases');
-- Who looks after it is a change like any other.
drop trigger touch on quality.test_cases;
do $$
begin
  execute format('create trigger touch before update of %s on quality.test_cases for each row execute function platform.touch(''row_version'', ''updated_by'')',
    (select string_agg(quote_ident(a.attname), ', ' order by a.attnum)
     from pg_attribute a join platform.table_facts f on (f.table_schema, f.table_name) = ('quality', 'test_cases')
     where a.attrelid = 'quality.test_cases'::regclass and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
       and a.attname <> all (f.statistics) and a.attname not in ('updated_at', 'row_version', 'updated_by')));
end
$$;

create table quality.test_flips (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  project_id      uuid not null,
  test_case_id    uuid not null,
  build_id        uuid,
  kind            text not null,
  parameters      text,
  flipped_at      timestamptz not null,
  created_at      timestamptz not null default now(),
  primary key (organization_id, id),
  constraint test_flips_project_id_fkey foreign key (organization_id, project_id) references work.projects on update cascade on delete cascade,
  constraint test_flips_test_case_id_fkey foreign key (organization_id, project_id, test_case_id)
    references quality.test_cases (organization_id, project_id, id) on update cascade on delete cascade,
  constraint test_flips_build_id_fkey foreign key (organization_id, project_id, build_id)
    references delivery.builds (organization_id, project_id, id) on update cascade on delete cascade,
  constraint test_flips_kind_check check (kind in ('retried', 'rerun'))
);
create index test_flips_project_id_idx on quality.test_flips (organization_id, project_id, id);
create index test_flips_test_case_id_idx on quality.test_flips (organization_id, test_case_id, project_id, flipped_at);
create index test_flips_build_id_idx on quality.test_flips (organization_id, build_id, project_id) where build_id is not null;
call platform.adopt_table('quality.test_flips', 'internal', 'while the test case and the build exist', 'select, insert');
comment on table quality.test_flips is
  'Each time a test gave two answers about the same code: it passed only when tried again, or another run of the same commit, in the same environment '
  'and shard, ended otherwise. Written by a trigger when results are stored; a skipped test gives no answer.';
comment on column quality.test_flips.test_case_id is 'The test.';
comment on column quality.test_flips.build_id is 'The build with the second answer. Null: the result belongs to no build.';
comment on column quality.test_flips.kind is
  'retried: it passed after more than one attempt in a run; rerun: an earlier run of the same code ended otherwise.';
comment on column quality.test_flips.parameters is 'What tells the result from others of the same case in the same run. Null: nothing does.';
comment on column quality.test_flips.flipped_at is 'When the second answer was given.';

create function quality.count_flips() returns trigger
  language plpgsql
  as $$
begin
  update quality.test_cases c set
    flip_count      = c.flip_count + n.flips,
    last_flipped_at = greatest(c.last_flipped_at, n.last_at)
  from (select organization_id, test_case_id, count(*) as flips, max(flipped_at) as last_at from new_rows group by 1, 2) n
  where c.organization_id = n.organization_id and c.id = n.test_case_id;
  return null;
end
$$;
comment on function quality.count_flips() is 'Adds what one statement stored to the counts of its test cases.';
create trigger count_flips after insert on quality.test_flips referencing new table as new_rows
  for each statement execute function quality.count_flips();

create function quality.note_flips() returns trigger
  language plpgsql
  as $$
declare
  access text := coalesce(current_setting('app.project_access', true), '');
  run    record;
  others uuid[];
begin
  perform set_config('app.project_access', 'all', true);
  if exists (select from new_rows where attempts > 1 and status = 'passed') then
    insert into quality.test_flips (organization_id, project_id, test_case_id, build_id, kind, parameters, flipped_at)
    select organization_id, project_id, test_case_id, build_id, 'retried', parameters, executed_at
    from new_rows where attempts > 1 and status = 'passed';
  end if;
  for run in
    select r.organization_id, r.project_id, r.id, r.build_id, r.environment, r.shard, b.git_commit_hash
    from (select distinct organization_id, test_run_id from new_rows where test_run_id is not null and build_id is not null) n
    join quality.test_runs r on r.organization_id = n.organization_id and r.id = n.test_run_id
    join delivery.builds b on b.organization_id = r.organization_id and b.id = r.build_id
  loop
    -- Most builds are the first and only run of their code: then there is nothing to compare with, and this is all it costs.
    others := array(
      select r.id
      from (select run.build_id as id
            union
            select b.id from delivery.builds b
            where b.organization_id = run.organization_id and b.git_commit_hash = run.git_commit_hash and b.project_id = run.project_id) b
      join quality.test_runs r on r.organization_id = run.organization_id and r.build_id = b.id and r.project_id = run.project_id
      where r.id <> run.id and r.environment is not distinct from run.environment and r.shard is not distinct from run.shard
      order by r.id desc limit 20);
    continue when cardinality(others) = 0;
    insert into quality.test_flips (organization_id, project_id, test_case_id, build_id, kind, parameters, flipped_at)
    select n.organization_id, n.project_id, n.test_case_id, n.build_id, 'rerun', n.parameters, n.executed_at
    from new_rows n
    cross join lateral (
      select o.status
      -- The latest results of a test are few, whatever its past: the run to compare with is among them.
      from (select o.status, o.test_run_id, o.parameters, o.id from quality.test_results o
            where o.organization_id = n.organization_id and o.test_case_id = n.test_case_id and o.project_id = n.project_id
            order by o.id desc limit 50) o
      where o.test_run_id = any (others) and o.parameters is not distinct from n.parameters and o.status <> 'skipped'
      order by o.id desc limit 1) before
    where n.test_run_id = run.id and n.status <> 'skipped' and (n.status = 'passed') <> (before.status = 'passed');
  end loop;
  perform set_config('app.project_access', access, true);
  return null;
end
$$;
comment on function quality.note_flips() is
  'Notes which tests of the stored results gave another answer about the same code before: in the same run, or in a run of the same commit with the '
  'same environment and shard.';
create trigger note_flips after insert on quality.test_results referencing new table as new_rows
  for each statement execute function quality.note_flips();

create table quality.test_quarantines (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  project_id      uuid not null,
  test_case_id    uuid not null,
  reason          text not null,
  expires_at      timestamptz not null,
  ended_at        timestamptz,
  ended_by        uuid,
  ended_reason    text,
  created_at      timestamptz not null default now(),
  created_by      uuid default platform.current_user_id(),
  primary key (organization_id, id),
  constraint test_quarantines_project_id_fkey foreign key (organization_id, project_id) references work.projects on update cascade on delete cascade,
  constraint test_quarantines_test_case_id_fkey foreign key (organization_id, project_id, test_case_id)
    references quality.test_cases (organization_id, project_id, id) on update cascade on delete cascade,
  constraint test_quarantines_reason_check check (char_length(reason) between 1 and 1000),
  constraint test_quarantines_expires_at_check check (expires_at > created_at and expires_at <= created_at + interval '90 days'),
  constraint test_quarantines_ended_at_check check ((ended_at is null) = (ended_reason is null) and (ended_by is null or ended_at is not null)),
  constraint test_quarantines_ended_reason_check check (char_length(ended_reason) between 1 and 1000)
);
create index test_quarantines_project_id_idx on quality.test_quarantines (organization_id, project_id, expires_at);
create index test_quarantines_test_case_id_idx on quality.test_quarantines (organization_id, test_case_id, project_id, expires_at);
call platform.adopt_table('quality.test_quarantines', 'internal', 'while the test case exists', 'select, insert');
grant update (ended_at, ended_by, ended_reason) on quality.test_quarantines to application_user;
call platform.refer_to_members('quality.test_quarantines', 'ended_by');
create trigger take_project before insert on quality.test_quarantines
  for each row execute function platform.take_project('test_case_id', 'quality.test_cases');
comment on table quality.test_quarantines is
  'A test that is set aside for a time: it still runs and its results are kept, but it holds up no build. It ends by itself; a longer one is a new row.';
comment on column quality.test_quarantines.test_case_id is 'The test.';
comment on column quality.test_quarantines.reason is 'Why it is set aside.';
comment on column quality.test_quarantines.expires_at is 'Until when, at most 90 days on.';
comment on column quality.test_quarantines.ended_at is 'When somebody ended it before its time. Null: nobody did.';
comment on column quality.test_quarantines.ended_by is 'Who that was. Null: nobody, or no member.';
comment on column quality.test_quarantines.ended_reason is 'Why it was ended. Null: it was not.';
comment on constraint test_quarantines_reason_check on quality.test_quarantines is 'reason must have from 1 to 1000 characters';
comment on constraint test_quarantines_expires_at_check on quality.test_quarantines is 'expires at must lie ahead, and at most 90 days ahead';
comment on constraint test_quarantines_ended_at_check on quality.test_quarantines is 'a quarantine that was ended has a reason for it';
comment on constraint test_quarantines_ended_reason_check on quality.test_quarantines is 'ended reason must have from 1 to 1000 characters';

create function quality.is_quarantined(p_organization uuid, p_test_case uuid, p_at timestamptz) returns boolean
  language sql stable parallel safe
  as $$
    select exists (select from quality.test_quarantines q
                   where q.organization_id = p_organization and q.test_case_id = p_test_case and q.created_at <= p_at
                     and q.expires_at > p_at and (q.ended_at is null or q.ended_at > p_at))
  $$;
comment on function quality.is_quarantined(uuid, uuid, timestamptz) is 'Whether a test was set aside at that moment.';
revoke execute on function quality.is_quarantined(uuid, uuid, timestamptz) from public;
grant execute on function quality.is_quarantined(uuid, uuid, timestamptz) to application_user, readonly_user, super_admin;
