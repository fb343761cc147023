drop table delivery.deployment_checks;
drop table delivery.deployments;
drop table delivery.environments;
delete from platform.table_facts
where table_schema = 'delivery' and table_name in ('environments', 'deployments', 'deployment_checks');
