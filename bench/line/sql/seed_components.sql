-- Components FIRST to LAST of bills of materials with a hundred each, one for a build; a component is one of 20,000 packages, the popular ones far more
-- often than the others, in one of 60 versions, stored with its key as an import stores it; five hundred of the oldest have the most popular package in a
-- version that no other has. Without triggers.
insert into delivery.builds (organization_id, id, project_id, build_number, version_tag, git_branch, status, created_at)
select 'ORGANIZATION', md5('build' || n)::uuid, md5('project' || n % 50)::uuid, n / 50 + 1, 'v' || n, 'main', 'success', timestamptz '2024-01-01' + n * interval '1 minute'
from generate_series((FIRST - 1) / 100, (LAST - 1) / 100) n;
insert into security.sboms (organization_id, id, project_id, build_id, spec_version, components_count)
select 'ORGANIZATION', md5('sbom' || n)::uuid, md5('project' || n % 50)::uuid, md5('build' || n)::uuid, '1.6', 100
from generate_series((FIRST - 1) / 100, (LAST - 1) / 100) n;
insert into security.sbom_components (organization_id, project_id, sbom_id, name, version, package, package_version, version_key)
select 'ORGANIZATION', md5('project' || c.sbom % 50)::uuid, md5('sbom' || c.sbom)::uuid, 'package-' || c.package, '1.' || c.version || '.0',
       'pkg:npm/package-' || c.package, '1.' || c.version || '.0',
       '\x0131'::bytea || convert_to(case when c.version = 0 then '' else chr(length(c.version::text)) || c.version end, 'UTF8')
         || case when c.version = 0 then '\x00'::bytea else '' end || '\x00f0'::bytea
from (select (n - 1) / 100 as sbom, case when is_rare then 0 else floor(power(random(), 3) * 20000)::int end as package,
             case when is_rare then 99 else floor(random() * 60)::int end as version
        from (select n, n % 2000 = 0 and n <= 1000000 as is_rare from generate_series(FIRST, LAST) n) s offset 0) c
