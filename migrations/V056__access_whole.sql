-- What members hold follows what happened to others: whoever is no longer an active member has passed nothing on, and organisations that were there
-- before an action was known get the permission for it like those that came after.

-- Passing on and leaving ----------------------------------------------------------------------------------------------

create function authz.end_what_they_passed_on() returns trigger
  language plpgsql
  as $$
declare
  actor text := coalesce(current_setting('app.current_user_id', true), '');
begin
  -- It ends by itself, whoever holds it: nobody takes away from an owner here. What came from these in turn ends with them.
  perform set_config('app.current_user_id', '', true);
  update authz.user_roles g
     set revoked_at = now(), revoked_by = nullif(actor, '')::uuid, revocation_reason = 'Whoever passed it on is no longer an active member.'
   where g.organization_id = new.organization_id and g.delegated_by = new.user_id and g.revoked_at is null;
  perform set_config('app.current_user_id', actor, true);
  return null;
end
$$;
comment on function authz.end_what_they_passed_on() is
  'When a member is suspended or leaves, what they passed on ends, with everything that came from it. It does not come back with them.';
create trigger end_what_they_passed_on after update of status, deleted_at on identity.memberships
  for each row when ((old.status = 'active' and old.deleted_at is null) and not (new.status = 'active' and new.deleted_at is null))
  execute function authz.end_what_they_passed_on();

-- What columns do -----------------------------------------------------------------------------------------------------

comment on column authz.roles.is_system_role is
  'True: made by the program, and neither renamed nor deleted. What it gives may be changed; of the role of the owners only by owners.';
comment on column authz.permissions.requires_approval is
  'True: having it is not enough. Whoever has it may ask, and what an approval gives them holds for the hours they asked for.';
comment on column authz.permissions.approval_workflow_id is
  'Who has to agree. Null: whom the oldest workflow for permissions that is in use names.';
comment on column authz.resource_types.metadata is 'Facts for other systems; the program reads none of them.';

-- Permissions for actions that are new --------------------------------------------------------------------------------

create function authz.add_new_permissions(p_organization uuid) returns bigint
  language plpgsql
  as $$
declare
  added bigint;
begin
  call platform.assert_organization(p_organization);
  with made as (
    insert into authz.permissions (organization_id, name, display_name, resource_type_id, action, is_system_permission)
    select p_organization, t.name || ':' || a.action, initcap(replace(a.action, '_', ' ')) || ' ' || replace(t.name, '_', ' '), t.id, a.action, true
    from authz.resource_types t join authz.resource_type_actions a on a.resource_type_id = t.id
    where not exists (
      select from authz.permissions x where x.organization_id = p_organization and x.name = t.name || ':' || a.action and x.deleted_at is null)
    returning id, resource_type_id, action
  ), given as (
    insert into authz.role_permissions (organization_id, role_id, permission_id)
    select p_organization, r.id, m.id
    from made m
    join authz.resource_types t on t.id = m.resource_type_id
    join authz.role_grants_template g on g.resource_type = t.name and m.action = any(g.actions)
    join authz.roles r on r.organization_id = p_organization and r.template_code = g.role_code and r.deleted_at is null
    on conflict (organization_id, role_id, permission_id) do nothing
  )
  select count(*) into added from made;
  return added;
end
$$;
comment on function authz.add_new_permissions(uuid) is
  'Gives an organisation the permissions for actions that it has none for, and its starting roles those of them that they have in a new organisation; '
  'what it took away from a role stays away. Answers with how many permissions it had not had. For the migration that brings an action.';
revoke execute on function authz.add_new_permissions(uuid) from public;
do $$
declare
  known  text := coalesce(current_setting('app.current_organization_id', true), '');
  holder uuid;
begin
  for holder in select platform.all_organizations() loop
    perform set_config('app.current_organization_id', holder::text, true);
    perform authz.add_new_permissions(holder);
  end loop;
  perform set_config('app.current_organization_id', known, true);
end
$$;
