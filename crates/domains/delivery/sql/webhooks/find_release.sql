-- The live release of this version, where it stands, the moment of what its server told last, and its build; no row when there is none.
select r.id, r.status, r.reported_at, r.build_id from delivery.releases r
 where r.project_id = $1 and r.version = $2 and r.deleted_at is null
