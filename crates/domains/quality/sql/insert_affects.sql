-- Stores what statements are about. A reference to a component of the same document takes its package from there, and its version where the
-- statement names neither versions nor a range.
insert into security.vulnerability_affects (project_id, statement_id, position, reference, serial_number, sbom_id, package, package_version,
  version_range, is_affected)
select $1, a.statement_id, a.position, a.reference, a.serial_number, c.sbom_id, coalesce(c.package, a.package),
       case when a.version_range is null then coalesce(a.package_version, c.package_version) end, a.version_range, a.is_affected
from unnest($3::uuid[], $4::int[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::bool[])
     a (statement_id, position, reference, serial_number, package, package_version, version_range, is_affected)
left join lateral (
  select k.sbom_id, k.package, k.package_version from security.sbom_components k
  where k.project_id = $1 and k.sbom_id = $2 and k.reference = a.reference and a.serial_number is null
  limit 1) c on true
