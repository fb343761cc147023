-- Active members whose roles in the whole organisation let them handle security events, and the member $2 who sees to one already; by name. Parameters:
-- now, that member.
with recursive fitting as (
  select rp.role_id as id
    from authz.role_permissions rp join authz.permissions p on p.id = rp.permission_id and p.name = 'security_event:update' and p.deleted_at is null
  union
  select r.id from authz.roles r join fitting f on r.parent_role_id = f.id where r.deleted_at is null)
select m.user_id, u.display_name
  from identity.memberships m join identity.users u on u.id = m.user_id
 where m.user_id = $2::uuid
    or m.status = 'active' and m.deleted_at is null and exists (
         select from authz.user_roles g join fitting f on f.id = g.role_id
          where g.user_id = m.user_id and g.revoked_at is null and g.resource_scope_id is null
            and (g.valid_from is null or g.valid_from <= $1::timestamptz) and (g.valid_until is null or g.valid_until > $1::timestamptz))
 order by lower(u.display_name), m.user_id
 limit 200
