-- Sign-ins that were refused, by account.
select a.user_id::text as subject, a.id, a.occurred_at as at, a.user_id as target_id, null::uuid as source_id, a.ip_address as address, a.user_agent,
       1::bigint as weight
  from asked, audit.audit_logs a
 where a.id >= platform.uuid_v7_floor($1::timestamptz) and a.resource_type = 'session' and a.event_type = 'session.refused' and a.user_id is not null
