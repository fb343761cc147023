drop trigger touch on platform.service_instances;
create trigger touch before update on platform.service_instances for each row execute function platform.touch();
update platform.table_facts set statistics = '{}' where (table_schema, table_name) = ('platform', 'service_instances');
drop function platform.thin_metric_samples(timestamptz);
drop function platform.take_vitals();
delete from security.retention_policies where table_schema = 'platform' and table_name = 'metric_alerts';
delete from platform.table_facts where table_schema = 'platform' and table_name in ('metric_alerts', 'metric_targets');
drop table platform.metric_alerts;
drop table platform.metric_targets;
call platform.forget_resource_types('metric_target');
-- Samples refer to the definition, and belong to organisations, of which whoever undoes a step is none.
alter table platform.metric_samples no force row level security;
delete from platform.metric_samples where metric_name = any (array[
  'http.latency_p50', 'http.latency_p95', 'http.latency_p99', 'http.request_rate', 'http.error_rate', 'http.slow_requests', 'db.connections_used',
  'db.pool_waits', 'db.longest_transaction', 'db.deadlocks', 'db.dead_rows', 'db.growth', 'db.partitions_missing', 'disk.free', 'disk.free_share',
  'disk.days_left', 'backup.archive_lag', 'imports.oldest_waiting', 'webhooks.waiting']);
alter table platform.metric_samples force row level security;
delete from platform.metric_definitions where name = any (array[
  'http.latency_p50', 'http.latency_p95', 'http.latency_p99', 'http.request_rate', 'http.error_rate', 'http.slow_requests', 'db.connections_used',
  'db.pool_waits', 'db.longest_transaction', 'db.deadlocks', 'db.dead_rows', 'db.growth', 'db.partitions_missing', 'disk.free', 'disk.free_share',
  'disk.days_left', 'backup.archive_lag', 'imports.oldest_waiting', 'webhooks.waiting']);
alter table platform.metric_definitions drop constraint metric_definitions_critical_check;
alter table platform.metric_definitions drop constraint metric_definitions_misses_check;
alter table platform.metric_definitions drop constraint metric_definitions_whole_days_check;
alter table platform.metric_definitions drop constraint metric_definitions_advice_check;
-- Added by the step that is undone; what was declared here comes again with it.
alter table platform.metric_definitions drop column critical_value;
alter table platform.metric_definitions drop column misses;
alter table platform.metric_definitions drop column whole_days;
alter table platform.metric_definitions drop column advice;
update platform.metric_definitions set kind = 'counter', description = 'Statements that failed.', target_operator = null, target_value = null where name = 'db.failed_queries';
update platform.metric_definitions set kind = 'counter', description = 'Connections that could not be made.', target_operator = null, target_value = null where name = 'db.connection_errors';
update platform.metric_definitions set kind = 'counter', description = 'Statements that gave up waiting for a lock.' where name = 'db.lock_timeouts';
update platform.metric_definitions set description = 'Share of pages found in memory.' where name = 'db.cache_hit_ratio';
update platform.metric_definitions set target_operator = '<', target_value = 60 where name = 'outbox.oldest_unpublished';
