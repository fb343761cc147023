create index if not exists sbom_components_version_key_idx on security.sbom_components (organization_id, package, version_key)
  include (id, project_id, sbom_id) where package is not null;
drop index security.sbom_components_package_sbom_id_idx;
