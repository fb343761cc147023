-- Stores what a document says of vulnerabilities.
insert into security.vulnerability_statements (id, project_id, sbom_id, import_id, identifier, source, severity, score, description,
  recommendation, analysis_state, justification, detail, stated_at)
select s.id, $1, $2, $3, s.identifier, s.source, s.severity, s.score::numeric(3,1), s.description, s.recommendation, s.analysis_state,
       s.justification, s.detail, $4
from unnest($5::uuid[], $6::text[], $7::text[], $8::text[], $9::float8[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[])
     s (id, identifier, source, severity, score, description, recommendation, analysis_state, justification, detail)
