-- The latest measurements of a metric and subject, the newest first.
-- $1 the metric, $2 the subject, $3 no older than this, $4 how many
select s.value
  from platform.metric_samples s
 where s.metric_name = $1 and s.id >= platform.uuid_v7_floor($3) and coalesce(s.labels ->> 'of', '') = $2
 order by s.id desc
 limit $4
