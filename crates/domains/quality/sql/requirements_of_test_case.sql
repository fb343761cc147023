-- What a test case is linked to: each requirement, or one criterion of it. No row when nothing is linked.
select l.id, q.key, q.title, q.id as requirement_id, i.position, i.body, l.origin
  from work.trace_links l
  join work.requirements q on q.project_id = l.project_id and q.id = l.target_id and q.deleted_at is null
   and /* readable requirements q.id */ true
  left join work.requirement_items i on i.project_id = l.project_id and i.id = l.criterion_id
   and /* readable requirement-items i.id */ true
 where l.project_id = $1 and l.source_id = $2 and l.link_type = 'verifies' and /* readable trace-links l.id */ true
 order by length(q.key), q.key, i.position nulls first
 limit 200
