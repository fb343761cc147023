-- The permissions some members were given in person and that have not ended, with what each is limited to, as in held_roles. No row: none.
with recursive below as (
  select r.id as scope, r.id, r.entity_id, r.external_id
  from authz.resources r
  where r.is_active and r.id in (select g.resource_id from authz.user_permissions g where g.user_id = any($1) and g.revoked_at is null)
  union
  select b.scope, r.id, r.entity_id, r.external_id
  from below b join authz.resources r on r.parent_resource_id = b.id
  where r.is_active
)
select g.user_id, g.id, g.permission_id, g.valid_from, g.valid_until, g.additional_conditions, g.granted_by, g.on_behalf_of_user_id, g.is_emergency,
       g.resource_id is not null,
       (select e.id from below b join platform.entities e on e.id = b.entity_id where b.id = g.resource_id and e.entity_type = 'project'),
       array(select b.entity_id from below b where b.scope = g.resource_id and b.entity_id is not null),
       array(select b.external_id from below b where b.scope = g.resource_id and b.external_id is not null)
from authz.user_permissions g
where g.user_id = any($1) and g.revoked_at is null and (g.valid_until is null or g.valid_until > $2)
