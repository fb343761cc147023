drop trigger register on work.projects;
drop trigger reregister on work.projects;
drop trigger unregister on work.projects;
drop trigger register on identity.teams;
drop trigger reregister on identity.teams;
drop trigger unregister on identity.teams;
drop procedure platform.register_table(regclass, text, text, name[], text, text, text);
drop function platform.unregister_entities();
drop function platform.reregister_entity();
drop function platform.register_entities();
drop function work.assign_build_number();
drop function work.assign_key();
drop function work.reserve_keys(uuid, text, int);
drop table work.entity_keys;
drop table work.key_counters;
drop table platform.entities;
delete from platform.table_facts
where (table_schema, table_name) in (('work', 'entity_keys'), ('work', 'key_counters'), ('platform', 'entities'));
