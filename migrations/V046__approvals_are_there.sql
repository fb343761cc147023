-- What V045 said of new rows holds for all.

alter table authz.user_roles validate constraint user_roles_approval_request_id_fkey;
alter table authz.user_permissions validate constraint user_permissions_approval_request_id_fkey;
