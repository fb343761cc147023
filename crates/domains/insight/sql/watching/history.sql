-- Every metric over time: the mean of each step, oldest first.
-- $1 since when, $2 seconds of a step
select s.metric_name, coalesce(s.labels ->> 'of', ''),
       to_timestamp(floor(extract(epoch from s.observed_at) / $2::double precision) * $2::double precision) as step, avg(s.value)
  from platform.metric_definitions d
  join platform.metric_samples s on s.metric_name = d.name
 where d.whole_days is not null and s.id >= platform.uuid_v7_floor($1)
 group by 1, 2, 3
 order by 1, 2, 3
