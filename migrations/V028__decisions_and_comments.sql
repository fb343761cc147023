-- What people decide and say: approvals under way; decisions of a project and what they lead to; comments, mentions and tags on records.
-- And what projects are built with.

-- Approvals under way -------------------------------------------------------------------------------------------------

create table authz.approval_requests (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  project_id            uuid,
  workflow_id           uuid not null,
  subject_kind          text not null,
  permission_id         uuid,
  role_id               uuid,
  deployment_id         uuid,
  change_set_id         uuid,
  requested_by          uuid default platform.current_user_id(),
  requested_for_user_id uuid,
  payload               jsonb not null default '{}',
  status                text not null default 'pending',
  requested_at          timestamptz not null default now(),
  decided_at            timestamptz,
  updated_at            timestamptz not null default now(),
  row_version           bigint not null default 1,
  primary key (organization_id, id),
  constraint approval_requests_project_id_key unique (organization_id, project_id, id),
  constraint approval_requests_organization_id_fkey foreign key (organization_id) references identity.organizations on update cascade on delete restrict,
  constraint approval_requests_project_id_fkey foreign key (organization_id, project_id) references work.projects on update cascade on delete cascade,
  constraint approval_requests_workflow_id_fkey foreign key (organization_id, workflow_id) references authz.approval_workflows
    on update cascade on delete restrict,
  constraint approval_requests_permission_id_fkey foreign key (organization_id, permission_id) references authz.permissions
    on update cascade on delete restrict,
  constraint approval_requests_role_id_fkey foreign key (organization_id, role_id) references authz.roles on update cascade on delete restrict,
  constraint approval_requests_deployment_id_fkey foreign key (organization_id, project_id, deployment_id)
    references delivery.deployments (organization_id, project_id, id) on update cascade on delete restrict,
  constraint approval_requests_subject_kind_check check (subject_kind in ('permission_grant', 'role_assignment', 'deployment', 'change_set')),
  constraint approval_requests_subject_check check (num_nonnulls(permission_id, role_id, deployment_id, change_set_id) = 1 and case subject_kind
    when 'permission_grant' then permission_id is not null
    when 'role_assignment' then role_id is not null
    when 'deployment' then deployment_id is not null and project_id is not null
    else change_set_id is not null end),
  constraint approval_requests_requested_for_user_id_check check ((requested_for_user_id is not null) = (subject_kind in ('permission_grant', 'role_assignment'))),
  constraint approval_requests_payload_check check (jsonb_typeof(payload) = 'object'),
  constraint approval_requests_status_check check (status in ('pending', 'approved', 'rejected', 'cancelled', 'expired')),
  constraint approval_requests_decided_at_check check ((status = 'pending') = (decided_at is null))
);
create index approval_requests_project_id_idx on authz.approval_requests (organization_id, project_id) where project_id is not null;
create index approval_requests_workflow_id_idx on authz.approval_requests (organization_id, workflow_id);
create index approval_requests_permission_id_idx on authz.approval_requests (organization_id, permission_id) where permission_id is not null;
create index approval_requests_role_id_idx on authz.approval_requests (organization_id, role_id) where role_id is not null;
create index approval_requests_deployment_id_idx on authz.approval_requests (organization_id, deployment_id, project_id) where deployment_id is not null;
create index approval_requests_change_set_id_idx on authz.approval_requests (organization_id, change_set_id) where change_set_id is not null;
create index approval_requests_status_idx on authz.approval_requests (organization_id, status, id);

create table authz.approval_decisions (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  project_id       uuid,
  request_id       uuid not null,
  step_id          uuid not null,
  approver_user_id uuid not null default platform.current_user_id(),
  decision         text not null,
  comment          text,
  decided_at       timestamptz not null default now(),
  primary key (organization_id, id),
  constraint approval_decisions_request_id_fkey foreign key (organization_id, request_id) references authz.approval_requests
    on update cascade on delete cascade,
  constraint approval_decisions_project_id_fkey foreign key (organization_id, project_id, request_id)
    references authz.approval_requests (organization_id, project_id, id) on update cascade on delete cascade,
  constraint approval_decisions_step_id_fkey foreign key (organization_id, step_id) references authz.approval_workflow_steps
    on update cascade on delete restrict,
  constraint approval_decisions_once_key unique (organization_id, request_id, step_id, approver_user_id),
  constraint approval_decisions_decision_check check (decision in ('approved', 'rejected', 'abstained')),
  constraint approval_decisions_comment_check check (char_length(comment) <= 10000)
);
create index approval_decisions_request_id_idx on authz.approval_decisions (organization_id, request_id, project_id);
create index approval_decisions_step_id_idx on authz.approval_decisions (organization_id, step_id);

call platform.adopt_table('authz.approval_requests', 'confidential', '7 years after the decision');
call platform.refer_to_members('authz.approval_requests', 'requested_by', 'requested_for_user_id');
call platform.adopt_table('authz.approval_decisions', 'confidential', 'as long as the request', 'select, insert');
call platform.refer_to_members('authz.approval_decisions', 'approver_user_id');

create function authz.approved_steps(p_organization uuid, p_request uuid) returns table (step_id uuid, step_number int, is_done boolean)
  language sql stable
  as $$
    select s.id, s.step_number, (
      select count(*) from authz.approval_decisions d
      where d.organization_id = s.organization_id and d.request_id = r.id and d.step_id = s.id and d.decision = 'approved') >= s.required_approvals
    from authz.approval_requests r
    join authz.approval_workflow_steps s on s.organization_id = r.organization_id and s.workflow_id = r.workflow_id
    where r.organization_id = p_organization and r.id = p_request
  $$;
comment on function authz.approved_steps(uuid, uuid) is 'The steps of a request and which of them have all the approvals they need. No rows: no such request.';

create function authz.guard_approval_request() returns trigger
  language plpgsql
  as $$
begin
  if tg_op = 'INSERT' then
    if new.status <> 'pending' then
      raise exception 'An approval request begins as pending.';
    end if;
    new.requested_by := coalesce(platform.current_user_id(), new.requested_by);
    return new;
  end if;
  if old.status <> 'pending' then
    raise exception 'This request is % and stays as it is; make a new one.', old.status;
  end if;
  if (new.workflow_id, new.subject_kind, new.permission_id, new.role_id, new.deployment_id, new.change_set_id, new.requested_by,
      new.requested_for_user_id, new.payload)
     is distinct from (old.workflow_id, old.subject_kind, old.permission_id, old.role_id, old.deployment_id, old.change_set_id, old.requested_by,
      old.requested_for_user_id, old.payload) then
    raise exception 'What was asked for does not change once it was asked; cancel the request and make a new one.';
  end if;
  if new.status = 'approved' and exists (select from authz.approved_steps(new.organization_id, new.id) s where not s.is_done) then
    raise exception 'This request still waits for approvals; it is approved when its last step is.';
  end if;
  if new.status = 'rejected' and not exists (
    select from authz.approval_decisions d
    where d.organization_id = new.organization_id and d.request_id = new.id and d.decision = 'rejected') then
    raise exception 'Nobody has rejected this request; a decision of an approver does.';
  end if;
  if new.status <> 'pending' then
    new.decided_at := coalesce(new.decided_at, now());
  end if;
  return new;
end
$$;
comment on function authz.guard_approval_request() is
  'A request begins as pending, says the same until it is decided, is approved or rejected by decisions only, and then never changes.';
create trigger guard before insert or update on authz.approval_requests for each row execute function authz.guard_approval_request();
create trigger take_project before insert on authz.approval_requests
  for each row execute function platform.take_project('deployment_id', 'delivery.deployments');

create function authz.check_approval_workflow() returns trigger
  language plpgsql
  as $$
begin
  if not exists (
    select from authz.approval_workflows w
    where w.organization_id = new.organization_id and w.id = new.workflow_id and w.subject_kind = new.subject_kind
      and w.is_active and w.deleted_at is null
      and exists (select from authz.approval_workflow_steps s where s.organization_id = w.organization_id and s.workflow_id = w.id)) then
    raise exception 'The workflow must be in use, have a step and be for this kind of request.';
  end if;
  return null;
end
$$;
comment on function authz.check_approval_workflow() is 'A request can only begin where somebody can say yes. Runs after the references, which say more.';
create trigger workflow after insert on authz.approval_requests for each row execute function authz.check_approval_workflow();

create function authz.guard_approval_decision() returns trigger
  language plpgsql
  as $$
declare
  request authz.approval_requests;
  step    authz.approval_workflow_steps;
begin
  -- One decision at a time, so that the last one sees all the others.
  select * into request from authz.approval_requests r
  where r.organization_id = new.organization_id and r.id = new.request_id for no key update;
  if request.id is null then
    return new; -- the foreign key says so
  end if;
  new.approver_user_id := coalesce(platform.current_user_id(), new.approver_user_id);
  if request.status <> 'pending' then
    raise exception 'This request is % already; nothing is left to decide.', request.status;
  end if;
  if new.approver_user_id in (request.requested_by, request.requested_for_user_id)
     or authz.is_own_request(request.requested_by, request.requested_for_user_id) then
    raise exception 'Nobody decides on their own request; somebody else has to.';
  end if;
  select * into step from authz.approval_workflow_steps s where s.organization_id = new.organization_id and s.id = new.step_id;
  if step.id is null then
    return new; -- the foreign key says so
  end if;
  if step.workflow_id is distinct from request.workflow_id then
    raise exception 'The step must belong to the workflow of the request.';
  end if;
  if exists (select from authz.approved_steps(request.organization_id, request.id) s where s.step_number < step.step_number and not s.is_done) then
    raise exception 'Step % has not begun; the steps before it come first.', step.step_number;
  end if;
  if step.approver_user_id is distinct from new.approver_user_id
     and not (step.approver_role_id is not null and authz.holds_role(new.approver_user_id, step.approver_role_id, request.project_id)) then
    raise exception 'Step % names somebody else as approver.', step.step_number;
  end if;
  return new;
end
$$;
comment on function authz.guard_approval_decision() is
  'Lets a decision pass when the request waits, its step has begun, and the one who acts is an approver there and neither asked nor is to gain.';
create trigger guard before insert on authz.approval_decisions for each row execute function authz.guard_approval_decision();
create trigger take_project before insert on authz.approval_decisions
  for each row execute function platform.take_project('request_id', 'authz.approval_requests');

create function authz.conclude_approval_request() returns trigger
  language plpgsql
  as $$
begin
  update authz.approval_requests r
  set status = case new.decision when 'rejected' then 'rejected' else 'approved' end
  where r.organization_id = new.organization_id and r.id = new.request_id and r.status = 'pending'
    and (new.decision = 'rejected' or not exists (select from authz.approved_steps(r.organization_id, r.id) s where not s.is_done));
  return null;
end
$$;
comment on function authz.conclude_approval_request() is 'Ends a request with its first rejection or its last missing approval.';
create trigger conclude after insert on authz.approval_decisions
  for each row when (new.decision <> 'abstained') execute function authz.conclude_approval_request();

-- Decisions, comments and tags ----------------------------------------------------------------------------------------

create table work.decisions (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  project_id         uuid not null,
  key                text not null,
  decision_type_code text not null,
  title              text not null,
  rationale          text,
  impact             text,
  status             text not null default 'proposed',
  decided_by         uuid,
  decided_at         timestamptz,
  search_vector      tsvector,
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now(),
  created_by      uuid default platform.current_user_id(),
  updated_by      uuid,
  row_version     bigint not null default 1,
  deleted_at      timestamptz,
  deleted_by      uuid,
  primary key (organization_id, id),
  constraint decisions_project_id_key unique (organization_id, project_id, id),
  constraint decisions_key_key unique (organization_id, key, project_id),
  constraint decisions_project_id_fkey foreign key (organization_id, project_id) references work.projects on update cascade on delete cascade,
  constraint decisions_decision_type_code_fkey foreign key (decision_type_code) references reference.decision_types on update cascade on delete restrict,
  constraint decisions_key_check check (key ~ '^DEC-[1-9][0-9]{0,14}$'),
  constraint decisions_title_check check (char_length(title) between 1 and 500),
  constraint decisions_rationale_check check (char_length(rationale) <= 100000),
  constraint decisions_impact_check check (char_length(impact) <= 100000),
  constraint decisions_status_check check (status in ('proposed', 'accepted', 'rejected', 'superseded')),
  constraint decisions_decided_by_check check (decided_by is null or decided_at is not null),
  constraint decisions_decided_at_check check (status not in ('accepted', 'superseded') or decided_at is not null)
);
create index decisions_decision_type_code_idx on work.decisions (decision_type_code);
create index decisions_status_idx on work.decisions (organization_id, project_id, status, id) where deleted_at is null;
create index decisions_updated_at_idx on work.decisions (organization_id, project_id, updated_at, id) where deleted_at is null;

create table work.decision_links (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  project_id         uuid not null,
  decision_id        uuid not null,
  feature_id         uuid,
  catalog_feature_id uuid,
  document_id        uuid,
  created_at         timestamptz not null default now(),
  primary key (organization_id, id),
  constraint decision_links_decision_id_fkey foreign key (organization_id, project_id, decision_id)
    references work.decisions (organization_id, project_id, id) on update cascade on delete cascade,
  constraint decision_links_feature_id_fkey foreign key (organization_id, project_id, feature_id)
    references work.features (organization_id, project_id, id) on update cascade on delete cascade,
  constraint decision_links_catalog_feature_id_fkey foreign key (organization_id, catalog_feature_id) references reference.feature_catalog
    on update cascade on delete cascade,
  constraint decision_links_once_key unique nulls not distinct (organization_id, decision_id, feature_id, catalog_feature_id, document_id),
  constraint decision_links_target_check check (num_nonnulls(feature_id, catalog_feature_id, document_id) = 1)
);
create index decision_links_decision_id_idx on work.decision_links (organization_id, decision_id, project_id, id);
create index decision_links_feature_id_idx on work.decision_links (organization_id, feature_id, project_id) where feature_id is not null;
create index decision_links_catalog_feature_id_idx on work.decision_links (organization_id, catalog_feature_id) where catalog_feature_id is not null;

create table work.comments (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  project_id        uuid,
  entity_id         uuid not null,
  parent_comment_id uuid,
  author_user_id    uuid not null default platform.current_user_id(),
  comment_kind      text not null default 'comment',
  body              text not null,
  edited_at         timestamptz,
  created_at        timestamptz not null default now(),
  updated_at        timestamptz not null default now(),
  row_version       bigint not null default 1,
  deleted_at        timestamptz,
  deleted_by        uuid,
  primary key (organization_id, id),
  constraint comments_project_id_key unique (organization_id, project_id, id),
  constraint comments_entity_id_key unique (organization_id, entity_id, id),
  constraint comments_entity_id_fkey foreign key (organization_id, entity_id) references platform.entities on update cascade on delete cascade,
  constraint comments_project_id_fkey foreign key (organization_id, project_id, entity_id)
    references platform.entities (organization_id, project_id, id) on update cascade on delete cascade,
  constraint comments_parent_comment_id_fkey foreign key (organization_id, entity_id, parent_comment_id)
    references work.comments (organization_id, entity_id, id) on update cascade on delete cascade,
  constraint comments_parent_comment_id_check check (parent_comment_id <> id),
  constraint comments_comment_kind_check check (comment_kind in ('comment', 'implementation_note', 'investigation_note')),
  constraint comments_body_check check (char_length(body) between 1 and 100000)
);
create index comments_thread_idx on work.comments (organization_id, entity_id, project_id, id);
create index comments_parent_comment_id_idx on work.comments (organization_id, parent_comment_id, entity_id) where parent_comment_id is not null;
create trigger forbid_cycle after insert or update of parent_comment_id on work.comments
  for each row when (new.parent_comment_id is not null) execute function platform.forbid_cycle('id', 'parent_comment_id', 'organization_id');

create table work.comment_mentions (
  organization_id uuid not null default platform.current_organization(),
  project_id      uuid,
  comment_id      uuid not null,
  user_id         uuid not null,
  created_at      timestamptz not null default now(),
  primary key (organization_id, comment_id, user_id),
  constraint comment_mentions_comment_id_fkey foreign key (organization_id, comment_id) references work.comments on update cascade on delete cascade,
  constraint comment_mentions_project_id_fkey foreign key (organization_id, project_id, comment_id)
    references work.comments (organization_id, project_id, id) on update cascade on delete cascade
);
create index comment_mentions_comment_id_idx on work.comment_mentions (organization_id, comment_id, project_id);

create table work.entity_tags (
  organization_id uuid not null default platform.current_organization(),
  project_id      uuid,
  entity_id       uuid not null,
  tag_id          uuid not null,
  created_at      timestamptz not null default now(),
  created_by      uuid default platform.current_user_id(),
  primary key (organization_id, entity_id, tag_id),
  constraint entity_tags_entity_id_fkey foreign key (organization_id, entity_id) references platform.entities on update cascade on delete cascade,
  constraint entity_tags_project_id_fkey foreign key (organization_id, project_id, entity_id)
    references platform.entities (organization_id, project_id, id) on update cascade on delete cascade,
  constraint entity_tags_tag_id_fkey foreign key (organization_id, tag_id) references reference.tags on update cascade on delete cascade
);
create index entity_tags_entity_id_idx on work.entity_tags (organization_id, entity_id, project_id);
create index entity_tags_tag_id_idx on work.entity_tags (organization_id, tag_id, project_id);

create table work.project_tech_stacks (
  organization_id uuid not null default platform.current_organization(),
  project_id      uuid not null,
  tech_stack_id   uuid not null,
  created_at      timestamptz not null default now(),
  primary key (organization_id, project_id, tech_stack_id),
  constraint project_tech_stacks_project_id_fkey foreign key (organization_id, project_id) references work.projects on update cascade on delete cascade,
  constraint project_tech_stacks_tech_stack_id_fkey foreign key (organization_id, tech_stack_id) references reference.tech_stacks
    on update cascade on delete restrict
);
create index project_tech_stacks_tech_stack_id_idx on work.project_tech_stacks (organization_id, tech_stack_id, project_id);

create table work.project_catalog_features (
  organization_id    uuid not null default platform.current_organization(),
  project_id         uuid not null,
  catalog_feature_id uuid not null,
  created_at         timestamptz not null default now(),
  primary key (organization_id, project_id, catalog_feature_id),
  constraint project_catalog_features_project_id_fkey foreign key (organization_id, project_id) references work.projects
    on update cascade on delete cascade,
  constraint project_catalog_features_catalog_feature_id_fkey foreign key (organization_id, catalog_feature_id) references reference.feature_catalog
    on update cascade on delete restrict
);
create index project_catalog_features_catalog_feature_id_idx on work.project_catalog_features (organization_id, catalog_feature_id, project_id);

create function work.decision_search_vector() returns trigger
  language plpgsql
  as $$
begin
  new.search_vector := setweight(to_tsvector('simple', coalesce(new.key, '')), 'A') || setweight(to_tsvector('english', new.title), 'A')
    || setweight(to_tsvector('english', left(coalesce(new.rationale, ''), 20000)), 'B')
    || setweight(to_tsvector('english', left(coalesce(new.impact, ''), 20000)), 'C');
  return new;
end
$$;
comment on function work.decision_search_vector() is 'Words of a decision: key and title, then why, then what follows.';

call platform.adopt_table('work.decisions', 'confidential', 'while the project exists; 90 days in the bin');
call platform.refer_to_members('work.decisions', 'decided_by');
call platform.adopt_table('work.decision_links', 'confidential', 'while both ends exist', 'select, insert, delete');
call platform.adopt_table('work.comments', 'confidential', 'while the record exists; 90 days in the bin');
call platform.refer_to_members('work.comments', 'author_user_id');
call platform.adopt_table('work.comment_mentions', 'confidential', 'while the comment exists', 'select, insert, delete');
call platform.refer_to_members('work.comment_mentions', 'user_id');
call platform.adopt_table('work.entity_tags', 'internal', 'while the record exists', 'select, insert, delete');
call platform.adopt_table('work.project_tech_stacks', 'internal', 'while the project exists', 'select, insert, delete');
call platform.adopt_table('work.project_catalog_features', 'internal', 'while the project exists', 'select, insert, delete');
call platform.register_table('work.decisions', 'decision', 'n.title',
  '{title,status,decided_by,deleted_at,project_id,key,search_vector}', 'n.status', 'n.decided_by', 'DEC');
create trigger search_vector before insert or update of key, title, rationale, impact on work.decisions
  for each row execute function work.decision_search_vector();

create trigger take_project before insert on work.comments
  for each row execute function platform.take_project('entity_id', 'platform.entities');
create trigger take_project before insert on work.comment_mentions
  for each row execute function platform.take_project('comment_id', 'work.comments');
create trigger take_project before insert on work.entity_tags
  for each row execute function platform.take_project('entity_id', 'platform.entities');

-- Comments ------------------------------------------------------------------------------------------------------------

create function work.guard_comment() returns trigger
  language plpgsql
  as $$
begin
  if tg_op = 'INSERT' then
    -- Nobody speaks in somebody else's name; the system may, when it carries comments over from elsewhere.
    new.author_user_id := coalesce(platform.current_user_id(), new.author_user_id);
    return new;
  end if;
  if (new.entity_id, new.author_user_id) is distinct from (old.entity_id, old.author_user_id) then
    raise exception 'A comment stays on its record and with its author.';
  end if;
  if (new.body, new.comment_kind) is distinct from (old.body, old.comment_kind) then
    if platform.current_user_id() <> old.author_user_id then
      raise exception 'Only the author of a comment changes its words.';
    end if;
    new.edited_at := now();
  else
    new.edited_at := old.edited_at;
  end if;
  return new;
end
$$;
comment on function work.guard_comment() is 'A comment is written and changed by its author only, and says when it was changed.';
create trigger guard before insert or update on work.comments for each row execute function work.guard_comment();

-- Tags in search ------------------------------------------------------------------------------------------------------
-- The registry's words are those of the record and, in the configuration 'simple', those of its tags. A record that changes brings its own
-- words; the tags are added as they are stored. A tag that comes or goes has the record's words fetched again.

create function platform.add_tag_words() returns trigger
  language plpgsql
  as $$
declare
  words text;
begin
  select string_agg(t.name, ' ' order by t.name) into words
  from work.entity_tags x join reference.tags t on t.organization_id = x.organization_id and t.id = x.tag_id
  where x.organization_id = new.organization_id and x.entity_id = new.id;
  if words is not null then
    new.search_vector := coalesce(new.search_vector, '') || setweight(to_tsvector('simple', words), 'C');
  end if;
  return new;
end
$$;
comment on function platform.add_tag_words() is 'Puts the words of a record''s tags behind the words the record itself brought.';
create trigger add_tag_words before update of search_vector on platform.entities
  for each row execute function platform.add_tag_words();

create function platform.fetch_words(p_organization uuid, p_entities uuid[]) returns void
  language plpgsql
  as $$
declare
  access text := coalesce(current_setting('app.project_access', true), '');
  kind   record;
begin
  -- A tag may be renamed by somebody who does not see every record that carries it; nothing is shown to them.
  perform set_config('app.project_access', 'all', true);
  for kind in
    -- The trigger that registers a table knows its type; a table without words of its own is found by its title.
    select e.entity_type, g.home, array_agg(e.id) as ids
    from platform.entities e
    left join lateral (
      select min(g.tgrelid::regclass::text) as home
      from pg_trigger g
      where g.tgname = 'register'
        and split_part(encode(g.tgargs, 'escape'), '\000', 1) = e.entity_type
        and exists (select from pg_attribute a where a.attrelid = g.tgrelid and a.attname = 'search_vector' and not a.attisdropped)) g on true
    where e.organization_id = p_organization and e.id = any (p_entities)
    group by 1, 2
  loop
    if kind.home is null then
      update platform.entities e set search_vector = to_tsvector('simple', e.title), entity_version = e.entity_version + 1
      where e.organization_id = p_organization and e.id = any (kind.ids);
    else
      execute format(
        'update platform.entities e set search_vector = r.search_vector, entity_version = e.entity_version + 1 '
        'from %s r where e.organization_id = $1 and e.id = any ($2) and r.organization_id = e.organization_id and r.id = e.id', kind.home)
        using p_organization, kind.ids;
    end if;
  end loop;
  perform set_config('app.project_access', access, true);
end
$$;
comment on function platform.fetch_words(uuid, uuid[]) is
  'Has the registry take the words of these records anew, with the tags they carry now, and tells external search that they changed.';

create function work.retag_entities() returns trigger
  language plpgsql
  as $$
begin
  perform platform.fetch_words(c.organization_id, array_agg(distinct c.entity_id)) from changed_rows c group by c.organization_id;
  return null;
end
$$;
comment on function work.retag_entities() is 'A tag that came or went changes the words by which its record is found.';
create trigger retag_new after insert on work.entity_tags referencing new table as changed_rows
  for each statement execute function work.retag_entities();
create trigger retag_gone after delete on work.entity_tags referencing old table as changed_rows
  for each statement execute function work.retag_entities();

create function work.retag_renamed() returns trigger
  language plpgsql
  as $$
begin
  perform platform.fetch_words(new.organization_id, array_agg(x.entity_id))
  from work.entity_tags x where x.organization_id = new.organization_id and x.tag_id = new.id having count(*) > 0;
  return null;
end
$$;
comment on function work.retag_renamed() is 'A tag with a new name is found by it on every record that carries it.';
create trigger retag after update of name on reference.tags
  for each row when (old.name is distinct from new.name) execute function work.retag_renamed();

-- Permissions ---------------------------------------------------------------------------------------------------------

insert into authz.resource_types (name, description) values
  ('approval_request', 'Approvals under way and what was decided.'),
  ('decision', 'Decisions and what they lead to.'),
  ('comment',  'Comments, and whom they name.'),
  ('tag',      'Tags on records.');
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
where t.name in ('approval_request', 'decision', 'comment', 'tag');
insert into authz.resource_type_actions (resource_type_id, action, description)
select t.id, 'approve', 'Say yes or no on a step that names you.' from authz.resource_types t where t.name = 'approval_request';
insert into authz.role_grants_template (role_code, resource_type, actions) values
  ('viewer',    'approval_request', '{read,export}'),
  ('viewer',    'decision', '{read,export}'),
  ('viewer',    'comment',  '{read,export}'),
  ('viewer',    'tag',      '{read,export}'),
  ('developer', 'approval_request', '{create,update,approve}'),
  ('developer', 'decision', '{create,update,delete,restore}'),
  ('developer', 'comment',  '{create}'),
  ('developer', 'tag',      '{create,update,delete,restore}'),
  ('admin',     'comment',  '{update,delete,restore}');

comment on column authz.approval_requests.project_id is
  'The project of what is to be approved, which decides who sees the request. Null: it belongs to the organisation as a whole.';
comment on column authz.approval_requests.workflow_id is 'Who has to say yes, in which order.';
comment on column authz.approval_requests.subject_kind is
  'What kind of thing waits for approval; the same as the workflow''s.';
comment on column authz.approval_requests.permission_id is 'The permission to be given. Null: something else is asked for.';
comment on column authz.approval_requests.role_id is 'The role to be given. Null: something else is asked for.';
comment on column authz.approval_requests.deployment_id is 'The deployment that waits. Null: something else is asked for.';
comment on column authz.approval_requests.change_set_id is
  'The set of changes that waits. Null: something else is asked for.';
comment on column authz.approval_requests.requested_by is 'Who asks; written by a trigger. Null: the system.';
comment on column authz.approval_requests.requested_for_user_id is
  'Who is to get the permission or role. Null: nobody gets anything.';
comment on column authz.approval_requests.payload is 'What else an approver has to know, as the asker put it.';
comment on column authz.approval_requests.status is 'approved and rejected follow from the decisions; nobody writes them.';
comment on column authz.approval_requests.requested_at is 'When it was asked.';
comment on column authz.approval_requests.decided_at is 'When it stopped waiting; written by a trigger. Null: it waits.';
comment on constraint approval_requests_requested_for_user_id_check on authz.approval_requests is
  'a request for a permission or a role must say who is to get it, and no other request may';
comment on constraint approval_requests_payload_check on authz.approval_requests is 'payload must be a JSON object';
comment on constraint approval_requests_decided_at_check on authz.approval_requests is
  'a request that waits has no time of decision, and any other has one';
comment on table authz.approval_requests is 'Something that waits until the people its workflow names have said yes.';
comment on constraint approval_requests_subject_check on authz.approval_requests is
  'a request must name exactly one thing to be approved, of the kind it says, and a deployment with its project';
comment on column authz.approval_decisions.project_id is
  'The project of the request, taken from it. Null: the request has none.';
comment on column authz.approval_decisions.request_id is 'The request; the decision goes away with it.';
comment on column authz.approval_decisions.step_id is 'The step it was made on; a step of the request''s workflow.';
comment on column authz.approval_decisions.approver_user_id is 'Who decided: always the one who was asking.';
comment on column authz.approval_decisions.decision is
  'One rejection ends the request; abstaining counts for nothing but leaves a trace.';
comment on column authz.approval_decisions.comment is 'Why, for those who read it later. Null: nobody said.';
comment on column authz.approval_decisions.decided_at is 'When.';
comment on constraint approval_decisions_once_key on authz.approval_decisions is 'an approver decides once on each step';
comment on constraint approval_decisions_comment_check on authz.approval_decisions is
  'comment must be at most 10,000 characters long';
comment on table authz.approval_decisions is 'What one approver said on one step of a request. Never changed.';
comment on column work.decisions.key is
  'What people call it, such as DEC-3. Given by the project''s counter unless it comes with one.';
comment on column work.decisions.decision_type_code is 'What kind of decision it is.';
comment on column work.decisions.title is 'What is decided, in one line.';
comment on column work.decisions.rationale is 'Why this and not something else, as Markdown. Null: nobody has said.';
comment on column work.decisions.impact is 'What follows from it, as Markdown. Null: nobody has said.';
comment on column work.decisions.status is 'accepted holds until another takes its place and makes it superseded.';
comment on column work.decisions.decided_by is 'Who decided. Null: nobody yet, or a circle of people.';
comment on column work.decisions.decided_at is 'When it was accepted or rejected. Null: not yet.';
comment on constraint decisions_key_check on work.decisions is
  'key must be DEC- and a number without leading zeros, such as DEC-42';
comment on constraint decisions_title_check on work.decisions is 'title must be 1 to 500 characters long';
comment on constraint decisions_rationale_check on work.decisions is 'rationale must be at most 100,000 characters long';
comment on constraint decisions_impact_check on work.decisions is 'impact must be at most 100,000 characters long';
comment on constraint decisions_decided_by_check on work.decisions is 'only a decision that was made can name who made it';
comment on constraint decisions_decided_at_check on work.decisions is
  'a decision that holds, or held, must say when it was made';
comment on table work.decisions is 'Something a project has decided, with the reason and what follows from it.';
comment on column work.decision_links.decision_id is 'The decision; the link goes away with it.';
comment on column work.decision_links.feature_id is 'The feature it shapes. Null: the link leads elsewhere.';
comment on column work.decision_links.catalog_feature_id is
  'The feature of the organisation''s catalogue it shapes. Null: the link leads elsewhere.';
comment on column work.decision_links.document_id is 'The document that tells more. Null: the link leads elsewhere.';
comment on constraint decision_links_once_key on work.decision_links is 'this decision is linked with it already';
comment on constraint decision_links_target_check on work.decision_links is
  'a link must lead to exactly one thing: a feature, a feature of the catalogue or a document';
comment on table work.decision_links is 'What a decision shapes, or where more is written about it.';
comment on column work.comments.project_id is
  'The project of the record, taken from it. Null: the record belongs to the organisation as a whole.';
comment on column work.comments.entity_id is 'The record it is about; the comment goes away with it.';
comment on column work.comments.parent_comment_id is
  'The comment it answers, on the same record. Null: it begins a thread.';
comment on column work.comments.author_user_id is 'Who wrote it, and the only one who may change its words.';
comment on column work.comments.comment_kind is 'The notes are for those who build and those who search for a cause.';
comment on column work.comments.body is 'The text, as Markdown.';
comment on column work.comments.edited_at is 'When its words last changed; written by a trigger. Null: never.';
comment on constraint comments_parent_comment_id_check on work.comments is 'parent comment must not be the record itself';
comment on constraint comments_body_check on work.comments is 'body must be 1 to 100,000 characters long';
comment on table work.comments is 'What somebody said about a record, in threads.';
comment on column work.comment_mentions.project_id is 'The project of the comment, taken from it. Null: it has none.';
comment on column work.comment_mentions.comment_id is 'The comment; the mention goes away with it.';
comment on column work.comment_mentions.user_id is 'Who is named, and wants to know.';
comment on table work.comment_mentions is 'A member whom a comment names.';
comment on column work.entity_tags.project_id is
  'The project of the record, taken from it. Null: the record belongs to the organisation as a whole.';
comment on column work.entity_tags.entity_id is 'The record that carries the tag; the row goes away with it.';
comment on column work.entity_tags.tag_id is 'The tag; taking it out of the catalogue takes it off every record.';
comment on table work.entity_tags is 'A tag on a record. The words of the tag find the record.';
comment on column work.project_tech_stacks.project_id is 'The project; the row goes away with it.';
comment on column work.project_tech_stacks.tech_stack_id is 'What it is built with.';
comment on table work.project_tech_stacks is 'A technology that a project is built with.';
comment on column work.project_catalog_features.project_id is 'The project; the row goes away with it.';
comment on column work.project_catalog_features.catalog_feature_id is 'What it offers.';
comment on table work.project_catalog_features is 'A feature of the organisation''s catalogue that a project offers.';
