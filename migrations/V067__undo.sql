-- What was done can be looked at as it was and taken back: each changed column says which row of the trail tells of the same change, and the
-- trail can be asked by run, by request, by whom somebody acted for, by kind and by risk without being read as a whole.

alter table audit.change_tracking add column audit_log_id uuid;
comment on column audit.change_tracking.audit_log_id is
  'The row of the trail that tells of the same change, in the same transaction; without reference, so that either outlives the other. Null: it was '
  'tracked before this was kept.';

-- On a trail that is in use, an operator makes these beforehand, as docs/migrations.md says; up to some million rows it takes seconds.
-- squawk-ignore require-concurrent-index-creation
create index if not exists audit_logs_agent_run_id_idx on audit.audit_logs (organization_id, agent_run_id, id) where agent_run_id is not null;
-- squawk-ignore require-concurrent-index-creation
create index if not exists audit_logs_on_behalf_of_user_id_idx on audit.audit_logs (organization_id, on_behalf_of_user_id, id)
  where on_behalf_of_user_id is not null;
-- squawk-ignore require-concurrent-index-creation
create index if not exists audit_logs_request_id_idx on audit.audit_logs (organization_id, request_id) where request_id is not null;
-- squawk-ignore require-concurrent-index-creation
create index if not exists audit_logs_resource_type_idx on audit.audit_logs (organization_id, resource_type, id);
-- squawk-ignore require-concurrent-index-creation
create index if not exists audit_logs_risk_level_idx on audit.audit_logs (organization_id, id) where risk_level <> 'low';

comment on column audit.audit_logs.agent_run_id is
  'The run it was part of, as an agent or a program names it with X-Agent-Run: what was done in one run can be undone at once. Null: no run was named.';
