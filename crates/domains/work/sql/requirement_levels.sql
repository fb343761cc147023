-- The tests of some requirements by what they look at, with the outcomes that count.
-- $1 project, $2 requirements, $3 the build whose results count (null: the latest result of each test)
with reached as (
  select l.target_id as requirement_id, l.source_id as test_case_id
    from work.trace_links l
   where l.project_id = $1 and l.link_type = 'verifies' and l.target_id = any ($2::uuid[])
     and /* readable trace-links l.id */ true
  union
  select f.requirement_id, l.source_id
    from work.features f
    join work.trace_links l on l.project_id = f.project_id and l.target_id = f.id and l.link_type = 'verifies'
     and /* readable trace-links l.id */ true
   where f.project_id = $1 and f.requirement_id = any ($2::uuid[]) and f.deleted_at is null
     and /* readable features f.id */ true
  union
  select f.requirement_id, t.id
    from work.features f
    join quality.test_cases t on t.project_id = f.project_id and t.feature_id = f.id
   where f.project_id = $1 and f.requirement_id = any ($2::uuid[]) and f.deleted_at is null
     and /* readable features f.id */ true
), in_build as (
  select distinct on (run.test_case_id) run.test_case_id,
         (array['error', 'failed', 'skipped', 'passed'])[run.worst] as outcome
    from (select x.test_case_id, max(x.id::text) as latest,
                 min(array_position(array['error', 'failed', 'skipped', 'passed'], x.status)) as worst
            from quality.test_results x
           where x.project_id = $1 and x.build_id = $3::uuid and /* readable test-results x.id */ true
           group by x.test_case_id, x.test_run_id) run
   order by run.test_case_id, run.latest desc
), outcomes as (
  select d.requirement_id, t.test_type, case when $3::uuid is null then t.last_run_status else b.outcome end as outcome
    from reached d
    join quality.test_cases t on t.id = d.test_case_id and t.project_id = $1
    left join in_build b on b.test_case_id = t.id
   where t.status = 'active' and t.deleted_at is null and /* readable test-cases t.id */ true
)
select requirement_id, test_type,
       count(*) filter (where outcome = 'passed'), count(*) filter (where outcome = 'failed'),
       count(*) filter (where outcome = 'error'), count(*) filter (where outcome is null or outcome = 'skipped')
  from outcomes
 group by requirement_id, test_type
