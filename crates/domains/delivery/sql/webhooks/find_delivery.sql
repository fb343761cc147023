-- One message in full. No row when there is none.
select d.id, d.connection_id, c.name as connection_name, d.event, d.action, d.repository, d.status, d.error, d.notes, d.received_at,
       d.provider_delivery_id, d.headers, d.payload, d.result, d.attempts, d.next_attempt_at, d.completed_at, d.repeat_of,
       (select count(*) from jsonb_array_elements(d.result) r where r ->> 'what' = 'created') as created,
       (select count(*) from jsonb_array_elements(d.result) r where r ->> 'what' in ('changed', 'deleted')) as changed
  from platform.webhook_deliveries d
  join platform.webhook_connections c on c.id = d.connection_id
 where d.project_id = $1 and d.id = $2 and /* readable webhook-deliveries d.id */ true
