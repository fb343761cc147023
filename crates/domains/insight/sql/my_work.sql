-- What waits for the actor, of each kind what is due first: kind, key, title, project's slug and name, the day it is due, when it came.
-- Kinds: task, defect, approval, notification. Nothing when nothing waits.
-- $1 the actor, $2 how many of each kind
select w.kind, w.key, w.title, w.slug, w.name, w.due, w.at
  from ((select 1 as place, 'task' as kind, t.key, t.title, p.slug, p.name, t.due_date as due, t.created_at as at
           from work.tasks t join work.projects p on p.id = t.project_id
          where t.assignee_user_id = $1 and t.deleted_at is null and t.status not in ('done', 'cancelled') and /* readable tasks t.id */ true
            and p.deleted_at is null and p.status = 'active'
          order by t.due_date nulls last, t.id limit $2)
        union all
        (select 2, 'defect', d.key, d.title, p.slug, p.name, d.due_date, d.created_at
           from quality.defects d join work.projects p on p.id = d.project_id
          where d.assigned_to_user_id = $1 and d.deleted_at is null and d.status in ('open', 'assigned', 'in_progress')
            and /* readable defects d.id */ true
            and p.deleted_at is null and p.status = 'active'
          order by d.due_date nulls last, array_position(array['critical', 'high', 'medium', 'low'], d.severity), d.id limit $2)
        union all
        (select 3, 'approval', c.key, c.title, p.slug, p.name, c.due_date, a.requested_at
           from work.change_request_approvals a
           join work.change_requests c on c.id = a.change_request_id
           join work.projects p on p.id = c.project_id
          where a.approver_user_id = $1 and a.decision = 'pending' and c.deleted_at is null and c.status in ('submitted', 'in_review')
            and /* readable change-requests c.id */ true
            and p.deleted_at is null and p.status = 'active'
          order by a.requested_at, a.id limit $2)
        union all
        (select 4, 'notification', '', n.title, coalesce(p.slug, ''), coalesce(p.name, ''), null, n.created_at
           from platform.notifications n left join work.projects p on p.id = n.project_id
          where n.recipient_user_id = $1 and n.read_at is null and n.expires_at > now()
          order by n.id desc limit $2)) w
 order by w.place, w.due nulls last, w.at
