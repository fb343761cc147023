-- What is known of vulnerabilities in the components of a build, as its own project sees it: what people decided about a finding, else what the
-- latest document says that found something out, else that it is open. A row for each vulnerability and component. Parameters: project, build, rows.
with parts as materialized (
  select c.sbom_id, c.reference, c.package, c.package_version, c.version, c.version_key, c.distribution,
         first_value(c.id) over (partition by coalesce(c.package_url, ''), coalesce(c.group_name, ''), c.name, coalesce(c.version, '') order by c.id) as component_id
  from security.sboms b
  join security.sbom_components c on c.project_id = b.project_id and c.sbom_id = b.id and not c.is_subject
  where b.project_id = $1 and b.build_id = $2 and /* readable sboms b.id */ true
), met as (
  -- By reference in the same document.
  select p.component_id, p.version, a.statement_id, a.is_affected, a.version_range is not null and (p.version_key is null or not a.is_ordered) as is_unsure
  from parts p
  join security.vulnerability_affects a on a.project_id = $1 and a.sbom_id = p.sbom_id and a.reference = p.reference
   and (a.version_range is null
        or a.is_affected and p.version_key is null
        or (a.is_ordered or a.is_affected)
           and p.version_key >= coalesce(a.low_key, ''::bytea) and p.version_key < coalesce(a.high_key, '\xff'::bytea))
  union
  -- The package, in a range that nobody can compare with its version: it may be meant, and a document that says nothing of it would say too little.
  select p.component_id, p.version, a.statement_id, a.is_affected, true
  from parts p
  join security.vulnerability_affects a on a.project_id = $1 and a.package = p.package and a.version_range is not null and a.is_affected
   and (p.version_key is null
        or not a.is_ordered and p.version_key >= coalesce(a.low_key, ''::bytea) and p.version_key < coalesce(a.high_key, '\xff'::bytea))
   and (a.distribution is null or p.distribution is null or a.distribution = p.distribution)
  union
  -- By what is written.
  select p.component_id, p.version, a.statement_id, a.is_affected, false
  from parts p
  join security.vulnerability_affects a on a.project_id = $1 and a.package = p.package and a.package_version = p.package_version and a.version_range is null
   and (a.distribution is null or p.distribution is null or a.distribution = p.distribution)
  union
  -- By versions in the order of the ecosystem.
  select p.component_id, p.version, a.statement_id, a.is_affected, false
  from parts p
  join security.vulnerability_affects a on a.project_id = $1 and a.package = p.package and a.is_ordered
   and p.version_key >= coalesce(a.low_key, ''::bytea) and p.version_key < coalesce(a.high_key, '\xff'::bytea)
   and (a.distribution is null or p.distribution is null or a.distribution = p.distribution)
), known as (
  select s.identifier, m.component_id, m.version, s.source, s.severity, s.score::float8 as score, s.description, s.recommendation,
         case when m.is_affected then s.state else 'false_positive' end as state, case when m.is_affected then s.analysis_state end as analysis_state,
         s.justification, s.detail, case when s.analysis_state is not null or not m.is_affected then 1 else 3 end as rank, s.stated_at as at, s.id
  from met m
  join security.vulnerability_statements s on s.project_id = $1 and s.id = m.statement_id
  -- A range that nobody can compare with a version may make it affected, and never excuses it.
  where (not m.is_unsure or s.state in ('open', 'confirmed')) and /* readable vulnerability-statements s.id */ true
  union all
  select f.vulnerability, p.component_id, p.version, null, f.severity, f.security_severity::float8, f.title, null,
         f.state, null, null, coalesce(f.triage_reason, f.suppression),
         case when f.state in ('confirmed', 'false_positive', 'accepted', 'wont_fix') then 0 when f.state = 'suppressed' then 2 else 4 end, f.last_seen_at, f.id
  from security.v_findings f
  join parts p on p.package = f.package and (f.package_version is null or f.package_version = p.package_version)
  where f.project_id = $1 and f.vulnerability is not null and f.status <> 'fixed' and /* readable findings f.id */ true
)
select identifier, component_id, version, source, severity, score, description, recommendation, state, analysis_state, justification, detail
from (
  select k.identifier, k.component_id, k.version, k.source, k.state, k.analysis_state, k.justification, k.detail,
         first_value(k.severity) over worst as severity, max(k.score) over (partition by k.identifier) as score,
         max(k.description) over (partition by k.identifier) as description, max(k.recommendation) over (partition by k.identifier) as recommendation,
         row_number() over (partition by k.identifier, k.component_id order by k.rank, k.at desc, k.id desc) as nth
  from known k
  window worst as (partition by k.identifier order by array_position(array['critical', 'high', 'medium', 'low', 'info', 'none', 'unknown'], k.severity))) x
where nth = 1
order by identifier, state, analysis_state, justification, detail, component_id
limit $3
