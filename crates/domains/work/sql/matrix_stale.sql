-- Of some tests of a project, those of which the latest result is older than the newest build that has results: it belongs to another build that came
-- before, or to none and was stored before it began. No row when all are from the newest build, or there is none.
-- $1 project, $2 tests
with newest as (
  select b.id, b.build_number, coalesce(b.started_at, b.created_at) as at
    from delivery.builds b
   where b.project_id = $1 and exists (select from quality.test_runs r where r.project_id = $1 and r.build_id = b.id)
   order by b.build_number desc
   limit 1
)
select t.id, n.build_number
  from newest n
 cross join unnest($2::uuid[]) t (id)
 cross join lateral (
   select x.build_id, x.executed_at from quality.test_results x where x.project_id = $1 and x.test_case_id = t.id
      and /* readable test-results x.id */ true
    order by x.id desc limit 1) r
  left join delivery.builds b on b.project_id = $1 and b.id = r.build_id
 where case when b.id is null then r.executed_at < n.at else b.build_number < n.build_number end
   and /* readable builds n.id */ true
