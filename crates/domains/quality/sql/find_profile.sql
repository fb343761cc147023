-- The profile of a project by identifier or name; no row when there is none.
select id, name, target, system, mapping from platform.import_profiles
where project_id = $1 and (id = $2::uuid or name = $3)
order by id = $2::uuid desc nulls last limit 1
