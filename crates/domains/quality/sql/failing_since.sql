-- The first build on a branch in which a test case failed since it last passed there, and the build in which it did. No row when it does not
-- fail there, or ran in no build. Parameters: project, test case, branch (null: none).
with answered as (
  select b.build_number, bool_or(r.status in ('failed', 'error')) as failed
    from quality.test_results r
    join delivery.builds b on b.project_id = r.project_id and b.id = r.build_id and /* readable builds b.id */ true
   where r.project_id = $1 and r.test_case_id = $2 and r.status <> 'skipped' and b.git_branch is not distinct from $3::text
     and /* readable test-results r.id */ true
   group by b.build_number),
passed as (select max(build_number) as build_number from answered where not failed)
select min(a.build_number) as first_failing, p.build_number as last_passing
  from answered a cross join passed p
 where a.build_number > coalesce(p.build_number, 0)
 group by p.build_number
