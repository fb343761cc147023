-- What runs in each environment of a project: its latest deployment, and the latest one that succeeded. Environments in
-- the order things travel through them; those of the organisation only where something was deployed or nothing else is.
-- The environment is a range of one, ordered: else the latest is looked for among all deployments of the project, of which an environment may have none.
-- $1 project
select e.id, e.name, e.tier, e.url, live.build_id, live.version, live.at, last.status, last.at
  from delivery.environments e
  left join lateral (
    select d.build_id, d.version, coalesce(d.deployed_at, d.completed_at, d.created_at) as at
      from delivery.deployments d
     where d.project_id = $1 and d.environment_id >= e.id and d.environment_id <= e.id and d.status = 'success'
       and /* readable deployments d.id */ true
     order by d.environment_id desc, d.id desc limit 1) live on true
  left join lateral (
    select d.status, coalesce(d.deployed_at, d.completed_at, d.created_at) as at
      from delivery.deployments d
     where d.project_id = $1 and d.environment_id >= e.id and d.environment_id <= e.id
       and /* readable deployments d.id */ true
     order by d.environment_id desc, d.id desc limit 1) last on true
 where e.deleted_at is null and (e.project_id = $1 or e.project_id is null)
   and (last.at is not null or (e.tier in ('staging', 'production') and /* readable environments e.id */ true))
 order by array_position(array['development', 'test', 'staging', 'production'], e.tier), e.name, e.id
 limit 20
