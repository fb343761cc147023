drop function audit.organizations_to_seal(boolean);
revoke select (organization_id, id, project_id) on audit.audit_logs from throughline_statistics;
revoke usage on schema audit from throughline_statistics;
drop function audit.drop_payload(uuid, text);
drop table audit.seals;
drop table audit.tree_nodes;
drop table audit.leaves;
drop function audit.refuse_change();
delete from platform.table_facts where table_schema = 'audit' and table_name in ('leaves', 'tree_nodes', 'seals');
