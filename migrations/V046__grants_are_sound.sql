-- What V044 and V045 said of new rows holds for all: the columns it is about were new and empty.

alter table authz.user_roles validate constraint user_roles_may_delegate_check;
alter table authz.user_roles validate constraint user_roles_delegated_from_check;
alter table authz.user_roles validate constraint user_roles_delegated_from_fkey;
alter table authz.user_roles validate constraint user_roles_approval_request_id_fkey;
alter table authz.user_permissions validate constraint user_permissions_is_emergency_check;
alter table authz.user_permissions validate constraint user_permissions_approval_request_id_fkey;
