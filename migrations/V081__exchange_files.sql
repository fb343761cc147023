-- Files that came in an archive of requirements beside the document: pictures and other things that its formatted text names.

alter table platform.exchange_documents add column member_name text, add column files_count int not null default 0,
  add column files_bytes bigint not null default 0;
-- A project has a handful of documents, and nothing filled the columns yet, so that holding them to this at once costs nothing.
alter table platform.exchange_documents
  -- squawk-ignore constraint-missing-not-valid
  add constraint exchange_documents_member_name_check check (
    char_length(member_name) between 1 and 500 and member_name !~ '(^|/)[.]{0,2}(/|$)' and member_name !~ '[[:cntrl:]\\]'),
  -- squawk-ignore constraint-missing-not-valid
  add constraint exchange_documents_files_count_check check (files_count between 0 and 2000),
  -- squawk-ignore constraint-missing-not-valid
  add constraint exchange_documents_files_bytes_check check (files_bytes between 0 and 268435456);
comment on column platform.exchange_documents.member_name is
  'The name of the document in the archive it came in, as a path; files are named from where it lies. Null: it came in no archive.';
comment on column platform.exchange_documents.files_count is 'Files kept beside it.';
comment on column platform.exchange_documents.files_bytes is 'How large they are together; at most 256 MiB, which is what is read of one archive.';
comment on constraint exchange_documents_member_name_check on platform.exchange_documents is
  'member name must be a path inside the archive of 1 to 500 characters, without empty parts, . or ..';
comment on constraint exchange_documents_files_count_check on platform.exchange_documents is 'a document has at most 2,000 files';
comment on constraint exchange_documents_files_bytes_check on platform.exchange_documents is 'the files of a document have at most 256 MiB together';

create table platform.exchange_files (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  project_id      uuid not null,
  document_id     uuid not null,
  name            text not null,
  media_type      text not null,
  size_bytes      bigint not null,
  content_sha256  bytea not null,
  content         bytea not null,
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now(),
  created_by      uuid default platform.current_user_id(),
  updated_by      uuid,
  row_version     bigint not null default 1,
  primary key (organization_id, id),
  constraint exchange_files_document_id_fkey foreign key (organization_id, project_id, document_id)
    references platform.exchange_documents (organization_id, project_id, id) on update cascade on delete cascade,
  constraint exchange_files_name_key unique nulls not distinct (organization_id, document_id, name),
  constraint exchange_files_name_check check (char_length(name) between 1 and 500 and name !~ '(^|/)[.]{0,2}(/|$)' and name !~ '[[:cntrl:]\\]'),
  constraint exchange_files_media_type_check check (media_type ~ '^[a-z]+/[a-z0-9.+-]{1,80}$'),
  constraint exchange_files_size_bytes_check check (size_bytes = octet_length(content) and size_bytes <= 16777216),
  constraint exchange_files_content_sha256_check check (content_sha256 = sha256(content))
);
create index exchange_files_document_id_idx on platform.exchange_files (organization_id, document_id, project_id, id);
create index exchange_files_project_id_idx on platform.exchange_files (organization_id, project_id, id);
-- Pictures are compressed already, and files are read piece by piece.
alter table platform.exchange_files alter column content set storage external;

call platform.adopt_table('platform.exchange_files', 'confidential', 'while its document exists', 'select, insert, update, delete');
comment on table platform.exchange_files is
  'A file that came in an archive beside a document of requirements and goes back with it, byte for byte: a picture, a drawing, a table that its text names.';
comment on column platform.exchange_files.document_id is 'The document it came with; the file goes away with it, or when the archive comes again without it.';
comment on column platform.exchange_files.name is 'Its path in the archive, with / between its parts. It is compared and never used as a path.';
comment on column platform.exchange_files.media_type is 'What it is, told by its content; application/octet-stream where nothing tells. What the archive or the text says is not asked.';
comment on column platform.exchange_files.size_bytes is 'How large it is; at most 16 MiB.';
comment on column platform.exchange_files.content_sha256 is 'SHA-256 of the content, to tell whether a file that comes again is this one.';
comment on column platform.exchange_files.content is 'The file, byte for byte.';
comment on constraint exchange_files_name_check on platform.exchange_files is
  'name must be a path inside the archive of 1 to 500 characters, without empty parts, . or ..';
comment on constraint exchange_files_media_type_check on platform.exchange_files is 'media type must look like image/png';
comment on constraint exchange_files_size_bytes_check on platform.exchange_files is 'size bytes must be that of the content, at most 16 MiB';
comment on constraint exchange_files_content_sha256_check on platform.exchange_files is 'content sha256 must be that of the content';
