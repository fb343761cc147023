-- Stores that a requirement waits for another, unless that would close a circle. One row: whether it was new, and whether it would close one.
with recursive waits_for as (
  select d.depends_on_requirement_id as id from work.requirement_dependencies d where d.project_id = $1 and d.requirement_id = $3
  union
  select d.depends_on_requirement_id from work.requirement_dependencies d join waits_for w on d.project_id = $1 and d.requirement_id = w.id
), circle as (
  select $2 = $3 or exists (select from waits_for where id = $2) as closes
), made as (
  insert into work.requirement_dependencies (project_id, requirement_id, depends_on_requirement_id)
  select $1, $2, $3 where not (select closes from circle)
  on conflict do nothing
  returning 1
)
select exists (select from made) as made, (select closes from circle) as closes
