delete from authz.role_grants_template where resource_type in ('usage', 'report', 'cost_center', 'cost');
delete from authz.permissions p using authz.resource_types t
where p.resource_type_id = t.id and t.name in ('usage', 'report', 'cost_center', 'cost');
delete from authz.resource_types where name in ('usage', 'report', 'cost_center', 'cost');
delete from platform.entities where entity_type = 'report';
drop table analytics.cost_allocations;
drop table analytics.cost_centers;
drop table analytics.report_executions;
drop function analytics.note_report_generated();
drop policy owner_access on analytics.reports;
drop table analytics.report_shares;
drop function analytics.guard_report_share();
drop table analytics.reports;
drop table analytics.api_usage_logs;
drop function analytics.count_api_calls();
drop table analytics.usage_sessions;
drop schema analytics;
drop function platform.uuid_v7_at(timestamptz);
delete from platform.table_facts where table_schema = 'analytics';
