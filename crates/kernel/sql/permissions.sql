-- The permissions of the organisation; none without an organisation.
select p.id, p.name, t.name, p.action, p.scope, p.conditions, p.requires_approval, p.valid_from, p.valid_until
from authz.permissions p join authz.resource_types t on t.id = p.resource_type_id
where p.deleted_at is null
