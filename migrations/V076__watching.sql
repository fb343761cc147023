-- The server watches itself and its database: figures are kept over time, and one that misses its target for long opens one alert.

-- What would be good, and from where on it is bad -----------------------------------------------------------------------

alter table platform.metric_definitions add column critical_value double precision;
alter table platform.metric_definitions add column misses int not null default 3;
alter table platform.metric_definitions add column whole_days int;
alter table platform.metric_definitions add column advice text;
alter table platform.metric_definitions add constraint metric_definitions_critical_check
  check (critical_value is null or target_value is not null) not valid;
alter table platform.metric_definitions add constraint metric_definitions_misses_check check (misses between 1 and 100) not valid;
alter table platform.metric_definitions add constraint metric_definitions_whole_days_check check (whole_days between 1 and 395) not valid;
alter table platform.metric_definitions add constraint metric_definitions_advice_check check (char_length(advice) between 1 and 1000) not valid;
comment on column platform.metric_definitions.critical_value is
  'The value beyond which a miss is critical, in the unit and by the operator of the target. Null: no miss is.';
comment on column platform.metric_definitions.misses is
  'So many measurements in a row must miss the target to open an alert, and as many must meet it to close one.';
comment on column platform.metric_definitions.whole_days is
  'After so many days one measurement an hour is kept. Null: all of them are, as long as measurements are kept at all.';
comment on column platform.metric_definitions.advice is 'What to do when the target is missed. Null: nobody has said.';
comment on constraint metric_definitions_critical_check on platform.metric_definitions is 'a critical value needs a target';
comment on constraint metric_definitions_misses_check on platform.metric_definitions is 'misses must be from 1 to 100';
comment on constraint metric_definitions_whole_days_check on platform.metric_definitions is 'whole days must be from 1 to 395';
comment on constraint metric_definitions_advice_check on platform.metric_definitions is 'advice must be 1 to 1,000 characters long';

insert into platform.metric_definitions (name, kind, unit, description, target_operator, target_value, critical_value, advice) values
  ('http.latency_p50',     'gauge', 'milliseconds',        'Half of the requests since the measurement before were answered within this time.', null, null, null, null),
  ('http.latency_p95',     'gauge', 'milliseconds',        'Nineteen of twenty requests since the measurement before were answered within this time.', '<', 1000, 5000,
   'Look for slow statements (platform.v_slow_queries), for other load on the machine, and for callers that ask for much at once.'),
  ('http.latency_p99',     'gauge', 'milliseconds',        'Ninety-nine of a hundred requests since the measurement before were answered within this time.', null, null, null, null),
  ('http.request_rate',    'gauge', 'requests a second',   'Requests answered a second since the measurement before, without those of monitors.', null, null, null, null),
  ('http.error_rate',      'gauge', 'percent',             'Share of requests since the measurement before that failed on our side (5xx).', '<', 1, 10,
   'The log names each failed request and why; `throughline doctor` looks at the database.'),
  ('http.slow_requests',   'gauge', 'requests',            'Requests since the measurement before that took longer than a second.', null, null, null, null),
  ('db.connections_used',  'gauge', 'percent',             'Share of the connections the database allows that are taken.', '<', 80, 95,
   'End clients that are not needed, raise max_connections, or put PgBouncer before the database.'),
  ('db.pool_waits',        'gauge', 'requests',            'Requests since the measurement before that found no free connection in time.', '=', 0, null,
   'More is asked at once than the database answers: look for slow statements and for callers that ask for much at once.'),
  ('db.longest_transaction', 'gauge', 'seconds',           'Age of the oldest transaction that is open.', '<', 900, 3600,
   '`throughline doctor` names the client: end it, because it keeps dead rows alive and may hold locks.'),
  ('db.deadlocks',         'gauge', 'deadlocks',           'Deadlocks since the measurement before.', null, null, null, null),
  ('db.dead_rows',         'gauge', 'rows',                'Rows that are gone but still take room.', null, null, null, null),
  ('db.growth',            'gauge', 'bytes a day',         'How fast the database grew over the last seven days.', null, null, null, null),
  ('db.partitions_missing', 'gauge', 'partitions',         'Partitions for this interval and the next that are not there.', '=', 0, null,
   'Run `throughline maintain`, and see in the log of the server why it does not do so itself.'),
  ('disk.free',            'gauge', 'bytes',               'Room on the disk of the embedded database.', '>', 5368709120, 1073741824,
   'Make room, or move the data directory to a larger disk, before it is full.'),
  ('disk.free_share',      'gauge', 'percent',             'Share of that disk that is free.', '>', 10, 5,
   'Make room, or move the data directory to a larger disk, before it is full.'),
  ('disk.days_left',       'gauge', 'days',                'Days until that disk is full, if the database grows as it did; at most 3650.', '>', 30, 7,
   'Make room, shorten what security.retention_policies keeps, or move the data directory to a larger disk.'),
  ('backup.archive_lag',   'gauge', 'seconds',             'What would be lost with the disk: since the moment up to which everything is stored elsewhere.', '<', 300, 3600,
   'The log of the server says why the place of the backups takes nothing; `throughline doctor` looks at it.'),
  ('imports.oldest_waiting', 'gauge', 'seconds',           'How long the oldest import has waited or run.', '<', 3600, null,
   'See the import and the log of the server; a restart takes up what was left.'),
  ('webhooks.waiting',     'gauge', 'messages',            'Messages of repository servers that are due and not worked on.', '<', 1000, null,
   'See the page Webhooks of the project for what the messages wait for, and the log of the server.');

-- What was counted from the start would never meet its target again; what came since the measurement before can.
update platform.metric_definitions set kind = 'gauge', critical_value = null, advice = 'The log of the server names each of them; `throughline doctor` looks at the database.',
       description = 'Statements since the measurement before that failed for no fault of whoever asked.', target_operator = '=', target_value = 0
 where name = 'db.failed_queries';
update platform.metric_definitions set kind = 'gauge', advice = 'See whether the database is up and reachable, and whether it allows more connections.',
       description = 'Connections since the measurement before that could not be made.', target_operator = '=', target_value = 0
 where name = 'db.connection_errors';
update platform.metric_definitions set kind = 'gauge', advice = 'platform.v_lock_waits names who waits for whom; end the client that holds the lock.',
       description = 'Statements since the measurement before that gave up waiting for a lock.'
 where name = 'db.lock_timeouts';
update platform.metric_definitions set critical_value = 90, advice = 'The database reads from the disk what does not fit into memory: raise shared_buffers, or give the machine more.',
       description = 'Share of pages found in memory since the measurement before.'
 where name = 'db.cache_hit_ratio';
update platform.metric_definitions set critical_value = 60, advice = 'See whether the replica is up and how loaded it and the network are.' where name = 'dq.replication_lag';
-- Nothing of ours publishes events, so they wait for ever where nobody reads them; whoever does gives this a target.
update platform.metric_definitions set target_operator = null, target_value = null, advice = 'See whether what publishes events is up.'
 where name = 'outbox.oldest_unpublished';
update platform.metric_definitions set critical_value = 50, advice = 'See whether the service is up, and whether its address for health checks is right.' where name = 'service.availability';
update platform.metric_definitions set whole_days = 31 where name !~ '^dq\.' or name = 'dq.replication_lag';

-- Other targets than these ----------------------------------------------------------------------------------------------

create table platform.metric_targets (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  metric_name     text not null,
  subject         text not null default '',
  target_operator text not null,
  target_value    double precision not null,
  critical_value  double precision,
  misses          int not null default 3,
  is_active       boolean not null default true,
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now(),
  created_by      uuid default platform.current_user_id(),
  updated_by      uuid,
  row_version     bigint not null default 1,
  primary key (organization_id, id),
  constraint metric_targets_organization_id_fkey foreign key (organization_id) references identity.organizations on update cascade on delete restrict,
  constraint metric_targets_metric_name_fkey foreign key (metric_name) references platform.metric_definitions on update cascade on delete cascade,
  constraint metric_targets_metric_name_key unique (organization_id, metric_name, subject),
  constraint metric_targets_subject_check check (char_length(subject) <= 500),
  constraint metric_targets_target_operator_check check (target_operator in ('<', '<=', '>', '>=', '=')),
  constraint metric_targets_target_value_check check (target_value <> 'NaN'::double precision),
  constraint metric_targets_critical_value_check check (critical_value <> 'NaN'::double precision),
  constraint metric_targets_misses_check check (misses between 1 and 100)
);
create index metric_targets_metric_name_idx on platform.metric_targets (metric_name, organization_id);
call platform.adopt_table('platform.metric_targets', 'internal', 'while the organisation exists', 'select, insert, update, delete');
comment on table platform.metric_targets is
  'A target that holds here in place of the one the program declares. Without a row, that of platform.metric_definitions holds.';
comment on column platform.metric_targets.metric_name is 'The metric it is for.';
comment on column platform.metric_targets.subject is
  'Of what: a server as host:port, a service by name; once each. Empty: of everything that has no target of its own.';
comment on column platform.metric_targets.target_operator is 'How the value should stand to the target.';
comment on column platform.metric_targets.target_value is 'The target, in the unit of the metric.';
comment on column platform.metric_targets.critical_value is 'The value beyond which a miss is critical. Null: no miss is.';
comment on column platform.metric_targets.misses is
  'So many measurements in a row must miss the target to open an alert, and as many must meet it to close one.';
comment on column platform.metric_targets.is_active is 'False: the metric opens no alert.';
comment on constraint metric_targets_subject_check on platform.metric_targets is 'subject must be at most 500 characters long';
comment on constraint metric_targets_target_value_check on platform.metric_targets is 'target value must be a number';
comment on constraint metric_targets_critical_value_check on platform.metric_targets is 'critical value must be a number';
comment on constraint metric_targets_misses_check on platform.metric_targets is 'misses must be from 1 to 100';

-- Whoever changes a target can silence an alert, which whoever merely measures must not.
call platform.declare_resource_type('metric_target', 'What metrics should come to here, and whether they open alerts.', '{read,export}', '{}', '{create,update,delete,restore}');

-- What missed its target for long ---------------------------------------------------------------------------------------

create table platform.metric_alerts (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  metric_name     text not null,
  subject         text not null default '',
  severity        text not null,
  target_operator text not null,
  target_value    double precision not null,
  opening_value   double precision not null,
  latest_value    double precision not null,
  opened_at       timestamptz not null default now(),
  measured_at     timestamptz not null default now(),
  closed_at       timestamptz,
  outcome         text,
  primary key (organization_id, id),
  constraint metric_alerts_organization_id_fkey foreign key (organization_id) references identity.organizations on update cascade on delete restrict,
  constraint metric_alerts_metric_name_fkey foreign key (metric_name) references platform.metric_definitions on update cascade on delete restrict,
  constraint metric_alerts_subject_check check (char_length(subject) <= 500),
  constraint metric_alerts_severity_check check (severity in ('warning', 'critical')),
  constraint metric_alerts_target_operator_check check (target_operator in ('<', '<=', '>', '>=', '=')),
  constraint metric_alerts_outcome_check check (outcome in ('well_again', 'no_longer_measured', 'no_target')),
  constraint metric_alerts_closed_at_check check ((closed_at is null) = (outcome is null) and closed_at >= opened_at)
);
create unique index metric_alerts_open_key on platform.metric_alerts (organization_id, metric_name, subject) where closed_at is null;
create index metric_alerts_metric_name_idx on platform.metric_alerts (metric_name, organization_id, id);
call platform.adopt_table('platform.metric_alerts', 'internal', '13 months after it closed', 'select, insert, update');
insert into security.retention_policies (table_schema, table_name, retention_period, expiry_column, disposal, basis)
values ('platform', 'metric_alerts', interval '13 months', 'closed_at', 'delete', 'Thirteen months, like the measurements behind them.');
comment on table platform.metric_alerts is
  'A metric that missed its target so many times in a row, until it met it as often. Opened and closed by the server; at most one is open for a metric and subject.';
comment on column platform.metric_alerts.metric_name is 'What missed its target.';
comment on column platform.metric_alerts.subject is 'Of what: a server as host:port, a service by name. Empty: the installation as a whole.';
comment on column platform.metric_alerts.severity is 'warning: the target was missed; critical: by as much as its critical value. Only rises while it is open.';
comment on column platform.metric_alerts.target_operator is 'How the value should have stood to the target when it opened.';
comment on column platform.metric_alerts.target_value is 'The target when it opened.';
comment on column platform.metric_alerts.opening_value is 'The value that opened it.';
comment on column platform.metric_alerts.latest_value is 'The value measured last while it was open.';
comment on column platform.metric_alerts.opened_at is 'When it opened.';
comment on column platform.metric_alerts.measured_at is 'When the latest value was measured.';
comment on column platform.metric_alerts.closed_at is 'When it closed. Null: it is open.';
comment on column platform.metric_alerts.outcome is
  'Why it closed; no_longer_measured: nothing was measured for a day, such as of a server that is gone; no_target: nothing is wanted of it any more. Null: it is open.';
comment on constraint metric_alerts_subject_check on platform.metric_alerts is 'subject must be at most 500 characters long';
comment on constraint metric_alerts_closed_at_check on platform.metric_alerts is
  'an alert that is closed, and no other, must say when and why, and not before it opened';

-- What the database says of itself --------------------------------------------------------------------------------------

create function platform.take_vitals()
  returns table (metric text, value double precision, is_total boolean)
  language plpgsql
  as $$
#variable_conflict use_column
declare
  holder    uuid;
  found     record;
  due       bigint := 0;
  messages  bigint := 0;
  importing timestamptz;
  unsent    timestamptz;
begin
  return query
    select m.metric, m.value, false
    from (select coalesce(sum(c.connections), 0)::double precision as taken, coalesce(max(c.longest_transaction_seconds), 0) as longest
          from platform.v_connections c) n
    cross join lateral (values
      ('db.size',                pg_database_size(current_database())::double precision),
      ('db.connections',         n.taken),
      ('db.connections_used',    100 * n.taken / current_setting('max_connections')::int),
      -- Whoever may not see what others do would take every transaction for a young one.
      ('db.longest_transaction', case when pg_has_role('pg_read_all_stats', 'usage') then n.longest end),
      ('db.dead_rows',           (select coalesce(sum(s.n_dead_tup), 0)::double precision from pg_stat_user_tables s)),
      ('db.partitions_missing',
        (select count(*)::double precision
         from platform.table_facts f
         cross join unnest(platform.missing_partitions(f.table_schema || '.' || f.table_name,
                           array[now(), (date_trunc('month', now(), 'UTC') at time zone 'UTC' + f.partition_interval) at time zone 'UTC']))
         where f.partition_interval is not null)),
      ('dq.replication_lag',
        (select case when count(*) > 0 then coalesce(extract(epoch from max(r.replay_lag)), 0)::double precision end
         from pg_stat_replication r where r.replay_lsn is not null))) as m (metric, value)
    where m.value is not null;

  return query
    select m.metric, m.value::double precision, true
    from pg_stat_database d
    cross join lateral (values ('db.pages_found', d.blks_hit), ('db.pages_read', d.blks_read), ('db.deadlocks', d.deadlocks)) as m (metric, value)
    where d.datname = current_database();

  -- Row security holds for whoever runs this too, so it becomes each organisation in turn.
  for holder in select platform.all_organizations() loop
    perform set_config('app.current_organization_id', holder::text, true), set_config('app.project_access', 'all', true);
    select (select count(*) from platform.jobs j where j.organization_id = holder and j.status = 'queued' and j.run_after <= now()) as jobs,
           (select count(*) from platform.webhook_deliveries w where w.organization_id = holder and w.next_attempt_at <= now()) as messages,
           (select min(coalesce(i.started_at, i.created_at)) from platform.imports i
             where i.organization_id = holder and i.status in ('queued', 'running')) as importing,
           (select o.occurred_at from platform.outbox_events o where o.organization_id = holder and o.published_at is null
             order by o.sequence_number limit 1) as unsent
      into found;
    due := due + found.jobs;
    messages := messages + found.messages;
    importing := least(importing, found.importing);
    unsent := least(unsent, found.unsent);
  end loop;
  perform set_config('app.current_organization_id', '', true), set_config('app.project_access', '', true);

  return query
    select m.metric, m.value, false
    from (values
      ('jobs.waiting',              due::double precision),
      ('webhooks.waiting',          messages::double precision),
      ('imports.oldest_waiting',    coalesce(extract(epoch from now() - importing), 0)::double precision),
      ('outbox.oldest_unpublished', coalesce(extract(epoch from now() - unsent), 0)::double precision)) as m (metric, value);
end
$$;
comment on function platform.take_vitals() is
  'What the database says of itself now, by metric. A total has been counted since its statistics were reset: the difference to the last look tells. '
  'For the owner; what cannot be known here has no row.';
revoke execute on function platform.take_vitals() from public;

-- How services are is asked all the time ---------------------------------------------------------------------------------

update platform.table_facts set statistics = '{health_status,last_health_check_at}' where (table_schema, table_name) = ('platform', 'service_instances');
drop trigger touch on platform.service_instances;
create trigger touch before update of organization_id, id, service_id, version, host, port, protocol, base_path, health_check_url, is_active, registered_at
  on platform.service_instances for each row execute function platform.touch();

-- Measurements by the hour ----------------------------------------------------------------------------------------------

create function platform.thin_metric_samples(p_now timestamptz default now()) returns bigint
  language plpgsql
  as $$
declare
  holder uuid;
  gone   bigint;
  total  bigint := 0;
begin
  for holder in select platform.all_organizations() loop
    perform set_config('app.current_organization_id', holder::text, true), set_config('app.project_access', 'all', true);
    delete from platform.metric_samples s
    using (select o.id, row_number() over (partition by o.metric_name, o.service_id, o.environment_id, o.labels, date_trunc('hour', o.observed_at, 'UTC')
                                           order by o.id) as place
           from platform.metric_definitions d
           join platform.metric_samples o on o.metric_name = d.name and o.organization_id = holder
            and o.id < platform.uuid_v7_floor(p_now - make_interval(days => d.whole_days))
           where d.whole_days is not null) as old
    where s.organization_id = holder and s.id = old.id and old.place > 1;
    get diagnostics gone = row_count;
    total := total + gone;
  end loop;
  perform set_config('app.current_organization_id', '', true), set_config('app.project_access', '', true);
  return total;
end
$$;
comment on function platform.thin_metric_samples(timestamptz) is
  'Of measurements that are older than their metric keeps whole, leaves the first of each hour. Answers how many went. Run daily by the owner '
  '(throughline maintain), harmless to repeat.';
revoke execute on function platform.thin_metric_samples(timestamptz) from public;
