drop table security.evidence_bundles;
drop function security.guard_evidence_bundle();
delete from platform.table_facts where table_schema = 'security' and table_name = 'evidence_bundles';
call platform.forget_resource_types('evidence_bundle');
