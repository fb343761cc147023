-- The policies of projects and members read each other, so they go first.
drop policy project_access on work.project_members;
drop policy project_access on work.projects;
drop function work.project_roles_of(uuid);
drop table work.project_members;
drop table work.projects;
drop function work.project_search_vector();
drop table reference.tags;
drop table reference.tech_stacks;
drop table reference.feature_catalog;
drop schema work;
delete from platform.table_facts
where table_schema = 'work' or (table_schema = 'reference' and table_name in ('tags', 'tech_stacks', 'feature_catalog'));
