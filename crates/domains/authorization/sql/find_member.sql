-- The member that a text names: by identifier, address of e-mail or user name; no row when there is none here.
select m.user_id, u.display_name, u.email, u.kind, u.owner_user_id
from identity.memberships m join identity.users u on u.id = m.user_id
where m.deleted_at is null and (m.user_id::text = $1 or u.email = lower($1) or m.username = $1)
limit 1
