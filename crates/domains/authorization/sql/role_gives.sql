-- What each role itself gives, without what it inherits, as far as the reader may read it; what has ended by $1 is left out. No row for a role without
-- permissions.
select g.id, g.role_id, p.id, p.name, t.name, p.action, p.scope, p.conditions, p.requires_approval,
       greatest(g.valid_from, p.valid_from), least(g.valid_until, p.valid_until), g.additional_conditions
from authz.role_permissions g
join authz.permissions p on p.id = g.permission_id
join authz.resource_types t on t.id = p.resource_type_id
where p.deleted_at is null and /* readable role-permissions g.id */ true and /* readable roles g.role_id */ true
  and (g.valid_until is null or g.valid_until > $1) and (p.valid_until is null or p.valid_until > $1)
order by t.name, p.action, p.name
