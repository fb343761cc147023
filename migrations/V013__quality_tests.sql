-- Test cases, the names they have been known by, their steps and relations.

create schema quality;
comment on schema quality is 'What proves it: test cases, runs, results, coverage, defects.';
grant usage on schema quality to application_user, readonly_user, super_admin;

create table quality.test_cases (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  project_id      uuid not null,
  key                    text not null,
  feature_id             uuid,
  name                   text not null,
  description            text,
  test_type              text not null default 'unit',
  priority_code          text not null default 'medium',
  status                 text not null default 'active',
  expected_result        text,
  test_data              jsonb not null default '{}',
  automation_status      text not null default 'manual',
  is_automated           boolean not null generated always as (automation_status = 'automated') stored,
  automation_tool        text,
  automation_script_path text,
  is_template            boolean not null default false,
  template_id            uuid,
  reuse_count            int not null default 0,
  last_run_at            timestamptz,
  last_run_status        text,
  run_count              bigint not null default 0,
  pass_count             bigint not null default 0,
  fail_count             bigint not null default 0,
  search_vector          tsvector,
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now(),
  created_by      uuid default platform.current_user_id(),
  updated_by      uuid,
  row_version     bigint not null default 1,
  deleted_at      timestamptz,
  deleted_by      uuid,
  primary key (organization_id, id),
  constraint test_cases_project_id_key unique (organization_id, project_id, id),
  constraint test_cases_key_key unique (organization_id, key, project_id),
  constraint test_cases_project_id_fkey foreign key (organization_id, project_id) references work.projects on update cascade on delete cascade,
  constraint test_cases_feature_id_fkey foreign key (organization_id, project_id, feature_id)
    references work.features (organization_id, project_id, id) on update cascade on delete set null (feature_id),
  constraint test_cases_template_id_fkey foreign key (organization_id, project_id, template_id)
    references quality.test_cases (organization_id, project_id, id) on update cascade on delete set null (template_id),
  constraint test_cases_priority_code_fkey foreign key (priority_code) references reference.priorities on update cascade on delete restrict,
  constraint test_cases_key_check check (key ~ '^TC-[1-9][0-9]{0,14}$'),
  constraint test_cases_name_check check (char_length(name) between 1 and 2000),
  constraint test_cases_description_check check (char_length(description) <= 100000),
  constraint test_cases_test_type_check check (test_type in ('unit', 'integration', 'e2e', 'performance', 'security', 'accessibility')),
  constraint test_cases_status_check check (status in ('active', 'deprecated', 'disabled')),
  constraint test_cases_expected_result_check check (char_length(expected_result) <= 100000),
  constraint test_cases_automation_status_check check (automation_status in ('manual', 'planned', 'automated')),
  constraint test_cases_automation_tool_check check (char_length(automation_tool) <= 200),
  constraint test_cases_automation_script_path_check check (char_length(automation_script_path) <= 2000),
  constraint test_cases_template_id_check check (template_id <> id),
  constraint test_cases_last_run_status_check check (last_run_status in ('passed', 'failed', 'skipped', 'error')),
  constraint test_cases_run_count_check check (least(run_count, pass_count, fail_count, reuse_count) >= 0 and pass_count + fail_count <= run_count),
  constraint test_cases_test_data_check check (jsonb_typeof(test_data) = 'object')
) with (fillfactor = 50);
create index test_cases_feature_id_idx on quality.test_cases (organization_id, feature_id, project_id) where feature_id is not null;
create index test_cases_template_id_idx on quality.test_cases (organization_id, template_id, project_id) where template_id is not null;
create index test_cases_priority_code_idx on quality.test_cases (priority_code);
create index test_cases_status_idx on quality.test_cases (organization_id, project_id, status, id) where deleted_at is null;
create index test_cases_test_type_idx on quality.test_cases (project_id, test_type) where status = 'active' and deleted_at is null;
create index test_cases_updated_at_idx on quality.test_cases (organization_id, project_id, updated_at, id) where deleted_at is null;

create table quality.test_case_aliases (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  project_id      uuid not null,
  test_case_id    uuid not null,
  fingerprint     bytea not null,
  suite_path      text,
  class_name      text,
  case_name       text,
  parameters      text,
  external_key    text,
  created_at      timestamptz not null default now(),
  primary key (organization_id, id),
  constraint test_case_aliases_fingerprint_key unique (organization_id, fingerprint, project_id),
  constraint test_case_aliases_test_case_id_fkey foreign key (organization_id, project_id, test_case_id)
    references quality.test_cases (organization_id, project_id, id) on update cascade on delete cascade,
  constraint test_case_aliases_fingerprint_check check (octet_length(fingerprint) between 16 and 64),
  constraint test_case_aliases_suite_path_check check (char_length(suite_path) <= 4000),
  constraint test_case_aliases_class_name_check check (char_length(class_name) <= 4000),
  constraint test_case_aliases_case_name_check check (char_length(case_name) <= 10000),
  constraint test_case_aliases_parameters_check check (char_length(parameters) <= 10000),
  constraint test_case_aliases_external_key_check check (char_length(external_key) between 1 and 500)
);
create unique index test_case_aliases_external_key_key on quality.test_case_aliases (organization_id, external_key, project_id)
  where external_key is not null;
create index test_case_aliases_test_case_id_idx on quality.test_case_aliases (organization_id, test_case_id, project_id);

create table quality.test_case_steps (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  project_id      uuid not null,
  test_case_id    uuid not null,
  step_kind       text not null default 'step',
  position        int not null,
  action          text not null,
  expected_result text,
  details         jsonb not null default '{}',
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now(),
  row_version     bigint not null default 1,
  primary key (organization_id, id),
  constraint test_case_steps_test_case_id_fkey foreign key (organization_id, project_id, test_case_id)
    references quality.test_cases (organization_id, project_id, id) on update cascade on delete cascade,
  constraint test_case_steps_position_key unique (organization_id, test_case_id, project_id, step_kind, position) deferrable initially immediate,
  constraint test_case_steps_step_kind_check check (step_kind in ('precondition', 'step')),
  constraint test_case_steps_position_check check (position > 0),
  constraint test_case_steps_action_check check (char_length(action) between 1 and 20000),
  constraint test_case_steps_expected_result_check check (char_length(expected_result) <= 20000),
  constraint test_case_steps_details_check check (jsonb_typeof(details) = 'object')
);

create table quality.test_case_relations (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  project_id      uuid not null,
  test_case_id         uuid not null,
  related_test_case_id uuid not null,
  relation_type        text not null,
  created_at           timestamptz not null default now(),
  created_by           uuid default platform.current_user_id(),
  primary key (organization_id, id),
  constraint test_case_relations_relation_type_key unique (organization_id, test_case_id, project_id, related_test_case_id, relation_type),
  constraint test_case_relations_test_case_id_fkey foreign key (organization_id, project_id, test_case_id)
    references quality.test_cases (organization_id, project_id, id) on update cascade on delete cascade,
  constraint test_case_relations_related_test_case_id_fkey foreign key (organization_id, project_id, related_test_case_id)
    references quality.test_cases (organization_id, project_id, id) on update cascade on delete cascade,
  constraint test_case_relations_related_test_case_id_check check (related_test_case_id <> test_case_id),
  constraint test_case_relations_relation_type_check check (relation_type in ('depends_on', 'duplicates', 'related_to', 'derived_from', 'blocks'))
);
create index test_case_relations_related_test_case_id_idx on quality.test_case_relations (organization_id, related_test_case_id, project_id);

create function quality.test_case_search_vector() returns trigger
  language plpgsql
  as $$
begin
  new.search_vector := setweight(to_tsvector('simple', new.name), 'A');
  if new.description is not null then
    new.search_vector := new.search_vector || setweight(to_tsvector('english', left(new.description, 20000)), 'B');
  end if;
  return new;
end
$$;
comment on function quality.test_case_search_vector() is
  'Words of a test case: its name, split but not stemmed because it is mostly an identifier, before its description.';

create function quality.count_reuse() returns trigger
  language plpgsql
  as $$
begin
  if tg_op <> 'INSERT' and old.template_id is not null then
    update quality.test_cases set reuse_count = reuse_count - 1 where organization_id = old.organization_id and id = old.template_id;
  end if;
  if tg_op <> 'DELETE' and new.template_id is not null then
    update quality.test_cases set reuse_count = reuse_count + 1 where organization_id = new.organization_id and id = new.template_id;
  end if;
  return null;
end
$$;
comment on function quality.count_reuse() is 'Keeps, on a template, how many test cases were made from it.';
create trigger count_reuse_of_new after insert on quality.test_cases
  for each row when (new.template_id is not null) execute function quality.count_reuse();
create trigger count_reuse_of_changed after update of template_id on quality.test_cases
  for each row when (old.template_id is distinct from new.template_id) execute function quality.count_reuse();
create trigger count_reuse_of_removed after delete on quality.test_cases
  for each row when (old.template_id is not null) execute function quality.count_reuse();

call platform.adopt_table('quality.test_cases', 'internal', 'while the project exists; 90 days in the bin',
  p_statistics => array['reuse_count', 'last_run_at', 'last_run_status', 'run_count', 'pass_count', 'fail_count']);
call platform.adopt_table('quality.test_case_aliases', 'internal', 'while the test case exists', 'select, insert, update, delete');
call platform.adopt_table('quality.test_case_steps', 'internal', 'while the test case exists', 'select, insert, update, delete');
call platform.adopt_table('quality.test_case_relations', 'internal', 'while both test cases exist', 'select, insert, update, delete');
call platform.register_table('quality.test_cases', 'test_case', 'n.name', '{name,status,deleted_at,project_id,key,search_vector}', 'n.status', 'null', 'TC');
create trigger search_vector before insert or update of name, description on quality.test_cases
  for each row execute function quality.test_case_search_vector();
comment on table quality.test_cases is
  'A test that can be run again and again, by hand or by a machine. Keeps its identity while the names it is reported under change. Half of each page stays free, because every result rewrites the counts of its case, and a rewrite that finds room on the page leaves the indexes alone.';
comment on column quality.test_cases.key is
  'What people call it, such as TC-108. Given by the project''s counter unless it comes with one.';
comment on column quality.test_cases.feature_id is 'The feature it was written for. Null: linked by trace links, or not at all.';
comment on column quality.test_cases.name is 'What it checks; for automated tests usually the class and method.';
comment on column quality.test_cases.description is 'What it is about, as Markdown. Null: the name says it.';
comment on column quality.test_cases.test_type is 'At which level it tests.';
comment on column quality.test_cases.priority_code is 'How bad it is when it fails.';
comment on column quality.test_cases.status is 'deprecated and disabled ones prove nothing.';
comment on column quality.test_cases.expected_result is 'What should come out as a whole. Null: the steps say it.';
comment on column quality.test_cases.test_data is 'Inputs by name.';
comment on column quality.test_cases.automation_status is 'Whether a machine runs it.';
comment on column quality.test_cases.is_automated is 'True when a machine runs it.';
comment on column quality.test_cases.automation_tool is 'What runs it, such as junit. Null: a person does, or unknown.';
comment on column quality.test_cases.automation_script_path is 'Where its code is. Null: unknown.';
comment on column quality.test_cases.is_template is 'True: others are made from it, and it is never run itself.';
comment on column quality.test_cases.template_id is 'The template it was made from. Null: from nothing.';
comment on column quality.test_cases.reuse_count is 'How many test cases were made from it. Written by a trigger.';
comment on column quality.test_cases.last_run_at is
  'When its latest result was executed. Null: never run. Written by a trigger, like the next four.';
comment on column quality.test_cases.last_run_status is
  'How that went; of several results in a run the worst counts: error, failed, skipped, passed. Null: never run.';
comment on column quality.test_cases.run_count is 'Results that were not skipped.';
comment on column quality.test_cases.pass_count is 'Those that passed.';
comment on column quality.test_cases.fail_count is 'Those that failed or broke.';
comment on constraint test_cases_run_count_check on quality.test_cases is
  'counts must not be negative, and passed and failed together must not exceed the runs';
comment on constraint test_cases_key_check on quality.test_cases is
  'key must be TC- and a number without leading zeros, such as TC-42';
comment on constraint test_cases_name_check on quality.test_cases is 'name must be 1 to 2,000 characters long';
comment on constraint test_cases_description_check on quality.test_cases is 'description must be at most 100,000 characters long';
comment on constraint test_cases_expected_result_check on quality.test_cases is
  'expected result must be at most 100,000 characters long';
comment on constraint test_cases_automation_tool_check on quality.test_cases is
  'automation tool must be at most 200 characters long';
comment on constraint test_cases_automation_script_path_check on quality.test_cases is
  'automation script path must be at most 2,000 characters long';
comment on constraint test_cases_template_id_check on quality.test_cases is 'template must not be the record itself';
comment on constraint test_cases_test_data_check on quality.test_cases is 'test data must be a JSON object';
comment on table quality.test_case_aliases is
  'A name under which a test case is reported. An importer finds the case by it; after a rename a case has several.';
comment on column quality.test_case_aliases.test_case_id is 'The case; the row goes away with it.';
comment on column quality.test_case_aliases.fingerprint is
  'Hash of what identifies the case in its format, worked out by the importer; one case in a project for each.';
comment on column quality.test_case_aliases.suite_path is 'Names of the suites around it, outermost first. Null: none.';
comment on column quality.test_case_aliases.class_name is 'Null: the format has no classes.';
comment on column quality.test_case_aliases.case_name is 'Null: known by its external key only.';
comment on column quality.test_case_aliases.parameters is 'Null: the case takes none, or they do not tell cases apart.';
comment on column quality.test_case_aliases.external_key is 'Its key in another system, unique in the project. Null: none.';
comment on constraint test_case_aliases_fingerprint_check on quality.test_case_aliases is
  'fingerprint must be 16 to 64 bytes long';
comment on constraint test_case_aliases_suite_path_check on quality.test_case_aliases is
  'suite path must be at most 4,000 characters long';
comment on constraint test_case_aliases_class_name_check on quality.test_case_aliases is
  'class name must be at most 4,000 characters long';
comment on constraint test_case_aliases_case_name_check on quality.test_case_aliases is
  'case name must be at most 10,000 characters long';
comment on constraint test_case_aliases_parameters_check on quality.test_case_aliases is
  'parameters must be at most 10,000 characters long';
comment on constraint test_case_aliases_external_key_check on quality.test_case_aliases is
  'external key must be 1 to 500 characters long';
comment on table quality.test_case_steps is 'What must be so before a test, and what is then done, in order.';
comment on column quality.test_case_steps.test_case_id is 'The case; the step goes away with it.';
comment on column quality.test_case_steps.step_kind is 'precondition: must be so beforehand; step: is done.';
comment on column quality.test_case_steps.position is
  'Order among steps of the same kind, from 1. May repeat inside a transaction while steps are being moved.';
comment on column quality.test_case_steps.action is 'What to do, or what must be so.';
comment on column quality.test_case_steps.expected_result is 'What should be seen after it. Null: only the end counts.';
comment on column quality.test_case_steps.details is 'Attachments and hints by name.';
comment on constraint test_case_steps_position_check on quality.test_case_steps is 'position must be greater than zero';
comment on constraint test_case_steps_action_check on quality.test_case_steps is 'action must be 1 to 20,000 characters long';
comment on constraint test_case_steps_expected_result_check on quality.test_case_steps is
  'expected result must be at most 20,000 characters long';
comment on constraint test_case_steps_details_check on quality.test_case_steps is 'details must be a JSON object';
comment on table quality.test_case_relations is 'How one test case stands to another.';
comment on column quality.test_case_relations.test_case_id is
  'The one that depends, duplicates, derives or blocks; the row goes away with it.';
comment on column quality.test_case_relations.related_test_case_id is 'The other one.';
comment on column quality.test_case_relations.relation_type is 'How the first stands to the second.';
comment on constraint test_case_relations_related_test_case_id_check on quality.test_case_relations is
  'related test case must not be the record itself';
