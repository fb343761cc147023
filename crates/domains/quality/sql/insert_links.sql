-- Links test cases to what they verify. As many rows as were new. Most are there already, and looking them up one by one (offset 0) costs a
-- third of trying to store them.
insert into work.trace_links (project_id, source_id, target_id, link_type, criterion_id, origin)
select $1, l.source_id, l.target_id, 'verifies', l.criterion_id, 'import'
from unnest($2::uuid[], $3::uuid[], $4::uuid[]) l (source_id, target_id, criterion_id)
where not exists (
  select from work.trace_links x
  where x.project_id = $1 and x.source_id = l.source_id and x.link_type = 'verifies' and x.target_id = l.target_id
    and x.criterion_id is not distinct from l.criterion_id offset 0)
on conflict do nothing
