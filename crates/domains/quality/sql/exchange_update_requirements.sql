-- Brings requirements to what they are to say. As many rows as there are.
update work.requirements r
set title = n.title, description = n.description, status = n.status, priority_code = n.priority, assigned_to_user_id = n.owner, target_date = n.due,
    updated_by = platform.current_user_id()
from unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::uuid[], $8::date[]) n (id, title, description, status, priority, owner, due)
where r.project_id = $1 and r.id = n.id
