-- Removes the criteria or stories behind the last one that the file has. As many rows as were removed.
delete from work.requirement_items where project_id = $1 and requirement_id = $2 and item_kind = $3 and position > $4::int
