-- Stores requirements that another system brought; those without a key get the next ones. As many rows as there are.
insert into work.requirements (id, project_id, key, title, description, status, priority_code, assigned_to_user_id, target_date)
select n.id, $1, n.key, n.title, n.description, coalesce(n.status, 'draft'), coalesce(n.priority, 'medium'), n.owner, n.due
from unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::uuid[], $9::date[])
  with ordinality n (id, key, title, description, status, priority, owner, due, at)
order by n.at
