-- The results of a requirement's tests in the latest builds of its project, the newest build first.
-- $1 project, $2 tests, $3 how many builds
select b.build_number,
       count(*) filter (where x.status = 'passed'), count(*) filter (where x.status = 'failed'),
       count(*) filter (where x.status = 'error'), count(*) filter (where x.status = 'skipped'),
       coalesce(b.completed_at, b.started_at, b.created_at)
  from (select * from delivery.builds y where y.project_id = $1 and /* readable builds y.id */ true order by y.build_number desc limit $3) b
  join quality.test_results x on x.project_id = $1 and x.build_id = b.id and x.test_case_id = any ($2::uuid[])
   and /* readable test-results x.id */ true
 group by b.build_number, b.completed_at, b.started_at, b.created_at
 order by b.build_number desc
