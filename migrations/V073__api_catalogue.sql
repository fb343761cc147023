-- What services offer: descriptions of their interfaces (OpenAPI), and each operation in them. An import of a description speaks for its own operations and for no others.

create table platform.api_documents (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  service_id      uuid not null,
  title           text not null,
  version         text,
  specification   text not null,
  description     text,
  servers         jsonb not null default '[]',
  content_sha256  bytea,
  operations_count int not null default 0,
  imported_at     timestamptz not null default now(),
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now(),
  created_by      uuid default platform.current_user_id(),
  updated_by      uuid,
  row_version     bigint not null default 1,
  primary key (organization_id, id),
  constraint api_documents_service_id_fkey foreign key (organization_id, service_id) references platform.services
    on update cascade on delete cascade,
  constraint api_documents_title_key unique (organization_id, title),
  constraint api_documents_title_check check (char_length(title) between 1 and 500),
  constraint api_documents_version_check check (char_length(version) <= 200),
  constraint api_documents_specification_check check (specification ~ '^(OpenAPI|Swagger) [0-9.]{1,38}'),
  constraint api_documents_description_check check (char_length(description) <= 10000),
  constraint api_documents_servers_check check (jsonb_typeof(servers) = 'array'),
  constraint api_documents_content_sha256_check check (octet_length(content_sha256) = 32),
  constraint api_documents_operations_count_check check (operations_count >= 0)
);
create index api_documents_service_id_idx on platform.api_documents (organization_id, service_id, id);

create table platform.api_operations (
  organization_id      uuid not null default platform.current_organization(),
  id                   uuid not null default platform.uuid_v7(),
  service_id           uuid not null,
  document_id          uuid not null,
  method               text not null,
  path                 text not null,
  operation_code       text,
  summary              text,
  tags                 text[] not null default '{}',
  is_deprecated        boolean not null default false,
  request_media_types  text[] not null default '{}',
  response_media_types text[] not null default '{}',
  status               text not null default 'offered',
  changed_at           timestamptz not null default now(),
  gone_at              timestamptz,
  created_at           timestamptz not null default now(),
  updated_at           timestamptz not null default now(),
  row_version          bigint not null default 1,
  primary key (organization_id, id),
  constraint api_operations_service_id_fkey foreign key (organization_id, service_id) references platform.services
    on update cascade on delete cascade,
  constraint api_operations_document_id_fkey foreign key (organization_id, document_id) references platform.api_documents
    on update cascade on delete cascade,
  constraint api_operations_method_key unique (organization_id, document_id, path, method),
  constraint api_operations_method_check check (method ~ '^[A-Z]{1,20}$'),
  constraint api_operations_path_check check (path ~ '^/' and char_length(path) <= 500),
  constraint api_operations_operation_code_check check (char_length(operation_code) <= 500),
  constraint api_operations_summary_check check (char_length(summary) <= 1000),
  constraint api_operations_tags_check check (cardinality(tags) <= 50),
  constraint api_operations_request_media_types_check check (cardinality(request_media_types) <= 50),
  constraint api_operations_response_media_types_check check (cardinality(response_media_types) <= 50),
  constraint api_operations_status_check check (status in ('offered', 'gone')),
  constraint api_operations_gone_at_check check ((gone_at is not null) = (status = 'gone'))
);
create index api_operations_service_id_idx on platform.api_operations (organization_id, service_id, path, method);
create index api_operations_status_idx on platform.api_operations (organization_id, status, id);

call platform.adopt_table('platform.api_documents', 'internal', 'while the service exists', 'select, insert, update, delete');
call platform.adopt_table('platform.api_operations', 'internal', 'while the service exists', 'select, insert, update, delete');

comment on table platform.api_documents is
  'A description of the interface of a service, as it was last imported. A service may have several, such as one for callers and one for administrators.';
comment on column platform.api_documents.service_id is 'The service it describes; the row goes away with it.';
comment on column platform.api_documents.title is 'What the description calls itself; by it an import finds what it is to bring up to date.';
comment on column platform.api_documents.version is 'The version of the interface. Null: it does not say.';
comment on column platform.api_documents.specification is 'What it is written in, such as OpenAPI 3.1.0 or Swagger 2.0.';
comment on column platform.api_documents.description is 'What it says about the interface. Null: nothing.';
comment on column platform.api_documents.servers is 'Where it says that the interface is served: a list of addresses, which nobody calls.';
comment on column platform.api_documents.content_sha256 is 'SHA-256 of the file that was last imported. Null: it is not known.';
comment on column platform.api_documents.operations_count is 'Operations that are offered now. Written by the import.';
comment on column platform.api_documents.imported_at is 'When it was last imported with something new in it.';
comment on constraint api_documents_title_check on platform.api_documents is 'title must be 1 to 500 characters long';
comment on constraint api_documents_version_check on platform.api_documents is 'version must be at most 200 characters long';
comment on constraint api_documents_specification_check on platform.api_documents is 'specification must be OpenAPI or Swagger and a version';
comment on constraint api_documents_description_check on platform.api_documents is 'description must be at most 10,000 characters long';
comment on constraint api_documents_servers_check on platform.api_documents is 'servers must be a list';
comment on constraint api_documents_content_sha256_check on platform.api_documents is 'content sha256 must be 32 bytes long';
comment on constraint api_documents_operations_count_check on platform.api_documents is 'operations count must not be negative';
comment on table platform.api_operations is
  'Something that a service offers to its callers: a method on a path. One that its description no longer has is marked and kept.';
comment on column platform.api_operations.service_id is 'The service that offers it; the row goes away with it.';
comment on column platform.api_operations.document_id is 'The description it stands in; the row goes away with it.';
comment on column platform.api_operations.method is 'How it is called, such as GET.';
comment on column platform.api_operations.path is 'The path, parameters in braces.';
comment on column platform.api_operations.operation_code is 'What the description calls it (operationId). Null: nothing.';
comment on column platform.api_operations.summary is 'What it does, in a line. Null: the description does not say.';
comment on column platform.api_operations.tags is 'The groups that its description puts it into; labels of a foreign document that are replaced as a whole.';
comment on column platform.api_operations.is_deprecated is 'True: callers are told to stop using it.';
comment on column platform.api_operations.request_media_types is 'Media types of what it takes; empty: no body, or none is described.';
comment on column platform.api_operations.response_media_types is 'Media types of what it answers with; empty: none is described.';
comment on column platform.api_operations.status is 'offered: its description has it; gone: the last import of its description had it no more.';
comment on column platform.api_operations.changed_at is 'When an import last said something new about it.';
comment on column platform.api_operations.gone_at is 'When it was first missing. Null: it is offered.';
comment on constraint api_operations_method_check on platform.api_operations is 'method must be 1 to 20 capital letters';
comment on constraint api_operations_path_check on platform.api_operations is 'path must begin with / and be at most 500 characters long';
comment on constraint api_operations_operation_code_check on platform.api_operations is 'operation code must be at most 500 characters long';
comment on constraint api_operations_summary_check on platform.api_operations is 'summary must be at most 1,000 characters long';
comment on constraint api_operations_tags_check on platform.api_operations is 'tags must be at most 50';
comment on constraint api_operations_request_media_types_check on platform.api_operations is 'request media types must be at most 50';
comment on constraint api_operations_response_media_types_check on platform.api_operations is 'response media types must be at most 50';
comment on constraint api_operations_gone_at_check on platform.api_operations is 'an operation that is gone says since when, any other does not';

-- A description that comes again after another one is news: it is compared operation by operation.
-- squawk-ignore require-concurrent-index-deletion -- imports are a row a file, and the new index is made in the same breath
drop index platform.imports_once_key;
-- squawk-ignore require-concurrent-index-creation -- imports are a row a file
create unique index if not exists imports_once_key on platform.imports (organization_id, project_id, build_id, content_sha256) nulls not distinct
  where status = 'completed' and format not in ('requirement', 'sarif', 'reqif', 'reqifz', 'strictdoc', 'sphinx-needs', 'doorstop', 'asvs',
    'csv', 'xlsx', 'jira', 'jira-csv', 'github-issues', 'gitlab-issues', 'bugzilla', 'bugzilla-xml', 'redmine', 'redmine-xml', 'trivy', 'grype', 'gitlab', 'osv-scanner', 'openapi')
  and (summary ->> 'status') is distinct from 'unchanged' and (summary ->> 'status') is distinct from 'tried';
