-- Tests that pass in a build and failed when they were last run before on the same branch. Only the failures of the 200 builds before are
-- candidates, so that a build with 100,000 passing tests does not look up the past of each. No row when nothing was repaired.
-- Parameters: project, build, branch (null: none), its number, rows.
with earlier as (
  select b.id from delivery.builds b
   where b.project_id = $1 and b.git_branch is not distinct from $3::text and b.build_number < $4
   order by b.build_number desc limit 200),
candidates as (
  select distinct r.test_case_id
    from earlier e
    join quality.test_results r on r.project_id = $1 and r.build_id = e.id and r.status in ('failed', 'error')
     and /* readable test-results r.id */ true)
select t.key, t.name, 'passed' as outcome, before.message, before.build_number,
       quality.is_quarantined(t.organization_id, t.id, now()) as quarantined
  from candidates c
  join quality.test_cases t on t.project_id = $1 and t.id = c.test_case_id and /* readable test-cases t.id */ true
  cross join lateral (
    select bool_and(r.status = 'passed') as passed from quality.test_results r
     where r.project_id = $1 and r.test_case_id = c.test_case_id and r.build_id = $2 and r.status <> 'skipped'
       and /* readable test-results r.id */ true) now
  cross join lateral (
    select b.build_number, bool_or(r.status in ('failed', 'error')) as failed,
           (array_agg(r.error_message order by r.id) filter (where r.status in ('failed', 'error')))[1] as message
      from quality.test_results r
      join delivery.builds b on b.project_id = r.project_id and b.id = r.build_id and /* readable builds b.id */ true
     where r.project_id = $1 and r.test_case_id = c.test_case_id and r.status <> 'skipped' and /* readable test-results r.id */ true
       and b.git_branch is not distinct from $3::text and b.build_number < $4
     group by b.build_number
     order by b.build_number desc
     limit 1) before
 where now.passed and before.failed
 order by t.key
 limit $5
