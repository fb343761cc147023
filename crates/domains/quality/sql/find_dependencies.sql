-- The live requirements behind keys, each with whether it waits, at any remove, for the given one; no row for a key that is not there.
with recursive waits_for as (
  select d.requirement_id as id from work.requirement_dependencies d where d.project_id = $1 and d.depends_on_requirement_id = $2
  union
  select d.requirement_id from work.requirement_dependencies d
  join waits_for w on d.project_id = $1 and d.depends_on_requirement_id = w.id
)
select r.key, r.id, r.id = $2 or exists (select from waits_for w where w.id = r.id) as closes_circle
from work.requirements r
where r.project_id = $1 and r.key = any($3) and r.deleted_at is null
