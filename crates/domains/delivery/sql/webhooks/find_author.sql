-- The active member with this address; no row when there is none.
select u.id from identity.users u
  join identity.memberships m on m.user_id = u.id and m.status = 'active' and m.deleted_at is null
 where u.email = lower($1)
 limit 1
