-- Of a package in hundreds of thousands of bills of materials a question wants those of what runs, and the latest of the rest: both are now a part of
-- the index.
-- squawk-ignore require-concurrent-index-creation -- where there are millions of components it is made beforehand, as docs/migrations.md says
create index if not exists sbom_components_package_sbom_id_idx on security.sbom_components (organization_id, package, sbom_id, version_key)
  include (id, project_id) where package is not null;
-- squawk-ignore require-concurrent-index-deletion -- nothing waits for an index that goes
drop index if exists security.sbom_components_version_key_idx;
