-- The live service of that name, at most one.
select id from platform.services where name = $1 and deleted_at is null
