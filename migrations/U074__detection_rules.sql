drop function security.open_events(timestamptz);
revoke select (organization_id, id, severity, is_resolved, notification_due_at, notification_sent_at) on security.security_events from throughline_statistics;
drop trigger touch on security.security_events;
update platform.table_facts set statistics = '{}' where (table_schema, table_name) = ('security', 'security_events');
drop trigger keep_regulatory_clock on security.security_events;
drop function security.keep_regulatory_clock();
drop index security.security_events_notification_due_at_idx;
drop index security.security_events_fingerprint_idx;
alter table security.security_events
  drop column is_incident, drop column fingerprint, drop column occurrence_count, drop column last_seen_at, drop column newest_seen_id,
  drop column became_aware_at, drop column notification_due_at, drop column notification_authority, drop column notification_reference,
  drop column notification_delay_reason, drop column notification_recorded_by, drop column notification_reminder;
create trigger touch before update on security.security_events for each row execute function platform.touch('row_version');
comment on table security.security_events is
  'Something that may endanger data or people, and what was done about it. Partitioned by the quarter of its identifier.';
drop index audit.audit_logs_exported_idx;
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
drop function security.seed_detection_rules(uuid);
drop table security.detection_rules;
delete from platform.table_facts where table_schema = 'security' and table_name = 'detection_rules';
call platform.forget_resource_types('detection_rule');
