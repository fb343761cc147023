-- Three things people keep beside their records: lists as they like them, where the same record is known elsewhere, and releases.

-- A list as somebody likes it: which records, in which order, with which columns. Their own, or their team's.
create table platform.saved_views (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  project_id      uuid,
  owner_user_id   uuid not null default platform.current_user_id(),
  team_id         uuid,
  resource        text not null,
  name            text not null,
  query           text not null default '',
  position        int not null default 0,
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now(),
  created_by      uuid default platform.current_user_id(),
  updated_by      uuid,
  row_version     bigint not null default 1,
  primary key (organization_id, id),
  constraint saved_views_organization_id_fkey foreign key (organization_id) references identity.organizations on update cascade on delete restrict,
  constraint saved_views_project_id_fkey foreign key (organization_id, project_id) references work.projects on update cascade on delete cascade,
  constraint saved_views_team_id_fkey foreign key (organization_id, team_id) references identity.teams on update cascade on delete cascade,
  constraint saved_views_name_key unique nulls not distinct (organization_id, owner_user_id, resource, name, project_id),
  constraint saved_views_resource_check check (resource ~ '^[a-z][a-z-]{0,62}$'),
  constraint saved_views_name_check check (char_length(name) between 1 and 100),
  constraint saved_views_query_check check (char_length(query) <= 4000 and query !~ '[[:cntrl:][:space:]#?]')
);
create index saved_views_project_id_idx on platform.saved_views (organization_id, project_id) where project_id is not null;
create index saved_views_team_id_idx on platform.saved_views (organization_id, team_id) where team_id is not null;
call platform.adopt_table('platform.saved_views', 'internal', 'while its owner is a member', 'select, insert, update, delete');
call platform.refer_to_members('platform.saved_views', 'owner_user_id');
comment on table platform.saved_views is
  'A list of one kind of records as somebody likes it. It is its owner''s, and everybody''s in the team it names; only its owner changes it.';
comment on column platform.saved_views.project_id is 'The project it is for. Null: for every project.';
comment on column platform.saved_views.owner_user_id is 'Who made it.';
comment on column platform.saved_views.team_id is 'Whose members see it too. Null: nobody else does.';
comment on column platform.saved_views.resource is 'The list it is a view of, as in addresses: requirements, test-cases.';
comment on column platform.saved_views.name is 'What its owner calls it; once for each list.';
comment on column platform.saved_views.query is
  'Filters, order and columns as in the address of the list, after the question mark: status=approved&sort=-updated_at. Empty: the list as it comes.';
comment on column platform.saved_views.position is 'Place among the others, small first; equal ones follow by name.';
comment on constraint saved_views_resource_check on platform.saved_views is
  'resource must be the name of a list as in addresses, such as requirements';
comment on constraint saved_views_name_check on platform.saved_views is 'name must be 1 to 100 characters long';
comment on constraint saved_views_query_check on platform.saved_views is
  'query must be at most 4,000 characters of an address, without spaces and without the question mark';

create policy owner_access on platform.saved_views as restrictive for select to public
  using (owner_user_id = platform.current_user_id() or platform.current_user_id() is null
    or team_id in (select m.team_id from identity.team_members m where m.user_id = platform.current_user_id()));
create policy owner_makes on platform.saved_views as restrictive for insert to public
  with check (owner_user_id = platform.current_user_id() or platform.current_user_id() is null);
create policy owner_changes on platform.saved_views as restrictive for update to public
  using (owner_user_id = platform.current_user_id() or platform.current_user_id() is null)
  with check (owner_user_id = platform.current_user_id() or platform.current_user_id() is null);
create policy owner_removes on platform.saved_views as restrictive for delete to public
  using (owner_user_id = platform.current_user_id() or platform.current_user_id() is null);

-- The same thing elsewhere: an issue of a tracker, a requirement of another tool.
create table platform.external_references (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  project_id      uuid not null,
  entity_id       uuid not null,
  system          text not null,
  external_id     text not null,
  url             text,
  title           text,
  synchronized_at timestamptz,
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now(),
  created_by      uuid default platform.current_user_id(),
  updated_by      uuid,
  row_version     bigint not null default 1,
  primary key (organization_id, id),
  constraint external_references_entity_id_fkey foreign key (organization_id, project_id, entity_id)
    references platform.entities (organization_id, project_id, id) on update cascade on delete cascade,
  constraint external_references_external_id_key unique (organization_id, system, external_id, project_id, entity_id),
  constraint external_references_system_check check (system ~ '^[a-z][a-z0-9_.-]{0,62}$'),
  constraint external_references_external_id_check check (char_length(external_id) between 1 and 500),
  constraint external_references_url_check check (url ~ '^https?://[^[:space:][:cntrl:]]+$' and char_length(url) <= 2000),
  constraint external_references_title_check check (char_length(title) <= 500)
);
create index external_references_entity_id_idx on platform.external_references (organization_id, entity_id, project_id);
call platform.adopt_table('platform.external_references', 'confidential', 'while the record exists', 'select, insert, update, delete');
comment on table platform.external_references is
  'Where the same record is known elsewhere: an issue of a tracker, a requirement of another tool. A second import finds the record by it.';
comment on column platform.external_references.entity_id is 'The record here; the reference goes away with it.';
comment on column platform.external_references.system is 'Which system it is known in: github, jira, reqif, or a name of its own.';
comment on column platform.external_references.external_id is 'What that system calls it, such as PAY-17 or owner/repository#42.';
comment on column platform.external_references.url is 'Where it can be seen there. Null: nowhere.';
comment on column platform.external_references.title is 'What it is called there. Null: as here, or unknown.';
comment on column platform.external_references.synchronized_at is 'When it was last compared. Null: never.';
comment on constraint external_references_system_check on platform.external_references is
  'system must begin with a small letter and hold only small letters, digits and the signs _ . -';
comment on constraint external_references_external_id_check on platform.external_references is 'external id must be 1 to 500 characters long';
comment on constraint external_references_url_check on platform.external_references is
  'url must begin with http:// or https:// and be at most 2,000 characters long';
comment on constraint external_references_title_check on platform.external_references is 'title must be at most 500 characters long';

-- What is given to users under one version.
create table delivery.releases (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  project_id      uuid not null,
  build_id        uuid,
  version         text not null,
  name            text,
  notes           text,
  status          text not null default 'planned',
  planned_on      date,
  released_at     timestamptz,
  withdrawn_at    timestamptz,
  withdrawn_reason text,
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now(),
  created_by      uuid default platform.current_user_id(),
  updated_by      uuid,
  row_version     bigint not null default 1,
  deleted_at      timestamptz,
  deleted_by      uuid,
  primary key (organization_id, id),
  constraint releases_project_id_key unique (organization_id, project_id, id),
  constraint releases_project_id_fkey foreign key (organization_id, project_id) references work.projects on update cascade on delete cascade,
  constraint releases_build_id_fkey foreign key (organization_id, project_id, build_id)
    references delivery.builds (organization_id, project_id, id) on update cascade on delete restrict,
  constraint releases_version_check check (version ~ '^[^[:space:][:cntrl:]]{1,100}$'),
  constraint releases_name_check check (char_length(name) between 1 and 200),
  constraint releases_notes_check check (char_length(notes) <= 100000),
  constraint releases_status_check check (status in ('planned', 'released', 'withdrawn')),
  constraint releases_released_at_check check (status = 'planned' or released_at is not null),
  constraint releases_build_id_check check (status = 'planned' or build_id is not null),
  constraint releases_withdrawn_reason_check check (status <> 'withdrawn' or coalesce(withdrawn_reason, '') <> ''),
  constraint releases_withdrawn_reason_length_check check (char_length(withdrawn_reason) <= 2000)
);
create unique index releases_version_key on delivery.releases (organization_id, project_id, version) where deleted_at is null;
create index releases_build_id_idx on delivery.releases (organization_id, build_id, project_id) where build_id is not null;
call platform.adopt_table('delivery.releases', 'internal', 'while the project exists; 90 days in the bin');
comment on table delivery.releases is 'What is given to users under one version, and which build it is.';
comment on column delivery.releases.build_id is 'What is given out. Null: not decided while it is planned.';
comment on column delivery.releases.version is 'As users read it, such as 2.4.0; once among the live ones of a project.';
comment on column delivery.releases.name is 'What people call it. Null: the version says it.';
comment on column delivery.releases.notes is 'What is new, as Markdown. Null: nobody has written any.';
comment on column delivery.releases.status is 'A withdrawn one says why and is not given out again; the next one has a version of its own.';
comment on column delivery.releases.planned_on is 'The day it is promised for. Null: nobody has promised one.';
comment on column delivery.releases.released_at is 'When it was given out. Null: not yet.';
comment on column delivery.releases.withdrawn_at is 'When it was taken back. Null: it was not.';
comment on column delivery.releases.withdrawn_reason is 'Why it was taken back. Null: it was not.';
comment on constraint releases_version_check on delivery.releases is 'version must be 1 to 100 characters long, without spaces';
comment on constraint releases_name_check on delivery.releases is 'name must be 1 to 200 characters long';
comment on constraint releases_notes_check on delivery.releases is 'notes must be at most 100,000 characters long';
comment on constraint releases_released_at_check on delivery.releases is 'what is released must say since when: give released at';
comment on constraint releases_build_id_check on delivery.releases is 'what is released must say which build it is: give build id';
comment on constraint releases_withdrawn_reason_check on delivery.releases is 'what is withdrawn must say why: give withdrawn reason';
comment on constraint releases_withdrawn_reason_length_check on delivery.releases is 'withdrawn reason must be at most 2,000 characters long';

call platform.declare_resource_type('saved_view', 'Lists as somebody likes them.', '{read,create,update,delete,export}', '{}', '{}');
call platform.declare_resource_type('release', 'What is given to users under one version.', '{read,export}', '{create,update,delete,restore}', '{}');
