-- Opens an alert, unless one is open for the metric and subject.
-- $1 identifier, $2 metric, $3 subject, $4 severity, $5 operator, $6 target, $7 value, $8 when
insert into platform.metric_alerts (id, metric_name, subject, severity, target_operator, target_value, opening_value, latest_value, opened_at, measured_at)
values ($1, $2, $3, $4, $5, $6, $7, $7, $8, $8)
on conflict (organization_id, metric_name, subject) where closed_at is null do nothing
