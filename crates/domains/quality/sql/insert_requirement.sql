-- Stores a requirement under the key it came with.
insert into work.requirements (id, project_id, key, title, description, status, priority_code, assigned_to_user_id)
values ($1, $2, $3, $4, $5::text, coalesce($6::text, 'draft'), coalesce($7::text, 'medium'), $8::uuid)
