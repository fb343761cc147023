drop index delivery.deployments_of_project_idx;
drop index delivery.deployments_of_service_idx;
create index if not exists sbom_components_package_idx on security.sbom_components (organization_id, package, package_version) where package is not null;
drop index security.sbom_components_package_version_idx;
