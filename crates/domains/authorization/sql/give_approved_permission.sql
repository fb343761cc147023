-- Gives in person what was approved.
insert into authz.user_permissions (id, user_id, permission_id, resource_id, granted_at, grant_reason, valid_until, approval_request_id)
values ($1, $2, $3, $4, $5, $6, $7, $8)
