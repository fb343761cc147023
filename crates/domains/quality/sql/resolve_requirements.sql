-- The live requirements behind keys, and their criteria by number where a number was given and exists; no row for a key that is not there.
select r.key, n.criterion, r.id, i.id
from unnest($2::text[], $3::int[]) n (key, criterion)
join work.requirements r on r.project_id = $1 and r.key = n.key and r.deleted_at is null
left join work.requirement_items i on i.project_id = $1 and i.requirement_id = r.id and i.item_kind = 'acceptance_criterion'
  and i.position = n.criterion
