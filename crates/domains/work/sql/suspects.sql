-- Suspect links of a project, or of one record in it, those that have waited longest first. No row when none is suspect.
-- Parameters: project, one record or null, since when and which was the last one of the page before, rows.
select l.id, l.link_type, l.suspect_since, s.key, t.key, i.position,
       l.source_fingerprint is not null, l.target_fingerprint is not null, l.criterion_fingerprint is not null
  from work.trace_links l
  left join lateral (select k.key from work.entity_keys k where k.project_id = $1 and k.entity_id = l.source_id limit 1) s on true
  left join lateral (select k.key from work.entity_keys k where k.project_id = $1 and k.entity_id = l.target_id limit 1) t on true
  left join work.requirement_items i on i.project_id = l.project_id and i.id = l.criterion_id and /* readable requirement-items i.id */ true
 where l.project_id = $1 and l.suspect_since is not null and /* readable trace-links l.id */ true
   and ($2::uuid is null or l.source_id = $2 or l.target_id = $2)
   and ($3::timestamptz is null or (l.suspect_since, l.id) > ($3, $4::uuid))
 order by l.suspect_since, l.id
 limit $5
