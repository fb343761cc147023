-- What a request asks for. One row: it was found before.
select r.subject_kind, r.permission_id, r.role_id, r.requested_for_user_id, r.project_id, (r.payload ->> 'hours')::int, (r.payload ->> 'resource')::uuid,
       r.status, authz.is_overdue(r.requested_at, $2)
from authz.approval_requests r where r.id = $1
