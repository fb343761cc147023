-- The active members of the organisation, who can look after things; by name.
select m.user_id, coalesce(u.display_name, u.email)
  from identity.memberships m
  join identity.users u on u.id = m.user_id
 where m.status = 'active' and m.deleted_at is null and u.kind = 'person'
 order by lower(coalesce(u.display_name, u.email)), m.user_id
 limit 500
