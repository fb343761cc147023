-- The latest requests for approval that the reader may read with the step that is open, and whether the one who asks ($1) may decide on it now: an approver there who
-- neither asked nor is to gain, and has not answered. No row: nobody has asked.
select r.id, r.subject_kind, w.name, r.project_id, pr.name, t.name, p.action, p.name, ro.name, ro.display_name, r.payload, r.status,
       r.requested_at, r.decided_at, r.requested_by, q.display_name, r.requested_for_user_id, f.display_name,
       s.step_number, s.name, (select count(*) from authz.approval_workflow_steps x where x.workflow_id = r.workflow_id),
       s.required_approvals,
       (select count(*) from authz.approval_decisions d where d.request_id = r.id and d.step_id = s.id and d.decision = 'approved'),
       coalesce(r.status = 'pending' and $1 is distinct from r.requested_by and $1 is distinct from r.requested_for_user_id
         and not authz.is_own_request(r.requested_by, r.requested_for_user_id)
         and (s.approver_user_id = $1 or (s.approver_role_id is not null and authz.holds_role($1, s.approver_role_id, r.project_id)))
         and not exists (select from authz.approval_decisions d where d.request_id = r.id and d.step_id = s.id and d.approver_user_id = $1), false),
       coalesce(au.display_name, ar.display_name)
from authz.approval_requests r
join authz.approval_workflows w on w.id = r.workflow_id
left join authz.permissions p on p.id = r.permission_id
left join authz.resource_types t on t.id = p.resource_type_id
left join authz.roles ro on ro.id = r.role_id
left join work.projects pr on pr.id = r.project_id
left join identity.users q on q.id = r.requested_by
left join identity.users f on f.id = r.requested_for_user_id
left join lateral (
  select x.* from authz.approved_steps(r.organization_id, r.id) a join authz.approval_workflow_steps x on x.id = a.step_id
  where not a.is_done order by a.step_number limit 1) s on r.status = 'pending'
left join identity.users au on au.id = s.approver_user_id
left join authz.roles ar on ar.id = s.approver_role_id
where /* readable approval-requests r.id */ true
order by r.status = 'pending' desc, r.id desc
limit 300
