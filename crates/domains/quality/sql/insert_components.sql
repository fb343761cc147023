-- Stores components of a bill of materials.
insert into security.sbom_components (project_id, sbom_id, is_subject, reference, kind, group_name, name, version, package_url, package,
  package_version, scope, licences, version_key, distribution)
select $1, $2, c.is_subject, c.reference, c.kind, c.group_name, c.name, c.version, c.package_url, c.package, c.package_version, c.scope,
       string_to_array(c.licences, E'\x1f'), c.version_key, c.distribution
from unnest($3::bool[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::bytea[],
            $15::text[])
     c (is_subject, reference, kind, group_name, name, version, package_url, package, package_version, scope, licences, version_key, distribution)
