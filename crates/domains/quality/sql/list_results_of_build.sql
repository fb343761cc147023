-- Test cases with their outcome in one build, the slowest result of each counted as its time; the worst outcome is the one of the case.
-- No row when the build has no result that fits. Parameters: project, build, outcomes, levels, pattern, text, linked or not, last case, rows,
-- since when a flip counts, now, and which of `flaky` and `quarantined` (null: any).
select t.id, t.key, t.name, t.test_type, t.status, (array['error', 'failed', 'skipped', 'passed'])[r.worst] as outcome, r.ran_at,
       place.suite_path, place.class_name,
       t.last_flipped_at >= $10 as flaky, quality.is_quarantined(t.organization_id, t.id, $11) as quarantined,
       array(select distinct q.key
               from work.trace_links l
               join work.requirements q on q.project_id = l.project_id and q.id = l.target_id and q.deleted_at is null
                and /* readable requirements q.id */ true
              where l.project_id = t.project_id and l.source_id = t.id and l.link_type = 'verifies'
                and /* readable trace-links l.id */ true) as requirements
  from (select o.test_case_id, min(array_position(array['error', 'failed', 'skipped', 'passed'], o.status)) as worst, max(o.executed_at) as ran_at
          from quality.test_results o
         where o.project_id = $1 and o.build_id = $2 and /* readable test-results o.id */ true
         group by o.test_case_id) r
  join quality.test_cases t on t.project_id = $1 and t.id = r.test_case_id and t.deleted_at is null and /* readable test-cases t.id */ true
  left join lateral (select a.suite_path, a.class_name from quality.test_case_aliases a
                      where a.project_id = t.project_id and a.test_case_id = t.id order by a.id desc limit 1) place on true
 where ($3::text[] is null or (array['error', 'failed', 'skipped', 'passed'])[r.worst] = any ($3))
   and ($4::text[] is null or t.test_type = any ($4))
   and ($5::text is null or t.name ilike $5 or t.key = upper($6))
   and ($7::boolean is null or $7 = exists (
         select from work.trace_links l where l.project_id = t.project_id and l.source_id = t.id and l.link_type = 'verifies'
            and /* readable trace-links l.id */ true))
   and ($12::text[] is null or ('flaky' = any ($12) and t.last_flipped_at >= $10)
        or ('quarantined' = any ($12) and quality.is_quarantined(t.organization_id, t.id, $11)))
   and ($8::uuid is null or t.id > $8)
 order by t.id
 limit $9
