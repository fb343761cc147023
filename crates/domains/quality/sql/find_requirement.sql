-- The requirement with this key, locked, also when it is in the bin; no row when the key is free.
select id, title, description, status, priority_code, assigned_to_user_id, deleted_at is not null as in_bin
from work.requirements where project_id = $1 and key = $2 for update
