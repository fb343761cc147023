-- Where builds run: environments, deployments and what was checked before and after.

create table delivery.environments (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  name            text not null,
  tier            text not null,
  project_id      uuid,
  url             text,
  is_protected    boolean not null default false,
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now(),
  created_by      uuid default platform.current_user_id(),
  updated_by      uuid,
  row_version     bigint not null default 1,
  deleted_at      timestamptz,
  deleted_by      uuid,
  primary key (organization_id, id),
  constraint environments_organization_id_fkey foreign key (organization_id) references identity.organizations on update cascade on delete restrict,
  constraint environments_project_id_fkey foreign key (organization_id, project_id) references work.projects on update cascade on delete cascade,
  constraint environments_name_check check (char_length(name) between 1 and 100),
  constraint environments_tier_check check (tier in ('development', 'test', 'staging', 'production')),
  constraint environments_url_check check (url ~ '^https?://' and char_length(url) <= 2000)
);
create unique index environments_name_key on delivery.environments (organization_id, project_id, name) nulls not distinct where deleted_at is null;
create index environments_project_id_idx on delivery.environments (organization_id, project_id);

create table delivery.deployments (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  project_id      uuid not null,
  build_id               uuid,
  service_id             uuid,
  environment_id         uuid not null,
  version                text not null,
  status                 text not null default 'pending',
  deployment_strategy    text not null default 'rolling',
  canary_percentage      smallint,
  started_at             timestamptz,
  completed_at           timestamptz,
  deployed_at            timestamptz,
  duration_seconds       int generated always as (extract(epoch from completed_at - started_at)::int) stored,
  deployed_by            uuid,
  approved_by            uuid,
  approval_notes         text,
  deployment_log         text,
  deployment_errors      text,
  rollback_reason        text,
  rolled_back_at         timestamptz,
  rolled_back_to_build_id uuid,
  health_check_status    text not null default 'unknown',
  performance_metrics    jsonb not null default '{}',
  error_rate_percent     numeric(5,2),
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now(),
  row_version     bigint not null default 1,
  primary key (organization_id, id),
  constraint deployments_project_id_key unique (organization_id, project_id, id),
  constraint deployments_project_id_fkey foreign key (organization_id, project_id) references work.projects on update cascade on delete restrict,
  constraint deployments_build_id_fkey foreign key (organization_id, project_id, build_id)
    references delivery.builds (organization_id, project_id, id) on update cascade on delete restrict,
  constraint deployments_rolled_back_to_build_id_fkey foreign key (organization_id, project_id, rolled_back_to_build_id)
    references delivery.builds (organization_id, project_id, id) on update cascade on delete restrict,
  constraint deployments_environment_id_fkey foreign key (organization_id, environment_id) references delivery.environments
    on update cascade on delete restrict,
  constraint deployments_subject_check check (num_nonnulls(build_id, service_id) >= 1),
  constraint deployments_version_check check (char_length(version) between 1 and 200),
  constraint deployments_status_check check (status in ('pending', 'deploying', 'success', 'failed', 'rolled_back')),
  constraint deployments_deployment_strategy_check check (deployment_strategy in ('blue_green', 'canary', 'rolling', 'ramp')),
  constraint deployments_canary_percentage_check check (canary_percentage between 0 and 100),
  constraint deployments_completed_at_check check (completed_at >= started_at),
  constraint deployments_approval_notes_check check (char_length(approval_notes) <= 10000),
  constraint deployments_deployment_log_check check (char_length(deployment_log) <= 10000000),
  constraint deployments_deployment_errors_check check (char_length(deployment_errors) <= 10000000),
  constraint deployments_rollback_reason_check check (char_length(rollback_reason) <= 10000),
  constraint deployments_rolled_back_at_check check (status <> 'rolled_back' or rolled_back_at is not null),
  constraint deployments_health_check_status_check check (health_check_status in ('healthy', 'unhealthy', 'degraded', 'unknown')),
  constraint deployments_error_rate_percent_check check (error_rate_percent between 0 and 100),
  constraint deployments_performance_metrics_check check (jsonb_typeof(performance_metrics) = 'object')
);
create index deployments_build_id_idx on delivery.deployments (organization_id, build_id, project_id, id) where build_id is not null;
create index deployments_rolled_back_to_build_id_idx on delivery.deployments (organization_id, rolled_back_to_build_id, project_id)
  where rolled_back_to_build_id is not null;
create index deployments_environment_id_idx on delivery.deployments (organization_id, environment_id, id);
create index deployments_project_id_idx on delivery.deployments (project_id, environment_id, id) where status = 'success';
create index deployments_status_idx on delivery.deployments (organization_id, status, project_id, id);
create index deployments_updated_at_idx on delivery.deployments (project_id, updated_at, id);

create table delivery.deployment_checks (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  project_id      uuid not null,
  deployment_id   uuid not null,
  check_phase     text not null,
  position        int not null default 1,
  name            text not null,
  target          text,
  status          text not null default 'pending',
  details         jsonb not null default '{}',
  checked_at      timestamptz,
  primary key (organization_id, id),
  constraint deployment_checks_deployment_id_fkey foreign key (organization_id, project_id, deployment_id)
    references delivery.deployments (organization_id, project_id, id) on update cascade on delete cascade,
  constraint deployment_checks_position_key unique (organization_id, deployment_id, project_id, check_phase, position) deferrable initially immediate,
  constraint deployment_checks_check_phase_check check (check_phase in ('pre', 'post', 'endpoint')),
  constraint deployment_checks_position_check check (position > 0),
  constraint deployment_checks_name_check check (char_length(name) between 1 and 500),
  constraint deployment_checks_target_check check (char_length(target) <= 2000),
  constraint deployment_checks_status_check check (status in ('pending', 'passed', 'failed', 'skipped')),
  constraint deployment_checks_checked_at_check check (status = 'pending' or checked_at is not null),
  constraint deployment_checks_details_check check (jsonb_typeof(details) = 'object')
);

call platform.adopt_table('delivery.environments', 'internal', 'while the organisation exists; 90 days in the bin');
call platform.adopt_table('delivery.deployments', 'confidential', 'while the project exists', 'select, insert, update, delete');
call platform.refer_to_members('delivery.deployments', 'deployed_by', 'approved_by');
call platform.adopt_table('delivery.deployment_checks', 'confidential', 'while the deployment exists', 'select, insert, update, delete');
call platform.register_table('delivery.deployments', 'deployment', 'n.version', '{version,status,deployed_by,project_id}', 'n.status', 'n.deployed_by');
comment on table delivery.environments is
  'A place where builds run. Every organisation starts with four; a project may have its own.';
comment on column delivery.environments.name is
  'What people call it; unique among the live ones of a project, or of the organisation.';
comment on column delivery.environments.tier is 'How far it is from the users; production counts for what is in use.';
comment on column delivery.environments.project_id is 'The only project that uses it. Null: all projects of the organisation do.';
comment on column delivery.environments.url is 'Where to find it. Null: nowhere to go to.';
comment on column delivery.environments.is_protected is 'True: a deployment needs somebody''s approval.';
comment on constraint environments_name_check on delivery.environments is 'name must be 1 to 100 characters long';
comment on constraint environments_url_check on delivery.environments is
  'url must begin with http:// or https:// and be at most 2,000 characters long';
comment on table delivery.deployments is 'A build, or a version of a service, brought to an environment.';
comment on column delivery.deployments.build_id is 'What was brought. Null: a version of a service was.';
comment on column delivery.deployments.service_id is
  'The service. Null: a build was brought. The reference to platform.services arrives with that table.';
comment on column delivery.deployments.environment_id is 'Where to.';
comment on column delivery.deployments.version is 'The version as people call it.';
comment on column delivery.deployments.status is 'What an environment runs is its latest success.';
comment on column delivery.deployments.deployment_strategy is 'How it goes out.';
comment on column delivery.deployments.canary_percentage is 'Share of users who get it, 0 to 100. Null: not a canary.';
comment on column delivery.deployments.started_at is 'Null: not yet.';
comment on column delivery.deployments.completed_at is 'Null: not yet.';
comment on column delivery.deployments.deployed_at is 'From when it served users. Null: it never did.';
comment on column delivery.deployments.duration_seconds is 'From start to completion. Null: not complete.';
comment on column delivery.deployments.deployed_by is 'The member who set it off. Null: a machine did.';
comment on column delivery.deployments.approved_by is 'The member who agreed. Null: nobody had to, or nobody has yet.';
comment on column delivery.deployments.approval_notes is 'What they had to say. Null: nothing.';
comment on column delivery.deployments.deployment_log is 'What the deployment wrote. Null: nothing was kept.';
comment on column delivery.deployments.deployment_errors is 'What it wrote as errors. Null: nothing was kept.';
comment on column delivery.deployments.rollback_reason is 'Why it was taken back. Null: it was not.';
comment on column delivery.deployments.rolled_back_at is 'When it was taken back. Null: it was not.';
comment on column delivery.deployments.rolled_back_to_build_id is
  'What runs instead. Null: it was not taken back, or nothing runs.';
comment on column delivery.deployments.health_check_status is 'What the checks say; unknown until one has run.';
comment on column delivery.deployments.performance_metrics is 'Measurements by name.';
comment on column delivery.deployments.error_rate_percent is 'Share of requests that failed, 0 to 100. Null: not measured.';
comment on constraint deployments_subject_check on delivery.deployments is 'a deployment must name a build or a service';
comment on constraint deployments_rolled_back_at_check on delivery.deployments is
  'a deployment that was rolled back must say when';
comment on constraint deployments_version_check on delivery.deployments is 'version must be 1 to 200 characters long';
comment on constraint deployments_canary_percentage_check on delivery.deployments is 'canary percentage must be from 0 to 100';
comment on constraint deployments_completed_at_check on delivery.deployments is 'completed at must not be before started at';
comment on constraint deployments_approval_notes_check on delivery.deployments is
  'approval notes must be at most 10,000 characters long';
comment on constraint deployments_deployment_log_check on delivery.deployments is
  'deployment log must be at most 10,000,000 characters long';
comment on constraint deployments_deployment_errors_check on delivery.deployments is
  'deployment errors must be at most 10,000,000 characters long';
comment on constraint deployments_rollback_reason_check on delivery.deployments is
  'rollback reason must be at most 10,000 characters long';
comment on constraint deployments_error_rate_percent_check on delivery.deployments is 'error rate percent must be from 0 to 100';
comment on constraint deployments_performance_metrics_check on delivery.deployments is
  'performance metrics must be a JSON object';
comment on table delivery.deployment_checks is 'Something that was looked at before or after a deployment.';
comment on column delivery.deployment_checks.deployment_id is 'The deployment; the row goes away with it.';
comment on column delivery.deployment_checks.check_phase is 'pre: before; post: after; endpoint: an address that was called.';
comment on column delivery.deployment_checks.position is 'Order within the phase, from 1.';
comment on column delivery.deployment_checks.name is 'What was looked at.';
comment on column delivery.deployment_checks.target is 'The address or machine. Null: the name says it.';
comment on column delivery.deployment_checks.status is 'How it went.';
comment on column delivery.deployment_checks.details is 'What was seen.';
comment on column delivery.deployment_checks.checked_at is 'When. Null: still to be done.';
comment on constraint deployment_checks_checked_at_check on delivery.deployment_checks is
  'a check that is no longer pending must say when it was made';
comment on constraint deployment_checks_position_check on delivery.deployment_checks is 'position must be greater than zero';
comment on constraint deployment_checks_name_check on delivery.deployment_checks is 'name must be 1 to 500 characters long';
comment on constraint deployment_checks_target_check on delivery.deployment_checks is
  'target must be at most 2,000 characters long';
comment on constraint deployment_checks_details_check on delivery.deployment_checks is 'details must be a JSON object';
