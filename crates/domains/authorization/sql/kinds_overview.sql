-- The kinds of things that permissions are about with what can be done to them, the everyday actions first.
select t.name, coalesce(t.description, ''), a.action, coalesce(a.description, '')
from authz.resource_types t join authz.resource_type_actions a on a.resource_type_id = t.id
order by t.name, array_position(array['read', 'create', 'update', 'delete', 'restore', 'export'], a.action), a.action
