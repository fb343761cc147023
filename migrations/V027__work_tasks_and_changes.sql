-- Planned work and controlled change: sprints, tasks and the time they took, change requests with their impacts and approvals.

create table work.sprints (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  project_id      uuid not null,
  name            text not null,
  goal            text,
  status          text not null default 'planned',
  starts_on       date,
  ends_on         date,
  search_vector   tsvector,
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now(),
  created_by      uuid default platform.current_user_id(),
  updated_by      uuid,
  row_version     bigint not null default 1,
  deleted_at      timestamptz,
  deleted_by      uuid,
  primary key (organization_id, id),
  constraint sprints_project_id_key unique (organization_id, project_id, id),
  constraint sprints_project_id_fkey foreign key (organization_id, project_id) references work.projects on update cascade on delete cascade,
  constraint sprints_name_check check (char_length(name) between 1 and 200),
  constraint sprints_goal_check check (char_length(goal) <= 10000),
  constraint sprints_status_check check (status in ('planned', 'active', 'completed', 'cancelled')),
  constraint sprints_ends_on_check check (ends_on >= starts_on),
  constraint sprints_active_check check (status <> 'active' or starts_on is not null)
);
create unique index sprints_name_key on work.sprints (organization_id, project_id, name) where deleted_at is null;
create index sprints_status_idx on work.sprints (organization_id, project_id, status, starts_on) where deleted_at is null;

create table work.change_requests (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  project_id        uuid not null,
  key               text not null,
  request_number    int not null generated always as (substr(key, 4)::int) stored,
  title             text not null,
  description       text,
  reason            text,
  status            text not null default 'draft',
  priority_code     text not null default 'medium',
  requester_user_id uuid default platform.current_user_id(),
  assignee_user_id  uuid,
  workflow_id       uuid,
  due_date          date,
  submitted_at      timestamptz,
  decided_at        timestamptz,
  implemented_at    timestamptz,
  search_vector     tsvector,
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now(),
  created_by      uuid default platform.current_user_id(),
  updated_by      uuid,
  row_version     bigint not null default 1,
  deleted_at      timestamptz,
  deleted_by      uuid,
  primary key (organization_id, id),
  constraint change_requests_project_id_key unique (organization_id, project_id, id),
  constraint change_requests_key_key unique (organization_id, key, project_id),
  constraint change_requests_project_id_fkey foreign key (organization_id, project_id) references work.projects on update cascade on delete cascade,
  constraint change_requests_workflow_id_fkey foreign key (organization_id, workflow_id) references authz.approval_workflows
    on update cascade on delete restrict,
  constraint change_requests_priority_code_fkey foreign key (priority_code) references reference.priorities on update cascade on delete restrict,
  constraint change_requests_key_check check (key ~ '^CR-[1-9][0-9]{0,8}$'),
  constraint change_requests_title_check check (char_length(title) between 1 and 500),
  constraint change_requests_description_check check (char_length(description) <= 100000),
  constraint change_requests_reason_check check (char_length(reason) <= 100000),
  constraint change_requests_status_check check (status in
    ('draft', 'submitted', 'in_review', 'approved', 'rejected', 'implemented', 'closed', 'cancelled')),
  constraint change_requests_decided_at_check check (decided_at >= submitted_at),
  constraint change_requests_implemented_at_check check (implemented_at >= decided_at)
);
create index change_requests_workflow_id_idx on work.change_requests (organization_id, workflow_id) where workflow_id is not null;
create index change_requests_priority_code_idx on work.change_requests (priority_code);
create index change_requests_status_idx on work.change_requests (organization_id, project_id, status, id) where deleted_at is null;
create index change_requests_updated_at_idx on work.change_requests (organization_id, project_id, updated_at, id) where deleted_at is null;
create index change_requests_due_date_idx on work.change_requests (organization_id, project_id, due_date, id) where deleted_at is null and due_date is not null;

create table work.change_request_impacts (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  project_id        uuid not null,
  change_request_id uuid not null,
  impact_kind       text not null,
  severity          text not null default 'medium',
  entity_id         uuid,
  description       text not null,
  effort_hours      numeric(10,2),
  cost_cents        bigint,
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now(),
  row_version     bigint not null default 1,
  primary key (organization_id, id),
  constraint change_request_impacts_change_request_id_fkey foreign key (organization_id, project_id, change_request_id)
    references work.change_requests (organization_id, project_id, id) on update cascade on delete cascade,
  constraint change_request_impacts_entity_id_fkey foreign key (organization_id, project_id, entity_id)
    references platform.entities (organization_id, project_id, id) on update cascade on delete set null (entity_id),
  constraint change_request_impacts_impact_kind_check check (impact_kind in ('scope', 'schedule', 'cost', 'quality', 'risk', 'technical')),
  constraint change_request_impacts_severity_check check (severity in ('critical', 'high', 'medium', 'low')),
  constraint change_request_impacts_description_check check (char_length(description) between 1 and 20000),
  constraint change_request_impacts_effort_hours_check check (effort_hours >= 0),
  constraint change_request_impacts_cost_cents_check check (cost_cents >= 0)
);
create index change_request_impacts_change_request_id_idx on work.change_request_impacts (organization_id, change_request_id, project_id, id);
create index change_request_impacts_entity_id_idx on work.change_request_impacts (organization_id, entity_id, project_id) where entity_id is not null;

create table work.change_request_approvals (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  project_id        uuid not null,
  change_request_id uuid not null,
  step_id           uuid,
  approver_user_id  uuid not null,
  decision          text not null default 'pending',
  comment           text,
  requested_at      timestamptz not null default now(),
  decided_at        timestamptz,
  updated_at        timestamptz not null default now(),
  row_version       bigint not null default 1,
  primary key (organization_id, id),
  constraint change_request_approvals_change_request_id_fkey foreign key (organization_id, project_id, change_request_id)
    references work.change_requests (organization_id, project_id, id) on update cascade on delete cascade,
  constraint change_request_approvals_step_id_fkey foreign key (organization_id, step_id) references authz.approval_workflow_steps
    on update cascade on delete restrict,
  constraint change_request_approvals_decision_check check (decision in ('pending', 'approved', 'rejected', 'abstained')),
  constraint change_request_approvals_comment_check check (char_length(comment) <= 10000),
  constraint change_request_approvals_decided_at_check check ((decision = 'pending') = (decided_at is null))
);
create unique index change_request_approvals_once_key on work.change_request_approvals (organization_id, change_request_id, approver_user_id)
  where step_id is null;
create unique index change_request_approvals_once_a_step_key on work.change_request_approvals
  (organization_id, change_request_id, step_id, approver_user_id) where step_id is not null;
create index change_request_approvals_change_request_id_idx on work.change_request_approvals (organization_id, change_request_id, project_id, id);
create index change_request_approvals_step_id_idx on work.change_request_approvals (organization_id, step_id) where step_id is not null;
create index change_request_approvals_waiting_idx on work.change_request_approvals (organization_id, approver_user_id, id) where decision = 'pending';

create table work.tasks (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  project_id        uuid not null,
  key               text not null,
  parent_task_id    uuid,
  change_request_id uuid,
  sprint_id         uuid,
  feature_id        uuid,
  title             text not null,
  description       text,
  status            text not null default 'todo',
  priority_code     text not null default 'medium',
  assignee_user_id  uuid,
  due_date          date,
  estimated_hours   numeric(10,2),
  logged_minutes    int not null default 0,
  position          int,
  started_at        timestamptz,
  completed_at      timestamptz,
  search_vector     tsvector,
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now(),
  created_by      uuid default platform.current_user_id(),
  updated_by      uuid,
  row_version     bigint not null default 1,
  deleted_at      timestamptz,
  deleted_by      uuid,
  primary key (organization_id, id),
  constraint tasks_project_id_key unique (organization_id, project_id, id),
  constraint tasks_key_key unique (organization_id, key, project_id),
  constraint tasks_project_id_fkey foreign key (organization_id, project_id) references work.projects on update cascade on delete cascade,
  constraint tasks_parent_task_id_fkey foreign key (organization_id, project_id, parent_task_id)
    references work.tasks (organization_id, project_id, id) on update cascade on delete set null (parent_task_id),
  constraint tasks_change_request_id_fkey foreign key (organization_id, project_id, change_request_id)
    references work.change_requests (organization_id, project_id, id) on update cascade on delete set null (change_request_id),
  constraint tasks_sprint_id_fkey foreign key (organization_id, project_id, sprint_id)
    references work.sprints (organization_id, project_id, id) on update cascade on delete set null (sprint_id),
  constraint tasks_feature_id_fkey foreign key (organization_id, project_id, feature_id)
    references work.features (organization_id, project_id, id) on update cascade on delete set null (feature_id),
  constraint tasks_priority_code_fkey foreign key (priority_code) references reference.priorities on update cascade on delete restrict,
  constraint tasks_key_check check (key ~ '^TASK-[1-9][0-9]{0,14}$'),
  constraint tasks_parent_task_id_check check (parent_task_id <> id),
  constraint tasks_title_check check (char_length(title) between 1 and 500),
  constraint tasks_description_check check (char_length(description) <= 100000),
  constraint tasks_status_check check (status in ('todo', 'in_progress', 'in_review', 'blocked', 'done', 'cancelled')),
  constraint tasks_estimated_hours_check check (estimated_hours >= 0),
  constraint tasks_logged_minutes_check check (logged_minutes >= 0),
  constraint tasks_position_check check (position > 0),
  constraint tasks_completed_at_check check (completed_at >= started_at)
);
create index tasks_parent_task_id_idx on work.tasks (organization_id, parent_task_id, project_id) where parent_task_id is not null;
create index tasks_change_request_id_idx on work.tasks (organization_id, change_request_id, project_id) where change_request_id is not null;
create index tasks_sprint_id_idx on work.tasks (organization_id, sprint_id, project_id) where sprint_id is not null;
create index tasks_feature_id_idx on work.tasks (organization_id, feature_id, project_id) where feature_id is not null;
create index tasks_priority_code_idx on work.tasks (priority_code);
create index tasks_status_idx on work.tasks (organization_id, project_id, status, id) where deleted_at is null;
create index tasks_due_date_idx on work.tasks (organization_id, project_id, due_date, id) where deleted_at is null and due_date is not null;
create index tasks_updated_at_idx on work.tasks (organization_id, project_id, updated_at, id) where deleted_at is null;
create trigger forbid_cycle after insert or update of parent_task_id on work.tasks
  for each row when (new.parent_task_id is not null) execute function platform.forbid_cycle('id', 'parent_task_id', 'organization_id');

create table work.time_entries (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  project_id      uuid not null,
  task_id         uuid not null,
  user_id         uuid not null default platform.current_user_id(),
  spent_on        date not null default current_date,
  minutes         int not null,
  note            text,
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now(),
  row_version     bigint not null default 1,
  primary key (organization_id, id),
  constraint time_entries_task_id_fkey foreign key (organization_id, project_id, task_id)
    references work.tasks (organization_id, project_id, id) on update cascade on delete cascade,
  constraint time_entries_minutes_check check (minutes between 1 and 1440),
  constraint time_entries_note_check check (char_length(note) <= 2000)
);
create index time_entries_task_id_idx on work.time_entries (organization_id, task_id, project_id, spent_on);
create index time_entries_spent_on_idx on work.time_entries (organization_id, user_id, spent_on, id);
create index time_entries_project_id_idx on work.time_entries (project_id, spent_on, id);
create index time_entries_organization_id_idx on work.time_entries (organization_id, spent_on, id);

create function work.count_logged_minutes() returns trigger
  language plpgsql
  as $$
begin
  -- One set of rows is empty unless time was moved; a trigger that sees both would have to be three.
  if tg_op = 'INSERT' then
    update work.tasks t set logged_minutes = t.logged_minutes + c.minutes
    from (select organization_id, task_id, sum(minutes) as minutes from new_rows group by 1, 2) c
    where t.organization_id = c.organization_id and t.id = c.task_id;
  elsif tg_op = 'DELETE' then
    update work.tasks t set logged_minutes = t.logged_minutes - c.minutes
    from (select organization_id, task_id, sum(minutes) as minutes from old_rows group by 1, 2) c
    where t.organization_id = c.organization_id and t.id = c.task_id;
  else
    update work.tasks t set logged_minutes = t.logged_minutes + c.minutes
    from (
      select organization_id, task_id, sum(minutes) as minutes
      from (select organization_id, task_id, minutes from new_rows
            union all
            select organization_id, task_id, -minutes from old_rows) both_rows
      group by 1, 2) c
    where t.organization_id = c.organization_id and t.id = c.task_id and c.minutes <> 0;
  end if;
  return null;
end
$$;
comment on function work.count_logged_minutes() is 'Keeps the minutes of tasks equal to the sum of their time entries, once a statement.';
create trigger count_new after insert on work.time_entries referencing new table as new_rows
  for each statement execute function work.count_logged_minutes();
create trigger count_changed after update on work.time_entries referencing old table as old_rows new table as new_rows
  for each statement execute function work.count_logged_minutes();
create trigger count_gone after delete on work.time_entries referencing old table as old_rows
  for each statement execute function work.count_logged_minutes();

create function work.sprint_search_vector() returns trigger
  language plpgsql
  as $$
begin
  new.search_vector := setweight(to_tsvector('english', new.name), 'A')
    || setweight(to_tsvector('english', left(coalesce(new.goal, ''), 20000)), 'B');
  return new;
end
$$;
comment on function work.sprint_search_vector() is 'Words of a sprint: its name before its goal.';
create function work.change_request_search_vector() returns trigger
  language plpgsql
  as $$
begin
  new.search_vector := setweight(to_tsvector('simple', coalesce(new.key, '')), 'A') || setweight(to_tsvector('english', new.title), 'A')
    || setweight(to_tsvector('english', left(coalesce(new.description, ''), 20000)), 'B')
    || setweight(to_tsvector('english', left(coalesce(new.reason, ''), 20000)), 'C');
  return new;
end
$$;
comment on function work.change_request_search_vector() is 'Words of a change request: key and title, then description, then reason.';
create function work.task_search_vector() returns trigger
  language plpgsql
  as $$
begin
  new.search_vector := setweight(to_tsvector('simple', coalesce(new.key, '')), 'A') || setweight(to_tsvector('english', new.title), 'A')
    || setweight(to_tsvector('english', left(coalesce(new.description, ''), 20000)), 'B');
  return new;
end
$$;
comment on function work.task_search_vector() is 'Words of a task: its key and title before its description.';

call platform.adopt_table('work.sprints', 'confidential', 'while the project exists; 90 days in the bin');
call platform.adopt_table('work.change_requests', 'confidential', 'while the project exists; 90 days in the bin');
call platform.refer_to_members('work.change_requests', 'requester_user_id', 'assignee_user_id');
call platform.adopt_table('work.change_request_impacts', 'confidential', 'while the change request exists', 'select, insert, update, delete');
call platform.adopt_table('work.change_request_approvals', 'confidential', 'while the change request exists', 'select, insert, update, delete');
call platform.refer_to_members('work.change_request_approvals', 'approver_user_id');
call platform.adopt_table('work.tasks', 'confidential', 'while the project exists; 90 days in the bin', p_statistics => array['logged_minutes']);
call platform.refer_to_members('work.tasks', 'assignee_user_id');
call platform.adopt_table('work.time_entries', 'confidential', 'while the task exists', 'select, insert, update, delete');
call platform.refer_to_members('work.time_entries', 'user_id');
call platform.register_table('work.sprints', 'sprint', 'n.name', '{name,status,deleted_at,project_id,search_vector}', 'n.status');
call platform.register_table('work.change_requests', 'change_request', 'n.title',
  '{title,status,assignee_user_id,deleted_at,project_id,key,search_vector}', 'n.status', 'n.assignee_user_id', 'CR');
call platform.register_table('work.tasks', 'task', 'n.title',
  '{title,status,assignee_user_id,deleted_at,project_id,key,search_vector}', 'n.status', 'n.assignee_user_id', 'TASK');
-- Named to run after assign_key: triggers of one kind run in the order of their names.
create trigger search_vector before insert or update of name, goal on work.sprints
  for each row execute function work.sprint_search_vector();
create trigger search_vector before insert or update of key, title, description, reason on work.change_requests
  for each row execute function work.change_request_search_vector();
create trigger search_vector before insert or update of key, title, description on work.tasks
  for each row execute function work.task_search_vector();

-- Who may say yes to a change -----------------------------------------------------------------------------------------

create function work.guard_change_request() returns trigger
  language plpgsql
  as $$
begin
  if tg_op = 'INSERT' then
    if new.status not in ('draft', 'submitted') then
      raise exception 'A change request begins as draft or submitted.';
    end if;
    if new.status = 'submitted' then
      new.submitted_at := coalesce(new.submitted_at, now());
    end if;
  end if;
  -- A workflow that is not there is refused by its reference, which says more.
  if (tg_op = 'INSERT' or new.workflow_id is distinct from old.workflow_id) and exists (
    select from authz.approval_workflows w
    where w.organization_id = new.organization_id and w.id = new.workflow_id
      and not (w.subject_kind = 'change_request' and w.is_active and w.deleted_at is null)) then
    raise exception 'The workflow must be in use and be for change requests.';
  end if;
  if tg_op = 'INSERT' then
    return new;
  end if;
  if new.requester_user_id is distinct from old.requester_user_id or new.workflow_id is distinct from old.workflow_id then
    if old.status not in ('draft', 'submitted') then
      raise exception 'Who wants the change and who decides on it stay as they are once it is in review.';
    end if;
    if exists (select from work.change_request_approvals a
               where a.organization_id = new.organization_id and a.change_request_id = new.id
                 and (a.approver_user_id = new.requester_user_id or new.workflow_id is distinct from old.workflow_id)) then
      raise exception 'Somebody has been asked already who would no longer fit; take that question back first.';
    end if;
  end if;
  if new.status = old.status then
    return new;
  end if;
  if not (old.status || '>' || new.status = any (array['draft>submitted', 'draft>cancelled', 'submitted>in_review', 'submitted>draft',
    'submitted>cancelled', 'in_review>approved', 'in_review>rejected', 'in_review>cancelled', 'approved>implemented', 'approved>cancelled',
    'rejected>closed', 'implemented>closed'])) then
    raise exception 'A change request that is % cannot become %.', old.status, new.status;
  end if;
  if new.status in ('approved', 'rejected') and authz.is_own_request(new.requester_user_id) then
    raise exception 'Nobody decides on their own change request; somebody else has to.';
  end if;
  if new.status = 'approved' then
    if exists (select from work.change_request_approvals a
               where a.organization_id = new.organization_id and a.change_request_id = new.id and a.decision = 'pending') then
      raise exception 'Somebody who was asked has not answered yet; wait for them, or take the question back.';
    end if;
    if exists (select from work.change_request_approvals a
               where a.organization_id = new.organization_id and a.change_request_id = new.id and a.decision = 'rejected') then
      raise exception 'Somebody who was asked has said no; the request can only be rejected or cancelled.';
    end if;
    if exists (
      select from authz.approval_workflow_steps s
      where s.organization_id = new.organization_id and s.workflow_id = new.workflow_id and s.required_approvals > (
        select count(*) from work.change_request_approvals a
        where a.organization_id = new.organization_id and a.change_request_id = new.id and a.step_id = s.id and a.decision = 'approved')) then
      raise exception 'A step of the workflow still lacks approvals.';
    end if;
  end if;
  new.submitted_at := case when new.status = 'submitted' then coalesce(new.submitted_at, now()) when new.status = 'draft' then null else new.submitted_at end;
  if new.status in ('approved', 'rejected') then
    new.decided_at := coalesce(new.decided_at, now());
  elsif new.status = 'implemented' then
    new.implemented_at := coalesce(new.implemented_at, now());
  end if;
  return new;
end
$$;
comment on function work.guard_change_request() is
  'Holds the order of a change request whatever door it comes through: which state follows which, that nobody decides on their own, '
  'and that everybody who was asked has agreed before it counts as approved.';
create trigger guard before insert or update on work.change_requests for each row execute function work.guard_change_request();

create function work.guard_change_request_approval() returns trigger
  language plpgsql
  as $$
declare
  request work.change_requests;
  step    authz.approval_workflow_steps;
begin
  if tg_op = 'UPDATE' then
    if old.decision <> 'pending' then
      raise exception 'This answer was given and stays; ask again instead.';
    end if;
    if (new.change_request_id, new.step_id, new.approver_user_id) is distinct from (old.change_request_id, old.step_id, old.approver_user_id) then
      raise exception 'Who was asked what does not change; take the question back and ask somebody else.';
    end if;
  end if;
  -- A question and the decision on the whole request wait for each other.
  select * into request from work.change_requests r
  where r.organization_id = new.organization_id and r.id = new.change_request_id for no key update;
  if request.id is null then
    return new; -- the foreign key says so
  end if;
  if request.status not in ('draft', 'submitted', 'in_review') then
    raise exception 'This change request is % already; nothing is left to decide.', request.status;
  end if;
  if new.approver_user_id = request.requester_user_id then
    raise exception 'Nobody approves their own change request; ask somebody else.';
  end if;
  if tg_op = 'INSERT' and new.step_id is not null then
    select * into step from authz.approval_workflow_steps s where s.organization_id = new.organization_id and s.id = new.step_id;
    if step.id is null then
      return new; -- the foreign key says so
    end if;
    if step.workflow_id is distinct from request.workflow_id then
      raise exception 'The step must belong to the workflow of the change request.';
    end if;
    if step.approver_user_id is distinct from new.approver_user_id
       and not (step.approver_role_id is not null and authz.holds_role(new.approver_user_id, step.approver_role_id, new.project_id)) then
      raise exception 'Step % names somebody else as approver.', step.step_number;
    end if;
  end if;
  if new.decision <> 'pending' then
    if platform.current_user_id() <> new.approver_user_id then
      raise exception 'Only the one who was asked answers.';
    end if;
    if authz.is_own_request(request.requester_user_id) then
      raise exception 'Nobody approves their own change request; ask somebody else.';
    end if;
    new.decided_at := coalesce(new.decided_at, now());
  end if;
  return new;
end
$$;
comment on function work.guard_change_request_approval() is
  'Only the one who was asked answers, once, while the request is open; and nobody who wants the change is asked.';
create trigger guard before insert or update on work.change_request_approvals
  for each row execute function work.guard_change_request_approval();

create function work.keep_given_answers() returns trigger
  language plpgsql
  as $$
begin
  if old.decision <> 'pending' and exists (
    select from work.change_requests r where r.organization_id = old.organization_id and r.id = old.change_request_id) then
    raise exception 'An answer that was given stays with its change request.';
  end if;
  return old;
end
$$;
comment on function work.keep_given_answers() is 'A question may be taken back until it is answered; later it goes only with its request.';
create trigger keep before delete on work.change_request_approvals for each row execute function work.keep_given_answers();

-- Permissions ---------------------------------------------------------------------------------------------------------

insert into authz.resource_types (name, description) values
  ('sprint',         'Sprints.'),
  ('task',           'Tasks and the time spent on them.'),
  ('change_request', 'Change requests, what they touch and who agreed.');
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
where t.name in ('sprint', 'task', 'change_request');
insert into authz.role_grants_template (role_code, resource_type, actions) values
  ('viewer',    'sprint',         '{read,export}'),
  ('viewer',    'task',           '{read,export}'),
  ('viewer',    'change_request', '{read,export}'),
  ('developer', 'sprint',         '{create,update,delete,restore}'),
  ('developer', 'task',           '{create,update,delete,restore}'),
  ('developer', 'change_request', '{create,update,delete,restore}');

comment on column work.sprints.name is 'What people call it; unique among the live sprints of a project.';
comment on column work.sprints.goal is 'What is to be true when it ends. Null: nobody has said.';
comment on column work.sprints.status is 'completed and cancelled sprints keep their tasks, so that one can look back.';
comment on column work.sprints.starts_on is 'Its first day. Null: not planned yet.';
comment on column work.sprints.ends_on is 'Its last day. Null: not planned yet.';
comment on constraint sprints_name_check on work.sprints is 'name must be 1 to 200 characters long';
comment on constraint sprints_goal_check on work.sprints is 'goal must be at most 10,000 characters long';
comment on constraint sprints_ends_on_check on work.sprints is 'ends on must not be before starts on';
comment on constraint sprints_active_check on work.sprints is 'a sprint that is under way must say on which day it began';
comment on table work.sprints is 'A stretch of days with a goal, and the tasks that are to be done in it.';
comment on column work.change_requests.key is
  'What people call it, such as CR-5. Given by the project''s counter unless it comes with one.';
comment on column work.change_requests.request_number is 'The number in its key: counts within the project.';
comment on column work.change_requests.title is 'What is to change, in one line.';
comment on column work.change_requests.description is 'What is to change in full, as Markdown. Null: the title says it.';
comment on column work.change_requests.reason is 'Why it is worth it. Null: nobody has said.';
comment on column work.change_requests.status is
  'approved only when nobody asked is still to answer, and never by the one who wants it.';
comment on column work.change_requests.priority_code is 'How urgent it is.';
comment on column work.change_requests.requester_user_id is 'Who wants it. Null: it came from outside.';
comment on column work.change_requests.assignee_user_id is 'Who sees to it. Null: nobody.';
comment on column work.change_requests.workflow_id is
  'Who has to say yes, in which order. Null: whoever is asked below, or anybody but the requester.';
comment on column work.change_requests.due_date is
  'The last day that still counts as on time. Null: nobody has promised a date.';
comment on column work.change_requests.submitted_at is 'When it was handed in. Null: it is a draft.';
comment on column work.change_requests.decided_at is 'When it was approved or rejected. Null: not yet.';
comment on column work.change_requests.implemented_at is 'When it was done. Null: not yet.';
comment on constraint change_requests_key_check on work.change_requests is
  'key must be CR- and a number without leading zeros, such as CR-42';
comment on constraint change_requests_title_check on work.change_requests is 'title must be 1 to 500 characters long';
comment on constraint change_requests_description_check on work.change_requests is
  'description must be at most 100,000 characters long';
comment on constraint change_requests_reason_check on work.change_requests is
  'reason must be at most 100,000 characters long';
comment on constraint change_requests_decided_at_check on work.change_requests is
  'decided at must not be before submitted at';
comment on constraint change_requests_implemented_at_check on work.change_requests is
  'implemented at must not be before decided at';
comment on table work.change_requests is
  'A wish to change what was agreed, from the first draft to the day it is done, with what it touches and who said yes.';
comment on column work.change_request_impacts.change_request_id is 'The change request; the impact goes away with it.';
comment on column work.change_request_impacts.impact_kind is 'What is touched.';
comment on column work.change_request_impacts.severity is 'How much.';
comment on column work.change_request_impacts.entity_id is
  'The record that is touched. Null: nothing in particular, or it is gone.';
comment on column work.change_request_impacts.description is 'What happens to it, as Markdown.';
comment on column work.change_request_impacts.effort_hours is 'Work it takes. Null: not estimated.';
comment on column work.change_request_impacts.cost_cents is
  'What it costs, in hundredths of the project''s currency. Null: not estimated.';
comment on constraint change_request_impacts_description_check on work.change_request_impacts is
  'description must be 1 to 20,000 characters long';
comment on constraint change_request_impacts_effort_hours_check on work.change_request_impacts is
  'effort hours must not be negative';
comment on constraint change_request_impacts_cost_cents_check on work.change_request_impacts is
  'cost cents must not be negative';
comment on table work.change_request_impacts is
  'One thing that a change request touches: a record of the same project, or the plan as a whole.';
comment on column work.change_request_approvals.change_request_id is 'The change request; the approval goes away with it.';
comment on column work.change_request_approvals.step_id is
  'The step of its workflow that is answered. Null: asked besides any workflow.';
comment on column work.change_request_approvals.approver_user_id is 'Who is asked: never the one who wants the change.';
comment on column work.change_request_approvals.decision is
  'pending: asked and not answered. Answered once, by the one who was asked.';
comment on column work.change_request_approvals.comment is 'Why, for those who read it later. Null: nobody said.';
comment on column work.change_request_approvals.requested_at is 'When they were asked.';
comment on column work.change_request_approvals.decided_at is 'When they answered; written by a trigger. Null: not yet.';
comment on constraint change_request_approvals_comment_check on work.change_request_approvals is
  'comment must be at most 10,000 characters long';
comment on constraint change_request_approvals_decided_at_check on work.change_request_approvals is
  'an answer must have its time, and a question that waits has none';
comment on table work.change_request_approvals is 'One person asked to agree to a change request, and what they answered.';
comment on column work.tasks.key is
  'What people call it, such as TASK-31. Given by the project''s counter unless it comes with one.';
comment on column work.tasks.parent_task_id is 'The task it is part of. Null: it stands alone.';
comment on column work.tasks.change_request_id is 'The change it helps to bring about. Null: ordinary work.';
comment on column work.tasks.sprint_id is 'The sprint it is to be done in. Null: not planned.';
comment on column work.tasks.feature_id is 'The feature it helps to build. Null: none in particular.';
comment on column work.tasks.title is 'What is to be done, in one line.';
comment on column work.tasks.description is 'What is to be done in full, as Markdown. Null: the title says it.';
comment on column work.tasks.status is 'done and cancelled ones no longer wait for anybody.';
comment on column work.tasks.priority_code is 'How urgent it is.';
comment on column work.tasks.assignee_user_id is 'Who does it. Null: nobody yet.';
comment on column work.tasks.due_date is 'The last day that still counts as on time. Null: nobody has promised a date.';
comment on column work.tasks.estimated_hours is 'Expected work. Null: not estimated.';
comment on column work.tasks.logged_minutes is 'Sum of its time entries; kept by a trigger.';
comment on column work.tasks.position is
  'Place among the tasks beside it, small first. Null: not placed, shown after the others.';
comment on column work.tasks.started_at is 'When work began. Null: not yet.';
comment on column work.tasks.completed_at is 'When it was done. Null: not yet.';
comment on constraint tasks_key_check on work.tasks is
  'key must be TASK- and a number without leading zeros, such as TASK-42';
comment on constraint tasks_parent_task_id_check on work.tasks is 'parent task must not be the record itself';
comment on constraint tasks_title_check on work.tasks is 'title must be 1 to 500 characters long';
comment on constraint tasks_description_check on work.tasks is 'description must be at most 100,000 characters long';
comment on constraint tasks_estimated_hours_check on work.tasks is 'estimated hours must not be negative';
comment on constraint tasks_logged_minutes_check on work.tasks is 'logged minutes must not be negative';
comment on constraint tasks_position_check on work.tasks is 'position must be greater than zero';
comment on constraint tasks_completed_at_check on work.tasks is 'completed at must not be before started at';
comment on table work.tasks is 'A piece of work small enough for one person to do, alone or below a larger one.';
comment on column work.time_entries.task_id is 'The task; the entry goes away with it.';
comment on column work.time_entries.user_id is 'Whose time it was.';
comment on column work.time_entries.spent_on is 'The day it was spent on.';
comment on column work.time_entries.minutes is 'How long it took; at most a day.';
comment on column work.time_entries.note is 'What was done. Null: the task says it.';
comment on constraint time_entries_minutes_check on work.time_entries is 'minutes must be from 1 to 1,440';
comment on constraint time_entries_note_check on work.time_entries is 'note must be at most 2,000 characters long';
comment on table work.time_entries is 'Time somebody spent on a task on one day.';
