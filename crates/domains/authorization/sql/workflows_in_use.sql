-- The workflows in use by which something of a kind ($1) is approved and that have a step, by name; none when nobody can say yes to it.
select w.id, w.name from authz.approval_workflows w
where w.subject_kind = $1 and w.is_active and w.deleted_at is null
  and exists (select from authz.approval_workflow_steps s where s.workflow_id = w.id)
order by lower(w.name), w.id
limit 200
