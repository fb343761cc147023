alter table delivery.releases drop column reported_at;
drop table delivery.pull_request_reviews;
drop table delivery.pull_requests;
drop table delivery.checks;
drop function platform.due_webhook_deliveries(timestamptz, int);
drop function platform.webhook_connection(uuid);
delete from security.retention_policies where table_schema = 'platform' and table_name = 'webhook_deliveries';
drop table platform.webhook_deliveries;
delete from security.data_elements where table_name = 'platform.webhook_connections';
drop table platform.webhook_connections;
delete from platform.table_facts where (table_schema, table_name) in (
  ('delivery', 'pull_request_reviews'), ('delivery', 'pull_requests'), ('delivery', 'checks'),
  ('platform', 'webhook_deliveries'), ('platform', 'webhook_connections'));
call platform.forget_resource_types('webhook', 'pull_request');
