-- Builds FIRST to LAST of one project, each with a run that has a result of every one of TESTS tests, without the triggers. Of a hundred tests one did not
-- take part in the newest build.
insert into delivery.builds (organization_id, id, project_id, build_number, status, git_branch, started_at, completed_at, created_at, updated_at)
select 'ORGANIZATION', ('019300000000700084' || lpad(b::text, 14, '0'))::uuid, 'PROJECT', b, 'success', 'main', now() - (BUILDS - b) * interval '1 hour',
       now() - (BUILDS - b) * interval '1 hour', now(), now()
from generate_series(FIRST::int, LAST::int) b;
insert into quality.test_runs (organization_id, id, project_id, build_id, tests_total, tests_passed)
select 'ORGANIZATION', ('019300000000700085' || lpad(b::text, 14, '0'))::uuid, 'PROJECT', ('019300000000700084' || lpad(b::text, 14, '0'))::uuid, TESTS, TESTS
from generate_series(FIRST::int, LAST::int) b;
insert into quality.test_results (organization_id, id, project_id, test_case_id, test_run_id, build_id, status, duration_ms, executed_at)
select 'ORGANIZATION', platform.uuid_v7_floor(now() - (BUILDS - b) * interval '1 hour' + n * interval '1 millisecond'), 'PROJECT',
       ('019300000000700081' || lpad(n::text, 14, '0'))::uuid, ('019300000000700085' || lpad(b::text, 14, '0'))::uuid,
       ('019300000000700084' || lpad(b::text, 14, '0'))::uuid,
       (array['passed', 'passed', 'passed', 'passed', 'passed', 'passed', 'failed', 'skipped'])[1 + n % 8], 5 + n % 400,
       now() - (BUILDS - b) * interval '1 hour'
from generate_series(FIRST::int, LAST::int) b cross join generate_series(1, TESTS) n
where not (b = BUILDS and n % 100 = 0)
