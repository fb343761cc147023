-- Keeps under which identifiers another system knows records, and what it said of them. One row: how many are new, and how many differed.
with said as (
  select * from unnest($3::uuid[], $4::text[], $5::text[], $6::text[], $7::jsonb[], $8::int[]) n (entity_id, external_id, url, title, content, position)
), changed as (
  update platform.external_references x
  set url = n.url, title = n.title, content = n.content, position = n.position, document_id = $9::uuid, synchronized_at = $10
  from said n
  where x.project_id = $1 and x.system = $2 and x.external_id = n.external_id and x.entity_id = n.entity_id
    and (x.url, x.title, x.content, x.position, x.document_id) is distinct from (n.url, n.title, n.content, n.position, $9::uuid)
  returning x.id
), made as (
  insert into platform.external_references (project_id, entity_id, system, external_id, url, title, content, position, document_id, synchronized_at)
  select $1, n.entity_id, $2, n.external_id, n.url, n.title, n.content, n.position, $9::uuid, $10 from said n
  on conflict do nothing
  returning id
)
select (select count(*) from made) as made, (select count(*) from changed) as changed
