-- The reports in which a finding was seen, the latest first, with build and file. No row when there is none.
-- Parameters: project, finding, rows.
select s.level, s.uri, s.line_number, s.is_suppressed, s.baseline_state, s.seen_at, b.build_number, i.id as import_id, i.file_name
  from security.finding_sightings s
  left join delivery.builds b on b.project_id = s.project_id and b.id = s.build_id and /* readable builds b.id */ true
  left join platform.imports i on i.project_id = s.project_id and i.id = s.import_id and /* readable imports i.id */ true
 where s.project_id = $1 and s.finding_id = $2 and /* readable finding-sightings s.id */ true
 order by s.seen_at desc, s.id desc
 limit $3
