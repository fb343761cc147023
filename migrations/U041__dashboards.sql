call platform.forget_resource_types('dashboard');
drop trigger roll_up_results on quality.test_results;
drop function analytics.roll_up_results();
drop function analytics.day_of_build(uuid, timestamptz);
drop table analytics.rollup_results_daily;
delete from platform.table_facts where (table_schema, table_name) = ('analytics', 'rollup_results_daily');
drop function analytics.refresh_dashboards(interval);
drop view analytics.v_project_stats;
drop view analytics.v_user_dashboard_stats;
drop materialized view analytics.project_stats;
drop materialized view analytics.user_dashboard_stats;
drop function analytics.count_for_projects();
drop function analytics.count_for_users();
do $$
declare
  rule record;
begin
  for rule in
    select p.polname as name, p.polrelid::regclass as target,
           (select string_agg(quote_ident(r.rolname), ', ' order by r.rolname) from pg_roles r
             where r.oid = any (p.polroles) and r.rolname <> 'throughline_statistics') as roles
      from pg_policy p
     where p.polrelid in ('identity.memberships'::regclass, 'identity.sessions'::regclass, 'work.project_members'::regclass) and p.polname <> 'sign_in'
  loop
    execute format('alter policy %I on %s to %s', rule.name, rule.target, rule.roles);
  end loop;
end
$$;
revoke execute on function platform.all_organizations(), work.project_roles_of(uuid) from throughline_statistics;
revoke select on work.projects, work.project_members, work.requirements, work.requirement_evidence, work.features, work.tasks, work.change_requests,
  work.change_request_approvals, work.time_entries, quality.test_cases, quality.defects, delivery.builds, delivery.deployments, documents.documents,
  security.vulnerabilities, authz.roles, authz.user_roles, authz.role_permissions, authz.user_permissions, authz.permissions, authz.resource_types, authz.approval_requests, authz.approval_workflow_steps, authz.approval_decisions,
  identity.memberships, identity.sessions, platform.notifications
  from throughline_statistics;
do $temporary$
begin
  execute format('revoke temporary on database %I from throughline_statistics', current_database());
end
$temporary$;
revoke usage on schema platform, identity, authz, work, quality, delivery, documents, security, analytics from throughline_statistics;
