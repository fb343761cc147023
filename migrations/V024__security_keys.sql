-- How sensitive data is, with which keys it is sealed, and which rows a rotation has to visit.

create schema security;
comment on schema security is
  'How data is kept safe and how that is shown: classifications, keys, masking, compliance, security events, vulnerabilities.';
grant usage on schema security to application_user, readonly_user, super_admin;

create table security.data_classifications (
  id                      uuid not null default platform.uuid_v7(),
  name                    text not null,
  description             text,
  sensitivity_level       smallint not null,
  retention_period_days   int,
  encryption_required     boolean not null default false,
  masking_required        boolean not null default false,
  access_logging_required boolean not null default true,
  default_masking_rules   jsonb not null default '{}',
  created_at              timestamptz not null default now(),
  updated_at              timestamptz not null default now(),
  primary key (id),
  constraint data_classifications_name_key unique (name),
  constraint data_classifications_sensitivity_level_key unique (sensitivity_level),
  constraint data_classifications_name_check check (name ~ '^[a-z][a-z0-9_]{0,59}$'),
  constraint data_classifications_description_check check (char_length(description) <= 10000),
  constraint data_classifications_sensitivity_level_check check (sensitivity_level between 1 and 5),
  constraint data_classifications_retention_period_days_check check (retention_period_days > 0),
  constraint data_classifications_default_masking_rules_check check (jsonb_typeof(default_masking_rules) = 'object')
);

create table security.encryption_keys (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  key_name             text not null,
  key_type             text not null default 'aes256',
  key_purpose          text not null default 'data_encryption',
  wrapped_key_material bytea,
  key_checksum         text,
  status               text not null default 'active',
  activated_at         timestamptz not null default now(),
  expires_at           timestamptz,
  rotated_at           timestamptz,
  parent_key_id        uuid,
  usage_count          bigint not null default 0,
  last_used_at         timestamptz,
  created_at      timestamptz not null default now(),
  created_by      uuid default platform.current_user_id(),
  primary key (organization_id, id),
  constraint encryption_keys_key_name_key unique (organization_id, key_name),
  constraint encryption_keys_organization_id_fkey foreign key (organization_id) references identity.organizations on update cascade on delete restrict,
  constraint encryption_keys_parent_key_id_fkey foreign key (organization_id, parent_key_id) references security.encryption_keys
    on update cascade on delete restrict,
  constraint encryption_keys_key_name_check check (char_length(key_name) between 1 and 255),
  constraint encryption_keys_key_type_check check (char_length(key_type) between 1 and 50),
  constraint encryption_keys_key_purpose_check check (char_length(key_purpose) between 1 and 100),
  constraint encryption_keys_wrapped_key_material_check check (wrapped_key_material is not null or status = 'revoked'),
  constraint encryption_keys_key_checksum_check check (key_checksum ~ '^[0-9a-f]{64}$'),
  constraint encryption_keys_status_check check (status in ('active', 'rotating', 'deprecated', 'revoked')),
  constraint encryption_keys_expires_at_check check (expires_at > activated_at),
  constraint encryption_keys_rotated_at_check check (rotated_at >= activated_at),
  constraint encryption_keys_parent_key_id_check check (parent_key_id <> id),
  constraint encryption_keys_usage_count_check check (usage_count >= 0)
);
create index encryption_keys_parent_key_id_idx on security.encryption_keys (organization_id, parent_key_id) where parent_key_id is not null;
create index encryption_keys_status_idx on security.encryption_keys (organization_id, status, id);
create index encryption_keys_key_purpose_idx on security.encryption_keys (organization_id, key_purpose, status);
create index encryption_keys_expires_at_idx on security.encryption_keys (organization_id, expires_at) where expires_at is not null;
create trigger forbid_cycle after insert or update of parent_key_id on security.encryption_keys
  for each row when (new.parent_key_id is not null) execute function platform.forbid_cycle('id', 'parent_key_id', 'organization_id');

-- A life has one direction, whoever writes: a key that was given up does not seal again, and its bytes never become others.
create function security.guard_encryption_key() returns trigger
  language plpgsql
  as $$
begin
  if old.status <> new.status and not (
       (old.status = 'active' and new.status in ('rotating', 'deprecated', 'revoked'))
    or (old.status = 'rotating' and new.status in ('active', 'deprecated', 'revoked'))
    or (old.status = 'deprecated' and new.status = 'revoked')) then
    raise exception using
      errcode = 'check_violation', schema = tg_table_schema, table = tg_table_name, column = 'status',
      constraint = 'encryption_keys_status_move',
      message = format('a key that is %s cannot become %s: make a new key instead', old.status, new.status);
  end if;
  if (new.key_type, new.key_purpose, new.key_checksum) is distinct from (old.key_type, old.key_purpose, old.key_checksum) then
    raise exception using
      errcode = 'check_violation', schema = tg_table_schema, table = tg_table_name, column = 'key_type',
      constraint = 'encryption_keys_fixed',
      message = 'type, purpose and checksum of a key never change: make a new key instead';
  end if;
  -- Wrapping the same key anew under another master key is allowed: the checksum of the key itself stays. Null destroys it.
  if new.wrapped_key_material is null and old.wrapped_key_material is not null and new.status <> 'revoked' then
    raise exception using
      errcode = 'check_violation', schema = tg_table_schema, table = tg_table_name, column = 'wrapped_key_material',
      constraint = 'encryption_keys_material_kept',
      message = 'the material of a key is destroyed only once the key is revoked';
  end if;
  if old.wrapped_key_material is null and new.wrapped_key_material is not null then
    raise exception using
      errcode = 'check_violation', schema = tg_table_schema, table = tg_table_name, column = 'wrapped_key_material',
      constraint = 'encryption_keys_material_gone',
      message = 'destroyed material does not come back: make a new key instead';
  end if;
  if new.status = 'rotating' and old.status <> 'rotating' then
    new.rotated_at := coalesce(nullif(new.rotated_at, old.rotated_at), now());
  end if;
  return new;
end
$$;
comment on function security.guard_encryption_key() is
  'Keeps the life of a key one-way: active and rotating may change places, then deprecated, then revoked; the key itself stays the same.';
create trigger guard_encryption_key before update on security.encryption_keys
  for each row execute function security.guard_encryption_key();

create table security.encrypted_data_registry (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  table_name            text not null,
  column_name           text not null,
  record_id             text not null,
  encryption_key_id     uuid not null,
  encryption_algorithm  text not null default 'AES-256-GCM',
  initialization_vector text,
  encrypted_at          timestamptz not null default now(),
  encrypted_by          uuid default platform.current_user_id(),
  primary key (organization_id, id),
  constraint encrypted_data_registry_record_id_key unique (organization_id, table_name, column_name, record_id),
  constraint encrypted_data_registry_encryption_key_id_fkey foreign key (organization_id, encryption_key_id)
    references security.encryption_keys on update cascade on delete restrict,
  constraint encrypted_data_registry_table_name_check check (table_name ~ '^[a-z_][a-z0-9_]*\.[a-z_][a-z0-9_]*$'),
  constraint encrypted_data_registry_column_name_check check (column_name ~ '^[a-z_][a-z0-9_]*$'),
  constraint encrypted_data_registry_record_id_check check (char_length(record_id) between 1 and 255),
  constraint encrypted_data_registry_encryption_algorithm_check check (char_length(encryption_algorithm) between 1 and 50),
  constraint encrypted_data_registry_initialization_vector_check check (char_length(initialization_vector) between 1 and 255)
);
-- A rotation walks the rows of one key in order.
create index encrypted_data_registry_encryption_key_id_idx on security.encrypted_data_registry (organization_id, encryption_key_id, id);

call platform.adopt_table('security.data_classifications', 'public', 'for ever', 'select',
  p_exempt_reason => 'a catalogue that all organisations share');
call platform.adopt_table('security.encryption_keys', 'restricted', 'while anything sealed with it is kept; the material goes when it is revoked',
  p_statistics => array['usage_count', 'last_used_at']);
call platform.adopt_table('security.encrypted_data_registry', 'restricted', 'while the sealed value is kept', 'select, insert, update, delete');
call platform.refer_to_members('security.encrypted_data_registry', 'encrypted_by');
comment on table security.data_classifications is
  'Five levels of sensitivity and what each demands. The first four carry the names that platform.table_facts uses for whole tables.';
comment on column security.data_classifications.name is 'What data elements and documents are marked with.';
comment on column security.data_classifications.description is 'What belongs here. Null: the name says it.';
comment on column security.data_classifications.sensitivity_level is '1 harms nobody when it leaks, 5 harms most; one classification a level.';
comment on column security.data_classifications.retention_period_days is
  'How many days a value may stay once nobody works with it, where its table says nothing stricter. Null: no limit.';
comment on column security.data_classifications.encryption_required is 'True: stored only sealed, in a column of the application or on a sealed volume.';
comment on column security.data_classifications.masking_required is 'True: shown in full only to those who need it.';
comment on column security.data_classifications.access_logging_required is 'True: reading it leaves a trace.';
comment on column security.data_classifications.default_masking_rules is
  'How a value is masked where its data element says nothing: method and parameters. Empty: shown as it is.';
comment on constraint data_classifications_name_check on security.data_classifications is
  'name must begin with a lower-case letter and hold only lower-case letters, digits and underscores';
comment on constraint data_classifications_description_check on security.data_classifications is
  'description must be at most 10,000 characters long';
comment on constraint data_classifications_sensitivity_level_check on security.data_classifications is 'sensitivity level must be from 1 to 5';
comment on constraint data_classifications_retention_period_days_check on security.data_classifications is
  'retention period days must be greater than zero';
comment on constraint data_classifications_default_masking_rules_check on security.data_classifications is
  'default masking rules must be a JSON object';
comment on table security.encryption_keys is
  'Data keys of an organisation, each wrapped by the key above it or by the master key outside the database. Only the wrapped form is stored.';
comment on column security.encryption_keys.key_name is 'What operators call it; never given to another key.';
comment on column security.encryption_keys.key_type is 'Algorithm and length, such as aes256, rsa2048 or rsa4096.';
comment on column security.encryption_keys.key_purpose is 'What it may be used for, such as data_encryption, file_encryption or token_signing.';
comment on column security.encryption_keys.wrapped_key_material is
  'The key, sealed by its parent or by the master key. Null: destroyed, and what it sealed is lost on purpose.';
comment on column security.encryption_keys.key_checksum is
  'SHA-256 of the key in lower-case hexadecimal, to see whether unwrapping worked. Null: not recorded.';
comment on column security.encryption_keys.status is
  'active seals and opens; rotating opens while its rows are sealed anew; deprecated only opens; revoked does neither.';
comment on column security.encryption_keys.activated_at is 'From when it seals.';
comment on column security.encryption_keys.expires_at is 'When it should be rotated at the latest. Null: nobody set a date.';
comment on column security.encryption_keys.rotated_at is 'When its last rotation began. Null: never.';
comment on column security.encryption_keys.parent_key_id is 'The key that wraps this one. Null: the master key does.';
comment on column security.encryption_keys.usage_count is 'How often it sealed or opened something. Written by the vault in batches.';
comment on column security.encryption_keys.last_used_at is 'When it last did. Written by the vault in batches. Null: never.';
comment on constraint encryption_keys_key_name_check on security.encryption_keys is 'key name must be 1 to 255 characters long';
comment on constraint encryption_keys_key_type_check on security.encryption_keys is 'key type must be 1 to 50 characters long';
comment on constraint encryption_keys_key_purpose_check on security.encryption_keys is 'key purpose must be 1 to 100 characters long';
comment on constraint encryption_keys_wrapped_key_material_check on security.encryption_keys is 'only a revoked key may be without its material';
comment on constraint encryption_keys_key_checksum_check on security.encryption_keys is 'key checksum must be 64 lower-case hexadecimal digits';
comment on constraint encryption_keys_expires_at_check on security.encryption_keys is 'expires at must be after activated at';
comment on constraint encryption_keys_rotated_at_check on security.encryption_keys is 'rotated at must not be before activated at';
comment on constraint encryption_keys_parent_key_id_check on security.encryption_keys is 'parent key must not be the record itself';
comment on constraint encryption_keys_usage_count_check on security.encryption_keys is 'usage count must not be negative';
comment on table security.encrypted_data_registry is
  'Which stored value is sealed with which key: the list a rotation works through. One row for each record and column.';
comment on column security.encrypted_data_registry.table_name is 'The table with its schema.';
comment on column security.encrypted_data_registry.column_name is 'The column that holds the sealed value.';
comment on column security.encrypted_data_registry.record_id is
  'The key of the row; text, because not every table has a UUID. No foreign key: it may be in any table.';
comment on column security.encrypted_data_registry.encryption_key_id is 'The key it is sealed with now; a rotation changes it.';
comment on column security.encrypted_data_registry.encryption_algorithm is 'How it is sealed.';
comment on column security.encrypted_data_registry.initialization_vector is
  'Where it is stored beside the value rather than in it. Null: the sealed value carries its own.';
comment on column security.encrypted_data_registry.encrypted_at is 'When it was last sealed.';
comment on column security.encrypted_data_registry.encrypted_by is 'The member whose change was sealed. Null: a job did it.';
comment on constraint encrypted_data_registry_table_name_check on security.encrypted_data_registry is
  'table name must be a schema, a point and a table, in lower case';
comment on constraint encrypted_data_registry_column_name_check on security.encrypted_data_registry is
  'column name must hold only lower-case letters, digits and underscores';
comment on constraint encrypted_data_registry_record_id_check on security.encrypted_data_registry is 'record id must be 1 to 255 characters long';
comment on constraint encrypted_data_registry_encryption_algorithm_check on security.encrypted_data_registry is
  'encryption algorithm must be 1 to 50 characters long';
comment on constraint encrypted_data_registry_initialization_vector_check on security.encrypted_data_registry is
  'initialization vector must be 1 to 255 characters long';

insert into security.data_classifications
  (name, description, sensitivity_level, retention_period_days, encryption_required, masking_required, access_logging_required, default_masking_rules) values
  ('public',       'May be shown to anybody, such as a published page.', 1, null, false, false, false, '{}'),
  ('internal',     'For members, such as a build number or a test result.', 2, 2555, false, false, false, '{}'),
  ('confidential', 'For members who need it, such as a requirement or a commercial plan.', 3, 2555, true, false, true,
    '{"method": "redact", "only_outside_organization": true}'),
  ('restricted',   'Personal data and what opens a door, such as an address or a token''s fingerprint.', 4, 1095, true, true, true,
    '{"method": "partial", "keep_first": 1, "keep_last": 0, "fill": "*"}'),
  ('top_secret',   'Data that ruins somebody when it leaks, such as health records, card numbers and private keys.', 5, 365, true, true, true,
    '{"method": "redact", "replacement": "[redacted]"}');

insert into authz.resource_types (name, description) values
  ('data_classification', 'Levels of sensitivity.'),
  ('encryption_key',      'Data keys and their life.'),
  ('encrypted_record',    'Which values are sealed with which key.');
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
where t.name in ('data_classification', 'encryption_key', 'encrypted_record');
insert into authz.role_grants_template (role_code, resource_type, actions) values
  ('viewer', 'data_classification', '{read,export}'),
  ('admin',  'encryption_key',      '{read,update,export}'),
  ('admin',  'encrypted_record',    '{read,export}');
