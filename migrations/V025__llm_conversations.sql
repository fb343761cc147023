-- Which language models an organisation uses, what is said to them, and the prompts that have proven themselves.

create schema llm;
comment on schema llm is 'Language models and what is said to them: providers, models, conversations, messages, prompt templates.';
grant usage on schema llm to application_user, readonly_user, super_admin;

create table llm.providers (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  name                 text not null,
  provider_type        text not null,
  api_base_url         text,
  api_key_ciphertext   bytea,
  api_version          text,
  default_model_id     uuid,
  rate_limits          jsonb not null default '{}',
  pricing_config       jsonb not null default '{}',
  is_active            boolean not null default true,
  health_status        text not null default 'unknown',
  last_health_check_at timestamptz,
  metadata             jsonb not null default '{}',
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now(),
  created_by      uuid default platform.current_user_id(),
  updated_by      uuid,
  row_version     bigint not null default 1,
  deleted_at      timestamptz,
  deleted_by      uuid,
  primary key (organization_id, id),
  constraint providers_organization_id_fkey foreign key (organization_id) references identity.organizations on update cascade on delete restrict,
  constraint providers_name_check check (char_length(name) between 1 and 100),
  constraint providers_provider_type_check check (provider_type ~ '^[a-z][a-z0-9_]{0,49}$'),
  constraint providers_api_base_url_check check (char_length(api_base_url) <= 2000 and api_base_url ~ '^https?://[^\s[:cntrl:]]+$'),
  constraint providers_api_version_check check (char_length(api_version) between 1 and 20),
  constraint providers_health_status_check check (health_status in ('healthy', 'degraded', 'down', 'unknown')),
  constraint providers_rate_limits_check check (jsonb_typeof(rate_limits) = 'object'),
  constraint providers_pricing_config_check check (jsonb_typeof(pricing_config) = 'object'),
  constraint providers_metadata_check check (jsonb_typeof(metadata) = 'object')
);
create unique index providers_name_key on llm.providers (organization_id, name) where deleted_at is null;
create index providers_health_status_idx on llm.providers (organization_id, health_status) where is_active and deleted_at is null;

create table llm.models (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  provider_id        uuid not null,
  model_name         text not null,
  display_name       text,
  description        text,
  max_tokens         int,
  supports_functions boolean not null default false,
  supports_vision    boolean not null default false,
  supports_streaming boolean not null default true,
  input_token_cost   numeric(14,8),
  output_token_cost  numeric(14,8),
  average_latency_ms int,
  quality_score      numeric(3,2),
  is_active          boolean not null default true,
  deprecated_at      timestamptz,
  metadata           jsonb not null default '{}',
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now(),
  primary key (organization_id, id),
  constraint models_provider_id_key unique (organization_id, provider_id, id),
  constraint models_model_name_key unique (organization_id, provider_id, model_name),
  constraint models_provider_id_fkey foreign key (organization_id, provider_id) references llm.providers on update cascade on delete cascade,
  constraint models_model_name_check check (char_length(model_name) between 1 and 100),
  constraint models_display_name_check check (char_length(display_name) between 1 and 200),
  constraint models_description_check check (char_length(description) <= 10000),
  constraint models_max_tokens_check check (max_tokens > 0),
  constraint models_token_cost_check check (input_token_cost >= 0 and output_token_cost >= 0),
  constraint models_average_latency_ms_check check (average_latency_ms >= 0),
  constraint models_quality_score_check check (quality_score between 0 and 5),
  constraint models_metadata_check check (jsonb_typeof(metadata) = 'object')
);
create index models_is_active_idx on llm.models (organization_id, id) where is_active;

alter table llm.providers add constraint providers_default_model_id_fkey foreign key (organization_id, id, default_model_id)
  references llm.models (organization_id, provider_id, id) on update cascade on delete set null (default_model_id);
create index providers_default_model_id_idx on llm.providers (organization_id, default_model_id, id) where default_model_id is not null;

create table llm.conversations (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  owner_user_id     uuid not null default platform.current_user_id(),
  project_id        uuid,
  title             text not null default 'New conversation',
  description       text,
  conversation_type text not null default 'chat',
  context           jsonb not null default '{}',
  system_prompt     text,
  state             text not null default 'active',
  default_model_id  uuid,
  model_parameters  jsonb not null default '{}',
  is_shared         boolean not null generated always as (share_token_hash is not null) stored,
  share_token_hash  bytea,
  shared_until      timestamptz,
  total_messages    int not null default 0,
  total_tokens      bigint not null default 0,
  total_cost        numeric(14,6) not null default 0,
  last_message_at   timestamptz,
  archived_at       timestamptz,
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now(),
  row_version     bigint not null default 1,
  deleted_at      timestamptz,
  deleted_by      uuid,
  primary key (organization_id, id),
  constraint conversations_project_id_key unique (organization_id, project_id, id),
  constraint conversations_organization_id_fkey foreign key (organization_id) references identity.organizations on update cascade on delete restrict,
  constraint conversations_project_id_fkey foreign key (organization_id, project_id) references work.projects on update cascade on delete cascade,
  constraint conversations_default_model_id_fkey foreign key (organization_id, default_model_id) references llm.models
    on update cascade on delete set null (default_model_id),
  constraint conversations_title_check check (char_length(title) between 1 and 255),
  constraint conversations_description_check check (char_length(description) <= 10000),
  constraint conversations_conversation_type_check check (conversation_type ~ '^[a-z][a-z0-9_]{0,49}$'),
  constraint conversations_context_check check (jsonb_typeof(context) = 'object'),
  constraint conversations_system_prompt_check check (char_length(system_prompt) <= 100000),
  constraint conversations_state_check check (state in ('active', 'archived')),
  constraint conversations_model_parameters_check check (jsonb_typeof(model_parameters) = 'object'),
  constraint conversations_share_token_hash_check check (octet_length(share_token_hash) = 32),
  constraint conversations_shared_until_check check (shared_until is null or share_token_hash is not null),
  constraint conversations_total_check check (total_messages >= 0 and total_tokens >= 0 and total_cost >= 0),
  constraint conversations_archived_at_check check (state <> 'archived' or archived_at is not null)
) partition by hash (organization_id);
do $$
begin
  for part in 0 .. 15 loop
    execute format('create table llm.conversations_%s partition of llm.conversations for values with (modulus 16, remainder %s) with (fillfactor = 80)',
                   lpad(part::text, 2, '0'), part);
    execute format('alter table llm.conversations_%s enable row level security', lpad(part::text, 2, '0'));
    execute format('alter table llm.conversations_%s force row level security', lpad(part::text, 2, '0'));
  end loop;
end
$$;
create index conversations_default_model_id_idx on llm.conversations (organization_id, default_model_id) where default_model_id is not null;
create index conversations_state_idx on llm.conversations (organization_id, state, id) where deleted_at is null;
create index conversations_updated_at_idx on llm.conversations (organization_id, updated_at, id) where deleted_at is null;
create unique index conversations_share_token_hash_key on llm.conversations (organization_id, share_token_hash) where share_token_hash is not null;

create table llm.messages (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  project_id              uuid,
  conversation_id         uuid not null,
  role                    text not null,
  content                 text not null,
  content_type            text not null default 'text',
  model_id                uuid,
  model_parameters        jsonb not null default '{}',
  prompt_tokens           int not null default 0,
  completion_tokens       int not null default 0,
  total_tokens            int not null generated always as (prompt_tokens + completion_tokens) stored,
  estimated_cost          numeric(12,6) not null default 0,
  response_time_ms        int,
  processing_started_at   timestamptz,
  processing_completed_at timestamptz,
  parent_message_id       uuid,
  thread_root_id          uuid,
  sentiment_score         numeric(3,2),
  content_categories      text[] not null default '{}',
  safety_flags            jsonb not null default '{}',
  metadata                jsonb not null default '{}',
  created_at      timestamptz not null default now(),
  primary key (organization_id, id),
  -- Two references to one conversation: the first holds for every message, the second also holds the project where there is one.
  constraint messages_conversation_id_fkey foreign key (organization_id, conversation_id) references llm.conversations
    on update cascade on delete cascade,
  constraint messages_conversation_in_project_fkey foreign key (organization_id, project_id, conversation_id)
    references llm.conversations (organization_id, project_id, id) on update cascade on delete cascade,
  constraint messages_conversation_id_key unique (organization_id, conversation_id, id),
  constraint messages_model_id_fkey foreign key (organization_id, model_id) references llm.models on update cascade on delete restrict,
  constraint messages_parent_message_id_fkey foreign key (organization_id, conversation_id, parent_message_id)
    references llm.messages (organization_id, conversation_id, id) on update cascade on delete set null (parent_message_id),
  constraint messages_thread_root_id_fkey foreign key (organization_id, conversation_id, thread_root_id)
    references llm.messages (organization_id, conversation_id, id) on update cascade on delete set null (thread_root_id),
  constraint messages_role_check check (role in ('user', 'assistant', 'system', 'function')),
  constraint messages_content_check check (char_length(content) <= 1000000),
  constraint messages_content_type_check check (content_type ~ '^[a-z][a-z0-9_]{0,49}$'),
  constraint messages_model_parameters_check check (jsonb_typeof(model_parameters) = 'object'),
  constraint messages_tokens_check check (prompt_tokens >= 0 and completion_tokens >= 0),
  constraint messages_estimated_cost_check check (estimated_cost >= 0),
  constraint messages_response_time_ms_check check (response_time_ms >= 0),
  constraint messages_processing_completed_at_check check (processing_completed_at >= processing_started_at),
  constraint messages_parent_message_id_check check (parent_message_id <> id and thread_root_id <> id),
  constraint messages_sentiment_score_check check (sentiment_score between -1 and 1),
  constraint messages_safety_flags_check check (jsonb_typeof(safety_flags) = 'object'),
  constraint messages_metadata_check check (jsonb_typeof(metadata) = 'object')
) partition by range (id);
create index messages_project_id_idx on llm.messages (organization_id, conversation_id, project_id) where project_id is not null;
create index messages_model_id_idx on llm.messages (organization_id, model_id) where model_id is not null;
create index messages_parent_message_id_idx on llm.messages (organization_id, parent_message_id, conversation_id) where parent_message_id is not null;
create index messages_thread_root_id_idx on llm.messages (organization_id, thread_root_id, conversation_id) where thread_root_id is not null;
create index messages_role_idx on llm.messages (organization_id, role, id);
create index messages_created_at_idx on llm.messages (organization_id, created_at, id);

create table llm.prompt_templates (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  name                text not null,
  display_name        text,
  description         text,
  category            text,
  visibility          text not null default 'private',
  is_active           boolean not null default true,
  current_version     int,
  usage_count         bigint not null default 0,
  rating_sum          int not null default 0,
  rating_count        int not null default 0,
  average_rating      numeric(3,2) generated always as (case when rating_count > 0 then round(rating_sum::numeric / rating_count, 2) end) stored,
  performance_metrics jsonb not null default '{}',
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now(),
  created_by      uuid default platform.current_user_id(),
  updated_by      uuid,
  row_version     bigint not null default 1,
  deleted_at      timestamptz,
  deleted_by      uuid,
  primary key (organization_id, id),
  constraint prompt_templates_organization_id_fkey foreign key (organization_id) references identity.organizations on update cascade on delete restrict,
  constraint prompt_templates_name_check check (char_length(name) between 1 and 255),
  constraint prompt_templates_display_name_check check (char_length(display_name) between 1 and 255),
  constraint prompt_templates_description_check check (char_length(description) <= 10000),
  constraint prompt_templates_category_check check (char_length(category) between 1 and 100),
  constraint prompt_templates_visibility_check check (visibility in ('private', 'shared', 'public')),
  constraint prompt_templates_current_version_check check (current_version > 0),
  constraint prompt_templates_usage_count_check check (usage_count >= 0),
  constraint prompt_templates_rating_check check (rating_count >= 0 and rating_sum between 0 and 5 * rating_count),
  constraint prompt_templates_performance_metrics_check check (jsonb_typeof(performance_metrics) = 'object')
);
create unique index prompt_templates_name_key on llm.prompt_templates (organization_id, name) where deleted_at is null;
create index prompt_templates_category_idx on llm.prompt_templates (organization_id, category, id) where deleted_at is null;
create index prompt_templates_visibility_idx on llm.prompt_templates (organization_id, visibility, id) where deleted_at is null;
create index prompt_templates_is_active_idx on llm.prompt_templates (organization_id, id) where is_active and deleted_at is null;

create table llm.prompt_template_versions (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  template_id        uuid not null,
  version_number     int not null,
  template_content   text not null,
  required_variables jsonb not null default '[]',
  optional_variables jsonb not null default '[]',
  variable_schemas   jsonb not null default '{}',
  default_parameters jsonb not null default '{}',
  is_approved        boolean not null generated always as (approved_at is not null) stored,
  approved_by        uuid,
  approved_at        timestamptz,
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now(),
  created_by      uuid default platform.current_user_id(),
  updated_by      uuid,
  row_version     bigint not null default 1,
  primary key (organization_id, id),
  constraint prompt_template_versions_version_number_key unique (organization_id, template_id, version_number),
  constraint prompt_template_versions_template_id_fkey foreign key (organization_id, template_id) references llm.prompt_templates
    on update cascade on delete cascade,
  constraint prompt_template_versions_version_number_check check (version_number > 0),
  constraint prompt_template_versions_template_content_check check (char_length(template_content) between 1 and 1000000),
  constraint prompt_template_versions_required_variables_check check (jsonb_typeof(required_variables) = 'array'),
  constraint prompt_template_versions_optional_variables_check check (jsonb_typeof(optional_variables) = 'array'),
  constraint prompt_template_versions_variable_schemas_check check (jsonb_typeof(variable_schemas) = 'object'),
  constraint prompt_template_versions_default_parameters_check check (jsonb_typeof(default_parameters) = 'object'),
  constraint prompt_template_versions_approved_by_check check ((approved_by is null) = (approved_at is null))
);

create table llm.prompt_template_models (
  organization_id uuid not null default platform.current_organization(),
  template_id     uuid not null,
  model_id        uuid not null,
  position        int not null default 1,
  primary key (organization_id, template_id, model_id),
  constraint prompt_template_models_position_key unique (organization_id, template_id, position),
  constraint prompt_template_models_template_id_fkey foreign key (organization_id, template_id) references llm.prompt_templates
    on update cascade on delete cascade,
  constraint prompt_template_models_model_id_fkey foreign key (organization_id, model_id) references llm.models on update cascade on delete cascade,
  constraint prompt_template_models_position_check check (position > 0)
);
create index prompt_template_models_model_id_idx on llm.prompt_template_models (organization_id, model_id);

call platform.adopt_table('llm.providers', 'restricted', 'while the organisation exists; 90 days in the bin');
call platform.adopt_table('llm.models', 'internal', 'while the provider is kept', 'select, insert, update, delete',
  p_statistics => array['average_latency_ms']);
call platform.adopt_table('llm.conversations', 'restricted', 'until the owner removes it; 90 days in the bin',
  p_statistics => array['total_messages', 'total_tokens', 'total_cost', 'last_message_at']);
call platform.refer_to_members('llm.conversations', 'owner_user_id');
call platform.adopt_table('llm.messages', 'restricted', 'with its conversation, then archived', 'select, insert');
call platform.start_partitions('llm.messages', interval '1 month', 1);
call platform.adopt_table('llm.prompt_templates', 'confidential', 'while the organisation exists; 90 days in the bin',
  p_statistics => array['current_version', 'usage_count', 'rating_sum', 'rating_count']);
call platform.adopt_table('llm.prompt_template_versions', 'confidential', 'while the template is kept');
call platform.refer_to_members('llm.prompt_template_versions', 'approved_by');
call platform.adopt_table('llm.prompt_template_models', 'internal', 'while the template is kept', 'select, insert, update, delete');

-- What is said outside every project stays with who said it; inside a project, with those who see the project. A private prompt is its maker's.
-- The system itself (nobody signed in) sees all: jobs archive, count and answer.
create policy owner_access on llm.conversations as restrictive for all to public
  using (project_id is not null or owner_user_id = platform.current_user_id() or platform.current_user_id() is null)
  with check (project_id is not null or owner_user_id = platform.current_user_id() or platform.current_user_id() is null);
create policy conversation_access on llm.messages as restrictive for all to public
  using (exists (select from llm.conversations c where c.organization_id = messages.organization_id and c.id = messages.conversation_id))
  with check (exists (select from llm.conversations c where c.organization_id = messages.organization_id and c.id = messages.conversation_id));
create policy owner_access on llm.prompt_templates as restrictive for all to public
  using (visibility <> 'private' or created_by = platform.current_user_id() or platform.current_user_id() is null)
  with check (visibility <> 'private' or created_by = platform.current_user_id() or platform.current_user_id() is null);
create policy template_access on llm.prompt_template_versions as restrictive for all to public
  using (exists (select from llm.prompt_templates t where t.organization_id = prompt_template_versions.organization_id and t.id = template_id))
  with check (exists (select from llm.prompt_templates t where t.organization_id = prompt_template_versions.organization_id and t.id = template_id));
create policy template_access on llm.prompt_template_models as restrictive for all to public
  using (exists (select from llm.prompt_templates t where t.organization_id = prompt_template_models.organization_id and t.id = template_id))
  with check (exists (select from llm.prompt_templates t where t.organization_id = prompt_template_models.organization_id and t.id = template_id));

-- The registry is read by more people than a private record is, so it does not learn what that is about.
call platform.register_table('llm.conversations', 'conversation', 'case when n.project_id is null then ''Private conversation'' else n.title end',
  '{title,state,owner_user_id,project_id,deleted_at}', 'n.state', 'n.owner_user_id');
call platform.register_table('llm.prompt_templates', 'prompt_template',
  'case when n.visibility = ''private'' then ''Private prompt template'' else coalesce(n.display_name, n.name) end',
  '{name,display_name,visibility,is_active,deleted_at}', 'case when n.is_active then ''active'' else ''inactive'' end', 'n.created_by');

create function llm.keep_conversation_place() returns trigger
  language plpgsql
  as $$
begin
  raise exception using
    errcode = 'check_violation', schema = 'llm', table = 'conversations', column = 'project_id',
    constraint = 'conversations_project_id_move',
    message = 'a conversation stays where it was begun: its messages were written for those who see that place';
end
$$;
comment on function llm.keep_conversation_place() is 'Refuses to move a conversation into, out of or between projects.';
create trigger keep_conversation_place before update of project_id on llm.conversations
  for each row when (old.project_id is distinct from new.project_id) execute function llm.keep_conversation_place();

create function llm.place_message() returns trigger
  language plpgsql
  as $$
declare
  root uuid;
begin
  select c.project_id into new.project_id from llm.conversations c
  where c.organization_id = new.organization_id and c.id = new.conversation_id;
  if new.parent_message_id is not null then
    select coalesce(m.thread_root_id, m.id) into root from llm.messages m
    where m.organization_id = new.organization_id and m.id = new.parent_message_id and m.conversation_id = new.conversation_id;
  end if;
  if new.thread_root_id is null then
    new.thread_root_id := root;
  elsif new.parent_message_id is null or new.thread_root_id <> root then
    raise exception using
      errcode = 'check_violation', schema = 'llm', table = 'messages', column = 'thread_root_id',
      constraint = 'messages_thread_root_id_of_parent',
      message = 'the root of a thread is that of the message answered: leave it out, or answer a message of that thread';
  end if;
  return new;
end
$$;
comment on function llm.place_message() is 'Gives a message the project of its conversation and the thread of the message it answers.';
create trigger place_message before insert on llm.messages for each row execute function llm.place_message();

-- One update for each conversation, however many messages a statement stores.
create function llm.count_messages() returns trigger
  language plpgsql
  as $$
begin
  update llm.conversations c set
    total_messages  = c.total_messages + n.messages,
    total_tokens    = c.total_tokens + n.tokens,
    total_cost      = c.total_cost + n.cost,
    last_message_at = greatest(c.last_message_at, n.last_at)
  from (select organization_id, conversation_id, count(*) as messages, sum(prompt_tokens::bigint + completion_tokens) as tokens,
               sum(estimated_cost) as cost, max(created_at) as last_at
        from new_rows group by 1, 2) n
  where c.organization_id = n.organization_id and c.id = n.conversation_id;
  return null;
end
$$;
comment on function llm.count_messages() is
  'Adds what one statement stored to the totals of its conversations. They only grow: archiving a month takes nothing from them.';
create trigger count_messages after insert on llm.messages referencing new table as new_rows
  for each statement execute function llm.count_messages();

create function llm.number_prompt_template_version() returns trigger
  language plpgsql
  as $$
declare
  next_number int;
begin
  -- Whoever stores a version of the same template waits here, so numbers have no gaps and no twins.
  perform from llm.prompt_templates t where t.organization_id = new.organization_id and t.id = new.template_id for no key update;
  select coalesce(max(v.version_number), 0) + 1 into next_number from llm.prompt_template_versions v
  where v.organization_id = new.organization_id and v.template_id = new.template_id;
  if new.version_number is null then
    new.version_number := next_number;
  elsif new.version_number <> next_number then
    raise exception using
      errcode = 'check_violation', schema = 'llm', table = 'prompt_template_versions', column = 'version_number',
      constraint = 'prompt_template_versions_version_number_next',
      message = format('the next version of this template is %s: leave the number out', next_number);
  end if;
  return new;
end
$$;
comment on function llm.number_prompt_template_version() is 'Gives a version of a prompt template the number after the last one.';
create trigger number_version before insert on llm.prompt_template_versions
  for each row execute function llm.number_prompt_template_version();

create function llm.keep_prompt_template_version() returns trigger
  language plpgsql
  as $$
begin
  if (new.template_id, new.version_number) is distinct from (old.template_id, old.version_number) then
    raise exception using
      errcode = 'check_violation', schema = 'llm', table = 'prompt_template_versions', column = 'version_number',
      constraint = 'prompt_template_versions_number_fixed',
      message = 'a version keeps its template and its number';
  end if;
  if old.approved_at is not null
     and (new.template_content, new.required_variables, new.optional_variables, new.variable_schemas, new.default_parameters, new.approved_at)
         is distinct from
         (old.template_content, old.required_variables, old.optional_variables, old.variable_schemas, old.default_parameters, old.approved_at) then
    raise exception using
      errcode = 'check_violation', schema = 'llm', table = 'prompt_template_versions', column = 'approved_at',
      constraint = 'prompt_template_versions_approved_fixed',
      message = 'an approved version does not change any more: store a new version instead';
  end if;
  return new;
end
$$;
comment on function llm.keep_prompt_template_version() is 'Refuses to change a version that was approved, and to give any version another number.';
create trigger keep_version before update on llm.prompt_template_versions
  for each row execute function llm.keep_prompt_template_version();

create function llm.maintain_current_version() returns trigger
  language plpgsql
  as $$
begin
  update llm.prompt_templates t set current_version = new.version_number
  where t.organization_id = new.organization_id and t.id = new.template_id and new.version_number > coalesce(t.current_version, 0);
  return null;
end
$$;
comment on function llm.maintain_current_version() is 'The newest approved version of a template is its current one.';
create trigger maintain_current_version after insert or update of approved_at on llm.prompt_template_versions
  for each row when (new.approved_at is not null) execute function llm.maintain_current_version();
comment on table llm.providers is
  'Where language models are served: a vendor, a gateway, or a machine of one''s own.';
comment on column llm.providers.name is 'What people call it; unique among live providers.';
comment on column llm.providers.provider_type is
  'Which protocol to speak, such as openai, anthropic, azure or local. Open, because new ones appear.';
comment on column llm.providers.api_base_url is 'Where to call. Null: the usual address of that kind.';
comment on column llm.providers.api_key_ciphertext is
  'The secret it wants, sealed with a data key of the organisation. Never served. Null: it wants none.';
comment on column llm.providers.api_version is 'The version of its interface. Null: the newest.';
comment on column llm.providers.default_model_id is
  'The model of this provider that is used when none is named. Null: one has to be named.';
comment on column llm.providers.rate_limits is 'What it allows by name, such as requests a minute; an empty object means nobody said.';
comment on column llm.providers.pricing_config is 'What goes beyond prices by token, such as discounts for cached input.';
comment on column llm.providers.is_active is 'False: kept for old conversations, no longer called.';
comment on column llm.providers.health_status is 'What the last look at it said.';
comment on column llm.providers.last_health_check_at is 'When that was. Null: nobody has looked.';
comment on column llm.providers.metadata is 'Facts for other systems.';
comment on constraint providers_name_check on llm.providers is 'name must be 1 to 100 characters long';
comment on constraint providers_provider_type_check on llm.providers is
  'provider type must begin with a lower-case letter and hold only lower-case letters, digits and underscores';
comment on constraint providers_api_base_url_check on llm.providers is
  'api base url must begin with http:// or https:// and hold at most 2,000 characters without spaces';
comment on constraint providers_api_version_check on llm.providers is 'api version must be 1 to 20 characters long';
comment on constraint providers_rate_limits_check on llm.providers is 'rate limits must be a JSON object';
comment on constraint providers_pricing_config_check on llm.providers is 'pricing config must be a JSON object';
comment on constraint providers_metadata_check on llm.providers is 'metadata must be a JSON object';
comment on table llm.models is
  'A model of a provider: what it can do and what it costs.';
comment on column llm.models.provider_id is 'Who serves it; the model goes away with the provider''s row.';
comment on column llm.models.model_name is 'As the provider''s interface calls it; unique with its provider.';
comment on column llm.models.display_name is 'As people call it. Null: by its name.';
comment on column llm.models.description is 'What it is good for. Null: nobody said.';
comment on column llm.models.max_tokens is 'The most it takes in and gives out in one call. Null: unknown.';
comment on column llm.models.supports_functions is 'True: it can ask for tools to be called.';
comment on column llm.models.supports_vision is 'True: it takes pictures.';
comment on column llm.models.supports_streaming is 'True: it answers word by word.';
comment on column llm.models.input_token_cost is 'Price of 1,000 tokens taken in, in the currency of the provider. Null: unknown.';
comment on column llm.models.output_token_cost is 'Price of 1,000 tokens given out. Null: unknown.';
comment on column llm.models.average_latency_ms is 'How long an answer usually takes. Written by a job. Null: not measured.';
comment on column llm.models.quality_score is 'How good its answers are, 0 to 5, as the organisation judges. Null: not judged.';
comment on column llm.models.is_active is 'False: kept for old messages, no longer offered.';
comment on column llm.models.deprecated_at is 'When the provider gave it up, or will. Null: not announced.';
comment on column llm.models.metadata is 'Facts for other systems.';
comment on constraint models_model_name_check on llm.models is 'model name must be 1 to 100 characters long';
comment on constraint models_display_name_check on llm.models is 'display name must be 1 to 200 characters long';
comment on constraint models_description_check on llm.models is 'description must be at most 10,000 characters long';
comment on constraint models_max_tokens_check on llm.models is 'max tokens must be greater than zero';
comment on constraint models_token_cost_check on llm.models is 'input token cost and output token cost must not be negative';
comment on constraint models_average_latency_ms_check on llm.models is 'average latency ms must not be negative';
comment on constraint models_quality_score_check on llm.models is 'quality score must be from 0 to 5';
comment on constraint models_metadata_check on llm.models is 'metadata must be a JSON object';
comment on table llm.conversations is
  'A talk with a model. Inside a project it is open to those who see the project; outside every project only to its owner. Spread over 16 partitions by organisation.';
comment on column llm.conversations.owner_user_id is 'Who began it.';
comment on column llm.conversations.project_id is 'The project it is about; set once. Null: it is private to its owner.';
comment on column llm.conversations.title is 'What it is about, in one line.';
comment on column llm.conversations.description is 'The same in more words. Null: the title says it.';
comment on column llm.conversations.conversation_type is 'What it is for, such as chat, analysis or generation.';
comment on column llm.conversations.context is 'What the model is given besides the messages, by name.';
comment on column llm.conversations.system_prompt is 'What the model is told before anybody speaks. Null: nothing.';
comment on column llm.conversations.state is 'archived: kept for reading.';
comment on column llm.conversations.default_model_id is
  'The model that answers unless a message names another. Null: the provider''s own choice, or the model is gone.';
comment on column llm.conversations.model_parameters is 'Settings such as temperature, by the model''s own names.';
comment on column llm.conversations.is_shared is 'True: there is a link by which others may read it.';
comment on column llm.conversations.share_token_hash is 'SHA-256 of the token in that link. Never served. Null: there is no link.';
comment on column llm.conversations.shared_until is 'When the link stops working. Null: when it is taken back.';
comment on column llm.conversations.total_messages is 'Messages ever stored. Written by a trigger.';
comment on column llm.conversations.total_tokens is 'Their tokens, in and out. Written by a trigger.';
comment on column llm.conversations.total_cost is 'What they cost, as estimated. Written by a trigger.';
comment on column llm.conversations.last_message_at is 'When the last one was stored. Written by a trigger. Null: nobody has spoken.';
comment on column llm.conversations.archived_at is 'When it was last archived. Null: never.';
comment on constraint conversations_title_check on llm.conversations is 'title must be 1 to 255 characters long';
comment on constraint conversations_description_check on llm.conversations is 'description must be at most 10,000 characters long';
comment on constraint conversations_conversation_type_check on llm.conversations is
  'conversation type must begin with a lower-case letter and hold only lower-case letters, digits and underscores';
comment on constraint conversations_context_check on llm.conversations is 'context must be a JSON object';
comment on constraint conversations_system_prompt_check on llm.conversations is 'system prompt must be at most 100,000 characters long';
comment on constraint conversations_model_parameters_check on llm.conversations is 'model parameters must be a JSON object';
comment on constraint conversations_share_token_hash_check on llm.conversations is 'share token hash must be 32 bytes long';
comment on constraint conversations_shared_until_check on llm.conversations is 'only a shared conversation can be shared until a moment';
comment on constraint conversations_total_check on llm.conversations is 'total messages, tokens and cost must not be negative';
comment on constraint conversations_archived_at_check on llm.conversations is 'an archived conversation must say when it was archived';
comment on table llm.messages is
  'One thing said in a conversation. Never changed. Partitioned by the month of its identifier.';
comment on column llm.messages.project_id is 'The project of the conversation. Written by a trigger. Null: the conversation is in none.';
comment on column llm.messages.conversation_id is 'Where it was said; it goes away with the conversation.';
comment on column llm.messages.role is 'Who speaks: the person, the model, the instructions, or a tool that was called.';
comment on column llm.messages.content is 'What was said, as Markdown, or as JSON where content_type says so.';
comment on column llm.messages.content_type is 'What kind of content it is, such as text, image, file or function_call.';
comment on column llm.messages.model_id is 'The model that said it. Null: no model did.';
comment on column llm.messages.model_parameters is 'The settings it was asked with.';
comment on column llm.messages.prompt_tokens is 'Tokens taken in for it.';
comment on column llm.messages.completion_tokens is 'Tokens given out.';
comment on column llm.messages.total_tokens is 'Both together.';
comment on column llm.messages.estimated_cost is 'What it cost by the prices at that time.';
comment on column llm.messages.response_time_ms is 'How long the model took. Null: no model was asked.';
comment on column llm.messages.processing_started_at is 'When work on it began. Null: there was none.';
comment on column llm.messages.processing_completed_at is 'When work on it ended. Null: there was none, or it broke off.';
comment on column llm.messages.parent_message_id is
  'The message it answers, of the same conversation. Null: it begins something, or that message is archived.';
comment on column llm.messages.thread_root_id is
  'The first message of its thread, of the same conversation. Written by a trigger. Null: it is the first itself.';
comment on column llm.messages.sentiment_score is 'How it sounds, from -1 to 1. Null: not judged.';
comment on column llm.messages.content_categories is
  'What it is about, in the words of the classifier; an array, because it is a fixed snapshot of one judgement.';
comment on column llm.messages.safety_flags is 'What the safety filters said, by name; an empty object means nothing.';
comment on column llm.messages.metadata is 'Facts for other systems.';
comment on constraint messages_content_check on llm.messages is 'content must be at most 1,000,000 characters long';
comment on constraint messages_content_type_check on llm.messages is
  'content type must begin with a lower-case letter and hold only lower-case letters, digits and underscores';
comment on constraint messages_model_parameters_check on llm.messages is 'model parameters must be a JSON object';
comment on constraint messages_tokens_check on llm.messages is 'prompt tokens and completion tokens must not be negative';
comment on constraint messages_estimated_cost_check on llm.messages is 'estimated cost must not be negative';
comment on constraint messages_response_time_ms_check on llm.messages is 'response time ms must not be negative';
comment on constraint messages_processing_completed_at_check on llm.messages is
  'processing completed at must not be before processing started at';
comment on constraint messages_parent_message_id_check on llm.messages is 'a message must not answer itself';
comment on constraint messages_sentiment_score_check on llm.messages is 'sentiment score must be from -1 to 1';
comment on constraint messages_safety_flags_check on llm.messages is 'safety flags must be a JSON object';
comment on constraint messages_metadata_check on llm.messages is 'metadata must be a JSON object';
comment on table llm.prompt_templates is
  'A prompt worth keeping: what it is called, who may use it, how it fares. Its words are in its versions.';
comment on column llm.prompt_templates.name is 'What programs call it; unique among live templates.';
comment on column llm.prompt_templates.display_name is 'What people call it. Null: by its name.';
comment on column llm.prompt_templates.description is 'What it is for. Null: the name says it.';
comment on column llm.prompt_templates.category is 'Groups templates in long lists. Null: no group.';
comment on column llm.prompt_templates.visibility is
  'private: only its maker sees it; shared: members who may read prompts; public: also those who come by a link.';
comment on column llm.prompt_templates.is_active is 'False: kept for old conversations, no longer offered.';
comment on column llm.prompt_templates.current_version is 'The newest approved version. Written by a trigger. Null: none is approved.';
comment on column llm.prompt_templates.usage_count is 'How often it was used. Written by a job.';
comment on column llm.prompt_templates.rating_sum is 'Sum of all ratings from 0 to 5. Written by a job.';
comment on column llm.prompt_templates.rating_count is 'How many ratings there are. Written by a job.';
comment on column llm.prompt_templates.average_rating is 'The mean of the ratings. Null: there are none.';
comment on column llm.prompt_templates.performance_metrics is 'Measurements by name, as whoever compares prompts sends them.';
comment on constraint prompt_templates_name_check on llm.prompt_templates is 'name must be 1 to 255 characters long';
comment on constraint prompt_templates_display_name_check on llm.prompt_templates is 'display name must be 1 to 255 characters long';
comment on constraint prompt_templates_description_check on llm.prompt_templates is 'description must be at most 10,000 characters long';
comment on constraint prompt_templates_category_check on llm.prompt_templates is 'category must be 1 to 100 characters long';
comment on constraint prompt_templates_current_version_check on llm.prompt_templates is 'current version must be greater than zero';
comment on constraint prompt_templates_usage_count_check on llm.prompt_templates is 'usage count must not be negative';
comment on constraint prompt_templates_rating_check on llm.prompt_templates is 'the sum of ratings must be from 0 to 5 for each rating';
comment on constraint prompt_templates_performance_metrics_check on llm.prompt_templates is 'performance metrics must be a JSON object';
comment on table llm.prompt_template_versions is
  'The words of a prompt template. A draft may be changed; once approved it stays as it is for ever.';
comment on column llm.prompt_template_versions.template_id is 'The template; the version goes away with it.';
comment on column llm.prompt_template_versions.version_number is 'Counts within the template from 1, without gaps. Given by a trigger.';
comment on column llm.prompt_template_versions.template_content is 'The prompt, with its variables in double braces.';
comment on column llm.prompt_template_versions.required_variables is 'Names that have to be given, as a list.';
comment on column llm.prompt_template_versions.optional_variables is 'Names that may be given, as a list.';
comment on column llm.prompt_template_versions.variable_schemas is 'A JSON Schema for a variable, by its name.';
comment on column llm.prompt_template_versions.default_parameters is 'Settings of the model that suit it.';
comment on column llm.prompt_template_versions.is_approved is 'True: somebody has said that it may be used.';
comment on column llm.prompt_template_versions.approved_by is 'Who said so. Null: nobody yet.';
comment on column llm.prompt_template_versions.approved_at is 'When. Null: not yet.';
comment on constraint prompt_template_versions_version_number_check on llm.prompt_template_versions is
  'version number must be greater than zero';
comment on constraint prompt_template_versions_template_content_check on llm.prompt_template_versions is
  'template content must be 1 to 1,000,000 characters long';
comment on constraint prompt_template_versions_required_variables_check on llm.prompt_template_versions is
  'required variables must be a JSON array';
comment on constraint prompt_template_versions_optional_variables_check on llm.prompt_template_versions is
  'optional variables must be a JSON array';
comment on constraint prompt_template_versions_variable_schemas_check on llm.prompt_template_versions is
  'variable schemas must be a JSON object';
comment on constraint prompt_template_versions_default_parameters_check on llm.prompt_template_versions is
  'default parameters must be a JSON object';
comment on constraint prompt_template_versions_approved_by_check on llm.prompt_template_versions is
  'an approval must say both who approved and when';
comment on table llm.prompt_template_models is
  'Models that a prompt template was tried with and is recommended for.';
comment on column llm.prompt_template_models.template_id is 'The template.';
comment on column llm.prompt_template_models.model_id is 'The model.';
comment on column llm.prompt_template_models.position is '1 is the best choice; each position once in a template.';
comment on constraint prompt_template_models_position_check on llm.prompt_template_models is 'position must be greater than zero';

insert into authz.resource_types (name, description) values
  ('llm_provider',    'Providers of language models, and their models.'),
  ('conversation',    'Conversations with language models and what was said.'),
  ('prompt_template', 'Prompt templates, their versions and recommended models.');
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
where t.name in ('llm_provider', 'conversation', 'prompt_template');
insert into authz.resource_type_actions (resource_type_id, action, description)
select t.id, a.action, a.description
from (values
  ('prompt_template', 'approve', 'Let a version of a prompt template be used.')) as a (type_name, action, description)
join authz.resource_types t on t.name = a.type_name;
insert into authz.role_grants_template (role_code, resource_type, actions) values
  ('viewer', 'llm_provider', '{read}'),
  ('viewer', 'conversation', '{read,export}'),
  ('viewer', 'prompt_template', '{read,export}'),
  ('developer', 'conversation', '{create,update,delete,restore}'),
  ('developer', 'prompt_template', '{create,update,delete,restore}'),
  ('admin', 'llm_provider', '{create,update,delete,restore,export}'),
  ('admin', 'prompt_template', '{approve}');
