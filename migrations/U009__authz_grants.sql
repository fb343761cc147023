drop function authz.grants_of(uuid);
drop table authz.user_roles;
drop table authz.resources;
delete from platform.table_facts where table_schema = 'authz' and table_name in ('user_roles', 'resources');
