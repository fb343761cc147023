-- The active members of the organisation in the order of their identifiers, those behind $1 when it is given, $2 at most; none without an
-- organisation.
select m.user_id, u.display_name, u.email, u.kind
from identity.memberships m join identity.users u on u.id = m.user_id
where m.status = 'active' and m.deleted_at is null and u.status = 'active' and u.deleted_at is null and ($1::uuid is null or m.user_id > $1)
order by m.user_id limit $2
