-- The same list, those that ran last first; those that never ran come at the end. No row when none fits. What is shown beside a test case is
-- looked up for the rows of the page only. Parameters as in list_test_cases.sql, but $7 and $8 are the time (null: never) and identifier of the
-- last one before, $9 the rows, and the last three follow.
select t.id, t.key, t.name, t.test_type, t.status, t.last_run_status, t.last_run_at, place.suite_path, place.class_name,
       t.last_flipped_at >= $10 as flaky, quality.is_quarantined(t.organization_id, t.id, $11) as quarantined,
       array(select distinct q.key
               from work.trace_links l
               join work.requirements q on q.project_id = l.project_id and q.id = l.target_id and q.deleted_at is null
                and /* readable requirements q.id */ true
              where l.project_id = t.project_id and l.source_id = t.id and l.link_type = 'verifies'
                and /* readable trace-links l.id */ true) as requirements
  from (select t.organization_id, t.id, t.project_id, t.last_flipped_at, t.key, t.name, t.test_type, t.status, t.last_run_status, t.last_run_at
          from quality.test_cases t
         where t.project_id = $1 and t.deleted_at is null and /* readable test-cases t.id */ true
           and ($2::text[] is null or coalesce(t.last_run_status, 'never') = any ($2))
           and ($3::text[] is null or t.test_type = any ($3))
           and ($4::text is null or t.name ilike $4 or t.key = upper($5))
           and ($6::boolean is null or $6 = exists (
                 select from work.trace_links l where l.project_id = t.project_id and l.source_id = t.id and l.link_type = 'verifies'
                    and /* readable trace-links l.id */ true))
           and ($12::text[] is null or ('flaky' = any ($12) and t.last_flipped_at >= $10)
                or ('quarantined' = any ($12) and quality.is_quarantined(t.organization_id, t.id, $11)))
           and ($8::uuid is null or (coalesce(t.last_run_at, '-infinity'), t.id) < (coalesce($7::timestamptz, '-infinity'), $8))
         order by coalesce(t.last_run_at, '-infinity') desc, t.id desc
         limit $9) t
  left join lateral (select a.suite_path, a.class_name from quality.test_case_aliases a
                      where a.project_id = t.project_id and a.test_case_id = t.id order by a.id desc limit 1) place on true
 order by coalesce(t.last_run_at, '-infinity') desc, t.id desc
