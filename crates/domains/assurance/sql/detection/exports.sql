-- What was taken out as files, by whom: a row of the trail for each file.
select a.user_id::text as subject, a.id, a.occurred_at as at, a.user_id as target_id, a.user_id as source_id, a.ip_address as address, a.user_agent,
       1::bigint as weight
  from asked, audit.audit_logs a
 where a.id >= platform.uuid_v7_floor($1::timestamptz) and a.event_type like '%.exported' and a.status = 'success' and a.user_id is not null
