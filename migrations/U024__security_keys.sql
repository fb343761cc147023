delete from authz.role_grants_template where resource_type in ('data_classification', 'encryption_key', 'encrypted_record');
delete from authz.permissions p using authz.resource_types t
where p.resource_type_id = t.id and t.name in ('data_classification', 'encryption_key', 'encrypted_record');
delete from authz.resource_types where name in ('data_classification', 'encryption_key', 'encrypted_record');
drop table security.encrypted_data_registry;
drop table security.encryption_keys;
drop function security.guard_encryption_key();
drop table security.data_classifications;
drop schema security;
delete from platform.table_facts where table_schema = 'security';
