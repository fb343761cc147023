-- What runs beside the requests: notifications and how they reach people, jobs, measurements, and the record of backups and maintenance.

create table platform.notifications (
  organization_id   uuid not null default platform.current_organization(),
  id                uuid not null default platform.uuid_v7(),
  project_id        uuid,
  recipient_user_id uuid not null,
  notification_type text not null,
  title             text not null,
  body              text,
  entity_type       text,
  entity_id         uuid,
  is_read           boolean not null generated always as (read_at is not null) stored,
  read_at           timestamptz,
  expires_at        timestamptz not null default now() + interval '90 days',
  created_at        timestamptz not null default now(),
  primary key (organization_id, id),
  constraint notifications_organization_id_fkey foreign key (organization_id) references identity.organizations on update cascade on delete restrict,
  constraint notifications_notification_type_check check (notification_type ~ '^[a-z][a-z0-9_.]{0,99}$'),
  constraint notifications_title_check check (char_length(title) between 1 and 500),
  constraint notifications_body_check check (char_length(body) <= 10000),
  constraint notifications_entity_check check ((entity_type is null) = (entity_id is null)),
  constraint notifications_expires_at_check check (expires_at >= created_at)
) partition by range (id);
create index notifications_unread_idx on platform.notifications (organization_id, recipient_user_id, id) where read_at is null;
create index notifications_project_id_idx on platform.notifications (organization_id, project_id, id) where project_id is not null;
create index notifications_expires_at_idx on platform.notifications (organization_id, expires_at);

create table platform.notification_deliveries (
  organization_id     uuid not null default platform.current_organization(),
  notification_id     uuid not null,
  channel             text not null,
  status              text not null default 'queued',
  attempts            int not null default 0,
  sent_at             timestamptz,
  delivered_at        timestamptz,
  failed_at           timestamptz,
  error_message       text,
  provider_message_id text,
  primary key (organization_id, notification_id, channel),
  constraint notification_deliveries_notification_id_fkey foreign key (organization_id, notification_id) references platform.notifications
    on update cascade on delete cascade,
  constraint notification_deliveries_channel_check check (channel in ('in_app', 'email', 'sms', 'push', 'webhook', 'chat')),
  constraint notification_deliveries_status_check check (status in ('queued', 'sent', 'delivered', 'failed', 'skipped')),
  constraint notification_deliveries_attempts_check check (attempts >= 0),
  constraint notification_deliveries_moments_check check (
    (status <> 'sent' or sent_at is not null) and (status <> 'delivered' or delivered_at is not null) and (status <> 'failed' or failed_at is not null)),
  constraint notification_deliveries_error_message_check check (char_length(error_message) <= 10000),
  constraint notification_deliveries_provider_message_id_check check (char_length(provider_message_id) <= 500)
) partition by range (notification_id);
create index notification_deliveries_waiting_idx on platform.notification_deliveries (organization_id, channel, notification_id) where status = 'queued';

create table platform.notification_preferences (
  organization_id   uuid not null default platform.current_organization(),
  user_id           uuid not null default platform.current_user_id(),
  notification_type text not null,
  channel           text not null,
  is_enabled        boolean not null default true,
  settings          jsonb not null default '{}',
  created_at        timestamptz not null default now(),
  updated_at        timestamptz not null default now(),
  primary key (organization_id, user_id, notification_type, channel),
  constraint notification_preferences_user_id_fkey foreign key (organization_id, user_id)
    references identity.memberships (organization_id, user_id) on update cascade on delete cascade,
  constraint notification_preferences_notification_type_check check (notification_type ~ '^(\*|[a-z][a-z0-9_.]{0,99})$'),
  constraint notification_preferences_channel_check check (channel in ('in_app', 'email', 'sms', 'push', 'webhook', 'chat')),
  constraint notification_preferences_settings_check check (jsonb_typeof(settings) = 'object')
);

create table platform.jobs (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  queue           text not null default 'default',
  kind            text not null,
  payload         jsonb not null default '{}',
  status          text not null default 'queued',
  priority        int not null default 0,
  run_after       timestamptz not null default now(),
  attempts        int not null default 0,
  max_attempts    int not null default 10,
  locked_by       text,
  locked_at       timestamptz,
  last_error      text,
  idempotency_key text,
  created_at      timestamptz not null default now(),
  started_at      timestamptz,
  completed_at    timestamptz,
  primary key (organization_id, id),
  constraint jobs_organization_id_fkey foreign key (organization_id) references identity.organizations on update cascade on delete restrict,
  constraint jobs_queue_check check (queue ~ '^[a-z][a-z0-9_-]{0,59}$'),
  constraint jobs_kind_check check (kind ~ '^[a-z][a-z0-9_.]{0,99}$'),
  constraint jobs_payload_check check (jsonb_typeof(payload) = 'object'),
  constraint jobs_status_check check (status in ('queued', 'running', 'completed', 'failed', 'cancelled')),
  constraint jobs_attempts_check check (attempts between 0 and max_attempts),
  constraint jobs_max_attempts_check check (max_attempts between 1 and 100),
  constraint jobs_locked_check check ((status = 'running') = (locked_at is not null) and (locked_at is null) = (locked_by is null)),
  constraint jobs_locked_by_check check (char_length(locked_by) between 1 and 200),
  constraint jobs_last_error_check check (char_length(last_error) <= 10000),
  constraint jobs_idempotency_key_check check (char_length(idempotency_key) between 1 and 255),
  constraint jobs_completed_at_check check ((status in ('completed', 'failed', 'cancelled')) = (completed_at is not null))
);
create unique index jobs_idempotency_key_key on platform.jobs (organization_id, idempotency_key) where idempotency_key is not null;
-- Workers serve all organisations, so what waits is ordered over all of them.
create index jobs_waiting_idx on platform.jobs (queue, priority desc, run_after, id) where status = 'queued';
create index jobs_running_idx on platform.jobs (locked_at) where status = 'running';
create index jobs_status_idx on platform.jobs (organization_id, status, id);

create table platform.metric_definitions (
  name            text not null,
  kind            text not null,
  unit            text not null,
  description     text not null,
  target_operator text,
  target_value    double precision,
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now(),
  primary key (name),
  constraint metric_definitions_name_check check (name ~ '^[a-z][a-z0-9_.]{0,99}$'),
  constraint metric_definitions_kind_check check (kind in ('counter', 'gauge', 'histogram')),
  constraint metric_definitions_unit_check check (char_length(unit) between 1 and 50),
  constraint metric_definitions_description_check check (char_length(description) between 1 and 1000),
  constraint metric_definitions_target_operator_check check (target_operator in ('<', '<=', '>', '>=', '=')),
  constraint metric_definitions_target_check check ((target_operator is null) = (target_value is null))
);

create table platform.metric_samples (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  metric_name     text not null,
  service_id      uuid,
  environment_id  uuid,
  labels          jsonb not null default '{}',
  value           double precision not null,
  observed_at     timestamptz not null default now(),
  primary key (organization_id, id),
  constraint metric_samples_organization_id_fkey foreign key (organization_id) references identity.organizations on update cascade on delete restrict,
  constraint metric_samples_metric_name_fkey foreign key (metric_name) references platform.metric_definitions on update cascade on delete restrict,
  constraint metric_samples_service_id_fkey foreign key (organization_id, service_id) references platform.services
    on update cascade on delete set null (service_id),
  constraint metric_samples_environment_id_fkey foreign key (organization_id, environment_id) references delivery.environments
    on update cascade on delete set null (environment_id),
  constraint metric_samples_labels_check check (jsonb_typeof(labels) = 'object'),
  constraint metric_samples_value_check check (value <> 'NaN'::double precision)
) partition by range (id);
create index metric_samples_metric_name_idx on platform.metric_samples (metric_name, organization_id, id);
create index metric_samples_service_id_idx on platform.metric_samples (organization_id, service_id, id) where service_id is not null;
create index metric_samples_environment_id_idx on platform.metric_samples (organization_id, environment_id, id) where environment_id is not null;

create table platform.operation_runs (
  id                 uuid not null default platform.uuid_v7(),
  kind               text not null,
  target             text not null,
  status             text not null default 'running',
  started_at         timestamptz not null default now(),
  finished_at        timestamptz,
  duration_seconds   int generated always as (extract(epoch from finished_at - started_at)::int) stored,
  size_bytes         bigint,
  location_uri       text,
  retain_until       timestamptz,
  encryption_key_ref text,
  details            jsonb not null default '{}',
  error_message      text,
  primary key (id),
  constraint operation_runs_kind_check check (kind ~ '^[a-z][a-z0-9_]{0,59}$'),
  constraint operation_runs_target_check check (char_length(target) between 1 and 500),
  constraint operation_runs_status_check check (status in ('running', 'completed', 'failed')),
  constraint operation_runs_finished_at_check check ((status = 'running') = (finished_at is null) and finished_at >= started_at),
  constraint operation_runs_size_bytes_check check (size_bytes >= 0),
  constraint operation_runs_location_uri_check check (char_length(location_uri) <= 2000),
  constraint operation_runs_details_check check (jsonb_typeof(details) = 'object'),
  constraint operation_runs_error_message_check check (char_length(error_message) <= 10000)
);
create index operation_runs_kind_idx on platform.operation_runs (kind, id);

do $$
declare
  everyone text := format('application_user, readonly_user, super_admin, %I', current_user);
begin
  call platform.adopt_table('platform.jobs', 'confidential', '30 days after the end', 'select, insert, update, delete', p_roles => everyone);
end
$$;
call platform.adopt_table('platform.notifications', 'restricted', '90 days after expiry', 'select, insert, update, delete');
call platform.refer_to_members('platform.notifications', 'recipient_user_id');
call platform.start_partitions('platform.notifications', interval '1 month', 0);
call platform.adopt_table('platform.notification_deliveries', 'restricted', 'while the notification is kept', 'select, insert, update, delete');
call platform.start_partitions('platform.notification_deliveries', interval '1 month', 0);
call platform.adopt_table('platform.notification_preferences', 'confidential', 'while the member belongs to the organisation', 'select, insert, update, delete');
call platform.adopt_table('platform.metric_definitions', 'public', 'for ever', 'select', p_exempt_reason => 'a catalogue that all organisations share');
call platform.adopt_table('platform.metric_samples', 'internal', '13 months', 'select, insert');
call platform.start_partitions('platform.metric_samples', interval '1 month', 0);
call platform.adopt_table('platform.operation_runs', 'restricted', 'until retain_until, or 7 years', 'select',
  p_exempt_reason => 'tells of the installation, not of an organisation');

-- Notifications reach people ------------------------------------------------------------------------------------------

create function platform.deliver_notifications() returns trigger
  language plpgsql
  as $$
declare
  access text := coalesce(current_setting('app.project_access', true), '');
begin
  perform set_config('app.project_access', 'all', true);
  insert into platform.notification_deliveries (organization_id, notification_id, channel, status, delivered_at)
  select n.organization_id, n.id, c.channel,
         case when c.channel = 'in_app' then 'delivered' else 'queued' end, case when c.channel = 'in_app' then n.created_at end
  from new_rows n
  cross join (values ('in_app', true), ('email', false), ('sms', false), ('push', false), ('webhook', false), ('chat', false)) as c (channel, usual)
  where coalesce(
    (select p.is_enabled from platform.notification_preferences p
     where p.organization_id = n.organization_id and p.user_id = n.recipient_user_id and p.channel = c.channel
       and p.notification_type in (n.notification_type, '*')
     order by p.notification_type = '*' limit 1), c.usual);
  perform set_config('app.project_access', access, true);
  return null;
end
$$;
comment on function platform.deliver_notifications() is
  'A stored notification goes out by the channels its recipient wants: what they chose for this type, else for all types (*), else in the program only.';
create trigger deliver after insert on platform.notifications referencing new table as new_rows for each statement
  execute function platform.deliver_notifications();

-- Jobs ----------------------------------------------------------------------------------------------------------------

create function platform.guard_job_status() returns trigger
  language plpgsql
  as $$
begin
  if not (case old.status
            when 'queued'  then new.status in ('running', 'cancelled')
            when 'running' then new.status in ('completed', 'failed', 'queued', 'cancelled')
            when 'failed'  then new.status = 'queued'
            else false
          end) then
    raise exception using
      errcode = 'check_violation', schema = tg_table_schema, table = tg_table_name, column = 'status', constraint = 'jobs_status_moves_check',
      message = format('a job that is %s cannot become %s', old.status, new.status);
  end if;
  return new;
end
$$;
comment on function platform.guard_job_status() is
  'queued → running or cancelled; running → completed, failed, cancelled or back to queued; failed → queued. What is completed or cancelled stays so.';
create trigger guard_status before update of status on platform.jobs
  for each row when (old.status is distinct from new.status) execute function platform.guard_job_status();

create policy sign_in on platform.jobs as permissive for all to throughline_auth using (true) with check (true);
grant select, update on platform.jobs to throughline_auth;

create function platform.claim_jobs(p_queues text[], p_worker text, p_most int default 1, p_lease interval default interval '60 seconds')
  returns setof platform.jobs
  language plpgsql volatile security definer rows 1
  set search_path = pg_catalog, pg_temp
  as $$
begin
  -- A worker that died holds its lock until the lease ends; after the last attempt the job has failed.
  update platform.jobs j
  set status = case when j.attempts < j.max_attempts then 'queued' else 'failed' end,
      completed_at = case when j.attempts < j.max_attempts then null else now() end,
      last_error = coalesce(j.last_error, format('the worker %s did not come back', j.locked_by)), locked_at = null, locked_by = null
  where (j.organization_id, j.id) in (
    select l.organization_id, l.id from platform.jobs l
    where l.status = 'running' and l.locked_at < now() - p_lease for update skip locked);
  return query
    with next as (
      select w.organization_id, w.id from platform.jobs w
      where w.status = 'queued' and w.queue = any (p_queues) and w.run_after <= now()
      order by w.priority desc, w.run_after, w.id
      limit p_most for update skip locked)
    update platform.jobs j
    set status = 'running', attempts = j.attempts + 1, locked_by = p_worker, locked_at = now(), started_at = coalesce(j.started_at, now())
    from next n where j.organization_id = n.organization_id and j.id = n.id
    returning j.*;
end
$$;
comment on function platform.claim_jobs(text[], text, int, interval) is
  'Gives a worker the next jobs of its queues, of any organisation, and locks them for the lease; no two workers get the same one. The worker goes '
  'on as the organisation of the job. First frees what workers left behind. No row: nothing is due.';
revoke execute on function platform.claim_jobs(text[], text, int, interval) from public;
grant execute on function platform.claim_jobs(text[], text, int, interval) to application_user;
grant create on schema platform to throughline_auth;
alter function platform.claim_jobs(text[], text, int, interval) owner to throughline_auth;
revoke create on schema platform from throughline_auth;

-- Comments ------------------------------------------------------------------------------------------------------------

comment on table platform.notifications is
  'Something a member should know. Only the recipient marks it as read. Partitioned by the month of its identifier.';
comment on column platform.notifications.project_id is
  'The project it tells of: who can no longer see the project no longer sees this. Null: it is about none.';
comment on column platform.notifications.recipient_user_id is 'Whom it is for.';
comment on column platform.notifications.notification_type is 'What kind of thing happened, such as requirement.assigned; preferences name it.';
comment on column platform.notifications.title is 'The line that is shown.';
comment on column platform.notifications.body is 'More than a line. Null: the title says it all.';
comment on column platform.notifications.entity_type is 'What kind of record it is about. Null: about none.';
comment on column platform.notifications.entity_id is 'Which one; no reference, because the notification may outlive it. Null: about none.';
comment on column platform.notifications.is_read is 'True: the recipient has seen it.';
comment on column platform.notifications.read_at is 'When the recipient saw it. Null: not yet.';
comment on column platform.notifications.expires_at is 'From then on it is of no use and may be removed.';
comment on constraint notifications_notification_type_check on platform.notifications is
  'notification type must begin with a lower-case letter and hold only lower-case letters, digits, dots and underscores, at most 100';
comment on constraint notifications_title_check on platform.notifications is 'title must be 1 to 500 characters long';
comment on constraint notifications_body_check on platform.notifications is 'body must be at most 10,000 characters long';
comment on constraint notifications_entity_check on platform.notifications is 'a notification about a record must name both its type and its identifier';
comment on constraint notifications_expires_at_check on platform.notifications is 'expires at must not be before created at';
comment on table platform.notification_deliveries is
  'How a notification went out by one channel. Partitioned by the month of the notification, so that both go at once.';
comment on column platform.notification_deliveries.notification_id is 'The notification; the row goes away with it.';
comment on column platform.notification_deliveries.channel is 'The way it goes.';
comment on column platform.notification_deliveries.status is 'sent: handed over; delivered: the other side has it; skipped: given up on purpose.';
comment on column platform.notification_deliveries.attempts is 'How often sending was tried.';
comment on column platform.notification_deliveries.sent_at is 'When it was handed over. Null: not yet.';
comment on column platform.notification_deliveries.delivered_at is 'When the other side had it. Null: unknown, or not yet.';
comment on column platform.notification_deliveries.failed_at is 'When it was given up. Null: it was not.';
comment on column platform.notification_deliveries.error_message is 'Why the last try failed. Null: it did not.';
comment on column platform.notification_deliveries.provider_message_id is 'What the provider calls it. Null: it did not say.';
comment on constraint notification_deliveries_attempts_check on platform.notification_deliveries is 'attempts must not be negative';
comment on constraint notification_deliveries_moments_check on platform.notification_deliveries is
  'a delivery that was sent, delivered or failed must say when';
comment on constraint notification_deliveries_error_message_check on platform.notification_deliveries is
  'error message must be at most 10,000 characters long';
comment on constraint notification_deliveries_provider_message_id_check on platform.notification_deliveries is
  'provider message id must be at most 500 characters long';
comment on table platform.notification_preferences is
  'By which channels a member wants to hear of what. Without a row: in the program, and by no other channel.';
comment on column platform.notification_preferences.user_id is 'Whose choice it is.';
comment on column platform.notification_preferences.notification_type is 'The type it is about; * for all that have no row of their own.';
comment on column platform.notification_preferences.channel is 'The channel.';
comment on column platform.notification_preferences.is_enabled is 'False: not by this channel.';
comment on column platform.notification_preferences.settings is 'What the channel needs besides, such as hours of silence.';
comment on constraint notification_preferences_notification_type_check on platform.notification_preferences is
  'notification type must be * or begin with a lower-case letter and hold only lower-case letters, digits, dots and underscores, at most 100';
comment on constraint notification_preferences_settings_check on platform.notification_preferences is 'settings must be a JSON object';
comment on table platform.jobs is
  'Work to be done once the request is answered. Stored in the transaction that makes it necessary; workers take it with SKIP LOCKED and may run it again.';
comment on column platform.jobs.queue is 'Which workers take it.';
comment on column platform.jobs.kind is 'What is to be done.';
comment on column platform.jobs.payload is 'Identifiers of what it is about; the worker looks at the world as it is then.';
comment on column platform.jobs.status is 'queued: waits, also for another try; failed: no try is left.';
comment on column platform.jobs.priority is 'Higher goes first.';
comment on column platform.jobs.run_after is 'Not before this moment.';
comment on column platform.jobs.attempts is 'How often it was begun.';
comment on column platform.jobs.max_attempts is 'How often it may be begun.';
comment on column platform.jobs.locked_by is 'The worker at it. Null: nobody is.';
comment on column platform.jobs.locked_at is 'Since when; past the lease somebody else may take it. Null: nobody is at it.';
comment on column platform.jobs.last_error is 'Why the last try failed. Null: none did.';
comment on column platform.jobs.idempotency_key is 'Says the same thing twice once; unique in the organisation. Null: every job counts.';
comment on column platform.jobs.started_at is 'When it was first begun. Null: not yet.';
comment on column platform.jobs.completed_at is 'When it ended, whichever way. Null: it has not.';
comment on constraint jobs_queue_check on platform.jobs is
  'queue must begin with a lower-case letter and hold only lower-case letters, digits, hyphens and underscores, at most 60';
comment on constraint jobs_kind_check on platform.jobs is
  'kind must begin with a lower-case letter and hold only lower-case letters, digits, dots and underscores, at most 100';
comment on constraint jobs_payload_check on platform.jobs is 'payload must be a JSON object';
comment on constraint jobs_attempts_check on platform.jobs is 'attempts must be from zero to max attempts';
comment on constraint jobs_max_attempts_check on platform.jobs is 'max attempts must be from 1 to 100';
comment on constraint jobs_locked_check on platform.jobs is 'a job that runs, and no other, must say which worker is at it and since when';
comment on constraint jobs_locked_by_check on platform.jobs is 'locked by must be 1 to 200 characters long';
comment on constraint jobs_last_error_check on platform.jobs is 'last error must be at most 10,000 characters long';
comment on constraint jobs_idempotency_key_check on platform.jobs is 'idempotency key must be 1 to 255 characters long';
comment on constraint jobs_completed_at_check on platform.jobs is 'a job that has ended, and no other, must say when';
comment on table platform.metric_definitions is 'What can be measured, and which value would be good. Declared by the program.';
comment on column platform.metric_definitions.name is 'Its name, in lower case with dots.';
comment on column platform.metric_definitions.kind is 'counter: only grows; gauge: goes up and down; histogram: a share of a distribution.';
comment on column platform.metric_definitions.unit is 'What one is one of.';
comment on column platform.metric_definitions.description is 'What it tells.';
comment on column platform.metric_definitions.target_operator is 'How the value should stand to the target. Null: there is no target.';
comment on column platform.metric_definitions.target_value is 'The target, in the unit. Null: there is none.';
comment on constraint metric_definitions_name_check on platform.metric_definitions is
  'name must begin with a lower-case letter and hold only lower-case letters, digits, dots and underscores, at most 100';
comment on constraint metric_definitions_unit_check on platform.metric_definitions is 'unit must be 1 to 50 characters long';
comment on constraint metric_definitions_description_check on platform.metric_definitions is 'description must be 1 to 1,000 characters long';
comment on constraint metric_definitions_target_check on platform.metric_definitions is 'a target needs both an operator and a value';
comment on table platform.metric_samples is 'One measurement. Never changed. Partitioned by the month of its identifier.';
comment on column platform.metric_samples.metric_name is 'What was measured.';
comment on column platform.metric_samples.service_id is 'Of which service. Null: of none, or the service is gone.';
comment on column platform.metric_samples.environment_id is 'In which environment. Null: in none, or it is gone.';
comment on column platform.metric_samples.labels is 'What else tells it from others, by name.';
comment on column platform.metric_samples.value is 'The value, in the unit of the metric.';
comment on column platform.metric_samples.observed_at is 'When it was measured.';
comment on constraint metric_samples_labels_check on platform.metric_samples is 'labels must be a JSON object';
comment on constraint metric_samples_value_check on platform.metric_samples is 'value must be a number';
comment on table platform.operation_runs is
  'What was done to the installation: backups, drills, maintenance, archives. The manifest of an archive stays as long as the archive.';
comment on column platform.operation_runs.kind is 'What was done, such as backup, restore_drill, maintenance or archive.';
comment on column platform.operation_runs.target is 'To what: a table, or the whole database.';
comment on column platform.operation_runs.status is 'How it went; running also when it was cut off.';
comment on column platform.operation_runs.started_at is 'When it began.';
comment on column platform.operation_runs.finished_at is 'When it ended. Null: it runs, or was cut off.';
comment on column platform.operation_runs.duration_seconds is 'How long it took. Null: it has not ended.';
comment on column platform.operation_runs.size_bytes is 'How much it made or moved. Null: nothing to measure.';
comment on column platform.operation_runs.location_uri is 'Where the result lies. Null: there is none.';
comment on column platform.operation_runs.retain_until is 'How long the result must be kept. Null: no longer than this row.';
comment on column platform.operation_runs.encryption_key_ref is 'Which key encrypts the result. Null: it is not encrypted by us.';
comment on column platform.operation_runs.details is 'Counts and names.';
comment on column platform.operation_runs.error_message is 'Why it failed. Null: it did not.';
comment on constraint operation_runs_kind_check on platform.operation_runs is
  'kind must begin with a lower-case letter and hold only lower-case letters, digits and underscores, at most 60';
comment on constraint operation_runs_target_check on platform.operation_runs is 'target must be 1 to 500 characters long';
comment on constraint operation_runs_finished_at_check on platform.operation_runs is
  'a run that has ended, and no other, must say when, and not before it started';
comment on constraint operation_runs_size_bytes_check on platform.operation_runs is 'size bytes must not be negative';
comment on constraint operation_runs_location_uri_check on platform.operation_runs is 'location uri must be at most 2,000 characters long';
comment on constraint operation_runs_details_check on platform.operation_runs is 'details must be a JSON object';
comment on constraint operation_runs_error_message_check on platform.operation_runs is 'error message must be at most 10,000 characters long';

-- What is measured, and what would be good ----------------------------------------------------------------------------

insert into platform.metric_definitions (name, kind, unit, description, target_operator, target_value) values
  ('dq.completeness',              'gauge',     'percent',      'Share of fields that ought to be filled and are.',                          '>',  98),
  ('dq.accuracy',                  'gauge',     'percent',      'Share of checked values that were right.',                                  '>',  99.5),
  ('dq.consistency',               'gauge',     'percent',      'Share of references that lead somewhere.',                                  '=',  100),
  ('dq.replication_lag',           'gauge',     'seconds',      'How far the slowest replica is behind.',                                    '<',  1),
  ('dq.cache_invalidation',        'histogram', 'milliseconds', 'From a change of rights to the last process that knows of it.',             '<',  100),
  ('db.query_time',                'histogram', 'milliseconds', 'Time of a statement at the server.',                                        null, null),
  ('db.connections',               'gauge',     'connections',  'Connections that are open.',                                                null, null),
  ('db.cache_hit_ratio',           'gauge',     'percent',      'Share of pages found in memory.',                                           '>=', 99),
  ('db.size',                      'gauge',     'bytes',        'Size of the database.',                                                     null, null),
  ('db.failed_queries',            'counter',   'statements',   'Statements that failed.',                                                   null, null),
  ('db.connection_errors',         'counter',   'connections',  'Connections that could not be made.',                                       null, null),
  ('db.lock_timeouts',             'counter',   'statements',   'Statements that gave up waiting for a lock.',                               '=',  0),
  ('http.request_time',            'histogram', 'milliseconds', 'Time from the request to its answer.',                                      null, null),
  ('http.requests',                'counter',   'requests',     'Requests answered.',                                                        null, null),
  ('jobs.waiting',                 'gauge',     'jobs',         'Jobs that are due and not begun.',                                          null, null),
  ('outbox.oldest_unpublished',    'gauge',     'seconds',      'Age of the oldest event that is not sent yet.',                             '<',  60),
  ('service.availability',         'gauge',     'percent',      'Share of health checks that were answered well.',                           '>=', 99.9);

call platform.declare_resource_type('notification', 'What members are told, and by which channels.', '{}', '{}', '{read,create,update,delete,restore,export}');
call platform.declare_resource_type('job', 'Work in the background.', '{}', '{read}', '{create,update,delete,restore,export}');
call platform.declare_resource_type('metric', 'Measurements of services and of the system.', '{read,export}', '{create,update,delete,restore}', '{}');
call platform.declare_resource_type('operation_run', 'Backups, drills and maintenance of the installation.', '{}', '{}', '{read,create,update,delete,restore,export}');
