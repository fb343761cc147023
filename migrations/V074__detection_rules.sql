-- Security events are found by rules that are rows, become incidents, and carry the clock of the law: 72 hours to tell the authority.

-- Rules ---------------------------------------------------------------------------------------------------------------

-- Whoever could switch a rule off could do unseen what it watches for: that is the owners'.
call platform.declare_resource_type('detection_rule', 'What is watched for, and when that is a security event.', '{}', '{}', '{read,export}');
insert into authz.role_grants_template (role_code, resource_type, actions) values ('owner', 'detection_rule', '{update}');
call platform.give_resource_types('detection_rule');

create table security.detection_rules (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  key            text not null,
  threshold      bigint not null,
  window_minutes int not null,
  severity       text not null,
  opens_incident boolean not null default false,
  notifies       text not null default 'administrators',
  is_enabled     boolean not null default true,
  looked_at      timestamptz,
  created_at     timestamptz not null default now(),
  updated_at     timestamptz not null default now(),
  updated_by     uuid,
  row_version    bigint not null default 1,
  primary key (organization_id, id),
  constraint detection_rules_organization_id_fkey foreign key (organization_id) references identity.organizations on update cascade on delete restrict,
  constraint detection_rules_key_key unique (organization_id, key),
  constraint detection_rules_key_check check (key in (
    'sign_in.failed', 'sign_in.spraying', 'session.unusual', 'session.many', 'privilege.granted', 'token.wide', 'export.files', 'export.rows',
    'trail.tampered')),
  constraint detection_rules_threshold_check check (threshold between 1 and 1000000000000),
  constraint detection_rules_absence_check check (key <> 'session.unusual' or threshold <= 3650),
  constraint detection_rules_window_minutes_check check (window_minutes between 1 and 1051200),
  constraint detection_rules_severity_check check (severity in ('critical', 'high', 'medium', 'low', 'info')),
  constraint detection_rules_notifies_check check (notifies in ('owners', 'administrators', 'nobody'))
);
call platform.adopt_table('security.detection_rules', 'confidential', 'while the organisation exists', 'select, insert, update', p_statistics => '{looked_at}');
comment on table security.detection_rules is
  'What the server watches for in an organisation, and when that is a security event. One row for each rule that there is; owners change figures or switch one off.';
comment on column security.detection_rules.key is
  'Which rule: failed sign-ins of one account; one address that fails at many accounts; a sign-in from elsewhere after long absence; many open sessions of '
  'one member; rights of an owner or administrator given; a token that may do everything; files, and rows of files, taken out; a trail that is not what was sealed.';
comment on column security.detection_rules.threshold is
  'From how many on it is an event: failures, accounts, sessions, grants, tokens, files, rows, findings. For sign-ins from elsewhere: days of absence.';
comment on column security.detection_rules.window_minutes is
  'How far back it counts, in minutes. For sign-ins from elsewhere: how far back places and programs are known. For the trail: how long from one examination to the next.';
comment on column security.detection_rules.severity is 'How bad the events are that it makes.';
comment on column security.detection_rules.opens_incident is 'True: its events are incidents from the start.';
comment on column security.detection_rules.notifies is 'Who is told at once. Administrators are told together with owners.';
comment on column security.detection_rules.is_enabled is 'False: nobody watches.';
comment on column security.detection_rules.looked_at is 'When the server last looked. Null: it has not yet.';
comment on constraint detection_rules_threshold_check on security.detection_rules is 'threshold must be from 1 to 1,000,000,000,000';
comment on constraint detection_rules_absence_check on security.detection_rules is 'threshold must be at most 3,650 days of absence, which is ten years';
comment on constraint detection_rules_window_minutes_check on security.detection_rules is 'window minutes must be from 1 to 1,051,200, which is two years';

create function security.seed_detection_rules(p_organization uuid) returns void
  language sql
  begin atomic
    insert into security.detection_rules (organization_id, key, threshold, window_minutes, severity, opens_incident, notifies)
    select p_organization, r.key, r.threshold, r.window_minutes, r.severity, r.opens_incident, r.notifies
    from (values
      ('sign_in.failed',             5,     15, 'medium',   false, 'administrators'),
      ('sign_in.spraying',           5,     60, 'high',     true,  'administrators'),
      ('session.unusual',           30, 525600, 'medium',   false, 'administrators'),
      ('session.many',              10,   1440, 'low',      false, 'nobody'),
      ('privilege.granted',          1,   1440, 'high',     false, 'owners'),
      ('token.wide',                 1,   1440, 'medium',   false, 'owners'),
      ('export.files',              20,     60, 'high',     true,  'owners'),
      ('export.rows',            50000,     60, 'high',     true,  'owners'),
      ('trail.tampered',             1,   1440, 'critical', true,  'owners')
    ) as r (key, threshold, window_minutes, severity, opens_incident, notifies)
    on conflict (organization_id, key) do nothing;
  end;
comment on function security.seed_detection_rules(uuid) is
  'The rules that an organisation begins with. Adds what is missing and changes nothing that is there.';

create or replace function platform.seed_organization(p_organization uuid) returns void
  language plpgsql
  as $$
begin
  call platform.assert_organization(p_organization);

  insert into authz.roles (organization_id, template_code, name, display_name, description, is_system_role)
  select p_organization, r.code, r.code, r.name, r.description, true
  from reference.access_roles r
  where r.category = 'organization' and not exists (
    select from authz.roles x where x.organization_id = p_organization and x.template_code = r.code and x.deleted_at is null);

  update authz.roles child set parent_role_id = parent.id
  from reference.access_roles r, authz.roles parent
  where child.organization_id = p_organization and child.template_code = r.code and child.parent_role_id is null and child.deleted_at is null
    and parent.organization_id = p_organization and parent.template_code = r.parent_code and parent.deleted_at is null;

  insert into authz.permissions (organization_id, name, display_name, resource_type_id, action, is_system_permission)
  select p_organization, t.name || ':' || a.action, initcap(replace(a.action, '_', ' ')) || ' ' || replace(t.name, '_', ' '), t.id, a.action, true
  from authz.resource_types t join authz.resource_type_actions a on a.resource_type_id = t.id
  where not exists (
    select from authz.permissions x where x.organization_id = p_organization and x.name = t.name || ':' || a.action and x.deleted_at is null);

  insert into authz.role_permissions (organization_id, role_id, permission_id)
  select p_organization, r.id, p.id
  from authz.role_grants_template g
  cross join unnest(g.actions) as a (action)
  join authz.roles r on r.organization_id = p_organization and r.template_code = g.role_code and r.deleted_at is null
  join authz.permissions p on p.organization_id = p_organization and p.name = g.resource_type || ':' || a.action and p.deleted_at is null
  on conflict (organization_id, role_id, permission_id) do nothing;

  insert into delivery.environments (organization_id, name, tier, is_protected)
  select p_organization, e.name, e.name, e.name = 'production'
  from unnest(array['development', 'test', 'staging', 'production']) as e (name)
  where not exists (select from delivery.environments x
                    where x.organization_id = p_organization and x.project_id is null and x.name = e.name and x.deleted_at is null);

  insert into reference.storage_locations (organization_id, provider, bucket, name, category, description)
  select p_organization, 'local', 'files', 'Local disk', 'built in', 'A directory of the server itself; the place when nobody says another.'
  where not exists (select from reference.storage_locations x where x.organization_id = p_organization and x.provider = 'local');

  perform security.seed_detection_rules(p_organization);
end
$$;
comment on function platform.seed_organization(uuid) is
  'Gives an organisation its roles, permissions, grants, environments, a place for files and rules of detection. Adds what is missing and changes nothing '
  'that is there, so it may run again.';

do $$
declare
  holder uuid;
begin
  for holder in select platform.all_organizations() loop
    perform set_config('app.current_organization_id', holder::text, true);
    perform security.seed_detection_rules(holder);
  end loop;
  perform set_config('app.current_organization_id', '', true);
end
$$;

-- Exports are few among all that the trail tells. On a trail that is in use, an operator makes the index beforehand, as docs/migrations.md says; up to
-- some million rows it takes seconds.
-- squawk-ignore require-concurrent-index-creation
create index if not exists audit_logs_exported_idx on audit.audit_logs (organization_id, id)
  where event_type like '%.exported' or event_type like '%.export_ended';

-- Incidents, and the clock -------------------------------------------------------------------------------------------

alter table security.security_events
  add column is_incident               boolean not null default false,
  add column fingerprint               text,
  add column occurrence_count          bigint not null default 1,
  add column last_seen_at              timestamptz,
  add column newest_seen_id            uuid,
  add column became_aware_at           timestamptz,
  add column notification_due_at       timestamptz,
  add column notification_authority    text,
  add column notification_reference    text,
  add column notification_delay_reason text,
  add column notification_recorded_by  uuid,
  add column notification_reminder     text;
alter table security.security_events
  add constraint security_events_fingerprint_check check (char_length(fingerprint) between 1 and 500) not valid,
  add constraint security_events_occurrence_count_check check (occurrence_count > 0) not valid,
  add constraint security_events_notification_due_at_check check (
    (notification_due_at is not null) = (regulatory_notification_required and became_aware_at is not null)) not valid,
  add constraint security_events_notification_authority_check check (
    char_length(notification_authority) between 1 and 200 and notification_sent_at is not null or notification_authority is null) not valid,
  add constraint security_events_notification_reference_check check (
    char_length(notification_reference) between 1 and 200 and notification_sent_at is not null or notification_reference is null) not valid,
  add constraint security_events_notification_delay_reason_check check (
    case when notification_delay_reason is not null then char_length(notification_delay_reason) between 1 and 4000
         else notification_sent_at is null or notification_due_at is null or notification_sent_at <= notification_due_at end) not valid,
  add constraint security_events_notification_reminder_check check (notification_reminder in ('day', 'hours', 'overdue')) not valid;
-- The table holds some thousand rows at most: nothing has filled it by itself until now.
call platform.refer_to_members('security.security_events', 'notification_recorded_by');
-- squawk-ignore require-concurrent-index-creation -- partial and empty: no event has a fingerprint yet
create index if not exists security_events_fingerprint_idx on security.security_events (organization_id, fingerprint, id) where fingerprint is not null;
-- squawk-ignore require-concurrent-index-creation -- partial and empty: no event has a deadline yet
create index if not exists security_events_notification_due_at_idx on security.security_events (organization_id, notification_due_at)
  where notification_due_at is not null and notification_sent_at is null;
comment on table security.security_events is
  'Something that may endanger data or people, found by a rule, a system or a person, and what was done about it. Partitioned by the quarter of its identifier.';
comment on column security.security_events.is_incident is 'True: it is handled as an incident.';
comment on column security.security_events.fingerprint is
  'The rule and what it saw: as long as an event is open, the same again is counted there. Null: no rule made it.';
comment on column security.security_events.occurrence_count is 'How many failures, sessions, grants, files or rows were counted, while it is open. Kept by the rule.';
comment on column security.security_events.last_seen_at is 'When the last of them happened. Null: it happened once. Kept by the rule.';
comment on column security.security_events.newest_seen_id is
  'The last of the rows it was seen in, of the trail, of sessions, of grants or of tokens; without reference, so that it outlives them. Null: in none. Kept by the rule.';
comment on column security.security_events.became_aware_at is
  'When the organisation became aware that personal data are concerned (GDPR Art. 33(1)). Null: nobody has said that they are.';
comment on column security.security_events.notification_due_at is
  'When the authority has to have been told: 72 hours after the organisation became aware (GDPR Art. 33(1)). Null: it need not be. Written by a trigger.';
comment on column security.security_events.notification_authority is 'The authority that was told. Null: none was, or nobody said which.';
comment on column security.security_events.notification_reference is 'The number under which it keeps that. Null: not known.';
comment on column security.security_events.notification_delay_reason is
  'Why it was told later than it should have been (GDPR Art. 33(1)). Null: it was told in time, or not yet.';
comment on column security.security_events.notification_recorded_by is 'Who recorded that it was told. Null: nobody did.';
comment on column security.security_events.notification_reminder is
  'The last reminder: a day before the deadline, four hours before it, or once it is over. Null: none yet. Kept by the server.';
comment on constraint security_events_fingerprint_check on security.security_events is 'fingerprint must be 1 to 500 characters long';
comment on constraint security_events_occurrence_count_check on security.security_events is 'occurrence count must be greater than zero';
comment on constraint security_events_notification_due_at_check on security.security_events is
  'there is a deadline when an authority has to be told and it is known since when the organisation is aware, and only then';
comment on constraint security_events_notification_authority_check on security.security_events is
  'an authority has a name of 1 to 200 characters, and was told at a moment';
comment on constraint security_events_notification_reference_check on security.security_events is
  'a reference has 1 to 200 characters, and belongs to a notification';
comment on constraint security_events_notification_delay_reason_check on security.security_events is
  'a notification after its deadline needs a reason, of 1 to 4,000 characters';

create function security.keep_regulatory_clock() returns trigger
  language plpgsql
  as $$
begin
  if new.regulatory_notification_required and new.became_aware_at is null then
    new.became_aware_at := coalesce(case when tg_op = 'UPDATE' then old.became_aware_at end, greatest(now(), new.detected_at));
  end if;
  -- Clocks differ a little.
  if new.became_aware_at > greatest(now(), new.detected_at) + interval '5 minutes'
     and (tg_op = 'INSERT' or new.became_aware_at is distinct from old.became_aware_at) then
    raise exception using
      column = 'became_aware_at', message = 'Nobody became aware of it in the future; give the moment when they did.';
  end if;
  new.notification_due_at := case when new.regulatory_notification_required then new.became_aware_at + interval '72 hours' end;
  if tg_op = 'UPDATE' and new.notification_due_at is distinct from old.notification_due_at then
    new.notification_reminder := null;
  end if;
  return new;
end
$$;
comment on function security.keep_regulatory_clock() is
  'Works out the deadline from the moment of becoming aware, which is now if nobody says another, cannot be taken away while an authority has to be told, and '
  'does not lie in the future; another deadline is reminded of anew.';
create trigger keep_regulatory_clock before insert or update of regulatory_notification_required, became_aware_at, notification_due_at on security.security_events
  for each row execute function security.keep_regulatory_clock();

-- What a rule counts in an event changes every minute of an attack, and must not get in the way of whoever looks into it.
update platform.table_facts set statistics = '{occurrence_count,last_seen_at,newest_seen_id,event_data,notification_reminder}'
where (table_schema, table_name) = ('security', 'security_events');
drop trigger touch on security.security_events;
do $$
begin
  execute format('create trigger touch before update of %s on security.security_events for each row execute function platform.touch(''row_version'')',
    (select string_agg(quote_ident(a.attname), ', ' order by a.attnum)
     from pg_attribute a join platform.table_facts f on (f.table_schema, f.table_name) = ('security', 'security_events')
     where a.attrelid = 'security.security_events'::regclass and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
       and a.attname <> all (f.statistics) and a.attname not in ('updated_at', 'row_version', 'updated_by')));
end
$$;

-- How many are open, for metrics and the doctor, who belong to no organisation.
create function security.open_events(p_now timestamptz) returns table (severity text, open_events bigint, overdue bigint)
  language plpgsql security definer
  set search_path = pg_catalog, pg_temp
  as $$
declare
  before text := coalesce(current_setting('app.current_organization_id', true), '');
  holder uuid;
begin
  for holder in select platform.all_organizations() loop
    perform set_config('app.current_organization_id', holder::text, true);
    return query
      select e.severity, count(*), count(*) filter (where e.notification_due_at < p_now and e.notification_sent_at is null)
      from security.security_events e where e.organization_id = holder and not e.is_resolved group by e.severity;
  end loop;
  perform set_config('app.current_organization_id', before, true);
end
$$;
comment on function security.open_events(timestamptz) is
  'How many security events are open by severity, and of how many the authority should have been told and was not: a row for each organisation that has some, '
  'for the server, which belongs to none. Tells nothing of the rows.';
revoke execute on function security.open_events(timestamptz) from public;
grant execute on function security.open_events(timestamptz) to application_user;
do $$
begin
  -- The doctor asks as the owner of the tables.
  execute format('grant execute on function security.open_events(timestamptz) to %I', current_user);
end
$$;
grant select (organization_id, id, severity, is_resolved, notification_due_at, notification_sent_at) on security.security_events to throughline_statistics;
grant create on schema security to throughline_statistics;
alter function security.open_events(timestamptz) owner to throughline_statistics;
revoke create on schema security from throughline_statistics;
