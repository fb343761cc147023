-- The same of defects.
select n.at::int, x.id as reference_id, x.content -> 'said' as said, r.id, r.key, r.title, r.description, r.status, r.priority_code as priority,
       r.severity, r.defect_type as kind, r.assigned_to_user_id as owner, r.reported_by_user_id as reporter, r.due_date as due, r.deleted_at is not null as in_bin
from unnest($3::text[], $4::text[]) with ordinality n (external_id, key, at)
join lateral (
  select x.id, x.content, x.entity_id from platform.external_references x
  where x.project_id = $1 and x.system = $2 and x.external_id = n.external_id
  union all
  select null, null, k.id from quality.defects k where k.project_id = $1 and k.key = n.key
    and not exists (select from platform.external_references o where o.project_id = $1 and o.system = $2 and o.external_id = n.external_id)
) x on true
join quality.defects r on r.project_id = $1 and r.id = x.entity_id
order by n.at
