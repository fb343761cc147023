-- Stores defects that another system brought; those without a key get the next ones. As many rows as there are.
insert into quality.defects (id, project_id, key, title, description, status, priority_code, assigned_to_user_id, due_date, severity, defect_type,
                             reported_by_user_id, resolved_at)
select n.id, $1, n.key, n.title, n.description, coalesce(n.status, 'open'), coalesce(n.priority, 'medium'), n.owner, n.due, coalesce(n.severity, 'medium'),
       coalesce(n.kind, 'bug'), n.reporter, case when n.status in ('resolved', 'verified', 'closed') then $13::timestamptz end
from unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::uuid[], $9::date[], $10::text[], $11::text[], $12::uuid[])
  with ordinality n (id, key, title, description, status, priority, owner, due, severity, kind, reporter, at)
order by n.at
