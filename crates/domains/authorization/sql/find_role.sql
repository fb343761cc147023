-- A role by identifier or name. No row: there is none.
select id, name from authz.roles where (id::text = lower($1) or name = $1) and deleted_at is null
