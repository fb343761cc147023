-- The trail can also be asked by what was done, by what did not come about, and by where it came from, without being read as a whole.
-- Each of these indexes ends in the identifier, which is a time: a page of the explorer is a stretch of one of them, read from its end.

-- On a trail that is in use, an operator makes these beforehand, as docs/migrations.md says; up to some million rows it takes seconds.
-- squawk-ignore require-concurrent-index-creation
create index if not exists audit_logs_event_type_idx on audit.audit_logs (organization_id, event_type, id);
-- squawk-ignore require-concurrent-index-creation
create index if not exists audit_logs_status_idx on audit.audit_logs (organization_id, id) where status <> 'success';
-- squawk-ignore require-concurrent-index-creation
create index if not exists audit_logs_ip_address_idx on audit.audit_logs (organization_id, ip_address, id) where ip_address is not null;
