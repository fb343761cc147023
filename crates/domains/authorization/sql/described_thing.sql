-- The thing that stands for a record. No row: nobody has described it.
select id, name, owner_user_id from authz.resources where entity_id = $1
