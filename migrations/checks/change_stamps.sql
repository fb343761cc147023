-- A table with updated_at has the trigger that keeps it true; statistics named for a table exist and are left out of that trigger.
select format('%s.%s has updated_at but no trigger touch', n.nspname, c.relname) as problem
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname in ('platform', 'identity', 'authz', 'work', 'quality', 'delivery', 'documents', 'llm', 'analytics', 'security', 'audit', 'reference') and c.relkind in ('r', 'p') and not c.relispartition
  and exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'updated_at')
  and not exists (select from pg_trigger t where t.tgrelid = c.oid and t.tgname = 'touch' and t.tgenabled = 'O')
union all
select format('%s.%s has no column %s, which platform.table_facts calls a statistic', f.table_schema, f.table_name, s)
from platform.table_facts f cross join unnest(f.statistics) s
where not exists (select from pg_attribute a
                  where a.attrelid = to_regclass(format('%I.%I', f.table_schema, f.table_name)) and a.attname = s and not a.attisdropped)
union all
select format('changing the statistic %s counts as a change of %s.%s', a.attname, f.table_schema, f.table_name)
from platform.table_facts f
join pg_trigger t on t.tgrelid = to_regclass(format('%I.%I', f.table_schema, f.table_name)) and t.tgname = 'touch'
join pg_attribute a on a.attrelid = t.tgrelid and a.attname = any (f.statistics)
where a.attnum = any (t.tgattr) or cardinality(t.tgattr::int2[]) = 0
union all
select format('a change of %s does not count as a change of %s.%s: give its trigger touch the new column', a.attname, f.table_schema, f.table_name)
from platform.table_facts f
join pg_trigger t on t.tgrelid = to_regclass(format('%I.%I', f.table_schema, f.table_name)) and t.tgname = 'touch'
join pg_attribute a on a.attrelid = t.tgrelid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '' and a.attidentity <> 'a'
where f.statistics <> '{}' and a.attname <> all (f.statistics) and a.attname not in ('updated_at', 'row_version', 'updated_by')
  and not a.attnum = any (t.tgattr)
order by 1;
