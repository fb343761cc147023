-- What is wrong, who looks at it, and when it was proven right again.

create table quality.defects (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  project_id      uuid not null,
  key                 text not null,
  feature_id          uuid,
  test_result_id      uuid,
  title               text not null,
  description         text,
  severity            text not null default 'medium',
  priority_code       text not null default 'medium',
  status              text not null default 'open',
  defect_type         text not null default 'bug',
  assigned_to_user_id uuid,
  reported_by_user_id uuid default platform.current_user_id(),
  reproduction_steps  text,
  environment_id      uuid,
  affected_version    text,
  fixed_version       text,
  root_cause          text,
  fix_description     text,
  estimated_fix_hours numeric(10,2),
  actual_fix_hours    numeric(10,2),
  due_date            date,
  resolved_at         timestamptz,
  verified_at         timestamptz,
  verified_by         uuid,
  search_vector       tsvector,
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now(),
  created_by      uuid default platform.current_user_id(),
  updated_by      uuid,
  row_version     bigint not null default 1,
  deleted_at      timestamptz,
  deleted_by      uuid,
  primary key (organization_id, id),
  constraint defects_project_id_key unique (organization_id, project_id, id),
  constraint defects_key_key unique (organization_id, key, project_id),
  constraint defects_project_id_fkey foreign key (organization_id, project_id) references work.projects on update cascade on delete cascade,
  constraint defects_feature_id_fkey foreign key (organization_id, project_id, feature_id)
    references work.features (organization_id, project_id, id) on update cascade on delete set null (feature_id),
  constraint defects_test_result_id_fkey foreign key (organization_id, project_id, test_result_id)
    references quality.test_results (organization_id, project_id, id) on update cascade on delete set null (test_result_id),
  constraint defects_environment_id_fkey foreign key (organization_id, environment_id) references delivery.environments
    on update cascade on delete set null (environment_id),
  constraint defects_priority_code_fkey foreign key (priority_code) references reference.priorities on update cascade on delete restrict,
  constraint defects_key_check check (key ~ '^DEF-[1-9][0-9]{0,14}$'),
  constraint defects_title_check check (char_length(title) between 1 and 500),
  constraint defects_description_check check (char_length(description) <= 100000),
  constraint defects_severity_check check (severity in ('critical', 'high', 'medium', 'low')),
  constraint defects_status_check check (status in ('open', 'assigned', 'in_progress', 'resolved', 'verified', 'closed', 'wont_fix')),
  constraint defects_defect_type_check check (defect_type in ('bug', 'enhancement', 'documentation', 'task')),
  constraint defects_reproduction_steps_check check (char_length(reproduction_steps) <= 100000),
  constraint defects_affected_version_check check (char_length(affected_version) between 1 and 200),
  constraint defects_fixed_version_check check (char_length(fixed_version) between 1 and 200),
  constraint defects_root_cause_check check (char_length(root_cause) <= 100000),
  constraint defects_fix_description_check check (char_length(fix_description) <= 100000),
  constraint defects_estimated_fix_hours_check check (estimated_fix_hours >= 0),
  constraint defects_actual_fix_hours_check check (actual_fix_hours >= 0),
  constraint defects_verified_at_check check (verified_at >= resolved_at),
  constraint defects_verified_by_check check (verified_by is null or verified_at is not null)
);
create index defects_feature_id_idx on quality.defects (organization_id, feature_id, project_id) where feature_id is not null;
create index defects_test_result_id_idx on quality.defects (organization_id, test_result_id, project_id) where test_result_id is not null;
create index defects_environment_id_idx on quality.defects (organization_id, environment_id) where environment_id is not null;
create index defects_priority_code_idx on quality.defects (priority_code);
create index defects_status_idx on quality.defects (organization_id, project_id, status, id) where deleted_at is null;
create index defects_updated_at_idx on quality.defects (organization_id, project_id, updated_at, id) where deleted_at is null;

create function quality.defect_search_vector() returns trigger
  language plpgsql
  as $$
begin
  new.search_vector := setweight(to_tsvector('simple', coalesce(new.key, '')), 'A') || setweight(to_tsvector('english', new.title), 'A')
    || setweight(to_tsvector('english', left(coalesce(new.description, ''), 20000)), 'B')
    || setweight(to_tsvector('english', left(coalesce(new.root_cause, '') || ' ' || coalesce(new.fix_description, ''), 20000)), 'C');
  return new;
end
$$;
comment on function quality.defect_search_vector() is 'Words of a defect: key and title, then description, then cause and fix.';

call platform.adopt_table('quality.defects', 'confidential', 'while the project exists; 90 days in the bin');
call platform.refer_to_members('quality.defects', 'assigned_to_user_id', 'reported_by_user_id', 'verified_by');
call platform.register_table('quality.defects', 'defect', 'n.title',
  '{title,status,assigned_to_user_id,deleted_at,project_id,key,search_vector}', 'n.status', 'n.assigned_to_user_id', 'DEF');
create trigger search_vector before insert or update of key, title, description, root_cause, fix_description on quality.defects
  for each row execute function quality.defect_search_vector();
comment on table quality.defects is 'Something that is not as it should be, from the first sight to the proof that it is mended.';
comment on column quality.defects.key is
  'What people call it, such as DEF-13. Given by the project''s counter unless it comes with one.';
comment on column quality.defects.feature_id is 'The feature it is in. Null: unknown.';
comment on column quality.defects.test_result_id is
  'The result that showed it. Null: a person saw it, or the result is archived.';
comment on column quality.defects.title is 'What is wrong, in one line.';
comment on column quality.defects.description is 'What is wrong in full, as Markdown. Null: the title says it.';
comment on column quality.defects.severity is 'How much harm it does.';
comment on column quality.defects.priority_code is 'How soon it is to be mended.';
comment on column quality.defects.status is 'verified: somebody has seen that the fix works.';
comment on column quality.defects.defect_type is 'bug: against the requirement; the others are here because trackers mix them.';
comment on column quality.defects.assigned_to_user_id is 'Who sees to it. Null: nobody.';
comment on column quality.defects.reported_by_user_id is 'Who saw it. Null: a machine did.';
comment on column quality.defects.reproduction_steps is 'How to see it, as Markdown. Null: unknown.';
comment on column quality.defects.environment_id is 'Where it was seen. Null: everywhere, or unknown.';
comment on column quality.defects.affected_version is 'The version it was seen in. Null: unknown.';
comment on column quality.defects.fixed_version is 'The first version without it. Null: not fixed.';
comment on column quality.defects.root_cause is 'Why it came to be. Null: unknown.';
comment on column quality.defects.fix_description is 'What was done. Null: nothing yet.';
comment on column quality.defects.estimated_fix_hours is 'Expected work. Null: not estimated.';
comment on column quality.defects.actual_fix_hours is 'Work it took. Null: not recorded.';
comment on column quality.defects.due_date is 'The last day that still counts as on time. Null: nobody has promised a date.';
comment on column quality.defects.resolved_at is 'When it was mended. Null: not yet.';
comment on column quality.defects.verified_at is 'When the fix was seen to work. Null: not yet.';
comment on column quality.defects.verified_by is 'Who saw so. Null: nobody, or a test did.';
comment on constraint defects_verified_by_check on quality.defects is 'only a verified defect can name who verified it';
comment on constraint defects_key_check on quality.defects is
  'key must be DEF- and a number without leading zeros, such as DEF-42';
comment on constraint defects_title_check on quality.defects is 'title must be 1 to 500 characters long';
comment on constraint defects_description_check on quality.defects is 'description must be at most 100,000 characters long';
comment on constraint defects_reproduction_steps_check on quality.defects is
  'reproduction steps must be at most 100,000 characters long';
comment on constraint defects_affected_version_check on quality.defects is 'affected version must be 1 to 200 characters long';
comment on constraint defects_fixed_version_check on quality.defects is 'fixed version must be 1 to 200 characters long';
comment on constraint defects_root_cause_check on quality.defects is 'root cause must be at most 100,000 characters long';
comment on constraint defects_fix_description_check on quality.defects is
  'fix description must be at most 100,000 characters long';
comment on constraint defects_estimated_fix_hours_check on quality.defects is 'estimated fix hours must not be negative';
comment on constraint defects_actual_fix_hours_check on quality.defects is 'actual fix hours must not be negative';
comment on constraint defects_verified_at_check on quality.defects is 'verified at must not be before resolved at';
