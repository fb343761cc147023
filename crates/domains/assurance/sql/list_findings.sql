-- Findings of a project: what somebody has to see to before what is settled, the worst first, the latest found first. No row when none fits.
-- Parameters: project, states, severities, tools, pattern, rank and identifier of the last one of the page before, rows.
select f.id, f.title, f.state, f.severity, f.tool, f.rule_id, f.uri, f.line_number, f.last_seen_at, r.rank
  from security.v_findings f
  cross join lateral (
    select case when f.state in ('open', 'confirmed') then 0 else 10 end
           + array_position(array['critical', 'high', 'medium', 'low', 'info'], f.severity) as rank) r
 where f.project_id = $1 and /* readable findings f.id */ true
   and ($2::text[] is null or f.state = any ($2))
   and ($3::text[] is null or f.severity = any ($3))
   and ($4::text[] is null or f.tool = any ($4))
   and ($5::text is null or f.title ilike $5 or f.rule_id ilike $5 or f.uri ilike $5 or f.message ilike $5)
   and ($6::int is null or r.rank > $6 or r.rank = $6 and f.id < $7::uuid)
 order by r.rank, f.id desc
 limit $8
