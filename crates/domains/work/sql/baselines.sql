-- Baselines of a project, newest first. No row when there is none.
-- Parameters: project, one baseline or null for all, the last one of the page before, rows.
select b.id, b.name, b.description, b.requires_approval, b.status, b.created_at, coalesce(c.display_name, c.email), c.kind, b.created_by,
       b.decided_at, coalesce(d.display_name, d.email), b.decision_reason
  from work.baselines b
  left join identity.users c on c.id = b.created_by
  left join identity.users d on d.id = b.decided_by
 where b.project_id = $1 and /* readable baselines b.id */ true
   and ($2::uuid is null or b.id = $2)
   and ($3::uuid is null or b.id < $3)
 order by b.id desc
 limit $4
