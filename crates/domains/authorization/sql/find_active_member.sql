-- An active member by identifier or address. No row: there is none.
select u.id, u.display_name
from identity.users u join identity.memberships m on m.user_id = u.id
where (u.id::text = lower($1) or u.email = lower($1)) and u.deleted_at is null and m.status = 'active' and m.deleted_at is null
