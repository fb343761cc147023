-- What the first metrics and subjects came to last.
-- $1 no older than this, $2 how many
select distinct on (s.metric_name, coalesce(s.labels ->> 'of', '')) s.metric_name, coalesce(s.labels ->> 'of', ''), s.value, s.observed_at
  from platform.metric_definitions d
  join platform.metric_samples s on s.metric_name = d.name
 where d.whole_days is not null and s.id >= platform.uuid_v7_floor($1)
 order by s.metric_name, coalesce(s.labels ->> 'of', ''), s.id desc
 limit $2::bigint
