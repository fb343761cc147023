-- The roles that one person holds in the organisation, in words.
-- $1 person, $2 now
select string_agg(distinct r.display_name, ', ' order by r.display_name)
  from authz.user_roles g
  join authz.roles r on r.id = g.role_id
 where g.user_id = $1 and g.revoked_at is null and r.deleted_at is null
   and (g.valid_from is null or g.valid_from <= $2) and (g.valid_until is null or g.valid_until > $2)
