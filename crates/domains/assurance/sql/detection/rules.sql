-- The rules of the organisation, with how many events each has made that are still open.
select r.id, r.key, r.threshold, r.window_minutes, r.severity, r.opens_incident, r.notifies, r.is_enabled, r.looked_at, r.row_version,
       (select count(*) from security.security_events e where e.event_type = r.key and not e.is_resolved and /* readable security-events e.id */ true) as open
  from security.detection_rules r
 where /* readable detection-rules r.id */ true
 order by r.key
