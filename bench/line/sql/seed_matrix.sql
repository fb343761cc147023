-- Requirements FIRST to LAST of one project, each with two criteria, a test, the links between them and what the registry knows of both, without the
-- triggers. Of ten requirements one is linked to nothing, two only as a whole and seven by each criterion; every hundredth link is suspect.
-- $PROJECT, $ORGANIZATION and $MEMBER stand for what they are called.
create temporary table made as
select n, ('019300000000700080' || lpad(n::text, 14, '0'))::uuid as requirement, ('019300000000700081' || lpad(n::text, 14, '0'))::uuid as test,
       ('019300000000700082' || lpad(n::text, 14, '0'))::uuid as first_criterion, ('019300000000700083' || lpad(n::text, 14, '0'))::uuid as second_criterion,
       (array['draft', 'approved', 'in_progress', 'completed'])[1 + n % 4] as status,
       (array['passed', 'passed', 'passed', 'passed', 'passed', 'passed', 'failed', 'skipped'])[1 + n % 8] as outcome,
       timestamptz '2026-01-01' + n * interval '1 second' as at
from generate_series(FIRST::bigint, LAST::bigint) n;
insert into work.requirements (organization_id, id, project_id, key, title, priority_code, status, created_at, updated_at, created_by)
select 'ORGANIZATION'::uuid, requirement, 'PROJECT'::uuid, 'REQ-' || n, 'The customer sees balance number ' || n, 'medium', status, at, at, 'MEMBER'::uuid from made;
insert into work.requirement_items (organization_id, id, project_id, requirement_id, item_kind, position, body)
select 'ORGANIZATION'::uuid, first_criterion, 'PROJECT'::uuid, requirement, 'acceptance_criterion', 1, 'The balance is that of the last booking day.' from made
union all select 'ORGANIZATION'::uuid, second_criterion, 'PROJECT'::uuid, requirement, 'acceptance_criterion', 2, 'It is there within two seconds.' from made;
insert into quality.test_cases (organization_id, id, project_id, key, name, test_type, last_run_status, last_run_at, run_count, created_at, updated_at, created_by)
select 'ORGANIZATION'::uuid, test, 'PROJECT'::uuid, 'TC-' || n, 'shows balance number ' || n, (array['unit', 'integration', 'e2e'])[1 + n % 3], outcome, now(), BUILDS, at, at,
       'MEMBER'::uuid from made;
insert into work.entity_keys (organization_id, project_id, key, entity_id)
select 'ORGANIZATION'::uuid, 'PROJECT'::uuid, 'REQ-' || n, requirement from made union all select 'ORGANIZATION'::uuid, 'PROJECT'::uuid, 'TC-' || n, test from made;
insert into platform.entities (organization_id, id, entity_type, project_id, title, status, created_at, updated_at)
select 'ORGANIZATION'::uuid, requirement, 'requirement', 'PROJECT'::uuid, 'The customer sees balance number ' || n, status, at, at from made
union all select 'ORGANIZATION'::uuid, test, 'test_case', 'PROJECT'::uuid, 'shows balance number ' || n, 'active', at, at from made;
insert into work.trace_links (organization_id, project_id, source_id, target_id, link_type, criterion_id, origin, suspect_since, target_fingerprint)
select 'ORGANIZATION'::uuid, 'PROJECT'::uuid, test, requirement, 'verifies', c.criterion, 'import', case when n % 100 = 0 then now() end, case when n % 100 = 0 then 'x' end
from made
cross join lateral (
  select first_criterion as criterion where n % 10 > 2 union all select second_criterion where n % 10 > 2 union all select null where n % 10 between 1 and 2) c;
drop table made
