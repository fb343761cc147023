-- Figures that a dashboard would otherwise count anew for everybody who looks: two materialised views over all organisations, and the results of
-- every day, added up as they are stored.
--
-- A materialised view knows no row security, so nobody is given one. Both belong to a role of their own that nobody signs in as and that is neither
-- superuser nor above row security; it may read what it counts, and nothing else. Filled are they by functions that become each organisation in turn,
-- because row security holds for that role too: so a refresh needs no privileged role and works where the owner of the database is none. They are read
-- through views that belong to the same role: the row security of work.projects, which they ask, still sees who is asking.
do $role$
declare
  may_become boolean;
begin
  if not exists (select from pg_roles where rolname = 'throughline_statistics') then
    begin
      create role throughline_statistics nologin;
    exception
      when duplicate_object or unique_violation then
        null; -- another database of this cluster was migrated at the same moment
      when insufficient_privilege then
        raise exception 'the role throughline_statistics does not exist and % may not create it: create it first, or migrate as a role with CREATEROLE',
          current_user;
    end;
  end if;
  if exists (select from pg_roles where rolname = 'throughline_statistics' and (rolsuper or rolbypassrls)) then
    raise exception 'throughline_statistics must be neither superuser nor bypassrls: alter role throughline_statistics nosuperuser nobypassrls';
  end if;
  if current_setting('server_version_num')::int < 160000 then
    may_become := pg_has_role(current_user, 'throughline_statistics', 'member');
  else
    may_become := pg_has_role(current_user, 'throughline_statistics', 'set') and pg_has_role(current_user, 'throughline_statistics', 'usage');
  end if;
  if not may_become then
    execute format('grant throughline_statistics to %I', current_user);
  end if;
end
$role$;

grant usage on schema platform, identity, authz, work, quality, delivery, documents, security, analytics to throughline_statistics;
-- PostgreSQL compares the old and the new figures in a temporary table of the view's owner, and nobody else gets to make any.
do $temporary$
begin
  execute format('grant temporary on database %I to throughline_statistics', current_database());
end
$temporary$;
grant select on work.projects, work.project_members, work.requirements, work.requirement_evidence, work.features, work.tasks, work.change_requests,
  work.change_request_approvals, work.time_entries, quality.test_cases, quality.defects, delivery.builds, delivery.deployments, documents.documents,
  security.vulnerabilities, authz.roles, authz.user_roles, authz.role_permissions, authz.user_permissions, authz.permissions, authz.resource_types, authz.approval_requests, authz.approval_workflow_steps, authz.approval_decisions,
  identity.memberships, identity.sessions, platform.notifications
  to throughline_statistics;
-- These three name the roles their policies are for, because sign-in reads them before an organisation is known.
do $$
declare
  rule record;
begin
  for rule in
    select p.polname as name, p.polrelid::regclass as target,
           (select string_agg(quote_ident(r.rolname), ', ' order by r.rolname) from pg_roles r where r.oid = any (p.polroles)) as roles
      from pg_policy p
     where p.polrelid in ('identity.memberships'::regclass, 'identity.sessions'::regclass, 'work.project_members'::regclass) and p.polname <> 'sign_in'
  loop
    execute format('alter policy %I on %s to %s, throughline_statistics', rule.name, rule.target, rule.roles);
  end loop;
end
$$;
grant execute on function platform.all_organizations(), work.project_roles_of(uuid) to throughline_statistics;

-- What each member has before them ------------------------------------------------------------------------------------

create function analytics.count_for_users()
  returns table (organization_id uuid, user_id uuid, open_tasks bigint, overdue_tasks bigint, assigned_defects bigint, open_change_requests bigint,
                 pending_approvals bigint, unread_notifications bigint, projects bigint, minutes_logged_30d bigint, last_activity_at timestamptz)
  language plpgsql
  as $$
#variable_conflict use_column
declare
  before text := coalesce(current_setting('app.current_organization_id', true), '');
  access text := coalesce(current_setting('app.project_access', true), '');
  holder uuid;
begin
  for holder in select platform.all_organizations() loop
    perform set_config('app.current_organization_id', holder::text, true), set_config('app.project_access', 'all', true);
    return query
      with recursive held as (
        select r.id as role_id, r.id as holds from authz.roles r where r.organization_id = holder and r.deleted_at is null
        union
        select h.role_id, r.parent_role_id from held h join authz.roles r on r.organization_id = holder and r.id = h.holds
         where r.deleted_at is null and r.parent_role_id is not null
      ), live as (
        select p.id, p.visibility = 'private' as is_private, p.owner_user_id as owner
          from work.projects p where p.organization_id = holder and p.deleted_at is null and p.status = 'active'
      ), step as (
        -- Of a request that waits, only its first step that is not complete asks anybody.
        select distinct on (r.id) r.id, r.project_id, r.requested_by, r.requested_for_user_id, s.id as step_id, s.approver_user_id, s.approver_role_id
          from authz.approval_requests r
          join authz.approval_workflow_steps s on s.organization_id = holder and s.workflow_id = r.workflow_id
         where r.organization_id = holder and r.status = 'pending'
           and s.required_approvals > (select count(*) from authz.approval_decisions d
                                        where d.organization_id = holder and d.request_id = r.id and d.step_id = s.id and d.decision = 'approved')
         order by r.id, s.step_number
      ), asked as (
        select s.*, s.approver_user_id as who from step s where s.approver_user_id is not null
        union
        select s.*, g.user_id from step s
          join held h on h.holds = s.approver_role_id
          join authz.user_roles g on g.organization_id = holder and g.role_id = h.role_id
         where g.revoked_at is null and g.resource_scope_id is null and g.context_conditions = '{}'
           and (g.valid_from is null or g.valid_from <= now()) and (g.valid_until is null or g.valid_until > now())
        union
        select s.*, m.user_id from step s
          join held h on h.holds = s.approver_role_id
          join work.project_members m on m.organization_id = holder and m.project_id = s.project_id and m.role_id = h.role_id and m.is_active
      ), thing as materialized (
        select t.assignee_user_id as who, t.project_id, 'task' as kind, 1 as amount, t.due_date < current_date as is_late
          from work.tasks t where t.organization_id = holder and t.assignee_user_id is not null and t.deleted_at is null and t.status not in ('done', 'cancelled')
        union all
        select d.assigned_to_user_id, d.project_id, 'defect', 1, null from quality.defects d
         where d.organization_id = holder and d.assigned_to_user_id is not null and d.deleted_at is null and d.status in ('open', 'assigned', 'in_progress')
        union all
        select x.who, c.project_id, 'request', 1, null from work.change_requests c
         cross join lateral (select c.requester_user_id union select c.assignee_user_id) as x (who)
         where c.organization_id = holder and x.who is not null and c.deleted_at is null and c.status not in ('rejected', 'implemented', 'closed', 'cancelled')
        union all
        select a.approver_user_id, a.project_id, 'approval', 1, null
          from work.change_request_approvals a join work.change_requests c on c.organization_id = holder and c.id = a.change_request_id
         where a.organization_id = holder and a.decision = 'pending' and c.deleted_at is null and c.status in ('submitted', 'in_review')
        union all
        select a.who, a.project_id, 'approval', 1, null from asked a
         where a.who is distinct from a.requested_by and a.who is distinct from a.requested_for_user_id
           and not exists (select from authz.approval_decisions d where d.organization_id = holder and d.request_id = a.id
                              and d.step_id = a.step_id and d.approver_user_id = a.who)
        union all
        select n.recipient_user_id, n.project_id, 'notification', 1, null from platform.notifications n
         where n.organization_id = holder and n.read_at is null and n.expires_at > now()
        union all
        select m.user_id, m.project_id, 'project', 1, null from work.project_members m where m.organization_id = holder and m.is_active
        union all
        select t.user_id, t.project_id, 'minutes', t.minutes, null from work.time_entries t where t.organization_id = holder and t.spent_on > current_date - 30
      ), hidden as (
        -- A private project shows in nobody's figures who may not see it. Only those pairs are asked that there are, which is few.
        select x.who, x.project_id
          from (select distinct t.who, t.project_id from thing t join live p on p.id = t.project_id where p.is_private and p.owner is distinct from t.who) x
         where not exists (select from work.project_members m where m.organization_id = holder and m.project_id = x.project_id and m.user_id = x.who and m.is_active)
           and not exists (select from authz.grants_of(x.who) g where g.resource_type = 'project' and g.action = 'manage_members' and g.project_id is null)
      ), counted as (
        select t.who, count(*) filter (where t.kind = 'task') as tasks, count(*) filter (where t.kind = 'task' and t.is_late) as late,
               count(*) filter (where t.kind = 'defect') as defects, count(*) filter (where t.kind = 'request') as requests,
               count(*) filter (where t.kind = 'approval') as approvals, count(*) filter (where t.kind = 'notification') as notifications,
               count(*) filter (where t.kind = 'project') as projects, sum(t.amount) filter (where t.kind = 'minutes') as minutes
          from thing t
          left join live p on p.id = t.project_id
          left join hidden h on h.who = t.who and h.project_id = t.project_id
         where (t.project_id is null or p.id is not null) and h.who is null
         group by 1
      ), seen as (
        select s.user_id as who, max(s.last_active_at) as at from identity.sessions s where s.organization_id = holder group by 1
      ), logged as (
        select t.user_id as who, max(t.created_at) as at from work.time_entries t where t.organization_id = holder group by 1
      )
      select m.organization_id, m.user_id, coalesce(c.tasks, 0), coalesce(c.late, 0), coalesce(c.defects, 0), coalesce(c.requests, 0),
             coalesce(c.approvals, 0), coalesce(c.notifications, 0), coalesce(c.projects, 0), coalesce(c.minutes, 0), greatest(seen.at, logged.at)
        from identity.memberships m
        left join counted c on c.who = m.user_id
        left join seen on seen.who = m.user_id
        left join logged on logged.who = m.user_id
       where m.organization_id = holder and m.deleted_at is null and m.status = 'active';
  end loop;
  perform set_config('app.current_organization_id', before, true), set_config('app.project_access', access, true);
end
$$;
comment on function analytics.count_for_users() is
  'What every active member of every organisation has to do, has not read and has done lately, organisation by organisation. Fills analytics.user_dashboard_stats.';

-- What each project is made of ----------------------------------------------------------------------------------------

create function analytics.count_for_projects()
  returns table (
    organization_id uuid, project_id uuid,
    requirements bigint, requirements_draft bigint, requirements_approved bigint, requirements_in_progress bigint, requirements_completed bigint,
    requirements_rejected bigint, requirements_proven bigint, requirements_partial bigint, requirements_failing bigint, requirements_gap bigint,
    criteria bigint, criteria_proven bigint,
    features bigint, features_not_started bigint, features_in_progress bigint, features_completed bigint, features_blocked bigint,
    tasks bigint, tasks_todo bigint, tasks_in_progress bigint, tasks_in_review bigint, tasks_blocked bigint, tasks_done bigint, tasks_cancelled bigint,
    tasks_overdue bigint,
    defects bigint, defects_open bigint, defects_assigned bigint, defects_in_progress bigint, defects_resolved bigint, defects_verified bigint,
    defects_closed bigint, defects_wont_fix bigint,
    test_cases bigint, test_cases_active bigint, test_cases_deprecated bigint, test_cases_disabled bigint,
    tests_passed bigint, tests_failed bigint, tests_errored bigint, tests_skipped bigint, tests_never_run bigint, pass_rate_percent numeric,
    builds bigint, last_build_number int, coverage_percent numeric,
    vulnerabilities_critical bigint, vulnerabilities_high bigint, vulnerabilities_medium bigint, vulnerabilities_low bigint,
    deployments_30d bigint, deployments_failed_30d bigint,
    hours_planned numeric, hours_actual numeric,
    members bigint, documents bigint, change_requests bigint, change_requests_open bigint)
  language plpgsql
  as $$
#variable_conflict use_column
declare
  before text := coalesce(current_setting('app.current_organization_id', true), '');
  access text := coalesce(current_setting('app.project_access', true), '');
  holder uuid;
begin
  for holder in select platform.all_organizations() loop
    perform set_config('app.current_organization_id', holder::text, true), set_config('app.project_access', 'all', true);
    return query
      with requirement as (
        select e.project_id, count(*) as everything, count(*) filter (where e.status = 'draft') as draft, count(*) filter (where e.status = 'approved') as approved,
               count(*) filter (where e.status = 'in_progress') as in_progress, count(*) filter (where e.status = 'completed') as completed,
               count(*) filter (where e.status = 'rejected') as rejected,
               count(*) filter (where e.status <> 'rejected' and e.standing = 'proven') as proven,
               count(*) filter (where e.status <> 'rejected' and e.standing = 'partial') as partial,
               count(*) filter (where e.status <> 'rejected' and e.standing = 'failing') as failing,
               count(*) filter (where e.status <> 'rejected' and e.standing = 'gap') as gap,
               sum(e.criteria) filter (where e.status <> 'rejected') as criteria, sum(e.criteria_proven) filter (where e.status <> 'rejected') as criteria_proven
          from work.requirement_evidence e where e.organization_id = holder and e.deleted_at is null group by 1
      ), feature as (
        select f.project_id, count(*) as everything, count(*) filter (where f.implementation_status = 'not_started') as not_started,
               count(*) filter (where f.implementation_status = 'in_progress') as in_progress,
               count(*) filter (where f.implementation_status = 'completed') as completed, count(*) filter (where f.implementation_status = 'blocked') as blocked
          from work.features f where f.organization_id = holder and f.deleted_at is null group by 1
      ), task as (
        select t.project_id, count(*) as everything, count(*) filter (where t.status = 'todo') as todo, count(*) filter (where t.status = 'in_progress') as in_progress,
               count(*) filter (where t.status = 'in_review') as in_review, count(*) filter (where t.status = 'blocked') as blocked,
               count(*) filter (where t.status = 'done') as done, count(*) filter (where t.status = 'cancelled') as cancelled,
               count(*) filter (where t.status not in ('done', 'cancelled') and t.due_date < current_date) as overdue,
               sum(t.estimated_hours) filter (where t.status <> 'cancelled') as planned, round(sum(t.logged_minutes) / 60.0, 2) as actual
          from work.tasks t where t.organization_id = holder and t.deleted_at is null group by 1
      ), defect as (
        select d.project_id, count(*) as everything, count(*) filter (where d.status = 'open') as open, count(*) filter (where d.status = 'assigned') as assigned,
               count(*) filter (where d.status = 'in_progress') as in_progress, count(*) filter (where d.status = 'resolved') as resolved,
               count(*) filter (where d.status = 'verified') as verified, count(*) filter (where d.status = 'closed') as closed,
               count(*) filter (where d.status = 'wont_fix') as wont_fix
          from quality.defects d where d.organization_id = holder and d.deleted_at is null group by 1
      ), test as (
        select c.project_id, count(*) as everything, count(*) filter (where c.status = 'active') as active, count(*) filter (where c.status = 'deprecated') as deprecated,
               count(*) filter (where c.status = 'disabled') as disabled,
               count(*) filter (where c.status = 'active' and c.last_run_status = 'passed') as passed,
               count(*) filter (where c.status = 'active' and c.last_run_status = 'failed') as failed,
               count(*) filter (where c.status = 'active' and c.last_run_status = 'error') as errored,
               count(*) filter (where c.status = 'active' and c.last_run_status = 'skipped') as skipped,
               count(*) filter (where c.status = 'active' and c.last_run_status is null) as never_run
          from quality.test_cases c where c.organization_id = holder and c.deleted_at is null group by 1
      ), build as (
        select b.project_id, count(*) as everything, max(b.build_number) as last_number,
               (array_agg(b.code_coverage_percent order by b.build_number desc) filter (where b.code_coverage_percent is not null))[1] as coverage
          from delivery.builds b where b.organization_id = holder group by 1
      ), vulnerability as (
        select v.project_id, count(*) filter (where v.severity = 'critical') as critical, count(*) filter (where v.severity = 'high') as high,
               count(*) filter (where v.severity = 'medium') as medium, count(*) filter (where v.severity = 'low') as low
          from security.vulnerabilities v where v.organization_id = holder and v.deleted_at is null and v.status in ('open', 'acknowledged') group by 1
      ), deployment as (
        select d.project_id, count(*) as lately, count(*) filter (where d.status in ('failed', 'rolled_back')) as failed
          from delivery.deployments d where d.organization_id = holder and coalesce(d.deployed_at, d.created_at) > now() - interval '30 days' group by 1
      ), member as (
        select m.project_id, count(*) as some from work.project_members m where m.organization_id = holder and m.is_active group by 1
      ), document as (
        select d.project_id, count(*) as some from documents.documents d where d.organization_id = holder and d.deleted_at is null group by 1
      ), request as (
        select c.project_id, count(*) as everything, count(*) filter (where c.status not in ('rejected', 'implemented', 'closed', 'cancelled')) as open
          from work.change_requests c where c.organization_id = holder and c.deleted_at is null group by 1
      )
      select p.organization_id, p.id,
             coalesce(requirement.everything, 0), coalesce(requirement.draft, 0), coalesce(requirement.approved, 0), coalesce(requirement.in_progress, 0),
             coalesce(requirement.completed, 0), coalesce(requirement.rejected, 0), coalesce(requirement.proven, 0), coalesce(requirement.partial, 0),
             coalesce(requirement.failing, 0), coalesce(requirement.gap, 0), coalesce(requirement.criteria, 0), coalesce(requirement.criteria_proven, 0),
             coalesce(feature.everything, 0), coalesce(feature.not_started, 0), coalesce(feature.in_progress, 0), coalesce(feature.completed, 0),
             coalesce(feature.blocked, 0),
             coalesce(task.everything, 0), coalesce(task.todo, 0), coalesce(task.in_progress, 0), coalesce(task.in_review, 0), coalesce(task.blocked, 0),
             coalesce(task.done, 0), coalesce(task.cancelled, 0), coalesce(task.overdue, 0),
             coalesce(defect.everything, 0), coalesce(defect.open, 0), coalesce(defect.assigned, 0), coalesce(defect.in_progress, 0),
             coalesce(defect.resolved, 0), coalesce(defect.verified, 0), coalesce(defect.closed, 0), coalesce(defect.wont_fix, 0),
             coalesce(test.everything, 0), coalesce(test.active, 0), coalesce(test.deprecated, 0), coalesce(test.disabled, 0),
             coalesce(test.passed, 0), coalesce(test.failed, 0), coalesce(test.errored, 0), coalesce(test.skipped, 0), coalesce(test.never_run, 0),
             round(100.0 * test.passed / nullif(test.passed + test.failed + test.errored, 0), 2),
             coalesce(build.everything, 0), build.last_number, build.coverage,
             coalesce(vulnerability.critical, 0), coalesce(vulnerability.high, 0), coalesce(vulnerability.medium, 0), coalesce(vulnerability.low, 0),
             coalesce(deployment.lately, 0), coalesce(deployment.failed, 0),
             coalesce(task.planned, 0), coalesce(task.actual, 0),
             coalesce(member.some, 0), coalesce(document.some, 0), coalesce(request.everything, 0), coalesce(request.open, 0)
        from work.projects p
        left join requirement on requirement.project_id = p.id
        left join feature on feature.project_id = p.id
        left join task on task.project_id = p.id
        left join defect on defect.project_id = p.id
        left join test on test.project_id = p.id
        left join build on build.project_id = p.id
        left join vulnerability on vulnerability.project_id = p.id
        left join deployment on deployment.project_id = p.id
        left join member on member.project_id = p.id
        left join document on document.project_id = p.id
        left join request on request.project_id = p.id
       where p.organization_id = holder and p.deleted_at is null;
  end loop;
  perform set_config('app.current_organization_id', before, true), set_config('app.project_access', access, true);
end
$$;
comment on function analytics.count_for_projects() is
  'What every project of every organisation is made of, organisation by organisation; one pass over each table. Fills analytics.project_stats.';
revoke execute on function analytics.count_for_users(), analytics.count_for_projects() from public;

grant create on schema analytics to throughline_statistics;
alter function analytics.count_for_users() owner to throughline_statistics;
alter function analytics.count_for_projects() owner to throughline_statistics;

create materialized view analytics.user_dashboard_stats as
  select s.*, now() as refreshed_at from analytics.count_for_users() s with no data;
create unique index user_dashboard_stats_key on analytics.user_dashboard_stats (organization_id, user_id);
alter materialized view analytics.user_dashboard_stats owner to throughline_statistics;

create materialized view analytics.project_stats as
  select s.*, now() as refreshed_at from analytics.count_for_projects() s with no data;
create unique index project_stats_key on analytics.project_stats (organization_id, project_id);
alter materialized view analytics.project_stats owner to throughline_statistics;

-- What others see of them. The version lets callers ask whether anything was counted since. -----------------------------

create view analytics.v_user_dashboard_stats with (security_barrier = true) as
  select s.*, extract(epoch from s.refreshed_at)::bigint as row_version from analytics.user_dashboard_stats s
   where s.organization_id = platform.current_organization();
create view analytics.v_project_stats with (security_barrier = true) as
  select s.*, extract(epoch from s.refreshed_at)::bigint as row_version from analytics.project_stats s
   where s.organization_id = platform.current_organization()
     and s.project_id in (select p.id from work.projects p where p.organization_id = platform.current_organization());
alter view analytics.v_user_dashboard_stats owner to throughline_statistics;
alter view analytics.v_project_stats owner to throughline_statistics;
grant select on analytics.v_user_dashboard_stats, analytics.v_project_stats to application_user, readonly_user, super_admin;

create function analytics.refresh_dashboards(p_older_than interval default interval '4 minutes') returns boolean
  language plpgsql security definer
  set search_path = pg_catalog, pg_temp
  as $$
declare
  target text;
  stale  boolean;
  done   boolean := false;
begin
  -- Whoever comes second need not wait: the first one counts for both.
  if not pg_try_advisory_xact_lock(hashtextextended('throughline dashboards', 0)) then
    return false;
  end if;
  perform set_config('lock_timeout', '5s', true);
  -- By name, as platform.maintain_database() takes them: each waits for the other, and neither for both.
  foreach target in array array['analytics.project_stats', 'analytics.user_dashboard_stats'] loop
    if not (select c.relispopulated from pg_class c where c.oid = target::regclass) then
      execute 'refresh materialized view ' || target;
      done := true;
      continue;
    end if;
    execute format('select coalesce(max(s.refreshed_at) <= now() - $1, true) from %s s', target) into stale using p_older_than;
    if stale then
      execute 'refresh materialized view concurrently ' || target;
      done := true;
    end if;
  end loop;
  return done;
end
$$;
comment on function analytics.refresh_dashboards(interval) is
  'Counts the dashboards anew where the figures are older than that; readers go on reading the old ones meanwhile. True: something was counted. '
  'Called by servers every few minutes, of which one at a time does it, and daily by platform.maintain_database().';
revoke execute on function analytics.refresh_dashboards(interval) from public;
grant execute on function analytics.refresh_dashboards(interval) to application_user;
alter function analytics.refresh_dashboards(interval) owner to throughline_statistics;
revoke create on schema analytics from throughline_statistics;

comment on materialized view analytics.user_dashboard_stats is
  'What each member has before them. Holds all organisations, so nobody is given it: read analytics.v_user_dashboard_stats.';
comment on view analytics.v_user_dashboard_stats is
  'What each member has before them. Of the current organisation.';
comment on column analytics.user_dashboard_stats.organization_id is 'The organisation.';
comment on column analytics.v_user_dashboard_stats.organization_id is 'The organisation.';
comment on column analytics.user_dashboard_stats.user_id is 'The member, who is active.';
comment on column analytics.v_user_dashboard_stats.user_id is 'The member, who is active.';
comment on column analytics.user_dashboard_stats.open_tasks is 'Tasks assigned to them that are neither done nor cancelled. Here as below: in active projects that they may see.';
comment on column analytics.v_user_dashboard_stats.open_tasks is 'Tasks assigned to them that are neither done nor cancelled. Here as below: in active projects that they may see.';
comment on column analytics.user_dashboard_stats.overdue_tasks is 'Those of them whose day has passed.';
comment on column analytics.v_user_dashboard_stats.overdue_tasks is 'Those of them whose day has passed.';
comment on column analytics.user_dashboard_stats.assigned_defects is 'Defects assigned to them that nobody has resolved yet.';
comment on column analytics.v_user_dashboard_stats.assigned_defects is 'Defects assigned to them that nobody has resolved yet.';
comment on column analytics.user_dashboard_stats.open_change_requests is 'Change requests they made or handle that are not at their end.';
comment on column analytics.v_user_dashboard_stats.open_change_requests is 'Change requests they made or handle that are not at their end.';
comment on column analytics.user_dashboard_stats.pending_approvals is 'Requests that wait for their decision, of changes and of everything else.';
comment on column analytics.v_user_dashboard_stats.pending_approvals is 'Requests that wait for their decision, of changes and of everything else.';
comment on column analytics.user_dashboard_stats.unread_notifications is 'Notifications they have not read and that have not expired.';
comment on column analytics.v_user_dashboard_stats.unread_notifications is 'Notifications they have not read and that have not expired.';
comment on column analytics.user_dashboard_stats.projects is 'Active projects they are a member of.';
comment on column analytics.v_user_dashboard_stats.projects is 'Active projects they are a member of.';
comment on column analytics.user_dashboard_stats.minutes_logged_30d is 'Minutes they logged for the last 30 days.';
comment on column analytics.v_user_dashboard_stats.minutes_logged_30d is 'Minutes they logged for the last 30 days.';
comment on column analytics.user_dashboard_stats.last_activity_at is 'When they were last seen, or last logged time. Null: never.';
comment on column analytics.v_user_dashboard_stats.last_activity_at is 'When they were last seen, or last logged time. Null: never.';
comment on column analytics.user_dashboard_stats.refreshed_at is 'When this was counted.';
comment on column analytics.v_user_dashboard_stats.refreshed_at is 'When this was counted.';
comment on column analytics.v_user_dashboard_stats.row_version is 'The moment of counting in seconds: as long as it is the same, so are the figures.';
comment on materialized view analytics.project_stats is
  'What each project is made of. Holds all organisations, so nobody is given it: read analytics.v_project_stats.';
comment on view analytics.v_project_stats is
  'What each project is made of. Of the current organisation, without projects that the asking member may not see.';
comment on column analytics.project_stats.organization_id is 'The organisation.';
comment on column analytics.v_project_stats.organization_id is 'The organisation.';
comment on column analytics.project_stats.project_id is 'The project, which is not in the bin.';
comment on column analytics.v_project_stats.project_id is 'The project, which is not in the bin.';
comment on column analytics.project_stats.requirements is 'Requirements that are not in the bin.';
comment on column analytics.v_project_stats.requirements is 'Requirements that are not in the bin.';
comment on column analytics.project_stats.requirements_draft is 'Those that are draft.';
comment on column analytics.v_project_stats.requirements_draft is 'Those that are draft.';
comment on column analytics.project_stats.requirements_approved is 'Those that are approved.';
comment on column analytics.v_project_stats.requirements_approved is 'Those that are approved.';
comment on column analytics.project_stats.requirements_in_progress is 'Those that are in progress.';
comment on column analytics.v_project_stats.requirements_in_progress is 'Those that are in progress.';
comment on column analytics.project_stats.requirements_completed is 'Those that are completed.';
comment on column analytics.v_project_stats.requirements_completed is 'Those that are completed.';
comment on column analytics.project_stats.requirements_rejected is 'Those that are rejected.';
comment on column analytics.v_project_stats.requirements_rejected is 'Those that are rejected.';
comment on column analytics.project_stats.requirements_proven is 'Those, not rejected, that the evidence proves.';
comment on column analytics.v_project_stats.requirements_proven is 'Those, not rejected, that the evidence proves.';
comment on column analytics.project_stats.requirements_partial is 'Those, not rejected, of which some criteria are proven.';
comment on column analytics.v_project_stats.requirements_partial is 'Those, not rejected, of which some criteria are proven.';
comment on column analytics.project_stats.requirements_failing is 'Those, not rejected, of which a test fails.';
comment on column analytics.v_project_stats.requirements_failing is 'Those, not rejected, of which a test fails.';
comment on column analytics.project_stats.requirements_gap is 'Those, not rejected, that nothing proves.';
comment on column analytics.v_project_stats.requirements_gap is 'Those, not rejected, that nothing proves.';
comment on column analytics.project_stats.criteria is 'Acceptance criteria of requirements that are not rejected.';
comment on column analytics.v_project_stats.criteria is 'Acceptance criteria of requirements that are not rejected.';
comment on column analytics.project_stats.criteria_proven is 'Those that are proven.';
comment on column analytics.v_project_stats.criteria_proven is 'Those that are proven.';
comment on column analytics.project_stats.features is 'Features that are not in the bin.';
comment on column analytics.v_project_stats.features is 'Features that are not in the bin.';
comment on column analytics.project_stats.features_not_started is 'Those that are not started.';
comment on column analytics.v_project_stats.features_not_started is 'Those that are not started.';
comment on column analytics.project_stats.features_in_progress is 'Those that are in progress.';
comment on column analytics.v_project_stats.features_in_progress is 'Those that are in progress.';
comment on column analytics.project_stats.features_completed is 'Those that are completed.';
comment on column analytics.v_project_stats.features_completed is 'Those that are completed.';
comment on column analytics.project_stats.features_blocked is 'Those that are blocked.';
comment on column analytics.v_project_stats.features_blocked is 'Those that are blocked.';
comment on column analytics.project_stats.tasks is 'Tasks that are not in the bin.';
comment on column analytics.v_project_stats.tasks is 'Tasks that are not in the bin.';
comment on column analytics.project_stats.tasks_todo is 'Those that are not begun.';
comment on column analytics.v_project_stats.tasks_todo is 'Those that are not begun.';
comment on column analytics.project_stats.tasks_in_progress is 'Those that are in progress.';
comment on column analytics.v_project_stats.tasks_in_progress is 'Those that are in progress.';
comment on column analytics.project_stats.tasks_in_review is 'Those that are in review.';
comment on column analytics.v_project_stats.tasks_in_review is 'Those that are in review.';
comment on column analytics.project_stats.tasks_blocked is 'Those that are blocked.';
comment on column analytics.v_project_stats.tasks_blocked is 'Those that are blocked.';
comment on column analytics.project_stats.tasks_done is 'Those that are done.';
comment on column analytics.v_project_stats.tasks_done is 'Those that are done.';
comment on column analytics.project_stats.tasks_cancelled is 'Those that are cancelled.';
comment on column analytics.v_project_stats.tasks_cancelled is 'Those that are cancelled.';
comment on column analytics.project_stats.tasks_overdue is 'Those that are neither done nor cancelled though their day has passed.';
comment on column analytics.v_project_stats.tasks_overdue is 'Those that are neither done nor cancelled though their day has passed.';
comment on column analytics.project_stats.defects is 'Defects that are not in the bin.';
comment on column analytics.v_project_stats.defects is 'Defects that are not in the bin.';
comment on column analytics.project_stats.defects_open is 'Those that are open and assigned to nobody.';
comment on column analytics.v_project_stats.defects_open is 'Those that are open and assigned to nobody.';
comment on column analytics.project_stats.defects_assigned is 'Those that are assigned.';
comment on column analytics.v_project_stats.defects_assigned is 'Those that are assigned.';
comment on column analytics.project_stats.defects_in_progress is 'Those that are in progress.';
comment on column analytics.v_project_stats.defects_in_progress is 'Those that are in progress.';
comment on column analytics.project_stats.defects_resolved is 'Those that are resolved.';
comment on column analytics.v_project_stats.defects_resolved is 'Those that are resolved.';
comment on column analytics.project_stats.defects_verified is 'Those that are verified.';
comment on column analytics.v_project_stats.defects_verified is 'Those that are verified.';
comment on column analytics.project_stats.defects_closed is 'Those that are closed.';
comment on column analytics.v_project_stats.defects_closed is 'Those that are closed.';
comment on column analytics.project_stats.defects_wont_fix is 'Those that are left as they are.';
comment on column analytics.v_project_stats.defects_wont_fix is 'Those that are left as they are.';
comment on column analytics.project_stats.test_cases is 'Test cases that are not in the bin.';
comment on column analytics.v_project_stats.test_cases is 'Test cases that are not in the bin.';
comment on column analytics.project_stats.test_cases_active is 'Those that are run.';
comment on column analytics.v_project_stats.test_cases_active is 'Those that are run.';
comment on column analytics.project_stats.test_cases_deprecated is 'Those that are about to go.';
comment on column analytics.v_project_stats.test_cases_deprecated is 'Those that are about to go.';
comment on column analytics.project_stats.test_cases_disabled is 'Those that are switched off.';
comment on column analytics.v_project_stats.test_cases_disabled is 'Those that are switched off.';
comment on column analytics.project_stats.tests_passed is 'Active test cases whose latest result passed.';
comment on column analytics.v_project_stats.tests_passed is 'Active test cases whose latest result passed.';
comment on column analytics.project_stats.tests_failed is 'Active test cases whose latest result failed.';
comment on column analytics.v_project_stats.tests_failed is 'Active test cases whose latest result failed.';
comment on column analytics.project_stats.tests_errored is 'Active test cases that broke when they last ran.';
comment on column analytics.v_project_stats.tests_errored is 'Active test cases that broke when they last ran.';
comment on column analytics.project_stats.tests_skipped is 'Active test cases that were last skipped.';
comment on column analytics.v_project_stats.tests_skipped is 'Active test cases that were last skipped.';
comment on column analytics.project_stats.tests_never_run is 'Active test cases without a result.';
comment on column analytics.v_project_stats.tests_never_run is 'Active test cases without a result.';
comment on column analytics.project_stats.pass_rate_percent is 'Share of the passed among those that ran, in percent. Null: none ran.';
comment on column analytics.v_project_stats.pass_rate_percent is 'Share of the passed among those that ran, in percent. Null: none ran.';
comment on column analytics.project_stats.builds is 'Builds.';
comment on column analytics.v_project_stats.builds is 'Builds.';
comment on column analytics.project_stats.last_build_number is 'The highest number of a build. Null: there is no build.';
comment on column analytics.v_project_stats.last_build_number is 'The highest number of a build. Null: there is no build.';
comment on column analytics.project_stats.coverage_percent is 'Coverage of the latest build that has one, in percent. Null: none has.';
comment on column analytics.v_project_stats.coverage_percent is 'Coverage of the latest build that has one, in percent. Null: none has.';
comment on column analytics.project_stats.vulnerabilities_critical is 'Vulnerabilities of that severity, critical, that are open or acknowledged.';
comment on column analytics.v_project_stats.vulnerabilities_critical is 'Vulnerabilities of that severity, critical, that are open or acknowledged.';
comment on column analytics.project_stats.vulnerabilities_high is 'Vulnerabilities of that severity, high, that are open or acknowledged.';
comment on column analytics.v_project_stats.vulnerabilities_high is 'Vulnerabilities of that severity, high, that are open or acknowledged.';
comment on column analytics.project_stats.vulnerabilities_medium is 'Vulnerabilities of that severity, medium, that are open or acknowledged.';
comment on column analytics.v_project_stats.vulnerabilities_medium is 'Vulnerabilities of that severity, medium, that are open or acknowledged.';
comment on column analytics.project_stats.vulnerabilities_low is 'Vulnerabilities of that severity, low, that are open or acknowledged.';
comment on column analytics.v_project_stats.vulnerabilities_low is 'Vulnerabilities of that severity, low, that are open or acknowledged.';
comment on column analytics.project_stats.deployments_30d is 'Deployments of the last 30 days.';
comment on column analytics.v_project_stats.deployments_30d is 'Deployments of the last 30 days.';
comment on column analytics.project_stats.deployments_failed_30d is 'Those that failed or were rolled back.';
comment on column analytics.v_project_stats.deployments_failed_30d is 'Those that failed or were rolled back.';
comment on column analytics.project_stats.hours_planned is 'Hours estimated for tasks that are not cancelled.';
comment on column analytics.v_project_stats.hours_planned is 'Hours estimated for tasks that are not cancelled.';
comment on column analytics.project_stats.hours_actual is 'Hours logged for tasks.';
comment on column analytics.v_project_stats.hours_actual is 'Hours logged for tasks.';
comment on column analytics.project_stats.members is 'Active members of the project.';
comment on column analytics.v_project_stats.members is 'Active members of the project.';
comment on column analytics.project_stats.documents is 'Documents of the project that are neither private nor in the bin.';
comment on column analytics.v_project_stats.documents is 'Documents of the project that are neither private nor in the bin.';
comment on column analytics.project_stats.change_requests is 'Change requests that are not in the bin.';
comment on column analytics.v_project_stats.change_requests is 'Change requests that are not in the bin.';
comment on column analytics.project_stats.change_requests_open is 'Those that are not at their end.';
comment on column analytics.v_project_stats.change_requests_open is 'Those that are not at their end.';
comment on column analytics.project_stats.refreshed_at is 'When this was counted.';
comment on column analytics.v_project_stats.refreshed_at is 'When this was counted.';
comment on column analytics.v_project_stats.row_version is 'The moment of counting in seconds: as long as it is the same, so are the figures.';

-- Results of a day ----------------------------------------------------------------------------------------------------

create table analytics.rollup_results_daily (
  organization_id uuid not null default platform.current_organization(),
  project_id      uuid not null,
  day             date not null,
  passed          bigint not null default 0,
  failed          bigint not null default 0,
  errors          bigint not null default 0,
  skipped         bigint not null default 0,
  duration_ms     bigint not null default 0,
  primary key (organization_id, project_id, day),
  constraint rollup_results_daily_project_id_fkey foreign key (organization_id, project_id) references work.projects on update cascade on delete cascade,
  constraint rollup_results_daily_passed_check check (least(passed, failed, errors, skipped, duration_ms) >= 0)
) with (fillfactor = 70);
call platform.adopt_table('analytics.rollup_results_daily', 'internal', 'while the project exists: it outlives the results', 'select, insert, update');
comment on table analytics.rollup_results_daily is
  'The results of a project by day, added up as results are stored. A trend over years reads one row a day, and stays when old results have been archived.';
comment on column analytics.rollup_results_daily.day is
  'The day, in UTC, on which the build began; of a result without a build, the day it was made.';
comment on column analytics.rollup_results_daily.passed is 'Results that passed.';
comment on column analytics.rollup_results_daily.failed is 'Results where an expectation did not hold.';
comment on column analytics.rollup_results_daily.errors is 'Results that broke before they could tell.';
comment on column analytics.rollup_results_daily.skipped is 'Tests that were not run.';
comment on column analytics.rollup_results_daily.duration_ms is 'How long they took together; results without a duration count as nothing.';
comment on constraint rollup_results_daily_passed_check on analytics.rollup_results_daily is 'counts and duration must not be negative';

create function analytics.day_of_build(p_build uuid, p_executed timestamptz) returns date
  language sql stable
  as $$
    -- A range of one, ordered: without statistics the planner knows no better than to take the key's own index (see V038).
    select (coalesce((select coalesce(b.started_at, b.created_at) from delivery.builds b where b.id >= p_build and b.id <= p_build order by b.id limit 1),
                     p_executed) at time zone 'UTC')::date
  $$;
comment on function analytics.day_of_build(uuid, timestamptz) is 'The day results count for: that of their build, else that of their execution.';

create function analytics.roll_up_results() returns trigger
  language plpgsql
  as $$
declare
  access text := coalesce(current_setting('app.project_access', true), '');
begin
  perform set_config('app.project_access', 'all', true);
  insert into analytics.rollup_results_daily as r (organization_id, project_id, day, passed, failed, errors, skipped, duration_ms)
  select g.organization_id, g.project_id, d.day, sum(g.passed), sum(g.failed), sum(g.errors), sum(g.skipped), sum(g.duration)
    from (select n.organization_id, n.project_id, n.build_id, case when n.build_id is null then date_trunc('day', n.executed_at, 'UTC') end as at,
                 count(*) filter (where n.status = 'passed') as passed, count(*) filter (where n.status = 'failed') as failed,
                 count(*) filter (where n.status = 'error') as errors, count(*) filter (where n.status = 'skipped') as skipped,
                 coalesce(sum(n.duration_ms), 0) as duration
            from new_rows n group by 1, 2, 3, 4) g
   cross join lateral (select analytics.day_of_build(g.build_id, g.at) as day offset 0) d
   group by 1, 2, 3 order by 1, 2, 3
  on conflict (organization_id, project_id, day) do update
     set passed = r.passed + excluded.passed, failed = r.failed + excluded.failed, errors = r.errors + excluded.errors,
         skipped = r.skipped + excluded.skipped, duration_ms = r.duration_ms + excluded.duration_ms;
  perform set_config('app.project_access', access, true);
  return null;
end
$$;
comment on function analytics.roll_up_results() is
  'Adds what one statement stored to the days of its projects: as many rows are touched as there are days, never one a result.';
create trigger roll_up_results after insert on quality.test_results referencing new table as new_rows
  for each statement execute function analytics.roll_up_results();

do $$
declare
  organization uuid;
begin
  for organization in select platform.all_organizations() loop
    perform set_config('app.current_organization_id', organization::text, true), set_config('app.project_access', 'all', true);
    insert into analytics.rollup_results_daily (project_id, day, passed, failed, errors, skipped, duration_ms)
    select n.project_id, analytics.day_of_build(n.build_id, n.at), sum(n.passed), sum(n.failed), sum(n.errors), sum(n.skipped), sum(n.duration)
      from (select t.project_id, t.build_id, case when t.build_id is null then date_trunc('day', t.executed_at, 'UTC') end as at,
                   count(*) filter (where t.status = 'passed') as passed, count(*) filter (where t.status = 'failed') as failed,
                   count(*) filter (where t.status = 'error') as errors, count(*) filter (where t.status = 'skipped') as skipped,
                   coalesce(sum(t.duration_ms), 0) as duration
              from quality.test_results t where t.organization_id = organization group by 1, 2, 3) n
     group by 1, 2;
  end loop;
  perform set_config('app.current_organization_id', '', true), set_config('app.project_access', '', true);
end
$$;

-- Everybody sees their own row; those of others show how much their colleagues have to do.
call platform.declare_resource_type('dashboard', 'How much members have to do.', '{}', '{}', '{read,create,update,delete,restore,export}');

select analytics.refresh_dashboards();
