-- What repository servers tell by themselves: who may tell it, what they told, and what there was no place for until now: checks of a commit,
-- pull requests and their reviews.

call platform.declare_resource_type('webhook', 'Connections to repository servers, and the messages that came.', '{}', '{read,create,update}', '{delete,restore,export}');
call platform.declare_resource_type('pull_request', 'Pull and merge requests, and what reviewers say.', '{read,export}', '{create,update}', '{}');
call platform.give_resource_types('webhook', 'pull_request');

-- Who may tell something ----------------------------------------------------------------------------------------------

create table platform.webhook_connections (
  organization_id       uuid not null default platform.current_organization(),
  id                    uuid not null default platform.uuid_v7(),
  project_id            uuid not null,
  name                  text not null,
  provider              text not null,
  repository            text,
  issue_label           text,
  is_active             boolean not null default true,
  acts_as               uuid not null,
  secret_ciphertext         bytea not null,
  secret_changed_at     timestamptz not null default now(),
  old_secret_ciphertext     bytea,
  old_secret_until      timestamptz,
  created_at            timestamptz not null default now(),
  updated_at            timestamptz not null default now(),
  created_by            uuid default platform.current_user_id(),
  updated_by            uuid,
  row_version           bigint not null default 1,
  deleted_at            timestamptz,
  deleted_by            uuid,
  primary key (organization_id, id),
  constraint webhook_connections_project_id_key unique (organization_id, project_id, id),
  constraint webhook_connections_project_id_fkey foreign key (organization_id, project_id) references work.projects on update cascade on delete cascade,
  constraint webhook_connections_name_check check (char_length(name) between 1 and 100),
  constraint webhook_connections_provider_check check (provider in ('github', 'gitlab', 'forgejo')),
  constraint webhook_connections_repository_check check (repository ~ '^[^[:space:][:cntrl:]]{1,250}$'),
  constraint webhook_connections_issue_label_check check (char_length(issue_label) between 1 and 100),
  constraint webhook_connections_secret_ciphertext_check check (octet_length(secret_ciphertext) between 30 and 1000),
  constraint webhook_connections_old_secret_check check ((old_secret_ciphertext is null) = (old_secret_until is null))
);
call platform.adopt_table('platform.webhook_connections', 'restricted', 'while the project exists; 90 days in the bin');
call platform.refer_to_members('platform.webhook_connections', 'acts_as');
comment on table platform.webhook_connections is
  'A place to which a repository server may send messages about a project. Its address holds the identifier; what counts is the signature.';
comment on column platform.webhook_connections.name is 'What people call it.';
comment on column platform.webhook_connections.provider is 'Which server sends. Gitea sends as Forgejo does.';
comment on column platform.webhook_connections.repository is
  'Owner and name of the one repository whose messages are used. Null: of every repository that sends.';
comment on column platform.webhook_connections.issue_label is 'The label that makes an issue a defect here. Null: every issue is one.';
comment on column platform.webhook_connections.is_active is 'False: messages are refused.';
comment on column platform.webhook_connections.acts_as is
  'The member with whose rights messages are worked on; whoever made the connection, or took it over.';
comment on column platform.webhook_connections.secret_ciphertext is 'The secret, sealed by a key of the installation that is not in the database. Never served.';
comment on column platform.webhook_connections.secret_changed_at is 'Since when this secret holds.';
comment on column platform.webhook_connections.old_secret_ciphertext is 'The secret before, sealed in the same way. Null: there is none that still holds.';
comment on column platform.webhook_connections.old_secret_until is 'Until when the secret before holds too. Null: there is none.';
comment on constraint webhook_connections_name_check on platform.webhook_connections is 'name must be 1 to 100 characters long';
comment on constraint webhook_connections_repository_check on platform.webhook_connections is
  'repository must be owner and name, such as acme/pay: at most 250 characters, without spaces';
comment on constraint webhook_connections_issue_label_check on platform.webhook_connections is 'issue label must be 1 to 100 characters long';
comment on constraint webhook_connections_secret_ciphertext_check on platform.webhook_connections is 'the secret must be sealed';
comment on constraint webhook_connections_old_secret_check on platform.webhook_connections is 'a secret that still holds must say until when';

insert into security.data_elements (table_name, column_name, element_type, classification_id, masking_method, masking_parameters)
select 'platform.webhook_connections', e.column_name, 'secret', k.id, 'redact', '{"replacement": "***REDACTED***"}'::jsonb
from (values ('secret_ciphertext'), ('old_secret_ciphertext')) as e (column_name)
join security.data_classifications k on k.name = 'top_secret';

-- What they told ------------------------------------------------------------------------------------------------------

create table platform.webhook_deliveries (
  organization_id      uuid not null default platform.current_organization(),
  id                   uuid not null default platform.uuid_v7(),
  project_id           uuid not null,
  connection_id        uuid not null,
  provider_delivery_id text,
  event                text not null,
  action               text,
  repository           text,
  headers              jsonb not null default '{}',
  payload              text not null,
  payload_sha256       bytea not null,
  status               text not null default 'received',
  attempts             int not null default 0,
  next_attempt_at      timestamptz default now(),
  result               jsonb not null default '[]',
  notes                text,
  error                text,
  repeat_of            uuid,
  received_at          timestamptz not null default now(),
  completed_at         timestamptz,
  primary key (organization_id, id),
  constraint webhook_deliveries_project_id_key unique (organization_id, project_id, id),
  constraint webhook_deliveries_connection_id_fkey foreign key (organization_id, project_id, connection_id)
    references platform.webhook_connections (organization_id, project_id, id) on update cascade on delete cascade,
  constraint webhook_deliveries_repeat_of_fkey foreign key (organization_id, project_id, repeat_of)
    references platform.webhook_deliveries (organization_id, project_id, id) on update cascade on delete set null (repeat_of),
  constraint webhook_deliveries_provider_delivery_id_check check (char_length(provider_delivery_id) between 1 and 200),
  constraint webhook_deliveries_event_check check (char_length(event) between 1 and 100),
  constraint webhook_deliveries_action_check check (char_length(action) <= 100),
  constraint webhook_deliveries_repository_check check (char_length(repository) <= 500),
  constraint webhook_deliveries_headers_check check (jsonb_typeof(headers) = 'object'),
  constraint webhook_deliveries_payload_check check (octet_length(payload) <= 104857600),
  constraint webhook_deliveries_payload_sha256_check check (octet_length(payload_sha256) = 32),
  constraint webhook_deliveries_status_check check (status in ('received', 'waiting', 'done', 'unused', 'repeated', 'failed')),
  constraint webhook_deliveries_attempts_check check (attempts >= 0),
  constraint webhook_deliveries_next_attempt_at_check check ((next_attempt_at is not null) = (status in ('received', 'waiting'))),
  constraint webhook_deliveries_result_check check (jsonb_typeof(result) = 'array'),
  constraint webhook_deliveries_notes_check check (char_length(notes) <= 10000),
  constraint webhook_deliveries_error_check check (char_length(error) <= 10000 and (status <> 'failed' or error is not null)),
  constraint webhook_deliveries_completed_at_check check ((completed_at is not null) = (status in ('done', 'unused', 'repeated', 'failed')))
);
create unique index webhook_deliveries_provider_delivery_id_key on platform.webhook_deliveries (organization_id, connection_id, provider_delivery_id)
  where provider_delivery_id is not null;
create index webhook_deliveries_connection_id_idx on platform.webhook_deliveries (organization_id, connection_id, project_id, id);
create index webhook_deliveries_same_idx on platform.webhook_deliveries (organization_id, connection_id, payload_sha256, id);
create index webhook_deliveries_repeat_of_idx on platform.webhook_deliveries (organization_id, repeat_of, project_id) where repeat_of is not null;
-- Workers serve all organisations, so what waits is ordered over all of them.
create index webhook_deliveries_due_idx on platform.webhook_deliveries (next_attempt_at, id) where next_attempt_at is not null;
call platform.adopt_table('platform.webhook_deliveries', 'restricted', '90 days after it was worked on', 'select, insert, update, delete');
insert into security.retention_policies (table_schema, table_name, retention_period, expiry_column, disposal, basis)
values ('platform', 'webhook_deliveries', interval '90 days', 'completed_at', 'delete', 'Ninety days after it was worked on, to look into what went wrong.');
comment on table platform.webhook_deliveries is
  'A message of a repository server whose signature was right, and what became of it. What waits here is worked on in the order it came.';
comment on column platform.webhook_deliveries.connection_id is 'The place it was sent to; the message goes away with it.';
comment on column platform.webhook_deliveries.provider_delivery_id is 'What its server calls it; the same again is the same message. Null: it has no name.';
comment on column platform.webhook_deliveries.event is 'What it is about, as its server calls it.';
comment on column platform.webhook_deliveries.action is 'What happened, as its server calls it. Null: it does not say, or nobody has looked yet.';
comment on column platform.webhook_deliveries.repository is 'Owner and name of the repository. Null: it does not say, or nobody has looked yet.';
comment on column platform.webhook_deliveries.headers is 'The headers that tell something, without any secret or signature.';
comment on column platform.webhook_deliveries.payload is 'The whole message. Characters that cannot be stored are replaced; its digest is of the bytes that came.';
comment on column platform.webhook_deliveries.payload_sha256 is 'SHA-256 of the bytes that came.';
comment on column platform.webhook_deliveries.status is
  'received: to be worked on. waiting: worked on, and again later, because something has to happen first. unused: it tells nothing that is recorded. '
  'repeated: the same message was worked on before.';
comment on column platform.webhook_deliveries.attempts is 'How often it was worked on.';
comment on column platform.webhook_deliveries.next_attempt_at is 'When it is worked on next. Null: it is not.';
comment on column platform.webhook_deliveries.result is 'What it created and changed: a list of records, each with what was done.';
comment on column platform.webhook_deliveries.notes is 'What was left aside, in words. Null: nothing.';
comment on column platform.webhook_deliveries.error is 'Why it could not be worked on, and what to do. Null: it could.';
comment on column platform.webhook_deliveries.repeat_of is 'The message before with the same content. Null: there is none, or it is no longer kept.';
comment on column platform.webhook_deliveries.received_at is 'When it came.';
comment on column platform.webhook_deliveries.completed_at is 'When it was worked on to the end. Null: not yet.';
comment on constraint webhook_deliveries_provider_delivery_id_check on platform.webhook_deliveries is 'provider delivery id must be 1 to 200 characters long';
comment on constraint webhook_deliveries_event_check on platform.webhook_deliveries is 'event must be 1 to 100 characters long';
comment on constraint webhook_deliveries_action_check on platform.webhook_deliveries is 'action must be at most 100 characters long';
comment on constraint webhook_deliveries_repository_check on platform.webhook_deliveries is 'repository must be at most 500 characters long';
comment on constraint webhook_deliveries_headers_check on platform.webhook_deliveries is 'headers must be a JSON object';
comment on constraint webhook_deliveries_payload_check on platform.webhook_deliveries is 'payload must be at most 100 MiB';
comment on constraint webhook_deliveries_payload_sha256_check on platform.webhook_deliveries is 'a digest must be 32 bytes long';
comment on constraint webhook_deliveries_attempts_check on platform.webhook_deliveries is 'attempts must not be negative';
comment on constraint webhook_deliveries_next_attempt_at_check on platform.webhook_deliveries is 'what is to be worked on must say when, and nothing else may';
comment on constraint webhook_deliveries_result_check on platform.webhook_deliveries is 'result must be a JSON list';
comment on constraint webhook_deliveries_notes_check on platform.webhook_deliveries is 'notes must be at most 10,000 characters long';
comment on constraint webhook_deliveries_error_check on platform.webhook_deliveries is 'what failed must say why, in at most 10,000 characters';
comment on constraint webhook_deliveries_completed_at_check on platform.webhook_deliveries is 'what has ended must say when, and nothing else may';

-- Two questions asked before an organisation is known ------------------------------------------------------------------

-- The policies that hold for everybody would hide every row from the functions below: they are narrowed to those who ask as a member.
do $$
declare
  everyone text := format('application_user, readonly_user, super_admin, %I', current_user);
  goal     text;
  rule     name;
begin
  foreach goal in array array['webhook_connections', 'webhook_deliveries'] loop
    foreach rule in array array['open', 'tenant_isolation', 'project_access'] loop
      execute format('alter policy %I on platform.%I to %s', rule, goal, everyone);
    end loop;
  end loop;
end
$$;
create policy sign_in on platform.webhook_connections as permissive for select to throughline_auth using (true);
create policy sign_in on platform.webhook_deliveries as permissive for select to throughline_auth using (true);
grant select (organization_id, id, project_id, provider, is_active, acts_as, secret_ciphertext, old_secret_ciphertext, old_secret_until, deleted_at)
  on platform.webhook_connections to throughline_auth;
grant select (organization_id, id, connection_id, next_attempt_at) on platform.webhook_deliveries to throughline_auth;

create function platform.webhook_connection(p_id uuid)
  returns table (organization_id uuid, project_id uuid, provider text, is_active boolean, acts_as uuid, secret_ciphertext bytea,
                 old_secret_ciphertext bytea, old_secret_until timestamptz)
  language sql stable security definer rows 1
  set search_path = pg_catalog, pg_temp
  as $$
    select c.organization_id, c.project_id, c.provider, c.is_active, c.acts_as, c.secret_ciphertext, c.old_secret_ciphertext, c.old_secret_until
    from platform.webhook_connections c
    where c.id = p_id and c.deleted_at is null
  $$;
comment on function platform.webhook_connection(uuid) is
  'The connection behind the address of a webhook, with its sealed secrets, for the server that checks a signature. No row: there is no such place.';

create function platform.due_webhook_deliveries(p_now timestamptz, p_limit int)
  returns table (organization_id uuid, id uuid, acts_as uuid)
  language sql stable security definer
  set search_path = pg_catalog, pg_temp
  as $$
    select d.organization_id, d.id, c.acts_as
    from platform.webhook_deliveries d
    join platform.webhook_connections c on c.organization_id = d.organization_id and c.id = d.connection_id
    where d.next_attempt_at <= p_now
    order by d.next_attempt_at, d.id
    limit p_limit
  $$;
comment on function platform.due_webhook_deliveries(timestamptz, int) is
  'The messages that are to be worked on by then, of every organisation, the first that came first. No row: nothing is left to do.';

create index webhook_connections_id_idx on platform.webhook_connections (id);
revoke execute on function platform.webhook_connection(uuid), platform.due_webhook_deliveries(timestamptz, int) from public;
grant execute on function platform.webhook_connection(uuid), platform.due_webhook_deliveries(timestamptz, int) to application_user;
grant create on schema platform to throughline_auth;
alter function platform.webhook_connection(uuid) owner to throughline_auth;
alter function platform.due_webhook_deliveries(timestamptz, int) owner to throughline_auth;
revoke create on schema platform from throughline_auth;

-- Checks of a commit ---------------------------------------------------------------------------------------------------

create table delivery.checks (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  project_id      uuid not null,
  repository_id   uuid not null,
  build_id        uuid,
  commit_hash     text not null,
  external_id     text not null,
  run_external_id text,
  name            text not null,
  source          text,
  status          text not null default 'waiting',
  conclusion      text,
  url             text,
  started_at      timestamptz,
  completed_at    timestamptz,
  reported_at     timestamptz,
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now(),
  row_version     bigint not null default 1,
  primary key (organization_id, id),
  constraint checks_project_id_key unique (organization_id, project_id, id),
  constraint checks_external_id_key unique (organization_id, repository_id, external_id),
  constraint checks_repository_id_fkey foreign key (organization_id, project_id, repository_id)
    references delivery.repositories (organization_id, project_id, id) on update cascade on delete cascade,
  constraint checks_build_id_fkey foreign key (organization_id, project_id, build_id)
    references delivery.builds (organization_id, project_id, id) on update cascade on delete set null (build_id),
  constraint checks_commit_hash_check check (commit_hash ~ '^([0-9a-f]{40}|[0-9a-f]{64})$'),
  constraint checks_external_id_check check (char_length(external_id) between 1 and 500),
  constraint checks_run_external_id_check check (char_length(run_external_id) between 1 and 200),
  constraint checks_name_check check (char_length(name) between 1 and 500),
  constraint checks_source_check check (char_length(source) between 1 and 200),
  constraint checks_status_check check (status in ('waiting', 'running', 'passed', 'failed', 'cancelled', 'skipped')),
  constraint checks_conclusion_check check (char_length(conclusion) between 1 and 100),
  constraint checks_url_check check (url ~ '^https?://[^[:space:][:cntrl:]]+$' and char_length(url) <= 2000),
  constraint checks_completed_at_check check (completed_at >= started_at)
);
create index checks_repository_id_idx on delivery.checks (organization_id, repository_id, project_id);
create index checks_build_id_idx on delivery.checks (organization_id, build_id, project_id) where build_id is not null;
create index checks_commit_hash_idx on delivery.checks (organization_id, commit_hash, project_id);
create index checks_run_external_id_idx on delivery.checks (organization_id, repository_id, run_external_id) where run_external_id is not null;
call platform.adopt_table('delivery.checks', 'confidential', 'while the repository is recorded', 'select, insert, update, delete');
comment on table delivery.checks is 'One check of a commit, as the repository server tells it: a job, a check run, a suite, a status.';
comment on column delivery.checks.repository_id is 'The repository; the check goes away with it.';
comment on column delivery.checks.build_id is 'The build it is a part of. Null: of none, or that build is not known yet.';
comment on column delivery.checks.commit_hash is 'The full hash of the commit it is about, in lower case.';
comment on column delivery.checks.external_id is 'What its server calls it, with a word for what it is, such as check/128620228.';
comment on column delivery.checks.run_external_id is 'The run of a workflow or pipeline it is a part of, as its server calls it. Null: of none.';
comment on column delivery.checks.name is 'Its name.';
comment on column delivery.checks.source is 'Who makes it: an application, or a stage of a pipeline. Null: unknown.';
comment on column delivery.checks.status is 'How far it has come, in our words.';
comment on column delivery.checks.conclusion is 'How it ended, in the words of its server. Null: it has not.';
comment on column delivery.checks.url is 'Where people look at it. Null: nowhere.';
comment on column delivery.checks.started_at is 'When it began. Null: it has not, or nobody says.';
comment on column delivery.checks.completed_at is 'When it ended. Null: it has not.';
comment on column delivery.checks.reported_at is 'The moment that the last message tells of; an older one changes nothing. Null: it tells of none.';
comment on constraint checks_commit_hash_check on delivery.checks is 'commit hash must be 40 or 64 lower-case hexadecimal digits';
comment on constraint checks_external_id_check on delivery.checks is 'external id must be 1 to 500 characters long';
comment on constraint checks_run_external_id_check on delivery.checks is 'run external id must be 1 to 200 characters long';
comment on constraint checks_name_check on delivery.checks is 'name must be 1 to 500 characters long';
comment on constraint checks_source_check on delivery.checks is 'source must be 1 to 200 characters long';
comment on constraint checks_conclusion_check on delivery.checks is 'conclusion must be 1 to 100 characters long';
comment on constraint checks_url_check on delivery.checks is 'url must begin with http:// or https:// and be at most 2,000 characters long';
comment on constraint checks_completed_at_check on delivery.checks is 'completed at must not lie before started at';

-- Pull requests and their reviews --------------------------------------------------------------------------------------

create table delivery.pull_requests (
  organization_id   uuid not null default platform.current_organization(),
  id                uuid not null default platform.uuid_v7(),
  project_id        uuid not null,
  repository_id     uuid not null,
  number            bigint not null,
  title             text not null,
  status            text not null default 'open',
  is_draft          boolean not null default false,
  review_status     text not null default 'none',
  author_name       text,
  source_branch     text,
  target_branch     text,
  head_commit_hash  text,
  merge_commit_hash text,
  url               text,
  opened_at         timestamptz,
  closed_at         timestamptz,
  reported_at       timestamptz,
  created_at        timestamptz not null default now(),
  updated_at        timestamptz not null default now(),
  row_version       bigint not null default 1,
  primary key (organization_id, id),
  constraint pull_requests_project_id_key unique (organization_id, project_id, id),
  constraint pull_requests_number_key unique (organization_id, repository_id, number),
  constraint pull_requests_repository_id_fkey foreign key (organization_id, project_id, repository_id)
    references delivery.repositories (organization_id, project_id, id) on update cascade on delete cascade,
  constraint pull_requests_number_check check (number > 0),
  constraint pull_requests_title_check check (char_length(title) between 1 and 1000),
  constraint pull_requests_status_check check (status in ('open', 'closed', 'merged')),
  constraint pull_requests_review_status_check check (review_status in ('none', 'commented', 'approved', 'changes_requested')),
  constraint pull_requests_author_name_check check (char_length(author_name) <= 200),
  constraint pull_requests_source_branch_check check (char_length(source_branch) between 1 and 250),
  constraint pull_requests_target_branch_check check (char_length(target_branch) between 1 and 250),
  constraint pull_requests_head_commit_hash_check check (head_commit_hash ~ '^([0-9a-f]{40}|[0-9a-f]{64})$'),
  constraint pull_requests_merge_commit_hash_check check (merge_commit_hash ~ '^([0-9a-f]{40}|[0-9a-f]{64})$'),
  constraint pull_requests_url_check check (url ~ '^https?://[^[:space:][:cntrl:]]+$' and char_length(url) <= 2000)
);
create index pull_requests_repository_id_idx on delivery.pull_requests (organization_id, repository_id, project_id);
create index pull_requests_head_commit_hash_idx on delivery.pull_requests (organization_id, head_commit_hash, project_id) where head_commit_hash is not null;
call platform.adopt_table('delivery.pull_requests', 'confidential', 'while the repository is recorded', 'select, insert, update, delete');
comment on table delivery.pull_requests is 'A pull or merge request, as the repository server tells it.';
comment on column delivery.pull_requests.repository_id is 'The repository it would change; the request goes away with it.';
comment on column delivery.pull_requests.number is 'Its number in the repository.';
comment on column delivery.pull_requests.title is 'Its title.';
comment on column delivery.pull_requests.status is 'Where it stands.';
comment on column delivery.pull_requests.is_draft is 'True: its author still works on it.';
comment on column delivery.pull_requests.review_status is
  'What reviewers say together: changes_requested while one of them asks for some, otherwise approved once one has approved.';
comment on column delivery.pull_requests.author_name is 'Who wrote it, by the name they sign in with there. Null: unknown.';
comment on column delivery.pull_requests.source_branch is 'The branch it comes from. Null: unknown.';
comment on column delivery.pull_requests.target_branch is 'The branch it goes to. Null: unknown.';
comment on column delivery.pull_requests.head_commit_hash is 'The last commit it brings. Null: unknown.';
comment on column delivery.pull_requests.merge_commit_hash is 'The commit that brought it in. Null: it is not merged, or nobody says.';
comment on column delivery.pull_requests.url is 'Where people look at it. Null: nowhere.';
comment on column delivery.pull_requests.opened_at is 'When it was opened. Null: unknown.';
comment on column delivery.pull_requests.closed_at is 'When it was closed or merged. Null: it is open.';
comment on column delivery.pull_requests.reported_at is 'The moment that the last message tells of; an older one changes nothing. Null: it tells of none.';
comment on constraint pull_requests_number_check on delivery.pull_requests is 'number must be positive';
comment on constraint pull_requests_title_check on delivery.pull_requests is 'title must be 1 to 1,000 characters long';
comment on constraint pull_requests_author_name_check on delivery.pull_requests is 'author name must be at most 200 characters long';
comment on constraint pull_requests_source_branch_check on delivery.pull_requests is 'source branch must be 1 to 250 characters long';
comment on constraint pull_requests_target_branch_check on delivery.pull_requests is 'target branch must be 1 to 250 characters long';
comment on constraint pull_requests_head_commit_hash_check on delivery.pull_requests is 'head commit hash must be 40 or 64 lower-case hexadecimal digits';
comment on constraint pull_requests_merge_commit_hash_check on delivery.pull_requests is 'merge commit hash must be 40 or 64 lower-case hexadecimal digits';
comment on constraint pull_requests_url_check on delivery.pull_requests is 'url must begin with http:// or https:// and be at most 2,000 characters long';

create table delivery.pull_request_reviews (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  project_id      uuid not null,
  pull_request_id uuid not null,
  reviewer_name   text not null,
  verdict         text not null,
  commit_hash     text,
  reviewed_at     timestamptz,
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now(),
  primary key (organization_id, id),
  constraint pull_request_reviews_reviewer_name_key unique (organization_id, pull_request_id, reviewer_name),
  constraint pull_request_reviews_pull_request_id_fkey foreign key (organization_id, project_id, pull_request_id)
    references delivery.pull_requests (organization_id, project_id, id) on update cascade on delete cascade,
  constraint pull_request_reviews_reviewer_name_check check (char_length(reviewer_name) between 1 and 200),
  constraint pull_request_reviews_verdict_check check (verdict in ('approved', 'changes_requested', 'commented', 'dismissed')),
  constraint pull_request_reviews_commit_hash_check check (commit_hash ~ '^([0-9a-f]{40}|[0-9a-f]{64})$')
);
create index pull_request_reviews_pull_request_id_idx on delivery.pull_request_reviews (organization_id, pull_request_id, project_id);
call platform.adopt_table('delivery.pull_request_reviews', 'confidential', 'while the pull request is recorded', 'select, insert, update, delete');
comment on table delivery.pull_request_reviews is 'The last word of one reviewer on a pull or merge request; a remark takes the place of no verdict.';
comment on column delivery.pull_request_reviews.pull_request_id is 'The request; the review goes away with it.';
comment on column delivery.pull_request_reviews.reviewer_name is 'Who reviews, by the name they sign in with there; once for each request.';
comment on column delivery.pull_request_reviews.verdict is 'What they say. Dismissed: what they said before no longer counts.';
comment on column delivery.pull_request_reviews.commit_hash is 'The commit they looked at. Null: nobody says.';
comment on column delivery.pull_request_reviews.reviewed_at is 'When they said it. Null: nobody says.';
comment on constraint pull_request_reviews_reviewer_name_check on delivery.pull_request_reviews is 'reviewer name must be 1 to 200 characters long';
comment on constraint pull_request_reviews_commit_hash_check on delivery.pull_request_reviews is 'commit hash must be 40 or 64 lower-case hexadecimal digits';

-- Releases are told of too ---------------------------------------------------------------------------------------------

alter table delivery.releases add column reported_at timestamptz;
comment on column delivery.releases.reported_at is
  'The moment that the last message of a repository server tells of; an older one changes nothing. Null: no server told of it.';
