-- The latest samples of a metric: as a whole, and what was wrong, the worst first. Nothing when it was never measured.
-- $1 the metric
select s.value, s.observed_at, coalesce(s.labels ->> 'check', ''), coalesce(s.labels ->> 'resource', ''),
       coalesce((s.labels ->> 'checked')::bigint, 0), coalesce((s.labels ->> 'bad')::bigint, 0), coalesce(s.labels ->> 'advice', '')
  from platform.metric_samples s
 where s.metric_name = $1
   and s.observed_at = (select l.observed_at from platform.metric_samples l where l.metric_name = $1 and not l.labels ? 'check' order by l.id desc limit 1)
 order by not s.labels ? 'check' desc, (s.labels ->> 'bad')::bigint desc, s.id
