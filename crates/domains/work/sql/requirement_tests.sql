-- The active tests that reach a requirement, each with the criteria it is linked to and whether it may be shown; those that failed first. All of
-- them say how the requirement stands, which belongs to the requirement.
-- $1 project, $2 requirement, $3 how many
with reached as (
  select l.source_id as test_case_id, l.criterion_id, /* readable trace-links l.id */ true as may_be_shown
    from work.trace_links l
   where l.project_id = $1 and l.link_type = 'verifies' and l.target_id = $2
  union
  select l.source_id, null::uuid, /* readable trace-links l.id */ true and /* readable features f.id */ true
    from work.features f
    join work.trace_links l on l.project_id = f.project_id and l.target_id = f.id and l.link_type = 'verifies'
   where f.project_id = $1 and f.requirement_id = $2 and f.deleted_at is null
  union
  select t.id, null::uuid, /* readable features f.id */ true
    from work.features f
    join quality.test_cases t on t.project_id = f.project_id and t.feature_id = f.id
   where f.project_id = $1 and f.requirement_id = $2 and f.deleted_at is null
)
select t.id, t.key, t.name, t.test_type, t.last_run_status, t.last_run_at,
       array_remove(array_agg(d.criterion_id), null) as criteria,
       bool_or(d.may_be_shown) and /* readable test-cases t.id */ true as is_shown
  from reached d
  join quality.test_cases t on t.id = d.test_case_id and t.project_id = $1
 where t.status = 'active' and t.deleted_at is null
 group by t.id, t.key, t.name, t.test_type, t.last_run_status, t.last_run_at
 order by array_position(array['error', 'failed', 'skipped', 'passed'], t.last_run_status) nulls last, length(t.key), t.key
 limit $3
