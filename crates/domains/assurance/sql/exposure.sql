-- Where components run, or are built in, of which a document says something about this vulnerability, and builds in which a tool or a person found it.
-- A row for each component and each current deployment of a build that has it; one without a deployment where the build runs nowhere. What the
-- component's own project found out comes before what others say, and the latest of that. No row: nothing that may be seen has it.
-- $1 identifier, in capitals
with names as (
  select $1::text as name
  union
  select n.name from security.vulnerability_statements s
  join security.vulnerability_names n on n.project_id = s.project_id and n.statement_id = s.id
  where s.identifier = $1 and not (starts_with($1, 'CVE-') and starts_with(n.name, 'CVE-')) and /* readable vulnerability-statements s.id */ true
  union
  select s.identifier from security.vulnerability_names n
  join security.vulnerability_statements s on s.project_id = n.project_id and s.id = n.statement_id
  where n.name = $1 and not (starts_with($1, 'CVE-') and starts_with(s.identifier, 'CVE-')) and /* readable vulnerability-statements s.id */ true
), said as (
  select s.* from names m join security.vulnerability_statements s on s.identifier = m.name
  where /* readable vulnerability-statements s.id */ true
  union
  select s.* from names m join security.vulnerability_names n on n.name = m.name
  join security.vulnerability_statements s on s.project_id = n.project_id and s.id = n.statement_id
  where (s.identifier = $1 or not (starts_with($1, 'CVE-') and starts_with(s.identifier, 'CVE-'))) and /* readable vulnerability-statements s.id */ true
), meant as materialized (
  -- Of what says the same about the same versions the latest is enough, however many reports repeat it; what decides is kept for each project.
  select distinct on (x.decides, case when x.decides then x.project_id end, x.package, x.package_version, x.version_range, x.low_key, x.high_key,
                      x.is_ordered, x.is_affected, x.distribution, x.product, x.own_sbom_id, x.own_reference, x.serial_number) x.*
  from (
    select s.id as statement_id, s.project_id, s.state, s.stated_at, s.analysis_state is not null or not a.is_affected as decides,
           a.reference, a.serial_number, a.sbom_id, a.package, a.package_version, a.version_range, a.is_affected, a.distribution, a.product, a.is_ordered,
           coalesce(a.low_key, ''::bytea) as low_key,
           -- No key begins with this byte.
           coalesce(a.high_key, '\xff'::bytea) as high_key,
           a.is_ordered and a.low_key is null and a.high_key is null as is_all,
           a.version_range is null and a.package_version is null and not a.is_ordered as is_unknown,
           case when a.package is null or a.package_version is null and a.version_range is null and not a.is_ordered then a.sbom_id end as own_sbom_id,
           case when a.package is null or a.serial_number is not null or a.package_version is null and a.version_range is null and not a.is_ordered
                then a.reference end as own_reference
    from said s join security.vulnerability_affects a on a.project_id = s.project_id and a.statement_id = s.id) x
  order by x.decides, case when x.decides then x.project_id end, x.package, x.package_version, x.version_range, x.low_key, x.high_key, x.is_ordered,
           x.is_affected, x.distribution, x.product, x.own_sbom_id, x.own_reference, x.serial_number, x.stated_at desc, x.statement_id desc
), running as materialized (
  -- Bills of materials of what runs now: of each place the latest, from one place to the next, because places are few and deployments many.
  select b.id as sbom_id
  from (
    with recursive place as (
      (select x.project_id, x.environment_id, x.service_id from delivery.deployments x
        where x.status = 'success' and x.service_id is not null order by 1, 2, 3 limit 1)
      union all
      select n.* from place p cross join lateral (
        select x.project_id, x.environment_id, x.service_id from delivery.deployments x
         where x.status = 'success' and x.service_id is not null
           and (x.project_id, x.environment_id, x.service_id) > (p.project_id, p.environment_id, p.service_id)
         order by 1, 2, 3 limit 1) n)
    select p.project_id, l.build_id from place p cross join lateral (
      select x.build_id from delivery.deployments x
       where x.status = 'success' and x.service_id = p.service_id and x.project_id = p.project_id and x.environment_id = p.environment_id
       order by x.id desc limit 1) l
    union all
    (with recursive place as (
      (select x.project_id, x.environment_id from delivery.deployments x
        where x.status = 'success' and x.service_id is null order by 1, 2 limit 1)
      union all
      select n.* from place p cross join lateral (
        select x.project_id, x.environment_id from delivery.deployments x
         where x.status = 'success' and x.service_id is null and (x.project_id, x.environment_id) > (p.project_id, p.environment_id)
         order by 1, 2 limit 1) n)
    select p.project_id, l.build_id from place p cross join lateral (
      select x.build_id from delivery.deployments x
       where x.status = 'success' and x.service_id is null and x.project_id = p.project_id and x.environment_id = p.environment_id
       order by x.id desc limit 1) l)) r
  join security.sboms b on b.project_id = r.project_id and b.build_id = r.build_id
), wanted as materialized (
  -- What is looked for of a package: a range of versions, a version as it is written, and what has no version that compares.
  select distinct 'range' as kind, package, distribution, product, low_key, high_key, null as package_version
  from meant where package is not null and (is_ordered or version_range is not null or is_unknown)
  union all
  select distinct 'version', package, distribution, product, null::bytea, null::bytea, package_version
  from meant where package is not null and package_version is not null and version_range is null
  union all
  select distinct 'none', package, distribution, product, null::bytea, null::bytea, null from meant where package is not null
), part as materialized (
  -- Components of the packages that are meant: those in what runs, each looked up (offset 0), because a popular package is in hundreds of thousands of
  -- bills; and of all that are meant, or may be, the latest.
  select c.* from (select distinct package from wanted) w cross join running r cross join lateral (
    select c.id, c.project_id, c.sbom_id, c.package, c.package_version, c.version_key, c.distribution from security.sbom_components c
    where c.package = w.package and c.sbom_id = r.sbom_id offset 0) c
  union
  select c.* from wanted w cross join lateral (
    select c.id, c.project_id, c.sbom_id, c.package, c.package_version, c.version_key, c.distribution
    from security.sbom_components c join security.sboms b on b.project_id = c.project_id and b.id = c.sbom_id
    where c.package = w.package and c.version_key >= w.low_key and c.version_key < w.high_key
      and b.build_id is not null and /* readable sboms b.id */ true and (c.distribution = w.distribution) is not false
      and (w.product is null or exists (
        select from security.sbom_components p where p.project_id = b.project_id and p.sbom_id = b.id and p.package = w.product))
    order by c.sbom_id desc limit 1001) c
  where w.kind = 'range'
  union
  select c.* from wanted w cross join lateral (
    select c.id, c.project_id, c.sbom_id, c.package, c.package_version, c.version_key, c.distribution
    from security.sbom_components c join security.sboms b on b.project_id = c.project_id and b.id = c.sbom_id
    where c.package = w.package and c.package_version = w.package_version
      and b.build_id is not null and /* readable sboms b.id */ true and (c.distribution = w.distribution) is not false
      and (w.product is null or exists (
        select from security.sbom_components p where p.project_id = b.project_id and p.sbom_id = b.id and p.package = w.product))
    order by c.sbom_id desc limit 1001) c
  where w.kind = 'version'
  union
  select c.* from wanted w cross join lateral (
    select c.id, c.project_id, c.sbom_id, c.package, c.package_version, c.version_key, c.distribution
    from security.sbom_components c join security.sboms b on b.project_id = c.project_id and b.id = c.sbom_id
    where c.package = w.package and c.version_key is null
      and b.build_id is not null and /* readable sboms b.id */ true and (c.distribution = w.distribution) is not false
      and (w.product is null or exists (
        select from security.sbom_components p where p.project_id = b.project_id and p.sbom_id = b.id and p.package = w.product))
    order by c.sbom_id desc limit 1001) c
  where w.kind = 'none'
), met as (
  -- By versions in the order of the ecosystem.
  select p.id, p.project_id, p.sbom_id, p.distribution, m.statement_id, m.is_affected, m.distribution as of_distribution, m.product, false as is_unsure
  from meant m join part p on p.package = m.package and p.version_key >= m.low_key and p.version_key < m.high_key
  where m.is_ordered and not m.is_all
  union all
  -- Every version.
  select p.id, p.project_id, p.sbom_id, p.distribution, m.statement_id, m.is_affected, m.distribution, m.product, false
  from meant m join part p on p.package = m.package
  where m.is_all
  union all
  -- By what is written.
  select p.id, p.project_id, p.sbom_id, p.distribution, m.statement_id, m.is_affected, m.distribution, m.product, false
  from meant m join part p on p.package = m.package and p.package_version = m.package_version
  where m.version_range is null
  union all
  -- By reference, in the same document and in another one.
  select c.id, c.project_id, c.sbom_id, c.distribution, m.statement_id, m.is_affected, m.distribution, m.product, false
  from meant m join security.sbom_components c on c.project_id = m.project_id and c.sbom_id = m.sbom_id and c.reference = m.reference
  where (m.package is null and m.version_range is null) or m.is_unknown
  union all
  select c.id, c.project_id, c.sbom_id, c.distribution, m.statement_id, m.is_affected, m.distribution, m.product, false
  from meant m
  join security.sboms b on b.serial_number = m.serial_number
  join security.sbom_components c on c.project_id = b.project_id and c.sbom_id = b.id and c.reference = m.reference
  where m.version_range is null
  union all
  -- The package, and nobody can tell whether the version: that has none, or has no order, or the range cannot be read, or names an order of its own.
  select p.id, p.project_id, p.sbom_id, p.distribution, m.statement_id, true, m.distribution, m.product, true
  from meant m join part p on p.package = m.package
  where m.is_affected and m.state in ('open', 'confirmed')
    and case when p.version_key is null then not m.is_all and (p.package_version is null or m.version_range is not null)
                                             or not m.is_ordered and (m.version_range is not null or m.is_unknown)
             else not m.is_ordered and (m.version_range is not null or m.is_unknown) and p.version_key >= m.low_key and p.version_key < m.high_key end
), located as materialized (
  select b.project_id, b.id as sbom_id, b.build_id
  from (select distinct project_id, sbom_id from met) h
  join security.sboms b on b.project_id = h.project_id and b.id = h.sbom_id
  where b.build_id is not null and /* readable sboms b.id */ true
), deployed as materialized (
  select distinct l.sbom_id from located l
  join delivery.deployments x on x.project_id = l.project_id and x.build_id = l.build_id and x.status = 'success'
), kept as materialized (
  -- All that may run, and of the rest the latest. What is in a list is asked as a value, here and below: as a join it would be compared row by row.
  select l.sbom_id from located l where (l.sbom_id in (select sbom_id from deployed)) is true
  union all
  (select l.sbom_id from located l where l.sbom_id not in (select sbom_id from deployed) order by l.sbom_id desc limit 1001)
), hit as (
  select h.id, h.statement_id, b.build_id, bool_or(h.is_affected) as is_affected, bool_and(h.is_unsure) as is_unsure
  from met h join security.sboms b on b.project_id = h.project_id and b.id = h.sbom_id
  where (h.sbom_id in (select sbom_id from kept)) is true and (h.distribution = h.of_distribution) is not false
    and (h.product is null or exists (
      select from security.sbom_components p where p.project_id = h.project_id and p.sbom_id = h.sbom_id and p.package = h.product))
  group by h.id, h.statement_id, b.build_id
), judged as (
  select distinct on (c.id) c.id, c.project_id, h.build_id, c.name, c.version, c.package_url, c.package,
         bool_and(h.is_unsure) over (partition by c.id) as is_unsure,
         case when not h.is_affected then 'false_positive' when s.project_id <> c.project_id then 'open' else s.state end as state,
         case when s.project_id = c.project_id then s.analysis_state end as analysis_state,
         case when s.project_id = c.project_id then s.justification end as justification,
         case when s.project_id = c.project_id then s.detail end as detail,
         s.created_by
  from hit h
  join security.sbom_components c on c.id = h.id
  join said s on s.id = h.statement_id
  -- That another product has mended it, or does not have the code, says nothing about this one.
  where s.project_id = c.project_id or not h.is_affected
     or s.state in ('open', 'confirmed')
     or (s.state = 'false_positive'
         and coalesce(s.justification not in ('component_not_present', 'vulnerable_code_not_present', 'code_not_present'), true))
  order by c.id, s.project_id = c.project_id desc, s.analysis_state is not null or not h.is_affected desc, s.stated_at desc, s.id desc
), found as (
  select distinct on (f.id, g.build_id) f.id, f.project_id, g.build_id, f.title, f.package, f.package_version, f.triage_reason, f.suppression,
         case when f.triage in ('false_positive', 'accepted', 'wont_fix') and (f.triage_expires_at is null or f.triage_expires_at > now()) then f.triage
              when f.is_suppressed then 'suppressed' when f.triage = 'confirmed' then 'confirmed' else 'open' end as state,
         f.triaged_by, f.logical_location
  from names m
  join security.findings f on f.vulnerability = m.name
  join security.finding_sightings g on g.project_id = f.project_id and g.finding_id = f.id and g.build_id is not null
  where /* readable findings f.id */ true
), listed as (
  select j.project_id, j.build_id, j.name as component, j.version as component_version, j.package_url, j.is_unsure,
         case when j.analysis_state is null and j.state = 'open' and d.state is not null then d.state else j.state end as state,
         j.analysis_state, j.justification, coalesce(j.detail, case when j.state = 'open' then d.reason end) as detail,
         case when j.analysis_state is null and d.state is not null then d.triaged_by else j.created_by end as stated_by, 'component' as found_by
  from judged j
  -- What people decided about a finding of the same in this build.
  left join lateral (
    select f.state, coalesce(f.triage_reason, f.suppression) as reason, f.triaged_by
    from found f
    where f.project_id = j.project_id and f.build_id = j.build_id and (f.package is null or f.package = j.package) and f.state <> 'open'
    order by f.triaged_by is null, f.id desc limit 1) d on true
  union all
  select f.project_id, f.build_id, coalesce(f.package, f.title), f.package_version, null, false, f.state, null, null,
         coalesce(f.triage_reason, f.suppression), f.triaged_by, 'finding'
  from found f
  where not exists (
    select from judged j where j.project_id = f.project_id and j.build_id = f.build_id and (f.package is null or f.package = j.package))
  union all
  select v.project_id, x.build_id, coalesce(k.component_name, v.title), coalesce(k.component_version, v.affected_version), k.package_url,
         v.build_id is null,
         case v.status when 'acknowledged' then 'confirmed' when 'remediated' then 'fixed' when 'accepted_risk' then 'accepted' else v.status end,
         null, null, v.remediation_notes, v.created_by, 'vulnerability'
  from names m
  join security.vulnerabilities v on v.cve_id = m.name and v.deleted_at is null
  left join lateral (
    select k.component_name, k.component_version, k.package_url from security.vulnerability_components k
    where k.project_id = v.project_id and k.vulnerability_id = v.id order by k.id limit 1) k on true
  -- Where no build is named, it may be in whatever runs.
  join lateral (
    select v.build_id where v.build_id is not null
    union
    select y.build_id from delivery.deployments y where v.build_id is null and y.project_id = v.project_id and y.status = 'success') x on true
  where /* readable vulnerabilities v.id */ true
    and not exists (
      select from judged j where j.project_id = v.project_id and j.build_id = x.build_id)
)
select p.id as project_id, p.slug, p.name as project, b.id as build_id, b.build_number, b.version_tag, j.component, j.component_version, j.package_url,
       j.is_unsure, j.found_by, j.state, j.analysis_state, j.justification, j.detail, coalesce(a.display_name, a.email) as stated_by,
       d.id as deployment_id, d.version, d.at, e.name as environment, e.tier, v.name as service, coalesce(o.display_name, o.email) as owner,
       t.name as team
from listed j
join work.projects p on p.id = j.project_id and p.deleted_at is null and /* readable projects p.id */ true
join delivery.builds b on b.project_id = j.project_id and b.id = j.build_id and /* readable builds b.id */ true
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
left join identity.users a on a.id = j.stated_by
-- Of a build that runs nowhere it is not worth telling that it may have it.
where d.id is not null or not j.is_unsure or j.found_by = 'component'
order by d.id is null, array_position(array['production', 'staging', 'test', 'development'], e.tier), j.is_unsure, p.name, e.name, v.name, j.component,
  b.build_number desc, d.id
limit 1001
