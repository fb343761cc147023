drop function platform.seed_organization(uuid);
drop procedure platform.assert_organization(uuid);
drop table authz.role_grants_template;
delete from platform.table_facts where table_schema = 'authz' and table_name = 'role_grants_template';
