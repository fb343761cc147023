-- What was taken out as rows of files, by whom: how many a file had says its row of the trail, or another one that was written when a stream ended.
select a.user_id::text as subject, a.id, a.occurred_at as at, a.user_id as target_id, a.user_id as source_id, a.ip_address as address, a.user_agent,
       case when jsonb_typeof(a.additional_data -> 'rows') = 'number' then (a.additional_data ->> 'rows')::numeric else 0 end as weight
  from asked, audit.audit_logs a
 where a.id >= platform.uuid_v7_floor($1::timestamptz) and (a.event_type like '%.exported' or a.event_type like '%.export_ended')
   and a.status = 'success' and a.user_id is not null
