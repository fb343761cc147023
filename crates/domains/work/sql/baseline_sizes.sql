-- How many records of each kind some baselines hold, of those that may be read. No row for a baseline that holds nothing.
-- Parameters: baselines, project.
select i.baseline_id, i.kind, count(*)
  from work.baseline_items i
 where i.baseline_id = any ($1) and i.project_id = $2
   and (i.kind <> 'requirement' or /* readable requirements i.record_id */ true)
   and (i.kind not in ('user_story', 'acceptance_criterion') or /* readable requirement-items i.record_id */ true)
   and (i.kind <> 'feature' or /* readable features i.record_id */ true)
   and (i.kind <> 'test_case' or /* readable test-cases i.record_id */ true)
   and (i.kind <> 'trace_link' or /* readable trace-links i.record_id */ true)
 group by 1, 2
