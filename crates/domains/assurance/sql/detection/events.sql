-- Security events, the latest first, narrowed by what is given. Parameters: severities, statuses, kinds, a pattern, only incidents, only with a deadline
-- that runs or is over, the last one of the page before, rows. No row: none fits.
select e.id, e.title, e.event_type, e.severity, e.status, e.is_incident, e.occurrence_count, e.occurred_at, coalesce(e.last_seen_at, e.occurred_at) as last_at,
       e.notification_due_at, e.notification_sent_at,
       (select u.display_name from identity.users u where u.id = e.assigned_to_user_id) as assigned_to
  from security.security_events e
 where /* readable security-events e.id */ true
   and ($1::text[] is null or e.severity = any ($1))
   and ($2::text[] is null or e.status = any ($2))
   and ($3::text[] is null or e.event_type = any ($3))
   and ($4::text is null or e.title ilike $4 or e.description ilike $4)
   and (not $5::bool or e.is_incident)
   and (not $6::bool or e.notification_due_at is not null and e.notification_sent_at is null)
   and ($7::uuid is null or e.id < $7)
 order by e.id desc
 limit $8
