-- The live environment of this name: the project's own before the organisation's; no row when there is none.
select e.id from delivery.environments e
 where (e.project_id = $1 or e.project_id is null) and lower(e.name) = lower($2) and e.deleted_at is null
 order by e.project_id is null, e.id limit 1
