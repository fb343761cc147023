-- Titles and owners of some requirements.
-- $1 project, $2 requirements
select r.id, r.title, coalesce(u.display_name, u.email)
  from work.requirements r
  left join identity.users u on u.id = r.assigned_to_user_id
 where r.project_id = $1 and r.id = any ($2::uuid[]) and /* readable requirements r.id */ true
