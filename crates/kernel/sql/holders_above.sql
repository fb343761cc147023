-- Who holds something for a thing of the tree of resources or for what it is part of; no row: nobody.
with recursive above as (
  select r.id, r.parent_resource_id from authz.resources r where r.id = $1
  union
  select r.id, r.parent_resource_id from above a join authz.resources r on r.id = a.parent_resource_id
)
select g.user_id from authz.user_roles g join above a on a.id = g.resource_scope_id where g.revoked_at is null
union
select g.user_id from authz.user_permissions g join above a on a.id = g.resource_id where g.revoked_at is null
