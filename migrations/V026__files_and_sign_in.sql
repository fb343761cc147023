-- What the later steps refer to: kinds of files and where files are kept; signing in through somebody else's directory; and permissions
-- given to one person.

-- Children of something that may, or may not, belong to a project -----------------------------------------------------

create function platform.take_project() returns trigger
  language plpgsql
  as $$
declare
  parent uuid := (to_jsonb(new) ->> tg_argv[0])::uuid;
  seen   boolean;
  place  uuid;
begin
  if parent is null then
    return new;
  end if;
  -- A foreign key asks no row security, and would say that a record of a hidden project is there. This look-up is bound by it.
  execute format('select true, t.project_id from %s t where t.organization_id = $1 and t.id = $2', tg_argv[1]::regclass)
    into seen, place using new.organization_id, parent;
  if seen is null then
    raise exception using
      errcode = 'foreign_key_violation', schema = tg_table_schema, table = tg_table_name, column = tg_argv[0],
      constraint = tg_table_name || '_' || tg_argv[0] || '_fkey',
      message = format('%s names no record that is here', tg_argv[0]);
  end if;
  if new.project_id is not null and new.project_id is distinct from place then
    raise exception 'The project must be that of the record named in %: leave it out, or name that one.', tg_argv[0];
  end if;
  new.project_id := place;
  return new;
end
$$;
comment on function platform.take_project() is
  'Gives a row the project of the record it belongs to, which may have none. Arguments: the column that names the record, and its table. '
  'What is hidden from the writer counts as not there. Where two triggers take it from two columns, both have to agree.';

-- Kinds of files, and where files are kept ----------------------------------------------------------------------------

create table reference.filetypes (
  code             text primary key,
  mime_type        text not null,
  extension        text,
  name             text not null,
  category         text,
  description      text,
  retention_policy text,
  is_active        boolean not null default true,
  sort_order       int not null default 0,
  created_at       timestamptz not null default now(),
  updated_at       timestamptz not null default now(),
  constraint filetypes_mime_type_key unique (mime_type),
  constraint filetypes_extension_key unique (extension),
  constraint filetypes_code_check check (code ~ '^[a-z0-9][a-z0-9_.+-]{0,39}$'),
  constraint filetypes_mime_type_check check (mime_type ~ '^[a-z]+/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}$'),
  constraint filetypes_extension_check check (extension ~ '^[a-z0-9]{1,12}$'),
  constraint filetypes_name_check check (char_length(name) between 1 and 100)
);

create table reference.storage_locations (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  provider         text not null,
  bucket           text,
  region           text,
  endpoint_url     text,
  cdn_base_url     text,
  settings         jsonb not null default '{}',
  name             text not null,
  category         text,
  description      text,
  retention_policy text,
  is_active        boolean not null default true,
  sort_order       int not null default 0,
  created_at       timestamptz not null default now(),
  updated_at       timestamptz not null default now(),
  primary key (organization_id, id),
  constraint storage_locations_organization_id_fkey foreign key (organization_id) references identity.organizations on update cascade on delete restrict,
  constraint storage_locations_name_key unique (organization_id, name),
  constraint storage_locations_provider_check check (provider in ('s3', 'gcs', 'local', 'minio', 'azure_blob')),
  constraint storage_locations_bucket_check check (char_length(bucket) between 1 and 255),
  constraint storage_locations_place_check check (provider = 'local' or bucket is not null),
  constraint storage_locations_address_check check (provider <> 'minio' or endpoint_url is not null),
  constraint storage_locations_region_check check (char_length(region) between 1 and 100),
  constraint storage_locations_endpoint_url_check check (endpoint_url ~ '^https?://' and char_length(endpoint_url) <= 2000),
  constraint storage_locations_cdn_base_url_check check (cdn_base_url ~ '^https?://' and char_length(cdn_base_url) <= 2000),
  constraint storage_locations_settings_check check (jsonb_typeof(settings) = 'object'),
  constraint storage_locations_name_check check (char_length(name) between 1 and 200),
  constraint storage_locations_category_check check (char_length(category) <= 100),
  constraint storage_locations_description_check check (char_length(description) <= 10000)
);

call platform.adopt_table('reference.filetypes', 'public', 'for ever', 'select', p_exempt_reason => 'a catalogue that all organisations share');
call platform.adopt_table('reference.storage_locations', 'internal', 'while the organisation exists', 'select, insert, update, delete');

insert into reference.filetypes (code, extension, mime_type, name, category, sort_order)
select code, extension, mime_type, name, category, row_number() over (order by category, name)
from (values
  ('pdf',      'pdf',   'application/pdf',                                                            'PDF document',                'document'),
  ('txt',      'txt',   'text/plain',                                                                 'Plain text',                  'text'),
  ('md',       'md',    'text/markdown',                                                              'Markdown',                    'text'),
  ('html',     'html',  'text/html',                                                                  'HTML page',                   'text'),
  ('css',      'css',   'text/css',                                                                   'Style sheet',                 'code'),
  ('js',       'js',    'text/javascript',                                                            'JavaScript',                  'code'),
  ('csv',      'csv',   'text/csv',                                                                   'Comma-separated values',      'data'),
  ('tsv',      'tsv',   'text/tab-separated-values',                                                  'Tab-separated values',        'data'),
  ('rtf',      'rtf',   'text/rtf',                                                                   'Rich text',                   'document'),
  ('ics',      'ics',   'text/calendar',                                                              'Calendar',                    'data'),
  ('vcf',      'vcf',   'text/vcard',                                                                 'Contact card',                'data'),
  ('vtt',      'vtt',   'text/vtt',                                                                   'Video captions',              'text'),
  ('turtle',   'ttl',   'text/turtle',                                                                'RDF as Turtle',               'data'),
  ('json',     'json',  'application/json',                                                           'JSON',                        'data'),
  ('jsonld',   'jsonld', 'application/ld+json',                                                       'JSON-LD',                     'data'),
  ('geojson',  'geojson', 'application/geo+json',                                                     'GeoJSON',                     'data'),
  ('jsonschema', null,  'application/schema+json',                                                    'JSON Schema',                 'data'),
  ('sarif',    'sarif', 'application/sarif+json',                                                     'Findings of code analysis (SARIF)', 'report'),
  ('cyclonedx', null,   'application/vnd.cyclonedx+json',                                             'Bill of materials (CycloneDX)', 'report'),
  ('spdx',     'spdx',  'text/spdx',                                                                  'Bill of materials (SPDX)',    'report'),
  ('xml',      'xml',   'application/xml',                                                            'XML',                         'data'),
  ('xhtml',    'xhtml', 'application/xhtml+xml',                                                      'XHTML page',                  'text'),
  ('xslt',     'xslt',  'application/xslt+xml',                                                       'XSL transformation',          'code'),
  ('atom',     'atom',  'application/atom+xml',                                                       'Atom feed',                   'data'),
  ('yaml',     'yaml',  'application/yaml',                                                           'YAML',                        'data'),
  ('toml',     'toml',  'application/toml',                                                           'TOML',                        'data'),
  ('sql',      'sql',   'application/sql',                                                            'SQL script',                  'code'),
  ('wasm',     'wasm',  'application/wasm',                                                           'WebAssembly module',          'code'),
  ('cbor',     'cbor',  'application/cbor',                                                           'CBOR',                        'data'),
  ('parquet',  'parquet', 'application/vnd.apache.parquet',                                           'Apache Parquet',              'data'),
  ('arrow',    'arrow', 'application/vnd.apache.arrow.file',                                          'Apache Arrow',                'data'),
  ('sqlite',   'sqlite', 'application/vnd.sqlite3',                                                   'SQLite database',             'data'),
  ('doc',      'doc',   'application/msword',                                                         'Word document, up to 2003',   'document'),
  ('docx',     'docx',  'application/vnd.openxmlformats-officedocument.wordprocessingml.document',    'Word document',               'document'),
  ('dotx',     'dotx',  'application/vnd.openxmlformats-officedocument.wordprocessingml.template',    'Word template',               'document'),
  ('xls',      'xls',   'application/vnd.ms-excel',                                                   'Excel workbook, up to 2003',  'spreadsheet'),
  ('xlsx',     'xlsx',  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',          'Excel workbook',              'spreadsheet'),
  ('ppt',      'ppt',   'application/vnd.ms-powerpoint',                                              'PowerPoint slides, up to 2003', 'presentation'),
  ('pptx',     'pptx',  'application/vnd.openxmlformats-officedocument.presentationml.presentation',  'PowerPoint slides',           'presentation'),
  ('vsdx',     'vsdx',  'application/vnd.ms-visio.drawing.main+xml',                                  'Visio drawing',               'diagram'),
  ('odt',      'odt',   'application/vnd.oasis.opendocument.text',                                    'OpenDocument text',           'document'),
  ('ods',      'ods',   'application/vnd.oasis.opendocument.spreadsheet',                             'OpenDocument spreadsheet',    'spreadsheet'),
  ('odp',      'odp',   'application/vnd.oasis.opendocument.presentation',                            'OpenDocument slides',         'presentation'),
  ('odg',      'odg',   'application/vnd.oasis.opendocument.graphics',                                'OpenDocument drawing',        'diagram'),
  ('epub',     'epub',  'application/epub+zip',                                                       'EPUB book',                   'document'),
  ('ps',       'ps',    'application/postscript',                                                     'PostScript',                  'document'),
  ('png',      'png',   'image/png',                                                                  'PNG image',                   'image'),
  ('jpeg',     'jpg',   'image/jpeg',                                                                 'JPEG image',                  'image'),
  ('gif',      'gif',   'image/gif',                                                                  'GIF image',                   'image'),
  ('webp',     'webp',  'image/webp',                                                                 'WebP image',                  'image'),
  ('avif',     'avif',  'image/avif',                                                                 'AVIF image',                  'image'),
  ('heic',     'heic',  'image/heic',                                                                 'HEIC image',                  'image'),
  ('svg',      'svg',   'image/svg+xml',                                                              'SVG drawing',                 'image'),
  ('tiff',     'tiff',  'image/tiff',                                                                 'TIFF image',                  'image'),
  ('bmp',      'bmp',   'image/bmp',                                                                  'Bitmap image',                'image'),
  ('ico',      'ico',   'image/vnd.microsoft.icon',                                                   'Icon',                        'image'),
  ('psd',      'psd',   'image/vnd.adobe.photoshop',                                                  'Photoshop image',             'image'),
  ('dwg',      'dwg',   'image/vnd.dwg',                                                              'AutoCAD drawing',             'diagram'),
  ('mp3',      'mp3',   'audio/mpeg',                                                                 'MP3 sound',                   'audio'),
  ('ogg',      'ogg',   'audio/ogg',                                                                  'Ogg sound',                   'audio'),
  ('flac',     'flac',  'audio/flac',                                                                 'FLAC sound',                  'audio'),
  ('aac',      'aac',   'audio/aac',                                                                  'AAC sound',                   'audio'),
  ('mp4',      'mp4',   'video/mp4',                                                                  'MP4 film',                    'video'),
  ('mpeg',     'mpeg',  'video/mpeg',                                                                 'MPEG film',                   'video'),
  ('ogv',      'ogv',   'video/ogg',                                                                  'Ogg film',                    'video'),
  ('mov',      'mov',   'video/quicktime',                                                            'QuickTime film',              'video'),
  ('mkv',      'mkv',   'video/matroska',                                                             'Matroska film',               'video'),
  ('zip',      'zip',   'application/zip',                                                            'ZIP archive',                 'archive'),
  ('gz',       'gz',    'application/gzip',                                                           'Gzip, compressed',            'archive'),
  ('zst',      'zst',   'application/zstd',                                                           'Zstandard, compressed',       'archive'),
  ('rar',      'rar',   'application/vnd.rar',                                                        'RAR archive',                 'archive'),
  ('deb',      'deb',   'application/vnd.debian.binary-package',                                      'Debian package',              'package'),
  ('apk',      'apk',   'application/vnd.android.package-archive',                                    'Android package',             'package'),
  ('woff2',    'woff2', 'font/woff2',                                                                 'Web font',                    'font'),
  ('otf',      'otf',   'font/otf',                                                                   'OpenType font',               'font'),
  ('ttf',      'ttf',   'font/ttf',                                                                   'TrueType font',               'font'),
  ('gltf',     'gltf',  'model/gltf+json',                                                            'glTF model',                  'model'),
  ('stl',      'stl',   'model/stl',                                                                  'STL model',                   'model'),
  ('step',     'step',  'model/step',                                                                 'STEP model',                  'model'),
  ('eml',      'eml',   'message/rfc822',                                                             'E-mail message',              'message'),
  ('mbox',     'mbox',  'application/mbox',                                                           'Mailbox',                     'message'),
  ('p7m',      'p7m',   'application/pkcs7-mime',                                                     'Signed or sealed message',    'security'),
  ('p7s',      'p7s',   'application/pkcs7-signature',                                                'Detached signature',          'security'),
  ('p12',      'p12',   'application/pkcs12',                                                         'Key and certificate',         'security'),
  ('pem',      'pem',   'application/pem-certificate-chain',                                          'Certificate chain',           'security'),
  ('pgp',      'asc',   'application/pgp-signature',                                                  'OpenPGP signature',           'security'),
  ('octets',   'bin',   'application/octet-stream',                                                   'Anything else',               'other')) as f (code, extension, mime_type, name, category);

-- Signing in elsewhere ------------------------------------------------------------------------------------------------

create table identity.sso_providers (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  name                     text not null,
  provider_type            text not null,
  client_id                text,
  client_secret_ciphertext bytea,
  discovery_url            text,
  authorization_url        text,
  token_url                text,
  userinfo_url             text,
  jwks_url                 text,
  saml_metadata_url        text,
  saml_certificate         text,
  scopes                   text[] not null default '{}',
  attribute_mapping        jsonb not null default '{}',
  auto_create_users        boolean not null default false,
  is_active                boolean not null default false,
  metadata                 jsonb not null default '{}',
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now(),
  created_by      uuid default platform.current_user_id(),
  updated_by      uuid,
  row_version     bigint not null default 1,
  deleted_at      timestamptz,
  deleted_by      uuid,
  primary key (organization_id, id),
  constraint sso_providers_organization_id_fkey foreign key (organization_id) references identity.organizations on update cascade on delete restrict,
  constraint sso_providers_name_check check (char_length(name) between 1 and 100),
  constraint sso_providers_provider_type_check check (provider_type in ('oauth2', 'saml', 'oidc')),
  constraint sso_providers_client_id_check check (char_length(client_id) between 1 and 500),
  constraint sso_providers_client_secret_ciphertext_check check (octet_length(client_secret_ciphertext) >= 29),
  constraint sso_providers_discovery_url_check check (discovery_url ~ '^https?://' and char_length(discovery_url) <= 2000),
  constraint sso_providers_authorization_url_check check (authorization_url ~ '^https?://' and char_length(authorization_url) <= 2000),
  constraint sso_providers_token_url_check check (token_url ~ '^https?://' and char_length(token_url) <= 2000),
  constraint sso_providers_userinfo_url_check check (userinfo_url ~ '^https?://' and char_length(userinfo_url) <= 2000),
  constraint sso_providers_jwks_url_check check (jwks_url ~ '^https?://' and char_length(jwks_url) <= 2000),
  constraint sso_providers_saml_metadata_url_check check (saml_metadata_url ~ '^https?://' and char_length(saml_metadata_url) <= 2000),
  constraint sso_providers_saml_certificate_check check (char_length(saml_certificate) <= 20000),
  constraint sso_providers_complete_check check (not is_active or case provider_type
    when 'saml' then num_nonnulls(saml_metadata_url, saml_certificate) >= 1
    when 'oidc' then client_id is not null and (discovery_url is not null or num_nonnulls(authorization_url, token_url, jwks_url) = 3)
    else client_id is not null and num_nonnulls(authorization_url, token_url) = 2 end),
  constraint sso_providers_attribute_mapping_check check (jsonb_typeof(attribute_mapping) = 'object'),
  constraint sso_providers_metadata_check check (jsonb_typeof(metadata) = 'object')
);
create unique index sso_providers_name_key on identity.sso_providers (organization_id, name) where deleted_at is null;
create index sso_providers_provider_type_idx on identity.sso_providers (organization_id, provider_type) where deleted_at is null;
create index sso_providers_is_active_idx on identity.sso_providers (organization_id, is_active) where deleted_at is null;

create table identity.sso_default_roles (
  organization_id uuid not null default platform.current_organization(),
  provider_id     uuid not null,
  role_id         uuid not null,
  created_at      timestamptz not null default now(),
  primary key (organization_id, provider_id, role_id),
  constraint sso_default_roles_provider_id_fkey foreign key (organization_id, provider_id) references identity.sso_providers
    on update cascade on delete cascade,
  constraint sso_default_roles_role_id_fkey foreign key (organization_id, role_id) references authz.roles on update cascade on delete restrict
);
create index sso_default_roles_role_id_idx on identity.sso_default_roles (organization_id, role_id);

create table identity.user_sso_accounts (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  user_id                  uuid not null,
  provider_id              uuid not null,
  external_id              text not null,
  external_username        text,
  external_email           text,
  access_token_ciphertext  bytea,
  refresh_token_ciphertext bytea,
  token_expires_at         timestamptz,
  linked_at                timestamptz not null default now(),
  last_used_at             timestamptz,
  external_data            jsonb not null default '{}',
  primary key (organization_id, id),
  constraint user_sso_accounts_provider_id_fkey foreign key (organization_id, provider_id) references identity.sso_providers
    on update cascade on delete cascade,
  constraint user_sso_accounts_external_id_key unique (organization_id, provider_id, external_id),
  constraint user_sso_accounts_external_id_check check (char_length(external_id) between 1 and 255),
  constraint user_sso_accounts_external_username_check check (char_length(external_username) <= 255),
  constraint user_sso_accounts_external_email_check check (external_email = lower(external_email) and char_length(external_email) <= 320),
  constraint user_sso_accounts_access_token_ciphertext_check check (octet_length(access_token_ciphertext) >= 29),
  constraint user_sso_accounts_refresh_token_ciphertext_check check (octet_length(refresh_token_ciphertext) >= 29),
  constraint user_sso_accounts_external_data_check check (jsonb_typeof(external_data) = 'object')
);
create index user_sso_accounts_external_id_idx on identity.user_sso_accounts (organization_id, external_id);

call platform.adopt_table('identity.sso_providers', 'restricted', 'while the organisation exists; 90 days in the bin');
call platform.adopt_table('identity.sso_default_roles', 'internal', 'while the provider exists', 'select, insert, update, delete');
call platform.adopt_table('identity.user_sso_accounts', 'restricted', 'until the accounts are taken apart', 'select, insert, update, delete');
call platform.refer_to_members('identity.user_sso_accounts', 'user_id');

-- A permission given to one person ------------------------------------------------------------------------------------

create table authz.user_permissions (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  user_id               uuid not null,
  permission_id         uuid not null,
  resource_id           uuid,
  on_behalf_of_user_id  uuid,
  granted_by            uuid default platform.current_user_id(),
  granted_at            timestamptz not null default now(),
  grant_reason          text,
  valid_from            timestamptz,
  valid_until           timestamptz,
  additional_conditions jsonb not null default '{}',
  is_active             boolean not null generated always as (revoked_at is null) stored,
  revoked_at            timestamptz,
  revoked_by            uuid,
  revocation_reason     text,
  row_version           bigint not null default 1,
  updated_at            timestamptz not null default now(),
  primary key (organization_id, id),
  constraint user_permissions_permission_id_fkey foreign key (organization_id, permission_id) references authz.permissions
    on update cascade on delete restrict,
  constraint user_permissions_resource_id_fkey foreign key (organization_id, resource_id) references authz.resources
    on update cascade on delete cascade,
  constraint user_permissions_on_behalf_of_user_id_check check (on_behalf_of_user_id <> user_id),
  constraint user_permissions_grant_reason_check check (char_length(grant_reason) <= 2000),
  constraint user_permissions_revocation_reason_check check (char_length(revocation_reason) <= 2000),
  constraint user_permissions_valid_until_check check (valid_until > valid_from),
  constraint user_permissions_revoked_by_check check (revoked_by is null or revoked_at is not null),
  constraint user_permissions_additional_conditions_check check (jsonb_typeof(additional_conditions) = 'object')
);
create unique index user_permissions_live_key on authz.user_permissions (organization_id, user_id, permission_id, resource_id, on_behalf_of_user_id)
  nulls not distinct where revoked_at is null;
create index user_permissions_permission_id_idx on authz.user_permissions (organization_id, permission_id);
create index user_permissions_resource_id_idx on authz.user_permissions (organization_id, resource_id) where resource_id is not null;
create index user_permissions_is_active_idx on authz.user_permissions (organization_id, is_active);
create index user_permissions_valid_from_idx on authz.user_permissions (organization_id, valid_from, valid_until);
call platform.adopt_table('authz.user_permissions', 'confidential', '7 years after revocation');
call platform.refer_to_members('authz.user_permissions', 'user_id', 'on_behalf_of_user_id', 'granted_by', 'revoked_by');

create function authz.guard_user_permission() returns trigger
  language plpgsql
  as $$
declare
  actor uuid := platform.current_user_id();
begin
  if tg_op = 'UPDATE' then
    if old.revoked_at is not null then
      raise exception 'A revoked permission stays as it is; give it anew instead.';
    end if;
    if (new.user_id, new.permission_id, new.granted_by) is distinct from (old.user_id, old.permission_id, old.granted_by) then
      raise exception 'Who holds which permission does not change; revoke it and give another.';
    end if;
    if new.revoked_at is not null then
      new.revoked_by := coalesce(actor, new.revoked_by);
      return new;
    end if;
  elsif actor is not null then
    new.granted_by := actor;
  end if;
  -- Whoever gives something has it, in the whole organisation. The system itself may give anything, and a permission that is not there is
  -- refused by its reference.
  if actor is not null
  and exists (select from authz.permissions p where p.organization_id = new.organization_id and p.id = new.permission_id)
  and not exists (
    select from authz.grants_of(actor) g
    join authz.resource_types t on t.name = g.resource_type
    join authz.permissions p on p.resource_type_id = t.id and p.action = g.action
    where g.project_id is null and p.organization_id = new.organization_id and p.id = new.permission_id) then
    raise exception 'Nobody gives a permission that they do not hold themselves in the whole organisation.';
  end if;
  return new;
end
$$;
comment on function authz.guard_user_permission() is
  'Nobody gives more than they hold, the giver is who is asking, and what was revoked stays revoked.';
create trigger guard before insert or update on authz.user_permissions for each row execute function authz.guard_user_permission();
create trigger announce after insert or update or delete on authz.user_permissions
  for each statement execute function platform.announce_access_change();

-- What a member may do comes from their roles and, from here on, from permissions given to them in person.
create or replace function authz.grants_of(p_user uuid)
  returns table (resource_type text, action text, project_id uuid, role text)
  language sql stable
  as $$
    with recursive
    held as (
      select g.role_id, null::uuid as project_id
      from authz.user_roles g
      where g.organization_id = platform.current_organization() and g.user_id = p_user
        and g.revoked_at is null and g.resource_scope_id is null and g.context_conditions = '{}'
        and (g.valid_from is null or g.valid_from <= now()) and (g.valid_until is null or g.valid_until > now())
      union all
      select m.role_id, m.project_id
      from work.project_roles_of(p_user) m
    ),
    -- A role also gives what its parents give; union, not union all, ends even on a cycle.
    given as (
      select h.project_id, r.name as role, r.id, r.parent_role_id
      from held h
      join authz.roles r on r.organization_id = platform.current_organization() and r.id = h.role_id
      where r.deleted_at is null and (r.valid_from is null or r.valid_from <= now()) and (r.valid_until is null or r.valid_until > now())
      union
      select g.project_id, g.role, r.id, r.parent_role_id
      from given g
      join authz.roles r on r.organization_id = platform.current_organization() and r.id = g.parent_role_id
      where r.deleted_at is null and (r.valid_from is null or r.valid_from <= now()) and (r.valid_until is null or r.valid_until > now())
    )
    select distinct t.name, p.action, g.project_id, g.role
    from (
      select g.project_id, g.role, rp.permission_id
      from given g
      join authz.role_permissions rp on rp.organization_id = platform.current_organization() and rp.role_id = g.id
      where rp.additional_conditions = '{}' and (rp.valid_from is null or rp.valid_from <= now()) and (rp.valid_until is null or rp.valid_until > now())
      union all
      select null, 'given in person', u.permission_id
      from authz.user_permissions u
      where u.organization_id = platform.current_organization() and u.user_id = p_user
        and u.revoked_at is null and u.resource_id is null and u.on_behalf_of_user_id is null and u.additional_conditions = '{}'
        and (u.valid_from is null or u.valid_from <= now()) and (u.valid_until is null or u.valid_until > now())
    ) g
    join authz.permissions p on p.organization_id = platform.current_organization() and p.id = g.permission_id
    join authz.resource_types t on t.id = p.resource_type_id
    where p.deleted_at is null and p.conditions = '{}' and not p.requires_approval and p.scope <> 'self'
      and (p.valid_from is null or p.valid_from <= now()) and (p.valid_until is null or p.valid_until > now())
      and exists (select from identity.memberships m
                  where m.organization_id = platform.current_organization() and m.user_id = p_user
                    and m.status = 'active' and m.deleted_at is null)
  $$;

-- Who somebody is to those who decide -------------------------------------------------------------------------------

create function authz.holds_role(p_user uuid, p_role uuid, p_project uuid default null) returns boolean
  language sql stable
  as $$
    with recursive held as (
      select g.role_id
      from authz.user_roles g
      where g.organization_id = platform.current_organization() and g.user_id = p_user and g.revoked_at is null
        and g.resource_scope_id is null and g.context_conditions = '{}'
        and (g.valid_from is null or g.valid_from <= now()) and (g.valid_until is null or g.valid_until > now())
      union
      select m.role_id from work.project_roles_of(p_user) m where m.project_id = p_project
      union
      select r.parent_role_id
      from held h join authz.roles r on r.organization_id = platform.current_organization() and r.id = h.role_id
      where r.deleted_at is null and r.parent_role_id is not null
    )
    select exists (select from held where role_id = p_role)
  $$;
comment on function authz.holds_role(uuid, uuid, uuid) is
  'Whether a member has a role now, in the whole organisation or in that project. Whoever has a stronger role has those below it too.';

create function authz.is_own_request(variadic p_people uuid[]) returns boolean
  language sql stable
  as $$
    select coalesce(platform.current_user_id() = any (p_people), false)
        or coalesce(nullif(current_setting('app.on_behalf_of_user_id', true), '')::uuid = any (p_people), false)
  $$;
comment on function authz.is_own_request(uuid[]) is
  'Whether the one who acts, or the one they act for, is among these people. An agent cannot approve what its person asked for.';

-- What an organisation starts with ------------------------------------------------------------------------------------

insert into authz.resource_types (name, description) values
  ('storage_location',  'Where files are kept.'),
  ('sso_provider',      'Directories that people sign in with, and what they bring.'),
  ('approval_workflow', 'Who has to say yes to what.');
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
where t.name in ('storage_location', 'sso_provider', 'approval_workflow');
insert into authz.role_grants_template (role_code, resource_type, actions) values
  ('viewer',    'storage_location',  '{read,export}'),
  ('viewer',    'approval_workflow', '{read,export}'),
  ('admin',     'storage_location',  '{create,update,delete,restore}'),
  ('admin',     'sso_provider',      '{read,create,update,delete,restore,export}'),
  ('admin',     'approval_workflow', '{create,update,delete,restore}');

create or replace function platform.seed_organization(p_organization uuid) returns void
  language plpgsql
  as $$
begin
  call platform.assert_organization(p_organization);

  insert into authz.roles (organization_id, template_code, name, display_name, description, is_system_role)
  select p_organization, r.code, r.code, r.name, r.description, true
  from reference.access_roles r
  where r.category = 'organization' and not exists (
    select from authz.roles x where x.organization_id = p_organization and x.template_code = r.code and x.deleted_at is null);

  update authz.roles child set parent_role_id = parent.id
  from reference.access_roles r, authz.roles parent
  where child.organization_id = p_organization and child.template_code = r.code and child.parent_role_id is null and child.deleted_at is null
    and parent.organization_id = p_organization and parent.template_code = r.parent_code and parent.deleted_at is null;

  insert into authz.permissions (organization_id, name, display_name, resource_type_id, action, is_system_permission)
  select p_organization, t.name || ':' || a.action, initcap(replace(a.action, '_', ' ')) || ' ' || replace(t.name, '_', ' '), t.id, a.action, true
  from authz.resource_types t join authz.resource_type_actions a on a.resource_type_id = t.id
  where not exists (
    select from authz.permissions x where x.organization_id = p_organization and x.name = t.name || ':' || a.action and x.deleted_at is null);

  insert into authz.role_permissions (organization_id, role_id, permission_id)
  select p_organization, r.id, p.id
  from authz.role_grants_template g
  cross join unnest(g.actions) as a (action)
  join authz.roles r on r.organization_id = p_organization and r.template_code = g.role_code and r.deleted_at is null
  join authz.permissions p on p.organization_id = p_organization and p.name = g.resource_type || ':' || a.action and p.deleted_at is null
  on conflict (organization_id, role_id, permission_id) do nothing;

  insert into delivery.environments (organization_id, name, tier, is_protected)
  select p_organization, e.name, e.name, e.name = 'production'
  from unnest(array['development', 'test', 'staging', 'production']) as e (name)
  where not exists (select from delivery.environments x
                    where x.organization_id = p_organization and x.project_id is null and x.name = e.name and x.deleted_at is null);

  insert into reference.storage_locations (organization_id, provider, bucket, name, category, description)
  select p_organization, 'local', 'files', 'Local disk', 'built in', 'A directory of the server itself; the place when nobody says another.'
  where not exists (select from reference.storage_locations x where x.organization_id = p_organization and x.provider = 'local');
end
$$;
comment on function platform.seed_organization(uuid) is
  'Gives an organisation its roles, permissions, grants, environments and a place for files. Adds what is missing and changes nothing that is there, so it may run again.';
comment on column reference.filetypes.code is 'What other rows refer to; never shown alone and never reused.';
comment on column reference.filetypes.mime_type is
  'The media type as IANA registered it; the registered one also where an older name is still about.';
comment on column reference.filetypes.extension is 'The usual ending of a file name, without the dot. Null: there is none.';
comment on column reference.filetypes.name is 'What people read.';
comment on column reference.filetypes.category is 'Groups values in long lists. Null: no group.';
comment on column reference.filetypes.description is 'When to choose this value. Null: the name says it.';
comment on column reference.filetypes.retention_policy is
  'A stricter rule for files of this kind, in words. Null: the table''s own rule holds.';
comment on column reference.filetypes.is_active is 'False: kept for old files, no longer taken in.';
comment on column reference.filetypes.sort_order is 'Position in lists; equal values sort by name.';
comment on constraint filetypes_code_check on reference.filetypes is
  'code must begin with a lower-case letter or digit and hold only those and the signs . + - _';
comment on constraint filetypes_mime_type_check on reference.filetypes is
  'mime type must be a type, a slash and a subtype in lower case, such as application/pdf';
comment on constraint filetypes_extension_check on reference.filetypes is
  'extension must be 1 to 12 lower-case letters or digits, without the dot';
comment on constraint filetypes_name_check on reference.filetypes is 'name must be 1 to 100 characters long';
comment on table reference.filetypes is
  'Kinds of files by their media type: one row for each, so that a list of documents can be narrowed by it.';
comment on column reference.storage_locations.provider is 'Which kind of storage it is.';
comment on column reference.storage_locations.bucket is
  'The bucket or container; for local storage a directory below the server''s own. Null: the provider''s root.';
comment on column reference.storage_locations.region is
  'Where the provider keeps it. Null: the provider has no regions, or its default holds.';
comment on column reference.storage_locations.endpoint_url is 'Where to reach it. Null: the provider''s public address.';
comment on column reference.storage_locations.cdn_base_url is
  'Where readers fetch from, when that is nearer to them. Null: from the storage itself.';
comment on column reference.storage_locations.settings is
  'What this kind of storage needs besides. Never a key or a password.';
comment on column reference.storage_locations.name is 'What people read; unique in the organisation.';
comment on column reference.storage_locations.category is 'Groups values in long lists. Null: no group.';
comment on column reference.storage_locations.description is 'When to choose this value. Null: the name says it.';
comment on column reference.storage_locations.retention_policy is
  'A stricter rule for files kept here, in words. Null: the table''s own rule holds.';
comment on column reference.storage_locations.is_active is 'False: read from, no longer written to.';
comment on column reference.storage_locations.sort_order is 'Position in lists; equal values sort by name.';
comment on constraint storage_locations_bucket_check on reference.storage_locations is
  'bucket must be 1 to 255 characters long';
comment on constraint storage_locations_place_check on reference.storage_locations is
  'storage that is not local must name its bucket';
comment on constraint storage_locations_address_check on reference.storage_locations is
  'MinIO has no public address of its own: say its endpoint url';
comment on constraint storage_locations_region_check on reference.storage_locations is
  'region must be 1 to 100 characters long';
comment on constraint storage_locations_endpoint_url_check on reference.storage_locations is
  'endpoint url must begin with http:// or https:// and be at most 2,000 characters long';
comment on constraint storage_locations_cdn_base_url_check on reference.storage_locations is
  'cdn base url must begin with http:// or https:// and be at most 2,000 characters long';
comment on constraint storage_locations_settings_check on reference.storage_locations is 'settings must be a JSON object';
comment on constraint storage_locations_name_check on reference.storage_locations is
  'name must be 1 to 200 characters long';
comment on constraint storage_locations_category_check on reference.storage_locations is
  'category must be at most 100 characters long';
comment on constraint storage_locations_description_check on reference.storage_locations is
  'description must be at most 10,000 characters long';
comment on table reference.storage_locations is
  'Where an organisation keeps its files: a directory of the server, or a bucket at a provider.';
comment on column identity.sso_providers.name is 'What people read on the sign-in page; unique among live providers.';
comment on column identity.sso_providers.provider_type is 'How to talk to it.';
comment on column identity.sso_providers.client_id is
  'What the provider calls us. Null: not registered there yet, or SAML.';
comment on column identity.sso_providers.client_secret_ciphertext is
  'What we prove ourselves with, sealed. Null: none is needed.';
comment on column identity.sso_providers.discovery_url is
  'Where OpenID Connect describes itself. Null: the addresses below are given one by one.';
comment on column identity.sso_providers.authorization_url is 'Where people are sent to sign in. Null: discovery tells.';
comment on column identity.sso_providers.token_url is 'Where codes are exchanged. Null: discovery tells.';
comment on column identity.sso_providers.userinfo_url is
  'Where facts about a person are asked for. Null: the token carries them, or discovery tells.';
comment on column identity.sso_providers.jwks_url is
  'Where the keys are that tokens are signed with. Null: discovery tells.';
comment on column identity.sso_providers.saml_metadata_url is
  'Where a SAML provider describes itself. Null: the certificate is given.';
comment on column identity.sso_providers.saml_certificate is
  'What SAML answers are signed with, as PEM. Null: the metadata carry it.';
comment on column identity.sso_providers.scopes is
  'What is asked for when somebody signs in, as the protocol wants it: a list in order.';
comment on column identity.sso_providers.attribute_mapping is 'Which fact of theirs fills which field of ours.';
comment on column identity.sso_providers.auto_create_users is
  'True: whoever the provider vouches for becomes a member; false: only who was invited.';
comment on column identity.sso_providers.is_active is
  'False: nobody signs in this way; a provider may be half described until it is switched on.';
comment on column identity.sso_providers.metadata is 'Facts from other systems.';
comment on constraint sso_providers_name_check on identity.sso_providers is 'name must be 1 to 100 characters long';
comment on constraint sso_providers_client_id_check on identity.sso_providers is
  'client id must be 1 to 500 characters long';
comment on constraint sso_providers_client_secret_ciphertext_check on identity.sso_providers is
  'client secret ciphertext must be sealed: an envelope has at least 29 bytes';
comment on constraint sso_providers_discovery_url_check on identity.sso_providers is
  'discovery url must begin with http:// or https:// and be at most 2,000 characters long';
comment on constraint sso_providers_authorization_url_check on identity.sso_providers is
  'authorization url must begin with http:// or https:// and be at most 2,000 characters long';
comment on constraint sso_providers_token_url_check on identity.sso_providers is
  'token url must begin with http:// or https:// and be at most 2,000 characters long';
comment on constraint sso_providers_userinfo_url_check on identity.sso_providers is
  'userinfo url must begin with http:// or https:// and be at most 2,000 characters long';
comment on constraint sso_providers_jwks_url_check on identity.sso_providers is
  'jwks url must begin with http:// or https:// and be at most 2,000 characters long';
comment on constraint sso_providers_saml_metadata_url_check on identity.sso_providers is
  'saml metadata url must begin with http:// or https:// and be at most 2,000 characters long';
comment on constraint sso_providers_saml_certificate_check on identity.sso_providers is
  'saml certificate must be at most 20,000 characters long';
comment on constraint sso_providers_attribute_mapping_check on identity.sso_providers is
  'attribute mapping must be a JSON object';
comment on constraint sso_providers_metadata_check on identity.sso_providers is 'metadata must be a JSON object';
comment on table identity.sso_providers is 'Somebody else''s directory that people of the organisation sign in with.';
comment on constraint sso_providers_complete_check on identity.sso_providers is
  'a provider that is switched on must be described in full: SAML needs metadata or a certificate, OpenID Connect a client id and discovery, OAuth 2 a client id and its two addresses';
comment on column identity.sso_default_roles.provider_id is 'The provider; the row goes away with it.';
comment on column identity.sso_default_roles.role_id is 'What somebody gets who comes in through it for the first time.';
comment on table identity.sso_default_roles is 'Roles that people get when a provider brings them in.';
comment on column identity.user_sso_accounts.user_id is 'The member it belongs to.';
comment on column identity.user_sso_accounts.provider_id is 'Who vouches for it; the row goes away with the provider.';
comment on column identity.user_sso_accounts.external_id is
  'What the provider calls the person, and never gives to another.';
comment on column identity.user_sso_accounts.external_username is
  'The name there when they last signed in. Null: the provider tells none.';
comment on column identity.user_sso_accounts.external_email is
  'The address there when they last signed in, in lower case. Null: the provider tells none.';
comment on column identity.user_sso_accounts.access_token_ciphertext is
  'What opens the provider''s doors for this person, sealed. Null: not kept.';
comment on column identity.user_sso_accounts.refresh_token_ciphertext is
  'What renews the other token, sealed. Null: not kept.';
comment on column identity.user_sso_accounts.token_expires_at is
  'When the access token ends. Null: there is none, or it does not say.';
comment on column identity.user_sso_accounts.linked_at is 'When the two accounts were put together.';
comment on column identity.user_sso_accounts.last_used_at is 'When somebody last signed in with it. Null: never.';
comment on column identity.user_sso_accounts.external_data is 'What else the provider told.';
comment on constraint user_sso_accounts_external_id_check on identity.user_sso_accounts is
  'external id must be 1 to 255 characters long';
comment on constraint user_sso_accounts_external_username_check on identity.user_sso_accounts is
  'external username must be at most 255 characters long';
comment on constraint user_sso_accounts_external_email_check on identity.user_sso_accounts is
  'external email must be in lower case and at most 320 characters long';
comment on constraint user_sso_accounts_access_token_ciphertext_check on identity.user_sso_accounts is
  'access token ciphertext must be sealed: an envelope has at least 29 bytes';
comment on constraint user_sso_accounts_refresh_token_ciphertext_check on identity.user_sso_accounts is
  'refresh token ciphertext must be sealed: an envelope has at least 29 bytes';
comment on constraint user_sso_accounts_external_data_check on identity.user_sso_accounts is
  'external data must be a JSON object';
comment on table identity.user_sso_accounts is 'Which account at a provider is which member of ours.';
comment on column authz.user_permissions.user_id is 'Who holds it.';
comment on column authz.user_permissions.permission_id is 'What is held.';
comment on column authz.user_permissions.resource_id is 'The one thing it is limited to. Null: the whole organisation.';
comment on column authz.user_permissions.on_behalf_of_user_id is
  'The member in whose place it may be used. Null: in one''s own name.';
comment on column authz.user_permissions.granted_by is 'Who gave it. Null: the system.';
comment on column authz.user_permissions.granted_at is 'When.';
comment on column authz.user_permissions.grant_reason is 'Why, for the next review. Null: nobody asked.';
comment on column authz.user_permissions.valid_from is 'Gives nothing before this moment. Null: since it was given.';
comment on column authz.user_permissions.valid_until is 'Gives nothing from this moment on. Null: until revoked.';
comment on column authz.user_permissions.additional_conditions is
  'What must hold besides the permission''s own conditions; an empty object means nothing more.';
comment on column authz.user_permissions.is_active is
  'True until revoked. Says nothing about valid_until, because a stored value cannot know the time.';
comment on column authz.user_permissions.revoked_at is 'When it was taken back. Null: it was not.';
comment on column authz.user_permissions.revoked_by is
  'Who took it back; written by a trigger. Null: nobody, or the system.';
comment on column authz.user_permissions.revocation_reason is 'Why. Null: nobody said.';
comment on constraint user_permissions_on_behalf_of_user_id_check on authz.user_permissions is
  'nobody needs leave to act in their own place: leave on behalf of user out';
comment on constraint user_permissions_grant_reason_check on authz.user_permissions is
  'grant reason must be at most 2,000 characters long';
comment on constraint user_permissions_revocation_reason_check on authz.user_permissions is
  'revocation reason must be at most 2,000 characters long';
comment on constraint user_permissions_valid_until_check on authz.user_permissions is
  'valid until must be after valid from';
comment on constraint user_permissions_revoked_by_check on authz.user_permissions is
  'only a revoked permission can name who revoked it';
comment on constraint user_permissions_additional_conditions_check on authz.user_permissions is
  'additional conditions must be a JSON object';
comment on table authz.user_permissions is
  'A permission held by one member besides their roles, for one thing or everywhere, for a time or until revoked. Rows are revoked, never removed.';
