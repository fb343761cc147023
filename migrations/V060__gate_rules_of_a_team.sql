-- A team adds rules of its own: several of one kind that differ in how bad what they count has to be.

-- squawk-ignore ban-drop-constraint -- what takes its place is narrower where a rule goes by a severity, and the same where not
alter table delivery.gate_rules drop constraint gate_rules_project_id_key;
-- squawk-ignore constraint-missing-not-valid, disallowed-unique-constraint -- a project has a handful of rules: the index is built in a moment
alter table delivery.gate_rules add constraint gate_rules_project_id_key unique nulls not distinct (organization_id, project_id, rule, severity);
grant delete on delivery.gate_rules to application_user;
comment on table delivery.gate_rules is
  'What a build of a project has to fulfil before it goes on. A project begins with one row for each rule that there is; of those that go by a severity it may have one for each. A row says how strict it is and whether it is in force.';

update authz.role_grants_template set actions = '{update,create,delete}' where role_code = 'admin' and resource_type = 'gate_rule';
call platform.give_resource_types('gate_rule');
