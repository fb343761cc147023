-- What tools find, kept as one record over all their reports, and each report in which it was seen.

create table security.findings (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  project_id      uuid not null,
  tool                text not null,
  scope               text not null default '',
  fingerprint         bytea not null,
  rule_id             text,
  title               text not null,
  message             text,
  level               text not null default 'warning',
  severity            text not null default 'medium',
  security_severity   numeric(3,1),
  uri                 text,
  line_number         int,
  column_number       int,
  logical_location    text,
  help_uri            text,
  tags                text[] not null default '{}',
  status              text not null default 'open',
  is_suppressed       boolean not null default false,
  suppression         text,
  triage              text,
  triage_reason       text,
  triage_expires_at   timestamptz,
  triaged_at          timestamptz,
  triaged_by          uuid,
  first_seen_at       timestamptz not null default now(),
  first_seen_build_id uuid,
  last_seen_at        timestamptz not null default now(),
  last_seen_build_id  uuid,
  fixed_at            timestamptz,
  fixed_build_id      uuid,
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now(),
  created_by      uuid default platform.current_user_id(),
  updated_by      uuid,
  row_version     bigint not null default 1,
  primary key (organization_id, id),
  constraint findings_project_id_key unique (organization_id, project_id, id),
  constraint findings_fingerprint_key unique (organization_id, fingerprint, project_id, tool, scope),
  constraint findings_project_id_fkey foreign key (organization_id, project_id) references work.projects on update cascade on delete cascade,
  constraint findings_first_seen_build_id_fkey foreign key (organization_id, project_id, first_seen_build_id)
    references delivery.builds (organization_id, project_id, id) on update cascade on delete set null (first_seen_build_id),
  constraint findings_last_seen_build_id_fkey foreign key (organization_id, project_id, last_seen_build_id)
    references delivery.builds (organization_id, project_id, id) on update cascade on delete set null (last_seen_build_id),
  constraint findings_fixed_build_id_fkey foreign key (organization_id, project_id, fixed_build_id)
    references delivery.builds (organization_id, project_id, id) on update cascade on delete set null (fixed_build_id),
  constraint findings_tool_check check (char_length(tool) between 1 and 200),
  constraint findings_scope_check check (char_length(scope) <= 500),
  constraint findings_fingerprint_check check (octet_length(fingerprint) = 32),
  constraint findings_rule_id_check check (char_length(rule_id) between 1 and 500),
  constraint findings_title_check check (char_length(title) between 1 and 500),
  constraint findings_message_check check (char_length(message) <= 10000),
  constraint findings_level_check check (level in ('none', 'note', 'warning', 'error')),
  constraint findings_severity_check check (severity in ('critical', 'high', 'medium', 'low', 'info')),
  constraint findings_security_severity_check check (security_severity between 0 and 10),
  constraint findings_uri_check check (char_length(uri) <= 2000),
  constraint findings_line_number_check check (line_number > 0),
  constraint findings_column_number_check check (column_number > 0),
  constraint findings_logical_location_check check (char_length(logical_location) <= 2000),
  constraint findings_help_uri_check check (help_uri ~ '^https?://[^[:space:][:cntrl:]]+$' and char_length(help_uri) <= 2000),
  constraint findings_status_check check (status in ('open', 'fixed')),
  constraint findings_fixed_at_check check ((status = 'fixed') = (fixed_at is not null) and (fixed_build_id is null or status = 'fixed')),
  constraint findings_suppression_check check (char_length(suppression) <= 2000),
  constraint findings_triage_check check (triage in ('confirmed', 'false_positive', 'accepted', 'wont_fix')),
  constraint findings_triaged_at_check check ((triage is null) = (triaged_at is null) and (triage is null) = (triage_reason is null)),
  constraint findings_triage_reason_check check (char_length(triage_reason) between 1 and 2000),
  constraint findings_triage_expires_at_check check (triage_expires_at is null or triage in ('false_positive', 'accepted', 'wont_fix'))
);
create index findings_first_seen_build_id_idx on security.findings (organization_id, first_seen_build_id, project_id) where first_seen_build_id is not null;
create index findings_last_seen_build_id_idx on security.findings (organization_id, last_seen_build_id, project_id) where last_seen_build_id is not null;
create index findings_fixed_build_id_idx on security.findings (organization_id, fixed_build_id, project_id) where fixed_build_id is not null;
create index findings_status_idx on security.findings (organization_id, status, project_id, id);

create table security.finding_sightings (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  project_id      uuid not null,
  finding_id      uuid not null,
  import_id       uuid,
  build_id        uuid,
  level           text not null,
  uri             text,
  line_number     int,
  column_number   int,
  is_suppressed   boolean not null default false,
  baseline_state  text,
  seen_at         timestamptz not null default now(),
  primary key (organization_id, id),
  constraint finding_sightings_import_id_key unique (organization_id, finding_id, project_id, import_id),
  constraint finding_sightings_finding_id_fkey foreign key (organization_id, project_id, finding_id)
    references security.findings (organization_id, project_id, id) on update cascade on delete cascade,
  constraint finding_sightings_import_id_fkey foreign key (organization_id, project_id, import_id)
    references platform.imports (organization_id, project_id, id) on update cascade on delete set null (import_id),
  constraint finding_sightings_build_id_fkey foreign key (organization_id, project_id, build_id)
    references delivery.builds (organization_id, project_id, id) on update cascade on delete set null (build_id),
  constraint finding_sightings_level_check check (level in ('none', 'note', 'warning', 'error')),
  constraint finding_sightings_uri_check check (char_length(uri) <= 2000),
  constraint finding_sightings_line_number_check check (line_number > 0),
  constraint finding_sightings_column_number_check check (column_number > 0),
  constraint finding_sightings_baseline_state_check check (baseline_state in ('new', 'unchanged', 'updated'))
);
create index finding_sightings_import_id_idx on security.finding_sightings (organization_id, import_id, project_id) where import_id is not null;
create index finding_sightings_build_id_idx on security.finding_sightings (organization_id, build_id, project_id) where build_id is not null;

call platform.adopt_table('security.findings', 'confidential', 'while the project exists', 'select, insert, update',
  p_statistics => array['last_seen_at', 'last_seen_build_id', 'first_seen_build_id']);
call platform.refer_to_members('security.findings', 'triaged_by');
call platform.adopt_table('security.finding_sightings', 'confidential', 'while the finding is kept', 'select, insert');

comment on table security.findings is
  'What a tool found, once for all its reports, and what people decided about it. Served as security.v_findings, which says where it stands now.';
comment on column security.findings.tool is 'The tool that found it, as it calls itself.';
comment on column security.findings.scope is
  'What the tool looked at, as its reports declare it. A report speaks for its own scope only. Empty: its reports declare none.';
comment on column security.findings.fingerprint is
  'SHA-256 of what makes it the same in the next report: what the tool says, else rule, place and message, without the line; and its number among equal ones.';
comment on column security.findings.rule_id is 'The rule that was broken. Null: the tool names none.';
comment on column security.findings.title is 'What the rule is about, or the beginning of the message.';
comment on column security.findings.message is 'What is wrong, in the words of the last report. Null: it has no words.';
comment on column security.findings.level is 'How much it matters to the tool.';
comment on column security.findings.severity is
  'How bad it is: by the security severity where there is one (9, 7 and 4 are the borders), else by the level.';
comment on column security.findings.security_severity is 'How bad the tool''s rule says it is, from 0 to 10. Null: it does not say.';
comment on column security.findings.uri is 'The file, as the tool names it; never opened. Null: none.';
comment on column security.findings.line_number is 'The line in the last report, from 1. Null: none.';
comment on column security.findings.column_number is 'The column in the last report, from 1. Null: none.';
comment on column security.findings.logical_location is 'The function, type or other place that has a name. Null: none.';
comment on column security.findings.help_uri is 'Where the rule is explained. Null: nowhere.';
comment on column security.findings.tags is 'Labels of rule and result; an array, because they are the tool''s and are replaced as a whole.';
comment on column security.findings.status is 'What the reports say: open while they repeat it, fixed since one for its scope did not.';
comment on column security.findings.is_suppressed is 'Whether the last report says that it shall not be reported, for instance by a comment in the source.';
comment on column security.findings.suppression is 'The reason that the report gives for it. Null: none.';
comment on column security.findings.triage is 'What people decided about it. Null: nobody has.';
comment on column security.findings.triage_reason is 'Why they did. Null: nobody has.';
comment on column security.findings.triage_expires_at is 'Until when the decision holds; from then on it is open again. Null: for good.';
comment on column security.findings.triaged_at is 'When they decided. Null: nobody has.';
comment on column security.findings.triaged_by is 'Who did. Null: nobody has, or nobody who is a member.';
comment on column security.findings.first_seen_at is 'When the first report that has it came in.';
comment on column security.findings.first_seen_build_id is 'The earliest build it was seen in. Null: its reports name none.';
comment on column security.findings.last_seen_at is 'When the last report that has it came in.';
comment on column security.findings.last_seen_build_id is 'The build of the last report that has it. Null: its reports name none.';
comment on column security.findings.fixed_at is 'Since when it is no longer reported. Null: it is.';
comment on column security.findings.fixed_build_id is 'The build in which it was no longer found. Null: it is still there, or the report names none.';
comment on constraint findings_tool_check on security.findings is 'tool must be 1 to 200 characters long';
comment on constraint findings_scope_check on security.findings is 'scope must be at most 500 characters long';
comment on constraint findings_fingerprint_check on security.findings is 'fingerprint must be 32 bytes long';
comment on constraint findings_rule_id_check on security.findings is 'rule id must be 1 to 500 characters long';
comment on constraint findings_title_check on security.findings is 'title must be 1 to 500 characters long';
comment on constraint findings_message_check on security.findings is 'message must be at most 10,000 characters long';
comment on constraint findings_security_severity_check on security.findings is 'security severity must be from 0 to 10';
comment on constraint findings_uri_check on security.findings is 'uri must be at most 2,000 characters long';
comment on constraint findings_line_number_check on security.findings is 'line number must be positive';
comment on constraint findings_column_number_check on security.findings is 'column number must be positive';
comment on constraint findings_logical_location_check on security.findings is 'logical location must be at most 2,000 characters long';
comment on constraint findings_help_uri_check on security.findings is
  'help uri must begin with http:// or https:// and be at most 2,000 characters long';
comment on constraint findings_fixed_at_check on security.findings is 'what is fixed must say since when, and only that';
comment on constraint findings_suppression_check on security.findings is 'suppression must be at most 2,000 characters long';
comment on constraint findings_triaged_at_check on security.findings is 'a decision must have a reason and a time, and nothing else may have them';
comment on constraint findings_triage_reason_check on security.findings is 'triage reason must be 1 to 2,000 characters long';
comment on constraint findings_triage_expires_at_check on security.findings is 'only a decision to leave a finding can end';

comment on table security.finding_sightings is 'A report in which a finding was seen.';
comment on column security.finding_sightings.finding_id is 'The finding.';
comment on column security.finding_sightings.import_id is 'The report. Null: it is no longer kept.';
comment on column security.finding_sightings.build_id is 'The build that was looked at. Null: the report names none.';
comment on column security.finding_sightings.level is 'How much it mattered to the tool then.';
comment on column security.finding_sightings.uri is 'The file then. Null: none.';
comment on column security.finding_sightings.line_number is 'The line then, from 1. Null: none.';
comment on column security.finding_sightings.column_number is 'The column then, from 1. Null: none.';
comment on column security.finding_sightings.is_suppressed is 'Whether the report said that it shall not be reported.';
comment on column security.finding_sightings.baseline_state is 'What it was to the report before, by the report. Null: it does not say.';
comment on column security.finding_sightings.seen_at is 'When the report came in.';
comment on constraint finding_sightings_uri_check on security.finding_sightings is 'uri must be at most 2,000 characters long';
comment on constraint finding_sightings_line_number_check on security.finding_sightings is 'line number must be positive';
comment on constraint finding_sightings_column_number_check on security.finding_sightings is 'column number must be positive';

-- A log of findings that comes again after another one is news: what it repeats is there again. So its content may be stored twice.
-- squawk-ignore require-concurrent-index-deletion -- imports are a row a file, and the new index is made in the same breath
drop index platform.imports_once_key;
-- squawk-ignore require-concurrent-index-creation -- imports are a row a file
create unique index if not exists imports_once_key on platform.imports (organization_id, project_id, build_id, content_sha256) nulls not distinct
  where status = 'completed' and format not in ('requirement', 'sarif') and (summary ->> 'status') is distinct from 'unchanged';

-- Where a finding stands follows from what was decided and from the time, so it is worked out when it is read: no job has to end a decision.
create view security.v_findings with (security_invoker = true) as
  select f.organization_id, f.id, f.project_id, f.tool, f.scope, f.rule_id, f.title, f.message, f.severity,
         case when f.status = 'fixed' then 'fixed'
              when f.triage in ('false_positive', 'accepted', 'wont_fix') and (f.triage_expires_at is null or f.triage_expires_at > now()) then f.triage
              when f.is_suppressed then 'suppressed'
              when f.triage = 'confirmed' then 'confirmed'
              else 'open' end as state,
         f.level, f.security_severity, f.uri, f.line_number, f.column_number, f.logical_location, f.help_uri, f.tags, f.status, f.is_suppressed,
         f.suppression, f.triage, f.triage_reason, f.triage_expires_at, f.triaged_at, f.triaged_by, f.first_seen_at, f.first_seen_build_id,
         f.last_seen_at, f.last_seen_build_id, f.fixed_at, f.fixed_build_id, f.fingerprint, f.created_at, f.updated_at, f.created_by, f.updated_by,
         f.row_version
  from security.findings f;
grant select on security.v_findings to application_user, readonly_user, super_admin;
comment on view security.v_findings is
  'What tools found and where it stands now. Shows what the asking member may see of security.findings.';
do $$
declare
  col record;
begin
  for col in
    select v.attname, col_description('security.findings'::regclass, t.attnum) as about
    from pg_attribute v join pg_attribute t on t.attrelid = 'security.findings'::regclass and t.attname = v.attname
    where v.attrelid = 'security.v_findings'::regclass and v.attnum > 0
  loop
    execute format('comment on column security.v_findings.%I is %L', col.attname, col.about);
  end loop;
end
$$;
comment on column security.v_findings.state is
  'Where it stands now: fixed, else what was decided as long as the decision holds, else suppressed by its report, else confirmed or open.';
