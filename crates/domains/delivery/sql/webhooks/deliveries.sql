-- The messages of a project, the latest first.
select d.id, d.connection_id, c.name as connection_name, d.event, d.action, d.repository, d.status, d.error, d.notes, d.received_at,
       (select count(*) from jsonb_array_elements(d.result) r where r ->> 'what' = 'created') as created,
       (select count(*) from jsonb_array_elements(d.result) r where r ->> 'what' in ('changed', 'deleted')) as changed
  from platform.webhook_deliveries d
  join platform.webhook_connections c on c.id = d.connection_id
 where d.project_id = $1 and ($2::uuid is null or d.connection_id = $2) and ($3::text is null or d.status = $3)
   and ($4::uuid is null or d.id < $4) and /* readable webhook-deliveries d.id */ true
 order by d.id desc
 limit $5
