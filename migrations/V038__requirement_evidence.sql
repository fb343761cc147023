-- What the evidence says about each requirement, kept as tests run, so that a list, the matrix or a card of a project with 100,000
-- requirements reads one narrow row for each and never all tests and links.

alter table work.requirements
  add column number bigint not null generated always as (substr(key, 5)::bigint) stored;
comment on column work.requirements.number is 'The number in the key, by which lists are sorted.';

create table work.requirement_evidence (
  organization_id uuid not null default platform.current_organization(),
  requirement_id  uuid not null,
  project_id      uuid not null,
  number          bigint not null,
  status          text not null,
  deleted_at      timestamptz,
  criteria        int not null default 0,
  criteria_proven int not null default 0,
  tests           int not null default 0,
  passed          int not null default 0,
  failed          int not null default 0,
  errors          int not null default 0,
  skipped         int not null default 0,
  standing        text not null generated always as (
    case
      when failed + errors > 0 then 'failing'
      when criteria > 0 and criteria_proven = criteria then 'proven'
      when criteria_proven > 0 then 'partial'
      when criteria = 0 and passed > 0 then 'proven'
      else 'gap'
    end) stored,
  standing_rank   smallint not null generated always as (
    case
      when failed + errors > 0 then 2
      when criteria > 0 and criteria_proven = criteria then 4
      when criteria_proven > 0 then 3
      when criteria = 0 and passed > 0 then 4
      else 1
    end) stored,
  changed_at      timestamptz not null default now(),
  primary key (organization_id, requirement_id),
  constraint requirement_evidence_requirement_id_fkey foreign key (organization_id, project_id, requirement_id)
    references work.requirements (organization_id, project_id, id) on update cascade on delete cascade,
  constraint requirement_evidence_standing_check check (standing in ('gap', 'failing', 'partial', 'proven')),
  constraint requirement_evidence_criteria_proven_check check (criteria_proven between 0 and criteria),
  constraint requirement_evidence_tests_check check (least(passed, failed, errors, skipped) >= 0 and passed + failed + errors + skipped <= tests)
) with (fillfactor = 70);
create index requirement_evidence_requirement_id_idx on work.requirement_evidence (organization_id, requirement_id, project_id);
create index requirement_evidence_standing_rank_idx on work.requirement_evidence (organization_id, project_id, standing_rank, number) where deleted_at is null;
create index requirement_evidence_number_idx on work.requirement_evidence (organization_id, project_id, number) where deleted_at is null;
call platform.adopt_table('work.requirement_evidence', 'confidential', 'while the requirement exists', 'select, insert, update, delete');
comment on table work.requirement_evidence is
  'What the latest results say about a requirement: one row each, written by triggers, to be worked out again at any time by work.refresh_evidence().';
comment on column work.requirement_evidence.requirement_id is 'The requirement; the row goes away with it.';
comment on column work.requirement_evidence.number is 'The requirement''s number, here so that lists are narrowed and sorted without reading the wide row.';
comment on column work.requirement_evidence.status is 'The requirement''s status, for the same reason.';
comment on column work.requirement_evidence.criteria is 'Acceptance criteria it has.';
comment on column work.requirement_evidence.criteria_proven is 'Those of which at least one test passed and none failed, by their latest results.';
comment on column work.requirement_evidence.tests is
  'Active tests that reach it: linked to it, to one of its criteria or to one of its features, or tests of such a feature.';
comment on column work.requirement_evidence.passed is 'Those whose latest result passed. Tests that never ran are in none of the four.';
comment on column work.requirement_evidence.failed is 'Those where an expectation did not hold.';
comment on column work.requirement_evidence.errors is 'Those that broke before they could tell.';
comment on column work.requirement_evidence.skipped is 'Those that were not run.';
comment on column work.requirement_evidence.standing is
  'failing: a test failed or broke; proven: every criterion is, or a test passed where there are none; partial: some criteria are; gap: nothing is.';
comment on column work.requirement_evidence.standing_rank is 'The standing as a place in lists: 1 gap, 2 failing, 3 partial, 4 proven.';
comment on column work.requirement_evidence.deleted_at is 'When the requirement was put in the bin. Null: it is live.';
comment on column work.requirement_evidence.changed_at is 'When one of the figures last changed.';
comment on constraint requirement_evidence_criteria_proven_check on work.requirement_evidence is
  'no more criteria can be proven than there are';
comment on constraint requirement_evidence_tests_check on work.requirement_evidence is 'there cannot be more outcomes than tests';

-- The joins below are written as look-ups, one record at a time, each in a subquery that the planner keeps whole (offset 0). A look-up by
-- identifier is a range of one, ordered: until the first ANALYZE the planner takes any index that begins with the organisation for as good as
-- the key and would read every test once for every link; only the key's own index gives this order without sorting.

create function work.refresh_evidence(p_requirements uuid[]) returns void
  language plpgsql
  as $$
declare
  access text := coalesce(current_setting('app.project_access', true), '');
begin
  if coalesce(cardinality(p_requirements), 0) = 0 then
    return;
  end if;
  perform set_config('app.project_access', 'all', true);
  -- Locked first and counted in a statement of its own: whoever waited here counts what the other one has committed by then.
  perform from work.requirement_evidence e where e.requirement_id = any (p_requirements) order by e.requirement_id for update;
  insert into work.requirement_evidence as e 
    (organization_id, requirement_id, project_id, number, status, deleted_at, criteria, criteria_proven, tests, passed, failed, errors, skipped)
  select r.organization_id, w.id, r.project_id, r.number, r.status, r.deleted_at, n.*
    from (select distinct id from unnest(p_requirements) as w (id) order by id) w
   cross join lateral (
     select r.organization_id, r.project_id, r.number, r.status, r.deleted_at from work.requirements r where r.id >= w.id and r.id <= w.id order by r.id limit 1) r
   cross join lateral (
     with reached as (
       select l.source_id as test_case_id, l.criterion_id
         from work.trace_links l
        where l.target_id = w.id and l.link_type = 'verifies'
       union all
       select l.source_id, null
         from work.features f
        cross join lateral (select l.source_id from work.trace_links l where l.target_id = f.id and l.link_type = 'verifies' offset 0) l
        where f.requirement_id = w.id and f.deleted_at is null
       union all
       select t.id, null
         from work.features f
        cross join lateral (select t.id from quality.test_cases t where t.feature_id = f.id offset 0) t
        where f.requirement_id = w.id and f.deleted_at is null
     ), outcomes as materialized (
       select x.test_case_id, x.criterion_id, t.outcome
         from reached x
        cross join lateral (
          select t.last_run_status as outcome, t.status, t.deleted_at from quality.test_cases t
           where t.id >= x.test_case_id and t.id <= x.test_case_id order by t.id limit 1) t
        where t.status = 'active' and t.deleted_at is null
     )
     select i.criteria, i.proven, d.tests, d.passed, d.failed, d.errors, d.skipped
       from (select count(*) as criteria,
                    count(*) filter (where i.id in (
                      select o.criterion_id from outcomes o group by o.criterion_id
                      having bool_or(o.outcome = 'passed') and not bool_or(coalesce(o.outcome in ('failed', 'error'), false)))) as proven
               from work.requirement_items i
              where i.requirement_id = w.id and i.item_kind = 'acceptance_criterion') i,
            (select count(*) as tests, count(*) filter (where outcome = 'passed') as passed, count(*) filter (where outcome = 'failed') as failed,
                    count(*) filter (where outcome = 'error') as errors, count(*) filter (where outcome = 'skipped') as skipped
               from (select distinct o.test_case_id, o.outcome from outcomes o) one) d
     offset 0) n
  on conflict (organization_id, requirement_id) do update
     set criteria = excluded.criteria, criteria_proven = excluded.criteria_proven, tests = excluded.tests, passed = excluded.passed,
         failed = excluded.failed, errors = excluded.errors, skipped = excluded.skipped, changed_at = now()
   where (e.criteria, e.criteria_proven, e.tests, e.passed, e.failed, e.errors, e.skipped)
         is distinct from (excluded.criteria, excluded.criteria_proven, excluded.tests, excluded.passed, excluded.failed, excluded.errors, excluded.skipped);
  perform set_config('app.project_access', access, true);
end
$$;
comment on function work.refresh_evidence(uuid[]) is
  'Works the evidence of these requirements out again from links, tests and criteria. Whoever runs it at the same moment waits and then counts anew.';

create function work.requirements_behind(p_targets uuid[]) returns uuid[]
  language sql stable
  as $$
    select array_agg(distinct coalesce(f.requirement_id, w.id))
      from unnest(p_targets) as w (id)
      left join lateral (select f.requirement_id from work.features f where f.id >= w.id and f.id <= w.id order by f.id limit 1) f on true
  $$;
comment on function work.requirements_behind(uuid[]) is
  'For each record that tests verify: the requirement of a feature, and anything else as it is.';

create function work.requirements_of_tests(p_tests uuid[]) returns uuid[]
  language sql stable
  as $$
    select work.requirements_behind(array(
      select l.target_id from unnest(p_tests) as w (id)
       cross join lateral (select l.target_id from work.trace_links l where l.source_id = w.id and l.link_type = 'verifies' offset 0) l
      union
      select t.feature_id from unnest(p_tests) as w (id)
       cross join lateral (select t.feature_id from quality.test_cases t where t.id >= w.id and t.id <= w.id order by t.id limit 1) t
       where t.feature_id is not null))
  $$;
comment on function work.requirements_of_tests(uuid[]) is
  'The requirements these tests reach, by links or through features. Other linked records may be among the answers.';

create function work.evidence_of_requirements() returns trigger
  language plpgsql
  as $$
begin
  if tg_op = 'INSERT' then
    insert into work.requirement_evidence (organization_id, requirement_id, project_id, number, status, deleted_at)
    select n.organization_id, n.id, n.project_id, n.number, n.status, n.deleted_at from new_rows n;
  else
    update work.requirement_evidence e set number = n.number, status = n.status, deleted_at = n.deleted_at
      from new_rows n
     where e.organization_id = n.organization_id and e.requirement_id = n.id
       and (e.number, e.status, e.deleted_at) is distinct from (n.number, n.status, n.deleted_at);
  end if;
  return null;
end
$$;
comment on function work.evidence_of_requirements() is 
  'Every new requirement begins as a gap; what lists read of it follows its changes.';
create trigger evidence_of_new after insert on work.requirements referencing new table as new_rows
  for each statement execute function work.evidence_of_requirements();
create trigger evidence_of_changed after update on work.requirements referencing new table as new_rows
  for each statement execute function work.evidence_of_requirements();

create function work.evidence_of_items() returns trigger
  language plpgsql
  as $$
declare
  touched uuid[];
begin
  if tg_op = 'INSERT' then
    select array_agg(distinct requirement_id) into touched from new_rows where item_kind = 'acceptance_criterion';
  elsif tg_op = 'DELETE' then
    select array_agg(distinct requirement_id) into touched from old_rows where item_kind = 'acceptance_criterion';
  else
    select array_agg(distinct n.requirement_id) into touched from new_rows n join old_rows o using (organization_id, id)
     where n.item_kind <> o.item_kind;
  end if;
  perform work.refresh_evidence(touched);
  return null;
end
$$;
comment on function work.evidence_of_items() is 'A criterion more or less changes what is proven.';
create trigger evidence_of_new after insert on work.requirement_items referencing new table as new_rows
  for each statement execute function work.evidence_of_items();
create trigger evidence_of_changed after update on work.requirement_items referencing new table as new_rows old table as old_rows
  for each statement execute function work.evidence_of_items();
create trigger evidence_of_gone after delete on work.requirement_items referencing old table as old_rows
  for each statement execute function work.evidence_of_items();

create function work.evidence_of_links() returns trigger
  language plpgsql
  as $$
declare
  touched uuid[];
begin
  if tg_op = 'INSERT' then
    touched := array(select distinct target_id from new_rows where link_type = 'verifies');
  else
    touched := array(select distinct target_id from old_rows where link_type = 'verifies');
  end if;
  perform work.refresh_evidence(work.requirements_behind(touched));
  return null;
end
$$;
comment on function work.evidence_of_links() is 'A test linked to a requirement, a criterion or a feature, or no longer linked, counts at once.';
create trigger evidence_of_new after insert on work.trace_links referencing new table as new_rows
  for each statement execute function work.evidence_of_links();
create trigger evidence_of_gone after delete on work.trace_links referencing old table as old_rows
  for each statement execute function work.evidence_of_links();

create function work.evidence_of_features() returns trigger
  language plpgsql
  as $$
begin
  if tg_op = 'DELETE' then
    perform work.refresh_evidence(array(select distinct requirement_id from old_rows));
  else
    perform work.refresh_evidence(array(
      select unnest(array[n.requirement_id, o.requirement_id]) from new_rows n join old_rows o using (organization_id, id)
       where n.requirement_id <> o.requirement_id or (n.deleted_at is null) <> (o.deleted_at is null)));
  end if;
  return null;
end
$$;
comment on function work.evidence_of_features() is 'The tests of a feature count for the requirement it fulfils, while it is not in the bin.';
create trigger evidence_of_changed after update on work.features referencing new table as new_rows old table as old_rows
  for each statement execute function work.evidence_of_features();
create trigger evidence_of_gone after delete on work.features referencing old table as old_rows
  for each statement execute function work.evidence_of_features();

create function work.evidence_of_tests() returns trigger
  language plpgsql
  as $$
declare
  access   text := coalesce(current_setting('app.project_access', true), '');
  tests    uuid[];
  features uuid[];
  touched  uuid[];
begin
  perform set_config('app.project_access', 'all', true);
  if tg_op = 'INSERT' then
    touched := work.requirements_behind(array(select distinct feature_id from new_rows where feature_id is not null));
  elsif tg_op = 'DELETE' then
    touched := work.requirements_behind(array(select distinct feature_id from old_rows where feature_id is not null));
  else
    select array_agg(n.id), array_agg(distinct o.feature_id) filter (where o.feature_id is distinct from n.feature_id) into tests, features
      from new_rows n join old_rows o on o.id = n.id
     where (n.last_run_status, n.status, n.feature_id) is distinct from (o.last_run_status, o.status, o.feature_id)
        or (n.deleted_at is null) <> (o.deleted_at is null);
    touched := work.requirements_of_tests(tests) || work.requirements_behind(features);
  end if;
  perform work.refresh_evidence(touched);
  perform set_config('app.project_access', access, true);
  return null;
end
$$;
comment on function work.evidence_of_tests() is
  'A test that has a new latest result, is disabled, or moves to another feature changes the evidence of what it reaches.';
create trigger evidence_of_new after insert on quality.test_cases referencing new table as new_rows
  for each statement execute function work.evidence_of_tests();
create trigger evidence_of_changed after update on quality.test_cases referencing new table as new_rows old table as old_rows
  for each statement execute function work.evidence_of_tests();
create trigger evidence_of_gone after delete on quality.test_cases referencing old table as old_rows
  for each statement execute function work.evidence_of_tests();

do $$
declare
  organization uuid;
begin
  for organization in select id from identity.organizations loop
    perform set_config('app.current_organization_id', organization::text, true);
    perform work.refresh_evidence(array(select id from work.requirements));
  end loop;
end
$$;
