-- What runs: services, the instances that announced themselves, and the settings they read. A deployment can now name the service it brings.

create table platform.services (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  name            text not null,
  service_type    text not null,
  description     text,
  status          text not null default 'active',
  team_id         uuid,
  metadata        jsonb not null default '{}',
  is_active       boolean not null default true,
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now(),
  created_by      uuid default platform.current_user_id(),
  updated_by      uuid,
  row_version     bigint not null default 1,
  deleted_at      timestamptz,
  deleted_by      uuid,
  primary key (organization_id, id),
  constraint services_organization_id_fkey foreign key (organization_id) references identity.organizations on update cascade on delete restrict,
  constraint services_team_id_fkey foreign key (organization_id, team_id) references identity.teams on update cascade on delete set null (team_id),
  constraint services_name_check check (char_length(name) between 1 and 100),
  constraint services_service_type_check check (service_type ~ '^[a-z][a-z0-9_-]{0,49}$'),
  constraint services_description_check check (char_length(description) <= 10000),
  constraint services_status_check check (status in ('planned', 'active', 'deprecated', 'retired')),
  constraint services_metadata_check check (jsonb_typeof(metadata) = 'object')
);
create unique index services_name_key on platform.services (organization_id, name) where deleted_at is null;
create index services_service_type_idx on platform.services (organization_id, service_type, id) where deleted_at is null;
create index services_is_active_idx on platform.services (organization_id, is_active, id) where deleted_at is null;
create index services_team_id_idx on platform.services (organization_id, team_id) where team_id is not null;

create table platform.service_instances (
  organization_id      uuid not null default platform.current_organization(),
  id                   uuid not null default platform.uuid_v7(),
  service_id           uuid not null,
  version              text not null,
  host                 text not null,
  port                 int not null,
  protocol             text not null default 'http',
  base_path            text not null default '/',
  health_check_url     text,
  health_status        text not null default 'unknown',
  last_health_check_at timestamptz,
  is_active            boolean not null default true,
  registered_at        timestamptz not null default now(),
  updated_at           timestamptz not null default now(),
  primary key (organization_id, id),
  constraint service_instances_service_id_fkey foreign key (organization_id, service_id) references platform.services
    on update cascade on delete cascade,
  constraint service_instances_address_key unique (organization_id, service_id, host, port, base_path),
  constraint service_instances_version_check check (char_length(version) between 1 and 100),
  constraint service_instances_host_check check (host ~ '^[A-Za-z0-9.:_-]{1,255}$'),
  constraint service_instances_port_check check (port between 1 and 65535),
  constraint service_instances_protocol_check check (protocol ~ '^[a-z][a-z0-9+.-]{0,29}$'),
  constraint service_instances_base_path_check check (base_path ~ '^/' and char_length(base_path) <= 500),
  constraint service_instances_health_check_url_check check (health_check_url ~ '^https?://' and char_length(health_check_url) <= 2000),
  constraint service_instances_health_status_check check (health_status in ('healthy', 'degraded', 'unhealthy', 'unknown')),
  constraint service_instances_last_health_check_at_check check (health_status = 'unknown' or last_health_check_at is not null)
);
create index service_instances_health_status_idx on platform.service_instances (organization_id, health_status, id) where is_active;

create function platform.fits_value_type(p_value text, p_type text) returns boolean
  language plpgsql immutable strict parallel safe
  as $$
begin
  case p_type
    when 'number' then return p_value ~ '^-?[0-9]{1,100}(\.[0-9]{1,100})?$';
    when 'boolean' then return p_value in ('true', 'false');
    when 'json' then perform p_value::jsonb; return true;
    else return true;
  end case;
exception when data_exception then
  return false;
end
$$;
comment on function platform.fits_value_type(text, text) is 'Whether a setting''s text can be read as the type it claims: number, boolean, json; any text is a string.';

create function platform.keeps_value_rules(p_value text, p_type text, p_rules jsonb) returns boolean
  language plpgsql immutable parallel safe
  as $$
begin
  return p_value is null or (
    (p_rules ->> 'maximum_length' is null or char_length(p_value) <= (p_rules ->> 'maximum_length')::int)
    and (p_rules -> 'one_of' is null or jsonb_typeof(p_rules -> 'one_of') = 'array' and p_rules -> 'one_of' ? p_value)
    and (p_type <> 'number' or not platform.fits_value_type(p_value, p_type) or (
          (p_rules ->> 'minimum' is null or p_value::numeric >= (p_rules ->> 'minimum')::numeric)
          and (p_rules ->> 'maximum' is null or p_value::numeric <= (p_rules ->> 'maximum')::numeric))));
exception when data_exception then
  return false; -- a rule that cannot be read lets nothing through, rather than everything
end
$$;
comment on function platform.keeps_value_rules(text, text, jsonb) is
  'Whether a setting keeps its rules: minimum and maximum of a number, maximum_length, one_of (a list of texts). Other rules are for the service that reads it.';

create table platform.configuration_settings (
  organization_id         uuid not null default platform.current_organization(),
  id                      uuid not null default platform.uuid_v7(),
  service_id              uuid,
  environment_id          uuid,
  config_key              text not null,
  config_value            text,
  config_value_ciphertext bytea,
  is_encrypted            boolean not null generated always as (config_value_ciphertext is not null) stored,
  value_type              text not null default 'string',
  description             text,
  default_value           text,
  validation_rules        jsonb not null default '{}',
  version                 int not null default 1,
  changed_by              uuid default platform.current_user_id(),
  change_reason           text,
  is_active               boolean not null default true,
  created_at              timestamptz not null default now(),
  updated_at              timestamptz not null default now(),
  row_version             bigint not null default 1,
  primary key (organization_id, id),
  constraint configuration_settings_organization_id_fkey foreign key (organization_id) references identity.organizations
    on update cascade on delete restrict,
  constraint configuration_settings_service_id_fkey foreign key (organization_id, service_id) references platform.services
    on update cascade on delete cascade,
  constraint configuration_settings_environment_id_fkey foreign key (organization_id, environment_id) references delivery.environments
    on update cascade on delete cascade,
  constraint configuration_settings_config_key_key unique nulls not distinct (organization_id, service_id, environment_id, config_key),
  constraint configuration_settings_config_key_check check (config_key ~ '^[A-Za-z][A-Za-z0-9_.:/-]{0,254}$'),
  constraint configuration_settings_config_value_check check (num_nonnulls(config_value, config_value_ciphertext) <= 1),
  constraint configuration_settings_length_check check (char_length(config_value) <= 100000 and octet_length(config_value_ciphertext) <= 200000),
  constraint configuration_settings_value_type_check check (value_type in ('string', 'number', 'boolean', 'json')),
  constraint configuration_settings_typed_check check (platform.fits_value_type(config_value, value_type)),
  constraint configuration_settings_default_value_check check (platform.fits_value_type(default_value, value_type)),
  constraint configuration_settings_rules_check check (platform.keeps_value_rules(config_value, value_type, validation_rules)
                                                       and platform.keeps_value_rules(default_value, value_type, validation_rules)),
  constraint configuration_settings_validation_rules_check check (jsonb_typeof(validation_rules) = 'object'),
  constraint configuration_settings_description_check check (char_length(description) <= 10000),
  constraint configuration_settings_change_reason_check check (char_length(change_reason) <= 1000),
  constraint configuration_settings_version_check check (version > 0)
);
create index configuration_settings_config_key_idx on platform.configuration_settings (organization_id, config_key, is_active);
create index configuration_settings_environment_id_idx on platform.configuration_settings (organization_id, environment_id) where environment_id is not null;

call platform.adopt_table('platform.services', 'internal', 'while the organisation exists; 90 days in the bin');
call platform.adopt_table('platform.service_instances', 'internal', 'while the service exists', 'select, insert, update, delete');
call platform.adopt_table('platform.configuration_settings', 'restricted', 'while its service and environment exist', 'select, insert, update, delete');
call platform.refer_to_members('platform.configuration_settings', 'changed_by');
call platform.register_table('platform.services', 'service', 'n.name', '{name,status,deleted_at}', 'n.status');

create function platform.count_setting_version() returns trigger
  language plpgsql
  as $$
begin
  new.version := old.version + 1;
  new.changed_by := coalesce(platform.current_user_id(), new.changed_by);
  if new.change_reason is not distinct from old.change_reason then
    new.change_reason := null;
  end if;
  return new;
end
$$;
comment on function platform.count_setting_version() is
  'A setting whose value or meaning changed gets the next version and its author; a reason that was not given anew is not the reason of this change.';
create trigger count_version before update on platform.configuration_settings for each row
  when ((old.config_value, old.config_value_ciphertext, old.value_type, old.default_value, old.validation_rules, old.is_active)
        is distinct from (new.config_value, new.config_value_ciphertext, new.value_type, new.default_value, new.validation_rules, new.is_active))
  execute function platform.count_setting_version();
-- A version is counted, not chosen: whoever writes one without changing anything gets the old one back.
create function platform.keep_setting_version() returns trigger
  language plpgsql
  as $$
begin
  new.version := old.version;
  return new;
end
$$;
comment on function platform.keep_setting_version() is 'Refuses by putting it back: nobody chooses the version of a setting.';
create trigger a_keep_version before update of version on platform.configuration_settings
  for each row execute function platform.keep_setting_version();

create function platform.announce_configuration() returns trigger
  language plpgsql
  as $$
declare
  changed platform.configuration_settings := case when tg_op = 'DELETE' then old else new end;
begin
  perform pg_notify('throughline_configuration', json_build_object(
    'organization_id', changed.organization_id, 'service_id', changed.service_id, 'environment_id', changed.environment_id,
    'config_key', changed.config_key, 'version', changed.version, 'removed', tg_op = 'DELETE')::text);
  return null;
end
$$;
comment on function platform.announce_configuration() is
  'Tells listeners on throughline_configuration which setting changed, without its value: who may read it reads it.';
create trigger announce after insert or update or delete on platform.configuration_settings
  for each row execute function platform.announce_configuration();

alter table delivery.deployments add constraint deployments_service_id_fkey foreign key (organization_id, service_id) references platform.services
  on update cascade on delete restrict;
create index deployments_service_id_idx on delivery.deployments (organization_id, service_id, id) where service_id is not null;
comment on column delivery.deployments.service_id is 'The service. Null: a build was brought that belongs to no service.';

comment on table platform.services is 'Something that runs and answers others: an API, a worker, a gateway. The same service may run many times.';
comment on column platform.services.name is 'What people call it; unique among the live ones.';
comment on column platform.services.service_type is 'What kind of program it is, such as api, worker, scheduler or gateway.';
comment on column platform.services.description is 'What it is for. Null: nobody has said.';
comment on column platform.services.status is 'planned: not built yet; deprecated: nobody should begin to use it; retired: no longer runs.';
comment on column platform.services.team_id is 'Who looks after it. Null: nobody in particular.';
comment on column platform.services.metadata is 'Facts for other systems.';
comment on column platform.services.is_active is 'False: switched off for now; callers should not be sent there.';
comment on constraint services_name_check on platform.services is 'name must be 1 to 100 characters long';
comment on constraint services_service_type_check on platform.services is
  'service type must begin with a lower-case letter and hold only lower-case letters, digits, hyphens and underscores, at most 50';
comment on constraint services_description_check on platform.services is 'description must be at most 10,000 characters long';
comment on constraint services_metadata_check on platform.services is 'metadata must be a JSON object';
comment on table platform.service_instances is 'One running copy of a service, where it can be reached and how it feels.';
comment on column platform.service_instances.service_id is 'The service it is a copy of; the row goes away with it.';
comment on column platform.service_instances.version is 'The version this copy runs; copies may differ during a roll-out.';
comment on column platform.service_instances.host is 'Its name or address in the network.';
comment on column platform.service_instances.port is 'The port it listens on.';
comment on column platform.service_instances.protocol is 'How to speak to it, such as http, https or grpc.';
comment on column platform.service_instances.base_path is 'What comes before every path it serves.';
comment on column platform.service_instances.health_check_url is 'What to call to learn how it feels. Null: nobody asks.';
comment on column platform.service_instances.health_status is 'What the last check said; unknown until there was one.';
comment on column platform.service_instances.last_health_check_at is 'When it was last asked. Null: never.';
comment on column platform.service_instances.is_active is 'False: it said goodbye, or was taken out of use.';
comment on column platform.service_instances.registered_at is 'When it announced itself.';
comment on constraint service_instances_version_check on platform.service_instances is 'version must be 1 to 100 characters long';
comment on constraint service_instances_host_check on platform.service_instances is
  'host must be a name or an address of at most 255 characters';
comment on constraint service_instances_port_check on platform.service_instances is 'port must be from 1 to 65535';
comment on constraint service_instances_protocol_check on platform.service_instances is
  'protocol must begin with a lower-case letter and hold only lower-case letters, digits and the signs + . -, at most 30';
comment on constraint service_instances_base_path_check on platform.service_instances is
  'base path must begin with / and be at most 500 characters long';
comment on constraint service_instances_health_check_url_check on platform.service_instances is
  'health check url must begin with http:// or https:// and be at most 2,000 characters long';
comment on constraint service_instances_last_health_check_at_check on platform.service_instances is
  'an instance whose health is known must say when it was checked';
comment on table platform.configuration_settings is
  'A setting that services read: for one service or all of them, in one environment or everywhere. The closest one that is active holds.';
comment on column platform.configuration_settings.service_id is 'The service that reads it. Null: every service does.';
comment on column platform.configuration_settings.environment_id is 'Where it holds. Null: in every environment.';
comment on column platform.configuration_settings.config_key is 'Its name; once for the same service and environment.';
comment on column platform.configuration_settings.config_value is 'The value in clear. Null: it is encrypted, or the default holds.';
comment on column platform.configuration_settings.config_value_ciphertext is
  'The value as an encrypted envelope that names its key. Null: the value is not a secret.';
comment on column platform.configuration_settings.is_encrypted is 'True: only the envelope is kept.';
comment on column platform.configuration_settings.value_type is 'How to read the value.';
comment on column platform.configuration_settings.description is 'What it changes. Null: nobody has said.';
comment on column platform.configuration_settings.default_value is 'What holds when there is no value. Null: nothing does.';
comment on column platform.configuration_settings.validation_rules is
  'Rules for value and default: minimum, maximum, maximum_length, one_of; an empty object means none.';
comment on column platform.configuration_settings.version is 'Counts the changes of what it says, from 1. Written by a trigger.';
comment on column platform.configuration_settings.changed_by is 'The member behind the current version. Null: the system, or it was never changed by a person.';
comment on column platform.configuration_settings.change_reason is 'Why the current version was made. Null: nobody said.';
comment on column platform.configuration_settings.is_active is 'False: kept, but nobody is to use it.';
comment on constraint configuration_settings_config_key_check on platform.configuration_settings is
  'config key must begin with a letter and hold only letters, digits and the signs _ . : / -, at most 255';
comment on constraint configuration_settings_config_value_check on platform.configuration_settings is
  'a setting has either a value in clear or an encrypted one, not both';
comment on constraint configuration_settings_length_check on platform.configuration_settings is
  'config value must be at most 100,000 characters long, and encrypted at most 200,000 bytes';
comment on constraint configuration_settings_typed_check on platform.configuration_settings is 'config value must fit value type';
comment on constraint configuration_settings_default_value_check on platform.configuration_settings is 'default value must fit value type';
comment on constraint configuration_settings_rules_check on platform.configuration_settings is
  'config value and default value must keep the validation rules';
comment on constraint configuration_settings_validation_rules_check on platform.configuration_settings is 'validation rules must be a JSON object';
comment on constraint configuration_settings_description_check on platform.configuration_settings is
  'description must be at most 10,000 characters long';
comment on constraint configuration_settings_change_reason_check on platform.configuration_settings is
  'change reason must be at most 1,000 characters long';
comment on constraint configuration_settings_version_check on platform.configuration_settings is 'version must be greater than zero';

-- Permissions ---------------------------------------------------------------------------------------------------------

create procedure platform.declare_resource_type(p_name text, p_description text, p_viewer text[], p_developer text[], p_admin text[])
  language plpgsql
  as $$
begin
  insert into authz.resource_types (name, description) values (p_name, p_description);
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
  where t.name = p_name;
  insert into authz.role_grants_template (role_code, resource_type, actions)
  select g.role_code, p_name, g.actions
  from (values ('viewer', p_viewer), ('developer', p_developer), ('admin', p_admin)) as g (role_code, actions)
  where cardinality(g.actions) > 0;
end
$$;
comment on procedure platform.declare_resource_type(text, text, text[], text[], text[]) is
  'A new kind of thing with the usual six actions, and what viewer, developer and admin are given in organisations made from now on. For migrations.';

create procedure platform.forget_resource_types(variadic p_names text[])
  language plpgsql
  as $$
declare
  holders regclass[];
  holder  regclass;
begin
  -- Whatever holds a permission refers to it, so those who do can be asked for. Whoever undoes a step belongs to no organisation, and the rows
  -- of all of them have to go: nobody else reads meanwhile, because the lock of alter table stays until the end.
  select array_agg(distinct k.conrelid::regclass) into holders
  from pg_constraint k where k.contype = 'f' and k.confrelid = 'authz.permissions'::regclass and k.conparentid = 0;
  alter table authz.permissions no force row level security;
  foreach holder in array holders loop
    execute format('alter table %s no force row level security', holder);
    execute format('delete from %s h using authz.permissions p join authz.resource_types t on t.id = p.resource_type_id '
                   'where h.organization_id = p.organization_id and h.permission_id = p.id and t.name = any ($1)', holder) using p_names;
    execute format('alter table %s force row level security', holder);
  end loop;
  delete from authz.permissions p using authz.resource_types t where p.resource_type_id = t.id and t.name = any (p_names);
  alter table authz.permissions force row level security;
  delete from authz.resource_types where name = any (p_names);
end
$$;
comment on procedure platform.forget_resource_types(text[]) is
  'Takes kinds of things away again, with every permission to them and whoever holds it. For undoing a migration.';
revoke execute on procedure platform.declare_resource_type(text, text, text[], text[], text[]), platform.forget_resource_types(text[]) from public;

call platform.declare_resource_type('service', 'Services and their running instances.', '{read,export}', '{create,update,delete,restore}', '{}');
call platform.declare_resource_type('configuration', 'Settings that services read.', '{}', '{read}', '{create,update,delete,restore,export}');
