-- One security event in full. No row: there is none, or its reader may not know of it.
select e.id, e.title, e.event_type, e.severity, e.status, e.is_incident, e.occurrence_count, e.occurred_at, coalesce(e.last_seen_at, e.occurred_at) as last_at,
       e.notification_due_at, e.notification_sent_at,
       (select u.display_name from identity.users u where u.id = e.assigned_to_user_id) as assigned_to,
       e.description, e.detected_at, e.detection_method, e.detection_rule_id, host(e.source_ip) as address, e.user_agent, e.assigned_to_user_id,
       (select u.display_name from identity.users u where u.id = e.source_user_id) as source,
       (select u.display_name from identity.users u where u.id = e.target_user_id) as target,
       e.potential_impact, e.affected_systems, e.affected_data_types, e.investigation_notes, e.resolution_notes, e.resolved_at,
       (select u.display_name from identity.users u where u.id = e.resolved_by) as resolved_by,
       e.regulatory_notification_required, e.became_aware_at, e.notification_authority, e.notification_reference, e.notification_delay_reason,
       (select u.display_name from identity.users u where u.id = e.notification_recorded_by) as recorded_by, e.row_version,
       -- Data of events that people made may be anything.
       coalesce((select array_agg(distinct r) from jsonb_array_elements_text(
                   case jsonb_typeof(e.event_data -> 'first_rows') when 'array' then e.event_data -> 'first_rows' else '[]' end
                   || case jsonb_typeof(e.event_data -> 'rows') when 'array' then e.event_data -> 'rows' else '[]' end) r
                  where r is not null), '{}') as rows
  from security.security_events e
 where e.id = $1 and /* readable security-events e.id */ true
