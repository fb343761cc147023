-- Gives a role; the table refuses what may not be given, and what is passed on wider than it is held.
insert into authz.user_roles (id, user_id, role_id, assigned_by, assigned_at, assignment_reason, valid_from, valid_until, context_conditions,
                              resource_scope_id, may_delegate, delegated_from, delegated_by, delegation_depth, approval_request_id)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
