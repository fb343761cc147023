-- What may be done, and which role may do it. Types and actions are a catalogue; roles, permissions and grants are rows of an organisation.

create schema authz;
comment on schema authz is 'Who may do what: types of resources and their actions, roles, permissions, grants, approvals.';
grant usage on schema authz to application_user, readonly_user, super_admin;

create table authz.resource_types (
  id             uuid not null default platform.uuid_v7(),
  name           text not null,
  description    text,
  parent_type_id uuid,
  metadata       jsonb not null default '{}',
  created_at     timestamptz not null default now(),
  updated_at     timestamptz not null default now(),
  primary key (id),
  constraint resource_types_name_key unique (name),
  constraint resource_types_parent_type_id_fkey foreign key (parent_type_id) references authz.resource_types on update cascade on delete restrict,
  constraint resource_types_name_check check (name ~ '^[a-z][a-z0-9_]{0,59}$'),
  constraint resource_types_parent_type_id_check check (parent_type_id <> id),
  constraint resource_types_metadata_check check (jsonb_typeof(metadata) = 'object')
);
create index resource_types_parent_type_id_idx on authz.resource_types (parent_type_id) where parent_type_id is not null;
create trigger forbid_cycle after insert or update of parent_type_id on authz.resource_types
  for each row when (new.parent_type_id is not null) execute function platform.forbid_cycle('id', 'parent_type_id');

create table authz.resource_type_actions (
  resource_type_id uuid not null,
  action           text not null,
  description      text,
  primary key (resource_type_id, action),
  constraint resource_type_actions_resource_type_id_fkey foreign key (resource_type_id) references authz.resource_types
    on update cascade on delete cascade,
  constraint resource_type_actions_action_check check (action ~ '^[a-z][a-z0-9_]{0,59}$')
);

create table authz.approval_workflows (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  name            text not null,
  description     text,
  subject_kind    text not null,
  is_active       boolean not null default true,
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now(),
  created_by      uuid default platform.current_user_id(),
  updated_by      uuid,
  row_version     bigint not null default 1,
  deleted_at      timestamptz,
  deleted_by      uuid,
  primary key (organization_id, id),
  constraint approval_workflows_organization_id_fkey foreign key (organization_id) references identity.organizations on update cascade on delete restrict,
  constraint approval_workflows_name_check check (char_length(name) between 1 and 200),
  constraint approval_workflows_description_check check (char_length(description) <= 10000),
  constraint approval_workflows_subject_kind_check check (subject_kind in
    ('permission_grant', 'role_assignment', 'change_request', 'deployment', 'change_set', 'prompt_template'))
);
create unique index approval_workflows_name_key on authz.approval_workflows (organization_id, name) where deleted_at is null;

create table authz.roles (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  template_code          text,
  name                   text not null,
  display_name           text not null,
  description            text,
  parent_role_id         uuid,
  role_level             int not null default 0,
  is_system_role         boolean not null default false,
  is_assignable          boolean not null default true,
  max_assignments        int,
  valid_from             timestamptz,
  valid_until            timestamptz,
  auto_assign_conditions jsonb,
  metadata               jsonb not null default '{}',
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now(),
  created_by      uuid default platform.current_user_id(),
  updated_by      uuid,
  row_version     bigint not null default 1,
  deleted_at      timestamptz,
  deleted_by      uuid,
  primary key (organization_id, id),
  constraint roles_organization_id_fkey foreign key (organization_id) references identity.organizations on update cascade on delete restrict,
  constraint roles_template_code_fkey foreign key (template_code) references reference.access_roles on update cascade on delete restrict,
  constraint roles_parent_role_id_fkey foreign key (organization_id, parent_role_id) references authz.roles on update cascade on delete restrict,
  constraint roles_name_check check (name ~ '^[a-z][a-z0-9_-]{0,99}$'),
  constraint roles_display_name_check check (char_length(display_name) between 1 and 200),
  constraint roles_description_check check (char_length(description) <= 10000),
  constraint roles_parent_role_id_check check (parent_role_id <> id),
  constraint roles_max_assignments_check check (max_assignments > 0),
  constraint roles_valid_until_check check (valid_until > valid_from),
  constraint roles_auto_assign_conditions_check check (jsonb_typeof(auto_assign_conditions) = 'object'),
  constraint roles_metadata_check check (jsonb_typeof(metadata) = 'object')
);
create unique index roles_name_key on authz.roles (organization_id, name) where deleted_at is null;
create unique index roles_template_code_key on authz.roles (organization_id, template_code) where template_code is not null and deleted_at is null;
create index roles_template_code_idx on authz.roles (template_code) where template_code is not null;
create index roles_parent_role_id_idx on authz.roles (organization_id, parent_role_id) where parent_role_id is not null;
create trigger forbid_cycle after insert or update of parent_role_id on authz.roles
  for each row when (new.parent_role_id is not null) execute function platform.forbid_cycle('id', 'parent_role_id', 'organization_id');

create table authz.approval_workflow_steps (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  workflow_id        uuid not null,
  step_number        int not null,
  name               text not null,
  approver_role_id   uuid,
  approver_user_id   uuid,
  required_approvals int not null default 1,
  primary key (organization_id, id),
  constraint approval_workflow_steps_workflow_id_fkey foreign key (organization_id, workflow_id) references authz.approval_workflows
    on update cascade on delete cascade,
  constraint approval_workflow_steps_approver_role_id_fkey foreign key (organization_id, approver_role_id) references authz.roles
    on update cascade on delete restrict,
  constraint approval_workflow_steps_step_number_key unique (organization_id, workflow_id, step_number),
  constraint approval_workflow_steps_step_number_check check (step_number > 0),
  constraint approval_workflow_steps_name_check check (char_length(name) between 1 and 200),
  constraint approval_workflow_steps_approver_check check (num_nonnulls(approver_role_id, approver_user_id) = 1),
  constraint approval_workflow_steps_required_approvals_check check (required_approvals > 0)
);
create index approval_workflow_steps_approver_role_id_idx on authz.approval_workflow_steps (organization_id, approver_role_id) where approver_role_id is not null;

create table authz.permissions (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  name                 text not null,
  display_name         text not null,
  description          text,
  resource_type_id     uuid not null,
  action               text not null,
  scope                text not null default 'global',
  conditions           jsonb not null default '{}',
  is_system_permission boolean not null default false,
  requires_approval    boolean not null default false,
  approval_workflow_id uuid,
  valid_from           timestamptz,
  valid_until          timestamptz,
  metadata             jsonb not null default '{}',
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now(),
  created_by      uuid default platform.current_user_id(),
  updated_by      uuid,
  row_version     bigint not null default 1,
  deleted_at      timestamptz,
  deleted_by      uuid,
  primary key (organization_id, id),
  constraint permissions_organization_id_fkey foreign key (organization_id) references identity.organizations on update cascade on delete restrict,
  constraint permissions_action_fkey foreign key (resource_type_id, action) references authz.resource_type_actions on update cascade on delete restrict,
  constraint permissions_approval_workflow_id_fkey foreign key (organization_id, approval_workflow_id) references authz.approval_workflows
    on update cascade on delete restrict,
  constraint permissions_name_check check (name ~ '^[a-z][a-z0-9_.:-]{0,199}$'),
  constraint permissions_display_name_check check (char_length(display_name) between 1 and 200),
  constraint permissions_description_check check (char_length(description) <= 10000),
  constraint permissions_scope_check check (scope in ('global', 'project', 'self')),
  constraint permissions_approval_workflow_id_check check (approval_workflow_id is null or requires_approval),
  constraint permissions_valid_until_check check (valid_until > valid_from),
  constraint permissions_conditions_check check (jsonb_typeof(conditions) = 'object'),
  constraint permissions_metadata_check check (jsonb_typeof(metadata) = 'object')
);
create unique index permissions_name_key on authz.permissions (organization_id, name) where deleted_at is null;
create index permissions_action_idx on authz.permissions (resource_type_id, action);
create index permissions_approval_workflow_id_idx on authz.permissions (organization_id, approval_workflow_id) where approval_workflow_id is not null;

create table authz.role_permissions (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  role_id               uuid not null,
  permission_id         uuid not null,
  granted_by            uuid default platform.current_user_id(),
  granted_at            timestamptz not null default now(),
  valid_from            timestamptz,
  valid_until           timestamptz,
  additional_conditions jsonb not null default '{}',
  primary key (organization_id, id),
  constraint role_permissions_role_id_fkey foreign key (organization_id, role_id) references authz.roles on update cascade on delete cascade,
  constraint role_permissions_permission_id_fkey foreign key (organization_id, permission_id) references authz.permissions
    on update cascade on delete cascade,
  constraint role_permissions_permission_id_key unique (organization_id, role_id, permission_id),
  constraint role_permissions_valid_until_check check (valid_until > valid_from),
  constraint role_permissions_additional_conditions_check check (jsonb_typeof(additional_conditions) = 'object')
);
create index role_permissions_permission_id_idx on authz.role_permissions (organization_id, permission_id);

call platform.adopt_table('authz.resource_types', 'public', 'for ever', 'select', p_exempt_reason => 'a catalogue that all organisations share');
call platform.adopt_table('authz.resource_type_actions', 'public', 'for ever', 'select', p_exempt_reason => 'a catalogue that all organisations share');
call platform.adopt_table('authz.approval_workflows', 'internal', 'while the organisation exists');
call platform.adopt_table('authz.roles', 'internal', 'while the organisation exists', p_statistics => array['role_level']);
call platform.adopt_table('authz.approval_workflow_steps', 'internal', 'while the workflow exists', 'select, insert, update, delete');
call platform.refer_to_members('authz.approval_workflow_steps', 'approver_user_id');
call platform.adopt_table('authz.permissions', 'internal', 'while the organisation exists');
call platform.adopt_table('authz.role_permissions', 'internal', 'while the role exists', 'select, insert, update, delete');
call platform.refer_to_members('authz.role_permissions', 'granted_by');

-- How deep a role stands below its topmost ancestor; its whole branch moves with it.
create function authz.maintain_role_level() returns trigger
  language plpgsql
  as $$
begin
  with recursive branch as (
    select r.id, coalesce((select p.role_level + 1 from authz.roles p
                           where p.organization_id = r.organization_id and p.id = r.parent_role_id), 0) as depth
    from authz.roles r where r.organization_id = new.organization_id and r.id = new.id
    union
    select r.id, b.depth + 1 from authz.roles r join branch b on r.parent_role_id = b.id where r.organization_id = new.organization_id
  )
  update authz.roles r set role_level = b.depth
  from branch b where r.organization_id = new.organization_id and r.id = b.id and r.role_level <> b.depth;
  return null;
end
$$;
comment on function authz.maintain_role_level() is 'Keeps role_level true after a role was stored or moved below another. Runs after forbid_cycle, so it ends.';
create trigger maintain_role_level after insert or update of parent_role_id on authz.roles
  for each row execute function authz.maintain_role_level();
comment on table authz.resource_types is
  'Kinds of things that can be protected. Declared by the program; no organisation can add one.';
comment on column authz.resource_types.name is 'What permissions and declarations call it.';
comment on column authz.resource_types.description is 'What it covers.';
comment on column authz.resource_types.parent_type_id is
  'The kind it is part of: a right on the parent can be inherited. Null: none.';
comment on column authz.resource_types.metadata is 'Hints for the pages that show permissions.';
comment on constraint resource_types_name_check on authz.resource_types is
  'name must begin with a lower-case letter and hold only lower-case letters, digits and the signs _ . : -';
comment on constraint resource_types_parent_type_id_check on authz.resource_types is 'parent type must not be the record itself';
comment on constraint resource_types_metadata_check on authz.resource_types is 'metadata must be a JSON object';
comment on table authz.resource_type_actions is 'What can be done with each kind of thing.';
comment on column authz.resource_type_actions.resource_type_id is 'The kind of thing.';
comment on column authz.resource_type_actions.action is 'The verb.';
comment on column authz.resource_type_actions.description is 'What the verb means for people. Null: the verb says it.';
comment on constraint resource_type_actions_action_check on authz.resource_type_actions is
  'action must begin with a lower-case letter and hold only lower-case letters, digits and the signs _ . : -';
comment on table authz.approval_workflows is 'Who has to say yes, in which order, before something takes effect.';
comment on column authz.approval_workflows.name is 'What people call it; unique among live workflows.';
comment on column authz.approval_workflows.description is 'When it is to be used. Null: nobody has said.';
comment on column authz.approval_workflows.subject_kind is 'What it can be asked to approve.';
comment on column authz.approval_workflows.is_active is 'False: running approvals finish, new ones cannot start.';
comment on constraint approval_workflows_name_check on authz.approval_workflows is 'name must be 1 to 200 characters long';
comment on constraint approval_workflows_description_check on authz.approval_workflows is
  'description must be at most 10,000 characters long';
comment on table authz.roles is
  'A bundle of permissions that can be given to members. The four that every organisation starts with name their template.';
comment on column authz.roles.template_code is 'The template it was made from. Null: the organisation made it itself.';
comment on column authz.roles.name is 'Short name in lower case; unique among live roles.';
comment on column authz.roles.display_name is 'What people read.';
comment on column authz.roles.description is 'Whom it is meant for. Null: nobody has said.';
comment on column authz.roles.parent_role_id is 'The role whose permissions this one has too. Null: it stands alone.';
comment on column authz.roles.role_level is 'How many roles stand above it; 0 at the top. Written by a trigger.';
comment on column authz.roles.is_system_role is 'True: made by the program; its grants may be read but not edited away.';
comment on column authz.roles.is_assignable is 'False: exists only to be inherited from.';
comment on column authz.roles.max_assignments is 'How many members may hold it at once. Null: no limit.';
comment on column authz.roles.valid_from is 'Gives nothing before this moment. Null: since ever.';
comment on column authz.roles.valid_until is 'Gives nothing from this moment on. Null: for ever.';
comment on column authz.roles.auto_assign_conditions is 'Members who meet these get the role by themselves. Null: nobody does.';
comment on column authz.roles.metadata is 'Facts for other systems.';
comment on constraint roles_name_check on authz.roles is
  'name must begin with a lower-case letter and hold only lower-case letters, digits and the signs _ . : -';
comment on constraint roles_display_name_check on authz.roles is 'display name must be 1 to 200 characters long';
comment on constraint roles_description_check on authz.roles is 'description must be at most 10,000 characters long';
comment on constraint roles_parent_role_id_check on authz.roles is 'parent role must not be the record itself';
comment on constraint roles_max_assignments_check on authz.roles is 'max assignments must be greater than zero';
comment on constraint roles_valid_until_check on authz.roles is 'valid until must be after valid from';
comment on constraint roles_auto_assign_conditions_check on authz.roles is 'auto assign conditions must be a JSON object';
comment on constraint roles_metadata_check on authz.roles is 'metadata must be a JSON object';
comment on table authz.approval_workflow_steps is 'One step of a workflow; a step begins when the one before is done.';
comment on column authz.approval_workflow_steps.workflow_id is 'The workflow; the step goes away with it.';
comment on column authz.approval_workflow_steps.step_number is 'Order of the steps, from 1.';
comment on column authz.approval_workflow_steps.name is 'What people read while they wait.';
comment on column authz.approval_workflow_steps.approver_role_id is
  'Anybody with this role may approve. Null: approver_user_id says who.';
comment on column authz.approval_workflow_steps.approver_user_id is 'The one who may approve. Null: approver_role_id says who.';
comment on column authz.approval_workflow_steps.required_approvals is 'How many different people have to say yes.';
comment on constraint approval_workflow_steps_approver_check on authz.approval_workflow_steps is
  'a step must name either a role or a person who approves, and not both';
comment on constraint approval_workflow_steps_step_number_check on authz.approval_workflow_steps is
  'step number must be greater than zero';
comment on constraint approval_workflow_steps_name_check on authz.approval_workflow_steps is
  'name must be 1 to 200 characters long';
comment on constraint approval_workflow_steps_required_approvals_check on authz.approval_workflow_steps is
  'required approvals must be greater than zero';
comment on table authz.permissions is 'A kind of thing, an action, and how far it reaches. Roles are given these.';
comment on column authz.permissions.name is 'Short name, usually type:action; unique among live permissions.';
comment on column authz.permissions.display_name is 'What people read.';
comment on column authz.permissions.description is 'What it allows, in a sentence. Null: the name says it.';
comment on column authz.permissions.resource_type_id is 'The kind of thing.';
comment on column authz.permissions.action is 'What may be done; only actions the kind declares.';
comment on column authz.permissions.scope is
  'global: everywhere the role holds; project: in projects only; self: on one''s own records only.';
comment on column authz.permissions.conditions is 'What must hold besides; an empty object means nothing more.';
comment on column authz.permissions.is_system_permission is 'True: made by the program.';
comment on column authz.permissions.requires_approval is 'True: having it is not enough, somebody has to agree each time.';
comment on column authz.permissions.approval_workflow_id is 'Who has to agree. Null: nobody, or the organisation''s default.';
comment on column authz.permissions.valid_from is 'Gives nothing before this moment. Null: since ever.';
comment on column authz.permissions.valid_until is 'Gives nothing from this moment on. Null: for ever.';
comment on column authz.permissions.metadata is 'Facts for other systems.';
comment on constraint permissions_approval_workflow_id_check on authz.permissions is
  'a permission with an approval workflow must require approval';
comment on constraint permissions_name_check on authz.permissions is
  'name must begin with a lower-case letter and hold only lower-case letters, digits and the signs _ . : -';
comment on constraint permissions_display_name_check on authz.permissions is 'display name must be 1 to 200 characters long';
comment on constraint permissions_description_check on authz.permissions is 'description must be at most 10,000 characters long';
comment on constraint permissions_valid_until_check on authz.permissions is 'valid until must be after valid from';
comment on constraint permissions_conditions_check on authz.permissions is 'conditions must be a JSON object';
comment on constraint permissions_metadata_check on authz.permissions is 'metadata must be a JSON object';
comment on table authz.role_permissions is 'A permission given to a role.';
comment on column authz.role_permissions.role_id is 'The role.';
comment on column authz.role_permissions.permission_id is 'What it is given.';
comment on column authz.role_permissions.granted_by is 'Who gave it. Null: the program, when the organisation was made.';
comment on column authz.role_permissions.granted_at is 'When.';
comment on column authz.role_permissions.valid_from is 'Gives nothing before this moment. Null: since ever.';
comment on column authz.role_permissions.valid_until is 'Gives nothing from this moment on. Null: for ever.';
comment on column authz.role_permissions.additional_conditions is
  'What must hold besides the permission''s own conditions; an empty object means nothing more.';
comment on constraint role_permissions_valid_until_check on authz.role_permissions is 'valid until must be after valid from';
comment on constraint role_permissions_additional_conditions_check on authz.role_permissions is
  'additional conditions must be a JSON object';

-- The catalogue -------------------------------------------------------------------------------------------------------

insert into authz.resource_types (name, description) values
  ('organization',    'The organisation itself: its name, plan and settings.'),
  ('user',            'People, agents and services.'),
  ('membership',      'Who belongs to the organisation.'),
  ('team',            'Groups of members.'),
  ('session',         'Signed-in browsers.'),
  ('api_token',       'Tokens for scripts, agents and build servers.'),
  ('role',            'Roles, permissions and who holds them.'),
  ('project',         'Projects and their members.'),
  ('requirement',     'Requirements, their criteria and dependencies.'),
  ('feature',         'Features that implement requirements.'),
  ('trace_link',      'Links between requirements, features, tests and defects.'),
  ('test_case',       'Test cases, their steps and relations.'),
  ('test_run',        'Submissions of test results.'),
  ('test_result',     'Single outcomes of test cases.'),
  ('coverage_report', 'Code coverage of builds.'),
  ('defect',          'Defects.'),
  ('repository',      'Code repositories.'),
  ('commit',          'Commits of repositories.'),
  ('build',           'Builds.'),
  ('artifact',        'What builds produce.'),
  ('environment',     'Where builds are deployed.'),
  ('deployment',      'Deployments and their checks.'),
  ('import',          'Files taken in, and what was refused.'),
  ('audit_log',       'The audit trail.');

insert into authz.resource_type_actions (resource_type_id, action, description)
select t.id, a.action, a.description
from authz.resource_types t
cross join (values
  ('read',    'See it.'),
  ('create',  'Make a new one.'),
  ('update',  'Change it.'),
  ('delete',  'Put it in the bin, or remove it where there is no bin.'),
  ('restore', 'Take it out of the bin.'),
  ('export',  'Take it out as a file.')) as a (action, description);

insert into authz.resource_type_actions (resource_type_id, action, description)
select t.id, a.action, a.description
from (values
  ('project',    'manage_members', 'Decide who is a member of a project and with which role.'),
  ('deployment', 'approve',        'Let a deployment to a protected environment go ahead.')) as a (type_name, action, description)
join authz.resource_types t on t.name = a.type_name;
