update authz.role_grants_template set actions = '{update}' where role_code = 'admin' and resource_type = 'gate_rule';
-- Whoever undoes a step belongs to no organisation, and the rows of all of them have to go.
alter table authz.role_permissions no force row level security;
alter table authz.permissions no force row level security;
alter table authz.roles no force row level security;
delete from authz.role_permissions h
using authz.permissions p join authz.resource_types t on t.id = p.resource_type_id, authz.roles r
where h.organization_id = p.organization_id and h.permission_id = p.id and t.name = 'gate_rule' and p.action in ('create', 'delete')
  and r.organization_id = h.organization_id and r.id = h.role_id and r.template_code = 'admin';
alter table authz.roles force row level security;
alter table authz.permissions force row level security;
alter table authz.role_permissions force row level security;
comment on table delivery.gate_rules is
  'What a build of a project has to fulfil before it goes on. Every project has one row for each rule that there is, and says how strict it is and whether it is in force.';
revoke delete on delivery.gate_rules from application_user;
alter table delivery.gate_rules drop constraint gate_rules_project_id_key;
-- Of several of one kind, the one that was there first is the one a project began with.
alter table delivery.gate_rules no force row level security;
delete from delivery.gate_rules r using delivery.gate_rules o
where o.organization_id = r.organization_id and o.project_id = r.project_id and o.rule = r.rule and o.id < r.id;
alter table delivery.gate_rules force row level security;
alter table delivery.gate_rules add constraint gate_rules_project_id_key unique (organization_id, project_id, rule);
