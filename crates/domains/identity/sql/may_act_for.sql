-- One row when the first member holds a permission now that is tied to the second, who is an active person here. No row: they may not act for them.
select 1
from authz.user_permissions g
join identity.memberships m on m.user_id = g.on_behalf_of_user_id and m.status = 'active' and m.deleted_at is null
join identity.users u on u.id = m.user_id and u.kind = 'person'
where g.user_id = $1 and g.on_behalf_of_user_id = $2 and g.revoked_at is null
  and (g.valid_from is null or g.valid_from <= $3) and (g.valid_until is null or g.valid_until > $3)
limit 1
