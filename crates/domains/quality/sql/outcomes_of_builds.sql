-- Results of several builds by outcome, from the counts their runs keep; results without a run are not in a run's counts and are added one by one.
-- No row for a build without results.
select build_id, sum(passed)::bigint as passed, sum(failed)::bigint as failed, sum(errors)::bigint as errors, sum(skipped)::bigint as skipped
  from (select u.build_id, u.tests_passed as passed, u.tests_failed as failed, u.tests_errored as errors, u.tests_skipped as skipped
          from quality.test_runs u
         where u.project_id = $1 and u.build_id = any ($2) and /* readable test-runs u.id */ true
        union all
        select r.build_id, (r.status = 'passed')::int, (r.status = 'failed')::int, (r.status = 'error')::int, (r.status = 'skipped')::int
          from quality.test_results r
         where r.project_id = $1 and r.build_id = any ($2) and r.test_run_id is null and /* readable test-results r.id */ true) counted
 group by build_id
