-- A message that is to be worked on, locked with its project; no row when somebody else has it in hand or it has ended.
with due as (
  select d.* from platform.webhook_deliveries d where d.id = $1 and d.next_attempt_at is not null for update skip locked
)
select d.connection_id, d.project_id, d.event, d.payload, d.payload_sha256, d.received_at, c.provider, c.repository as only_repository, c.issue_label,
       pg_advisory_xact_lock(hashtextextended('webhooks of ' || d.project_id::text, 0))::text as locked
  from due d join platform.webhook_connections c on c.id = d.connection_id
