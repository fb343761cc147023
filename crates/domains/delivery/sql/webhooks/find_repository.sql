-- The live repository of a project under one of these addresses, written small and without what may follow; no row when none is.
select r.id from delivery.repositories r
 where r.project_id = $1 and r.deleted_at is null and regexp_replace(lower(r.url), '(\.git)?/*$', '') = any ($2)
 order by r.is_primary desc, r.id limit 1
