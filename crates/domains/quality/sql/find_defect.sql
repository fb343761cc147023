-- One defect by its key, or an earlier key of it, with what it was seen in. No row when there is none.
select d.id, d.key, d.title, d.description, d.reproduction_steps, d.status, d.severity, d.assigned_to_user_id,
       coalesce(o.display_name, o.email) as owner, coalesce(p.display_name, p.email) as reporter, d.affected_version, d.fixed_version,
       d.updated_at, d.row_version, t.key as test_key, t.name as test_name, r.error_message, b.build_number, b.version_tag, t.id as test_case_id,
       q.key as requirement_key, q.title as requirement_title, t.last_run_status
  from work.entity_keys k
  join quality.defects d on d.project_id = k.project_id and d.id = k.entity_id and d.deleted_at is null
  left join identity.users o on o.id = d.assigned_to_user_id
  left join identity.users p on p.id = d.reported_by_user_id
  left join quality.test_results r on r.project_id = d.project_id and r.id = d.test_result_id and /* readable test-results r.id */ true
  left join quality.test_cases t on t.project_id = r.project_id and t.id = r.test_case_id and /* readable test-cases t.id */ true
  left join delivery.builds b on b.project_id = r.project_id and b.id = r.build_id and /* readable builds b.id */ true
  left join lateral (
    select q.key, q.title from work.requirements q
     where q.project_id = d.project_id and q.deleted_at is null and /* readable requirements q.id */ true and q.id in (
             select x.requirement_id from work.features x where x.project_id = d.project_id and x.id = d.feature_id
             union all
             select l.target_id from work.trace_links l where l.project_id = d.project_id and l.source_id = t.id and l.link_type = 'verifies')
     order by q.id limit 1) q on true
 where k.project_id = $1 and k.key = $2 and /* readable defects d.id */ true
