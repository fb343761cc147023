-- What a new organisation starts with: roles, permissions, which role may do what, and environments.

create table authz.role_grants_template (
  role_code     text not null,
  resource_type text not null,
  actions       text[] not null,
  primary key (role_code, resource_type),
  constraint role_grants_template_role_code_fkey foreign key (role_code) references reference.access_roles on update cascade on delete cascade,
  constraint role_grants_template_resource_type_fkey foreign key (resource_type) references authz.resource_types (name) on update cascade on delete cascade
);
create index role_grants_template_resource_type_idx on authz.role_grants_template (resource_type);
call platform.adopt_table('authz.role_grants_template', 'public', 'for ever', 'select',
  p_exempt_reason => 'a catalogue that all organisations share');
comment on table authz.role_grants_template is
  'What the four starting roles are given in a new organisation. A role also has everything of the role below it.';
comment on column authz.role_grants_template.role_code is 'The role.';
comment on column authz.role_grants_template.resource_type is 'The kind of thing.';
comment on column authz.role_grants_template.actions is
  'What it may do there; an array, because this is a table for reading and is only ever unfolded.';

-- A role has its own line plus everything of the role below it: viewer < developer < admin < owner.
insert into authz.role_grants_template (role_code, resource_type, actions) values
  ('viewer',    'organization',    '{read}'),
  ('viewer',    'user',            '{read}'),
  ('viewer',    'membership',      '{read}'),
  ('viewer',    'team',            '{read}'),
  ('viewer',    'project',         '{read,export}'),
  ('viewer',    'requirement',     '{read,export}'),
  ('viewer',    'feature',         '{read,export}'),
  ('viewer',    'trace_link',      '{read,export}'),
  ('viewer',    'test_case',       '{read,export}'),
  ('viewer',    'test_run',        '{read,export}'),
  ('viewer',    'test_result',     '{read,export}'),
  ('viewer',    'coverage_report', '{read,export}'),
  ('viewer',    'defect',          '{read,export}'),
  ('viewer',    'repository',      '{read,export}'),
  ('viewer',    'commit',          '{read,export}'),
  ('viewer',    'build',           '{read,export}'),
  ('viewer',    'artifact',        '{read,export}'),
  ('viewer',    'environment',     '{read,export}'),
  ('viewer',    'deployment',      '{read,export}'),

  ('developer', 'role',            '{read}'),
  ('developer', 'import',          '{read,create,update,delete,export}'),
  ('developer', 'project',         '{create,update,delete,restore}'),
  ('developer', 'requirement',     '{create,update,delete,restore}'),
  ('developer', 'feature',         '{create,update,delete,restore}'),
  ('developer', 'trace_link',      '{create,update,delete,restore}'),
  ('developer', 'test_case',       '{create,update,delete,restore}'),
  ('developer', 'test_run',        '{create,update,delete,restore}'),
  ('developer', 'test_result',     '{create,update,delete,restore}'),
  ('developer', 'coverage_report', '{create,update,delete,restore}'),
  ('developer', 'defect',          '{create,update,delete,restore}'),
  ('developer', 'repository',      '{create,update,delete,restore}'),
  ('developer', 'commit',          '{create,update,delete,restore}'),
  ('developer', 'build',           '{create,update,delete,restore}'),
  ('developer', 'artifact',        '{create,update,delete,restore}'),
  ('developer', 'environment',     '{create,update,delete,restore}'),
  ('developer', 'deployment',      '{create,update,delete,restore}'),

  ('admin',     'organization',    '{create,update,restore,export}'),
  ('admin',     'user',            '{create,update,delete,restore,export}'),
  ('admin',     'membership',      '{create,update,delete,restore,export}'),
  ('admin',     'team',            '{create,update,delete,restore,export}'),
  ('admin',     'session',         '{read,create,update,delete,restore,export}'),
  ('admin',     'api_token',       '{read,create,update,delete,restore,export}'),
  ('admin',     'role',            '{create,update,delete,restore,export}'),
  ('admin',     'project',         '{manage_members}'),
  ('admin',     'deployment',      '{approve}'),
  ('admin',     'import',          '{restore}'),
  ('admin',     'audit_log',       '{read,create,update,delete,restore,export}'),

  ('owner',     'organization',    '{delete}');

create procedure platform.assert_organization(p_organization uuid)
  language plpgsql
  as $$
begin
  if platform.current_organization() is null then
    perform set_config('app.current_organization_id', p_organization::text, true);
  elsif platform.current_organization() <> p_organization then
    raise exception 'this transaction works for organisation %, not for %: set app.current_organization_id first',
      platform.current_organization(), p_organization;
  end if;
end
$$;
comment on procedure platform.assert_organization(uuid) is 'Makes the transaction work for that organisation, or refuses when it already works for another.';

create function platform.seed_organization(p_organization uuid) returns void
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
