-- The latest results of a test case, newest first, with the build and the defect that was recorded for each. No row when it never ran.
-- Parameters: project, test case, the last result of the page before, rows.
select r.id, r.status, r.duration_ms, r.error_message, r.executed_at, r.parameters, b.build_number, d.key as defect
  from quality.test_results r
  left join delivery.builds b on b.project_id = r.project_id and b.id = r.build_id and /* readable builds b.id */ true
  left join lateral (select key from quality.defects d where d.project_id = r.project_id and d.test_result_id = r.id and d.deleted_at is null
                        and /* readable defects d.id */ true
                      order by d.id desc limit 1) d on true
 where r.project_id = $1 and r.test_case_id = $2 and ($3::uuid is null or r.id < $3) and /* readable test-results r.id */ true
 order by r.id desc
 limit $4
