-- The defects that concern a requirement: linked to it, found by a result of its tests, or in one of its features.
-- $1 project, $2 requirement, $3 its tests
select d.key, d.title, d.status
  from quality.defects d
 where d.project_id = $1 and d.deleted_at is null
   and (d.id in (select l.source_id from work.trace_links l where l.project_id = $1 and l.target_id = $2)
     or d.feature_id in (select f.id from work.features f where f.project_id = $1 and f.requirement_id = $2 and f.deleted_at is null)
     or d.test_result_id in (select x.id from quality.test_results x
          join quality.defects o on o.project_id = $1 and o.test_result_id = x.id and o.deleted_at is null
          where x.project_id = $1 and x.test_case_id = any ($3::uuid[])))
 order by array_position(array['open', 'assigned', 'in_progress', 'resolved', 'verified', 'closed', 'wont_fix'], d.status), d.id desc
 limit 100
