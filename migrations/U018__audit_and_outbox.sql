drop table platform.outbox_events;
drop table audit.audit_logs;
drop schema audit;
delete from platform.table_facts
where table_schema = 'audit' or (table_schema = 'platform' and table_name = 'outbox_events');
