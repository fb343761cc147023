-- What the law and the auditors ask, how far it is met, and what must be masked.

create table security.compliance_frameworks (
  id             uuid not null default platform.uuid_v7(),
  name           text not null,
  version        text,
  description    text,
  jurisdiction   text,
  framework_type text not null default 'security',
  is_active      boolean not null default true,
  effective_date date,
  created_at     timestamptz not null default now(),
  updated_at     timestamptz not null default now(),
  primary key (id),
  constraint compliance_frameworks_name_key unique nulls not distinct (name, version),
  constraint compliance_frameworks_name_check check (char_length(name) between 1 and 100),
  constraint compliance_frameworks_version_check check (char_length(version) between 1 and 20),
  constraint compliance_frameworks_description_check check (char_length(description) <= 10000),
  constraint compliance_frameworks_jurisdiction_check check (char_length(jurisdiction) between 1 and 100),
  constraint compliance_frameworks_framework_type_check check (framework_type ~ '^[a-z][a-z0-9_]{0,49}$')
);

create table security.compliance_controls (
  id           uuid not null default platform.uuid_v7(),
  framework_id uuid not null,
  control_kind text not null default 'requirement',
  code         text not null,
  title        text not null,
  details      jsonb not null default '{}',
  position     int not null default 1,
  primary key (id),
  constraint compliance_controls_framework_id_fkey foreign key (framework_id) references security.compliance_frameworks
    on update cascade on delete cascade,
  constraint compliance_controls_code_key unique (framework_id, code),
  constraint compliance_controls_position_key unique (framework_id, position),
  constraint compliance_controls_control_kind_check check (control_kind in ('requirement', 'control')),
  constraint compliance_controls_code_check check (char_length(code) between 1 and 60),
  constraint compliance_controls_title_check check (char_length(title) between 1 and 255),
  constraint compliance_controls_details_check check (jsonb_typeof(details) = 'object'),
  constraint compliance_controls_position_check check (position > 0)
);

create table security.classification_frameworks (
  classification_id uuid not null,
  framework_id      uuid not null,
  primary key (classification_id, framework_id),
  constraint classification_frameworks_classification_id_fkey foreign key (classification_id) references security.data_classifications
    on update cascade on delete cascade,
  constraint classification_frameworks_framework_id_fkey foreign key (framework_id) references security.compliance_frameworks
    on update cascade on delete cascade
);
create index classification_frameworks_framework_id_idx on security.classification_frameworks (framework_id);

create table security.data_elements (
  id                 uuid not null default platform.uuid_v7(),
  table_name         text not null,
  column_name        text not null,
  element_type       text not null,
  classification_id  uuid not null,
  detection_patterns jsonb not null default '[]',
  validation_rules   jsonb not null default '{}',
  masking_method     text not null,
  masking_parameters jsonb not null default '{}',
  is_active          boolean not null default true,
  auto_detected      boolean not null default false,
  created_at         timestamptz not null default now(),
  updated_at         timestamptz not null default now(),
  primary key (id),
  constraint data_elements_column_name_key unique (table_name, column_name),
  constraint data_elements_classification_id_fkey foreign key (classification_id) references security.data_classifications
    on update cascade on delete restrict,
  constraint data_elements_table_name_check check (table_name ~ '^[a-z_][a-z0-9_]*\.[a-z_][a-z0-9_]*$'),
  constraint data_elements_column_name_check check (column_name ~ '^[a-z_][a-z0-9_]*$'),
  constraint data_elements_element_type_check check (element_type ~ '^[a-z][a-z0-9_]{0,99}$'),
  constraint data_elements_detection_patterns_check check (jsonb_typeof(detection_patterns) = 'array'),
  constraint data_elements_validation_rules_check check (jsonb_typeof(validation_rules) = 'object'),
  constraint data_elements_masking_method_check check (masking_method in ('hash', 'encrypt', 'tokenize', 'redact', 'partial')),
  constraint data_elements_masking_parameters_check check (jsonb_typeof(masking_parameters) = 'object')
);
create index data_elements_classification_id_idx on security.data_elements (classification_id);
create index data_elements_element_type_idx on security.data_elements (element_type);

create function security.check_data_element() returns trigger
  language plpgsql
  as $$
begin
  if to_regclass(new.table_name) is null or not platform.has_column(to_regclass(new.table_name), new.column_name::name) then
    raise exception using
      errcode = 'check_violation', schema = 'security', table = 'data_elements', column = 'column_name',
      constraint = 'data_elements_column_exists',
      message = format('there is no column %s of %s: a classification of nothing would calm nobody', new.column_name, new.table_name);
  end if;
  return new;
end
$$;
comment on function security.check_data_element() is 'Refuses to classify a column that is not there.';
create trigger check_data_element before insert or update of table_name, column_name on security.data_elements
  for each row execute function security.check_data_element();

create table security.masking_policies (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  name                 text not null,
  description          text,
  masking_rules        jsonb not null,
  condition_expression text,
  is_active            boolean not null default true,
  priority             int not null default 100,
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now(),
  created_by      uuid default platform.current_user_id(),
  updated_by      uuid,
  row_version     bigint not null default 1,
  deleted_at      timestamptz,
  deleted_by      uuid,
  primary key (organization_id, id),
  constraint masking_policies_organization_id_fkey foreign key (organization_id) references identity.organizations on update cascade on delete restrict,
  constraint masking_policies_name_check check (char_length(name) between 1 and 255),
  constraint masking_policies_description_check check (char_length(description) <= 10000),
  constraint masking_policies_masking_rules_check check (jsonb_typeof(masking_rules) = 'object'),
  constraint masking_policies_condition_expression_check check (char_length(condition_expression) between 1 and 10000)
);
create unique index masking_policies_name_key on security.masking_policies (organization_id, name) where deleted_at is null;
create index masking_policies_priority_idx on security.masking_policies (organization_id, priority desc, id) where is_active and deleted_at is null;

create table security.masking_policy_scopes (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  policy_id      uuid not null,
  table_pattern  text,
  column_pattern text,
  user_id        uuid,
  role_id        uuid,
  primary key (organization_id, id),
  constraint masking_policy_scopes_policy_id_fkey foreign key (organization_id, policy_id) references security.masking_policies
    on update cascade on delete cascade,
  constraint masking_policy_scopes_role_id_fkey foreign key (organization_id, role_id) references authz.roles on update cascade on delete cascade,
  constraint masking_policy_scopes_table_pattern_check check (char_length(table_pattern) between 1 and 255),
  constraint masking_policy_scopes_column_pattern_check check (char_length(column_pattern) between 1 and 255),
  constraint masking_policy_scopes_exactly_one_check check (num_nonnulls(table_pattern, column_pattern, user_id, role_id) = 1)
);
create unique index masking_policy_scopes_policy_id_key on security.masking_policy_scopes
  (organization_id, policy_id, table_pattern, column_pattern, user_id, role_id) nulls not distinct;
create index masking_policy_scopes_role_id_idx on security.masking_policy_scopes (organization_id, role_id) where role_id is not null;

create table security.compliance_assessments (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  framework_id            uuid not null,
  assessment_name         text not null,
  assessment_type         text not null default 'self_assessment',
  scope_description       text,
  overall_status          text not null default 'in_progress',
  compliance_score        numeric(5,2),
  assessment_period_start date,
  assessment_period_end   date,
  conducted_by            uuid default platform.current_user_id(),
  reviewed_by             uuid,
  approved_by             uuid,
  status                  text not null default 'draft',
  completed_at            timestamptz,
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now(),
  created_by      uuid default platform.current_user_id(),
  updated_by      uuid,
  row_version     bigint not null default 1,
  deleted_at      timestamptz,
  deleted_by      uuid,
  primary key (organization_id, id),
  constraint compliance_assessments_organization_id_fkey foreign key (organization_id) references identity.organizations
    on update cascade on delete restrict,
  constraint compliance_assessments_framework_id_fkey foreign key (framework_id) references security.compliance_frameworks
    on update cascade on delete restrict,
  constraint compliance_assessments_assessment_name_check check (char_length(assessment_name) between 1 and 255),
  constraint compliance_assessments_assessment_type_check check (assessment_type in ('self_assessment', 'external_audit', 'continuous_monitoring')),
  constraint compliance_assessments_scope_description_check check (char_length(scope_description) <= 100000),
  constraint compliance_assessments_overall_status_check check (overall_status in ('compliant', 'non_compliant', 'partially_compliant', 'in_progress')),
  constraint compliance_assessments_compliance_score_check check (compliance_score between 0 and 100),
  constraint compliance_assessments_period_check check (assessment_period_end >= assessment_period_start),
  constraint compliance_assessments_status_check check (status in ('draft', 'in_review', 'approved', 'archived')),
  constraint compliance_assessments_approved_by_check check (approved_by <> conducted_by),
  constraint compliance_assessments_approved_check check (status <> 'approved' or (overall_status <> 'in_progress' and completed_at is not null))
);
create index compliance_assessments_framework_id_idx on security.compliance_assessments (framework_id);
create index compliance_assessments_framework_idx on security.compliance_assessments (organization_id, framework_id, id) where deleted_at is null;
create index compliance_assessments_status_idx on security.compliance_assessments (organization_id, status, id) where deleted_at is null;
create index compliance_assessments_period_idx on security.compliance_assessments (organization_id, assessment_period_start, assessment_period_end)
  where deleted_at is null;

create function security.sign_assessment() returns trigger
  language plpgsql
  as $$
begin
  if new.status = 'approved' and (tg_op = 'INSERT' or old.status <> 'approved') then
    new.approved_by := coalesce(platform.current_user_id(), new.approved_by);
    if new.approved_by is null or new.approved_by = new.conducted_by then
      raise exception using
        errcode = 'check_violation', schema = 'security', table = 'compliance_assessments', column = 'approved_by',
        constraint = 'compliance_assessments_approved_by_check',
        message = 'an assessment must be approved by somebody other than who conducted it';
    end if;
  elsif tg_op = 'UPDATE' and new.status not in ('approved', 'archived') then
    new.approved_by := null;
  end if;
  return new;
end
$$;
comment on function security.sign_assessment() is 'Whoever moves an assessment to approved signs it, and nobody signs their own.';
create trigger sign_assessment before insert or update of status, approved_by on security.compliance_assessments
  for each row execute function security.sign_assessment();

create table security.compliance_findings (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  assessment_id uuid not null,
  finding_kind  text not null default 'finding',
  control_id    uuid,
  position      int not null default 1,
  title         text not null,
  details       jsonb not null default '{}',
  severity      text not null default 'medium',
  status        text not null default 'open',
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now(),
  primary key (organization_id, id),
  constraint compliance_findings_assessment_id_fkey foreign key (organization_id, assessment_id) references security.compliance_assessments
    on update cascade on delete cascade,
  constraint compliance_findings_control_id_fkey foreign key (control_id) references security.compliance_controls on update cascade on delete restrict,
  constraint compliance_findings_position_key unique (organization_id, assessment_id, position),
  constraint compliance_findings_finding_kind_check check (finding_kind in ('finding', 'recommendation')),
  constraint compliance_findings_position_check check (position > 0),
  constraint compliance_findings_title_check check (char_length(title) between 1 and 500),
  constraint compliance_findings_details_check check (jsonb_typeof(details) = 'object'),
  constraint compliance_findings_severity_check check (severity in ('critical', 'high', 'medium', 'low', 'info')),
  constraint compliance_findings_status_check check (status in ('open', 'in_progress', 'resolved', 'accepted_risk'))
);
create index compliance_findings_control_id_idx on security.compliance_findings (control_id) where control_id is not null;

create function security.check_finding_control() returns trigger
  language plpgsql
  as $$
begin
  if not exists (
    select from security.compliance_controls c join security.compliance_assessments a on a.framework_id = c.framework_id
    where c.id = new.control_id and a.organization_id = new.organization_id and a.id = new.assessment_id) then
    raise exception using
      errcode = 'check_violation', schema = 'security', table = 'compliance_findings', column = 'control_id',
      constraint = 'compliance_findings_control_of_framework',
      message = 'the control must be one of the framework that is assessed';
  end if;
  return new;
end
$$;
comment on function security.check_finding_control() is 'A finding names a control of the framework its assessment is about.';
create trigger check_finding_control before insert or update of control_id, assessment_id on security.compliance_findings
  for each row when (new.control_id is not null) execute function security.check_finding_control();

do $$
declare
  shared regclass;
begin
  foreach shared in array array['security.compliance_frameworks', 'security.compliance_controls', 'security.classification_frameworks']::regclass[] loop
    call platform.adopt_table(shared, 'public', 'for ever', 'select', p_exempt_reason => 'a catalogue that all organisations share');
  end loop;
end
$$;
call platform.adopt_table('security.data_elements', 'internal', 'as long as the column exists', 'select',
  p_exempt_reason => 'describes the schema, which all organisations share');
call platform.adopt_table('security.masking_policies', 'internal', 'while the organisation exists; 90 days in the bin');
call platform.adopt_table('security.masking_policy_scopes', 'internal', 'while the policy is kept', 'select, insert, update, delete');
call platform.refer_to_members('security.masking_policy_scopes', 'user_id');
call platform.adopt_table('security.compliance_assessments', 'confidential', '7 years after completion; 90 days in the bin');
call platform.refer_to_members('security.compliance_assessments', 'conducted_by', 'reviewed_by', 'approved_by');
call platform.adopt_table('security.compliance_findings', 'confidential', 'while the assessment is kept', 'select, insert, update, delete');
call platform.register_table('security.compliance_assessments', 'compliance_assessment', 'n.assessment_name',
  '{assessment_name,status,conducted_by,deleted_at}', 'n.status', 'n.conducted_by');
comment on table security.compliance_frameworks is
  'Laws, standards and rule books that an organisation can be held against.';
comment on column security.compliance_frameworks.name is 'The short name everybody uses.';
comment on column security.compliance_frameworks.version is
  'Which edition; the year it took effect where it has no number. Null: there is only one.';
comment on column security.compliance_frameworks.description is 'What it is about.';
comment on column security.compliance_frameworks.jurisdiction is 'Where it holds, such as EU, US or Global. Null: unknown.';
comment on column security.compliance_frameworks.framework_type is 'What it protects, such as privacy, security, financial or ai.';
comment on column security.compliance_frameworks.is_active is 'False: kept for old assessments, no longer offered.';
comment on column security.compliance_frameworks.effective_date is 'From when it holds, or when this edition was published. Null: unknown.';
comment on constraint compliance_frameworks_name_check on security.compliance_frameworks is 'name must be 1 to 100 characters long';
comment on constraint compliance_frameworks_version_check on security.compliance_frameworks is 'version must be 1 to 20 characters long';
comment on constraint compliance_frameworks_description_check on security.compliance_frameworks is
  'description must be at most 10,000 characters long';
comment on constraint compliance_frameworks_jurisdiction_check on security.compliance_frameworks is
  'jurisdiction must be 1 to 100 characters long';
comment on constraint compliance_frameworks_framework_type_check on security.compliance_frameworks is
  'framework type must begin with a lower-case letter and hold only lower-case letters, digits and underscores';
comment on table security.compliance_controls is
  'What one framework asks, point by point, in our words: a pointer to the text, not the text.';
comment on column security.compliance_controls.framework_id is 'The framework; the row goes away with it.';
comment on column security.compliance_controls.control_kind is
  'requirement: something that must be so; control: a measure that makes it so.';
comment on column security.compliance_controls.code is 'How the framework itself numbers it.';
comment on column security.compliance_controls.title is 'What it is about, in one line.';
comment on column security.compliance_controls.details is 'What it asks in short (asks), and groups such as theme or part.';
comment on column security.compliance_controls.position is 'Order within the framework.';
comment on constraint compliance_controls_code_check on security.compliance_controls is 'code must be 1 to 60 characters long';
comment on constraint compliance_controls_title_check on security.compliance_controls is 'title must be 1 to 255 characters long';
comment on constraint compliance_controls_details_check on security.compliance_controls is 'details must be a JSON object';
comment on constraint compliance_controls_position_check on security.compliance_controls is 'position must be greater than zero';
comment on table security.classification_frameworks is
  'Which frameworks have something to say about data of a classification.';
comment on column security.classification_frameworks.classification_id is 'The classification.';
comment on column security.classification_frameworks.framework_id is 'The framework.';
comment on table security.data_elements is
  'Columns that hold something sensitive: what it is, how to recognise it elsewhere, how to mask it.';
comment on column security.data_elements.table_name is 'The table with its schema. A column that does not exist is refused.';
comment on column security.data_elements.column_name is 'The column.';
comment on column security.data_elements.element_type is 'What it holds, such as email, phone, name, address, money, secret.';
comment on column security.data_elements.classification_id is 'How sensitive it is.';
comment on column security.data_elements.detection_patterns is
  'POSIX regular expressions by which such a value is recognised in free text and logs; an empty list means none.';
comment on column security.data_elements.validation_rules is
  'What a true value looks like, by name; an empty object means nothing is known.';
comment on column security.data_elements.masking_method is
  'hash: by a keyed digest; encrypt: it is stored sealed; tokenize: by a stand-in; redact: not at all; partial: a few characters.';
comment on column security.data_elements.masking_parameters is 'How the method is to be used, by name.';
comment on column security.data_elements.is_active is 'False: no longer masked by this rule.';
comment on column security.data_elements.auto_detected is 'True: found by a scan, not declared by a person.';
comment on constraint data_elements_table_name_check on security.data_elements is
  'table name must be a schema, a point and a table, in lower case';
comment on constraint data_elements_column_name_check on security.data_elements is
  'column name must hold only lower-case letters, digits and underscores';
comment on constraint data_elements_element_type_check on security.data_elements is
  'element type must begin with a lower-case letter and hold only lower-case letters, digits and underscores';
comment on constraint data_elements_detection_patterns_check on security.data_elements is 'detection patterns must be a JSON array';
comment on constraint data_elements_validation_rules_check on security.data_elements is 'validation rules must be a JSON object';
comment on constraint data_elements_masking_parameters_check on security.data_elements is 'masking parameters must be a JSON object';
comment on table security.masking_policies is
  'A rule of the organisation on what is masked for whom, over what the data elements say.';
comment on column security.masking_policies.name is 'What people call it; unique among live ones.';
comment on column security.masking_policies.description is 'Why it is there. Null: the name says it.';
comment on column security.masking_policies.masking_rules is 'Method and parameters by kind of element.';
comment on column security.masking_policies.condition_expression is 'When it applies, in the words of the policy engine. Null: always.';
comment on column security.masking_policies.is_active is 'False: kept, not applied.';
comment on column security.masking_policies.priority is 'The higher one is applied first.';
comment on constraint masking_policies_name_check on security.masking_policies is 'name must be 1 to 255 characters long';
comment on constraint masking_policies_description_check on security.masking_policies is
  'description must be at most 10,000 characters long';
comment on constraint masking_policies_masking_rules_check on security.masking_policies is 'masking rules must be a JSON object';
comment on constraint masking_policies_condition_expression_check on security.masking_policies is
  'condition expression must be 1 to 10,000 characters long';
comment on table security.masking_policy_scopes is
  'What or whom a masking policy is for. Without scopes it is for everything and everybody.';
comment on column security.masking_policy_scopes.policy_id is 'The policy; the row goes away with it.';
comment on column security.masking_policy_scopes.table_pattern is 'Tables, with % for any characters. Null: another field says.';
comment on column security.masking_policy_scopes.column_pattern is 'Columns, with % for any characters. Null: another field says.';
comment on column security.masking_policy_scopes.user_id is 'A member. Null: another field says.';
comment on column security.masking_policy_scopes.role_id is 'Whoever has this role. Null: another field says.';
comment on constraint masking_policy_scopes_table_pattern_check on security.masking_policy_scopes is
  'table pattern must be 1 to 255 characters long';
comment on constraint masking_policy_scopes_column_pattern_check on security.masking_policy_scopes is
  'column pattern must be 1 to 255 characters long';
comment on constraint masking_policy_scopes_exactly_one_check on security.masking_policy_scopes is
  'a scope must name exactly one: a table pattern, a column pattern, a member or a role';
comment on table security.compliance_assessments is
  'A look at how far a framework is met, from the first note to the signature.';
comment on column security.compliance_assessments.framework_id is 'What is held against.';
comment on column security.compliance_assessments.assessment_name is 'What people call it.';
comment on column security.compliance_assessments.assessment_type is
  'Who looks: the organisation itself, an auditor from outside, or a program without end.';
comment on column security.compliance_assessments.scope_description is 'Which systems, teams and data it covers. Null: all.';
comment on column security.compliance_assessments.overall_status is 'What came out.';
comment on column security.compliance_assessments.compliance_score is 'The same as a number from 0 to 100. Null: not scored.';
comment on column security.compliance_assessments.assessment_period_start is 'The first day looked at. Null: not set.';
comment on column security.compliance_assessments.assessment_period_end is 'The last day looked at. Null: not set.';
comment on column security.compliance_assessments.conducted_by is 'Who looks. Null: nobody yet, or somebody from outside.';
comment on column security.compliance_assessments.reviewed_by is 'Who read it over. Null: nobody yet.';
comment on column security.compliance_assessments.approved_by is
  'Who signed it; never who conducted it. Written by a trigger. Null: not signed.';
comment on column security.compliance_assessments.status is 'How far the paper is.';
comment on column security.compliance_assessments.completed_at is 'When it was finished. Null: not yet.';
comment on constraint compliance_assessments_assessment_name_check on security.compliance_assessments is
  'assessment name must be 1 to 255 characters long';
comment on constraint compliance_assessments_scope_description_check on security.compliance_assessments is
  'scope description must be at most 100,000 characters long';
comment on constraint compliance_assessments_compliance_score_check on security.compliance_assessments is
  'compliance score must be from 0 to 100';
comment on constraint compliance_assessments_period_check on security.compliance_assessments is
  'assessment period end must not be before assessment period start';
comment on constraint compliance_assessments_approved_by_check on security.compliance_assessments is
  'an assessment must be approved by somebody other than who conducted it';
comment on constraint compliance_assessments_approved_check on security.compliance_assessments is
  'an approved assessment must be complete and say what came out';
comment on table security.compliance_findings is
  'Something an assessment found, or recommends.';
comment on column security.compliance_findings.assessment_id is 'The assessment; the row goes away with it.';
comment on column security.compliance_findings.finding_kind is
  'finding: something is not as it must be; recommendation: something could be better.';
comment on column security.compliance_findings.control_id is 'The point of the framework it concerns. Null: none in particular.';
comment on column security.compliance_findings.position is 'Order within the assessment.';
comment on column security.compliance_findings.title is 'What it is, in one line.';
comment on column security.compliance_findings.details is 'What was seen, what is advised, by name.';
comment on column security.compliance_findings.severity is 'How much it matters.';
comment on column security.compliance_findings.status is 'How it stands; accepted_risk: left as it is on purpose.';
comment on constraint compliance_findings_position_check on security.compliance_findings is 'position must be greater than zero';
comment on constraint compliance_findings_title_check on security.compliance_findings is 'title must be 1 to 500 characters long';
comment on constraint compliance_findings_details_check on security.compliance_findings is 'details must be a JSON object';

insert into authz.resource_types (name, description) values
  ('compliance_framework',  'Laws and standards, and what they ask.'),
  ('data_element',          'Columns that hold something sensitive.'),
  ('masking_policy',        'What is masked for whom.'),
  ('compliance_assessment', 'Assessments and their findings.');
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
where t.name in ('compliance_framework', 'data_element', 'masking_policy', 'compliance_assessment');
insert into authz.role_grants_template (role_code, resource_type, actions) values
  ('viewer', 'compliance_framework', '{read,export}'),
  ('developer', 'data_element', '{read}'),
  ('developer', 'compliance_assessment', '{read,export}'),
  ('admin', 'data_element', '{export}'),
  ('admin', 'masking_policy', '{read,create,update,delete,restore,export}'),
  ('admin', 'compliance_assessment', '{create,update,delete,restore}');

-- What the frameworks ask: pointers into their texts, with what each point means in our own words.
insert into security.compliance_frameworks (name, version, description, jurisdiction, framework_type, effective_date) values
  ('GDPR', '2016/679', 'The European Unions law on personal data: who may use it, what for, and what people may demand.', 'EU', 'privacy', '2018-05-25'),
  ('CCPA', '2018, amended 2020', 'Californias law on personal information of consumers, as amended by the CPRA.', 'US-CA', 'privacy', '2020-01-01'),
  ('HIPAA', '45 CFR 164', 'The United States safeguards for electronic health information (Security Rule).', 'US', 'privacy', '2003-04-21'),
  ('SOX', '2002', 'The United States law on honest accounts of listed companies and the controls behind them.', 'US', 'financial', '2002-07-30'),
  ('PCI-DSS', '4.0', 'What whoever stores, processes or transmits card data has to keep to.', 'Global', 'security', '2022-03-31'),
  ('ISO/IEC 27001', '2022', 'The international standard for managing information security; its Annex A lists 93 controls.', 'Global', 'security', '2022-10-25'),
  ('SOC 2', '2017', 'The trust services criteria by which auditors report on service organisations; the common criteria.', 'US', 'security', '2017-04-01'),
  ('NIS2', '2022/2555', 'The European Unions directive on the cybersecurity of essential and important entities.', 'EU', 'security', '2024-10-18'),
  ('EU AI Act', '2024/1689', 'The European Unions law on artificial intelligence, by risk.', 'EU', 'ai', '2024-08-01'),
  ('DORA', '2022/2554', 'The European Unions law on the digital resilience of financial entities.', 'EU', 'financial', '2025-01-17');

insert into security.compliance_controls (framework_id, control_kind, code, title, details, position)
select f.id, c.control_kind, c.code, c.title, jsonb_build_object('asks', c.asks, 'part', c.part), c.position
from security.compliance_frameworks f
cross join (values
  (1, 'requirement', 'Art. 5', 'Principles of processing', 'Principles', 'Use personal data lawfully, fairly and openly; for stated ends; no more, no longer and no less accurate than needed; safely; and be able to show it.'),
  (2, 'requirement', 'Art. 6', 'Lawfulness', 'Principles', 'Have one of six grounds for each use: consent, contract, legal duty, vital interest, public task, or legitimate interest.'),
  (3, 'requirement', 'Art. 7', 'Conditions of consent', 'Principles', 'Be able to show consent, ask for it plainly and apart from other matters, and let it be withdrawn as easily as given.'),
  (4, 'requirement', 'Art. 8', 'Consent of children', 'Principles', 'For online services, have a parent agree below the age limit, and make a reasonable effort to check.'),
  (5, 'requirement', 'Art. 9', 'Special categories', 'Principles', 'Leave health, belief, origin, biometrics and the like alone, unless one of the listed exceptions holds.'),
  (6, 'requirement', 'Art. 10', 'Criminal convictions', 'Principles', 'Use data on convictions only under official control or where the law allows it.'),
  (7, 'requirement', 'Art. 11', 'Processing without identification', 'Principles', 'Do not identify people only to comply; say so where you cannot identify somebody.'),
  (8, 'requirement', 'Art. 12', 'Clear communication', 'Rights of the person', 'Inform in plain language and answer requests free of charge within one month.'),
  (9, 'requirement', 'Art. 13', 'Information when collecting', 'Rights of the person', 'Tell people at the time of collection who you are, why, on which ground, to whom it goes, how long it stays, and their rights.'),
  (10, 'requirement', 'Art. 14', 'Information when obtained elsewhere', 'Rights of the person', 'Tell the same, and where it came from, within a month when the data came from somebody else.'),
  (11, 'requirement', 'Art. 15', 'Right of access', 'Rights of the person', 'Give people a copy of their data and say how it is used.'),
  (12, 'requirement', 'Art. 16', 'Right to rectification', 'Rights of the person', 'Correct what is wrong and complete what is missing.'),
  (13, 'requirement', 'Art. 17', 'Right to erasure', 'Rights of the person', 'Erase what is no longer needed, was withdrawn, objected to or unlawful, and tell those it was published to.'),
  (14, 'requirement', 'Art. 18', 'Right to restriction', 'Rights of the person', 'Set data aside, unused, while accuracy or grounds are disputed.'),
  (15, 'requirement', 'Art. 19', 'Telling recipients', 'Rights of the person', 'Pass corrections, erasures and restrictions on to everybody who received the data.'),
  (16, 'requirement', 'Art. 20', 'Right to portability', 'Rights of the person', 'Hand over what a person gave in a common machine-readable form, or send it to another provider.'),
  (17, 'requirement', 'Art. 21', 'Right to object', 'Rights of the person', 'Stop uses based on interest or public task unless there are compelling grounds, and direct marketing at once.'),
  (18, 'requirement', 'Art. 22', 'Automated decisions', 'Rights of the person', 'Do not decide on people by machine alone with serious effect, unless excepted and a human can step in.'),
  (19, 'requirement', 'Art. 23', 'Restrictions by law', 'Rights of the person', 'Where national law limits these rights, keep to the limits it sets.'),
  (20, 'requirement', 'Art. 24', 'Responsibility of the controller', 'Duties of controller and processor', 'Take measures fitting the risk, review them, and be able to demonstrate them.'),
  (21, 'requirement', 'Art. 25', 'Protection by design and by default', 'Duties of controller and processor', 'Build protection in from the start; by default use only what each purpose needs.'),
  (22, 'requirement', 'Art. 26', 'Joint controllers', 'Duties of controller and processor', 'Agree who does what when several decide together, and tell people the essence.'),
  (23, 'requirement', 'Art. 27', 'Representative in the Union', 'Duties of controller and processor', 'From outside the Union, name a representative inside it in writing.'),
  (24, 'requirement', 'Art. 28', 'Processors', 'Duties of controller and processor', 'Use only processors with sufficient guarantees, under a contract with the listed duties.'),
  (25, 'requirement', 'Art. 29', 'Processing on instruction', 'Duties of controller and processor', 'Whoever works under the controller or processor uses the data only as instructed.'),
  (26, 'requirement', 'Art. 30', 'Records of processing', 'Duties of controller and processor', 'Keep a record of each kind of processing and show it to the authority on request.'),
  (27, 'requirement', 'Art. 31', 'Cooperation with the authority', 'Duties of controller and processor', 'Work with the supervisory authority when it asks.'),
  (28, 'requirement', 'Art. 32', 'Security of processing', 'Duties of controller and processor', 'Protect by measures fitting the risk: pseudonyms, encryption, resilience, recovery, regular tests.'),
  (29, 'requirement', 'Art. 33', 'Notifying the authority of a breach', 'Duties of controller and processor', 'Report a breach within 72 hours of learning of it, unless it is unlikely to harm, and keep a record of all.'),
  (30, 'requirement', 'Art. 34', 'Telling people of a breach', 'Duties of controller and processor', 'Tell the people concerned without delay when a breach puts them at high risk.'),
  (31, 'requirement', 'Art. 35', 'Impact assessment', 'Duties of controller and processor', 'Assess uses likely to be of high risk before they begin.')) as c (position, control_kind, code, title, part, asks)
where f.name = 'GDPR';

insert into security.compliance_controls (framework_id, control_kind, code, title, details, position)
select f.id, c.control_kind, c.code, c.title, jsonb_build_object('asks', c.asks, 'part', c.part), c.position
from security.compliance_frameworks f
cross join (values
  (1, 'requirement', '1798.100', 'Right to notice', 'Rights of the person', 'Say at or before collection what is collected, why, how long it is kept, and collect no more than that.'),
  (2, 'requirement', '1798.105', 'Right to delete', 'Rights of the person', 'Delete what a consumer asks to have deleted and pass that on, unless an exception holds.'),
  (3, 'requirement', '1798.106', 'Right to correct', 'Rights of the person', 'Correct inaccurate personal information on request.'),
  (4, 'requirement', '1798.110', 'Right to know what is collected', 'Rights of the person', 'Tell a consumer the categories and the very pieces collected, their sources, uses and recipients.'),
  (5, 'requirement', '1798.115', 'Right to know what is sold or shared', 'Rights of the person', 'Tell a consumer which categories went to which kinds of third parties.'),
  (6, 'requirement', '1798.120', 'Right to opt out of sale and sharing', 'Rights of the person', 'Stop selling or sharing on request; under 16, only with opt-in.'),
  (7, 'requirement', '1798.121', 'Right to limit sensitive information', 'Rights of the person', 'Limit sensitive information to what the service needs when asked.'),
  (8, 'requirement', '1798.125', 'No retaliation', 'Rights of the person', 'Do not treat consumers worse for using their rights.'),
  (9, 'requirement', '1798.130', 'Answering requests', 'Duties', 'Offer ways to ask, verify who asks, answer within 45 days, and keep the privacy policy current.'),
  (10, 'requirement', '1798.135', 'Opt-out links and signals', 'Duties', 'Offer the opt-out links or honour the signal of a browser.'),
  (11, 'requirement', '1798.150', 'Reasonable security', 'Duties', 'Protect unencrypted personal information; consumers may sue after a breach that this would have prevented.')) as c (position, control_kind, code, title, part, asks)
where f.name = 'CCPA';

insert into security.compliance_controls (framework_id, control_kind, code, title, details, position)
select f.id, c.control_kind, c.code, c.title, jsonb_build_object('asks', c.asks, 'part', c.part), c.position
from security.compliance_frameworks f
cross join (values
  (1, 'requirement', '164.308(a)(1)', 'Security management process', 'Administrative safeguards', 'Analyse and manage risks, sanction breaches of policy, review activity of systems.'),
  (2, 'requirement', '164.308(a)(2)', 'Assigned responsibility', 'Administrative safeguards', 'Name one official who answers for security.'),
  (3, 'requirement', '164.308(a)(3)', 'Workforce security', 'Administrative safeguards', 'Let only those work with health information who should, and end access when they leave.'),
  (4, 'requirement', '164.308(a)(4)', 'Access management', 'Administrative safeguards', 'Authorise, establish and change access by documented rules.'),
  (5, 'requirement', '164.308(a)(5)', 'Awareness and training', 'Administrative safeguards', 'Train everybody: reminders, malicious software, sign-in monitoring, passwords.'),
  (6, 'requirement', '164.308(a)(6)', 'Incident procedures', 'Administrative safeguards', 'Recognise, answer and document incidents.'),
  (7, 'requirement', '164.308(a)(7)', 'Contingency plan', 'Administrative safeguards', 'Back up, recover, keep going in an emergency; test and revise the plans.'),
  (8, 'requirement', '164.308(a)(8)', 'Evaluation', 'Administrative safeguards', 'Evaluate regularly, and after changes, whether the rules are met.'),
  (9, 'requirement', '164.308(b)(1)', 'Business associates', 'Administrative safeguards', 'Have written assurances from those who handle health information for you.'),
  (10, 'requirement', '164.310(a)(1)', 'Facility access', 'Physical safeguards', 'Limit who can get to systems and the buildings that house them.'),
  (11, 'requirement', '164.310(b)', 'Workstation use', 'Physical safeguards', 'Say what workstations may be used for, how, and in which surroundings.'),
  (12, 'requirement', '164.310(c)', 'Workstation security', 'Physical safeguards', 'Keep others away from workstations with access.'),
  (13, 'requirement', '164.310(d)(1)', 'Devices and media', 'Physical safeguards', 'Govern how hardware and media come, move, are reused and destroyed.'),
  (14, 'requirement', '164.312(a)(1)', 'Access control', 'Technical safeguards', 'Unique users, emergency access, automatic sign-off, encryption.'),
  (15, 'requirement', '164.312(b)', 'Audit controls', 'Technical safeguards', 'Record and examine what happens in systems that hold health information.'),
  (16, 'requirement', '164.312(c)(1)', 'Integrity', 'Technical safeguards', 'Protect health information from improper change or destruction.'),
  (17, 'requirement', '164.312(d)', 'Authentication', 'Technical safeguards', 'Verify that people and programs are who they claim to be.'),
  (18, 'requirement', '164.312(e)(1)', 'Transmission security', 'Technical safeguards', 'Guard health information on its way over networks.'),
  (19, 'requirement', '164.314(a)(1)', 'Business associate contracts', 'Organisational requirements', 'Put the required duties into contracts with business associates.'),
  (20, 'requirement', '164.316(a)', 'Policies and procedures', 'Documentation', 'Adopt reasonable policies and procedures.'),
  (21, 'requirement', '164.316(b)(1)', 'Documentation', 'Documentation', 'Write them down, keep them six years, make them available, keep them current.')) as c (position, control_kind, code, title, part, asks)
where f.name = 'HIPAA';

insert into security.compliance_controls (framework_id, control_kind, code, title, details, position)
select f.id, c.control_kind, c.code, c.title, jsonb_build_object('asks', c.asks, 'part', c.part), c.position
from security.compliance_frameworks f
cross join (values
  (1, 'requirement', '302', 'Responsibility of officers for reports', 'Reporting', 'Chief executive and chief financial officer certify each report and the controls behind it.'),
  (2, 'requirement', '404', 'Assessment of internal controls', 'Controls', 'Management assesses internal control over financial reporting each year; the auditor attests.'),
  (3, 'requirement', '409', 'Disclosure in real time', 'Reporting', 'Tell the public quickly and plainly of material changes.'),
  (4, 'requirement', '802', 'Penalties for altering records', 'Records', 'Never destroy or alter records to obstruct; auditors keep their papers for years.')) as c (position, control_kind, code, title, part, asks)
where f.name = 'SOX';

insert into security.compliance_controls (framework_id, control_kind, code, title, details, position)
select f.id, c.control_kind, c.code, c.title, jsonb_build_object('asks', c.asks, 'part', c.part), c.position
from security.compliance_frameworks f
cross join (values
  (1, 'requirement', '1', 'Network security controls', 'Network', 'Put controls between networks you trust and those you do not, and keep their rules under review.'),
  (2, 'requirement', '2', 'Secure configuration', 'Network', 'Change defaults and harden every component.'),
  (3, 'requirement', '3', 'Protection of stored account data', 'Account data', 'Store as little as possible, make it unreadable, manage the keys.'),
  (4, 'requirement', '4', 'Strong cryptography in transmission', 'Account data', 'Encrypt card data over open, public networks.'),
  (5, 'requirement', '5', 'Protection from malicious software', 'Vulnerabilities', 'Detect, block and keep watch for malware, phishing included.'),
  (6, 'requirement', '6', 'Secure systems and software', 'Vulnerabilities', 'Develop securely, patch in time, protect public web applications.'),
  (7, 'requirement', '7', 'Access by need to know', 'Access', 'Give access to systems and data only as far as the work needs it.'),
  (8, 'requirement', '8', 'Identification and authentication', 'Access', 'One identity for each user, strong factors, more than one into the card environment.'),
  (9, 'requirement', '9', 'Physical access', 'Access', 'Restrict physical access to card data, media and devices.'),
  (10, 'requirement', '10', 'Logging and monitoring', 'Monitoring', 'Log every access, protect the logs, look at them.'),
  (11, 'requirement', '11', 'Regular testing', 'Monitoring', 'Scan, penetrate, detect intrusion and change regularly.'),
  (12, 'requirement', '12', 'Policies and programmes', 'Policy', 'Support security by policy, risk analysis, training, third-party care and incident plans.')) as c (position, control_kind, code, title, part, asks)
where f.name = 'PCI-DSS';

insert into security.compliance_controls (framework_id, control_kind, code, title, details, position)
select f.id, c.control_kind, c.code, c.title, jsonb_build_object('asks', c.asks, 'part', c.part), c.position
from security.compliance_frameworks f
cross join (values
  (1, 'control', 'A.5.1', 'Policies for information security', 'Organizational', 'Write policies, have them approved, make them known, review them.'),
  (2, 'control', 'A.5.2', 'Information security roles and responsibilities', 'Organizational', 'Say who answers for what.'),
  (3, 'control', 'A.5.3', 'Segregation of duties', 'Organizational', 'Do not let one person hold both ends of a sensitive task.'),
  (4, 'control', 'A.5.4', 'Management responsibilities', 'Organizational', 'Managers demand security from everybody who works for them.'),
  (5, 'control', 'A.5.5', 'Contact with authorities', 'Organizational', 'Know whom to call before it is needed.'),
  (6, 'control', 'A.5.6', 'Contact with special interest groups', 'Organizational', 'Stay in touch with those who know.'),
  (7, 'control', 'A.5.7', 'Threat intelligence', 'Organizational', 'Collect and make sense of news about threats.'),
  (8, 'control', 'A.5.8', 'Information security in project management', 'Organizational', 'Make security part of every project.'),
  (9, 'control', 'A.5.9', 'Inventory of information and other associated assets', 'Organizational', 'Know what there is and who owns it.'),
  (10, 'control', 'A.5.10', 'Acceptable use of information and other associated assets', 'Organizational', 'Say how things may be used.'),
  (11, 'control', 'A.5.11', 'Return of assets', 'Organizational', 'Get back what was lent when people leave or move.'),
  (12, 'control', 'A.5.12', 'Classification of information', 'Organizational', 'Sort information by how much protection it needs.'),
  (13, 'control', 'A.5.13', 'Labelling of information', 'Organizational', 'Mark it accordingly.'),
  (14, 'control', 'A.5.14', 'Information transfer', 'Organizational', 'Have rules for every way information leaves.'),
  (15, 'control', 'A.5.15', 'Access control', 'Organizational', 'Decide who may reach what, by need.'),
  (16, 'control', 'A.5.16', 'Identity management', 'Organizational', 'Manage identities over their whole life.'),
  (17, 'control', 'A.5.17', 'Authentication information', 'Organizational', 'Hand out and handle secrets with care.'),
  (18, 'control', 'A.5.18', 'Access rights', 'Organizational', 'Grant, review, change and remove rights in an orderly way.'),
  (19, 'control', 'A.5.19', 'Information security in supplier relationships', 'Organizational', 'Manage the risks that suppliers bring.'),
  (20, 'control', 'A.5.20', 'Addressing information security within supplier agreements', 'Organizational', 'Put what you expect into the contract.'),
  (21, 'control', 'A.5.21', 'Managing information security in the ICT supply chain', 'Organizational', 'Look beyond the first supplier.'),
  (22, 'control', 'A.5.22', 'Monitoring, review and change management of supplier services', 'Organizational', 'Watch what suppliers do and change.'),
  (23, 'control', 'A.5.23', 'Information security for use of cloud services', 'Organizational', 'Choose, use and leave cloud services by rule.'),
  (24, 'control', 'A.5.24', 'Information security incident management planning and preparation', 'Organizational', 'Be ready for incidents: roles, plans, practice.'),
  (25, 'control', 'A.5.25', 'Assessment and decision on information security events', 'Organizational', 'Decide which events are incidents.'),
  (26, 'control', 'A.5.26', 'Response to information security incidents', 'Organizational', 'Answer incidents by the documented procedure.'),
  (27, 'control', 'A.5.27', 'Learning from information security incidents', 'Organizational', 'Use what an incident taught to prevent the next.'),
  (28, 'control', 'A.5.28', 'Collection of evidence', 'Organizational', 'Gather and keep evidence so that it will stand.'),
  (29, 'control', 'A.5.29', 'Information security during disruption', 'Organizational', 'Keep security up when operations are down.'),
  (30, 'control', 'A.5.30', 'ICT readiness for business continuity', 'Organizational', 'Plan, build and test so that systems come back in time.'),
  (31, 'control', 'A.5.31', 'Legal, statutory, regulatory and contractual requirements', 'Organizational', 'Know the duties that bind you, and how you meet them.'),
  (32, 'control', 'A.5.32', 'Intellectual property rights', 'Organizational', 'Respect what belongs to others.'),
  (33, 'control', 'A.5.33', 'Protection of records', 'Organizational', 'Guard records from loss, forgery and release.'),
  (34, 'control', 'A.5.34', 'Privacy and protection of PII', 'Organizational', 'Meet the duties for personal data.'),
  (35, 'control', 'A.5.35', 'Independent review of information security', 'Organizational', 'Have somebody uninvolved look at it.'),
  (36, 'control', 'A.5.36', 'Compliance with policies, rules and standards for information security', 'Organizational', 'Check regularly that the rules are kept.'),
  (37, 'control', 'A.5.37', 'Documented operating procedures', 'Organizational', 'Write down how systems are operated.'),
  (38, 'control', 'A.6.1', 'Screening', 'People', 'Check backgrounds before and during employment, within the law.'),
  (39, 'control', 'A.6.2', 'Terms and conditions of employment', 'People', 'State duties for security in contracts.'),
  (40, 'control', 'A.6.3', 'Information security awareness, education and training', 'People', 'Teach everybody what their work needs.'),
  (41, 'control', 'A.6.4', 'Disciplinary process', 'People', 'Have a fair and known way to answer violations.'),
  (42, 'control', 'A.6.5', 'Responsibilities after termination or change of employment', 'People', 'Say which duties outlast the job.'),
  (43, 'control', 'A.6.6', 'Confidentiality or non-disclosure agreements', 'People', 'Have those who learn secrets sign for them.'),
  (44, 'control', 'A.6.7', 'Remote working', 'People', 'Protect information where people work from elsewhere.'),
  (45, 'control', 'A.6.8', 'Information security event reporting', 'People', 'Let everybody report what looks wrong, quickly.'),
  (46, 'control', 'A.7.1', 'Physical security perimeters', 'Physical', 'Draw lines around what must be protected.'),
  (47, 'control', 'A.7.2', 'Physical entry', 'Physical', 'Guard the ways in.'),
  (48, 'control', 'A.7.3', 'Securing offices, rooms and facilities', 'Physical', 'Protect rooms by their design.'),
  (49, 'control', 'A.7.4', 'Physical security monitoring', 'Physical', 'Watch premises for intruders.'),
  (50, 'control', 'A.7.5', 'Protecting against physical and environmental threats', 'Physical', 'Prepare for fire, water and the like.'),
  (51, 'control', 'A.7.6', 'Working in secure areas', 'Physical', 'Have rules for work in protected rooms.'),
  (52, 'control', 'A.7.7', 'Clear desk and clear screen', 'Physical', 'Leave nothing lying open.'),
  (53, 'control', 'A.7.8', 'Equipment siting and protection', 'Physical', 'Place equipment where it is safe.'),
  (54, 'control', 'A.7.9', 'Security of assets off-premises', 'Physical', 'Protect what is taken along.'),
  (55, 'control', 'A.7.10', 'Storage media', 'Physical', 'Manage media from purchase to destruction.'),
  (56, 'control', 'A.7.11', 'Supporting utilities', 'Physical', 'Guard against failing power and cooling.'),
  (57, 'control', 'A.7.12', 'Cabling security', 'Physical', 'Protect cables from tapping and damage.'),
  (58, 'control', 'A.7.13', 'Equipment maintenance', 'Physical', 'Maintain equipment so that it stays available and sound.'),
  (59, 'control', 'A.7.14', 'Secure disposal or re-use of equipment', 'Physical', 'Erase before giving away.'),
  (60, 'control', 'A.8.1', 'User end point devices', 'Technological', 'Protect what is on and reached by devices of users.'),
  (61, 'control', 'A.8.2', 'Privileged access rights', 'Technological', 'Give special rights to few, and watch their use.'),
  (62, 'control', 'A.8.3', 'Information access restriction', 'Technological', 'Restrict access as the policy says.'),
  (63, 'control', 'A.8.4', 'Access to source code', 'Technological', 'Control who reads and writes code and its tools.'),
  (64, 'control', 'A.8.5', 'Secure authentication', 'Technological', 'Authenticate as strongly as the need is.'),
  (65, 'control', 'A.8.6', 'Capacity management', 'Technological', 'Measure and plan what is used.'),
  (66, 'control', 'A.8.7', 'Protection against malware', 'Technological', 'Guard by technique and by awareness.'),
  (67, 'control', 'A.8.8', 'Management of technical vulnerabilities', 'Technological', 'Learn of weaknesses, weigh them, act.'),
  (68, 'control', 'A.8.9', 'Configuration management', 'Technological', 'Set, write down, watch and review configurations.'),
  (69, 'control', 'A.8.10', 'Information deletion', 'Technological', 'Delete what is no longer needed.'),
  (70, 'control', 'A.8.11', 'Data masking', 'Technological', 'Mask data by policy and law.'),
  (71, 'control', 'A.8.12', 'Data leakage prevention', 'Technological', 'Keep sensitive data from slipping out.'),
  (72, 'control', 'A.8.13', 'Information backup', 'Technological', 'Keep copies and test them.'),
  (73, 'control', 'A.8.14', 'Redundancy of information processing facilities', 'Technological', 'Have enough spare to stay available.'),
  (74, 'control', 'A.8.15', 'Logging', 'Technological', 'Record, protect and examine what happens.'),
  (75, 'control', 'A.8.16', 'Monitoring activities', 'Technological', 'Watch for the unusual and look into it.'),
  (76, 'control', 'A.8.17', 'Clock synchronization', 'Technological', 'Let all clocks agree.'),
  (77, 'control', 'A.8.18', 'Use of privileged utility programs', 'Technological', 'Restrict tools that can bypass controls.'),
  (78, 'control', 'A.8.19', 'Installation of software on operational systems', 'Technological', 'Install by a controlled procedure.'),
  (79, 'control', 'A.8.20', 'Networks security', 'Technological', 'Secure and manage networks.'),
  (80, 'control', 'A.8.21', 'Security of network services', 'Technological', 'Know and watch what network services promise.'),
  (81, 'control', 'A.8.22', 'Segregation of networks', 'Technological', 'Part networks by who and what they are for.'),
  (82, 'control', 'A.8.23', 'Web filtering', 'Technological', 'Limit which outside sites can be reached.'),
  (83, 'control', 'A.8.24', 'Use of cryptography', 'Technological', 'Have rules for encryption and its keys.'),
  (84, 'control', 'A.8.25', 'Secure development life cycle', 'Technological', 'Build securely from beginning to end.'),
  (85, 'control', 'A.8.26', 'Application security requirements', 'Technological', 'State and approve what applications must withstand.'),
  (86, 'control', 'A.8.27', 'Secure system architecture and engineering principles', 'Technological', 'Design by known principles.'),
  (87, 'control', 'A.8.28', 'Secure coding', 'Technological', 'Write code by secure practice.'),
  (88, 'control', 'A.8.29', 'Security testing in development and acceptance', 'Technological', 'Test security before anything goes live.'),
  (89, 'control', 'A.8.30', 'Outsourced development', 'Technological', 'Direct and review what others build for you.'),
  (90, 'control', 'A.8.31', 'Separation of development, test and production environments', 'Technological', 'Keep the three apart.'),
  (91, 'control', 'A.8.32', 'Change management', 'Technological', 'Change by procedure.'),
  (92, 'control', 'A.8.33', 'Test information', 'Technological', 'Choose and protect data for tests.'),
  (93, 'control', 'A.8.34', 'Protection of information systems during audit testing', 'Technological', 'Agree on audits so that they do no harm.')) as c (position, control_kind, code, title, part, asks)
where f.name = 'ISO/IEC 27001';

insert into security.compliance_controls (framework_id, control_kind, code, title, details, position)
select f.id, c.control_kind, c.code, c.title, jsonb_build_object('asks', c.asks, 'part', c.part), c.position
from security.compliance_frameworks f
cross join (values
  (1, 'requirement', 'CC1', 'Control environment', 'Common criteria', 'Integrity, oversight, structure, competence and accountability are lived.'),
  (2, 'requirement', 'CC2', 'Communication and information', 'Common criteria', 'The right information reaches those inside and outside who need it.'),
  (3, 'requirement', 'CC3', 'Risk assessment', 'Common criteria', 'Objectives are clear; risks, fraud and change are identified and weighed.'),
  (4, 'requirement', 'CC4', 'Monitoring activities', 'Common criteria', 'Controls are evaluated, and what is lacking is told and mended.'),
  (5, 'requirement', 'CC5', 'Control activities', 'Common criteria', 'Controls that lower risks are chosen, also over technology, and put into policy.'),
  (6, 'requirement', 'CC6', 'Logical and physical access', 'Common criteria', 'Access is granted, changed, ended and protected, on screens and at doors.'),
  (7, 'requirement', 'CC7', 'System operations', 'Common criteria', 'Weaknesses and incidents are detected, answered and recovered from.'),
  (8, 'requirement', 'CC8', 'Change management', 'Common criteria', 'Changes are authorised, designed, tested, approved and carried out in order.'),
  (9, 'requirement', 'CC9', 'Risk mitigation', 'Common criteria', 'Disruptions and the risks of vendors and partners are prepared for.')) as c (position, control_kind, code, title, part, asks)
where f.name = 'SOC 2';

insert into security.classification_frameworks (classification_id, framework_id)
select k.id, f.id
from (values
  ('confidential', 'ISO/IEC 27001'),
  ('confidential', 'SOC 2'),
  ('confidential', 'SOX'),
  ('restricted', 'GDPR'),
  ('restricted', 'CCPA'),
  ('restricted', 'ISO/IEC 27001'),
  ('restricted', 'SOC 2'),
  ('restricted', 'NIS2'),
  ('top_secret', 'GDPR'),
  ('top_secret', 'CCPA'),
  ('top_secret', 'HIPAA'),
  ('top_secret', 'PCI-DSS'),
  ('top_secret', 'ISO/IEC 27001'),
  ('top_secret', 'SOC 2'),
  ('top_secret', 'NIS2'),
  ('internal', 'ISO/IEC 27001')) as l (classification, framework)
join security.data_classifications k on k.name = l.classification
join security.compliance_frameworks f on f.name = l.framework;
