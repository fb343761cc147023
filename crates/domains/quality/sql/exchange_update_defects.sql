-- Brings defects to what they are to say. As many rows as there are.
update quality.defects r
set title = n.title, description = n.description, status = n.status, priority_code = n.priority, assigned_to_user_id = n.owner, due_date = n.due,
    severity = n.severity, defect_type = n.kind, reported_by_user_id = n.reporter,
    resolved_at = case when n.status in ('resolved', 'verified', 'closed') then coalesce(r.resolved_at, $12::timestamptz) else r.resolved_at end,
    updated_by = platform.current_user_id()
from unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::uuid[], $8::date[], $9::text[], $10::text[], $11::uuid[])
  n (id, title, description, status, priority, owner, due, severity, kind, reporter)
where r.project_id = $1 and r.id = n.id
