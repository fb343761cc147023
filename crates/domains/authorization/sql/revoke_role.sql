-- Takes a role back; what was passed on from it ends with it. No row: it was taken back before.
update authz.user_roles g set revoked_at = $2, revoked_by = $3, revocation_reason = $4
from authz.roles r, identity.users u
where g.id = $1 and g.revoked_at is null and r.id = g.role_id and u.id = g.user_id
returning r.name, u.display_name
