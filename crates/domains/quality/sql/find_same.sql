-- The completed import that stored the same content for the same build, at most one; no row when it is new. Findings are what the last log says,
-- so of logs only the last one for the build counts: an older one that comes again is news.
select i.id, i.format, i.summary from platform.imports i
where i.project_id = $1 and i.build_id = $2::uuid and i.content_sha256 = $3 and i.status = 'completed' and i.format not in (/* compared */ 'requirement', 'reqif', 'reqifz', 'strictdoc', 'sphinx-needs', 'doorstop', 'asvs', 'csv', 'xlsx', 'jira', 'jira-csv', 'github-issues',
    'gitlab-issues', 'bugzilla', 'bugzilla-xml', 'redmine', 'redmine-xml', 'openapi')
  and (i.summary ->> 'status') is distinct from 'unchanged' and (i.summary ->> 'status') is distinct from 'tried'
  and (i.format not in ('sarif', 'trivy', 'grype', 'gitlab', 'osv-scanner') or not exists (
    select from platform.imports l where l.project_id = $1 and l.build_id = $2::uuid and l.format in ('sarif', 'trivy', 'grype', 'gitlab', 'osv-scanner') and l.status = 'completed'
      and l.id > i.id and (l.summary ->> 'status') is distinct from 'unchanged'))
union all
select i.id, i.format, i.summary from platform.imports i
where $2::uuid is null and i.project_id = $1 and i.build_id is null and i.content_sha256 = $3 and i.status = 'completed' and i.format not in (/* compared */ 'requirement', 'reqif', 'reqifz', 'strictdoc', 'sphinx-needs', 'doorstop', 'asvs', 'csv', 'xlsx', 'jira', 'jira-csv', 'github-issues',
    'gitlab-issues', 'bugzilla', 'bugzilla-xml', 'redmine', 'redmine-xml', 'openapi')
  and (i.summary ->> 'status') is distinct from 'unchanged' and (i.summary ->> 'status') is distinct from 'tried'
  and (i.format not in ('sarif', 'trivy', 'grype', 'gitlab', 'osv-scanner') or not exists (
    select from platform.imports l where l.project_id = $1 and l.build_id is null and l.format in ('sarif', 'trivy', 'grype', 'gitlab', 'osv-scanner') and l.status = 'completed'
      and l.id > i.id and (l.summary ->> 'status') is distinct from 'unchanged'))
limit 1
