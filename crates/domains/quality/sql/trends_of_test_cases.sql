-- The outcome of each given test case in each of the project's latest builds that have results, oldest build first; null where it did not take
-- part. No row for a project without results. Parameters: project, test cases, builds.
with recent as (
  select b.id, b.build_number from delivery.builds b
   where b.project_id = $1 and exists (select from quality.test_results r where r.project_id = $1 and r.build_id = b.id
          and /* readable test-results r.id */ true)
   order by b.build_number desc limit $3)
select c.id, array_agg((array['error', 'failed', 'skipped', 'passed'])[o.worst] order by recent.build_number) as outcomes
  from unnest($2::uuid[]) c (id)
  cross join recent
  left join lateral (
    select min(array_position(array['error', 'failed', 'skipped', 'passed'], r.status)) as worst
      from (select status, build_id from quality.test_results
             where project_id = $1 and test_case_id = c.id and /* readable test-results id */ true order by id desc limit 200) r
     where r.build_id = recent.id) o on true
 group by c.id
