drop table work.features;
drop table work.requirement_dependencies;
drop table work.requirement_items;
drop table work.requirements;
drop function work.feature_search_vector();
drop function work.requirement_search_vector();
delete from platform.table_facts
where table_schema = 'work' and table_name in ('requirements', 'requirement_items', 'requirement_dependencies', 'features');
