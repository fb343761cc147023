-- Who there is: organisations, people (also agents and services), their secrets, and who belongs where.
-- A person is known before an organisation is chosen, so these tables name the roles their policies hold for; throughline_auth,
-- which owns the sign-in functions and nothing else, gets a policy of its own.

create schema identity;
comment on schema identity is 'Who: organisations, people and other principals, memberships, sessions, tokens, teams.';
grant usage on schema identity to application_user, readonly_user, super_admin, throughline_auth;

create table identity.organizations (
  id                      uuid not null default platform.uuid_v7(),
  name                    text not null,
  slug                    text not null,
  description             text,
  organization_type       text not null default 'enterprise',
  plan                    text not null default 'free',
  logo_url                text,
  website_url             text,
  max_users               int,
  max_projects            int,
  max_storage_gb          int,
  billing_email           text,
  status                  text not null default 'active',
  subscription_status     text not null default 'active',
  subscription_started_at timestamptz,
  subscription_ends_at    timestamptz,
  shard_key               text,
  settings                jsonb not null default '{}',
  created_by              uuid,
  created_at              timestamptz not null default now(),
  updated_at              timestamptz not null default now(),
  row_version             bigint not null default 1,
  deleted_at              timestamptz,
  deleted_by              uuid,
  primary key (id),
  constraint organizations_name_check check (char_length(name) between 1 and 200),
  constraint organizations_slug_check check (slug ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'),
  constraint organizations_description_check check (char_length(description) <= 10000),
  constraint organizations_organization_type_check check (organization_type in ('enterprise', 'startup', 'nonprofit')),
  constraint organizations_plan_check check (plan in ('free', 'professional', 'enterprise')),
  constraint organizations_status_check check (status in ('active', 'inactive', 'suspended')),
  constraint organizations_subscription_status_check check (subscription_status in ('trialing', 'active', 'past_due', 'cancelled', 'expired')),
  constraint organizations_subscription_ends_at_check check (subscription_ends_at >= subscription_started_at),
  constraint organizations_logo_url_check check (logo_url ~ '^https?://' and char_length(logo_url) <= 2000),
  constraint organizations_website_url_check check (website_url ~ '^https?://' and char_length(website_url) <= 2000),
  constraint organizations_billing_email_check check (billing_email = lower(billing_email) and billing_email ~ '^[^@\s]+@[^@\s]+$' and char_length(billing_email) <= 254),
  constraint organizations_max_users_check check (max_users > 0),
  constraint organizations_max_projects_check check (max_projects > 0),
  constraint organizations_max_storage_gb_check check (max_storage_gb > 0),
  constraint organizations_settings_check check (jsonb_typeof(settings) = 'object')
);
create unique index organizations_slug_key on identity.organizations (slug) where deleted_at is null;
create index organizations_created_by_idx on identity.organizations (created_by) where created_by is not null;
create index organizations_deleted_by_idx on identity.organizations (deleted_by) where deleted_by is not null;

create table identity.users (
  id                            uuid not null default platform.uuid_v7(),
  kind                          text not null default 'person',
  owner_user_id                 uuid,
  email                         text,
  username                      text,
  first_name                    text,
  last_name                     text,
  display_name                  text not null,
  avatar_url                    text,
  phone_number_ciphertext       bytea,
  phone_number_hash             bytea,
  locale                        text not null default 'en-US',
  timezone                      text not null default 'UTC',
  status                        text not null default 'active',
  email_verified_at             timestamptz,
  phone_verified_at             timestamptz,
  failed_login_attempts         int not null default 0,
  locked_at                     timestamptz,
  locked_until                  timestamptz,
  last_login_at                 timestamptz,
  last_login_ip                 inet,
  login_count                   bigint not null default 0,
  metadata                      jsonb not null default '{}',
  sensitive_metadata_ciphertext bytea,
  settings                      jsonb not null default '{}',
  created_at                    timestamptz not null default now(),
  updated_at                    timestamptz not null default now(),
  row_version                   bigint not null default 1,
  deleted_at                    timestamptz,
  deleted_by                    uuid,
  primary key (id),
  constraint users_owner_user_id_fkey foreign key (owner_user_id) references identity.users on update cascade on delete restrict,
  constraint users_deleted_by_fkey foreign key (deleted_by) references identity.users on update cascade on delete restrict,
  constraint users_kind_check check (kind in ('person', 'agent', 'service')),
  constraint users_owner_user_id_check check ((kind = 'agent') <= (owner_user_id is not null) and owner_user_id <> id),
  constraint users_email_check check (email = lower(email) and email ~ '^[^@\s]+@[^@\s]+$' and char_length(email) <= 254),
  constraint users_email_required_check check (kind <> 'person' or email is not null),
  constraint users_username_check check (username ~ '^[a-z0-9][a-z0-9._-]{0,62}$'),
  constraint users_first_name_check check (char_length(first_name) <= 100),
  constraint users_last_name_check check (char_length(last_name) <= 100),
  constraint users_display_name_check check (char_length(display_name) between 1 and 200),
  constraint users_avatar_url_check check (avatar_url ~ '^https?://' and char_length(avatar_url) <= 2000),
  constraint users_locale_check check (locale ~ '^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$'),
  constraint users_timezone_check check (char_length(timezone) between 1 and 64),
  constraint users_status_check check (status in ('active', 'inactive', 'suspended')),
  constraint users_failed_login_attempts_check check (failed_login_attempts >= 0),
  constraint users_login_count_check check (login_count >= 0),
  constraint users_phone_number_hash_check check (octet_length(phone_number_hash) = 32),
  constraint users_metadata_check check (jsonb_typeof(metadata) = 'object'),
  constraint users_settings_check check (jsonb_typeof(settings) = 'object')
);
create unique index users_email_key on identity.users (email) where deleted_at is null;
create unique index users_username_key on identity.users (username) where deleted_at is null;
create index users_phone_number_hash_idx on identity.users (phone_number_hash) where phone_number_hash is not null;
create index users_owner_user_id_idx on identity.users (owner_user_id) where owner_user_id is not null;
create index users_deleted_by_idx on identity.users (deleted_by) where deleted_by is not null;

-- The first organisation and the first person name each other, hence deferred.
alter table identity.organizations
  add constraint organizations_created_by_fkey foreign key (created_by) references identity.users
    on update cascade on delete restrict deferrable initially deferred,
  add constraint organizations_deleted_by_fkey foreign key (deleted_by) references identity.users
    on update cascade on delete restrict deferrable initially deferred;

create table identity.user_credentials (
  id                uuid not null default platform.uuid_v7(),
  user_id           uuid not null,
  kind              text not null,
  secret_hash       text,
  secret_ciphertext bytea,
  label             text,
  changed_at        timestamptz not null default now(),
  expires_at        timestamptz,
  confirmed_at      timestamptz,
  last_used_at      timestamptz,
  used_at           timestamptz,
  disabled_at       timestamptz,
  created_at        timestamptz not null default now(),
  updated_at        timestamptz not null default now(),
  primary key (id),
  constraint user_credentials_user_id_fkey foreign key (user_id) references identity.users on update cascade on delete cascade,
  constraint user_credentials_kind_check check (kind in ('password', 'totp', 'sms', 'webauthn', 'backup_code')),
  constraint user_credentials_secret_hash_check check (case when kind in ('password', 'backup_code')
    then secret_hash is not null and secret_ciphertext is null else secret_hash is null and secret_ciphertext is not null end),
  constraint user_credentials_label_check check (char_length(label) <= 100)
);
create unique index user_credentials_one_password_key on identity.user_credentials (user_id) where kind = 'password' and disabled_at is null;
create index user_credentials_user_id_idx on identity.user_credentials (user_id, kind);

create table identity.user_profiles (
  user_id          uuid not null,
  date_of_birth    date,
  gender           text,
  bio              text,
  website_url      text,
  linkedin_url     text,
  github_url       text,
  company          text,
  privacy_settings jsonb not null default '{}',
  ui_preferences   jsonb not null default '{}',
  country          text,
  state_province   text,
  city             text,
  postal_code      text,
  address_line1    text,
  address_line2    text,
  created_at       timestamptz not null default now(),
  updated_at       timestamptz not null default now(),
  primary key (user_id),
  constraint user_profiles_user_id_fkey foreign key (user_id) references identity.users on update cascade on delete cascade,
  constraint user_profiles_date_of_birth_check check (date_of_birth > date '1900-01-01'),
  constraint user_profiles_gender_check check (char_length(gender) <= 50),
  constraint user_profiles_bio_check check (char_length(bio) <= 5000),
  constraint user_profiles_website_url_check check (website_url ~ '^https?://' and char_length(website_url) <= 2000),
  constraint user_profiles_linkedin_url_check check (linkedin_url ~ '^https?://' and char_length(linkedin_url) <= 2000),
  constraint user_profiles_github_url_check check (github_url ~ '^https?://' and char_length(github_url) <= 2000),
  constraint user_profiles_company_check check (char_length(company) <= 200),
  constraint user_profiles_country_check check (country ~ '^[A-Z]{2}$'),
  constraint user_profiles_state_province_check check (char_length(state_province) <= 100),
  constraint user_profiles_city_check check (char_length(city) <= 100),
  constraint user_profiles_postal_code_check check (char_length(postal_code) <= 20),
  constraint user_profiles_address_line1_check check (char_length(address_line1) <= 200),
  constraint user_profiles_address_line2_check check (char_length(address_line2) <= 200),
  constraint user_profiles_privacy_settings_check check (jsonb_typeof(privacy_settings) = 'object'),
  constraint user_profiles_ui_preferences_check check (jsonb_typeof(ui_preferences) = 'object')
) partition by hash (user_id);
do $$
begin
  for bucket in 0 .. 7 loop
    execute format('create table identity.user_profiles_%1$s partition of identity.user_profiles for values with (modulus 8, remainder %1$s)', bucket);
    execute format('alter table identity.user_profiles_%s enable row level security', bucket);
    execute format('alter table identity.user_profiles_%s force row level security', bucket);
  end loop;
end
$$;

create table identity.memberships (
  organization_id uuid not null default platform.current_organization(),
  user_id         uuid not null,
  username        text,
  status          text not null default 'active',
  job_title       text,
  department      text,
  manager_user_id uuid,
  is_default      boolean not null default false,
  settings        jsonb not null default '{}',
  invited_by      uuid,
  joined_at       timestamptz,
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now(),
  row_version     bigint not null default 1,
  deleted_at      timestamptz,
  deleted_by      uuid,
  primary key (organization_id, user_id),
  constraint memberships_organization_id_fkey foreign key (organization_id) references identity.organizations on update cascade on delete restrict,
  constraint memberships_user_id_fkey foreign key (user_id) references identity.users on update cascade on delete restrict,
  constraint memberships_username_check check (username ~ '^[a-z0-9][a-z0-9._-]{0,62}$'),
  constraint memberships_status_check check (status in ('invited', 'active', 'inactive', 'suspended')),
  constraint memberships_job_title_check check (char_length(job_title) <= 200),
  constraint memberships_department_check check (char_length(department) <= 200),
  constraint memberships_manager_user_id_check check (manager_user_id <> user_id),
  constraint memberships_settings_check check (jsonb_typeof(settings) = 'object')
);
create unique index memberships_username_key on identity.memberships (organization_id, username) where deleted_at is null;
create unique index memberships_one_default_key on identity.memberships (user_id) where is_default and deleted_at is null;
create index memberships_user_id_idx on identity.memberships (user_id);
create trigger forbid_cycle after insert or update of manager_user_id on identity.memberships
  for each row when (new.manager_user_id is not null)
  execute function platform.forbid_cycle('user_id', 'manager_user_id', 'organization_id');

-- Rights and row security ---------------------------------------------------------------------------------------------

do $$
declare
  everyone text := format('application_user, readonly_user, super_admin, %I', current_user);
begin
  call platform.adopt_table('identity.memberships', 'confidential', 'while the organisation exists', p_roles => everyone);
  call platform.refer_to_members('identity.memberships', 'manager_user_id', 'invited_by');
  call platform.adopt_table('identity.organizations', 'confidential', 'until the organisation ends, and 90 days more',
    p_exempt_reason => 'is the organisation; row security compares its id');
  call platform.adopt_table('identity.users', 'restricted', 'until erasure is asked for; then anonymised, never deleted',
    p_statistics => array['failed_login_attempts', 'locked_at', 'locked_until', 'last_login_at', 'last_login_ip', 'login_count'],
    p_exempt_reason => 'a person is one account in all organisations; row security shows oneself and colleagues');
  call platform.adopt_table('identity.user_credentials', 'restricted', 'until replaced', 'select, insert, update, delete',
    p_exempt_reason => 'a secret belongs to a person, not to an organisation; row security shows only one''s own');
  call platform.adopt_table('identity.user_profiles', 'restricted', 'until the person removes it', 'select, insert, update, delete',
    p_exempt_reason => 'personal data belongs to a person, not to an organisation; row security shows only one''s own');

  execute 'alter table identity.organizations enable row level security';
  execute 'alter table identity.organizations force row level security';
  execute format('create policy open on identity.organizations as permissive for all to %s using (true) with check (true)', everyone);
  execute format($p$create policy tenant_isolation on identity.organizations as restrictive for all to %s
    using (id = nullif(current_setting('app.current_organization_id', true), '')::uuid)
    with check (id = nullif(current_setting('app.current_organization_id', true), '')::uuid)$p$, everyone);

  execute 'alter table identity.users enable row level security';
  execute 'alter table identity.users force row level security';
  execute format('create policy open on identity.users as permissive for all to %s using (true) with check (true)', everyone);
  -- A new person has no membership yet, so storing one is open; reading and changing is for oneself and colleagues.
  execute format($p$create policy self_or_colleague on identity.users as restrictive for select to %s
    using (id = nullif(current_setting('app.current_user_id', true), '')::uuid
           or exists (select from identity.memberships m where m.user_id = users.id))$p$, everyone);
  execute format($p$create policy change_self_or_colleague on identity.users as restrictive for update to %s
    using (id = nullif(current_setting('app.current_user_id', true), '')::uuid
           or exists (select from identity.memberships m where m.user_id = users.id)) with check (true)$p$, everyone);

  execute 'alter table identity.user_credentials enable row level security';
  execute 'alter table identity.user_credentials force row level security';
  execute format('create policy open on identity.user_credentials as permissive for all to %s using (true) with check (true)', everyone);
  execute format($p$create policy self_only on identity.user_credentials as restrictive for all to %s
    using (user_id = nullif(current_setting('app.current_user_id', true), '')::uuid)
    with check (user_id = nullif(current_setting('app.current_user_id', true), '')::uuid)$p$, everyone);

  execute 'alter table identity.user_profiles enable row level security';
  execute 'alter table identity.user_profiles force row level security';
  execute format('create policy open on identity.user_profiles as permissive for all to %s using (true) with check (true)', everyone);
  execute format($p$create policy self_only on identity.user_profiles as restrictive for all to %s
    using (user_id = nullif(current_setting('app.current_user_id', true), '')::uuid)
    with check (user_id = nullif(current_setting('app.current_user_id', true), '')::uuid)$p$, everyone);
end
$$;
comment on table identity.organizations is
  'The tenant: everything else belongs to exactly one of these, and no row of one ever refers to another.';
comment on column identity.organizations.name is 'What people call it; two organisations may have the same name.';
comment on column identity.organizations.slug is
  'Its short name in addresses; unique among organisations that are not in the bin.';
comment on column identity.organizations.description is 'What the organisation does, for its own people. Null: nobody has said.';
comment on column identity.organizations.organization_type is 'Decides defaults and prices; has no effect on rights.';
comment on column identity.organizations.plan is 'What was bought.';
comment on column identity.organizations.logo_url is 'Picture beside the name. Null: the initial letter is shown.';
comment on column identity.organizations.website_url is 'Its public site. Null: none given.';
comment on column identity.organizations.max_users is 'How many members may be active. Null: no limit.';
comment on column identity.organizations.max_projects is 'How many projects may exist. Null: no limit.';
comment on column identity.organizations.max_storage_gb is 'How much may be stored, in GB of 10^9 bytes. Null: no limit.';
comment on column identity.organizations.billing_email is 'Where invoices go, in lower case. Null: to the owners.';
comment on column identity.organizations.status is
  'inactive and suspended organisations can be read by nobody until they are active again.';
comment on column identity.organizations.subscription_status is 'State of the contract; does not block anything by itself.';
comment on column identity.organizations.subscription_started_at is 'Begin of the contract. Null: there is none.';
comment on column identity.organizations.subscription_ends_at is 'When the contract ends unless renewed. Null: open-ended.';
comment on column identity.organizations.shard_key is
  'Where the rows live once organisations are spread over several databases. Null: not spread.';
comment on column identity.organizations.settings is
  'Preferences without columns of their own; unknown names are kept and ignored.';
comment on column identity.organizations.created_by is 'The person who founded it. Null: the installation did.';
comment on column identity.organizations.deleted_by is 'The person who ended it. Null while it is live.';
comment on constraint organizations_billing_email_check on identity.organizations is
  'billing email must be an address in lower case with an @, at most 254 characters long';
comment on constraint organizations_name_check on identity.organizations is 'name must be 1 to 200 characters long';
comment on constraint organizations_slug_check on identity.organizations is
  'slug must be 1 to 63 lower-case letters, digits and hyphens, without a hyphen at either end';
comment on constraint organizations_description_check on identity.organizations is
  'description must be at most 10,000 characters long';
comment on constraint organizations_subscription_ends_at_check on identity.organizations is
  'subscription ends at must not be before subscription started at';
comment on constraint organizations_logo_url_check on identity.organizations is
  'logo url must begin with http:// or https:// and be at most 2,000 characters long';
comment on constraint organizations_website_url_check on identity.organizations is
  'website url must begin with http:// or https:// and be at most 2,000 characters long';
comment on constraint organizations_max_users_check on identity.organizations is 'max users must be greater than zero';
comment on constraint organizations_max_projects_check on identity.organizations is 'max projects must be greater than zero';
comment on constraint organizations_max_storage_gb_check on identity.organizations is 'max storage gb must be greater than zero';
comment on constraint organizations_settings_check on identity.organizations is 'settings must be a JSON object';
comment on table identity.users is
  'A principal: a person, an agent or a service. One account over all organisations; what differs by organisation is on the membership.';
comment on column identity.users.kind is
  'person signs in; agent acts for its owner; service acts for a system of the organisation.';
comment on column identity.users.owner_user_id is
  'The person who answers for an agent or service. Null for people, and for a service that the organisation as a whole answers for.';
comment on column identity.users.email is
  'Address in lower case, unique among live accounts. Null for agents and services without a mailbox.';
comment on column identity.users.username is 'Login name in lower case, unique among live accounts. Null: signs in by address.';
comment on column identity.users.first_name is 'Given name, only where the person wants it split. Null: not given.';
comment on column identity.users.last_name is 'Family name. Null: not given.';
comment on column identity.users.display_name is 'The name everybody sees.';
comment on column identity.users.avatar_url is 'Picture. Null: initials are shown.';
comment on column identity.users.phone_number_ciphertext is
  'Number in E.164 form, sealed with the organisation''s key (version, key, nonce, text). Null: none given.';
comment on column identity.users.phone_number_hash is
  'HMAC-SHA-256 of the number, to find it without opening it. Null: none given.';
comment on column identity.users.locale is 'Language and region (BCP 47) for texts, dates and numbers.';
comment on column identity.users.timezone is 'IANA zone in which times are shown to this person.';
comment on column identity.users.status is 'inactive and suspended accounts cannot sign in, and their tokens do not count.';
comment on column identity.users.email_verified_at is 'When the address proved to be theirs. Null: not yet.';
comment on column identity.users.phone_verified_at is 'When the number proved to be theirs. Null: not yet.';
comment on column identity.users.failed_login_attempts is 'Failures since the last success.';
comment on column identity.users.locked_at is 'When too many failures closed the account. Null: it is open.';
comment on column identity.users.locked_until is 'Sign-in is refused before this moment. Null: it is open.';
comment on column identity.users.last_login_at is 'The last successful sign-in. Null: never.';
comment on column identity.users.last_login_ip is 'Where it came from. Null: never signed in, or unknown.';
comment on column identity.users.login_count is 'Successful sign-ins so far.';
comment on column identity.users.metadata is 'Facts from outside systems, such as an employee number.';
comment on column identity.users.sensitive_metadata_ciphertext is 'The same for facts that must be sealed. Null: none.';
comment on column identity.users.settings is 'Preferences without columns of their own.';
comment on column identity.users.deleted_by is 'Who closed the account. Null while it is live; may be the person.';
comment on constraint users_owner_user_id_check on identity.users is 'an agent must have an owner, and nobody owns themselves';
comment on constraint users_email_check on identity.users is
  'email must be an address in lower case with an @, at most 254 characters long';
comment on constraint users_email_required_check on identity.users is 'a person must have an email address';
comment on constraint users_username_check on identity.users is
  'username must be 1 to 63 lower-case letters, digits, dots, underscores and hyphens, beginning with a letter or digit';
comment on constraint users_locale_check on identity.users is 'locale must be a language tag such as en or en-GB';
comment on constraint users_first_name_check on identity.users is 'first name must be at most 100 characters long';
comment on constraint users_last_name_check on identity.users is 'last name must be at most 100 characters long';
comment on constraint users_display_name_check on identity.users is 'display name must be 1 to 200 characters long';
comment on constraint users_avatar_url_check on identity.users is
  'avatar url must begin with http:// or https:// and be at most 2,000 characters long';
comment on constraint users_timezone_check on identity.users is 'timezone must be 1 to 64 characters long';
comment on constraint users_failed_login_attempts_check on identity.users is 'failed login attempts must not be negative';
comment on constraint users_login_count_check on identity.users is 'login count must not be negative';
comment on constraint users_phone_number_hash_check on identity.users is 'phone number hash must be 32 bytes long';
comment on constraint users_metadata_check on identity.users is 'metadata must be a JSON object';
comment on constraint users_settings_check on identity.users is 'settings must be a JSON object';
comment on table identity.user_credentials is
  'What a person proves themselves with. Only the person''s own transactions and the sign-in functions see these rows.';
comment on column identity.user_credentials.user_id is 'Whose secret it is; goes away with the account.';
comment on column identity.user_credentials.kind is
  'What it is; passwords and backup codes are hashed, the others sealed because they must be read again.';
comment on column identity.user_credentials.secret_hash is
  'argon2id of a password or backup code, in PHC form with its parameters. Null for the kinds that are sealed.';
comment on column identity.user_credentials.secret_ciphertext is
  'TOTP seed, phone number or WebAuthn key, sealed. Null for the kinds that are hashed.';
comment on column identity.user_credentials.label is
  'What the person calls it, such as the name of a phone. Null: no need to tell it apart.';
comment on column identity.user_credentials.changed_at is 'When the secret itself was last set.';
comment on column identity.user_credentials.expires_at is 'After this it no longer counts. Null: it does not expire.';
comment on column identity.user_credentials.confirmed_at is
  'When the person first proved to have it; before that it does not count as a second factor. Null: not yet.';
comment on column identity.user_credentials.last_used_at is 'Its last success. Null: never used.';
comment on column identity.user_credentials.used_at is 'When a backup code was spent. Null: unspent, or not a backup code.';
comment on column identity.user_credentials.disabled_at is
  'When it was switched off; it is kept to refuse its reuse. Null: in force.';
comment on constraint user_credentials_secret_hash_check on identity.user_credentials is
  'passwords and backup codes must be hashed, and every other kind must be sealed';
comment on constraint user_credentials_label_check on identity.user_credentials is 'label must be at most 100 characters long';
comment on table identity.user_profiles is
  'What a person tells about themselves. Only they read it here; what colleagues may see is decided by privacy_settings and shown elsewhere. Spread over eight partitions by person.';
comment on column identity.user_profiles.user_id is 'Whose profile it is.';
comment on column identity.user_profiles.date_of_birth is 'Null: not told.';
comment on column identity.user_profiles.gender is 'In the person''s own words. Null: not told.';
comment on column identity.user_profiles.bio is 'A few sentences. Null: not told.';
comment on column identity.user_profiles.website_url is 'Null: none given.';
comment on column identity.user_profiles.linkedin_url is 'Null: none given.';
comment on column identity.user_profiles.github_url is 'Null: none given.';
comment on column identity.user_profiles.company is 'Null: not told.';
comment on column identity.user_profiles.privacy_settings is
  'Which of these fields colleagues may see; a missing name means none of them.';
comment on column identity.user_profiles.ui_preferences is 'Theme, density and the like.';
comment on column identity.user_profiles.country is 'ISO 3166-1 code of two letters. Null: not told.';
comment on column identity.user_profiles.state_province is 'Null: not told, or the country has none.';
comment on column identity.user_profiles.city is 'Null: not told.';
comment on column identity.user_profiles.postal_code is 'Null: not told.';
comment on column identity.user_profiles.address_line1 is 'Null: not told.';
comment on column identity.user_profiles.address_line2 is 'Null: not told, or one line was enough.';
comment on constraint user_profiles_date_of_birth_check on identity.user_profiles is 'date of birth must be after 1 January 1900';
comment on constraint user_profiles_country_check on identity.user_profiles is
  'country must be a code of two capital letters, such as CH';
comment on constraint user_profiles_gender_check on identity.user_profiles is 'gender must be at most 50 characters long';
comment on constraint user_profiles_bio_check on identity.user_profiles is 'bio must be at most 5,000 characters long';
comment on constraint user_profiles_website_url_check on identity.user_profiles is
  'website url must begin with http:// or https:// and be at most 2,000 characters long';
comment on constraint user_profiles_linkedin_url_check on identity.user_profiles is
  'linkedin url must begin with http:// or https:// and be at most 2,000 characters long';
comment on constraint user_profiles_github_url_check on identity.user_profiles is
  'github url must begin with http:// or https:// and be at most 2,000 characters long';
comment on constraint user_profiles_company_check on identity.user_profiles is 'company must be at most 200 characters long';
comment on constraint user_profiles_state_province_check on identity.user_profiles is
  'state province must be at most 100 characters long';
comment on constraint user_profiles_city_check on identity.user_profiles is 'city must be at most 100 characters long';
comment on constraint user_profiles_postal_code_check on identity.user_profiles is
  'postal code must be at most 20 characters long';
comment on constraint user_profiles_address_line1_check on identity.user_profiles is
  'address line1 must be at most 200 characters long';
comment on constraint user_profiles_address_line2_check on identity.user_profiles is
  'address line2 must be at most 200 characters long';
comment on constraint user_profiles_privacy_settings_check on identity.user_profiles is 'privacy settings must be a JSON object';
comment on constraint user_profiles_ui_preferences_check on identity.user_profiles is 'ui preferences must be a JSON object';
comment on table identity.memberships is
  'A person inside one organisation. Every reference to a person points here, so nobody from outside can own, approve or be assigned anything.';
comment on column identity.memberships.user_id is 'The person.';
comment on column identity.memberships.username is
  'Short name inside this organisation, unique among live members. Null: the account''s name is used.';
comment on column identity.memberships.status is 'invited: has not accepted yet; only active members may do anything.';
comment on column identity.memberships.job_title is 'Null: not given.';
comment on column identity.memberships.department is 'Null: not given.';
comment on column identity.memberships.manager_user_id is 'Whom the member reports to. Null: nobody, or not recorded.';
comment on column identity.memberships.is_default is
  'The organisation this person lands in after signing in; at most one for each person.';
comment on column identity.memberships.settings is 'Preferences that hold in this organisation only.';
comment on column identity.memberships.invited_by is
  'The member who asked them in. Null: founded the organisation, or came by single sign-on.';
comment on column identity.memberships.joined_at is 'When the invitation was accepted. Null: not yet.';
comment on constraint memberships_username_check on identity.memberships is
  'username must be 1 to 63 lower-case letters, digits, dots, underscores and hyphens, beginning with a letter or digit';
comment on constraint memberships_job_title_check on identity.memberships is 'job title must be at most 200 characters long';
comment on constraint memberships_department_check on identity.memberships is 'department must be at most 200 characters long';
comment on constraint memberships_manager_user_id_check on identity.memberships is 'manager user must not be the record itself';
comment on constraint memberships_settings_check on identity.memberships is 'settings must be a JSON object';

grant select (id, kind, owner_user_id, username, display_name, avatar_url, locale, timezone, status, created_at, updated_at, deleted_at)
  on identity.users to readonly_user;
