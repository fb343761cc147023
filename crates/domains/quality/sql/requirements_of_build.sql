-- Requirements that results of a build speak for: how many, and how many of them have a failing one. One row.
with proven as (
  select l.target_id, bool_or(r.status in ('failed', 'error')) as failing
    from quality.test_results r
    join work.trace_links l on l.project_id = r.project_id and l.source_id = r.test_case_id and l.link_type = 'verifies'
     and /* readable trace-links l.id */ true and /* readable requirements l.target_id */ true
   where r.project_id = $1 and r.build_id = $2 and r.status <> 'skipped' and /* readable test-results r.id */ true
   group by l.target_id)
select count(*) as requirements, count(*) filter (where failing) as failing from proven
