-- One result with its test case and build, as a defect is recorded from it. No row when there is none.
select r.id, r.status, r.error_message, r.error_stacktrace, t.key, t.name, b.build_number, b.version_tag
  from quality.test_results r
  join quality.test_cases t on t.project_id = r.project_id and t.id = r.test_case_id and /* readable test-cases t.id */ true
  left join delivery.builds b on b.project_id = r.project_id and b.id = r.build_id and /* readable builds b.id */ true
 where r.project_id = $1 and r.id = $2 and /* readable test-results r.id */ true
