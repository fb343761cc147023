-- Where code lives and what is made of it: repositories, commits, builds, artifacts.

create schema delivery;
comment on schema delivery is 'What is made and where it runs: repositories, commits, builds, artifacts, environments, deployments.';
grant usage on schema delivery to application_user, readonly_user, super_admin;

create table delivery.repositories (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  project_id      uuid not null,
  url             text not null,
  vcs             text not null default 'git',
  default_branch  text not null default 'main',
  is_primary      boolean not null default false,
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now(),
  created_by      uuid default platform.current_user_id(),
  updated_by      uuid,
  row_version     bigint not null default 1,
  deleted_at      timestamptz,
  deleted_by      uuid,
  primary key (organization_id, id),
  constraint repositories_project_id_key unique (organization_id, project_id, id),
  constraint repositories_project_id_fkey foreign key (organization_id, project_id) references work.projects on update cascade on delete cascade,
  constraint repositories_url_check check (char_length(url) between 1 and 2000 and url !~ '[\s[:cntrl:]]'),
  constraint repositories_vcs_check check (vcs in ('git', 'svn')),
  constraint repositories_default_branch_check check (char_length(default_branch) between 1 and 250)
);
create unique index repositories_url_key on delivery.repositories (organization_id, project_id, url) where deleted_at is null;
create unique index repositories_one_primary_key on delivery.repositories (organization_id, project_id) where is_primary and deleted_at is null;

create table delivery.commits (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  project_id      uuid not null,
  repository_id   uuid not null,
  commit_hash     text not null,
  author_name     text,
  author_email    text,
  author_user_id  uuid,
  message         text not null,
  committed_at    timestamptz not null,
  created_at      timestamptz not null default now(),
  primary key (organization_id, id),
  constraint commits_project_id_key unique (organization_id, project_id, id),
  constraint commits_commit_hash_key unique (organization_id, commit_hash, project_id, repository_id),
  constraint commits_repository_id_fkey foreign key (organization_id, project_id, repository_id)
    references delivery.repositories (organization_id, project_id, id) on update cascade on delete cascade,
  constraint commits_commit_hash_check check (commit_hash ~ '^([0-9a-f]{40}|[0-9a-f]{64})$'),
  constraint commits_author_name_check check (char_length(author_name) <= 200),
  constraint commits_author_email_check check (char_length(author_email) <= 320),
  constraint commits_message_check check (char_length(message) <= 100000)
);
create index commits_repository_id_idx on delivery.commits (organization_id, repository_id, project_id);
create index commits_committed_at_idx on delivery.commits (project_id, committed_at, id);
create index commits_organization_id_idx on delivery.commits (organization_id, committed_at, id);

create table delivery.builds (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  project_id      uuid not null,
  repository_id            uuid,
  feature_id               uuid,
  build_number             int not null,
  version_tag              text,
  git_commit_hash          text,
  git_branch               text,
  status                   text not null default 'pending',
  started_at               timestamptz,
  completed_at             timestamptz,
  duration_seconds         int generated always as (extract(epoch from completed_at - started_at)::int) stored,
  triggered_by             uuid,
  build_output             text,
  build_errors             text,
  tests_run                int not null default 0,
  tests_passed             int not null default 0,
  tests_failed             int not null default 0,
  code_coverage_percent    numeric(5,2),
  security_scan_status     text not null default 'pending',
  vulnerabilities_critical int not null default 0,
  vulnerabilities_high     int not null default 0,
  vulnerabilities_medium   int not null default 0,
  vulnerabilities_low      int not null default 0,
  performance_metrics      jsonb not null default '{}',
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now(),
  row_version     bigint not null default 1,
  primary key (organization_id, id),
  constraint builds_project_id_key unique (organization_id, project_id, id),
  constraint builds_build_number_key unique (organization_id, build_number, project_id),
  constraint builds_project_id_fkey foreign key (organization_id, project_id) references work.projects on update cascade on delete restrict,
  constraint builds_repository_id_fkey foreign key (organization_id, project_id, repository_id)
    references delivery.repositories (organization_id, project_id, id) on update cascade on delete set null (repository_id),
  constraint builds_feature_id_fkey foreign key (organization_id, project_id, feature_id)
    references work.features (organization_id, project_id, id) on update cascade on delete restrict,
  constraint builds_build_number_check check (build_number > 0),
  constraint builds_version_tag_check check (char_length(version_tag) between 1 and 200),
  constraint builds_git_commit_hash_check check (git_commit_hash ~ '^([0-9a-f]{40}|[0-9a-f]{64})$'),
  constraint builds_git_branch_check check (char_length(git_branch) between 1 and 250),
  constraint builds_status_check check (status in ('pending', 'building', 'success', 'failed', 'cancelled')),
  constraint builds_completed_at_check check (completed_at >= started_at),
  constraint builds_build_output_check check (char_length(build_output) <= 10000000),
  constraint builds_build_errors_check check (char_length(build_errors) <= 10000000),
  constraint builds_tests_run_check check (tests_run >= 0 and tests_passed >= 0 and tests_failed >= 0 and tests_passed + tests_failed <= tests_run),
  constraint builds_code_coverage_percent_check check (code_coverage_percent between 0 and 100),
  constraint builds_security_scan_status_check check (security_scan_status in ('pending', 'passed', 'failed', 'warnings')),
  constraint builds_vulnerabilities_check check (least(vulnerabilities_critical, vulnerabilities_high, vulnerabilities_medium, vulnerabilities_low) >= 0),
  constraint builds_performance_metrics_check check (jsonb_typeof(performance_metrics) = 'object')
);
create index builds_repository_id_idx on delivery.builds (organization_id, repository_id, project_id) where repository_id is not null;
create index builds_feature_id_idx on delivery.builds (organization_id, feature_id, project_id) where feature_id is not null;
create index builds_git_commit_hash_idx on delivery.builds (organization_id, git_commit_hash, project_id) where git_commit_hash is not null;
create index builds_status_idx on delivery.builds (organization_id, status, project_id, id);
create index builds_updated_at_idx on delivery.builds (project_id, updated_at, id);
create index builds_project_id_idx on delivery.builds (project_id, build_number, id);
create index builds_organization_id_idx on delivery.builds (organization_id, build_number, id);

create table delivery.build_commits (
  organization_id uuid not null default platform.current_organization(),
  project_id      uuid not null,
  build_id        uuid not null,
  commit_id       uuid not null,
  position        int not null default 1,
  created_at      timestamptz not null default now(),
  primary key (organization_id, build_id, commit_id),
  constraint build_commits_build_id_fkey foreign key (organization_id, project_id, build_id)
    references delivery.builds (organization_id, project_id, id) on update cascade on delete cascade,
  constraint build_commits_commit_id_fkey foreign key (organization_id, project_id, commit_id)
    references delivery.commits (organization_id, project_id, id) on update cascade on delete cascade,
  constraint build_commits_position_check check (position > 0)
);
create index build_commits_build_id_idx on delivery.build_commits (organization_id, build_id, project_id, position);
create index build_commits_commit_id_idx on delivery.build_commits (organization_id, commit_id, project_id);

create table delivery.build_artifacts (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  project_id      uuid not null,
  build_id        uuid not null,
  artifact_kind   text not null,
  path            text,
  image_url       text,
  size_bytes      bigint,
  checksum_sha256 bytea,
  file_id         uuid,
  created_at      timestamptz not null default now(),
  primary key (organization_id, id),
  constraint build_artifacts_project_id_key unique (organization_id, project_id, id),
  constraint build_artifacts_build_id_fkey foreign key (organization_id, project_id, build_id)
    references delivery.builds (organization_id, project_id, id) on update cascade on delete cascade,
  constraint build_artifacts_artifact_kind_check check (artifact_kind in ('package', 'docker_image', 'report', 'log')),
  constraint build_artifacts_place_check check (num_nonnulls(path, image_url, file_id) >= 1),
  constraint build_artifacts_path_check check (char_length(path) between 1 and 2000),
  constraint build_artifacts_image_url_check check (char_length(image_url) between 1 and 2000),
  constraint build_artifacts_size_bytes_check check (size_bytes >= 0),
  constraint build_artifacts_checksum_sha256_check check (octet_length(checksum_sha256) = 32)
);
create index build_artifacts_build_id_idx on delivery.build_artifacts (organization_id, build_id, project_id, id);

call platform.adopt_table('delivery.repositories', 'confidential', 'while the project exists; 90 days in the bin');
call platform.adopt_table('delivery.commits', 'confidential', 'while the repository is recorded', 'select, insert, update, delete');
call platform.refer_to_members('delivery.commits', 'author_user_id');
call platform.adopt_table('delivery.builds', 'confidential', 'while the project exists', 'select, insert, update, delete',
  p_statistics => array['tests_run', 'tests_passed', 'tests_failed', 'vulnerabilities_critical', 'vulnerabilities_high',
                        'vulnerabilities_medium', 'vulnerabilities_low']);
call platform.refer_to_members('delivery.builds', 'triggered_by');
call platform.adopt_table('delivery.build_commits', 'confidential', 'while the build exists', 'select, insert, update, delete');
call platform.adopt_table('delivery.build_artifacts', 'confidential', 'while the build exists', 'select, insert, update, delete');
call platform.register_table('delivery.commits', 'commit', 'split_part(n.message, E''\n'', 1)', '{message,author_user_id,project_id}',
  p_owner => 'n.author_user_id');
call platform.register_table('delivery.builds', 'build', '''Build '' || n.build_number || coalesce('' ('' || n.version_tag || '')'', '''')',
  '{build_number,version_tag,status,triggered_by,project_id}', 'n.status', 'n.triggered_by');

create trigger assign_build_number before insert on delivery.builds
  for each row when (new.build_number is null) execute function work.assign_build_number();
create function delivery.advance_build_numbers() returns trigger
  language plpgsql
  as $$
begin
  insert into work.key_counters as c (organization_id, project_id, prefix, last_number)
  select n.organization_id, n.project_id, 'BUILD', max(n.build_number) from new_rows n group by 1, 2
  on conflict (organization_id, project_id, prefix) do update set last_number = excluded.last_number
    where c.last_number < excluded.last_number;
  return null;
end
$$;
comment on function delivery.advance_build_numbers() is 'A build that brought its own number moves the counter, so that the next one made here does not collide.';
create trigger advance_build_numbers after insert on delivery.builds referencing new table as new_rows
  for each statement execute function delivery.advance_build_numbers();
comment on table delivery.repositories is 'Where the code of a project lives.';
comment on column delivery.repositories.url is
  'As one would clone it; unique among the live repositories of a project. Holds no password.';
comment on column delivery.repositories.vcs is 'How to talk to it.';
comment on column delivery.repositories.default_branch is 'The branch that counts when none is named.';
comment on column delivery.repositories.is_primary is
  'The one repository of a project that others mean when they say the code; at most one.';
comment on constraint repositories_url_check on delivery.repositories is
  'url must be 1 to 2,000 characters long, without spaces or control characters';
comment on constraint repositories_default_branch_check on delivery.repositories is
  'default branch must be 1 to 250 characters long';
comment on table delivery.commits is 'A commit of a repository, as version control tells it.';
comment on column delivery.commits.repository_id is 'The repository; the commit goes away with it.';
comment on column delivery.commits.commit_hash is 'Its full hash in lower case, SHA-1 or SHA-256.';
comment on column delivery.commits.author_name is 'As written in the commit. Null: it was not.';
comment on column delivery.commits.author_email is 'As written in the commit. Null: it was not.';
comment on column delivery.commits.author_user_id is 'The member behind the address. Null: nobody was recognised.';
comment on column delivery.commits.message is 'The whole message; its first line is the title.';
comment on column delivery.commits.committed_at is 'When it was committed, by the committer''s clock.';
comment on constraint commits_commit_hash_check on delivery.commits is
  'commit hash must be 40 or 64 lower-case hexadecimal digits';
comment on constraint commits_author_name_check on delivery.commits is 'author name must be at most 200 characters long';
comment on constraint commits_author_email_check on delivery.commits is 'author email must be at most 320 characters long';
comment on constraint commits_message_check on delivery.commits is 'message must be at most 100,000 characters long';
comment on table delivery.builds is 'One run of a build, and what it was made of.';
comment on column delivery.builds.repository_id is
  'Where the code came from. Null: unknown, or the repository is no longer recorded.';
comment on column delivery.builds.feature_id is 'The one feature it was made for. Null: for everything.';
comment on column delivery.builds.build_number is
  'Counts within the project. Given by the project''s counter unless the build server brought one.';
comment on column delivery.builds.version_tag is 'The version people call it by. Null: it has none.';
comment on column delivery.builds.git_commit_hash is 'The commit it was built from, full and in lower case. Null: unknown.';
comment on column delivery.builds.git_branch is 'The branch it was built from. Null: unknown.';
comment on column delivery.builds.status is 'How it stands.';
comment on column delivery.builds.started_at is 'Null: not yet.';
comment on column delivery.builds.completed_at is 'Null: not yet.';
comment on column delivery.builds.duration_seconds is 'From start to completion. Null: not complete.';
comment on column delivery.builds.triggered_by is 'The member who started it. Null: a push or a schedule did.';
comment on column delivery.builds.build_output is 'What the build wrote. Null: nothing was kept.';
comment on column delivery.builds.build_errors is 'What it wrote as errors. Null: nothing was kept.';
comment on column delivery.builds.tests_run is 'Results of this build that were not skipped. Written by a trigger.';
comment on column delivery.builds.tests_passed is 'Those that passed. Written by a trigger.';
comment on column delivery.builds.tests_failed is 'Those that failed or broke. Written by a trigger.';
comment on column delivery.builds.code_coverage_percent is 'Lines covered, 0 to 100. Null: not measured.';
comment on column delivery.builds.security_scan_status is 'What the scanners said.';
comment on column delivery.builds.vulnerabilities_critical is 'Open ones of this severity. Written by a trigger.';
comment on column delivery.builds.vulnerabilities_high is 'Open ones of this severity. Written by a trigger.';
comment on column delivery.builds.vulnerabilities_medium is 'Open ones of this severity. Written by a trigger.';
comment on column delivery.builds.vulnerabilities_low is 'Open ones of this severity. Written by a trigger.';
comment on column delivery.builds.performance_metrics is 'Measurements by name, as the build server sent them.';
comment on constraint builds_tests_run_check on delivery.builds is
  'test counts must not be negative, and passed and failed together must not exceed the tests run';
comment on constraint builds_vulnerabilities_check on delivery.builds is 'counts of vulnerabilities must not be negative';
comment on constraint builds_build_number_check on delivery.builds is 'build number must be greater than zero';
comment on constraint builds_version_tag_check on delivery.builds is 'version tag must be 1 to 200 characters long';
comment on constraint builds_git_commit_hash_check on delivery.builds is
  'git commit hash must be 40 or 64 lower-case hexadecimal digits';
comment on constraint builds_git_branch_check on delivery.builds is 'git branch must be 1 to 250 characters long';
comment on constraint builds_completed_at_check on delivery.builds is 'completed at must not be before started at';
comment on constraint builds_build_output_check on delivery.builds is 'build output must be at most 10,000,000 characters long';
comment on constraint builds_build_errors_check on delivery.builds is 'build errors must be at most 10,000,000 characters long';
comment on constraint builds_code_coverage_percent_check on delivery.builds is 'code coverage percent must be from 0 to 100';
comment on constraint builds_performance_metrics_check on delivery.builds is 'performance metrics must be a JSON object';
comment on table delivery.build_commits is 'Which commits are new in a build.';
comment on column delivery.build_commits.build_id is 'The build; the row goes away with it.';
comment on column delivery.build_commits.commit_id is 'The commit.';
comment on column delivery.build_commits.position is 'Order within the build, 1 is the newest.';
comment on constraint build_commits_position_check on delivery.build_commits is 'position must be greater than zero';
comment on table delivery.build_artifacts is 'Something a build left behind: a package, an image, a report, a log.';
comment on column delivery.build_artifacts.build_id is 'The build; the row goes away with it.';
comment on column delivery.build_artifacts.artifact_kind is 'What it is.';
comment on column delivery.build_artifacts.path is
  'Where it lies, as the build server says. Null: it is an image or a stored file.';
comment on column delivery.build_artifacts.image_url is 'Name and digest of an image. Null: it is none.';
comment on column delivery.build_artifacts.size_bytes is 'Null: unknown.';
comment on column delivery.build_artifacts.checksum_sha256 is 'SHA-256 of its content. Null: not worked out.';
comment on column delivery.build_artifacts.file_id is
  'The stored file. Null: it was not taken over. The reference to documents.files arrives with that table.';
comment on constraint build_artifacts_place_check on delivery.build_artifacts is
  'an artifact must say where it is: a path, an image or a stored file';
comment on constraint build_artifacts_path_check on delivery.build_artifacts is 'path must be 1 to 2,000 characters long';
comment on constraint build_artifacts_image_url_check on delivery.build_artifacts is
  'image url must be 1 to 2,000 characters long';
comment on constraint build_artifacts_size_bytes_check on delivery.build_artifacts is 'size bytes must not be negative';
comment on constraint build_artifacts_checksum_sha256_check on delivery.build_artifacts is
  'checksum sha256 must be 32 bytes long';
