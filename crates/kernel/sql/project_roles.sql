-- The projects some members belong to, with the role in each; none for a member of no project.
select u.id, r.project_id, r.role_id from unnest($1::uuid[]) u (id) cross join lateral work.project_roles_of(u.id) r
