-- The rows of the trail behind an event, the latest first: those it was seen in, and what the trail tells of the sessions, grants and tokens it was seen
-- in. Parameters: identifiers as UUIDs and as text, rows.
select a.id, a.event_type, a.occurred_at, host(a.ip_address) as address, a.user_agent, a.resource_name, a.status,
       (select u.display_name from identity.users u where u.id = a.user_id) as actor
  from audit.audit_logs a
 where (a.id = any ($1::uuid[]) or a.resource_type in ('session', 'role', 'api_token', 'security_event') and a.resource_id = any ($2::text[]))
 order by a.id desc
 limit $3
