-- What changed, column by column and with its reason; what people see of it; and the versions of projects and documents to go back to.
-- The kernel writes change sets, tracked columns and activity in the one statement that makes the change; versions are kept by triggers,
-- so that also what is changed past the kernel can be undone.

create table audit.change_sets (
  organization_id        uuid not null default platform.current_organization(),
  id                     uuid not null default platform.uuid_v7(),
  changed_by             uuid default platform.current_user_id(),
  change_reason          text,
  business_justification text,
  requires_approval      boolean not null default false,
  approved_by            uuid,
  approved_at            timestamptz,
  created_at             timestamptz not null default now(),
  primary key (organization_id, id),
  constraint change_sets_organization_id_fkey foreign key (organization_id) references identity.organizations on update cascade on delete restrict,
  constraint change_sets_change_reason_check check (char_length(change_reason) <= 1000),
  constraint change_sets_business_justification_check check (char_length(business_justification) <= 4000),
  constraint change_sets_approved_at_check check ((approved_by is null) = (approved_at is null))
);

create table audit.change_tracking (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  change_set_id   uuid not null,
  sequence_number int not null,
  project_id      uuid,
  table_name      text not null,
  record_id       text not null,
  operation_type  text not null,
  column_name     text not null,
  old_value       text,
  new_value       text,
  data_type       text,
  change_metadata jsonb not null default '{}',
  changed_at      timestamptz not null default now(),
  primary key (organization_id, id),
  constraint change_tracking_change_set_id_fkey foreign key (organization_id, change_set_id) references audit.change_sets
    on update cascade on delete restrict,
  constraint change_tracking_sequence_number_check check (sequence_number > 0),
  constraint change_tracking_table_name_check check (char_length(table_name) between 1 and 130),
  constraint change_tracking_record_id_check check (char_length(record_id) between 1 and 1000),
  constraint change_tracking_operation_type_check check (operation_type in ('INSERT', 'UPDATE', 'DELETE')),
  constraint change_tracking_column_name_check check (char_length(column_name) between 1 and 63),
  constraint change_tracking_change_metadata_check check (jsonb_typeof(change_metadata) = 'object')
) partition by range (id);
create index change_tracking_change_set_id_idx on audit.change_tracking (organization_id, change_set_id);
create index change_tracking_record_id_idx on audit.change_tracking (organization_id, table_name, record_id, id);

create table audit.activity_logs (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  user_id         uuid default platform.current_user_id(),
  operation       text not null,
  entity_type     text not null,
  entity_id       uuid,
  project_id      uuid,
  summary         text not null,
  details         jsonb not null default '{}',
  ip_address      inet,
  user_agent      text,
  session_id      uuid,
  occurred_at     timestamptz not null default now(),
  primary key (organization_id, id),
  constraint activity_logs_organization_id_fkey foreign key (organization_id) references identity.organizations on update cascade on delete restrict,
  constraint activity_logs_operation_check check (char_length(operation) between 1 and 200),
  constraint activity_logs_entity_type_check check (char_length(entity_type) between 1 and 100),
  constraint activity_logs_summary_check check (char_length(summary) between 1 and 1000),
  constraint activity_logs_details_check check (jsonb_typeof(details) = 'object')
) partition by range (id);
create index activity_logs_project_id_idx on audit.activity_logs (organization_id, project_id, id) where project_id is not null;
create index activity_logs_user_id_idx on audit.activity_logs (organization_id, user_id, id) where user_id is not null;

create table audit.project_history (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  project_id      uuid not null,
  row_version     bigint not null,
  version         text,
  priority_code   text,
  phase_code      text,
  owner_user_id   uuid,
  snapshot        jsonb not null,
  change_summary  text,
  changed_by      uuid default platform.current_user_id(),
  changed_at      timestamptz not null default now(),
  primary key (organization_id, id),
  constraint project_history_row_version_key unique (organization_id, project_id, row_version),
  constraint project_history_organization_id_fkey foreign key (organization_id) references identity.organizations on update cascade on delete restrict,
  constraint project_history_row_version_check check (row_version > 0),
  constraint project_history_snapshot_check check (jsonb_typeof(snapshot) = 'object')
);

create table audit.document_history (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  document_id     uuid not null,
  project_id      uuid,
  row_version     bigint not null,
  version         text,
  priority_code   text,
  phase_code      text,
  owner_user_id   uuid,
  snapshot        jsonb not null,
  change_summary  text,
  changed_by      uuid default platform.current_user_id(),
  changed_at      timestamptz not null default now(),
  primary key (organization_id, id),
  constraint document_history_row_version_key unique (organization_id, document_id, row_version),
  constraint document_history_organization_id_fkey foreign key (organization_id) references identity.organizations on update cascade on delete restrict,
  constraint document_history_row_version_check check (row_version > 0),
  constraint document_history_snapshot_check check (jsonb_typeof(snapshot) = 'object')
);

call platform.adopt_table('audit.change_sets', 'restricted', '7 years, then archived', 'select, insert');
call platform.refer_to_members('audit.change_sets', 'changed_by', 'approved_by');
call platform.adopt_table('audit.change_tracking', 'restricted', '7 years, then archived', 'select, insert');
call platform.start_partitions('audit.change_tracking', interval '1 month', 0);
call platform.adopt_table('audit.activity_logs', 'restricted', '1 year', 'select, insert');
call platform.start_partitions('audit.activity_logs', interval '1 month', 0);
call platform.adopt_table('audit.project_history', 'confidential', 'while the organisation exists', 'select, insert');
call platform.adopt_table('audit.document_history', 'confidential', 'while the organisation exists', 'select, insert');

-- Versions ------------------------------------------------------------------------------------------------------------

create function audit.keep_version() returns trigger
  language plpgsql
  as $$
declare
  access  text := coalesce(current_setting('app.project_access', true), '');
  before  jsonb := case when tg_op = 'UPDATE' then to_jsonb(old) else '{}' end;
  after   jsonb := to_jsonb(new);
  changed text;
begin
  select string_agg(replace(n.key, '_', ' '), ', ' order by n.key) into changed
  from jsonb_each(after) n
  where n.value is distinct from before -> n.key and n.key not in ('updated_at', 'updated_by', 'row_version', 'search_vector');
  -- Whoever may change it may leave a trace of it, also when the change takes it out of their sight.
  perform set_config('app.project_access', 'all', true);
  execute format('insert into %1$s select (jsonb_populate_record(null::%1$s, $1)).*', tg_argv[0]) using jsonb_build_object(
    'organization_id', after -> 'organization_id', 'id', platform.uuid_v7(), tg_argv[1], after -> 'id',
    'project_id', case when tg_argv[1] = 'project_id' then after -> 'id' else after -> 'project_id' end,
    'row_version', after -> 'row_version', 'version', coalesce(after ->> 'version', after ->> 'current_version'),
    'priority_code', after -> 'priority_code', 'phase_code', after -> 'phase_code', 'owner_user_id', after -> 'owner_user_id',
    'snapshot', after - array['organization_id', 'search_vector', 'content'],
    'change_summary', case when tg_op = 'INSERT' then 'Created' else 'Changed ' || coalesce(changed, 'nothing') end,
    'changed_by', platform.current_user_id(), 'changed_at', now());
  perform set_config('app.project_access', access, true);
  return null;
end
$$;
comment on function audit.keep_version() is
  'Keeps what a row looks like after each change that counts as a version. Arguments: the history table and its column for the row. Contents of '
  'documents are not repeated: their own versions hold them.';

create function audit.restore_snapshot(p_table regclass, p_history regclass, p_subject name, p_id uuid, p_version bigint) returns bigint
  language plpgsql
  as $$
declare
  fields   text;
  restored bigint;
begin
  select string_agg(quote_ident(a.attname), ', ' order by a.attnum) into fields
  from pg_attribute a
  where a.attrelid = p_table and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
    and a.attname not in ('organization_id', 'id', 'created_at', 'created_by', 'updated_at', 'updated_by', 'row_version', 'deleted_at', 'deleted_by', 'search_vector');
  -- What the snapshot does not know, because the column came later or is not kept, stays as it is.
  execute format(
    'update %1$s t set (%2$s) = (select %2$s from jsonb_populate_record(t, h.snapshot)) from %3$s h '
    'where t.id = $1 and h.organization_id = t.organization_id and h.%4$I = t.id and h.row_version = $2 returning t.row_version',
    p_table, fields, p_history, p_subject) into restored using p_id, p_version;
  return restored;
end
$$;
comment on function audit.restore_snapshot(regclass, regclass, name, uuid, bigint) is
  'Brings a row back to what it was in a version; that is a change like any other, with a version of its own, which is answered. Null: there is no such version.';

create function audit.restore_project_version(p_project uuid, p_version bigint) returns bigint
  language sql volatile
  as $$ select audit.restore_snapshot('work.projects', 'audit.project_history', 'project_id', p_project, p_version) $$;
comment on function audit.restore_project_version(uuid, bigint) is
  'Brings a project back to one of its versions and answers the version it has now. Null: there is no such version.';

create function audit.restore_document_version(p_document uuid, p_version bigint) returns bigint
  language plpgsql volatile
  as $$
begin
  return audit.restore_snapshot('documents.documents', 'audit.document_history', 'document_id', p_document, p_version);
end
$$;
comment on function audit.restore_document_version(uuid, bigint) is
  'Brings what is known of a document back to one of its versions, without its content, and answers the version it has now. Null: there is no such version.';

create trigger keep_version_new after insert on work.projects for each row execute function audit.keep_version('audit.project_history', 'project_id');
create trigger keep_version after update on work.projects for each row when (old.row_version is distinct from new.row_version)
  execute function audit.keep_version('audit.project_history', 'project_id');

-- What is there already gets its first version. Whoever migrates belongs to no organisation and would see nothing.
alter table work.projects no force row level security;
alter table audit.project_history no force row level security;
insert into audit.project_history (organization_id, project_id, row_version, version, priority_code, phase_code, owner_user_id, snapshot,
                                   change_summary, changed_by, changed_at)
select p.organization_id, p.id, p.row_version, p.version, p.priority_code, p.phase_code, p.owner_user_id,
       to_jsonb(p) - array['organization_id', 'search_vector'], 'As it stood when versions began to be kept', p.updated_by, p.updated_at
from work.projects p;
alter table audit.project_history force row level security;
alter table work.projects force row level security;

do $$
begin
  if to_regclass('documents.documents') is not null then
    create trigger keep_version_new after insert on documents.documents for each row execute function audit.keep_version('audit.document_history', 'document_id');
    create trigger keep_version after update on documents.documents for each row when (old.row_version is distinct from new.row_version)
      execute function audit.keep_version('audit.document_history', 'document_id');
  end if;
end
$$;

-- Comments ------------------------------------------------------------------------------------------------------------

comment on table audit.change_sets is
  'What one transaction changed, and why. Never changed afterwards. The columns it changed are in audit.change_tracking.';
comment on column audit.change_sets.changed_by is 'Who changed it. Null: the system did.';
comment on column audit.change_sets.change_reason is 'Why, as the caller said. Null: nobody said.';
comment on column audit.change_sets.business_justification is 'What it is good for, as the caller said. Null: nobody said.';
comment on column audit.change_sets.requires_approval is 'True: it was made under a rule that somebody has to agree.';
comment on column audit.change_sets.approved_by is 'Who had agreed. Null: nobody had to, or nobody had.';
comment on column audit.change_sets.approved_at is 'When they had agreed. Null: nobody had.';
comment on constraint change_sets_change_reason_check on audit.change_sets is 'change reason must be at most 1,000 characters long';
comment on constraint change_sets_business_justification_check on audit.change_sets is
  'business justification must be at most 4,000 characters long';
comment on constraint change_sets_approved_at_check on audit.change_sets is 'an approval must say who and when';
comment on table audit.change_tracking is
  'One changed column of one record: what it held before and after. Never changed. Partitioned by the month of its identifier.';
comment on column audit.change_tracking.change_set_id is 'The transaction it was part of.';
comment on column audit.change_tracking.sequence_number is 'Order within the change set. Gaps mean nothing.';
comment on column audit.change_tracking.project_id is
  'The project of what was changed; who may not see the project may not see this. Null: it belongs to the organisation as a whole.';
comment on column audit.change_tracking.table_name is 'The table, with its schema; for a change by an operation without one table, the kind of thing.';
comment on column audit.change_tracking.record_id is 'The record; text and without reference, so that it outlives the record.';
comment on column audit.change_tracking.operation_type is 'INSERT: the record was made; UPDATE: changed, put in the bin or taken out; DELETE: removed for good.';
comment on column audit.change_tracking.column_name is 'The column.';
comment on column audit.change_tracking.old_value is 'What it held, as text. Null: nothing, or the record was made.';
comment on column audit.change_tracking.new_value is 'What it holds now, as text. Null: nothing, or the record was removed.';
comment on column audit.change_tracking.data_type is 'How to read both. Null: unknown.';
comment on column audit.change_tracking.change_metadata is 'Facts that fit nowhere else.';
comment on column audit.change_tracking.changed_at is 'When.';
comment on constraint change_tracking_sequence_number_check on audit.change_tracking is 'sequence number must be greater than zero';
comment on constraint change_tracking_table_name_check on audit.change_tracking is 'table name must be 1 to 130 characters long';
comment on constraint change_tracking_record_id_check on audit.change_tracking is 'record id must be 1 to 1,000 characters long';
comment on constraint change_tracking_column_name_check on audit.change_tracking is 'column name must be 1 to 63 characters long';
comment on constraint change_tracking_change_metadata_check on audit.change_tracking is 'change metadata must be a JSON object';
comment on table audit.activity_logs is
  'What happened, in sentences for people. Kept for a year; the audit trail keeps the facts for longer. Partitioned by the month of its identifier.';
comment on column audit.activity_logs.user_id is 'Who did it. Null: the system did.';
comment on column audit.activity_logs.operation is 'What was done, such as requirement.updated.';
comment on column audit.activity_logs.entity_type is 'What kind of thing it was done to; who may read that kind may read this.';
comment on column audit.activity_logs.entity_id is 'Which one; no reference, because this outlives it. Null: it has no identifier of its own.';
comment on column audit.activity_logs.project_id is
  'The project it happened in; who may not see the project may not see this. Null: it concerns the organisation as a whole.';
comment on column audit.activity_logs.summary is 'A sentence without its subject, which is the user.';
comment on column audit.activity_logs.details is 'Facts for pages that show more than the sentence.';
comment on column audit.activity_logs.ip_address is 'Where it came from. Null: from inside.';
comment on column audit.activity_logs.user_agent is 'What the client called itself. Null: nothing.';
comment on column audit.activity_logs.session_id is 'The browser session it came by. Null: by none.';
comment on column audit.activity_logs.occurred_at is 'When it happened.';
comment on constraint activity_logs_operation_check on audit.activity_logs is 'operation must be 1 to 200 characters long';
comment on constraint activity_logs_entity_type_check on audit.activity_logs is 'entity type must be 1 to 100 characters long';
comment on constraint activity_logs_summary_check on audit.activity_logs is 'summary must be 1 to 1,000 characters long';
comment on constraint activity_logs_details_check on audit.activity_logs is 'details must be a JSON object';
comment on table audit.project_history is 'What a project looked like after each change: to look back, and to go back. Never changed.';
comment on column audit.project_history.project_id is 'The project; no reference, so that its history outlives it.';
comment on column audit.project_history.row_version is 'The project''s row_version; once for each project.';
comment on column audit.project_history.version is 'The project''s own version label at that time. Null: it had none.';
comment on column audit.project_history.priority_code is 'Its priority at that time. Null: it had none.';
comment on column audit.project_history.phase_code is 'Its phase at that time. Null: it had none.';
comment on column audit.project_history.owner_user_id is 'Its owner at that time. Null: it had none.';
comment on column audit.project_history.snapshot is 'Every column but the organisation and the words for search.';
comment on column audit.project_history.change_summary is 'Which fields had changed. Null: unknown.';
comment on column audit.project_history.changed_by is 'Who made this version. Null: the system did.';
comment on column audit.project_history.changed_at is 'From when it stood so.';
comment on constraint project_history_row_version_check on audit.project_history is 'row version must be greater than zero';
comment on constraint project_history_snapshot_check on audit.project_history is 'snapshot must be a JSON object';
comment on table audit.document_history is 'What was known of a document after each change, without its content. Never changed.';
comment on column audit.document_history.document_id is 'The document; no reference, so that its history outlives it.';
comment on column audit.document_history.project_id is 'The project of the document at that time. Null: it belonged to none.';
comment on column audit.document_history.row_version is 'The document''s row_version; once for each document.';
comment on column audit.document_history.version is 'The number of its content''s version at that time. Null: it had none.';
comment on column audit.document_history.priority_code is 'Its priority at that time. Null: it had none.';
comment on column audit.document_history.phase_code is 'Its phase at that time. Null: it had none.';
comment on column audit.document_history.owner_user_id is 'Its owner at that time. Null: it had none.';
comment on column audit.document_history.snapshot is 'Every column but the organisation, the content and the words for search.';
comment on column audit.document_history.change_summary is 'Which fields had changed. Null: unknown.';
comment on column audit.document_history.changed_by is 'Who made this version. Null: the system did.';
comment on column audit.document_history.changed_at is 'From when it stood so.';
comment on constraint document_history_row_version_check on audit.document_history is 'row version must be greater than zero';
comment on constraint document_history_snapshot_check on audit.document_history is 'snapshot must be a JSON object';

call platform.declare_resource_type('activity', 'What happened, in sentences for people.', '{read,export}', '{}', '{}');
