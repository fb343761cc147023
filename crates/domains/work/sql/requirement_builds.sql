-- Which of some builds have results of the tests of some requirements.
-- $1 project, $2 requirements, $3 builds
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
)
select distinct d.requirement_id, x.build_id
  from reached d
  join quality.test_results x on x.project_id = $1 and x.test_case_id = d.test_case_id
 where x.build_id = any ($3::uuid[]) and /* readable test-results x.id */ true
