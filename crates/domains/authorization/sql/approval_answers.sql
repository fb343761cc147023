-- What approvers said on some requests ($1), as far as the reader may read it, in the order they said it; nothing on a request that nobody has answered.
select d.request_id, coalesce(u.display_name, 'somebody'), d.decision, coalesce(d.comment, ''), d.decided_at
from authz.approval_decisions d left join identity.users u on u.id = d.approver_user_id
where d.request_id = any($1) and /* readable approval-decisions d.id */ true
order by d.id
