drop table quality.coverage_files;
drop table quality.coverage_reports;
drop table quality.test_results;
drop function quality.count_results();
drop table quality.test_runs;
delete from platform.table_facts
where table_schema = 'quality' and table_name in ('coverage_files', 'coverage_reports', 'test_results', 'test_runs');
