-- What differs between two baselines, or between a baseline and now, kind by kind, with the figures of the whole. No row when nothing does.
-- Parameters: baseline, the other one or null for now, place of the kind and record of the last row of the page before, rows, project.
with differing as materialized (
  select d.kind, d.record_id, d.change, d.before, d.after,
         array_position(array['requirement', 'user_story', 'acceptance_criterion', 'feature', 'test_case', 'trace_link'], d.kind) as place,
         count(*) filter (where d.change = 'added') over () as added,
         count(*) filter (where d.change = 'removed') over () as removed,
         count(*) filter (where d.change = 'changed') over () as changed
    from work.baseline_differences($1, $2) d
   where (d.kind <> 'requirement' or /* readable requirements d.record_id */ true)
     and (d.kind not in ('user_story', 'acceptance_criterion') or /* readable requirement-items d.record_id */ true)
     and (d.kind <> 'feature' or /* readable features d.record_id */ true)
     and (d.kind <> 'test_case' or /* readable test-cases d.record_id */ true)
     and (d.kind <> 'trace_link' or /* readable trace-links d.record_id */ true)
)
select d.kind, d.record_id, d.change, d.before, d.after, d.place, d.added, d.removed, d.changed, s.key, t.key
  from differing d
  left join lateral (
    select k.key from work.entity_keys k
     where k.project_id = $6 and k.entity_id = (coalesce(d.after, d.before) ->> 'source_id')::uuid limit 1) s on true
  left join lateral (
    select k.key from work.entity_keys k
     where k.project_id = $6 and k.entity_id = (coalesce(d.after, d.before) ->> 'target_id')::uuid limit 1) t on true
 where $3::int4 is null or (d.place, d.record_id) > ($3, $4::uuid)
 order by d.place, d.record_id
 limit $5
