-- The first figures by name and subject, over time: the mean of each step, oldest first, and which of the figures it is.
-- $1 since when, $2 seconds of a step, $3 how many figures
select f.metric_name, f.subject, f.step, f.value, f.place
  from (select s.metric_name, coalesce(s.labels ->> 'of', '') as subject,
               to_timestamp(floor(extract(epoch from s.observed_at) / $2::double precision) * $2::double precision) as step, avg(s.value) as value,
               dense_rank() over (order by s.metric_name, coalesce(s.labels ->> 'of', '')) as place
          from platform.metric_definitions d
          join platform.metric_samples s on s.metric_name = d.name
         where d.whole_days is not null and s.id >= platform.uuid_v7_floor($1)
         group by 1, 2, 3) f
 where f.place <= $3::bigint
 order by f.place, f.step
