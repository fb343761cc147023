drop index if exists audit.audit_logs_ip_address_idx;
drop index if exists audit.audit_logs_status_idx;
drop index if exists audit.audit_logs_event_type_idx;
