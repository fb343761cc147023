-- The live requirements of a project that are in a document, or in none that is kept, in its order and then by key. No row when there is none.
select r.id, r.key, r.title, r.description, r.status, r.priority_code, r.updated_at, x.external_id, x.content
from work.requirements r
left join platform.external_references x on x.project_id = r.project_id and x.entity_id = r.id and x.document_id = $2::uuid
where r.project_id = $1 and r.deleted_at is null and /* readable requirements r.id */ true
  and (x.id is not null or not exists (
    select from platform.external_references o where o.project_id = r.project_id and o.entity_id = r.id and o.document_id is not null))
order by x.position nulls last, r.number
