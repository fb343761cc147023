comment on column audit.audit_logs.agent_run_id is 'The run of the agent it was part of. Null: no agent was at work.';
drop index if exists audit.audit_logs_risk_level_idx;
drop index if exists audit.audit_logs_resource_type_idx;
drop index if exists audit.audit_logs_request_id_idx;
drop index if exists audit.audit_logs_on_behalf_of_user_id_idx;
drop index if exists audit.audit_logs_agent_run_id_idx;
alter table audit.change_tracking drop column audit_log_id;
