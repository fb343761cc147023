-- How many links of a project, or of one record in it, are suspect.
select count(*)
  from work.trace_links l
 where l.project_id = $1 and l.suspect_since is not null and /* readable trace-links l.id */ true
   and ($2::uuid is null or l.source_id = $2 or l.target_id = $2)
