-- What went wrong, what may be exploited, and what joins keys, reports and the map of sensitive columns with later tables.

create table security.security_events (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  event_type                       text not null,
  severity                         text not null default 'info',
  title                            text not null,
  description                      text,
  source_user_id                   uuid,
  target_user_id                   uuid,
  source_ip                        inet,
  user_agent                       text,
  resource_type                    text,
  resource_id                      text,
  target_resource                  text,
  detection_method                 text not null default 'manual_review',
  detection_rule_id                text,
  potential_impact                 text,
  affected_systems                 text[] not null default '{}',
  affected_data_types              text[] not null default '{}',
  status                           text not null default 'open',
  is_resolved                      boolean not null generated always as (status in ('resolved', 'false_positive')) stored,
  assigned_to_user_id              uuid,
  investigation_notes              text,
  resolution_notes                 text,
  resolved_at                      timestamptz,
  resolved_by                      uuid,
  regulatory_notification_required boolean not null default false,
  notification_sent_at             timestamptz,
  event_data                       jsonb not null default '{}',
  occurred_at                      timestamptz not null default now(),
  detected_at                      timestamptz not null default now(),
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now(),
  row_version     bigint not null default 1,
  primary key (organization_id, id),
  constraint security_events_organization_id_fkey foreign key (organization_id) references identity.organizations on update cascade on delete restrict,
  constraint security_events_event_type_check check (event_type ~ '^[a-z][a-z0-9_.]{0,99}$'),
  constraint security_events_severity_check check (severity in ('critical', 'high', 'medium', 'low', 'info')),
  constraint security_events_title_check check (char_length(title) between 1 and 255),
  constraint security_events_description_check check (char_length(description) <= 100000),
  constraint security_events_user_agent_check check (char_length(user_agent) <= 1000),
  constraint security_events_resource_type_check check (char_length(resource_type) between 1 and 100),
  constraint security_events_resource_id_check check (char_length(resource_id) between 1 and 255),
  constraint security_events_target_resource_check check (char_length(target_resource) between 1 and 255),
  constraint security_events_detection_method_check check (detection_method ~ '^[a-z][a-z0-9_]{0,99}$'),
  constraint security_events_detection_rule_id_check check (char_length(detection_rule_id) between 1 and 255),
  constraint security_events_notes_check check (greatest(char_length(potential_impact), char_length(investigation_notes), char_length(resolution_notes)) <= 100000),
  constraint security_events_status_check check (status in ('open', 'investigating', 'resolved', 'false_positive')),
  constraint security_events_resolved_at_check check (resolved_at is not null or status not in ('resolved', 'false_positive')),
  constraint security_events_detected_at_check check (detected_at >= occurred_at),
  constraint security_events_notification_sent_at_check check (notification_sent_at >= detected_at),
  constraint security_events_event_data_check check (jsonb_typeof(event_data) = 'object')
) partition by range (id);
create index security_events_event_type_idx on security.security_events (organization_id, event_type, id);
create index security_events_severity_idx on security.security_events (organization_id, severity, id);
create index security_events_status_idx on security.security_events (organization_id, status, id) where not is_resolved;
create index security_events_occurred_at_idx on security.security_events (organization_id, occurred_at, id);
create index security_events_created_at_idx on security.security_events (organization_id, created_at desc);

create function security.sign_resolution() returns trigger
  language plpgsql
  as $$
begin
  if new.status in ('resolved', 'false_positive') then
    if tg_op = 'INSERT' or old.status not in ('resolved', 'false_positive') then
      new.resolved_at := coalesce(new.resolved_at, now());
      new.resolved_by := coalesce(platform.current_user_id(), new.resolved_by);
    end if;
  else
    new.resolved_at := null;
    new.resolved_by := null;
  end if;
  return new;
end
$$;
comment on function security.sign_resolution() is 'Whoever closes an event signs it; opening it again takes the signature away.';
create trigger sign_resolution before insert or update of status, resolved_at, resolved_by on security.security_events
  for each row execute function security.sign_resolution();

create table security.vulnerabilities (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  project_id      uuid not null,
  key                 text not null,
  build_id            uuid,
  cve_id              text,
  title               text not null,
  description         text,
  severity            text not null default 'medium',
  cvss_score          numeric(3,1),
  affected_version    text,
  fixed_version       text,
  status              text not null default 'open',
  discovered_at       timestamptz not null default now(),
  acknowledged_at     timestamptz,
  remediated_at       timestamptz,
  assigned_to_user_id uuid,
  remediation_notes   text,
  remediation_url     text,
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now(),
  created_by      uuid default platform.current_user_id(),
  updated_by      uuid,
  row_version     bigint not null default 1,
  deleted_at      timestamptz,
  deleted_by      uuid,
  primary key (organization_id, id),
  constraint vulnerabilities_project_id_key unique (organization_id, project_id, id),
  constraint vulnerabilities_key_key unique (organization_id, key, project_id),
  constraint vulnerabilities_project_id_fkey foreign key (organization_id, project_id) references work.projects on update cascade on delete cascade,
  constraint vulnerabilities_build_id_fkey foreign key (organization_id, project_id, build_id)
    references delivery.builds (organization_id, project_id, id) on update cascade on delete set null (build_id),
  constraint vulnerabilities_key_check check (key ~ '^VULN-[1-9][0-9]{0,14}$'),
  constraint vulnerabilities_cve_id_check check (cve_id ~ '^CVE-[0-9]{4}-[0-9]{4,19}$'),
  constraint vulnerabilities_title_check check (char_length(title) between 1 and 255),
  constraint vulnerabilities_description_check check (char_length(description) <= 100000),
  constraint vulnerabilities_severity_check check (severity in ('critical', 'high', 'medium', 'low')),
  constraint vulnerabilities_cvss_score_check check (cvss_score between 0 and 10),
  constraint vulnerabilities_affected_version_check check (char_length(affected_version) between 1 and 100),
  constraint vulnerabilities_fixed_version_check check (char_length(fixed_version) between 1 and 100),
  constraint vulnerabilities_status_check check (status in ('open', 'acknowledged', 'remediated', 'false_positive', 'accepted_risk')),
  constraint vulnerabilities_remediated_at_check check (remediated_at is not null or status <> 'remediated'),
  constraint vulnerabilities_remediation_notes_check check (char_length(remediation_notes) <= 100000),
  constraint vulnerabilities_remediation_url_check check (char_length(remediation_url) <= 512 and remediation_url ~ '^https?://[^\s[:cntrl:]]+$')
);
create index vulnerabilities_build_id_idx on security.vulnerabilities (organization_id, build_id, project_id) where build_id is not null;
create index vulnerabilities_status_idx on security.vulnerabilities (organization_id, project_id, status, id) where deleted_at is null;
create index vulnerabilities_severity_idx on security.vulnerabilities (organization_id, severity, id) where deleted_at is null;
create index vulnerabilities_cve_id_idx on security.vulnerabilities (organization_id, cve_id) where deleted_at is null;

create table security.vulnerability_components (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  project_id        uuid not null,
  vulnerability_id  uuid not null,
  component_name    text not null,
  component_version text,
  package_url       text,
  details           jsonb not null default '{}',
  primary key (organization_id, id),
  constraint vulnerability_components_vulnerability_id_fkey foreign key (organization_id, project_id, vulnerability_id)
    references security.vulnerabilities (organization_id, project_id, id) on update cascade on delete cascade,
  constraint vulnerability_components_component_name_key unique nulls not distinct
    (organization_id, vulnerability_id, component_name, component_version),
  constraint vulnerability_components_component_name_check check (char_length(component_name) between 1 and 255),
  constraint vulnerability_components_component_version_check check (char_length(component_version) between 1 and 100),
  constraint vulnerability_components_package_url_check check (char_length(package_url) <= 1000 and package_url ~ '^pkg:[^\s[:cntrl:]]+$'),
  constraint vulnerability_components_details_check check (jsonb_typeof(details) = 'object')
);
create index vulnerability_components_vulnerability_id_idx on security.vulnerability_components (organization_id, vulnerability_id, project_id);

call platform.adopt_table('security.security_events', 'restricted', '7 years, then archived', 'select, insert, update');
call platform.refer_to_members('security.security_events', 'source_user_id', 'target_user_id', 'assigned_to_user_id', 'resolved_by');
call platform.start_partitions('security.security_events', interval '3 months', 1);
call platform.adopt_table('security.vulnerabilities', 'confidential', 'while the project exists; 90 days in the bin');
call platform.refer_to_members('security.vulnerabilities', 'assigned_to_user_id');
call platform.adopt_table('security.vulnerability_components', 'confidential', 'while the vulnerability is kept', 'select, insert, update, delete');
call platform.register_table('security.vulnerabilities', 'vulnerability', 'n.title',
  '{title,status,assigned_to_user_id,deleted_at,project_id,key}', 'n.status', 'n.assigned_to_user_id', 'VULN');

-- Counts of a build are those of its vulnerabilities that nobody has dealt with yet. One update for each build and statement.
create function security.count_vulnerabilities() returns trigger
  language plpgsql
  as $$
declare
  access text := coalesce(current_setting('app.project_access', true), '');
begin
  perform set_config('app.project_access', 'all', true);
  if tg_op = 'INSERT' then
    update delivery.builds b set
      vulnerabilities_critical = b.vulnerabilities_critical + n.critical, vulnerabilities_high = b.vulnerabilities_high + n.high,
      vulnerabilities_medium = b.vulnerabilities_medium + n.medium, vulnerabilities_low = b.vulnerabilities_low + n.low
    from (select organization_id, build_id, count(*) filter (where severity = 'critical') as critical, count(*) filter (where severity = 'high') as high,
                 count(*) filter (where severity = 'medium') as medium, count(*) filter (where severity = 'low') as low
          from new_rows where build_id is not null and deleted_at is null and status in ('open', 'acknowledged') group by 1, 2) n
    where b.organization_id = n.organization_id and b.id = n.build_id;
  elsif tg_op = 'DELETE' then
    update delivery.builds b set
      vulnerabilities_critical = b.vulnerabilities_critical - o.critical, vulnerabilities_high = b.vulnerabilities_high - o.high,
      vulnerabilities_medium = b.vulnerabilities_medium - o.medium, vulnerabilities_low = b.vulnerabilities_low - o.low
    from (select organization_id, build_id, count(*) filter (where severity = 'critical') as critical, count(*) filter (where severity = 'high') as high,
                 count(*) filter (where severity = 'medium') as medium, count(*) filter (where severity = 'low') as low
          from old_rows where build_id is not null and deleted_at is null and status in ('open', 'acknowledged') group by 1, 2) o
    where b.organization_id = o.organization_id and b.id = o.build_id;
  else
    update delivery.builds b set
      vulnerabilities_critical = b.vulnerabilities_critical + d.critical, vulnerabilities_high = b.vulnerabilities_high + d.high,
      vulnerabilities_medium = b.vulnerabilities_medium + d.medium, vulnerabilities_low = b.vulnerabilities_low + d.low
    from (select organization_id, build_id, coalesce(sum(step) filter (where severity = 'critical'), 0) as critical,
                 coalesce(sum(step) filter (where severity = 'high'), 0) as high, coalesce(sum(step) filter (where severity = 'medium'), 0) as medium,
                 coalesce(sum(step) filter (where severity = 'low'), 0) as low
          from (select organization_id, build_id, severity, status, deleted_at, 1 as step from new_rows
                union all
                select organization_id, build_id, severity, status, deleted_at, -1 from old_rows) changed
          where build_id is not null and deleted_at is null and status in ('open', 'acknowledged') group by 1, 2) d
    where b.organization_id = d.organization_id and b.id = d.build_id and (d.critical, d.high, d.medium, d.low) is distinct from (0, 0, 0, 0);
  end if;
  perform set_config('app.project_access', access, true);
  return null;
end
$$;
comment on function security.count_vulnerabilities() is
  'Keeps the counts of builds true: vulnerabilities that are open or acknowledged and not in the bin, by severity.';
create trigger count_new after insert on security.vulnerabilities referencing new table as new_rows
  for each statement execute function security.count_vulnerabilities();
create trigger count_changed after update on security.vulnerabilities referencing old table as old_rows new table as new_rows
  for each statement execute function security.count_vulnerabilities();
create trigger count_gone after delete on security.vulnerabilities referencing old table as old_rows
  for each statement execute function security.count_vulnerabilities();
comment on table security.security_events is
  'Something that may endanger data or people, and what was done about it. Partitioned by the quarter of its identifier.';
comment on column security.security_events.event_type is
  'What happened, such as failed_login, privilege_escalation, data_breach or suspicious_activity.';
comment on column security.security_events.severity is 'How bad it is.';
comment on column security.security_events.title is 'What happened, in one line.';
comment on column security.security_events.description is 'What is known in full, as Markdown. Null: the title says it.';
comment on column security.security_events.source_user_id is 'Who did it, as far as known. Null: nobody of the organisation, or unknown.';
comment on column security.security_events.target_user_id is 'Whom it was done to. Null: nobody in particular.';
comment on column security.security_events.source_ip is 'Where it came from. Null: unknown.';
comment on column security.security_events.user_agent is 'What the client called itself, cut to 1,000 characters. Null: nothing.';
comment on column security.security_events.resource_type is 'What kind of thing it was done to. Null: unknown.';
comment on column security.security_events.resource_id is 'Which one; text, because not everything has a UUID. Null: unknown.';
comment on column security.security_events.target_resource is
  'The same as somebody wrote it, such as a host or an address. Null: nothing in particular.';
comment on column security.security_events.detection_method is 'How it was seen, such as automated_rule, manual_review or external_alert.';
comment on column security.security_events.detection_rule_id is 'Which rule saw it. Null: no rule did.';
comment on column security.security_events.potential_impact is 'What it may lead to. Null: not judged.';
comment on column security.security_events.affected_systems is 'Names of systems as known then; an array, because it is a snapshot.';
comment on column security.security_events.affected_data_types is 'Kinds of data as known then; an array, because it is a snapshot.';
comment on column security.security_events.status is 'How it stands.';
comment on column security.security_events.is_resolved is 'True: resolved, or nothing was wrong.';
comment on column security.security_events.assigned_to_user_id is 'Who sees to it. Null: nobody.';
comment on column security.security_events.investigation_notes is 'What was found out. Null: nothing yet.';
comment on column security.security_events.resolution_notes is 'What was done. Null: nothing yet.';
comment on column security.security_events.resolved_at is 'When it was closed. Null: it is open.';
comment on column security.security_events.resolved_by is 'Who closed it. Written by a trigger. Null: it is open, or the system did.';
comment on column security.security_events.regulatory_notification_required is 'True: an authority has to be told.';
comment on column security.security_events.notification_sent_at is 'When that was done. Null: not yet, or it need not be.';
comment on column security.security_events.event_data is 'What the detector sent, by name.';
comment on column security.security_events.occurred_at is 'When it happened.';
comment on column security.security_events.detected_at is 'When it was seen.';
comment on constraint security_events_event_type_check on security.security_events is
  'event type must begin with a lower-case letter and hold only lower-case letters, digits, points and underscores';
comment on constraint security_events_title_check on security.security_events is 'title must be 1 to 255 characters long';
comment on constraint security_events_description_check on security.security_events is
  'description must be at most 100,000 characters long';
comment on constraint security_events_user_agent_check on security.security_events is 'user agent must be at most 1,000 characters long';
comment on constraint security_events_resource_type_check on security.security_events is 'resource type must be 1 to 100 characters long';
comment on constraint security_events_resource_id_check on security.security_events is 'resource id must be 1 to 255 characters long';
comment on constraint security_events_target_resource_check on security.security_events is
  'target resource must be 1 to 255 characters long';
comment on constraint security_events_detection_method_check on security.security_events is
  'detection method must begin with a lower-case letter and hold only lower-case letters, digits and underscores';
comment on constraint security_events_detection_rule_id_check on security.security_events is
  'detection rule id must be 1 to 255 characters long';
comment on constraint security_events_notes_check on security.security_events is
  'impact and notes must each be at most 100,000 characters long';
comment on constraint security_events_resolved_at_check on security.security_events is 'a closed event must say when it was closed';
comment on constraint security_events_detected_at_check on security.security_events is 'detected at must not be before occurred at';
comment on constraint security_events_notification_sent_at_check on security.security_events is
  'notification sent at must not be before detected at';
comment on constraint security_events_event_data_check on security.security_events is 'event data must be a JSON object';
comment on table security.vulnerabilities is
  'A weakness of a project that somebody could exploit, from its discovery to its end.';
comment on column security.vulnerabilities.key is
  'What people call it, such as VULN-7. Given by the project''s counter unless it comes with one.';
comment on column security.vulnerabilities.build_id is 'The build it was found in. Null: no build in particular.';
comment on column security.vulnerabilities.cve_id is 'Its number in the CVE list. Null: it has none.';
comment on column security.vulnerabilities.title is 'What it is, in one line.';
comment on column security.vulnerabilities.description is 'What it is in full, as Markdown. Null: the title says it.';
comment on column security.vulnerabilities.severity is 'How much harm it can do.';
comment on column security.vulnerabilities.cvss_score is 'The same by CVSS, 0.0 to 10.0. Null: not scored.';
comment on column security.vulnerabilities.affected_version is 'The version that has it. Null: unknown.';
comment on column security.vulnerabilities.fixed_version is 'The first version without it. Null: not fixed.';
comment on column security.vulnerabilities.status is 'open and acknowledged count for its build; the others are dealt with.';
comment on column security.vulnerabilities.discovered_at is 'When it was found.';
comment on column security.vulnerabilities.acknowledged_at is 'When somebody took it on. Null: nobody has.';
comment on column security.vulnerabilities.remediated_at is 'When it was mended. Null: not yet.';
comment on column security.vulnerabilities.assigned_to_user_id is 'Who sees to it. Null: nobody.';
comment on column security.vulnerabilities.remediation_notes is 'What was done, or why nothing is. Null: nothing yet.';
comment on column security.vulnerabilities.remediation_url is 'Where to read on, such as the advisory. Null: nowhere.';
comment on constraint vulnerabilities_key_check on security.vulnerabilities is
  'key must be VULN- and a number without leading zeros, such as VULN-42';
comment on constraint vulnerabilities_cve_id_check on security.vulnerabilities is 'cve id must be of the form CVE-2026-12345';
comment on constraint vulnerabilities_title_check on security.vulnerabilities is 'title must be 1 to 255 characters long';
comment on constraint vulnerabilities_description_check on security.vulnerabilities is
  'description must be at most 100,000 characters long';
comment on constraint vulnerabilities_cvss_score_check on security.vulnerabilities is 'cvss score must be from 0 to 10';
comment on constraint vulnerabilities_affected_version_check on security.vulnerabilities is
  'affected version must be 1 to 100 characters long';
comment on constraint vulnerabilities_fixed_version_check on security.vulnerabilities is 'fixed version must be 1 to 100 characters long';
comment on constraint vulnerabilities_remediated_at_check on security.vulnerabilities is
  'a remediated vulnerability must say when it was mended';
comment on constraint vulnerabilities_remediation_notes_check on security.vulnerabilities is
  'remediation notes must be at most 100,000 characters long';
comment on constraint vulnerabilities_remediation_url_check on security.vulnerabilities is
  'remediation url must begin with http:// or https:// and hold at most 512 characters without spaces';
comment on table security.vulnerability_components is
  'A part of the project that has the weakness, such as a library.';
comment on column security.vulnerability_components.vulnerability_id is 'The vulnerability; the row goes away with it.';
comment on column security.vulnerability_components.component_name is 'The part.';
comment on column security.vulnerability_components.component_version is 'Its version. Null: all, or unknown.';
comment on column security.vulnerability_components.package_url is 'The same as a package URL (pkg:…). Null: it is no package.';
comment on column security.vulnerability_components.details is 'What the scanner said besides, by name.';
comment on constraint vulnerability_components_component_name_check on security.vulnerability_components is
  'component name must be 1 to 255 characters long';
comment on constraint vulnerability_components_component_version_check on security.vulnerability_components is
  'component version must be 1 to 100 characters long';
comment on constraint vulnerability_components_package_url_check on security.vulnerability_components is
  'package url must begin with pkg: and hold at most 1,000 characters without spaces';
comment on constraint vulnerability_components_details_check on security.vulnerability_components is 'details must be a JSON object';

insert into authz.resource_types (name, description) values
  ('security_event', 'Security events and incidents.'),
  ('vulnerability',  'Vulnerabilities and the components that have them.');
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
where t.name in ('security_event', 'vulnerability');
insert into authz.role_grants_template (role_code, resource_type, actions) values
  ('viewer', 'vulnerability', '{read,export}'),
  ('developer', 'vulnerability', '{create,update,delete,restore}'),
  ('admin', 'security_event', '{read,create,update,export}');

create table security.encryption_key_services (
  organization_id uuid not null default platform.current_organization(),
  key_id          uuid not null,
  service_id      uuid not null,
  primary key (organization_id, key_id, service_id),
  constraint encryption_key_services_key_id_fkey foreign key (organization_id, key_id) references security.encryption_keys
    on update cascade on delete cascade,
  constraint encryption_key_services_service_id_fkey foreign key (organization_id, service_id) references platform.services
    on update cascade on delete cascade
);
create index encryption_key_services_service_id_idx on security.encryption_key_services (organization_id, service_id);
call platform.adopt_table('security.encryption_key_services', 'confidential', 'while the key is kept', 'select, insert, update, delete');
comment on table security.encryption_key_services is
  'Services that may use a key. A key without any is for the application alone.';
comment on column security.encryption_key_services.key_id is 'The key; the row goes away with it.';
comment on column security.encryption_key_services.service_id is 'The service; the row goes away with it.';

alter table analytics.report_executions add constraint report_executions_result_file_id_fkey foreign key (organization_id, result_file_id)
  references documents.files on update cascade on delete set null (result_file_id);
create index report_executions_result_file_id_idx on analytics.report_executions (organization_id, result_file_id) where result_file_id is not null;
comment on column analytics.report_executions.result_file_id is 'The answer as a stored file. Null: there is none, or the file is gone.';

-- Secrets, personal data and money that this schema holds. The patterns also find such values in logs and free text.
insert into security.data_elements
  (table_name, column_name, element_type, classification_id, masking_method, masking_parameters, detection_patterns, validation_rules)
select e.table_name, e.column_name, e.element_type, k.id, e.method, e.parameters::jsonb, e.patterns::jsonb, e.rules::jsonb
from (values
  ('identity.users', 'email', 'email', 'restricted', 'partial', '{"keep_first": 1, "keep_domain": true, "fill": "*"}', '["[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\\.[A-Za-z]{2,}"]', '{"max_length": 320}'),
  ('identity.users', 'username', 'user_name', 'internal', 'partial', '{"keep_first": 1, "keep_last": 0, "fill": "*"}', '[]', '{}'),
  ('identity.users', 'first_name', 'name', 'restricted', 'partial', '{"keep_first": 1, "keep_last": 0, "fill": "*"}', '[]', '{}'),
  ('identity.users', 'last_name', 'name', 'restricted', 'partial', '{"keep_first": 1, "keep_last": 0, "fill": "*"}', '[]', '{}'),
  ('identity.users', 'display_name', 'name', 'internal', 'partial', '{"keep_first": 1, "keep_last": 0, "fill": "*"}', '[]', '{}'),
  ('identity.users', 'phone_number_ciphertext', 'phone', 'restricted', 'encrypt', '{"algorithm": "AES-256-GCM"}', '["\\+[1-9][0-9 ()-]{6,18}[0-9]"]', '{"format": "E.164"}'),
  ('identity.users', 'phone_number_hash', 'phone', 'restricted', 'hash', '{"algorithm": "HMAC-SHA-256"}', '[]', '{}'),
  ('identity.users', 'sensitive_metadata_ciphertext', 'personal_facts', 'top_secret', 'encrypt', '{"algorithm": "AES-256-GCM"}', '[]', '{}'),
  ('identity.users', 'last_login_ip', 'ip_address', 'restricted', 'partial', '{"keep_prefix_bits": 24}', '["([0-9]{1,3}\\.){3}[0-9]{1,3}"]', '{}'),
  ('identity.user_credentials', 'secret_hash', 'password', 'top_secret', 'redact', '{"replacement": "***REDACTED***"}', '[]', '{}'),
  ('identity.user_credentials', 'secret_ciphertext', 'mfa_secret', 'top_secret', 'redact', '{"replacement": "***REDACTED***"}', '[]', '{}'),
  ('identity.user_profiles', 'date_of_birth', 'date_of_birth', 'restricted', 'redact', '{"replacement": "***REDACTED***"}', '[]', '{}'),
  ('identity.user_profiles', 'gender', 'gender', 'restricted', 'redact', '{"replacement": "***REDACTED***"}', '[]', '{}'),
  ('identity.user_profiles', 'country', 'address', 'internal', 'redact', '{"replacement": "***REDACTED***"}', '[]', '{}'),
  ('identity.user_profiles', 'state_province', 'address', 'restricted', 'redact', '{"replacement": "***REDACTED***"}', '[]', '{}'),
  ('identity.user_profiles', 'city', 'address', 'restricted', 'redact', '{"replacement": "***REDACTED***"}', '[]', '{}'),
  ('identity.user_profiles', 'postal_code', 'address', 'restricted', 'partial', '{"keep_first": 2, "keep_last": 0, "fill": "*"}', '[]', '{}'),
  ('identity.user_profiles', 'address_line1', 'address', 'restricted', 'redact', '{"replacement": "***REDACTED***"}', '[]', '{}'),
  ('identity.user_profiles', 'address_line2', 'address', 'restricted', 'redact', '{"replacement": "***REDACTED***"}', '[]', '{}'),
  ('identity.sessions', 'token_hash', 'token', 'top_secret', 'redact', '{"replacement": "***REDACTED***"}', '[]', '{}'),
  ('identity.sessions', 'ip_address', 'ip_address', 'restricted', 'partial', '{"keep_prefix_bits": 24}', '["([0-9]{1,3}\\.){3}[0-9]{1,3}"]', '{}'),
  ('identity.sessions', 'user_agent', 'user_agent', 'restricted', 'redact', '{"replacement": "***REDACTED***"}', '[]', '{}'),
  ('identity.api_tokens', 'token_hash', 'token', 'top_secret', 'redact', '{"replacement": "***REDACTED***"}', '[]', '{}'),
  ('identity.api_tokens', 'last_used_ip', 'ip_address', 'restricted', 'partial', '{"keep_prefix_bits": 24}', '["([0-9]{1,3}\\.){3}[0-9]{1,3}"]', '{}'),
  ('identity.organizations', 'billing_email', 'email', 'restricted', 'partial', '{"keep_first": 1, "keep_domain": true, "fill": "*"}', '["[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\\.[A-Za-z]{2,}"]', '{"max_length": 320}'),
  ('work.projects', 'budget_allocated_cents', 'money', 'confidential', 'redact', '{"replacement": "***REDACTED***"}', '[]', '{"minimum": 0}'),
  ('delivery.commits', 'author_name', 'name', 'restricted', 'partial', '{"keep_first": 1, "keep_last": 0, "fill": "*"}', '[]', '{}'),
  ('delivery.commits', 'author_email', 'email', 'restricted', 'partial', '{"keep_first": 1, "keep_domain": true, "fill": "*"}', '["[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\\.[A-Za-z]{2,}"]', '{"max_length": 320}'),
  ('audit.audit_logs', 'ip_address', 'ip_address', 'restricted', 'partial', '{"keep_prefix_bits": 24}', '["([0-9]{1,3}\\.){3}[0-9]{1,3}"]', '{}'),
  ('audit.audit_logs', 'user_agent', 'user_agent', 'restricted', 'redact', '{"replacement": "***REDACTED***"}', '[]', '{}'),
  ('audit.audit_logs', 'old_values', 'record_values', 'restricted', 'tokenize', '{"follow_elements": true}', '[]', '{}'),
  ('audit.audit_logs', 'new_values', 'record_values', 'restricted', 'tokenize', '{"follow_elements": true}', '[]', '{}'),
  ('security.encryption_keys', 'wrapped_key_material', 'key', 'top_secret', 'redact', '{"replacement": "***REDACTED***"}', '[]', '{}'),
  ('security.security_events', 'source_ip', 'ip_address', 'restricted', 'partial', '{"keep_prefix_bits": 24}', '["([0-9]{1,3}\\.){3}[0-9]{1,3}"]', '{}'),
  ('security.security_events', 'user_agent', 'user_agent', 'restricted', 'redact', '{"replacement": "***REDACTED***"}', '[]', '{}'),
  ('llm.providers', 'api_key_ciphertext', 'api_key', 'top_secret', 'redact', '{"replacement": "***REDACTED***"}', '["sk-[A-Za-z0-9_-]{20,}"]', '{}'),
  ('llm.conversations', 'share_token_hash', 'token', 'top_secret', 'redact', '{"replacement": "***REDACTED***"}', '[]', '{}'),
  ('llm.conversations', 'system_prompt', 'free_text', 'confidential', 'redact', '{"replacement": "***REDACTED***"}', '[]', '{}'),
  ('llm.messages', 'content', 'free_text', 'restricted', 'tokenize', '{"find": ["email", "phone", "ip_address"]}', '[]', '{}'),
  ('analytics.usage_sessions', 'ip_address', 'ip_address', 'restricted', 'partial', '{"keep_prefix_bits": 24}', '["([0-9]{1,3}\\.){3}[0-9]{1,3}"]', '{}'),
  ('analytics.usage_sessions', 'user_agent', 'user_agent', 'restricted', 'redact', '{"replacement": "***REDACTED***"}', '[]', '{}'),
  ('analytics.usage_sessions', 'city', 'address', 'restricted', 'redact', '{"replacement": "***REDACTED***"}', '[]', '{}'),
  ('analytics.api_usage_logs', 'request_headers', 'headers', 'restricted', 'redact', '{"replacement": "***REDACTED***"}', '[]', '{}'),
  ('analytics.api_usage_logs', 'request_params', 'record_values', 'restricted', 'tokenize', '{"find": ["email", "phone"]}', '[]', '{}'),
  ('analytics.cost_allocations', 'cost_amount', 'money', 'confidential', 'redact', '{"replacement": "***REDACTED***"}', '[]', '{}'),
  ('analytics.cost_centers', 'monthly_budget', 'money', 'confidential', 'redact', '{"replacement": "***REDACTED***"}', '[]', '{"minimum": 0}'),
  ('analytics.cost_centers', 'annual_budget', 'money', 'confidential', 'redact', '{"replacement": "***REDACTED***"}', '[]', '{"minimum": 0}'),
  ('identity.sso_providers', 'client_secret_ciphertext', 'client_secret', 'top_secret', 'redact', '{"replacement": "***REDACTED***"}', '[]', '{}'),
  ('identity.user_sso_accounts', 'access_token_ciphertext', 'token', 'top_secret', 'redact', '{"replacement": "***REDACTED***"}', '[]', '{}'),
  ('identity.user_sso_accounts', 'refresh_token_ciphertext', 'token', 'top_secret', 'redact', '{"replacement": "***REDACTED***"}', '[]', '{}'),
  ('identity.user_sso_accounts', 'external_email', 'email', 'restricted', 'partial', '{"keep_first": 1, "keep_domain": true, "fill": "*"}', '["[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\\.[A-Za-z]{2,}"]', '{"max_length": 320}'),
  ('identity.user_sso_accounts', 'external_username', 'user_name', 'restricted', 'partial', '{"keep_first": 1, "keep_last": 0, "fill": "*"}', '[]', '{}'),
  ('identity.user_sso_accounts', 'external_data', 'record_values', 'restricted', 'redact', '{"replacement": "***REDACTED***"}', '[]', '{}'),
  ('platform.configuration_settings', 'config_value_ciphertext', 'secret', 'top_secret', 'redact', '{"replacement": "***REDACTED***"}', '[]', '{}'),
  ('work.comments', 'body', 'free_text', 'confidential', 'tokenize', '{"find": ["email", "phone"]}', '[]', '{}'),
  ('work.change_request_impacts', 'cost_cents', 'money', 'confidential', 'redact', '{"replacement": "***REDACTED***"}', '[]', '{}'),
  ('documents.documents', 'content', 'free_text', 'confidential', 'tokenize', '{"find": ["email", "phone"]}', '[]', '{}'),
  ('documents.document_versions', 'content', 'free_text', 'confidential', 'tokenize', '{"find": ["email", "phone"]}', '[]', '{}'),
  ('documents.document_versions', 'extracted_text', 'free_text', 'confidential', 'tokenize', '{"find": ["email", "phone"]}', '[]', '{}')) as e (table_name, column_name, element_type, classification, method, parameters, patterns, rules)
join security.data_classifications k on k.name = e.classification;

-- The younger laws of the European Union, beside those of the step before.
insert into security.compliance_controls (framework_id, control_kind, code, title, details, position)
select f.id, c.control_kind, c.code, c.title, jsonb_build_object('asks', c.asks, 'part', c.part), c.position
from security.compliance_frameworks f
cross join (values
  (1, 'requirement', 'Art. 20', 'Governance', 'Governance', 'Management approves the measures, oversees them, is trained, and can be held liable.'),
  (2, 'requirement', 'Art. 21(2)(a)', 'Risk analysis and policies', 'Risk management', 'Have policies on risk analysis and the security of information systems.'),
  (3, 'requirement', 'Art. 21(2)(b)', 'Incident handling', 'Risk management', 'Be able to handle incidents.'),
  (4, 'requirement', 'Art. 21(2)(c)', 'Business continuity', 'Risk management', 'Manage backups, recovery and crises.'),
  (5, 'requirement', 'Art. 21(2)(d)', 'Supply chain', 'Risk management', 'Look after security with direct suppliers and service providers.'),
  (6, 'requirement', 'Art. 21(2)(e)', 'Acquisition, development, maintenance', 'Risk management', 'Buy, build and maintain systems securely; handle and disclose vulnerabilities.'),
  (7, 'requirement', 'Art. 21(2)(f)', 'Effectiveness', 'Risk management', 'Assess whether the measures work.'),
  (8, 'requirement', 'Art. 21(2)(g)', 'Hygiene and training', 'Risk management', 'Practise basic cyber hygiene and train for it.'),
  (9, 'requirement', 'Art. 21(2)(h)', 'Cryptography', 'Risk management', 'Have policies on cryptography and encryption.'),
  (10, 'requirement', 'Art. 21(2)(i)', 'People, access, assets', 'Risk management', 'Secure human resources, control access, manage assets.'),
  (11, 'requirement', 'Art. 21(2)(j)', 'Strong authentication and secured communication', 'Risk management', 'Use several factors and secured voice, video, text and emergency channels where fitting.'),
  (12, 'requirement', 'Art. 23', 'Reporting', 'Reporting', 'Warn of a significant incident within 24 hours, notify within 72, report finally within a month.')) as c (position, control_kind, code, title, part, asks)
where f.name = 'NIS2';

insert into security.compliance_controls (framework_id, control_kind, code, title, details, position)
select f.id, c.control_kind, c.code, c.title, jsonb_build_object('asks', c.asks, 'part', c.part), c.position
from security.compliance_frameworks f
cross join (values
  (1, 'requirement', 'Art. 4', 'AI literacy', 'General', 'See that those who work with AI systems know enough about them.'),
  (2, 'requirement', 'Art. 5', 'Prohibited practices', 'General', 'Do not manipulate, exploit weakness, score people socially or otherwise do what is banned.'),
  (3, 'requirement', 'Art. 9', 'Risk management system', 'High-risk systems', 'Run risk management over the whole life of a high-risk system.'),
  (4, 'requirement', 'Art. 10', 'Data and data governance', 'High-risk systems', 'Train, validate and test with data that is relevant, representative and examined for bias.'),
  (5, 'requirement', 'Art. 11', 'Technical documentation', 'High-risk systems', 'Draw up the documentation before the system is put on the market and keep it current.'),
  (6, 'requirement', 'Art. 12', 'Record-keeping', 'High-risk systems', 'Let the system log events automatically over its life.'),
  (7, 'requirement', 'Art. 13', 'Transparency to deployers', 'High-risk systems', 'Make the system understandable and give instructions for use.'),
  (8, 'requirement', 'Art. 14', 'Human oversight', 'High-risk systems', 'Let people oversee, override and stop the system.'),
  (9, 'requirement', 'Art. 15', 'Accuracy, robustness, cybersecurity', 'High-risk systems', 'Reach and declare fitting levels of all three.'),
  (10, 'requirement', 'Art. 17', 'Quality management system', 'Providers', 'Providers have a documented quality management system.'),
  (11, 'requirement', 'Art. 26', 'Duties of deployers', 'Deployers', 'Use as instructed, with oversight; monitor, keep logs, inform workers.'),
  (12, 'requirement', 'Art. 27', 'Fundamental rights impact assessment', 'Deployers', 'Certain deployers assess the effect on fundamental rights before first use.'),
  (13, 'requirement', 'Art. 50', 'Transparency to people', 'Transparency', 'Tell people that they deal with a machine or see generated content.'),
  (14, 'requirement', 'Art. 53', 'General-purpose models', 'General-purpose models', 'Document the model, inform those who build on it, respect copyright, summarise the training content.'),
  (15, 'requirement', 'Art. 55', 'Models with systemic risk', 'General-purpose models', 'Evaluate, mitigate, report serious incidents, protect the model.'),
  (16, 'requirement', 'Art. 72', 'Monitoring after placing on the market', 'Providers', 'Collect and look at how high-risk systems do in use.'),
  (17, 'requirement', 'Art. 73', 'Serious incidents', 'Providers', 'Report serious incidents to the authority in time.')) as c (position, control_kind, code, title, part, asks)
where f.name = 'EU AI Act';

insert into security.compliance_controls (framework_id, control_kind, code, title, details, position)
select f.id, c.control_kind, c.code, c.title, jsonb_build_object('asks', c.asks, 'part', c.part), c.position
from security.compliance_frameworks f
cross join (values
  (1, 'requirement', 'Art. 5', 'Governance', 'Risk management', 'The management body answers for the risks of information technology.'),
  (2, 'requirement', 'Art. 6', 'Risk management framework', 'Risk management', 'Have a documented framework and review it at least yearly.'),
  (3, 'requirement', 'Art. 9', 'Protection and prevention', 'Risk management', 'Secure systems, data, access and change.'),
  (4, 'requirement', 'Art. 10', 'Detection', 'Risk management', 'Detect anomalies quickly.'),
  (5, 'requirement', 'Art. 11', 'Response and recovery', 'Risk management', 'Have continuity and recovery plans, and test them.'),
  (6, 'requirement', 'Art. 12', 'Backup', 'Risk management', 'Back up, restore, and check that restoring works.'),
  (7, 'requirement', 'Art. 17', 'Incident management', 'Incidents', 'Record, classify and follow up incidents.'),
  (8, 'requirement', 'Art. 19', 'Reporting of major incidents', 'Incidents', 'Report major incidents to the authority in the three stages.'),
  (9, 'requirement', 'Art. 24', 'Resilience testing', 'Testing', 'Run a programme of tests fitting the risk.'),
  (10, 'requirement', 'Art. 28', 'Third-party risk', 'Third parties', 'Manage providers as part of your own risk, with a register and an exit.')) as c (position, control_kind, code, title, part, asks)
where f.name = 'DORA';
