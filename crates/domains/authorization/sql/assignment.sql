-- An assignment as it stands. One row: it was found before.
select g.user_id, g.role_id, r.name, g.valid_from, g.valid_until, g.context_conditions, g.delegation_depth, g.resource_scope_id, g.delegated_by
from authz.user_roles g join authz.roles r on r.id = g.role_id
where g.id = $1
