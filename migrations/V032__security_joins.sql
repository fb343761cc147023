-- What joins keys, reports and the map of sensitive columns with tables that came after them.

create table security.encryption_key_services (
  organization_id uuid not null default platform.current_organization(),
  key_id          uuid not null,
  service_id      uuid not null,
  primary key (organization_id, key_id, service_id),
  constraint encryption_key_services_key_id_fkey foreign key (organization_id, key_id) references security.encryption_keys
    on update cascade on delete cascade,
  constraint encryption_key_services_service_id_fkey foreign key (organization_id, service_id) references platform.services
    on update cascade on delete cascade
);
create index encryption_key_services_service_id_idx on security.encryption_key_services (organization_id, service_id);
call platform.adopt_table('security.encryption_key_services', 'confidential', 'while the key is kept', 'select, insert, update, delete');
comment on table security.encryption_key_services is
  'Services that may use a key. A key without any is for the application alone.';
comment on column security.encryption_key_services.key_id is 'The key; the row goes away with it.';
comment on column security.encryption_key_services.service_id is 'The service; the row goes away with it.';

alter table analytics.report_executions add constraint report_executions_result_file_id_fkey foreign key (organization_id, result_file_id)
  references documents.files on update cascade on delete set null (result_file_id);
create index report_executions_result_file_id_idx on analytics.report_executions (organization_id, result_file_id) where result_file_id is not null;
comment on column analytics.report_executions.result_file_id is 'The answer as a stored file. Null: there is none, or the file is gone.';

insert into security.data_elements
  (table_name, column_name, element_type, classification_id, masking_method, masking_parameters, detection_patterns, validation_rules)
select e.table_name, e.column_name, e.element_type, k.id, e.method, e.parameters::jsonb, e.patterns::jsonb, e.rules::jsonb
from (values
  ('identity.sso_providers', 'client_secret_ciphertext', 'client_secret', 'top_secret', 'redact', '{"replacement": "***REDACTED***"}', '[]', '{}'),
  ('identity.user_sso_accounts', 'access_token_ciphertext', 'token', 'top_secret', 'redact', '{"replacement": "***REDACTED***"}', '[]', '{}'),
  ('identity.user_sso_accounts', 'refresh_token_ciphertext', 'token', 'top_secret', 'redact', '{"replacement": "***REDACTED***"}', '[]', '{}'),
  ('identity.user_sso_accounts', 'external_email', 'email', 'restricted', 'partial', '{"keep_first": 1, "keep_domain": true, "fill": "*"}', '["[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\\.[A-Za-z]{2,}"]', '{"max_length": 320}'),
  ('identity.user_sso_accounts', 'external_username', 'user_name', 'restricted', 'partial', '{"keep_first": 1, "keep_last": 0, "fill": "*"}', '[]', '{}'),
  ('identity.user_sso_accounts', 'external_data', 'record_values', 'restricted', 'redact', '{"replacement": "***REDACTED***"}', '[]', '{}'),
  ('platform.configuration_settings', 'config_value_ciphertext', 'secret', 'top_secret', 'redact', '{"replacement": "***REDACTED***"}', '[]', '{}'),
  ('work.comments', 'body', 'free_text', 'confidential', 'tokenize', '{"find": ["email", "phone"]}', '[]', '{}'),
  ('work.change_request_impacts', 'cost_cents', 'money', 'confidential', 'redact', '{"replacement": "***REDACTED***"}', '[]', '{}'),
  ('documents.documents', 'content', 'free_text', 'confidential', 'tokenize', '{"find": ["email", "phone"]}', '[]', '{}'),
  ('documents.document_versions', 'content', 'free_text', 'confidential', 'tokenize', '{"find": ["email", "phone"]}', '[]', '{}'),
  ('documents.document_versions', 'extracted_text', 'free_text', 'confidential', 'tokenize', '{"find": ["email", "phone"]}', '[]', '{}')) as e (table_name, column_name, element_type, classification, method, parameters, patterns, rules)
join security.data_classifications k on k.name = e.classification;
