delete from authz.role_grants_template where resource_type in ('security_event', 'vulnerability');
delete from authz.permissions p using authz.resource_types t
where p.resource_type_id = t.id and t.name in ('security_event', 'vulnerability');
delete from authz.resource_types where name in ('security_event', 'vulnerability');
delete from security.data_elements;
delete from security.compliance_controls c using security.compliance_frameworks f
where f.id = c.framework_id and f.name in ('NIS2', 'EU AI Act', 'DORA');
comment on column analytics.report_executions.result_file_id is
  'The answer as a stored file. Null: there is none. The reference to documents.files arrives with that table.';
drop index analytics.report_executions_result_file_id_idx;
alter table analytics.report_executions drop constraint report_executions_result_file_id_fkey;
drop table security.encryption_key_services;
delete from platform.entities where entity_type = 'vulnerability';
delete from work.entity_keys where key like 'VULN-%';
delete from work.key_counters where prefix = 'VULN';
drop table security.vulnerability_components;
drop table security.vulnerabilities;
drop function security.count_vulnerabilities();
drop table security.security_events;
drop function security.sign_resolution();
delete from platform.table_facts
where table_schema = 'security' and table_name in ('encryption_key_services', 'vulnerability_components', 'vulnerabilities', 'security_events');
