-- Stores what a requirement waits for. As many rows as were new.
insert into work.requirement_dependencies (project_id, requirement_id, depends_on_requirement_id)
select $1, $2, n.id from unnest($3::uuid[]) n (id)
on conflict do nothing
