-- Deployments of a project, newest first. No row when none fits.
-- Parameters: project, environments by name, statuses, pattern, the last one of the page before, rows.
select d.id, e.name, d.version, b.build_number, d.status, coalesce(u.display_name, u.email) as who, u.kind, d.duration_seconds,
       case when d.status = 'rolled_back' then d.rollback_reason else d.approval_notes end as remark,
       coalesce(d.deployed_at, d.completed_at, d.started_at, d.created_at) as at, d.row_version,
       coalesce(a.display_name, a.email) as approver, e.is_protected and d.approved_by is null as needs_approval, d.created_by, d.deployed_by
  from delivery.deployments d
  join delivery.environments e on e.id = d.environment_id
  left join delivery.builds b on b.project_id = d.project_id and b.id = d.build_id and /* readable builds b.id */ true
  left join identity.users u on u.id = d.deployed_by
  left join identity.users a on a.id = d.approved_by
 where d.project_id = $1 and /* readable deployments d.id */ true
   and ($2::text[] is null or e.name = any ($2))
   and ($3::text[] is null or d.status = any ($3))
   and ($4::text is null or d.version ilike $4)
   and ($5::uuid is null or d.id < $5)
 order by d.id desc
 limit $6
