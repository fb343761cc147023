-- How many results of a build ended how, by what the tests look at. No row when the build has no results.
select t.test_type, r.status, count(*) as results
  from quality.test_results r
  join quality.test_cases t on t.project_id = r.project_id and t.id = r.test_case_id
 where r.project_id = $1 and r.build_id = $2 and /* readable test-results r.id */ true
 group by 1, 2
