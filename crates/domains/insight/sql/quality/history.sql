-- What came of a metric as a whole, by day, the last of each day; the newest hundred days, oldest first.
-- $1 the metric
select d.day, d.value
  from (select distinct on (1) (s.observed_at at time zone 'UTC')::date as day, s.value
          from platform.metric_samples s
         where s.metric_name = $1 and not s.labels ? 'check' and s.id >= platform.uuid_v7_floor(now() - interval '100 days')
         order by 1, s.id desc) d
 order by d.day
