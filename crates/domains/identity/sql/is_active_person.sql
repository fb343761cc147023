-- One row for a person who is an active member. No row: they are none.
select 1 from identity.memberships m join identity.users u on u.id = m.user_id
where m.user_id = $1 and m.status = 'active' and m.deleted_at is null and u.kind = 'person' and u.status = 'active'
