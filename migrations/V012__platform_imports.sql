-- What comes in from outside: imports with what they refused, and the stored answers that make a repeated request harmless.

create table platform.imports (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  project_id      uuid not null,
  build_id        uuid,
  requested_by    uuid default platform.current_user_id(),
  status          text not null default 'queued',
  file_name       text not null,
  format          text,
  content_sha256  bytea,
  size_bytes      bigint,
  bytes_read      bigint not null default 0,
  spool_path      text,
  summary         jsonb not null default '{}',
  error           text,
  created_at      timestamptz not null default now(),
  started_at      timestamptz,
  completed_at    timestamptz,
  primary key (organization_id, id),
  constraint imports_project_id_key unique (organization_id, project_id, id),
  constraint imports_project_id_fkey foreign key (organization_id, project_id) references work.projects on update cascade on delete cascade,
  constraint imports_build_id_fkey foreign key (organization_id, project_id, build_id)
    references delivery.builds (organization_id, project_id, id) on update cascade on delete set null (build_id),
  constraint imports_status_check check (status in ('queued', 'running', 'completed', 'failed')),
  constraint imports_file_name_check check (char_length(file_name) between 1 and 1000),
  constraint imports_format_check check (char_length(format) <= 60),
  constraint imports_content_sha256_check check (octet_length(content_sha256) = 32),
  constraint imports_size_bytes_check check (size_bytes >= 0),
  constraint imports_bytes_read_check check (bytes_read >= 0),
  constraint imports_spool_path_check check (char_length(spool_path) <= 4000),
  constraint imports_error_check check (char_length(error) <= 10000),
  constraint imports_failed_check check ((status = 'failed') <= (error is not null)),
  constraint imports_completed_at_check check ((completed_at is not null) = (status in ('completed', 'failed'))),
  constraint imports_summary_check check (jsonb_typeof(summary) = 'object')
);
create unique index imports_once_key on platform.imports (organization_id, build_id, project_id, content_sha256) nulls not distinct
  where status = 'completed';
create index imports_build_id_idx on platform.imports (organization_id, build_id, project_id) where build_id is not null;
create index imports_waiting_idx on platform.imports (organization_id, status, id) where status in ('queued', 'running');

create table platform.import_rejections (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  project_id      uuid not null,
  import_id       uuid not null,
  line            bigint,
  record          text,
  reason          text not null,
  created_at      timestamptz not null default now(),
  primary key (organization_id, id),
  constraint import_rejections_import_id_fkey foreign key (organization_id, project_id, import_id)
    references platform.imports (organization_id, project_id, id) on update cascade on delete cascade,
  constraint import_rejections_line_check check (line > 0),
  constraint import_rejections_record_check check (char_length(record) <= 10000),
  constraint import_rejections_reason_check check (char_length(reason) between 1 and 2000)
);
create index import_rejections_import_id_idx on platform.import_rejections (organization_id, import_id, project_id, id);

create table platform.idempotency_keys (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  user_id          uuid not null,
  key              text not null,
  method           text not null,
  path             text not null,
  request_hash     bytea not null,
  response_status  int,
  response_headers jsonb,
  response_body    bytea,
  created_at       timestamptz not null default now(),
  completed_at     timestamptz,
  expires_at       timestamptz not null default now() + interval '24 hours',
  primary key (organization_id, id),
  constraint idempotency_keys_user_id_fkey foreign key (organization_id, user_id) references identity.memberships (organization_id, user_id)
    on update cascade on delete cascade,
  constraint idempotency_keys_key_key unique (organization_id, user_id, key),
  constraint idempotency_keys_key_check check (char_length(key) between 1 and 255),
  constraint idempotency_keys_method_check check (method in ('POST', 'PUT', 'PATCH', 'DELETE')),
  constraint idempotency_keys_path_check check (char_length(path) between 1 and 4000),
  constraint idempotency_keys_request_hash_check check (octet_length(request_hash) = 32),
  constraint idempotency_keys_response_status_check check (response_status between 100 and 599),
  constraint idempotency_keys_completed_at_check check ((completed_at is null) = (response_status is null)),
  constraint idempotency_keys_expires_at_check check (expires_at > created_at)
);
create index idempotency_keys_expires_at_idx on platform.idempotency_keys (expires_at);

call platform.adopt_table('platform.imports', 'internal', '2 years', 'select, insert, update, delete');
call platform.refer_to_members('platform.imports', 'requested_by');
call platform.adopt_table('platform.import_rejections', 'internal', 'while the import is kept', 'select, insert, delete');
call platform.adopt_table('platform.idempotency_keys', 'restricted', '24 hours', 'select, insert, update, delete');
comment on table platform.imports is
  'A file that was handed in, and what became of it. The row is also the job: a worker takes it from queued to completed or failed.';
comment on column platform.imports.build_id is 'The build its results belong to. Null: none was named.';
comment on column platform.imports.requested_by is 'Who handed it in. Null: the system did, for instance a demonstration.';
comment on column platform.imports.status is 'A file is taken in whole or not at all: failed leaves nothing behind.';
comment on column platform.imports.file_name is 'As the sender called it; never used as a path.';
comment on column platform.imports.format is 'What the content was recognised as. Null: not yet, or not recognised.';
comment on column platform.imports.content_sha256 is
  'SHA-256 of the content; the same content for the same build is taken in once. Null: not read through yet.';
comment on column platform.imports.size_bytes is 'Null: not known before it is read.';
comment on column platform.imports.bytes_read is 'How far the reader is.';
comment on column platform.imports.spool_path is
  'Where the content waits on the server. Null: it was read as it came, or is no longer kept.';
comment on column platform.imports.summary is 'What was recognised, created, updated, left unchanged and refused; adds up.';
comment on column platform.imports.error is 'Why it failed, in a sentence for the sender. Null: it has not.';
comment on column platform.imports.started_at is 'When a worker took it. Null: it waits.';
comment on column platform.imports.completed_at is 'When it ended, well or badly. Null: it has not.';
comment on constraint imports_failed_check on platform.imports is 'a failed import must say why';
comment on constraint imports_completed_at_check on platform.imports is
  'an import that has ended must say when, and only such a one';
comment on constraint imports_file_name_check on platform.imports is 'file name must be 1 to 1,000 characters long';
comment on constraint imports_format_check on platform.imports is 'format must be at most 60 characters long';
comment on constraint imports_content_sha256_check on platform.imports is 'content sha256 must be 32 bytes long';
comment on constraint imports_size_bytes_check on platform.imports is 'size bytes must not be negative';
comment on constraint imports_bytes_read_check on platform.imports is 'bytes read must not be negative';
comment on constraint imports_spool_path_check on platform.imports is 'spool path must be at most 4,000 characters long';
comment on constraint imports_error_check on platform.imports is 'error must be at most 10,000 characters long';
comment on constraint imports_summary_check on platform.imports is 'summary must be a JSON object';
comment on table platform.import_rejections is 'One record of an import that was refused, so that the sender can mend it.';
comment on column platform.import_rejections.import_id is 'The import; the row goes away with it.';
comment on column platform.import_rejections.line is
  'Where in the file, from 1. Null: the format has no lines, or the whole file is meant.';
comment on column platform.import_rejections.record is 'Enough of the record to find it. Null: the whole file is meant.';
comment on column platform.import_rejections.reason is 'What is wrong and what to do.';
comment on constraint import_rejections_line_check on platform.import_rejections is 'line must be greater than zero';
comment on constraint import_rejections_record_check on platform.import_rejections is
  'record must be at most 10,000 characters long';
comment on constraint import_rejections_reason_check on platform.import_rejections is 'reason must be 1 to 2,000 characters long';
comment on table platform.idempotency_keys is
  'The stored answer of a request that was sent with a key, so that sending it again changes nothing.';
comment on column platform.idempotency_keys.user_id is 'Who sent it; another person''s equal key is another key.';
comment on column platform.idempotency_keys.key is 'As the sender chose it.';
comment on column platform.idempotency_keys.method is 'The method of the request.';
comment on column platform.idempotency_keys.path is 'The path with its query.';
comment on column platform.idempotency_keys.request_hash is 'SHA-256 of the body; the same key with another body is refused.';
comment on column platform.idempotency_keys.response_status is
  'What was answered. Null: still being worked on, a second request is told to wait.';
comment on column platform.idempotency_keys.response_headers is 'Headers worth repeating. Null: none, or not answered yet.';
comment on column platform.idempotency_keys.response_body is 'The answer as it was sent. Null: empty, or not answered yet.';
comment on column platform.idempotency_keys.completed_at is 'When it was answered. Null: not yet.';
comment on column platform.idempotency_keys.expires_at is 'After this the key is forgotten.';
comment on constraint idempotency_keys_completed_at_check on platform.idempotency_keys is
  'an answered request must have a status and a time, an open one neither';
comment on constraint idempotency_keys_key_check on platform.idempotency_keys is 'key must be 1 to 255 characters long';
comment on constraint idempotency_keys_path_check on platform.idempotency_keys is 'path must be 1 to 4,000 characters long';
comment on constraint idempotency_keys_request_hash_check on platform.idempotency_keys is 'request hash must be 32 bytes long';
comment on constraint idempotency_keys_response_status_check on platform.idempotency_keys is
  'response status must be from 100 to 599';
comment on constraint idempotency_keys_expires_at_check on platform.idempotency_keys is 'expires at must be after created at';
