-- Takes a permission in an emergency; the table refuses what no emergency reaches, and whoever may not.
insert into authz.user_permissions (id, user_id, permission_id, resource_id, granted_at, grant_reason, valid_until, is_emergency)
values ($1, $2, $3, $4, $5, $6, $7, true)
