-- Baselines: what a project's requirements, criteria, features, tests and links said at one moment, under a name, for good.

-- A new kind of thing reaches organisations made from now on through their seeding. Those that are there are given it here, and nothing else is
-- changed for them: what somebody took out of a role on purpose stays out.
create procedure platform.give_resource_types(variadic p_names text[])
  language plpgsql
  as $$
declare
  holder uuid;
begin
  for holder in select platform.all_organizations() loop
    perform set_config('app.current_organization_id', holder::text, true), set_config('app.project_access', 'all', true);
    insert into authz.permissions (organization_id, name, display_name, resource_type_id, action, is_system_permission)
    select holder, t.name || ':' || a.action, initcap(replace(a.action, '_', ' ')) || ' ' || replace(t.name, '_', ' '), t.id, a.action, true
    from authz.resource_types t join authz.resource_type_actions a on a.resource_type_id = t.id
    where t.name = any (p_names) and not exists (
      select from authz.permissions x where x.organization_id = holder and x.name = t.name || ':' || a.action and x.deleted_at is null);
    insert into authz.role_permissions (organization_id, role_id, permission_id)
    select holder, r.id, p.id
    from authz.role_grants_template g
    cross join unnest(g.actions) as a (action)
    join authz.roles r on r.organization_id = holder and r.template_code = g.role_code and r.deleted_at is null
    join authz.permissions p on p.organization_id = holder and p.name = g.resource_type || ':' || a.action and p.deleted_at is null
    where g.resource_type = any (p_names)
    on conflict (organization_id, role_id, permission_id) do nothing;
  end loop;
  perform set_config('app.current_organization_id', '', true), set_config('app.project_access', '', true);
end
$$;
comment on procedure platform.give_resource_types(text[]) is
  'Gives new kinds of things, with what the starting roles may do to them, to the organisations that are there already. For migrations.';
revoke execute on procedure platform.give_resource_types(text[]) from public;

call platform.declare_resource_type('baseline', 'What a project agreed on, frozen under a name.', '{read,export}', '{create}', '{}');
insert into authz.resource_type_actions (resource_type_id, action, description)
select t.id, 'approve', 'Approve or reject one that somebody else took.' from authz.resource_types t where t.name = 'baseline';
insert into authz.role_grants_template (role_code, resource_type, actions) values ('admin', 'baseline', '{approve}');
call platform.give_resource_types('baseline');

-- The tables ----------------------------------------------------------------------------------------------------------

create table work.baselines (
  organization_id   uuid not null default platform.current_organization(),
  id                uuid not null default platform.uuid_v7(),
  project_id        uuid not null,
  name              text not null,
  description       text,
  requires_approval boolean not null default false,
  status            text not null default 'taken',
  decided_at        timestamptz,
  decided_by        uuid,
  decision_reason   text,
  created_at        timestamptz not null default now(),
  created_by        uuid default platform.current_user_id(),
  primary key (organization_id, id),
  constraint baselines_name_key unique (organization_id, name, project_id),
  constraint baselines_project_id_key unique (organization_id, project_id, id),
  constraint baselines_project_id_fkey foreign key (organization_id, project_id) references work.projects on update cascade on delete cascade,
  constraint baselines_decided_by_fkey foreign key (organization_id, decided_by)
    references identity.memberships (organization_id, user_id) on update cascade on delete restrict,
  constraint baselines_name_check check (char_length(name) between 1 and 200 and name = btrim(name)),
  constraint baselines_description_check check (char_length(description) between 1 and 10000),
  constraint baselines_status_check check (status in ('taken', 'approved', 'rejected')),
  constraint baselines_decision_reason_check check (char_length(decision_reason) between 1 and 1000),
  constraint baselines_decided_at_check check (
    (status = 'taken') = (decided_at is null) and (decided_at is null) = (decided_by is null) and (decided_at is null) = (decision_reason is null)),
  constraint baselines_decided_by_check check (decided_by <> created_by)
);
create index baselines_decided_by_idx on work.baselines (organization_id, decided_by) where decided_by is not null;

call platform.adopt_table('work.baselines', 'confidential', 'while the project exists', 'select, insert');
grant update (status, decided_at, decided_by, decision_reason) on work.baselines to application_user;
comment on table work.baselines is
  'What a project''s requirements, criteria, features, tests and links said at one moment, under a name. Nothing of it ever changes but whether it is approved.';
comment on column work.baselines.name is 'What people call it, such as Release 2.0; once in its project.';
comment on column work.baselines.description is 'What it was taken for, as Markdown. Null: the name says it.';
comment on column work.baselines.requires_approval is 'True: it counts once somebody else has approved it.';
comment on column work.baselines.status is 'taken: nobody has decided about it; approved and rejected stay.';
comment on column work.baselines.decided_at is 'When it was approved or rejected. Null: it was not.';
comment on column work.baselines.decided_by is 'Who approved or rejected it; never who took it. Null: nobody has.';
comment on column work.baselines.decision_reason is 'Why. Null: nobody has decided.';
comment on constraint baselines_name_check on work.baselines is 'name must be 1 to 200 characters long, without blanks at its ends';
comment on constraint baselines_description_check on work.baselines is 'description must be 1 to 10,000 characters long';
comment on constraint baselines_decision_reason_check on work.baselines is 'decision reason must have from 1 to 1000 characters';
comment on constraint baselines_decided_at_check on work.baselines is 'a decision has a time, somebody who decided and a reason';
comment on constraint baselines_decided_by_check on work.baselines is 'decided by must not be who took it';

create table work.baseline_items (
  organization_id uuid not null default platform.current_organization(),
  project_id      uuid not null,
  baseline_id     uuid not null,
  kind            text not null,
  record_id       uuid not null,
  content         jsonb not null,
  fingerprint     text not null,
  primary key (organization_id, baseline_id, project_id, kind, record_id),
  constraint baseline_items_baseline_id_fkey foreign key (organization_id, project_id, baseline_id)
    references work.baselines (organization_id, project_id, id) on update cascade on delete cascade,
  constraint baseline_items_kind_check check (kind in ('requirement', 'user_story', 'acceptance_criterion', 'feature', 'test_case', 'trace_link')),
  constraint baseline_items_fingerprint_check check (fingerprint ~ '^[0-9a-f]{64}$')
);
call platform.adopt_table('work.baseline_items', 'confidential', 'as long as its baseline', 'select, insert');
comment on table work.baseline_items is
  'One record as it was when a baseline was taken. Written together with the baseline, in one statement, and never again.';
comment on column work.baseline_items.baseline_id is 'The baseline it belongs to.';
comment on column work.baseline_items.kind is 'What it is a copy of.';
comment on column work.baseline_items.record_id is
  'The record it is a copy of. No foreign key: the copy outlives the record.';
comment on column work.baseline_items.content is
  'What people had written in the record, by field. A field that was empty is left out.';
comment on column work.baseline_items.fingerprint is 'SHA-256 of the content as PostgreSQL writes it, in hexadecimal.';
comment on constraint baseline_items_fingerprint_check on work.baseline_items is 'fingerprint must be 64 hexadecimal digits';

-- What goes in --------------------------------------------------------------------------------------------------------

-- What people write, not what is counted or stamped: a place in the backlog, results and versions change without anybody agreeing on something else.
create function work.baseline_content(p_project uuid) returns table (kind text, record_id uuid, content jsonb)
  language sql stable
  as $$
    select 'requirement', r.id, jsonb_strip_nulls(jsonb_build_object(
             'key', r.key, 'title', r.title, 'description', r.description, 'priority_code', r.priority_code, 'status', r.status,
             'estimated_effort_points', r.estimated_effort_points, 'actual_effort_points', r.actual_effort_points,
             'assigned_to_user_id', r.assigned_to_user_id, 'start_date', r.start_date, 'target_date', r.target_date, 'completed_date', r.completed_date))
      from work.requirements r
     where r.organization_id = platform.current_organization() and r.project_id = p_project and r.deleted_at is null
    union all
    select i.item_kind, i.id, jsonb_strip_nulls(jsonb_build_object(
             'requirement', r.key, 'position', i.position, 'body', i.body, 'details', nullif(i.details, '{}'), 'met_at', i.met_at, 'met_by', i.met_by))
      from work.requirement_items i
      join work.requirements r on r.organization_id = i.organization_id and r.id = i.requirement_id and r.deleted_at is null
     where i.organization_id = platform.current_organization() and i.project_id = p_project
    union all
    select 'feature', f.id, jsonb_strip_nulls(jsonb_build_object(
             'key', f.key, 'requirement', r.key, 'name', f.name, 'description', f.description, 'implementation_status', f.implementation_status,
             'developer_user_id', f.developer_user_id, 'estimated_hours', f.estimated_hours, 'complexity_points', f.complexity_points))
      from work.features f
      join work.requirements r on r.organization_id = f.organization_id and r.id = f.requirement_id and r.deleted_at is null
     where f.organization_id = platform.current_organization() and f.project_id = p_project and f.deleted_at is null
    union all
    select 'test_case', t.id, jsonb_strip_nulls(jsonb_build_object(
             'key', t.key, 'name', t.name, 'description', t.description, 'test_type', t.test_type, 'priority_code', t.priority_code,
             'status', t.status, 'expected_result', t.expected_result, 'test_data', nullif(t.test_data, '{}'),
             'automation_status', t.automation_status))
      from quality.test_cases t
     where t.organization_id = platform.current_organization() and t.project_id = p_project and t.deleted_at is null
    union all
    select 'trace_link', l.id, jsonb_strip_nulls(jsonb_build_object(
             'source_id', l.source_id, 'target_id', l.target_id, 'link_type', l.link_type, 'criterion_id', l.criterion_id))
      from work.trace_links l
     where l.organization_id = platform.current_organization() and l.project_id = p_project
       and not exists (
         select from platform.entities e
         where e.organization_id = l.organization_id and e.id in (l.source_id, l.target_id) and e.deleted_at is not null)
  $$;
comment on function work.baseline_content(uuid) is
  'What a baseline of a project holds if it is taken now. What is in the bin is left out, and so are links to it.';

create function work.take_baseline() returns trigger
  language plpgsql
  as $$
begin
  -- One statement sees one moment, whoever writes meanwhile.
  insert into work.baseline_items (organization_id, project_id, baseline_id, kind, record_id, content, fingerprint)
  select new.organization_id, new.project_id, new.id, c.kind, c.record_id, c.content, encode(sha256(convert_to(c.content::text, 'UTF8')), 'hex')
  from work.baseline_content(new.project_id) c;
  return null;
end
$$;
comment on function work.take_baseline() is 'Copies what the project says into a new baseline.';
create trigger take after insert on work.baselines for each row execute function work.take_baseline();

-- What stays as it is -------------------------------------------------------------------------------------------------

create function work.guard_baseline() returns trigger
  language plpgsql
  as $$
begin
  if tg_op = 'INSERT' then
    if new.status <> 'taken' then
      raise exception using errcode = 'TL409', message = 'A baseline is taken first; somebody else approves or rejects it then.';
    end if;
    return new;
  end if;
  if tg_op = 'DELETE' then
    -- It goes with its project and not before.
    if exists (select from work.projects p where p.organization_id = old.organization_id and p.id = old.project_id) then
      raise exception using errcode = 'TL409', message = format('The baseline %s is kept as long as its project.', old.name);
    end if;
    return old;
  end if;
  if to_jsonb(new) - array['status', 'decided_at', 'decided_by', 'decision_reason']
     is distinct from to_jsonb(old) - array['status', 'decided_at', 'decided_by', 'decision_reason'] then
    raise exception using errcode = 'TL409', message = format('The baseline %s does not change; take another under another name.', old.name);
  end if;
  if old.status <> 'taken' then
    raise exception using errcode = 'TL409', message = format('The baseline %s is %s already, and stays so; take another.', old.name, old.status);
  end if;
  return new;
end
$$;
comment on function work.guard_baseline() is 'Lets a baseline be decided about once, and nothing else of it change.';
create trigger guard before insert or update or delete on work.baselines for each row execute function work.guard_baseline();

create function work.guard_baseline_item() returns trigger
  language plpgsql
  as $$
begin
  if tg_op = 'DELETE' then
    if exists (select from work.baselines b where b.organization_id = old.organization_id and b.id = old.baseline_id) then
      raise exception using errcode = 'TL409', message = 'What a baseline holds is never taken out of it; take another baseline.';
    end if;
    return old;
  end if;
  raise exception using errcode = 'TL409', message = 'What a baseline holds does not change; take another baseline.';
end
$$;
comment on function work.guard_baseline_item() is 'Keeps what a baseline holds as it was taken.';
create trigger guard before update or delete on work.baseline_items for each row execute function work.guard_baseline_item();

create function work.refuse_later_items() returns trigger
  language plpgsql
  as $$
begin
  raise exception using errcode = 'TL409', message = 'What a baseline holds is copied when it is taken, and nothing is added later.';
end
$$;
comment on function work.refuse_later_items() is 'Refuses whoever adds to a baseline that was taken already.';
-- Inside the trigger that takes a baseline the depth is one already.
create trigger refuse_later before insert on work.baseline_items for each statement when (pg_trigger_depth() = 0)
  execute function work.refuse_later_items();

-- What differs --------------------------------------------------------------------------------------------------------

create function work.baseline_differences(p_baseline uuid, p_with uuid)
  returns table (kind text, record_id uuid, change text, before jsonb, after jsonb)
  language sql stable
  as $$
    with earlier as (
      -- A link is what it joins: taken away and made again, it is the same link.
      select i.kind, i.record_id, case when i.kind = 'trace_link' then i.fingerprint else i.record_id::text end as is_same, i.content, i.fingerprint
      from work.baseline_items i
      where i.organization_id = platform.current_organization() and i.baseline_id = p_baseline
    ), now_there as (
      select c.kind, c.record_id, c.content, encode(sha256(convert_to(c.content::text, 'UTF8')), 'hex') as fingerprint
      from work.baselines b cross join lateral work.baseline_content(b.project_id) c
      where p_with is null and b.organization_id = platform.current_organization() and b.id = p_baseline
      union all
      select i.kind, i.record_id, i.content, i.fingerprint
      from work.baseline_items i
      where i.organization_id = platform.current_organization() and i.baseline_id = p_with
    ), later as (
      select n.kind, n.record_id, case when n.kind = 'trace_link' then n.fingerprint else n.record_id::text end as is_same, n.content, n.fingerprint
      from now_there n
    )
    select coalesce(l.kind, e.kind), coalesce(l.record_id, e.record_id),
           case when e.kind is null then 'added' when l.kind is null then 'removed' else 'changed' end, e.content, l.content
    from earlier e full join later l on l.kind = e.kind and l.is_same = e.is_same
    where l.fingerprint is distinct from e.fingerprint
  $$;
comment on function work.baseline_differences(uuid, uuid) is
  'What differs between a baseline and another of the same project, or what is there now where the other is null: what was added, removed and changed, '
  'with what it said before and says after.';
