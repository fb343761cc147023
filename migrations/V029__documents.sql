-- Documents and files: what is written, its versions, the stored objects behind them, what is attached to what, and how documents are worked through.

create schema documents;
comment on schema documents is 'What is written down: documents and their versions, stored files, attachments, and the jobs that read them.';
grant usage on schema documents to application_user, readonly_user, super_admin, throughline_auth;

-- Not every document belongs to a project, and only those of a project have a key.
create or replace function platform.register_entities() returns trigger
  language plpgsql
  as $$
declare
  access text := coalesce(current_setting('app.project_access', true), '');
begin
  -- What was stored has passed row security already; asking again for every row would only cost time.
  perform set_config('app.project_access', 'all', true);
  execute format(
    'insert into platform.entities (organization_id, id, entity_type, project_id, title, status, owner_user_id, search_vector, created_at, updated_at, deleted_at) '
    'select n.organization_id, n.id, %L, %s, left(%s, 500), %s, %s, %s, n.created_at, n.created_at, %s from new_rows n',
    tg_argv[0], tg_argv[4], tg_argv[1], tg_argv[2], tg_argv[3], tg_argv[5], tg_argv[6]);
  if tg_argv[7] <> '' then
    insert into work.entity_keys (organization_id, project_id, key, entity_id)
    select n.organization_id, n.project_id, n.key, n.id from new_rows n where n.key is not null;
    insert into work.key_counters as c (organization_id, project_id, prefix, last_number)
    select n.organization_id, n.project_id, tg_argv[7], max(substr(n.key, length(tg_argv[7]) + 2)::bigint)
    from new_rows n where n.key is not null group by 1, 2
    on conflict (organization_id, project_id, prefix) do update set last_number = excluded.last_number
      where c.last_number < excluded.last_number;
  end if;
  perform set_config('app.project_access', access, true);
  return null;
end
$$;

create or replace function platform.reregister_entity() returns trigger
  language plpgsql
  as $$
declare
  access text := coalesce(current_setting('app.project_access', true), '');
begin
  perform set_config('app.project_access', 'all', true);
  execute format(
    'update platform.entities e set project_id = %s, title = left(%s, 500), status = %s, owner_user_id = %s, search_vector = %s, deleted_at = %s, '
    'entity_version = e.entity_version + 1 from (select ($1).*) n where e.organization_id = n.organization_id and e.id = n.id',
    tg_argv[4], tg_argv[1], tg_argv[2], tg_argv[3], tg_argv[5], tg_argv[6]) using new;
  if tg_argv[7] <> '' then
    if new.key is not null and (new.project_id, new.key) is distinct from (old.project_id, old.key) then
      insert into work.entity_keys (organization_id, project_id, key, entity_id)
      values (new.organization_id, new.project_id, new.key, new.id);
    end if;
  end if;
  perform set_config('app.project_access', access, true);
  return null;
end
$$;

create table documents.documents (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  project_id        uuid,
  key               text,
  title             text not null,
  content           text,
  status            text not null default 'draft',
  document_type     text,
  content_type      text,
  language          text not null default 'en',
  access_level      text not null default 'shared',
  owner_user_id     uuid default platform.current_user_id(),
  is_template       boolean not null default false,
  template_id       uuid,
  current_version   int not null default 0,
  priority_code     text,
  phase_code        text,
  classification_id uuid,
  image_url         text,
  custom_properties jsonb not null default '{}',
  search_vector     tsvector,
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now(),
  created_by      uuid default platform.current_user_id(),
  updated_by      uuid,
  row_version     bigint not null default 1,
  deleted_at      timestamptz,
  deleted_by      uuid,
  primary key (organization_id, id),
  constraint documents_organization_id_fkey foreign key (organization_id) references identity.organizations on update cascade on delete restrict,
  constraint documents_project_id_key unique (organization_id, project_id, id),
  constraint documents_key_key unique (organization_id, key, project_id),
  constraint documents_project_id_fkey foreign key (organization_id, project_id) references work.projects on update cascade on delete cascade,
  constraint documents_template_id_fkey foreign key (organization_id, template_id) references documents.documents
    on update cascade on delete set null (template_id),
  constraint documents_priority_code_fkey foreign key (priority_code) references reference.priorities on update cascade on delete restrict,
  constraint documents_phase_code_fkey foreign key (phase_code) references reference.phases on update cascade on delete restrict,
  constraint documents_classification_id_fkey foreign key (classification_id) references security.data_classifications on update cascade on delete restrict,
  constraint documents_key_check check (key ~ '^DOC-[1-9][0-9]{0,14}$'),
  constraint documents_home_check check ((key is null) = (project_id is null)),
  constraint documents_title_check check (char_length(title) between 1 and 500),
  constraint documents_content_check check (char_length(content) <= 1000000),
  constraint documents_status_check check (status in ('draft', 'in_review', 'approved', 'published', 'archived')),
  constraint documents_document_type_check check (char_length(document_type) between 1 and 50),
  constraint documents_content_type_check check (char_length(content_type) between 1 and 50),
  constraint documents_language_check check (language ~ '^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$'),
  constraint documents_access_level_check check (access_level in ('private', 'shared', 'public')),
  constraint documents_owner_user_id_check check (access_level <> 'private' or owner_user_id is not null),
  constraint documents_template_id_check check (template_id <> id),
  constraint documents_current_version_check check (current_version >= 0),
  constraint documents_image_url_check check (image_url ~ '^https?://' and char_length(image_url) <= 2000),
  constraint documents_custom_properties_check check (jsonb_typeof(custom_properties) = 'object')
);
create index documents_project_id_idx on documents.documents (organization_id, project_id, status, id) where deleted_at is null;
create index documents_template_id_idx on documents.documents (organization_id, template_id) where template_id is not null;
create index documents_priority_code_idx on documents.documents (priority_code) where priority_code is not null;
create index documents_phase_code_idx on documents.documents (phase_code) where phase_code is not null;
create index documents_classification_id_idx on documents.documents (classification_id) where classification_id is not null;
create index documents_document_type_idx on documents.documents (organization_id, document_type) where deleted_at is null;
create index documents_created_at_idx on documents.documents (organization_id, created_at) where deleted_at is null;
create index documents_updated_at_idx on documents.documents (organization_id, updated_at, id) where deleted_at is null;
create index documents_custom_properties_idx on documents.documents using gin (custom_properties jsonb_path_ops);
create trigger forbid_cycle after insert or update of template_id on documents.documents
  for each row when (new.template_id is not null) execute function platform.forbid_cycle('id', 'template_id', 'organization_id');

create table documents.files (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  storage_location_id uuid not null,
  storage_path        text not null,
  storage_metadata    jsonb not null default '{}',
  filename            text not null,
  original_filename   text,
  filetype_code       text not null default 'octets',
  file_size           bigint not null,
  checksum_sha256     bytea not null,
  encryption_key_id   uuid,
  uploaded_by         uuid default platform.current_user_id(),
  verified_at         timestamptz,
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now(),
  row_version     bigint not null default 1,
  deleted_at      timestamptz,
  deleted_by      uuid,
  primary key (organization_id, id),
  constraint files_storage_location_id_fkey foreign key (organization_id, storage_location_id) references reference.storage_locations
    on update cascade on delete restrict,
  constraint files_filetype_code_fkey foreign key (filetype_code) references reference.filetypes on update cascade on delete restrict,
  constraint files_encryption_key_id_fkey foreign key (organization_id, encryption_key_id) references security.encryption_keys
    on update cascade on delete restrict,
  constraint files_storage_path_check check (char_length(storage_path) between 1 and 2000),
  constraint files_storage_metadata_check check (jsonb_typeof(storage_metadata) = 'object'),
  constraint files_filename_check check (char_length(filename) between 1 and 255 and filename !~ '[/\\[:cntrl:]]'),
  constraint files_original_filename_check check (char_length(original_filename) between 1 and 1000),
  constraint files_file_size_check check (file_size >= 0),
  constraint files_checksum_sha256_check check (octet_length(checksum_sha256) = 32)
);
create unique index files_content_key on documents.files (organization_id, checksum_sha256, file_size) where deleted_at is null;
create unique index files_storage_path_key on documents.files (organization_id, storage_location_id, storage_path) where deleted_at is null;
create index files_storage_location_id_idx on documents.files (organization_id, storage_location_id);
create index files_filetype_code_idx on documents.files (filetype_code);
create index files_encryption_key_id_idx on documents.files (organization_id, encryption_key_id) where encryption_key_id is not null;

create table documents.document_versions (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  project_id         uuid,
  document_id        uuid not null,
  version_number     int not null,
  file_id            uuid,
  content            text,
  change_summary     text,
  processing_status  text not null default 'pending',
  extraction_status  text not null default 'pending',
  extracted_text     text,
  extracted_metadata jsonb not null default '{}',
  page_count         int,
  word_count         int,
  processed_at       timestamptz,
  created_at         timestamptz not null default now(),
  created_by         uuid default platform.current_user_id(),
  primary key (organization_id, id),
  constraint document_versions_version_number_key unique (organization_id, document_id, version_number),
  constraint document_versions_document_id_fkey foreign key (organization_id, document_id) references documents.documents
    on update cascade on delete cascade,
  constraint document_versions_project_id_fkey foreign key (organization_id, project_id, document_id)
    references documents.documents (organization_id, project_id, id) on update cascade on delete cascade,
  constraint document_versions_file_id_fkey foreign key (organization_id, file_id) references documents.files on update cascade on delete restrict,
  constraint document_versions_version_number_check check (version_number > 0),
  constraint document_versions_substance_check check (num_nonnulls(file_id, content) >= 1),
  constraint document_versions_content_check check (char_length(content) <= 1000000),
  constraint document_versions_change_summary_check check (char_length(change_summary) <= 2000),
  constraint document_versions_processing_status_check check (processing_status in ('pending', 'processing', 'completed', 'failed')),
  constraint document_versions_extraction_status_check check (extraction_status in ('pending', 'processing', 'completed', 'failed')),
  constraint document_versions_extracted_text_check check (char_length(extracted_text) <= 10000000),
  constraint document_versions_extracted_metadata_check check (jsonb_typeof(extracted_metadata) = 'object'),
  constraint document_versions_page_count_check check (page_count >= 0),
  constraint document_versions_word_count_check check (word_count >= 0)
);
create index document_versions_document_id_idx on documents.document_versions (organization_id, document_id, project_id);
create index document_versions_file_id_idx on documents.document_versions (organization_id, file_id) where file_id is not null;
create index document_versions_processing_status_idx on documents.document_versions (organization_id, processing_status);

create table documents.document_relations (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  project_id          uuid,
  document_id         uuid not null,
  related_document_id uuid,
  test_case_id        uuid,
  relation_type       text not null,
  created_at          timestamptz not null default now(),
  created_by          uuid default platform.current_user_id(),
  primary key (organization_id, id),
  constraint document_relations_document_id_fkey foreign key (organization_id, document_id) references documents.documents
    on update cascade on delete cascade,
  constraint document_relations_project_id_fkey foreign key (organization_id, project_id, document_id)
    references documents.documents (organization_id, project_id, id) on update cascade on delete cascade,
  constraint document_relations_related_document_id_fkey foreign key (organization_id, related_document_id) references documents.documents
    on update cascade on delete cascade,
  constraint document_relations_test_case_id_fkey foreign key (organization_id, test_case_id) references quality.test_cases
    on update cascade on delete cascade,
  constraint document_relations_once_key unique nulls not distinct (organization_id, document_id, related_document_id, test_case_id, relation_type),
  constraint document_relations_target_check check (num_nonnulls(related_document_id, test_case_id) = 1),
  constraint document_relations_related_document_id_check check (related_document_id <> document_id),
  constraint document_relations_relation_type_check check (relation_type in ('references', 'supersedes', 'derived_from', 'related_to', 'verifies'))
);
create index document_relations_document_id_idx on documents.document_relations (organization_id, document_id, project_id);
create index document_relations_related_document_id_idx on documents.document_relations (organization_id, related_document_id) where related_document_id is not null;
create index document_relations_test_case_id_idx on documents.document_relations (organization_id, test_case_id) where test_case_id is not null;

create table documents.attachments (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  project_id      uuid,
  file_id         uuid not null,
  entity_id       uuid,
  test_result_id  uuid,
  message_id      uuid,
  attachment_kind text,
  caption         text,
  position        int not null default 1,
  created_at      timestamptz not null default now(),
  created_by      uuid default platform.current_user_id(),
  primary key (organization_id, id),
  constraint attachments_file_id_fkey foreign key (organization_id, file_id) references documents.files on update cascade on delete restrict,
  constraint attachments_entity_id_fkey foreign key (organization_id, entity_id) references platform.entities on update cascade on delete cascade,
  constraint attachments_project_id_fkey foreign key (organization_id, project_id, entity_id)
    references platform.entities (organization_id, project_id, id) on update cascade on delete cascade,
  constraint attachments_test_result_id_fkey foreign key (organization_id, project_id, test_result_id)
    references quality.test_results (organization_id, project_id, id) on update cascade on delete cascade,
  constraint attachments_message_id_fkey foreign key (organization_id, message_id) references llm.messages on update cascade on delete cascade,
  constraint attachments_once_key unique nulls not distinct (organization_id, file_id, entity_id, test_result_id, message_id),
  constraint attachments_target_check check (num_nonnulls(entity_id, test_result_id, message_id) = 1),
  constraint attachments_attachment_kind_check check (char_length(attachment_kind) between 1 and 50),
  constraint attachments_caption_check check (char_length(caption) <= 1000),
  constraint attachments_position_check check (position > 0)
);
create index attachments_entity_id_idx on documents.attachments (organization_id, entity_id, project_id, position) where entity_id is not null;
create index attachments_test_result_id_idx on documents.attachments (organization_id, test_result_id, project_id) where test_result_id is not null;
create index attachments_message_id_idx on documents.attachments (organization_id, message_id) where message_id is not null;

create table documents.processing_jobs (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  project_id         uuid,
  document_id        uuid not null,
  requested_by       uuid default platform.current_user_id(),
  processing_type    text not null,
  job_parameters     jsonb not null default '{}',
  model_id           uuid,
  status             text not null default 'queued',
  output_data        jsonb,
  error_message      text,
  processing_time_ms bigint generated always as ((extract(epoch from completed_at - started_at) * 1000)::bigint) stored,
  tokens_used        bigint,
  cost               numeric(12,6),
  created_at         timestamptz not null default now(),
  started_at         timestamptz,
  completed_at       timestamptz,
  updated_at         timestamptz not null default now(),
  row_version        bigint not null default 1,
  primary key (organization_id, id),
  constraint processing_jobs_document_id_fkey foreign key (organization_id, document_id) references documents.documents
    on update cascade on delete cascade,
  constraint processing_jobs_project_id_fkey foreign key (organization_id, project_id, document_id)
    references documents.documents (organization_id, project_id, id) on update cascade on delete cascade,
  constraint processing_jobs_model_id_fkey foreign key (organization_id, model_id) references llm.models
    on update cascade on delete set null (model_id),
  constraint processing_jobs_processing_type_check check (processing_type in ('extract', 'summarize', 'analyze', 'translate')),
  constraint processing_jobs_job_parameters_check check (jsonb_typeof(job_parameters) = 'object'),
  constraint processing_jobs_status_check check (status in ('queued', 'running', 'completed', 'failed', 'cancelled')),
  constraint processing_jobs_error_message_check check (status <> 'failed' or coalesce(error_message, '') <> ''),
  constraint processing_jobs_completed_at_check check (completed_at >= started_at),
  constraint processing_jobs_over_check check ((status in ('completed', 'failed', 'cancelled')) = (completed_at is not null)),
  constraint processing_jobs_tokens_used_check check (tokens_used >= 0),
  constraint processing_jobs_cost_check check (cost >= 0)
);
create index processing_jobs_document_id_idx on documents.processing_jobs (organization_id, document_id, project_id);
create index processing_jobs_model_id_idx on documents.processing_jobs (organization_id, model_id) where model_id is not null;
create index processing_jobs_status_idx on documents.processing_jobs (organization_id, status, id);
create index processing_jobs_processing_type_idx on documents.processing_jobs (organization_id, processing_type, id);

create function documents.document_search_vector() returns trigger
  language plpgsql
  as $$
declare
  words regconfig := case when new.language ~ '^en(-|$)' then 'english' else 'simple' end;
begin
  -- The registry is read by everybody who may see the project; what only the owner may see has no words there.
  new.search_vector := case when new.access_level = 'private' then ''::tsvector else
    setweight(to_tsvector('simple', coalesce(new.key, '')), 'A') || setweight(to_tsvector(words, new.title), 'A')
    || setweight(to_tsvector(words, left(coalesce(new.content, ''), 20000)), 'B')
    || setweight(to_tsvector('simple', coalesce(new.document_type, '') || ' ' || coalesce(new.content_type, '')), 'C') end;
  return new;
end
$$;
comment on function documents.document_search_vector() is 'Words of a document: key and title, then its text, then what it is. A private one has none.';

call platform.adopt_table('documents.documents', 'confidential', 'while its project or organisation exists; 90 days in the bin',
  p_statistics => array['current_version']);
call platform.refer_to_members('documents.documents', 'owner_user_id');
call platform.adopt_table('documents.files', 'confidential', 'while something refers to it; 90 days in the bin');
call platform.refer_to_members('documents.files', 'uploaded_by');
call platform.adopt_table('documents.document_versions', 'confidential', 'as long as the document');
call platform.adopt_table('documents.document_relations', 'confidential', 'while both ends exist', 'select, insert, delete');
call platform.adopt_table('documents.attachments', 'confidential', 'while what it hangs on exists', 'select, insert, update, delete');
call platform.adopt_table('documents.processing_jobs', 'confidential', '90 days after it is over');
call platform.refer_to_members('documents.processing_jobs', 'requested_by');
call platform.register_table('documents.documents', 'document', 'case n.access_level when ''private'' then ''A private document'' else n.title end',
  '{title,access_level,status,owner_user_id,deleted_at,project_id,key,search_vector}', 'n.status', 'n.owner_user_id', 'DOC');
drop trigger assign_key on documents.documents;
create trigger assign_key before insert on documents.documents for each row when (new.key is null and new.project_id is not null)
  execute function work.assign_key('DOC');
create trigger search_vector before insert or update of key, title, content, language, document_type, content_type, access_level on documents.documents
  for each row execute function documents.document_search_vector();

create trigger take_project before insert on documents.document_versions
  for each row execute function platform.take_project('document_id', 'documents.documents');
create trigger take_project before insert on documents.document_relations
  for each row execute function platform.take_project('document_id', 'documents.documents');
create trigger take_project before insert on documents.processing_jobs
  for each row execute function platform.take_project('document_id', 'documents.documents');
create trigger take_project_of_record before insert on documents.attachments
  for each row execute function platform.take_project('entity_id', 'platform.entities');
create trigger take_project_of_result before insert on documents.attachments
  for each row execute function platform.take_project('test_result_id', 'quality.test_results');
create trigger take_project_of_message before insert on documents.attachments
  for each row execute function platform.take_project('message_id', 'llm.messages');

-- Who sees what -------------------------------------------------------------------------------------------------------
-- A private document is its owner's alone, with everything that hangs on it. A file is seen by whoever brought it, and by whoever sees
-- something that refers to it.

create policy document_access on documents.documents as restrictive for all
  using (access_level <> 'private' or owner_user_id = platform.current_user_id());
create policy document_access on documents.document_versions as restrictive for all
  using (exists (select from documents.documents d where d.organization_id = document_versions.organization_id and d.id = document_versions.document_id));
create policy document_access on documents.document_relations as restrictive for all
  using (exists (select from documents.documents d where d.organization_id = document_relations.organization_id and d.id = document_relations.document_id));
create policy document_access on documents.processing_jobs as restrictive for all
  using (exists (select from documents.documents d where d.organization_id = processing_jobs.organization_id and d.id = processing_jobs.document_id));
create policy document_access on platform.entities as restrictive for select
  using (entity_type <> 'document'
         or exists (select from documents.documents d where d.organization_id = entities.organization_id and d.id = entities.id));
create policy document_access on documents.attachments as restrictive for all
  using (entity_id is null
         or exists (select from platform.entities e where e.organization_id = attachments.organization_id and e.id = attachments.entity_id));
create policy document_access on work.comments as restrictive for all
  using (exists (select from platform.entities e where e.organization_id = comments.organization_id and e.id = comments.entity_id));

do $$
begin
  execute format(
    'create policy file_access on documents.files as restrictive for select to application_user, readonly_user, super_admin, %I '
    'using (uploaded_by = platform.current_user_id() '
    'or exists (select from documents.document_versions v where v.organization_id = files.organization_id and v.file_id = files.id) '
    'or exists (select from documents.attachments a where a.organization_id = files.organization_id and a.file_id = files.id) '
    'or exists (select from delivery.build_artifacts b where b.organization_id = files.organization_id and b.file_id = files.id))', current_user);
end
$$;

grant select on documents.files to throughline_auth;
create function documents.known_file(p_checksum bytea, p_size bigint) returns uuid
  language sql stable security definer
  set search_path = pg_catalog, pg_temp
  as $$
    select f.id from documents.files f
    where f.organization_id = platform.current_organization() and f.checksum_sha256 = p_checksum and f.file_size = p_size and f.deleted_at is null
  $$;
comment on function documents.known_file(bytea, bigint) is
  'The stored file with this content, also where the asker does not see it yet: whoever has the content may refer to it. Null: there is none.';
revoke execute on function documents.known_file(bytea, bigint) from public;
grant execute on function documents.known_file(bytea, bigint) to application_user;
grant create on schema documents to throughline_auth;
alter function documents.known_file(bytea, bigint) owner to throughline_auth;
revoke create on schema documents from throughline_auth;

-- Versions, files and jobs --------------------------------------------------------------------------------------------

create function documents.number_version() returns trigger
  language plpgsql
  as $$
declare
  next_number int;
begin
  -- Counting locks the document, so numbers have no gap: a version that fails takes its number back.
  update documents.documents d set current_version = d.current_version + 1
  where d.organization_id = new.organization_id and d.id = new.document_id and d.deleted_at is null
  returning d.current_version into next_number;
  if next_number is null then
    raise exception 'A document in the bin gets no new versions; restore it first.';
  end if;
  if new.version_number <> next_number then
    raise exception 'The next version of this document is %.', next_number;
  end if;
  new.version_number := next_number;
  return new;
end
$$;
comment on function documents.number_version() is 'Gives a version the number after the last one and tells the document.';
create trigger version_number before insert on documents.document_versions for each row execute function documents.number_version();

create function documents.keep_version() returns trigger
  language plpgsql
  as $$
begin
  if (new.document_id, new.version_number, new.file_id, new.content, new.change_summary, new.created_at, new.created_by)
     is distinct from (old.document_id, old.version_number, old.file_id, old.content, old.change_summary, old.created_at, old.created_by) then
    raise exception 'A version never changes; make a new one.';
  end if;
  return new;
end
$$;
comment on function documents.keep_version() is 'Lets only what was read out of a version be added to it.';
create trigger keep_version before update on documents.document_versions for each row execute function documents.keep_version();

create function documents.guard_file() returns trigger
  language plpgsql
  as $$
begin
  if (new.checksum_sha256, new.file_size) is distinct from (old.checksum_sha256, old.file_size) then
    raise exception 'What a file holds never changes; store another.';
  end if;
  if new.deleted_at is not null and old.deleted_at is null and (
    exists (select from documents.document_versions v where v.organization_id = new.organization_id and v.file_id = new.id)
    or exists (select from documents.attachments a where a.organization_id = new.organization_id and a.file_id = new.id)
    or exists (select from delivery.build_artifacts b where b.organization_id = new.organization_id and b.file_id = new.id)) then
    raise exception 'Something still refers to this file; take that away first.';
  end if;
  return new;
end
$$;
comment on function documents.guard_file() is 'A stored file keeps its content, and stays while something refers to it.';
create trigger guard before update on documents.files for each row execute function documents.guard_file();

create function documents.guard_processing_job() returns trigger
  language plpgsql
  as $$
begin
  if old.status in ('completed', 'failed', 'cancelled') then
    raise exception 'This job is % and stays as it is; ask for another.', old.status;
  end if;
  if new.status <> old.status and not (new.status = any (case old.status when 'queued' then '{running,cancelled}'::text[] else '{completed,failed,cancelled}' end)) then
    raise exception 'A job that is % cannot become %.', old.status, new.status;
  end if;
  if new.status = 'running' then
    new.started_at := coalesce(new.started_at, now());
  elsif new.status in ('completed', 'failed', 'cancelled') then
    new.completed_at := coalesce(new.completed_at, now());
  end if;
  return new;
end
$$;
comment on function documents.guard_processing_job() is 'A job goes from waiting over running to its end, and then stays.';
create trigger guard before update on documents.processing_jobs for each row execute function documents.guard_processing_job();

-- What was waiting for documents and files ----------------------------------------------------------------------------

alter table work.decision_links
  add constraint decision_links_document_id_fkey foreign key (organization_id, document_id) references documents.documents
    on update cascade on delete cascade;
create index decision_links_document_id_idx on work.decision_links (organization_id, document_id) where document_id is not null;
alter table delivery.build_artifacts
  add constraint build_artifacts_file_id_fkey foreign key (organization_id, file_id) references documents.files on update cascade on delete restrict;
create index build_artifacts_file_id_idx on delivery.build_artifacts (organization_id, file_id) where file_id is not null;

insert into authz.resource_types (name, description) values
  ('document', 'Documents, their versions, relations and jobs.'),
  ('file',     'Stored files and what they are attached to.');
insert into authz.resource_type_actions (resource_type_id, action, description)
select t.id, a.action, a.description
from authz.resource_types t
cross join (values
  ('read',    'See it.'),
  ('create',  'Make a new one.'),
  ('update',  'Change it.'),
  ('delete',  'Put it in the bin, or remove it where there is no bin.'),
  ('restore', 'Take it out of the bin.'),
  ('export',  'Take it out as a file.')) as a (action, description)
where t.name in ('document', 'file');
insert into authz.role_grants_template (role_code, resource_type, actions) values
  ('viewer',    'document', '{read,export}'),
  ('viewer',    'file',     '{read,export}'),
  ('developer', 'document', '{create,update,delete,restore}'),
  ('developer', 'file',     '{create,update,delete,restore}');

comment on column documents.documents.project_id is 'The project it belongs to. Null: the organisation as a whole.';
comment on column documents.documents.key is
  'What people call it, such as DOC-8. Given by the project''s counter unless it comes with one. Null: it belongs to no project.';
comment on column documents.documents.title is 'What people call it.';
comment on column documents.documents.content is
  'The text being worked on, as Markdown. Null: the words are in the file of its versions.';
comment on column documents.documents.status is
  'published ones are what others go by; archived ones are kept and no longer hold.';
comment on column documents.documents.document_type is
  'What it is, such as specification, manual or contract. Null: nobody has said.';
comment on column documents.documents.content_type is
  'What its content is made of, such as text, report, presentation or code. Null: nobody has said.';
comment on column documents.documents.language is
  'The language it is written in (BCP 47); English words are found in all their forms.';
comment on column documents.documents.access_level is
  'private: its owner only, and search does not know it; shared: whoever may see its project; public: may be shown outside.';
comment on column documents.documents.owner_user_id is 'Who answers for it. Null: nobody.';
comment on column documents.documents.is_template is 'True: others are started from it.';
comment on column documents.documents.template_id is
  'The template it was started from. Null: from nothing, or the template is gone.';
comment on column documents.documents.current_version is
  'The number of its newest version, 0 before the first; kept by a trigger.';
comment on column documents.documents.priority_code is 'How urgent it is. Null: not ranked.';
comment on column documents.documents.phase_code is 'The phase it belongs to. Null: none in particular.';
comment on column documents.documents.classification_id is
  'How sensitive it is. Null: not classified, treated as its table is.';
comment on column documents.documents.image_url is 'Where a picture of it is. Null: there is none.';
comment on column documents.documents.custom_properties is 'What an organisation wants to know of its documents besides.';
comment on constraint documents_key_check on documents.documents is
  'key must be DOC- and a number without leading zeros, such as DOC-42';
comment on constraint documents_home_check on documents.documents is
  'a document of a project has a key, and no other document has';
comment on constraint documents_title_check on documents.documents is 'title must be 1 to 500 characters long';
comment on constraint documents_content_check on documents.documents is 'content must be at most 1,000,000 characters long';
comment on constraint documents_document_type_check on documents.documents is
  'document type must be 1 to 50 characters long';
comment on constraint documents_content_type_check on documents.documents is 'content type must be 1 to 50 characters long';
comment on constraint documents_language_check on documents.documents is 'language must be a tag such as en or de-AT';
comment on constraint documents_owner_user_id_check on documents.documents is
  'a private document must have an owner, who alone sees it';
comment on constraint documents_template_id_check on documents.documents is 'template must not be the record itself';
comment on constraint documents_current_version_check on documents.documents is 'current version must not be negative';
comment on constraint documents_image_url_check on documents.documents is
  'image url must begin with http:// or https:// and be at most 2,000 characters long';
comment on constraint documents_custom_properties_check on documents.documents is 'custom properties must be a JSON object';
comment on table documents.documents is
  'Something written that is kept, agreed on and replaced by newer versions of itself.';
comment on column documents.files.storage_location_id is 'Where it is kept.';
comment on column documents.files.storage_path is 'Its name there.';
comment on column documents.files.storage_metadata is 'What the storage told when it took the file in.';
comment on column documents.files.filename is 'What a reader''s copy is called.';
comment on column documents.files.original_filename is 'What the first to bring it called it. Null: the same.';
comment on column documents.files.filetype_code is 'What kind of file it is.';
comment on column documents.files.file_size is 'Its size in bytes.';
comment on column documents.files.checksum_sha256 is
  'SHA-256 of its content: the same content is stored once in an organisation.';
comment on column documents.files.encryption_key_id is
  'The key its content is sealed with. Null: it is not sealed, or the storage does that.';
comment on column documents.files.uploaded_by is 'Who brought it first. Null: the system.';
comment on column documents.files.verified_at is
  'When the stored content was last found to have this checksum. Null: never since it came.';
comment on constraint files_storage_path_check on documents.files is 'storage path must be 1 to 2,000 characters long';
comment on constraint files_storage_metadata_check on documents.files is 'storage metadata must be a JSON object';
comment on constraint files_filename_check on documents.files is
  'filename must be 1 to 255 characters long, without slashes or control characters';
comment on constraint files_original_filename_check on documents.files is
  'original filename must be 1 to 1,000 characters long';
comment on constraint files_file_size_check on documents.files is 'file size must not be negative';
comment on constraint files_checksum_sha256_check on documents.files is 'checksum sha256 must be 32 bytes long';
comment on table documents.files is
  'A stored object. Versions, attachments and artefacts refer to it; two of them with the same content share one.';
comment on column documents.document_versions.project_id is
  'The project of the document, taken from it. Null: it has none.';
comment on column documents.document_versions.document_id is 'The document.';
comment on column documents.document_versions.version_number is 'Counts from 1 without a gap; given by a trigger.';
comment on column documents.document_versions.file_id is 'The file that holds it. Null: its words are in content.';
comment on column documents.document_versions.content is 'The text as it was, as Markdown. Null: it is in the file.';
comment on column documents.document_versions.change_summary is
  'What is different from the version before. Null: nobody has said.';
comment on column documents.document_versions.processing_status is 'Whether the file has been worked through.';
comment on column documents.document_versions.extraction_status is 'Whether the words in the file have been read.';
comment on column documents.document_versions.extracted_text is 'The words that were read from the file. Null: none yet.';
comment on column documents.document_versions.extracted_metadata is 'What the file says about itself.';
comment on column documents.document_versions.page_count is 'How many pages it has. Null: unknown, or it has none.';
comment on column documents.document_versions.word_count is 'How many words it has. Null: not counted.';
comment on column documents.document_versions.processed_at is 'When it was worked through. Null: not yet.';
comment on constraint document_versions_version_number_check on documents.document_versions is
  'version number must be greater than zero';
comment on constraint document_versions_substance_check on documents.document_versions is
  'a version must have a file or a text';
comment on constraint document_versions_content_check on documents.document_versions is
  'content must be at most 1,000,000 characters long';
comment on constraint document_versions_change_summary_check on documents.document_versions is
  'change summary must be at most 2,000 characters long';
comment on constraint document_versions_extracted_text_check on documents.document_versions is
  'extracted text must be at most 10,000,000 characters long';
comment on constraint document_versions_extracted_metadata_check on documents.document_versions is
  'extracted metadata must be a JSON object';
comment on constraint document_versions_page_count_check on documents.document_versions is
  'page count must not be negative';
comment on constraint document_versions_word_count_check on documents.document_versions is
  'word count must not be negative';
comment on table documents.document_versions is
  'A document as it was at one time. Its content never changes; what was read out of it may still come.';
comment on column documents.document_relations.project_id is
  'The project of the document, taken from it. Null: it has none.';
comment on column documents.document_relations.document_id is 'Where the relation starts; it goes away with this document.';
comment on column documents.document_relations.related_document_id is
  'The document it leads to. Null: it leads to a test case.';
comment on column documents.document_relations.test_case_id is 'The test case it leads to. Null: it leads to a document.';
comment on column documents.document_relations.relation_type is 'How the document stands to the other.';
comment on constraint document_relations_once_key on documents.document_relations is
  'the two are related in this way already';
comment on constraint document_relations_target_check on documents.document_relations is
  'a relation must lead to exactly one thing: a document or a test case';
comment on constraint document_relations_related_document_id_check on documents.document_relations is
  'related document must not be the document itself';
comment on table documents.document_relations is 'How a document stands to another document or to a test case.';
comment on column documents.attachments.project_id is
  'The project of what it is attached to, taken from it. Null: that has none.';
comment on column documents.attachments.file_id is 'The file.';
comment on column documents.attachments.entity_id is
  'The record it is attached to. Null: it is attached to something else.';
comment on column documents.attachments.test_result_id is
  'The test result it is attached to. Null: it is attached to something else.';
comment on column documents.attachments.message_id is
  'The message of a conversation it is attached to. Null: it is attached to something else.';
comment on column documents.attachments.attachment_kind is
  'What it is there for, such as screenshot, log or evidence. Null: nobody has said.';
comment on column documents.attachments.caption is 'What it shows. Null: the name of the file says it.';
comment on column documents.attachments.position is
  'Place among the attachments beside it, small first; equal places sort by age.';
comment on constraint attachments_once_key on documents.attachments is 'this file is attached there already';
comment on constraint attachments_target_check on documents.attachments is
  'an attachment must hang on exactly one thing: a record, a test result or a message';
comment on constraint attachments_attachment_kind_check on documents.attachments is
  'attachment kind must be 1 to 50 characters long';
comment on constraint attachments_caption_check on documents.attachments is 'caption must be at most 1,000 characters long';
comment on constraint attachments_position_check on documents.attachments is 'position must be greater than zero';
comment on table documents.attachments is 'A file that hangs on a record, a test result or a message.';
comment on column documents.processing_jobs.project_id is 'The project of the document, taken from it. Null: it has none.';
comment on column documents.processing_jobs.document_id is 'What is worked through.';
comment on column documents.processing_jobs.requested_by is 'Who asked for it. Null: the system.';
comment on column documents.processing_jobs.processing_type is 'What is to be done with it.';
comment on column documents.processing_jobs.job_parameters is 'How, such as the language to translate into.';
comment on column documents.processing_jobs.model_id is 'The model that does it. Null: none is needed, or the default one.';
comment on column documents.processing_jobs.status is 'A job that is over stays as it is; ask for another.';
comment on column documents.processing_jobs.output_data is 'What came of it. Null: nothing yet.';
comment on column documents.processing_jobs.error_message is 'Why nothing came of it. Null: it did not fail.';
comment on column documents.processing_jobs.processing_time_ms is
  'How long it took, in milliseconds. Null: it is not over, or never began.';
comment on column documents.processing_jobs.tokens_used is 'What the model was paid for. Null: no model was used.';
comment on column documents.processing_jobs.cost is
  'What it cost, in the currency of the model''s prices. Null: nothing that is counted.';
comment on column documents.processing_jobs.started_at is 'When work began. Null: it waits.';
comment on column documents.processing_jobs.completed_at is 'When it was over, whichever way. Null: it is not.';
comment on constraint processing_jobs_job_parameters_check on documents.processing_jobs is
  'job parameters must be a JSON object';
comment on constraint processing_jobs_error_message_check on documents.processing_jobs is 'a job that failed must say why';
comment on constraint processing_jobs_completed_at_check on documents.processing_jobs is
  'completed at must not be before started at';
comment on constraint processing_jobs_over_check on documents.processing_jobs is
  'a job that is over must say since when, and no other job may';
comment on constraint processing_jobs_tokens_used_check on documents.processing_jobs is 'tokens used must not be negative';
comment on constraint processing_jobs_cost_check on documents.processing_jobs is 'cost must not be negative';
comment on table documents.processing_jobs is
  'Work on a document that runs beside the request that asked for it: reading, summing up, analysing, translating.';
