-- The latest results of a test case that are answers, newest first, with the build of each. No row when it never ran.
-- Parameters: project, test case, rows.
select r.status, r.duration_ms, r.executed_at, b.build_number, b.git_branch
  from quality.test_results r
  left join delivery.builds b on b.project_id = r.project_id and b.id = r.build_id and /* readable builds b.id */ true
 where r.project_id = $1 and r.test_case_id = $2 and r.status <> 'skipped' and /* readable test-results r.id */ true
 order by r.id desc
 limit $3
