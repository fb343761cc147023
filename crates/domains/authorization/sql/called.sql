-- What people call members, projects and roles, by identifier; nothing for one that is not there or not to be seen.
select u.id, u.display_name from identity.users u where u.id = any($1)
union all
select p.id, p.name from work.projects p where p.id = any($1)
union all
select r.id, r.display_name from authz.roles r where r.id = any($1)
