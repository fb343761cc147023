-- What happened and what has to be told: the audit trail, which nobody may change, and the outbox, which is emptied.
-- Both are partitioned by the month of their identifiers.

create schema audit;
comment on schema audit is 'What happened: the trail of who did what, for whom, to what.';
grant usage on schema audit to application_user, readonly_user, super_admin;

create table audit.audit_logs (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  event_type            text not null,
  event_category        text not null,
  status                text not null default 'success',
  user_id               uuid default platform.current_user_id(),
  on_behalf_of_user_id  uuid default nullif(current_setting('app.on_behalf_of_user_id', true), '')::uuid,
  agent_run_id          uuid default nullif(current_setting('app.agent_run_id', true), '')::uuid,
  session_id            uuid,
  project_id            uuid,
  ip_address            inet,
  user_agent            text,
  resource_type         text,
  resource_id           text,
  resource_name         text,
  old_values            jsonb,
  new_values            jsonb,
  changed_fields        text[],
  action_description    text,
  business_context      text,
  risk_level            text not null default 'low',
  application_name      text,
  service_name          text,
  api_endpoint          text,
  request_id            text,
  error_message         text,
  compliance_relevant   boolean not null default false,
  retention_period_days int not null default 2555,
  additional_data       jsonb not null default '{}',
  occurred_at           timestamptz not null default now(),
  primary key (organization_id, id),
  constraint audit_logs_organization_id_fkey foreign key (organization_id) references identity.organizations on update cascade on delete restrict,
  constraint audit_logs_event_type_check check (char_length(event_type) between 1 and 100),
  constraint audit_logs_event_category_check check (char_length(event_category) between 1 and 100),
  constraint audit_logs_status_check check (status in ('success', 'failure', 'pending')),
  constraint audit_logs_risk_level_check check (risk_level in ('low', 'medium', 'high', 'critical')),
  constraint audit_logs_retention_period_days_check check (retention_period_days > 0)
) partition by range (id);
create index audit_logs_resource_id_idx on audit.audit_logs (organization_id, resource_type, resource_id, id);
create index audit_logs_user_id_idx on audit.audit_logs (organization_id, user_id, id) where user_id is not null;
create index audit_logs_project_id_idx on audit.audit_logs (organization_id, project_id, id) where project_id is not null;
call platform.adopt_table('audit.audit_logs', 'restricted', '7 years (2555 days a row), then archived', 'select, insert');
call platform.start_partitions('audit.audit_logs', interval '1 month', 0);

create table platform.outbox_events (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  topic           text not null,
  aggregate_type  text not null,
  aggregate_id    uuid not null,
  sequence_number bigint not null generated always as identity,
  event_type      text not null,
  payload         jsonb not null,
  headers         jsonb not null default '{}',
  occurred_at     timestamptz not null default now(),
  published_at    timestamptz,
  attempts        int not null default 0,
  last_error      text,
  primary key (organization_id, id),
  constraint outbox_events_organization_id_fkey foreign key (organization_id) references identity.organizations on update cascade on delete restrict,
  constraint outbox_events_topic_check check (char_length(topic) between 1 and 200),
  constraint outbox_events_aggregate_type_check check (char_length(aggregate_type) between 1 and 100),
  constraint outbox_events_event_type_check check (char_length(event_type) between 1 and 200),
  constraint outbox_events_attempts_check check (attempts >= 0),
  constraint outbox_events_headers_check check (jsonb_typeof(headers) = 'object')
) partition by range (id);
create index outbox_events_waiting_idx on platform.outbox_events (organization_id, sequence_number) where published_at is null;
create index outbox_events_aggregate_id_idx on platform.outbox_events (organization_id, aggregate_type, aggregate_id, sequence_number);
call platform.adopt_table('platform.outbox_events', 'confidential', '30 days after publication', 'select, insert, update, delete');
call platform.start_partitions('platform.outbox_events', interval '1 month', 0);
comment on table audit.audit_logs is
  'Who did what, for whom, to what. Never changed, never removed within its retention, and without references, so that it outlives what it tells of. Partitioned by the month of its identifier.';
comment on column audit.audit_logs.event_type is 'What happened, such as requirement.updated.';
comment on column audit.audit_logs.event_category is 'What kind of event it is, such as data, access or security.';
comment on column audit.audit_logs.status is 'Whether it came about.';
comment on column audit.audit_logs.user_id is 'Who did it. Null: nobody was signed in, or the system.';
comment on column audit.audit_logs.on_behalf_of_user_id is
  'The person an agent acted for. Null: whoever did it acted for themselves.';
comment on column audit.audit_logs.agent_run_id is 'The run of the agent it was part of. Null: no agent was at work.';
comment on column audit.audit_logs.session_id is 'The session or token it came by. Null: neither.';
comment on column audit.audit_logs.project_id is
  'The project of what was changed. Null: it belongs to the organisation as a whole.';
comment on column audit.audit_logs.ip_address is 'Where it came from. Null: from inside.';
comment on column audit.audit_logs.user_agent is 'What the client called itself. Null: nothing.';
comment on column audit.audit_logs.resource_type is 'What kind of thing it was done to. Null: to nothing in particular.';
comment on column audit.audit_logs.resource_id is
  'Which one; text, because not everything has a UUID. Null: to nothing in particular.';
comment on column audit.audit_logs.resource_name is 'What it was called at that time. Null: it has no name.';
comment on column audit.audit_logs.old_values is
  'The changed fields before, masked where they are secret. Null: there was no before.';
comment on column audit.audit_logs.new_values is
  'The changed fields after, masked where they are secret. Null: there is no after.';
comment on column audit.audit_logs.changed_fields is 'Names of the changed fields. Null: nothing was changed.';
comment on column audit.audit_logs.action_description is 'A sentence for people. Null: the type says it.';
comment on column audit.audit_logs.business_context is 'Why, as the person said. Null: nobody asked.';
comment on column audit.audit_logs.risk_level is 'How closely to look at it.';
comment on column audit.audit_logs.application_name is 'Which door it came through. Null: unknown.';
comment on column audit.audit_logs.service_name is 'Which process recorded it. Null: unknown.';
comment on column audit.audit_logs.api_endpoint is 'The method and path that were called. Null: not by HTTP.';
comment on column audit.audit_logs.request_id is 'Finds the request in the logs. Null: not by HTTP.';
comment on column audit.audit_logs.error_message is 'Why it did not come about. Null: it did.';
comment on column audit.audit_logs.compliance_relevant is 'True: auditors will ask for it.';
comment on column audit.audit_logs.retention_period_days is 'How long this row must stay, in days.';
comment on column audit.audit_logs.additional_data is 'Facts that fit nowhere else.';
comment on column audit.audit_logs.occurred_at is 'When it happened.';
comment on constraint audit_logs_event_type_check on audit.audit_logs is 'event type must be 1 to 100 characters long';
comment on constraint audit_logs_event_category_check on audit.audit_logs is 'event category must be 1 to 100 characters long';
comment on constraint audit_logs_retention_period_days_check on audit.audit_logs is
  'retention period days must be greater than zero';
comment on table platform.outbox_events is
  'What has to be told to the outside, stored in the same transaction as the change it tells of. A relay sends it at least once and in order.';
comment on column platform.outbox_events.topic is 'Where it goes.';
comment on column platform.outbox_events.aggregate_type is 'What kind of thing it is about.';
comment on column platform.outbox_events.aggregate_id is 'Which one; events of one thing are sent in order.';
comment on column platform.outbox_events.sequence_number is 'Order of storing. Gaps mean nothing.';
comment on column platform.outbox_events.event_type is 'What happened, such as requirement.updated.';
comment on column platform.outbox_events.payload is 'The event as it will be sent.';
comment on column platform.outbox_events.headers is 'What goes beside it, such as the trace it belongs to.';
comment on column platform.outbox_events.occurred_at is 'When it happened.';
comment on column platform.outbox_events.published_at is 'When it was sent. Null: it waits.';
comment on column platform.outbox_events.attempts is 'How often sending was tried.';
comment on column platform.outbox_events.last_error is 'Why the last try failed. Null: it did not.';
comment on constraint outbox_events_topic_check on platform.outbox_events is 'topic must be 1 to 200 characters long';
comment on constraint outbox_events_aggregate_type_check on platform.outbox_events is
  'aggregate type must be 1 to 100 characters long';
comment on constraint outbox_events_event_type_check on platform.outbox_events is 'event type must be 1 to 200 characters long';
comment on constraint outbox_events_attempts_check on platform.outbox_events is 'attempts must not be negative';
comment on constraint outbox_events_headers_check on platform.outbox_events is 'headers must be a JSON object';
