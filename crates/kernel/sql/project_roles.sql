-- The projects a member belongs to, with the role in each; none for a member of no project.
select project_id, role_id from work.project_roles_of($1)
