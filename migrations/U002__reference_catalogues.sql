drop table reference.decision_types;
drop table reference.access_roles;
drop table reference.licenses;
drop table reference.phases;
drop table reference.priorities;
drop schema reference;
delete from platform.table_facts where table_schema = 'reference';
