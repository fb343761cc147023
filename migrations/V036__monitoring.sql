-- What an operator wants to see of the database, in one place and for one kind of reader: the owner. `throughline doctor` reads it aloud.

create function platform.slow_queries()
  returns table (source text, query text, calls bigint, mean_ms double precision, total_ms double precision, returned_rows bigint)
  language plpgsql stable
  as $$
declare
  home name := (select n.nspname from pg_extension e join pg_namespace n on n.oid = e.extnamespace where e.extname = 'pg_stat_statements');
begin
  if home is not null and 'pg_stat_statements' = any (string_to_array(replace(current_setting('shared_preload_libraries'), ' ', ''), ',')) then
    return query execute format(
      'select ''history'', s.query, s.calls, s.mean_exec_time, s.total_exec_time, s.rows from %I.pg_stat_statements s '
      'where s.dbid = (select oid from pg_database where datname = current_database())', home);
  else
    return query
      select 'running', a.query, 1::bigint, extract(epoch from clock_timestamp() - a.query_start) * 1000.0::double precision,
             extract(epoch from clock_timestamp() - a.query_start) * 1000.0::double precision, null::bigint
      from pg_stat_activity a
      where a.datname = current_database() and a.state = 'active' and a.pid <> pg_backend_pid() and a.query_start < clock_timestamp() - interval '1 second';
  end if;
end
$$;
comment on function platform.slow_queries() is
  'Statements and their times: of all since the last reset where pg_stat_statements is there, else those that have been running for more than a second.';

create view platform.v_slow_queries with (security_invoker = true) as
  select s.source, s.query, s.calls, s.mean_ms, s.total_ms, s.returned_rows from platform.slow_queries() s order by s.total_ms desc limit 100;
comment on view platform.v_slow_queries is 'The hundred statements that took most time together.';
comment on column platform.v_slow_queries.source is 'history: from pg_stat_statements; running: it is not there, so only what runs now is known.';
comment on column platform.v_slow_queries.query is 'The statement, with placeholders instead of values where it is from history.';
comment on column platform.v_slow_queries.calls is 'How often it ran.';
comment on column platform.v_slow_queries.mean_ms is 'Milliseconds each time.';
comment on column platform.v_slow_queries.total_ms is 'Milliseconds together.';
comment on column platform.v_slow_queries.returned_rows is 'Rows it gave or touched. Null: unknown.';

create view platform.v_table_sizes with (security_invoker = true) as
  select n.nspname::text as table_schema, t.relname::text as table_name, count(*) as parts,
         sum(pg_total_relation_size(c.oid))::bigint as total_bytes, sum(pg_indexes_size(c.oid))::bigint as index_bytes,
         sum(greatest(c.reltuples, 0))::bigint as estimated_rows, sum(coalesce(s.n_dead_tup, 0))::bigint as dead_rows,
         max(greatest(s.last_vacuum, s.last_autovacuum)) as last_vacuumed_at, max(greatest(s.last_analyze, s.last_autoanalyze)) as last_analyzed_at
  from pg_class c
  left join pg_inherits i on i.inhrelid = c.oid and c.relispartition
  join pg_class t on t.oid = coalesce(i.inhparent, c.oid)
  join pg_namespace n on n.oid = t.relnamespace
  left join pg_stat_user_tables s on s.relid = c.oid
  where c.relkind = 'r' and n.nspname in ('platform', 'identity', 'authz', 'work', 'quality', 'delivery', 'documents', 'llm', 'analytics', 'security',
                                          'audit', 'reference', 'archive')
  group by 1, 2
  order by 4 desc;
comment on view platform.v_table_sizes is 'How much room every table takes, partitions added up.';
comment on column platform.v_table_sizes.table_schema is 'The schema.';
comment on column platform.v_table_sizes.table_name is 'The table.';
comment on column platform.v_table_sizes.parts is 'How many partitions it has; 1 for a table without.';
comment on column platform.v_table_sizes.total_bytes is 'Everything: rows, large values and indexes.';
comment on column platform.v_table_sizes.index_bytes is 'Indexes alone.';
comment on column platform.v_table_sizes.estimated_rows is 'Rows, as of the last statistics.';
comment on column platform.v_table_sizes.dead_rows is 'Rows that are gone but still take room.';
comment on column platform.v_table_sizes.last_vacuumed_at is 'When room was last made free. Null: never.';
comment on column platform.v_table_sizes.last_analyzed_at is 'When statistics were last renewed. Null: never.';

create view platform.v_unused_indexes with (security_invoker = true) as
  select n.nspname::text as table_schema, t.relname::text as table_name, top.relname::text as index_name,
         sum(pg_relation_size(x.indexrelid))::bigint as index_bytes, sum(coalesce(s.idx_scan, 0))::bigint as scans,
         (select d.stats_reset from pg_stat_database d where d.datname = current_database()) as counted_since
  from pg_index x
  left join pg_inherits i on i.inhrelid = x.indexrelid
  join pg_index h on h.indexrelid = coalesce(i.inhparent, x.indexrelid)
  join pg_class top on top.oid = h.indexrelid
  join pg_class t on t.oid = h.indrelid
  join pg_namespace n on n.oid = t.relnamespace
  left join pg_stat_user_indexes s on s.indexrelid = x.indexrelid
  where n.nspname in ('platform', 'identity', 'authz', 'work', 'quality', 'delivery', 'documents', 'llm', 'analytics', 'security', 'audit', 'reference')
    and not h.indisunique
    and not exists (select from pg_constraint k where k.contype = 'f' and k.conrelid = h.indrelid
                      and (h.indkey::int2[])[0:cardinality(k.conkey) - 1] @> k.conkey)
  group by 1, 2, 3
  having sum(coalesce(s.idx_scan, 0)) = 0
  order by 4 desc;
comment on view platform.v_unused_indexes is
  'Indexes that nobody has read, apart from those that hold a rule or stand behind a foreign key. Partitions are added up.';
comment on column platform.v_unused_indexes.table_schema is 'The schema.';
comment on column platform.v_unused_indexes.table_name is 'The table.';
comment on column platform.v_unused_indexes.index_name is 'The index.';
comment on column platform.v_unused_indexes.index_bytes is 'The room it takes.';
comment on column platform.v_unused_indexes.scans is 'How often it was read: never.';
comment on column platform.v_unused_indexes.counted_since is 'Since when reads are counted. Null: since the database was made.';

create view platform.v_connections with (security_invoker = true) as
  select a.usename::text as role_name, a.application_name, coalesce(a.state, 'unknown') as state, count(*) as connections,
         max(extract(epoch from clock_timestamp() - a.xact_start))::double precision as longest_transaction_seconds,
         count(*) filter (where a.wait_event_type = 'Lock') as waiting_for_lock
  from pg_stat_activity a
  where a.datname = current_database() and a.backend_type = 'client backend'
  group by 1, 2, 3
  order by 4 desc, 1, 2, 3;
comment on view platform.v_connections is 'Who is connected to this database, and in what state.';
comment on column platform.v_connections.role_name is 'The role.';
comment on column platform.v_connections.application_name is 'What the client calls itself.';
comment on column platform.v_connections.state is 'What the connections do; unknown for a reader who may not see it.';
comment on column platform.v_connections.connections is 'How many.';
comment on column platform.v_connections.longest_transaction_seconds is 'Age of the oldest transaction among them. Null: none is open.';
comment on column platform.v_connections.waiting_for_lock is 'How many wait for somebody else''s lock.';

create view platform.v_lock_waits with (security_invoker = true) as
  select a.pid, a.usename::text as role_name, extract(epoch from clock_timestamp() - a.query_start)::double precision as waiting_seconds,
         left(a.query, 500) as query, pg_blocking_pids(a.pid) as blocked_by,
         (select string_agg(left(b.query, 200), '; ') from pg_stat_activity b where b.pid = any (pg_blocking_pids(a.pid))) as blocking_query
  from pg_stat_activity a
  where a.datname = current_database() and a.wait_event_type = 'Lock'
  order by 3 desc;
comment on view platform.v_lock_waits is 'Who waits for a lock, how long, and who holds it.';
comment on column platform.v_lock_waits.pid is 'The process that waits.';
comment on column platform.v_lock_waits.role_name is 'Its role.';
comment on column platform.v_lock_waits.waiting_seconds is 'Since its statement began.';
comment on column platform.v_lock_waits.query is 'Its statement, cut to 500 characters.';
comment on column platform.v_lock_waits.blocked_by is 'The processes it waits for.';
comment on column platform.v_lock_waits.blocking_query is 'Their statements, each cut to 200 characters. Null: they may not be seen.';

create view platform.v_database_role_members with (security_invoker = true) as
  select r.rolname::text as role_name, m.rolname::text as member_name, coalesce(g.admin_option, false) as may_grant,
         r.rolsuper as is_superuser, r.rolbypassrls as bypasses_row_security, r.rolcanlogin as may_sign_in
  from pg_roles r
  left join pg_auth_members g on g.roleid = r.oid
  left join pg_roles m on m.oid = g.member
  where r.rolname !~ '^pg_'
  order by 1, 2;
comment on view platform.v_database_role_members is 'The roles of the cluster, what they may, and who may become them. One row for each member, or one for a role without any.';
comment on column platform.v_database_role_members.role_name is 'The role.';
comment on column platform.v_database_role_members.member_name is 'Who has its rights. Null: nobody.';
comment on column platform.v_database_role_members.may_grant is 'True: the member may let others in.';
comment on column platform.v_database_role_members.is_superuser is 'True: nothing holds for it.';
comment on column platform.v_database_role_members.bypasses_row_security is 'True: it sees every organisation.';
comment on column platform.v_database_role_members.may_sign_in is 'True: somebody can connect as it.';

create view platform.v_partitions with (security_invoker = true) as
  select n.nspname::text as table_schema, t.relname::text as table_name, c.relname::text as partition_name, b.is_default,
         platform.uuid_v7_time(b.from_id) as from_moment, platform.uuid_v7_time(b.until_id) as until_moment,
         greatest(c.reltuples, 0)::bigint as estimated_rows, pg_relation_size(c.oid) > 0 as has_rows, pg_total_relation_size(c.oid) as total_bytes
  from pg_inherits i
  join pg_class c on c.oid = i.inhrelid
  join pg_class t on t.oid = i.inhparent and t.relkind = 'p'
  join pg_namespace n on n.oid = t.relnamespace
  join platform.table_facts f on f.table_schema = n.nspname and f.table_name = t.relname and f.partition_interval is not null
  cross join lateral platform.partition_bounds(c.oid::regclass) b
  order by 1, 2, 5 nulls first;
comment on view platform.v_partitions is 'Every partition by identifier, and the time it is for.';
comment on column platform.v_partitions.table_schema is 'The schema.';
comment on column platform.v_partitions.table_name is 'The partitioned table.';
comment on column platform.v_partitions.partition_name is 'The partition.';
comment on column platform.v_partitions.is_default is 'True: takes what fits nowhere else, and should be empty.';
comment on column platform.v_partitions.from_moment is 'The beginning of its time. Null: everything before, or the default.';
comment on column platform.v_partitions.until_moment is 'The end of its time. Null: the default.';
comment on column platform.v_partitions.estimated_rows is 'Rows, as of the last statistics.';
comment on column platform.v_partitions.has_rows is 'True: it holds, or held, something.';
comment on column platform.v_partitions.total_bytes is 'Everything: rows, large values and indexes.';

grant select on platform.v_slow_queries, platform.v_table_sizes, platform.v_unused_indexes, platform.v_connections, platform.v_lock_waits,
  platform.v_database_role_members, platform.v_partitions to super_admin;
revoke execute on function platform.slow_queries() from public;
grant execute on function platform.slow_queries() to super_admin;
