-- Look-up rows that every organisation shares: priorities, phases, licences, role templates, kinds of decisions.

create schema reference;
comment on schema reference is 'Look-up values: those all organisations share, and those each organisation keeps for itself.';
grant usage on schema reference to application_user, readonly_user, super_admin;

create table reference.priorities (
  code             text primary key,
  rank             smallint not null,
  name             text not null,
  category         text,
  description      text,
  retention_policy text,
  is_active        boolean not null default true,
  sort_order       int not null default 0,
  created_at       timestamptz not null default now(),
  updated_at       timestamptz not null default now(),
  constraint priorities_code_check check (code ~ '^[a-z][a-z0-9_]{0,39}$'),
  constraint priorities_name_check check (char_length(name) between 1 and 100),
  constraint priorities_rank_key unique (rank),
  constraint priorities_rank_check check (rank > 0)
);

create table reference.phases (
  code             text primary key,
  name             text not null,
  category         text,
  description      text,
  retention_policy text,
  is_active        boolean not null default true,
  sort_order       int not null default 0,
  created_at       timestamptz not null default now(),
  updated_at       timestamptz not null default now(),
  constraint phases_code_check check (code ~ '^[a-z][a-z0-9_]{0,39}$'),
  constraint phases_name_check check (char_length(name) between 1 and 100)
);

create table reference.licenses (
  code             text primary key,
  url              text,
  name             text not null,
  category         text,
  description      text,
  retention_policy text,
  is_active        boolean not null default true,
  sort_order       int not null default 0,
  created_at       timestamptz not null default now(),
  updated_at       timestamptz not null default now(),
  constraint licenses_code_check check (code ~ '^[A-Za-z0-9][A-Za-z0-9.+-]{0,63}$'),
  constraint licenses_url_check check (url ~ '^https?://'),
  constraint licenses_name_check check (char_length(name) between 1 and 200)
);

create table reference.access_roles (
  code             text primary key,
  parent_code      text,
  name             text not null,
  category         text,
  description      text,
  retention_policy text,
  is_active        boolean not null default true,
  sort_order       int not null default 0,
  created_at       timestamptz not null default now(),
  updated_at       timestamptz not null default now(),
  constraint access_roles_parent_code_fkey foreign key (parent_code) references reference.access_roles (code)
    on update cascade on delete restrict,
  constraint access_roles_code_check check (code ~ '^[a-z][a-z0-9-]{0,39}$'),
  constraint access_roles_parent_code_check check (parent_code <> code),
  constraint access_roles_name_check check (char_length(name) between 1 and 100)
);
create index access_roles_parent_code_idx on reference.access_roles (parent_code) where parent_code is not null;
create trigger forbid_cycle after insert or update of parent_code on reference.access_roles
  for each row when (new.parent_code is not null) execute function platform.forbid_cycle('code', 'parent_code');

create table reference.decision_types (
  code             text primary key,
  name             text not null,
  category         text,
  description      text,
  retention_policy text,
  is_active        boolean not null default true,
  sort_order       int not null default 0,
  created_at       timestamptz not null default now(),
  updated_at       timestamptz not null default now(),
  constraint decision_types_code_check check (code ~ '^[a-z][a-z0-9_]{0,39}$'),
  constraint decision_types_name_check check (char_length(name) between 1 and 100)
);

do $$
declare
  lookup regclass;
begin
  foreach lookup in array array['reference.priorities', 'reference.phases', 'reference.licenses', 'reference.access_roles',
                                'reference.decision_types']::regclass[] loop
    call platform.adopt_table(lookup, 'public', 'for ever', 'select', p_exempt_reason => 'a catalogue that all organisations share');
    execute format('comment on column %s.code is %L', lookup, 'What other rows refer to; never shown alone and never reused.');
    execute format('comment on column %s.name is %L', lookup, 'What people read.');
    execute format('comment on column %s.category is %L', lookup, 'Groups values in long lists. Null: no group.');
    execute format('comment on column %s.description is %L', lookup, 'When to choose this value. Null: the name says it.');
    execute format('comment on column %s.retention_policy is %L', lookup, 'A stricter rule for records that carry this value, in words. Null: the table''s own rule holds.');
    execute format('comment on column %s.is_active is %L', lookup, 'False: kept for old records, no longer offered.');
    execute format('comment on column %s.sort_order is %L', lookup, 'Position in lists; equal values sort by name.');
  end loop;
end
$$;
comment on table reference.priorities is
  'How urgent something is, the same four everywhere so that lists of different kinds can be sorted together.';
comment on column reference.priorities.rank is '1 is the most urgent; lists sort by it.';
comment on constraint priorities_code_check on reference.priorities is
  'code must begin with a letter or digit and hold only letters, digits and the signs . + - _';
comment on constraint priorities_name_check on reference.priorities is 'name must be 1 to 100 characters long';
comment on constraint priorities_rank_check on reference.priorities is 'rank must be greater than zero';
comment on table reference.phases is 'Where a project stands between a need and its retirement.';
comment on constraint phases_code_check on reference.phases is
  'code must begin with a letter or digit and hold only letters, digits and the signs . + - _';
comment on constraint phases_name_check on reference.phases is 'name must be 1 to 100 characters long';
comment on table reference.licenses is 'Licences by their SPDX identifier, and one for closed code.';
comment on column reference.licenses.url is 'The text of the licence. Null: there is no public text.';
comment on constraint licenses_url_check on reference.licenses is 'url must begin with http:// or https://';
comment on constraint licenses_code_check on reference.licenses is
  'code must begin with a letter or digit and hold only letters, digits and the signs . + - _';
comment on constraint licenses_name_check on reference.licenses is 'name must be 1 to 200 characters long';
comment on table reference.access_roles is
  'Templates of roles. A new organisation gets its own copy of those in the category organization; those in the category resource hold for one thing.';
comment on column reference.access_roles.parent_code is 'The role whose rights this one has too. Null: it stands alone.';
comment on constraint access_roles_code_check on reference.access_roles is
  'code must begin with a letter or digit and hold only letters, digits and the signs . + - _';
comment on constraint access_roles_parent_code_check on reference.access_roles is 'parent code must not be the record itself';
comment on constraint access_roles_name_check on reference.access_roles is 'name must be 1 to 100 characters long';
comment on table reference.decision_types is 'Kinds of decisions a project writes down.';
comment on constraint decision_types_code_check on reference.decision_types is
  'code must begin with a letter or digit and hold only letters, digits and the signs . + - _';
comment on constraint decision_types_name_check on reference.decision_types is 'name must be 1 to 100 characters long';

insert into reference.priorities (code, rank, name, description, sort_order) values
  ('critical', 1, 'Critical', 'Stop other work: people cannot use the product, or data is at risk.', 1),
  ('high',     2, 'High',     'Next in line; a date or another piece of work depends on it.', 2),
  ('medium',   3, 'Medium',   'The usual case: in order, as there is time.', 3),
  ('low',      4, 'Low',      'Good to have; nothing waits for it.', 4);

insert into reference.phases (code, name, category, description, sort_order) values
  ('inception',    'Inception',    'before',  'The need is being understood; nothing is promised.', 1),
  ('planning',     'Planning',     'before',  'Scope, people and dates are being agreed.', 2),
  ('design',       'Design',       'build',   'Requirements are turned into a solution that can be built.', 3),
  ('development',  'Development',  'build',   'The solution is being built.', 4),
  ('verification', 'Verification', 'build',   'What was built is being held against the requirements.', 5),
  ('release',      'Release',      'deliver', 'Verified builds go out to their users.', 6),
  ('operation',    'Operation',    'deliver', 'In use, with defects and small changes.', 7),
  ('retirement',   'Retirement',   'after',   'Being replaced or switched off.', 8);

insert into reference.licenses (code, name, category, url, sort_order)
select code, name, category, 'https://spdx.org/licenses/' || code || '.html', row_number() over (order by code)
from (values
  ('0BSD',              'BSD Zero Clause License',                              'permissive'),
  ('AGPL-3.0-only',     'GNU Affero General Public License v3.0 only',          'strong copyleft'),
  ('AGPL-3.0-or-later', 'GNU Affero General Public License v3.0 or later',      'strong copyleft'),
  ('Apache-2.0',        'Apache License 2.0',                                   'permissive'),
  ('Artistic-2.0',      'Artistic License 2.0',                                 'permissive'),
  ('BSD-2-Clause',      'BSD 2-Clause "Simplified" License',                    'permissive'),
  ('BSD-3-Clause',      'BSD 3-Clause "New" or "Revised" License',              'permissive'),
  ('BSL-1.0',           'Boost Software License 1.0',                           'permissive'),
  ('BUSL-1.1',          'Business Source License 1.1',                          'source available'),
  ('CC-BY-4.0',         'Creative Commons Attribution 4.0 International',       'content'),
  ('CC-BY-SA-4.0',      'Creative Commons Attribution Share Alike 4.0 International', 'content'),
  ('CC0-1.0',           'Creative Commons Zero v1.0 Universal',                 'public domain'),
  ('CDDL-1.0',          'Common Development and Distribution License 1.0',      'weak copyleft'),
  ('EPL-2.0',           'Eclipse Public License 2.0',                           'weak copyleft'),
  ('EUPL-1.2',          'European Union Public License 1.2',                    'weak copyleft'),
  ('GPL-2.0-only',      'GNU General Public License v2.0 only',                 'strong copyleft'),
  ('GPL-2.0-or-later',  'GNU General Public License v2.0 or later',             'strong copyleft'),
  ('GPL-3.0-only',      'GNU General Public License v3.0 only',                 'strong copyleft'),
  ('GPL-3.0-or-later',  'GNU General Public License v3.0 or later',             'strong copyleft'),
  ('ISC',               'ISC License',                                          'permissive'),
  ('LGPL-2.1-only',     'GNU Lesser General Public License v2.1 only',          'weak copyleft'),
  ('LGPL-2.1-or-later', 'GNU Lesser General Public License v2.1 or later',      'weak copyleft'),
  ('LGPL-3.0-only',     'GNU Lesser General Public License v3.0 only',          'weak copyleft'),
  ('LGPL-3.0-or-later', 'GNU Lesser General Public License v3.0 or later',      'weak copyleft'),
  ('MIT',               'MIT License',                                          'permissive'),
  ('MIT-0',             'MIT No Attribution',                                   'permissive'),
  ('MPL-2.0',           'Mozilla Public License 2.0',                           'weak copyleft'),
  ('OFL-1.1',           'SIL Open Font License 1.1',                            'content'),
  ('PostgreSQL',        'PostgreSQL License',                                   'permissive'),
  ('Python-2.0',        'Python License 2.0',                                   'permissive'),
  ('SSPL-1.0',          'Server Side Public License, v 1',                      'source available'),
  ('Unicode-3.0',       'Unicode License v3',                                   'permissive'),
  ('Unlicense',         'The Unlicense',                                        'public domain'),
  ('Zlib',              'zlib License',                                         'permissive')) as l (code, name, category);
insert into reference.licenses (code, name, category, description, sort_order)
values ('LicenseRef-Proprietary', 'Proprietary', 'closed', 'All rights reserved; terms are agreed outside this system.', 1000);

insert into reference.access_roles (code, parent_code, name, category, description, sort_order) values
  ('viewer',          null,              'Viewer',          'organization', 'Reads and exports the record of work, tests and deliveries.', 4),
  ('developer',       'viewer',          'Developer',       'organization', 'Does the daily work: writes requirements, tests, builds and deployments.', 3),
  ('admin',           'developer',       'Administrator',   'organization', 'Runs the organisation: people, roles, projects; everything but ending it.', 2),
  ('owner',           'admin',           'Owner',           'organization', 'Answers for the organisation and may end it.', 1),
  ('resource-reader', null,              'Resource reader', 'resource',     'Reads one resource.', 8),
  ('resource-writer', 'resource-reader', 'Resource writer', 'resource',     'Changes one resource.', 7),
  ('resource-admin',  'resource-writer', 'Resource admin',  'resource',     'Decides who may do what with one resource.', 6),
  ('resource-owner',  'resource-admin',  'Resource owner',  'resource',     'Answers for one resource and may delete it.', 5);

insert into reference.decision_types (code, name, category, description, sort_order) values
  ('architecture', 'Architecture', 'technical',      'Shape of the system: parts, boundaries, how they talk.', 1),
  ('technology',   'Technology',   'technical',      'Choice of a language, library, product or service.', 2),
  ('security',     'Security',     'technical',      'How something is protected, or which risk is accepted.', 3),
  ('process',      'Process',      'organisational', 'How the team works.', 4),
  ('scope',        'Scope',        'organisational', 'What is in and what is out.', 5),
  ('schedule',     'Schedule',     'organisational', 'When something happens, and what moves for it.', 6),
  ('resourcing',   'Resourcing',   'organisational', 'People, money and suppliers.', 7),
  ('compliance',   'Compliance',   'organisational', 'How a rule from outside is met.', 8);
