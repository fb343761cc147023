drop table quality.defects;
drop function quality.defect_search_vector();
delete from platform.table_facts where table_schema = 'quality' and table_name = 'defects';
