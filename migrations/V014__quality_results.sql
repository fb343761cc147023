-- What testing found: submissions of results, the results themselves (partitioned by quarter), coverage.

create table quality.test_runs (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  project_id      uuid not null,
  build_id        uuid,
  import_id       uuid,
  name            text,
  environment     text,
  shard           text,
  attempt         int not null default 1,
  producer        text,
  started_at      timestamptz,
  finished_at     timestamptz,
  duration_ms     bigint,
  tests_total     int not null default 0,
  tests_passed    int not null default 0,
  tests_failed    int not null default 0,
  tests_errored   int not null default 0,
  tests_skipped   int not null default 0,
  declared_counts jsonb not null default '{}',
  properties      jsonb not null default '{}',
  created_at      timestamptz not null default now(),
  created_by      uuid default platform.current_user_id(),
  primary key (organization_id, id),
  constraint test_runs_project_id_key unique (organization_id, project_id, id),
  constraint test_runs_project_id_fkey foreign key (organization_id, project_id) references work.projects on update cascade on delete restrict,
  constraint test_runs_build_id_fkey foreign key (organization_id, project_id, build_id)
    references delivery.builds (organization_id, project_id, id) on update cascade on delete restrict,
  constraint test_runs_import_id_fkey foreign key (organization_id, project_id, import_id)
    references platform.imports (organization_id, project_id, id) on update cascade on delete set null (import_id),
  constraint test_runs_name_check check (char_length(name) <= 1000),
  constraint test_runs_environment_check check (char_length(environment) <= 500),
  constraint test_runs_shard_check check (char_length(shard) <= 200),
  constraint test_runs_attempt_check check (attempt > 0),
  constraint test_runs_producer_check check (char_length(producer) <= 200),
  constraint test_runs_finished_at_check check (finished_at >= started_at),
  constraint test_runs_duration_ms_check check (duration_ms >= 0),
  constraint test_runs_tests_total_check check (least(tests_passed, tests_failed, tests_errored, tests_skipped) >= 0
    and tests_passed + tests_failed + tests_errored + tests_skipped = tests_total),
  constraint test_runs_declared_counts_check check (jsonb_typeof(declared_counts) = 'object'),
  constraint test_runs_properties_check check (jsonb_typeof(properties) = 'object')
);
create index test_runs_build_id_idx on quality.test_runs (organization_id, build_id, project_id, id) where build_id is not null;
create index test_runs_import_id_idx on quality.test_runs (organization_id, import_id, project_id) where import_id is not null;

create table quality.test_results (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  project_id      uuid not null,
  test_case_id          uuid not null,
  test_run_id           uuid,
  feature_id            uuid,
  build_id              uuid,
  name                  text,
  parameters            text,
  status                text not null,
  attempts              int not null default 1,
  duration_ms           bigint,
  error_message         text,
  error_stacktrace      text,
  system_out            text,
  system_err            text,
  properties            jsonb,
  assertions_run        int,
  assertions_passed     int,
  assertions_failed     int,
  code_coverage_percent numeric(5,2),
  memory_used_mb        int,
  cpu_percent           numeric(7,2),
  execution_environment text,
  logs                  jsonb,
  executed_by           uuid,
  executed_at           timestamptz not null default now(),
  created_at            timestamptz not null default now(),
  primary key (organization_id, id),
  constraint test_results_project_id_key unique (organization_id, project_id, id),
  constraint test_results_test_case_id_fkey foreign key (organization_id, project_id, test_case_id)
    references quality.test_cases (organization_id, project_id, id) on update cascade on delete restrict,
  constraint test_results_test_run_id_fkey foreign key (organization_id, project_id, test_run_id)
    references quality.test_runs (organization_id, project_id, id) on update cascade on delete restrict,
  constraint test_results_feature_id_fkey foreign key (organization_id, project_id, feature_id)
    references work.features (organization_id, project_id, id) on update cascade on delete restrict,
  constraint test_results_build_id_fkey foreign key (organization_id, project_id, build_id)
    references delivery.builds (organization_id, project_id, id) on update cascade on delete restrict,
  constraint test_results_name_check check (char_length(name) <= 10000),
  constraint test_results_status_check check (status in ('passed', 'failed', 'skipped', 'error')),
  constraint test_results_attempts_check check (attempts > 0),
  constraint test_results_duration_ms_check check (duration_ms >= 0),
  constraint test_results_assertions_check check (assertions_run >= 0 and assertions_passed >= 0 and assertions_failed >= 0
    and assertions_passed + assertions_failed <= assertions_run),
  constraint test_results_code_coverage_percent_check check (code_coverage_percent between 0 and 100),
  constraint test_results_memory_used_mb_check check (memory_used_mb >= 0),
  constraint test_results_cpu_percent_check check (cpu_percent >= 0),
  constraint test_results_execution_environment_check check (char_length(execution_environment) <= 500)
) partition by range (id);
create index test_results_test_case_id_idx on quality.test_results (organization_id, test_case_id, project_id, id);
create index test_results_test_run_id_idx on quality.test_results (organization_id, test_run_id, project_id, id) where test_run_id is not null;
create index test_results_build_id_idx on quality.test_results (organization_id, build_id, project_id, status, id) where build_id is not null;
create index test_results_feature_id_idx on quality.test_results (organization_id, feature_id, project_id, id) where feature_id is not null;

create table quality.coverage_reports (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  project_id      uuid not null,
  build_id         uuid,
  import_id        uuid,
  component        text not null default '',
  format           text,
  lines_total      int not null,
  lines_covered    int not null,
  branches_total   int not null default 0,
  branches_covered int not null default 0,
  coverage_percent numeric(5,2) generated always as (case when lines_total > 0 then round(100.0 * lines_covered / lines_total, 2) end) stored,
  reported_at      timestamptz not null default now(),
  primary key (organization_id, id),
  constraint coverage_reports_project_id_key unique (organization_id, project_id, id),
  constraint coverage_reports_project_id_fkey foreign key (organization_id, project_id) references work.projects on update cascade on delete cascade,
  constraint coverage_reports_build_id_fkey foreign key (organization_id, project_id, build_id)
    references delivery.builds (organization_id, project_id, id) on update cascade on delete cascade,
  constraint coverage_reports_import_id_fkey foreign key (organization_id, project_id, import_id)
    references platform.imports (organization_id, project_id, id) on update cascade on delete set null (import_id),
  constraint coverage_reports_component_check check (char_length(component) <= 500),
  constraint coverage_reports_format_check check (char_length(format) <= 60),
  constraint coverage_reports_lines_covered_check check (lines_covered between 0 and lines_total),
  constraint coverage_reports_branches_covered_check check (branches_covered between 0 and branches_total)
);
create index coverage_reports_build_id_idx on quality.coverage_reports (organization_id, build_id, project_id, component) where build_id is not null;
create index coverage_reports_import_id_idx on quality.coverage_reports (organization_id, import_id, project_id) where import_id is not null;

create table quality.coverage_files (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  project_id      uuid not null,
  coverage_report_id uuid not null,
  path               text not null,
  lines_total        int not null,
  lines_covered      int not null,
  branches_total     int not null default 0,
  branches_covered   int not null default 0,
  coverage_percent   numeric(5,2) generated always as (case when lines_total > 0 then round(100.0 * lines_covered / lines_total, 2) end) stored,
  primary key (organization_id, id),
  constraint coverage_files_coverage_report_id_fkey foreign key (organization_id, project_id, coverage_report_id)
    references quality.coverage_reports (organization_id, project_id, id) on update cascade on delete cascade,
  constraint coverage_files_path_check check (char_length(path) between 1 and 2000),
  constraint coverage_files_lines_covered_check check (lines_covered between 0 and lines_total),
  constraint coverage_files_branches_covered_check check (branches_covered between 0 and branches_total)
);
create index coverage_files_coverage_report_id_idx on quality.coverage_files (organization_id, coverage_report_id, project_id, id);

call platform.adopt_table('quality.test_runs', 'internal', '2 years', 'select, insert, update, delete');
call platform.adopt_table('quality.test_results', 'internal', '2 years, then archived', 'select, insert');
call platform.refer_to_members('quality.test_results', 'executed_by');
call platform.adopt_table('quality.coverage_reports', 'internal', 'while the build exists', 'select, insert, delete');
call platform.adopt_table('quality.coverage_files', 'internal', 'while the report exists', 'select, insert, delete');
call platform.start_partitions('quality.test_results', interval '3 months', 4);

-- One pass over what a statement stored, one update a table: a count never costs a row each.
create function quality.count_results() returns trigger
  language plpgsql
  as $$
declare
  access text := coalesce(current_setting('app.project_access', true), '');
begin
  perform set_config('app.project_access', 'all', true);
  update delivery.builds b set
    tests_run    = b.tests_run + n.ran,
    tests_passed = b.tests_passed + n.passed,
    tests_failed = b.tests_failed + n.ran - n.passed
  from (select organization_id, build_id, count(*) filter (where status <> 'skipped') as ran, count(*) filter (where status = 'passed') as passed
        from new_rows where build_id is not null group by 1, 2) n
  where b.organization_id = n.organization_id and b.id = n.build_id;

  update quality.test_runs r set
    tests_total   = r.tests_total + n.total,
    tests_passed  = r.tests_passed + n.passed,
    tests_failed  = r.tests_failed + n.failed,
    tests_errored = r.tests_errored + n.errored,
    tests_skipped = r.tests_skipped + n.total - n.passed - n.failed - n.errored
  from (select organization_id, test_run_id, count(*) as total, count(*) filter (where status = 'passed') as passed,
               count(*) filter (where status = 'failed') as failed, count(*) filter (where status = 'error') as errored
        from new_rows where test_run_id is not null group by 1, 2) n
  where r.organization_id = n.organization_id and r.id = n.test_run_id;

  -- A case with several results in a run (its parameters) counts as its worst: error, failed, skipped, passed.
  update quality.test_cases c set
    run_count       = c.run_count + n.ran,
    pass_count      = c.pass_count + n.passed,
    fail_count      = c.fail_count + n.ran - n.passed,
    last_run_at     = greatest(c.last_run_at, n.last_at),
    last_run_status = case when c.last_run_at > n.last_at then c.last_run_status else n.outcomes[n.worst] end
  from (select distinct on (organization_id, test_case_id) organization_id, test_case_id, last_at, worst,
               array['error', 'failed', 'skipped', 'passed'] as outcomes,
               sum(ran) over same_case as ran, sum(passed) over same_case as passed
        from (select organization_id, test_case_id, test_run_id, max(executed_at) as last_at,
                     min(array_position(array['error', 'failed', 'skipped', 'passed'], status)) as worst,
                     count(*) filter (where status <> 'skipped') as ran, count(*) filter (where status = 'passed') as passed
              from new_rows group by 1, 2, 3) run
        window same_case as (partition by organization_id, test_case_id)
        order by organization_id, test_case_id, last_at desc) n
  where c.organization_id = n.organization_id and c.id = n.test_case_id;
  perform set_config('app.project_access', access, true);
  return null;
end
$$;
comment on function quality.count_results() is
  'Adds what one statement stored to the counts of its builds, runs and test cases. A skipped test was not run; an error counts as failed.';
create trigger count_results after insert on quality.test_results referencing new table as new_rows
  for each statement execute function quality.count_results();
comment on table quality.test_runs is
  'One submission of results: which build, where, by what, which share of the whole. Its counts are those of the results that were stored.';
comment on column quality.test_runs.build_id is 'What was tested. Null: nobody said.';
comment on column quality.test_runs.import_id is 'The file it came in. Null: sent one by one, or the import is no longer kept.';
comment on column quality.test_runs.name is 'What the producer calls it. Null: nothing.';
comment on column quality.test_runs.environment is 'Where it ran, in the producer''s words. Null: unknown.';
comment on column quality.test_runs.shard is 'Which part of a run that was split. Null: not split.';
comment on column quality.test_runs.attempt is 'Counts repetitions of the whole run, from 1.';
comment on column quality.test_runs.producer is 'What made the report. Null: unknown.';
comment on column quality.test_runs.started_at is 'Null: unknown.';
comment on column quality.test_runs.finished_at is 'Null: unknown.';
comment on column quality.test_runs.duration_ms is 'As the producer says, not worked out from the times. Null: unknown.';
comment on column quality.test_runs.tests_total is 'Results stored. Written by a trigger, like the next four.';
comment on column quality.test_runs.tests_passed is 'Those that passed.';
comment on column quality.test_runs.tests_failed is 'Those where an expectation did not hold.';
comment on column quality.test_runs.tests_errored is 'Those that broke before they could tell.';
comment on column quality.test_runs.tests_skipped is 'Those that were not run.';
comment on column quality.test_runs.declared_counts is
  'What the report claims about itself, kept beside what was counted because the two often differ.';
comment on column quality.test_runs.properties is 'Properties of the report by name.';
comment on constraint test_runs_tests_total_check on quality.test_runs is
  'the counts of a run must not be negative and must add up to its total';
comment on constraint test_runs_name_check on quality.test_runs is 'name must be at most 1,000 characters long';
comment on constraint test_runs_environment_check on quality.test_runs is 'environment must be at most 500 characters long';
comment on constraint test_runs_shard_check on quality.test_runs is 'shard must be at most 200 characters long';
comment on constraint test_runs_attempt_check on quality.test_runs is 'attempt must be greater than zero';
comment on constraint test_runs_producer_check on quality.test_runs is 'producer must be at most 200 characters long';
comment on constraint test_runs_finished_at_check on quality.test_runs is 'finished at must not be before started at';
comment on constraint test_runs_duration_ms_check on quality.test_runs is 'duration ms must not be negative';
comment on constraint test_runs_declared_counts_check on quality.test_runs is 'declared counts must be a JSON object';
comment on constraint test_runs_properties_check on quality.test_runs is 'properties must be a JSON object';
comment on table quality.test_results is
  'One outcome of one test case. Never changed after it is stored. Partitioned by the quarter of its identifier, which is made from the time of execution.';
comment on column quality.test_results.id is
  'Version 7 UUID made from executed_at, so that old results that arrive late lie with their time.';
comment on column quality.test_results.test_case_id is 'What was run.';
comment on column quality.test_results.test_run_id is 'The submission it came with. Null: recorded by hand.';
comment on column quality.test_results.feature_id is 'The feature it speaks for. Null: the case''s own.';
comment on column quality.test_results.build_id is 'What was tested. Null: unknown.';
comment on column quality.test_results.name is 'The name as reported, with parameters. Null: the case''s name.';
comment on column quality.test_results.parameters is
  'What tells it from other results of the same case in the same run. Null: nothing does.';
comment on column quality.test_results.status is 'failed: an expectation did not hold; error: it broke before it could tell.';
comment on column quality.test_results.attempts is
  'How often it was tried before this outcome; more than one and passed means flaky.';
comment on column quality.test_results.duration_ms is 'Null: not measured.';
comment on column quality.test_results.error_message is 'What went wrong, in a line or a few. Null: nothing did.';
comment on column quality.test_results.error_stacktrace is 'Where it went wrong. Null: nothing did, or not told.';
comment on column quality.test_results.system_out is 'What it wrote. Null: nothing was kept.';
comment on column quality.test_results.system_err is 'What it wrote as errors. Null: nothing was kept.';
comment on column quality.test_results.properties is 'Properties of the case in the report by name. Null: none.';
comment on column quality.test_results.assertions_run is 'Null: not counted.';
comment on column quality.test_results.assertions_passed is 'Null: not counted.';
comment on column quality.test_results.assertions_failed is 'Null: not counted.';
comment on column quality.test_results.code_coverage_percent is 'What this test alone covers, 0 to 100. Null: not measured.';
comment on column quality.test_results.memory_used_mb is 'Null: not measured.';
comment on column quality.test_results.cpu_percent is '100 is one processor fully used. Null: not measured.';
comment on column quality.test_results.execution_environment is
  'Where it ran, where that differs from its run. Null: as its run.';
comment on column quality.test_results.logs is 'Structured log lines. Null: none.';
comment on column quality.test_results.executed_by is 'The member who ran it by hand. Null: a machine did.';
comment on column quality.test_results.executed_at is 'When it ran; when it was stored, if the report does not say.';
comment on constraint test_results_assertions_check on quality.test_results is
  'assertion counts must not be negative, and passed and failed together must not exceed those run';
comment on constraint test_results_name_check on quality.test_results is 'name must be at most 10,000 characters long';
comment on constraint test_results_attempts_check on quality.test_results is 'attempts must be greater than zero';
comment on constraint test_results_duration_ms_check on quality.test_results is 'duration ms must not be negative';
comment on constraint test_results_code_coverage_percent_check on quality.test_results is
  'code coverage percent must be from 0 to 100';
comment on constraint test_results_memory_used_mb_check on quality.test_results is 'memory used mb must not be negative';
comment on constraint test_results_cpu_percent_check on quality.test_results is 'cpu percent must not be negative';
comment on constraint test_results_execution_environment_check on quality.test_results is
  'execution environment must be at most 500 characters long';
comment on table quality.coverage_reports is 'How much of the code the tests of a build reach, for one component.';
comment on column quality.coverage_reports.build_id is 'The build that was measured. Null: nobody said.';
comment on column quality.coverage_reports.import_id is
  'The file it came in. Null: the import is no longer kept, or it was sent directly.';
comment on column quality.coverage_reports.component is 'The part that was measured; empty for the whole.';
comment on column quality.coverage_reports.format is 'What the report was written in. Null: sent directly.';
comment on column quality.coverage_reports.lines_total is 'Lines that could be reached.';
comment on column quality.coverage_reports.lines_covered is 'Lines that were reached at least once.';
comment on column quality.coverage_reports.branches_total is 'Branches that could be taken; zero where they were not measured.';
comment on column quality.coverage_reports.branches_covered is 'Branches that were taken at least once.';
comment on column quality.coverage_reports.coverage_percent is 'Lines covered in percent. Null: there are no lines.';
comment on column quality.coverage_reports.reported_at is 'When it was measured, or stored if the report does not say.';
comment on constraint coverage_reports_component_check on quality.coverage_reports is
  'component must be at most 500 characters long';
comment on constraint coverage_reports_format_check on quality.coverage_reports is 'format must be at most 60 characters long';
comment on constraint coverage_reports_lines_covered_check on quality.coverage_reports is
  'lines covered must be from zero to lines total';
comment on constraint coverage_reports_branches_covered_check on quality.coverage_reports is
  'branches covered must be from zero to branches total';
comment on table quality.coverage_files is 'The same for each file of a report; the sums are those of the report.';
comment on column quality.coverage_files.coverage_report_id is 'The report; the row goes away with it.';
comment on column quality.coverage_files.path is 'The file, as the report names it.';
comment on column quality.coverage_files.lines_total is 'Lines that could be reached.';
comment on column quality.coverage_files.lines_covered is 'Lines that were reached at least once.';
comment on column quality.coverage_files.branches_total is 'Branches that could be taken; zero where they were not measured.';
comment on column quality.coverage_files.branches_covered is 'Branches that were taken at least once.';
comment on column quality.coverage_files.coverage_percent is 'Lines covered in percent. Null: there are no lines.';
comment on constraint coverage_files_path_check on quality.coverage_files is 'path must be 1 to 2,000 characters long';
comment on constraint coverage_files_lines_covered_check on quality.coverage_files is
  'lines covered must be from zero to lines total';
comment on constraint coverage_files_branches_covered_check on quality.coverage_files is
  'branches covered must be from zero to branches total';
