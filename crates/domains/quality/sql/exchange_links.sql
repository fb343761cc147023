-- Links between records, as another system has them. As many rows as were new.
insert into work.trace_links (project_id, source_id, target_id, link_type, origin)
select distinct $1::uuid, l.source_id, l.target_id, l.link_type, 'import'
from unnest($2::uuid[], $3::uuid[], $4::text[]) l (source_id, target_id, link_type)
where l.source_id <> l.target_id and not exists (
  select from work.trace_links x
  where x.project_id = $1 and x.source_id = l.source_id and x.link_type = l.link_type and x.target_id = l.target_id and x.criterion_id is null)
on conflict do nothing
