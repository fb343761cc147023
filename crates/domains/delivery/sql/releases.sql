-- Releases of a project, the newest first. No row when there is none.
-- Parameters: project, the last one of the page before, rows.
select r.id, r.version, r.name, r.status, r.planned_on, r.released_at, r.withdrawn_at, r.withdrawn_reason, b.id, b.build_number
  from delivery.releases r
  left join delivery.builds b on b.project_id = r.project_id and b.id = r.build_id and /* readable builds b.id */ true
 where r.project_id = $1 and r.deleted_at is null and /* readable releases r.id */ true
   and ($2::uuid is null or r.id < $2)
 order by r.id desc
 limit $3
