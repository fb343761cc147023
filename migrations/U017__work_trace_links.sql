drop table work.trace_links;
delete from platform.table_facts where table_schema = 'work' and table_name = 'trace_links';
