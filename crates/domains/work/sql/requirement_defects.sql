-- The defects that concern a requirement: linked to it, found by a result of its tests, or in one of its features.
-- $1 project, $2 requirement, $3 its tests
select d.key, d.title, d.status
  from quality.defects d
 where d.project_id = $1 and d.deleted_at is null and /* readable defects d.id */ true
   and d.id = any (array(
     select l.source_id from work.trace_links l where l.project_id = $1 and l.target_id = $2 and /* readable trace-links l.id */ true
     union
     select o.id from work.features f join quality.defects o on o.project_id = $1 and o.feature_id = f.id
      where f.project_id = $1 and f.requirement_id = $2 and f.deleted_at is null and /* readable features f.id */ true
     union
     select o.id from quality.test_results x join quality.defects o on o.project_id = $1 and o.test_result_id = x.id
      where x.project_id = $1 and x.test_case_id = any ($3::uuid[]) and /* readable test-results x.id */ true))
 order by array_position(array['open', 'assigned', 'in_progress', 'resolved', 'verified', 'closed', 'wont_fix'], d.status), d.id desc
 limit 100
