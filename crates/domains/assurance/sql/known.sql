-- What is known of a vulnerability from the documents that may be seen: one row, of nulls and zeros when nothing is. Names are what documents call
-- the same vulnerability; two CVEs are never the same one.
-- $1 identifier, in capitals
with names as (
  select $1::text as name
  union
  select n.name from security.vulnerability_statements s
  join security.vulnerability_names n on n.project_id = s.project_id and n.statement_id = s.id
  where s.identifier = $1 and not (starts_with($1, 'CVE-') and starts_with(n.name, 'CVE-')) and /* readable vulnerability-statements s.id */ true
  union
  select s.identifier from security.vulnerability_names n
  join security.vulnerability_statements s on s.project_id = n.project_id and s.id = n.statement_id
  where n.name = $1 and not (starts_with($1, 'CVE-') and starts_with(s.identifier, 'CVE-')) and /* readable vulnerability-statements s.id */ true
), said as (
  select s.* from names m join security.vulnerability_statements s on s.identifier = m.name
  where /* readable vulnerability-statements s.id */ true
  union
  select s.* from names m join security.vulnerability_names n on n.name = m.name
  join security.vulnerability_statements s on s.project_id = n.project_id and s.id = n.statement_id
  where (s.identifier = $1 or not (starts_with($1, 'CVE-') and starts_with(s.identifier, 'CVE-'))) and /* readable vulnerability-statements s.id */ true
)
select count(*) as statements, max(s.score)::float8 as score,
       (array_agg(s.severity order by array_position(array['critical', 'high', 'medium', 'low', 'info', 'none', 'unknown'], s.severity))
          filter (where s.severity is not null))[1] as severity,
       (array_agg(s.description order by s.id desc) filter (where s.description is not null))[1] as description,
       (array_agg(s.recommendation order by s.id desc) filter (where s.recommendation is not null))[1] as recommendation,
       coalesce(sum((select count(*) from security.vulnerability_affects a
                     where a.project_id = s.project_id and a.statement_id = s.id and a.version_range is not null and not a.is_ordered
                       and a.low_key is null and a.high_key is null)), 0)::bigint as ranges,
       (select array_agg(m.name order by m.name) from names m where m.name <> $1) as names,
       (select count(*) from names m join security.findings f on f.vulnerability = m.name where /* readable findings f.id */ true)
         + (select count(*) from names m join security.vulnerabilities v on v.cve_id = m.name
            where v.deleted_at is null and /* readable vulnerabilities v.id */ true) as found
from said s
