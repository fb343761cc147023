-- Tells every active owner of the whole organisation.
-- $1 the kind, $2 the title, $3 the rest, $4 now
insert into platform.notifications (recipient_user_id, notification_type, title, body, expires_at)
select distinct g.user_id, $1::text, $2::text, $3::text, $4::timestamptz + interval '90 days'
  from authz.user_roles g
  join authz.roles r on r.id = g.role_id and r.template_code = 'owner'
  join identity.memberships m on m.user_id = g.user_id and m.status = 'active' and m.deleted_at is null
 where g.revoked_at is null and g.resource_scope_id is null
   and (g.valid_from is null or g.valid_from <= $4) and (g.valid_until is null or g.valid_until > $4)
