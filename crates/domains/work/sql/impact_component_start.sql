-- A component of a bill of materials by its identifier, or by its package URL without a version. No row when there is none that may be read.
-- $1 identifier, $2 package
select c.id, c.package, c.name, c.version, m.project_id
  from security.sbom_components c
  join security.sboms m on m.project_id = c.project_id and m.id = c.sbom_id and /* readable sboms m.id */ true
 where ($1::uuid is not null and c.id = $1) or ($2::text is not null and c.package = $2)
 order by c.id desc
 limit 1
