-- Keeps a message, or finds the one with the same name; one that failed is to be worked on again. Answers which, and whether it is new.
insert into platform.webhook_deliveries as d
  (id, project_id, connection_id, provider_delivery_id, event, headers, payload, payload_sha256, received_at, next_attempt_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)
on conflict (organization_id, connection_id, provider_delivery_id) where provider_delivery_id is not null do update
  set status = case d.status when 'failed' then 'received' else d.status end,
      attempts = case d.status when 'failed' then 0 else d.attempts end,
      next_attempt_at = case d.status when 'failed' then excluded.next_attempt_at else d.next_attempt_at end,
      completed_at = case d.status when 'failed' then null else d.completed_at end
returning d.id, d.id = $1
