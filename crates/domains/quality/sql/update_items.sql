-- Brings the criteria or stories that are there to what the file says, by position; a box that is ticked or not says whether it is met. As
-- many rows as differed.
update work.requirement_items i
set body = n.body, met_at = case when n.checked then coalesce(i.met_at, $6::timestamptz) when not n.checked then null else i.met_at end,
    met_by = case when not n.checked then null else i.met_by end
from unnest($4::text[], $5::boolean[]) with ordinality n (body, checked, position)
where i.project_id = $1 and i.requirement_id = $2 and i.item_kind = $3 and i.position = n.position
  and (i.body <> n.body or n.checked <> (i.met_at is not null))
