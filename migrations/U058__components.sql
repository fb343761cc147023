drop table security.vulnerability_affects;
drop table security.vulnerability_statements;
drop table security.sbom_components;
drop table security.sboms;
delete from platform.table_facts
where table_schema = 'security' and table_name in ('sboms', 'sbom_components', 'vulnerability_statements', 'vulnerability_affects');
