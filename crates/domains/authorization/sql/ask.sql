-- Asks for a permission by its workflow, or by the oldest one for permissions that is in use. No row: there is none.
insert into authz.approval_requests (id, workflow_id, subject_kind, permission_id, requested_for_user_id, payload, requested_at)
select $1, w.id, 'permission_grant', $2, $3, $4, $6
from authz.approval_workflows w
where w.subject_kind = 'permission_grant' and w.is_active and w.deleted_at is null and (w.id = $5 or $5::uuid is null)
  and exists (select from authz.approval_workflow_steps s where s.workflow_id = w.id)
order by w.id limit 1
