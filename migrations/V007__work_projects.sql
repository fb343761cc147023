-- Projects, who works in them, and the look-up values an organisation keeps for itself.

create schema work;
comment on schema work is 'What is to be done: projects, requirements, features, and the links that trace them.';
grant usage on schema work to application_user, readonly_user, super_admin;

create table reference.feature_catalog (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  name             text not null,
  category         text,
  description      text,
  retention_policy text,
  is_active        boolean not null default true,
  sort_order       int not null default 0,
  created_at       timestamptz not null default now(),
  updated_at       timestamptz not null default now(),
  primary key (organization_id, id),
  constraint feature_catalog_organization_id_fkey foreign key (organization_id) references identity.organizations on update cascade on delete restrict,
  constraint feature_catalog_name_key unique (organization_id, name),
  constraint feature_catalog_name_check check (char_length(name) between 1 and 200),
  constraint feature_catalog_category_check check (char_length(category) <= 100),
  constraint feature_catalog_description_check check (char_length(description) <= 10000)
);

create table reference.tech_stacks (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  name             text not null,
  category         text,
  description      text,
  retention_policy text,
  is_active        boolean not null default true,
  sort_order       int not null default 0,
  created_at       timestamptz not null default now(),
  updated_at       timestamptz not null default now(),
  primary key (organization_id, id),
  constraint tech_stacks_organization_id_fkey foreign key (organization_id) references identity.organizations on update cascade on delete restrict,
  constraint tech_stacks_name_key unique (organization_id, name),
  constraint tech_stacks_name_check check (char_length(name) between 1 and 200),
  constraint tech_stacks_category_check check (char_length(category) <= 100),
  constraint tech_stacks_description_check check (char_length(description) <= 10000)
);

create table reference.tags (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  color            text,
  name             text not null,
  category         text not null default 'tag',
  description      text,
  retention_policy text,
  is_active        boolean not null default true,
  sort_order       int not null default 0,
  created_at       timestamptz not null default now(),
  updated_at       timestamptz not null default now(),
  primary key (organization_id, id),
  constraint tags_organization_id_fkey foreign key (organization_id) references identity.organizations on update cascade on delete restrict,
  constraint tags_name_key unique (organization_id, category, name),
  constraint tags_color_check check (color ~ '^#[0-9a-f]{6}$'),
  constraint tags_name_check check (char_length(name) between 1 and 100),
  constraint tags_category_check check (category in ('tag', 'label', 'coverage_area', 'system', 'data_type')),
  constraint tags_description_check check (char_length(description) <= 10000)
);

create table work.projects (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  name                   text not null,
  slug                   text not null,
  description            text,
  status                 text not null default 'active',
  visibility             text not null default 'internal',
  template_type          text,
  parent_project_id      uuid,
  team_id                uuid,
  owner_user_id          uuid,
  manager_user_id        uuid,
  license_code           text,
  phase_code             text,
  priority_code          text,
  version                text,
  budget_allocated_cents bigint,
  budget_currency        char(3),
  estimated_hours        numeric(10,2),
  actual_hours           numeric(10,2),
  metadata               jsonb not null default '{}',
  search_vector          tsvector,
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now(),
  created_by      uuid default platform.current_user_id(),
  updated_by      uuid,
  row_version     bigint not null default 1,
  deleted_at      timestamptz,
  deleted_by      uuid,
  primary key (organization_id, id),
  constraint projects_organization_id_fkey foreign key (organization_id) references identity.organizations on update cascade on delete restrict,
  constraint projects_parent_project_id_fkey foreign key (organization_id, parent_project_id) references work.projects
    on update cascade on delete set null (parent_project_id),
  constraint projects_team_id_fkey foreign key (organization_id, team_id) references identity.teams
    on update cascade on delete set null (team_id),
  constraint projects_license_code_fkey foreign key (license_code) references reference.licenses on update cascade on delete restrict,
  constraint projects_phase_code_fkey foreign key (phase_code) references reference.phases on update cascade on delete restrict,
  constraint projects_priority_code_fkey foreign key (priority_code) references reference.priorities on update cascade on delete restrict,
  constraint projects_name_check check (char_length(name) between 1 and 200),
  constraint projects_slug_check check (slug ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'),
  constraint projects_description_check check (char_length(description) <= 100000),
  constraint projects_status_check check (status in ('active', 'archived')),
  constraint projects_visibility_check check (visibility in ('private', 'internal', 'public')),
  constraint projects_template_type_check check (char_length(template_type) <= 100),
  constraint projects_parent_project_id_check check (parent_project_id <> id),
  constraint projects_version_check check (char_length(version) <= 100),
  constraint projects_budget_allocated_cents_check check (budget_allocated_cents >= 0),
  constraint projects_budget_currency_check check (budget_currency ~ '^[A-Z]{3}$'),
  constraint projects_budget_check check (budget_allocated_cents is null or budget_currency is not null),
  constraint projects_estimated_hours_check check (estimated_hours >= 0),
  constraint projects_actual_hours_check check (actual_hours >= 0),
  constraint projects_metadata_check check (jsonb_typeof(metadata) = 'object')
);
create unique index projects_slug_key on work.projects (organization_id, slug) where deleted_at is null;
create index projects_parent_project_id_idx on work.projects (organization_id, parent_project_id) where parent_project_id is not null;
create index projects_team_id_idx on work.projects (organization_id, team_id) where team_id is not null;
create index projects_license_code_idx on work.projects (license_code) where license_code is not null;
create index projects_phase_code_idx on work.projects (phase_code) where phase_code is not null;
create index projects_priority_code_idx on work.projects (priority_code) where priority_code is not null;
create index projects_updated_at_idx on work.projects (organization_id, updated_at, id) where deleted_at is null;
create trigger forbid_cycle after insert or update of parent_project_id on work.projects
  for each row when (new.parent_project_id is not null) execute function platform.forbid_cycle('id', 'parent_project_id', 'organization_id');

create table work.project_members (
  organization_id uuid not null default platform.current_organization(),
  project_id      uuid not null,
  user_id         uuid not null,
  role_id         uuid not null,
  is_active       boolean not null default true,
  joined_at       timestamptz not null default now(),
  left_at         timestamptz,
  added_by        uuid default platform.current_user_id(),
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now(),
  row_version     bigint not null default 1,
  primary key (organization_id, project_id, user_id),
  constraint project_members_project_id_fkey foreign key (organization_id, project_id) references work.projects
    on update cascade on delete cascade,
  constraint project_members_user_id_fkey foreign key (organization_id, user_id) references identity.memberships (organization_id, user_id)
    on update cascade on delete cascade,
  constraint project_members_role_id_fkey foreign key (organization_id, role_id) references authz.roles on update cascade on delete restrict,
  constraint project_members_left_at_check check (left_at >= joined_at),
  constraint project_members_is_active_check check (not is_active or left_at is null)
);
create index project_members_user_id_idx on work.project_members (organization_id, user_id, project_id) where is_active;
create index project_members_member_idx on work.project_members (organization_id, user_id);
create index project_members_role_id_idx on work.project_members (organization_id, role_id);

call platform.adopt_table('reference.feature_catalog', 'internal', 'while the organisation exists', 'select, insert, update, delete');
call platform.adopt_table('reference.tech_stacks', 'internal', 'while the organisation exists', 'select, insert, update, delete');
call platform.adopt_table('reference.tags', 'internal', 'while the organisation exists', 'select, insert, update, delete');
do $$
begin
  call platform.adopt_table('work.project_members', 'internal', 'while the project exists', 'select, insert, update, delete',
    p_roles => format('application_user, readonly_user, super_admin, %I', current_user));
end
$$;
call platform.refer_to_members('work.project_members', 'added_by');
call platform.adopt_table('work.projects', 'confidential', 'while the organisation exists; 90 days in the bin');
call platform.refer_to_members('work.projects', 'owner_user_id', 'manager_user_id');

-- Which projects exist for the one who asks. Every other table with a project asks work.projects, so the rule is written once.
-- Projects ask who is a member, and the list of members asks projects; the circle is cut by this function, which passes row security.
grant usage on schema work to throughline_auth;
grant select on work.project_members to throughline_auth;
create policy sign_in on work.project_members as permissive for select to throughline_auth using (true);

create function work.project_roles_of(p_user_id uuid)
  returns table (project_id uuid, role_id uuid)
  language plpgsql stable security definer rows 20 -- not SQL: this runs once a statement, and only PL/pgSQL keeps the plan
  set search_path = pg_catalog, pg_temp
  as $$
begin
  return query
    select m.project_id, m.role_id
    from work.project_members m
    where m.organization_id = platform.current_organization() and m.user_id = p_user_id and m.is_active;
end
$$;
comment on function work.project_roles_of(uuid) is
  'The projects of the current organisation a person is an active member of, with the role in each. No rows: a member of none.';
revoke execute on function work.project_roles_of(uuid) from public;
grant execute on function work.project_roles_of(uuid) to application_user, readonly_user, super_admin;
grant create on schema work to throughline_auth;
alter function work.project_roles_of(uuid) owner to throughline_auth;
revoke create on schema work from throughline_auth;

create policy project_access on work.projects as restrictive for all
  using (platform.sees_all_projects()
         or visibility in ('internal', 'public')
         or owner_user_id = platform.current_user_id()
         or id in (select r.project_id from work.project_roles_of(platform.current_user_id()) r))
  with check (true);
do $$
begin
  call platform.limit_to_visible_projects('work.project_members', format('application_user, readonly_user, super_admin, %I', current_user));
end
$$;

create function work.project_search_vector() returns trigger
  language plpgsql
  as $$
begin
  new.search_vector := setweight(to_tsvector('english', new.name), 'A')
    || setweight(to_tsvector('english', left(coalesce(new.description, ''), 20000)), 'B');
  return new;
end
$$;
comment on function work.project_search_vector() is 'Words of a project: its name before its description.';
create trigger search_vector before insert or update of name, description on work.projects
  for each row execute function work.project_search_vector();
comment on table reference.feature_catalog is
  'Features that turn up in many projects under one name, so that they can be compared.';
comment on column reference.feature_catalog.name is 'What people read; unique in the organisation.';
comment on column reference.feature_catalog.category is 'Groups values in long lists. Null: no group.';
comment on column reference.feature_catalog.description is 'When to choose this value. Null: the name says it.';
comment on column reference.feature_catalog.retention_policy is
  'A stricter rule for records that carry this value, in words. Null: the table''s own rule holds.';
comment on column reference.feature_catalog.is_active is 'False: kept for old records, no longer offered.';
comment on column reference.feature_catalog.sort_order is 'Position in lists; equal values sort by name.';
comment on constraint feature_catalog_name_check on reference.feature_catalog is 'name must be 1 to 200 characters long';
comment on constraint feature_catalog_category_check on reference.feature_catalog is
  'category must be at most 100 characters long';
comment on constraint feature_catalog_description_check on reference.feature_catalog is
  'description must be at most 10,000 characters long';
comment on table reference.tech_stacks is 'Technologies an organisation builds with.';
comment on column reference.tech_stacks.name is 'What people read; unique in the organisation.';
comment on column reference.tech_stacks.category is 'Groups values in long lists. Null: no group.';
comment on column reference.tech_stacks.description is 'When to choose this value. Null: the name says it.';
comment on column reference.tech_stacks.retention_policy is
  'A stricter rule for records that carry this value, in words. Null: the table''s own rule holds.';
comment on column reference.tech_stacks.is_active is 'False: kept for old records, no longer offered.';
comment on column reference.tech_stacks.sort_order is 'Position in lists; equal values sort by name.';
comment on constraint tech_stacks_name_check on reference.tech_stacks is 'name must be 1 to 200 characters long';
comment on constraint tech_stacks_category_check on reference.tech_stacks is 'category must be at most 100 characters long';
comment on constraint tech_stacks_description_check on reference.tech_stacks is
  'description must be at most 10,000 characters long';
comment on table reference.tags is 'Words that can be put on any record.';
comment on column reference.tags.color is 'As #rrggbb in lower case. Null: the page chooses.';
comment on column reference.tags.name is 'What people read; unique within its category.';
comment on column reference.tags.category is 'What kind of word it is.';
comment on column reference.tags.description is 'When to use it. Null: the name says it.';
comment on column reference.tags.retention_policy is
  'A stricter rule for records that carry this tag, in words. Null: the table''s own rule holds.';
comment on column reference.tags.is_active is 'False: kept on old records, no longer offered.';
comment on column reference.tags.sort_order is 'Position in lists; equal values sort by name.';
comment on constraint tags_color_check on reference.tags is
  'color must be a # and six lower-case hexadecimal digits, such as #2f6f4f';
comment on constraint tags_name_check on reference.tags is 'name must be 1 to 100 characters long';
comment on constraint tags_description_check on reference.tags is 'description must be at most 10,000 characters long';
comment on table work.projects is
  'A product or piece of work with its own requirements, tests and deliveries. What a member may see begins here.';
comment on column work.projects.name is 'What people call it.';
comment on column work.projects.slug is 'Its short name in addresses and on the command line; unique among live projects.';
comment on column work.projects.description is 'What it is for. Null: nobody has said.';
comment on column work.projects.status is 'archived projects are read but no longer written.';
comment on column work.projects.visibility is
  'private: members only; internal and public: everybody in the organisation. Never anybody outside.';
comment on column work.projects.template_type is 'The template it was started from. Null: from nothing.';
comment on column work.projects.parent_project_id is 'The project it is part of. Null: it stands alone.';
comment on column work.projects.team_id is 'The team that looks after it. Null: no team does.';
comment on column work.projects.owner_user_id is 'Who answers for it, and always sees it. Null: nobody yet.';
comment on column work.projects.manager_user_id is 'Who plans it. Null: nobody does.';
comment on column work.projects.license_code is 'Under what its code is given away. Null: undecided.';
comment on column work.projects.phase_code is 'Where it stands. Null: nobody keeps track.';
comment on column work.projects.priority_code is 'How urgent it is beside other projects. Null: not ranked.';
comment on column work.projects.version is 'The version being worked on, as people write it. Null: not versioned.';
comment on column work.projects.budget_allocated_cents is
  'What may be spent, in hundredths of the currency. Null: no budget was set.';
comment on column work.projects.budget_currency is 'ISO 4217 code. Null: no budget was set.';
comment on column work.projects.estimated_hours is 'Planned work. Null: not estimated.';
comment on column work.projects.actual_hours is 'Work done so far, as people report it. Null: not recorded.';
comment on column work.projects.metadata is 'Facts from other systems.';
comment on constraint projects_budget_currency_check on work.projects is
  'budget currency must be a code of three capital letters, such as EUR';
comment on constraint projects_budget_check on work.projects is 'a budget must say its currency';
comment on constraint projects_name_check on work.projects is 'name must be 1 to 200 characters long';
comment on constraint projects_slug_check on work.projects is
  'slug must be 1 to 63 lower-case letters, digits and hyphens, without a hyphen at either end';
comment on constraint projects_description_check on work.projects is 'description must be at most 100,000 characters long';
comment on constraint projects_template_type_check on work.projects is 'template type must be at most 100 characters long';
comment on constraint projects_parent_project_id_check on work.projects is 'parent project must not be the record itself';
comment on constraint projects_version_check on work.projects is 'version must be at most 100 characters long';
comment on constraint projects_budget_allocated_cents_check on work.projects is 'budget allocated cents must not be negative';
comment on constraint projects_estimated_hours_check on work.projects is 'estimated hours must not be negative';
comment on constraint projects_actual_hours_check on work.projects is 'actual hours must not be negative';
comment on constraint projects_metadata_check on work.projects is 'metadata must be a JSON object';
comment on table work.project_members is
  'Who works in a project and as what: exactly one role for each. Opens private projects to them.';
comment on column work.project_members.project_id is 'The project; the row goes away with it.';
comment on column work.project_members.user_id is 'The member.';
comment on column work.project_members.role_id is 'What they may do in this project, besides what they may do everywhere.';
comment on column work.project_members.is_active is 'False: was a member, and no longer sees a private project.';
comment on column work.project_members.joined_at is 'Since when.';
comment on column work.project_members.left_at is 'Until when. Null: still there.';
comment on column work.project_members.added_by is 'Who let them in. Null: the system did.';
comment on constraint project_members_is_active_check on work.project_members is 'a member who has left must not be active';
comment on constraint project_members_left_at_check on work.project_members is 'left at must not be before joined at';
