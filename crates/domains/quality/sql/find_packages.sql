-- The packages of components of one bill of materials, by what the document calls them.
select c.reference, c.package from security.sbom_components c
where c.project_id = $1 and c.sbom_id = $2 and c.reference = any($3::text[]) and c.package is not null
