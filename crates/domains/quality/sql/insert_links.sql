-- Links test cases to what they verify. As many rows as were new.
insert into work.trace_links (project_id, source_id, target_id, link_type, criterion_id, origin)
select $1, l.source_id, l.target_id, 'verifies', l.criterion_id, 'import'
from unnest($2::uuid[], $3::uuid[], $4::uuid[]) l (source_id, target_id, criterion_id)
on conflict do nothing
