delete from security.data_elements
where table_name in ('documents.document_versions', 'documents.documents', 'identity.sso_providers', 'identity.user_sso_accounts', 'platform.configuration_settings', 'work.change_request_impacts', 'work.comments');
comment on column analytics.report_executions.result_file_id is
  'The answer as a stored file. Null: there is none. The reference to documents.files arrives with that table.';
drop index analytics.report_executions_result_file_id_idx;
alter table analytics.report_executions drop constraint report_executions_result_file_id_fkey;
drop table security.encryption_key_services;
delete from platform.table_facts where table_schema = 'security' and table_name = 'encryption_key_services';
