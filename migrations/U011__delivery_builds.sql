drop table delivery.build_artifacts;
drop table delivery.build_commits;
drop table delivery.builds;
drop function delivery.advance_build_numbers();
drop table delivery.commits;
drop table delivery.repositories;
drop schema delivery;
delete from platform.table_facts where table_schema = 'delivery';
