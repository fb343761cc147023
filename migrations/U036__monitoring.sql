drop view platform.v_partitions;
drop view platform.v_database_role_members;
drop view platform.v_lock_waits;
drop view platform.v_connections;
drop view platform.v_unused_indexes;
drop view platform.v_table_sizes;
drop view platform.v_slow_queries;
drop function platform.slow_queries();
