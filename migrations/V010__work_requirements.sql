-- What is wanted and what implements it: requirements with their criteria, what depends on what, features.

-- Keys and indexes: the column that narrows most comes right after the organisation and project_id after it. Until the first ANALYZE the planner
-- takes organisation and project together for unique, so any index that begins with both looks as good as the key to a foreign-key look-up;
-- a first import of 50,000 records then took a hundred times as long. Only the key itself and lists of live rows begin with both.

create table work.requirements (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  project_id      uuid not null,
  key                     text not null,
  title                   text not null,
  description             text,
  priority_code           text not null default 'medium',
  status                  text not null default 'draft',
  estimated_effort_points int,
  actual_effort_points    int,
  priority_order          int,
  assigned_to_user_id     uuid,
  start_date              date,
  target_date             date,
  completed_date          date,
  search_vector           tsvector,
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now(),
  created_by      uuid default platform.current_user_id(),
  updated_by      uuid,
  row_version     bigint not null default 1,
  deleted_at      timestamptz,
  deleted_by      uuid,
  primary key (organization_id, id),
  constraint requirements_project_id_key unique (organization_id, project_id, id),
  constraint requirements_key_key unique (organization_id, key, project_id),
  constraint requirements_project_id_fkey foreign key (organization_id, project_id) references work.projects on update cascade on delete cascade,
  constraint requirements_priority_code_fkey foreign key (priority_code) references reference.priorities on update cascade on delete restrict,
  constraint requirements_key_check check (key ~ '^REQ-[1-9][0-9]{0,14}$'),
  constraint requirements_title_check check (char_length(title) between 1 and 500),
  constraint requirements_description_check check (char_length(description) <= 100000),
  constraint requirements_status_check check (status in ('draft', 'approved', 'in_progress', 'completed', 'rejected')),
  constraint requirements_estimated_effort_points_check check (estimated_effort_points between 0 and 100000),
  constraint requirements_actual_effort_points_check check (actual_effort_points between 0 and 100000),
  constraint requirements_target_date_check check (target_date >= start_date),
  constraint requirements_completed_date_check check (completed_date >= start_date)
);
create index requirements_status_idx on work.requirements (organization_id, project_id, status, id) where deleted_at is null;
create index requirements_status_updated_at_idx on work.requirements (organization_id, project_id, status, updated_at, id) where deleted_at is null;
create index requirements_updated_at_idx on work.requirements (organization_id, project_id, updated_at, id) where deleted_at is null;
create index requirements_priority_code_idx on work.requirements (priority_code);

create table work.requirement_items (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  project_id      uuid not null,
  requirement_id  uuid not null,
  item_kind       text not null,
  position        int not null,
  body            text not null,
  details         jsonb not null default '{}',
  met_at          timestamptz,
  met_by          uuid,
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now(),
  row_version     bigint not null default 1,
  primary key (organization_id, id),
  constraint requirement_items_project_id_key unique (organization_id, project_id, id),
  constraint requirement_items_requirement_id_fkey foreign key (organization_id, project_id, requirement_id)
    references work.requirements (organization_id, project_id, id) on update cascade on delete cascade,
  constraint requirement_items_position_key unique (organization_id, requirement_id, project_id, item_kind, position) deferrable initially immediate,
  constraint requirement_items_item_kind_check check (item_kind in ('user_story', 'acceptance_criterion')),
  constraint requirement_items_position_check check (position > 0),
  constraint requirement_items_body_check check (char_length(body) between 1 and 20000),
  constraint requirement_items_met_by_check check (met_by is null or met_at is not null),
  constraint requirement_items_details_check check (jsonb_typeof(details) = 'object')
);

create table work.requirement_dependencies (
  organization_id           uuid not null default platform.current_organization(),
  project_id      uuid not null,
  requirement_id            uuid not null,
  depends_on_requirement_id uuid not null,
  created_at                timestamptz not null default now(),
  created_by                uuid default platform.current_user_id(),
  primary key (organization_id, requirement_id, depends_on_requirement_id),
  constraint requirement_dependencies_requirement_id_fkey foreign key (organization_id, project_id, requirement_id)
    references work.requirements (organization_id, project_id, id) on update cascade on delete cascade,
  constraint requirement_dependencies_depends_on_requirement_id_fkey foreign key (organization_id, project_id, depends_on_requirement_id)
    references work.requirements (organization_id, project_id, id) on update cascade on delete cascade,
  constraint requirement_dependencies_depends_on_requirement_id_check check (depends_on_requirement_id <> requirement_id)
);
create index requirement_dependencies_requirement_id_idx on work.requirement_dependencies (organization_id, requirement_id, project_id);
create index requirement_dependencies_depends_on_requirement_id_idx on work.requirement_dependencies (organization_id, depends_on_requirement_id, project_id);
create trigger forbid_cycle after insert or update on work.requirement_dependencies
  for each row execute function platform.forbid_cycle('requirement_id', 'depends_on_requirement_id', 'organization_id');

create table work.features (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  project_id      uuid not null,
  key                   text not null,
  requirement_id        uuid not null,
  catalog_feature_id    uuid,
  name                  text not null,
  description           text,
  implementation_status text not null default 'not_started',
  developer_user_id     uuid,
  branch_name           text,
  pull_request_url      text,
  code_review_status    text,
  estimated_hours       numeric(10,2),
  actual_hours          numeric(10,2),
  complexity_points     smallint,
  started_at            timestamptz,
  completed_at          timestamptz,
  blocked_reason        text,
  metadata              jsonb not null default '{}',
  search_vector         tsvector,
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now(),
  created_by      uuid default platform.current_user_id(),
  updated_by      uuid,
  row_version     bigint not null default 1,
  deleted_at      timestamptz,
  deleted_by      uuid,
  primary key (organization_id, id),
  constraint features_project_id_key unique (organization_id, project_id, id),
  constraint features_key_key unique (organization_id, key, project_id),
  constraint features_requirement_id_fkey foreign key (organization_id, project_id, requirement_id)
    references work.requirements (organization_id, project_id, id) on update cascade on delete restrict,
  constraint features_catalog_feature_id_fkey foreign key (organization_id, catalog_feature_id) references reference.feature_catalog
    on update cascade on delete set null (catalog_feature_id),
  constraint features_key_check check (key ~ '^FEAT-[1-9][0-9]{0,14}$'),
  constraint features_name_check check (char_length(name) between 1 and 500),
  constraint features_description_check check (char_length(description) <= 100000),
  constraint features_implementation_status_check check (implementation_status in ('not_started', 'in_progress', 'completed', 'blocked')),
  constraint features_code_review_status_check check (code_review_status in ('pending', 'approved', 'rejected', 'changes_requested')),
  constraint features_branch_name_check check (char_length(branch_name) between 1 and 250),
  constraint features_pull_request_url_check check (pull_request_url ~ '^https?://' and char_length(pull_request_url) <= 2000),
  constraint features_estimated_hours_check check (estimated_hours >= 0),
  constraint features_actual_hours_check check (actual_hours >= 0),
  constraint features_complexity_points_check check (complexity_points between 0 and 100),
  constraint features_completed_at_check check (completed_at >= started_at),
  constraint features_blocked_reason_check check (char_length(blocked_reason) <= 2000),
  constraint features_blocked_check check (implementation_status <> 'blocked' or coalesce(blocked_reason, '') <> ''),
  constraint features_metadata_check check (jsonb_typeof(metadata) = 'object')
);
create index features_requirement_id_idx on work.features (organization_id, requirement_id, project_id);
create index features_catalog_feature_id_idx on work.features (organization_id, catalog_feature_id) where catalog_feature_id is not null;
create index features_implementation_status_idx on work.features (organization_id, project_id, implementation_status, id) where deleted_at is null;
create index features_updated_at_idx on work.features (organization_id, project_id, updated_at, id) where deleted_at is null;

create function work.requirement_search_vector() returns trigger
  language plpgsql
  as $$
begin
  new.search_vector := setweight(to_tsvector('simple', coalesce(new.key, '')), 'A') || setweight(to_tsvector('english', new.title), 'A')
    || setweight(to_tsvector('english', left(coalesce(new.description, ''), 20000)), 'B');
  return new;
end
$$;
comment on function work.requirement_search_vector() is 'Words of a requirement: its key and title before its description.';
create function work.feature_search_vector() returns trigger
  language plpgsql
  as $$
begin
  new.search_vector := setweight(to_tsvector('simple', coalesce(new.key, '')), 'A') || setweight(to_tsvector('english', new.name), 'A')
    || setweight(to_tsvector('english', left(coalesce(new.description, ''), 20000)), 'B');
  return new;
end
$$;
comment on function work.feature_search_vector() is 'Words of a feature: its key and name before its description.';

call platform.adopt_table('work.requirements', 'confidential', 'while the project exists; 90 days in the bin');
call platform.refer_to_members('work.requirements', 'assigned_to_user_id');
call platform.adopt_table('work.requirement_items', 'confidential', 'while the requirement exists', 'select, insert, update, delete');
call platform.refer_to_members('work.requirement_items', 'met_by');
call platform.adopt_table('work.requirement_dependencies', 'confidential', 'while both requirements exist', 'select, insert, update, delete');
call platform.adopt_table('work.features', 'confidential', 'while the project exists; 90 days in the bin');
call platform.refer_to_members('work.features', 'developer_user_id');
call platform.register_table('work.requirements', 'requirement', 'n.title',
  '{title,status,assigned_to_user_id,deleted_at,project_id,key,search_vector}', 'n.status', 'n.assigned_to_user_id', 'REQ');
call platform.register_table('work.features', 'feature', 'n.name',
  '{name,implementation_status,developer_user_id,deleted_at,project_id,key,search_vector}', 'n.implementation_status', 'n.developer_user_id', 'FEAT');
-- Named to run after assign_key: triggers of one kind run in the order of their names.
create trigger search_vector before insert or update of key, title, description on work.requirements
  for each row execute function work.requirement_search_vector();
create trigger search_vector before insert or update of key, name, description on work.features
  for each row execute function work.feature_search_vector();
comment on table work.requirements is 'What somebody needs the product to do, in one statement that can be proven.';
comment on column work.requirements.key is
  'What people call it, such as REQ-42. Given by the project''s counter unless it comes with one.';
comment on column work.requirements.title is 'The need in one line.';
comment on column work.requirements.description is 'The need in full, as Markdown. Null: the title says it.';
comment on column work.requirements.priority_code is 'How urgent it is.';
comment on column work.requirements.status is
  'draft and rejected ones need no proof; the others show as a gap until tests prove them.';
comment on column work.requirements.estimated_effort_points is 'Expected work in the team''s points. Null: not estimated.';
comment on column work.requirements.actual_effort_points is 'Work it took. Null: not recorded.';
comment on column work.requirements.priority_order is
  'Place in the backlog, small first. Null: not placed, shown after the others.';
comment on column work.requirements.assigned_to_user_id is 'Who sees to it. Null: nobody.';
comment on column work.requirements.start_date is 'First day of work. Null: not planned.';
comment on column work.requirements.target_date is 'The last day that still counts as on time. Null: nobody has promised a date.';
comment on column work.requirements.completed_date is 'The day it was done. Null: it is not.';
comment on constraint requirements_key_check on work.requirements is
  'key must be REQ- and a number without leading zeros, such as REQ-42';
comment on constraint requirements_title_check on work.requirements is 'title must be 1 to 500 characters long';
comment on constraint requirements_description_check on work.requirements is
  'description must be at most 100,000 characters long';
comment on constraint requirements_estimated_effort_points_check on work.requirements is
  'estimated effort points must be from 0 to 100,000';
comment on constraint requirements_actual_effort_points_check on work.requirements is
  'actual effort points must be from 0 to 100,000';
comment on constraint requirements_target_date_check on work.requirements is 'target date must not be before start date';
comment on constraint requirements_completed_date_check on work.requirements is 'completed date must not be before start date';
comment on table work.requirement_items is 'A user story or an acceptance criterion of a requirement, in order.';
comment on column work.requirement_items.requirement_id is 'The requirement; the item goes away with it.';
comment on column work.requirement_items.item_kind is 'A story tells why; a criterion can be proven by a test.';
comment on column work.requirement_items.position is
  'Order among items of the same kind, from 1. May repeat inside a transaction while items are being moved.';
comment on column work.requirement_items.body is 'The text, as Markdown.';
comment on column work.requirement_items.details is 'Parts that a reader recognised, such as given, when and then.';
comment on column work.requirement_items.met_at is 'When it was found to be fulfilled. Null: not yet.';
comment on column work.requirement_items.met_by is 'Who found so. Null: not yet, or a test did.';
comment on constraint requirement_items_met_by_check on work.requirement_items is
  'only an item that is met can name who found so';
comment on constraint requirement_items_position_check on work.requirement_items is 'position must be greater than zero';
comment on constraint requirement_items_body_check on work.requirement_items is 'body must be 1 to 20,000 characters long';
comment on constraint requirement_items_details_check on work.requirement_items is 'details must be a JSON object';
comment on table work.requirement_dependencies is 'One requirement needs another first. Circles are refused.';
comment on column work.requirement_dependencies.requirement_id is 'The one that waits.';
comment on column work.requirement_dependencies.depends_on_requirement_id is 'The one it waits for.';
comment on constraint requirement_dependencies_depends_on_requirement_id_check on work.requirement_dependencies is
  'depends on requirement must not be the record itself';
comment on table work.features is 'Something that is built to fulfil a requirement.';
comment on column work.features.key is
  'What people call it, such as FEAT-7. Given by the project''s counter unless it comes with one.';
comment on column work.features.requirement_id is 'What it is built for; a feature without a need cannot be stored.';
comment on column work.features.catalog_feature_id is
  'The same feature in the organisation''s catalogue. Null: it is one of a kind.';
comment on column work.features.name is 'What it does, in one line.';
comment on column work.features.description is 'How it works, as Markdown. Null: the name says it.';
comment on column work.features.implementation_status is 'blocked needs a reason.';
comment on column work.features.developer_user_id is 'Who builds it. Null: nobody yet.';
comment on column work.features.branch_name is 'Where its code grows. Null: no branch yet.';
comment on column work.features.pull_request_url is 'Where it is reviewed. Null: not yet.';
comment on column work.features.code_review_status is 'What the review said. Null: none was asked for.';
comment on column work.features.estimated_hours is 'Expected work. Null: not estimated.';
comment on column work.features.actual_hours is 'Work it took. Null: not recorded.';
comment on column work.features.complexity_points is 'How hard it is beside others. Null: not estimated.';
comment on column work.features.started_at is 'When work began. Null: not yet.';
comment on column work.features.completed_at is 'When it was done. Null: not yet.';
comment on column work.features.blocked_reason is 'What it waits for. Null: it does not wait.';
comment on column work.features.metadata is 'Facts from other systems.';
comment on constraint features_blocked_check on work.features is 'a blocked feature must say what blocks it';
comment on constraint features_key_check on work.features is
  'key must be FEAT- and a number without leading zeros, such as FEAT-42';
comment on constraint features_name_check on work.features is 'name must be 1 to 500 characters long';
comment on constraint features_description_check on work.features is 'description must be at most 100,000 characters long';
comment on constraint features_branch_name_check on work.features is 'branch name must be 1 to 250 characters long';
comment on constraint features_pull_request_url_check on work.features is
  'pull request url must begin with http:// or https:// and be at most 2,000 characters long';
comment on constraint features_estimated_hours_check on work.features is 'estimated hours must not be negative';
comment on constraint features_actual_hours_check on work.features is 'actual hours must not be negative';
comment on constraint features_complexity_points_check on work.features is 'complexity points must be from 0 to 100';
comment on constraint features_completed_at_check on work.features is 'completed at must not be before started at';
comment on constraint features_blocked_reason_check on work.features is 'blocked reason must be at most 2,000 characters long';
comment on constraint features_metadata_check on work.features is 'metadata must be a JSON object';
