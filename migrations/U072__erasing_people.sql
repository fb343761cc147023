drop function platform.replace_everywhere(text);
drop function identity.forget_account(uuid);
drop policy sign_in on identity.user_profiles;
create policy sign_in on identity.user_profiles as permissive for select to throughline_auth using (true);
revoke delete on identity.user_credentials, identity.user_profiles from throughline_auth;
drop function audit.forget(uuid, text, text);
revoke select, update (snapshot, change_summary) on audit.project_history, audit.document_history from throughline_partitions;
revoke select, update (change_reason, business_justification) on audit.change_sets from throughline_partitions;
revoke select, update (payload_salt) on audit.leaves from throughline_partitions;
revoke execute on function work.project_roles_of(uuid), authz.projects_held_in(uuid) from throughline_partitions;
revoke select on work.projects from throughline_partitions;
revoke usage on schema work, authz from throughline_partitions;

delete from authz.role_grants_template where role_code = 'owner' and resource_type = 'user' and actions = '{erase}';
-- Whoever undoes a step belongs to no organisation, and the rows of all of them have to go; nobody reads meanwhile.
alter table authz.permissions no force row level security;
alter table authz.role_permissions no force row level security;
alter table authz.user_permissions no force row level security;
delete from authz.role_permissions h using authz.permissions p join authz.resource_types t on t.id = p.resource_type_id
where h.organization_id = p.organization_id and h.permission_id = p.id and (t.name, p.action) = ('user', 'erase');
delete from authz.user_permissions h using authz.permissions p join authz.resource_types t on t.id = p.resource_type_id
where h.organization_id = p.organization_id and h.permission_id = p.id and (t.name, p.action) = ('user', 'erase');
delete from authz.permissions p using authz.resource_types t
where t.id = p.resource_type_id and (t.name, p.action) = ('user', 'erase');
alter table authz.user_permissions force row level security;
alter table authz.role_permissions force row level security;
alter table authz.permissions force row level security;
delete from authz.resource_type_actions a using authz.resource_types t where t.id = a.resource_type_id and (t.name, a.action) = ('user', 'erase');
