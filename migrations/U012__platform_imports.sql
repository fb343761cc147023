drop table platform.idempotency_keys;
drop table platform.import_rejections;
drop table platform.imports;
delete from platform.table_facts
where table_schema = 'platform' and table_name in ('imports', 'import_rejections', 'idempotency_keys');
