-- Defects of a project, newest first, with who looks after each and the requirement it stands in the way of. No row when none fits.
-- Parameters: project, statuses, severities, owner, pattern, text, the last one of the page before, rows.
select d.id, d.key, d.title, d.status, d.severity, coalesce(u.display_name, u.email) as owner, d.updated_at,
       coalesce(f.requirement, (
         -- Found first and sorted then (offset 0): else the smallest is looked for among all requirements of the project, in their order.
         select few.key from (
           select q.id, q.key from quality.test_results r
             join work.trace_links l on l.project_id = r.project_id and l.source_id = r.test_case_id and l.link_type = 'verifies'
             join work.requirements q on q.project_id = l.project_id and q.id = l.target_id and q.deleted_at is null
              and /* readable requirements q.id */ true
            where r.project_id = d.project_id and r.id = d.test_result_id offset 0) few
          order by few.id limit 1)) as requirement
  from quality.defects d
  left join identity.users u on u.id = d.assigned_to_user_id
  left join lateral (select q.key as requirement from work.features x
                       join work.requirements q on q.project_id = x.project_id and q.id = x.requirement_id and q.deleted_at is null
                        and /* readable requirements q.id */ true
                      where x.project_id = d.project_id and x.id = d.feature_id) f on true
 where d.project_id = $1 and d.deleted_at is null and /* readable defects d.id */ true
   and ($2::text[] is null or d.status = any ($2))
   and ($3::text[] is null or d.severity = any ($3))
   and ($4::uuid is null or d.assigned_to_user_id = $4)
   and ($5::text is null or d.title ilike $5 or d.key = upper($6))
   and ($7::uuid is null or d.id < $7)
 order by d.id desc
 limit $8
