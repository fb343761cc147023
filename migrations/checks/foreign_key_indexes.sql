-- Every foreign key has an index that begins with its columns, in any order: whole, or partial only on those columns being present.
select format('foreign key %s of %s.%s has no index behind it', k.conname, n.nspname, c.relname) as problem
from pg_constraint k
join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
where n.nspname in ('platform', 'identity', 'authz', 'work', 'quality', 'delivery', 'documents', 'llm', 'analytics', 'security', 'audit', 'reference') and k.contype = 'f' and not c.relispartition
  and not exists (
    select from pg_index x
    where x.indrelid = k.conrelid and x.indisvalid and x.indnkeyatts >= cardinality(k.conkey)
      and (x.indkey::int2[])[0:cardinality(k.conkey) - 1] @> k.conkey
      and (x.indpred is null or pg_get_expr(x.indpred, x.indrelid) in (
        select format('(%I IS NOT NULL)', a.attname) from pg_attribute a where a.attrelid = k.conrelid and a.attnum = any (k.conkey))))
order by 1;
