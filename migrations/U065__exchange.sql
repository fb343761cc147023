-- Without the records as they were said, what was exchanged stored the same content more than once. Whoever undoes a step belongs to no
-- organisation, and the rows of all have to go.
alter table platform.imports no force row level security;
delete from platform.imports where format in ('reqif', 'reqifz', 'strictdoc', 'sphinx-needs', 'doorstop', 'asvs', 'csv', 'xlsx', 'jira', 'jira-csv',
  'github-issues', 'gitlab-issues', 'bugzilla', 'bugzilla-xml', 'redmine', 'redmine-xml') or (summary ->> 'status') = 'tried';
alter table platform.imports force row level security;
-- Links that were made stay: only new ones are held to the pairs.
delete from reference.trace_link_pairs where code = 'defect.affects.defect';
drop index platform.imports_once_key;
create unique index imports_once_key on platform.imports (organization_id, project_id, build_id, content_sha256) nulls not distinct
  where status = 'completed' and format not in ('requirement', 'sarif') and (summary ->> 'status') is distinct from 'unchanged';
drop index platform.external_references_document_id_idx;
alter table platform.external_references drop constraint external_references_document_id_fkey, drop constraint external_references_content_check,
  drop column document_id, drop column position, drop column content;
drop table platform.exchange_documents;
drop table platform.import_profiles;
delete from platform.table_facts where table_schema = 'platform' and table_name in ('exchange_documents', 'import_profiles');
