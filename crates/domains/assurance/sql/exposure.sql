-- Where components run, or are built in, of which a document says something about this vulnerability. A row for each component and each current
-- deployment of a build that has it; one without a deployment where the build runs nowhere. What the component's own project found out comes
-- before what others say, and the latest of that. A range of versions is not compared. No row: nothing that may be seen has it.
-- $1 identifier, in capitals
with said as (
  select s.* from security.vulnerability_statements s where s.identifier = $1 and /* readable vulnerability-statements s.id */ true
), meant as (
  select s.id as statement_id, s.project_id, s.analysis_state, s.justification, s.detail, s.state, s.stated_at, s.created_by,
         a.reference, a.serial_number, a.sbom_id, a.package, a.package_version, a.version_range, a.is_affected
  from said s join security.vulnerability_affects a on a.project_id = s.project_id and a.statement_id = s.id
), hit as (
  select c.id, m.statement_id, m.is_affected
  from meant m join security.sbom_components c on c.package = m.package and (c.package_version = m.package_version or m.package_version is null)
  where m.version_range is null
  union
  select c.id, m.statement_id, m.is_affected
  from meant m join security.sbom_components c on c.project_id = m.project_id and c.sbom_id = m.sbom_id and c.reference = m.reference
  where m.version_range is null and m.package is null
  union
  select c.id, m.statement_id, m.is_affected
  from meant m
  join security.sboms b on b.serial_number = m.serial_number
  join security.sbom_components c on c.project_id = b.project_id and c.sbom_id = b.id and c.reference = m.reference
  where m.version_range is null
), judged as (
  select distinct on (c.id) c.id, c.project_id, c.sbom_id, c.name, c.version, c.package_url,
         case when not h.is_affected then 'false_positive' when s.project_id <> c.project_id then 'open' else s.state end as state,
         case when s.project_id = c.project_id then s.analysis_state end as analysis_state,
         case when s.project_id = c.project_id then s.justification end as justification,
         case when s.project_id = c.project_id then s.detail end as detail,
         s.stated_at, s.created_by
  from hit h
  join security.sbom_components c on c.id = h.id
  join said s on s.id = h.statement_id
  order by c.id, s.project_id = c.project_id desc, s.analysis_state is not null or not h.is_affected desc, s.stated_at desc, s.id desc
)
select p.id as project_id, p.slug, p.name as project, b.id as build_id, b.build_number, b.version_tag, j.name as component,
       j.version as component_version, j.package_url, j.state, j.analysis_state, j.justification, j.detail, j.stated_at,
       coalesce(a.display_name, a.email) as stated_by, d.id as deployment_id, d.version, d.at, e.name as environment, e.tier, v.name as service,
       coalesce(o.display_name, o.email) as owner, t.name as team
from judged j
join security.sboms m on m.project_id = j.project_id and m.id = j.sbom_id and /* readable sboms m.id */ true
join work.projects p on p.id = j.project_id and p.deleted_at is null and /* readable projects p.id */ true
join delivery.builds b on b.project_id = j.project_id and b.id = m.build_id and /* readable builds b.id */ true
left join lateral (
  select x.id, x.version, x.environment_id, x.service_id, coalesce(x.deployed_at, x.completed_at, x.created_at) as at
  from delivery.deployments x
  where x.project_id = b.project_id and x.build_id = b.id and x.status = 'success' and /* readable deployments x.id */ true
    and not exists (
      select from delivery.deployments n
      where n.project_id = x.project_id and n.environment_id = x.environment_id and n.status = 'success' and n.id > x.id
        and n.service_id is not distinct from x.service_id)) d on true
left join delivery.environments e on e.id = d.environment_id
left join platform.services v on v.id = d.service_id
left join identity.teams t on t.id = coalesce(v.team_id, p.team_id)
left join identity.users o on o.id = p.owner_user_id
left join identity.users a on a.id = j.created_by
order by d.id is null, array_position(array['production', 'staging', 'test', 'development'], e.tier), p.name, e.name, v.name, j.name, b.build_number desc, d.id
limit 1001
