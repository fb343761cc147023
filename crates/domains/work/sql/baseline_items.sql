-- What a baseline holds, kind by kind. No row when nothing fits.
-- Parameters: baseline, kind, record or key, place of the kind and record of the last row of the page before, rows, project.
with held as (
  select i.kind, i.record_id, i.content, i.fingerprint,
         array_position(array['requirement', 'user_story', 'acceptance_criterion', 'feature', 'test_case', 'trace_link'], i.kind) as place
    from work.baseline_items i
   where i.baseline_id = $1 and i.project_id = $7
     and ($2::text is null or i.kind = $2)
     and ($3::text is null or i.record_id::text = $3 or i.content ->> 'key' = $3)
     and (i.kind <> 'requirement' or /* readable requirements i.record_id */ true)
     and (i.kind not in ('user_story', 'acceptance_criterion') or /* readable requirement-items i.record_id */ true)
     and (i.kind <> 'feature' or /* readable features i.record_id */ true)
     and (i.kind <> 'test_case' or /* readable test-cases i.record_id */ true)
     and (i.kind <> 'trace_link' or /* readable trace-links i.record_id */ true)
)
select h.kind, h.record_id, h.content, h.fingerprint, h.place, s.key, t.key
  from held h
  left join lateral (
    select k.key from work.entity_keys k where k.project_id = $7 and k.entity_id = (h.content ->> 'source_id')::uuid limit 1) s on true
  left join lateral (
    select k.key from work.entity_keys k where k.project_id = $7 and k.entity_id = (h.content ->> 'target_id')::uuid limit 1) t on true
 where $4::int4 is null or (h.place, h.record_id) > ($4, $5::uuid)
 order by h.place, h.record_id
 limit $6
