-- The completed import that stored the same content for the same build, at most one; no row when it is new.
select id, format, summary from platform.imports
where project_id = $1 and build_id = $2::uuid and content_sha256 = $3 and status = 'completed' and format <> 'requirement'
  and (summary ->> 'status') is distinct from 'unchanged'
union all
select id, format, summary from platform.imports
where $2::uuid is null and project_id = $1 and build_id is null and content_sha256 = $3 and status = 'completed' and format <> 'requirement'
  and (summary ->> 'status') is distinct from 'unchanged'
limit 1
