-- Roles stay: they belong to the cluster, and another database may use them. The migrator's record stays: it is not ours to drop.

revoke all on platform.schema_migrations from application_user, readonly_user, super_admin;
drop function platform.premake_partitions(int);
drop procedure platform.start_partitions(regclass, interval, int);
drop function platform.partition_suffix(timestamptz, interval);
drop procedure platform.make_partition(regclass, text, timestamptz, timestamptz);
drop procedure platform.adopt_table(regclass, text, text, text, name[], text, text);
drop procedure platform.limit_to_visible_projects(regclass, text);
drop procedure platform.refer_to_members(regclass, name[]);
drop table platform.table_facts;
drop function platform.has_column(regclass, name);
drop function platform.forbid_cycle();
drop function platform.touch();
drop function platform.sees_all_projects();
drop function platform.current_user_id();
drop function platform.current_organization();
drop function platform.uuid_v7_time(uuid);
drop function platform.uuid_v7_floor(timestamptz);
drop function platform.uuid_v7();
revoke usage on schema platform from application_user, readonly_user, super_admin, throughline_auth;
comment on schema platform is null;
