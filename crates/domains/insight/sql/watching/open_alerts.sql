-- The alerts that are open, the worst first.
select a.metric_name, a.subject, a.severity, a.target_operator, a.target_value, a.opening_value, a.latest_value, a.opened_at, d.unit, d.description, d.advice
  from platform.metric_alerts a
  join platform.metric_definitions d on d.name = a.metric_name
 where a.closed_at is null
 order by a.severity = 'critical' desc, a.opened_at, a.metric_name, a.subject
