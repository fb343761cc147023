-- Tests that fail in a build and passed when they were last run before on the same branch. A test that was skipped or left out in between is
-- compared with the build that did run it; one that never ran before is not new here. No row when nothing broke.
-- Parameters: project, build, branch (null: none), its number, rows.
with failing as (
  select r.test_case_id, min(array_position(array['error', 'failed'], r.status)) as worst, (array_agg(r.error_message order by r.id))[1] as message
    from quality.test_results r
   where r.project_id = $1 and r.build_id = $2 and r.status in ('failed', 'error') and /* readable test-results r.id */ true
   group by r.test_case_id)
select t.key, t.name, (array['error', 'failed'])[f.worst] as outcome, f.message, before.build_number,
       quality.is_quarantined(t.organization_id, t.id, now()) as quarantined
  from failing f
  join quality.test_cases t on t.project_id = $1 and t.id = f.test_case_id and /* readable test-cases t.id */ true
  cross join lateral (
    select b.build_number, bool_or(r.status in ('failed', 'error')) as failed
      from quality.test_results r
      join delivery.builds b on b.project_id = r.project_id and b.id = r.build_id and /* readable builds b.id */ true
     where r.project_id = $1 and r.test_case_id = f.test_case_id and r.status <> 'skipped' and /* readable test-results r.id */ true
       and b.git_branch is not distinct from $3::text and b.build_number < $4
     group by b.build_number
     order by b.build_number desc
     limit 1) before
 where not before.failed
 order by t.key
 limit $5
