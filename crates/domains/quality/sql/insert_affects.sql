-- Stores what statements are about. A reference to a component of the same document takes its package from there, and its version where the
-- statement names neither versions nor a range. A component without a version says nothing about other versions of its package.
insert into security.vulnerability_affects (project_id, statement_id, position, reference, serial_number, sbom_id, package, package_version,
  version_range, is_affected, low_key, high_key, is_ordered, distribution, product)
select $1, a.statement_id, a.position, a.reference, a.serial_number, c.sbom_id, coalesce(c.package, a.package),
       case when a.is_named then a.package_version else c.package_version end, a.version_range, a.is_affected,
       case when a.is_named then a.low_key else c.version_key end,
       case when a.is_named then a.high_key else c.version_key || '\x00'::bytea end,
       case when a.is_named then a.is_ordered when c.sbom_id is null then a.package is not null else c.version_key is not null end,
       coalesce(a.distribution, c.distribution), a.product
from unnest($3::uuid[], $4::int[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::bool[], $11::bool[], $12::bytea[], $13::bytea[],
            $14::bool[], $15::text[], $16::text[])
     a (statement_id, position, reference, serial_number, package, package_version, version_range, is_affected, is_named, low_key, high_key,
        is_ordered, distribution, product)
left join lateral (
  select k.sbom_id, k.package, k.package_version, k.version_key, k.distribution from security.sbom_components k
  where k.project_id = $1 and k.sbom_id = $2 and k.reference = a.reference and a.serial_number is null
  limit 1) c on true
