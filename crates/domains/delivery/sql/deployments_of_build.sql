-- Where a build was brought, newest first. No row when it runs nowhere.
select e.name, d.status, coalesce(d.deployed_at, d.completed_at, d.started_at, d.created_at) as at
  from delivery.deployments d
  join delivery.environments e on e.id = d.environment_id
 where d.project_id = $1 and d.build_id = $2 and /* readable deployments d.id */ true
 order by d.id desc
 limit 50
