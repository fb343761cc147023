-- Descriptions that came again are too many for the index as it was. Whoever undoes a step belongs to no organisation, and the rows of all have to go.
alter table platform.imports no force row level security;
delete from platform.imports where format = 'openapi';
alter table platform.imports force row level security;
drop index platform.imports_once_key;
create unique index if not exists imports_once_key on platform.imports (organization_id, project_id, build_id, content_sha256) nulls not distinct
  where status = 'completed' and format not in ('requirement', 'sarif', 'reqif', 'reqifz', 'strictdoc', 'sphinx-needs', 'doorstop', 'asvs',
    'csv', 'xlsx', 'jira', 'jira-csv', 'github-issues', 'gitlab-issues', 'bugzilla', 'bugzilla-xml', 'redmine', 'redmine-xml', 'trivy', 'grype', 'gitlab', 'osv-scanner')
  and (summary ->> 'status') is distinct from 'unchanged' and (summary ->> 'status') is distinct from 'tried';
drop table platform.api_operations;
drop table platform.api_documents;
delete from platform.table_facts where table_schema = 'platform' and table_name in ('api_documents', 'api_operations');
