-- One requirement by its key; an old key of a moved requirement does not find it here.
-- $1 project, $2 key
select r.id, r.key, r.title, coalesce(r.description, ''), r.status, r.priority_code, r.assigned_to_user_id,
       coalesce(u.display_name, u.email), r.target_date, r.updated_at, r.row_version
  from work.requirements r
  left join identity.users u on u.id = r.assigned_to_user_id
 where r.project_id = $1 and r.key = $2 and r.deleted_at is null
