-- How people and programs come in: sessions, API tokens; and the teams they work in.

create table identity.sessions (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  user_id           uuid not null,
  token_hash        bytea not null,
  ip_address        inet,
  user_agent        text,
  metadata          jsonb not null default '{}',
  mfa_verified_at   timestamptz,
  created_at        timestamptz not null default now(),
  last_active_at    timestamptz not null default now(),
  expires_at        timestamptz not null,
  revoked_at        timestamptz,
  revoked_by        uuid,
  revocation_reason text,
  primary key (organization_id, id),
  constraint sessions_user_id_fkey foreign key (organization_id, user_id) references identity.memberships (organization_id, user_id)
    on update cascade on delete cascade,
  constraint sessions_token_hash_key unique (token_hash),
  constraint sessions_token_hash_check check (octet_length(token_hash) = 32),
  constraint sessions_user_agent_check check (char_length(user_agent) <= 1000),
  constraint sessions_expires_at_check check (expires_at > created_at),
  constraint sessions_revocation_reason_check check (char_length(revocation_reason) <= 500),
  constraint sessions_metadata_check check (jsonb_typeof(metadata) = 'object')
);
create index sessions_user_id_idx on identity.sessions (organization_id, user_id, id);
create index sessions_expires_at_idx on identity.sessions (expires_at);

create table identity.api_tokens (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  user_id           uuid not null,
  name              text not null,
  token_prefix      text not null,
  token_hash        bytea not null,
  scopes            text[] not null,
  expires_at        timestamptz,
  last_used_at      timestamptz,
  last_used_ip      inet,
  revoked_at        timestamptz,
  revoked_by        uuid,
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now(),
  created_by      uuid default platform.current_user_id(),
  updated_by      uuid,
  row_version     bigint not null default 1,
  primary key (organization_id, id),
  constraint api_tokens_user_id_fkey foreign key (organization_id, user_id) references identity.memberships (organization_id, user_id)
    on update cascade on delete cascade,
  constraint api_tokens_token_hash_key unique (token_hash),
  constraint api_tokens_token_hash_check check (octet_length(token_hash) = 32),
  constraint api_tokens_name_check check (char_length(name) between 1 and 200),
  constraint api_tokens_token_prefix_check check (char_length(token_prefix) between 4 and 16),
  constraint api_tokens_scopes_check check (cardinality(scopes) between 1 and 100 and array_position(scopes, null) is null),
  constraint api_tokens_expires_at_check check (expires_at > created_at)
);
create index api_tokens_user_id_idx on identity.api_tokens (organization_id, user_id, id);

create table identity.teams (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  name            text not null,
  slug            text not null,
  description     text,
  lead_user_id    uuid,
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now(),
  created_by      uuid default platform.current_user_id(),
  updated_by      uuid,
  row_version     bigint not null default 1,
  deleted_at      timestamptz,
  deleted_by      uuid,
  primary key (organization_id, id),
  constraint teams_organization_id_fkey foreign key (organization_id) references identity.organizations on update cascade on delete restrict,
  constraint teams_name_check check (char_length(name) between 1 and 200),
  constraint teams_slug_check check (slug ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'),
  constraint teams_description_check check (char_length(description) <= 10000)
);
create unique index teams_slug_key on identity.teams (organization_id, slug) where deleted_at is null;
create unique index teams_name_key on identity.teams (organization_id, name) where deleted_at is null;

create table identity.team_members (
  organization_id uuid not null default platform.current_organization(),
  team_id         uuid not null,
  user_id         uuid not null,
  joined_at       timestamptz not null default now(),
  added_by        uuid default platform.current_user_id(),
  primary key (organization_id, team_id, user_id),
  constraint team_members_team_id_fkey foreign key (organization_id, team_id) references identity.teams
    on update cascade on delete cascade,
  constraint team_members_user_id_fkey foreign key (organization_id, user_id) references identity.memberships (organization_id, user_id)
    on update cascade on delete cascade
);
create index team_members_user_id_idx on identity.team_members (organization_id, user_id);

do $$
declare
  everyone text := format('application_user, readonly_user, super_admin, %I', current_user);
begin
  call platform.adopt_table('identity.sessions', 'restricted', '30 days after expiry', 'select, insert, update, delete', p_roles => everyone);
  call platform.refer_to_members('identity.sessions', 'revoked_by');
  call platform.adopt_table('identity.api_tokens', 'restricted', '1 year after revocation or expiry', 'select, insert, update, delete',
    p_statistics => array['last_used_at', 'last_used_ip'], p_roles => everyone);
  call platform.refer_to_members('identity.api_tokens', 'revoked_by');
end
$$;
call platform.adopt_table('identity.teams', 'internal', 'while the organisation exists');
call platform.refer_to_members('identity.teams', 'lead_user_id');
call platform.adopt_table('identity.team_members', 'internal', 'while the team exists', 'select, insert, update, delete');
call platform.refer_to_members('identity.team_members', 'added_by');
comment on table identity.sessions is
  'A signed-in browser, for one organisation. The cookie holds a random token; here is only its SHA-256.';
comment on column identity.sessions.user_id is 'Who signed in.';
comment on column identity.sessions.token_hash is
  'SHA-256 of the token; unique over all organisations, because it is looked up before the organisation is known.';
comment on column identity.sessions.ip_address is 'Where the session began. Null: unknown.';
comment on column identity.sessions.user_agent is
  'What the browser called itself, cut to 1,000 characters. Null: it said nothing.';
comment on column identity.sessions.metadata is 'Facts about the device, for the list of sessions.';
comment on column identity.sessions.mfa_verified_at is 'When a second factor was last shown. Null: not in this session.';
comment on column identity.sessions.last_active_at is 'The last request; idle sessions end by it. Written at most once a minute.';
comment on column identity.sessions.expires_at is 'The session ends here however active it is.';
comment on column identity.sessions.revoked_at is 'When it was ended early. Null: it was not.';
comment on column identity.sessions.revoked_by is 'Who ended it. Null: it was not ended, or the system ended it.';
comment on column identity.sessions.revocation_reason is 'Why, for the person who finds it ended. Null: signed out.';
comment on constraint sessions_token_hash_check on identity.sessions is 'token hash must be 32 bytes long';
comment on constraint sessions_user_agent_check on identity.sessions is 'user agent must be at most 1,000 characters long';
comment on constraint sessions_expires_at_check on identity.sessions is 'expires at must be after created at';
comment on constraint sessions_revocation_reason_check on identity.sessions is
  'revocation reason must be at most 500 characters long';
comment on constraint sessions_metadata_check on identity.sessions is 'metadata must be a JSON object';
comment on table identity.api_tokens is
  'A token for a script, an agent or a build server. Shown once when made; here are its beginning and its SHA-256.';
comment on column identity.api_tokens.user_id is 'Whom the token acts as; it can never do more than they can.';
comment on column identity.api_tokens.name is 'What it is for.';
comment on column identity.api_tokens.token_prefix is 'Its first characters, to recognise it in a list or in a leaked file.';
comment on column identity.api_tokens.token_hash is
  'SHA-256 of the token; unique over all organisations, because it is looked up before the organisation is known.';
comment on column identity.api_tokens.scopes is
  'What it is limited to, such as import:create or *. An array and not rows, because it is a protocol value, checked as a whole and never joined.';
comment on column identity.api_tokens.expires_at is 'After this it no longer counts. Null: until it is revoked.';
comment on column identity.api_tokens.last_used_at is 'Its last use, written at most once a minute. Null: never used.';
comment on column identity.api_tokens.last_used_ip is 'Where that came from. Null: never used, or unknown.';
comment on column identity.api_tokens.revoked_at is 'When it was taken back. Null: it counts.';
comment on column identity.api_tokens.revoked_by is 'Who took it back. Null: nobody did.';
comment on constraint api_tokens_token_prefix_check on identity.api_tokens is 'token prefix must be 4 to 16 characters long';
comment on constraint api_tokens_scopes_check on identity.api_tokens is 'a token needs 1 to 100 scopes, none of them empty';
comment on constraint api_tokens_token_hash_check on identity.api_tokens is 'token hash must be 32 bytes long';
comment on constraint api_tokens_name_check on identity.api_tokens is 'name must be 1 to 200 characters long';
comment on constraint api_tokens_expires_at_check on identity.api_tokens is 'expires at must be after created at';
comment on table identity.teams is 'A group of members that owns projects and services together.';
comment on column identity.teams.name is 'What people call it; unique among live teams.';
comment on column identity.teams.slug is 'Its short name in addresses; unique among live teams.';
comment on column identity.teams.description is 'What the team looks after. Null: nobody has said.';
comment on column identity.teams.lead_user_id is 'Who speaks for the team. Null: nobody does.';
comment on constraint teams_name_check on identity.teams is 'name must be 1 to 200 characters long';
comment on constraint teams_slug_check on identity.teams is
  'slug must be 1 to 63 lower-case letters, digits and hyphens, without a hyphen at either end';
comment on constraint teams_description_check on identity.teams is 'description must be at most 10,000 characters long';
comment on table identity.team_members is 'Who is in a team.';
comment on column identity.team_members.team_id is 'The team; the row goes away with it.';
comment on column identity.team_members.user_id is 'The member.';
comment on column identity.team_members.joined_at is 'Since when.';
comment on column identity.team_members.added_by is 'Who put them in. Null: the system did.';
