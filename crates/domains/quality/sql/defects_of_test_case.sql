-- Defects that were recorded for results of a test case, newest first. No row when none was.
select d.key, d.title, d.status
  from quality.defects d
  join quality.test_results r on r.project_id = d.project_id and r.id = d.test_result_id and /* readable test-results r.id */ true
 where d.project_id = $1 and d.test_result_id is not null and d.deleted_at is null and r.test_case_id = $2
   and /* readable defects d.id */ true
 order by d.id desc
 limit 50
