-- What is known of a vulnerability from the documents that may be seen: one row, of nulls and zeros when nothing is.
-- $1 identifier, in capitals
select count(*) as statements, max(s.score)::float8 as score,
       (array_agg(s.severity order by array_position(array['critical', 'high', 'medium', 'low', 'info', 'none', 'unknown'], s.severity))
          filter (where s.severity is not null))[1] as severity,
       (array_agg(s.description order by s.id desc) filter (where s.description is not null))[1] as description,
       (array_agg(s.recommendation order by s.id desc) filter (where s.recommendation is not null))[1] as recommendation,
       coalesce(sum((select count(*) from security.vulnerability_affects a
                     where a.project_id = s.project_id and a.statement_id = s.id and a.version_range is not null)), 0)::bigint as ranges
from security.vulnerability_statements s
where s.identifier = $1 and /* readable vulnerability-statements s.id */ true
