call platform.forget_resource_types('service', 'configuration');
drop procedure platform.forget_resource_types(text[]);
drop procedure platform.declare_resource_type(text, text, text[], text[], text[]);
comment on column delivery.deployments.service_id is
  'The service. Null: a build was brought. The reference to platform.services arrives with that table.';
drop index delivery.deployments_service_id_idx;
alter table delivery.deployments drop constraint deployments_service_id_fkey;
drop table platform.configuration_settings;
drop function platform.announce_configuration();
drop function platform.keep_setting_version();
drop function platform.count_setting_version();
drop function platform.keeps_value_rules(text, text, jsonb);
drop function platform.fits_value_type(text, text);
drop table platform.service_instances;
-- Deployments of a service without a build cannot be told from others once services are gone; the registry's rows go with the services.
alter table platform.entities no force row level security;
delete from platform.entities where entity_type = 'service';
alter table platform.entities force row level security;
drop table platform.services;
delete from platform.table_facts
where table_schema = 'platform' and table_name in ('services', 'service_instances', 'configuration_settings');
