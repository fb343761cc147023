-- The tests of a build that took longest, each with its longest result. No row when no time was measured.
select t.key, t.name, r.duration_ms
  from (select test_case_id, max(duration_ms) as duration_ms from quality.test_results
         where project_id = $1 and build_id = $2 and duration_ms > 0 and /* readable test-results id */ true
         group by test_case_id order by 2 desc limit $3) r
  join quality.test_cases t on t.project_id = $1 and t.id = r.test_case_id and /* readable test-cases t.id */ true
 order by r.duration_ms desc, t.key
