-- The checks of a build, those that failed first.
select c.name, c.source, c.status, c.conclusion, c.url, extract(epoch from c.completed_at - c.started_at)::float8 as seconds
  from delivery.checks c
 where c.project_id = $1 and c.build_id = $2 and /* readable checks c.id */ true
 order by array_position(array['failed', 'running', 'waiting', 'cancelled', 'skipped', 'passed'], c.status), c.name, c.id
 limit 200
