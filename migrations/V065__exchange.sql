-- What is exchanged with other tools: how their words become ours, the documents records came in, and the records as they were said.

create table platform.import_profiles (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  project_id      uuid not null,
  name            text not null,
  target          text not null default 'as_usual',
  system          text,
  mapping         jsonb not null default '{}',
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now(),
  created_by      uuid default platform.current_user_id(),
  updated_by      uuid,
  row_version     bigint not null default 1,
  primary key (organization_id, id),
  constraint import_profiles_project_id_fkey foreign key (organization_id, project_id) references work.projects on update cascade on delete cascade,
  constraint import_profiles_name_key unique (organization_id, project_id, name),
  constraint import_profiles_name_check check (char_length(name) between 1 and 200),
  constraint import_profiles_target_check check (target in ('as_usual', 'requirements', 'defects')),
  constraint import_profiles_system_check check (system ~ '^[a-z][a-z0-9_.-]{0,62}$'),
  constraint import_profiles_mapping_check check (jsonb_typeof(mapping) = 'object')
);
call platform.adopt_table('platform.import_profiles', 'internal', 'while the project exists', 'select, insert, update, delete');
comment on table platform.import_profiles is
  'How the words of another tool become ours in a project: what its columns and attributes say, and which states, priorities, kinds and links mean which of ours.';
comment on column platform.import_profiles.name is 'What people call it. One with the name of a file is taken for files of that name, unless another is named.';
comment on column platform.import_profiles.target is
  'What records become. as_usual: issues of trackers become defects, everything else requirements; a kind of record may say otherwise in the mapping.';
comment on column platform.import_profiles.system is
  'The system the records are known in, such as jira or reqif; a second import finds them by it. Null: that of the format.';
comment on column platform.import_profiles.mapping is
  'columns, kinds, statuses, priorities, severities, links, sheet. What it does not say is guessed.';
comment on constraint import_profiles_name_check on platform.import_profiles is 'name must be 1 to 200 characters long';
comment on constraint import_profiles_system_check on platform.import_profiles is
  'system must begin with a small letter and hold only small letters, digits and the signs _ . -';
comment on constraint import_profiles_mapping_check on platform.import_profiles is 'mapping must be a JSON object';

create table platform.exchange_documents (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  project_id      uuid not null,
  system          text not null,
  identifier      text not null,
  title           text not null,
  format          text not null,
  frame           jsonb not null default '{}',
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now(),
  created_by      uuid default platform.current_user_id(),
  updated_by      uuid,
  row_version     bigint not null default 1,
  primary key (organization_id, id),
  constraint exchange_documents_project_id_key unique (organization_id, project_id, id),
  constraint exchange_documents_project_id_fkey foreign key (organization_id, project_id) references work.projects on update cascade on delete cascade,
  constraint exchange_documents_identifier_key unique (organization_id, system, project_id, identifier),
  constraint exchange_documents_system_check check (system ~ '^[a-z][a-z0-9_.-]{0,62}$'),
  constraint exchange_documents_identifier_check check (char_length(identifier) between 1 and 500),
  constraint exchange_documents_title_check check (char_length(title) between 1 and 500),
  constraint exchange_documents_format_check check (char_length(format) between 1 and 60),
  constraint exchange_documents_frame_check check (jsonb_typeof(frame) = 'object')
);
call platform.adopt_table('platform.exchange_documents', 'confidential', 'while the project exists', 'select, insert, update, delete');
comment on table platform.exchange_documents is
  'A document of requirements that came from another tool and can go back to it: what it holds beside its records, as it was written.';
comment on column platform.exchange_documents.system is 'The system it is from, as its records name it.';
comment on column platform.exchange_documents.identifier is 'What identifies it there; without anything of the kind, the name of the file.';
comment on column platform.exchange_documents.title is 'What it is called; without a title, the name of the file.';
comment on column platform.exchange_documents.format is 'The short name of its format, such as reqif.';
comment on column platform.exchange_documents.frame is
  'Header, types, relations, hierarchy and extensions as they were written, and the records that only structure the others.';
comment on constraint exchange_documents_system_check on platform.exchange_documents is
  'system must begin with a small letter and hold only small letters, digits and the signs _ . -';
comment on constraint exchange_documents_identifier_check on platform.exchange_documents is 'identifier must be 1 to 500 characters long';
comment on constraint exchange_documents_title_check on platform.exchange_documents is 'title must be 1 to 500 characters long';
comment on constraint exchange_documents_format_check on platform.exchange_documents is 'format must be 1 to 60 characters long';
comment on constraint exchange_documents_frame_check on platform.exchange_documents is 'frame must be a JSON object';

alter table platform.external_references add column document_id uuid, add column position int, add column content jsonb;
alter table platform.external_references add constraint external_references_document_id_fkey
  foreign key (organization_id, project_id, document_id)
  references platform.exchange_documents (organization_id, project_id, id) on update cascade on delete set null (document_id) not valid;
alter table platform.external_references add constraint external_references_content_check check (jsonb_typeof(content) = 'object') not valid;
-- squawk-ignore require-concurrent-index-creation -- references are few, and nothing filled the column yet
create index external_references_document_id_idx on platform.external_references (organization_id, document_id, project_id, position)
  where document_id is not null;
comment on column platform.external_references.document_id is 'The document it came in. Null: in none that is kept.';
comment on column platform.external_references.position is 'Place in the document, from 1. Null: it is in none.';
comment on column platform.external_references.content is
  'What the other system says of it beside what became columns here, and what it last said of those, so that a change there is told from one here. Null: nothing was imported.';
comment on constraint external_references_content_check on platform.external_references is 'content must be a JSON object';

-- Trackers say of defects that one blocks another, or that they have to do with each other.
insert into reference.trace_link_pairs (source_type, link_type, target_type, description)
values ('defect', 'affects', 'defect', 'The source stands in the way of the target, or has to do with it.');

-- What is compared record by record may come again, because it can be edited in between; a trial stores nothing.
-- squawk-ignore require-concurrent-index-deletion -- imports are a row a file, and the new index is made in the same breath
drop index platform.imports_once_key;
-- squawk-ignore require-concurrent-index-creation -- imports are a row a file
create unique index if not exists imports_once_key on platform.imports (organization_id, project_id, build_id, content_sha256) nulls not distinct
  where status = 'completed' and format not in ('requirement', 'sarif', 'reqif', 'reqifz', 'strictdoc', 'sphinx-needs', 'doorstop', 'asvs',
    'csv', 'xlsx', 'jira', 'jira-csv', 'github-issues', 'gitlab-issues', 'bugzilla', 'bugzilla-xml', 'redmine', 'redmine-xml')
  and (summary ->> 'status') is distinct from 'unchanged' and (summary ->> 'status') is distinct from 'tried';
