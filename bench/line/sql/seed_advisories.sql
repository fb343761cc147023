-- A thousand vulnerabilities, each known as CVE and as GHSA, of one package from its first version to one of the last, and ten of versions of the most
-- popular package that only old builds have; every fifth build of the latest 5,000 runs, as one of a hundred services, in production or in one of two
-- other environments; requirements with tests that ran in them.
insert into delivery.environments (organization_id, id, name, tier) values
  ('ORGANIZATION', md5('live')::uuid, 'live', 'production'), ('ORGANIZATION', md5('stage')::uuid, 'stage', 'staging'),
  ('ORGANIZATION', md5('try')::uuid, 'try', 'test');
insert into platform.services (organization_id, id, name, service_type)
select 'ORGANIZATION', md5('service' || n)::uuid, 'service-' || n, 'api' from generate_series(0, 99) n;
insert into delivery.deployments (organization_id, project_id, build_id, service_id, environment_id, version, status)
select 'ORGANIZATION', b.project_id, b.id, md5('service' || r.n % 100)::uuid, md5((array['live', 'stage', 'try'])[1 + r.n / 5 % 3])::uuid, b.version_tag, 'success'
from (select row_number() over (order by build_number desc, id) as n, * from delivery.builds) r join delivery.builds b on b.id = r.id
where r.n <= 5000 and r.n % 5 = 0;
insert into security.vulnerability_statements (organization_id, id, project_id, identifier, severity, score)
select 'ORGANIZATION', md5('statement' || n)::uuid, md5('project1')::uuid, 'GHSA-' || n, 'high', 7.5 from generate_series(1, 1010) n;
insert into security.vulnerability_names (organization_id, project_id, statement_id, name)
select 'ORGANIZATION', md5('project1')::uuid, md5('statement' || n)::uuid, 'CVE-2030-' || lpad(n::text, 4, '0') from generate_series(1, 1010) n;
insert into security.vulnerability_affects (organization_id, project_id, statement_id, reference, package, version_range, high_key, is_ordered)
select 'ORGANIZATION', md5('project1')::uuid, md5('statement' || n)::uuid, 'pkg:npm/package-' || p, 'pkg:npm/package-' || p, 'vers:npm/<1.' || 10 + n % 50 || '.0',
       '\x0131'::bytea || convert_to(chr(2) || 10 + n % 50, 'UTF8') || '\x00f0'::bytea, true
from generate_series(1, 1000) n, lateral (select floor(power(n / 1000.0, 3) * 19999)::int as p) x;
insert into security.vulnerability_affects (organization_id, project_id, statement_id, reference, package, version_range, low_key, is_ordered)
select 'ORGANIZATION', md5('project1')::uuid, md5('statement' || n)::uuid, 'pkg:npm/package-0', 'pkg:npm/package-0', 'vers:npm/>=1.99.0',
       '\x0131'::bytea || convert_to(chr(2) || 99, 'UTF8'), true
from generate_series(1001, 1010) n;
insert into work.requirements (organization_id, id, project_id, key, title, priority_code, status)
select 'ORGANIZATION', md5('need' || n)::uuid, md5('project' || n % 50)::uuid, 'REQ-' || 9000000 + n, 'Need ' || n, 'medium', 'approved' from generate_series(0, 499) n;
insert into quality.test_cases (organization_id, id, project_id, key, name)
select 'ORGANIZATION', md5('case' || n)::uuid, md5('project' || n % 50)::uuid, 'TC-' || 9000000 + n, 'case ' || n from generate_series(0, 1999) n;
insert into work.trace_links (organization_id, project_id, source_id, target_id, link_type)
select 'ORGANIZATION', md5('project' || n % 50)::uuid, md5('case' || n)::uuid, md5('need' || n % 500)::uuid, 'verifies' from generate_series(0, 1999) n;
insert into quality.test_results (organization_id, project_id, test_case_id, build_id, status)
select 'ORGANIZATION', b.project_id, t.id, b.id, 'passed'
from (select distinct build_id from delivery.deployments) d join delivery.builds b on b.id = d.build_id
join quality.test_cases t on t.project_id = b.project_id
