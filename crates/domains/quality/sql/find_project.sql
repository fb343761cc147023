-- The live project with this identifier or slug that the actor may see, at most one; no row when there is none.
select id, slug from work.projects
where (id = $1::uuid or slug = $2::text) and deleted_at is null
order by id = $1::uuid desc nulls last
limit 1
