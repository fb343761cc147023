drop trigger announce on identity.teams;
drop trigger announce on identity.team_members;
drop trigger announce on authz.resources;
alter policy project_access on work.projects
  using (platform.sees_all_projects()
         or visibility in ('internal', 'public')
         or owner_user_id = platform.current_user_id()
         or id in (select r.project_id from work.project_roles_of(platform.current_user_id()) r));
drop function authz.projects_held_in(uuid);
drop policy sign_in on platform.entities;
revoke select on authz.user_roles, authz.user_permissions, authz.resources, platform.entities from throughline_auth;
revoke usage on schema authz from throughline_auth;
alter table authz.user_permissions drop column is_emergency;
drop trigger end_what_came_from_it on authz.user_roles;
drop function authz.end_what_came_from_it();
drop trigger guard_delegation on authz.user_roles;
drop function authz.guard_delegation();
alter table authz.user_roles drop column may_delegate, drop column delegated_from;
