-- The import profiles of a project by name, at most 500. No row when there is none.
select p.id, p.name, p.target, p.system, p.mapping, p.row_version::text as version, p.updated_at
  from platform.import_profiles p
 where p.project_id = $1 and ($2::uuid is null or p.id = $2) and /* readable import-profiles p.id */ true
 order by p.name, p.id
 limit 500
