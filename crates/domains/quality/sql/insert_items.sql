-- Stores the criteria or stories that are new. As many rows as were.
insert into work.requirement_items (project_id, requirement_id, item_kind, position, body, met_at)
select $1, $2, $3, n.position, n.body, case when n.checked then $6::timestamptz end
from unnest($4::text[], $5::boolean[]) with ordinality n (body, checked, position)
where not exists (select from work.requirement_items i
                  where i.project_id = $1 and i.requirement_id = $2 and i.item_kind = $3 and i.position = n.position)
