-- Where a vulnerability runs, of packages that are in hundreds of thousands of bills of materials: the latest components of one version, and what runs
-- now, are each a part of an index.
-- squawk-ignore require-concurrent-index-creation -- where there are millions of components it is made beforehand, as docs/migrations.md says
create index if not exists sbom_components_package_version_idx on security.sbom_components (organization_id, package, package_version, sbom_id)
  where package is not null;
-- squawk-ignore require-concurrent-index-deletion -- the new index begins as it does; who reads the table waits for a moment
drop index if exists security.sbom_components_package_idx;
-- squawk-ignore require-concurrent-index-creation -- where there are millions of deployments it is made beforehand, as docs/migrations.md says
create index if not exists deployments_of_service_idx on delivery.deployments (organization_id, project_id, environment_id, service_id, id)
  include (build_id) where status = 'success' and service_id is not null;
-- squawk-ignore require-concurrent-index-creation -- the same
create index if not exists deployments_of_project_idx on delivery.deployments (organization_id, project_id, environment_id, id)
  include (build_id) where status = 'success' and service_id is null;
