drop table quality.test_case_relations;
drop table quality.test_case_steps;
drop table quality.test_case_aliases;
drop table quality.test_cases;
drop function quality.count_reuse();
drop function quality.test_case_search_vector();
drop schema quality;
delete from platform.table_facts where table_schema = 'quality';
