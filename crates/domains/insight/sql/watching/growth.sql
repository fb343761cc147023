-- How fast the database grew: the slope through its measured sizes, in bytes a day, how many there are, and over how many days.
-- $1 since when
select regr_slope(s.value, extract(epoch from s.observed_at) / 86400)::double precision, count(*),
       coalesce(extract(epoch from max(s.observed_at) - min(s.observed_at)) / 86400, 0)::double precision
  from platform.metric_samples s
 where s.metric_name = 'db.size' and s.id >= platform.uuid_v7_floor($1)
