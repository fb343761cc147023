-- What the bills of materials of a build list, each component once however many of them list it. Parameters: project, build, rows.
select distinct on (coalesce(c.package_url, ''), coalesce(c.group_name, ''), c.name, coalesce(c.version, ''))
       c.id, c.kind, c.group_name, c.name, c.version, c.package_url, c.scope, c.licences
from security.sboms b
join security.sbom_components c on c.project_id = b.project_id and c.sbom_id = b.id and not c.is_subject
where b.project_id = $1 and b.build_id = $2 and /* readable sboms b.id */ true
order by coalesce(c.package_url, ''), coalesce(c.group_name, ''), c.name, coalesce(c.version, ''), c.id
limit $3
