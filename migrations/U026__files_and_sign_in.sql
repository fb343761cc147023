-- Takes back V026. Organisations lose the permissions for kinds of things that no longer exist.

create or replace function platform.seed_organization(p_organization uuid) returns void
  language plpgsql
  as $$
begin
  call platform.assert_organization(p_organization);

  insert into authz.roles (organization_id, template_code, name, display_name, description, is_system_role)
  select p_organization, r.code, r.code, r.name, r.description, true
  from reference.access_roles r
  where r.category = 'organization' and not exists (
    select from authz.roles x where x.organization_id = p_organization and x.template_code = r.code and x.deleted_at is null);

  update authz.roles child set parent_role_id = parent.id
  from reference.access_roles r, authz.roles parent
  where child.organization_id = p_organization and child.template_code = r.code and child.parent_role_id is null and child.deleted_at is null
    and parent.organization_id = p_organization and parent.template_code = r.parent_code and parent.deleted_at is null;

  insert into authz.permissions (organization_id, name, display_name, resource_type_id, action, is_system_permission)
  select p_organization, t.name || ':' || a.action, initcap(replace(a.action, '_', ' ')) || ' ' || replace(t.name, '_', ' '), t.id, a.action, true
  from authz.resource_types t join authz.resource_type_actions a on a.resource_type_id = t.id
  where not exists (
    select from authz.permissions x where x.organization_id = p_organization and x.name = t.name || ':' || a.action and x.deleted_at is null);

  insert into authz.role_permissions (organization_id, role_id, permission_id)
  select p_organization, r.id, p.id
  from authz.role_grants_template g
  cross join unnest(g.actions) as a (action)
  join authz.roles r on r.organization_id = p_organization and r.template_code = g.role_code and r.deleted_at is null
  join authz.permissions p on p.organization_id = p_organization and p.name = g.resource_type || ':' || a.action and p.deleted_at is null
  on conflict (organization_id, role_id, permission_id) do nothing;

  insert into delivery.environments (organization_id, name, tier, is_protected)
  select p_organization, e.name, e.name, e.name = 'production'
  from unnest(array['development', 'test', 'staging', 'production']) as e (name)
  where not exists (select from delivery.environments x
                    where x.organization_id = p_organization and x.project_id is null and x.name = e.name and x.deleted_at is null);
end
$$;
comment on function platform.seed_organization(uuid) is
  'Gives an organisation its roles, permissions, grants and environments. Adds what is missing and changes nothing that is there, so it may run again.';

create or replace function authz.grants_of(p_user uuid)
  returns table (resource_type text, action text, project_id uuid, role text)
  language sql stable
  as $$
    with recursive
    held as (
      select g.role_id, null::uuid as project_id
      from authz.user_roles g
      where g.organization_id = platform.current_organization() and g.user_id = p_user
        and g.revoked_at is null and g.resource_scope_id is null and g.context_conditions = '{}'
        and (g.valid_from is null or g.valid_from <= now()) and (g.valid_until is null or g.valid_until > now())
      union all
      select m.role_id, m.project_id
      from work.project_roles_of(p_user) m
    ),
    -- A role also gives what its parents give; union, not union all, ends even on a cycle.
    given as (
      select h.project_id, r.name as role, r.id, r.parent_role_id
      from held h
      join authz.roles r on r.organization_id = platform.current_organization() and r.id = h.role_id
      where r.deleted_at is null and (r.valid_from is null or r.valid_from <= now()) and (r.valid_until is null or r.valid_until > now())
      union
      select g.project_id, g.role, r.id, r.parent_role_id
      from given g
      join authz.roles r on r.organization_id = platform.current_organization() and r.id = g.parent_role_id
      where r.deleted_at is null and (r.valid_from is null or r.valid_from <= now()) and (r.valid_until is null or r.valid_until > now())
    )
    select distinct t.name, p.action, g.project_id, g.role
    from given g
    join authz.role_permissions rp on rp.organization_id = platform.current_organization() and rp.role_id = g.id
    join authz.permissions p on p.organization_id = rp.organization_id and p.id = rp.permission_id
    join authz.resource_types t on t.id = p.resource_type_id
    where rp.additional_conditions = '{}' and (rp.valid_from is null or rp.valid_from <= now()) and (rp.valid_until is null or rp.valid_until > now())
      and p.deleted_at is null and p.conditions = '{}' and not p.requires_approval and p.scope <> 'self'
      and (p.valid_from is null or p.valid_from <= now()) and (p.valid_until is null or p.valid_until > now())
      and exists (select from identity.memberships m
                  where m.organization_id = platform.current_organization() and m.user_id = p_user
                    and m.status = 'active' and m.deleted_at is null)
  $$;

-- The owner, too, is bound by row security; for this one step it has to see every organisation.
alter table authz.permissions no force row level security;
delete from authz.permissions p using authz.resource_types t
where t.id = p.resource_type_id and t.name in ('storage_location', 'sso_provider', 'approval_workflow');
alter table authz.permissions force row level security;
delete from authz.role_grants_template
where resource_type in ('storage_location', 'sso_provider', 'approval_workflow');
drop function authz.is_own_request(uuid[]);
drop function authz.holds_role(uuid, uuid, uuid);
drop table authz.user_permissions;
drop function authz.guard_user_permission();
drop table identity.user_sso_accounts;
drop table identity.sso_default_roles;
drop table identity.sso_providers;
drop table reference.storage_locations;
drop table reference.filetypes;
delete from authz.resource_types where name in ('storage_location', 'sso_provider', 'approval_workflow');
drop function platform.take_project();
delete from platform.table_facts
where (table_schema, table_name) in (('authz', 'user_permissions'), ('identity', 'user_sso_accounts'), ('identity', 'sso_default_roles'), ('identity', 'sso_providers'),
  ('reference', 'storage_locations'), ('reference', 'filetypes'));
