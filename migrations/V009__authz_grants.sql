-- Who holds which role, and the one question everything else asks: what may this person do.

create table authz.resources (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  resource_type_id   uuid not null,
  external_id        text,
  entity_id          uuid,
  name               text not null,
  description        text,
  parent_resource_id uuid,
  owner_user_id      uuid,
  attributes         jsonb not null default '{}',
  is_active          boolean not null default true,
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now(),
  row_version     bigint not null default 1,
  primary key (organization_id, id),
  constraint resources_resource_type_id_fkey foreign key (resource_type_id) references authz.resource_types on update cascade on delete restrict,
  constraint resources_entity_id_fkey foreign key (organization_id, entity_id) references platform.entities on update cascade on delete cascade,
  constraint resources_organization_id_fkey foreign key (organization_id) references identity.organizations on update cascade on delete restrict,
  constraint resources_parent_resource_id_fkey foreign key (organization_id, parent_resource_id) references authz.resources
    on update cascade on delete restrict,
  constraint resources_name_check check (char_length(name) between 1 and 500),
  constraint resources_description_check check (char_length(description) <= 10000),
  constraint resources_external_id_check check (char_length(external_id) <= 500),
  constraint resources_parent_resource_id_check check (parent_resource_id <> id),
  constraint resources_attributes_check check (jsonb_typeof(attributes) = 'object')
);
create unique index resources_external_id_key on authz.resources (organization_id, resource_type_id, external_id) where external_id is not null;
create unique index resources_entity_id_key on authz.resources (organization_id, entity_id) where entity_id is not null;
create index resources_resource_type_id_idx on authz.resources (resource_type_id);
create index resources_parent_resource_id_idx on authz.resources (organization_id, parent_resource_id) where parent_resource_id is not null;
create trigger forbid_cycle after insert or update of parent_resource_id on authz.resources
  for each row when (new.parent_resource_id is not null) execute function platform.forbid_cycle('id', 'parent_resource_id', 'organization_id');

create table authz.user_roles (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  user_id            uuid not null,
  role_id            uuid not null,
  assigned_by        uuid default platform.current_user_id(),
  assigned_at        timestamptz not null default now(),
  assignment_reason  text,
  valid_from         timestamptz,
  valid_until        timestamptz,
  context_conditions jsonb not null default '{}',
  resource_scope_id  uuid,
  is_delegated       boolean not null generated always as (delegated_by is not null) stored,
  delegated_by       uuid,
  delegation_depth   int not null default 0,
  is_active          boolean not null generated always as (revoked_at is null) stored,
  revoked_at         timestamptz,
  revoked_by         uuid,
  revocation_reason  text,
  primary key (organization_id, id),
  constraint user_roles_user_id_fkey foreign key (organization_id, user_id) references identity.memberships (organization_id, user_id)
    on update cascade on delete restrict,
  constraint user_roles_role_id_fkey foreign key (organization_id, role_id) references authz.roles on update cascade on delete restrict,
  constraint user_roles_resource_scope_id_fkey foreign key (organization_id, resource_scope_id) references authz.resources
    on update cascade on delete cascade,
  constraint user_roles_assignment_reason_check check (char_length(assignment_reason) <= 2000),
  constraint user_roles_revocation_reason_check check (char_length(revocation_reason) <= 2000),
  constraint user_roles_valid_until_check check (valid_until > valid_from),
  constraint user_roles_delegation_depth_check check (delegation_depth between 0 and 10),
  constraint user_roles_delegated_by_check check ((delegated_by is null) = (delegation_depth = 0)),
  constraint user_roles_revoked_by_check check (revoked_by is null or revoked_at is not null),
  constraint user_roles_context_conditions_check check (jsonb_typeof(context_conditions) = 'object')
);
create unique index user_roles_live_key on authz.user_roles (organization_id, user_id, role_id, resource_scope_id) nulls not distinct where revoked_at is null;
create index user_roles_user_id_idx on authz.user_roles (organization_id, user_id);
create index user_roles_role_id_idx on authz.user_roles (organization_id, role_id);
create index user_roles_resource_scope_id_idx on authz.user_roles (organization_id, resource_scope_id) where resource_scope_id is not null;

call platform.adopt_table('authz.resources', 'internal', 'as long as the thing it stands for', 'select, insert, update, delete');
call platform.refer_to_members('authz.resources', 'owner_user_id');
call platform.adopt_table('authz.user_roles', 'confidential', '7 years after revocation', 'select, insert, update');
call platform.refer_to_members('authz.user_roles', 'assigned_by', 'delegated_by', 'revoked_by');
comment on table authz.resources is
  'A single thing that rights can be limited to. Made when somebody first limits a right to it.';
comment on column authz.resources.resource_type_id is 'What kind of thing it is.';
comment on column authz.resources.external_id is 'Its name in another system. Null: it is one of ours, see entity_id.';
comment on column authz.resources.entity_id is 'The record it stands for. Null: it lives elsewhere, see external_id.';
comment on column authz.resources.name is 'What people read.';
comment on column authz.resources.description is 'Null: the name says it.';
comment on column authz.resources.parent_resource_id is 'The thing it is part of; rights on that reach down. Null: none.';
comment on column authz.resources.owner_user_id is 'Who decides about it. Null: administrators do.';
comment on column authz.resources.attributes is 'Facts that conditions may ask for.';
comment on column authz.resources.is_active is 'False: rights limited to it give nothing.';
comment on constraint resources_name_check on authz.resources is 'name must be 1 to 500 characters long';
comment on constraint resources_description_check on authz.resources is 'description must be at most 10,000 characters long';
comment on constraint resources_external_id_check on authz.resources is 'external id must be at most 500 characters long';
comment on constraint resources_parent_resource_id_check on authz.resources is 'parent resource must not be the record itself';
comment on constraint resources_attributes_check on authz.resources is 'attributes must be a JSON object';
comment on table authz.user_roles is
  'A role held by a member, everywhere or for one thing, for a time or until revoked. Rows are revoked, never removed.';
comment on column authz.user_roles.user_id is 'Who holds it.';
comment on column authz.user_roles.role_id is 'What is held.';
comment on column authz.user_roles.assigned_by is 'Who gave it. Null: the program, or single sign-on.';
comment on column authz.user_roles.assigned_at is 'When.';
comment on column authz.user_roles.assignment_reason is 'Why, for the next review. Null: nobody asked.';
comment on column authz.user_roles.valid_from is 'Gives nothing before this moment. Null: since it was assigned.';
comment on column authz.user_roles.valid_until is 'Gives nothing from this moment on. Null: until revoked.';
comment on column authz.user_roles.context_conditions is 'What must hold besides; an empty object means nothing more.';
comment on column authz.user_roles.resource_scope_id is 'The one thing it is limited to. Null: the whole organisation.';
comment on column authz.user_roles.is_delegated is 'True when another member passed the role on.';
comment on column authz.user_roles.delegated_by is 'The member who passed it on. Null: it was assigned.';
comment on column authz.user_roles.delegation_depth is 'How many hands it went through; 0 when assigned.';
comment on column authz.user_roles.is_active is
  'True until revoked. Says nothing about valid_until, because a stored value cannot know the time.';
comment on column authz.user_roles.revoked_at is 'When it was taken back. Null: it was not.';
comment on column authz.user_roles.revoked_by is 'Who took it back. Null: nobody, or the system.';
comment on column authz.user_roles.revocation_reason is 'Why. Null: nobody said.';
comment on constraint user_roles_delegated_by_check on authz.user_roles is
  'a delegated role must name who delegated it, and only a delegated one has a depth above zero';
comment on constraint user_roles_revoked_by_check on authz.user_roles is 'only a revoked role can name who revoked it';
comment on constraint user_roles_assignment_reason_check on authz.user_roles is
  'assignment reason must be at most 2,000 characters long';
comment on constraint user_roles_revocation_reason_check on authz.user_roles is
  'revocation reason must be at most 2,000 characters long';
comment on constraint user_roles_valid_until_check on authz.user_roles is 'valid until must be after valid from';
comment on constraint user_roles_delegation_depth_check on authz.user_roles is 'delegation depth must be from 0 to 10';
comment on constraint user_roles_context_conditions_check on authz.user_roles is 'context conditions must be a JSON object';

create function authz.grants_of(p_user uuid)
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
comment on function authz.grants_of(uuid) is
  'What a member may do now: type, action, the project it holds for (null: the whole organisation) and the role that gives it. '
  'Grants with a condition, an approval or a narrower scope are left out, because this answer cannot say them. No rows: nothing is allowed.';
