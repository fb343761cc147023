-- A table partitioned by identifier has a policy that says when its partitions go, and belongs to the role that may add some for the past.
select format('%s.%s has no row in security.retention_policies: say how long its rows stay', f.table_schema, f.table_name) as problem
from platform.table_facts f
where f.partition_interval is not null
  and not exists (select from security.retention_policies p where p.table_schema = f.table_schema and p.table_name = f.table_name
                    and p.partition_interval = f.partition_interval)
union all
select format('%s.%s does not belong to throughline_partitions: call platform.hand_over_partitions after platform.start_partitions', f.table_schema, f.table_name)
from platform.table_facts f
join pg_class c on c.oid = to_regclass(format('%I.%I', f.table_schema, f.table_name))
where f.partition_interval is not null and c.relowner <> 'throughline_partitions'::regrole
union all
select format('security.retention_policies is about %s.%s, which does not exist', p.table_schema, p.table_name)
from security.retention_policies p
where to_regclass(format('%I.%I', p.table_schema, p.table_name)) is null
order by 1;
