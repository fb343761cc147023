-- What is used, what it costs, and the reports made of it.

create schema analytics;
comment on schema analytics is 'What is used and what it costs: usage sessions, calls, reports, cost centres, costs.';
grant usage on schema analytics to application_user, readonly_user, super_admin;

create function platform.uuid_v7_at(moment timestamptz) returns uuid language sql volatile parallel safe
  as $$ select encode(substring(uuid_send(platform.uuid_v7_floor(moment)) from 1 for 6)
                      || substring(uuid_send(platform.uuid_v7()) from 7), 'hex')::uuid $$;
comment on function platform.uuid_v7_at(timestamptz) is
  'A new identifier made as if at that moment: a row stored late gets into the partition it belongs to.';

create table analytics.usage_sessions (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  session_id        uuid,
  user_id           uuid not null default platform.current_user_id(),
  ip_address        inet,
  user_agent        text,
  country           text,
  region            text,
  city              text,
  timezone          text,
  page_views        int not null default 0,
  api_calls         int not null default 0,
  llm_interactions  int not null default 0,
  total_tokens_used bigint not null default 0,
  total_cost        numeric(14,6) not null default 0,
  started_at        timestamptz not null default now(),
  last_activity_at  timestamptz not null default now(),
  ended_at          timestamptz,
  duration_seconds  int generated always as (extract(epoch from ended_at - started_at)::int) stored,
  primary key (organization_id, id),
  constraint usage_sessions_organization_id_fkey foreign key (organization_id) references identity.organizations on update cascade on delete restrict,
  constraint usage_sessions_session_id_fkey foreign key (organization_id, session_id) references identity.sessions
    on update cascade on delete set null (session_id),
  constraint usage_sessions_user_agent_check check (char_length(user_agent) <= 1000),
  constraint usage_sessions_country_check check (char_length(country) between 1 and 100),
  constraint usage_sessions_region_check check (char_length(region) between 1 and 100),
  constraint usage_sessions_city_check check (char_length(city) between 1 and 100),
  constraint usage_sessions_timezone_check check (char_length(timezone) between 1 and 50),
  constraint usage_sessions_counts_check check (page_views >= 0 and api_calls >= 0 and llm_interactions >= 0 and total_tokens_used >= 0 and total_cost >= 0),
  constraint usage_sessions_last_activity_at_check check (last_activity_at >= started_at),
  constraint usage_sessions_ended_at_check check (ended_at >= started_at)
);
create index usage_sessions_session_id_idx on analytics.usage_sessions (organization_id, session_id) where session_id is not null;
create index usage_sessions_started_at_idx on analytics.usage_sessions (organization_id, started_at, id);
create index usage_sessions_ip_address_idx on analytics.usage_sessions (organization_id, ip_address) where ip_address is not null;

create table analytics.api_usage_logs (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  request_id          text,
  usage_session_id    uuid,
  user_id             uuid default platform.current_user_id(),
  endpoint            text not null,
  method              text not null,
  status_code         smallint,
  response_time_ms    int,
  request_size_bytes  bigint,
  response_size_bytes bigint,
  error_type          text,
  error_message       text,
  request_headers     jsonb,
  request_params      jsonb,
  response_headers    jsonb,
  occurred_at         timestamptz not null default now(),
  primary key (organization_id, id),
  constraint api_usage_logs_organization_id_fkey foreign key (organization_id) references identity.organizations on update cascade on delete restrict,
  constraint api_usage_logs_usage_session_id_fkey foreign key (organization_id, usage_session_id) references analytics.usage_sessions
    on update cascade on delete set null (usage_session_id),
  constraint api_usage_logs_request_id_check check (char_length(request_id) between 1 and 255),
  constraint api_usage_logs_endpoint_check check (char_length(endpoint) between 1 and 500),
  constraint api_usage_logs_method_check check (method ~ '^[A-Z]{1,10}$'),
  constraint api_usage_logs_status_code_check check (status_code between 100 and 599),
  constraint api_usage_logs_sizes_check check (response_time_ms >= 0 and request_size_bytes >= 0 and response_size_bytes >= 0),
  constraint api_usage_logs_error_type_check check (char_length(error_type) between 1 and 100),
  constraint api_usage_logs_error_message_check check (char_length(error_message) <= 10000),
  constraint api_usage_logs_headers_check check (
    not (coalesce(request_headers, '{}') || coalesce(response_headers, '{}')) ?| array['authorization', 'Authorization', 'cookie', 'Cookie',
      'set-cookie', 'Set-Cookie', 'proxy-authorization', 'Proxy-Authorization', 'x-api-key', 'X-Api-Key', 'X-API-Key'])
) partition by range (id);
create index api_usage_logs_usage_session_id_idx on analytics.api_usage_logs (organization_id, usage_session_id) where usage_session_id is not null;
create index api_usage_logs_occurred_at_idx on analytics.api_usage_logs (organization_id, occurred_at, id);
create index api_usage_logs_endpoint_idx on analytics.api_usage_logs (organization_id, endpoint, id);
create index api_usage_logs_status_code_idx on analytics.api_usage_logs (organization_id, status_code, id);

create table analytics.reports (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  name              text not null,
  description       text,
  report_type       text not null,
  data_sources      jsonb not null,
  filters           jsonb not null default '{}',
  aggregations      jsonb not null default '{}',
  schedule_type     text not null default 'manual',
  schedule_config   jsonb not null default '{}',
  next_run_at       timestamptz,
  is_public         boolean not null default false,
  is_active         boolean not null default true,
  last_generated_at timestamptz,
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now(),
  created_by      uuid default platform.current_user_id(),
  updated_by      uuid,
  row_version     bigint not null default 1,
  deleted_at      timestamptz,
  deleted_by      uuid,
  primary key (organization_id, id),
  constraint reports_organization_id_fkey foreign key (organization_id) references identity.organizations on update cascade on delete restrict,
  constraint reports_name_check check (char_length(name) between 1 and 255),
  constraint reports_description_check check (char_length(description) <= 10000),
  constraint reports_report_type_check check (report_type ~ '^[a-z][a-z0-9_]{0,49}$'),
  constraint reports_data_sources_check check (jsonb_typeof(data_sources) in ('object', 'array')),
  constraint reports_filters_check check (jsonb_typeof(filters) = 'object'),
  constraint reports_aggregations_check check (jsonb_typeof(aggregations) = 'object'),
  constraint reports_schedule_type_check check (schedule_type in ('manual', 'daily', 'weekly', 'monthly')),
  constraint reports_schedule_config_check check (jsonb_typeof(schedule_config) = 'object'),
  constraint reports_next_run_at_check check (next_run_at is null or schedule_type <> 'manual')
);
create index reports_report_type_idx on analytics.reports (organization_id, report_type, id) where deleted_at is null;
create index reports_next_run_at_idx on analytics.reports (organization_id, next_run_at) where next_run_at is not null and is_active and deleted_at is null;

create table analytics.report_shares (
  organization_id uuid not null default platform.current_organization(),
  report_id       uuid not null,
  user_id         uuid not null,
  shared_by       uuid default platform.current_user_id(),
  shared_at       timestamptz not null default now(),
  primary key (organization_id, report_id, user_id),
  constraint report_shares_report_id_fkey foreign key (organization_id, report_id) references analytics.reports on update cascade on delete cascade
);

create table analytics.report_executions (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  report_id         uuid not null,
  execution_type    text not null default 'manual',
  triggered_by      uuid default platform.current_user_id(),
  status            text not null default 'running',
  result_data       jsonb,
  result_file_id    uuid,
  error_message     text,
  execution_time_ms bigint generated always as (greatest((extract(epoch from completed_at - started_at) * 1000)::bigint, 0)) stored,
  rows_processed    bigint,
  started_at        timestamptz not null default now(),
  completed_at      timestamptz,
  primary key (organization_id, id),
  constraint report_executions_report_id_fkey foreign key (organization_id, report_id) references analytics.reports on update cascade on delete cascade,
  constraint report_executions_execution_type_check check (execution_type in ('manual', 'scheduled')),
  constraint report_executions_status_check check (status in ('running', 'completed', 'failed')),
  constraint report_executions_error_message_check check (char_length(error_message) <= 100000),
  constraint report_executions_rows_processed_check check (rows_processed >= 0),
  constraint report_executions_completed_at_check check ((completed_at is null) = (status = 'running')),
  constraint report_executions_outcome_check check (error_message is null or status <> 'completed')
);
create index report_executions_report_id_idx on analytics.report_executions (organization_id, report_id, id);
create index report_executions_status_idx on analytics.report_executions (organization_id, status, id);
create index report_executions_started_at_idx on analytics.report_executions (organization_id, started_at, id);

create table analytics.cost_centers (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  name                  text not null,
  description           text,
  code                  text,
  parent_cost_center_id uuid,
  monthly_budget        numeric(14,2),
  annual_budget         numeric(14,2),
  currency              char(3) not null default 'USD',
  manager_user_id       uuid,
  is_active             boolean not null default true,
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now(),
  created_by      uuid default platform.current_user_id(),
  updated_by      uuid,
  row_version     bigint not null default 1,
  deleted_at      timestamptz,
  deleted_by      uuid,
  primary key (organization_id, id),
  constraint cost_centers_organization_id_fkey foreign key (organization_id) references identity.organizations on update cascade on delete restrict,
  constraint cost_centers_parent_cost_center_id_fkey foreign key (organization_id, parent_cost_center_id) references analytics.cost_centers
    on update cascade on delete restrict,
  constraint cost_centers_name_check check (char_length(name) between 1 and 255),
  constraint cost_centers_description_check check (char_length(description) <= 10000),
  constraint cost_centers_code_check check (char_length(code) between 1 and 50),
  constraint cost_centers_parent_cost_center_id_check check (parent_cost_center_id <> id),
  constraint cost_centers_budget_check check (monthly_budget >= 0 and annual_budget >= 0),
  constraint cost_centers_currency_check check (currency ~ '^[A-Z]{3}$')
);
create unique index cost_centers_name_key on analytics.cost_centers (organization_id, name) where deleted_at is null;
create unique index cost_centers_code_key on analytics.cost_centers (organization_id, code) where code is not null and deleted_at is null;
create index cost_centers_parent_cost_center_id_idx on analytics.cost_centers (organization_id, parent_cost_center_id)
  where parent_cost_center_id is not null;
create trigger forbid_cycle after insert or update of parent_cost_center_id on analytics.cost_centers
  for each row when (new.parent_cost_center_id is not null) execute function platform.forbid_cycle('id', 'parent_cost_center_id', 'organization_id');

-- The month of the identifier, of the moment and of the bill are one, so that a month can be billed, archived and dropped as a partition.
create table analytics.cost_allocations (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  user_id        uuid,
  cost_center_id uuid,
  service_type   text not null,
  resource_id    text,
  cost_amount    numeric(18,6) not null,
  currency       char(3) not null default 'USD',
  billing_period date not null default date_trunc('month', now() at time zone 'UTC')::date,
  usage_quantity numeric(20,6),
  usage_unit     text,
  cost_breakdown jsonb not null default '{}',
  tags           jsonb not null default '{}',
  incurred_at    timestamptz not null default now(),
  recorded_at    timestamptz not null default now(),
  primary key (organization_id, id),
  constraint cost_allocations_organization_id_fkey foreign key (organization_id) references identity.organizations on update cascade on delete restrict,
  constraint cost_allocations_cost_center_id_fkey foreign key (organization_id, cost_center_id) references analytics.cost_centers
    on update cascade on delete restrict,
  constraint cost_allocations_service_type_check check (service_type ~ '^[a-z][a-z0-9_]{0,49}$'),
  constraint cost_allocations_resource_id_check check (char_length(resource_id) between 1 and 255),
  constraint cost_allocations_currency_check check (currency ~ '^[A-Z]{3}$'),
  constraint cost_allocations_billing_period_check check (
    billing_period = date_trunc('month', incurred_at at time zone 'UTC')::date
    and billing_period = date_trunc('month', platform.uuid_v7_time(id) at time zone 'UTC')::date),
  constraint cost_allocations_usage_quantity_check check (usage_quantity >= 0),
  constraint cost_allocations_usage_unit_check check (usage_unit is null or char_length(usage_unit) between 1 and 50 and usage_quantity is not null),
  constraint cost_allocations_cost_breakdown_check check (jsonb_typeof(cost_breakdown) = 'object'),
  constraint cost_allocations_tags_check check (jsonb_typeof(tags) = 'object')
) partition by range (id);
create index cost_allocations_cost_center_id_idx on analytics.cost_allocations (organization_id, cost_center_id, id) where cost_center_id is not null;
create index cost_allocations_billing_period_idx on analytics.cost_allocations (organization_id, billing_period, id);
create index cost_allocations_service_type_idx on analytics.cost_allocations (organization_id, service_type, id);
create index cost_allocations_tags_idx on analytics.cost_allocations using gin (tags jsonb_path_ops);

call platform.adopt_table('analytics.usage_sessions', 'restricted', '2 years');
call platform.refer_to_members('analytics.usage_sessions', 'user_id');
call platform.adopt_table('analytics.api_usage_logs', 'restricted', '13 months', 'select, insert');
call platform.refer_to_members('analytics.api_usage_logs', 'user_id');
call platform.start_partitions('analytics.api_usage_logs', interval '1 month', 0);
call platform.adopt_table('analytics.reports', 'confidential', 'while the organisation exists; 90 days in the bin', p_statistics => array['last_generated_at']);
call platform.adopt_table('analytics.report_shares', 'internal', 'while the report is kept', 'select, insert, update, delete');
call platform.refer_to_members('analytics.report_shares', 'user_id', 'shared_by');
call platform.adopt_table('analytics.report_executions', 'confidential', 'while the report is kept', 'select, insert, update, delete');
call platform.refer_to_members('analytics.report_executions', 'triggered_by');
call platform.adopt_table('analytics.cost_centers', 'confidential', 'while the organisation exists; 90 days in the bin');
call platform.refer_to_members('analytics.cost_centers', 'manager_user_id');
call platform.adopt_table('analytics.cost_allocations', 'confidential', '10 years, then archived', 'select, insert');
call platform.refer_to_members('analytics.cost_allocations', 'user_id');
call platform.start_partitions('analytics.cost_allocations', interval '1 month', 2);

-- A report is its maker's, theirs with whom it is shared, and everybody's who may read reports once it is public. Jobs see all.
-- Who shares with whom is not hidden: if shares asked the report and the report asked its shares, neither could be answered.
create policy own_name on analytics.report_shares as restrictive for insert to public
  with check (shared_by = platform.current_user_id() or platform.current_user_id() is null);
create policy own_end on analytics.report_shares as restrictive for delete to public
  using (user_id = platform.current_user_id() or shared_by = platform.current_user_id() or platform.current_user_id() is null);
create policy owner_access on analytics.reports as restrictive for all to public
  using (is_public or created_by = platform.current_user_id() or platform.current_user_id() is null
    or exists (select from analytics.report_shares s where s.organization_id = reports.organization_id and s.report_id = reports.id
                 and s.user_id = platform.current_user_id()))
  with check (true);
create policy report_access on analytics.report_executions as restrictive for all to public
  using (exists (select from analytics.reports r where r.organization_id = report_executions.organization_id and r.id = report_id))
  with check (exists (select from analytics.reports r where r.organization_id = report_executions.organization_id and r.id = report_id));

call platform.register_table('analytics.reports', 'report', 'case when n.is_public then n.name else ''Private report'' end',
  '{name,is_public,is_active,deleted_at}', 'case when n.is_active then ''active'' else ''inactive'' end', 'n.created_by');

create function analytics.guard_report_share() returns trigger
  language plpgsql
  as $$
begin
  if not exists (select from analytics.reports r where r.organization_id = new.organization_id and r.id = new.report_id) then
    raise exception using
      errcode = 'foreign_key_violation', schema = 'analytics', table = 'report_shares', column = 'report_id',
      constraint = 'report_shares_report_id_fkey',
      message = 'there is no such report to share';
  end if;
  return new;
end
$$;
comment on function analytics.guard_report_share() is 'Nobody shares what they do not see: a foreign key alone asks no row security.';
create trigger guard_report_share before insert on analytics.report_shares
  for each row execute function analytics.guard_report_share();

create function analytics.note_report_generated() returns trigger
  language plpgsql
  as $$
begin
  update analytics.reports r set last_generated_at = greatest(r.last_generated_at, new.completed_at)
  where r.organization_id = new.organization_id and r.id = new.report_id;
  return null;
end
$$;
comment on function analytics.note_report_generated() is 'A report remembers when it was last made without fault.';
create trigger note_report_generated after insert or update of status, completed_at on analytics.report_executions
  for each row when (new.status = 'completed') execute function analytics.note_report_generated();

-- One update for each session, however many calls a statement stores.
create function analytics.count_api_calls() returns trigger
  language plpgsql
  as $$
begin
  update analytics.usage_sessions u set
    api_calls        = u.api_calls + n.calls,
    last_activity_at = greatest(u.last_activity_at, n.last_at)
  from (select organization_id, usage_session_id, count(*) as calls, max(occurred_at) as last_at
        from new_rows where usage_session_id is not null group by 1, 2) n
  where u.organization_id = n.organization_id and u.id = n.usage_session_id;
  return null;
end
$$;
comment on function analytics.count_api_calls() is 'Adds the calls one statement stored to their usage sessions.';
create trigger count_api_calls after insert on analytics.api_usage_logs referencing new table as new_rows
  for each statement execute function analytics.count_api_calls();
comment on table analytics.usage_sessions is
  'What a member did from signing in until leaving. Stays when the session itself is cleaned away.';
comment on column analytics.usage_sessions.session_id is 'The session it measures. Null: that one is cleaned away, or it was a token.';
comment on column analytics.usage_sessions.user_id is 'Who it was.';
comment on column analytics.usage_sessions.ip_address is 'Where it began. Null: unknown.';
comment on column analytics.usage_sessions.user_agent is 'What the client called itself, cut to 1,000 characters. Null: nothing.';
comment on column analytics.usage_sessions.country is 'Where that is, by the address. Null: not looked up.';
comment on column analytics.usage_sessions.region is 'Null: not looked up.';
comment on column analytics.usage_sessions.city is 'Null: not looked up.';
comment on column analytics.usage_sessions.timezone is 'The IANA name of the clock on the wall there. Null: unknown.';
comment on column analytics.usage_sessions.page_views is 'Pages opened. Written by the server in batches.';
comment on column analytics.usage_sessions.api_calls is 'Calls logged. Written by a trigger.';
comment on column analytics.usage_sessions.llm_interactions is 'Answers of language models. Written by the server in batches.';
comment on column analytics.usage_sessions.total_tokens_used is 'Their tokens. Written by the server in batches.';
comment on column analytics.usage_sessions.total_cost is 'What they cost, as estimated. Written by the server in batches.';
comment on column analytics.usage_sessions.started_at is 'When it began.';
comment on column analytics.usage_sessions.last_activity_at is 'When something last happened.';
comment on column analytics.usage_sessions.ended_at is 'When it ended. Null: it goes on.';
comment on column analytics.usage_sessions.duration_seconds is 'From begin to end. Null: it goes on.';
comment on constraint usage_sessions_user_agent_check on analytics.usage_sessions is 'user agent must be at most 1,000 characters long';
comment on constraint usage_sessions_country_check on analytics.usage_sessions is 'country must be 1 to 100 characters long';
comment on constraint usage_sessions_region_check on analytics.usage_sessions is 'region must be 1 to 100 characters long';
comment on constraint usage_sessions_city_check on analytics.usage_sessions is 'city must be 1 to 100 characters long';
comment on constraint usage_sessions_timezone_check on analytics.usage_sessions is 'timezone must be 1 to 50 characters long';
comment on constraint usage_sessions_counts_check on analytics.usage_sessions is 'counts and costs must not be negative';
comment on constraint usage_sessions_last_activity_at_check on analytics.usage_sessions is 'last activity at must not be before started at';
comment on constraint usage_sessions_ended_at_check on analytics.usage_sessions is 'ended at must not be before started at';
comment on table analytics.api_usage_logs is
  'One call of the interface. Never changed. Partitioned by the month of its identifier.';
comment on column analytics.api_usage_logs.request_id is
  'What the client called the request, to find it in both logs. Null: it did not say.';
comment on column analytics.api_usage_logs.usage_session_id is 'The usage session it was part of. Null: none, or that is no longer kept.';
comment on column analytics.api_usage_logs.user_id is 'Who called. Null: nobody was signed in.';
comment on column analytics.api_usage_logs.endpoint is
  'The path as a pattern, without identifiers, so that calls of the same kind count together.';
comment on column analytics.api_usage_logs.method is 'The HTTP method in capitals.';
comment on column analytics.api_usage_logs.status_code is 'What was answered. Null: the connection broke first.';
comment on column analytics.api_usage_logs.response_time_ms is 'How long it took. Null: not measured.';
comment on column analytics.api_usage_logs.request_size_bytes is 'Null: not measured.';
comment on column analytics.api_usage_logs.response_size_bytes is 'Null: not measured.';
comment on column analytics.api_usage_logs.error_type is 'The kind of problem that was answered. Null: none.';
comment on column analytics.api_usage_logs.error_message is 'What the problem said. Null: there was none.';
comment on column analytics.api_usage_logs.request_headers is
  'What is kept of the headers; never those that let somebody in. Null: none is kept.';
comment on column analytics.api_usage_logs.request_params is 'What was asked in the address, masked where personal. Null: nothing.';
comment on column analytics.api_usage_logs.response_headers is 'What is kept of them. Null: none is kept.';
comment on column analytics.api_usage_logs.occurred_at is 'When it came in.';
comment on constraint api_usage_logs_request_id_check on analytics.api_usage_logs is 'request id must be 1 to 255 characters long';
comment on constraint api_usage_logs_endpoint_check on analytics.api_usage_logs is 'endpoint must be 1 to 500 characters long';
comment on constraint api_usage_logs_method_check on analytics.api_usage_logs is 'method must be 1 to 10 capital letters';
comment on constraint api_usage_logs_status_code_check on analytics.api_usage_logs is 'status code must be from 100 to 599';
comment on constraint api_usage_logs_sizes_check on analytics.api_usage_logs is 'response time and sizes must not be negative';
comment on constraint api_usage_logs_error_type_check on analytics.api_usage_logs is 'error type must be 1 to 100 characters long';
comment on constraint api_usage_logs_error_message_check on analytics.api_usage_logs is
  'error message must be at most 10,000 characters long';
comment on constraint api_usage_logs_headers_check on analytics.api_usage_logs is
  'headers that let somebody in, such as authorization and cookie, must be left out';
comment on table analytics.reports is
  'A question asked again and again: where to look, what to leave out, how to sum up, and when.';
comment on column analytics.reports.name is 'What people call it.';
comment on column analytics.reports.description is 'What it answers. Null: the name says it.';
comment on column analytics.reports.report_type is 'What it is about, such as usage, performance, cost or user_behavior.';
comment on column analytics.reports.data_sources is 'What to read: resources and fields.';
comment on column analytics.reports.filters is 'What to leave out, by field; an empty object means nothing.';
comment on column analytics.reports.aggregations is 'How to sum up, by field.';
comment on column analytics.reports.schedule_type is 'How often it is made by itself; manual: never.';
comment on column analytics.reports.schedule_config is 'Finer points of the schedule, such as the hour and the clock it is meant by.';
comment on column analytics.reports.next_run_at is 'When it is made next. Null: by hand only, or the job has not planned it yet.';
comment on column analytics.reports.is_public is 'True: whoever may read reports sees it. False: its maker and those it is shared with.';
comment on column analytics.reports.is_active is 'False: kept, no longer made.';
comment on column analytics.reports.last_generated_at is 'When it was last made without fault. Written by a trigger. Null: never.';
comment on constraint reports_name_check on analytics.reports is 'name must be 1 to 255 characters long';
comment on constraint reports_description_check on analytics.reports is 'description must be at most 10,000 characters long';
comment on constraint reports_report_type_check on analytics.reports is
  'report type must begin with a lower-case letter and hold only lower-case letters, digits and underscores';
comment on constraint reports_data_sources_check on analytics.reports is 'data sources must be a JSON object or array';
comment on constraint reports_filters_check on analytics.reports is 'filters must be a JSON object';
comment on constraint reports_aggregations_check on analytics.reports is 'aggregations must be a JSON object';
comment on constraint reports_schedule_config_check on analytics.reports is 'schedule config must be a JSON object';
comment on constraint reports_next_run_at_check on analytics.reports is 'a report made by hand has no next run';
comment on table analytics.report_shares is
  'A member with whom a report is shared.';
comment on column analytics.report_shares.report_id is 'The report; the row goes away with it.';
comment on column analytics.report_shares.user_id is 'Who may see it.';
comment on column analytics.report_shares.shared_by is 'Who shared it. Null: the system did.';
comment on column analytics.report_shares.shared_at is 'When.';
comment on table analytics.report_executions is
  'One making of a report: when, by whom, with what result.';
comment on column analytics.report_executions.report_id is 'The report; the row goes away with it.';
comment on column analytics.report_executions.execution_type is 'Whether somebody asked or the schedule did.';
comment on column analytics.report_executions.triggered_by is 'Who asked. Null: the schedule.';
comment on column analytics.report_executions.status is 'How it stands.';
comment on column analytics.report_executions.result_data is
  'The answer, where it is small enough. Null: not finished, or it is in the file.';
comment on column analytics.report_executions.result_file_id is
  'The answer as a stored file. Null: there is none. The reference to documents.files arrives with that table.';
comment on column analytics.report_executions.error_message is 'What went wrong. Null: nothing.';
comment on column analytics.report_executions.execution_time_ms is
  'From begin to end, by the clocks of whoever noted them; never negative. Null: it runs.';
comment on column analytics.report_executions.rows_processed is 'How many rows were read for it. Null: not counted.';
comment on column analytics.report_executions.started_at is 'When it began.';
comment on column analytics.report_executions.completed_at is 'When it ended, well or not. Null: it runs.';
comment on constraint report_executions_error_message_check on analytics.report_executions is
  'error message must be at most 100,000 characters long';
comment on constraint report_executions_rows_processed_check on analytics.report_executions is 'rows processed must not be negative';
comment on constraint report_executions_completed_at_check on analytics.report_executions is
  'a run has an end exactly when it no longer runs';
comment on constraint report_executions_outcome_check on analytics.report_executions is 'a run that was completed has no error message';
comment on table analytics.cost_centers is
  'Where costs are borne; centres may be part of others.';
comment on column analytics.cost_centers.name is 'What people call it; unique among live ones.';
comment on column analytics.cost_centers.description is 'What belongs to it. Null: the name says it.';
comment on column analytics.cost_centers.code is 'What bookkeeping calls it; unique among live ones. Null: it has no number.';
comment on column analytics.cost_centers.parent_cost_center_id is 'The centre it is part of. Null: it stands alone.';
comment on column analytics.cost_centers.monthly_budget is 'What may be spent in a month. Null: no budget was set.';
comment on column analytics.cost_centers.annual_budget is 'What may be spent in a year. Null: no budget was set.';
comment on column analytics.cost_centers.currency is 'The currency of both budgets.';
comment on column analytics.cost_centers.manager_user_id is 'Who answers for it. Null: nobody.';
comment on column analytics.cost_centers.is_active is 'False: kept for old costs, no longer offered.';
comment on constraint cost_centers_name_check on analytics.cost_centers is 'name must be 1 to 255 characters long';
comment on constraint cost_centers_description_check on analytics.cost_centers is 'description must be at most 10,000 characters long';
comment on constraint cost_centers_code_check on analytics.cost_centers is 'code must be 1 to 50 characters long';
comment on constraint cost_centers_parent_cost_center_id_check on analytics.cost_centers is
  'parent cost center must not be the record itself';
comment on constraint cost_centers_budget_check on analytics.cost_centers is 'budgets must not be negative';
comment on constraint cost_centers_currency_check on analytics.cost_centers is 'currency must be three capital letters';
comment on table analytics.cost_allocations is
  'A cost and who bears it. Never changed: a mistake is set right by a second row with the opposite amount. Partitioned by the month it was incurred in.';
comment on column analytics.cost_allocations.user_id is 'Who caused it. Null: nobody in particular.';
comment on column analytics.cost_allocations.cost_center_id is 'Who bears it. Null: not assigned yet; a later pair of rows moves it.';
comment on column analytics.cost_allocations.service_type is 'What it is for, such as llm, storage, compute or api.';
comment on column analytics.cost_allocations.resource_id is
  'What exactly; text, because it may be known elsewhere only. Null: nothing in particular.';
comment on column analytics.cost_allocations.cost_amount is 'How much; negative for a credit.';
comment on column analytics.cost_allocations.currency is 'In which currency.';
comment on column analytics.cost_allocations.billing_period is 'The first day of the month it is billed in, by UTC.';
comment on column analytics.cost_allocations.usage_quantity is 'How much was used. Null: it is a flat cost.';
comment on column analytics.cost_allocations.usage_unit is
  'Of what, such as tokens, requests, gb_hours or minutes. Null: it is a flat cost.';
comment on column analytics.cost_allocations.cost_breakdown is 'What it is made of, by name; an empty object means it is one piece.';
comment on column analytics.cost_allocations.tags is 'Keys and values for finding it again.';
comment on column analytics.cost_allocations.incurred_at is 'When it arose; the identifier is made as of this moment.';
comment on column analytics.cost_allocations.recorded_at is 'When it was stored.';
comment on constraint cost_allocations_service_type_check on analytics.cost_allocations is
  'service type must begin with a lower-case letter and hold only lower-case letters, digits and underscores';
comment on constraint cost_allocations_resource_id_check on analytics.cost_allocations is 'resource id must be 1 to 255 characters long';
comment on constraint cost_allocations_currency_check on analytics.cost_allocations is 'currency must be three capital letters';
comment on constraint cost_allocations_billing_period_check on analytics.cost_allocations is
  'billing period must be the first day of the month of incurred at, and the identifier must be of the same month';
comment on constraint cost_allocations_usage_quantity_check on analytics.cost_allocations is 'usage quantity must not be negative';
comment on constraint cost_allocations_usage_unit_check on analytics.cost_allocations is
  'usage unit must be 1 to 50 characters long and go with a quantity';
comment on constraint cost_allocations_cost_breakdown_check on analytics.cost_allocations is 'cost breakdown must be a JSON object';
comment on constraint cost_allocations_tags_check on analytics.cost_allocations is 'tags must be a JSON object';

insert into authz.resource_types (name, description) values
  ('usage',       'Who used what: usage sessions and calls of the interface.'),
  ('report',      'Reports, their shares and runs.'),
  ('cost_center', 'Cost centres and their budgets.'),
  ('cost',        'Costs and who bears them.');
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
where t.name in ('usage', 'report', 'cost_center', 'cost');
insert into authz.role_grants_template (role_code, resource_type, actions) values
  ('viewer', 'report', '{read,export}'),
  ('developer', 'report', '{create,update,delete,restore}'),
  ('developer', 'cost_center', '{read}'),
  ('admin', 'usage', '{read,export}'),
  ('admin', 'cost_center', '{create,update,delete,restore,export}'),
  ('admin', 'cost', '{read,create,export}');
