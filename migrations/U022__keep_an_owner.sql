drop trigger keep_an_owner on authz.user_roles;
drop trigger keep_an_owner on identity.memberships;
drop function identity.keep_an_owner();
