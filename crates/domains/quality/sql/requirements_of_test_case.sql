-- What a test case is linked to: each requirement, or one criterion of it. No row when nothing is linked.
select l.id, q.key, q.title, q.id as requirement_id, i.position, i.body, l.origin
  from work.trace_links l
  join work.requirements q on q.project_id = l.project_id and q.id = l.target_id and q.deleted_at is null
  left join work.requirement_items i on i.project_id = l.project_id and i.id = l.criterion_id
 where l.project_id = $1 and l.source_id = $2 and l.link_type = 'verifies'
 order by length(q.key), q.key, i.position nulls first
 limit 200
