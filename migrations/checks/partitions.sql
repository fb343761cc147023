-- Partitioned tables have the coming three intervals made, a default partition, and nothing in it.
select format('%s.%s has no partition for %s: run platform.premake_partitions()', f.table_schema, f.table_name,
              platform.partition_suffix(s.start at time zone 'UTC', f.partition_interval)) as problem
from platform.table_facts f
cross join lateral (
  select date_trunc(case when f.partition_interval = interval '3 months' then 'quarter' else 'month' end, now() at time zone 'UTC')
         + step * f.partition_interval as start
  from generate_series(0, 3) step) s
where f.partition_interval is not null
  and to_regclass(format('%I.%I', f.table_schema,
        f.table_name || '_' || platform.partition_suffix(s.start at time zone 'UTC', f.partition_interval))) is null
union all
select format('%s.%s is partitioned by range but platform.table_facts has no interval for it', n.nspname, c.relname)
from pg_partitioned_table p join pg_class c on c.oid = p.partrelid join pg_namespace n on n.oid = c.relnamespace
where n.nspname in ('platform', 'identity', 'authz', 'work', 'quality', 'delivery', 'documents', 'llm', 'analytics', 'security', 'audit', 'reference') and p.partstrat = 'r' and not exists (
  select from platform.table_facts f where f.table_schema = n.nspname and f.table_name = c.relname and f.partition_interval is not null)
union all
select format('%s.%s has no default partition', n.nspname, c.relname)
from pg_partitioned_table p join pg_class c on c.oid = p.partrelid join pg_namespace n on n.oid = c.relnamespace
where n.nspname in ('platform', 'identity', 'authz', 'work', 'quality', 'delivery', 'documents', 'llm', 'analytics', 'security', 'audit', 'reference') and p.partstrat = 'r' and p.partdefid = 0
union all
select format('%s.%s holds rows that belong into a partition of their own', n.nspname, c.relname)
from pg_partitioned_table p join pg_class c on c.oid = p.partdefid join pg_namespace n on n.oid = c.relnamespace
where n.nspname in ('platform', 'identity', 'authz', 'work', 'quality', 'delivery', 'documents', 'llm', 'analytics', 'security', 'audit', 'reference') and pg_relation_size(c.oid) > 0
order by 1;
