delete from authz.role_grants_template where resource_type in ('compliance_framework', 'data_element', 'masking_policy', 'compliance_assessment');
delete from authz.permissions p using authz.resource_types t
where p.resource_type_id = t.id and t.name in ('compliance_framework', 'data_element', 'masking_policy', 'compliance_assessment');
delete from authz.resource_types where name in ('compliance_framework', 'data_element', 'masking_policy', 'compliance_assessment');
delete from platform.entities where entity_type = 'compliance_assessment';
drop table security.compliance_findings;
drop function security.check_finding_control();
drop table security.compliance_assessments;
drop function security.sign_assessment();
drop table security.masking_policy_scopes;
drop table security.masking_policies;
drop table security.data_elements;
drop function security.check_data_element();
drop table security.classification_frameworks;
drop table security.compliance_controls;
drop table security.compliance_frameworks;
delete from platform.table_facts
where table_schema = 'security' and table_name in ('compliance_findings', 'compliance_assessments', 'masking_policy_scopes', 'masking_policies',
  'data_elements', 'classification_frameworks', 'compliance_controls', 'compliance_frameworks');
