call platform.forget_resource_types('notification', 'job', 'metric', 'operation_run');
drop function platform.claim_jobs(text[], text, int, interval);
drop table platform.operation_runs;
drop table platform.metric_samples;
drop table platform.metric_definitions;
drop table platform.jobs;
drop function platform.guard_job_status();
drop table platform.notification_preferences;
drop table platform.notification_deliveries;
drop table platform.notifications;
drop function platform.deliver_notifications();
delete from platform.table_facts
where table_schema = 'platform' and table_name in ('notifications', 'notification_deliveries', 'notification_preferences', 'jobs',
  'metric_definitions', 'metric_samples', 'operation_runs');
