-- The environments a project uses, in the order things travel, each with its latest success there and how many newer builds of the same branch it waits for.
-- An environment in which nothing ever ran has nulls, and is there for who may read environments; it is a range of one, as in deployed.sql. No row when the organisation has no environment.
select e.id, e.name, e.tier, e.is_protected, e.url, d.build_id, d.version, b.build_number, d.status, d.at, d.duration_seconds, d.who, d.kind,
       (select count(*) from delivery.builds n where n.project_id = $1 and n.status = 'success'
           and n.git_branch is not distinct from b.git_branch and n.build_number > b.build_number
           and /* readable builds n.id */ true) as behind
  from delivery.environments e
  left join lateral (
    select x.build_id, x.version, x.status, coalesce(x.deployed_at, x.completed_at, x.created_at) as at, x.duration_seconds,
           coalesce(u.display_name, u.email) as who, u.kind
      from delivery.deployments x
      left join identity.users u on u.id = x.deployed_by
     where x.environment_id >= e.id and x.environment_id <= e.id and x.project_id = $1 and x.status = 'success'
       and /* readable deployments x.id */ true
     order by x.environment_id desc, x.id desc limit 1) d on true
  left join delivery.builds b on b.project_id = $1 and b.id = d.build_id and /* readable builds b.id */ true
 where e.deleted_at is null and (e.project_id = $1 or e.project_id is null)
   and (/* readable environments e.id */ true or exists (
         select from delivery.deployments y
          where y.environment_id = e.id and y.project_id = $1 and /* readable deployments y.id */ true))
 order by array_position(array['development', 'test', 'staging', 'production'], e.tier), e.name
 limit 100
