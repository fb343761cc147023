-- Test cases of a project with the requirements they are linked to, in the order they became known. No row when none fits.
-- Parameters: project, outcomes (`never`: never run), levels, pattern, text, linked or not, the last one of the page before, rows,
-- since when a flip counts, now, and which of `flaky` and `quarantined` (null: any).
select t.id, t.key, t.name, t.test_type, t.status, t.last_run_status, t.last_run_at, place.suite_path, place.class_name,
       t.last_flipped_at >= $9 as flaky, quality.is_quarantined(t.organization_id, t.id, $10) as quarantined,
       array(select distinct q.key
               from work.trace_links l
               join work.requirements q on q.project_id = l.project_id and q.id = l.target_id and q.deleted_at is null
                and /* readable requirements q.id */ true
              where l.project_id = t.project_id and l.source_id = t.id and l.link_type = 'verifies'
                and /* readable trace-links l.id */ true) as requirements
  from quality.test_cases t
  left join lateral (select a.suite_path, a.class_name from quality.test_case_aliases a
                      where a.project_id = t.project_id and a.test_case_id = t.id order by a.id desc limit 1) place on true
 where t.project_id = $1 and t.deleted_at is null and /* readable test-cases t.id */ true
   and ($2::text[] is null or coalesce(t.last_run_status, 'never') = any ($2))
   and ($3::text[] is null or t.test_type = any ($3))
   and ($4::text is null or t.name ilike $4 or t.key = upper($5))
   and ($6::boolean is null or $6 = exists (
         select from work.trace_links l where l.project_id = t.project_id and l.source_id = t.id and l.link_type = 'verifies'
            and /* readable trace-links l.id */ true))
   and ($11::text[] is null or ('flaky' = any ($11) and t.last_flipped_at >= $9)
        or ('quarantined' = any ($11) and quality.is_quarantined(t.organization_id, t.id, $10)))
   and ($7::uuid is null or t.id > $7)
 order by t.id
 limit $8
